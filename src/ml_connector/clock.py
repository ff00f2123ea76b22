"""Time, handed to whoever needs it. Instants are UTC; leases and crash timing never use this clock.

The product's clock is the machine's, except on the sandbox, whose clock may run fast: then token expiries, rate
windows, time-outs and schedules follow the sandbox, while leases and heartbeats stay on real time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """A linear clock: ``start`` (UTC) at machine time ``anchor`` (Unix seconds), ``speed`` clock seconds per second."""

    start: datetime = _EPOCH
    anchor: float = 0.0
    speed: float = 1.0

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Clock:
        """The clock of a sandbox hand-over file (keys start, anchor, speed). Raises ValueError on a bad value."""
        start = datetime.fromisoformat(str(values["start"]))
        speed = float(str(values["speed"]))
        if start.tzinfo is None or speed <= 0:
            raise ValueError("a sandbox clock needs a start with a time zone and a positive speed")
        return cls(start.astimezone(UTC), float(str(values["anchor"])), speed)

    def now(self) -> datetime:
        """This instant, UTC."""
        return self.start + timedelta(seconds=(time.time() - self.anchor) * self.speed)

    def seconds(self) -> float:
        """This instant as seconds since the Unix epoch."""
        return self.start.timestamp() + (time.time() - self.anchor) * self.speed

    def real(self, seconds: float) -> float:
        """Machine seconds that ``seconds`` on this clock take."""
        return seconds / self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait ``seconds`` of this clock."""
        await asyncio.sleep(max(0.0, self.real(seconds)))
