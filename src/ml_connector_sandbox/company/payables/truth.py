"""How every bill, vendor credit, payment and vendor of the firm must end, reckoned from the seed alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

STAGED, HELD, SKIPPED = "staged", "held", "skipped"
STANDS = "stands"  # held since it was staged: what was staged before it was changed or deleted stands there
LINKED, CREATED = "linked", "created"

Line = tuple[str, str, str]
"""What a reader of the sums is told: the ending, its reason (empty when staged), and the currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayableTruth:
    """One bill or vendor credit and its ending with the firm's settings.

    ``total``: gross, negative for a credit. ``reason``: why it is held or skipped, by code; ``because``: the vendor's own
    reason where the document only waits for its vendor. ``waits``: what a person may fill so that it is staged, as
    ``table:key``. Of what is staged: ``centers`` and ``accounts`` are cost centre account numbers and GL account numbers,
    line by line in the source's order, and ``legal_entity`` is the company code.
    """

    document_id: str
    kind: str
    case: str
    ends: str
    total: Decimal
    currency: str
    vendor_id: str
    number: str
    date: date
    reason: str = ""
    because: str = ""
    waits: tuple[str, ...] = ()
    centers: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    legal_entity: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For the hand-over file; amounts and dates as texts."""
        return {**asdict(self), "total": str(self.total), "date": self.date.isoformat()}


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTruth:
    """One vendor payment and its ending. ``rows``: (bill id, amount) of what must be staged, one row each."""

    payment_id: str
    case: str
    ends: str
    amount: Decimal
    currency: str
    vendor_id: str
    reason: str = ""
    rows: tuple[tuple[str, Decimal], ...] = ()

    @property
    def staged(self) -> Decimal:
        """Sum of the rows."""
        return sum((amount for _, amount in self.rows), Decimal(0))

    def as_dict(self) -> dict[str, Any]:
        """For the hand-over file; amounts as texts."""
        rows = [[bill, str(amount)] for bill, amount in self.rows]
        return {**asdict(self), "amount": str(self.amount), "rows": rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierTruth:
    """One vendor and its ending: ``linked`` with a supplier that is there, ``created``, ``held``, or ``skipped``."""

    vendor_id: str
    name: str
    ends: str
    code: str = ""
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For the hand-over file."""
        return asdict(self)


def sums(rows: Iterable[PayableTruth]) -> dict[Line, tuple[int, Decimal]]:
    """How many end how, why, and in which currency, with their sum; credits count negative."""
    found: dict[Line, tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal(0)))
    for one in rows:
        count, total = found[one.ends, one.reason, one.currency]
        found[one.ends, one.reason, one.currency] = (count + 1, total + one.total)
    return dict(sorted(found.items()))


def payment_sums(rows: Iterable[PaymentTruth]) -> dict[Line, tuple[int, Decimal]]:
    """The same for payments, by their whole amounts."""
    found: dict[Line, tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal(0)))
    for one in rows:
        count, total = found[one.ends, one.reason, one.currency]
        found[one.ends, one.reason, one.currency] = (count + 1, total + one.amount)
    return dict(sorted(found.items()))


def as_rows(found: dict[Line, tuple[int, Decimal]]) -> list[dict[str, str | int]]:
    """Sums for the hand-over file."""
    return [
        {"ends": ends, "reason": reason, "currency": currency, "count": count, "sum": str(total)}
        for (ends, reason, currency), (count, total) in found.items()
    ]
