"""DELETED: documents that were read and that their source does not show any more, where it tells of that by nothing else.

Once a day, on what the vendor's day has to spare, the list is walked from the start date. A walk that breaks off goes on with
the next slice, and only one that provably saw everything says what is missing; very much at once is asked about first, see
sync.breaker. What is missing is asked for by its id: only the vendor's word that it does not exist counts. Then the document
as it was last read is staged once more as deleted, so that the rules of its flow decide. One that is shown again after all
is read, and staged as it is. Any other answer changes nothing until the next walk.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import structlog
from msgspec.structs import replace

from ml_connector.canonical import documents
from ml_connector.connectors.reading import Reading, Row
from ml_connector.errors import ConnectorError
from ml_connector.sync import breaker
from ml_connector.sync.backfill import ROOM
from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import UNREACHABLE, Lane, LaneTransaction
from ml_connector.sync.pull import as_it_is, asks
from ml_connector.sync.refused import Why, refuse, refused_flows
from ml_connector.sync.runs import begin_run, finish_run
from ml_connector.sync.stage import stage
from ml_connector.transport.errors import NotPermitted

TRIGGER = "deletions"  # of the runs
ENDING = " deleted"  # behind a feed's name
AT_ONCE = 20  # documents asked for by id and staged together
_EVERY = {"daily": dt.timedelta(days=1), "weekly": dt.timedelta(days=7)}

log = structlog.get_logger()


class Walk(msgspec.Struct, frozen=True, omit_defaults=True):
    """A walk under way. ``began``: of the clock, what was seen since then is there. ``clear``: every row told what it is.

    ``walked``: the list is through, and what it did not show is being asked for.
    """

    began: dt.datetime
    cursor: bytes = b""
    clear: bool = True
    walked: bool = False


@dataclass(frozen=True, slots=True)
class Answers:
    """What asking by id has shown: rows of what is there, ids of what the vendor says does not exist, and of the rest."""

    rows: tuple[Row, ...]
    absent: tuple[str, ...]
    unknown: tuple[str, ...]


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Walk)


async def look_for_deleted(lane: Lane, flows: Sequence[Flow]) -> dt.datetime | None:
    """Look through the lists that are due; when to go on with one that needs more time or calls, None where none does.

    Raises transport.errors; what was walked until then stands.
    """
    looked = [flow for flow in flows if flow.source_id == lane.connection_id and every(flow) is not None]
    refused = await refused_flows(lane) if looked else {}
    for flow in looked:
        if flow.flow_id in refused or (walk := await _due(lane, flow)) is None:
            continue
        if lane.slice.over():
            return lane.clock.now()
        if lane.capacity.surplus() == 0:
            return None
        try:
            again = await _look(lane, flow, walk)
        except NotPermitted as error:
            log.warning("not looked through", lane=lane.connection_id, flow=flow.name, why=error.sentence)
            await refuse(lane, [flow.flow_id], Why(error.sentence))
            continue
        if again is not None:
            return again
    return None


def every(flow: Flow) -> dt.timedelta | None:
    """How often the flow's source is looked through; None where it tells by itself, or nobody wants it."""
    return None if flow.type.tells_deleted else _EVERY.get(getattr(flow.settings, "look_for_deleted", "daily"))


async def standing(transaction: LaneTransaction, flow: Flow, ids: Sequence[str]) -> list[str]:
    """Those of the ids that were read and are not known as deleted."""
    rows = await transaction.all(
        """select source_id from record where tenant_id = %s and flow_id = %s and source_id = any(%s::text[])
           and not deleted order by record_id""",
        transaction.lane.tenant_id, flow.flow_id, list(ids),
    )  # fmt: skip
    return [row[0] for row in rows]


async def stage_deleted(transaction: LaneTransaction, flow: Flow, run_id: int, ids: Sequence[str]) -> None:
    """Stage as deleted what the vendor says does not exist any more; what was never read, or is known so, is left."""
    lane = transaction.lane
    found = await transaction.all(
        """select r.source_id, r.stamp, d.content_hash, d.canonical
        from record r join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id
        where r.tenant_id = %s and r.flow_id = %s and r.source_id = any(%s::text[]) and not r.deleted
        order by r.record_id""",
        lane.tenant_id, flow.flow_id, list(ids),
    )  # fmt: skip
    rows = []
    for source_id, stamp, content_hash, canonical in found:
        last = documents.decode(lane.sealer.open(b"canonical " + content_hash, canonical))
        told = msgspec.json.encode({"id": source_id, "deleted": True, "seen": lane.clock.now()})
        rows.append(Row(source_id, told, documents.as_deleted(last), stamp))
    await stage(transaction, flow, run_id, rows)
    await _mark(transaction, flow, [row.id for row in rows], deleted=True)


# --- the walk ----------------------------------------------------------------------------------------------------


async def _look(lane: Lane, flow: Flow, walk: Walk) -> dt.datetime | None:
    """Walk the list to its end, and ask for what it did not show; when to go on, None when it is done."""
    if not walk.walked:
        now, again = await _walked(lane, flow, walk)
        if now is None or not now.walked:
            return again
        walk = now
    return await _ask(lane, flow, walk)


