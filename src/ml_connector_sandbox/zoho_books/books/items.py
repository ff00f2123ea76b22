"""Entering, changing and deleting catalogue items, with the checks the API makes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector_sandbox.zoho_books.books import choices
from ml_connector_sandbox.zoho_books.books.body import Body, boolean, decimal, objects, required, text
from ml_connector_sandbox.zoho_books.books.lines import known_tax, line_account, unknown
from ml_connector_sandbox.zoho_books.books.masters import Item
from ml_connector_sandbox.zoho_books.errors import Refused, invalid

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.records import Records

MODULE = "item"
NAME_LIMIT = 100
KINDS = ("sales", "purchases", "sales_and_purchases", "inventory")
TEXTS = {
    "description": 2000,
    "purchase_description": 2000,
    "unit": 100,
    "hsn_or_sac": 0,
    "inventory_account_id": 0,
    "vendor_id": 0,
    "reorder_level": 0,
}


def create(books: Records, body: Body, created: datetime | None = None) -> Item:
    """A new item; name and rate are demanded. Raises Refused."""
    moment = created or books.now()
    if body.get("rate") in ("", None):
        raise invalid("rate")
    item = Item(
        item_id=books.new_id(),
        name=required(body, "name", NAME_LIMIT),
        created=moment,
        modified=moment,
        sequence=books.next_sequence(),
        source="api",
    )
    return _fill(books, item, body)


def update(books: Records, old: Item, body: Body) -> Item:
    """Change an item: what the body does not name stays. All or nothing. Raises Refused."""
    item = replace(old, texts=dict(old.texts), custom=dict(old.custom), modified=books.now())
    if "name" in body:
        item.name = required(body, "name", NAME_LIMIT)
    return _fill(books, item, body, old)


def set_active(books: Records, item: Item, active: bool) -> None:
    """Mark active or inactive; doing it twice is harmless."""
    item.active, item.modified = active, books.now()
    books.items.put(item)


def delete(books: Records, item: Item) -> None:
    """Remove an item that no document names. Raises Refused."""
    if in_use(books, item):
        message = "The item is used in transactions and cannot be deleted. Mark it as inactive instead."
        raise Refused(400, books.switches.has_transactions_code, message)
    choices.drop_unique(books, MODULE, item.custom)
    books.items.remove(item)


def in_use(books: Records, item: Item) -> bool:
    """Does a line of any document name the item."""
    return any(line.item_id == item.item_id for one in books.documents() for line in one.lines)


def _fill(books: Records, item: Item, body: Body, old: Item | None = None) -> Item:
    item.item_type = text(body, "item_type", default=item.item_type) or item.item_type
    item.product_type = text(body, "product_type", default=item.product_type) or item.product_type
    if item.item_type not in KINDS:
        raise invalid("item_type")
    if item.product_type not in ("goods", "service"):
        raise invalid("product_type")
    item.rate = _rate(body, "rate", item.rate)
    item.purchase_rate = _rate(body, "purchase_rate", item.purchase_rate)
    item.texts |= {name: text(body, name, limit) for name, limit in TEXTS.items() if name in body}
    item.sku = text(body, "sku", 100, item.sku)
    _free(books, item, old)
    _accounts(books, item, body)
    _tax(books, item, body)
    _custom(books, item, body)
    books.items.put(item)
    return item


def _rate(body: Body, name: str, default: Decimal) -> Decimal:
    found = decimal(body, name, default)
    if found < 0:
        raise invalid(name)
    return found


def _free(books: Records, item: Item, old: Item | None) -> None:
    """A SKU is used once; whether a name may be used twice is a switch."""
    taken = []
    if item.sku and (old is None or old.sku != item.sku):
        taken += [("SKU", item.sku, one) for one in books.items.having("sku", item.sku)]
    if not books.switches.duplicate_item_names and (old is None or old.name != item.name):
        taken += [("name", item.name, one) for one in books.items.having("name", item.name)]
    for what, value, one in taken:
        if one.item_id != item.item_id:
            message = f"An item with the {what} {value} already exists."
            raise Refused(400, books.switches.already_exists_code, message)


def _accounts(books: Records, item: Item, body: Body) -> None:
    for name in ("account_id", "purchase_account_id"):
        if text(body, name):
            setattr(item, name, line_account(books, text(body, name)))
    if item.can_be_sold and not item.account_id:
        item.account_id = books.sales_account.account_id
    if item.item_type == "inventory" and item.texts.get("inventory_account_id", "") not in books.accounts:
        raise unknown(books, "inventory_account_id")


def _tax(books: Records, item: Item, body: Body) -> None:
    item.is_taxable = boolean(body, "is_taxable", item.is_taxable)
    if "tax_id" in body:
        item.tax_id = known_tax(books, text(body, "tax_id")) if text(body, "tax_id") else ""
    item.tax_exemption_id = text(body, "tax_exemption_id", default=item.tax_exemption_id)
    if item.tax_exemption_id and item.tax_exemption_id not in books.tax_exemptions:
        raise unknown(books, "tax_exemption_id")
    if item.tax_id and not item.is_taxable:
        raise invalid("tax_id")


def _custom(books: Records, item: Item, body: Body) -> None:
    held = dict(item.custom)
    if "custom_fields" in body:
        given = choices.read_custom(books, MODULE, objects(body, "custom_fields"))
        item.custom = choices.merge_custom(books, item.custom, given)
    choices.check_custom(books, MODULE, item.custom, item.item_id)
    choices.drop_unique(books, MODULE, held)
    choices.file_unique(books, MODULE, item.custom, item.item_id)
