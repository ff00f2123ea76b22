"""What the gateway refuses, with which body."""

from __future__ import annotations

import pytest
from servicetitan_world import APP_KEY, Client, World

from ml_connector_sandbox.kernel import exact

pytestmark = pytest.mark.anyio

FOUR_KEYS = ["type", "status", "title", "traceId"]


async def test_a_raw_token_and_a_bearer_token_are_both_taken(api: Client) -> None:
    assert (await api.get("inventory/vendors")).status == 200
    api.token = f"Bearer {api.token}"
    assert (await api.get("inventory/vendors")).status == 200


async def test_no_token_no_key_or_a_foreign_key_is_401(api: Client, world: World) -> None:
    world.company.add_app("ak1.other", "other", "22222222-2222-4333-8444-555555555555")
    for key in (None, "ak1.other", "ak1.unknown"):
        api.app_key = key
        assert (await api.get("inventory/vendors")).status == 401
    api.app_key, api.token = APP_KEY, ""
    answer = await api.get("inventory/vendors")
    assert (answer.status, answer.body["title"]) == (401, "JWT not present.")
    assert list(answer.body) == FOUR_KEYS


async def test_the_app_key_may_stand_in_the_query(api: Client) -> None:
    api.app_key = None
    assert (await api.get("inventory/vendors", servicetitanapplicationkey=APP_KEY)).status == 200


@pytest.mark.parametrize("tenant", ["1002", "999", "polar"])
async def test_another_tenant_is_403_with_the_captured_body(api: Client, world: World, tenant: str) -> None:
    world.company.add_tenant("1002", "Desert Heating")
    api.tenant = tenant
    answer = await api.get("inventory/vendors")
    assert answer.status == 403
    assert list(answer.body) == FOUR_KEYS
    assert answer.body["type"] == "https://tools.ietf.org/html/rfc7231#section-6.5"
    assert answer.body["title"] == "Resource owner validation failed, please check 'tenant' path value(s)."


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "accounting/nothing"),
        ("DELETE", "inventory/vendors"),
        ("GET", "inventory/receipts/5"),
        ("GET", "accounting/inventory-bills/5"),
        ("GET", "accounting/tax-zones/5"),
        ("GET", "inventory/gl-accounts"),
    ],
)
async def test_what_is_no_operation_is_404_with_the_captured_body(api: Client, method: str, path: str) -> None:
    answer = await api.call(method, path)
    assert answer.status == 404
    assert list(answer.body) == FOUR_KEYS
    assert answer.body["title"] == "Unable to match incoming request to an operation."


async def test_a_withdrawn_resource_is_no_operation_and_the_others_stay(api: Client, world: World) -> None:
    world.switches.withdrawn = "receipts,inventory-bills"
    for path in ("inventory/receipts", "accounting/inventory-bills", "accounting/export/inventory-bills"):
        answer = await api.get(path)
        assert (answer.status, answer.body["title"]) == (404, "Unable to match incoming request to an operation.")
    assert (await api.get("inventory/vendors")).status == 200


async def test_a_missing_scope_is_403_for_reading_and_for_writing(api: Client, world: World) -> None:
    world.company.change_scopes("cid.a", ("tn.inv.vendors:r",))
    api.token = (await api.ask_token()).body["access_token"]
    assert (await api.get("inventory/vendors")).status == 200
    assert (await api.call("POST", "inventory/vendors", json={})).status == 403
    assert (await api.get("accounting/ap-bills")).status == 403


async def test_the_sixty_first_call_in_a_second_is_429(api: Client, world: World) -> None:
    statuses = [(await api.get("inventory/vendors", pageSize=1)).status for _ in range(60)]
    assert set(statuses) == {200}
    answer = await api.get("inventory/vendors")
    assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
    assert list(answer.body) == FOUR_KEYS
    assert answer.body["title"].split()[-2] == "1"
    world.clock.advance(1)
    assert (await api.get("inventory/vendors")).status == 200
    seen = world.emulator.statistics()
    assert seen["most_calls_per_second"] == {f"production/{APP_KEY}/1001": 60}
    assert seen["http_429"] == 1


async def test_the_limit_is_per_tenant_and_can_be_switched_off(api: Client, world: World) -> None:
    world.switches.retry_after_header = False
    world.company.add_tenant("1002", "Desert Heating")
    world.company.add_grant(APP_KEY, "1002", "cid.b", "cs1.b", ("tn.inv.vendors:r",))
    for _ in range(60):
        await api.get("inventory/vendors", pageSize=1)
    full = await api.get("inventory/vendors")
    assert (full.status, "Retry-After" in full.headers) == (429, False)
    first = api.token
    api.token = (await api.ask_token(client_id="cid.b", client_secret="cs1.b")).body["access_token"]
    api.tenant = "1002"
    assert (await api.get("inventory/vendors")).status == 200
    api.token, api.tenant = first, "1001"
    world.switches.limits = False
    assert (await api.get("inventory/vendors")).status == 200


async def test_switches_and_books_are_reached_through_the_admin_address(api: Client, world: World) -> None:
    api.port, port = world.admin_port, api.port
    answer = await api.send("POST", "localhost", "/servicetitan/switches", data=exact.dumps({"limits": False}))
    assert answer.body["limits"] is False
    books = (await api.send("GET", "localhost", "/servicetitan/books")).body
    assert books["tenants"]["production/1001"]["vendors"][0]["name"] == "Parts Supply Co"
    assert "cs1.a" not in str(books)
    api.port = port
