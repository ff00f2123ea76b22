"""``POST /erasures``: what would go, then the erasure by name; for approvers, once per key, and no name in the answer."""

from __future__ import annotations

import pytest
from service_ledger import Company, bill
from web_client import Api, token

from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.mapping.values import set_value
from ml_connector.service.records import records

pytestmark = pytest.mark.anyio
NAME = "Johnstone Supply"


async def posted(company: Company) -> int:
    """A bill in Zoho Books; its vendor's record."""
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await set_flow_mode(company.desk, company.integration, "bills", "live")
    await company.read(bill("1"))
    for _ in range(3):
        await company.plan()
    found = (await records(company.desk, Filter(flow="vendors"))).records
    return next(one.record_id for one in found if one.source_id == "v1")


async def test_it_is_shown_and_carried_out_once(api: Api, company: Company) -> None:
    record = await posted(company)
    mine = api.as_(await token(company, "approve", role="approver"))
    would = await mine.post("/erasures/preview", {"record_id": record})
    assert would.status == 200 and would.body["name"] == NAME and would.body["under_way"] == []
    wrong = await mine.post("/erasures", {"record_id": record, "name": "Johnson"}, key="e0")
    assert wrong.status == 400 and "Nothing was erased" in wrong.detail
    done = await mine.post("/erasures", {"record_id": record, "name": NAME}, key="e1")
    assert done.status == 200 and done.body["rows"] == would.body["rows"] and b"Johnstone" not in done.raw
    again = await mine.post("/erasures", {"record_id": record, "name": NAME}, key="e1")
    assert again.raw == done.raw and again.headers["idempotency-replayed"] == "true"
    other = await mine.post("/erasures", {"record_id": record, "name": NAME}, key="e2")
    assert other.status == 409 and "erased already" in other.detail


async def test_it_takes_the_scope_the_key_and_ones_own_company(api: Api, company: Company, other: Company) -> None:
    record = await posted(company)
    wanted = {"record_id": record, "name": NAME}
    assert (await api.post("/erasures", wanted, key="e1")).status == 401
    reader = api.as_(await token(company, "read"))
    assert (await reader.post("/erasures", wanted, key="e1")).status == 403
    mine = api.as_(await token(company, "approve"))
    assert (await mine.post("/erasures", wanted)).status == 400
    assert (await mine.post("/erasures", {**wanted, "why": "asked"}, key="e1")).status == 400
    theirs = api.as_(await token(other, "approve"))
    for path in ("/erasures/preview", "/erasures"):
        body = wanted if path == "/erasures" else {"record_id": record}
        assert (await theirs.post(path, body, key="e1")).status == 404
    assert (await mine.post("/erasures/preview", {"record_id": record})).body["name"] == NAME
