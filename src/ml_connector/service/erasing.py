"""Erasing one person: what would go, counted, and the erasure itself, told in the trail without the name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from ml_connector import audit
from ml_connector.audit import Event
from ml_connector.canonical.master_data import Party
from ml_connector.errors import BadInput, Refused
from ml_connector.lanes import lease as leases
from ml_connector.lanes.lease import LaneLease
from ml_connector.sealing import IndexKey, Sealer
from ml_connector.service.desk import Change, Desk, Reading
from ml_connector.service.explaining import find_record
from ml_connector.service.finding import opened_document
from ml_connector.service.roles import Role
from ml_connector.service.tallies import counted
from ml_connector.service.working import POLL
from ml_connector.sync.erasing.hashed import Hashed, digests
from ml_connector.sync.erasing.person import Person, Place, person_of, under_way
from ml_connector.sync.erasing.rewriting import Rewriting
from ml_connector.sync.flows import lock_integrations

PATIENCE = 90.0  # machine seconds for lanes that are at work; a slice takes less than a minute
_NAMED = 5  # records that a refusal names


@dataclass(frozen=True, slots=True)
class ListedParty:
    """One party that the person is: in a list of a connection."""

    connection: str
    list: str
    id: str


@dataclass(frozen=True, slots=True)
class Erasable:
    """What an erasure would take. ``rows`` are counted by what they are; ``under_way`` are records that forbid it."""

    record_id: int
    name: str
    parties: tuple[ListedParty, ...]
    rows: dict[str, int]
    under_way: tuple[int, ...]

    @property
    def refusal(self) -> str:
        """Why it cannot be done now, and what to do; empty if it can."""
        if not self.under_way:
            return ""
        shown = ", ".join(f"#{one}" for one in self.under_way[:_NAMED])
        more = f" and {len(self.under_way) - _NAMED:,} more" if len(self.under_way) > _NAMED else ""
        return (
            f"{counted(len(self.under_way), 'record')} of this party {'is' if len(self.under_way) == 1 else 'are'} still "
            f"planned, held, rejected or being sent ({shown}{more}): let each end, or dismiss it, and erase then. Nothing "
            "was erased."
        )


@dataclass(frozen=True, slots=True)
class Erased:
    """An erasure that was carried out, without the name. ``link`` is its number in the audit trail."""

    record_id: int
    parties: tuple[ListedParty, ...]
    rows: dict[str, int]
    link: int
    at: datetime


async def erasable(desk: Desk, wanted: str) -> Erasable:
    """What an erasure of a customer or vendor would take. Changes nothing. For approvers.

    Raises NotFound, BadInput for what is no customer or vendor, Refused for one that is erased already.
    """
    desk.require(Role.APPROVER)
    record_id = await find_record(desk, wanted)
    sealer, index = await desk.sealer(), await desk.runtime.keyring.index_key(desk.tenant_id)
    async with desk.looking() as reading:
        name, person = await _person(desk, reading, sealer, record_id)
        known, _ = _hashed(index, person)
        rewriting = Rewriting(reading.connection, desk.tenant_id, sealer, person, known, write=False)
        await rewriting.run()
        await rewriting.events()
        waits = await under_way(reading.connection, desk.tenant_id, person)
        return Erasable(record_id, name, await _parties(reading, person), _counts(rewriting), tuple(waits))


async def erase(desk: Desk, wanted: str, name: str, *, patience: float = PATIENCE) -> Erased:
    """Erase a customer or vendor, called by its ``name`` as the newest version has it. For approvers.

    The lanes of all its connections stand still meanwhile: what they have read and not yet stored would bring it back.
    Raises NotFound, BadInput for another name or for what is no party, Refused while anything of it is under way, while a
    lane does not come to an end within ``patience``, or for one that is erased already. Then nothing was erased.
    """
    desk.require(Role.APPROVER)
    record_id = await find_record(desk, wanted)
    sealer = await desk.sealer()
    async with desk.looking() as reading:
        called, person = await _person(desk, reading, sealer, record_id)
    if " ".join(name.split()).casefold() != " ".join(called.split()).casefold():
        raise BadInput(
            f"That is not what record #{record_id} is called: give its name as 'ml-connector explain' shows it. Nothing was "
            "erased."
        )
    async with _standing_still(desk, person.connections, patience) as held:
        return await _erased(desk, sealer, record_id, held)


async def _erased(desk: Desk, sealer: Sealer, record_id: int, held: Sequence[LaneLease]) -> Erased:
    index = await desk.runtime.keyring.index_key(desk.tenant_id)
    async with desk.changing(sealer) as change:
        for one in held:
            await lock_integrations(change.connection, desk.tenant_id, one.connection_id)
        _, person = await _person(desk, change, sealer, record_id)
        await _hold(change, held, person)
        waits = await under_way(change.connection, desk.tenant_id, person)
        parties = await _parties(change, person)
        if waits:
            raise Refused(Erasable(record_id, "", parties, {}, tuple(waits)).refusal)
        known, hashes = _hashed(index, person)
        rewriting = Rewriting(change.connection, desk.tenant_id, sealer, person, known, write=True)
        await rewriting.run()
        await _mark(desk, change, person, hashes)
        events, rows, at = await rewriting.events(), _counts(rewriting), desk.clock.now()
        details = {"parties": [[one.connection, one.list, one.id] for one in parties], "rows": rows}
        told = Event("party erased", desk.actor.name, record_id=record_id, details=details)
        link = await audit.erase(change.connection, desk.tenant_id, told, events, sealer, at)
    return Erased(record_id, parties, rows, link, at)


async def _person(desk: Desk, reading: Reading, sealer: Sealer, record_id: int) -> tuple[str, Person]:
    """The party's name and the person it is. Raises BadInput for what is no party, Refused for one that is erased."""
    row = await reading.one(
        """select d.content_hash, d.canonical, f.name, f.source_id, i.kind, r.source_id from record r
        join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
        join integration i on i.tenant_id = f.tenant_id and i.integration_id = f.integration_id
        join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id
        where r.tenant_id = %s and r.record_id = %s""",
        desk.tenant_id, record_id,
    )  # fmt: skip
    assert row is not None
    content_hash, canonical, flow, connection_id, kind, source_id = row
    document = opened_document(sealer, content_hash, canonical)
    if not isinstance(document, Party):
        raise BadInput(
            f"Record #{record_id} is of the flow {flow}, and only a customer or vendor can be erased: name the record of "
            "the party, which 'ml-connector records' lists. Nothing was erased."
        )
    if document.erased:
        raise Refused(
            f"Record #{record_id} is erased already; 'ml-connector explain #{record_id}' tells when and by whom."
        )
    place = _place(desk, kind, flow, connection_id, source_id)
    person = await person_of(reading.connection, desk.tenant_id, sealer, desk.runtime.integrations, place)
    return document.name, person


