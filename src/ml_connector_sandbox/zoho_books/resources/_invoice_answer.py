"""Invoices in lists and in full."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.zoho_books.books.masters import Contact
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.sales import customer_by_id
from ml_connector_sandbox.zoho_books.books.sales_documents import Invoice, InvoiceCredit, InvoicePayment
from ml_connector_sandbox.zoho_books.books.values import ZERO, iso, number, rounded, stamp
from ml_connector_sandbox.zoho_books.resources import _sales_answer as common
from ml_connector_sandbox.zoho_books.resources._common import address, blank, custom, primary_person, tags, user_name

BLANKS = (
    "channel_invoice_id", "account_identifier", "recurring_invoice_id", "payment_terms_id",
    "early_payment_discount_due_days", "zcrm_potential_id", "zcrm_potential_name", "payment_expected_date",
    "attachment_name", "merchant_id", "merchant_name", "ecomm_operator_id", "ecomm_operator_name", "salesorder_id",
    "salesorder_number", "last_reminder_sent_date", "next_reminder_date_formatted", "is_backorder", "estimate_id",
    "schedule_time",
)  # fmt: skip
ZEROS = (
    "unprocessed_payment_amount", "early_payment_discount_percentage", "early_payment_discount_amount",
    "total_retention_amount", "discount_percent", "bcy_shipping_charge", "write_off_amount", "payment_discount",
    "reminders_sent", "unused_retainer_payments", "tax_amount_withheld",
)  # fmt: skip
NO = (
    "is_last_child_invoice", "is_early_payment_discount_applicable", "is_progress_invoice", "can_show_kit_return",
    "is_kit_partial_return", "is_autobill_enabled", "inprocess_transaction_present", "allow_partial_payments",
    "stop_reminder_until_payment_expected_date", "ach_supported", "ach_payment_initiated",
    "reader_offline_payment_initiated", "can_send_in_mail", "is_client_review_settings_enabled",
    "includes_package_tracking_info",
)  # fmt: skip
LISTS = (
    "customer_custom_fields", "invoice_installments", "retention_items", "in_process_payments", "deliverychallans",
    "salesorders", "shipping_bills", "contact_persons_details", "exchange_invoices",
)  # fmt: skip
LINE_BLANKS = (
    "header_id", "header_name", "bill_id", "bill_item_id", "stock_on_hand", "available_stock", "committed_stock",
    "available_for_sale_stock", "expense_id", "expense_receipt_name", "purchase_rate", "salesorder_item_id",
)  # fmt: skip
ROW_BLANKS = (
    "zcrm_potential_id", "zcrm_potential_name", "project_name", "payment_expected_date", "client_viewed_time",
    "color_code", "current_sub_status_id", "schedule_time", "last_reminder_sent_date", "documents", "salesperson_id",
)  # fmt: skip
DEFAULT_ADDRESS = ("zip", "country", "address", "city", "phone", "city_code", "street2", "state", "fax", "state_code")
ROW_ADDRESS = ("address", "street2", "city", "state", "country", "phone", "fax", "attention")


def status(invoice: Invoice, today: date) -> str:
    """The status shown; paid, partly paid and overdue follow from balance and due date."""
    if invoice.state != "sent":
        return invoice.state
    if invoice.balance == ZERO:
        return "paid"
    if invoice.due_date < today:
        return "overdue"
    return "partially_paid" if invoice.paid + invoice.credited else "sent"


def row(books: OrganisationBooks, one: Invoice) -> dict[str, Any]:
    """An invoice in a list: no lines, and the postcode is called ``zipcode`` there."""
    customer = customer_by_id(books, one.customer_id)
    currency = books.currencies[one.currency_code]
    shown = status(one, books.today())
    return {
        **blank(*ROW_BLANKS),
        "ach_payment_initiated": False,
        "invoice_id": one.document_id,
        "customer_id": customer.contact_id,
        "customer_name": customer.contact_name,
        "company_name": customer.texts.get("company_name", ""),
        "status": shown,
        "current_sub_status": shown,
        "invoice_number": one.number,
        "reference_number": one.reference_number,
        "date": iso(one.date),
        "due_date": iso(one.due_date),
        "issued_date": "" if one.state == "draft" else iso(one.date),
        "due_days": _due_days(one, shown, books.today()),
        **_reached(customer),
        "billing_address": _row_address(customer.billing_address),
        "shipping_address": _row_address(customer.shipping_address),
        "country": customer.billing_address.get("country", ""),
        "created_by": user_name(books, one.created_by),
        "total": number(one.total),
        "balance": number(one.balance),
        **custom(books, "invoice", one.custom),
        "tags": tags(books, one.tags),
        "salesperson_name": one.texts.get("salesperson_name", ""),
        "shipping_charge": 0,
        "adjustment": number(one.adjustment),
        "created_time": stamp(one.created, books.zone),
        "last_modified_time": stamp(one.modified, books.zone),
        "updated_time": stamp(one.modified, books.zone),
        "is_viewed_by_client": False,
        "has_attachment": False,
        "is_emailed": one.is_emailed,
        "currency_id": currency.currency_id,
        "currency_code": currency.currency_code,
        "currency_symbol": currency.currency_symbol,
        "template_type": "standard",
        "template_id": books.profile.id_prefix + "000000017001",
        "invoice_source": one.source,
        "sales_channel": "direct_sales",
        "transaction_type": "renewal",
        "reminders_sent": 0,
        "last_payment_date": _last_payment(one),
        "write_off_amount": 0,
        "exchange_rate": number(one.exchange_rate),
        "unprocessed_payment_amount": 0,
    }


def detail(books: OrganisationBooks, one: Invoice) -> dict[str, Any]:
    """An invoice in full."""
    customer = customer_by_id(books, one.customer_id)
    shown = status(one, books.today())
    return {
        **common.document(books, one),
        **blank(*BLANKS),
        **dict.fromkeys(ZEROS, 0),
        **dict.fromkeys(NO, False),
        **{name: [] for name in LISTS},
        "invoice_id": one.document_id,
        "invoice_number": one.number,
        "invoice_source": one.source,
        "status": shown,
        "current_sub_status": shown,
        "due_date": iso(one.due_date),
        "issued_date": "" if one.state == "draft" else iso(one.date),
        "payment_terms": one.payment_terms,
        "payment_terms_label": one.payment_terms_label,
        "customer_custom_field_hash": {},
        "email": primary_person(customer).get("email", ""),
        "payment_reminder_enabled": True,
        "can_send_invoice_sms": True,
        "retention_override_preference": "no_override",
        **_money(books, one),
        "last_payment_date": _last_payment(one),
        "payment_options": {"payment_gateways": []},
        "line_items": [_line(row) for row in (common.line(books, one, each) for each in one.lines)],
        "contact": _customer(books, customer),
        "customer_default_billing_address": address(customer.billing_address, names=DEFAULT_ADDRESS),
        "billing_address": _street(customer.billing_address),
        "shipping_address": _street(customer.shipping_address),
        "created_date": iso(one.created.astimezone(books.zone).date()),
        "sales_channel": "direct_sales",
        "invoice_url": f"https://zohosecurepay.com/books/sandbox/secure?CInvoiceID={one.document_id}",
        "qr_code": {
            "qr_source": "invoice_url",
            "is_qr_enabled": False,
            "qr_value": "",
            "qr_description": "Scan the QR code to view the configured information.",
        },
    }


def payment(books: OrganisationBooks, one: InvoicePayment) -> dict[str, Any]:
    """A payment as the invoice shows it."""
    made = one.made
    return {
        "payment_id": made.payment_id,
        "payment_number": made.number,
        "invoice_id": one.invoice_id,
        "invoice_payment_id": one.invoice_payment_id,
        "payment_mode": made.payment_mode,
        "description": made.texts.get("description", ""),
        "date": iso(made.date),
        "reference_number": made.reference_number,
        "exchange_rate": number(made.exchange_rate),
        "amount": number(one.amount),
        "tax_amount_withheld": 0,
        "online_transaction_id": "",
        "is_single_invoice_payment": len(made.applied) == 1,
    }


def credit(books: OrganisationBooks, one: InvoiceCredit) -> dict[str, Any]:
    """A credit as the invoice shows it; the names differ from those on the credit note's side."""
    note = books.credit_notes.get(one.creditnote_id)
    return {
        "creditnote_id": one.creditnote_id,
        "creditnotes_invoice_id": one.creditnote_invoice_id,
        "creditnotes_number": note.number if note else "",
        "credited_date": iso(one.date),
        "amount_applied": number(one.amount),
    }


