"""What a company buys: bills, vendor credits, orders and expenses. Signs, currencies and dates: see ``documents``."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum

import msgspec

from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Address, Allocation, Canonical, Ref, TaxBasis


class LineKind(StrEnum):
    """What a bill line is for; decides which account rule applies to it."""

    ITEM = "item"
    EXPENSE = "expense"
    TAX = "tax"
    FREIGHT = "freight"
    OTHER = "other"
    ROUNDING = "rounding"


class BillLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a bill. ``amount`` is the line's share of the bill's total without tax and freight.

    ``quantity`` x ``unit_cost`` may have more digits than the currency; ``amount`` is what ties. ``tax`` and
    ``freight`` are the source's own allocation where it states one (landed cost), None where it does not.
    """

    id: str
    amount: Decimal
    kind: LineKind = LineKind.ITEM
    description: str = ""
    sku: str = ""
    quantity: Decimal = Decimal(1)
    unit_cost: Decimal = ZERO
    account: Ref = Ref()
    business_unit: Ref = Ref()
    job: Ref = Ref()
    tax_code: Ref = Ref()
    dimensions: tuple[Ref, ...] = ()  # for a target: id = option, number = its set (tag) id
    location: Ref = Ref()
    tax: Decimal | None = None
    freight: Decimal | None = None
    tax_parts: tuple[Decimal, ...] = ()  # of a target's line: what ``tax`` is made of, where several taxes are on it


class BillState(StrEnum):
    """How far a bill has come at the system it was read from; ``unknown`` where that is not shown to us."""

    UNKNOWN = "unknown"
    RECEIVED = "received"
    RECONCILED = "reconciled"
    POSTED = "posted"
    DISCREPANCY = "discrepancy"
    CANCELED = "canceled"
    DRAFT = "draft"
    SUBMITTED = "submitted"  # waits for approval
    REJECTED = "rejected"  # by whoever approves
    APPROVED = "approved"  # on its way to payment
    OPEN = "open"
    PARTLY_PAID = "partly paid"
    PAID = "paid"


class Bill(Canonical, frozen=True, tag="bill"):
    """What a company owes a vendor for one delivery or invoice; with a negative total a vendor credit.

    ``number`` is the vendor's invoice number; ``own_number`` the number the source gave the document.
    Tie-out: ``sum(lines) - discount + tax + shipping + other == total``.
    ``reference`` is our external reference where a target stores it. ``complete`` is False for a list row without
    lines, or for a source whose lines may be hidden by a missing scope. ``hidden_reason`` says why lines or, where
    the state is unknown, the state cannot be seen; ``hidden_by`` is the source's name of the right that would show them.
    ``ordered``, ``ordered_on`` and ``order_sent_on`` are of its whole purchase order, as it was when the bill was read:
    total, tax and freight included, day of the order, and day it went to the vendor.
    ``own_number`` is also what a target of a ledger knows the ledger's document by. ``legal_entity`` and ``remit_to`` are
    whose bill it is within the company and where the vendor is paid. ``credits`` are a vendor's credits applied to it, by
    their ids (of a vendor credit: the bills it is applied to). ``paid`` is what money has settled of it (zero or more),
    credits left out; None where the system does not tell the two apart. ``status`` is the system's own word for ``state``,
    and ``trouble`` says why the document does not go on there, in a sentence; empty where it does.
    """

    id: str
    vendor: Ref
    total: Decimal
    number: str = ""
    own_number: str = ""
    date: dt.date | None = None
    due_date: dt.date | None = None
    post_date: dt.date | None = None
    currency: str = ""
    tax_basis: TaxBasis = TaxBasis.EXCLUSIVE
    lines: tuple[BillLine, ...] = ()
    tax: Decimal = ZERO
    shipping: Decimal = ZERO
    other: Decimal = ZERO
    discount: Decimal = ZERO
    tax_zone: Ref = Ref()
    business_unit: Ref = Ref()
    location: Ref = Ref()
    job: Ref = Ref()
    purchase_order: Ref = Ref()
    ordered: Decimal | None = None
    ordered_on: dt.date | None = None
    order_sent_on: dt.date | None = None
    terms: str = ""
    memo: str = ""
    state: BillState = BillState.RECEIVED
    exported: bool = False
    do_not_pay: bool = False
    active: bool = True
    balance: Decimal | None = None
    exchange_rate: Decimal | None = None
    reference: str = ""
    complete: bool = True
    hidden_reason: str = ""
    hidden_by: str = ""
    landed_by_value: bool = False
    source_kind: str = "bill"  # "bill", or "receipt" when made from a received purchase order
    own_bill: Ref = Ref()  # the bill that the source made of a receipt
    stamp: str = ""
    legal_entity: Ref = Ref()
    remit_to: Address = Address()
    credits: tuple[Allocation, ...] = ()
    status: str = ""
    trouble: str = ""
    paid: Decimal | None = None


class Expense(Canonical, frozen=True, tag="expense"):
    """Money spent without a bill. ``total`` is what left the account, tax included and positive; a refund is negative.

    Tie-out: ``sum(lines) + tax == total``; each line names the account it is charged to. ``paid_through`` is the account that
    paid it, an empty Ref where nobody has been paid yet. ``complete`` is False for a list row that shows no lines.
    """

    id: str
    total: Decimal
    date: dt.date | None = None
    number: str = ""
    currency: str = ""
    lines: tuple[BillLine, ...] = ()
    tax: Decimal = ZERO
    tax_basis: TaxBasis = TaxBasis.EXCLUSIVE
    paid_through: Ref = Ref()
    vendor: Ref = Ref()
    customer: Ref = Ref()  # to whom it is to be charged on, where to anyone
    memo: str = ""
    status: str = ""
    active: bool = True
    exchange_rate: Decimal | None = None
    reference: str = ""
    complete: bool = True
    stamp: str = ""


class OrderState(StrEnum):
    """How far a purchase order has come: the first four at a field-service system, the others in a ledger."""

    PENDING = "pending"
    SENT = "sent"
    RECEIVED = "received"
    CANCELED = "canceled"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    AUTHORISED = "authorised"
    BILLED = "billed"
    DELETED = "deleted"


class PurchaseOrder(Canonical, frozen=True, tag="purchase_order"):
    """An order to a vendor. ``status`` is the vendor's own word, ``state`` what it means (sent covers partly received).

    Tie-out: ``sum(lines) + tax + shipping == total``. ``delivery`` is where it goes, as one text where a ledger has it so.
    """

    id: str
    number: str
    vendor: Ref
    total: Decimal
    status: str = ""
    date: dt.date | None = None
    business_unit: Ref = Ref()
    job: Ref = Ref()
    vendor_document: str = ""
    lines: tuple[BillLine, ...] = ()
    state: OrderState = OrderState.PENDING
    tax: Decimal = ZERO
    shipping: Decimal = ZERO
    currency: str = ""
    tax_basis: TaxBasis = TaxBasis.EXCLUSIVE
    required_on: dt.date | None = None
    sent_on: dt.date | None = None
    received_on: dt.date | None = None
    delivery: str = ""
    memo: str = ""
    exported: bool = False
    active: bool = True
    reference: str = ""
    stamp: str = ""