async def _walked(lane: Lane, flow: Flow, walk: Walk) -> tuple[Walk | None, dt.datetime | None]:
    """The walk as far as it came, None where it proves nothing or is another one now; and when to go on."""
    reading = Reading(
        _entity(flow), cursor=walk.cursor or None, since=flow.start_date if flow.type.dated else None,
        options=flow.type.reading_options(flow.settings), bare=True,
    )  # fmt: skip
    async for page in lane.connector.read(lane.session, reading):
        async with lane.transaction() as transaction:
            now = await as_it_is(transaction, flow)
            if asks(now) != asks(flow) or not await transaction.as_connected():
                return None, None
            await _shown(transaction, flow, [row.id for row in page.rows], walk.began)
            clear = walk.clear and all(row.identified for row in page.rows)
            walk = replace(walk, cursor=page.cursor, clear=clear, walked=page.last)
            proven = clear and page.complete
            goes_on = not page.last or (proven and await _may_be_concluded(transaction, now, walk))
            await _keep(transaction, flow, walk if goes_on else None, walk.began)
        if page.last:
            return (walk if goes_on else None), None
        if lane.slice.over():
            return walk, lane.clock.now()
        if lane.capacity.free() < ROOM:
            return walk, lane.clock.now() + dt.timedelta(seconds=lane.capacity.wait(ROOM))
    return None, None


async def _shown(transaction: LaneTransaction, flow: Flow, ids: Sequence[str], at: dt.datetime) -> None:
    await transaction.run(
        """update record set shown_at = %s where tenant_id = %s and flow_id = %s and source_id = any(%s::text[])
           and shown_at is distinct from %s""",
        at, transaction.lane.tenant_id, flow.flow_id, list(ids), at,
    )  # fmt: skip


async def _mark(transaction: LaneTransaction, flow: Flow, ids: Sequence[str], *, deleted: bool) -> None:
    await transaction.run(
        "update record set deleted = %s where tenant_id = %s and flow_id = %s and source_id = any(%s::text[])",
        deleted, transaction.lane.tenant_id, flow.flow_id, list(ids),
    )  # fmt: skip


async def _may_be_concluded(transaction: LaneTransaction, flow: Flow, walk: Walk) -> bool:
    """Whether what the list did not show may be asked for, or a person is asked about so much first."""
    missing = await _missing(transaction, flow, walk)
    [[known]] = await transaction.all(
        "select count(*) from record where tenant_id = %s and flow_id = %s and not deleted",
        transaction.lane.tenant_id, flow.flow_id,
    )  # fmt: skip
    return await breaker.may_be_gone(transaction, flow, _entity(flow), missing, known, walk.began)


# What was read or shown since is there; a list may lag behind. What is dated before the start date is not in the walk, and
# what was missing when a person dismissed it stays until it is shown again.
_MISSING = """
    from record r join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id
    where r.tenant_id = %s and r.flow_id = %s and not r.deleted and greatest(r.shown_at, d.read_at) < %s
      and (d.document_date is null or %s::date is null or d.document_date >= %s)
      and greatest(r.shown_at, d.read_at) >= coalesce(
          (select timestamptz 'epoch' + max(b.bound) * interval '1 microsecond' from breaker b
           where b.tenant_id = r.tenant_id and b.flow_id = r.flow_id and b.kind = 'absence' and b.decision = 'dismissed'),
          '-infinity')"""
_BACK = "from record r where r.tenant_id = %s and r.flow_id = %s and r.deleted and r.shown_at = %s"


def _missing_values(lane: Lane, flow: Flow, walk: Walk) -> tuple[object, ...]:
    since = flow.start_date if flow.type.dated else None
    before = walk.began - dt.timedelta(seconds=lane.connector.list_lag)
    return lane.tenant_id, flow.flow_id, before, since, since


async def _missing(transaction: LaneTransaction, flow: Flow, walk: Walk) -> int:
    values = _missing_values(transaction.lane, flow, walk)
    [[count]] = await transaction.all(f"select count(*) {_MISSING}", *values)
    return int(count)


# --- asking by id ------------------------------------------------------------------------------------------------


async def _ask(lane: Lane, flow: Flow, walk: Walk) -> dt.datetime | None:
    """Ask for what the walk did not show, and for what it shows again, some at a time; None when all of it was."""
    while ids := await _next(lane, flow, walk):
        if lane.slice.over():
            return lane.clock.now()
        if lane.capacity.surplus() == 0:
            return None
        if lane.capacity.free() < ROOM:
            return lane.clock.now() + dt.timedelta(seconds=lane.capacity.wait(ROOM))
        answers = await _answers(lane, flow, ids)
        async with lane.transaction() as transaction:
            now = await as_it_is(transaction, flow)
            if asks(now) != asks(flow) or not await transaction.as_connected():
                return None
            await _conclude(transaction, now, walk, answers)
    async with lane.transaction() as transaction:
        await _keep(transaction, flow, None, walk.began)
    return None


