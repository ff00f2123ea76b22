"""The inbox: what webhooks hint at is read again by its lane, just those documents, and staged as any reading is.

Nothing of a delivery reaches a document, and no cursor moves: what a hint misses, the next reading finds. A row is taken
once what it names was staged, unless it was hinted at anew meanwhile; so a worker that dies on the way loses nothing.
What waits for a document that no list shows asks for it here too (see sync.holds). A document that does not exist any more
is staged as deleted where nothing else would tell (see sync.deleted).
A hint may come before the vendor's lists show its change. So where a reading brought no new version and the hint is
younger than the list lag, the document is read once more when the lag is over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from ml_connector.connectors.reading import Reading, Row
from ml_connector.errors import ConnectorError
from ml_connector.sync.announced import count_hinted
from ml_connector.sync.deleted import every, stage_deleted, standing
from ml_connector.sync.flows import Flow
from ml_connector.sync.guard import guarded_between, judge
from ml_connector.sync.lane import UNREACHABLE, Lane, LaneTransaction
from ml_connector.sync.pull import READING_SHARE, as_it_is, asks
from ml_connector.sync.refused import Why, refuse, refused_flows
from ml_connector.sync.runs import begin_run, finish_run
from ml_connector.sync.stage import stage
from ml_connector.sync.states import Priority
from ml_connector.transport.errors import AnswerLost, NotPermitted

TRIGGER = "webhook"
AT_ONCE = 40  # documents that are read, staged and taken together
A_SLICE = 400  # hints that a slice takes up; the others wait for the next one
TRIES = 3  # a document whose reading gets no answer so often is left to the schedule
ONCE_MORE = -1  # in place of the tries: read before lists had to show the change, and to be read when they do
KEPT = timedelta(days=7)  # of the clock

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Hinted:
    """A document that was hinted at, so many ``times`` until now, the last time ``at``."""

    entity: str
    object_id: str
    times: int
    at: datetime


async def age_lists(lane: Lane, flows: Sequence[Flow]) -> None:
    """Have the lists that hints are about refreshed before anything is planned; forget hints that concern no flow."""
    hinted = await _waiting(lane)
    if not hinted:
        return
    wanted, listed = _wanting(lane, flows), _listed(lane, flows)
    async with lane.transaction() as transaction:
        entities = sorted({one.entity for one in hinted} & listed)
        await _age(transaction, entities)
        await _taken(transaction, [one for one in hinted if one.entity not in wanted])
        await _forget_old(transaction)


async def read_hinted(lane: Lane, flows: Sequence[Flow]) -> None:
    """Read what was hinted at and stage it for its flows, in the time there is.

    Raises what says that nobody at the vendor can be asked now; then the hints stay.
    """
    wanted = _wanting(lane, flows)
    hinted = await _waiting(lane) if wanted else []
    for entity, its_flows in wanted.items():
        named = [one for one in hinted if one.entity == entity]
        for first in range(0, len(named), AT_ONCE):
            if lane.slice.over(READING_SHARE / 2):
                return
            await _read_together(lane, its_flows, entity, named[first : first + AT_ONCE])


def _wanting(lane: Lane, flows: Sequence[Flow]) -> Mapping[str, list[Flow]]:
    """By entity the flows that read it here, parties first as the flows are."""
    found: dict[str, list[Flow]] = {}
    for flow in flows:
        if flow.source_id == lane.connection_id and not flow.type.follows:
            for entity in flow.type.source_entities(flow.settings):
                found.setdefault(entity, []).append(flow)
    return found


def _listed(lane: Lane, flows: Sequence[Flow]) -> set[str]:
    """The entities that are kept in this connection's directory."""
    found: set[str] = set()
    for flow in flows:
        found |= set(flow.type.source_lists) if flow.source_id == lane.connection_id else set()
        found |= set(flow.type.target_lists) if flow.target_id == lane.connection_id else set()
    return found


# --- reading -----------------------------------------------------------------------------------------------------


async def _read_together(lane: Lane, flows: Sequence[Flow], entity: str, hinted: Sequence[Hinted]) -> None:
    refused, ids = await refused_flows(lane), tuple(one.object_id for one in hinted)
    try:
        read = [await _read(lane, flow, entity, ids) for flow in flows if flow.flow_id not in refused]
    except AnswerLost:
        await _in_vain(lane, hinted)
        raise
    if all(one is not None for one in read):
        settled = {id_ for one in read for id_ in one or ()}
        shown = lag_over(lane)
        async with lane.transaction() as transaction:
            await _taken(transaction, [one for one in hinted if one.object_id in settled or one.at <= shown])
            await _once_more(transaction, [one for one in hinted if one.object_id not in settled and one.at > shown])


