"""What of a credit the ledger has where, laid beside what is to be on which document: one way for vendors' and customers'."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Allocation


@dataclass(slots=True)
class Laid:
    """What the ledger has of the parts: amounts that stay, by document there; what goes; what others have put elsewhere."""

    kept: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    back: list[Allocation] = field(default_factory=list)
    others: list[Allocation] = field(default_factory=list)


def laid_beside(
    wanted: Mapping[str, Allocation], there: Iterable[Allocation], mine: Collection[str], passing: Collection[str]
) -> Laid:
    """``wanted``: by the ledger's document what is to be on it. ``mine``: ids of the applications that we have made.

    Those that are ``passing`` are none of what a plan finds: it lists itself what it applies, whether that is done or not.
    """
    laid = Laid()
    for one in there:
        on = one.document.id
        room = (wanted[on].amount if on in wanted else ZERO) - laid.kept[on]
        if one.id in passing:
            continue
        if one.id in mine and one.amount > room:
            laid.back.append(one)
            continue
        laid.kept[on] += one.amount
        if one.amount > room:
            laid.others.append(one)
    return laid
