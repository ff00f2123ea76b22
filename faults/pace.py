"""How slow the machine is for this process: whoever waits for it counts the time that it was given, not the clock's."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_RAN_AND_WAITED = Path("/proc/self/schedstat")  # nanoseconds on a processor, and ready for one without getting it
_SPAN = 1.0  # machine seconds; over less the kernel's figures say little
_KEPT = 0.8  # of what was known a second ago

Figures = Callable[[], tuple[float, float]]


def ran_and_waited() -> tuple[float, float]:
    """Seconds that this process has run, and that it was ready to run and had to wait; (0, 0) where nobody tells."""
    try:
        ran, waited, *_ = _RAN_AND_WAITED.read_text().split()
    except OSError:  # no Linux
        return 0.0, 0.0
    return int(ran) / 1e9, int(waited) / 1e9


def crowd() -> float:
    """How many want each processor, by the load of the last minute."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)


@dataclass(slots=True)
class Pace:
    """``figures`` and ``load`` tell what the machine does. 1 is a machine that does at once what it is asked to.

    A moment's figures say little: each counts for a part, and those before it for the rest.
    """

    figures: Figures = ran_and_waited
    load: Callable[[], float] = crowd
    clock: Callable[[], float] = time.monotonic
    _at: float = field(init=False)
    _last: tuple[float, float] = field(init=False)
    _slowness: float = field(init=False, default=1.0)

    def __post_init__(self) -> None:
        self._at, self._last = self.clock(), self.figures()

    def held_up(self) -> float:
        """How many times as long this process takes of late as it would alone; 1 at least."""
        now = self.clock()
        if now - self._at >= _SPAN:
            ran, waited = (new - old for new, old in zip(self.figures(), self._last, strict=True))
            part = 1 - _KEPT ** (now - self._at)
            self._at, self._last = now, self.figures()
            measured = max(1.0, (ran + waited) / ran) if ran > 0 else 1.0
            self._slowness += part * (measured - self._slowness)
        return self._slowness

    def slowness(self) -> float:
        """The same for whatever works for this process in others, too: a worker of its own, the database."""
        return max(self.held_up(), self.load())
