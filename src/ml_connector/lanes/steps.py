"""The order inside a lane: questions, lists, what is due, holds, set-up, what is uncertain, and then what is to be sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import structlog

from ml_connector.canonical import documents
from ml_connector.lanes.budget import LaneBudget
from ml_connector.lanes.freshness import LISTS_AGE, allowed_age
from ml_connector.lanes.grants import GrantTokens
from ml_connector.lanes.opening import StoredConnection
from ml_connector.lanes.questions import answer_questions
from ml_connector.lanes.schedule import next_run
from ml_connector.sync import absent, preflight
from ml_connector.sync.announced import soonest
from ml_connector.sync.backfill import ROOM
from ml_connector.sync.breaker import open_absences
from ml_connector.sync.by_steps import read_unseen
from ml_connector.sync.contact_unread import ask_unread, tell_unread
from ml_connector.sync.deleted import look_for_deleted
from ml_connector.sync.directory import refresh
from ml_connector.sync.doubles import find_doubles
from ml_connector.sync.flows import Flow, facts_changed, flows_of
from ml_connector.sync.follow import follow
from ml_connector.sync.in_full import read_in_full
from ml_connector.sync.inbox import age_lists, next_hint, read_hinted
from ml_connector.sync.lane import Lane
from ml_connector.sync.linked_anew import stage_users
from ml_connector.sync.list_options import options_of
from ml_connector.sync.pull import READING_SHARE, pull
from ml_connector.sync.push import pause, push
from ml_connector.sync.refused import Refusal, Why, hold_back, refuse, refused_flows, told
from ml_connector.sync.release import sweep
from ml_connector.sync.resolve import resolve
from ml_connector.sync.restored import look_for_restored
from ml_connector.sync.retrack import look_daily
from ml_connector.sync.uses import note_older
from ml_connector.sync.vanished import follow_vanished
from ml_connector.transport.errors import NotPermitted

IDLE = dt.timedelta(hours=1)
HOLDS_AGE = dt.timedelta(hours=1)
SWEPT_AT_ONCE = 500

log = structlog.get_logger()


async def steps(lane: Lane, budget: LaneBudget, held: StoredConnection, tokens: GrantTokens) -> dt.datetime:
    """One round of everything a lane does, as far as the slice's time goes; when there is something to do again."""
    await answer_questions(lane)
    if held.state != "good":
        await tokens.keep_alive()
        return lane.clock.now() + IDLE
    await _organisation(lane, held)
    flows = [flow for flow in await _flows(lane) if flow.on]
    if not flows:
        await tokens.keep_alive()
    await age_lists(lane, flows)
    if not await _lists(
        lane, budget, [(flow, flow.type.source_lists) for flow in flows if flow.source_id == lane.connection_id], flows
    ):
        return lane.clock.now()
    await read_hinted(lane, flows)
    tried = await _read_due(lane, flows)
    if not await _lists(
        lane, budget, [(flow, flow.type.target_lists) for flow in flows if flow.target_id == lane.connection_id], flows
    ):
        return lane.clock.now()
    unread = await read_in_full(lane, flows)
    await read_unseen(lane, flows)
    await follow_vanished(lane, flows)
    await look_for_restored(lane)
    await ask_unread(lane)
    await _follow(lane, flows)
    await stage_users(lane)
    await _sweep(lane, flows)
    await preflight.look(lane, flows)
    await resolve(lane)
    await hold_back(lane, await refused_flows(lane))
    await push(lane, [flow.flow_id for flow in flows])
    await tell_unread(lane, unread)
    look_again = await resolve(lane)
    ask_on = await absent.confirm(lane)
    walk_on = await look_for_deleted(lane, flows)
    refused = await refused_flows(lane)
    await find_doubles(lane, [flow for flow in flows if flow.flow_id not in refused])
    problems = [*told(one.why for one in refused.values()), await open_absences(lane)]
    problem = lane.problem or " ".join(filter(None, problems))
    if problem or tried:  # what was not tried again is not known to be well
        await note_problem(lane, problem)
    again = [moment for moment in (look_again, ask_on, walk_on) if moment is not None]
    return await _next_due(lane, min(again, default=None), refused)


