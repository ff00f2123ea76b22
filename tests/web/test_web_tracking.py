"""``GET /tracking``: the report of the command line, with money as text, for tokens that may read."""

from __future__ import annotations

import pytest
from tracking_world import Tracking, billed, make_tracking, received
from web_client import Api, token

from ml_connector.lanes.runtime import Runtime
from ml_connector.service.desk import Desk
from ml_connector.service.roles import Actor
from ml_connector.service.tenants import create_tenant
from ml_connector.service.tracking import LISTS

pytestmark = pytest.mark.anyio


@pytest.fixture
async def tracked(runtime: Runtime) -> Tracking:
    actor = Actor("cli/anna")
    tenant = await create_tenant(runtime, actor, "Polar Air", "America/Chicago")
    made = await make_tracking(Desk(runtime, tenant.tenant_id, actor))
    await made.read(received("1"), received("2", "50.00"))
    await made.show(billed("x1", "INV-1", "117.50"), billed("x9", "OTHER", "20.00"))
    return made


async def test_the_lists_come_with_sums_and_money_is_text(api: Api, tracked: Tracking) -> None:
    mine = api.as_(await token(tracked, "read"))  # type: ignore[arg-type]
    found = await mine.get("/tracking")
    assert found.status == 200 and [one["name"] for one in found.body["lists"]] == list(LISTS)
    lists = {one["name"]: one for one in found.body["lists"]}
    assert lists["price_differences"]["total"] == {"count": 1, "sums": {"USD": "17.50"}}
    [differs] = lists["price_differences"]["bills"]
    assert (differs["received"], differs["billed"], differs["difference"]) == ("100.00", "117.50", "17.50")
    assert (differs["ordered_on"], differs["sent_on"], differs["received_on"], differs["billed_on"]) == (
        "2026-08-01", "2026-08-02", "2026-08-05", "2026-08-10",
    )  # fmt: skip
    assert lists["received_not_billed"]["total"]["sums"] == {"USD": "50.00"}
    assert [one["target_id"] for one in lists["billed_not_received"]["bills"]] == ["x9"]
    life = await mine.get(f"/records/{differs['record_id']}")
    assert life.body["tracking"]["finding"] == "price_difference"


async def test_it_is_narrowed_as_on_the_command_line(api: Api, tracked: Tracking) -> None:
    mine = api.as_(await token(tracked, "read"))  # type: ignore[arg-type]
    none = await mine.get("/tracking", vendor="acme")
    assert [one["total"]["count"] for one in none.body["lists"]] == [0] * len(LISTS)
    only = await mine.get("/tracking", only="matched", vendor="johnstone")
    assert [one["name"] for one in only.body["lists"]] == ["matched"]
    lost = await mine.get("/tracking", only="lost")
    assert lost.status == 404 and "There is no list 'lost'" in lost.detail
    strange = await mine.get("/tracking", colour="red")
    assert strange.status == 400 and "colour" in strange.detail


async def test_it_takes_the_right_to_read_and_a_role_that_sees_documents(api: Api, tracked: Tracking) -> None:
    assert (await api.get("/tracking")).status == 401
    scoped = await api.as_(await token(tracked, "replay")).get("/tracking")  # type: ignore[arg-type]
    assert scoped.status == 403
    operator = await api.as_(await token(tracked, "read", role="operator")).get("/tracking")  # type: ignore[arg-type]
    assert operator.status == 403


async def test_it_is_described(api: Api) -> None:
    described = (await api.get("/openapi.json")).body
    operation = described["paths"]["/api/v1/tracking"]["get"]
    assert {one["name"] for one in operation["parameters"]} == {"vendor", "only"}
    assert {"TrackingReport", "TrackedBill"} <= described["components"]["schemas"].keys()
