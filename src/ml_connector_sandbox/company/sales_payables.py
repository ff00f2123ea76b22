"""What vendors billed: payable bills keyed by hand in Xero for goods that ServiceTitan received, some of them otherwise.

Nothing is added to ServiceTitan's books. Every bill that is billed so far is of a vendor whom both sides know by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.company import catalogue as names
from ml_connector_sandbox.company.ordinary import CASE as ORDINARY
from ml_connector_sandbox.company.seed import ZERO, Seed
from ml_connector_sandbox.servicetitan.books import Bill
from ml_connector_sandbox.servicetitan.books.purchasing import cents
from ml_connector_sandbox.xero import OrganisationBooks
from ml_connector_sandbox.xero.books.documents import Document

MATCHED, NOT_BILLED, NOT_RECEIVED = "matched", "received_not_billed", "billed_not_received"
PRICE, SUGGESTED, SEVERAL = "price_difference", "match_suggested", "several_candidates"
_SURCHARGE = Decimal("17.50")
_BESIDE = "SERVICE "
_PAPER_TAKES = 4  # days from the goods to the bill
Line = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedTruth:
    """How a payable bill in Xero, or an inventory bill, must be found.

    ``bill_id``: the inventory bill, empty for what was never received; ``payables``: ids of the bills in Xero that may be
    it, one if it is matched.
    """

    case: str
    finding: str
    bill_id: str = ""
    payables: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For the hand-over file."""
        return {**asdict(self), "payables": list(self.payables)}


@dataclass(slots=True)
class _Desk:
    """Who keys vendors' bills in at Xero."""

    seed: Seed
    books: OrganisationBooks

    def bill(self, vendor: str, number: str, on: date, lines: Sequence[Line], **body: Any) -> Document:
        """A bill without tax of its own; what tax there is stands in a line, as ServiceTitan's costs have it."""
        [contact] = [one for one in self.books.contacts if one.name == vendor]
        with self.books.at(datetime.combine(on, time(20), UTC)):
            given = {"LineAmountTypes": "NoTax", "InvoiceNumber": number, **body}
            return self.books.desk.add_bill(contact, on, lines, **given)

    def copied(self, bill: Bill, number: str = "", lines: Sequence[Line] = (), **body: Any) -> Document:
        """A vendor's bill for what an inventory bill shows, some days later."""
        vendor = self.seed.tenant.vendors[bill.vendor_id].name
        on = min(bill.bill_date + timedelta(days=_PAPER_TAKES), self.seed.dates.last)
        return self.bill(vendor, number or _number(bill), on, lines or _lines(bill), **body)

    def order_number(self, bill: Bill) -> str:
        """The number of the order that it was received of."""
        assert bill.purchase_order_id is not None
        return self.seed.tenant.purchase_orders[bill.purchase_order_id].number


def bill_goods(seed: Seed, books: OrganisationBooks) -> list[TrackedTruth]:
    """Key in some sixty bills; how each of them, and each inventory bill that they are about, must be found."""
    desk = _Desk(seed, books)
    left = iter(_received(seed))
    found = [case(desk, bill) for case, count in _CASES for bill in _next(left, count)]
    return [*found, *_never_received(desk)]


def key_in(seed: Seed, books: OrganisationBooks, bill: Bill, dearer: Decimal = ZERO) -> Document:
    """Key in what a vendor billed for an inventory bill, now; ``dearer``: what its first line costs more."""
    [contact] = [one for one in books.contacts if one.name == seed.tenant.vendors[bill.vendor_id].name]
    first, *others = _lines(bill)
    lines = [_line(first["Description"], Decimal(first["UnitAmount"]) + dearer), *others]
    given = {"LineAmountTypes": "NoTax", "InvoiceNumber": _number(bill)}
    return books.desk.add_bill(contact, seed.dates.last, lines, **given)


def _next(left: Iterator[Bill], count: int) -> list[Bill]:
    return [next(left) for _ in range(count)]


def _received(seed: Seed) -> list[Bill]:
    """Ordinary bills of vendors whom Xero knows, the oldest first."""
    known = {seed.vendors[name].id for name in names.KNOWN}
    bills = (seed.tenant.bills[int(row.bill_id)] for row in seed.truth if row.case == ORDINARY)
    return sorted((one for one in bills if one.vendor_id in known), key=lambda one: (one.bill_date, one.id))


def _number(bill: Bill) -> str:
    assert bill.vendor_number
    return bill.vendor_number


