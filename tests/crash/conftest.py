"""Workers as processes of their own, on a company that is mapped and about to go live."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "sync"))

from crash_world import Crashing, Embedded, Start, zoho_books
from outage import Server
from sync_world import map_company, started

from ml_connector.service.connection_settings import change_connection_settings
from ml_connector.store.database import Database
from ml_connector.store.embedded import DataDirectory, EmbeddedServer
from ml_connector.store.schema import upgrade
from rig.postgres import create_database, running_server

# A sandbox hour is 15 seconds, so that whatever waits for a time-out is done soon; leases stay on real time.
SPEED = 240.0
OUTAGE_BILLS = 60
LATENCY = 0.25  # machine seconds of a call: there is time to be killed


@pytest.fixture
def crashing(database: Database, database_url: str, tmp_path: Path) -> Start:
    """``async with crashing(40) as company``: so many bills, approved, and no worker yet. None survives the block.

    More words are settings of the connection to Zoho Books, such as ``reference_field=""``.
    """

    @asynccontextmanager
    async def begin(bills: int, *, speed: float = SPEED, **settings: str) -> AsyncIterator[Crashing]:
        async with _company(database, database_url, tmp_path, bills, speed, settings=settings) as company:
            yield company

    return begin


@pytest.fixture
async def outages(tmp_path: Path) -> AsyncIterator[tuple[Server, Crashing]]:
    """A company on a server of the test's own, which it may stop and start."""
    with running_server() as postgres:
        server = Server(postgres, create_database(postgres.get_uri(), "books", "template1"))
        await upgrade(server.url)
        database = await Database.open(server.url, pool_size=4)
        try:
            async with _company(database, server.url, tmp_path, OUTAGE_BILLS, SPEED) as company:
                yield server, company
        finally:
            server.start()
            await database.close()


@pytest.fixture
def embedded(tmp_path: Path) -> Embedded:
    """``async with embedded(home) as company``: a company on the embedded server of a data directory in ``home``."""

    @asynccontextmanager
    async def begin(home: Path) -> AsyncIterator[Crashing]:
        server = EmbeddedServer(DataDirectory(home / "data"))
        url = await asyncio.to_thread(server.acquire)
        try:
            await upgrade(url)
            database = await Database.open(url, pool_size=4)
            try:
                async with _company(database, "", tmp_path, OUTAGE_BILLS, SPEED, home) as company:
                    yield company
            finally:
                await database.close()
        finally:
            await asyncio.to_thread(server.release)

    return begin


@asynccontextmanager
async def _company(
    database: Database,
    url: str,
    folder: Path,
    bills: int,
    speed: float,
    home: Path | None = None,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Crashing]:
    async with started(database, home or folder, f"bulk:{bills}", speed=speed, limits=False) as world:
        if settings:
            await change_connection_settings(world.desk, await zoho_books(world), settings)
        await map_company(world)
        world.sandbox.zoho_books.switches.latency_seconds = LATENCY * speed
        await world.live()
        company = Crashing(world, url, folder, home)
        try:
            yield company
        finally:
            company.kill_all()
