"""The ordinary month: bills that can all be staged, of every shape, and vendor credits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.company.payables import catalogue as names
from ml_connector_sandbox.company.payables.books import CREDIT, Books, Ending
from ml_connector_sandbox.company.payables.truth import SKIPPED
from ml_connector_sandbox.zoho_books.books.documents import Bill, VendorCredit
from ml_connector_sandbox.zoho_books.books.purchases import set_credit_state

CASE = "ordinary"
APPLIED, VOID_CREDITS = 12, 3


def trade(books: Books, vendors: Sequence[str], count: int) -> None:
    """``count`` bills of ``vendors``, the first of them more often."""
    weights = [3 if place < 25 else 1 for place in range(len(vendors))]
    for place in range(count):
        vendor = books.chance.choices(vendors, weights)[0]
        shape = _shape(books, vendor, place)
        books.bill(shape.pop("case"), vendor, books.month.day(place * 7), shape.pop("lines"), **shape)


def _shape(books: Books, vendor: str, place: int) -> dict[str, Any]:
    """The bill's case, lines and further fields: every eighth or so is of a shape of its own."""
    contact = books.vendors[vendor]
    office = books.office_of(contact)
    lines = [_line(books, office) for _ in range(books.chance.choices((1, 2, 3, 5), (45, 30, 15, 10))[0])]
    kind = place % 16
    shape: dict[str, Any] = {"case": CASE, "lines": lines, "office": office}
    if kind in (1, 2, 3):  # tax on top of the rates, or in them
        tax = books.taxes["CA" if contact.currency_code == "CAD" else "US"]
        shape |= {"case": "inclusive" if kind == 1 else "exclusive", "is_inclusive_tax": kind == 1}
        for line in lines:
            line["tax_id"] = tax
    elif kind == 4:
        lines.append(books.line(names.FREIGHT, _amount(books, 900, 9000), f"{office} Office", description="Freight"))
        shape["case"] = "freight"
    elif kind == 5:
        shape |= {"case": "adjustment", "adjustment": Decimal("0.02"), "adjustment_description": "Rounding"}
    elif kind == 6:
        shape |= {"case": "discount", "discount": "5%" if place % 32 == 6 else 10}
    elif kind == 7:
        shape |= {"case": "line_discount", "discount_type": "item_level"}
        lines[0]["discount"] = "10%"
    elif kind in (8, 9):  # the centre on the head instead of on the lines
        shape |= {"case": "header_tag", "tags": [books.option(f"{office} Consulting")]}
        for line in lines:
            line.pop("tags")
    elif kind == 10:
        project = books.chance.choice(books.projects)
        lines[0] |= {"project_id": project.project_id, "customer_id": project.customer_id}
        shape["case"] = "project"
    elif kind == 11:
        lines[0] |= {"quantity": Decimal("2.5"), "rate": Decimal("41.3333")}
        shape["case"] = "quantity"
    elif kind in (12, 13):
        shape["case"] = _charged_elsewhere(books, lines, kind, place)
    return shape


def _charged_elsewhere(books: Books, lines: list[dict[str, Any]], kind: int, place: int) -> str:
    """Lines of no practice, where the firm has a rule for them: the office's, or the group's by code or number."""
    if kind == 13:
        lines[0]["tags"] = [books.option(names.BY_NUMBER if place % 32 == kind else names.BY_CODE)]
        return "group"
    if "cost_centers" not in books.mapping:
        return CASE
    for line in lines:
        line.pop("tags")
    return "office"


def _line(books: Books, office: str) -> dict[str, Any]:
    number, name = books.chance.choice(names.ACCOUNTS[:-1])
    practice = books.chance.choice(names.PRACTICES)[0]
    return books.line(number, _amount(books, 2_500, 480_000), f"{office} {practice}", description=name)


def _amount(books: Books, least: int, most: int) -> Decimal:
    return Decimal(books.chance.randrange(least, most)) / 100


def credit_vendors(books: Books, count: int) -> list[VendorCredit]:
    """``count`` vendor credits: some applied to open bills of theirs in full or in part, the last few void."""
    made = []
    payable = [one for one in _staged_bills(books) if one.currency_code != "EUR" and one.total > 200]
    for place in range(count):
        bill = payable[place * 11 % len(payable)]
        vendor = books.organisation.contacts.get(bill.vendor_id)
        if vendor is None:
            raise LookupError(f"the vendor of bill {bill.number} is not on record")
        on = min(bill.date + timedelta(days=3), books.month.last)
        office = books.office_of(vendor)
        line = books.line("6020", _amount(books, 1_500, 15_000), f"{office} Office", description="Returned goods")
        moment = books.moment(on)
        located = {"location_id": books.offices[office].location_id}
        credit = books.organisation.add_vendor_credit(vendor, on, [line], created=moment, **located)
        made.append(credit)
        _settle(books, credit, bill, place, count)
    return made


def _settle(books: Books, credit: VendorCredit, bill: Bill, place: int, count: int) -> None:
    ending = Ending()
    if place < APPLIED:
        amount = credit.total if place % 3 else credit.total / 2
        amount = amount.quantize(Decimal("0.01"))
        books.organisation.apply_credit(credit, bill, min(amount, bill.balance), books.moment(books.month.last))
    elif place >= count - VOID_CREDITS:
        stood = credit.modified
        set_credit_state(books.organisation, credit, "void")
        credit.modified = stood
        books.organisation.vendor_credits.put(credit)
        ending = Ending(ends=SKIPPED, reason="voided")
    books.note(credit, CREDIT, "credit", ending)


def _staged_bills(books: Books) -> list[Bill]:
    found = [one for one in books.organisation.bills if one.state == "open"]
    return [one for one in found if books.truth[one.document_id].ends == "staged"]
