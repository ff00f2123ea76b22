"""Whatever people do with invoices and money, the balances are what the documents add up to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from servicetitan_clock import HandClock
from servicetitan_receivables import Receivables, receivables
from servicetitan_world import furnish

from ml_connector_sandbox.servicetitan import ServiceTitanBooks
from ml_connector_sandbox.servicetitan.books import (
    Customer,
    Invoice,
    Payment,
    batch,
    move_payment,
    post_batch,
    unpost_batch,
)

ZERO = Decimal("0.00")
Deed = Callable[[Receivables, int, Decimal], None]


def opened() -> Receivables:
    books = ServiceTitanBooks(HandClock()).add_tenant("1001", "Polar Air")
    return receivables(books, furnish(books)["account"].id)


def invoice(ledger: Receivables, at: int) -> Invoice:
    kept = list(ledger.books.invoices)
    return kept[at % len(kept)]


def payment(ledger: Receivables, at: int) -> Payment:
    kept = list(ledger.books.payments) or [ledger.paid("20.00")]
    return kept[at % len(kept)]


def bill(ledger: Receivables, at: int, amount: Decimal) -> None:
    ledger.invoice(str(amount), str(-amount / 2))


def pay(ledger: Receivables, at: int, amount: Decimal) -> None:
    ledger.paid(str(amount), {invoice(ledger, at).id: str(amount / 2)})


def apply(ledger: Receivables, at: int, amount: Decimal) -> None:
    ledger.books.collecting.apply(payment(ledger, at).id, {invoice(ledger, at + 1).id: amount})


def unapply(ledger: Receivables, at: int, amount: Decimal) -> None:
    ledger.books.collecting.change(payment(ledger, at).id, parts={}, total=amount)


def delete(ledger: Receivables, at: int, amount: Decimal) -> None:
    ledger.books.collecting.delete(payment(ledger, at).id)


def refund(ledger: Receivables, at: int, amount: Decimal) -> None:
    number, back = payment(ledger, at).id, ledger.item(str(-amount))
    ledger.books.collecting.refund(number, invoice(ledger, at).id, ledger.refund.id, back)


def write_off(ledger: Receivables, at: int, amount: Decimal) -> None:
    ledger.books.collecting.write_off(invoice(ledger, at).id, ledger.bad_debt.id)


def edit(ledger: Receivables, at: int, amount: Decimal) -> None:
    ledger.books.invoicing.add_items(invoice(ledger, at).id, [ledger.item(str(amount))])


def void(ledger: Receivables, at: int, amount: Decimal) -> None:
    ledger.books.invoicing.deactivate(invoice(ledger, at).id)


def post(ledger: Receivables, at: int, amount: Decimal) -> None:
    made = batch(ledger.books, "May", [invoice(ledger, at).id], [payment(ledger, at).id])
    post_batch(ledger.books, made)
    if amount > 50:
        unpost_batch(ledger.books, made)


def merge(ledger: Receivables, at: int, amount: Decimal) -> None:
    winner = ledger.books.crm.add_customer(Customer(name=f"Winner {at}"))
    ledger.books.crm.merge(ledger.customer.id, winner.id)
    ledger.customer = winner


def bring(ledger: Receivables, at: int, amount: Decimal) -> None:
    ids = {payment(ledger, at).id, payment(ledger, at + 1).id}
    ledger.books.collecting.deposit(sorted(ids), "Slip", date(2026, 5, 9))


def take_off(ledger: Receivables, at: int, amount: Decimal) -> None:
    if payment(ledger, at).deposit_id is None:
        bring(ledger, at, amount)
    move_payment(ledger.books, payment(ledger, at).id, None)


DEEDS: tuple[Deed, ...] = (
    bill, pay, apply, unapply, delete, refund, write_off, edit, void, post, merge, bring, take_off,
)  # fmt: skip
CENTS = st.integers(1, 10_000).map(lambda cents: Decimal(cents * 2) / 100)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(0, 5), CENTS), max_size=14))
def test_balances_are_what_the_documents_add_up_to(deeds: list[tuple[Deed, int, Decimal]]) -> None:
    ledger = opened()
    ledger.invoice("100.00")
    for deed, at, amount in deeds:
        with suppress(ValueError):  # what may not be done changes nothing, which is what is checked
            deed(ledger, at, amount)
    books = ledger.books
    for one in books.invoices:
        settled = (part.amount for kept in books.payments if kept.active for part in kept.splits
                   if part.invoice_id == one.id)  # fmt: skip
        assert one.applied == sum(settled, ZERO)
        assert one.total == sum((item.total for item in one.items), ZERO) + one.tax
        assert one.items == tuple(item for item in books.invoice_items.in_group(one.id) if item.active)
    for deposit in books.bank_deposits:
        held = (one.total for one in books.payments if one.active and one.deposit_id == deposit.id)
        assert deposit.gross == sum(held, ZERO)
    for customer in books.customers:
        owed = sum((one.balance for one in books.invoices if one.active and one.customer_id == customer.id), ZERO)
        credit = sum((one.unapplied for one in books.payments if one.active and one.customer_id == customer.id), ZERO)
        assert customer.balance == owed - credit


def test_each_deed_can_be_done() -> None:
    for deed in DEEDS:
        ledger = opened()
        ledger.invoice("100.00")
        ledger.paid("5.00")
        before = ledger.books.as_dict()
        deed(ledger, 0, Decimal("4.00"))
        assert ledger.books.as_dict() != before, deed
