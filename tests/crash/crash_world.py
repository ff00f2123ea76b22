"""Processes that work on one database, and are killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psutil
from sync_world import ZOHO_API, World

from ml_connector.service.connections import Connection, connections
from ml_connector.store.errors import DatabaseUnavailable
from ml_connector_sandbox.kernel.calls import Call

PATIENCE = 90.0  # machine seconds; a lane of a dead worker is free after 12, what it was sending is looked up after 20
WORKER = ("-m", "ml_connector.cli.main", "worker")


@dataclass
class Crashing:
    """A company and the workers that were started for it; their logs lie in ``folder``, the rest in ``home``, if any."""

    world: World
    database_url: str  # empty: the embedded server of ``home``
    folder: Path
    home: Path | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *program: str, **variables: str) -> subprocess.Popen[bytes]:
        """One more worker, as an operator starts it; ``program`` is another one, ``variables`` more of its environment."""
        command, environment = [sys.executable, *(program or WORKER)], {**self.environment, **variables}
        with (self.folder / f"worker-{len(self.workers)}.log").open("wb") as log:
            worker = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        self.workers.append(worker)
        return worker

    @property
    def environment(self) -> dict[str, str]:
        """What a command needs to work on this company."""
        given = {"DATABASE_URL": self.database_url} if self.database_url else {}
        home = self.home or self.folder
        places = {"ML_CONNECTOR_DATA": str(home / "data"), "ML_CONNECTOR_SANDBOX": str(home / "sandbox.json")}
        return {**os.environ, **given, **places}

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """kill -9, at whatever it is doing."""
        worker.send_signal(signal.SIGKILL)
        worker.wait()

    def kill_all(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                self.kill(worker)

    async def frozen(self, worker: subprocess.Popen[bytes]) -> None:
        """Wait until it stands still, as on a machine that is suspended."""
        async with asyncio.timeout(PATIENCE):
            while psutil.Process(worker.pid).status() != psutil.STATUS_STOPPED:
                await asyncio.sleep(0.02)

    def wake(self, worker: subprocess.Popen[bytes]) -> None:
        """SIGCONT."""
        worker.send_signal(signal.SIGCONT)

    def log(self, worker: subprocess.Popen[bytes]) -> str:
        """What it has said so far."""
        return (self.folder / f"worker-{self.workers.index(worker)}.log").read_text(errors="replace")

    async def says(self, worker: subprocess.Popen[bytes], words: str, times: int = 1) -> None:
        """Wait until it has said this."""
        async with asyncio.timeout(PATIENCE):
            while self.log(worker).count(words) < times:
                await asyncio.sleep(0.05)

    async def until_bills(self, count: int) -> None:
        """Wait until so many bills stand in Zoho Books."""
        async with asyncio.timeout(PATIENCE):
            while len(self.world.zoho_bills()) < count:
                await asyncio.sleep(0.02)

    async def until_done(self) -> None:
        """Wait until the workers have nothing left to do."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not await self._quiet():
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise AssertionError(f"still not quiet: {await self.world.states()}") from None

    async def until_sound(self) -> None:
        """Wait until nothing is half done any more: what we marked at the source is read again on its schedule."""
        until = asyncio.get_running_loop().time() + PATIENCE
        while True:
            try:
                await self.world.sound()
            except AssertionError:
                if asyncio.get_running_loop().time() > until:
                    raise
                await asyncio.sleep(0.2)
            else:
                return

    async def _quiet(self) -> bool:
        try:
            return await self.world.quiet()
        except DatabaseUnavailable:
            return False

    async def wait(self, worker: subprocess.Popen[bytes], seconds: float) -> int:
        """The exit code of a worker that is to end by itself. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while (code := worker.poll()) is None:
                await asyncio.sleep(0.05)
        return code

    async def owner(self) -> str:
        """Who holds the lane of Zoho Books."""
        row = await self.world.one("select coalesce(owner, '') from lane where connection_id = %s", self.world.target)
        return str(row[0])

    async def owned(self) -> int:
        """Lanes that a worker holds."""
        row = await self.world.one("select count(*) from lane where owner is not null and lease_until > now()")
        return int(row[0])

    async def holder(self) -> subprocess.Popen[bytes]:
        """The worker that holds the lane of Zoho Books."""
        async with asyncio.timeout(PATIENCE):
            while not (owner := await self.owner()):
                await asyncio.sleep(0.02)
        return next(one for one in self.workers if f"/{one.pid}/" in owner)

    async def fence(self) -> int:
        """How often the lane of Zoho Books was taken."""
        row = await self.world.one("select fence from lane where connection_id = %s", self.world.target)
        return int(row[0])

    async def taken_after(self, fence: int, seconds: float) -> None:
        """Wait until somebody has taken it again. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while await self.fence() == fence:
                await asyncio.sleep(0.05)

    async def written(self) -> list[tuple[Any, ...]]:
        """Every intent and what is known of it: whatever was sent, and whatever became of it."""
        return await self.world.all(
            """select i.intent_id, i.state, i.target_id, i.settled_at, s.state, s.changed_at from intent i
            join version_state s using (tenant_id, version_id) order by i.intent_id"""
        )

    def writes(self) -> list[Call]:
        """Calls that would change something in Zoho Books, whatever became of them."""
        calls = self.world.sandbox.zoho_books.log.calls
        return [call for call in calls if call.method != "GET" and ZOHO_API in call.host]

    async def agrees(self) -> None:
        """Nothing twice, nothing missing, everything accounted for."""
        assert self.world.compared().findings == []
        await self.until_sound()
        states = await self.world.states()
        assert set(states) <= {"posted", "superseded"}, states


async def zoho_books(world: World) -> Connection:
    """The connection that bills are written to."""
    return next(one for one in await connections(world.desk) if one.connection_id == world.target)


class Start(Protocol):
    """Begins a company: how many bills, sandbox seconds a second, and settings of the connection to Zoho Books."""

    def __call__(self, bills: int, *, speed: float = ..., **settings: str) -> AbstractAsyncContextManager[Crashing]: ...


class Embedded(Protocol):
    """Begins a company on the embedded server of a directory."""

    def __call__(self, home: Path) -> AbstractAsyncContextManager[Crashing]: ...
