"""What an emulator's books say once everything is left out that a run decides by chance: ids, stamps, counters."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

Essence = dict[str, dict[str, Any]]
"""Entity -> object id -> what the object says. Two runs ended alike when their values are equal as multisets."""


def settled(value: Any) -> Any:
    """``value`` with every Decimal in one form: 12.50 and 12.5 are one amount, and 100 is never written 1E+2.

    >>> settled({"total": Decimal("12.50"), "lines": (Decimal("1E+2"),)})
    {'total': Decimal('12.5'), 'lines': [Decimal('100')]}
    """
    if isinstance(value, Decimal):
        return Decimal(format(value.normalize(), "f")) if value else Decimal(0)
    if isinstance(value, dict):
        return {key: settled(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [settled(one) for one in value]
    return value
