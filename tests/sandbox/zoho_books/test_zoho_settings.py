"""Accounts, taxes, currencies, tags, locations, locks, fields, and the admin's view."""

from __future__ import annotations

from datetime import date

import pytest
from zoho_world import ORG, Sandbox

from ml_connector_sandbox.kernel import exact

pytestmark = pytest.mark.anyio


async def test_inactive_accounts_need_the_filter(sandbox: Sandbox) -> None:
    async def names(**query: str) -> set[str]:
        rows = (await sandbox.get("/chartofaccounts", **query)).body["chartofaccounts"]
        return {one["account_name"] for one in rows}

    assert "Old Account" not in await names()
    assert "Old Account" in await names(filter_by="AccountType.All")
    assert await names(filter_by="AccountType.Inactive") == {"Old Account"}
    assert await names(account_code="6100") == {"Office Supplies"}
    sandbox.clock.move(10)
    account = next(one for one in sandbox.books.accounts.values() if one.account_code == "6100")
    await sandbox.api("PUT", f"/chartofaccounts/{account.account_id}", {"description": "paper"})
    assert await names(last_modified_time="2026-06-09T13:00:05-0400") == {"Office Supplies"}


async def test_account_life(sandbox: Sandbox) -> None:
    made = await sandbox.api("POST", "/chartofaccounts", {"account_name": "Parts", "account_type": "expense"})
    account_id = made.body["chart_of_account"]["account_id"]
    assert made.headers["location"] == f"/api/v3/chartofaccountdetails/{account_id}"
    again = await sandbox.api("POST", "/chartofaccounts", {"account_name": "parts", "account_type": "expense"})
    assert again.body["code"] == 1001
    assert (await sandbox.api("POST", f"/chartofaccounts/{account_id}/inactive")).status == 201
    assert (await sandbox.api("DELETE", f"/chartofaccounts/{account_id}")).status == 200
    system = sandbox.books.accounts_payable.account_id
    assert (await sandbox.api("DELETE", f"/chartofaccounts/{system}")).status == 400


async def test_taxes(sandbox: Sandbox) -> None:
    county = sandbox.books.add_tax("County", "7.25", authority_name="State")
    sandbox.books.add_tax("Old", 5, active=False)
    group = sandbox.books.add_tax_group("Both", [county, sandbox.books.add_tax("City", 1)])
    rows = (await sandbox.get("/settings/taxes")).body["taxes"]
    assert [one["tax_name"] for one in rows] == ["Both", "City", "County"]
    assert len((await sandbox.get("/settings/taxes", filter_by="Taxes.All")).body["taxes"]) == 4
    shown = await sandbox.get(f"/settings/taxgroups/{group.tax_group_id}")
    assert str(shown.body["tax_group"]["tax_group_percentage"]) == "8.25"


async def test_currencies(sandbox: Sandbox) -> None:
    rows = (await sandbox.get("/settings/currencies")).body["currencies"]
    assert [one["currency_code"] for one in rows if one["is_base_currency"]] == ["USD"]
    assert {one["exchange_rate"] for one in rows} == {0}


async def test_tag_options(sandbox: Sandbox) -> None:
    tag = sandbox.books.add_reporting_tag("Unit", ["HVAC", ("Install", "HVAC")])
    listed = (await sandbox.get("/reportingtags")).body
    assert set(listed) == {"reporting_tags"}
    tree = (await sandbox.get("/reportingtags/options", tag_id=tag.tag_id)).body["options"]
    assert tree[0]["children"][0]["parent_name"] == "HVAC"
    flat = (await sandbox.get(f"/reportingtags/{tag.tag_id}/options/all")).body["results"]
    assert [one["option_id"] for one in flat][-1] == "untagged"
    sandbox.books.profile.reporting_tags_enabled = False
    assert (await sandbox.get("/reportingtags")).body["code"] == 110817


async def test_locations(sandbox: Sandbox) -> None:
    assert (await sandbox.get("/locations")).body["code"] == 110817
    sandbox.books.profile.locations_enabled = True
    place = sandbox.books.add_location("Phoenix")
    assert (await sandbox.get("/locations")).body["locations"][0]["location_name"] == "Phoenix"
    body = sandbox.bill(location_id=place.location_id, line_items=[sandbox.line(location_id=place.location_id)])
    made = (await sandbox.api("POST", "/bills", body)).body["bill"]
    assert (made["location_name"], made["line_items"][0]["location_name"]) == ("Phoenix", "Phoenix")


async def test_locks(sandbox: Sandbox) -> None:
    assert (await sandbox.get("/transactionlock")).body["transaction_lock"]["transaction_lock_status"] == "disabled"
    sandbox.books.lock_transactions(date(2026, 3, 31), reason="Year end")
    for path in ("/transactionlock", "/accountingperiods/transactionlock"):
        assert (await sandbox.get(path)).body["transaction_lock"]["transaction_lock_date"] == "2026-03-31"
    assert len((await sandbox.get("/transactionlocks")).body["transaction_locks"]) == 1
    sandbox.grant("ZohoBooks.settings.READ")
    assert (await sandbox.get("/transactionlocks")).status == 401


async def test_fields_endpoint_is_a_switch(sandbox: Sandbox) -> None:
    sandbox.books.add_unique_field("bill", "ML Ref")
    rows = (await sandbox.get("/settings/fields", entity="bill")).body["fields"]
    assert (rows[0]["api_name"], rows[0]["is_unique"]) == ("cf_ml_ref", True)
    sandbox.switches.fields_endpoint = False
    assert (await sandbox.get("/settings/fields", entity="bill")).body["code"] == 5


async def test_books_and_statistics_are_plain(sandbox: Sandbox) -> None:
    await sandbox.api("POST", "/bills", sandbox.bill())
    kept = exact.loads(exact.dumps(sandbox.emulator.books()))["organisations"][ORG]
    assert kept["balances"] == {"Accounts Payable": -100, "Office Supplies": 100}
    assert kept["bills"][0]["number"] == "B-1"
    counts = sandbox.emulator.statistics()
    assert counts["access_tokens"] == 1
    assert counts["organisations"][ORG]["day_used"] == 1
    assert sandbox.emulator.set_switches({"list_lag_seconds": 2.0})["list_lag_seconds"] == 2.0
    assert sandbox.company.switches.list_lag_seconds == 2.0
