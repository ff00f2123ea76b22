"""The canonical documents. Every connector translates its vendor's documents to these and from these.

Signs: amounts are positive in the document's usual direction (a bill's lines add to what is owed); a negative total
means the opposite document (vendor credit). Amounts are in the document's currency. Dates are calendar dates as the
vendor states them. ``stamp`` values are the vendor's own text, kept as it came.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Hashable
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

import msgspec

from ml_connector.canonical.money import ZERO, plain


class Ref(msgspec.Struct, frozen=True, omit_defaults=True):
    """A vendor's reference to another of its documents or list entries; ``name`` and ``number`` as it shows them."""

    id: str = ""
    name: str = ""
    number: str = ""

    def label(self) -> str:
        """What a person calls it: number and name, else the id."""
        return " ".join(part for part in (self.number, self.name) if part) or self.id


class TaxBasis(StrEnum):
    """Whether line amounts contain tax."""

    EXCLUSIVE = "exclusive"
    INCLUSIVE = "inclusive"
    NONE = "none"


class LineKind(StrEnum):
    """What a bill line is for; decides which account rule applies to it."""

    ITEM = "item"
    EXPENSE = "expense"
    TAX = "tax"
    FREIGHT = "freight"
    OTHER = "other"
    ROUNDING = "rounding"


class Address(msgspec.Struct, frozen=True, omit_defaults=True):
    """A postal address, every part as the vendor spells it."""

    street: str = ""
    street2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    country: str = ""


class Canonical(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="document"):
    """Base of the canonical documents: frozen, and told apart in their encoded form by the field ``document``."""


class Party(Canonical, frozen=True, tag="party"):
    """A vendor or customer. Bank details are never read; ``tax_id`` is for matching only and never stored in clear.

    ``roles``: what it is where the system keeps one party for both; empty where it is neither yet, or that is not told.
    """

    id: str
    kind: str  # "vendor" or "customer"
    name: str
    active: bool = True
    company: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    account_number: str = ""
    tax_id: str = ""
    currency: str = ""
    private_person: bool = False
    merged_into: str = ""
    address: Address = Address()
    memo: str = ""
    reference: str = ""  # our external reference, where the vendor stores one
    stamp: str = ""
    roles: str = ""  # "customer", "vendor", or both with a blank between


class Account(Canonical, frozen=True, tag="account"):
    """A general-ledger account. ``type`` is the vendor's own word; ``postable`` says whether a bill line may use it.

    ``takes_payments``: whether payments may be booked on it, True where the vendor does not say.
    """

    id: str
    name: str
    number: str = ""
    type: str = ""
    active: bool = True
    postable: bool = True
    currency: str = ""
    takes_payments: bool = True
    stamp: str = ""


class TaxCode(Canonical, frozen=True, tag="tax_code"):
    """A tax rate or tax zone. ``rate`` is a fraction (0.0825 is 8.25 %), None where the vendor states none.

    A zone that taxes labor and material differently has no one rate: then ``labor_rate`` and ``material_rate`` are what it
    takes of lines of these bases, None where the vendor states none.
    """

    id: str
    name: str
    rate: Decimal | None = None
    active: bool = True
    labor_rate: Decimal | None = None
    material_rate: Decimal | None = None
    stamp: str = ""


class Dimension(Canonical, frozen=True, tag="dimension"):
    """One value of an analysis dimension: business unit, reporting-tag option, location, tracking option, cost centre.

    ``set`` is the dimension it belongs to (the tag; empty for business units and locations); ``mandatory`` that the
    set must be filled on a document. ``currency`` only where the vendor keeps one (ServiceTitan business units).
    """

    id: str
    kind: str  # "business_unit", "reporting_tag", "location", "project" ...
    name: str
    set: Ref = Ref()
    number: str = ""
    active: bool = True
    mandatory: bool = False
    currency: str = ""
    stamp: str = ""


class Organisation(Canonical, frozen=True, tag="organisation"):
    """The company's books at a vendor. ``zone`` is an IANA name; ``locked_through`` the last closed date for purchases.

    ``edition`` is the tax edition (US, UK, EU, GLOBAL ...); ``rounding`` how it rounds tax ("line" or "document").
    ``lock_known`` False: the vendor did not tell the lock this time, and the date known before stands.
    """

    id: str
    name: str
    currency: str = ""
    zone: str = ""
    country: str = ""
    edition: str = ""
    plan: str = ""
    price_digits: int = 2
    rounding: str = ""
    fiscal_year_start_month: int = 1
    locked_through: dt.date | None = None
    sandbox: bool = False
    lock_known: bool = True


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


