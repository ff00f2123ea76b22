"""What invoices, credit notes, customer payments, items and expenses say, whichever ids and stamps a run gave them."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.books.expenses import Expense
from ml_connector_sandbox.zoho_books.books.masters import Item
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.sales_documents import (
    CreditNote,
    CustomerPayment,
    Invoice,
    InvoiceCredit,
    InvoicePayment,
    SalesDocument,
    SalesRefund,
)
from ml_connector_sandbox.zoho_books.books.values import iso
from ml_connector_sandbox.zoho_books.essence_parts import (
    IDS,
    account_of,
    contact_of,
    custom_of,
    filled,
    kept_of,
    line_of,
    location_of,
    tax_of,
)

SALES = ("invoices", "credit_notes", "customer_payments", "items", "expenses")


def sales_essence(books: OrganisationBooks) -> dict[str, dict[str, Any]]:
    """Entity -> id -> what it says."""
    return {
        "invoices": {one.document_id: _invoice(books, one) for one in books.invoices},
        "credit_notes": {one.document_id: _credit_note(books, one) for one in books.credit_notes},
        "customer_payments": {one.payment_id: _payment(books, one) for one in books.customer_payments},
        "items": {one.item_id: _item(books, one) for one in books.items},
        "expenses": {one.expense_id: _expense(books, one) for one in books.expenses},
    }


def _invoice(books: OrganisationBooks, one: Invoice) -> dict[str, Any]:
    """``status`` is never ``overdue``: that word comes with the day on which one looks."""
    status = one.state
    if one.state == "sent" and one.balance != one.total:
        status = "partially_paid" if one.balance else "paid"
    return {
        **_document(books, one),
        "status": status,
        "due_date": iso(one.due_date),
        "payment_terms": [one.payment_terms, one.payment_terms_label],
        "paid": sorted((_part(books, part) for part in one.payments), key=str),
        "balance": one.balance,
    }


def _credit_note(books: OrganisationBooks, one: CreditNote) -> dict[str, Any]:
    status = "closed" if one.state == "open" and one.total and not one.balance else one.state
    applied = sorted([_number(books.invoices.get(part.invoice_id)), str(part.amount)] for part in one.credits)
    refunds = _refunds(books, one.refunds)
    return {**_document(books, one), "status": status, "applied": applied, "refunds": refunds, "balance": one.balance}


def _document(books: OrganisationBooks, one: SalesDocument) -> dict[str, Any]:
    """A number taken from the sequence tells the order of entry only."""
    return {
        "number": _number(one),
        "date": iso(one.date),
        "customer": contact_of(books, one.customer_id),
        "currency": one.currency_code,
        "exchange_rate": one.exchange_rate,
        "reference_number": one.reference_number,
        "source": one.source,
        "is_emailed": one.is_emailed,
        "is_inclusive_tax": one.is_inclusive_tax,
        "sub_total": one.sub_total,
        "discount": [one.discount_total, one.discount_type, one.is_discount_before_tax],
        "tax_total": one.tax_total,
        "adjustment": one.adjustment,
        "total": one.total,
        "credits": sorted(_credit(books, part) for part in one.credits),
        "location": location_of(books, one.texts),
        "lines": [line_of(books, line) for line in one.lines],
        **kept_of(books, one),
    }


def _payment(books: OrganisationBooks, one: CustomerPayment) -> dict[str, Any]:
    """Its number tells the order of entry only, and is left out."""
    return {
        **_money(books, one),
        "customer": contact_of(books, one.customer_id),
        "currency": one.currency_code,
        "exchange_rate": one.exchange_rate,
        "unused": one.unused,
        "bank_charges": one.bank_charges,
        "source": one.source,
        "invoices": sorted([_number(books.invoices.get(part.invoice_id)), str(part.amount)] for part in one.applied),
        "refunds": _refunds(books, one.refunds),
        "location": location_of(books, one.texts),
        **kept_of(books, one),
    }


def _item(books: OrganisationBooks, one: Item) -> dict[str, Any]:
    accounts = [account_of(books, key) if key else {} for key in (one.account_id, one.purchase_account_id)]
    return {
        "name": one.name,
        "sku": one.sku,
        "type": [one.item_type, one.product_type],
        "rates": [one.rate, one.purchase_rate],
        "accounts": accounts,
        "tax": tax_of(books, one.tax_id),
        "is_taxable": one.is_taxable,
        "active": one.active,
        "source": one.source,
        "texts": filled(one.texts, without=IDS),
        "custom_fields": custom_of(books, one.custom),
    }


def _expense(books: OrganisationBooks, one: Expense) -> dict[str, Any]:
    project = books.projects.get(one.texts.get("project_id", ""))
    return {
        "date": iso(one.date),
        "account": account_of(books, one.account_id),
        "paid_through": account_of(books, one.paid_through_account_id),
        "amount": [one.amount, one.sub_total, one.total],
        "currency": one.currency_code,
        "exchange_rate": one.exchange_rate,
        "tax": tax_of(books, one.tax_id),
        "vendor": contact_of(books, one.vendor_id) if one.vendor_id else None,
        "customer": contact_of(books, one.customer_id) if one.customer_id else None,
        "project": project.project_name if project else "",
        "is_billable": one.is_billable,
        "reference_number": one.reference_number,
        "source": one.source,
        "location": location_of(books, one.texts),
        **kept_of(books, one),
    }


def _number(one: SalesDocument | None) -> str:
    return one.number if one and not one.numbered_in_sequence else ""


def _part(books: OrganisationBooks, one: InvoicePayment) -> dict[str, Any]:
    return {**_money(books, one.made), "amount": one.amount}


def _credit(books: OrganisationBooks, one: InvoiceCredit) -> list[str]:
    return [_number(books.credit_notes.get(one.creditnote_id)), str(one.amount)]


def _money(books: OrganisationBooks, one: CustomerPayment) -> dict[str, Any]:
    return {
        "date": iso(one.date),
        "amount": one.amount,
        "account": account_of(books, one.account_id),
        "mode": one.payment_mode,
        "reference_number": one.reference_number,
        "description": one.texts.get("description", ""),
    }


def _refunds(books: OrganisationBooks, refunds: list[SalesRefund]) -> list[list[str]]:
    rows = [(one, books.accounts[one.from_account_id].account_name) for one in refunds]
    return sorted([iso(one.date), str(one.amount), one.refund_mode, one.reference_number, name] for one, name in rows)
