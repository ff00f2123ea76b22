"""Tokens, headers, paths, limits, pages, batches."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from servicenow_world import HEADER, TABLE, Sandbox

pytestmark = pytest.mark.anyio
CENTRES = f"{TABLE}/cmn_cost_center"
DENIED = {"error_description": "access_denied", "error": "server_error"}
UNKNOWN = (401, "User Not Authenticated", "Required to provide Auth information")
CREDENTIALS = {"grant_type": "client_credentials", "client_id": "client", "client_secret": "not-a-secret"}
BATCH = "/api/now/v1/batch"


def item(number: str, method: str, url: str, body: Any = None) -> dict[str, Any]:
    headers = [{"name": "Accept", "value": "application/json"}, {"name": "Content-Type", "value": "application/json"}]
    made = {"id": number, "method": method, "url": url, "headers": headers, "exclude_response_headers": True}
    return made if body is None else made | {"body": base64.b64encode(json.dumps(body).encode()).decode()}


async def batched(sandbox: Sandbox, *items: dict[str, Any]) -> Any:
    answer = await sandbox.ask("POST", BATCH, {"batch_request_id": 1, "rest_requests": list(items)})
    assert answer.status == 200, answer.text
    return answer.body


async def test_the_same_token_is_given_with_its_remaining_life(sandbox: Sandbox) -> None:
    first = await sandbox.token(**CREDENTIALS)
    assert (first.status, first.body["expires_in"], first.body["scope"]) == (200, 1799, "useraccount")
    assert "refresh_token" not in first.body
    sandbox.clock.move(800)
    again = await sandbox.token(**CREDENTIALS)
    assert (again.body["access_token"], again.body["expires_in"]) == (first.body["access_token"], 999)
    bearer = {"Authorization": f"Bearer {first.body['access_token']}"}
    assert (await sandbox.ask("GET", CENTRES, headers=bearer)).status == 200
    sandbox.clock.move(1000)
    assert (await sandbox.ask("GET", CENTRES, headers=bearer)).refusal == UNKNOWN
    assert (await sandbox.token(**CREDENTIALS)).body["access_token"] != first.body["access_token"]


async def test_password_and_refresh(sandbox: Sandbox) -> None:
    form = CREDENTIALS | {"grant_type": "password", "username": "svc", "password": "not-a-secret"}
    first = (await sandbox.token(**form)).body
    refresh = CREDENTIALS | {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = (await sandbox.token(**refresh)).body
    assert second["refresh_token"] == first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    basic = {"Authorization": sandbox.basic("client")}
    bare = {key: value for key, value in form.items() if not key.startswith("client")}
    assert (await sandbox.token(headers=basic, **bare)).status == 200


async def test_a_code_is_good_once(sandbox: Sandbox) -> None:
    sandbox.switches.auto_consent = True
    sandbox.instance.grants.clients["client"].redirect = "https://connector.test/back"
    query = {
        "response_type": "code",
        "client_id": "client",
        "redirect_uri": "https://connector.test/back",
        "state": "s",
    }
    sent = await sandbox.ask("GET", "/oauth_auth.do", **query)
    code = sent.headers["Location"].partition("code=")[2].partition("&")[0]
    form = CREDENTIALS | {"grant_type": "authorization_code", "code": code, "redirect_uri": query["redirect_uri"]}
    assert [(await sandbox.token(**form)).status for _ in range(2)] == [200, 401]


@pytest.mark.parametrize(
    "form",
    [
        CREDENTIALS | {"client_secret": "wrong"},
        CREDENTIALS | {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"},
        CREDENTIALS | {"grant_type": "password", "username": "svc", "password": "wrong"},
    ],
)
async def test_every_refusal_of_a_token_has_the_same_words(sandbox: Sandbox, form: dict[str, str]) -> None:
    answer = await sandbox.token(**form)
    assert (answer.status, answer.body) == (401, DENIED)


async def test_client_credentials_need_the_property_and_a_user_who_may_sign_in(sandbox: Sandbox) -> None:
    sandbox.emulator.desk({"act": "lock_user", "instance": sandbox.host, "name": "svc"})
    assert (await sandbox.token(**CREDENTIALS)).body == DENIED
    sandbox.emulator.desk({"act": "unlock_user", "instance": sandbox.host, "name": "svc"})
    sandbox.instance.set_property("glide.oauth.inbound.client.credential.grant_type.enabled", "false")
    assert (await sandbox.token(**CREDENTIALS)).body == DENIED
    assert (await sandbox.token(headers={"Content-Type": "application/json"}, **CREDENTIALS)).status == 401


async def test_a_scoped_client_is_let_in_nowhere(sandbox: Sandbox) -> None:
    sandbox.instance.grants.clients["client"].scoped = True
    token = (await sandbox.token(**CREDENTIALS)).body["access_token"]
    answer = await sandbox.ask("GET", CENTRES, headers={"Authorization": f"Bearer {token}"})
    assert answer.refusal == (403, "User Not Authorized", "Access to unscoped api is not allowed")


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", CENTRES, {"Accept": ""}, 400),
        ("GET", CENTRES, {"Accept": "application/xml"}, 406),
        ("GET", CENTRES, {"Accept": "*/*"}, 200),
        ("GET", CENTRES, {"Content-Type": ""}, 200),
        ("POST", CENTRES, {"Content-Type": ""}, 400),
        ("POST", CENTRES, {"Content-Type": "text/plain"}, 415),
        ("DELETE", CENTRES, {}, 405),
        ("GET", "/api/now/import/sn_spend_intg_imp_invoice", {}, 405),
        ("GET", "/api/now/nothing", {}, 400),
        ("GET", f"{TABLE}/no_such_table", {}, 400),
        ("GET", CENTRES, {"Authorization": "Basic bm9ib2R5Ong="}, 401),
        ("GET", CENTRES, {"Authorization": ""}, 401),
        ("POST", f"{CENTRES}", {"X-http-method-override": "GET"}, 200),
    ],
)
async def test_headers_and_paths(
    sandbox: Sandbox, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = await sandbox.ask(method, path, headers=headers)
    assert answer.status == status
    assert status == 200 or answer.body["status"] == "failure"


async def test_bodies_that_cannot_be_read_or_are_too_large(sandbox: Sandbox) -> None:
    broken = await sandbox.ask("POST", CENTRES, b"{")
    assert broken.refusal[:2] == (400, "Exception while reading request")
    sandbox.switches.largest_body = 10
    large = await sandbox.ask("POST", CENTRES, {"name": "x" * 20})
    assert large.refusal[0] == 413
    assert str(large.refusal[2]).endswith("Max allowed: 10 bytes.")


async def test_pages_stand_before_the_apis(sandbox: Sandbox) -> None:
    sandbox.switches.longest_url = 100
    long = await sandbox.ask("GET", CENTRES, sysparm_query="name=" + "x" * 100)
    assert (long.status, long.headers["Content-Type"]) == (414, "text/html; charset=utf-8")
    sandbox.switches.hibernating = True
    asleep = await sandbox.ask("GET", CENTRES)
    assert (asleep.status, asleep.body) == (200, None)


async def test_a_session_that_is_sent_back_may_be_dropped(sandbox: Sandbox) -> None:
    cookie = (await sandbox.ask("GET", CENTRES)).headers["Set-Cookie"].partition(";")[0]
    sandbox.switches.cookie_202 = True
    dropped = await sandbox.ask("POST", CENTRES, {"name": "x"}, headers={"Cookie": cookie})
    assert (dropped.status, dropped.text, len(sandbox.rows("cmn_cost_center"))) == (202, "", 2)
    assert (await sandbox.ask("POST", CENTRES, {"name": "x"})).status == 201


async def test_a_rate_rule_tells_its_limit_and_refuses(sandbox: Sandbox) -> None:
    rule = {"name": "r", "api": "Table API", "request_limit_per_hour": "2", "active": "true"}
    sandbox.emulator.desk({"act": "insert", "instance": sandbox.host, "table": "sys_rate_limit_rules", "values": rule})
    first = await sandbox.ask("GET", CENTRES)
    assert first.headers["X-RateLimit-Limit"] == "2"
    await sandbox.ask("GET", CENTRES)
    full = await sandbox.ask("GET", CENTRES)
    assert full.refusal == (429, "Rate limit exceeded", "Rate limit of 2 requests per hour for Table API exceeded")
    assert (full.headers["Retry-After"], full.headers["X-RateLimit-Rule"]) == (
        "3001",
        first.headers["X-RateLimit-Rule"],
    )
    sandbox.user = "boss"
    assert (await sandbox.ask("GET", CENTRES)).status == 200
    sandbox.user = "svc"
    sandbox.clock.move(3001)
    assert (await sandbox.ask("GET", CENTRES)).status == 200


async def test_a_role_s_rule_goes_before_everybody_s_and_counts_may_bite_late(sandbox: Sandbox) -> None:
    for role, limit in (("", "1"), ("import_transformer", "3")):
        rule = {"name": "r", "role": role, "request_limit_per_hour": limit, "active": "true"}
        sandbox.instance.records.insert("sys_rate_limit_rules", rule)
    sandbox.switches.rate_flush_seconds = 30
    sandbox.clock.move(1)
    assert [(await sandbox.ask("GET", CENTRES)).status for _ in range(5)] == [200] * 5
    sandbox.clock.move(30)
    assert (await sandbox.ask("GET", CENTRES)).headers["X-RateLimit-Limit"] == "3"
    sandbox.switches.limits = False
    assert "X-RateLimit-Limit" not in (await sandbox.ask("GET", CENTRES)).headers


async def test_a_full_queue_is_refused_without_headers(sandbox: Sandbox) -> None:
    sandbox.switches.semaphore_threads = sandbox.switches.semaphore_queue = 0
    answer = await sandbox.ask("GET", CENTRES)
    assert (answer.status, answer.body, "Retry-After" in answer.headers) == (429, None, False)


async def test_a_batch_serves_in_order_and_refuses_inside(sandbox: Sandbox) -> None:
    body = await batched(
        sandbox,
        item("a", "POST", "/api/now/import/sn_spend_intg_imp_invoice", HEADER),
        item("b", "GET", f"{TABLE}/sn_shop_invoice?sysparm_fields=state"),
        item("c", "GET", f"{CENTRES}/nope"),
    )
    serviced = {one["id"]: one for one in body["serviced_requests"]}
    assert (body["batch_request_id"], body["unserviced_requests"]) == ("1", [])
    assert {key: one["status_code"] for key, one in serviced.items()} == {"a": 201, "b": 200, "c": 404}
    assert json.loads(base64.b64decode(serviced["b"]["body"])) == {"result": [{"state": "draft"}]}
    assert (serviced["c"]["status_text"], serviced["c"]["headers"]) == ("Not Found", [])


async def test_after_thirty_seconds_of_work_the_rest_is_unserviced(sandbox: Sandbox) -> None:
    sandbox.switches.batch_item_seconds = 10
    body = await batched(sandbox, *(item(str(n), "POST", CENTRES, {"name": str(n)}) for n in range(5)))
    assert ([one["id"] for one in body["serviced_requests"]], body["unserviced_requests"]) == (
        ["0", "1", "2"],
        ["3", "4"],
    )
    assert len(sandbox.rows("cmn_cost_center")) == 5


async def test_a_batch_counts_each_request_or_itself(sandbox: Sandbox) -> None:
    rule = {"name": "r", "api": "Table API", "request_limit_per_hour": "1", "active": "true"}
    sandbox.instance.records.insert("sys_rate_limit_rules", rule)
    items = [item("a", "GET", CENTRES), item("b", "GET", CENTRES)]
    body = await batched(sandbox, *items)
    assert [one["status_code"] for one in body["serviced_requests"]] == [200, 429]
    sandbox.switches.batch_counts_once = True
    body = await batched(sandbox, *items)
    assert [one["status_code"] for one in body["serviced_requests"]] == [200, 200]


async def test_without_the_plug_in_its_tables_are_unknown(sandbox: Sandbox) -> None:
    sandbox.switches.plugin_inactive = True
    answer = await sandbox.ask("GET", f"{TABLE}/sn_shop_invoice")
    assert answer.refusal == (400, "Invalid table sn_shop_invoice", None)
    assert (await sandbox.ask("GET", CENTRES)).status == 200
    sandbox.clock.move(3600)
    assert (await sandbox.ask("GET", CENTRES)).status == 200
    assert "sn_shop_invoice" not in sandbox.emulator.books()[sandbox.host]
