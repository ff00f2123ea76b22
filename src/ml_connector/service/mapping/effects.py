"""What a change of a mapping table does, told by row, by document and in sums."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ml_connector.canonical.documents import amount_of
from ml_connector.canonical.money import ZERO
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Skip, Write
from ml_connector.integrations.views import Ledger
from ml_connector.service.mapping.affected import Affected
from ml_connector.service.mapping.keys import Known
from ml_connector.service.mapping.rows import Row
from ml_connector.service.mapping.uses import amounts
from ml_connector.service.tallies import Tally
from ml_connector.sync import plan
from ml_connector.sync.changes import changes
from ml_connector.sync.mapping import Table


@dataclass(frozen=True, slots=True)
class RowEffect:
    """What one row of the file does: how many documents go on with it, still wait, are planned otherwise, or stay posted."""

    key: str
    value: str
    name: str
    days: str
    goes_on: int
    waits: int
    planned_otherwise: int
    stays: int


@dataclass(frozen=True, slots=True)
class PlanChange:
    """A stored plan that would be another: the digests before and after, and what differs, in words.

    ``becomes`` is empty, and ``changes`` says why, where the document would wait.
    """

    record_id: int
    flow: str
    number: str
    was: str
    becomes: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """What goes from one value to another, by what the target calls them; ``was`` is empty where there was no row."""

    key: str
    was: str
    was_name: str
    becomes: str
    name: str
    documents: int
    sums: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a file would do to what waits, to what is planned, and to what is posted, which stays as it is.

    ``waits`` is by reason what those that do not go on would wait for still. ``under_way``, in none of the other numbers, are
    to be planned already, as an import counts them: they take the file's rows up. ``moves`` is of plans and of what goes on,
    ``stays`` of what is posted by the old rows: a recoding would move it.
    """

    table: str
    rows: tuple[RowEffect, ...]
    unchanged: int
    goes_on: Tally
    passed_over: int
    waits: dict[str, int]
    under_way: int
    plans: tuple[PlanChange, ...]
    moves: tuple[Move, ...]
    posted: int
    stays: tuple[Move, ...]
    warnings: tuple[str, ...]


_Key = tuple[str, str, str]  # key, value before, value after


@dataclass(slots=True)
class Effects:
    """Gathers what a change does, document by document. ``before`` and ``after`` are the table then and now."""

    known: Known
    rows: Sequence[Row]
    before: Table
    after: Table
    goes_on: Tally = field(default_factory=Tally)
    passed_over: int = 0
    under_way: int = 0
    waits: Counter[str] = field(default_factory=Counter)
    plans: list[PlanChange] = field(default_factory=list)
    moves: dict[_Key, Tally] = field(default_factory=lambda: defaultdict(Tally))
    stays: dict[_Key, Tally] = field(default_factory=lambda: defaultdict(Tally))
    posted: int = 0
    by_row: Counter[tuple[Row, str]] = field(default_factory=Counter)

    def planned(
        self, one: Affected, decision: Decision, digest: bytes, seen: Write | Adopt | None, ledger: Ledger
    ) -> None:
        """What a document that is not posted would be now; ``seen`` is its stored plan."""
        if seen is not None and one.plan is not None:
            if digest != one.plan[0]:
                self._count(one, "plans")
                self._moved(one, self.moves)
                self.plans.append(_change(one, one.plan[0], decision, digest, seen, ledger))
        elif isinstance(decision, Write | Adopt):
            self.goes_on.add(1, one.currency, amount_of(one.item.document) or ZERO)
            self._count(one, "goes on")
            self._moved(one, self.moves)
        elif isinstance(decision, Hold):
            self.waits.update({wait.code for wait in decision.waits})
            self._count(one, "waits")
        else:
            self.passed_over += 1

    def stay(self, one: Affected) -> None:
        """A posted document: it stays as it is, by the rows of before."""
        if self._moved(one, self.stays):
            self.posted += 1
            self._count(one, "stays")

    def _moved(self, one: Affected, into: dict[_Key, Tally]) -> bool:
        moved = False
        for keys, amount in amounts(self.known.table, one.stated).items():
            was, becomes = _value(self.before, keys, one), _value(self.after, keys, one)
            if was != becomes:
                key = next(key for key in keys if self.before.get(key, one.date) != self.after.get(key, one.date))
                into[key, was, becomes].add(1, one.currency, amount)
                moved = True
        return moved

    def _count(self, one: Affected, what: str) -> None:
        decisive, day = self._decisive(one), one.date
        for row in self.rows:
            if row.key in decisive and (day is None or row.valid_from <= day <= row.valid_until):
                self.by_row[row, what] += 1

    def _decisive(self, one: Affected) -> set[str]:
        """The keys whose rows count for a document: of several under which one is looked for the first that is filled."""
        tried = list(self.known.table.looked_up(one.stated).values())
        first = {next((key for key in keys if self.after.get(key, one.date) is not None), "") for keys in tried}
        return first | one.keys.difference(*tried)

    def told(self, unchanged: int, warnings: tuple[str, ...]) -> Simulated:
        """Everything gathered."""
        return Simulated(
            self.known.table.name, tuple(self._row(row) for row in self.rows), unchanged, self.goes_on, self.passed_over,
            dict(self.waits.most_common()), self.under_way, tuple(self.plans), self._moves(self.moves), self.posted,
            self._moves(self.stays), warnings,
        )  # fmt: skip

    def _row(self, row: Row) -> RowEffect:
        counts = (self.by_row[row, what] for what in ("goes on", "waits", "plans", "stays"))
        return RowEffect(row.key, row.value, self.known.target_name(row.value), row.span(), *counts)

    def _moves(self, found: dict[_Key, Tally]) -> tuple[Move, ...]:
        name = self.known.target_name
        return tuple(
            Move(key, was, name(was), becomes, name(becomes), tally.count, tally.sums)
            for (key, was, becomes), tally in sorted(found.items())
        )


def _value(table: Table, keys: Sequence[str], one: Affected) -> str:
    found = (table.get(key, one.date) for key in keys)
    return next((value for value in found if value is not None), "")


def _change(
    one: Affected, was: bytes, decision: Decision, digest: bytes, seen: Write | Adopt, ledger: Ledger
) -> PlanChange:  # fmt: skip
    match decision:
        case Write() | Adopt():
            told = tuple(changes(seen, plan.shown(decision), ledger))
        case Hold():
            told = tuple(f"it would wait: {wait.sentence}" for wait in decision.waits)
        case Skip():
            told = (f"it would be passed over: {decision.sentence}",)
        case _:
            told = ("nothing would be done any more",)
    return PlanChange(one.item.record_id, one.flow, one.number, was.hex(), digest.hex(), told)
