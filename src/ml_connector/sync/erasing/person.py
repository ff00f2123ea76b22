"""Who a person is: the parties on both sides that links and mergers join, their records, and the records that name them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ml_connector.canonical import documents
from ml_connector.canonical.erased import Words, words_of
from ml_connector.canonical.master_data import parts_of_location
from ml_connector.integrations.base import IntegrationType
from ml_connector.integrations.debtors import CUSTOMERS, LOCATIONS
from ml_connector.sealing import Sealer
from ml_connector.store.database import Session as Transaction
from ml_connector.sync.directory import entry_name
from ml_connector.sync.erasing.marks import Marks
from ml_connector.sync.flows import Flow, flows_of
from ml_connector.sync.states import IntentState, State

Place = tuple[int, str, str]  # connection, list, id
#: Of these nothing is under way any more.
ENDED = (
    State.POSTED, State.UNCHANGED, State.LINKED, State.TRACKED, State.SKIPPED, State.SUPERSEDED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """One person. ``own`` are the records of the party itself, ``about`` those of documents that name it.

    ``references`` are our own for the party, by which a create shows it that has no id yet.
    """

    places: frozenset[Place]
    own: tuple[int, ...]
    about: tuple[int, ...]
    references: frozenset[str]
    words: Words

    @property
    def records(self) -> tuple[int, ...]:
        """All records."""
        return (*self.own, *self.about)

    @property
    def connections(self) -> tuple[int, ...]:
        """The connections at which the person is a party."""
        return tuple(sorted({connection_id for connection_id, _, _ in self.places}))

    @property
    def ids(self) -> frozenset[str]:
        """Every id of the person."""
        return frozenset(id_ for _, _, id_ in self.places)

    @property
    def marks(self) -> Marks:
        """The person wherever a party has one of the ids; what is read of one connection goes by that one's alone."""
        return Marks(frozenset((entity, id_) for _, entity, id_ in self.places))

    def columns(self) -> tuple[list[int], list[str], list[str]]:
        """The places as columns."""
        ordered = sorted(self.places)
        return [one[0] for one in ordered], [one[1] for one in ordered], [one[2] for one in ordered]


async def person_of(
    connection: Transaction,
    tenant_id: int,
    sealer: Sealer,
    integrations: Mapping[str, IntegrationType],
    begin: Place,
) -> Person:
    """The person that a party is."""
    places = await _joined(connection, tenant_id, {begin})
    flows = {
        flow.flow_id: flow
        for connection_id in {one[0] for one in places}
        for flow in await flows_of(connection, tenant_id, connection_id, integrations)
    }
    own = await _own(connection, tenant_id, places, flows.values())
    about = await _about(connection, tenant_id, places, own)
    query = "select reference from record where tenant_id = %s and record_id = any(%s::bigint[])"
    references = frozenset(row[0] for row in await _all(connection, query, tenant_id, own))
    words = await _words(connection, tenant_id, sealer, places, [*own, *about])
    return Person(frozenset(places), tuple(own), tuple(about), references, words)


_LINKED = """
    select i.source_id, l.entity, l.source_id, i.target_id, l.target_entity, l.target_id
    from link l join integration i on i.tenant_id = l.tenant_id and i.integration_id = l.integration_id
    where l.tenant_id = %s
      and ((i.source_id, l.entity, l.source_id) in (select * from unnest(%s::int[], %s::text[], %s::text[]))
           or (i.target_id, l.target_entity, l.target_id) in (select * from unnest(%s::int[], %s::text[], %s::text[])))"""
_MERGED = """
    select d.connection_id, d.entity, d.object_id, d.merged_into from directory d
    join unnest(%s::int[], %s::text[], %s::text[]) as one (c, e, i) on d.connection_id = one.c and d.entity = one.e
         and one.i in (d.object_id, d.merged_into)
    where d.tenant_id = %s and d.merged_into <> ''
    union all
    select f.source_id, f.name, r.source_id, r.merged_into
    from record r join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
    join unnest(%s::int[], %s::text[], %s::text[]) as one (c, e, i) on f.source_id = one.c and f.name = one.e
         and one.i in (r.source_id, r.merged_into)
    where r.tenant_id = %s and r.merged_into <> '' and f.name <> 'locations'"""
# What is a location's is its customer's, whose id that of the location begins with.
_LOCATED = """
    select f.source_id, f.name, r.source_id from record r
    join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id and f.name = 'locations'
    join unnest(%s::int[], %s::text[], %s::text[]) as one (c, e, i) on f.source_id = one.c and one.e = 'customers'
         and starts_with(r.source_id, one.i || '-')
    where r.tenant_id = %s"""


