"""Entering, changing, voiding and deleting bills and vendor credits, with the checks the API makes."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector_sandbox.zoho_books.books import choices, editions, lines, periods
from ml_connector_sandbox.zoho_books.books.arithmetic import compute
from ml_connector_sandbox.zoho_books.books.body import (
    Body,
    boolean,
    day,
    decimal,
    discount,
    objects,
    required,
    text,
    whole,
)
from ml_connector_sandbox.zoho_books.books.documents import Bill, PurchaseDocument, VendorCredit
from ml_connector_sandbox.zoho_books.books.masters import Contact
from ml_connector_sandbox.zoho_books.books.posting import post_document, post_payment
from ml_connector_sandbox.zoho_books.books.values import ZERO
from ml_connector_sandbox.zoho_books.errors import Refused, invalid

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.records import Records

# Lengths of header texts; the specification states few of them for bills, so most are uncertain.
TEXT_LIMITS = {
    "notes": 5000,
    "terms": 10000,
    "adjustment_description": 100,
    "location_id": 0,
    **dict.fromkeys(editions.PURCHASE_FIELDS, 0),
}
NUMBER_LIMIT = 100


def create_bill(books: Records, body: Body, created: datetime | None = None, by: str = "", state: str = "") -> Bill:
    """A new bill: open and posted, unless the organisation approves purchases first. Raises Refused.

    ``state``: what only the screens can make, such as a draft.
    """
    vendor = vendor_of(books, body)
    moment = created or books.now()
    issued = day(body, "date", moment.astimezone(books.zone).date())
    terms = whole(body, "payment_terms", vendor.payment_terms)
    bill = Bill(
        document_id=books.new_id(),
        vendor_id=vendor.contact_id,
        number=required(body, "bill_number", NUMBER_LIMIT),
        date=issued,
        due_date=day(body, "due_date", _due(issued, terms)),
        payment_terms=terms,
        payment_terms_label=text(body, "payment_terms_label") or _terms_label(terms, vendor),
        currency_code=vendor.currency_code,
        exchange_rate=rate_of(books, body, vendor),
        created=moment,
        modified=moment,
        sequence=books.next_sequence(),
        created_by=by,
        modified_by=by,
        state=state or (books.switches.approval_first_state if books.profile.purchase_approval else "open"),
    )
    _fill(books, bill, body, "bill", new=True)
    _check_bill(books, bill, None)
    return _enter_bill(books, bill)


def update_bill(books: Records, old: Bill, body: Body, by: str = "") -> Bill:
    """Change a bill: fields not named stay, nested arrays are replaced as a whole. All or nothing. Raises Refused."""
    if old.state == "void":
        raise Refused(400, books.switches.wrong_status_code, "Void bills cannot be edited.")
    periods.require_open(books, "purchase", old.date)
    bill = replace(old, lines=deepcopy(old.lines), texts=dict(old.texts), custom=dict(old.custom))
    if "vendor_id" in body and text(body, "vendor_id") != old.vendor_id:
        vendor = vendor_of(books, body)
        _unpaid(books, old, "edited")
        bill.vendor_id, bill.currency_code = vendor.contact_id, vendor.currency_code
        bill.exchange_rate = rate_of(books, body, vendor)
    elif "exchange_rate" in body:
        bill.exchange_rate = rate_of(books, body, vendor_by_id(books, bill.vendor_id))
    if "bill_number" in body:
        bill.number = required(body, "bill_number", NUMBER_LIMIT)
    _redate(bill, body)
    _fill(books, bill, body, "bill", new=False)
    _check_bill(books, bill, old)
    bill.modified, bill.modified_by = books.now(), by
    choices.drop_unique(books, "bill", old.custom)
    return _enter_bill(books, bill)


def set_bill_state(books: Records, bill: Bill, state: str, by: str = "") -> None:
    """Void a bill, or open a void one again. Raises Refused in a closed period or with payments applied."""
    if bill.state == state:
        raise Refused(400, books.switches.wrong_status_code, f"The bill is already {state}.")
    if state == "open" and bill.state in ("pending_approval", "rejected"):
        raise Refused(400, books.switches.wrong_status_code, f"The bill is {bill.state}; somebody has to approve it.")
    periods.require_open(books, "purchase", bill.date)
    if state == "void":
        _unpaid(books, bill, "voided")
    else:
        _number_free(books, bill)
    bill.state = state
    books.touch(bill, by)


def delete_bill(books: Records, bill: Bill) -> None:
    """Remove a bill for good. Raises Refused in a closed period or with payments applied."""
    periods.require_open(books, "purchase", bill.date)
    _unpaid(books, bill, "deleted")
    choices.drop_unique(books, "bill", bill.custom)
    books.bills.remove(bill)
    books.ledger.post(bill.document_id, ())


def set_bill_custom(books: Records, bill: Bill, values: list[Body], by: str = "") -> None:
    """Set custom fields only; works whatever the bill's status. Fields not named stay."""
    merged = {**bill.custom, **choices.read_custom(books, "bill", values)}
    choices.check_custom(books, "bill", merged, bill.document_id)
    choices.drop_unique(books, "bill", bill.custom)
    bill.custom = merged
    choices.file_unique(books, "bill", merged, bill.document_id)
    books.touch(bill, by)


