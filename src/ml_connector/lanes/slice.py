"""One slice of a lane: take it, answer questions, refresh lists, read what is due, resolve, push, leave.

A slice never sleeps longer than a few seconds: what has to wait longer sets `not_before` and leaves.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import psycopg
import structlog

from ml_connector.errors import ConnectorError
from ml_connector.lanes import lease as leases
from ml_connector.lanes.grants import GrantTokens
from ml_connector.lanes.opening import StoredConnection, lane_of, stored_connection
from ml_connector.lanes.questions import renewal
from ml_connector.lanes.runtime import Runtime
from ml_connector.lanes.steps import IDLE, note_problem, steps
from ml_connector.lanes.tasks import within
from ml_connector.sync.lane import Lane, Slice
from ml_connector.sync.push import pause
from ml_connector.transport.calls import known_to
from ml_connector.transport.errors import LeaseLost, NotPermitted, Reconnect, TransportError

SLICE_SECONDS = 45.0
LONGEST = 1800.0  # machine seconds; what has not come to an end by then never will, and would keep its lane for ever
_AFTER_TROUBLE = 30.0
_AFTER_DEFECT = dt.timedelta(minutes=5)

log = structlog.get_logger()


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
            held = await stored_connection(runtime, lease.tenant_id, lease.connection_id)
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
    runtime: Runtime, worker: str, lease: leases.LaneLease, span: Slice, held: StoredConnection, persons: Persons
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
    lane, budget = await lane_of(runtime, lease, span, held, connector, tokens)
    try:
        with known_to(span.calls):
            next_due = await _guarded(lane, held, persons, lambda: steps(lane, budget, held, tokens))
    finally:
        await budget.store(final=True)
        await _flush(lane)
    return next_due, lane.not_before


async def _guarded(
    lane: Lane, held: StoredConnection, persons: Persons, work: Callable[[], Awaitable[dt.datetime]]
) -> dt.datetime:
    """A vendor in trouble ends the slice, not the worker; the lane comes back when the vendor may have recovered."""
    try:
        return await work()
    except LeaseLost:
        raise
    except (Reconnect, NotPermitted) as error:  # not permitted, of something that all else needs
        await note_problem(lane, error.sentence, reconnect=True)
        persons.needed(lane.connection_id, held.vendor, held.name, error.sentence)
        return lane.clock.now() + IDLE
    except TransportError as error:
        if lane.slice.stopping:  # not the vendor's trouble: whoever takes the lane next goes on at once
            return lane.clock.now()
        log.warning("vendor in trouble", lane=lane.connection_id, why=error.sentence)
        pause(lane, max(getattr(error, "retry_after", 0.0), 1.0 if hasattr(error, "retry_after") else _AFTER_TROUBLE))
        await note_problem(lane, error.sentence)
        return lane.not_before or lane.clock.now()
    except ConnectorError as error:  # a setting, a schedule, a cursor: a person has to know of it
        log.warning("lane stopped", lane=lane.connection_id, why=error.sentence)
        await note_problem(lane, error.sentence)
        return lane.clock.now() + dt.timedelta(seconds=_AFTER_TROUBLE)


async def _flush(lane: Lane) -> None:
    """Exchanges that belong to no outcome."""
    if lane.exchanges.waiting:
        async with lane.transaction():
            pass
