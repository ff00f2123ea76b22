"""Invoices of every state: just booked, worked off, kept back, voided, nil, adjusted, posted week by week, exported."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from ml_connector_sandbox.company.sales_catalogue import DISCOUNT, WARES
from ml_connector_sandbox.company.sales_seed import Sales
from ml_connector_sandbox.servicetitan.books import Invoice, batch, post_batch

OPEN = frozenset(["booked_only", "not_batched", "kept_back", "voided"])
"""Cases whose invoices no batch takes."""
_DIAGNOSIS = WARES[0]


def booked_only(sales: Sales, count: int = 25) -> None:
    """The job is on the calendar, the invoice empty."""
    for _ in range(count):
        sales.book("booked_only", sales.anyone(), sales.later(sales.seed.dates.last, 1))


def not_batched(sales: Sales, count: int = 25) -> None:
    """Done and reviewed within the last days; the batch is not made yet."""
    for place in range(count):
        sales.invoice("not_batched", sales.seed.dates.last - timedelta(days=place % 5))


def kept_back(sales: Sales) -> None:
    """A reviewer said no, or nobody has looked."""
    for status in ("OnHold", "NeedsReview", "Rejected", "PendingApproval") * 3:
        on = sales.day()
        kept = sales.invoice("kept_back", on)
        sales.books.invoicing.review(kept.id, status, sales.stamp(on, 5))


def voided(sales: Sales, count: int = 5) -> None:
    """Written by mistake."""
    for _ in range(count):
        on = sales.day()
        sales.books.invoicing.deactivate(sales.invoice("voided", on).id, sales.stamp(on, 5))


def nil(sales: Sales, count: int = 4) -> None:
    """Under warranty: a line, and the same taken off."""
    for _ in range(count):
        off = sales.item(DISCOUNT, price=-_DIAGNOSIS.price)
        sales.invoice("nil", sales.day(), items=[sales.item(_DIAGNOSIS), off])


def discounted(sales: Sales, count: int = 6) -> None:
    """Something is taken off the whole, beside the lines."""
    for _ in range(count):
        sales.invoice("discounted", sales.day(), discount=Decimal("35.00"))


def over_the_counter(sales: Sales, count: int = 6) -> None:
    """A sale without a job."""
    for place in range(count):
        on = sales.day()
        bare = Invoice(
            reference_number=f"CS-{5_000 + place}", customer_id=sales.anyone(), configuration="CounterSales",
            invoice_date=on, due_date=on, business_unit_id=sales.seed.units["HVAC Service"].id,
        )  # fmt: skip
        kept = sales.books.invoicing.add(bare, at=sales.stamp(on))
        sales.note("over_the_counter", kept.id)
        sales.fill(kept, sales.items(), on)


def adjusted(sales: Sales, count: int = 8) -> None:
    """Something was forgotten, or charged in error, and nothing of it is paid."""
    for place in range(count):
        on = sales.day(before_last=20)
        first = sales.invoice("adjusted", on)
        price = Decimal("45.00") if place % 2 else Decimal("-60.00")
        sales.adjust("adjusted", first, sales.item(DISCOUNT, price=price), sales.later(on, 9))


CASES = (booked_only, not_batched, kept_back, voided, nil, discounted, over_the_counter, adjusted)


def post_weeks(sales: Sales) -> None:
    """Every Monday what was dated in the week before is posted, documents of all kinds in one batch, at one instant."""
    books = sales.books
    left_open = {number for case in OPEN for number in sales.cases.get(case, ())}
    weeks: dict[date, tuple[list[int], list[int], list[int]]] = defaultdict(lambda: ([], [], []))
    for invoice in books.invoices:
        if invoice.id not in left_open and invoice.active and invoice.invoice_date:
            weeks[_monday(invoice.invoice_date)][0].append(invoice.id)
    for payment in books.payments:
        if payment.active and payment.sync_status == "Pending":
            weeks[_monday(payment.paid_on)][1].append(payment.id)
    for memo in books.credit_memos:
        weeks[_monday(memo.memo_date)][2].append(memo.id)
    for monday, (invoices, payments, memos) in sorted(weeks.items()):
        if monday <= sales.seed.dates.last:  # the week under way is open still
            at = f"{monday.isoformat()}T15:30:00.1234567Z"
            post_batch(books, batch(books, f"Week to {monday.isoformat()}", invoices, payments, at, memo_ids=memos), at)


def _monday(day: date) -> date:
    """The Monday after the week of ``day``."""
    return day + timedelta(days=7 - day.weekday())


def export_oldest(sales: Sales, count: int) -> None:
    """Some ledger had the first weeks already: invoices marked as exported, and the payments on them."""
    books = sales.books
    posted = sorted(
        (one.invoice_date, one.id) for one in books.invoices if one.sync_status == "Posted" and one.invoice_date
    )
    chosen = [number for _, number in posted[:count]]
    for number in chosen:
        books.invoicing.mark_exported(number, move_modified_on=False)
    sales.note("exported_before", *chosen)
    for payment in books.payments:
        if payment.sync_status == "Posted" and {one.invoice_id for one in payment.splits} & {*chosen}:
            books.collecting.set_status(payment.id, "Exported", move_modified_on=False)
            sales.note("exported_before", payment.id)
