"""Suggestions for keys without a row: candidates of the target with their evidence. Only proof is applied unasked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from ml_connector.canonical.called import label
from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.numbers import name_key, number_key
from ml_connector.integrations.party_facts import is_of_kind
from ml_connector.integrations.tables import TableType
from ml_connector.integrations.views import Candidate as Matched
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.keys import Known, Seen, known, table_named
from ml_connector.service.mapping.rows import EVER, FOR_EVER, Applied, Row, apply, rows_in
from ml_connector.service.roles import READERS, Role
from ml_connector.sync.claims import of_one_role, traits
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
        given = await rows_in(reading, integration, table)
        rows = await reading.all(
            """select entity, target_id, source_id, target_entity from link where tenant_id = %s and integration_id = %s
               and entity = any(%s::text[])""",
            desk.tenant_id, integration.integration_id, [table, *apart],
        )  # fmt: skip
        gone = await _gone(reading, integration, table)
    taken = {(entity, target_id): source_id for entity, target_id, source_id, of in rows if of == "parties"}
    linked = {row[2] for row in rows if row[0] == table}  # none but for a table that has the name of a flow
    filled = {row.key for row in given}
    open_ = [one for key, one in found.seen.items() if key not in filled and _source_id(one) not in linked]
    ranked = _entries(found)
    if found.table.target_entity == "parties":
        index = _index(found, taken, flow.one_kind if flow is not None else "")
        live = [_party(one) for one in open_ if _source_id(one) not in gone]
        ranked = _parties(table, index, apart, _Rivals(index, given, live))
    missing = [one for one in open_ if one.asked or not found.table.seldom]
    freed = {
        one.key: one.waiting + (one.staged if filled.isdisjoint(found.table.freed_by(one.key)) else 0)
        for one in missing
    }
    missing.sort(key=lambda one: (-freed[one.key], -one.uses, one.key))
    return [Suggestion(one.key, one.name, one.uses, freed[one.key], tuple(ranked(one)[:_MOST])) for one in missing]


async def unread(desk: Desk, integration: Integration, table: str) -> str:
    """What has not been read yet, so that keys of a table may be unknown; empty where all was. Raises NotFound."""
    desk.require(*READERS)
    kind = desk.runtime.integrations[integration.kind]
    linked_by = table_named(kind, table).linked_by
    async with desk.looking() as reading:
        rows = await reading.all(
            """select f.name from flow f where f.tenant_id = %s and f.integration_id = %s and exists (
                   select 1 from run r where r.tenant_id = f.tenant_id and r.flow_id = f.flow_id and r.kind = 'read'
                   and r.finished_at is not null)""",
            desk.tenant_id, integration.integration_id,
        )  # fmt: skip
    read = {name for (name,) in rows}
    users = [one.name for one in kind.flows if table in one.tables and not one.follows and one.name != linked_by]
    if users and read.isdisjoint(users):
        named = users[0] if len(users) == 1 else f"{', '.join(users[:-1])} or {users[-1]}"
        return f"Nothing of {named} has been read yet, so no key of it is known: 'ml-connector preview' reads."
    if linked_by and linked_by not in read:
        return f"Nothing of {linked_by} has been read yet: what no document names is not known."
    return ""


async def _gone(reading: Reading, integration: Integration, flow: str) -> set[str]:
    """Source ids of a flow's records that were deleted, or merged into others: they point to nobody."""
    rows = await reading.all(
        """select r.source_id from record r join flow f using (tenant_id, flow_id)
           where r.tenant_id = %s and f.integration_id = %s and f.name = %s and (r.deleted or r.merged_into <> '')""",
        reading.tenant_id, integration.integration_id, flow,
    )  # fmt: skip
    return {source_id for (source_id,) in rows}


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


class _Rivals:
    """Who else of the source may be a party of the target: who a row names, and those without a row and a counterpart.

    They are weighed as the engine does it (`sync.claims`).
    """

    def __init__(self, index: PartyIndex, rows: Iterable[Row], open_: Iterable[Party]) -> None:
        self._index = index
        self._named = {index.merged(row.value): row.key for row in rows}
        self._by_trait = defaultdict[tuple[str, str], list[Party]](list)
        for party in open_:
            for trait in traits(party) if party.active else ():
                self._by_trait[trait].append(party)

    def against(self, party: Party, one: Matched) -> str:
        """What of others speaks against a candidate that is proven; empty where nothing does."""
        named = self._named.get(one.party.id, "")
        if named or not one.proof:
            return f", named in the row of {named}" if named else ""
        ids = self._others(party, one.party)
        more = f" and {len(ids) - _MOST} more" if len(ids) > _MOST else ""
        return f", which {', '.join(ids[:_MOST])}{more} may be as well" if ids else ""

    def _others(self, party: Party, there: Party) -> list[str]:
        """Ids of those that point to a party at least as strongly as this one."""
        own = self._index.claim(party, there)
        alike = {rival.id: rival for trait in traits(there) for rival in self._by_trait.get(trait, ())}
        others = (rival for rival in alike.values() if rival.id != party.id and of_one_role(party, rival))
        return sorted(rival.id for rival in others if self._index.claim(rival, there) >= own)


def _index(found: Known, taken: dict[tuple[str, str], str], kind: str) -> PartyIndex:
    there = (one for one in found.target_list.values() if isinstance(one, Party) and is_of_kind(one, kind))
    return PartyIndex(there, taken)


def _parties(table: str, index: PartyIndex, apart: Sequence[str], rivals: _Rivals) -> _Ranked:
    """Customers and vendors: strong facts and names, as the engine itself matches them."""

    def ranked(seen: Seen) -> list[Candidate]:
        party = _party(seen)
        return [
            Candidate(one.party.id, one.party.name, one.evidence + against, one.proof and not against, one.score)
            for one in index.candidates(party, "", table, apart=apart)
            for against in [_against(one) or rivals.against(party, one)]
        ]  # fmt: skip

    return ranked


def _party(seen: Seen) -> Party:
    return seen.document if isinstance(seen.document, Party) else Party(seen.key, "vendor", seen.name or seen.key)


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
