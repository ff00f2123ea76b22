"""Money of every kind: in full, in parts, over several invoices, on account, ahead, too much, given back, taken back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from ml_connector_sandbox.company import sales_catalogue as names
from ml_connector_sandbox.company.sales_seed import Sales
from ml_connector_sandbox.servicetitan.books import (
    Accounts,
    CreditMemo,
    CreditMemoItem,
    Invoice,
    InvoiceItem,
    batch,
    post_batch,
    unpost_batch,
)
from ml_connector_sandbox.servicetitan.books.purchasing import cents

_HOUR = names.WARES[1]


def in_parts(sales: Sales, count: int = 40) -> None:
    """Half of it; of three in four the rest two weeks later."""
    for place in range(count):
        on, invoice = _owed(sales, "in_parts")
        half = cents(invoice.balance / 2)
        sales.pay("in_parts", invoice.customer_id, sales.later(on, 4), half, {invoice.id: half}, names.CARD)
        if place % 4:
            sales.settle("in_parts", invoice, sales.later(on, 18))


def several_invoices(sales: Sales, count: int = 20) -> None:
    """One check for all that a firm owes."""
    for place in range(count):
        customer, on = sales.firms[place], sales.day(before_last=20)
        owed = [sales.invoice("several_invoices", on, customer) for _ in range(2 + place % 2)]
        parts = {one.id: one.balance for one in owed}
        total = sum(parts.values(), Decimal(0))
        sales.pay("several_invoices", customer, sales.later(on, 16), total, parts)


def on_account(sales: Sales, count: int = 16) -> None:
    """Money that nobody has applied."""
    for place in range(count):
        sales.pay("on_account", sales.anyone(), sales.day(), Decimal(150 + 25 * place), kind=names.ACH)


def ahead(sales: Sales, count: int = 15) -> None:
    """A deposit before the work, applied when the invoice is there; of some a rest stays."""
    for place in range(count):
        customer, on = sales.anyone(), sales.day(before_last=30)
        deposit = sales.pay("ahead", customer, on, Decimal("500.00"), kind=names.CARD)
        done = sales.later(on, 12)
        invoice = sales.invoice("ahead", done, customer)
        part = min(invoice.balance, Decimal("500.00") if place % 3 else Decimal("80.00"))
        sales.books.collecting.apply(deposit.id, {invoice.id: part}, sales.stamp(sales.later(done, 2), 7))


def too_much(sales: Sales, count: int = 8) -> None:
    """An overpayment: the rest is the customer's."""
    for _ in range(count):
        on, invoice = _owed(sales, "too_much")
        parts = {invoice.id: invoice.balance}
        sales.pay("too_much", invoice.customer_id, sales.later(on, 6), invoice.balance + 50, parts)


def refunded(sales: Sales, count: int = 8) -> None:
    """Paid, and a part given back: an adjustment, and a negative payment on it that names the one it refunds."""
    for _ in range(count):
        on, invoice = _owed(sales, "refunded", [sales.item(_HOUR, Decimal(3))])
        paid = sales.settle("refunded", invoice, sales.later(on, 2), names.CARD)
        back = sales.later(on, 11)
        item = sales.item(_HOUR, price=Decimal("-164.50"))
        refund = sales.types[names.REFUND].id
        made = sales.books.collecting.refund(paid.id, invoice.id, refund, item, sales.stamp(back, 7), paid_on=back)
        sales.note("refunded", *(one.id for one in made))
        sales.books.invoicing.review(made[0].id, "Reviewed", sales.stamp(back, 8))


def negative(sales: Sales, count: int = 5) -> None:
    """Money given back on an adjustment, naming no payment."""
    for _ in range(count):
        on, invoice = _owed(sales, "negative")
        sales.settle("negative", invoice, sales.later(on, 3))
        back = sales.later(on, 10)
        made = sales.adjust("negative", invoice, sales.item(names.DISCOUNT, price=Decimal("-75.00")), back)
        sales.pay("negative", made.customer_id, back, made.balance, {made.id: made.balance}, names.REFUND)


def deleted(sales: Sales, count: int = 6) -> None:
    """Keyed by mistake and deleted while it was pending."""
    for _ in range(count):
        on, invoice = _owed(sales, "deleted")
        paid = sales.settle("deleted", invoice, sales.later(on, 3))
        sales.books.collecting.delete(paid.id, sales.stamp(paid.paid_on, 8))


def reversed_check(sales: Sales, count: int = 4) -> None:
    """A posted check came back: its batch is opened, the payment deleted, the invoice owes again."""
    for place in range(count):
        on, invoice = _owed(sales, "reversed_check")
        paid = sales.settle("reversed_check", invoice, sales.later(on, 3))
        at = [sales.stamp(paid.paid_on, hour) for hour in (7, 8, 9)]
        made = batch(sales.books, f"Returned {place}", payment_ids=[paid.id], at=at[0])
        post_batch(sales.books, made, at[0])
        unpost_batch(sales.books, made, at[1])
        sales.books.collecting.delete(paid.id, at[2])


def written_off(sales: Sales, count: int = 10) -> None:
    """Nobody will ever pay: a payment that is none."""
    for place in range(count):
        on, invoice = _owed(sales, "written_off")
        amount = invoice.balance if place % 2 else cents(invoice.balance / 4)
        bad_debt = sales.types[names.WRITE_OFF].id
        day = sales.later(on, 60)
        kept = sales.books.collecting.write_off(invoice.id, bad_debt, amount, sales.stamp(day, 7), paid_on=day)
        sales.note("written_off", kept.id)


def financed(sales: Sales, count: int = 10) -> None:
    """A lender pays less its fee, and the fee is booked as a payment that moves no money."""
    for _ in range(count):
        on, invoice = _owed(sales, "financed")
        fee, day = cents(invoice.balance * Decimal("0.0695")), sales.later(on, 5)
        paid = invoice.balance - fee
        sales.pay("financed", invoice.customer_id, day, paid, {invoice.id: paid}, names.FINANCED)
        sales.pay("financed", invoice.customer_id, day, fee, {invoice.id: fee}, names.FINANCING_FEE)


def credited(sales: Sales, count: int = 6) -> None:
    """A credit memo, applied to an invoice or kept."""
    for place in range(count):
        on, invoice = _owed(sales, "credited")
        day = sales.later(on, 7)
        memo = CreditMemo(
            reference_number=f"CM-{900 + place}", customer_id=invoice.customer_id, memo_date=day,
            sub_total=Decimal("40.00"), business_unit_id=invoice.business_unit_id, description="Goodwill",
        )  # fmt: skip
        item = CreditMemoItem(
            sku_name="GOODWILL", price=memo.sub_total, description="Goodwill", business_unit_id=memo.business_unit_id,
            accounts=Accounts(general_ledger=sales.seed.accounts[names.DISCOUNT.account]),
        )  # fmt: skip
        parts = None if place % 2 else {invoice.id: Decimal("40.00")}
        sales.note("credited", sales.books.collecting.give_credit(memo, parts, sales.stamp(day, 7), [item]).id)


CASES = (
    in_parts, several_invoices, on_account, ahead, too_much, refunded, negative, deleted, reversed_check, written_off,
    financed, credited,
)  # fmt: skip


def _owed(sales: Sales, case: str, items: list[InvoiceItem] | None = None) -> tuple[date, Invoice]:
    """An invoice of this case with something to pay on it, and its day, early enough for what follows."""
    on = sales.day(before_last=20)
    return on, sales.invoice(case, on, items=items or [sales.item(_HOUR), *sales.items()])
