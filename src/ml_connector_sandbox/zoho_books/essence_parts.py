"""Pieces of what the books say, without ids and stamps, that several kinds of documents share."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ml_connector_sandbox.zoho_books.books.documents import Document, LineItem, VendorPayment
from ml_connector_sandbox.zoho_books.books.expenses import Expense
from ml_connector_sandbox.zoho_books.books.masters import Contact, TagChoice, Tax
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.purchases import vendor_by_id
from ml_connector_sandbox.zoho_books.books.sales_documents import CustomerPayment

Keeping = Contact | Document | VendorPayment | CustomerPayment | Expense
# Texts of a document, a line or a contact that are ids of other objects; those shown stand under their own names.
IDS = frozenset(
    {
        "location_id", "purchaseorder_item_id", "project_id", "customer_id", "tax_exemption_id", "tax_authority_id",
    }
)  # fmt: skip


def line_of(books: OrganisationBooks, line: LineItem) -> dict[str, Any]:
    """One line of a document, bought or sold."""
    customer = line.texts.get("customer_id", "")
    project = books.projects.get(line.texts.get("project_id", ""))
    return {
        "account": account_of(books, line.account_id),
        "item": item_name(books, line.item_id),
        "quantity": line.quantity,
        "rate": line.rate,
        "discount": line.discount_amount,
        "amount": line.item_total,
        "tax": tax_of(books, line.tax_id),
        "tax_amounts": [[name, amount] for _, name, amount in line.taxes],
        "tags": tags_of(books, line.tags),
        "location": location_of(books, line.texts),
        "customer": contact_of(books, customer) if customer else None,
        "project": project.project_name if project else "",
        "is_billable": line.is_billable,
        "texts": filled(line.texts, without=IDS),
    }


def item_name(books: OrganisationBooks, item_id: str) -> str:
    """The item of a line; empty when it has none."""
    item = books.items.get(item_id)
    return item.name if item else ""


def kept_of(books: OrganisationBooks, one: Keeping) -> dict[str, Any]:
    """Notes and other texts, tags and custom fields."""
    return {
        "texts": filled(one.texts, without=IDS),
        "tags": tags_of(books, one.tags),
        "custom_fields": custom_of(books, one.custom),
    }


def contact_of(books: OrganisationBooks, contact_id: str) -> dict[str, Any]:
    """A customer or vendor by name and own custom fields; a merged one is followed."""
    contact = vendor_by_id(books, contact_id)
    return {"name": contact.contact_name, "custom_fields": custom_of(books, contact.custom)}


def account_of(books: OrganisationBooks, account_id: str) -> dict[str, str]:
    """An account by name and code."""
    account = books.accounts[account_id]
    return {"name": account.account_name, "code": account.account_code}


def tax_of(books: OrganisationBooks, tax_id: str) -> list[str | Decimal]:
    """A tax or group by name and percentage; nothing without."""
    if not tax_id:
        return []
    tax = books.tax_or_group(tax_id)
    if isinstance(tax, Tax):
        return [tax.tax_name, tax.percentage]
    return [tax.tax_group_name, sum((one.percentage for one in tax.taxes), Decimal(0))]


def location_of(books: OrganisationBooks, texts: dict[str, str]) -> str:
    """The location by name."""
    location = books.locations.get(texts.get("location_id", ""))
    return location.location_name if location else ""


def tags_of(books: OrganisationBooks, chosen: list[TagChoice]) -> dict[str, str]:
    """Tags by name and the options chosen."""
    tags = {one.tag_id: books.reporting_tags[one.tag_id] for one in chosen}
    return {tags[one.tag_id].tag_name: tags[one.tag_id].options[one.tag_option_id].option_name for one in chosen}


def custom_of(books: OrganisationBooks, values: dict[str, Any]) -> dict[str, Any]:
    """Custom fields that have a value."""
    return {books.custom_fields[key].api_name: value for key, value in values.items() if value not in ("", None)}


def filled(values: dict[str, Any], without: frozenset[str] | set[str] = frozenset()) -> dict[str, Any]:
    """What has a value, in the order of its names."""
    return {key: value for key, value in sorted(values.items()) if value not in ("", None) and key not in without}
