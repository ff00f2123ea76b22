"""Bills in lists and in full."""

from __future__ import annotations

from datetime import date
from typing import Any

from ml_connector_sandbox.zoho_books.books.documents import Bill, BillPayment
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.purchases import vendor_by_id
from ml_connector_sandbox.zoho_books.books.values import ZERO, iso, long_stamp, number, stamp
from ml_connector_sandbox.zoho_books.resources import _document_answer as common
from ml_connector_sandbox.zoho_books.resources._common import blank, tags, user_name


def status(bill: Bill, today: date) -> str:
    """The status shown; paid, partly paid and overdue follow from balance and due date."""
    if bill.state != "open":
        return bill.state
    if bill.balance == ZERO and bill.total != ZERO:
        return "paid"
    if bill.due_date < today:
        return "overdue"
    return "partially_paid" if bill.paid + bill.credited else "open"


def row(books: OrganisationBooks, bill: Bill) -> dict[str, Any]:
    """A bill in a list: no lines."""
    shown = status(bill, books.today())
    currency = books.currencies[bill.currency_code]
    balance = number(bill.balance)
    return {
        "bill_id": bill.document_id,
        "vendor_id": bill.vendor_id,
        "vendor_name": vendor_by_id(books, bill.vendor_id).contact_name,
        "status": shown,
        **blank("color_code", "current_sub_status_id", "client_viewed_time"),
        "current_sub_status": shown,
        "bill_number": bill.number,
        "reference_number": bill.reference_number,
        "date": iso(bill.date),
        "due_date": iso(bill.due_date),
        "due_days": _due_days(bill, shown, books.today()),
        "currency_id": currency.currency_id,
        "currency_code": currency.currency_code,
        "price_precision": currency.price_precision,
        "exchange_rate": number(bill.exchange_rate),
        "total": number(bill.total),
        "tds_total": 0,
        "balance": balance,
        "unprocessed_payment_amount": 0,
        "created_time": stamp(bill.created, books.zone),
        "last_modified_time": stamp(bill.modified, books.zone),
        "created_time_formatted": long_stamp(bill.created, books.zone),
        "last_modified_time_formatted": long_stamp(bill.modified, books.zone),
        "created_by": user_name(books, bill.created_by),
        "last_modified_by": user_name(books, bill.modified_by),
        # The vendor writes the bill's id here; a defect that clients must survive.
        "is_opening_balance": bill.document_id,
        "attachment_name": bill.attachment[0] if bill.attachment else "",
        "has_attachment": bill.attachment is not None,
        "tags": tags(books, bill.tags),
        "is_uber_bill": False,
        "is_tally_bill": False,
        "entity_type": "bill",
        "is_viewed_by_client": False,
        "is_bill_reconciliation_violated": False,
        "balance_due": balance,
    }


def detail(books: OrganisationBooks, bill: Bill) -> dict[str, Any]:
    """A bill in full."""
    today = books.today()
    shown = status(bill, today)
    credits = books.vendor_credits.having("vendor_id", bill.vendor_id)
    unused = sum((one.balance for one in credits), books.advances_to(bill.vendor_id))
    return {
        "bill_id": bill.document_id,
        **common.document(books, bill),
        **common.bill_frame(books, bill),
        "non_catalog_items_count": sum(1 for one in bill.lines if not one.item_id),
        "source": bill.source,
        "unused_credits_payable_amount": number(unused),
        "status": shown,
        "current_sub_status": shown,
        "bill_number": bill.number,
        "due_date": iso(bill.due_date),
        "payment_terms": bill.payment_terms,
        "payment_terms_label": bill.payment_terms_label,
        "due_in_days": max(0, (bill.due_date - today).days),
        **_amounts(bill),
        "payments": [payment(books, one) for one in bill.payments],
        "vendor_credits": [_credit(books, one) for one in bill.credits],
        "terms": bill.texts.get("terms", ""),
        "attachment_name": bill.attachment[0] if bill.attachment else "",
        "entity_type": "bill",
    }


def payment(books: OrganisationBooks, one: BillPayment) -> dict[str, Any]:
    """A payment as the bill shows it."""
    made = one.made
    account = books.accounts[made.paid_through_account_id]
    return {
        "payment_id": one.payment_id,
        "bill_id": one.bill_id,
        "bill_payment_id": one.bill_payment_id,
        "payment_mode": made.payment_mode,
        "payment_number": made.number,
        "description": made.texts.get("description", ""),
        "date": iso(made.date),
        "reference_number": made.reference_number,
        "exchange_rate": number(made.exchange_rate),
        "amount": number(one.amount),
        "paid_through_account_id": account.account_id,
        "paid_through_account_name": account.account_name,
        "is_single_bill_payment": len(made.applied) == 1,
        "is_paid_via_print_check": False,
        "check_details": [],
        "is_ach_payment": False,
        "ach_payment_status": "",
        "ach_gw_transaction_id": "",
    }


def _credit(books: OrganisationBooks, one: Any) -> dict[str, Any]:
    credit = books.vendor_credits.get(one.vendor_credit_id)
    return {
        "vendor_credit_id": one.vendor_credit_id,
        "vendor_credit_bill_id": one.vendor_credit_bill_id,
        "vendor_credit_number": credit.number if credit else "",
        "date": iso(one.date),
        "amount": number(one.amount),
    }


def _amounts(bill: Bill) -> dict[str, Any]:
    by_share = bill.discount.endswith("%")
    discount = number(bill.discount_total)
    return {
        "adjustment": number(bill.adjustment),
        "adjustment_description": bill.texts.get("adjustment_description", ""),
        "discount_amount": discount,
        "discount": bill.discount if by_share else discount,
        "discount_applied_on_amount": number(bill.sub_total) if bill.discount_total else 0,
        "is_discount_before_tax": bill.is_discount_before_tax,
        "discount_type": bill.discount_type,
        "sub_total_inclusive_of_tax": number(bill.sub_total_inclusive_of_tax),
        "discount_total": discount,
        "discount_percent": 0,
        "payment_made": number(bill.paid),
        "vendor_credits_applied": number(bill.credited),
        "taxes": common.tax_rows(bill),
        "balance": number(bill.balance),
    }


def _due_days(bill: Bill, shown: str, today: date) -> str:
    days = (bill.due_date - today).days
    if shown in ("paid", "void"):
        return ""
    if days < 0:
        return f"Overdue by {-days} days"
    return f"Due in {days} days" if days else "Due Today"
