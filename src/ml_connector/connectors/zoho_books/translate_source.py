"""Zoho's documents as a source hands them on: with tags, places and projects of lines, credits applied, and payments.

As a target Zoho Books is read with ``translate`` alone, so that what stands in its directory does not change with what
a source tells besides. Amounts, signs and errors as there; bank details are never looked at.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from msgspec.structs import replace

from ml_connector.canonical.master_data import Dimension, Party, Person
from ml_connector.canonical.money import ZERO, is_exact, rounded, split, total
from ml_connector.canonical.parts import Allocation, Ref, TaxBasis
from ml_connector.canonical.purchases import Bill, BillLine
from ml_connector.canonical.sales import Payment
from ml_connector.connectors.json_fields import Fields, amount, children, needed, needed_amount, text
from ml_connector.connectors.zoho_books import translate
from ml_connector.connectors.zoho_books.values import day

# Words for how long ago, and the history whose rows bear them: they change from one day, or minute, to the next although
# the document does not, and would make every reading a new version.
PASSING = frozenset(["comments", "due_in_days", "due_by_days", "due_days"])
UNKEPT = PASSING | translate.BANK_DETAILS
# Of a payment's own workflow; nothing was paid yet, or never will be.
_NOT_PAID = frozenset(["draft", "pending_approval", "approved", "rejected", "void"])


def bill(row: Fields, field: str) -> Bill:
    """A bill with all that its answer tells; a list row has no lines. Raises Unreadable."""
    document = _told(translate.bill(row, field), row, 1)
    credits = translate.applied(row, "vendor_credits", "vendor_credit_id", "vendor_credit_number")
    order = next(iter(children(row, "purchaseorders")), {})
    if text(order, "purchaseorder_id"):
        document = replace(
            document, purchase_order=Ref(text(order, "purchaseorder_id"), number=text(order, "purchaseorder_number"))
        )
    paid = (
        None if document.balance is None else document.total - document.balance - total(one.amount for one in credits)
    )
    return replace(document, credits=credits, paid=paid)


def vendor_credit(row: Fields, field: str) -> Bill:
    """A vendor credit, every amount negated; its ``credits`` are the bills it is applied to. Raises Unreadable."""
    return _told(translate.vendor_credit(row, field), row, -1)


def vendor_payment(row: Fields, field: str) -> Payment:
    """A payment to a vendor; a list row shows no allocations. Raises Unreadable.

    An allocation is as old as the payment: Zoho tells no day of its own. Void is what the API's pages name nowhere among a
    payment's states; it is taken at its word.
    """
    status = text(row, "status").lower()
    paid_on = day(row, "date")
    return Payment(
        id=needed(row, "payment_id"),
        party=Ref(needed(row, "vendor_id"), text(row, "vendor_name")),
        amount=needed_amount(row, "amount"),
        date=paid_on,
        currency=text(row, "currency_code"),
        method=Ref(name=text(row, "payment_mode")),
        number=text(row, "reference_number") or text(row, "payment_number"),
        memo=text(row, "description"),
        splits=tuple(_split(one, paid_on) for one in children(row, "bills")),
        unapplied=amount(row, "balance"),
        bank_account=Ref(text(row, "paid_through_account_id"), text(row, "paid_through_account_name")),
        state=status,
        posted=status not in _NOT_PAID,
        active=status != "void",
        exchange_rate=amount(row, "exchange_rate") or None,
        reference=translate.reference(row, field),
        stamp=text(row, "last_modified_time"),
        to_vendor=True,
    )


def party(row: Fields, field: str) -> Party:
    """A contact with its other persons, and its terms by name. Raises Unreadable."""
    document = translate.party(row, field)
    first = text(row, "primary_contact_id")
    others = [one for one in children(row, "contact_persons") if not _is_first(one, first)]
    return replace(document, persons=tuple(map(_person, others)), terms=text(row, "payment_terms_label"))


def project(row: Fields) -> Dimension:
    """A project, as a dimension, with the customer who is named with it. Raises Unreadable."""
    return Dimension(
        id=needed(row, "project_id"),
        party=Ref(text(row, "customer_id"), text(row, "customer_name")),
        kind="project",
        name=needed(row, "project_name"),
        active=text(row, "status") not in ("inactive", "completed"),
    )


def _is_first(person: Fields, first: str) -> bool:
    return person.get("is_primary_contact") is True or (bool(first) and text(person, "contact_person_id") == first)


def _person(row: Fields) -> Person:
    return Person(
        needed(row, "contact_person_id"),
        text(row, "first_name"),
        text(row, "last_name"),
        text(row, "email"),
        text(row, "phone") or text(row, "mobile"),
    )


def _split(row: Fields, on: dt.date | None) -> Allocation:
    document = Ref(needed(row, "bill_id"), number=text(row, "bill_number"))
    return Allocation(text(row, "bill_payment_id"), document, needed_amount(row, "amount_applied"), on)


def _told(document: Bill, row: Fields, sign: int) -> Bill:
    """What bills and vendor credits tell alike besides."""
    document = replace(document, status=text(row, "status"), terms=text(row, "payment_terms_label"))
    if not document.complete:
        return document
    header, shown = translate.tags(row), children(row, "line_items")
    lines = [_line(line, own, document.location, header) for line, own in zip(document.lines, shown, strict=True)]
    if document.tax_basis is TaxBasis.INCLUSIVE:
        lines = _with_tax(lines, [_contained(one) for one in shown], _tax(row), document.currency)
        lines = [replace(line, tax=sign * line.tax if line.tax else ZERO) for line in lines]
    return replace(document, lines=tuple(lines))


def _line(line: BillLine, row: Fields, location: Ref, header: tuple[Ref, ...]) -> BillLine:
    """A tag of the document stands on every line that has no option of that tag, its location on lines without one."""
    tagged = tuple(one for one in line.dimensions if one.number != translate.PROJECT)
    own = {one.number for one in tagged}
    return replace(
        line,
        dimensions=(*tagged, *(one for one in header if one.number not in own)),
        location=line.location if line.location.id else location,
        job=Ref(text(row, "project_id"), text(row, "project_name")),
    )


def _contained(row: Fields) -> Decimal:
    """The tax inside of a line of a tax-inclusive document: as stated, else what gross and net differ by, else by its rate.

    Lines of some answers show their gross amount alone, as ``item_total``.
    """
    if taxes := children(row, "line_item_taxes"):
        return total(amount(tax, "tax_amount") for tax in taxes)
    gross, net = amount(row, "item_total_inclusive_of_tax"), amount(row, "item_total")
    if gross and gross != net:
        return gross - net
    return net - net / (1 + amount(row, "tax_percentage") / 100)


def _with_tax(lines: list[BillLine], contained: list[Decimal], tax: Decimal, currency: str) -> list[BillLine]:
    """Lines with the tax that is in each, together the document's to the cent.

    Where they do not come to it by themselves (tax is rounded once, or a discount on the document has lowered it), the
    document's tax is spread by what they contain.
    """
    exact = tuple(rounded(one, currency) for one in contained)
    spreads = is_exact(tax, currency) and any(contained) and all(one >= 0 for one in contained)
    if total(exact) != tax and spreads:
        exact = split(tax, contained, currency)
    return [replace(line, tax=one) for line, one in zip(lines, exact, strict=True)]


def _tax(row: Fields) -> Decimal:
    return amount(row, "tax_total") or total(amount(tax, "tax_amount") for tax in children(row, "taxes"))


def as_kept(row: Fields) -> dict[str, object]:
    """A document as it may be stored: without bank details, and without what passes by itself."""
    return {name: value for name, value in row.items() if name not in UNKEPT}