async def _read(lane: Lane, flow: Flow, entity: str, ids: tuple[str, ...]) -> set[str] | None:
    """Those of the documents that brought a flow a new version, or never will by a hint; None: they are to be read again.

    One that cannot be read holds nobody up.
    """
    try:
        return await _read_and_stage(lane, flow, entity, ids)
    except UNREACHABLE:
        raise
    except NotPermitted as error:
        log.warning("reading refused", lane=lane.connection_id, flow=flow.name, why=error.sentence)
        await refuse(lane, [flow.flow_id], Why(error.sentence))
        return set(ids)
    except ConnectorError as error:
        if len(ids) > 1:
            each = [await _read(lane, flow, entity, (one,)) for one in ids]
            return None if None in each else {id_ for one in each for id_ in one or ()}
        log.warning("a hint led nowhere", lane=lane.connection_id, entity=entity, why=error.sentence)
        return set(ids)


async def _read_and_stage(lane: Lane, flow: Flow, entity: str, ids: tuple[str, ...]) -> set[str] | None:
    rows, missing = await _rows(lane, flow, entity, ids), list[str]()
    if every(flow) is not None and len(rows) < len(set(ids)):
        async with lane.transaction() as transaction:
            missing = await _gone(transaction, flow, ids, rows)
    if missing:  # one answer alone may be a hiccup
        rows += await _rows(lane, flow, entity, missing)
    async with lane.transaction() as transaction:
        now = await as_it_is(transaction, flow)
        # A person has just changed what is to be read, or how: the next slice reads it so.
        if asks(now) != asks(flow) or not await transaction.as_connected():
            return None
        gone = await _gone(transaction, now, ids, rows)
        return await _stage(transaction, now, entity, rows, gone) if (rows or gone) and now.on else set()


async def _rows(lane: Lane, flow: Flow, entity: str, ids: Sequence[str]) -> list[Row]:
    reading = Reading(entity, ids=tuple(ids), options=flow.type.reading_options(flow.settings))
    return [row async for page in lane.connector.read(lane.session, reading) for row in page.rows]