def _money(books: OrganisationBooks, one: Invoice) -> dict[str, Any]:
    taxable = sum((line.net for line in one.lines if line.tax_id), ZERO)
    return {
        "payment_made": number(one.paid),
        "credits_applied": number(one.credited),
        "balance": number(one.balance),
        "discount_total": number(one.discount_total),
        "total_taxable_amount": number(taxable),
        "bcy_adjustment": _base(books, one, one.adjustment),
        "bcy_sub_total": _base(books, one, one.sub_total),
        "bcy_discount_total": _base(books, one, one.discount_total),
        "bcy_tax_total": _base(books, one, one.tax_total),
        "bcy_total": _base(books, one, one.total),
    }


def _base(books: OrganisationBooks, one: Invoice, amount: Decimal) -> Any:
    return number(rounded(amount * one.exchange_rate, books.price_precision))


def _line(row: dict[str, Any]) -> dict[str, Any]:
    lists: dict[str, Any] = {"documents": [], "time_entry_ids": []}
    more = {"sales_rate": row["rate"], "cost_amount": 0, "markup_percent": 0}
    return {**row, **blank(*LINE_BLANKS), **lists, **more}


def _customer(books: OrganisationBooks, customer: Contact) -> dict[str, Any]:
    key = customer.contact_id
    unused = sum((one.unused for one in books.customer_payments.having("customer_id", key)), ZERO)
    unused += sum((one.balance for one in books.credit_notes.having("customer_id", key) if one.state == "open"), ZERO)
    owed = sum((one.balance for one in books.invoices.having("customer_id", key) if one.state == "sent"), ZERO)
    return {
        "customer_balance": number(owed),
        "credit_limit": number(customer.credit_limit or ZERO),
        "unused_customer_credits": number(unused),
        "is_credit_limit_migration_completed": True,
    }


def _reached(customer: Contact) -> dict[str, str]:
    first = primary_person(customer)
    return {"email": first.get("email", ""), "phone": first.get("phone", "")}


def _street(kept: dict[str, str]) -> dict[str, str]:
    names = ("address", "street2", "city", "state", "zip", "country", "country_code", "fax", "phone", "attention")
    return {"street": kept.get("address", ""), **address(kept, names=names)}


def _row_address(kept: dict[str, str]) -> dict[str, str]:
    return {**address(kept, names=ROW_ADDRESS), "zipcode": kept.get("zip", "")}


def _last_payment(one: Invoice) -> str:
    return iso(max((part.made.date for part in one.payments), default=None))


def _due_days(one: Invoice, shown: str, today: date) -> str:
    days = (one.due_date - today).days
    if shown in ("paid", "void", "draft"):
        return ""
    if days < 0:
        return f"Overdue by {-days} days"
    return f"Due in {days} days" if days else "Due Today"
