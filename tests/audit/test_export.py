from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ml_connector.audit import Event, append, export, verify
from ml_connector.sealing import Sealer
from ml_connector.store.database import Database

pytestmark = pytest.mark.anyio
AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.fixture
async def tenant_id(database: Database, two_tenants: tuple[int, int], sealer: Sealer) -> int:
    """A tenant with three links, a day apart."""
    for day in range(3):
        events = [Event("sent", "engine", record_id=n, details={"number": f"INV-{n}"}) for n in range(2)]
        async with database.tenant(two_tenants[0]) as session:
            await append(session, two_tenants[0], events, sealer, AT + timedelta(days=day))
    return two_tenants[0]


async def lines(database: Database, tenant_id: int, sealer: Sealer, **span: datetime) -> list[dict[str, Any]]:
    return [json.loads(line) async for line in export(database, tenant_id, sealer, **span)]


async def test_an_export_is_readable(database: Database, tenant_id: int, sealer: Sealer) -> None:
    exported = await lines(database, tenant_id, sealer)
    assert [line["chain_no"] for line in exported] == [1, 2, 3]
    event = exported[0]["events"][1]
    assert (event["position"], event["kind"], event["record_id"]) == (2, "sent", 1)
    assert event["details"] == {"number": "INV-1"}
    assert event["at"] == "2026-11-21T09:30:00Z"


async def test_an_export_verifies_by_its_own_bytes(database: Database, tenant_id: int, sealer: Sealer) -> None:
    previous = bytes(32)
    for line in await lines(database, tenant_id, sealer):
        at = int(datetime.fromisoformat(line["at"]).timestamp()) * 1_000_000
        place = tenant_id.to_bytes(4, "big") + line["chain_no"].to_bytes(8, "big") + at.to_bytes(8, "big")
        digests = b"".join(bytes.fromhex(event["digest"]) for event in line["events"])
        assert line["previous"] == previous.hex()
        previous = hashlib.sha256(previous + place + digests).digest()
        assert line["hash"] == previous.hex()
        assert len(b64decode(line["events"][0]["body"])) > 37
    head = (await verify(database, tenant_id)).head
    assert head is not None
    assert head.hash == previous


async def test_a_span_of_time_is_exported(database: Database, tenant_id: int, sealer: Sealer) -> None:
    day = timedelta(days=1)
    exported = await lines(database, tenant_id, sealer, since=AT + day, until=AT + 2 * day)
    assert [line["chain_no"] for line in exported] == [2]


async def test_another_tenant_exports_nothing_of_it(
    database: Database, two_tenants: tuple[int, int], tenant_id: int, sealer: Sealer
) -> None:
    assert await lines(database, two_tenants[1], sealer) == []
