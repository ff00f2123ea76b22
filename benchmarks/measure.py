"""Counting: processor time and memory of processes, and how much of a rate limit a series of calls used."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class Moment:
    """Seconds so far: on the wall, of our processor time, and of PostgreSQL's with all its processes."""

    wall: float
    own: float
    postgres: float

    @classmethod
    def now(cls, postmaster: psutil.Process) -> Moment:
        """This moment in this process."""
        return cls(time.perf_counter(), time.process_time(), _tree_seconds(postmaster))

    def __sub__(self, before: Moment) -> Moment:
        return Moment(self.wall - before.wall, self.own - before.own, self.postgres - before.postgres)


def postmaster_of(data: Path) -> psutil.Process:
    """The embedded server's first process."""
    return psutil.Process(int((data / "postgres" / "postmaster.pid").read_text().split()[0]))


def _tree_seconds(postmaster: psutil.Process) -> float:
    """Of all living processes, and of those that have ended: their time is their parent's then."""
    first = postmaster.cpu_times()
    seconds = first.user + first.system + first.children_user + first.children_system
    for child in postmaster.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            times = child.cpu_times()
            seconds += times.user + times.system
    return float(seconds)


def megabytes() -> float:
    """The memory that this process holds now (resident), in MiB."""
    return float(psutil.Process().memory_info().rss) / 1024 / 1024


def peak_megabytes() -> float:
    """The most memory this process has ever held (resident), in MiB.

    Linux counts into ``ru_maxrss`` what the process held that started this one, so there the kernel's own mark is read.
    """
    if _STATUS.exists():
        return next(int(line.split()[1]) for line in _STATUS.open() if line.startswith("VmHWM:")) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024 / (1024 if sys.platform == "darwin" else 1)


def busiest(at: Sequence[float], seconds: float) -> int:
    """The most calls made in any so many seconds, each call given by its instant."""
    ordered, first, most = sorted(at), 0, 0
    for last, instant in enumerate(ordered):
        while instant - ordered[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def share_used(at: Sequence[float], calls: int, seconds: float) -> float:
    """What part of ``calls`` in any ``seconds`` was used by calls made at these instants, once the first are spent.

    1.0 is the most that a sliding window lets through, for a burst at the start of each window as for an even stream.
    """
    windows = len(at) // calls - 1
    if windows < 1:
        return 0.0
    ordered = sorted(at)
    return windows * seconds / (ordered[(windows + 1) * calls - 1] - ordered[calls - 1])