async def _flows(lane: Lane) -> Sequence[Flow]:
    async with lane.database.tenant(lane.tenant_id) as connection:
        return await flows_of(connection, lane.tenant_id, lane.connection_id, lane.integrations)


async def _organisation(lane: Lane, held: StoredConnection) -> None:
    """The ledger's own facts, lock dates among them, read on a schedule and before anything is planned from them."""
    if (lane.clock.now() - held.read_at).total_seconds() < LISTS_AGE:
        return
    found = (await lane.connector.organisation(lane.session)).with_locks_of(held.organisation)
    changed = documents.encode(found) != documents.encode(held.organisation)
    async with lane.transaction() as transaction:
        await transaction.run(
            """update connection set organisation = %s, organisation_read_at = %s
            where tenant_id = %s and connection_id = %s""",
            lane.sealer.seal(b"organisation", documents.encode(found)), lane.clock.now(), lane.tenant_id,
            lane.connection_id,
        )  # fmt: skip
        if changed:
            await facts_changed(transaction.connection, lane.tenant_id, lane.connection_id, ["organisation"])
            transaction.event(
                "organisation changed", name=found.name, locked_through=str(found.locked_through),
                locked_through_sales=str(found.locked_through_sales or ""),
            )  # fmt: skip
    lane.organisation = found


async def _lists(
    lane: Lane, budget: LaneBudget, needed: Sequence[tuple[Flow, Sequence[str]]], on: Sequence[Flow]
) -> bool:  # fmt: skip
    """Refresh what flows need; whether all of it was read to its end. ``on``: all that read or write here.

    A list that may not be read stops the flows that need it, and nobody else.
    """
    refused = await refused_flows(lane)
    by_entity: dict[str, list[int]] = {}
    for flow, entities in needed:
        for entity in entities if flow.flow_id not in refused else ():
            by_entity.setdefault(entity, []).append(flow.flow_id)
    compared = {entity for flow, entities in needed if not flow.type.tracks for entity in entities}
    for entity, flows in sorted(by_entity.items()):
        try:
            age = allowed_age(entity, by_entity, budget.rest_of_day(), by_entity.keys() - compared)
            if not await refresh(lane, entity, age, options_of(lane, on, entity)):
                return False
        except NotPermitted as error:
            log.warning("list refused", lane=lane.connection_id, entity=entity, why=error.sentence)
            await refuse(lane, flows, Why(error.sentence))
    return True


async def _read_due(lane: Lane, flows: Sequence[Flow]) -> bool:
    """Read what is due; whether all of it was tried in the time there was."""
    for flow in flows:
        if flow.source_id != lane.connection_id or flow.type.follows:
            continue
        if flow.next_read_at is not None and flow.next_read_at > lane.clock.now():
            continue
        if lane.slice.over(READING_SHARE):
            return False
        if flow.type.source_entities(flow.settings) and flow.flow_id not in await refused_flows(lane):
            await _read(lane, flow)
        refused = flow.flow_id in await refused_flows(lane)
        if flow.flow_id not in lane.unfinished and (flow.requested_by or not refused):
            await _read_done(lane, flow)  # of one that is refused, the person's wish: it was tried
    return True


async def _read(lane: Lane, flow: Flow) -> None:
    try:
        await pull(lane, flow, "person" if flow.requested_by else "schedule", flow.requested_by or "schedule")
    except NotPermitted as error:
        log.warning("reading refused", lane=lane.connection_id, flow=flow.name, why=error.sentence)
        await refuse(lane, [flow.flow_id], Why(error.sentence))


