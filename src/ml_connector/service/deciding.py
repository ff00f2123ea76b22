"""Linking by hand: a person says that a record is a document the target has already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.errors import BadInput, Refused
from ml_connector.integrations.base import FlowType, IntegrationType
from ml_connector.integrations.party_facts import is_of_kind
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Change, Desk, made
from ml_connector.service.explaining import find_record
from ml_connector.service.finding import opened_document
from ml_connector.service.relinking import Payee, may_relink
from ml_connector.service.roles import Role
from ml_connector.sync import linked_anew
from ml_connector.sync.coming import makes_parties
from ml_connector.sync.directory import entry_name
from ml_connector.sync.links import PARTIES, Ends, ends
from ml_connector.sync.release import release, restage
from ml_connector.sync.retrack import look_for_linked
from ml_connector.sync.states import IntentState, Priority, State
from ml_connector.sync.uses import let_in_counterparts


@dataclass(frozen=True, slots=True)
class LinkedByHand:
    """A record that is now linked to what a person named. ``asked``: not yet, a second person has to name the same."""

    record_id: int
    target_entity: str
    target_id: str
    asked: bool = False


@dataclass(frozen=True, slots=True)
class _Held:
    record_id: int
    version_id: int
    flow_id: int
    flow: str
    source_id: str
    state: State
    integration_id: int
    target_connection: int
    document: Document
    entity: str  # what it is called at the target
    type: FlowType
    backs: tuple[str, ...]  # flows that go the other way
    integration: IntegrationType

    def ends(self, target_id: str) -> Ends:
        """Its link with that document of the target, as it is stored."""
        return ends(self.type, self.source_id, self.entity, target_id)


async def link(desk: Desk, wanted: str, target_id: str) -> LinkedByHand:
    """Say that a record is that document of the target: nothing is written there, now or later, but it counts as done.

    Raises NotFound, BadInput for an id the target does not have, Refused for a record or document that is linked, NotAllowed
    for a vendor's other payee, see ``relinking``.
    """
    desk.require(Role.BOOKKEEPER, Role.APPROVER)
    record_id = await find_record(desk, wanted)
    sealer = await desk.sealer()
    try:
        async with desk.changing(sealer) as change:
            record = await _locked(desk, change, sealer, record_id, target_id)
            await _refuse_open(change, record_id)
            gone = await _is_gone(change, record)
            if not await _may_link(desk, change, sealer, record, target_id, gone=gone):
                return LinkedByHand(record_id, record.entity, target_id, asked=True)
            if record.type.tracks or gone:
                await _let_go(change, record)
            await _refuse_linked(change, record, target_id)
            shown = await _base(change, record, target_id)
            _refuse_other_kind(record, sealer, target_id, shown)
            await _link(desk, change, sealer, record, target_id, shown)
            if gone:
                await linked_anew.mark(
                    change.connection, desk.tenant_id, record.target_connection, record.flow_id, record.source_id,
                    desk.clock.now(),
                )  # fmt: skip
            change.event("linked", record_id=record_id, version_id=record.version_id, target=target_id, origin="person")
    except psycopg.errors.UniqueViolation as error:
        raise Refused(f"{target_id} was linked by the engine a moment ago; look at it with 'explain'.") from error
    return LinkedByHand(record_id, record.entity, target_id)


async def _locked(desk: Desk, change: Change, sealer: Sealer, record_id: int, target_id: str) -> _Held:
    """The record as it is, with its integration locked: no planner looks at it meanwhile."""
    row = await change.one(
        """select i.integration_id from integration i
        join flow f on f.tenant_id = i.tenant_id and f.integration_id = i.integration_id
        join record r on r.tenant_id = f.tenant_id and r.flow_id = f.flow_id
        where r.tenant_id = %s and r.record_id = %s for update of i""",
        change.tenant_id, record_id,
    )  # fmt: skip
    found = await change.one(
        """select r.record_id, r.version_id, f.flow_id, f.name, r.source_id, s.state, f.integration_id, f.target_id,
                  d.content_hash, d.canonical, i.kind
        from record r join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
        join integration i on i.tenant_id = f.tenant_id and i.integration_id = f.integration_id
        join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id
        join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
        where r.tenant_id = %s and r.record_id = %s""",
        change.tenant_id, record_id,
    )  # fmt: skip
    assert row is not None and found is not None
    document = opened_document(sealer, found[8], found[9])
    integration = desk.runtime.integrations[found[10]]
    flow = integration.flow(found[3])
    backs = tuple(one.name for one in integration.flows if one.mirrors == flow.name)
    entities = flow.linkable(document)
    if not entities:
        raise Refused(f"{flow.title}: its documents have no counterpart that could be linked by hand.")
    entity = await _shown_in(change, found[7], entities, target_id)
    return made(_Held, *found[:5], State(found[5]), *found[6:8], document, entity, flow, backs, integration)


async def _shown_in(change: Change, connection_id: int, entities: Sequence[str], target_id: str) -> str:
    """The list that shows a document of the target; the likeliest where none does."""
    rows = await change.all(
        """select entity from directory where tenant_id = %s and connection_id = %s and entity = any(%s::text[])
           and object_id = %s and state <> 'gone'""",
        change.tenant_id, connection_id, list(entities), target_id,
    )  # fmt: skip
    return min((str(row[0]) for row in rows), key=entities.index, default=entities[0])


async def _refuse_open(change: Change, record_id: int) -> None:
    """Whatever version of it is on its way may be in the target already, under another id."""
    flying = await change.one(
        "select 1 from intent where tenant_id = %s and record_id = %s and state = any(%s::smallint[]) limit 1",
        change.tenant_id, record_id, [IntentState.SENDING.value, IntentState.UNCERTAIN.value],
    )  # fmt: skip
    if flying is not None:
        raise Refused(
            f"Record #{record_id} was sent, and what became of it is not known yet: wait for its outcome, then link it."
        )


async def _may_link(
    desk: Desk, change: Change, sealer: Sealer, record: _Held, target_id: str, *, gone: bool
) -> bool:  # fmt: skip
    """Whether it may be linked now: of a vendor that loses its counterpart to another one, as ``relinking`` says."""
    if not (gone and makes_parties(record.type) and record.type.party_kind == "vendor"):
        desk.require(Role.BOOKKEEPER)
        return True
    _refuse_other_kind(record, sealer, target_id, await _base(change, record, target_id))
    payee = Payee(
        record.record_id, record.version_id, record.integration_id, record.integration, record.flow, record.source_id
    )
    return await may_relink(desk, change, sealer, payee, target_id)


async def _is_gone(change: Change, record: _Held) -> bool:
    """Whether its counterpart is not there any more: a party's may have been merged into the one that is named now,

    and a document's have been entered anew.
    """
    row = await change.one(
        """select 1 from link l join directory d on d.tenant_id = l.tenant_id and d.connection_id = %s
               and d.entity = l.target_entity and d.object_id = l.target_id and d.state = 'gone'
           where l.tenant_id = %s and l.integration_id = %s and l.entity = %s and l.source_id = %s""",
        record.target_connection, change.tenant_id, record.integration_id, record.flow, record.source_id,
    )  # fmt: skip
    return row is not None


async def _let_go(change: Change, record: _Held) -> None:
    """What is only tracked may be linked anew: its bill may have been voided there, or another one meant.

    So may what has a counterpart that is gone.
    """
    await change.run(
        "delete from link where tenant_id = %s and integration_id = %s and entity = %s and source_id = %s",
        change.tenant_id, record.integration_id, record.flow, record.source_id,
    )  # fmt: skip


async def _refuse_linked(change: Change, record: _Held, target_id: str) -> None:
    place, back = record.ends(target_id), bool(record.type.mirrors)
    rows = await change.all(
        """select source_id, entity, target_id from link where tenant_id = %s and integration_id = %s
           and (entity = %s and source_id = %s
                or target_entity = %s and target_id = %s and (entity = %s or target_entity <> %s))""",
        change.tenant_id, record.integration_id, place.entity, place.source_id, place.target_entity, place.target_id,
        place.entity, PARTIES,
    )  # fmt: skip
    for source_id, entity, linked in rows:
        mine = linked == record.source_id if back else (entity, source_id) == (record.flow, record.source_id)
        other = source_id if back else linked
        if mine:
            raise Refused(f"Record #{record.record_id} is linked to {other} already; one record has one counterpart.")
        holder = linked if back else f"{entity} {source_id}"
        raise Refused(f"{target_id} is linked to {holder} already; one document has one counterpart.")


async def _base(change: Change, record: _Held, target_id: str) -> bytes | None:
    """What the target shows of it, sealed, where its list is kept. Raises BadInput when the list does not have it."""
    entity = record.entity
    rows: list[tuple[Any, ...]] = await change.all(
        """select object_id, body from directory where tenant_id = %s and connection_id = %s and entity = %s
           and (object_id = %s or object_id = (select min(object_id) from directory
                where tenant_id = %s and connection_id = %s and entity = %s and state <> 'gone')) and state <> 'gone'""",
        change.tenant_id, record.target_connection, entity, target_id, change.tenant_id, record.target_connection,
        entity,
    )  # fmt: skip
    for object_id, body in rows:
        if object_id == target_id:
            return bytes(body)
    if rows:
        raise BadInput(
            f"The target has no {entity.replace('_', ' ')[:-1]} {target_id!r}, or it came after the last reading: "
            "check the id, or sync and try again."
        )
    return None


def _refuse_other_kind(record: _Held, sealer: Sealer, target_id: str, shown: bytes | None) -> None:
    """A customer is no vendor's contact, nor the other way round, where a contact has one kind for good."""
    kind = record.type.party_kind if record.type.ways.one_kind else ""
    found = record.document
    if not record.type.mirrors and shown is not None:
        found = documents.decode(sealer.open(entry_name(record.entity, target_id), shown))
    if isinstance(found, Party) and isinstance(record.document, Party) and not is_of_kind(found, kind):
        raise BadInput(
            f"'{found.name}' ({found.id}) is a {found.roles or found.kind} in {record.type.ways.title}, where a firm that is "
            f"customer and vendor has two contacts: name the one that is a {kind}."
        )


