"""A sandbox clock for tests of an emulator, which stands still until it is moved."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass
class StillClock:
    """What the emulators ask a sandbox clock for; sleeping takes a fifth of a second at most."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant

    def seconds(self) -> float:
        return self.instant.timestamp()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.2))

    def move(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)