def _lines(bill: Bill) -> list[Line]:
    """Its items at their value, and what is owed besides (tax, freight, cents) in one line."""
    goods = [(item.description or item.name, cents(item.quantity * item.cost)) for item in bill.items]
    rest = bill.amount(True) - sum((amount for _, amount in goods), ZERO)
    besides = [("Tax and freight", rest)] if rest else []
    return [_line(words, amount) for words, amount in (*goods, *besides)]


def _line(words: str, amount: Decimal) -> Line:
    return {"Description": words, "Quantity": 1, "UnitAmount": str(amount), "AccountCode": "5110"}


# --- cases -------------------------------------------------------------------------------------------------------


def _truth(case: str, finding: str, bill: Bill, *there: Document) -> TrackedTruth:
    payables = tuple(one.document_id for one in there)
    return TrackedTruth(case=case, finding=finding, bill_id=str(bill.id), payables=payables)


def _billed(desk: _Desk, bill: Bill) -> TrackedTruth:
    return _truth("billed", MATCHED, bill, desk.copied(bill))


def _spelled(desk: _Desk, bill: Bill) -> TrackedTruth:
    """The number in small letters, with blanks for dashes and zeros before its digits."""
    number = re.sub(r"(\d+)", r"00\1", _number(bill), count=1).lower().replace("-", " ")
    return _truth("spelled", MATCHED, bill, desk.copied(bill, number))


def _draft(desk: _Desk, bill: Bill) -> TrackedTruth:
    return _truth("draft", MATCHED, bill, desk.copied(bill, Status="DRAFT"))


def _twin_amount(desk: _Desk, bill: Bill) -> TrackedTruth:
    """Beside its bill there is one of the same vendor and amount for something else."""
    there = desk.copied(bill)
    desk.copied(bill, f"{_BESIDE}{bill.id}")
    return _truth("twin_amount", MATCHED, bill, there)


def _dearer(desk: _Desk, bill: Bill) -> TrackedTruth:
    first, *others = _lines(bill)
    dearer = _line(first["Description"], Decimal(first["UnitAmount"]) + _SURCHARGE)
    return _truth("dearer", PRICE, bill, desk.copied(bill, lines=[dearer, *others]))


def _by_order(desk: _Desk, bill: Bill) -> TrackedTruth:
    """Keyed in under the order's number, which is all that the vendor's statement shows."""
    return _truth("by_order", SUGGESTED, bill, desk.copied(bill, desk.order_number(bill)))


def _twice(desk: _Desk, bill: Bill) -> TrackedTruth:
    order = desk.order_number(bill)
    return _truth("twice", SEVERAL, bill, *(desk.copied(bill, f"{order} / {place}") for place in (1, 2)))


def _voided(desk: _Desk, bill: Bill) -> TrackedTruth:
    there = desk.copied(bill)
    with desk.books.at(datetime.combine(desk.seed.dates.last, time(21), UTC)):
        desk.books.desk.remove(there)
    return _truth("voided", NOT_BILLED, bill)


_CASES: tuple[tuple[Callable[[_Desk, Bill], TrackedTruth], int], ...] = (
    (_billed, 22), (_spelled, 6), (_draft, 3), (_twin_amount, 2), (_dearer, 7), (_by_order, 4), (_twice, 3), (_voided, 3),
)  # fmt: skip


def _never_received(desk: _Desk) -> list[TrackedTruth]:
    """Bills of known vendors that nothing came for; one of a stranger that names an order; one that is nobody's matter."""
    on, order = desk.seed.dates.day(9), desk.seed.tenant.purchase_orders
    found = [
        desk.bill(name, f"X-{90_100 + place}", on, [_line("Goods on account", Decimal(120 + place))])
        for place, name in enumerate(names.KNOWN[:5])
    ]
    [first, *_] = order
    words = f"Crane for your order {first.number}"
    found.append(desk.bill(names.LEDGER_VENDORS[1], "L-7", on, [_line(words, Decimal("415.00"))]))
    desk.bill(names.LEDGER_VENDORS[0], "E-2211", on, [_line("Electricity", Decimal("1288.40"))])
    beside = [one for one in desk.books.invoices if one.number.startswith(_BESIDE)]
    cases = [("never_received", one) for one in found] + [("twin_amount", one) for one in beside]
    return [TrackedTruth(case=case, finding=NOT_RECEIVED, payables=(one.document_id,)) for case, one in cases]
