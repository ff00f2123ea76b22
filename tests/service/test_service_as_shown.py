"""What an approval posts, laid byte by byte against what reached the vendor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from joined import KIND, Joined, joined
from ml_connector.integrations.decisions import Write
from ml_connector.service import integrating
from ml_connector.service.approving import approvable, approve_listed
from ml_connector.service.finding import Filter
from ml_connector.service.previewing import preview
from ml_connector.store.database import Database
from ml_connector.sync import plan

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


def received(company: Joined) -> list[bytes]:
    """The bodies of the bills that the emulator is sent from now on, as they arrive there."""
    bodies: list[bytes] = []
    emulator: Any = company.sandbox.zoho_books
    struck = emulator._struck

    async def noting(request: web.Request, *given: Any) -> web.StreamResponse:
        if request.method in ("POST", "PUT") and "/bills" in request.path:
            bodies.append(await request.read())
        answer: web.StreamResponse = await struck(request, *given)
        return answer

    emulator._struck = noting
    return bodies


async def shown_bodies(company: Joined, record_ids: list[int]) -> dict[int, Write]:
    """The stored plans, as sealed in the ledger."""
    sealer = await company.desk.sealer()
    async with company.desk.looking() as reading:
        rows = await reading.all(
            "select record_id, body from plan where tenant_id = %s and record_id = any(%s::bigint[])",
            company.desk.tenant_id, record_ids,
        )  # fmt: skip
    found = {row[0]: plan.decode(sealer.open(b"plan", row[1])) for row in rows}
    return {record_id: one for record_id, one in found.items() if isinstance(one, Write)}


async def given_ids(company: Joined) -> dict[bytes, bytes]:
    """What stood in plans for ids that were still to be given, and the ids."""
    async with company.desk.looking() as reading:
        rows = await reading.all(
            "select entity, source_id, target_id from link where tenant_id = %s", company.desk.tenant_id
        )
    return {plan.placeholder(entity, source_id).encode(): target.encode() for entity, source_id, target in rows}


async def test_the_vendor_receives_the_bytes_that_were_shown(database: Database, tmp_path: Path) -> None:
    async with joined(database, tmp_path) as company:
        await company.fill_mappings()
        await preview(company.desk, company.integration)
        listed = await approvable(company.desk, Filter(flow="bills"))
        plans = await shown_bodies(company, [one.record_id for one in listed.plans])
        assert any(one.placeholders for one in plans.values()) and any(not one.placeholders for one in plans.values())
        bodies = received(company)
        assert (await approve_listed(company.desk, listed)).refused == ()
        await company.sync()
        given = await given_ids(company)
        expected = []
        for one in plans.values():
            body = one.steps[0].body
            for placeholder in one.placeholders:
                body = body.replace(b'"%s"' % placeholder.encode(), b'"%s"' % given[placeholder.encode()])
            expected.append(body)
        assert len(expected) == len(listed.plans) and sorted(bodies) == sorted(expected)
        integration = await integrating.integration_named(company.desk, KIND)
        assert integration.flow("bills").mode == "preview"
