"""The comparison of receivables with Zoho Books finds what is wrong, and nothing where the books agree."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ml_connector_sandbox import company
from ml_connector_sandbox.company import at_zoho
from ml_connector_sandbox.compare_sales import SalesComparison
from ml_connector_sandbox.compare_sales_zoho import compare_sales_zoho
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.servicetitan.emulator import ServiceTitanEmulator
from ml_connector_sandbox.zoho_books.inspection import company_books

COUNT = 12
Books = dict[str, Any]
Change = Callable[[Books], object]


@pytest.fixture(scope="module")
def sold() -> tuple[Books, Books, Books]:
    """The company's part of a hand-over file, ServiceTitan's books, and Zoho's with all of it posted and paid."""
    clock = SandboxClock.starting(datetime(2026, 11, 16, 14, tzinfo=UTC))
    made = company.bulk_sales(clock, COUNT)
    at_zoho.file_sales(made.seed)
    here, there = ServiceTitanEmulator(clock, made.servicetitan).books(), company_books(made.zoho_books)
    organisation = there["organisations"][made.access.organization_id]
    organisation["invoices"] = [
        {
            "number": one.reference_number, "state": "sent", "total": one.total, "is_emailed": False,
            "customer_id": f"contact {one.customer_id}", "balance": one.balance,
        }
        for one in made.seed.tenant.invoices
    ]  # fmt: skip
    organisation["customer_payments"] = [
        {
            "custom": {"cf_ml_connector_ref": f"servicetitan-{made.access.tenant_id}-payments-{one.id}"},
            "customer_id": f"contact {one.customer_id}", "amount": one.total, "unused": one.unapplied, "refunds": [],
            "date": one.paid_on.isoformat(),
        }
        for one in made.seed.tenant.payments
    ]  # fmt: skip
    return made.as_dict(), here, there


def compared(sold: tuple[Books, Books, Books], change: Change = len) -> SalesComparison:
    ours, here, there = copy.deepcopy(sold)
    [organisation] = there["organisations"].values()
    change(organisation)
    return compare_sales_zoho(ours, here, there)


def test_books_that_agree(sold: tuple[Books, Books, Books]) -> None:
    found = compared(sold)
    assert found.agrees and found.invoices == COUNT and 1 < found.payments <= COUNT
    assert found.sold == found.posted > 0 and found.owed == found.owed_there == 0


CENT = Decimal("0.01")
CHANGES: dict[str, tuple[str, Change]] = {
    "an invoice is not there": ("missing", lambda there: there["invoices"].pop()),
    "an invoice is void": ("missing", lambda there: there["invoices"][0].update(state="void")),
    "an invoice is there twice": ("duplicates", lambda there: there["invoices"].append(dict(there["invoices"][0]))),
    "an invoice went out by mail": ("unexpected", lambda there: there["invoices"][0].update(is_emailed=True)),
    "an invoice costs more": ("totals_differ", lambda there: there["invoices"][0].update(total=Decimal(1))),
    "something is owed": ("owed_differs", lambda there: there["invoices"][0].update(balance=CENT)),
    "a payment is not there": ("missing", lambda there: there["customer_payments"].pop(0)),
    "a payment is there twice": (
        "duplicates", lambda there: there["customer_payments"].append(dict(there["customer_payments"][0])),
    ),
    "a payment is of another amount": ("totals_differ", lambda there: there["customer_payments"][0].update(amount=CENT)),
    "a payment is of another day": (
        "totals_differ", lambda there: there["customer_payments"][0].update(date="2020-01-01"),
    ),
    "a payment was deleted at ServiceTitan": (
        "unexpected",
        lambda there: there["customer_payments"][0].update(
            custom={"cf_ml_connector_ref": there["customer_payments"][0]["custom"]["cf_ml_connector_ref"] + "999"}
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_each_fault_is_found_and_told(sold: tuple[Books, Books, Books], what: str) -> None:
    kind, change = CHANGES[what]
    found = compared(sold, change)
    assert not found.agrees and found.count(kind) == 1
    assert found.as_dict()[kind] == 1 and found.as_dict()["findings"][0]["sentence"]


def test_unused_money_of_another_amount_is_told(sold: tuple[Books, Books, Books]) -> None:
    found = compared(sold, lambda there: there["customer_payments"][0].update(unused=CENT))
    assert {one.kind for one in found.findings} == {"totals_differ", "owed_differs"}
