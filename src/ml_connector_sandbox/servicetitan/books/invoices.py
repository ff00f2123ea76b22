"""The invoice and its items. Amounts are in the company's currency, negative where the customer is given money back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from ml_connector_sandbox.servicetitan.books.bills import Batch
from ml_connector_sandbox.servicetitan.books.purchasing import Accounts, cents
from ml_connector_sandbox.servicetitan.books.table import Record

ITEM_TYPES = ("Service", "Material", "Equipment", "PriceModifier", "Unspecified")
REVIEW_STATUSES = (
    "NeedsReview", "OnHold", "Reviewed", "PendingApproval", "Rejected", "ReadyForBilling", "Invoiced",
)  # fmt: skip
CONFIGURATIONS = (
    "JobInvoice", "ProjectInvoice", "CounterSales", "MembershipInvoice", "InterestChargeInvoice", "ARImportInvoice",
)  # fmt: skip
SYNC_STATUSES = ("Pending", "Posted", "Exported")
SENT_STATUSES = ("NotSent", "Sent", "Opened")


@dataclass(frozen=True, kw_only=True)
class InvoiceItem(Record):
    """A line. ``price`` and ``cost`` are per unit; ``price`` is negative on a PriceModifier that is a discount.

    Inactive means removed: gone from the invoice, seen in the export feed only. Lines that are not ``chargeable``
    (materials within a flat rate) add nothing to the invoice. ``invoice_id`` and ``order``, its place, 0 until added.
    """

    sku_name: str
    price: Decimal
    quantity: Decimal = Decimal(1)
    invoice_id: int = 0
    order: int = 0
    cost: Decimal = Decimal(0)
    type: str = "Service"
    sku_id: int = 0
    description: str | None = None
    display_name: str | None = None
    taxable: bool = True
    chargeable: bool = True
    add_on: bool = False
    inventory: bool = False
    service_date: date | None = None
    business_unit_id: int | None = None
    technician_id: int | None = None
    accounts: Accounts = field(default_factory=Accounts)

    @property
    def total(self) -> Decimal:
        """To the cent."""
        return cents(self.quantity * self.price)

    @property
    def total_cost(self) -> Decimal:
        """To the cent."""
        return cents(self.quantity * self.cost)


@dataclass(frozen=True, kw_only=True)
class Invoice(Record):
    """What a customer is billed. Inactive means voided: out of the usual lists, and nothing is owed on it.

    ``applied``: what active payments and credit memos have settled of it. ``tax`` follows the tax zone unless
    ``tax_is_stated``. ``discount`` is taken off the whole, beside any discount that stands among the items.
    """

    reference_number: str
    customer_id: int
    location_id: int | None = None
    invoice_date: date | None = None
    due_date: date | None = None
    items: tuple[InvoiceItem, ...] = ()
    """The active items, as they stand in the table of items."""
    tax: Decimal = Decimal("0.00")
    tax_is_stated: bool = False
    discount: Decimal = Decimal("0.00")
    stated_sub_total: Decimal | None = None
    """A subtotal written over the API; None: the chargeable items' sum."""
    applied: Decimal = Decimal("0.00")
    sync_status: str = "Pending"
    review_status: str = "NeedsReview"
    sent_status: str = "NotSent"
    configuration: str = "JobInvoice"
    business_unit_id: int | None = None
    tax_zone_id: int | None = None
    payment_term_id: int | None = None
    job_id: int | None = None
    project_id: int | None = None
    type_id: int | None = None
    adjustment_to_id: int | None = None
    batch: Batch | None = None
    summary: str | None = None
    deposited_on: str | None = None
    paid_on: date | None = None
    import_id: str | None = None
    export_id: str | None = None
    export_message: str | None = None
    """Kept where it was marked exported; no answer shows it."""
    assigned_to_id: int | None = None
    royalty_status: str = "Pending"
    royalty_date: date | None = None
    royalty_sent_on: str | None = None
    royalty_memo: str | None = None
    created_by: str = "office"

    @property
    def sub_total(self) -> Decimal:
        """The chargeable items, before tax and before ``discount``."""
        if self.stated_sub_total is not None:
            return self.stated_sub_total
        return sum((item.total for item in self.items if item.chargeable), Decimal("0.00"))

    @property
    def total(self) -> Decimal:
        """Items, less the discount, and tax."""
        return self.sub_total - self.discount + self.tax

    @property
    def balance(self) -> Decimal:
        """What is still owed; negative for what is still to be given back."""
        return self.total - self.applied

    @property
    def item_discounts(self) -> Decimal:
        """The discounts among the items, as a positive amount."""
        found = (item.total for item in self.items if item.type == "PriceModifier" and item.chargeable)
        return -sum((one for one in found if one < 0), Decimal("0.00"))
