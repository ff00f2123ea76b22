"""One slice of a lane: take it, answer questions, refresh lists, read what is due, resolve, push, leave.

A slice never sleeps longer than a few seconds: what has to wait longer sets `not_before` and leaves.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import psycopg
import structlog

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Organisation
from ml_connector.connectors.base import Connector
from ml_connector.errors import ConnectorError
from ml_connector.lanes import lease as leases
from ml_connector.lanes.budget import LaneBudget
from ml_connector.lanes.freshness import LISTS_AGE, allowed_age
from ml_connector.lanes.grants import GrantTokens
from ml_connector.lanes.questions import answer_questions, renewal
from ml_connector.lanes.runtime import Runtime
from ml_connector.lanes.schedule import next_run
from ml_connector.lanes.tasks import within
from ml_connector.sync.announced import soonest
from ml_connector.sync.breaker import open_absences
from ml_connector.sync.directory import refresh
from ml_connector.sync.doubles import find_doubles
from ml_connector.sync.flows import Flow, facts_changed, flows_of
from ml_connector.sync.follow import follow
from ml_connector.sync.inbox import age_lists, next_hint, read_hinted
from ml_connector.sync.lane import ExchangeBuffer, Lane, Slice
from ml_connector.sync.pull import READING_SHARE, pull
from ml_connector.sync.push import pause, push
from ml_connector.sync.refused import Refusal, hold_back, refuse, refused_flows
from ml_connector.sync.release import sweep
from ml_connector.sync.resolve import resolve
from ml_connector.sync.retrack import look_daily
from ml_connector.transport.calls import known_to
from ml_connector.transport.errors import LeaseLost, NotPermitted, Reconnect, TransportError
from ml_connector.transport.session import HttpSession, VendorRules

SLICE_SECONDS = 45.0
LONGEST = 1800.0  # machine seconds; what has not come to an end by then never will, and would keep its lane for ever
_IDLE = dt.timedelta(hours=1)
HOLDS_AGE = dt.timedelta(hours=1)
SWEPT_AT_ONCE = 500
_AFTER_TROUBLE = 30.0
_AFTER_DEFECT = dt.timedelta(minutes=5)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Connection:
    grant_id: int
    vendor: str
    organisation: Organisation
    organisation_id: str
    read_at: dt.datetime
    settings: dict[str, str]
    scopes: frozenset[str]
    state: str
    name: str
    problem: str


@dataclass(slots=True)
class Persons:
    """The connections of which a worker's log says that they need a person: told once when it begins, and its end."""

    needed_by: set[int] = field(default_factory=set)

    def needed(self, connection_id: int, vendor: str, name: str, why: str) -> None:
        """Only a person brings this connection back."""
        if connection_id not in self.needed_by:
            log.warning("connection needs a person", lane=connection_id, why=why, type=renewal(vendor, name))
        self.needed_by.add(connection_id)

    def not_needed(self, connection_id: int) -> None:
        """It works."""
        if connection_id in self.needed_by:
            log.info("connection is good again", lane=connection_id)
        self.needed_by.discard(connection_id)


async def run_slice(
    runtime: Runtime, worker: str, tenant_id: int, connection_id: int, current: Callable[[Slice], None],
    persons: Persons | None = None,
) -> None:  # fmt: skip
    """Run one slice of a lane if it is free. ``current`` is told the slice, so that it can be asked to end early."""
    lease = await leases.take(runtime.database, tenant_id, connection_id, worker)
    if lease is None:
        return
    span = Slice(SLICE_SECONDS)
    current(span)
    due = runtime.clock.now() + dt.timedelta(seconds=_AFTER_TROUBLE)
    not_before: dt.datetime | None = None
    try:
        async with leases.kept(runtime.database, lease):
            held = await _connection(runtime, lease.tenant_id, lease.connection_id)
            structlog.contextvars.bind_contextvars(connection=held.name)
            work = _work(runtime, worker, lease, span, held, persons or Persons())
            due, not_before = await within(LONGEST, work)
    except LeaseLost as lost:
        log.info("lane handed over", lane=connection_id, why=lost.sentence)
        return
    except ConnectorError as trouble:
        log.warning("lane stopped", lane=connection_id, why=trouble.sentence)
        await _tell(runtime, lease, trouble.sentence)
    except psycopg.OperationalError as busy:  # a lock that was waited for too long, or a deadlock: nothing was written
        log.warning("lane stopped, the database was busy", lane=connection_id, why=str(busy))
    except Exception as defect:
        log.exception("lane stopped by a defect", lane=connection_id)
        due = not_before = runtime.clock.now() + _AFTER_DEFECT
        await _tell(runtime, lease, _defect(defect))
    await _leave(runtime, lease, due, not_before)


