"""One company, joined and about to run, copied for every point: books, tokens and database are the same each time."""

from __future__ import annotations

import copy
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from faults.books import Books, read_books
from ml_connector.lanes.runtime import Runtime, integrations
from ml_connector.service.desk import Desk
from ml_connector.service.integrating import Integration, integration_named
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector_sandbox.company import Company
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.emulator import Emulator
from ml_connector_sandbox.sandbox import Sandbox, is_known
from rig.company import ACTOR
from rig.postgres import create_database, drop_database

CHANGED = " changed"
"""Behind an integration's name: its company that goes on after the first reading, and is tried from there on."""
# Connected in the afternoon; run shortly before midnight in the company's zone: every token has expired by then, and
# the day ends while the run lasts.
CONNECTED = datetime(2026, 11, 16, 14, 0, tzinfo=UTC)
RUN = datetime(2026, 11, 17, 5, 35, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 17, 6, 0, tzinfo=UTC)  # in the company's zone: there a day of calls ends on both sides
BEFORE_MIDNIGHT = timedelta(minutes=1)
# Where a day's calls are to be used up: so long before midnight that it is still this day when the fault strikes, however
# slow the machine is, since a run is given up before. The next day brings readings that no other run makes.
RUN_BY_DAY = datetime(2026, 11, 16, 19, 0, tzinfo=UTC)
SPEED = 60.0  # sandbox seconds a second: vendors' time-outs pass in a moment; leases stay on real time


@dataclass(slots=True)
class Running:
    """A company under way in a sandbox of its own."""

    sandbox: Sandbox
    runtime: Runtime
    desk: Desk
    integration: Integration
    settings: Settings
    url: str
    folder: Path

    def settings_with(self, database: str) -> Settings:
        """A worker's settings, with another way to the database."""
        return self.settings.model_copy(update={"database_url": SecretStr(database)})

    def emulator(self, vendor: str) -> Emulator:
        return self.sandbox.server.emulators[vendor]

    @property
    def vendors(self) -> tuple[str, str]:
        """Source and target."""
        kind = self.runtime.integrations[self.integration.kind]
        return kind.source_vendor, kind.target_vendor

    @property
    def slowed(self) -> float:
        """How many times slower than usual its clock goes; 1 at least."""
        return max(1.0, SPEED / self.sandbox.clock.speed)

    def near_midnight(self) -> None:
        """Put the clocks of sandbox and product forward to a minute before the company's midnight.

        They stay as they are once that minute has begun. Of use where all work is done in this process: a worker of
        another one has read its clock before.
        """
        ahead = MIDNIGHT - BEFORE_MIDNIGHT - self.sandbox.clock.now()
        if ahead <= timedelta(0):
            return
        for clock in (self.sandbox.clock, self.runtime.clock):  # all that tells time here holds one of the two
            object.__setattr__(clock, "start", clock.start + ahead)  # frozen: they run on for everybody else

    async def books(self) -> Books:
        """Both sides and the ledger as they are now."""
        return await read_books(
            self.desk, self.integration, {one: self.emulator(one).essence() for one in self.vendors}
        )


@dataclass(slots=True)
class Ready:
    """A world's company, connected and live, before what is to be tried; ``database`` is a template."""

    world: str
    company: Company
    clock: SandboxClock
    server: str
    database: str
    folder: Path

    @asynccontextmanager
    async def running(self, name: str, at: datetime = RUN, speed: float = SPEED) -> AsyncIterator[Running]:
        """A copy of everything, in a folder and a database called ``name``, gone at the end of the block.

        ``at``: the instant (UTC) that its clock begins with. ``speed``: sandbox seconds a second. On a busy machine a slow
        clock leaves calls, codes and tokens the time that they need.
        """
        clock = SandboxClock.starting(at, speed)
        company = copy.deepcopy(self.company, {id(self.clock): clock})
        folder = self.folder / name
        shutil.copytree(self.folder / "data", folder / "data")
        url = create_database(self.server, name, self.database)
        try:
            async with opened(company, url, folder) as (sandbox, runtime, settings):
                desk = Desk(runtime, await _tenant(runtime), ACTOR)
                integration = await integration_named(desk, kind_of(self.world))
                yield Running(sandbox, runtime, desk, integration, settings, url, folder)
        finally:
            drop_database(self.server, name)
            shutil.rmtree(folder, ignore_errors=True)


def worlds() -> list[str]:
    """Every integration that is there, each followed by its company that goes on, where the sandbox has one."""
    names = [one for kind in sorted(integrations()) for one in (kind, f"{kind}{CHANGED}")]
    return [one for one in names if not one.endswith(CHANGED) or is_known(f"matrix:{one}")]


def kind_of(world: str) -> str:
    """The integration of a world."""
    return world.removesuffix(CHANGED)


@asynccontextmanager
async def opened(company: Company, url: str, folder: Path) -> AsyncIterator[tuple[Sandbox, Runtime, Settings]]:
    """The sandbox and the product on it, with nobody at work yet."""
    async with Sandbox.running(company) as sandbox:
        file = folder / "sandbox.json"
        sandbox.write(file)
        values: dict[str, Any] = {"data": folder / "data", "sandbox": file, "DATABASE_URL": url}
        settings = Settings(**values)
        database = await Database.open(url, pool_size=8)  # who looks how far it is takes of them as well
        try:
            async with Runtime.on(database, settings) as runtime:
                yield sandbox, runtime, settings
        finally:
            await database.close()


async def _tenant(runtime: Runtime) -> int:
    async with runtime.database.dispatch() as connection:
        row = await (await connection.execute(b"select tenant_id from tenant")).fetchone()
    assert row is not None
    return int(row[0])
