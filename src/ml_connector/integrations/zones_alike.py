"""Which tax of the ledger the tax of a zone may be, and in what the two differ. Pure.

A name that one has on each side, with an equal rate, is proof; a rate alone is none, for many zones have the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import TaxCode
from ml_connector.canonical.money import plain
from ml_connector.canonical.numbers import name_key


def same_name(mine: TaxCode, taxes: Iterable[TaxCode]) -> list[TaxCode]:
    """The active ones of its name."""
    return [one for one in taxes if one.active and name_key(one.name) == name_key(mine.name)]


def same_rate(mine: TaxCode, taxes: Iterable[TaxCode]) -> list[TaxCode]:
    """The active ones of its rate; none where it has no one rate."""
    return [one for one in taxes if one.active and mine.rate is not None and one.rate == mine.rate]


def is_same_rate(mine: Document | None, theirs: Document) -> bool:
    """Whether both state one rate, the same, and it is not zero."""
    if not isinstance(mine, TaxCode) or not isinstance(theirs, TaxCode):
        return False
    return bool(mine.rate) and mine.rate == theirs.rate


def rate_evidence(mine: Document | None, theirs: Document) -> str:
    """What the rates say, in words; empty where either states none."""
    if not isinstance(mine, TaxCode) or not isinstance(theirs, TaxCode) or theirs.rate is None:
        return ""
    if mine.rate is None:
        return f"rate {per_cent(theirs.rate)} there, {_parted(mine)} here" if _parted(mine) else ""
    if mine.rate == theirs.rate:
        return f"same rate {per_cent(mine.rate)}"
    return f"rate {per_cent(mine.rate)} here, {per_cent(theirs.rate)} there"


def _parted(zone: TaxCode) -> str:
    told = ((zone.labor_rate, "of labor"), (zone.material_rate, "of material"))
    return " and ".join(f"{per_cent(rate)} {what}" for rate, what in told if rate is not None)


def per_cent(rate: Decimal | None) -> str:
    """A rate, a fraction, in per cent."""
    return "no one rate" if rate is None else f"{plain(rate * 100):f} %"


def differences(mine: TaxCode, theirs: TaxCode) -> tuple[str, ...]:
    """In what the two differ, in words, each with both values."""
    shown = (
        ("name", mine.name, theirs.name, name_key(mine.name) != name_key(theirs.name)),
        ("rate", per_cent(mine.rate), per_cent(theirs.rate), mine.rate != theirs.rate),
        ("activity", _active(mine), _active(theirs), mine.active != theirs.active),
    )
    return tuple(f"{what} ({here} in ServiceTitan, {there} there)" for what, here, there, differ in shown if differ)


def _active(tax: TaxCode) -> str:
    return "active" if tax.active else "inactive"
