"""Who may be who: parties without a counterpart, each with what it may be at the target, and who else claims that.

Nothing is linked from here. A suggestion is what a person fills a row of the mapping table with; each party of the target is
suggested once, to the one that has the best evidence of it. Where many share one e-mail address or telephone, each is told
with its best candidates, and with a few of those that claim them, so that what is told grows as the lists do.
"""

from __future__ import annotations

import asyncio
import heapq
from bisect import insort
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ml_connector.canonical import documents
from ml_connector.canonical.master_data import Party
from ml_connector.errors import NotFound
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.party_facts import facts, is_of_kind
from ml_connector.integrations.views import Candidate
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.finding import opened_document
from ml_connector.service.integrating import Integration
from ml_connector.service.linked_by import linked_by
from ml_connector.service.mapping.rows import Row, rows_in
from ml_connector.service.roles import READERS
from ml_connector.sync.coming import makes_parties
from ml_connector.sync.directory import entry_name
from ml_connector.sync.matching import PartyIndex

MOST = 1_000  # matches that one answer tells
LIKELIEST = 10  # candidates of one party that are told, the best of them
NAMED = 5  # others with a claim that a match names


@dataclass(frozen=True, slots=True)
class Match:
    """One party of the target that one of the source may be. ``proof``: it would be linked with it by itself.

    ``suggested``: of all that may be it, and of all that it may be, this is the best pair. ``linked_to`` is the source's
    record that has it already, by a link or by a row of a mapping table; ``claimed_by`` are others of the source that may be
    it, as "name (id)", the likeliest first, and ``more_claims`` how many there are besides.
    """

    record_id: int
    key: str
    name: str
    target_id: str
    target_name: str
    evidence: str
    score: float
    proof: bool
    suggested: bool
    linked_to: str
    claimed_by: tuple[str, ...]
    more_claims: int = 0


@dataclass(frozen=True, slots=True)
class Matches:
    """The matches of one mapping table of parties, the best evidence first, and how the two lists stand to each other.

    ``alone_here`` are parties of the source without a counterpart that are like nobody, ``alone_there`` active ones of the
    target that nobody has or may be. ``left``: matches that are not told, since there are too many; those beyond a party's
    likeliest are not counted. ``linked_by``: by kind of evidence, how many were linked with what was there.
    """

    table: str
    found: tuple[Match, ...]
    linked: int
    alone_here: int
    alone_there: int
    left: int = 0
    linked_by: Mapping[str, int] = field(default_factory=dict)

    @property
    def suggested(self) -> int:
        """How many are suggested of those that are told."""
        return sum(one.suggested for one in self.found)


async def matches(desk: Desk, integration: Integration, table: str, *, at_most: int = MOST) -> Matches:
    """What the parties without a counterpart may be. Those with a row of the table are decided, and not among them.

    Raises NotFound for what is no table of parties.
    """
    desk.require(*READERS)
    flow = _flow(desk, integration, table)
    sealer = await desk.sealer()
    async with desk.looking() as reading:
        taken = await _taken(reading, integration, (flow.name, *flow.apart))
        rows = {name: await rows_in(reading, integration, name) for name in (flow.name, *flow.apart)}
        there = await _there(reading, sealer, integration, flow.party_list)
        here = await _here(reading, sealer, integration, flow.name)
        by = await linked_by(reading, sealer, integration.integration_id, _both_ways(desk, integration, flow))
    linked = {source_id for (name, _), source_id in taken.items() if name == flow.name}
    decided = {row.key for row in rows[flow.name]}
    wanted = {key: one for key, one in here.items() if key not in linked and key not in decided}
    told, claims = await asyncio.to_thread(_matched, flow, wanted, there, taken, rows, at_most)
    unlike = len(wanted) - claims.parties
    alone = sum(one.active and not one.merged_into and one.id not in claims.used for one in there.values())
    return Matches(table, tuple(told), len(linked), unlike, alone, len(claims.told) - len(told), by)


def tables_of(desk: Desk, integration: Integration) -> list[str]:
    """The mapping tables of an integration whose keys and values are parties."""
    kind = desk.runtime.integrations[integration.kind]
    tables = {table.name for table in kind.tables if "parties" in table.target_lists}
    return [flow.name for flow in kind.flows if makes_parties(flow) and flow.name in tables]


def _flow(desk: Desk, integration: Integration, table: str) -> FlowType:
    known = tables_of(desk, integration)
    if table not in known:
        title = desk.runtime.integrations[integration.kind].title
        has = f"those are {', '.join(known)}" if known else "it has none"
        raise NotFound(f"{table!r} is no mapping table of parties of {title}: {has}.")
    return desk.runtime.integrations[integration.kind].flow(table)


def _both_ways(desk: Desk, integration: Integration, flow: FlowType) -> list[str]:
    flows = desk.runtime.integrations[integration.kind].flows
    return [flow.name, *(one.name for one in flows if one.mirrors == flow.name)]


