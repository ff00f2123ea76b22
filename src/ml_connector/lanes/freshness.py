"""How old what is known of a connection may be before it is read again, fitted to the calls its vendor allows. Pure.

What is posted to is planned from lists that are a minute old at most where calls are plenty. A vendor that counts the day
may allow fewer calls than that takes: then lists get a share of what is left of the day, spread evenly over the rest of it.
What webhooks hint at, and what a person asks for, is read again at once whatever its age.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

LISTS_AGE = 3600.0  # clock seconds: accounts, taxes, dimensions, lock dates
DOCUMENTS_AGE = 60.0  # clock seconds, at the least: parties and open documents, read incrementally before every push
SHARE = 0.2  # of the day's calls; documents have the rest
_MOVING = frozenset(
    ["parties", "bills", "vendor_credits", "invoices", "credit_notes", "payments", "overpayments", "prepayments",
     "purchase_orders", "customers", "vendors"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DayLeft:
    """Calls that a vendor's day still has, all lanes and other applications counted, and clock seconds until it ends."""

    calls: int
    seconds: float


def allowed_age(entity: str, lists: Collection[str], day: DayLeft | None) -> float:
    """Clock seconds that the list of ``entity`` may be old, where ``lists`` are read here; ``day`` None: not counted."""
    if entity not in _MOVING:
        return LISTS_AGE
    if day is None:
        return DOCUMENTS_AGE
    moving = len(_MOVING.intersection(lists))
    fitted = moving * day.seconds / (SHARE * max(1, day.calls))
    return min(max(fitted, DOCUMENTS_AGE), LISTS_AGE)
