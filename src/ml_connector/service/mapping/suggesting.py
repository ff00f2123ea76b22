"""Suggestions for keys without a row: candidates of the target with their evidence. Only proof is applied unasked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.numbers import name_key, number_key
from ml_connector.integrations.party_facts import is_of_kind
from ml_connector.integrations.tables import TableType
from ml_connector.integrations.views import Candidate as Matched
from ml_connector.service.company_books import label
from ml_connector.service.desk import Desk
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.keys import Known, Seen, known
from ml_connector.service.mapping.rows import EVER, FOR_EVER, Applied, Row, apply, rows_in
from ml_connector.service.roles import READERS, Role
from ml_connector.sync.matching import PartyIndex

_MOST = 3
#: Below this a likeness of names is no evidence at all.
_ALIKE = 70.0
#: An equal number is proof only where the names do not speak against it.
_NOT_AGAINST = 50.0
#: What else speaks for a candidate counts among those whose names are about as much alike.
_MORE = 40.0
#: A name that bears the number stands behind an equal one, and before any that is only alike.
_BEARS = 140.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """One value that may be right. ``proof`` is strong enough to be taken without asking."""

    value: str
    name: str
    evidence: str
    proof: bool
    score: float


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A key without a row, how often documents use it, how many wait for it, and its candidates, best first."""

    key: str
    name: str
    uses: int
    waiting: int
    candidates: tuple[Candidate, ...]

    @property
    def exact(self) -> Candidate | None:
        """The one candidate with proof."""
        proven = [one for one in self.candidates if one.proof]
        return proven[0] if len(proven) == 1 else None


async def suggest(desk: Desk, integration: Integration, table: str) -> list[Suggestion]:
    """Suggestions for every key without a row, those that most documents wait for first; of a table whose keys go by

    themselves only for those of which a row is asked for. Raises NotFound.
    """
    desk.require(*READERS)
    found = await known(desk, integration, table)
    flow = next((one for one in desk.runtime.integrations[integration.kind].flows if one.name == table), None)
    apart = flow.apart if flow is not None else ()
    async with desk.looking() as reading:
        filled = {row.key for row in await rows_in(reading, integration, table)}
        rows = await reading.all(
            """select entity, target_id, source_id, target_entity from link where tenant_id = %s and integration_id = %s
               and entity = any(%s::text[])""",
            desk.tenant_id, integration.integration_id, [table, *apart],
        )  # fmt: skip
    taken = {(entity, target_id): source_id for entity, target_id, source_id, of in rows if of == "parties"}
    linked = {row[2] for row in rows if row[0] == table}  # none but for a table that has the name of a flow
    ranked = _ranking(found, taken, apart, flow.one_kind if flow is not None else "")
    missing = [
        one
        for key, one in found.seen.items()
        if key not in filled and _source_id(one) not in linked and (one.asked or not found.table.seldom)
    ]  # fmt: skip
    freed = {
        one.key: one.waiting + (one.staged if filled.isdisjoint(found.table.freed_by(one.key)) else 0)
        for one in missing
    }
    missing.sort(key=lambda one: (-freed[one.key], -one.uses, one.key))
    return [Suggestion(one.key, one.name, one.uses, freed[one.key], tuple(ranked(one)[:_MOST])) for one in missing]


def _source_id(seen: Seen) -> str:
    """The source's id of what a key stands for, as far as its entry was read; documents may name it by another word."""
    return seen.document.id if seen.document is not None else seen.key


async def accept_exact(desk: Desk, integration: Integration, table: str) -> Applied:
    """Apply the suggestions that have proof, and no other; each with its evidence as the row's note."""
    desk.require(Role.BOOKKEEPER)
    rows = [
        Row(one.key, EVER, FOR_EVER, one.exact.value, f"suggested: {one.exact.evidence}")
        for one in await suggest(desk, integration, table)
        if one.exact
    ]
    return await apply(desk, integration, table, rows)


_Ranked = Callable[[Seen], list[Candidate]]