# --- ranking -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Here:
    """A live party of the source, with its record."""

    record_id: int
    party: Party


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two that may be one, how strong the evidence is, and whether it is a fact. The smaller ``rank`` goes first."""

    key: str
    one: Candidate
    claim: int
    by_fact: bool

    @property
    def rank(self) -> tuple[Any, ...]:
        ids = len(self.key), self.key, self.one.party.id
        return (not self.one.proof, -self.claim, not self.by_fact, -self.one.score, *ids)


@dataclass(slots=True)
class _Claims:
    """The pairs of all parties: ``told``, of each the likeliest, and by party of the target how many, and which first."""

    used: set[str]
    told: list[_Pair] = field(default_factory=list)
    parties: int = 0
    count: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    first: dict[str, list[_Pair]] = field(default_factory=lambda: defaultdict(list))

    def add(self, pairs: Collection[_Pair]) -> None:
        """Add what one party may be."""
        self.parties += bool(pairs)
        self.told += heapq.nsmallest(LIKELIEST, pairs, key=_rank)
        for pair in pairs:
            id_ = pair.one.party.id
            self.used.add(id_)
            self.count[id_] += 1
            insort(self.first[id_], pair, key=_rank)
            del self.first[id_][NAMED + 1 :]

    def rivals(self, pair: _Pair) -> list[_Pair]:
        """The likeliest others that may be what it is, at most as many as are named."""
        return [one for one in self.first[pair.one.party.id] if one.key != pair.key][:NAMED]


def _rank(pair: _Pair) -> tuple[Any, ...]:
    return pair.rank


def _matched(
    flow: FlowType, here: Mapping[str, _Here], there: Mapping[str, Party], taken: Mapping[tuple[str, str], str],
    rows: Mapping[str, Sequence[Row]], at_most: int,
) -> tuple[list[Match], _Claims]:  # fmt: skip
    """The matches that are told, and the claims they are of. It may take long, and touches nothing that others do."""
    index = PartyIndex(there.values(), {})
    held = {**_given(rows, index), **taken}
    index.hold(held)
    claims = _Claims({target_id for _, target_id in held})
    shown = {id_: frozenset(facts(one)) for id_, one in there.items()}
    for key, one in here.items():
        mine = frozenset(facts(one.party))
        found = index.candidates(one.party, "", flow.name, apart=flow.apart)
        claims.add([_pair(key, one.party, other, index, not mine.isdisjoint(shown[other.party.id])) for other in found])
    claims.told.sort(key=_rank)
    return _ranked(here, claims, at_most), claims


def _given(rows: Mapping[str, Sequence[Row]], index: PartyIndex) -> dict[tuple[str, str], str]:
    """By flow and party of the target, the record to which a row of the flow's table gives it, as a link would."""
    last = {(name, row.key): row.value for name, all_ in rows.items() for row in sorted(all_, key=_until)}
    return {(name, index.merged(value)): key for (name, key), value in last.items()}


def _until(row: Row) -> Any:
    return row.valid_until


def _pair(key: str, party: Party, one: Candidate, index: PartyIndex, by_fact: bool) -> _Pair:
    return _Pair(key, one, index.claim(party, one.party) if one.proof else 0, by_fact)


def _ranked(here: Mapping[str, _Here], claims: _Claims, at_most: int) -> list[Match]:
    """The first pairs, the best first. Going down the list, each of both sides is suggested once."""
    told, given = list[Match](), set[tuple[str, str]]()
    for pair in claims.told[:at_most]:
        places = {("here", pair.key), ("there", pair.one.party.id)}
        free = not pair.one.taken_by and pair.one.party.active and given.isdisjoint(places)
        given |= places if free else set()
        told.append(_match(here, pair, claims, suggested=free))
    return told


def _match(here: Mapping[str, _Here], pair: _Pair, claims: _Claims, *, suggested: bool) -> Match:
    mine, one, rivals = here[pair.key], pair.one, claims.rivals(pair)
    # The likeliest come first: where none of these claims it as strongly, none that is not named does.
    alone = not any(other.one.proof and other.claim >= pair.claim for other in rivals)
    others = tuple(f"{here[other.key].party.name} ({other.key})" for other in rivals)
    evidence = one.evidence if one.party.active else f"{one.evidence}, inactive"
    return Match(
        mine.record_id, pair.key, mine.party.name, one.party.id, one.party.name, evidence, round(one.score, 1),
        one.proof and alone and not one.taken_by and one.party.active, suggested, one.taken_by, others,
        claims.count[one.party.id] - 1 - len(rivals),
    )  # fmt: skip


# --- reading -----------------------------------------------------------------------------------------------------


async def _taken(reading: Reading, integration: Integration, flows: Sequence[str]) -> dict[tuple[str, str], str]:
    rows = await reading.all(
        """select entity, target_id, source_id from link where tenant_id = %s and integration_id = %s
           and entity = any(%s::text[]) and target_entity = 'parties'""",
        reading.tenant_id, integration.integration_id, list(flows),
    )  # fmt: skip
    return {(entity, target_id): source_id for entity, target_id, source_id in rows}


async def _there(
    reading: Reading, sealer: Sealer, integration: Integration, party_list: tuple[str, str]
) -> dict[str, Party]:
    entity, kind = party_list
    rows = await reading.all(
        """select object_id, body from directory where tenant_id = %s and connection_id = %s and entity = %s
           and state <> 'gone'""",
        reading.tenant_id, integration.target_id, entity,
    )  # fmt: skip
    opened = (documents.decode(sealer.open(entry_name(entity, id_), body)) for id_, body in rows)
    return {one.id: one for one in opened if isinstance(one, Party) and is_of_kind(one, kind)}


async def _here(reading: Reading, sealer: Sealer, integration: Integration, flow: str) -> dict[str, _Here]:
    """Those that are neither deleted, merged, inactive nor erased."""
    rows = await reading.all(
        """select r.source_id, r.record_id, d.content_hash, d.canonical from record r
        join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
        join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id
        where r.tenant_id = %s and f.integration_id = %s and f.name = %s and not r.deleted and r.merged_into = ''
        order by r.record_id""",
        reading.tenant_id, integration.integration_id, flow,
    )  # fmt: skip
    found = {}
    for source_id, record_id, content_hash, canonical in rows:
        party = opened_document(sealer, content_hash, canonical)
        if isinstance(party, Party) and party.active and not party.erased:
            found[source_id] = _Here(record_id, party)
    return found
