"""Expenses in lists and in full."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.books.editions import PURCHASE_FIELDS
from ml_connector_sandbox.zoho_books.books.expenses import Expense
from ml_connector_sandbox.zoho_books.books.masters import Tax
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.values import iso, number, rounded, stamp
from ml_connector_sandbox.zoho_books.resources._common import blank, created_by_id, custom, tags
from ml_connector_sandbox.zoho_books.resources._document_answer import location

BLANKS = (
    "expense_receipt_name", "expense_receipt_type", "employee_id", "employee_name", "employee_email", "vehicle_id",
    "vehicle_name", "start_reading", "end_reading", "invoice_id", "invoice_number", "report_id", "report_name",
    "report_number", "user_id", "approver_id", "report_status", "trip_id", "trip_number", "location", "merchant_id",
    "merchant_name", "template_id", "template_name", "template_type", "page_width", "page_height", "orientation",
    "zcrm_potential_id", "zcrm_potential_name",
)  # fmt: skip
ROW_BLANKS = (
    "user_name", "expense_receipt_name", "report_id", "start_reading", "end_reading", "report_name", "report_number",
    "custom_fields_list",
)  # fmt: skip
BY_ZOHO = ("user_name", "user_email", "approver_name", "approver_email")


def status(one: Expense) -> str:
    """Billable or not; the emulator does not bill expenses on."""
    return "unbilled" if one.is_billable else "nonbillable"


def row(books: OrganisationBooks, one: Expense) -> dict[str, Any]:
    """An expense in a list."""
    return {
        **blank(*ROW_BLANKS),
        **_common(books, one),
        "bcy_total_without_tax": _base(books, one, one.sub_total),
        "total_without_tax": number(one.sub_total),
        "distance": 0,
        "mileage_unit": "mile",
        "has_attachment": False,
    }


def detail(books: OrganisationBooks, one: Expense) -> dict[str, Any]:
    """An expense in full."""
    project = books.projects.get(one.texts.get("project_id", ""))
    return {
        **blank(*BLANKS),
        **dict.fromkeys(BY_ZOHO, "Zoho Books"),
        **_common(books, one),
        "transaction_type": "expense",
        "transaction_type_formatted": "Expense",
        "expense_item_id": one.line_item_id,
        "account_id": one.account_id,
        "paid_through_account_id": one.paid_through_account_id,
        "documents": [],
        "markup_percent": 0,
        **_tax(books, one),
        "taxes": _parts(one),
        "tax_override_preference": "no_override",
        "tax_amount": number(one.tax_amount),
        "sub_total": number(one.sub_total),
        "amount": number(one.amount),
        "is_inclusive_tax": one.is_inclusive_tax,
        "created_by_id": created_by_id(books),
        "last_modified_by_id": created_by_id(books),
        "mileage_unit": "km",
        "is_reimbursable": False,
        "payment_mode": "Cash",
        "project_id": one.texts.get("project_id", ""),
        "project_name": project.project_name if project else "",
        **custom(books, "expense", one.custom),
        "is_recurring_applicable": True,
        "line_items": [_line(books, one)],
        "is_surcharge_applicable": False,
        "fcy_surcharge_amount": 0,
        "bcy_surcharge_amount": 0,
        "imported_transactions": [],
        **location(books, one.texts.get("location_id", "")),
        **{name: one.texts[name] for name in PURCHASE_FIELDS if one.texts.get(name)},
    }


def _common(books: OrganisationBooks, one: Expense) -> dict[str, Any]:
    currency = books.currencies[one.currency_code]
    return {
        "expense_id": one.expense_id,
        "date": iso(one.date),
        "paid_through_account_name": books.accounts[one.paid_through_account_id].account_name,
        "account_name": books.accounts[one.account_id].account_name,
        "description": one.texts.get("description", ""),
        "currency_id": currency.currency_id,
        "currency_code": currency.currency_code,
        "exchange_rate": number(one.exchange_rate),
        "total": number(one.total),
        "bcy_total": _base(books, one, one.total),
        "is_billable": one.is_billable,
        "is_personal": False,
        "reference_number": one.reference_number,
        **_named(books, one.customer_id, "customer"),
        **_named(books, one.vendor_id, "vendor"),
        "status": status(one),
        "created_time": stamp(one.created, books.zone),
        "last_modified_time": stamp(one.modified, books.zone),
        "mileage_rate": 0,
        "mileage_type": "non_mileage",
        "expense_type": "non_mileage",
        "tags": tags(books, one.tags),
    }


def _named(books: OrganisationBooks, contact_id: str, kind: str) -> dict[str, str]:
    contact = books.contacts.get(contact_id)
    return {f"{kind}_id": contact_id, f"{kind}_name": contact.contact_name if contact else ""}


def _tax(books: OrganisationBooks, one: Expense) -> dict[str, Any]:
    if not one.tax_id:
        return {"tax_id": "", "tax_name": "", "tax_percentage": 0}
    tax = books.tax_or_group(one.tax_id)
    if isinstance(tax, Tax):
        return {"tax_id": one.tax_id, "tax_name": tax.tax_name, "tax_percentage": number(tax.percentage)}
    whole = sum((each.percentage for each in tax.taxes), 0 * one.amount)
    return {"tax_id": one.tax_id, "tax_name": tax.tax_group_name, "tax_percentage": number(whole)}


def _parts(one: Expense) -> list[dict[str, Any]]:
    return [{"tax_id": key, "tax_name": name, "tax_amount": number(amount)} for key, name, amount in one.tax_parts]


def _line(books: OrganisationBooks, one: Expense) -> dict[str, Any]:
    return {
        "line_item_id": one.line_item_id,
        "account_id": one.account_id,
        "account_name": books.accounts[one.account_id].account_name,
        "description": one.texts.get("description", ""),
        "tax_amount": number(one.tax_amount),
        **_tax(books, one),
        "tax_type": "tax",
        "item_total": number(one.sub_total),
        "amount": number(one.amount),
        "item_order": 1,
        "line_item_taxes": _parts(one),
        "tags": tags(books, one.tags),
    }


def _base(books: OrganisationBooks, one: Expense, amount: Any) -> Any:
    return number(rounded(amount * one.exchange_rate, books.price_precision))
