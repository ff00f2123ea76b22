"""What only a person decides about one record: letting it go on, and linking it by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from ml_connector.canonical.documents import Bill, Document, Party
from ml_connector.errors import BadInput, Refused
from ml_connector.integrations.reasons import REASONS
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Change, Desk, made
from ml_connector.service.explaining import find_record
from ml_connector.service.finding import opened_document
from ml_connector.service.roles import Role
from ml_connector.sync.directory import entry_name
from ml_connector.sync.release import release as release_waiting
from ml_connector.sync.release import restage
from ml_connector.sync.states import Priority, State

#: What a person may let go on, and who that is. Everything else frees itself when what it waits for arrives.
RELEASABLE = {
    "already_exported": (Role.BOOKKEEPER, Role.APPROVER),
    "period_closed": (Role.APPROVER,),
    "preview_changed": (Role.APPROVER,),
}


@dataclass(frozen=True, slots=True)
class Released:
    """A record that goes on. ``still_waiting`` are the other codes it was waiting for, as far as known now."""

    record_id: int
    code: str
    still_waiting: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LinkedByHand:
    """A record that is now linked to what a person named."""

    record_id: int
    target_entity: str
    target_id: str


@dataclass(frozen=True, slots=True)
class _Held:
    record_id: int
    version_id: int
    flow_id: int
    flow: str
    source_id: str
    state: State
    integration_id: int
    source_connection: int
    target_connection: int
    document: Document


async def release(desk: Desk, wanted: str, code: str = "") -> Released:
    """Let a held record go on past ``code``; without one, past the only thing a person can release.

    Raises NotFound, BadInput, and Refused with what to do instead.
    """
    desk.require(Role.BOOKKEEPER, Role.APPROVER)
    record_id = await find_record(desk, wanted)
    sealer = await desk.sealer()
    async with desk.changing(sealer) as change:
        record = await _locked(change, sealer, record_id)
        rows = await change.all(
            "select code from wait where tenant_id = %s and version_id = %s order by position",
            desk.tenant_id, record.version_id,
        )  # fmt: skip
        waits = list(dict.fromkeys(row[0] for row in rows))
        code = _releasable(record, waits, code)
        desk.require(*RELEASABLE[code])
        await _let_go(desk, change, record, code)
        change.event("released", record_id=record_id, version_id=record.version_id, code=code)
    return Released(record_id, code, tuple(one for one in waits if one != code))


def _releasable(record: _Held, waits: list[str], code: str) -> str:
    possible = [one for one in waits if one in RELEASABLE]
    if record.state is not State.HELD:
        raise Refused(f"Record #{record.record_id} is {record.state.word}, not held: there is nothing to release.")
    if code in possible:
        return code
    if not code and len(possible) == 1:
        return possible[0]
    held_for = ", ".join(waits) or "nothing"
    if code and code in waits:
        raise Refused(f"{code} is not released by hand. {REASONS[code].action}" if code in REASONS else held_for)
    if not possible:
        raise Refused(f"Record #{record.record_id} waits for {held_for}, which frees itself; see 'explain'.")
    raise BadInput(f"Record #{record.record_id} waits for {held_for}; say which of {', '.join(possible)} to release.")


async def _let_go(desk: Desk, change: Change, record: _Held, code: str) -> None:
    if code == "preview_changed":
        await change.run(
            "update plan set approved_at = null, approved_by = null where tenant_id = %s and version_id = %s",
            desk.tenant_id, record.version_id,
        )  # fmt: skip
    else:
        await change.run(
            """insert into release (tenant_id, record_id, code, actor, at) values (%s, %s, %s, %s, %s)
            on conflict (tenant_id, record_id, code) do update set actor = excluded.actor, at = excluded.at""",
            desk.tenant_id, record.record_id, code, desk.actor.name, desk.clock.now(),
        )  # fmt: skip
    await restage(change.connection, desk.tenant_id, [record.version_id], [State.HELD], Priority.PERSON)


# --- linking by hand ---------------------------------------------------------------------------------------------


async def link(desk: Desk, wanted: str, target_id: str) -> LinkedByHand:
    """Say that a record is that document of the target: nothing is written there, now or later, but it counts as done.

    Raises NotFound, BadInput for an id the target does not have, Refused for a record or document that is linked.
    """
    desk.require(Role.BOOKKEEPER)
    record_id = await find_record(desk, wanted)
    sealer = await desk.sealer()
    try:
        async with desk.changing(sealer) as change:
            record = await _locked(change, sealer, record_id)
            if record.state in (State.SENDING, State.UNCERTAIN):
                raise Refused(f"Record #{record_id} is being sent right now: wait for its outcome, then link it.")
            await _refuse_linked(change, record, target_id)
            entity = _target_entity(record.document)
            await _link(desk, change, record, entity, target_id, await _base(change, sealer, record, entity, target_id))
            change.event("linked", record_id=record_id, version_id=record.version_id, target=target_id, origin="person")
    except psycopg.errors.UniqueViolation as error:
        raise Refused(f"{target_id} was linked by the engine a moment ago; look at it with 'explain'.") from error
    return LinkedByHand(record_id, entity, target_id)


async def _locked(change: Change, sealer: Sealer, record_id: int) -> _Held:
    """The record as it is, with its integration locked: no planner looks at it meanwhile."""
    row = await change.one(
        """select i.integration_id from integration i
        join flow f on f.tenant_id = i.tenant_id and f.integration_id = i.integration_id
        join record r on r.tenant_id = f.tenant_id and r.flow_id = f.flow_id
        where r.tenant_id = %s and r.record_id = %s for update of i""",
        change.tenant_id, record_id,
    )  # fmt: skip
    found = await change.one(
        """select r.record_id, r.version_id, f.flow_id, f.name, r.source_id, s.state, f.integration_id, f.source_id,
                  f.target_id, d.content_hash, d.canonical
        from record r join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
        join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id
        join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
        where r.tenant_id = %s and r.record_id = %s""",
        change.tenant_id, record_id,
    )  # fmt: skip
    assert row is not None and found is not None
    return made(_Held, *found[:5], State(found[5]), *found[6:9], opened_document(sealer, found[9], found[10]))


async def _refuse_linked(change: Change, record: _Held, target_id: str) -> None:
    rows = await change.all(
        """select source_id, entity, target_id from link where tenant_id = %s and integration_id = %s
           and (entity = %s and source_id = %s or target_entity = %s and target_id = %s)""",
        change.tenant_id, record.integration_id, record.flow, record.source_id, _target_entity(record.document),
        target_id,
    )  # fmt: skip
    for source_id, entity, linked in rows:
        if (entity, source_id) == (record.flow, record.source_id):
            raise Refused(f"Record #{record.record_id} is linked to {linked} already; one record has one counterpart.")
        raise Refused(f"{linked} is linked to {entity} {source_id} already; one document has one counterpart.")


def _target_entity(document: Document) -> str:
    """What the document is called at the target; a negative bill is a vendor credit there."""
    if isinstance(document, Party):
        return "parties"
    if isinstance(document, Bill):
        return "bills" if document.total >= 0 else "vendor_credits"
    raise Refused("Only parties and bills are linked by hand.")


async def _base(change: Change, sealer: Sealer, record: _Held, entity: str, target_id: str) -> bytes | None:
    """What the target shows of it, where its list is kept. Raises BadInput when the list does not have it."""
    rows: list[tuple[Any, ...]] = await change.all(
        """select object_id, body from directory where tenant_id = %s and connection_id = %s and entity = %s
           and (object_id = %s or object_id = (select min(object_id) from directory
                where tenant_id = %s and connection_id = %s and entity = %s)) and state <> 'gone'""",
        change.tenant_id, record.target_connection, entity, target_id, change.tenant_id, record.target_connection,
        entity,
    )  # fmt: skip
    for object_id, body in rows:
        if object_id == target_id:
            return sealer.seal(f"base {target_id}".encode(), sealer.open(entry_name(entity, target_id), body))
    if rows:
        raise BadInput(
            f"The target has no {entity.replace('_', ' ')[:-1]} {target_id!r}, or it came after the last reading: "
            "check the id, or sync and try again."
        )
    return None


async def _link(desk: Desk, change: Change, record: _Held, entity: str, target_id: str, base: bytes | None) -> None:
    await change.run(
        """insert into link (tenant_id, integration_id, entity, source_id, target_entity, target_id, record_id,
                             version_id, origin, base, made_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, 'person', %s, %s)""",
        desk.tenant_id, record.integration_id, record.flow, record.source_id, entity, target_id, record.record_id,
        record.version_id, base, desk.clock.now(),
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
    await release_waiting(change.connection, desk.tenant_id, "link", [f"{record.flow}:{record.source_id}"])
