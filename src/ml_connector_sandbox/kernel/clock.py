"""The sandbox's clock: one anchor and a speed, so that an hour of limits can pass in a minute."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class SandboxClock:
    """Sandbox time as a linear function of machine time.

    ``start`` is the sandbox instant (UTC) at machine time ``anchor`` (Unix seconds); ``speed`` is sandbox
    seconds per machine second (1 = real time). Any process that is given the three numbers reads the same time.
    """

    start: datetime
    anchor: float
    speed: float = 1.0

    @classmethod
    def starting(cls, start: datetime, speed: float = 1.0) -> SandboxClock:
        """A clock that reads ``start`` now. Raises ValueError on a naive start or a speed that is not positive."""
        if start.tzinfo is None:
            raise ValueError("the sandbox clock needs a start with a time zone")
        if speed <= 0:
            raise ValueError(f"the sandbox clock's speed must be positive, not {speed}")
        return cls(start.astimezone(UTC), time.time(), speed)

    def now(self) -> datetime:
        """The sandbox instant, UTC."""
        return self.start + timedelta(seconds=(time.time() - self.anchor) * self.speed)

    def seconds(self) -> float:
        """Sandbox seconds since the Unix epoch; for windows and expiries."""
        return self.start.timestamp() + (time.time() - self.anchor) * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait for ``seconds`` of sandbox time."""
        await asyncio.sleep(max(0.0, seconds) / self.speed)

    def as_dict(self) -> dict[str, str | float]:
        """The three numbers, for the sandbox's hand-over file."""
        return {"start": self.start.isoformat(), "anchor": self.anchor, "speed": self.speed}