async def _sweep(lane: Lane, flows: Sequence[Flow]) -> None:
    """Holds free themselves by what they wait for; once an hour they are planned again all the same.

    What is tracked and not matched is looked at again once a day; what older records stand on is noted by and by.
    """
    before = lane.clock.now() - HOLDS_AGE
    async with lane.transaction() as transaction:
        await sweep(transaction.connection, lane.tenant_id, lane.connection_id, before, SWEPT_AT_ONCE)
        await look_daily(transaction.connection, lane.tenant_id, lane.connection_id, lane.clock.now(), SWEPT_AT_ONCE)
        await note_older(transaction, [flow for flow in flows if flow.target_id == lane.connection_id])


async def _follow(lane: Lane, flows: Sequence[Flow]) -> None:
    for flow in flows:
        if flow.type.follows and flow.source_id == lane.connection_id:
            await follow(lane, flow, "posted", flow.requested_by or "engine")
            if flow.requested_by is not None:
                await _read_done(lane, flow)


async def _read_done(lane: Lane, flow: Flow) -> None:
    async with lane.transaction() as transaction:
        tenant = await transaction.one("select zone from tenant where tenant_id = %s", lane.tenant_id)
        assert tenant is not None
        planned = next_run(flow.schedule, str(tenant[0]), lane.clock.now())
        await transaction.run(
            """update flow set next_read_at = %s, read_requested_by = null
            where tenant_id = %s and flow_id = %s
              and (read_requested_by, next_read_at) is not distinct from (%s::text, %s::timestamptz)""",
            await soonest(transaction, flow, planned), lane.tenant_id, flow.flow_id, flow.requested_by,
            flow.next_read_at,
        )  # fmt: skip


async def _next_due(lane: Lane, look_again: dt.datetime | None, refused: Mapping[int, Refusal]) -> dt.datetime:
    """When the lane has something to do again. What waits for an open intent waits for its next look."""
    now = lane.clock.now()
    on = [flow for flow in await _flows(lane) if flow.on and flow.flow_id not in refused]
    later = lane.unfinished if lane.makes_room else set()
    read = [flow.flow_id for flow in on if flow.flow_id not in later and (flow.requested_by or not flow.type.follows)]
    goes_on = now + dt.timedelta(seconds=lane.capacity.wait(ROOM)) if later else None
    async with lane.database.tenant(lane.tenant_id) as connection:
        row = await (
            await connection.execute(
                b"""select (select min(greatest(w.not_before, %s)) from work w
                            join flow f on f.tenant_id = w.tenant_id and f.flow_id = w.flow_id and f.mode <> 'off'
                            join version_state s on s.tenant_id = w.tenant_id and s.version_id = w.version_id
                            where w.tenant_id = %s and w.connection_id = %s and s.state = 0
                              and not exists (select 1 from intent i where i.tenant_id = w.tenant_id
                                              and i.connection_id = w.connection_id and i.record_id = s.record_id
                                              and i.state in (0, 1))),
                           (select min(coalesce(next_read_at, %s)) from flow
                            where tenant_id = %s and source_id = %s and flow_id = any(%s::int[]))""",
                [now, lane.tenant_id, lane.connection_id, now, lane.tenant_id, lane.connection_id, read],
            )
        ).fetchone()
    assert row is not None
    again = (*row, await next_hint(lane), look_again, goes_on, now + IDLE, *(one.until for one in refused.values()))
    times: list[dt.datetime] = [moment for moment in again if moment is not None]
    if lane.capacity.free() == 0 and row[0] is not None:
        pause(lane, lane.capacity.wait())
    return min(times)


async def note_problem(lane: Lane, sentence: str, *, reconnect: bool = False) -> None:
    """What stands in the connection's way. One that is not good stays as it is."""
    async with lane.transaction() as transaction:
        await transaction.run(
            """update connection set problem = %s, state = case when %s then 'needs reconnect' else state end
            where tenant_id = %s and connection_id = %s and state = 'good'""",
            sentence, reconnect, lane.tenant_id, lane.connection_id,
        )  # fmt: skip
