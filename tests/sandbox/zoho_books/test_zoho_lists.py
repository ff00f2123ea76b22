"""Paging, filters, order, lag."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from zoho_world import Sandbox

pytestmark = pytest.mark.anyio


def fill(sandbox: Sandbox, count: int) -> None:
    vendor = sandbox.books.contacts.having("name", "beta supplies ltd")[0]
    for number in range(count):
        lines = [sandbox.line(number + 1)]
        sandbox.books.add_bill(vendor, f"B-{number:03d}", date(2026, 6, 1 + number % 9), lines)
        sandbox.clock.move(1)


async def numbers(sandbox: Sandbox, **query: Any) -> list[str]:
    answer = await sandbox.get("/bills", **query)
    assert answer.status == 200, answer.body
    return [one["bill_number"] for one in answer.body["bills"]]


async def test_pages_cover_everything_once(sandbox: Sandbox) -> None:
    fill(sandbox, 25)
    for column in ("created_time", "last_modified_time", "total"):
        seen: list[str] = []
        for page in (1, 2, 3):
            answer = await sandbox.get("/bills", page=page, per_page=10, sort_column=column, sort_order="A")
            seen += [one["bill_number"] for one in answer.body["bills"]]
            assert answer.body["page_context"]["has_more_page"] is (page < 3)
        assert seen == [f"B-{number:03d}" for number in range(25)]
    assert await numbers(sandbox, page=4, per_page=10) == []


async def test_default_order_size_and_context(sandbox: Sandbox) -> None:
    fill(sandbox, 12)
    answer = await sandbox.get("/bills", colour="red")
    assert answer.body["bills"][0]["bill_number"] == "B-011"
    assert answer.body["page_context"] == {
        "page": 1,
        "per_page": 200,
        "has_more_page": False,
        "report_name": "Bills",
        "applied_filter": "Status.All",
        "custom_fields": [],
        "sort_column": "created_time",
        "sort_order": "D",
    }
    sandbox.switches.default_per_page = 10
    assert len(await numbers(sandbox)) == 10
    assert (await sandbox.get("/bills", per_page=500)).body["page_context"]["per_page"] == 200
    assert (await sandbox.get("/bills", page="x")).body["code"] == 2


async def test_filters(sandbox: Sandbox) -> None:
    fill(sandbox, 12)
    vendor = sandbox.books.contacts.having("name", "beta supplies ltd")[0].contact_id
    assert await numbers(sandbox, bill_number="B-003", vendor_id=vendor) == ["B-003"]
    assert await numbers(sandbox, vendor_id="1") == []
    assert len(await numbers(sandbox, bill_number_startswith="b-01")) == 2
    assert await numbers(sandbox, date="2026-06-03", sort_order="A") == ["B-002", "B-011"]
    assert len(await numbers(sandbox, date_start="2026-06-08", date_end="2026-06-09")) == 2
    assert len(await numbers(sandbox, date_after="2026-06-08")) == 1
    assert await numbers(sandbox, search_text="b-005") == ["B-005"]
    # A misspelt parameter gives the whole list.
    assert len(await numbers(sandbox, bill_nr="B-003")) == 12
    assert (await sandbox.get("/bills", date="9.6.2026")).body["code"] == 2


@pytest.mark.parametrize(("inclusive", "found"), [(False, 1), (True, 2)])
async def test_modified_since(sandbox: Sandbox, inclusive: bool, found: int) -> None:
    sandbox.switches.modified_since_inclusive = inclusive
    fill(sandbox, 12)
    assert len(await numbers(sandbox, last_modified_time="2026-06-09T13:00:10-0400")) == found
    assert len(await numbers(sandbox, last_modified_time="2026-06-09T17:00:10+0000")) == found
    refused = await sandbox.get("/bills", last_modified_time="2026-06-09T17:00:10 0000")
    assert (refused.status, refused.body["code"]) == (400, 2)


async def test_payment_moves_last_change(sandbox: Sandbox) -> None:
    fill(sandbox, 3)
    first = sandbox.books.bills.having("bill_number", "B-000")[0]
    sandbox.clock.move(60)
    sandbox.books.record_payment(first, 1, date(2026, 6, 9))
    assert await numbers(sandbox, last_modified_time="2026-06-09T13:00:30-0400") == ["B-000"]
    assert (await numbers(sandbox, sort_column="last_modified_time", sort_order="D"))[0] == "B-000"


async def test_list_lag(sandbox: Sandbox) -> None:
    sandbox.switches.list_lag_seconds = 30.0
    made = (await sandbox.api("POST", "/bills", sandbox.bill())).body["bill"]["bill_id"]
    assert (await sandbox.get(f"/bills/{made}")).status == 200
    assert await numbers(sandbox) == []
    assert await numbers(sandbox, bill_number="B-1") == []
    sandbox.clock.move(31)
    assert await numbers(sandbox) == ["B-1"]


async def test_vendor_credit_filter_by_custom_field(sandbox: Sandbox) -> None:
    field = sandbox.books.add_custom_field("vendor_credit", "Job")
    vendor = sandbox.books.contacts.having("name", "beta supplies ltd")[0]
    values = [{"api_name": field.api_name, "value": "J-1"}]
    sandbox.books.add_vendor_credit(vendor, date(2026, 6, 1), [sandbox.line()], custom_fields=values)
    sandbox.books.add_vendor_credit(vendor, date(2026, 6, 1), [sandbox.line()])
    assert len((await sandbox.get("/vendorcredits", custom_field="J-1")).body["vendor_credits"]) == 1


@pytest.mark.slow
async def test_ten_thousand_bills(sandbox: Sandbox) -> None:
    fill(sandbox, 10_000)
    sandbox.switches.limits = False
    sandbox.grant()
    seen = 0
    for page in range(1, 51):
        seen += len(await numbers(sandbox, page=page))
    assert seen == 10_000
    payable = sandbox.books.ledger.balance(sandbox.books.accounts_payable.account_id)
    assert payable == -sum(one.total for one in sandbox.books.bills)
