"""Zoho's items and currencies as canonical documents. Pure; errors and ``field`` as in ``translate``."""

from __future__ import annotations

from ml_connector.canonical.master_data import Item, ListEntry
from ml_connector.canonical.parts import Ref
from ml_connector.connectors.json_fields import Fields, amount, needed, text
from ml_connector.connectors.zoho_books import translate

_KINDS = {"service": "service", "digital_service": "service", "goods": "material"}


def item(row: Fields, field: str) -> Item:
    """An item of the list or in detail. Whether it is taxed is told in detail, and in some editions only.

    A price stands for what can be sold, a cost for what can be bought; Zoho shows 0 for what it has none of.
    Raises Unreadable.
    """
    tax_id = text(row, "tax_id")
    taxable = row.get("is_taxable")
    return Item(
        id=needed(row, "item_id"),
        kind=_KINDS.get(text(row, "product_type"), ""),
        name=needed(row, "name"),
        sku=text(row, "sku"),
        description=translate.words_of(text(row, "description")),
        price=amount(row, "rate") if row.get("can_be_sold") is not False and text(row, "rate") else None,
        cost=amount(row, "purchase_rate") if row.get("can_be_purchased") is True else None,
        income_account=Ref(text(row, "account_id"), text(row, "account_name")),
        expense_account=Ref(text(row, "purchase_account_id"), text(row, "purchase_account_name")),
        tax_code=Ref(tax_id, text(row, "tax_name"), text(row, "tax_percentage")) if tax_id else Ref(),
        unit=text(row, "unit"),
        taxable=taxable if isinstance(taxable, bool) else None,
        active=text(row, "status") != "inactive",
        reference=translate.reference(row if field else {"notes": text(row, "description")}, field),
        stamp=text(row, "last_modified_time"),
    )


def currency(row: Fields, field: str = "") -> ListEntry:
    """A currency of the organisation; its rate is left out: it is 0 where Zoho keeps it by itself. Raises Unreadable."""
    return ListEntry(
        id=needed(row, "currency_id"),
        kind="currency",
        name=text(row, "currency_name") or needed(row, "currency_code"),
        number=needed(row, "currency_code"),
    )
