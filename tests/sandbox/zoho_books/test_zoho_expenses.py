"""Expenses: entered, changed, listed, deleted, upserted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from zoho_desk_sales import balances, customer_id
from zoho_world import Answer, Sandbox

pytestmark = pytest.mark.anyio


async def post(sandbox: Sandbox, **more: Any) -> Answer:
    bank = next(one for one in sandbox.books.accounts.values() if one.account_name == "Checking").account_id
    account = sandbox.line()["account_id"]
    body = {"account_id": account, "date": "2026-06-09", "amount": 75, "paid_through_account_id": bank}
    return await sandbox.api("POST", "/expenses", body | more)


async def test_posted_changed_and_deleted(sandbox: Sandbox) -> None:
    answer = await post(sandbox, description="Fuel", reference_number="r1")
    assert (answer.status, answer.body["message"]) == (201, "The expense has been recorded.")
    made = answer.body["expense"]
    assert answer.headers["location"] == f"/api/v3/expenses/{made['expense_id']}"
    assert (made["total"], made["status"], made["line_items"][0]["item_total"]) == (75, "nonbillable", 75)
    assert balances(sandbox) == {"Checking": -75, "Office Supplies": 75}
    path = f"/expenses/{made['expense_id']}"
    sandbox.clock.move(60)
    vendor = sandbox.books.contacts.having("name", "gamma partners")[0].contact_id
    changed = (await sandbox.api("PUT", path, {"amount": 80, "vendor_id": vendor})).body["expense"]
    assert (changed["total"], changed["description"], changed["vendor_name"]) == (80, "Fuel", "Gamma Partners")
    assert changed["last_modified_time"] > made["last_modified_time"]
    assert (await sandbox.api("DELETE", f"/contacts/{vendor}")).body["code"] == 36
    beta = sandbox.books.contacts.having("name", "beta supplies ltd")[0].contact_id
    assert (await sandbox.api("POST", f"/contacts/{vendor}/merge", merge_contact_id=beta)).status == 200
    assert (await sandbox.get(path)).body["expense"]["vendor_id"] == beta
    assert (await sandbox.api("DELETE", path)).body["message"] == "The expense has been deleted."
    assert (await sandbox.get(path)).body["code"] == 1002
    assert balances(sandbox) == {}


async def test_tax_inside_and_on_top(sandbox: Sandbox) -> None:
    tax = sandbox.books.add_tax("VAT", 20, recoverable=True)
    on_top = (await post(sandbox, tax_id=tax.tax_id)).body["expense"]
    assert (on_top["total"], on_top["tax_amount"], on_top["sub_total"]) == (90, 15, 75)
    inside = (await post(sandbox, tax_id=tax.tax_id, is_inclusive_tax=True)).body["expense"]
    assert (inside["total"], inside["tax_amount"], inside["sub_total"]) == (75, Decimal("12.5"), Decimal("62.5"))
    assert balances(sandbox) == {
        "Checking": -165, "Input Tax Credits": Decimal("27.5"), "Office Supplies": Decimal("137.5"),
    }  # fmt: skip
    assert (await sandbox.api("DELETE", f"/settings/taxes/{tax.tax_id}")).body["code"] == 36


async def test_a_foreign_expense_has_its_rate(sandbox: Sandbox) -> None:
    euro = sandbox.books.currencies["EUR"].currency_id
    made = (await post(sandbox, currency_id=euro, exchange_rate="1.1")).body["expense"]
    assert (made["currency_code"], made["bcy_total"]) == ("EUR", Decimal("82.5"))
    assert (await post(sandbox, currency_id=euro, exchange_rate=0)).body["code"] == 2
    assert (await post(sandbox, currency_id="1")).body["code"] == 2


async def test_refused(sandbox: Sandbox) -> None:
    vendor = sandbox.books.contacts.having("name", "gamma partners")[0].contact_id
    old = next(one for one in sandbox.books.accounts.values() if one.account_name == "Old Account").account_id
    refusals: list[tuple[dict[str, Any], int]] = [
        ({"amount": 0}, 2), ({"account_id": ""}, 2), ({"account_id": old}, 1049), ({"paid_through_account_id": ""}, 2),
        ({"date": "x"}, 2), ({"vendor_id": customer_id(sandbox)}, 2), ({"customer_id": vendor}, 2),
        ({"is_billable": True}, 2), ({"project_id": "1"}, 2), ({"tax_id": "1"}, 2),
        ({"line_items": [{"amount": 1}, {"amount": 2}]}, 2),
    ]  # fmt: skip
    for more, code in refusals:
        assert (await post(sandbox, **more)).body["code"] == code, more
    sandbox.books.lock_transactions(date(2026, 6, 9), "sales")
    made = (await post(sandbox)).body["expense"]
    sandbox.books.lock_transactions(date(2026, 6, 9))
    assert (await post(sandbox)).body["code"] == 1048
    assert (await sandbox.api("DELETE", f"/expenses/{made['expense_id']}")).body["code"] == 1048


async def test_the_list(sandbox: Sandbox) -> None:
    await post(sandbox, reference_number="a")
    sandbox.clock.move(60)
    await post(
        sandbox, reference_number="b", date="2026-05-01", amount=10, customer_id=customer_id(sandbox), is_billable=True
    )

    async def found(**query: Any) -> list[str]:
        return [row["reference_number"] for row in (await sandbox.get("/expenses", **query)).body["expenses"]]

    assert await found() == ["b", "a"]
    assert await found(last_modified_time="x", sort_column="last_modified_time") == ["b", "a"], (
        "there is no such filter"
    )
    assert await found(sort_column="date", sort_order="D") == ["a", "b"]
    assert await found(date_start="2026-06-01") == ["a"]
    assert await found(filter_by="Status.Billable") == ["b"]
    assert await found(status="non-billable") == ["a"]
    assert await found(amount_less_than=20) == ["b"]
    assert await found(vendor_id="1") == []
    page = (await sandbox.get("/expenses", per_page=1)).body
    assert (len(page["expenses"]), page["page_context"]["has_more_page"]) == (1, True)


async def test_expenses_upsert(sandbox: Sandbox) -> None:
    sandbox.books.add_unique_field("expense", "ST Id")
    made = (await post(sandbox, custom_fields=[{"api_name": "cf_st_id", "value": "7"}])).body["expense"]
    sandbox.extra = {"X-Unique-Identifier-Key": "cf_st_id", "X-Unique-Identifier-Value": "7"}
    again = await sandbox.api("PUT", "/expenses", {"amount": 5})
    assert (again.body["expense"]["expense_id"], again.body["expense"]["total"]) == (made["expense_id"], 5)
    sandbox.extra["X-Unique-Identifier-Value"] = "8"
    assert (await sandbox.api("PUT", "/expenses", {"amount": 5})).body["code"] == 1002