def _ranking(found: Known, taken: dict[tuple[str, str], str], apart: Sequence[str], kind: str) -> _Ranked:
    if found.table.target_entity == "parties":
        return _parties(found, taken, apart, kind)
    return _entries(found)


def _parties(found: Known, taken: dict[tuple[str, str], str], apart: Sequence[str], kind: str) -> _Ranked:
    """Vendors: strong facts and names, as the engine itself matches them."""
    there = (one for one in found.target_list.values() if isinstance(one, Party) and is_of_kind(one, kind))
    index = PartyIndex(there, taken)

    def ranked(seen: Seen) -> list[Candidate]:
        party = seen.document if isinstance(seen.document, Party) else Party(seen.key, "vendor", seen.name or seen.key)
        return [
            Candidate(
                one.party.id, one.party.name,
                one.evidence + _against(one),
                one.proof and not one.taken_by and one.party.active, one.score,
            )
            for one in index.candidates(party, "", found.table.name, apart=apart)
        ]  # fmt: skip

    return ranked


def _against(one: Matched) -> str:
    """What speaks against a party in spite of the evidence."""
    if one.taken_by:
        return f", linked to {one.taken_by}"
    return "" if one.party.active else ", inactive"


def _entries(found: Known) -> _Ranked:
    """Accounts, taxes, tag options: an equal number, an equal name, else likeness of names."""
    usable = [one for one in found.target_list.values() if _usable(found.table, one)]
    names = Counter(name_key(_name(one)) for one in usable)
    numbers = Counter(_number(one) for one in usable)
    source_names = Counter(name_key(one.name) for one in found.seen.values())

    def candidate(seen: Seen, entry: Document) -> Candidate | None:
        score = fuzz.token_sort_ratio(name_key(seen.name or seen.key), name_key(_name(entry)))
        same_name = bool(name_key(seen.name)) and name_key(seen.name) == name_key(_name(entry))
        same_number = bool(_number(entry)) and _number(entry) in _own_numbers(seen)
        if same_number:
            proof = numbers[_number(entry)] == 1 and (not seen.name or score >= _NOT_AGAINST)
            evidence, rank = f"same number, name {score:.0f} % alike", 200 + score
        elif same_name:
            proof = names[name_key(_name(entry))] == 1 and source_names[name_key(seen.name)] == 1
            evidence, rank = "same name", 150.0
        elif found.table.bears(seen.name, entry):
            proof, evidence, rank = False, "its name bears the number", _BEARS
        elif score >= _ALIKE:
            proof, evidence, rank = False, f"name {score:.0f} % alike", score
        elif found.table.speaks(seen.document, entry):
            proof, evidence, rank = False, "", score
        else:
            return None
        told = ", ".join(filter(None, (evidence, found.table.evidence(seen.document, entry))))
        value, rank = found.table.value_for(_id(entry)), rank + _MORE * found.table.speaks(seen.document, entry)
        return Candidate(value, label(entry), told, proof and not found.table.decided, rank)

    def ranked(seen: Seen) -> list[Candidate]:
        return _best(candidate(seen, entry) for entry in usable)

    return ranked


def _best(found: Iterable[Candidate | None]) -> list[Candidate]:
    return sorted((one for one in found if one is not None), key=lambda one: (-one.proof, -one.score, one.value))


def _usable(table: TableType, entry: Document) -> bool:
    return not table.not_chosen(entry) and not table.unfit(table.value_for(entry.id), entry)


def _id(entry: Document) -> str:
    return entry.id


def _name(entry: Document) -> str:
    return str(getattr(entry, "name", ""))


def _own_numbers(seen: Seen) -> tuple[str, ...]:
    """What may be a key's number: the key itself, and of a key that is an id the number of the entry that it stands for."""
    return number_key(seen.key), _number(seen.document) if seen.document is not None else ""


def _number(entry: Document) -> str:
    return number_key(str(getattr(entry, "number", "") or getattr(entry, "sku", "")))
