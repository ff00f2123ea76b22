"""The canonical documents. Every connector translates its vendor's documents to these and from these.

Signs: amounts are positive in the document's usual direction (a bill's lines add to what is owed); a negative total
means the opposite document (vendor credit). Amounts are in the document's currency. Dates are calendar dates as the
vendor states them. ``stamp`` values are the vendor's own text, kept as it came.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

import msgspec

from ml_connector.canonical.master_data import Account, Dimension, Item, ListEntry, Organisation, Party, TaxCode
from ml_connector.canonical.money import plain
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillState, Expense, PurchaseOrder
from ml_connector.canonical.sales import Deposit, Invoice, Payment

Document = (
    Party
    | Account
    | TaxCode
    | Dimension
    | Organisation
    | Bill
    | PurchaseOrder
    | Invoice
    | Payment
    | Deposit
    | ListEntry
    | Item
    | Expense
)


def party_of(document: Document) -> Ref | None:
    """Whose document it is: the vendor's or customer's; None for one that is nobody's."""
    match document:
        case Bill() | PurchaseOrder() | Expense():
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
        case Bill() | PurchaseOrder() | Invoice() | Expense():
            return document.total
        case Payment():
            return document.amount
        case Deposit():
            return document.gross
        case _:
            return None


VOID, PAID, PARTLY_PAID = "void", "paid", "partly paid"


def settled_as(document: Document) -> str:
    """What became of it at its own system: VOID, also of a bill that is cancelled; PAID or PARTLY_PAID of a bill, also of
    one that is overdue; empty while it is open. A credit that is used up is no payment, and neither is one that is applied.
    """
    if not getattr(document, "active", True):
        return VOID
    if isinstance(document, Bill) and document.state is BillState.CANCELED:
        return VOID
    if not isinstance(document, Bill) or document.total <= 0:
        return ""
    if document.state is BillState.PAID:
        return PAID
    return PARTLY_PAID if document.paid else ""


DELETED = "deleted"  # in place of the vendor's own word for the state of a document


def as_deleted(document: Document) -> Document:
    """A document as its source showed it last, deleted there since. Raises TypeError for what has no end of its own."""
    match document:
        case Bill() | Expense():
            return msgspec.structs.replace(document, active=False, status=DELETED)
        case Payment():
            return msgspec.structs.replace(document, active=False, state=DELETED)
        case Party():
            return msgspec.structs.replace(document, active=False, deleted=True)
        case Item():
            return msgspec.structs.replace(document, active=False)
        case _:
            raise TypeError(f"a {type(document).__name__} is not looked for where it was deleted")


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
            changed[name] = tuple([plain(one) if one.__class__ is Decimal else one_spelling(one) for one in value])
    return msgspec.structs.replace(struct, **changed) if changed else struct


@cache
def _spelled_fields(struct: Hashable) -> tuple[tuple[str, Any], ...]:
    """The fields whose equal values may differ in their text: amounts, references, and tuples of lines or rates."""
    return tuple(
        (field.name, field.default)
        for field in msgspec.structs.fields(struct)  # type: ignore[arg-type]
        if field.type not in (str, bool, int) and not (isinstance(field.type, type) and issubclass(field.type, StrEnum))
    )
