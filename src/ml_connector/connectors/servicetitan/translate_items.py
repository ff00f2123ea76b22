"""ServiceTitan's price book as canonical items. Pure."""

from __future__ import annotations

from decimal import Decimal

from ml_connector.canonical.master_data import Item
from ml_connector.canonical.money import plain
from ml_connector.canonical.parts import Ref
from ml_connector.connectors.servicetitan.payloads_pricebook import Modifier, Sku
from ml_connector.connectors.servicetitan.translate import Unreadable, plain_text, text

MATERIAL, EQUIPMENT, SERVICE = "material", "equipment", "service"
_MODIFIERS = {"Discount": "discount", "Fee": "fee"}


def sku(payload: Sku, kind: str) -> Item:
    """A material, a piece of equipment or a service. What lines call it is its code; the price book names accounts only."""
    return Item(
        id=str(payload.id),
        kind=kind,
        name=text(payload.display_name) or text(payload.code),
        sku=text(payload.code),
        description=plain_text(payload.description),
        price=_amount(payload.price),
        cost=_amount(payload.cost),
        income_account=Ref(name=text(payload.account)),
        expense_account=Ref(name=text(payload.cost_of_sale_account)),
        unit=text(payload.unit_of_measure),
        taxable=payload.taxable,
        active=payload.active,
        stamp=payload.modified_on or "",
    )


def modifier(payload: Modifier) -> Item:
    """A discount or a fee. The price of a discount is negative, as its lines are; a percentage has none.

    Raises Unreadable for a type that is neither.
    """
    kind = _MODIFIERS.get(payload.type)
    if kind is None:
        raise Unreadable(f"field type is {payload.type!r}, which is neither Discount nor Fee")
    amount = _amount(payload.amount) if payload.amount_type == "Fixed" else None
    return Item(
        id=str(payload.id),
        kind=kind,
        name=text(payload.display_name) or text(payload.code),
        sku=text(payload.code),
        description=plain_text(payload.description),
        price=-abs(amount) if amount is not None and kind == "discount" else amount,
        income_account=Ref(name=text(payload.account)),
        taxable=payload.taxable,
        active=payload.active,
        stamp=payload.modified_on or "",
    )


def _amount(value: Decimal | None) -> Decimal | None:
    return None if value is None else plain(value)
