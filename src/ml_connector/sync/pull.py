"""PULL: read a flow's source and stage what is new. A page's rows and its cursor are one transaction."""

from __future__ import annotations

from typing import Any

import structlog

from ml_connector.connectors.base import Page, Reading
from ml_connector.errors import ConnectorError
from ml_connector.sync.flows import Flow, settled_flows_of
from ml_connector.sync.lane import UNREACHABLE, Lane, LaneTransaction
from ml_connector.sync.runs import begin_run, close_interrupted, finish_run
from ml_connector.sync.stage import stage

log = structlog.get_logger()
_RETRIED = 50  # unread rows a run asks for again
READING_SHARE = 0.6  # of a slice; a long reading leaves time for what is to be sent on the same lane


async def pull(lane: Lane, flow: Flow, trigger: str, actor: str) -> int:
    """Read what changed at the source of ``flow``; the run's id. Raises transport.errors, LeaseLost.

    A reading that takes longer than its share of the slice ends after a page; ``unfinished`` says so, and the next run
    goes on there. An error leaves the run open with what was staged so far; the cursor stands after the last staged
    page, and the next run closes it.
    """
    async with lane.transaction() as transaction:
        await close_interrupted(transaction, flow)
        run_id = await begin_run(transaction, flow, trigger, actor)
    entities = flow.type.source_entities(flow.settings)
    if entities:
        await _retry_unread(lane, flow, run_id, entities[-1])
    for entity in entities:
        if not await _walk(lane, flow, run_id, entity):
            lane.unfinished.add(flow.flow_id)
            break
    async with lane.transaction() as transaction:
        await finish_run(transaction, flow, run_id)
    return run_id


async def _walk(lane: Lane, flow: Flow, run_id: int, entity: str) -> bool:
    """Walk an entity from its cursor; whether to its end."""
    name = f"flow {flow.flow_id} {entity}"
    reading = Reading(
        entity,
        cursor=await _cursor(lane, name),
        since=flow.start_date if flow.type.dated else None,
        options=flow.type.reading_options(flow.settings),
    )
    stood = reading.cursor
    async for page in lane.connector.read(lane.session, reading):
        async with lane.transaction() as transaction:
            now = await _as_it_is(transaction, flow)
            # A person has just changed what is to be read, or how: from the beginning, then.
            if _asks(now) != _asks(flow) or not await transaction.as_connected():
                return False
            await stage(transaction, now, run_id, page.rows)
            await move_cursor(transaction, name, page)
        if not page.last and page.cursor != stood and lane.slice.over(READING_SHARE):
            return False
        stood = page.cursor
    return True


def _asks(flow: Flow) -> tuple[Any, ...]:
    """What a flow's settings ask of its reading."""
    return flow.start_date, flow.type.source_entities(flow.settings), flow.type.reading_options(flow.settings)


async def _as_it_is(transaction: LaneTransaction, flow: Flow) -> Flow:
    """The flow as the database has it now, standing still; a walk may take longer than a person's decision."""
    lane = transaction.lane
    found = await settled_flows_of(transaction.connection, lane.tenant_id, lane.connection_id, lane.integrations)
    return next(one for one in found if one.flow_id == flow.flow_id)


async def _retry_unread(lane: Lane, flow: Flow, run_id: int, entity: str) -> None:
    """Ask alone for the rows that could not be read; one that the vendor refuses again holds nobody up."""
    options = flow.type.reading_options(flow.settings)
    for source_id in await _unread(lane, flow):
        if lane.slice.over(READING_SHARE):
            return
        await _tried(lane, flow, source_id)
        try:
            async for page in lane.connector.read(lane.session, Reading(entity, ids=(source_id,), options=options)):
                async with lane.transaction() as transaction:
                    await stage(transaction, await _as_it_is(transaction, flow), run_id, page.rows)
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


async def _cursor(lane: Lane, name: str) -> bytes | None:
    async with lane.database.tenant(lane.tenant_id) as connection:
        query = "select cursor from feed where tenant_id = %s and connection_id = %s and name = %s"
        row = await (await connection.execute(query, [lane.tenant_id, lane.connection_id, name])).fetchone()
    return bytes(row[0]) if row and row[0] else None


async def move_cursor(transaction: LaneTransaction, name: str, page: Page) -> None:
    """Store a page's cursor with the page."""
    lane = transaction.lane
    await transaction.run(
        """insert into feed (tenant_id, connection_id, name, cursor, moved_at, complete_at)
        values (%s, %s, %s, %s, %s, %s)
        on conflict (tenant_id, connection_id, name) do update
        set cursor = excluded.cursor, moved_at = excluded.moved_at,
            complete_at = coalesce(excluded.complete_at, feed.complete_at)""",
        lane.tenant_id, lane.connection_id, name, page.cursor, lane.clock.now(),
        lane.clock.now() if page.complete else None,
    )  # fmt: skip
