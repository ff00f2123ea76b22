"""Customer payments in lists and in full. The detail calls the last change ``updated_time``."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.sales import customer_by_id
from ml_connector_sandbox.zoho_books.books.sales_documents import CustomerPayment, InvoicePayment, SalesRefund
from ml_connector_sandbox.zoho_books.books.values import iso, number, rounded, stamp
from ml_connector_sandbox.zoho_books.resources._common import blank, currency_fields, custom, tags, user_name
from ml_connector_sandbox.zoho_books.resources._document_answer import PAGE, location

BLANKS = (
    "sales_channel", "account_identifier", "payment_link_id", "payment_number_prefix", "beat_id", "beat_number",
    "journey_plan_id", "sales_person_id", "sales_person_name", "card_type", "offline_created_date_with_time",
    "tax_account_id", "tax_account_name", "online_transaction_id", "payment_gateway", "settlement_status", "tender_id",
    "last_four_digits", "attachment_name",
)  # fmt: skip
ROW_BLANKS = (
    "last_four_digits", "gateway_transaction_id", "payment_gateway", "documents", "custom_fields_list",
    "tax_account_id", "tax_account_name", "settlement_status", "sales_channel",
)  # fmt: skip
LISTS = ("locked_actions", "documents", "deposit_details", "imported_transactions")


def row(books: OrganisationBooks, one: CustomerPayment) -> dict[str, Any]:
    """A payment in a list: the numbers of its invoices, not what each took."""
    customer = customer_by_id(books, one.customer_id)
    return {
        **blank(*ROW_BLANKS),
        "payment_id": one.payment_id,
        "payment_number": one.number,
        "invoice_numbers": ",".join(_number(books, part) for part in one.applied),
        "date": iso(one.date),
        "payment_mode": one.payment_mode,
        "payment_mode_formatted": one.payment_mode,
        "amount": number(one.amount),
        "bcy_amount": _base(books, one, one.amount),
        "unused_amount": number(one.unused),
        "bcy_unused_amount": _base(books, one, one.unused),
        "account_id": one.account_id,
        "account_name": books.accounts[one.account_id].account_name,
        "description": one.texts.get("description", ""),
        "reference_number": one.reference_number,
        "customer_id": customer.contact_id,
        "customer_name": customer.contact_name,
        "created_time": stamp(one.created, books.zone),
        "last_modified_time": stamp(one.modified, books.zone),
        "bcy_refunded_amount": _base(books, one, one.refunded),
        "applied_invoices": [],
        "has_attachment": False,
        "tags": tags(books, one.tags),
        "tax_amount_withheld": 0,
        "payment_type": "Invoice Payment" if one.applied else "Customer Advance",
        "payment_status": "paid",
        **location(books, one.texts.get("location_id", "")),
    }


def detail(books: OrganisationBooks, one: CustomerPayment) -> dict[str, Any]:
    """A payment in full."""
    customer = customer_by_id(books, one.customer_id)
    account, receivable = books.accounts[one.account_id], books.accounts_receivable
    return {
        **blank(*BLANKS),
        **{name: [] for name in LISTS},
        "payment_id": one.payment_id,
        "payment_number": one.number,
        "payment_number_suffix": one.number,
        "created_by": user_name(books, one.created_by),
        "created_time": stamp(one.created, books.zone),
        "updated_time": stamp(one.modified, books.zone),
        "lock_details": {"can_lock": False},
        "customer_id": customer.contact_id,
        "customer_name": customer.contact_name,
        "payment_mode": one.payment_mode,
        "date": iso(one.date),
        "account_id": account.account_id,
        "account_name": account.account_name,
        "account_type": account.account_type,
        "customer_advance_account_id": receivable.account_id,
        "customer_advance_account_name": receivable.account_name,
        **currency_fields(books.currencies[one.currency_code]),
        "price_precision": books.currencies[one.currency_code].price_precision,
        "rounding_mode": "round_half_up",
        "exchange_rate": number(one.exchange_rate),
        "amount": number(one.amount),
        "unused_amount": number(one.unused),
        **_charges(books, one),
        "is_client_review_settings_enabled": False,
        "tax_amount_withheld": 0,
        "discount_amount": 0,
        "is_early_payment_discount_applicable": False,
        "description": one.texts.get("description", ""),
        "reference_number": one.reference_number,
        "is_ondc_channel": False,
        "invoices": [_invoice(books, part) for part in one.applied],
        "payment_status": "paid",
        "payment_refunds": [refund_row(books, one, each) for each in one.refunds],
        **PAGE,
        "template_id": books.profile.id_prefix + "000000039005",
        "template_name": "Elite Template",
        "template_type": "elite",
        "can_send_in_mail": True,
        "can_send_payment_sms": True,
        "is_payment_details_required": True,
        **custom(books, "customer_payment", one.custom),
        "tags": tags(books, one.tags),
        **location(books, one.texts.get("location_id", "")),
    }


def refund_row(books: OrganisationBooks, one: CustomerPayment, refund: SalesRefund) -> dict[str, Any]:
    """A refund in a list. ``amount_bcy``: in base currency, ``amount_fcy``: in the payment's."""
    return {
        "payment_refund_id": refund.refund_id,
        "payment_id": one.payment_id,
        "date": iso(refund.date),
        "refund_mode": refund.refund_mode,
        "reference_number": refund.reference_number,
        "payment_number": one.number,
        "customer_name": customer_by_id(books, one.customer_id).contact_name,
        "description": refund.description,
        "amount_bcy": _base(books, one, refund.amount),
        "amount_fcy": number(refund.amount),
    }