class BillState(StrEnum):
    """How far a bill has come at the system it was read from; ``unknown`` where that is not shown to us."""

    UNKNOWN = "unknown"
    RECEIVED = "received"
    RECONCILED = "reconciled"
    POSTED = "posted"
    DISCREPANCY = "discrepancy"
    CANCELED = "canceled"
    DRAFT = "draft"
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


class InvoiceState(StrEnum):
    """How far a sales invoice or credit note has come at the system it was read from.

    A field-service system shows the first four (booked, worked off, batched and posted, or kept back by a reviewer), a
    ledger the others. ``authorised`` stands in the general ledger and is owed.
    """

    PENDING = "pending"
    COMPLETED = "completed"
    POSTED = "posted"
    KEPT_BACK = "kept back"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    AUTHORISED = "authorised"
    PAID = "paid"
    VOID = "void"
    DELETED = "deleted"


class InvoiceLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a sales invoice. ``amount`` is the line's share of the total without tax, less its own discount.

    ``quantity`` x ``unit_price`` may have more digits than the currency; ``amount`` is what ties. ``tax`` is the line's
    tax where the vendor states one, None where it does not. ``tax_base`` is what a zone's rate counts the line as
    ("labor", "material", empty). Lines that are not ``chargeable`` are shown and add nothing.
    """

    id: str
    amount: Decimal
    description: str = ""
    sku: str = ""
    quantity: Decimal = Decimal(1)
    unit_price: Decimal = ZERO
    account: Ref = Ref()
    tax_code: Ref = Ref()
    tax: Decimal | None = None
    tax_base: str = ""
    taxable: bool = False
    chargeable: bool = True
    business_unit: Ref = Ref()
    dimensions: tuple[Ref, ...] = ()  # for a target: id = option, number = its set (category) id


class Allocation(msgspec.Struct, frozen=True, omit_defaults=True):
    """A part of a payment or credit that is applied to a document; ``amount`` in that document's currency, positive."""

    id: str
    document: Ref
    amount: Decimal
    date: dt.date | None = None


class Invoice(Canonical, frozen=True, tag="invoice"):
    """What a customer owes for one job or sale; with a negative total, or of ``kind`` credit note, what is owed to him.

    Tie-out: ``sum(chargeable lines) - discount + tax == total``. A credit note that a ledger shows has a positive total
    and kind "credit note". ``adjusts`` is the invoice that an adjustment corrects. ``allocations`` are the parts of a
    credit note that are applied; ``balance`` is what is still open. ``reference`` is our external reference where a
    target stores it, ``memo`` the text it shows to people. ``complete`` is False for a list row without lines.
    """

    id: str
    customer: Ref
    total: Decimal
    kind: str = "invoice"  # "invoice" or "credit note"
    number: str = ""
    date: dt.date | None = None
    due_date: dt.date | None = None
    currency: str = ""
    tax_basis: TaxBasis = TaxBasis.EXCLUSIVE
    lines: tuple[InvoiceLine, ...] = ()
    tax: Decimal = ZERO
    discount: Decimal = ZERO
    tax_zone: Ref = Ref()
    business_unit: Ref = Ref()
    location: Ref = Ref()
    job: Ref = Ref()
    adjusts: Ref = Ref()
    terms: str = ""
    memo: str = ""
    state: InvoiceState = InvoiceState.PENDING
    state_words: str = ""  # the vendor's own words for it, for a person
    exported: bool = False
    active: bool = True
    balance: Decimal | None = None
    exchange_rate: Decimal | None = None
    allocations: tuple[Allocation, ...] = ()
    reference: str = ""
    ours: bool = False  # the vendor says that this product's application made it
    complete: bool = True
    stamp: str = ""


class PaymentKind(StrEnum):
    """What a payment is in a ledger: on documents, or money of a customer that is not applied yet."""

    PAYMENT = "payment"
    OVERPAYMENT = "overpayment"
    PREPAYMENT = "prepayment"
    REFUND = "refund"