def _own(record: _Held) -> tuple[int | None, int | None]:
    """Record and version of the link, which are those of the flow that has it."""
    return (None, None) if record.type.mirrors else (record.record_id, record.version_id)


async def _link(desk: Desk, change: Change, sealer: Sealer, record: _Held, target_id: str, shown: bytes | None) -> None:
    """``shown`` is what the target shows of it, sealed. A flow that mirrors another makes that one's link."""
    place, own, base, source_base = record.ends(target_id), _own(record), shown, None
    if record.type.mirrors:
        mine = sealer.seal(entry_name(place.target_entity, place.target_id), documents.encode(record.document))
        base, source_base = mine, shown
    await change.run(
        """insert into link (tenant_id, integration_id, entity, source_id, target_entity, target_id, record_id,
                             version_id, origin, base, source_base, made_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, 'person', %s, %s, %s)""",
        desk.tenant_id, record.integration_id, place.entity, place.source_id, place.target_entity, place.target_id, *own,
        base, source_base, desk.clock.now(),
    )  # fmt: skip
    await change.run(
        "update version_state set state = %s, reason = '', changed_at = %s where tenant_id = %s and version_id = %s",
        State.LINKED.value, desk.clock.now(), desk.tenant_id, record.version_id,
    )  # fmt: skip
    for table in ("work", "wait", "plan"):
        await change.run(
            f"delete from {table} where tenant_id = %s and version_id = %s", desk.tenant_id, record.version_id
        )
    await change.run(
        "update integration set generation = generation + 1 where tenant_id = %s and integration_id = %s",
        desk.tenant_id, record.integration_id,
    )  # fmt: skip
    if record.type.goes_on(record.document, record.entity):
        await restage(change.connection, desk.tenant_id, [record.version_id], [State.LINKED], Priority.PERSON)
    await look_for_linked(change.connection, desk.tenant_id, record.integration_id, [(place.entity, place.source_id)])
    await _let_others_go(change, record, place)


async def _let_others_go(change: Change, record: _Held, place: Ends) -> None:
    """What waits for the link, and the other end of it, which waits for a link or for a row of the mapping table."""
    own, mapped = f"{record.flow}:{record.source_id}", f"{place.entity}:{place.source_id}"
    keys = {own, mapped, *(f"{back}:{place.target_id}" for back in record.backs)}
    await release(change.connection, change.tenant_id, "link", sorted(keys))
    await release(change.connection, change.tenant_id, "mapping", [mapped])
    here = change.tenant_id, record.integration_id
    await let_in_counterparts(change.connection, *here, record.integration, place.entity, [place.target_id])