def _defect(error: Exception) -> str:
    """What a person can do about a failure nobody foresaw; its text may hold anything, so it is in the log alone."""
    return (
        f"A defect of this product ({type(error).__name__}) stopped the work on this connection; nothing is lost, and "
        f"it is tried again every {_AFTER_DEFECT.total_seconds() / 60:.0f} minutes. If it stays, report it with the log."
    )


async def _tell(runtime: Runtime, lease: leases.LaneLease, sentence: str) -> None:
    """What stopped the lane outside its own transactions, told on the connection as long as the lane is still held."""
    async with runtime.database.tenant(lease.tenant_id) as connection:
        await connection.execute(
            b"""update connection c set problem = %s from lane l
            where l.tenant_id = %s and l.connection_id = %s and l.fence = %s
              and c.tenant_id = l.tenant_id and c.connection_id = l.connection_id and c.state = 'good'""",
            [sentence, lease.tenant_id, lease.connection_id, lease.fence],
        )


async def _leave(runtime: Runtime, lease: leases.LaneLease, due: dt.datetime, not_before: dt.datetime | None) -> None:
    async with runtime.database.tenant(lease.tenant_id) as connection:
        await connection.execute(
            b"""update lane set owner = null, lease_until = '-infinity', sent_at = '-infinity', due_at = %s,
                   not_before = coalesce(%s, '-infinity'::timestamptz)
            where tenant_id = %s and connection_id = %s and fence = %s""",
            [due, not_before, lease.tenant_id, lease.connection_id, lease.fence],
        )


async def _work(
    runtime: Runtime, worker: str, lease: leases.LaneLease, span: Slice, held: _Connection, persons: Persons
) -> tuple[dt.datetime, dt.datetime | None]:
    """The slice's work; when the lane is due again and not before when."""
    if held.state == "good":
        persons.not_needed(lease.connection_id)
    elif held.state == "needs reconnect":
        persons.needed(lease.connection_id, held.vendor, held.name, held.problem)
    connector = runtime.connectors[held.vendor]
    tokens = GrantTokens(
        runtime.database,
        runtime.keyring,
        runtime.clock,
        runtime.wire,
        connector,
        lease.tenant_id,
        held.grant_id,
        worker,
    )
    lane, budget = await _lane(runtime, lease, span, held, connector, tokens)
    try:
        with known_to(span.calls):
            next_due = await _guarded(lane, held, persons, lambda: _steps(lane, budget, held, tokens))
    finally:
        await budget.store(final=True)
        await _flush(lane)
    return next_due, lane.not_before


async def _connection(runtime: Runtime, tenant_id: int, connection_id: int) -> _Connection:
    month = runtime.clock.now().strftime("%Y-%m")
    sealer = await runtime.keyring.document_sealer(tenant_id, month)
    async with runtime.database.tenant(tenant_id) as connection:
        row = await (
            await connection.execute(
                b"""select grant_id, vendor, organisation, organisation_id, organisation_read_at, settings, scopes,
                       state, name, problem
                from connection where tenant_id = %s and connection_id = %s""",
                [tenant_id, connection_id],
            )
        ).fetchone()
    if row is None:
        raise LeaseLost(f"connection {connection_id} is gone")
    organisation = documents.decode(sealer.open(b"organisation", row[2]))
    assert isinstance(organisation, Organisation)
    settings = msgspec.json.decode(row[5], type=dict[str, str])
    return _Connection(row[0], row[1], organisation, row[3], row[4], settings, frozenset(row[6]), *row[7:])


