"""Goods that go back to a vendor, and what the vendor credits for them. Amounts are positive, in the company's currency."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from ml_connector_sandbox.servicetitan.books.bills import Batch
from ml_connector_sandbox.servicetitan.books.purchasing import Accounts, cents
from ml_connector_sandbox.servicetitan.books.table import Record

RETURN_STATUSES = ("Pending", "Returned", "CreditReceived", "Canceled")
CREDIT_STATUSES = ("Unreconciled", "Canceled")
CANCELLATIONS = ("NotRequired", "Duplicate", "Accidental", "VendorIssue", "Other", "JobCanceled")


@dataclass(frozen=True, kw_only=True)
class ReturnItem:
    """``cost`` is per unit. ``id`` and ``sku_id`` 0 until added. ``serial_numbers`` have no ids of their own until added."""

    code: str
    name: str
    quantity: Decimal
    cost: Decimal
    id: int = 0
    sku_id: int = 0
    description: str = ""
    receipt_item_id: int | None = None
    serial_numbers: tuple[tuple[int, str], ...] = ()
    accounts: Accounts = field(default_factory=Accounts)

    @property
    def value(self) -> Decimal:
        return self.quantity * self.cost


@dataclass(frozen=True, kw_only=True)
class Return(Record):
    """Goods that go back. ``status``: one of RETURN_STATUSES; ``sync_status``: Pending, Posted, Exported.

    ``restocking_fee`` is what the vendor keeps: it is written by people, and no answer of the API shows it.
    """

    number: str
    vendor_id: int
    business_unit_id: int
    return_date: date
    items: tuple[ReturnItem, ...]
    reference_number: str = ""
    status: str = "Pending"
    sync_status: str = "Pending"
    purchase_order_id: int | None = None
    job_id: int | None = None
    inventory_location_id: int | None = None
    memo: str = ""
    tax: Decimal = Decimal(0)
    shipping: Decimal = Decimal(0)
    restocking_fee: Decimal = Decimal(0)
    returned_on: date | None = None
    credit_received_on: date | None = None
    batch: Batch | None = None
    canceled_on: str | None = None
    canceled_reason: str | None = None
    external_data: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def items_total(self) -> Decimal:
        return cents(sum((item.value for item in self.items), Decimal(0)))

    def amount(self, less_the_fee: bool) -> Decimal:
        """Items, tax and shipping; ``less_the_fee``: what the vendor keeps is taken off."""
        whole = self.items_total + self.tax + self.shipping
        return whole - self.restocking_fee if less_the_fee else whole


@dataclass(frozen=True, kw_only=True)
class CreditSplit:
    """A part of a credit on a bill. Inactive means it was taken off again. ``created_on``: a canonical stamp."""

    id: int
    bill_id: int
    amount: Decimal
    created_on: str
    active: bool = True


@dataclass(frozen=True, kw_only=True)
class ApCredit(Record):
    """What a vendor credits. It has no lines: those stand on its return, where there is one.

    ``status``: one of CREDIT_STATUSES; ``sync_status``: Pending, Posted, Exported. ``number`` is ServiceTitan's own,
    ``reference_number`` the vendor's.
    """

    vendor_id: int
    credit_date: date
    amount: Decimal
    number: str | None = None
    reference_number: str | None = None
    memo: str | None = None
    return_id: int | None = None
    job_id: int | None = None
    business_unit_id: int | None = None
    remittance_vendor_id: int | None = None
    status: str = "Unreconciled"
    sync_status: str = "Pending"
    payment_status: str = "Unpaid"
    splits: tuple[CreditSplit, ...] = ()
    batch: Batch | None = None
    canceled_on: str | None = None

    @property
    def applied(self) -> Decimal:
        """What of it stands on bills."""
        return sum((one.amount for one in self.splits if one.active), Decimal("0.00"))

    @property
    def rest(self) -> Decimal:
        """What of it can still be applied."""
        return self.amount - self.applied
