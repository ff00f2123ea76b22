"""The books as plain values, for comparison, and the counts."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.xero.api.gate import Gate
from ml_connector_sandbox.xero.books.company import XeroBooks
from ml_connector_sandbox.xero.books.documents import Document, Payment
from ml_connector_sandbox.xero.books.masters import Contact
from ml_connector_sandbox.xero.books.organisation import OrganisationBooks
from ml_connector_sandbox.xero.books.posting import difference
from ml_connector_sandbox.xero.books.values import stamp_string


def company_books(company: XeroBooks) -> dict[str, Any]:
    """Everything on record, by organisation. Amounts are Decimals."""
    return {"organisations": {key: organisation_books(one) for key, one in company.organisations.items()}}


def organisation_books(books: OrganisationBooks) -> dict[str, Any]:
    """One organisation: contacts, accounts, documents, payments, balances.

    ``out_of_balance``: control account -> ledger less open documents; zero when the books are straight.
    """
    return {
        "name": books.profile.name,
        "currency_code": books.profile.base_currency,
        "contacts": [_contact(books, one) for one in books.contacts],
        "accounts": [
            {
                "account_id": one.account_id,
                "code": one.code,
                "name": one.name,
                "type": one.type,
                "status": one.status,
                "balance": books.ledger.balance(one.account_id),
            }
            for one in books.accounts.values()
        ],
        "invoices": [document(books, one) for one in books.invoices],
        "credit_notes": [document(books, one) for one in books.credit_notes],
        "overpayments": [document(books, one) for one in books.overpayments],
        "prepayments": [document(books, one) for one in books.prepayments],
        "purchase_orders": [document(books, one) for one in books.orders],
        "payments": [_payment(books, one) for one in books.payments],
        "balances": {books.accounts[key].name: amount for key, amount in books.ledger.balances().items()},
        "out_of_balance": difference(books),
    }


def company_statistics(company: XeroBooks, gate: Gate) -> dict[str, Any]:
    """Tokens issued, and per app and organisation what was used of the limits."""
    used = {
        f"{client_id} {tenant_id}": {
            "day_used": limits.day.used(company.switches.day_rolls),
            "day_limit": limits.day.limit,
            "most_in_a_minute": limits.minute.most_used,
            "most_at_once": limits.concurrency.most,
        }
        for (client_id, tenant_id), limits in gate.limits.all().items()
    }
    documents = {key: sum(len(one) for one in books.registers()) for key, books in company.organisations.items()}
    counts = {**company.grants.counts, "idempotent_replays": gate.idempotency.replayed}
    return {**counts, "limits": used, "documents": documents}


def document(books: OrganisationBooks, one: Document) -> dict[str, Any]:
    """One document of any kind."""
    contact = books.contacts.get(one.contact_id)
    return {
        "id": one.document_id,
        "type": one.type,
        "number": one.number,
        "reference": one.reference,
        "contact_id": one.contact_id,
        "contact": contact.name if contact else "",
        "status": one.status,
        "date": one.date.isoformat(),
        "due_date": one.due_date.isoformat() if one.due_date else "",
        "currency_code": one.currency_code,
        "amounts": one.amounts,
        "sub_total": one.sub_total,
        "total_tax": one.total_tax,
        "total": one.total,
        "paid": one.paid,
        "allocated": one.allocated,
        "due": one.due,
        "app": one.app,
        "updated": stamp_string(one.updated),
        "texts": dict(one.texts),
        "lines": [
            {
                "description": line.description,
                "quantity": line.quantity,
                "unit_amount": line.unit_amount,
                "amount": line.amount,
                "account_code": line.account_code,
                "tax_type": line.tax_type,
                "tax": line.tax,
                "tracking": tracking(books, line.tracking),
            }
            for line in one.lines
        ],
        "allocations": [
            {"invoice": made.invoice.number, "credit_id": made.credit.document_id, "amount": made.amount}
            for made in one.allocations
        ],
    }


def tracking(books: OrganisationBooks, chosen: list[tuple[str, str]]) -> dict[str, str]:
    """Category -> option, by name."""
    found = {}
    for category_id, option_id in chosen:
        category = books.tracking[category_id]
        found[category.name] = next(one.name for one in category.options if one.option_id == option_id)
    return found


def _payment(books: OrganisationBooks, one: Payment) -> dict[str, Any]:
    return {
        "id": one.payment_id,
        "kind": one.document.kind,
        "document_id": one.document.document_id,
        "document_number": one.document.number,
        "date": one.date.isoformat(),
        "amount": one.amount,
        "account_code": books.accounts[one.account_id].code,
        "reference": one.reference,
        "status": one.status,
        "app": one.app,
    }


def _contact(books: OrganisationBooks, one: Contact) -> dict[str, Any]:
    return {
        "contact_id": one.contact_id,
        "name": one.name,
        "number": one.number,
        "account_number": one.account_number,
        "status": one.status,
        "is_customer": one.is_customer,
        "is_supplier": one.is_supplier,
        "merged_to": one.merged_to,
        "terms": dict(one.terms),
        "texts": dict(one.texts),
        "receivable": books.outstanding(one, sale=True)[0],
        "payable": books.outstanding(one, sale=False)[0],
    }