async def _lane(
    runtime: Runtime, lease: leases.LaneLease, span: Slice, held: _Connection, connector: Connector, tokens: GrantTokens
) -> tuple[Lane, LaneBudget]:
    tenant_id, clock = lease.tenant_id, runtime.clock
    credentials = await tokens.credentials()
    limits = connector.limits(held.organisation, credentials, held.settings)
    budget = LaneBudget(
        runtime.database, tenant_id, limits, clock, held.organisation.zone, connector.day_left, lease=lease
    )
    await budget.load()
    exchanges = ExchangeBuffer()
    rules = VendorRules(
        connector.title, connector.hosts(credentials), connector.timeout, connector.throttle, connector.unauthorised
    )
    session = HttpSession(
        runtime.wire, rules, tokens, budget, lease, exchanges, clock, held.organisation_id,
        connector.seen_by_session(credentials, held.settings), held.scopes,
    )  # fmt: skip
    lane = Lane(
        database=runtime.database,
        tenant_id=tenant_id,
        connection_id=lease.connection_id,
        fence=lease.fence,
        connector=connector,
        session=session,
        organisation=held.organisation,
        settings=held.settings,
        sealer=await runtime.keyring.document_sealer(tenant_id, clock.now().strftime("%Y-%m")),
        index=await runtime.keyring.index_key(tenant_id),
        clock=clock,
        slice=span,
        capacity=budget,
        exchanges=exchanges,
        concurrency=limits.concurrency,
        integrations=runtime.integrations,
    )
    return lane, budget


async def _guarded(
    lane: Lane, held: _Connection, persons: Persons, work: Callable[[], Awaitable[dt.datetime]]
) -> dt.datetime:
    """A vendor in trouble ends the slice, not the worker; the lane comes back when the vendor may have recovered."""
    try:
        return await work()
    except LeaseLost:
        raise
    except (Reconnect, NotPermitted) as error:  # not permitted, of something that all else needs
        await _problem(lane, error.sentence, reconnect=True)
        persons.needed(lane.connection_id, held.vendor, held.name, error.sentence)
        return lane.clock.now() + _IDLE
    except TransportError as error:
        if lane.slice.stopping:  # not the vendor's trouble: whoever takes the lane next goes on at once
            return lane.clock.now()
        log.warning("vendor in trouble", lane=lane.connection_id, why=error.sentence)
        pause(lane, max(getattr(error, "retry_after", 0.0), 1.0 if hasattr(error, "retry_after") else _AFTER_TROUBLE))
        await _problem(lane, error.sentence)
        return lane.not_before or lane.clock.now()
    except ConnectorError as error:  # a setting, a schedule, a cursor: a person has to know of it
        log.warning("lane stopped", lane=lane.connection_id, why=error.sentence)
        await _problem(lane, error.sentence)
        return lane.clock.now() + dt.timedelta(seconds=_AFTER_TROUBLE)


async def _problem(lane: Lane, sentence: str, *, reconnect: bool = False) -> None:
    """What stands in the connection's way. A good one stays good; one a person has paused meanwhile stays paused."""
    async with lane.transaction() as transaction:
        await transaction.run(
            """update connection set problem = %s, state = case when %s then 'needs reconnect' else state end
            where tenant_id = %s and connection_id = %s and state = 'good'""",
            sentence, reconnect, lane.tenant_id, lane.connection_id,
        )  # fmt: skip


async def _flush(lane: Lane) -> None:
    """Exchanges that belong to no outcome."""
    if lane.exchanges.waiting:
        async with lane.transaction():
            pass


# --- the order inside a lane -------------------------------------------------------------------------------------


