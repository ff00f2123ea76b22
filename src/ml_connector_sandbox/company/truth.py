"""How every bill and vendor of the seeded company must end: what the books are compared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

POSTED, HELD, SKIPPED, LINKED = "posted", "held", "skipped", "linked"
UNREAD = "unread"  # last changed before the start date, so that it is not even asked for
BILLS, VENDOR_CREDITS = "bills", "vendor_credits"


@dataclass(frozen=True, slots=True, kw_only=True)
class BillTruth:
    """One bill (or receipt, where no bills are kept) and its ending with the demo's settings.

    ``total``: what ServiceTitan says is owed, negative for a credit. ``target``: where it must stand, None for
    nowhere. ``reason``: the reason's code, empty when posted; ``because`` the vendor's own reason where the bill only
    waits for its vendor. ``waits``: what a person may fill so that it is posted, as ``table:key``; empty when nothing
    filled releases it.
    """

    bill_id: str
    case: str
    ends: str
    total: Decimal
    currency: str
    vendor_id: str
    number: str
    date: date
    reason: str = ""
    because: str = ""
    target: str | None = None
    waits: tuple[str, ...] = ()

    def filled(self, keys: Iterable[str]) -> BillTruth:
        """The ending once ``keys`` are filled: posted when this bill waited for them alone."""
        if self.ends != HELD or not self.waits or not set(self.waits) <= set(keys):
            return self
        return replace(self, ends=POSTED, reason="", because="", target=target_of(self.total))

    def as_dict(self) -> dict[str, Any]:
        """For the hand-over file; amounts and dates as texts."""
        values = asdict(self)
        return {**values, "total": str(self.total), "date": self.date.isoformat(), "waits": list(self.waits)}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> BillTruth:
        """The inverse of ``as_dict``. Raises TypeError on fields that do not fit."""
        read = {
            "total": Decimal(values["total"]),
            "date": date.fromisoformat(values["date"]),
            "waits": tuple(values["waits"]),
        }
        return cls(**{**values, **read})


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorTruth:
    """One ServiceTitan vendor and its ending: ``posted`` (made in the ledger), ``linked``, ``held``, ``skipped``.

    ``contact_id``: the ledger contact it is linked with. ``contact_name``: that contact's name there.
    """

    vendor_id: str
    name: str
    ends: str
    reason: str = ""
    contact_id: str = ""
    contact_name: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For the hand-over file."""
        return asdict(self)


@dataclass(slots=True)
class Answers:
    """The demo's mapping tables: key -> target, as a person would fill them. ``later``: what is filled last."""

    accounts: dict[str, str] = field(default_factory=dict)
    tax: dict[str, str] = field(default_factory=dict)
    business_units: dict[str, str] = field(default_factory=dict)
    later: dict[str, dict[str, str]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, dict[str, str]]:
        """The tables that are filled from the beginning."""
        return {
            "accounts": dict(self.accounts),
            "tax": dict(self.tax),
            "business_units": dict(self.business_units),
        }


def target_of(total: Decimal) -> str:
    """A negative bill becomes a vendor credit."""
    return BILLS if total > 0 else VENDOR_CREDITS
