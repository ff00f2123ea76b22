from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from procrastinate import App, PsycopgConnector

from ml_connector.store.database import Database, Session
from ml_connector.store.errors import CommitUnknown, DatabaseUnavailable, TransactionLost
from ml_connector.store.schema import newest_version

pytestmark = pytest.mark.anyio
RENAME = "UPDATE tenant SET name = 'Renamed'"
NAME = "SELECT name FROM tenant"


async def value(session: Session, query: str) -> object:
    row = await (await session.execute(query)).fetchone()
    assert row is not None
    return row[0]


def end_connections(database_url: str, application: str = "ml-connector/mlc_app") -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        query = """SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity
                   WHERE datname = current_database() AND application_name = %s"""
        assert connection.execute(query, [application]).fetchall()


async def test_a_transaction_is_saved_at_its_end(database: Database, two_tenants: tuple[int, int]) -> None:
    async with database.tenant(two_tenants[0]) as session:
        await session.execute(RENAME)
    async with database.tenant(two_tenants[0]) as session:
        assert await value(session, NAME) == "Renamed"


async def test_an_error_saves_nothing(database: Database, two_tenants: tuple[int, int]) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.tenant(two_tenants[0]) as session:
            await session.execute(RENAME)
            raise ZeroDivisionError
    async with database.tenant(two_tenants[0]) as session:
        assert await value(session, NAME) == "Polar Air"


async def test_a_failure_that_is_passed_over_is_not_taken_for_a_success(
    database: Database, two_tenants: tuple[int, int]
) -> None:
    with pytest.raises(TransactionLost):
        async with database.tenant(two_tenants[0]) as session:
            await session.execute(RENAME)
            with pytest.raises(psycopg.errors.DivisionByZero):
                await session.execute("SELECT 1 / 0")


async def test_an_inner_transaction_is_a_savepoint(database: Database, two_tenants: tuple[int, int]) -> None:
    async with database.tenant(two_tenants[0]) as session:
        await session.execute(RENAME)
        with pytest.raises(psycopg.errors.DivisionByZero):
            async with session.transaction():
                await session.execute("UPDATE tenant SET zone = 'x'")
                await session.execute("SELECT 1 / 0")
        assert await value(session, NAME) == "Renamed"
        assert await value(session, "SELECT zone FROM tenant") == "America/Chicago"


async def test_values_arrive_exact(database: Database, two_tenants: tuple[int, int]) -> None:
    async with database.tenant(two_tenants[0]) as session:
        assert await value(session, "SELECT '1.10'::numeric") == Decimal("1.10")
        assert await value(session, """SELECT '{"total": 1.10}'::jsonb""") == b'{"total": 1.10}'
        assert await value(session, """SELECT '{"total": 1.10}'::json""") == b'{"total": 1.10}'
        assert await value(session, "SELECT '2026-11-01 12:00+01'::timestamptz") == datetime(
            2026, 11, 1, 11, tzinfo=UTC
        )
        text = await session.cursor().execute("""SELECT '{"total": 1.10}'::jsonb""", binary=False)
        assert await text.fetchone() == (b'{"total": 1.10}',)


async def test_a_snapshot_does_not_move_and_cannot_write(database: Database, two_tenants: tuple[int, int]) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        async with database.tenant(two_tenants[0], snapshot=True) as reading:
            assert await value(reading, NAME) == "Polar Air"
            async with database.tenant(two_tenants[0]) as writing:
                await writing.execute(RENAME)
            assert await value(reading, NAME) == "Polar Air"
            await reading.execute(RENAME)


async def test_after_a_restart_of_the_database_the_next_transaction_works(
    database: Database, database_url: str, two_tenants: tuple[int, int]
) -> None:
    end_connections(database_url)
    async with database.tenant(two_tenants[0]) as session:
        assert await value(session, NAME) == "Polar Air"


async def test_a_connection_lost_half_way_is_told_as_such(
    database: Database, database_url: str, two_tenants: tuple[int, int]
) -> None:
    with pytest.raises(DatabaseUnavailable) as lost:
        async with database.tenant(two_tenants[0]) as session:
            end_connections(database_url)
            await session.execute(RENAME)
    assert not isinstance(lost.value, CommitUnknown)


async def test_a_connection_lost_in_the_commit_leaves_the_outcome_open(
    database: Database, database_url: str, two_tenants: tuple[int, int]
) -> None:
    with pytest.raises(CommitUnknown):
        async with database.tenant(two_tenants[0]) as session:
            await session.execute(RENAME)
            end_connections(database_url)


async def test_an_unreachable_database_is_named_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="No such file"):
        await Database.open(f"postgresql:///x?host={tmp_path}")


async def test_an_exhausted_pool_says_so(database_url: str, two_tenants: tuple[int, int]) -> None:
    database = await Database.open(database_url, pool_size=1, wait_seconds=0.2)
    async with database.tenant(two_tenants[0]):
        with pytest.raises(DatabaseUnavailable, match="all 1 are in use"):
            async with database.tenant(two_tenants[1]):
                pass
    await database.close()


async def test_the_schema_version_is_told(database: Database) -> None:
    assert await database.schema_version() == newest_version()


async def test_the_job_engine_works_in_its_own_schema(database: Database) -> None:
    carried = []
    jobs = App(connector=PsycopgConnector(conninfo=database.jobs_url))

    @jobs.task(name="carry")
    async def carry(connection_id: int) -> None:
        carried.append(connection_id)

    async with jobs.open_async():
        await carry.configure(lock="7", queueing_lock="7").defer_async(connection_id=7)
        await jobs.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)
    assert carried == [7]