def create_vendor_credit(books: Records, body: Body, created: datetime | None = None, by: str = "") -> VendorCredit:
    """A new vendor credit, open and posted. Without a number the next of the sequence is taken. Raises Refused."""
    vendor = vendor_of(books, body)
    moment = created or books.now()
    sequence = books.next_sequence()
    credit = VendorCredit(
        document_id=books.new_id(),
        vendor_id=vendor.contact_id,
        number=text(body, "vendor_credit_number", NUMBER_LIMIT) or f"VC-{len(books.vendor_credits) + 1:05d}",
        date=day(body, "date", moment.astimezone(books.zone).date()),
        currency_code=vendor.currency_code,
        numbered_in_sequence=not text(body, "vendor_credit_number", NUMBER_LIMIT),
        exchange_rate=rate_of(books, body, vendor),
        created=moment,
        modified=moment,
        sequence=sequence,
        created_by=by,
        modified_by=by,
    )
    _fill(books, credit, body, "vendor_credit", new=True)
    return _enter_credit(books, credit)


def update_vendor_credit(books: Records, old: VendorCredit, body: Body, by: str = "") -> VendorCredit:
    """Change a vendor credit under the same rules as a bill. Raises Refused."""
    if old.state == "void":
        raise Refused(400, books.switches.wrong_status_code, "Void vendor credits cannot be edited.")
    periods.require_open(books, "purchase", old.date)
    credit = replace(old, lines=deepcopy(old.lines), texts=dict(old.texts), custom=dict(old.custom))
    if "vendor_credit_number" in body:
        credit.number = required(body, "vendor_credit_number", NUMBER_LIMIT)
        credit.numbered_in_sequence = False
    credit.date = day(body, "date", credit.date)
    _fill(books, credit, body, "vendor_credit", new=False)
    if credit.total < credit.credited:
        raise invalid("total")
    credit.modified, credit.modified_by = books.now(), by
    choices.drop_unique(books, "vendor_credit", old.custom)
    return _enter_credit(books, credit)


def set_credit_state(books: Records, credit: VendorCredit, state: str, by: str = "") -> None:
    """Void a vendor credit or open it again; refused while applied to bills."""
    if credit.state == state:
        raise Refused(400, books.switches.wrong_status_code, f"The vendor credit is already {state}.")
    periods.require_open(books, "purchase", credit.date)
    _unapplied(books, credit)
    credit.state, credit.modified, credit.modified_by = state, books.now(), by or credit.modified_by
    books.vendor_credits.put(credit)
    post_document(books, credit)


def delete_vendor_credit(books: Records, credit: VendorCredit) -> None:
    """Remove a vendor credit for good; refused while applied to bills."""
    periods.require_open(books, "purchase", credit.date)
    _unapplied(books, credit)
    choices.drop_unique(books, "vendor_credit", credit.custom)
    books.vendor_credits.remove(credit)
    books.ledger.post(credit.document_id, ())


def vendor_by_id(books: Records, contact_id: str) -> Contact:
    """The contact of a document; a merged one is followed to its survivor."""
    contact = books.contacts.get(books.merged.get(contact_id, contact_id))
    if contact is None:
        raise Refused(400, books.switches.unknown_reference_code, "Invalid value passed for vendor_id")
    return contact


def vendor_of(books: Records, body: Body) -> Contact:
    """The vendor a new document names: known, active, and a vendor."""
    vendor_id = required(body, "vendor_id")
    contact = books.contacts.get(vendor_id)
    if contact is None or contact.contact_type != "vendor":
        raise Refused(400, books.switches.unknown_reference_code, "Invalid value passed for vendor_id")
    if not contact.active:
        raise Refused(400, books.switches.inactive_code, f"The vendor {contact.contact_name} is inactive.")
    return contact


def rate_of(books: Records, body: Body, vendor: Contact) -> Decimal:
    """Base units per unit of the document's currency, which follows the contact. Always 1 in base currency."""
    currency = books.currencies[vendor.currency_code]
    wanted = text(body, "currency_id")
    if wanted and wanted != currency.currency_id and books.switches.other_currency_refused:
        raise invalid("currency_id")
    if currency.is_base:
        return Decimal(1)
    rate = decimal(body, "exchange_rate", currency.rate_on(day(body, "date", books.today())))
    if rate <= 0:
        raise invalid("exchange_rate")
    return rate


def fiscal_year(books: Records, on: date) -> int:
    """The year in which the fiscal year of a date began."""
    return on.year if on.month >= books.profile.fiscal_year_start else on.year - 1


