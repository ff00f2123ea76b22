"""The bill: one record, shown as inventory bill and, with more of it, as AP bill."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from ml_connector_sandbox.servicetitan.books.parties import Address
from ml_connector_sandbox.servicetitan.books.purchasing import Accounts, cents
from ml_connector_sandbox.servicetitan.books.table import Record


@dataclass(frozen=True, kw_only=True)
class Batch:
    id: int
    number: str
    name: str


@dataclass(frozen=True, kw_only=True)
class InventoryLocation:
    """``kind``: Warehouse or Truck. Inventory bills show the name only."""

    id: int
    name: str
    kind: str = "Warehouse"


@dataclass(frozen=True, kw_only=True)
class BillItem:
    """``cost`` is per unit; the API gives no line total. ``id`` 0 until added."""

    sku_code: str
    name: str
    quantity: Decimal
    cost: Decimal
    id: int = 0
    sku_id: int = 0
    sku_type: str = "Material"
    description: str = ""
    vendor_part_number: str | None = None
    serial_number: str | None = None
    receipt_item_id: int | None = None
    inventory_location: InventoryLocation | None = None
    accounts: Accounts = field(default_factory=Accounts)

    @property
    def value(self) -> Decimal:
        return self.quantity * self.cost


@dataclass(frozen=True, kw_only=True)
class ExpenseItem:
    """A line without a sku; shown on AP bills only. ``id`` 0 until added."""

    amount: Decimal
    id: int = 0
    description: str | None = None
    general_ledger_account_id: int | None = None
    job_id: int | None = None
    business_unit_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Bill(Record):
    """A vendor's bill. Inactive means deleted: gone from lists, seen in the export feed only.

    ``sync_status``: Pending, Posted, Exported. ``status``: Unreconciled, Discrepancy, Reconciled, Canceled.
    ``source``: Standalone, Purchasing, Recurring, OCR, API. ``bill_type``: Procurement, ApBill, RecurringBill.
    ``reference_number`` is ServiceTitan's own bill number, ``vendor_number`` the vendor's invoice number.
    """

    reference_number: str
    vendor_id: int
    bill_date: date
    items: tuple[BillItem, ...] = ()
    expense_items: tuple[ExpenseItem, ...] = ()
    purchase_order_id: int | None = None
    vendor_number: str | None = None
    summary: str | None = None
    due_date: date | None = None
    post_date: date | None = None
    early_discount_date: date | None = None
    term_name: str | None = None
    sync_status: str = "Pending"
    status: str = "Unreconciled"
    source: str = "Purchasing"
    bill_type: str = "Procurement"
    do_not_pay: bool = False
    tax: Decimal = Decimal(0)
    shipping: Decimal = Decimal(0)
    other: Decimal = Decimal(0)
    pre_tax_discount: Decimal = Decimal(0)
    pre_tax_charge: Decimal = Decimal(0)
    post_tax_discount: Decimal = Decimal(0)
    post_tax_charge: Decimal = Decimal(0)
    landed_cost_method: str = "None"
    stated_amount: Decimal | None = None
    """billAmount as the books state it although it does not tie; None: it is computed."""
    vendor_invoice_total: Decimal | None = None
    business_unit_id: int | None = None
    tax_zone_id: int | None = None
    job_id: int | None = None
    remittance_vendor_id: int | None = None
    batch: Batch | None = None
    ship_to: Address | None = None
    ship_to_description: str | None = None
    created_by: str = "purchasing"
    reconciled_on: date | None = None
    canceled_on: str | None = None
    canceled_by: str | None = None

    @property
    def items_total(self) -> Decimal:
        return cents(sum((item.value for item in self.items), Decimal(0)))

    def amount(self, with_tax_and_shipping: bool) -> Decimal:
        """billAmount: everything owed; without tax and shipping in that reading of the vendor's field."""
        if self.stated_amount is not None:
            return self.stated_amount
        expenses = sum((line.amount for line in self.expense_items), Decimal(0))
        charges = self.other + self.pre_tax_charge + self.post_tax_charge
        net = self.items_total + expenses + charges - self.pre_tax_discount - self.post_tax_discount
        return net + self.tax + self.shipping if with_tax_and_shipping else net