def _place(desk: Desk, kind: str, flow: str, connection_id: int, source_id: str) -> Place:
    """Where the party of a record stands: in the list that links call it by."""
    type_ = desk.runtime.integrations[kind].flow(flow)
    return connection_id, "parties" if type_.mirrors else flow, source_id


async def _parties(reading: Reading, person: Person) -> tuple[ListedParty, ...]:
    rows = await reading.all(
        "select connection_id, name from connection where tenant_id = %s and connection_id = any(%s::int[])",
        reading.tenant_id, list(person.connections),
    )  # fmt: skip
    names = dict(rows)
    return tuple(ListedParty(names[connection_id], entity, id_) for connection_id, entity, id_ in sorted(person.places))


def _counts(rewriting: Rewriting) -> dict[str, int]:
    return {what: count for what, count in rewriting.counts.items() if count}


def _hashed(index: IndexKey, person: Person) -> tuple[Hashed, list[bytes]]:
    """What finds the person's words without knowing them, and the keyed hashes that are kept for it."""
    hashes = digests(person.words, index.digest)
    return Hashed(hashes, index.digest), hashes


async def _mark(desk: Desk, change: Change, person: Person, hashes: Sequence[bytes]) -> None:
    """From now on nothing of the person comes in; what planners know of lists is of another generation."""
    await change.run(
        """insert into erased_party (tenant_id, connection_id, entity, object_id, erased_at, erased_by, words)
        select %s, c, e, i, %s, %s, %s::bytea[] from unnest(%s::int[], %s::text[], %s::text[]) as one (c, e, i)
        on conflict do nothing""",
        desk.tenant_id, desk.clock.now(), desk.actor.name, list(hashes),
        *person.columns(),
    )  # fmt: skip
    connections = list(person.connections)
    await change.run(
        """update integration set generation = generation + 1
        where tenant_id = %s and (source_id = any(%s::int[]) or target_id = any(%s::int[]))""",
        desk.tenant_id, connections, connections,
    )  # fmt: skip


# --- lanes -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _standing_still(desk: Desk, connections: Sequence[int], patience: float) -> AsyncIterator[list[LaneLease]]:
    """Every lane held by us and by no worker. Raises Refused."""
    until = asyncio.get_running_loop().time() + patience
    async with AsyncExitStack() as stack:
        held = []
        for connection_id in connections:
            held.append(await _taken(desk, connection_id, until))
            stack.push_async_callback(leases.give_back, desk.runtime.database, held[-1])
            await stack.enter_async_context(leases.kept(desk.runtime.database, held[-1]))
        yield held


async def _taken(desk: Desk, connection_id: int, until: float) -> LaneLease:
    while True:
        lease = await leases.take(desk.runtime.database, desk.tenant_id, connection_id, desk.actor.name)
        if lease is not None:
            return lease
        if asyncio.get_running_loop().time() > until:
            raise Refused(
                "A connection of this party is at work and did not come to a pause: try again in a minute, or when nothing "
                "is synced. Nothing was erased."
            )
        await asyncio.sleep(POLL)


async def _hold(change: Change, held: Sequence[LaneLease], person: Person) -> None:
    """Keep the lanes until the end. Raises Refused where one was lost, or the person is at another connection by now."""
    rows = await change.all(
        """select 1 from lane where tenant_id = %s
        and (connection_id, fence) in (select * from unnest(%s::int[], %s::bigint[])) order by connection_id for key share""",
        change.tenant_id, [one.connection_id for one in held], [one.fence for one in held],
    )  # fmt: skip
    if len(rows) < len(held) or not {one.connection_id for one in held}.issuperset(person.connections):
        raise Refused("The links of this party changed meanwhile: try again. Nothing was erased.")
