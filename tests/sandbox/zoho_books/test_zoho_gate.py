"""Authorisation, organisation, limits, envelope, bodies."""

from __future__ import annotations

import asyncio

import pytest
from zoho_world import ORG, Sandbox

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("scheme", ["Zoho-oauthtoken", "Bearer"])
async def test_schemes(sandbox: Sandbox, scheme: str) -> None:
    sandbox.switches.bearer_accepted = False
    sandbox.extra = {"Authorization": f"{scheme} {sandbox.token}"}
    assert (await sandbox.get("/bills")).status == (200 if scheme == "Zoho-oauthtoken" else 401)
    sandbox.switches.bearer_accepted = True
    assert (await sandbox.get("/bills")).status == 200


async def test_bad_token_and_missing_scope_look_alike(sandbox: Sandbox) -> None:
    good, sandbox.token = sandbox.token, "1000.no.no"
    bad = await sandbox.get("/bills")
    sandbox.token = good
    sandbox.grant("ZohoBooks.bills.READ")
    scope = await sandbox.api("POST", "/bills", sandbox.bill())
    assert (bad.status, bad.body) == (scope.status, scope.body)
    assert bad.body == {"code": 57, "message": "You are not authorized to perform this operation"}
    assert (await sandbox.get("/bills")).status == 200


@pytest.mark.parametrize("org", [None, "999"])
async def test_foreign_or_missing_organisation(sandbox: Sandbox, org: str | None) -> None:
    answer = await sandbox.api("GET", "/bills", org=org)
    assert (answer.status, answer.body["code"]) == (400, 6041)


async def test_organisation_list_needs_none(sandbox: Sandbox) -> None:
    answer = await sandbox.api("GET", "/organizations", org=None)
    assert answer.body["organizations"][0]["organization_id"] == ORG
    assert "page_context" not in answer.body
    assert "x-rate-limit-limit" not in answer.headers


async def test_day_headers_reset_at_local_midnight(sandbox: Sandbox) -> None:
    answer = await sandbox.get("/bills")
    assert answer.headers["x-rate-limit-limit"] == "5000"
    assert answer.headers["x-rate-limit-remaining"] == "4999"
    assert answer.headers["x-rate-limit-reset"] == str(11 * 3600)  # 13:00 to 24:00 in New York
    sandbox.clock.move(11 * 3600)
    sandbox.grant()
    assert (await sandbox.get("/bills")).headers["x-rate-limit-remaining"] == "4999"


async def test_day_limit_of_a_trial(sandbox: Sandbox) -> None:
    sandbox.books.profile.trial = True
    for _ in range(10):
        for _ in range(100):
            assert (await sandbox.get("/locations")).status == 400
        sandbox.clock.move(60)
    answer = await sandbox.get("/bills")
    assert (answer.status, answer.body["code"]) == (429, 45)
    assert "1000" in answer.body["message"]


@pytest.mark.parametrize("fixed", [False, True])
async def test_minute_limit(sandbox: Sandbox, fixed: bool) -> None:
    sandbox.switches.fixed_minute = fixed
    sandbox.clock.move(50)
    for _ in range(100):
        assert (await sandbox.get("/bills")).status == 200
    refused = await sandbox.get("/bills")
    assert (refused.status, refused.body["code"]) == (429, 44)
    assert "retry-after" not in refused.headers
    sandbox.clock.move(11)
    assert (await sandbox.get("/bills")).status == (200 if fixed else 429)
    sandbox.clock.move(50)
    assert (await sandbox.get("/bills")).status == 200
    used = sandbox.emulator.statistics()["organisations"][ORG]
    assert used["most_in_a_minute"] == 100


async def test_limits_can_be_off(sandbox: Sandbox) -> None:
    sandbox.switches.limits = False
    statuses = {(await sandbox.get("/locations")).status for _ in range(120)}
    assert statuses == {400}


async def test_concurrency(sandbox: Sandbox) -> None:
    sandbox.switches.latency_seconds = 0.2
    answers = await asyncio.gather(*(sandbox.get("/bills") for _ in range(11)))
    assert sorted(one.status for one in answers) == [200] * 10 + [429]
    assert next(one for one in answers if one.status == 429).body["code"] == 1070


async def test_unknown_url_and_method(sandbox: Sandbox) -> None:
    answer = await sandbox.get("/billz")
    assert (answer.status, answer.body) == (404, {"code": 5, "message": "Invalid URL Passed"})
    method = await sandbox.api("DELETE", "/settings/currencies")
    assert (method.status, method.body["code"]) == (405, 37)
    wrong_host = await sandbox.raw("GET", "accounts.zoho.com", "/books/v3/bills")
    assert wrong_host.status == 404


async def test_resources_that_are_not_offered_any_more(sandbox: Sandbox) -> None:
    sandbox.switches.features_off, sandbox.switches.urls_gone = "expenses,items", "vendorcredits"
    for path in ("/expenses", "/items/1"):
        answer = await sandbox.get(path)
        assert (answer.status, answer.body["code"]) == (400, 110817) and "not enabled" in answer.body["message"]
    gone = await sandbox.get("/vendorcredits")
    assert (gone.status, gone.body["code"]) == (404, 5)
    assert (await sandbox.get("/bills")).status == 200


async def test_bodies(sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Zoho-oauthtoken {sandbox.token}"}
    path, host = f"/books/v3/contacts?organization_id={ORG}", "www.zohoapis.com"
    form = {"JSONString": '{"contact_name": "By Form"}'}
    made = await sandbox.raw("POST", host, path, headers=headers, data=form)
    assert (made.status, made.body["contact"]["contact_name"]) == (201, "By Form")
    plain = await sandbox.raw("POST", host, path, headers=headers, data={"contact_name": "x"})
    assert (plain.status, plain.body["code"]) == (400, 1038)
    broken = await sandbox.raw("POST", host, path, headers=headers, data=b"{")
    assert (broken.status, broken.body["code"]) == (400, 1038)
    assert (await sandbox.raw("POST", host, path, headers=headers)).body["code"] == 1038


async def test_the_api_grows_by_addition_when_switched_on(sandbox: Sandbox) -> None:
    plain = await sandbox.get("/chartofaccounts")
    sandbox.switches.extra_fields = True
    grown = await sandbox.get("/chartofaccounts")
    assert "sandboxAddition" not in plain.body["chartofaccounts"][0]
    assert "sandboxAddition" in grown.body["chartofaccounts"][0]
    assert grown.body["code"] == 0


async def test_inspection_shows_what_a_bill_moved_in_the_ledger(sandbox: Sandbox) -> None:
    await sandbox.api("POST", "/bills", sandbox.bill())
    (bill,) = sandbox.emulator.books()["organisations"][ORG]["bills"]
    moved = {one["account_type"]: one["amount"] for one in bill["postings"]}
    assert moved == {"expense": 100, "accounts_payable": -100}