async def _joined(connection: Transaction, tenant_id: int, begin: set[Place]) -> set[Place]:
    """Everything that links and mergers join with a party, until nothing more is found; customers with their locations."""
    places = set(begin)
    while True:
        columns = _columns(places)
        linked = await _all(connection, _LINKED, tenant_id, *columns, *columns)
        merged = await _all(connection, _MERGED, *columns, tenant_id, *columns, tenant_id)
        found = {place for row in linked for place in (row[:3], row[3:])}
        found |= {(row[0], row[1], id_) for row in merged for id_ in row[2:]}
        found |= {row[:3] for row in await _all(connection, _LOCATED, *columns, tenant_id)}
        found |= {(one, CUSTOMERS, parts_of_location(id_)[0]) for one, entity, id_ in places if entity == LOCATIONS}
        if found <= places:
            return places
        places |= found


async def _own(connection: Transaction, tenant_id: int, places: set[Place], flows: Iterable[Flow]) -> list[int]:
    """Records of the party itself: of flows that read a list in which it stands."""
    wanted = [
        (flow.flow_id, id_)
        for flow in flows
        for connection_id, entity, id_ in places
        if flow.source_id == connection_id and entity in (flow.name, *flow.type.source_entities(flow.settings))
    ]
    query = """select record_id from record where tenant_id = %s
               and (flow_id, source_id) in (select * from unnest(%s::int[], %s::text[])) order by record_id"""
    rows = await _all(connection, query, tenant_id, [one[0] for one in wanted], [one[1] for one in wanted])
    return [row[0] for row in rows]


async def _about(connection: Transaction, tenant_id: int, places: set[Place], own: list[int]) -> list[int]:
    """Records of documents of which a version names the party, whichever side they are read from."""
    query = """
        select distinct d.record_id from document d
        join record r on r.tenant_id = d.tenant_id and r.record_id = d.record_id
        join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
        join unnest(%s::int[], %s::text[], %s::text[]) as one (c, e, i)
             on one.i = d.party_id and one.c in (f.source_id, f.target_id)
        where d.tenant_id = %s and d.party_id <> '' and d.record_id <> all(%s::bigint[]) order by 1"""
    rows = await _all(connection, query, *_columns(places), tenant_id, own)
    return [row[0] for row in rows]


async def _words(
    connection: Transaction, tenant_id: int, sealer: Sealer, places: set[Place], records: list[int]
) -> Words:
    """What names the person in any version of its records, or as the lists of both sides have it."""
    marks = Marks(frozenset((entity, id_) for _, entity, id_ in places))
    found = Words()
    query = "select content_hash, canonical from document where tenant_id = %s and record_id = any(%s::bigint[])"
    rows = [(b"canonical " + row[0], row[1]) for row in await _all(connection, query, tenant_id, records)]
    query = """select entity, object_id, body from directory where tenant_id = %s
               and (connection_id, entity, object_id) in (select * from unnest(%s::int[], %s::text[], %s::text[]))"""
    listed = await _all(connection, query, tenant_id, *_columns(places))
    rows += [(entry_name(row[0], row[1]), row[2]) for row in listed]
    for name, sealed in rows:
        document = documents.decode(sealer.open(name, sealed))
        if marks.name(document):
            found |= words_of(document)
    return found


async def under_way(connection: Transaction, tenant_id: int, person: Person) -> list[int]:
    """Records of the person of which something is to be done, or may be: not ended, or a step whose end is not known."""
    query = """
        select record_id from version_state where tenant_id = %s and record_id = any(%s::bigint[])
               and state <> all(%s::smallint[])
        union
        select record_id from intent where tenant_id = %s and record_id = any(%s::bigint[]) and state = any(%s::smallint[])
        order by 1"""
    ended = [state.value for state in ENDED]
    open_ = [IntentState.SENDING.value, IntentState.UNCERTAIN.value]
    records = list(person.records)
    return [row[0] for row in await _all(connection, query, tenant_id, records, ended, tenant_id, records, open_)]


def _columns(places: set[Place]) -> tuple[list[int], list[str], list[str]]:
    return [one[0] for one in places], [one[1] for one in places], [one[2] for one in places]


async def _all(connection: Transaction, query: str, *values: Any) -> list[tuple[Any, ...]]:
    return await (await connection.execute(query.encode(), values)).fetchall()
