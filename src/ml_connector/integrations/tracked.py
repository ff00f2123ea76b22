"""What a tracked document was found to be: never written, only matched with what the ledger has of it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import IntEnum

import msgspec

from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill

ENTITY = "bills"  # what tracked documents are matched with is called at the target


class Rank(IntEnum):
    """How sure a match is. Of two records that claim one document of the ledger the surer has it."""

    NONE = 0
    ORDER = 1  # vendor, total and order: suggested, and claims nothing
    NUMBER = 2  # vendor and number, another total
    EXACT = 3  # vendor, number and total
    PERSON = 4  # linked by hand


class Payable(msgspec.Struct, frozen=True):
    """A live payable bill of the ledger. ``claimed_by`` is the source's id of another record that is matched with it."""

    bill: Bill
    claimed_by: str = ""
    rank: Rank = Rank.NONE


class Payables(msgspec.Struct, frozen=True):
    """The ledger's id of a document's vendor, empty if it has none, and which of that vendor's bills may be meant."""

    party_id: str = ""
    found: tuple[Payable, ...] = ()


class LineDifference(msgspec.Struct, frozen=True):
    """A line that both sides have with another amount, quantity or unit cost. Amounts are without tax and freight."""

    what: str
    received: Decimal
    billed: Decimal
    received_quantity: Decimal
    billed_quantity: Decimal
    received_cost: Decimal
    billed_cost: Decimal


class Track(msgspec.Struct, frozen=True, tag="track"):
    """Nothing is written; ``finding`` is a reason's code and says how source and ledger agree.

    ``target_id`` is the payable bill it is matched with, one to one, found by ``evidence``; ``candidates`` are all that
    may be it. ``party_id`` is the vendor in the ledger, ``order`` the purchase order at the source, ``order_there`` its
    counterpart in the ledger. ``received`` and ``billed`` contain tax and freight, each in its own currency; ``ordered``
    is of the whole order, which may have come in parts. ``awaiting``: the bill there is a draft, not in the general
    ledger yet. Of a bank deposit, which is matched with nothing, ``received`` is the gross amount.
    """

    finding: str
    sentence: str
    action: str
    currency: str
    received: Decimal = ZERO
    received_on: dt.date | None = None
    vendor: Ref = Ref()
    number: str = ""
    party_id: str = ""
    order: Ref = Ref()
    order_there: Ref = Ref()
    ordered: Decimal | None = None
    ordered_on: dt.date | None = None
    sent_on: dt.date | None = None
    target_id: str = ""
    rank: Rank = Rank.NONE
    candidates: tuple[str, ...] = ()
    evidence: str = ""
    number_there: str = ""
    billed: Decimal | None = None
    billed_currency: str = ""
    billed_on: dt.date | None = None
    awaiting: bool = False
    lines: tuple[LineDifference, ...] = ()
