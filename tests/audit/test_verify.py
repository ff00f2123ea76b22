"""Whoever gets past the triggers is found out."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest

from ml_connector.audit import Anchor, Event, Verification, append, verify
from ml_connector.sealing import Sealer
from ml_connector.store.database import Database

pytestmark = pytest.mark.anyio
AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
LINKS, EVENTS = 4, 3

BREAK_IN = """
ALTER TABLE audit_event DISABLE TRIGGER audit_event_append_only;
ALTER TABLE audit_event DISABLE TRIGGER audit_event_only_erased;
ALTER TABLE audit_chain DISABLE TRIGGER audit_chain_append_only;
"""


@pytest.fixture
async def tenant_id(database: Database, two_tenants: tuple[int, int], sealer: Sealer) -> int:
    """A tenant with a chain of four links of three events."""
    for link in range(LINKS):
        events = [Event("read", "engine", record_id=10 * link + n, details={"n": n}) for n in range(EVENTS)]
        async with database.tenant(two_tenants[0]) as session:
            await append(session, two_tenants[0], events, sealer, AT)
    return two_tenants[0]


def tamper(database_url: str, *statements: str) -> None:
    with psycopg.connect(database_url) as superuser:
        for statement in (BREAK_IN, *statements):
            superuser.execute(statement.encode())


def places(found: Verification) -> list[tuple[int, int | None]]:
    return [(fault.chain_no, fault.position) for fault in found.faults]


async def test_an_untouched_chain_is_intact(database: Database, tenant_id: int) -> None:
    found = await verify(database, tenant_id)
    assert found.intact
    assert (found.links, found.events) == (LINKS, LINKS * EVENTS)
    assert found.head is not None
    assert found.head.chain_no == LINKS


@pytest.mark.parametrize(
    "change",
    [
        "body = set_byte(body, 30, get_byte(body, 30) # 1)",
        "actor = 'somebody'",
        "kind = 'sent'",
        "record_id = NULL",
        "record_id = record_id + 1",
        "version_id = 0",
        "run_id = 7",
        "at = at + interval '1 microsecond'",
        "digest = sha256('other')",
    ],
)
async def test_an_altered_event_is_named(database: Database, database_url: str, tenant_id: int, change: str) -> None:
    tamper(database_url, f"UPDATE audit_event SET {change} WHERE chain_no = 2 AND position = 3")
    found = await verify(database, tenant_id)
    assert places(found)[0] == (2, 3)
    assert "Event 3 of link 2" in found.faults[0].sentence


async def test_an_event_altered_with_its_digest_breaks_its_link(
    database: Database, database_url: str, tenant_id: int
) -> None:
    tamper(
        database_url,
        """UPDATE audit_event a SET body = b.body, digest = b.digest, record_id = b.record_id FROM audit_event b
           WHERE a.chain_no = 2 AND a.position = 1 AND b.chain_no = 3 AND b.position = 1""",
    )
    found = await verify(database, tenant_id)
    assert places(found) == [(2, None)]
    assert "its hash does not fit" in found.faults[0].sentence


async def test_two_events_that_changed_places_are_found(database: Database, database_url: str, tenant_id: int) -> None:
    swap = "UPDATE audit_event SET position = {} WHERE chain_no = 2 AND position = {}"
    tamper(database_url, swap.format(99, 1), swap.format(1, 2), swap.format(2, 99))
    assert places(await verify(database, tenant_id)) == [(2, None)]


async def test_two_links_that_changed_places_are_found(database: Database, database_url: str, tenant_id: int) -> None:
    swap = "UPDATE {0} SET chain_no = {1} WHERE chain_no = {2}"
    moves = [(99, 2), (2, 3), (3, 99)]
    tamper(
        database_url,
        *(swap.format(table, *move) for table in ("audit_event", "audit_chain") for move in moves),
    )
    found = await verify(database, tenant_id)
    assert {chain_no for chain_no, _ in places(found)} == {2, 3, 4}


@pytest.mark.parametrize(
    ("statement", "place", "words"),
    [
        ("DELETE FROM audit_event WHERE chain_no = 3 AND position = 3", (3, None), "made of 3 events"),
        ("DELETE FROM audit_event WHERE chain_no = 4", (4, None), "there are now 0"),
        ("DELETE FROM audit_chain WHERE chain_no = 3", (3, None), "3 events of link 3 have no link"),
        ("UPDATE audit_chain SET at = at + interval '1 day' WHERE chain_no = 3", (3, None), "was altered"),
        ("UPDATE audit_chain SET previous = hash WHERE chain_no = 3", (3, None), "does not continue"),
        ("DELETE FROM audit_head", (4, None), "head of the chain is missing"),
        ("UPDATE audit_head SET chain_no = 3", (4, None), "does not point to its last link"),
        ("UPDATE audit_head SET hash = sha256('other')", (4, None), "does not point to its last link"),
    ],
)
async def test_what_is_missing_or_moved_is_named(
    database: Database, database_url: str, tenant_id: int, statement: str, place: tuple[int, None], words: str
) -> None:
    tamper(database_url, statement)
    found = await verify(database, tenant_id)
    assert places(found)[0] == place
    assert words in found.faults[0].sentence


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ("chain_no = 4", "Link 4 is missing at the end."),
        ("chain_no >= 3", "Links 3 to 4 are missing at the end."),
        ("chain_no IN (2, 3)", "Links 2 to 3 are missing before link 4."),
        ("true", "Links 1 to 4 are missing at the end."),
    ],
)
async def test_removed_links_are_counted(
    database: Database, database_url: str, tenant_id: int, condition: str, sentence: str
) -> None:
    tamper(database_url, *(f"DELETE FROM {table} WHERE {condition}" for table in ("audit_event", "audit_chain")))
    found = await verify(database, tenant_id)
    assert [fault.sentence for fault in found.faults] == [sentence]


async def test_a_chain_cut_together_with_its_head_is_found_by_an_anchor_noted_before(
    database: Database, database_url: str, tenant_id: int
) -> None:
    anchor = (await verify(database, tenant_id)).head
    assert (await verify(database, tenant_id, anchor=anchor)).intact
    tamper(
        database_url,
        "DELETE FROM audit_event WHERE chain_no = 4",
        "DELETE FROM audit_chain WHERE chain_no = 4",
        "UPDATE audit_head h SET chain_no = 3, hash = c.hash FROM audit_chain c WHERE c.chain_no = 3",
    )
    assert (await verify(database, tenant_id)).intact
    assert "noted outside" in (await verify(database, tenant_id, anchor=anchor)).faults[0].sentence
    rewritten = await verify(database, tenant_id, anchor=Anchor(2, bytes(32)))
    assert places(rewritten) == [(2, None)]


async def test_a_wrecked_chain_is_reported_in_part(
    database: Database, database_url: str, tenant_id: int, sealer: Sealer
) -> None:
    async with database.tenant(tenant_id) as session:
        await append(session, tenant_id, [Event("read", "engine")] * 60, sealer, AT)
    tamper(database_url, "UPDATE audit_event SET actor = 'x'")
    assert len((await verify(database, tenant_id)).faults) == 20
