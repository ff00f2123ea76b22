"""What the organisations' books say, whichever ids and stamps a run gave them."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.kernel.essence import Essence, settled
from ml_connector_sandbox.zoho_books.books.company import ZohoBooksBooks
from ml_connector_sandbox.zoho_books.books.documents import (
    Bill,
    BillPayment,
    LineItem,
    PurchaseDocument,
    VendorCredit,
    VendorPayment,
)
from ml_connector_sandbox.zoho_books.books.masters import Account, Contact, TagChoice, Tax
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.purchases import vendor_by_id
from ml_connector_sandbox.zoho_books.books.values import iso

# Texts of a document, a line or a contact that are ids of other objects; those shown stand under their own names.
_IDS = frozenset(
    {
        "location_id", "purchaseorder_item_id", "project_id", "customer_id", "tax_exemption_id", "tax_authority_id",
    }
)  # fmt: skip


def company_essence(company: ZohoBooksBooks) -> Essence:
    """Contacts, accounts with balances, bills, vendor credits and vendor payments of every organisation, by id."""
    entities: Essence = {"contacts": {}, "accounts": {}, "bills": {}, "vendor_credits": {}, "vendor_payments": {}}
    for books in company.organisations.values():
        found = {
            "contacts": {one.contact_id: _contact(books, one) for one in books.contacts},
            "accounts": {one.account_id: _account(books, one) for one in books.accounts.values()},
            "bills": {one.document_id: _bill(books, one) for one in books.bills},
            "vendor_credits": {one.document_id: _vendor_credit(books, one) for one in books.vendor_credits},
            "vendor_payments": {one.payment_id: _vendor_payment(books, one) for one in books.vendor_payments},
        }
        for entity, rows in found.items():
            own = {"organization_id": books.organization_id}
            entities[entity] |= {key: settled(own | row) for key, row in rows.items()}
    return entities


def _account(books: OrganisationBooks, one: Account) -> dict[str, Any]:
    return {
        **_named_account(books, one.account_id),
        "type": one.account_type,
        "active": one.active,
        "description": one.description,
        "balance": books.ledger.balance(one.account_id),
    }


def _contact(books: OrganisationBooks, one: Contact) -> dict[str, Any]:
    return {
        "name": one.contact_name,
        "type": one.contact_type,
        "active": one.active,
        "currency": one.currency_code,
        "source": one.source,
        "payment_terms": [one.payment_terms, one.payment_terms_label],
        "track_1099": one.track_1099,
        "is_taxable": one.is_taxable,
        "billing_address": _filled(one.billing_address),
        "shipping_address": _filled(one.shipping_address),
        "persons": [_filled(person, without={"contact_person_id"}) for person in one.persons],
        "payable": books.payable_to(one.contact_id),
        **_kept(books, one),
    }


def _bill(books: OrganisationBooks, bill: Bill) -> dict[str, Any]:
    return {
        **_document(books, bill),
        "due_date": iso(bill.due_date),
        "payment_terms": [bill.payment_terms, bill.payment_terms_label],
        "paid": sorted((_payment(books, one) for one in bill.payments), key=str),
        "attachment": _attachment(bill),
    }


def _vendor_credit(books: OrganisationBooks, credit: VendorCredit) -> dict[str, Any]:
    """A number taken from the sequence tells the order of entry only."""
    return _document(books, credit) | ({"number": ""} if credit.numbered_in_sequence else {})


def _document(books: OrganisationBooks, one: PurchaseDocument) -> dict[str, Any]:
    """``status`` is never ``overdue``: that word comes with the day on which one looks."""
    return {
        "number": one.number,
        "status": _status(one),
        "date": iso(one.date),
        "vendor": _vendor(books, one.vendor_id),
        "currency": one.currency_code,
        "exchange_rate": one.exchange_rate,
        "reference_number": one.reference_number,
        "source": one.source,
        "is_inclusive_tax": one.is_inclusive_tax,
        "is_item_level_tax_calc": one.is_item_level_tax_calc,
        "sub_total": one.sub_total,
        "discount": [one.discount_total, one.discount_type, one.is_discount_before_tax],
        "tax_total": one.tax_total,
        "adjustment": one.adjustment,
        "total": one.total,
        "credited": one.credited,
        "location": _location(books, one.texts),
        "lines": [_line(books, line) for line in one.lines],
        **_kept(books, one),
    }


def _line(books: OrganisationBooks, line: LineItem) -> dict[str, Any]:
    customer = line.texts.get("customer_id", "")
    project = books.projects.get(line.texts.get("project_id", ""))
    return {
        "account": _named_account(books, line.account_id),
        "item": _item_name(books, line.item_id),
        "quantity": line.quantity,
        "rate": line.rate,
        "discount": line.discount_amount,
        "amount": line.item_total,
        "tax": _tax(books, line.tax_id),
        "tax_amounts": [[name, amount] for _, name, amount in line.taxes],
        "tags": _tags(books, line.tags),
        "location": _location(books, line.texts),
        "customer": _vendor(books, customer) if customer else None,
        "project": project.project_name if project else "",
        "is_billable": line.is_billable,
        "texts": _filled(line.texts, without=_IDS),
    }


def _item_name(books: OrganisationBooks, item_id: str) -> str:
    item = books.items.get(item_id)
    return item.name if item else ""


def _kept(books: OrganisationBooks, one: Contact | PurchaseDocument | VendorPayment) -> dict[str, Any]:
    """Notes and other texts, tags and custom fields."""
    return {
        "texts": _filled(one.texts, without=_IDS),
        "tags": _tags(books, one.tags),
        "custom_fields": _custom(books, one.custom),
    }


def _vendor(books: OrganisationBooks, contact_id: str) -> dict[str, Any]:
    contact = vendor_by_id(books, contact_id)
    return {"name": contact.contact_name, "custom_fields": _custom(books, contact.custom)}


def _status(one: PurchaseDocument) -> str:
    if one.state != "open" or not isinstance(one, Bill | VendorCredit) or one.balance == one.total:
        return one.state
    if isinstance(one, VendorCredit):
        return "open" if one.balance else "closed"
    return "partially_paid" if one.balance else "paid"


def _payment(books: OrganisationBooks, one: BillPayment) -> dict[str, Any]:
    return {
        "date": iso(one.made.date),
        "amount": one.amount,
        "account": _named_account(books, one.made.paid_through_account_id),
        "mode": one.made.payment_mode,
        "reference_number": one.made.reference_number,
        "description": one.made.texts.get("description", ""),
    }


def _vendor_payment(books: OrganisationBooks, one: VendorPayment) -> dict[str, Any]:
    """Its number tells the order of entry only, and is left out."""
    bills = [(books.bills.get(part.bill_id), part.amount) for part in one.applied]
    return {
        "date": iso(one.date),
        "vendor": _vendor(books, one.vendor_id),
        "currency": one.currency_code,
        "exchange_rate": one.exchange_rate,
        "amount": one.amount,
        "balance": one.balance,
        "account": _named_account(books, one.paid_through_account_id),
        "mode": one.payment_mode,
        "reference_number": one.reference_number,
        "bills": sorted([bill.number, str(amount)] for bill, amount in bills if bill),
        "refunds": sorted([iso(each.date), str(each.amount), each.refund_mode] for each in one.refunds),
        "location": _location(books, one.texts),
        **_kept(books, one),
    }


def _attachment(bill: Bill) -> list[str]:
    if bill.attachment is None:
        return []
    name, kind, content = bill.attachment
    return [name, kind, hashlib.sha256(content).hexdigest()]


def _named_account(books: OrganisationBooks, account_id: str) -> dict[str, str]:
    account = books.accounts[account_id]
    return {"name": account.account_name, "code": account.account_code}


def _tax(books: OrganisationBooks, tax_id: str) -> list[str | Decimal]:
    if not tax_id:
        return []
    tax = books.tax_or_group(tax_id)
    if isinstance(tax, Tax):
        return [tax.tax_name, tax.percentage]
    return [tax.tax_group_name, sum((one.percentage for one in tax.taxes), Decimal(0))]


def _location(books: OrganisationBooks, texts: dict[str, str]) -> str:
    location = books.locations.get(texts.get("location_id", ""))
    return location.location_name if location else ""


def _tags(books: OrganisationBooks, chosen: list[TagChoice]) -> dict[str, str]:
    tags = {one.tag_id: books.reporting_tags[one.tag_id] for one in chosen}
    return {tags[one.tag_id].tag_name: tags[one.tag_id].options[one.tag_option_id].option_name for one in chosen}


def _custom(books: OrganisationBooks, values: dict[str, Any]) -> dict[str, Any]:
    return {books.custom_fields[key].api_name: value for key, value in values.items() if value not in ("", None)}


def _filled(values: dict[str, Any], without: frozenset[str] | set[str] = frozenset()) -> dict[str, Any]:
    return {key: value for key, value in sorted(values.items()) if value not in ("", None) and key not in without}


def stir(company: ZohoBooksBooks) -> None:
    """Save the vendor, the bill, the vendor credit and the payment whose last change is longest ago, as they are."""
    for books in company.organisations.values():
        vendors = books.contacts.slice_modified(0, len(books.contacts), descending=False)
        vendor = next((one for one in vendors if one.contact_type == "vendor" and one.active), None)
        if vendor is not None:
            vendor.modified = books.now()
            books.contacts.put(vendor)
        for bill in books.bills.slice_modified(0, 1, descending=False):
            books.touch(bill)
        for credit in books.vendor_credits.slice_modified(0, 1, descending=False):
            credit.modified = books.now()
            books.vendor_credits.put(credit)
        for payment in books.vendor_payments.slice_modified(0, 1, descending=False):
            payment.modified = books.now()
            books.vendor_payments.put(payment)
