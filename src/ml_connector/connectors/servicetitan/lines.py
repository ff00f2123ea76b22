"""Exact line amounts of bills whose source states quantity and unit cost only.

Quantities have up to 19 decimals and costs ten, so a product may need more digits than Python's default context keeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal

from ml_connector.canonical.money import total

EXACT = Context(prec=80)
CENT = Decimal("0.01")  # ServiceTitan serves countries whose currencies have cents


def cents(amount: Decimal) -> Decimal:
    """``amount`` to the cent, halves away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP, EXACT)


def product(quantity: Decimal, cost: Decimal) -> Decimal:
    """``quantity`` x ``cost``, no digit lost."""
    return EXACT.multiply(quantity, cost)


def line_amounts(exact: Sequence[Decimal], stated: Decimal) -> tuple[Decimal, ...]:
    """``exact`` line values to the cent so that they sum to ``stated`` whenever only rounding parts them.

    Each line rounded by itself if that sums to ``stated``. Else, if the exact sum rounds to ``stated``, largest
    remainder: lines down to the cent, then one cent each to the lines that lost most, earlier ones first; no line
    moves by a cent or more. Else the rounded lines: the difference is real and stays visible.
    """
    rounded = tuple(cents(value) for value in exact)
    if total(rounded) == stated or cents(total(exact)) != stated:
        return rounded
    floors = [value.quantize(CENT, ROUND_FLOOR, EXACT) for value in exact]
    missing = int(EXACT.divide(EXACT.subtract(stated, total(floors)), CENT))
    by_loss = sorted(range(len(exact)), key=lambda line: (EXACT.subtract(floors[line], exact[line]), line))
    for line in by_loss[:missing]:
        floors[line] += CENT
    return tuple(floors)
