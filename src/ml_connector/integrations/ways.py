"""What a ledger allows: the facts about it that rules ask for which write into more than one of them.

A rule that asks for none of these is the same for every ledger. Where a vendor's facts leave something open, the stricter
way stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_BRACKETS = str.maketrans("<>", "()")


@dataclass(frozen=True, slots=True)
class Ways:
    """One ledger. ``title`` is what people call it, as sentences do.

    ``unique_names``: no two live contacts have one name, so a namesake gets another; ``name_limit`` is how many characters a
    contact's name has at most.
    """

    title: str
    name_limit: int
    unique_names: bool


XERO = Ways("Xero", name_limit=255, unique_names=True)
# Names may be twice by a preference that newer organisations have on; the limit is told as 100 and as 200.
ZOHO = Ways("Zoho Books", name_limit=100, unique_names=False)

LEDGERS: Mapping[str, Ways] = {"xero": XERO, "zoho_books": ZOHO}


def spelled(name: str) -> str:
    """A contact's name for comparison, as the strictest ledger spells it.

    Without angle brackets, which Xero takes none of, and without spaces in front, behind or doubled.
    """
    return " ".join(name.translate(_BRACKETS).split())
