"""``GET /vendors``: those that we made and what they lack, for tokens that may read."""

from __future__ import annotations

import pytest
from made_vendors_world import ADDRESS, make, shows
from service_ledger import Company
from web_client import Api, token

pytestmark = pytest.mark.anyio


async def test_vendors_come_with_what_they_lack_and_what_is_not_told(api: Api, company: Company) -> None:
    await make(company, "no")
    await shows(company, has_tax_id=False, has_1099=None, address=ADDRESS)
    mine = api.as_(await token(company, "read"))
    found = await mine.get("/vendors", incomplete="true")
    assert found.status == 200 and (found.body["made"], found.body["incomplete"]) == (1, 1)
    [one] = found.body["vendors"]
    assert (one["vendor_id"], one["lacks"], one["not_told"]) == ("v2", ["tax id"], ["form 1099", "payment terms"])
    assert (one["connection"], one["waiting"], one["read"]) == (company.target.name, 0, True)
    assert (await mine.get("/status")).body["incomplete_vendors"] == {company.target.name: 1}

    await shows(company, has_tax_id=True, address=ADDRESS)
    assert (await mine.get("/vendors", incomplete="true")).body == {"made": 1, "incomplete": 0, "vendors": []}
    assert len((await mine.get("/vendors")).body["vendors"]) == 1


async def test_it_takes_the_right_to_read_and_a_role_that_sees_documents(api: Api, company: Company) -> None:
    assert (await api.get("/vendors")).status == 401
    assert (await api.as_(await token(company, "replay")).get("/vendors")).status == 403
    operator = api.as_(await token(company, "read", role="operator"))
    assert (await operator.get("/vendors")).status == 403
    strange = await api.as_(await token(company, "read")).get("/vendors", incomplete="perhaps")
    assert strange.status == 400 and "incomplete" in strange.detail


async def test_other_companies_vendors_are_not_shown(api: Api, company: Company, other: Company) -> None:
    await make(company, "no")
    assert (await api.as_(await token(other, "read")).get("/vendors")).body["made"] == 0


async def test_it_is_described(api: Api) -> None:
    described = (await api.get("/openapi.json")).body
    assert {one["name"] for one in described["paths"]["/api/v1/vendors"]["get"]["parameters"]} == {"incomplete"}
    assert {"MadeVendors", "MadeVendor"} <= described["components"]["schemas"].keys()
