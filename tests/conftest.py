"""A real PostgreSQL for the whole test session, and a fresh, migrated database for each test that asks for one.

postgres_server  one server per test process, on a unix socket below a temporary directory, without fsync
postgres_url     the address of its superuser
database_url     the address of a fresh migrated database, dropped afterwards
database         the same, opened
make_database    opens one more such database each time, dropped at the end of its block
two_tenants      the ids of two tenants in it
sealer           a sealer of the first of them
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from datetime import UTC, datetime

import pytest
import structlog
from aiohttp import web_app

from ml_connector.sealing import Sealer
from ml_connector.sealing.seal import new_key
from ml_connector.store.database import Database
from ml_connector.store.migrate import migrate
from rig.postgres import PostgresServer, create_database, drop_database, running_server

_TEMPLATE = "migrated"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs a database server belongs to the slow ring."""
    for item in items:
        if "start_postgres" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A command line that is run in this process sets where it logs, and the next test reads its own.

    Tracebacks are plain, as the product's are: to lay out the values of every frame of a world takes half a minute.
    """
    structlog.reset_defaults()
    *before, _ = structlog.get_config()["processors"]
    structlog.configure([*before, structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)])
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def worlds_let_go() -> Iterator[None]:
    """aiohttp keeps the handlers of its last thousand applications, and with each a whole sandbox: gigabytes in the end."""
    yield
    web_app._cached_build_middleware.cache_clear()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def start_postgres() -> Iterator[Callable[[], PostgresServer]]:
    """Starts a new, empty server each time it is called; all are stopped and removed at the end."""
    with ExitStack() as servers:
        yield lambda: servers.enter_context(running_server())


@pytest.fixture(scope="session")
def postgres_server(start_postgres: Callable[[], PostgresServer]) -> PostgresServer:
    return start_postgres()


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> str:
    return postgres_server.get_uri()


@pytest.fixture
def empty_database_url(postgres_url: str) -> Iterator[str]:
    name = f"empty_{uuid.uuid4().hex[:12]}"
    yield create_database(postgres_url, name, "template1")
    drop_database(postgres_url, name)


@pytest.fixture(scope="session")
def migrated_template(postgres_url: str) -> str:
    migrate(create_database(postgres_url, _TEMPLATE, "template1"))
    return _TEMPLATE


@pytest.fixture
def database_url(postgres_url: str, migrated_template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield create_database(postgres_url, name, migrated_template)
    drop_database(postgres_url, name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await Database.open(database_url, pool_size=4)
    yield opened
    await opened.close()


@pytest.fixture
def make_database(postgres_url: str, migrated_template: str) -> Callable[[], AbstractAsyncContextManager[Database]]:
    @asynccontextmanager
    async def fresh() -> AsyncIterator[Database]:
        name = f"more_{uuid.uuid4().hex[:12]}"
        opened = await Database.open(create_database(postgres_url, name, migrated_template), pool_size=4)
        try:
            yield opened
        finally:
            await opened.close()
            drop_database(postgres_url, name)

    return fresh


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