def refund_detail(books: OrganisationBooks, one: CustomerPayment, refund: SalesRefund) -> dict[str, Any]:
    """A refund in full."""
    return {
        "payment_refund_id": refund.refund_id,
        "payment_id": one.payment_id,
        "date": iso(refund.date),
        "refund_mode": refund.refund_mode,
        "reference_number": refund.reference_number,
        "amount": number(refund.amount),
        "exchange_rate": number(one.exchange_rate),
        "from_account_id": refund.from_account_id,
        "from_account_name": books.accounts[refund.from_account_id].account_name,
        "description": refund.description,
    }


def _invoice(books: OrganisationBooks, part: InvoicePayment) -> dict[str, Any]:
    invoice = books.invoices.get(part.invoice_id)
    if invoice is None:
        raise LookupError(f"invoice {part.invoice_id} took a payment and is not on record; a defect of the emulator")
    return {
        **blank("invoice_customer_id", "invoice_customer_name", "allow_partial_payments"),
        "invoice_number": invoice.number,
        "invoice_payment_id": part.invoice_payment_id,
        "invoice_id": invoice.document_id,
        "amount_applied": number(part.amount),
        "tax_amount_withheld": 0,
        "discount_amount": 0,
        "total": number(invoice.total),
        "balance": number(invoice.balance),
        "date": iso(invoice.date),
        "due_date": iso(invoice.due_date),
        "price_precision": books.currencies[invoice.currency_code].price_precision,
        "apply_date": iso(part.applied_on),
        "is_early_payment_discount_applicable": False,
        "invoice_installments": [],
        "installments": [],
    }


def _number(books: OrganisationBooks, part: InvoicePayment) -> str:
    invoice = books.invoices.get(part.invoice_id)
    return invoice.number if invoice else ""


def _charges(books: OrganisationBooks, one: CustomerPayment) -> dict[str, Any]:
    account = books.system_account("Bank Fees and Charges", "expense") if one.bank_charges else None
    return {
        "bank_charges": number(one.bank_charges),
        "bank_charges_account_id": account.account_id if account else "",
        "bank_charges_account_name": account.account_name if account else "",
    }


def _base(books: OrganisationBooks, one: CustomerPayment, amount: Any) -> Any:
    return number(rounded(amount * one.exchange_rate, books.price_precision))
