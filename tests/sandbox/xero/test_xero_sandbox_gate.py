"""The gate: tokens, tenants, scopes, limits, Accept, shapes of refusals, the small lists."""

from __future__ import annotations

import asyncio
from datetime import date
from xml.etree import ElementTree

import pytest
from xero_world import NZ, US, Sandbox

pytestmark = pytest.mark.anyio


async def test_bad_and_expired_tokens(sandbox: Sandbox) -> None:
    good, sandbox.token = sandbox.token, "nonsense"
    answer = await sandbox.get("/Organisation")
    assert (answer.status, answer.body["Title"], answer.body["Detail"]) == (
        401,
        "Unauthorized",
        "AuthenticationUnsuccessful",
    )
    sandbox.token = good
    sandbox.clock.move(1801)
    answer = await sandbox.get("/Organisation")
    assert answer.body["Detail"] == "TokenExpired: token expired at 09/14/2026 09:59:59"
    sandbox.switches.error_keys_lower_case = True
    assert (await sandbox.get("/Organisation")).body["status"] == 401


async def test_tenants(sandbox: Sandbox) -> None:
    sandbox.tenant = US.upper()
    assert (await sandbox.get("/organisation")).body["Organisations"][0]["OrganisationID"] == US
    for tenant in ("", "33333333-2222-4333-8444-555555555555"):
        sandbox.tenant = tenant
        answer = await sandbox.get("/Organisation")
        assert (answer.status, answer.body["Title"]) == (403, "Forbidden")
    sandbox.tenant = NZ
    sandbox.company.grants.disconnect(NZ)
    assert (await sandbox.get("/Organisation")).status == 403
    sandbox.tenant = US
    sandbox.company.organisations[US].profile.offline = True
    assert (await sandbox.get("/Organisation")).status == 503


@pytest.mark.parametrize(
    ("scopes", "method", "path", "status"),
    [
        ("accounting.invoices.read", "GET", "/Invoices", 200),
        ("accounting.invoices.read", "PUT", "/Invoices", 401),
        ("accounting.invoices", "GET", "/PurchaseOrders", 200),
        ("accounting.invoices", "GET", "/Payments", 401),
        ("accounting.payments", "GET", "/Overpayments", 200),
        ("accounting.payments", "GET", "/BankTransactions", 401),
        ("accounting.settings.read", "GET", "/TaxRates", 200),
        ("accounting.settings.read", "GET", "/Contacts", 401),
        ("accounting.invoices.read", "GET", "/Items", 200),
    ],
)
async def test_scopes(sandbox: Sandbox, scopes: str, method: str, path: str, status: int) -> None:
    sandbox.grant(scopes)
    answer = await sandbox.api(method, path, {} if method == "PUT" else None)
    assert answer.status == status
    if status != 200:
        assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
        sandbox.switches.missing_scope_status, sandbox.switches.missing_scope_word = 403, "insufficent_scope"
        again = await sandbox.api(method, path, {} if method == "PUT" else None)
        assert again.status == 403 and "insufficent_scope" in again.headers["www-authenticate"]


async def test_the_minute(sandbox: Sandbox) -> None:
    for _ in range(60):
        answer = await sandbox.get("/Organisation")
    assert (answer.status, answer.headers["x-minlimit-remaining"]) == (200, "0")
    assert answer.headers["x-daylimit-remaining"] == "4940"
    refused = await sandbox.get("/Organisation")
    assert (refused.status, refused.text, refused.headers["x-rate-limit-problem"]) == (429, "", "minute")
    wait = int(refused.headers["retry-after"])
    assert 1 <= wait <= 61 and refused.headers["x-daylimit-remaining"] == "4940"
    sandbox.tenant = US
    assert (await sandbox.get("/Organisation")).status == 200
    sandbox.tenant = NZ
    sandbox.clock.move(wait)
    assert (await sandbox.get("/Organisation")).status == 200


async def test_the_rolling_minute(sandbox: Sandbox) -> None:
    sandbox.switches.minute_rolls = True
    for _ in range(60):
        await sandbox.get("/Organisation")
    sandbox.clock.move(59)
    assert (await sandbox.get("/Organisation")).headers["retry-after"] == "2"
    sandbox.clock.move(2)
    assert (await sandbox.get("/Organisation")).status == 200


async def test_the_day_by_tier(sandbox: Sandbox) -> None:
    sandbox.company.apps["web-app"].tier = "starter"
    for _ in range(1000):
        sandbox.clock.move(1.01)
        limits = sandbox.emulator._gate.limits.of(sandbox.company.apps["web-app"], NZ)
        limits.day.take(False)
    answer = await sandbox.get("/Organisation")
    assert (answer.status, answer.headers["x-rate-limit-problem"]) == (429, "day")
    assert answer.headers["x-daylimit-remaining"] == "0" and int(answer.headers["retry-after"]) > 60


async def test_the_app_over_all_tenants(sandbox: Sandbox) -> None:
    sandbox.switches.app_minute_limit = 2
    for tenant in (NZ, US):
        sandbox.tenant = tenant
        await sandbox.get("/Organisation")
    answer = await sandbox.get("/Organisation")
    assert (answer.status, answer.headers["x-rate-limit-problem"]) == (429, "appminute")
    assert "retry-after" not in answer.headers and answer.headers["x-appminlimit-remaining"] == "0"