def _fill(books: Records, document: PurchaseDocument, body: Body, module: str, new: bool) -> None:
    document.reference_number = text(body, "reference_number", NUMBER_LIMIT, document.reference_number)
    document.is_inclusive_tax = boolean(body, "is_inclusive_tax", document.is_inclusive_tax)
    document.is_item_level_tax_calc = boolean(body, "is_item_level_tax_calc", document.is_item_level_tax_calc)
    document.adjustment = decimal(body, "adjustment", document.adjustment)
    document.discount = discount(body, "discount", document.discount)
    document.discount_type = text(body, "discount_type", default=document.discount_type)
    document.is_discount_before_tax = boolean(body, "is_discount_before_tax", document.is_discount_before_tax)
    if document.discount_type not in ("entity_level", "item_level"):
        raise invalid("discount_type")
    document.texts |= {name: text(body, name, limit) for name, limit in TEXT_LIMITS.items() if name in body}
    lines.require_location(books, document.texts.get("location_id", ""))
    _fill_choices(books, document, body, module)
    if new or "line_items" in body:
        document.lines = lines.read_lines(books, objects(body, "line_items"), document)
    choices.require_tags(books, "purchases", document.tags, [line.tags for line in document.lines])
    periods.require_open(books, "purchase", document.date)
    editions.require(books, module, document, vendor_by_id(books, document.vendor_id))
    compute(document, books.arithmetic(document.currency_code, document.is_item_level_tax_calc))
    if document.total < 0:
        raise Refused(400, books.switches.negative_total_code, "The total amount cannot be negative.")


def _fill_choices(books: Records, document: PurchaseDocument, body: Body, module: str) -> None:
    if "tags" in body:
        document.tags = choices.read_tags(books, body, "transaction")
    if "custom_fields" in body:
        given = choices.read_custom(books, module, objects(body, "custom_fields"))
        document.custom = choices.merge_custom(books, document.custom, given)
    choices.check_custom(books, module, document.custom, document.document_id)


def _redate(bill: Bill, body: Body) -> None:
    """A new date or new terms move the due date, unless the body says it."""
    bill.date = day(body, "date", bill.date)
    if "payment_terms" in body:
        bill.payment_terms = whole(body, "payment_terms", bill.payment_terms)
        bill.payment_terms_label = text(body, "payment_terms_label") or f"Net {bill.payment_terms}"
    moved = "date" in body or "payment_terms" in body
    bill.due_date = day(body, "due_date", _due(bill.date, bill.payment_terms) if moved else bill.due_date)


def _check_bill(books: Records, bill: Bill, old: Bill | None) -> None:
    if bill.due_date < bill.date:
        raise invalid("due_date")
    if bill.total < bill.paid + bill.credited:
        raise Refused(400, books.switches.payments_applied_code, "The total is less than the amount already paid.")
    changed = old is None or (old.vendor_id, old.number, old.date) != (bill.vendor_id, bill.number, bill.date)
    if changed:
        _number_free(books, bill)


def _number_free(books: Records, bill: Bill) -> None:
    """A bill number is used once per vendor and fiscal year."""
    year = fiscal_year(books, bill.date)
    for other in books.bills.having("bill_number", bill.number):
        ignored = other.document_id == bill.document_id or (books.switches.void_frees_number and other.state == "void")
        if not ignored and other.vendor_id == bill.vendor_id and fiscal_year(books, other.date) == year:
            message = f"A bill with the number {bill.number} has already been created for this vendor."
            raise Refused(400, books.switches.duplicate_bill_code, message)


def _enter_bill(books: Records, bill: Bill) -> Bill:
    if bill.state == "open" and bill.total == ZERO:
        bill.state = books.switches.zero_total_status
    elif bill.state == "paid" and bill.total != ZERO:
        bill.state = "open"
    books.bills.put(bill)
    choices.file_unique(books, "bill", bill.custom, bill.document_id)
    post_document(books, bill)
    for one in bill.payments:  # at the bill's rate, which may be another now
        post_payment(books, one.made)
    return bill


def _enter_credit(books: Records, credit: VendorCredit) -> VendorCredit:
    books.vendor_credits.put(credit)
    choices.file_unique(books, "vendor_credit", credit.custom, credit.document_id)
    post_document(books, credit)
    return credit


def _unpaid(books: Records, bill: Bill, action: str) -> None:
    if bill.payments or bill.credits:
        message = f"Bills with payments or credits applied cannot be {action}."
        raise Refused(400, books.switches.payments_applied_code, message)


def _unapplied(books: Records, credit: VendorCredit) -> None:
    if credit.credits:
        message = "The vendor credit is applied to bills."
        raise Refused(400, books.switches.payments_applied_code, message)


def _due(issued: date, terms: int) -> date:
    return issued + timedelta(days=max(0, terms))


def _terms_label(terms: int, vendor: Contact) -> str:
    if terms == vendor.payment_terms:
        return vendor.payment_terms_label
    return f"Net {terms}" if terms else "Due on Receipt"
