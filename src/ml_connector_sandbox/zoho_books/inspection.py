"""The books as plain values, for comparison, and the counts."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.api.gate import Gate
from ml_connector_sandbox.zoho_books.books.company import ZohoBooksBooks
from ml_connector_sandbox.zoho_books.books.documents import Bill, PurchaseDocument, VendorCredit, VendorPayment
from ml_connector_sandbox.zoho_books.books.masters import Contact
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.values import ZERO, iso, stamp
from ml_connector_sandbox.zoho_books.inspection_parts import custom_values, document
from ml_connector_sandbox.zoho_books.inspection_sales import sales_books


def company_books(company: ZohoBooksBooks) -> dict[str, Any]:
    """Everything on record, by organisation. Amounts are Decimals."""
    return {"organisations": {key: organisation_books(one) for key, one in company.organisations.items()}}


def organisation_books(books: OrganisationBooks) -> dict[str, Any]:
    """One organisation: contacts, accounts, items, documents bought and sold, balances and postings."""
    return {
        "name": books.profile.name,
        "data_centre": books.profile.data_centre,
        "currency_code": books.profile.currency_code,
        "contacts": [_contact(books, one) for one in books.contacts],
        "accounts": [
            {
                "account_id": one.account_id,
                "account_name": one.account_name,
                "account_type": one.account_type,
                "account_code": one.account_code,
                "active": one.active,
                "balance": books.ledger.balance(one.account_id),
            }
            for one in books.accounts.values()
        ],
        "bills": [_bill(books, one) for one in books.bills],
        "vendor_credits": [_credit(books, one) for one in books.vendor_credits],
        "vendor_payments": [_payment(books, one) for one in books.vendor_payments],
        **sales_books(books),
        "balances": {books.accounts[key].account_name: sum_ for key, sum_ in books.ledger.balances().items()},
        "locks": {one.module: iso(one.lock_date) for one in books.locks.values()},
    }


def company_statistics(company: ZohoBooksBooks, gate: Gate) -> dict[str, Any]:
    """Tokens issued, and per organisation what was used of its limits."""
    used = {}
    for key, books in company.organisations.items():
        limits = gate.limits(books)
        used[key] = {
            "day_used": limits.day_used,
            "day_limit": books.profile.calls_per_day,
            "most_in_a_minute": limits.most_in_a_minute,
            "most_at_once": limits.concurrency.most,
            "bills": len(books.bills),
        }
    tokens = [one.refreshes for one in company.grants.refresh_tokens()]
    return {**company.grants.counts, "refreshes_by_token": tokens, "organisations": used}


def _contact(books: OrganisationBooks, one: Contact) -> dict[str, Any]:
    return {
        "contact_id": one.contact_id,
        "contact_name": one.contact_name,
        "contact_type": one.contact_type,
        "active": one.active,
        "currency_code": one.currency_code,
        "texts": dict(one.texts),
        "persons": [dict(person) for person in one.persons],
        "billing_address": dict(one.billing_address),
        "custom": custom_values(books, one.custom),
        "payable": books.payable_to(one.contact_id),
        "receivable": books.receivable_from(one.contact_id),
    }


def _bill(books: OrganisationBooks, bill: Bill) -> dict[str, Any]:
    return _document(books, bill) | {
        "due_date": iso(bill.due_date),
        "balance": bill.balance,
        "paid": bill.paid,
        "attachment": bill.attachment[0] if bill.attachment else "",
    }


def _credit(books: OrganisationBooks, one: VendorCredit) -> dict[str, Any]:
    return _document(books, one) | {
        "balance": one.balance,
        "bills": [{"bill_id": part.bill_id, "amount": part.amount} for part in one.credits],
    }


def _payment(books: OrganisationBooks, one: VendorPayment) -> dict[str, Any]:
    return {
        "payment_id": one.payment_id,
        "number": one.number,
        "vendor_id": one.vendor_id,
        "date": iso(one.date),
        "currency_code": one.currency_code,
        "amount": one.amount,
        "balance": one.balance,
        "mode": one.payment_mode,
        "reference_number": one.reference_number,
        "bills": {part.bill_id: part.amount for part in one.applied},
        "refunded": sum((each.amount for each in one.refunds), ZERO),
        "last_modified_time": stamp(one.modified, books.zone),
    }


def _document(books: OrganisationBooks, one: PurchaseDocument) -> dict[str, Any]:
    return {
        "vendor_id": one.vendor_id,
        "vendor_name": books.contacts.get(one.vendor_id).contact_name,  # type: ignore[union-attr]
        **document(books, one),
    }
