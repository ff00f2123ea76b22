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
    """A vendor or customer. Bank details are never read; ``tax_id`` is for matching only and never stored in clear."""

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


class Account(Canonical, frozen=True, tag="account"):
    """A general-ledger account. ``type`` is the vendor's own word; ``postable`` says whether a bill line may use it."""

    id: str
    name: str
    number: str = ""
    type: str = ""
    active: bool = True
    postable: bool = True
    currency: str = ""
    stamp: str = ""


class TaxCode(Canonical, frozen=True, tag="tax_code"):
    """A tax rate or tax zone. ``rate`` is a fraction (0.0825 is 8.25 %), None where the vendor states none."""

    id: str
    name: str
    rate: Decimal | None = None
    active: bool = True
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


class PurchaseOrder(Canonical, frozen=True, tag="purchase_order"):
    """An order to a vendor. ``status`` is the vendor's own word."""

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
    stamp: str = ""


Document = Party | Account | TaxCode | Dimension | Organisation | Bill | PurchaseOrder

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
