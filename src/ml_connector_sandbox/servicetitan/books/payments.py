"""Payments and what stands around them: types, terms, deposits, credit memos."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from ml_connector_sandbox.servicetitan.books.bills import Batch
from ml_connector_sandbox.servicetitan.books.purchasing import Accounts, cents
from ml_connector_sandbox.servicetitan.books.table import Record

RECEIVE_PAYMENT, JOURNAL_ENTRY = "ReceivePayment", "JournalEntry"
DUE_DAY_TYPES = ("NumberOfDays", "CertainDayOfCurrentMonth", "CertainDayOfFollowingMonth")


@dataclass(frozen=True, kw_only=True)
class PaymentType(Record):
    """A way to pay. ``transaction``: ReceivePayment for money, JournalEntry for write-offs, fees, bad debt.

    Neither ``transaction`` nor the account is shown by the API.
    """

    name: str
    transaction: str = RECEIVE_PAYMENT
    general_ledger_account_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class PaymentTerm(Record):
    """When an invoice or bill is due; ``due_day`` is a number of days or a day of the month."""

    name: str
    due_day_type: str = "NumberOfDays"
    due_day: int = 0
    is_customer_default: bool = False
    is_vendor_default: bool = False
    discount_percent: Decimal | None = None
    discount_days: int | None = None


@dataclass(frozen=True, kw_only=True)
class Split:
    """A part of a payment or credit memo that settles an invoice; negative as the payment is. ``id`` 0 until added."""

    invoice_id: int
    amount: Decimal
    id: int = 0
    applied_on: date | None = None
    applied_by: str = "office"


@dataclass(frozen=True, kw_only=True)
class Payment(Record):
    """Money from a customer, or back to them with a negative ``total``. Inactive means deleted.

    What the splits leave is the customer's credit. A deleted payment keeps its splits but settles nothing.
    """

    customer_id: int
    type_id: int
    total: Decimal
    paid_on: date
    splits: tuple[Split, ...] = ()
    sync_status: str = "Pending"
    batch: Batch | None = None
    business_unit_id: int | None = None
    general_ledger_account_id: int | None = None
    deposit_id: int | None = None
    check_number: str | None = None
    auth_code: str | None = None
    memo: str | None = None
    reference_number: str | None = None
    refunded_payment_id: int | None = None
    export_id: str | None = None
    settled_on: str | None = None
    created_by: str = "office"

    @property
    def unapplied(self) -> Decimal:
        """What no invoice has had yet."""
        return self.total - sum((one.amount for one in self.splits), Decimal("0.00"))


@dataclass(frozen=True, kw_only=True)
class BankDeposit(Record):
    """Payments taken to the bank together: ``gross`` less ``fees`` arrives there."""

    name: str
    deposit_date: date
    gross: Decimal
    fees: Decimal = Decimal("0.00")
    status: str = "Open"
    sync_status: str = "Pending"
    review_status: str = "NeedsReview"
    reviewed_on: str | None = None
    batch: Batch | None = None
    bank_account_id: int | None = None
    fee_account_id: int | None = None
    created_by: str = "office"

    @property
    def net(self) -> Decimal:
        """What the bank books."""
        return self.gross - self.fees


@dataclass(frozen=True, kw_only=True)
class CreditMemoItem(Record):
    """A line of a credit memo; ``price`` is per unit and positive where something is given. ``memo_id`` 0 until added.

    Inactive means removed. ``accounts``: the revenue account is the general ledger one, the expense account that of sale.
    """

    sku_name: str
    price: Decimal
    quantity: Decimal = Decimal(1)
    memo_id: int = 0
    cost: Decimal = Decimal(0)
    type: str = "Service"
    sku_id: int = 0
    description: str | None = None
    taxable: bool = False
    business_unit_id: int | None = None
    accounts: Accounts = field(default_factory=Accounts)
    created_by: str = "office"

    @property
    def total(self) -> Decimal:
        """To the cent."""
        return cents(self.quantity * self.price)


@dataclass(frozen=True, kw_only=True)
class CreditMemo(Record):
    """A credit given to a customer; amounts are positive, and it settles invoices by its splits."""

    reference_number: str
    customer_id: int
    memo_date: date
    sub_total: Decimal
    tax: Decimal = Decimal("0.00")
    splits: tuple[Split, ...] = ()
    location_id: int | None = None
    business_unit_id: int | None = None
    tax_zone_id: int | None = None
    sync_status: str = "Pending"
    batch: Batch | None = None
    description: str | None = None
    import_id: str | None = None
    export_id: str | None = None
    created_by: str = "office"

    @property
    def total(self) -> Decimal:
        return self.sub_total + self.tax

    @property
    def balance(self) -> Decimal:
        """What no invoice has had yet."""
        return self.total - sum((one.amount for one in self.splits), Decimal("0.00"))
