"""Processes that work on one database, and are killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

from sync_world import World

PATIENCE = 60.0  # machine seconds; a lane of a dead worker is free after 15, what it was sending is looked up after 20


@dataclass
class Crashing:
    """A company and the workers that were started for it."""

    world: World
    database_url: str
    folder: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> subprocess.Popen[bytes]:
        """One more worker, as an operator starts it."""
        environment = {
            **os.environ,
            "DATABASE_URL": self.database_url,
            "ML_CONNECTOR_DATA": str(self.folder / "data"),
            "ML_CONNECTOR_SANDBOX": str(self.folder / "sandbox.json"),
        }
        command = [sys.executable, "-m", "ml_connector.cli.main", "worker"]
        with (self.folder / f"worker-{len(self.workers)}.log").open("wb") as log:
            worker = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        self.workers.append(worker)
        return worker

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """kill -9, at whatever it is doing."""
        worker.send_signal(signal.SIGKILL)
        worker.wait()

    def kill_all(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                self.kill(worker)

    async def until_bills(self, count: int) -> None:
        """Wait until so many bills stand in Zoho Books."""
        async with asyncio.timeout(PATIENCE):
            while len(self.world.zoho_bills()) < count:
                await asyncio.sleep(0.02)

    async def until_done(self) -> None:
        """Wait until the workers have nothing left to do."""
        async with asyncio.timeout(PATIENCE):
            while not await self.world.quiet():
                await asyncio.sleep(0.2)

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

    async def agrees(self) -> None:
        """Nothing twice, nothing missing, everything accounted for."""
        assert self.world.compared().findings == []
        await self.world.sound()
        assert set(await self.world.states()) <= {"posted", "superseded"}


Start = Callable[[int], AbstractAsyncContextManager[Crashing]]
