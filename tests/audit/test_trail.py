from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from ml_connector.audit import Event, append, timeline, verify
from ml_connector.sealing import Sealer, Secret
from ml_connector.sealing.seal import new_key
from ml_connector.store.database import Database
from ml_connector.store.roles import OWNER, as_role

pytestmark = pytest.mark.anyio
AT = datetime(2026, 11, 21, 9, 30, 0, 123456, tzinfo=UTC)
TABLES = ("audit_event", "audit_chain")


async def append_all(database: Database, tenant_id: int, sealer: Sealer, *links: list[Event]) -> list[int]:
    numbers = []
    for events in links:
        async with database.tenant(tenant_id) as session:
            numbers.append(await append(session, tenant_id, events, sealer, AT))
    return numbers


async def test_a_timeline_is_the_life_of_one_record(
    database: Database, two_tenants: tuple[int, int], sealer: Sealer
) -> None:
    tenant_id = two_tenants[0]
    read = Event("read", "engine", record_id=5, version_id=50, run_id=1, details={"total": Decimal("12.30")})
    other = Event("read", "engine", record_id=6)
    sent = Event("sent", "user/3", record_id=5, version_id=50, details={"lines": [1, 2]})
    assert await append_all(database, tenant_id, sealer, [read, other], [sent]) == [1, 2]
    async with database.tenant(tenant_id) as session:
        entries = await timeline(session, tenant_id, 5, sealer)
    assert [(e.kind, e.actor, e.version_id, e.run_id, e.details, e.at) for e in entries] == [
        ("read", "engine", 50, 1, {"total": "12.30"}, AT),
        ("sent", "user/3", 50, None, {"lines": [1, 2]}, AT),
    ]
    assert [(e.chain_no, e.position, e.note) for e in entries] == [(1, 1, ""), (2, 1, "")]


async def test_no_events_make_no_link(database: Database, two_tenants: tuple[int, int], sealer: Sealer) -> None:
    assert await append_all(database, two_tenants[0], sealer, []) == [0]
    assert (await verify(database, two_tenants[0])).links == 0


async def test_a_failed_transaction_leaves_no_event(
    database: Database, two_tenants: tuple[int, int], sealer: Sealer
) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.tenant(two_tenants[0]) as session:
            await append(session, two_tenants[0], [Event("read", "engine")], sealer, AT)
            raise ZeroDivisionError
    assert await append_all(database, two_tenants[0], sealer, [Event("read", "engine")]) == [1]


async def test_appends_at_once_make_one_chain(database: Database, two_tenants: tuple[int, int], sealer: Sealer) -> None:
    numbers = await asyncio.gather(
        *(append_all(database, two_tenants[0], sealer, [Event("read", f"lane/{n}")] * 3) for n in range(12))
    )
    assert sorted(chain_no for (chain_no,) in numbers) == list(range(1, 13))
    found = await verify(database, two_tenants[0])
    assert (found.faults, found.links, found.events) == ([], 12, 36)


async def test_every_tenant_has_a_chain_of_its_own(
    database: Database, two_tenants: tuple[int, int], sealer: Sealer
) -> None:
    first, second = two_tenants
    event = Event("read", "engine", record_id=5)
    await append_all(database, first, sealer, [event])
    assert await append_all(database, second, Sealer(second, new_key()), [event]) == [1]
    async with database.tenant(second) as session:
        assert len(await timeline(session, second, 5, sealer)) == 1
        assert await timeline(session, first, 5, sealer) == []


async def test_nobody_appends_for_another_tenant(
    database: Database, two_tenants: tuple[int, int], sealer: Sealer
) -> None:
    with pytest.raises(InsufficientPrivilege, match="row-level security"):
        async with database.tenant(two_tenants[1]) as session:
            await append(session, two_tenants[0], [Event("read", "engine")], sealer, AT)


async def test_events_enter_through_the_chain_only(database: Database, two_tenants: tuple[int, int]) -> None:
    for table in ("audit_event", "audit_chain", "audit_head"):
        with pytest.raises(InsufficientPrivilege, match="permission denied"):
            async with database.tenant(two_tenants[0]) as session:
                await session.execute(f"INSERT INTO {table} DEFAULT VALUES")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", ["UPDATE {} SET at = now()", "DELETE FROM {}", "TRUNCATE {}"])
async def test_events_and_links_are_never_changed_or_removed(
    database: Database,
    database_url: str,
    two_tenants: tuple[int, int],
    sealer: Sealer,
    table: str,
    change: str,
) -> None:
    await append_all(database, two_tenants[0], sealer, [Event("read", "engine")])
    statement = change.format(table)
    with pytest.raises(InsufficientPrivilege):
        async with database.tenant(two_tenants[0]) as session:
            await session.execute(statement)
    superuser, owner = database_url, as_role(database_url, OWNER)
    for url in (superuser, owner):
        for setting in ("origin", "replica") if url is superuser else ("",):
            with psycopg.connect(url, autocommit=True) as connection:
                if setting:
                    connection.execute(f"SET session_replication_role = {setting}".encode())
                with pytest.raises(InsufficientPrivilege, match="append-only"):
                    connection.execute(statement.encode())
    assert (await verify(database, two_tenants[0])).intact


async def test_erased_details_leave_the_event_and_the_chain(
    database: Database, two_tenants: tuple[int, int], sealer: Sealer
) -> None:
    tenant_id = two_tenants[0]
    await append_all(database, tenant_id, sealer, [Event("sent", "engine", record_id=5, details={"to": "x"})])
    async with database.tenant(tenant_id) as session:
        (entry,) = await timeline(session, tenant_id, 5, Sealer(tenant_id, new_key()))
    assert (entry.kind, entry.details) == ("sent", {})
    assert "erased" in entry.note
    assert (await verify(database, tenant_id)).intact


@pytest.mark.parametrize(
    ("events", "at", "error"),
    [
        ([Event("read", "engine", details={"token": Secret(b"x")})], AT, TypeError),
        ([Event("read", "engine")], datetime(2026, 11, 21), ValueError),  # noqa: DTZ001
        ([Event("read", "engine")] * 32_768, AT, ValueError),
    ],
)
async def test_what_cannot_be_kept_is_refused(
    database: Database,
    two_tenants: tuple[int, int],
    sealer: Sealer,
    events: list[Event],
    at: datetime,
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        async with database.tenant(two_tenants[0]) as session:
            await append(session, two_tenants[0], events, sealer, at)
    assert (await verify(database, two_tenants[0])).head is None
