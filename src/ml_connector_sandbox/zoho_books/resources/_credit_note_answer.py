"""Credit notes in lists and in full."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.sales import customer_by_id
from ml_connector_sandbox.zoho_books.books.sales_documents import CreditNote, InvoiceCredit, SalesRefund
from ml_connector_sandbox.zoho_books.books.values import ZERO, iso, number, rounded, stamp
from ml_connector_sandbox.zoho_books.resources import _sales_answer as common
from ml_connector_sandbox.zoho_books.resources._common import blank, tags

LINE_BLANKS = ("invoice_id", "invoice_item_id")


def status(note: CreditNote) -> str:
    """The status shown: one used up is closed."""
    used_up = note.state == "open" and note.balance == ZERO and note.total != ZERO
    return "closed" if used_up else note.state


def row(books: OrganisationBooks, one: CreditNote) -> dict[str, Any]:
    """A credit note in a list."""
    customer, shown = customer_by_id(books, one.customer_id), status(one)
    currency = books.currencies[one.currency_code]
    numbers = [each["invoice_number"] for each in (applied(books, part) for part in one.credits)]
    return {
        **blank("client_viewed_time", "color_code", "current_sub_status_id"),
        "creditnote_id": one.document_id,
        "creditnote_number": one.number,
        "status": shown,
        "current_sub_status": shown,
        "reference_number": one.reference_number,
        "date": iso(one.date),
        "issued_date": iso(one.date),
        "total": number(one.total),
        "balance": number(one.balance),
        "customer_id": customer.contact_id,
        "customer_name": customer.contact_name,
        "applied_invoices": ",".join(numbers),
        "is_emailed": one.is_emailed,
        "has_attachment": False,
        "salesperson_name": one.texts.get("salesperson_name") or "Others",
        "salesperson_id": "-1",
        "is_viewed_by_client": False,
        "currency_id": currency.currency_id,
        "currency_code": currency.currency_code,
        "created_time": stamp(one.created, books.zone),
        "last_modified_time": stamp(one.modified, books.zone),
        "exchange_rate": number(one.exchange_rate),
        "template_id": books.profile.id_prefix + "000000017005",
        "template_type": "standard",
        "rounding_mode": "round_half_up",
        "price_precision": currency.price_precision,
        "tags": tags(books, one.tags),
    }


def detail(books: OrganisationBooks, one: CreditNote) -> dict[str, Any]:
    """A credit note in full."""
    shown = status(one)
    return {
        **common.document(books, one),
        **blank("invoice_id", "sales_channel"),
        "creditnote_id": one.document_id,
        "creditnote_number": one.number,
        "status": shown,
        "current_sub_status": shown,
        "issued_date": iso(one.date),
        "template_id": books.profile.id_prefix + "000000017005",
        "line_items": [_line(row) for row in (common.line(books, one, each) for each in one.lines)],
        "invoices_credited": [applied(books, part) for part in one.credits],
        "creditnote_refunds": [refund_row(books, one, each) for each in one.refunds],
        "total_credits_used": number(one.credited),
        "total_refunded_amount": number(one.refunded),
        "balance": number(one.balance),
    }


def applied(books: OrganisationBooks, one: InvoiceCredit) -> dict[str, Any]:
    """What an invoice took of a credit note."""
    invoice, note = books.invoices.get(one.invoice_id), books.credit_notes.get(one.creditnote_id)
    return {
        "creditnote_id": one.creditnote_id,
        "creditnote_invoice_id": one.creditnote_invoice_id,
        "invoice_id": one.invoice_id,
        "invoice_number": invoice.number if invoice else "",
        "creditnote_number": note.number if note else "",
        "date": iso(one.date),
        "credited_amount": number(one.amount),
    }


def refund_row(books: OrganisationBooks, one: CreditNote, refund: SalesRefund) -> dict[str, Any]:
    """A refund in a list. ``amount_bcy``: in base currency, ``amount_fcy``: in the credit note's."""
    return {
        **_refund(books, one, refund),
        "creditnote_number": one.number,
        "amount_bcy": number(rounded(refund.amount * one.exchange_rate, books.price_precision)),
        "amount_fcy": number(refund.amount),
    }


def refund_detail(books: OrganisationBooks, one: CreditNote, refund: SalesRefund) -> dict[str, Any]:
    """A refund in full."""
    account = books.accounts[refund.from_account_id]
    return {
        **_refund(books, one, refund),
        "amount": number(refund.amount),
        "exchange_rate": number(one.exchange_rate),
        "from_account_id": account.account_id,
        "from_account_name": account.account_name,
    }


def _refund(books: OrganisationBooks, one: CreditNote, refund: SalesRefund) -> dict[str, Any]:
    return {
        "creditnote_refund_id": refund.refund_id,
        "creditnote_id": one.document_id,
        "date": iso(refund.date),
        "refund_mode": refund.refund_mode,
        "reference_number": refund.reference_number,
        "customer_name": customer_by_id(books, one.customer_id).contact_name,
        "description": refund.description,
    }


def _line(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, **blank(*LINE_BLANKS), "can_skip_stock_tracking": False, "is_credit_only_item": False}
