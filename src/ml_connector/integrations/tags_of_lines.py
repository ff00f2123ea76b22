"""Which options of a ledger's line come of our mapping tables, and which people have chosen beside them."""

from __future__ import annotations

from collections.abc import Iterable

from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import BillLine
from ml_connector.canonical.sales import InvoiceLine

Line = BillLine | InvoiceLine


def own_tags(*sent: Line) -> frozenset[str]:
    """The tags (tracking categories) of which lines as we send them carry an option."""
    return frozenset(one.number for line in sent for one in line.dimensions)


def of_tags(options: Iterable[Ref], tags: frozenset[str]) -> tuple[Ref, ...]:
    """The options of these tags."""
    return tuple(one for one in options if one.number in tags)


def of_others(options: Iterable[Ref], tags: frozenset[str]) -> tuple[Ref, ...]:
    """The options of all other tags."""
    return tuple(one for one in options if one.number not in tags)
