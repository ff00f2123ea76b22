"""Bills and vendor credits as the API shows them."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.books.documents import Bill, Document, LineItem, PurchaseDocument
from ml_connector_sandbox.zoho_books.books.editions import PURCHASE_FIELDS
from ml_connector_sandbox.zoho_books.books.masters import Tax
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
    formatted_currency,
    tags,
)

ADDRESS = ("address", "street2", "city", "state", "zip", "country", "fax", "phone", "attention")
LINE_BLANKS = (
    "purchaseorder_id", "sales_rate", "pricebook_id", "header_id", "header_name", "discount_account_id",
    "discount_account_name", "item_type", "image_name", "image_type", "receipt_line_item_id",
    "invoice_id", "invoice_number", "item_matching_type",
)  # fmt: skip
LINE_EXTRAS = ("tax_exemption_id", "tax_exemption_code", "hsn_or_sac")  # shown where they have a value
LINE_LISTS = ("discounts", "item_custom_fields", "purchase_request_items", "receive_line_items")
PAGE = {
    "template_name": "Standard Template",
    "page_width": "8.27in",
    "page_height": "11.69in",
    "orientation": "portrait",
    "template_type": "standard",
}


def document(books: OrganisationBooks, one: PurchaseDocument) -> dict[str, Any]:
    """What both kinds show."""
    vendor = vendor_by_id(books, one.vendor_id)
    currency = books.currencies[one.currency_code]
    return {
        "vendor_id": vendor.contact_id,
        "vendor_name": vendor.contact_name,
        "date": iso(one.date),
        "reference_number": one.reference_number,
        **currency_fields(currency),
        "price_precision": currency.price_precision,
        "exchange_rate": number(one.exchange_rate),
        "is_inclusive_tax": one.is_inclusive_tax,
        "documents": [],
        **custom(books, _module(one), one.custom),
        **location(books, one.texts.get("location_id", "")),
        "line_items": [line(books, one, each) for each in one.lines],
        "sub_total": number(one.sub_total),
        "tax_total": number(one.tax_total),
        "total": number(one.total),
        "notes": one.texts.get("notes", ""),
        **{name: one.texts[name] for name in PURCHASE_FIELDS if one.texts.get(name)},
        "tags": tags(books, one.tags),
        "created_time": stamp(one.created, books.zone),
        "last_modified_time": stamp(one.modified, books.zone),
    }


def bill_frame(books: OrganisationBooks, bill: Bill) -> dict[str, Any]:
    """Fields of a bill that stand apart from its content."""
    vendor = vendor_by_id(books, bill.vendor_id)
    currency = books.currencies[bill.currency_code]
    return {
        **blank(
            "contact_category", "color_code", "current_sub_status_id", "payment_expected_date", "scanned_po_number",
            "scanned_po_id", "recurring_bill_id", "due_by_days", "subject_content", "client_viewed_time",
            "bill_order_type", "discount_account_id", "discount_account_name", "reference_id",
            "adjustment_account_id", "adjustment_account_name",
        ),
        "sub_statuses": [],
        "discount_setting": "flat",
        "tds_calculation_type": "tds_item_level",
        "currency_name_formatted": formatted_currency(currency),
        "is_viewed_by_client": False,
        "is_item_level_tax_calc": bill.is_item_level_tax_calc,
        "tax_rounding": books.profile.tax_rounding,
        "is_uber_bill": False,
        "is_tally_bill": False,
        "track_discount_in_account": False,
        "is_bill_reconciliation_violated": False,
        "is_line_item_invoiced": False,
        "purchaseorders": [],
        "computation_type": "basic",
        "tax_override_preference": "no_override",
        "unprocessed_payment_amount": 0,
        "billing_address_id": vendor.ids["billing"],
        "billing_address": address(vendor.billing_address, names=ADDRESS),
        "created_by_id": created_by_id(books),
        "last_modified_id": created_by_id(books),
        "template_id": books.profile.id_prefix + "000000031017",
        **PAGE,
        "is_approval_required": books.profile.purchase_approval,
        "allocated_landed_costs": [],
        "unallocated_landed_costs": [],
        "total_retention_amount": 0,
        "retention_items": [],
        "can_send_in_mail": False,
        **APPROVAL,
        "account_id": books.accounts_payable.account_id,
        "account_name": books.accounts_payable.account_name,
    }  # fmt: skip


def line(books: OrganisationBooks, one: PurchaseDocument, item: LineItem) -> dict[str, Any]:
    """A line item."""
    account = books.accounts[item.account_id]
    customer = books.contacts.get(item.texts["customer_id"])
    project = books.projects.get(item.texts["project_id"])
    base_rate = rounded(item.rate * one.exchange_rate, books.price_precision)
    return {
        **blank(*LINE_BLANKS),
        **{name: [] for name in LINE_LISTS},
        "purchaseorder_item_id": item.texts["purchaseorder_item_id"],
        "line_item_id": item.line_item_id,
        "item_id": item.item_id,
        "line_item_category": item.texts["line_item_category"] or "line_item",
        "name": item.texts["name"],
        "account_id": item.account_id,
        "account_name": account.account_name,
        "account_code": account.account_code,
        "description": item.texts["description"],
        "bcy_rate": number(item.rate if one.exchange_rate == 1 else base_rate),
        "rate": number(item.rate),
        "tags": tags(books, item.tags),
        "quantity": number(item.quantity),
        "quantity_received": 0,
        "discount": number(item.discount_amount),
        "markup_percent": 0,
        **line_tax(books, item),
        "item_total": number(item.item_total),
        **({"item_total_inclusive_of_tax": number(item.item_total_inclusive_of_tax)} if item.tax_id else {}),
        "item_order": item.item_order,
        "unit": item.texts["unit"],
        "item_code": {},
        "is_billable": item.is_billable,
        "customer_id": item.texts["customer_id"],
        "customer_name": customer.contact_name if customer else "",
        "project_id": item.texts["project_id"],
        "project_name": project.project_name if project else "",
        **location(books, item.texts["location_id"]),
        **{name: item.texts[name] for name in LINE_EXTRAS if item.texts[name]},
    }


def tax_rows(one: Document) -> list[dict[str, Any]]:
    """The taxes of a document."""
    return [
        {"tax_id": tax_id, "tax_name": name, "tax_amount": number(amount)}
        for tax_id, (name, amount) in one.taxes.items()
    ]


def _module(one: PurchaseDocument) -> str:
    return "bill" if isinstance(one, Bill) else "vendor_credit"


def line_tax(books: OrganisationBooks, item: LineItem) -> dict[str, Any]:
    """The tax of a line with its parts."""
    if not item.tax_id:
        none = {"tax_id": "", "tax_name": "", "tax_type": "tax", "tax_percentage": 0}
        return {**none, "line_item_taxes": []}
    tax = books.tax_or_group(item.tax_id)
    single = isinstance(tax, Tax)
    parts = [tax] if isinstance(tax, Tax) else tax.taxes
    return {
        "tax_id": item.tax_id,
        "tax_name": tax.tax_name if isinstance(tax, Tax) else tax.tax_group_name,
        "tax_type": tax.tax_type if single and isinstance(tax, Tax) else "tax_group",
        "tax_percentage": number(sum((one.percentage for one in parts), start=0 * parts[0].percentage)),
        "line_item_taxes": [
            {"tax_id": tax_id, "tax_name": name, "tax_amount": number(amount)} for tax_id, name, amount in item.taxes
        ],
    }


def location(books: OrganisationBooks, location_id: str) -> dict[str, str]:
    """Shown only where the organisation has locations."""
    if not books.profile.locations_enabled:
        return {}
    location = books.locations.get(location_id)
    return {"location_id": location_id, "location_name": location.location_name if location else ""}
