"""Companies under way, whose lanes the tests run themselves."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo
from sync_world import SPEED, Start, World, map_company, started

from ml_connector.store.database import Database


@pytest.fixture
def start(database: Database, tmp_path: Path) -> Start:
    """``async with start("demo") as company``: connected and integrated, nothing mapped, bills off."""

    def begin(kind: str = "small", *, speed: float = SPEED, limits: bool = False) -> AbstractAsyncContextManager[World]:
        return started(database, tmp_path, kind, speed=speed, limits=limits)

    return begin


@pytest.fixture
async def company(start: Start) -> AsyncIterator[World]:
    """The small company, mapped, with its bills in preview."""
    async with start() as world:
        await map_company(world)
        yield world


@pytest.fixture
def make_database(postgres_url: str, migrated_template: str) -> Callable[[], AbstractAsyncContextManager[Database]]:
    """Opens one more fresh, migrated database each time, dropped at the end of its block."""

    @asynccontextmanager
    async def fresh() -> AsyncIterator[Database]:
        name = f"more_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(postgres_url, autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name} TEMPLATE {migrated_template} STRATEGY FILE_COPY".encode())
            database = await Database.open(conninfo.make_conninfo(postgres_url, dbname=name), pool_size=4)
            try:
                yield database
            finally:
                await database.close()
                server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    return fresh
