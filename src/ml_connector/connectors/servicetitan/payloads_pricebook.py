"""ServiceTitan's price book as far as it is read. Amounts are JSON numbers; accounts are names."""

from __future__ import annotations

from decimal import Decimal

from ml_connector.connectors.servicetitan.payloads import Payload


class Sku(Payload, frozen=True):
    """pricebook/materials, equipment, services and their feeds; a service has no unit and no account of its cost."""

    id: int
    code: str
    active: bool
    display_name: str | None = None
    description: str | None = None
    price: Decimal | None = None
    cost: Decimal | None = None
    account: str | None = None
    cost_of_sale_account: str | None = None
    unit_of_measure: str | None = None
    taxable: bool | None = None
    modified_on: str | None = None


class Modifier(Payload, frozen=True):
    """pricebook/discounts-and-fees. A percentage has no price of its own."""

    id: int
    code: str
    active: bool
    type: str
    amount_type: str | None = None
    amount: Decimal | None = None
    display_name: str | None = None
    description: str | None = None
    account: str | None = None
    taxable: bool | None = None
    modified_on: str | None = None