class Payment(Canonical, frozen=True, tag="payment"):
    """Money received from a customer; with a negative amount, money given back.

    Conservation: ``sum(splits) + unapplied == amount``. ``method`` is the payment type, ``number`` the cheque or
    authorisation number. ``refunds`` is the payment that a refund gives back. ``journal`` marks types that move no money
    (write-off, financing fee). ``bank_account`` is where a ledger booked it.
    """

    id: str
    party: Ref
    amount: Decimal
    kind: PaymentKind = PaymentKind.PAYMENT
    date: dt.date | None = None
    currency: str = ""
    method: Ref = Ref()
    number: str = ""
    memo: str = ""
    splits: tuple[Allocation, ...] = ()
    unapplied: Decimal = ZERO
    bank_account: Ref = Ref()
    business_unit: Ref = Ref()
    deposit: Ref = Ref()
    refunds: Ref = Ref()
    journal: bool = False
    state: str = ""  # the vendor's own word
    posted: bool = True  # in the source's books, no longer open to change there
    exported: bool = False
    reconciled: bool = False  # with the bank; never un-applied then
    active: bool = True
    exchange_rate: Decimal | None = None
    reference: str = ""
    ours: bool = False
    stamp: str = ""


class ListEntry(Canonical, frozen=True, tag="list_entry"):
    """An entry of one of a vendor's short lists that a mapping table names: payment type, payment term.

    For a payment term ``days`` and ``rule`` say when a document is due: "days" after its date, or on the day ``days`` of
    "this month" or "next month"; None where the list has nothing of the kind.
    """

    id: str
    kind: str
    name: str
    active: bool = True
    days: int | None = None
    rule: str = ""
    stamp: str = ""


Document = Party | Account | TaxCode | Dimension | Organisation | Bill | PurchaseOrder | Invoice | Payment | ListEntry


def party_of(document: Document) -> Ref | None:
    """Whose document it is: the vendor's or customer's; None for one that is nobody's."""
    match document:
        case Bill() | PurchaseOrder():
            return document.vendor
        case Invoice():
            return document.customer
        case Payment():
            return document.party
        case _:
            return None


def amount_of(document: Document) -> Decimal | None:
    """What it is over, in its currency and with its sign; None for one without an amount."""
    match document:
        case Bill() | PurchaseOrder() | Invoice():
            return document.total
        case Payment():
            return document.amount
        case _:
            return None


# A number in its shortest spelling: no exponent, no trailing zero behind the point, no -0.
_PLAIN = re.compile(r"(?!-0$)-?\d+(?:\.\d*[1-9])?$").match
_encoder = msgspec.json.Encoder(order="deterministic")
_decoder: msgspec.json.Decoder[Document] = msgspec.json.Decoder(Document)


def encode(document: Document) -> bytes:
    """The one canonical text of a document: equal documents have equal bytes, however their amounts were spelled.

    A vendor that answers 1.10 today and 1.1 tomorrow has changed nothing. Raises ValueError on NaN.
    """
    return _encoder.encode(one_spelling(document))


def decode(data: bytes) -> Document:
    """The document of its canonical text. Raises ``msgspec.ValidationError`` when the text is of another shape."""
    return _decoder.decode(data)


def one_spelling(struct: Any) -> Any:
    """The equal struct with amounts without trailing zeros, and with the default itself where a field equals it.

    The encoder leaves out a field that *is* its default; equal is not enough for it.
    """
    changed = {}
    for name, default in _spelled_fields(struct.__class__):
        value = getattr(struct, name)
        if value is default:
            continue
        if value == default:
            changed[name] = default
        elif value.__class__ is Decimal:
            if not _PLAIN(str(value)):
                changed[name] = plain(value)
        elif value.__class__ is tuple:
            changed[name] = tuple([one_spelling(one) for one in value])
    return msgspec.structs.replace(struct, **changed) if changed else struct


@cache
def _spelled_fields(struct: Hashable) -> tuple[tuple[str, Any], ...]:
    """The fields whose equal values may differ in their text: amounts, references, and tuples of lines."""
    return tuple(
        (field.name, field.default)
        for field in msgspec.structs.fields(struct)  # type: ignore[arg-type]
        if field.type not in (str, bool, int) and not (isinstance(field.type, type) and issubclass(field.type, StrEnum))
    )
