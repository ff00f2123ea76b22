"""What the organisations' books say, whichever ids and stamps a run gave them."""

from __future__ import annotations

import hashlib
from typing import Any

from ml_connector_sandbox.kernel.essence import Essence, settled
from ml_connector_sandbox.zoho_books.books.company import ZohoBooksBooks
from ml_connector_sandbox.zoho_books.books.documents import (
    Bill,
    BillPayment,
    PurchaseDocument,
    VendorCredit,
    VendorPayment,
)
from ml_connector_sandbox.zoho_books.books.masters import Account, Contact
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.values import iso
from ml_connector_sandbox.zoho_books.essence_parts import account_of, contact_of, filled, kept_of, line_of, location_of
from ml_connector_sandbox.zoho_books.essence_sales import SALES, sales_essence

PURCHASES = ("contacts", "accounts", "bills", "vendor_credits", "vendor_payments")


def company_essence(company: ZohoBooksBooks) -> Essence:
    """Contacts, accounts with balances, items, and every kind of document of every organisation, by id."""
    entities: Essence = {name: {} for name in (*PURCHASES, *SALES)}
    for books in company.organisations.values():
        found = {
            "contacts": {one.contact_id: _contact(books, one) for one in books.contacts},
            "accounts": {one.account_id: _account(books, one) for one in books.accounts.values()},
            "bills": {one.document_id: _bill(books, one) for one in books.bills},
            "vendor_credits": {one.document_id: _vendor_credit(books, one) for one in books.vendor_credits},
            "vendor_payments": {one.payment_id: _vendor_payment(books, one) for one in books.vendor_payments},
            **sales_essence(books),
        }
        for entity, rows in found.items():
            own = {"organization_id": books.organization_id}
            entities[entity] |= {key: settled(own | row) for key, row in rows.items()}
    return entities


def _account(books: OrganisationBooks, one: Account) -> dict[str, Any]:
    return {
        **account_of(books, one.account_id),
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
        "billing_address": filled(one.billing_address),
        "shipping_address": filled(one.shipping_address),
        "persons": [filled(person, without={"contact_person_id"}) for person in one.persons],
        "credit_limit": one.credit_limit,
        "payable": books.payable_to(one.contact_id),
        "receivable": books.receivable_from(one.contact_id),
        **kept_of(books, one),
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
        "vendor": contact_of(books, one.vendor_id),
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
        "location": location_of(books, one.texts),
        "lines": [line_of(books, line) for line in one.lines],
        **kept_of(books, one),
    }


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
        "account": account_of(books, one.made.paid_through_account_id),
        "mode": one.made.payment_mode,
        "reference_number": one.made.reference_number,
        "description": one.made.texts.get("description", ""),
    }


def _vendor_payment(books: OrganisationBooks, one: VendorPayment) -> dict[str, Any]:
    """Its number tells the order of entry only, and is left out."""
    bills = [(books.bills.get(part.bill_id), part.amount) for part in one.applied]
    return {
        "date": iso(one.date),
        "vendor": contact_of(books, one.vendor_id),
        "currency": one.currency_code,
        "exchange_rate": one.exchange_rate,
        "amount": one.amount,
        "balance": one.balance,
        "account": account_of(books, one.paid_through_account_id),
        "mode": one.payment_mode,
        "reference_number": one.reference_number,
        "bills": sorted([bill.number, str(amount)] for bill, amount in bills if bill),
        "refunds": sorted([iso(each.date), str(each.amount), each.refund_mode] for each in one.refunds),
        "location": location_of(books, one.texts),
        **kept_of(books, one),
    }


def _attachment(bill: Bill) -> list[str]:
    if bill.attachment is None:
        return []
    name, kind, content = bill.attachment
    return [name, kind, hashlib.sha256(content).hexdigest()]