async def _gone(transaction: LaneTransaction, flow: Flow, ids: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """Those that were read once and do not exist any more by the vendor's word, where its lists tell of that by nothing."""
    if every(flow) is None or not all(row.identified for row in rows):
        return []
    return await standing(transaction, flow, sorted(set(ids) - {row.id for row in rows}))


async def _stage(
    transaction: LaneTransaction, flow: Flow, entity: str, rows: Sequence[Row], gone: Sequence[str]
) -> set[str]:
    """A run of its own, which the mass-change breaker judges as it does a reading's. The documents that are new in it."""
    run_id = await begin_run(transaction, flow, TRIGGER, TRIGGER)
    await stage(transaction, flow, run_id, rows, guarded=await guarded_between(transaction, flow))
    await stage_deleted(transaction, flow, run_id, gone)
    await judge(transaction, flow, ended=False)
    await transaction.run(
        """update work w set priority = %b from version_state s
        where s.tenant_id = %b and s.run_id = %b
          and w.tenant_id = s.tenant_id and w.version_id = s.version_id and w.priority > %b""",
        Priority.WEBHOOK.value, transaction.lane.tenant_id, run_id, Priority.WEBHOOK.value,
    )  # fmt: skip
    await count_hinted(transaction, entity, run_id)
    await finish_run(transaction, flow, run_id)
    brought = await transaction.all(
        """select r.source_id from version_state s
        join record r on r.tenant_id = s.tenant_id and r.version_id = s.version_id
        where s.tenant_id = %b and s.run_id = %b""",
        transaction.lane.tenant_id, run_id,
    )  # fmt: skip
    return {row[0] for row in brought}


# --- the rows ----------------------------------------------------------------------------------------------------


def lag_over(lane: Lane) -> datetime:
    """Of changes made until then lists show everything."""
    return lane.clock.now() - timedelta(seconds=lane.connector.list_lag)


async def next_hint(lane: Lane) -> datetime | None:
    """When the inbox has something to be read: a new hint at once; None while it is empty."""
    lag = timedelta(seconds=lane.connector.list_lag)
    async with lane.database.tenant(lane.tenant_id) as connection:
        rows = await connection.execute(
            b"""select min(case when tries = %s then hinted_at + %s::interval else %s::timestamptz end) from inbox
            where tenant_id = %s and connection_id = %s and taken_at is null""",
            [ONCE_MORE, lag, lane.clock.now(), lane.tenant_id, lane.connection_id],
        )
        row = await rows.fetchone()
    return row[0] if row else None


async def _waiting(lane: Lane) -> list[Hinted]:
    async with lane.database.tenant(lane.tenant_id) as connection:
        rows = await connection.execute(
            b"""select entity, object_id, times, hinted_at from inbox
            where tenant_id = %s and connection_id = %s and taken_at is null and (tries <> %s or hinted_at <= %s)
            order by hinted_at limit %s""",
            [lane.tenant_id, lane.connection_id, ONCE_MORE, lag_over(lane), A_SLICE],
        )
        return [Hinted(*row) for row in await rows.fetchall()]


async def _age(transaction: LaneTransaction, entities: Sequence[str]) -> None:
    """Let the lists of these entities count as old that were read before the newest hint."""
    await transaction.run(
        """update feed f set moved_at = timestamptz '1970-01-01 00:00:00+00' from (
            select tenant_id, connection_id, entity, max(hinted_at) as at from inbox
            where tenant_id = %s and connection_id = %s and entity = any(%s::text[]) and taken_at is null
            group by tenant_id, connection_id, entity) hint
        where f.tenant_id = hint.tenant_id and f.connection_id = hint.connection_id
          and f.name = 'directory ' || hint.entity and f.moved_at <= hint.at""",
        transaction.lane.tenant_id, transaction.lane.connection_id, list(entities),
    )  # fmt: skip


# Rows are locked in the order of their keys, as they are where hints are stored.
_NAMED = """
    with named as (
        select i.entity, i.object_id
        from unnest(%b::text[], %b::text[], %b::integer[]) as page (entity, object_id, times)
        join inbox i on i.tenant_id = %b and i.connection_id = %b and i.entity = page.entity
                    and i.object_id = page.object_id and i.times = page.times
        order by i.connection_id, i.entity, i.object_id for update of i
    )
    update inbox i set {change} from named
    where i.tenant_id = %b and i.connection_id = %b and i.entity = named.entity and i.object_id = named.object_id"""


async def _change(transaction: LaneTransaction, hinted: Sequence[Hinted], change: str, *values: object) -> None:
    """Change rows that were not hinted at anew since they were looked at; ``values`` are the change's own."""
    columns = [one.entity for one in hinted], [one.object_id for one in hinted], [one.times for one in hinted]
    here = transaction.lane.tenant_id, transaction.lane.connection_id
    await transaction.run(_NAMED.format(change=change), *columns, *here, *values, *here)


async def _taken(transaction: LaneTransaction, hinted: Sequence[Hinted]) -> None:
    if hinted:
        await _change(transaction, hinted, "taken_at = %b::timestamptz", transaction.lane.clock.now())


async def _once_more(transaction: LaneTransaction, hinted: Sequence[Hinted]) -> None:
    if hinted:
        await _change(transaction, hinted, "tries = %b", ONCE_MORE)


async def _in_vain(lane: Lane, hinted: Sequence[Hinted]) -> None:
    """Count a try without an answer; after some the document is left to the schedule, so that it holds nobody up."""
    async with lane.transaction() as transaction:
        enough = f"tries = tries + 1, taken_at = case when tries + 1 >= {TRIES} then %b::timestamptz end"
        await _change(transaction, hinted, enough, lane.clock.now())


async def _forget_old(transaction: LaneTransaction) -> None:
    lane = transaction.lane
    await transaction.run(
        """delete from inbox i using (
            select entity, object_id from inbox
            where tenant_id = %s and connection_id = %s and taken_at < %s for update skip locked) old
        where i.tenant_id = %s and i.connection_id = %s and i.entity = old.entity and i.object_id = old.object_id""",
        lane.tenant_id, lane.connection_id, lane.clock.now() - KEPT, lane.tenant_id, lane.connection_id,
    )  # fmt: skip
