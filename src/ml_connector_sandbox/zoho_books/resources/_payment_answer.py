"""Vendor payments in lists and in full."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.books.documents import BillPayment, Refund, VendorPayment
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.purchases import vendor_by_id
from ml_connector_sandbox.zoho_books.books.values import iso, number, rounded, stamp
from ml_connector_sandbox.zoho_books.resources._common import (
    APPROVAL,
    address,
    blank,
    created_by_id,
    currency_fields,
    custom,
    tags,
    user_name,
)
from ml_connector_sandbox.zoho_books.resources._document_answer import ADDRESS, location

CHECK = ("check_id", "check_status", "check_number", "memo")


def row(books: OrganisationBooks, one: VendorPayment) -> dict[str, Any]:
    """A payment in a list: the numbers of its bills, not what each took."""
    currency = books.currencies[one.currency_code]
    return {
        "payment_id": one.payment_id,
        "vendor_id": one.vendor_id,
        "currency_id": currency.currency_id,
        "status": "paid",
        "vendor_name": vendor_by_id(books, one.vendor_id).contact_name,
        "bill_numbers": ", ".join(_number(books, part) for part in one.applied),
        "payment_mode": one.payment_mode,
        "payment_number": one.number,
        "description": one.texts.get("description", ""),
        "date": iso(one.date),
        "reference_number": one.reference_number,
        "exchange_rate": number(one.exchange_rate),
        "amount": number(one.amount),
        "bcy_amount": number(rounded(one.amount * one.exchange_rate, books.price_precision)),
        "paid_through_account_id": one.paid_through_account_id,
        "paid_through_account_name": books.accounts[one.paid_through_account_id].account_name,
        "balance": number(one.balance),
        "currency_code": one.currency_code,
        "bcy_balance": number(rounded(one.balance * one.exchange_rate, books.price_precision)),
        "created_time": stamp(one.created, books.zone),
        "last_modified_time": stamp(one.modified, books.zone),
        "is_paid_via_print_check": False,
        "has_attachment": False,
        "tags": tags(books, one.tags),
        "is_ach_payment": False,
        **blank("ach_payment_status", "ach_gw_transaction_id", "gw_reference_number"),
        "check_details": blank(*CHECK),
        **location(books, one.texts.get("location_id", "")),
    }


def detail(books: OrganisationBooks, one: VendorPayment) -> dict[str, Any]:
    """A payment in full."""
    vendor = vendor_by_id(books, one.vendor_id)
    return {
        "payment_id": one.payment_id,
        "vendor_id": vendor.contact_id,
        "vendor_name": vendor.contact_name,
        "status": "paid",
        "is_online_payment": False,
        "payment_mode": one.payment_mode,
        "payment_number": one.number,
        "payment_number_prefix": "",
        "payment_number_suffix": one.number,
        **blank("transfer_type", "purpose_code", "credit_account_id", "ach_payment_status", "gw_reference_number"),
        **custom(books, "vendor_payment", one.custom),
        "description": one.texts.get("description", ""),
        "documents": [],
        "date": iso(one.date),
        "reference_number": one.reference_number,
        "exchange_rate": number(one.exchange_rate),
        **_withheld(),
        "amount": number(one.amount),
        "balance": number(one.balance),
        **currency_fields(books.currencies[one.currency_code]),
        "created_time": stamp(one.created, books.zone),
        "last_modified_time": stamp(one.modified, books.zone),
        "created_by_id": created_by_id(books),
        "created_by_name": user_name(books, one.created_by),
        **_accounts(books, one),
        "is_paid_via_print_check": False,
        "is_ach_payment": False,
        "check_details": {**blank(*CHECK, "amount_in_words", "template_id"), "retain_txn_in_void_check": True},
        "billing_address": address(vendor.billing_address, names=ADDRESS),
        "bills": [_bill(books, part) for part in one.applied],
        "vendorpayment_refunds": [refund_row(one, each) for each in one.refunds],
        "comments": [_comment(books, one)],
        "imported_transactions": [],
        **APPROVAL,
        "tags": tags(books, one.tags),
        **location(books, one.texts.get("location_id", "")),
    }


def refund_row(one: VendorPayment, refund: Refund) -> dict[str, Any]:
    """A refund as the payment shows it. ``amount_bcy``: in base currency, ``amount_fcy``: in the payment's."""
    return {
        "vendorpayment_refund_id": refund.refund_id,
        "date": iso(refund.date),
        "refund_mode": refund.refund_mode,
        "reference_number": refund.reference_number,
        "description": refund.description,
        "amount_bcy": number(rounded(refund.amount * one.exchange_rate, 2)),
        "amount_fcy": number(refund.amount),
    }