async def _steps(lane: Lane, budget: LaneBudget, held: _Connection, tokens: GrantTokens) -> dt.datetime:
    await answer_questions(lane)
    if held.state != "good":
        await tokens.keep_alive()
        return lane.clock.now() + _IDLE
    await _organisation(lane, held)
    flows = [flow for flow in await _flows(lane) if flow.on]
    if not flows:
        await tokens.keep_alive()
    await age_lists(lane, flows)
    if not await _lists(
        lane, budget, [(flow, flow.type.source_lists) for flow in flows if flow.source_id == lane.connection_id]
    ):
        return lane.clock.now()
    await read_hinted(lane, flows)
    tried = await _read_due(lane, flows)
    if not await _lists(
        lane, budget, [(flow, flow.type.target_lists) for flow in flows if flow.target_id == lane.connection_id]
    ):
        return lane.clock.now()
    await _follow(lane, flows)
    await _sweep(lane)
    await resolve(lane)
    await hold_back(lane, await refused_flows(lane))
    await push(lane)
    look_again = await resolve(lane)
    refused = await refused_flows(lane)
    await find_doubles(lane, [flow for flow in flows if flow.flow_id not in refused])
    told = dict.fromkeys([*(one.sentence for one in refused.values()), await open_absences(lane)])
    problem = lane.problem or " ".join(filter(None, told))
    if problem or tried:  # what was not tried again is not known to be well
        await _problem(lane, problem)
    return await _next_due(lane, look_again, refused)


async def _flows(lane: Lane) -> Sequence[Flow]:
    async with lane.database.tenant(lane.tenant_id) as connection:
        return await flows_of(connection, lane.tenant_id, lane.connection_id, lane.integrations)


async def _organisation(lane: Lane, held: _Connection) -> None:
    """The ledger's own facts, lock dates among them, read on a schedule and before anything is planned from them."""
    if (lane.clock.now() - held.read_at).total_seconds() < LISTS_AGE:
        return
    found = await lane.connector.organisation(lane.session)
    if not found.lock_known:
        found = msgspec.structs.replace(found, locked_through=held.organisation.locked_through)
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
            transaction.event("organisation changed", name=found.name, locked_through=str(found.locked_through))
    lane.organisation = found


async def _lists(lane: Lane, budget: LaneBudget, needed: Sequence[tuple[Flow, Sequence[str]]]) -> bool:
    """Refresh what flows need; whether all of it was read to its end.

    A list that may not be read stops the flows that need it, and nobody else.
    """
    refused = await refused_flows(lane)
    by_entity: dict[str, list[int]] = {}
    for flow, entities in needed:
        for entity in entities if flow.flow_id not in refused else ():
            by_entity.setdefault(entity, []).append(flow.flow_id)
    for entity, flows in sorted(by_entity.items()):
        try:
            if not await refresh(lane, entity, allowed_age(entity, by_entity, budget.rest_of_day())):
                return False
        except NotPermitted as error:
            log.warning("list refused", lane=lane.connection_id, entity=entity, why=error.sentence)
            await refuse(lane, flows, error.sentence)
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
        if flow.flow_id not in await refused_flows(lane):
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
        await refuse(lane, [flow.flow_id], error.sentence)


async def _sweep(lane: Lane) -> None:
    """Holds free themselves by what they wait for; once an hour they are planned again all the same.

    What is tracked and not matched is looked at again once a day.
    """
    before = lane.clock.now() - HOLDS_AGE
    async with lane.transaction() as transaction:
        await sweep(transaction.connection, lane.tenant_id, lane.connection_id, before, SWEPT_AT_ONCE)
        await look_daily(transaction.connection, lane.tenant_id, lane.connection_id, lane.clock.now(), SWEPT_AT_ONCE)


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
    read = [flow.flow_id for flow in on if flow.requested_by or not flow.type.follows]
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
    again = (*row, await next_hint(lane), look_again, now + _IDLE, *(one.until for one in refused.values()))
    times: list[dt.datetime] = [moment for moment in again if moment is not None]
    if lane.capacity.free() == 0 and row[0] is not None:
        pause(lane, lane.capacity.wait())
    return min(times)
