"""What rules share that stage a ledger's documents in a system where they are approved: its words, and what they wait for."""

from __future__ import annotations

from dataclasses import dataclass, field

from ml_connector.canonical.parts import Ref
from ml_connector.integrations.drafts import COMING, Draft

ALL = "(all)"  # the row of a mapping table that counts where no other does
NEW, NONE = "new", "none"
REFERENCE_ROOM = (
    32  # with the number of a row behind it, a reference fits a column of the platform's usual 40 characters
)


@dataclass(frozen=True, slots=True)
class Pair:
    """What people call the two systems: the ledger that documents come from, and the one they are staged in."""

    source: str
    target: str

    @property
    def words(self) -> dict[str, str]:
        """Fields of the sentences of holds and skips."""
        return {"source": self.source, "target": self.target}


@dataclass(slots=True)
class Staged(Draft):
    """A document under construction for one pair.

    ``unread`` are those that were never read and are asked for by their ids, whatever else the document waits for.
    ``coming`` are the placeholders of what the target has still to make and that the document names.
    """

    pair: Pair = field(kw_only=True)
    unread: list[tuple[str, str]] = field(default_factory=list)
    coming: list[str] = field(default_factory=list)

    @property
    def words(self) -> dict[str, str]:
        """Fields of sentences."""
        return self.pair.words

    def names(self, target_id: str) -> str:
        """Note an id that the document names; it may still be to come."""
        if target_id.startswith(COMING) and target_id not in self.coming:
            self.coming.append(target_id)
        return target_id

    def asked_for(self, codes: frozenset[str]) -> tuple[tuple[str, str], ...]:
        """What the other flows are asked for: nothing to be made there as long as the document waits for anything else."""
        known = frozenset([*codes, "staged_bill_unread"])
        made = self.asks if all(wait.code in known for wait in self.waits) else []
        return (*made, *self.unread)


def where(place: int, description: str) -> str:
    """Which line it is, in words: its place on the document, and what it says there."""
    told = " ".join(description.split())[:40]
    return f"line {place} ({told})" if told else f"line {place}"


def source_key(one: Ref, without: str) -> str:
    """The key of one of the source's list entries in a mapping table: its id, else its number or name."""
    return one.id or one.number or one.name or without


def shown_currency(code: str) -> str:
    """A currency that is none, in words."""
    return f"the currency {code}" if code else "no currency"
