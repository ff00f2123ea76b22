"""How old what is known of a connection may be before it is read again, fitted to the calls its vendor allows. Pure.

What is posted to is planned from lists that are a minute old at most where calls are plenty. A vendor that counts the day
may allow fewer calls than that takes: then lists get a share of what is left of the day, spread evenly over the rest of it.
The lists that a document is compared with so that it is not posted beside its double are a quarter of an hour old at most,
for which they may take up to half of what is left; only where even that does not suffice are they older.
What webhooks hint at, and what a person asks for, is read again at once whatever its age.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

LISTS_AGE = 3600.0  # clock seconds: accounts, taxes, dimensions, lock dates
DOCUMENTS_AGE = 60.0  # clock seconds, at the least: parties and open documents, read incrementally before every push
GUARDS_AGE = 900.0  # clock seconds: what documents keyed by hand in the target are found in
SHARE = 0.2  # of the day's calls; documents have the rest
GUARDS_SHARE = 0.5  # what the guarding lists may take instead, to be no older than GUARDS_AGE
_MOVING = frozenset(
    ["parties", "bills", "vendor_credits", "invoices", "credit_notes", "payments", "overpayments", "prepayments",
     "vendor_payments", "purchase_orders", "customers", "vendors"]
)  # fmt: skip
_GUARDS = frozenset(["bills", "vendor_credits", "invoices", "credit_notes", "payments", "vendor_payments"])


@dataclass(frozen=True, slots=True)
class DayLeft:
    """Calls that a vendor's day still has, all lanes and other applications counted, and clock seconds until it ends."""

    calls: int
    seconds: float


def moving(lists: Collection[str]) -> int:
    """How many of these lists are read again about every minute while documents are sent."""
    return len(_MOVING.intersection(lists))


def allowed_age(entity: str, lists: Collection[str], day: DayLeft | None, shown: Collection[str] = ()) -> float:
    """Clock seconds that the list of ``entity`` may be old, where ``lists`` are read here; ``day`` None: not counted.

    ``shown``: those of the lists that nothing written is compared with.
    """
    if entity not in _MOVING:
        return LISTS_AGE
    if day is None:
        return DOCUMENTS_AGE
    fitted = max(_age(_MOVING.intersection(lists), SHARE, day), DOCUMENTS_AGE)
    guards = _GUARDS.intersection(lists).difference(shown)
    if entity in guards:
        fitted = min(fitted, max(GUARDS_AGE, _age(guards, GUARDS_SHARE, day)))
    return min(fitted, LISTS_AGE)


def _age(lists: Collection[str], share: float, day: DayLeft) -> float:
    """Clock seconds between two readings of each of the lists that use up the share of the day."""
    return len(lists) * day.seconds / (share * max(1, day.calls))
