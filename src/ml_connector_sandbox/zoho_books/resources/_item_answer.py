"""Items in lists and in full."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.books.masters import Item, Tax
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.values import iso, number, stamp
from ml_connector_sandbox.zoho_books.resources._common import blank, custom

BLANKS = (
    "brand", "manufacturer", "product_subtype", "purpose_of_use", "image_name", "image_type", "zcrm_product_id",
    "crm_owner_id", "tax_status", "tax_start_date", "tax_end_date", "tax_groups_details", "tax_country_code",
    "tax_information", "is_tax_expired", "purchase_tax_information", "associated_template_id", "sales_margin",
    "offline_created_date_with_time", "minimum_order_quantity", "maximum_order_quantity", "attribute_name1",
    "attribute_name2", "attribute_name3", "attribute_option_name1", "attribute_option_name2",
    "attribute_option_name3", "default_hosted_page_url",
)  # fmt: skip
ROW_BLANKS = ("zcrm_product_id", "image_name", "image_type", "image_document_id", "product_subtype", "purpose_of_use")
LISTS = ("documents", "price_brackets", "tags", "locked_actions", "sales_channels", "integration_references")
NO = ("is_linked_with_zohocrm", "is_default_tax_applied", "is_fulfillable", "is_modifier_item", "has_variant")


def row(books: OrganisationBooks, one: Item) -> dict[str, Any]:
    """An item in a list."""
    vendor = books.contacts.get(one.texts.get("vendor_id", ""))
    return {
        **_common(books, one),
        "item_name": one.name,
        **blank(*ROW_BLANKS),
        "is_linked_with_zohocrm": False,
        "vendor_name": vendor.contact_name if vendor else "",
        "has_attachment": False,
        "tags": [],
    }


def detail(books: OrganisationBooks, one: Item) -> dict[str, Any]:
    """An item in full."""
    rate = number(one.rate)
    return {
        "group_id": f"{one.item_id[:-1]}9",
        **_common(books, one),
        **blank(*BLANKS),
        "tax_type": _tax(books, one)["tax_type"],
        "item_code": {},
        "unit_id": "",
        "pricebook_rate": rate,
        "pricing_scheme": "unit",
        "default_price_brackets": [{"start_quantity": 1, "end_quantity": 1, "pricebook_rate": rate}],
        "sales_rate": rate,
        "created_at": iso(one.created.astimezone(books.zone).date()),
        **{name: [] for name in LISTS},
        **dict.fromkeys(NO, False),
        "lock_details": {"can_lock": False},
        "lock_detail": {"can_lock": True, "custom_locks": [], "system_locks": []},
        "locked_fields": {},
        **custom(books, "item", one.custom),
        **{name: one.texts[name] for name in ("hsn_or_sac", "inventory_account_id") if one.texts.get(name)},
        **({} if one.is_taxable else {"is_taxable": False, "tax_exemption_id": one.tax_exemption_id}),
    }


def _common(books: OrganisationBooks, one: Item) -> dict[str, Any]:
    tax = _tax(books, one)
    return {
        "item_id": one.item_id,
        "name": one.name,
        "sku": one.sku,
        "status": "active" if one.active else "inactive",
        "source": one.source,
        "unit": one.texts.get("unit", ""),
        "description": one.texts.get("description", ""),
        "rate": number(one.rate),
        **{name: tax[name] for name in ("tax_id", "tax_name", "tax_percentage")},
        **_account(books, one.account_id, ""),
        **_account(books, one.purchase_account_id, "purchase_"),
        "purchase_description": one.texts.get("purchase_description", ""),
        "purchase_rate": number(one.purchase_rate),
        "can_be_sold": one.can_be_sold,
        "can_be_purchased": one.can_be_purchased,
        "track_inventory": one.item_type == "inventory",
        "item_type": one.item_type,
        "product_type": one.product_type,
        "created_time": stamp(one.created, books.zone),
        "last_modified_time": stamp(one.modified, books.zone),
    }


def _account(books: OrganisationBooks, account_id: str, prefix: str) -> dict[str, str]:
    account = books.accounts.get(account_id)
    return {f"{prefix}account_id": account_id, f"{prefix}account_name": account.account_name if account else ""}


def _tax(books: OrganisationBooks, one: Item) -> dict[str, Any]:
    if not one.tax_id:
        return {"tax_id": "", "tax_name": "", "tax_percentage": 0, "tax_type": ""}
    tax = books.tax_or_group(one.tax_id)
    if isinstance(tax, Tax):
        shown = {"tax_name": tax.tax_name, "tax_percentage": number(tax.percentage), "tax_type": tax.tax_type}
    else:
        whole = sum((each.percentage for each in tax.taxes), 0 * one.rate)
        shown = {"tax_name": tax.tax_group_name, "tax_percentage": number(whole), "tax_type": "tax_group"}
    return {"tax_id": one.tax_id, **shown}
