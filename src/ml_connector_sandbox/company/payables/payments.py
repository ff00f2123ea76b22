"""Paying the month's bills: in full, in part, several at once, in advance, and money that came back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from ml_connector_sandbox.company.payables import catalogue as names
from ml_connector_sandbox.company.payables.books import Books
from ml_connector_sandbox.company.payables.masters import addressless, rate_of
from ml_connector_sandbox.company.payables.truth import HELD, SKIPPED, STAGED, PaymentTruth
from ml_connector_sandbox.zoho_books.books import payments as rules
from ml_connector_sandbox.zoho_books.books.documents import Bill, VendorPayment

# How many payments of each kind, in the whole month; the rest are single payments in full.
MULTI, PARTLY, ON_HELD, OTHER_METHOD, APPLIED, UNAPPLIED, REFUNDED = 40, 25, 6, 2, 10, 7, 3
CENT = Decimal("0.01")


def pay(books: Books, count: int) -> None:
    """``count`` payments. Bills that wait or are left out are paid too, a few of them."""
    open_bills = _by_vendor(books)
    _several(books, open_bills, MULTI)
    singles = [one for rows in open_bills.values() for one in rows]
    books.chance.shuffle(singles)
    made = MULTI + 2 * PARTLY + ON_HELD + OTHER_METHOD + APPLIED + UNAPPLIED + REFUNDED
    for bill in _take(singles, PARTLY):
        half = (bill.balance / 2).quantize(CENT)
        for amount in (half, half / 2):
            _paid(books, "part", [(bill, amount.quantize(CENT))])
    for bill in _take(singles, OTHER_METHOD):
        _paid(books, "other_method", [(bill, bill.balance)], mode=names.UNMAPPED_METHOD)
    for bill in _take(singles, APPLIED):
        _advance_applied(books, bill)
    _advances(books, singles)
    for bill in _held(books)[:ON_HELD]:
        _paid(books, "bill_held", [(bill, bill.balance)])
    for bill in _take(singles, count - made):
        _paid(books, "full", [(bill, bill.balance)])


def pay_few(books: Books) -> None:
    """For the fault matrix: a bill in full, one in part, and an advance that nobody applied."""
    owed = [one for rows in _by_vendor(books).values() for one in rows]
    first, second, *_ = owed
    _paid(books, "full", [(first, first.balance)], mode="Bank Transfer")
    _paid(books, "part", [(second, Decimal(20))], mode="Check")
    made = _made(books, first.vendor_id, Decimal(400), books.month.day(9), (), "Bank Transfer")
    note(books, made, "advance")


def pay_every(books: Books, other: int) -> None:
    """Pay every ``other``-th bill that is owed and can be staged in full, each by a payment of its own."""
    owed = [one for rows in _by_vendor(books).values() for one in rows]
    for bill in owed[::other]:
        _paid(books, "full", [(bill, bill.balance)])


def _by_vendor(books: Books) -> dict[str, list[Bill]]:
    """Bills of vendors that are owed and may be staged, oldest first."""
    found: dict[str, list[Bill]] = defaultdict(list)
    for bill in sorted(books.organisation.bills, key=lambda one: (one.date, one.sequence)):
        if bill.state == "open" and bill.balance > 0 and books.truth[bill.document_id].ends == STAGED:
            found[bill.vendor_id].append(bill)
    return found


def _held(books: Books) -> list[Bill]:
    found = [one for one in books.organisation.bills if books.truth[one.document_id].ends == HELD and one.balance > 0]
    return found[::3]


def _take(rows: list[Bill], count: int) -> list[Bill]:
    """The next ``count``. Raises LookupError when the month has too few."""
    if len(rows) < count:
        raise LookupError(f"{count} more bills are to be paid, and {len(rows)} are left")
    taken = rows[:count]
    del rows[:count]
    return taken


def _several(books: Books, open_bills: dict[str, list[Bill]], count: int) -> None:
    """One payment of two to four bills; the last of them in part every other time."""
    many = [rows for rows in open_bills.values() if len(rows) >= 3]
    place = 0
    while place < count:
        rows = many[place % len(many)]
        if len(rows) < 2:
            many.remove(rows)
            continue
        taken = _take(rows, min(len(rows), 2 + place % 3))
        parts = [(one, one.balance) for one in taken]
        if place % 2:
            last = parts[-1][0]
            parts[-1] = (last, (last.balance * Decimal("0.4")).quantize(CENT))
        _paid(books, "several", parts)
        place += 1


def _paid(books: Books, case: str, parts: Sequence[tuple[Bill, Decimal]], mode: str = "") -> VendorPayment:
    last = max(bill.date for bill, _ in parts)
    on = min(last + timedelta(days=books.chance.randrange(2, 20)), books.month.today - timedelta(days=2))
    amount = sum((part for _, part in parts), Decimal(0))
    made = _made(books, parts[0][0].vendor_id, amount, on, parts, mode)
    note(books, made, case)
    return made


def _made(
    books: Books, vendor_id: str, amount: Decimal, on: date, parts: Sequence[tuple[Bill, Decimal]], mode: str = ""
) -> VendorPayment:
    vendor = books.organisation.contacts.get(vendor_id)
    if vendor is None:
        raise LookupError(f"vendor {vendor_id} is not on record")
    way = mode or books.chance.choices(list(names.METHODS), (70, 18, 10, 2))[0]
    through = "2010" if way == "Credit Card" else "1020" if vendor.currency_code == "CAD" else "1010"
    number = len(books.organisation.vendor_payments) + 1
    return books.organisation.add_payment(
        vendor, amount, on, parts, books.accounts[through].account_id, created=books.moment(on), payment_mode=way,
        reference_number=f"{70_000 + number}" if way == "Check" else f"PAY-{number:05d}" if number % 9 else "",
        exchange_rate=rate_of(vendor.currency_code),
    )  # fmt: skip


def _advance_applied(books: Books, bill: Bill) -> None:
    """Paid before the bill came; applied to it days later, with something left every other time."""
    early = max(bill.date - timedelta(days=9), books.month.first)
    more = Decimal(50) if bill.sequence % 2 else Decimal(0)
    made = _made(books, bill.vendor_id, bill.balance + more, early, ())
    rules.apply_advance(books.organisation, made, bill, bill.balance, books.moment(bill.date + timedelta(days=3)))
    note(books, made, "advance_applied")


def _advances(books: Books, bills: list[Bill]) -> None:
    """Advances that no bill took yet, and some whose money came back."""
    for place, bill in enumerate(bills[: UNAPPLIED + REFUNDED]):
        on = books.month.day(3 * place)
        made = _made(books, bill.vendor_id, Decimal(400 + 25 * place), on, ())
        if place >= UNAPPLIED:
            back = {
                "amount": made.amount if place % 2 else made.amount / 2, "to_account_id": made.paid_through_account_id,
                "date": (on + timedelta(days=4)).isoformat(), "refund_mode": "Bank Transfer",
            }  # fmt: skip
            rules.refund(books.organisation, made, back, books.moment(on + timedelta(days=4)))
        note(books, made, "refunded" if place >= UNAPPLIED else "advance")


def note(books: Books, made: VendorPayment, case: str) -> None:
    """A payment is staged when all its bills are; what it lacks itself is told before what it waits for."""
    vendor = books.organisation.contacts.get(made.vendor_id)
    reason = ""
    if not made.applied:
        reason = "refunded" if not made.balance else "not_applied"
    elif made.payment_mode not in books.mapping["payment_methods"]:
        reason = "method_unmapped"
    elif vendor is not None and vendor.contact_name in addressless(books):
        reason = "remit_to_missing"
    elif any(books.truth[part.bill_id].ends != STAGED for part in made.applied):
        reason = "bill_waits"
    rows = () if reason else tuple((part.bill_id, part.amount) for part in made.applied)
    books.payment_truth.append(
        PaymentTruth(
            payment_id=made.payment_id,
            case=case,
            ends=STAGED if not reason else SKIPPED if not made.applied else HELD,
            amount=made.amount,
            currency=made.currency_code,
            vendor_id=made.vendor_id,
            reason=reason,
            rows=rows,
        )
    )
