"""What recodings of all documents share: which lines they change, which an accountant has recoded, and the step. Pure.

A line is recoded where the ledger still shows what was agreed when it was posted. What was changed there since stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ml_connector.canonical.documents import Document, party_of
from ml_connector.canonical.erased import ERASED
from ml_connector.canonical.parts import Ref
from ml_connector.connectors.writing import Action, Composed, Step
from ml_connector.integrations.checks import closed_through
from ml_connector.integrations.coding import Coded, Recoding
from ml_connector.integrations.decisions import Unchanged, Waiting, Write, waiting
from ml_connector.integrations.views import Ledger, View

PERSON = "person"


class Recode(Write, frozen=True, tag="write"):
    """The write that recodes a posted document, with its lines that change. It is shown and stored as any other write."""

    coded: tuple[Coded, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the ledger, for a person: its words and its amount without tax, negative on a credit."""

    words: str
    amount: Decimal


@dataclass(slots=True)
class Recoder:
    """What becomes of the lines of one document. ``waits``: why today's mapping gives nothing for some of them."""

    view: View
    job: Recoding
    coded: list[Coded] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    waits: list[Waiting] = field(default_factory=list)

    def account(self, line: Line, was: Ref, now: Ref, wanted: Ref) -> Ref:
        """The account that the line gets."""
        named = [_account(one, self.view.ledger) for one in (was, now, wanted)]
        return wanted if self._changes(line, "account", *named) else now

    def tax_code(self, line: Line, was: Ref, now: Ref, wanted: Ref) -> Ref:
        """The tax type that the line gets."""
        named = [_tax(one, self.view.ledger) for one in (was, now, wanted)]
        return wanted if self._changes(line, "tax type", *named) else now

    def tracking(self, line: Line, was: Sequence[Ref], now: Sequence[Ref], wanted: tuple[Ref, ...]) -> tuple[Ref, ...]:
        """The tracking options that the line gets."""
        named = [_options(one, self.view.ledger) for one in (was, now, wanted)]
        return wanted if self._changes(line, "tracking", *named) else tuple(now)

    def _changes(self, line: Line, what: str, was: str, now: str, wanted: str) -> bool:
        if now == wanted:
            return False
        if now != was:
            self.kept.append(f"line '{line.words[:40]}' has {what} {now} and not {was}")
            return False
        self.coded.append(Coded(line.words[:80], what, now, wanted, line.amount))
        return True

    def ended(self) -> Unchanged | None:
        """That nothing is recoded, and why; None where something is."""
        if self.waits:
            return Unchanged(left=self.waits[0])
        if self.coded:
            return None
        if self.kept:
            return left("recoded_there", what="; ".join(self.kept))
        return Unchanged()

    def write(self, entity: str, shown: Document, composed: Composed, party: Ref, total: Decimal) -> Recode:
        """The one step: what the ledger shows, with the new coding. ``shown`` is that document."""
        step = Step(
            entity, Action.UPDATE, self.job.reference(self.view.reference), composed.body, target_id=shown.id,
            party_id=party.id, number=str(getattr(shown, "number", "")), date=getattr(shown, "date", None), total=total,
            currency=str(getattr(shown, "currency", "")),
        )  # fmt: skip
        told = [f"line '{one.line[:40]}': {one.what} {one.was} -> {one.becomes}" for one in self.coded]
        kept = [f"stays as it was recoded there: {one}" for one in self.kept]
        head = f"recoded by the mapping table {self.job.table} (recoding {self.job.id})"
        return Recode((step,), entity, (head, *told, *kept, *composed.notes), coded=tuple(self.coded))


def left(code: str, **fields: str) -> Unchanged:
    """A document that is not recoded, with the reason's sentence."""
    return Unchanged(left=waiting(code, PERSON, code, **fields))


def closed(document: Document, view: View) -> Unchanged | None:
    """What stands in a closed period is reported as it is, and not recoded; None where its period is open."""
    date, through = getattr(document, "date", None), closed_through(view.settings, view.ledger.organisation, document)
    if date is None or through is None or date > through:
        return None
    return left("recoding_closed", date=str(date), closed=str(through))


def of_erased(document: Document) -> Unchanged | None:
    """Of an erased party's document our copy lacks words, which a recoding would take from the ledger, too."""
    party = party_of(document)
    if party is None or party.name != ERASED:
        return None
    return left("recoding_erased", number=str(getattr(document, "number", "")))


# --- what is told, and compared ------------------------------------------------------------------------------------


def _account(account: Ref, ledger: Ledger) -> str:
    """An account by number and name: documents show the number alone, a mapping row its id."""
    known = ledger.accounts.get(account.id) or next(
        (one for one in ledger.accounts.values() if account.number and one.number == account.number), None
    )
    if known is None:
        return account.number or account.name or account.id or "none"
    return " ".join(part for part in (known.number, known.name) if part) or known.id


def _tax(code: Ref, ledger: Ledger) -> str:
    known = ledger.tax_codes.get(code.id)
    return f"{known.name} ({code.id})" if known is not None else code.id or "none"


def _options(options: Sequence[Ref], ledger: Ledger) -> str:
    ids = sorted(option.id for option in options)
    names = [known.name if (known := ledger.dimensions.get(id_)) is not None else id_ for id_ in ids]
    return ", ".join(names) or "none"
