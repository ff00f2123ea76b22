"""The company that also sells keeps its promises: size, every kind of document, balances, and the demo left as it was."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ml_connector_sandbox import company
from ml_connector_sandbox.company import Company, sales
from ml_connector_sandbox.company.sales_catalogue import NAMESAKES
from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.servicetitan.books import Payment, TenantBooks
from ml_connector_sandbox.servicetitan.books.payments import JOURNAL_ENTRY
from ml_connector_sandbox.servicetitan.books.purchasing import cents
from ml_connector_sandbox.servicetitan.invoice_rows import invoice_row
from ml_connector_sandbox.zoho_books.inspection import company_books

START = datetime(2026, 11, 16, 14, 0, tzinfo=UTC)
ZERO = Decimal(0)


def clock(start: datetime = START) -> SandboxClock:
    return SandboxClock.starting(start, 60)


@pytest.fixture(scope="module")
def made() -> Company:
    return company.contractor(clock())


@pytest.fixture(scope="module")
def books(made: Company) -> TenantBooks:
    return made.seed.tenant


def everything(one: Company) -> bytes:
    return exact.dumps([one.servicetitan.as_dict(), company_books(one.zoho_books), one.as_dict()])


def test_the_same_seed_and_start_give_the_same_books(made: Company) -> None:
    later = replace(clock(), anchor=0.0)  # the same start, seen by a machine many years later
    assert everything(company.contractor(later)) == everything(made)


def test_what_the_demo_has_is_there_to_the_last_digit(made: Company, books: TenantBooks) -> None:
    demo = company.demo(clock())
    for name, table in demo.seed.tenant.tables().items():
        grown = books.tables()[name]
        assert all(grown[one.id] == one for one in table), name
    assert made.truth == demo.truth and made.vendors == demo.vendors
    [there], [before] = (company_books(one.zoho_books)["organisations"].values() for one in (made, demo))
    assert there["accounts"][: len(before["accounts"])] == before["accounts"] and there["items"]  # for what is sold
    apart = {"accounts", "items"}
    assert all(there[name] == before[name] for name in before.keys() - apart)
    assert made.answers == demo.answers and made.settings() == demo.settings()


def test_the_company_is_as_big_as_promised(made: Company, books: TenantBooks) -> None:
    assert len(books.customers) == 300
    assert len(books.invoices) == 600
    assert len(books.payments) == 500
    assert made.sales is not None and len(made.sales.cases["orders"]) == 120
    assert {case.__name__ for case in sales.CASES} < made.sales.cases.keys()


def test_vendors_bill_in_xero_and_every_case_is_there(made: Company) -> None:
    found = Counter(one.finding for one in made.tracked)
    assert found == {
        "matched": 33, "price_difference": 7, "match_suggested": 4, "several_candidates": 3, "received_not_billed": 3,
        "billed_not_received": 8,
    }  # fmt: skip
    there = {one.document_id: one for one in made.xero_organisation.invoices}
    assert len(there) == 62 and not any(one.is_sale for one in there.values())
    for one in made.tracked:
        documents = [there[id_] for id_ in one.payables]
        assert all(document.status in ("AUTHORISED", "DRAFT") for document in documents)
        if one.bill_id and one.finding != "price_difference":
            owed = made.seed.tenant.bills[int(one.bill_id)].amount(True)
            assert {document.total for document in documents} <= {owed}
    assert len({one.bill_id for one in made.tracked if one.bill_id}) == 50
    assert company.demo(clock()).tracked == []


def test_documents_lie_in_the_hundred_days_before_today(made: Company, books: TenantBooks) -> None:
    days = [one.invoice_date for one in books.invoices if one.invoice_date]
    days += [one.paid_on for one in books.payments]
    today = made.seed.dates.today
    assert today - timedelta(days=110) < min(days) < today - timedelta(days=95)
    assert today - timedelta(days=5) < max(days) < today
    late = [one for table in books.tables().values() for one in table if one.modified_on > START.isoformat()]
    assert late == []


@pytest.mark.parametrize("start", [datetime(2026, 4, 2, 12, tzinfo=UTC), datetime(2027, 1, 1, 3, tzinfo=UTC)])
def test_dates_hold_at_any_time_of_the_year(start: datetime) -> None:
    kept = company.contractor(clock(start)).seed.tenant
    assert all(one.modified_on < start.isoformat() for table in kept.tables().values() for one in table)
    assert max(one.paid_on for one in kept.payments) < start.date()


def test_only_namesakes_have_one_name_and_each_lives_elsewhere(books: TenantBooks) -> None:
    names = Counter(one.name for one in books.customers)
    assert {name: count for name, count in names.items() if count > 1} == dict(NAMESAKES)
    for name, count in NAMESAKES:
        alike = [one for one in books.customers if one.name == name]
        assert {one.type for one in alike} == {"Residential"}
        assert len({one.address.street for one in alike}) == count


def test_a_customer_owes_what_his_documents_add_up_to(books: TenantBooks) -> None:
    owed: Counter[int] = Counter()
    for invoice in books.invoices:
        owed[invoice.customer_id] += invoice.balance if invoice.active else 0  # type: ignore[assignment]
    for payment in books.payments:
        owed[payment.customer_id] -= payment.unapplied if payment.active else 0  # type: ignore[assignment]
    for memo in books.credit_memos:
        owed[memo.customer_id] -= memo.balance  # type: ignore[assignment]
    assert all(one.balance == owed[one.id] for one in books.customers)
    assert sum(1 for one in books.customers if one.balance < 0) > 5


def test_every_invoice_ties_by_the_figures_servicetitan_shows(made: Company, books: TenantBooks) -> None:
    for invoice in books.invoices:
        shown = invoice_row(books, made.servicetitan_switches, invoice)
        lines = sum((Decimal(one["total"]) for one in shown["items"] if one["isChargeable"]), ZERO)
        assert cents(lines - Decimal(shown["discountTotal"]) + Decimal(shown["salesTax"])) == Decimal(shown["total"])


def test_invoices_are_in_every_state(books: TenantBooks) -> None:
    assert Counter(one.sync_status for one in books.invoices).keys() == {"Pending", "Posted", "Exported"}
    kinds: dict[str, Any] = {
        "negative": lambda one: one.total < 0,
        "nil": lambda one: one.items and not one.total,
        "empty": lambda one: not one.items,
        "voided": lambda one: not one.active,
        "part of a flat rate": lambda one: any(not item.chargeable for item in one.items),
        "untaxed": lambda one: one.total > 0 and not one.tax,
        "of labor and parts": lambda one: len({item.type for item in one.items}) > 2,
        "over the counter": lambda one: one.job_id is None and one.adjustment_to_id is None,
        "unpaid": lambda one: one.active and one.balance > 0 and one.sync_status != "Pending" and not one.applied,
    }  # fmt: skip
    found = {name: sum(bool(of_kind(one)) for one in books.invoices) for name, of_kind in kinds.items()}
    assert all(count > 3 for count in found.values()), found


def test_money_is_of_every_kind(books: TenantBooks) -> None:
    def posted_alone(one: Payment) -> bool:
        return one.batch is not None and not one.active

    def days(one: Payment) -> list[date]:
        return [part.applied_on for part in one.splits if part.applied_on]

    journal = {one.id for one in books.payment_types if one.transaction == JOURNAL_ENTRY}
    kinds: dict[str, Any] = {
        "partial": lambda one: any(0 < part.amount < books.invoices[part.invoice_id].total for part in one.splits),
        "several splits": lambda one: len(one.splits) > 1,
        "unapplied": lambda one: one.unapplied > 0 and not one.splits,
        "applied in part": lambda one: one.unapplied > 0 and one.splits,
        "applied later": lambda one: any(day > one.paid_on for day in days(one)),
        "refund": lambda one: one.refunded_payment_id,
        "negative": lambda one: one.total < 0 and not one.refunded_payment_id,
        "deleted": lambda one: not one.active and one.batch is None,
        "reversed": posted_alone,
        "not cash": lambda one: one.type_id in journal,
        "deposited": lambda one: one.deposit_id,
    }
    found = {name: sum(bool(of_kind(one)) for one in books.payments) for name, of_kind in kinds.items()}
    assert all(count > 3 for count in found.values()), found
    assert sum(1 for one in books.bank_deposits if one.fees) > 1


def test_a_week_is_posted_at_one_instant(books: TenantBooks) -> None:
    instants = Counter(one.modified_on for one in books.invoices)
    assert max(instants.values()) > 9


def test_orders_are_open_in_every_way(made: Company, books: TenantBooks) -> None:
    assert made.sales is not None
    orders = [books.purchase_orders[number] for number in made.sales.cases["orders"]]
    assert Counter(one.status for one in orders) == {"Sent": 80, "Pending": 20, "Canceled": 20}
    assert not any(item.quantity_received for one in orders for item in one.items)
