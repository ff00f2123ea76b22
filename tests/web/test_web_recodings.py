"""``/recodings`` and ``/rounding``: begun, shown, approved by digest and given up, with money as text."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from web_client import Api, token

from ml_connector.lanes.runtime import Runtime
from ml_connector.service.desk import Desk
from ml_connector.service.roles import Actor
from ml_connector.service.tenants import create_tenant

sys.path.insert(0, str(Path(__file__).parents[1] / "service"))

from recoding_world import D, Recoding, make_recoding
from selling_by_hand import BEND, invoice

pytestmark = pytest.mark.anyio


@pytest.fixture
async def company(runtime: Runtime) -> Recoding:
    actor = Actor("cli/anna")
    tenant = await create_tenant(runtime, actor, "Polar Air", "America/Chicago")
    return await make_recoding(Desk(runtime, tenant.tenant_id, actor))


async def test_begun_shown_and_approved(api: Api, company: Recoding) -> None:
    mine = api.as_(await token(company, "read", "replay", "approve"))  # type: ignore[arg-type]
    begun = await mine.post("/recodings", {"table": "accounts", "rows": ["4200"], "since": "2026-08-01"}, "k1")
    assert begun.status == 200 and begun.body["counts"] == {"waiting": 3}, begun.body
    again = await mine.post("/recodings", {"table": "accounts", "rows": ["4200"], "since": "2026-08-01"}, "k1")
    assert again.body == begun.body, "the same request begins one recoding"
    await company.settled()
    shown = (await mine.get("/recodings/1")).body
    [pair] = shown["pairs"]
    assert (pair["was"], pair["becomes"], pair["lines"], pair["amount"]) == ("4200 Sales", "4300 Sales", 3, "240.00")
    assert shown["documents"][0]["lines"][0]["amount"] == "100.00"
    plans = [{"record_id": one["record_id"], "digest": one["digest"]} for one in shown["documents"]]
    approved = await mine.post("/approvals", {"plans": plans[:2]}, "k2")
    assert len(approved.body["record_ids"]) == 2 and company.xero.codes("N-1") == ["4200"]
    await company.settled()
    assert company.xero.codes("N-1") == company.xero.codes("N-2") == ["4300"]
    stopped = await mine.post("/recodings/1/stop", {}, "k3")
    assert stopped.body["counts"] == {"recoded": 2, "withdrawn": 1}
    listed = (await mine.get("/recodings")).body["recodings"]
    assert [(one["recoding_id"], one["counts"]) for one in listed] == [(1, {"recoded": 2, "withdrawn": 1})]


async def test_who_may_and_what_is_wrong(api: Api, company: Recoding) -> None:
    assert (await api.get("/recodings")).status == 401
    reader = api.as_(await token(company, "read"))  # type: ignore[arg-type]
    assert (await reader.post("/recodings", {"table": "accounts"}, "k")).status == 403
    assert (await reader.get("/recodings/9")).status == 404
    mine = api.as_(await token(company, "read", "replay", name="both"))  # type: ignore[arg-type]
    wrong = await mine.post("/recodings", {"table": "customers"}, "k4")
    assert wrong.status == 400 and "what can be recoded by" in wrong.detail
    assert (await mine.post("/recodings", {"table": "accounts", "since": "yesterday"}, "k5")).status == 400
    assert (await mine.post("/recodings", {"table": "accounts", "colour": "red"}, "k6")).status == 400


async def test_rounding(api: Api, company: Recoding) -> None:
    company.xero.rounding = D("0.02")
    await company.selling.read(invoices=(invoice("4", BEND, "50.00"),))
    await company.settled()
    reader = api.as_(await token(company, "read"))  # type: ignore[arg-type]
    found = (await reader.get("/rounding", integration="servicetitan-xero", since="2026-08-01")).body
    assert found["lines"] == [
        {"month": "2026-08", "account": "6800 Bad Debt", "currency": "USD", "count": 1, "amount": "0.02"}
    ]
    assert found["total"] == {"count": 1, "sums": {"USD": "0.02"}}
    assert (await reader.get("/rounding", since="2026-13-01")).status == 400


async def test_they_are_described(api: Api) -> None:
    described = (await api.get("/openapi.json")).body
    assert {"/api/v1/recodings", "/api/v1/recodings/{recoding_id}", "/api/v1/rounding"} <= described["paths"].keys()
    assert {"RecodingReport", "RecodingList", "RecodedDocument", "Coded", "RoundingReport"} <= described["components"][
        "schemas"
    ].keys()
