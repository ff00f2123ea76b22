"""Purchase orders, receipts and bills. Amounts are in the company's currency, positive for what is owed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from ml_connector_sandbox.servicetitan.books.parties import Address
from ml_connector_sandbox.servicetitan.books.table import Record

CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """``amount`` to the cent, halves away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """Ids of the general ledger accounts of a line."""

    general_ledger: int | None = None
    cost_of_sale: int | None = None
    asset: int | None = None


@dataclass(frozen=True, kw_only=True)
class PurchaseOrderItem:
    """An ordered line; ``cost`` is per unit, up to ten decimals. ``id`` 0 until added."""

    sku_code: str
    sku_name: str
    quantity: Decimal
    cost: Decimal
    id: int = 0
    sku_id: int = 0
    sku_type: str = "Material"
    description: str = ""
    vendor_part_number: str = ""
    quantity_received: Decimal = Decimal(0)
    chargeable: bool = False
    accounts: Accounts = field(default_factory=Accounts)
    """Not shown on the order; passed on to receipt and bill."""

    @property
    def status(self) -> str:
        if self.quantity_received >= self.quantity:
            return "Received"
        return "PartiallyReceived" if self.quantity_received else "Pending"


@dataclass(frozen=True, kw_only=True)
class PurchaseOrder(Record):
    """``status``: Pending, Sent, PartiallyReceived, Received, Exported, Canceled."""

    number: str
    vendor_id: int
    order_date: date
    items: tuple[PurchaseOrderItem, ...]
    status: str = "Pending"
    type_id: int = 1
    business_unit_id: int | None = None
    tax_zone_id: int | None = None
    job_id: int | None = None
    project_id: int | None = None
    invoice_id: int | None = None
    technician_id: int | None = None
    inventory_location_id: int | None = None
    ship_to: Address = field(default_factory=Address)
    vendor_document_number: str = ""
    required_on: date | None = None
    sent_on: str | None = None
    received_on: str | None = None
    tax: Decimal = Decimal(0)
    shipping: Decimal = Decimal(0)
    summary: str = ""

    @property
    def items_total(self) -> Decimal:
        return cents(sum((item.quantity * item.cost for item in self.items), Decimal(0)))

    @property
    def total(self) -> Decimal:
        """Items, tax and shipping."""
        return self.items_total + self.tax + self.shipping


@dataclass(frozen=True, kw_only=True)
class ReceiptItem:
    sku_id: int
    code: str
    name: str
    quantity: Decimal
    cost: Decimal
    purchase_order_item_id: int
    id: int = 0
    description: str = ""
    accounts: Accounts = field(default_factory=Accounts)


@dataclass(frozen=True, kw_only=True)
class Receipt(Record):
    """One shipment received. ``bill_id`` is None where the company keeps no bills."""

    number: str
    purchase_order_id: int
    vendor_id: int
    received_on: date
    items: tuple[ReceiptItem, ...]
    vendor_invoice_number: str = ""
    bill_id: int | None = None
    job_id: int | None = None
    business_unit_id: int | None = None
    technician_id: int | None = None
    inventory_location_id: int = 0
    ship_to: Address | None = None
    ship_to_description: str = ""
    tax: Decimal = Decimal(0)
    shipping: Decimal = Decimal(0)
    memo: str = ""
    sync_status: str = "Pending"
    batch_id: int | None = None

    @property
    def amount(self) -> Decimal:
        """Items, tax and shipping."""
        return cents(sum((item.quantity * item.cost for item in self.items), Decimal(0))) + self.tax + self.shipping
