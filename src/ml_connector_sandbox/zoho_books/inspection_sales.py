"""Sales documents, items and expenses as plain values, for comparison."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.books.expenses import Expense
from ml_connector_sandbox.zoho_books.books.masters import Item
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.sales import customer_by_id
from ml_connector_sandbox.zoho_books.books.sales_documents import CreditNote, CustomerPayment, Invoice, SalesDocument
from ml_connector_sandbox.zoho_books.books.values import iso, stamp
from ml_connector_sandbox.zoho_books.inspection_parts import custom_values, document


def sales_books(books: OrganisationBooks) -> dict[str, Any]:
    """The sales side of one organisation. Amounts are Decimals in the document's currency."""
    return {
        "invoices": [_invoice(books, one) for one in books.invoices],
        "credit_notes": [_credit_note(books, one) for one in books.credit_notes],
        "customer_payments": [_payment(books, one) for one in books.customer_payments],
        "items": [_item(books, one) for one in books.items],
        "expenses": [_expense(books, one) for one in books.expenses],
    }


def _sold(books: OrganisationBooks, one: SalesDocument) -> dict[str, Any]:
    customer = customer_by_id(books, one.customer_id)
    named = {"customer_id": customer.contact_id, "customer_name": customer.contact_name, "is_emailed": one.is_emailed}
    return {**document(books, one), **named, "source": one.source}


def _invoice(books: OrganisationBooks, one: Invoice) -> dict[str, Any]:
    return _sold(books, one) | {
        "due_date": iso(one.due_date),
        "balance": one.balance,
        "paid": one.paid,
        "credited": one.credited,
        "payments": {part.made.payment_id: part.amount for part in one.payments},
        "credits": [{"creditnote_id": part.creditnote_id, "amount": part.amount} for part in one.credits],
    }


def _credit_note(books: OrganisationBooks, one: CreditNote) -> dict[str, Any]:
    return _sold(books, one) | {
        "balance": one.balance,
        "refunded": one.refunded,
        "invoices": [{"invoice_id": part.invoice_id, "amount": part.amount} for part in one.credits],
        "refunds": _refunds(books, one),
    }


def _payment(books: OrganisationBooks, one: CustomerPayment) -> dict[str, Any]:
    customer = customer_by_id(books, one.customer_id)
    return {
        "payment_id": one.payment_id,
        "number": one.number,
        "customer_id": customer.contact_id,
        "customer_name": customer.contact_name,
        "date": iso(one.date),
        "currency_code": one.currency_code,
        "exchange_rate": one.exchange_rate,
        "amount": one.amount,
        "unused": one.unused,
        "bank_charges": one.bank_charges,
        "account_name": books.accounts[one.account_id].account_name,
        "mode": one.payment_mode,
        "reference_number": one.reference_number,
        "source": one.source,
        "texts": dict(one.texts),
        "custom": custom_values(books, one.custom),
        "invoices": {part.invoice_id: part.amount for part in one.applied},
        "refunds": _refunds(books, one),
        "last_modified_time": stamp(one.modified, books.zone),
    }


def _refunds(books: OrganisationBooks, one: CreditNote | CustomerPayment) -> list[dict[str, Any]]:
    return [
        {
            "refund_id": each.refund_id,
            "date": iso(each.date),
            "amount": each.amount,
            "account_name": books.accounts[each.from_account_id].account_name,
            "mode": each.refund_mode,
            "reference_number": each.reference_number,
        }
        for each in one.refunds
    ]


def _item(books: OrganisationBooks, one: Item) -> dict[str, Any]:
    account = books.accounts.get(one.account_id)
    return {
        "item_id": one.item_id,
        "name": one.name,
        "sku": one.sku,
        "item_type": one.item_type,
        "rate": one.rate,
        "purchase_rate": one.purchase_rate,
        "account_name": account.account_name if account else "",
        "tax_id": one.tax_id,
        "active": one.active,
        "source": one.source,
        "custom": custom_values(books, one.custom),
        "last_modified_time": stamp(one.modified, books.zone),
    }


def _expense(books: OrganisationBooks, one: Expense) -> dict[str, Any]:
    return {
        "expense_id": one.expense_id,
        "date": iso(one.date),
        "account_name": books.accounts[one.account_id].account_name,
        "paid_through": books.accounts[one.paid_through_account_id].account_name,
        "currency_code": one.currency_code,
        "exchange_rate": one.exchange_rate,
        "amount": one.amount,
        "tax_amount": one.tax_amount,
        "total": one.total,
        "vendor_id": one.vendor_id,
        "customer_id": one.customer_id,
        "reference_number": one.reference_number,
        "source": one.source,
        "texts": dict(one.texts),
        "custom": custom_values(books, one.custom),
        "last_modified_time": stamp(one.modified, books.zone),
    }