def refund_detail(books: OrganisationBooks, one: VendorPayment, refund: Refund) -> dict[str, Any]:
    """A refund in full."""
    return {
        "vendorpayment_refund_id": refund.refund_id,
        "vendorpayment_id": one.payment_id,
        "date": iso(refund.date),
        "refund_mode": refund.refund_mode,
        "reference_number": refund.reference_number,
        "amount": number(refund.amount),
        "exchange_rate": number(one.exchange_rate),
        "to_account_id": refund.to_account_id,
        "to_account_name": books.accounts[refund.to_account_id].account_name,
        "description": refund.description,
    }


def _number(books: OrganisationBooks, part: BillPayment) -> str:
    bill = books.bills.get(part.bill_id)
    return bill.number if bill else ""


def _bill(books: OrganisationBooks, part: BillPayment) -> dict[str, Any]:
    bill = books.bills.get(part.bill_id)
    if bill is None:
        raise LookupError(f"bill {part.bill_id} took a payment and is not on record; a defect of the emulator")
    return {
        "bill_number": bill.number,
        "price_precision": books.currencies[bill.currency_code].price_precision,
        "bill_payment_id": part.bill_payment_id,
        "bill_id": bill.document_id,
        "is_opening_balance": False,
        "total": number(bill.total),
        "balance": number(bill.balance),
        "unprocessed_payment_amount": 0,
        "amount_applied": number(part.amount),
        "apply_date": iso(part.applied_on),
        "tax_amount_withheld": 0,
        "date": iso(bill.date),
        "due_date": iso(bill.due_date),
    }


def _accounts(books: OrganisationBooks, one: VendorPayment) -> dict[str, str]:
    """The offset is payables once a bill took something, else the account for advances."""
    through = books.accounts[one.paid_through_account_id]
    offset = books.accounts_payable if one.applied else books.prepaid_expenses
    return {
        "paid_through_account_id": through.account_id,
        "paid_through_account_name": through.account_name,
        "paid_through_account_type": through.account_type,
        "offset_account_id": offset.account_id,
        "offset_account_name": offset.account_name,
    }


def _withheld() -> dict[str, Any]:
    return {
        **blank("tds_tax_id", "tax_account_id", "tax_account_name"),
        "tds_calculation_type": "tds_item_level",
        "is_tds_amount_in_percent": False,
        "tax_amount_withheld": 0,
        "bank_charges": 0,
        **blank("bank_charges_account_id", "bank_charges_account_name"),
    }


def _comment(books: OrganisationBooks, one: VendorPayment) -> dict[str, Any]:
    symbol = books.currencies[one.currency_code].currency_symbol
    numbers = ", ".join(_number(books, part) for part in one.applied)
    text = (
        f"amount {symbol}{one.amount:,.2f} made and applied for {numbers}"
        if numbers
        else f"{symbol}{one.amount:,.2f} made"
    )
    local = one.created.astimezone(books.zone)
    return {
        "comment_id": f"{one.payment_id[:-3]}900",
        "description": f"Payment of {text}",
        "commented_by_id": created_by_id(books),
        "commented_by": user_name(books, one.created_by),
        "date": iso(local.date()),
        "date_description": "",
        "time": local.strftime("%I:%M %p").lstrip("0"),
        "operation_type": "Added",
    }