async def _next(lane: Lane, flow: Flow, walk: Walk) -> list[str]:
    async with lane.database.tenant(lane.tenant_id) as connection:
        rows = await connection.execute(
            f"""select r.source_id {_MISSING} union all select r.source_id {_BACK} limit %s""".encode(),
            [*_missing_values(lane, flow, walk), lane.tenant_id, flow.flow_id, walk.began, AT_ONCE],
        )
        return [row[0] for row in await rows.fetchall()]


async def _answers(lane: Lane, flow: Flow, ids: Sequence[str]) -> Answers:
    """Raises what says that nobody can be asked now, and NotPermitted."""
    rows: list[Row] = []
    absent: list[str] = []
    unknown: list[str] = []
    options = flow.type.reading_options(flow.settings)
    for one in ids:
        try:
            pages = lane.connector.read(lane.session, Reading(_entity(flow), ids=(one,), options=options))
            found = [row async for page in pages for row in page.rows]
        except (*UNREACHABLE, NotPermitted):
            raise
        except ConnectorError as error:
            log.warning(
                "not known whether deleted", lane=lane.connection_id, flow=flow.name, id=one, why=error.sentence
            )
            unknown.append(one)
            continue
        read = [row for row in found if row.document is not None]
        rows += read
        absent += [] if found else [one]
        unknown += [one] if found and not read else []
    return Answers(tuple(rows), tuple(absent), tuple(unknown))


async def _conclude(transaction: LaneTransaction, flow: Flow, walk: Walk, answers: Answers) -> None:
    """What does not exist is staged as deleted, what is back as it is; all count as looked for in this walk."""
    back = await _deleted_before(transaction, flow, [row.id for row in answers.rows])
    if answers.absent or back:
        run_id = await begin_run(transaction, flow, TRIGGER, TRIGGER)
        await stage_deleted(transaction, flow, run_id, answers.absent)
        await stage(transaction, flow, run_id, [row for row in answers.rows if row.id in back])
        await finish_run(transaction, flow, run_id)
    await _mark(transaction, flow, sorted(back), deleted=False)
    # What is shown and is still gone by its id is looked at again by the next walk alone.
    asked = [*answers.absent, *answers.unknown, *(row.id for row in answers.rows)]
    await _shown(transaction, flow, asked, walk.began + dt.timedelta(microseconds=1))


async def _deleted_before(transaction: LaneTransaction, flow: Flow, ids: Sequence[str]) -> frozenset[str]:
    rows = await transaction.all(
        "select source_id from record where tenant_id = %s and flow_id = %s and source_id = any(%s::text[]) and deleted",
        transaction.lane.tenant_id, flow.flow_id, list(ids),
    )  # fmt: skip
    return frozenset(row[0] for row in rows)


# --- the feed ----------------------------------------------------------------------------------------------------

# Nothing is looked for before a reading of the flow has come to its end, nor while one from the beginning is under way.
_STANDING = b"""
    select w.cursor, w.complete_at,
           exists (select 1 from breaker b where b.tenant_id = d.tenant_id and b.flow_id = %s and b.kind = 'absence'
                   and b.decision = 'accepted' and b.ended_at is null)
    from feed d
    join reading g on g.tenant_id = d.tenant_id and g.flow_id = %s and not g.open
    left join feed w on w.tenant_id = d.tenant_id and w.connection_id = d.connection_id and w.name = d.name || %s
    where d.tenant_id = %s and d.connection_id = %s and d.name = %s and d.cursor <> ''"""


async def _due(lane: Lane, flow: Flow) -> Walk | None:
    """The walk that is under way, or else is due."""
    period = every(flow)
    assert period is not None
    async with lane.database.tenant(lane.tenant_id) as connection:
        values = [flow.flow_id, flow.flow_id, ENDING, lane.tenant_id, lane.connection_id, _feed(flow)]
        row = await (await connection.execute(_STANDING, values)).fetchone()
    if row is None:
        return None
    kept, last, accepted = row
    if kept:
        return _decoder.decode(bytes(kept))
    now = lane.clock.now()
    if last is None:  # it was read just now
        async with lane.transaction() as transaction:
            await _keep(transaction, flow, None, now)
        return None
    return Walk(now) if now - last >= period or accepted else None


async def _keep(transaction: LaneTransaction, flow: Flow, walk: Walk | None, began: dt.datetime) -> None:
    """Note how far the walk is; None: none is under way, and the next one is due a period after ``began``."""
    lane = transaction.lane
    await transaction.run(
        """insert into feed (tenant_id, connection_id, name, cursor, moved_at, complete_at)
        values (%s, %s, %s, %s, %s, %s)
        on conflict (tenant_id, connection_id, name) do update
        set cursor = excluded.cursor, moved_at = excluded.moved_at,
            complete_at = coalesce(excluded.complete_at, feed.complete_at)""",
        lane.tenant_id, lane.connection_id, _feed(flow) + ENDING, _encoder.encode(walk) if walk is not None else b"",
        lane.clock.now(), began if walk is None else None,
    )  # fmt: skip


def _entity(flow: Flow) -> str:
    return flow.type.source_entities(flow.settings)[-1]


def _feed(flow: Flow) -> str:
    return f"flow {flow.flow_id} {_entity(flow)}"
