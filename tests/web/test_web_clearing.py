"""``GET /clearing``: the report of the command line, with money as text, for tokens that may read."""

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

from clearing_world import Clearing, booked, deposit, make_clearing, paid

pytestmark = pytest.mark.anyio


@pytest.fixture
async def company(runtime: Runtime) -> Clearing:
    actor = Actor("cli/anna")
    tenant = await create_tenant(runtime, actor, "Polar Air", "America/Chicago")
    made = await make_clearing(Desk(runtime, tenant.tenant_id, actor))
    one, two, three = paid("1"), paid("2", "50.00"), paid("3", "25.00")
    await made.read("payments", one, two, three)
    await made.book(booked(one), booked(three))
    await made.read("deposits", deposit("7", one, two, fees="2.90"), deposit("8", three))
    return made


async def test_accounts_come_with_sums_and_money_is_text(api: Api, company: Clearing) -> None:
    mine = api.as_(await token(company, "read"))  # type: ignore[arg-type]
    found = await mine.get("/clearing")
    assert found.status == 200 and found.body["mode"] == "live"
    account = next(one for one in found.body["accounts"] if one["number"] == "1090")
    assert account["booked"] == {"count": 2, "sums": {"USD": "125.00"}} and account["fees"] == {"USD": "2.90"}
    assert account["gross"]["sums"] == {"USD": "175.00"} and account["expected"] == {"USD": "-50.00"}
    [wrong] = found.body["deposits"]
    assert (wrong["number"], wrong["gross"], wrong["net"]) == ("D-7", "150.00", "147.10")
    assert [part["booked"] for part in wrong["payments"]] == [True, False]
    everything = await mine.get("/clearing", all="true", integration="servicetitan-xero")
    assert [one["number"] for one in everything.body["deposits"]] == ["D-7", "D-8"]
    compared = await mine.get("/clearing", balance="1090=-25.00")
    account = next(one for one in compared.body["accounts"] if one["number"] == "1090")
    assert (account["balance"], account["difference"]) == ("-25.00", "25.00") and "as if deposit D-8" in account[
        "sentences"
    ][-1]
    wrong_one = await mine.get("/clearing", balance="1090")
    assert wrong_one.status == 400 and "The balance '1090' is none such as" in wrong_one.detail
    life = await mine.get(f"/records/{wrong['record_id']}")
    assert life.body["deposit"]["missing"]["count"] == 1 and life.body["tracking"] is None


async def test_who_may_ask_and_for_what(api: Api, company: Clearing) -> None:
    assert (await api.get("/clearing")).status == 401
    mine = api.as_(await token(company, "read"))  # type: ignore[arg-type]
    lost = await mine.get("/clearing", integration="lost")
    assert lost.status == 404 and "There is no integration 'lost'" in lost.detail
    assert (await mine.get("/clearing", colour="red")).status == 400
    operator = await api.as_(await token(company, "read", role="operator")).get("/clearing")  # type: ignore[arg-type]
    assert operator.status == 403


async def test_it_is_described(api: Api) -> None:
    described = (await api.get("/openapi.json")).body
    operation = described["paths"]["/api/v1/clearing"]["get"]
    assert {one["name"] for one in operation["parameters"]} == {"integration", "all", "balance"}
    assert {"ClearingReport", "ClearingAccount", "ClearedDeposit"} <= described["components"]["schemas"].keys()
