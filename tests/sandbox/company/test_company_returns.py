"""Goods the seeded company sends back: credits that tie, that do not, and that stand on bills of the same vendor."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from company_posting import contact_of

from ml_connector_sandbox import company
from ml_connector_sandbox.company import BillTruth, Company
from ml_connector_sandbox.compare import Comparison, compare, main
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import Sandbox
from ml_connector_sandbox.zoho_books.inspection import company_books

START = datetime(2026, 11, 16, 14, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def untouched() -> Company:
    return company.demo(SandboxClock.starting(START))


@pytest.fixture
def demo() -> Company:
    return company.demo(SandboxClock.starting(START))


def test_every_credit_has_one_ending(untouched: Company) -> None:
    kept = {str(one.id) for one in untouched.seed.tenant.ap_credits}
    assert {one.bill_id for one in untouched.credits} == kept and len(kept) == len(untouched.credits) == 10
    assert Counter(one.ends for one in untouched.credits) == {"posted": 7, "held": 2, "skipped": 1}


def test_a_posted_credit_ties_by_the_lines_of_its_return_and_a_held_one_does_not(untouched: Company) -> None:
    books = untouched.seed.tenant
    for one in untouched.credits:
        credit = books.ap_credits[int(one.bill_id)]
        goods = books.returns.get(credit.return_id)
        lines = goods.items_total + goods.tax + goods.shipping if goods else Decimal(0)
        assert (lines == credit.amount == -one.total) is (one.ends != "held"), one.case


def test_credits_stand_on_posted_bills_of_their_vendor(untouched: Company) -> None:
    posted = {int(one.bill_id): one for one in untouched.truth if one.ends == "posted"}
    splits = [(one, part) for one in untouched.seed.tenant.ap_credits for part in one.splits]
    assert len(splits) == 6
    for credit, part in splits:
        assert posted[part.bill_id].vendor_id == str(credit.vendor_id)
        assert 0 < part.amount <= posted[part.bill_id].total and credit.rest >= 0
    assert {one.sync_status for one in untouched.seed.tenant.ap_credits} == {"Pending", "Posted"}


def test_ids_of_all_else_are_as_without_returns(untouched: Company) -> None:
    books = untouched.seed.tenant
    rest = (books.bills, books.vendors, books.purchase_orders, books.receipts)
    assert max(one.id for table in rest for one in table) < 600_000_000 < min(one.id for one in books.returns)
    assert {one.status for one in books.returns} == {"Pending", "Returned", "CreditReceived", "Canceled"}


def enter_credit(made: Company, row: BillTruth, amount: Decimal) -> Any:
    books = made.seed.organisation
    name = next(one for one in made.vendors if one.vendor_id == row.vendor_id).contact_name
    contact = next((one for one in books.contacts if one.contact_name == name), None)
    reference = f"servicetitan-{made.access.tenant_id}-ap_credits-{row.bill_id}"
    line = {"account_id": made.seed.ledger["5110"].account_id, "rate": amount, "quantity": 1}
    fields = [{"api_name": "cf_ml_connector_ref", "value": reference}]
    return books.add_vendor_credit(
        contact or contact_of(made, row.vendor_id),
        row.date,
        [line],
        vendor_credit_number=row.number,
        custom_fields=fields,
    )


def compared(made: Company, before: dict[str, Any], **expected: Any) -> Comparison:
    skipped = {one.bill_id: "skipped" for one in made.truth if one.ends in ("posted", "linked")}
    books = (made.servicetitan.as_dict(), company_books(made.zoho_books))
    return compare(before, *books, endings=skipped, **expected)


def test_posted_credits_are_laid_at_their_rows(demo: Company) -> None:
    before = demo.as_dict()
    rows = [one for one in demo.credits if one.ends == "posted"]
    assert compared(demo, before).findings == []
    assert compared(demo, before, credits=True).missing == len(rows)
    for row in rows:
        enter_credit(demo, row, -row.total)
    assert compared(demo, before, credits=True).findings == []
    assert compared(demo, before).unexpected == len(rows)


def test_a_credit_of_a_wrong_amount_or_one_that_must_wait_is_found(demo: Company) -> None:
    before = demo.as_dict()
    [first, *others] = [one for one in demo.credits if one.ends == "posted"]
    enter_credit(demo, first, Decimal("0.01") - first.total)
    for row in (*others, next(one for one in demo.credits if one.ends == "held")):
        enter_credit(demo, row, -row.total)
    found = compared(demo, before, credits=True)
    assert (found.totals_differ, found.unexpected, len(found.findings)) == (1, 1, 2)


@pytest.mark.anyio
async def test_the_command_line_asks_for_credits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with Sandbox.running("trader") as sandbox:
        sandbox.write(tmp_path / "sandbox.json")
        missing = []
        for more in ([], ["--credits"]):
            arguments = ["--file", str(tmp_path / "sandbox.json"), "--json", *more]
            assert await asyncio.to_thread(main, arguments) == 1
            missing.append(json.loads(capsys.readouterr().out)["missing"])
        assert missing == [120, 127]
