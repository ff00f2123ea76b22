"""Entering, changing and deleting invoices and credit notes, with the checks the API makes."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from ml_connector_sandbox.zoho_books.books import choices, editions, lines, numbering, periods
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
from ml_connector_sandbox.zoho_books.books.masters import Contact
from ml_connector_sandbox.zoho_books.books.purchases import rate_of
from ml_connector_sandbox.zoho_books.books.sales_documents import CreditNote, Invoice, SalesDocument
from ml_connector_sandbox.zoho_books.books.sales_lines import read_sales_lines
from ml_connector_sandbox.zoho_books.books.sales_posting import post_customer_payment, post_sale
from ml_connector_sandbox.zoho_books.errors import Refused, invalid

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.records import Records

TEXT_LIMITS = {
    "notes": 5000,
    "terms": 10000,
    "adjustment_description": 100,
    "location_id": 0,
    "salesperson_name": 200,
    **dict.fromkeys(editions.SALES_FIELDS, 0),
}
MODULES: dict[type[SalesDocument], str] = {Invoice: "invoice", CreditNote: "creditnote"}
REFERENCE_LIMIT = 100
S = TypeVar("S", Invoice, CreditNote)


def create_invoice(
    books: Records, body: Body, *, own_number: bool = False, created: datetime | None = None, by: str = ""
) -> Invoice:
    """A new invoice, a draft and not yet in the ledger. Raises Refused."""
    customer = customer_of(books, body)
    moment = created or books.now()
    issued = day(body, "date", moment.astimezone(books.zone).date())
    terms = whole(body, "payment_terms", customer.payment_terms)
    invoice = Invoice(
        document_id=books.new_id(),
        customer_id=customer.contact_id,
        number="",
        date=issued,
        due_date=day(body, "due_date", issued + timedelta(days=max(0, terms))),
        payment_terms=terms,
        payment_terms_label=text(body, "payment_terms_label") or _label(terms, customer),
        currency_code=customer.currency_code,
        exchange_rate=rate_of(books, body, customer),
        created=moment,
        modified=moment,
        sequence=books.next_sequence(),
        created_by=by,
        modified_by=by,
    )
    _fill(books, invoice, body, new=True)
    _check_due(invoice)
    numbering.give_number(books, invoice, body, own_number)
    return enter(books, invoice)


def update_invoice(books: Records, old: Invoice, body: Body, *, own_number: bool = False, by: str = "") -> Invoice:
    """Change an invoice: fields not named stay, arrays are replaced as a whole. All or nothing. Raises Refused."""
    invoice = _copied(books, old, body)
    invoice.date = day(body, "date", old.date)
    if "payment_terms" in body:
        invoice.payment_terms = whole(body, "payment_terms", old.payment_terms)
        invoice.payment_terms_label = text(body, "payment_terms_label") or f"Net {invoice.payment_terms}"
    moved = "date" in body or "payment_terms" in body
    due = invoice.date + timedelta(days=max(0, invoice.payment_terms)) if moved else old.due_date
    invoice.due_date = day(body, "due_date", due)
    _fill(books, invoice, body, new=False)
    _check_due(invoice)
    if invoice.total < invoice.paid + invoice.credited:
        message = "The total is less than what payments and credits have covered."
        raise Refused(400, books.switches.payments_applied_code, message)
    numbering.give_number(books, invoice, body, own_number)
    return _changed(books, invoice, old, by)


def create_credit_note(
    books: Records, body: Body, *, own_number: bool = False, created: datetime | None = None, by: str = ""
) -> CreditNote:
    """A new credit note, open and in the ledger unless ``is_draft`` says otherwise. Raises Refused."""
    customer = customer_of(books, body)
    moment = created or books.now()
    note = CreditNote(
        document_id=books.new_id(),
        customer_id=customer.contact_id,
        number="",
        date=day(body, "date", moment.astimezone(books.zone).date()),
        currency_code=customer.currency_code,
        exchange_rate=rate_of(books, body, customer),
        created=moment,
        modified=moment,
        sequence=books.next_sequence(),
        created_by=by,
        modified_by=by,
        state="draft" if boolean(body, "is_draft", default=False) else "open",
    )
    _fill(books, note, body, new=True)
    numbering.give_number(books, note, body, own_number)
    return enter(books, note)


def update_credit_note(
    books: Records, old: CreditNote, body: Body, *, own_number: bool = False, by: str = ""
) -> CreditNote:
    """Change a credit note under the same rules as an invoice. Raises Refused."""
    note = _copied(books, old, body)
    note.date = day(body, "date", old.date)
    _fill(books, note, body, new=False)
    if note.total < note.credited + note.refunded:
        raise Refused(400, books.switches.payments_applied_code, "The total is less than the credits already used.")
    numbering.give_number(books, note, body, own_number)
    return _changed(books, note, old, by)


def set_custom(books: Records, document: SalesDocument, values: list[Body], by: str = "") -> None:
    """Set custom fields only; works whatever the status. Fields not named stay."""
    module = MODULES[type(document)]
    merged = {**document.custom, **choices.read_custom(books, module, values)}
    choices.check_custom(books, module, merged, document.document_id)
    choices.drop_unique(books, module, document.custom)
    document.custom = merged
    choices.file_unique(books, module, merged, document.document_id)
    touch(books, document, by)


def customer_by_id(books: Records, contact_id: str) -> Contact:
    """The customer of a document; a merged one is followed to its survivor. Raises Refused when there is none."""
    contact = books.contacts.get(books.merged.get(contact_id, contact_id))
    if contact is None:
        raise lines.unknown(books, "customer_id")
    return contact


def customer_of(books: Records, body: Body) -> Contact:
    """The customer a new document names: known, active, and a customer."""
    contact = books.contacts.get(required(body, "customer_id"))
    if contact is None or contact.contact_type != "customer":
        raise lines.unknown(books, "customer_id")
    if not contact.active:
        raise Refused(400, books.switches.inactive_code, f"The customer {contact.contact_name} is inactive.")
    return contact


def touch(books: Records, document: SalesDocument, by: str = "", moment: datetime | None = None) -> None:
    """Note a change of a document, now or at ``moment``, and post it again."""
    document.modified = max(moment or books.now(), document.modified)
    document.modified_by = by or document.modified_by
    put(books, document)


def put(books: Records, document: SalesDocument) -> None:
    """File a document and post it."""
    if isinstance(document, Invoice):
        books.invoices.put(document)
    elif isinstance(document, CreditNote):
        books.credit_notes.put(document)
    post_sale(books, document)


def enter(books: Records, document: S) -> S:
    """File a document with its unique values, and post it and what it is paid by."""
    put(books, document)
    choices.file_unique(books, MODULES[type(document)], document.custom, document.document_id)
    if isinstance(document, Invoice):
        for one in document.payments:  # at the invoice's rate, which may be another now
            post_customer_payment(books, one.made)
    return document


def _copied(books: Records, old: S, body: Body) -> S:
    """A copy to change, with customer and rate as the body has them. Raises Refused."""
    if old.state == "void":
        raise Refused(400, books.switches.wrong_status_code, "Void documents cannot be edited.")
    periods.require_open(books, "sales", old.date)
    copy = replace(old, lines=deepcopy(old.lines), texts=dict(old.texts), custom=dict(old.custom))
    if "customer_id" in body and text(body, "customer_id") != old.customer_id:
        customer = customer_of(books, body)
        if old.credits or (old.payments if isinstance(old, Invoice) else old.refunds):
            message = "The customer cannot be changed while payments or credits are applied."
            raise Refused(400, books.switches.payments_applied_code, message)
        copy.customer_id, copy.currency_code = customer.contact_id, customer.currency_code
        copy.exchange_rate = rate_of(books, body, customer)
    elif "exchange_rate" in body or "currency_id" in body:
        rate = rate_of(books, body, customer_by_id(books, copy.customer_id))
        copy.exchange_rate = rate if "exchange_rate" in body else copy.exchange_rate
    return copy


def _changed(books: Records, document: S, old: S, by: str) -> S:
    document.modified, document.modified_by = books.now(), by
    choices.drop_unique(books, MODULES[type(document)], old.custom)
    return enter(books, document)


def _fill(books: Records, document: SalesDocument, body: Body, new: bool) -> None:
    document.reference_number = text(body, "reference_number", REFERENCE_LIMIT, document.reference_number)
    document.is_inclusive_tax = boolean(body, "is_inclusive_tax", document.is_inclusive_tax)
    document.adjustment = decimal(body, "adjustment", document.adjustment)
    document.discount = discount(body, "discount", document.discount)
    document.discount_type = text(body, "discount_type", default=document.discount_type)
    document.is_discount_before_tax = boolean(body, "is_discount_before_tax", document.is_discount_before_tax)
    if document.discount_type not in ("entity_level", "item_level"):
        raise invalid("discount_type")
    document.texts |= {name: text(body, name, limit) for name, limit in TEXT_LIMITS.items() if name in body}
    lines.require_location(books, document.texts.get("location_id", ""))
    _fill_choices(books, document, body)
    if new or "line_items" in body:
        document.lines = read_sales_lines(books, objects(body, "line_items"), document)
    choices.require_tags(books, "sales", document.tags, [line.tags for line in document.lines])
    periods.require_open(books, "sales", document.date)
    editions.require(books, MODULES[type(document)], document, customer_by_id(books, document.customer_id))
    compute(document, books.arithmetic(document.currency_code, document.is_item_level_tax_calc))
    if document.total < 0:
        raise Refused(400, books.switches.negative_total_code, "The total amount cannot be negative.")


def _fill_choices(books: Records, document: SalesDocument, body: Body) -> None:
    module = MODULES[type(document)]
    if "tags" in body:
        document.tags = choices.read_tags(books, body, "transaction")
    if "custom_fields" in body:
        given = choices.read_custom(books, module, objects(body, "custom_fields"))
        document.custom = choices.merge_custom(books, document.custom, given)
    choices.check_custom(books, module, document.custom, document.document_id)


def _check_due(invoice: Invoice) -> None:
    if invoice.due_date < invoice.date:
        raise invalid("due_date")


def _label(terms: int, customer: Contact) -> str:
    if terms == customer.payment_terms:
        return customer.payment_terms_label
    return f"Net {terms}" if terms else "Due on Receipt"
