"""``GET /matches``: whom parties without a counterpart may be, for tokens that may read."""

from __future__ import annotations

import pytest
from service_ledger import Company
from web_client import Api, token

pytestmark = pytest.mark.anyio


async def test_pairs_come_with_evidence_and_what_is_suggested(api: Api, company: Company) -> None:
    await company.read()
    await company.plan()
    mine = api.as_(await token(company, "read"))
    found = await mine.get("/matches", table="vendors")
    assert found.status == 200 and found.body["table"] == "vendors"
    pairs = {(one["key"], one["target_id"]): one for one in found.body["found"]}
    assert pairs["v1", "p1"]["suggested"] and pairs["v1", "p1"]["proof"]
    assert pairs["v3", "p1"]["claimed_by"] == ["Johnstone Supply (v1)"] and not pairs["v3", "p1"]["suggested"]
    few = await mine.get("/matches", table="vendors", at_most="1")
    assert (len(few.body["found"]), few.body["left"]) == (1, len(pairs) - 1)
    assert (await mine.get("/matches", table="accounts")).status == 404
    assert (await mine.get("/matches")).status == 400


async def test_pairs_take_the_right_to_read_and_a_role_that_sees_documents(api: Api, company: Company) -> None:
    assert (await api.get("/matches", table="vendors")).status == 401
    operator = api.as_(await token(company, "read", role="operator"))
    assert (await operator.get("/matches", table="vendors")).status == 403


async def test_matches_are_described(api: Api) -> None:
    described = (await api.get("/openapi.json")).body
    names = {one["name"] for one in described["paths"]["/api/v1/matches"]["get"]["parameters"]}
    assert names == {"table", "integration", "at_most"}
    assert {"Matches", "Match"} <= described["components"]["schemas"].keys()