async def test_five_at_once(sandbox: Sandbox) -> None:
    sandbox.switches.latency_seconds = 0.2
    answers = await asyncio.gather(*(sandbox.get("/Organisation") for _ in range(6)))
    (refused,) = [one for one in answers if one.status == 429]
    assert refused.headers["x-rate-limit-problem"] == "concurrent" and "retry-after" not in refused.headers
    assert sandbox.emulator.statistics()["limits"][f"web-app {NZ}"]["most_at_once"] == 5


async def test_rapid_sync(sandbox: Sandbox) -> None:
    sandbox.switches.rapid_sync, sandbox.company.apps["web-app"].tier = True, "plus"
    for _ in range(61):
        answer = await sandbox.get("/Organisation")
    assert answer.status == 200


async def test_xml_unless_json_is_asked_for(sandbox: Sandbox) -> None:
    sandbox.extra["Accept"] = "*/*"
    answer = await sandbox.get("/Accounts")
    assert answer.headers["content-type"].startswith("text/xml")
    found = ElementTree.fromstring(answer.text).findall("./Accounts/Account/Code")
    assert "200" in [one.text for one in found]


async def test_paths(sandbox: Sandbox) -> None:
    assert (await sandbox.get("/taxrates/output2")).body["TaxRates"][0]["Name"] == "15% GST on Income"
    for path in ("/Nonsense", "/Invoices/1/2/3"):
        answer = await sandbox.get(path)
        assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert (await sandbox.api("DELETE", "/Invoices")).status == 501
    assert (await sandbox.raw("GET", "login.xero.com", "/api.xro/2.0/Invoices")).status == 404
    assert (await sandbox.raw("POST", "api.xero.com", "/connect/token")).status == 404


async def test_settings_are_read_only_here(sandbox: Sandbox) -> None:
    sandbox.grant("accounting.settings")
    answer = await sandbox.api("POST", "/Organisation", {})
    assert (answer.status, answer.body["Title"]) == (501, "Not Implemented")


async def test_a_get_may_have_a_body(sandbox: Sandbox) -> None:
    assert (await sandbox.api("GET", "/Accounts", {})).status == 200


async def test_too_large(sandbox: Sandbox) -> None:
    body = sandbox.invoice(Reference="x" * 3_700_000)
    assert (await sandbox.api("PUT", "/Invoices", body)).status == 400


async def test_connections(sandbox: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {sandbox.token}"}
    answer = await sandbox.raw("GET", "api.xero.com", "/Connections", headers=headers)
    assert [one["tenantId"] for one in answer.body] == [NZ, US]
    first = answer.body[0]
    assert (first["tenantName"], first["tenantType"]) == ("Demo Plumbing (NZ)", "ORGANISATION")
    assert first["createdDateUtc"] == first["updatedDateUtc"] == "2026-09-14T09:29:59.1000000"
    gone = await sandbox.raw("DELETE", "api.xero.com", f"/connections/{first['id']}", headers=headers)
    assert gone.status == 204 and (await sandbox.get("/Organisation")).status == 403
    sandbox.clock.move(1)
    sandbox.grant()
    again = (await sandbox.raw("GET", "api.xero.com", "/connections", headers=headers)).body[0]
    assert again["id"] == first["id"] and again["createdDateUtc"] < again["updatedDateUtc"]


async def test_the_organisation_and_its_lists(sandbox: Sandbox) -> None:
    books = sandbox.books
    books.desk.lock(date(2025, 12, 31))
    books.profile.denied_actions.add("CreateApprovedBill")
    books.desk.add_tracking_category("Business unit", ["HVAC"])
    books.desk.add_item("PIPE", "Pipe", sales_price=None)
    (found,) = (await sandbox.get("/Organisation")).body["Organisations"]
    assert (found["BaseCurrency"], found["Version"], found["Timezone"]) == ("NZD", "NZ", "NEWZEALANDSTANDARDTIME")
    assert found["PeriodLockDate"] == "/Date(1767139200000+0000)/" and "EndOfYearLockDate" not in found
    actions = {one["Name"]: one["Status"] for one in (await sandbox.get("/Organisation/Actions")).body["Actions"]}
    assert actions["CreateApprovedBill"] == "NOT-ALLOWED" and actions["CreateApprovedInvoice"] == "ALLOWED"
    for path, plural, count in (
        ("/TaxRates", "TaxRates", 6), ("/TrackingCategories", "TrackingCategories", 1),
        ("/Currencies", "Currencies", 1), ("/BrandingThemes", "BrandingThemes", 1), ("/Users", "Users", 1),
        ("/Items", "Items", 1),
    ):  # fmt: skip
        answer = await sandbox.get(path)
        assert len(answer.body[plural]) == count and "pagination" not in answer.body
    banks = await sandbox.get("/Accounts", where='Status=="ACTIVE" AND Type=="BANK"')
    assert [one["Code"] for one in banks.body["Accounts"]] == ["090"]


async def test_additions_to_the_api(sandbox: Sandbox) -> None:
    sandbox.switches.extra_fields = True
    assert "sandboxAddition" in (await sandbox.get("/Organisation")).body["Organisations"][0]
