"""How far a measured run is: told while it goes, so that one that is stopped has told what it came to."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks import stage
from benchmarks.measure import megabytes, peak_megabytes
from benchmarks.stage import Load
from ml_connector.service.desk import Desk

_COUNT_EVERY = 2.0  # machine seconds


@dataclass(slots=True)
class Progress:
    """Prints a line of JSON for every so many documents of the load's flow that are there and one at the end; keeps them.

    ``so_far`` documents after ``seconds`` of the machine, the process's ``megabytes`` then and at their ``peak``, and by
    vendor the ``calls`` that its emulator counted since it was started.
    """

    desk: Desk
    handover: Mapping[str, Any]
    load: Load
    every: int
    told: list[dict[str, Any]] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)
    _looked: float = 0.0

    async def look(self) -> None:
        """Count, now and then, and tell once so many more are there."""
        now = time.monotonic()
        if now - self._looked < _COUNT_EVERY:
            return
        self._looked, so_far = now, await self._there()
        if so_far // self.every > (self.told[-1]["so_far"] // self.every if self.told else 0):
            await self._tell(so_far)

    async def end(self) -> None:
        """Nothing is left to do: tell how many it came to."""
        await self._tell(await self._there())

    async def _tell(self, so_far: int) -> None:
        calls = {one: (await stage.emulator(self.handover, one, "statistics"))["calls"] for one in self.load.vendors}
        found = {
            "so_far": so_far, "seconds": time.monotonic() - self._began, "megabytes": megabytes(), "peak": peak_megabytes(),
            "calls": calls,
        }  # fmt: skip
        self.told.append(found)
        print(json.dumps(found), flush=True)

    async def _there(self) -> int:
        async with self.desk.looking() as reading:
            row = await reading.one(
                "select count(*) from link where tenant_id = %s and entity = %s", self.desk.tenant_id, self.load.flow
            )
        assert row is not None
        return int(row[0])
