"""PULL: read a flow's source and stage what is new. A page's rows and its cursor are one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog

from ml_connector.connectors.reading import Reading
from ml_connector.errors import ConnectorError
from ml_connector.sync import anew
from ml_connector.sync.announced import count_found, is_heard
from ml_connector.sync.backfill import go_on, leaves_room, may_go_on, take_up
from ml_connector.sync.cursors import cursor_of, move_cursor
from ml_connector.sync.flows import Flow, settled_flows_of
from ml_connector.sync.guard import begin_reading, judge
from ml_connector.sync.lane import UNREACHABLE, Lane, LaneTransaction
from ml_connector.sync.runs import begin_run, close_interrupted, finish_run
from ml_connector.sync.stage import stage

log = structlog.get_logger()
_RETRIED = 50  # unread rows a run asks for again
READING_SHARE = 0.6  # of a slice; a long reading leaves time for what is to be sent on the same lane


async def pull(lane: Lane, flow: Flow, trigger: str, actor: str) -> int:
    """Read what changed at the source of ``flow``; the run's id. Raises transport.errors, LeaseLost.

    A reading that takes longer than its share of the slice ends after a page; ``unfinished`` says so, and the next run
    goes on there. So does a backfill for which the vendor's day has nothing to spare (``spared``). An error leaves the
    run open with what was staged so far; the cursor stands after the last staged page, and the next run closes it. New
    records of a guarded reading are judged when it ends or breaks off.
    """
    run = await _begin(lane, flow, trigger, actor)
    try:
        ended = await _read(lane, flow, run)
    except ConnectorError:
        async with lane.transaction() as transaction:
            await judge(transaction, await as_it_is(transaction, flow), ended=False)
        raise
    if not ended and flow.flow_id not in lane.spared:
        lane.unfinished.add(flow.flow_id)
    async with lane.transaction() as transaction:
        await judge(transaction, await as_it_is(transaction, flow), ended=ended)
        await finish_run(transaction, flow, run.run_id)
    return run.run_id


@dataclass(frozen=True, slots=True)
class _Run:
    run_id: int
    guarded: bool


async def _begin(lane: Lane, flow: Flow, trigger: str, actor: str) -> _Run:
    """Close what broke off, judging what it has set aside, and open the next run."""
    async with lane.transaction() as transaction:
        now = await as_it_is(transaction, flow)
        await judge(transaction, now, ended=False)
        await close_interrupted(transaction, flow)
        guarded = await begin_reading(transaction, now, anew=await _from_the_beginning(transaction, flow))
        return _Run(await begin_run(transaction, flow, trigger, actor), guarded)


async def _from_the_beginning(transaction: LaneTransaction, flow: Flow) -> bool:
    """Whether an entity of the flow has never been read, or is to be read anew because a person has changed something."""
    names = [_feed(flow, entity) for entity in flow.type.source_entities(flow.settings)]
    row = await transaction.one(
        """select count(*) from feed
        where tenant_id = %s and connection_id = %s and name = any(%s::text[])
          and (cursor <> '' or complete_at is not null)""",
        transaction.lane.tenant_id, transaction.lane.connection_id, names,
    )  # fmt: skip
    return row is None or row[0] < len(names)


def _feed(flow: Flow, entity: str) -> str:
    return f"flow {flow.flow_id} {entity}"


async def _read(lane: Lane, flow: Flow, run: _Run) -> bool:
    """Read all entities of a flow; whether to their end."""
    entities = flow.type.source_entities(flow.settings)
    if entities:
        await _retry_unread(lane, flow, run, entities[-1])
    for entity in entities:
        if not await _walk(lane, flow, run, entity):
            return False
    return True


async def _walk(lane: Lane, flow: Flow, run: _Run, entity: str) -> bool:
    """Walk an entity from its cursor, or anew where that is due; whether to its end."""
    name = _feed(flow, entity)
    cursor = None if await anew.is_due(lane, flow, name) else await cursor_of(lane, name)
    reading = Reading(
        entity,
        cursor=cursor,
        since=flow.start_date if flow.type.dated else None,
        options=flow.type.reading_options(flow.settings),
    )
    backfill = await take_up(lane, name, reading)
    if not may_go_on(lane, backfill):
        lane.spared.add(flow.flow_id)
        return False
    begins, stood = cursor is None, cursor
    heard = None if begins else await is_heard(lane, entity)
    async for page in lane.connector.read(lane.session, reading):
        async with lane.transaction() as transaction:
            now = await as_it_is(transaction, flow)
            # A person has just changed what is to be read, or how: from the beginning, then.
            if asks(now) != asks(flow) or not await transaction.as_connected():
                return False
            await stage(transaction, now, run.run_id, page.rows, guarded=run.guarded)
            if heard is not None:
                ids = [row.id for row in page.rows]
                await count_found(transaction, now, entity, run.run_id, ids, heard=heard)
            await move_cursor(transaction, name, page)
            backfill = await go_on(transaction, name, backfill, page)
            if begins:
                await anew.note_begun(transaction, now, name)
        begins = False
        if not page.last and page.cursor != stood and lane.slice.over(READING_SHARE):
            return False
        if not may_go_on(lane, backfill):
            lane.spared.add(flow.flow_id)
            return False
        if not page.last and page.cursor != stood and not leaves_room(lane, backfill):
            lane.makes_room = True
            return False
        stood = page.cursor
    return True


def asks(flow: Flow) -> tuple[Any, ...]:
    """What a flow's settings ask of its reading."""
    return flow.start_date, flow.type.source_entities(flow.settings), flow.type.reading_options(flow.settings)


async def as_it_is(transaction: LaneTransaction, flow: Flow) -> Flow:
    """The flow as the database has it now, standing still; a walk may take longer than a person's decision."""
    lane = transaction.lane
    found = await settled_flows_of(transaction.connection, lane.tenant_id, lane.connection_id, lane.integrations)
    return next(one for one in found if one.flow_id == flow.flow_id)


async def _retry_unread(lane: Lane, flow: Flow, run: _Run, entity: str) -> None:
    """Ask alone for the rows that could not be read; one that the vendor refuses again holds nobody up."""
    options = flow.type.reading_options(flow.settings)
    for source_id in await _unread(lane, flow):
        if lane.slice.over(READING_SHARE):
            return
        await _tried(lane, flow, source_id)
        try:
            async for page in lane.connector.read(lane.session, Reading(entity, ids=(source_id,), options=options)):
                async with lane.transaction() as transaction:
                    now = await as_it_is(transaction, flow)
                    await stage(transaction, now, run.run_id, page.rows, guarded=run.guarded)
        except UNREACHABLE:
            raise
        except ConnectorError as error:
            log.warning("still unread", lane=lane.connection_id, source_id=source_id, why=error.sentence)


async def _tried(lane: Lane, flow: Flow, source_id: str) -> None:
    """Count the try before it is made: a row that the vendor refuses or leaves out comes after the others next time."""
    async with lane.transaction() as transaction:
        await transaction.run(
            "update unread set attempts = attempts + 1 where tenant_id = %s and flow_id = %s and source_id = %s",
            lane.tenant_id, flow.flow_id, source_id,
        )  # fmt: skip


async def _unread(lane: Lane, flow: Flow) -> tuple[str, ...]:
    async with lane.database.tenant(lane.tenant_id) as connection:
        rows = await connection.execute(
            b"""select source_id from unread
            where tenant_id = %s and flow_id = %s and resolved_at is null and source_id <> ''
            order by attempts, first_read_at limit %s""",
            [lane.tenant_id, flow.flow_id, _RETRIED],
        )
        return tuple(row[0] for row in await rows.fetchall())
