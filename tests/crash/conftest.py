"""Workers as processes of their own, on a company that is mapped and about to go live."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "sync"))

from crash_world import Crashing, Start
from sync_world import map_company, started

from ml_connector.store.database import Database

SPEED = 60.0  # the sandbox's minutes are seconds, so that a vendor's time-out passes; leases stay on real time


@pytest.fixture
def crashing(database: Database, database_url: str, tmp_path: Path) -> Start:
    """``async with crashing(40) as company``: so many bills, approved, and no worker yet. None survives the block."""

    @asynccontextmanager
    async def begin(bills: int) -> AsyncIterator[Crashing]:
        async with started(database, tmp_path, f"bulk:{bills}", speed=SPEED, limits=False) as world:
            await map_company(world)
            world.sandbox.zoho_books.switches.latency_seconds = (
                15.0  # a quarter of a second: there is time to be killed
            )
            await world.live()
            company = Crashing(world, database_url, tmp_path)
            try:
                yield company
            finally:
                company.kill_all()

    return begin
