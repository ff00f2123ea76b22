"""Documents with lines, payments and allocations."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from ml_connector_sandbox.xero.books.values import ZERO

Day: TypeAlias = date
"""A calendar day; the name keeps it apart from fields called date."""

DRAFT, SUBMITTED, AUTHORISED, PAID = "DRAFT", "SUBMITTED", "AUTHORISED", "PAID"
VOIDED, DELETED, BILLED = "VOIDED", "DELETED", "BILLED"
GONE = frozenset({VOIDED, DELETED})
POSTED = frozenset({AUTHORISED, PAID})

SALES = frozenset({"ACCREC", "ACCRECCREDIT", "AROVERPAYMENT", "ARPREPAYMENT"})
"""Types on the receivables side; all others are on the payables side."""
INVOICE, CREDIT_NOTE, OVERPAYMENT, PREPAYMENT, PURCHASE_ORDER = (
    "Invoice", "CreditNote", "Overpayment", "Prepayment", "PurchaseOrder",
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Line:
    """A line. ``amount`` is the line total by the document's amount type; ``tax`` the tax on or in it."""

    line_id: str = ""
    description: str = ""
    quantity: Decimal | None = None
    unit_amount: Decimal | None = None
    amount: Decimal = ZERO
    account_code: str = ""
    item_code: str = ""
    tax_type: str = ""
    tax: Decimal = ZERO
    tax_given: bool = False
    discount_rate: Decimal | None = None
    discount_amount: Decimal | None = None
    tracking: list[tuple[str, str]] = field(default_factory=list)  # category id, option id


@dataclass(slots=True, kw_only=True, eq=False)
class Payment:
    """Money on a document. ``amount`` is positive, in the document's currency; ``status`` AUTHORISED or DELETED.

    Payments, allocations and documents point at each other: they are told apart by identity.
    """

    payment_id: str
    document: Document
    account_id: str
    date: Day
    amount: Decimal
    rate: Decimal
    created: datetime
    updated: datetime
    sequence: int = 0
    bank_amount: Decimal = ZERO
    reference: str = ""
    status: str = AUTHORISED
    is_reconciled: bool = False
    in_batch: bool = False
    app: str = ""

    @property
    def record_id(self) -> str:
        return self.payment_id


@dataclass(slots=True, kw_only=True, eq=False)
class Allocation:
    """So much of a credit set off against an invoice of the same contact. Posts nothing but currency gain."""

    allocation_id: str
    credit: Document
    invoice: Document
    amount: Decimal
    date: Day


@dataclass(slots=True, kw_only=True, eq=False)
class Document:
    """An invoice, bill, credit note, overpayment, prepayment or purchase order; ``kind`` says which.

    Amounts are positive Decimals in ``currency_code``; ``rate`` is units of it for one of the base currency.
    ``app`` is the client id of the app that made it, empty when a person did. ``texts``: further fields by name.
    """

    document_id: str
    kind: str
    type: str
    date: Day
    created: datetime
    updated: datetime
    sequence: int = 0
    number: str = ""
    reference: str = ""
    contact_id: str = ""
    due_date: Day | None = None
    status: str = DRAFT
    amounts: str = "Exclusive"
    lines: list[Line] = field(default_factory=list)
    currency_code: str = ""
    rate: Decimal = Decimal(1)
    sub_total: Decimal = ZERO
    total_tax: Decimal = ZERO
    total: Decimal = ZERO
    total_discount: Decimal = ZERO
    sent_to_contact: bool = False
    fully_paid_on: Day | None = None
    payments: list[Payment] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    dates: dict[str, Day] = field(default_factory=dict)
    bank_account_id: str = ""
    bank_transaction_id: str = ""
    automatic_tax: bool = False
    app: str = ""

    @property
    def record_id(self) -> str:
        return self.document_id

    @property
    def is_credit(self) -> bool:
        """A credit note, overpayment or prepayment."""
        return self.kind in (CREDIT_NOTE, OVERPAYMENT, PREPAYMENT)

    @property
    def is_sale(self) -> bool:
        """On the receivables side."""
        return self.type in SALES

    @property
    def paid(self) -> Decimal:
        """Payments, or refunds of a credit, that stand."""
        return sum((one.amount for one in self.payments if one.status == AUTHORISED), ZERO)

    @property
    def allocated(self) -> Decimal:
        """Credit set off: received by an invoice, given by a credit."""
        return sum((one.amount for one in self.allocations), ZERO)

    @property
    def due(self) -> Decimal:
        """What is still to be paid, or what a credit still has to give; 0 when voided or deleted."""
        return ZERO if self.status in GONE else self.total - self.paid - self.allocated

    @property
    def touched(self) -> bool:
        """Has a payment or credit on it."""
        return bool(self.paid or self.allocated)
