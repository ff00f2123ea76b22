"""The pricebook: what is sold and bought, with its accounts. Amounts are per unit, in the company's currency."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ml_connector_sandbox.servicetitan.books.purchasing import Accounts
from ml_connector_sandbox.servicetitan.books.table import Record

MODIFIER_TYPES = ("Discount", "Fee")
AMOUNT_TYPES = ("Percentage", "Fixed")


@dataclass(frozen=True, kw_only=True)
class Sku(Record):
    """A material, a piece of equipment or a service; which one, its table says. Inactive means deleted or switched off.

    ``accounts.general_ledger`` is the income account. Services have neither cost of sale nor asset account.
    """

    code: str
    display_name: str | None = None
    description: str = ""
    price: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    taxable: bool = True
    hours: Decimal = Decimal(0)
    unit_of_measure: str | None = None
    is_inventory: bool = False
    is_labor: bool = False
    is_other_direct_cost: bool = False
    cost_type_id: int | None = None
    chargeable: bool = True
    business_unit_id: int | None = None
    primary_vendor_id: int | None = None
    vendor_part: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    accounts: Accounts = field(default_factory=Accounts)
    external_data: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PriceModifier(Record):
    """A discount or a fee. ``amount`` is positive: of the currency, or in per cent of the invoice; ``limit`` its most."""

    code: str
    type: str = "Discount"
    amount_type: str = "Fixed"
    amount: Decimal = Decimal(0)
    limit: Decimal = Decimal(0)
    display_name: str | None = None
    description: str = ""
    taxable: bool = False
    account_id: int | None = None
    external_data: dict[str, dict[str, str]] = field(default_factory=dict)
