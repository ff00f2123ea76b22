"""Details that are rewritten without a person's data: the chain verifies, and shows every other change as before."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from datetime import UTC, datetime

import msgspec
import psycopg
import pytest
from psycopg.rows import args_row

from ml_connector.audit import Event, Rewritten, append, erase, export, timeline, verify
from ml_connector.audit.chain import EVENT_COLUMNS, StoredEvent
from ml_connector.sealing import Sealer
from ml_connector.store.database import Database

pytestmark = pytest.mark.anyio
AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
LATER = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
OPEN = """
ALTER TABLE audit_event DISABLE TRIGGER audit_event_append_only;
ALTER TABLE audit_event DISABLE TRIGGER audit_event_only_erased;
ALTER TABLE audit_erasure DISABLE TRIGGER audit_erasure_append_only;
"""


@pytest.fixture
async def tenant_id(database: Database, two_tenants: tuple[int, int], sealer: Sealer) -> int:
    """A tenant with two links of two events, and the details of the second event of each erased."""
    tenant = two_tenants[0]
    for link in range(2):
        events = [
            Event("read", "engine", record_id=10 * link + n, details={"name": "Jane Dough", "n": n}) for n in range(2)
        ]
        async with database.tenant(tenant) as session:
            await append(session, tenant, events, sealer, AT)
    await erased(database, tenant, sealer)
    return tenant


async def erased(database: Database, tenant: int, sealer: Sealer, name: str = "erased") -> None:
    async with database.tenant(tenant) as session:
        async with session.cursor(row_factory=args_row(StoredEvent)) as cursor:
            await cursor.execute(
                f"SELECT {EVENT_COLUMNS} FROM audit_event WHERE tenant_id = %s AND position = 2 AND kind = 'read'".encode(),
                [tenant],
            )
            found = await cursor.fetchall()
        told = Event("party erased", "user/7", details={"documents": 2})
        rewritten = [Rewritten(one, {"name": name, "n": 1}) for one in found]
        await erase(session, tenant, told, rewritten, sealer, LATER)


async def test_the_chain_verifies_and_says_how_many(database: Database, tenant_id: int) -> None:
    found = await verify(database, tenant_id)
    assert found.intact, found.faults
    assert (found.links, found.events, found.erased) == (3, 5, 2)


async def test_an_event_may_be_erased_of_again(database: Database, tenant_id: int, sealer: Sealer) -> None:
    await erased(database, tenant_id, sealer, "erased twice")
    found = await verify(database, tenant_id)
    assert found.intact, found.faults
    async with database.tenant(tenant_id) as session:
        [entry] = await timeline(session, tenant_id, 1, sealer)
    assert entry.details == {"name": "erased twice", "n": 1} and not entry.note


async def test_an_auditor_can_prove_the_export_without_us(database: Database, tenant_id: int, sealer: Sealer) -> None:
    lines = [msgspec.json.decode(line) async for line in export(database, tenant_id, sealer)]
    rewritten = [one for line in lines for one in line["events"] if one["erased"]]
    assert [one["details"]["name"] for one in rewritten] == ["erased", "erased"]
    [told] = lines[2]["events"]
    covered = b"".join(
        line["chain_no"].to_bytes(8, "big")
        + one["position"].to_bytes(2, "big")
        + bytes.fromhex(one["erased"]["digest"])
        for line in lines
        for one in line["events"]
        if one["erased"]
    )
    assert b64decode(told["covers"]) == covered
    assert "Jane" not in str(rewritten) and hashlib.sha256(covered).digest()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE audit_event SET body = set_byte(body, 30, get_byte(body, 30) # 1) WHERE chain_no = 1 AND position = 2",
         "altered"),
        ("UPDATE audit_event SET actor = 'nobody' WHERE chain_no = 2 AND position = 2", "altered"),
        ("DELETE FROM audit_erasure WHERE chain_no = 1", "altered"),
        ("INSERT INTO audit_erasure SELECT tenant_id, 1, 1, 3, digest FROM audit_event WHERE chain_no = 1 AND position = 1",
         "altered"),
        ("INSERT INTO audit_erasure SELECT tenant_id, 1, 1, 9, digest FROM audit_event WHERE chain_no = 1 AND position = 1",
         "link 9, which is not there"),
    ],
)  # fmt: skip
async def test_whoever_gets_past_the_triggers_is_found_out(
    database: Database, database_url: str, tenant_id: int, change: str, fault: str
) -> None:
    with psycopg.connect(database_url) as superuser:
        superuser.execute((OPEN + change).encode())
    found = await verify(database, tenant_id)
    assert not found.intact and fault in " ".join(one.sentence for one in found.faults)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_event SET body = set_byte(body, 30, 7) WHERE chain_no = 1",
        "UPDATE audit_event SET actor = 'nobody' WHERE chain_no = 1",
        "UPDATE audit_event SET digest = sha256('x') WHERE chain_no = 1 AND position = 2",
        "UPDATE audit_erasure SET erased_in = 4",
        "DELETE FROM audit_erasure",
        "DELETE FROM audit_event",
    ],
)
async def test_the_database_refuses_every_other_change_even_to_its_superuser(
    database_url: str, tenant_id: int, change: str
) -> None:
    with (
        psycopg.connect(database_url, options="-c app.erasing=3") as superuser,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"),
    ):
        superuser.execute(change.encode())
