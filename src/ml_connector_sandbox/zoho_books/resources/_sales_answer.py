"""What invoices and credit notes show alike."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.books.documents import LineItem
from ml_connector_sandbox.zoho_books.books.editions import SALES_FIELDS
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.sales import MODULES, customer_by_id
from ml_connector_sandbox.zoho_books.books.sales_documents import SalesDocument
from ml_connector_sandbox.zoho_books.books.values import iso, number, rounded, stamp
from ml_connector_sandbox.zoho_books.resources._common import (
    address,
    blank,
    created_by_id,
    currency_fields,
    custom,
    formatted_currency,
    tags,
    user_name,
)
from ml_connector_sandbox.zoho_books.resources._document_answer import ADDRESS, PAGE, line_tax, location, tax_rows

BLANKS = (
    "offline_created_date_with_time", "contact_category", "color_code", "current_sub_status_id",
    "discount_account_id", "discount_account_name", "adjustment_account_id", "adjustment_account_name",
    "salesperson_id", "client_viewed_time", "submitter_id", "approver_id", "submitted_date", "submitted_by",
    "submitted_by_name", "submitted_by_email", "submitted_by_photo_url", "subject_content",
)  # fmt: skip
LISTS = (
    "contact_persons", "contact_persons_associated", "exceptions", "sub_statuses", "documents", "locked_actions",
    "approvers_list", "shipping_charge_taxes",
)  # fmt: skip
SHIPPING = {
    **blank(
        "shipping_charge_tax_id", "shipping_charge_tax_name", "shipping_charge_tax_type",
        "shipping_charge_tax_percentage", "shipping_charge_tax_exemption_id", "shipping_charge_tax_exemption_code",
        "shipping_charge_tax", "bcy_shipping_charge_tax", "shipping_charge_tax_formatted",
        "shipping_charge_account_id", "shipping_charge_account_name",
    ),
    "shipping_charge_exclusive_of_tax": 0,
    "shipping_charge_inclusive_of_tax": 0,
    "shipping_charge_exclusive_of_tax_formatted": "$0.00",
    "shipping_charge_inclusive_of_tax_formatted": "$0.00",
    "shipping_charge": 0,
}  # fmt: skip
ROUNDING = {
    "roundoff_value": 0,
    "transaction_rounding_type": "no_rounding",
    "rounding_mode": "round_half_up",
    "bcy_rounding_mode": "round_half_up",
}
LOCKS = {
    "lock_details": {"can_lock": False},
    "lock_detail": {"can_lock": True, "custom_locks": [], "system_locks": []},
}


def document(books: OrganisationBooks, one: SalesDocument) -> dict[str, Any]:
    """Everything both kinds show, but for status, number and what is applied."""
    customer = customer_by_id(books, one.customer_id)
    currency = books.currencies[one.currency_code]
    return {
        "customer_id": customer.contact_id,
        "customer_name": customer.contact_name,
        "date": iso(one.date),
        "reference_number": one.reference_number,
        **blank(*BLANKS),
        **{name: [] for name in LISTS},
        **SHIPPING,
        **ROUNDING,
        **LOCKS,
        **currency_fields(currency),
        "currency_name_formatted": formatted_currency(currency),
        "exchange_rate": number(one.exchange_rate),
        "price_precision": currency.price_precision,
        **_amounts(one),
        **custom(books, MODULES[type(one)], one.custom),
        **location(books, one.texts.get("location_id", "")),
        **{name: one.texts[name] for name in SALES_FIELDS if one.texts.get(name)},
        "salesperson_name": one.texts.get("salesperson_name", ""),
        "notes": one.texts.get("notes", ""),
        "terms": one.texts.get("terms", ""),
        "tags": tags(books, one.tags),
        "line_items": [line(books, one, each) for each in one.lines],
        "is_emailed": one.is_emailed,
        "is_viewed_by_client": False,
        "tax_rounding": books.profile.tax_rounding,
        "tds_calculation_type": "tds_item_level",
        "tax_override_preference": "no_override",
        "computation_type": "basic",
        "account_id": books.accounts_receivable.account_id,
        "account_name": books.accounts_receivable.account_name,
        "template_id": books.profile.id_prefix + "000000017001",
        **PAGE,
        "billing_address": address(customer.billing_address, names=ADDRESS),
        "shipping_address": address(customer.shipping_address, names=ADDRESS),
        "created_time": stamp(one.created, books.zone),
        "last_modified_time": stamp(one.modified, books.zone),
        "created_by_id": created_by_id(books),
        "created_by_name": user_name(books, one.created_by),
        "last_modified_by_id": created_by_id(books),
    }


def line(books: OrganisationBooks, one: SalesDocument, item: LineItem) -> dict[str, Any]:
    """A line, as far as both kinds show it alike."""
    account = books.accounts[item.account_id]
    base_rate = rounded(item.rate * one.exchange_rate, books.price_precision)
    known = books.items.get(item.item_id)
    return {
        "line_item_id": item.line_item_id,
        "item_id": item.item_id,
        "item_order": item.item_order,
        "item_type": known.item_type if known else "",
        "name": item.texts["name"],
        "internal_name": "",
        "description": item.texts["description"],
        **blank("discount_account_id", "discount_account_name", "pricebook_id"),
        "unit": item.texts["unit"],
        "quantity": number(item.quantity),
        "discount_amount": number(item.discount_amount),
        "discount": item.discount if item.discount.endswith("%") else number(item.discount_amount),
        **{name: [] for name in ("discounts", "item_custom_fields", "mapped_items")},
        "bcy_rate": number(item.rate if one.exchange_rate == 1 else base_rate),
        "rate": number(item.rate),
        "account_id": item.account_id,
        "account_name": account.account_name,
        **line_tax(books, item),
        "item_total": number(item.item_total),
        "pricing_scheme": "unit",
        "tags": tags(books, item.tags),
        "project_id": item.texts["project_id"],
        "item_code": {},
        "is_modifier_item": False,
        "line_item_category": item.texts["line_item_category"] or "line_item",
        **location(books, item.texts["location_id"]),
        **{
            name: item.texts[name]
            for name in ("tax_exemption_id", "tax_exemption_code", "hsn_or_sac")
            if item.texts[name]
        },
    }


def own_number(query: Any, body: Any) -> bool:
    """``ignore_auto_number_generation``, in the query or, for credit notes, in the body."""
    name = "ignore_auto_number_generation"
    return str(query.get(name, "")).lower() == "true" or body.get(name) in (True, "true")


def _amounts(one: SalesDocument) -> dict[str, Any]:
    discount = number(one.discount_total)
    return {
        "is_inclusive_tax": one.is_inclusive_tax,
        "discount": one.discount if one.discount.endswith("%") else discount,
        "discount_applied_on_amount": number(one.sub_total) if one.discount_total else 0,
        "discount_type": one.discount_type,
        "is_discount_before_tax": one.is_discount_before_tax,
        "adjustment": number(one.adjustment),
        "adjustment_description": one.texts.get("adjustment_description", ""),
        "sub_total": number(one.sub_total),
        "sub_total_inclusive_of_tax": number(one.sub_total_inclusive_of_tax),
        "tax_total": number(one.tax_total),
        "taxes": tax_rows(one),
        "total": number(one.total),
    }
