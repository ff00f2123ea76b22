"""Entering, changing, merging and deleting customers and vendors."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from ml_connector_sandbox.zoho_books.books import choices
from ml_connector_sandbox.zoho_books.books.body import Body, boolean, decimal, objects, required, text, whole
from ml_connector_sandbox.zoho_books.books.masters import Contact
from ml_connector_sandbox.zoho_books.books.merging import move_documents
from ml_connector_sandbox.zoho_books.books.persons import read_persons
from ml_connector_sandbox.zoho_books.errors import Refused, invalid

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.records import Records

NAME_LIMIT = 200
TEXTS = {
    "company_name": 200,
    "website": 200,
    "notes": 5000,
    "contact_number": 100,
    "language_code": 10,
    "customer_sub_type": 0,
    "tax_id": 0,
    "tax_exemption_id": 0,
    "tax_exemption_code": 0,
    "tax_authority_id": 0,
    "tax_id_type": 0,
    "tax_id_value": 0,
    "vat_reg_no": 0,
    "vat_treatment": 0,
    "tax_reg_no": 0,
    "tax_treatment": 0,
    "gst_no": 0,
    "gst_treatment": 0,
    "place_of_contact": 0,
    "twitter": 100,
    "facebook": 100,
}
ADDRESS = {
    "attention": 100,
    "address": 500,
    "street2": 255,
    "city": 100,
    "state_code": 0,
    "state": 100,
    "zip": 50,
    "country": 100,
    "country_code": 0,
    "phone": 50,
    "fax": 50,
}
TAX_ID_TYPES = {"", "SSN", "ATIN", "ITIN", "EIN"}


def create(books: Records, body: Body, created: datetime | None = None) -> Contact:
    """A new contact. Raises Refused."""
    moment = created or books.now()
    kind = text(body, "contact_type", default="customer") or "customer"
    if kind not in ("customer", "vendor"):
        raise invalid("contact_type")
    contact = Contact(
        contact_id=books.new_id(),
        contact_name="",
        contact_type=kind,
        currency_code=books.profile.currency_code,
        created=moment,
        modified=moment,
        sequence=books.next_sequence(),
        ids={name: books.new_id() for name in ("billing", "shipping", "entity")},
    )
    required(body, "contact_name", NAME_LIMIT)
    return _fill(books, contact, body)


def update(books: Records, old: Contact, body: Body) -> Contact:
    """Change a contact: what the body does not name stays. All or nothing. Raises Refused."""
    contact = replace(
        old,
        texts=dict(old.texts),
        billing_address=dict(old.billing_address),
        shipping_address=dict(old.shipping_address),
        custom=dict(old.custom),
        modified=books.now(),
    )
    if "contact_type" in body and text(body, "contact_type") != old.contact_type:
        if has_transactions(books, old):
            raise invalid("contact_type")
        contact.contact_type = text(body, "contact_type")
    return _fill(books, contact, body, old)


def set_active(books: Records, contact: Contact, active: bool) -> None:
    """Mark active or inactive; doing it twice is harmless. Raises Refused where a switch says so."""
    if not active and books.switches.refuse_inactive_with_open and _has_open(books, contact):
        message = "The contact has open transactions and cannot be marked as inactive."
        raise Refused(400, books.switches.has_transactions_code, message)
    contact.active, contact.modified = active, books.now()
    books.contacts.put(contact)


def delete(books: Records, contact: Contact) -> None:
    """Remove a contact that no document names. Raises Refused."""
    if has_transactions(books, contact):
        message = "The contact has transactions and cannot be deleted. Mark it as inactive instead."
        raise Refused(400, books.switches.has_transactions_code, message)
    choices.drop_unique(books, "contact", contact.custom)
    books.contacts.remove(contact)


def merge(books: Records, duplicate: Contact, survivor: Contact) -> None:
    """Move every document of ``duplicate`` to ``survivor`` and remove ``duplicate``. Raises Refused."""
    if duplicate is survivor or duplicate.contact_type != survivor.contact_type:
        raise invalid(books.switches.merge_parameter)
    if duplicate.currency_code != survivor.currency_code:
        raise invalid("currency_id")
    books.merged[duplicate.contact_id] = survivor.contact_id
    move_documents(books, duplicate.contact_id, survivor.contact_id)
    choices.drop_unique(books, "contact", duplicate.custom)
    books.contacts.remove(duplicate)


def has_transactions(books: Records, contact: Contact) -> bool:
    """Does any document name the contact."""
    key = contact.contact_id
    bought = any(one.having("vendor_id", key) for one in (books.bills, books.vendor_credits, books.vendor_payments))
    sold = (books.invoices, books.credit_notes, books.customer_payments)
    spent = (books.expenses.having(name, key) for name in ("vendor_id", "customer_id"))
    return bought or any(one.having("customer_id", key) for one in sold) or any(spent)


def _has_open(books: Records, contact: Contact) -> bool:
    key = contact.contact_id
    owed = any(one.balance and one.state != "void" for one in books.bills.having("vendor_id", key))
    return owed or any(one.balance and one.state != "void" for one in books.invoices.having("customer_id", key))


def _fill(books: Records, contact: Contact, body: Body, old: Contact | None = None) -> Contact:
    if "contact_name" in body:
        contact.contact_name = required(body, "contact_name", NAME_LIMIT)
    if old is None or old.contact_name != contact.contact_name:
        _name_free(books, contact)
    contact.texts |= {name: text(body, name, limit) for name, limit in TEXTS.items() if name in body}
    if contact.texts.get("tax_id_type", "") not in TAX_ID_TYPES:
        raise invalid("tax_id_type")
    _currency(books, contact, body)
    _terms(contact, body)
    contact.track_1099 = boolean(body, "track_1099", contact.track_1099)
    contact.is_taxable = boolean(body, "is_taxable", contact.is_taxable)
    _credit_limit(contact, body)
    _addresses(contact, body)
    if "contact_persons" in body:
        contact.persons = read_persons(books, contact, objects(body, "contact_persons"))
    if "tags" in body:
        contact.tags = choices.read_tags(books, body)
    _custom(books, contact, body)
    books.contacts.put(contact)
    return contact


def _custom(books: Records, contact: Contact, body: Body) -> None:
    held = dict(contact.custom)
    if "custom_fields" in body:
        given = choices.read_custom(books, "contact", objects(body, "custom_fields"))
        contact.custom = choices.merge_custom(books, contact.custom, given)
    choices.check_custom(books, "contact", contact.custom, contact.contact_id)
    choices.drop_unique(books, "contact", held)
    choices.file_unique(books, "contact", contact.custom, contact.contact_id)


def _name_free(books: Records, contact: Contact) -> None:
    if books.switches.duplicate_contact_names:
        return
    others = books.contacts.having("name", contact.contact_name.casefold())
    if any(one.contact_id != contact.contact_id for one in others):
        message = (
            f'The {contact.contact_type} "{contact.contact_name}" already exists. Please specify a different name.'
        )
        raise Refused(400, 3062, message)


def _currency(books: Records, contact: Contact, body: Body) -> None:
    code = text(body, "currency_code")
    currency_id = text(body, "currency_id")
    if not code and not currency_id:
        return
    currency = books.currencies.get(code) if code else books.currency_by_id(currency_id)
    if currency is None:
        raise invalid("currency_id")
    if currency.currency_code != contact.currency_code and has_transactions(books, contact):
        raise invalid("currency_id")
    contact.currency_code = currency.currency_code


def _credit_limit(contact: Contact, body: Body) -> None:
    """Blank takes the limit off."""
    if "credit_limit" not in body:
        return
    contact.credit_limit = decimal(body, "credit_limit") if text(body, "credit_limit") else None
    if contact.credit_limit is not None and contact.credit_limit < 0:
        raise invalid("credit_limit")


def _terms(contact: Contact, body: Body) -> None:
    if "payment_terms" in body:
        contact.payment_terms = whole(body, "payment_terms", 0)
        contact.payment_terms_label = f"Net {contact.payment_terms}" if contact.payment_terms else "Due on Receipt"
    contact.payment_terms_label = text(body, "payment_terms_label", 200, contact.payment_terms_label)


def _addresses(contact: Contact, body: Body) -> None:
    for name in ("billing_address", "shipping_address"):
        if name not in body:
            continue
        given = body[name]
        if not isinstance(given, dict):
            raise invalid(name)
        setattr(contact, name, {part: text(given, part, limit) for part, limit in ADDRESS.items()})
