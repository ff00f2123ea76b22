"""A lane's own count of the vendor's limits, so that no limit is ever hit by our own calls.

A call counts from the moment it is taken until its window after its *completion* has passed: the vendor counts it at
some instant between the two, so its window is never exceeded, whatever the network does. Long windows and days are
reserved in the database in small chunks before use; a crash forfeits the chunk, so a successor never bursts.

What a vendor counts over several connections has one row: every lane writes its own part of it, and takes a chunk of
what all of them leave, while it holds that row. Windows shorter than ``RESERVED_FROM`` are counted per lane only.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from bisect import insort
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

import msgspec

from ml_connector.clock import Clock
from ml_connector.connectors.base import Limit, Limits, Window
from ml_connector.lanes.counting import Counted, Day, Row, Sliding
from ml_connector.lanes.freshness import DayLeft
from ml_connector.lanes.lease import LaneLease
from ml_connector.lanes.quota import quota
from ml_connector.store.database import Database, Session
from ml_connector.sync.lane import HOLD
from ml_connector.transport.errors import BudgetEmpty, LeaseLost

WAIT_AT_MOST = 3.0  # machine seconds; a lane that would wait longer leaves and comes back


_counted = msgspec.json.Decoder(list[Counted])


class LaneBudget:
    """Fulfils ``transport.protocols.Budget`` and ``sync.lane.Capacity``. One per lane slice.

    With a ``lease``, the count is written only while the lane is held: a stale worker would undo its successor's.
    """

    def __init__(
        self,
        database: Database,
        tenant_id: int,
        limits: Limits,
        clock: Clock,
        zone: str,
        day_left: Callable[[Mapping[str, str]], int | None],
        *,
        lease: LaneLease | None = None,
    ) -> None:
        self._database, self._tenant_id, self._clock, self._day_left = database, tenant_id, clock, day_left
        self._lease = lease
        self._lane = lease.connection_id if lease is not None else 0
        self._windows = [Sliding(one) for one in limits.limits if one.window is Window.SLIDING]
        self._days = [Day(one, ZoneInfo(zone or "UTC")) for one in limits.limits if one.window is Window.DAY]
        self._places = asyncio.Semaphore(limits.concurrency)
        self._turn = asyncio.Lock()
        self._under_way = 0
        self._blocked_until = 0.0
        self.calls = 0

    async def load(self) -> None:
        """What earlier slices and other lanes have used and reserved."""
        async with self._database.tenant(self._tenant_id) as connection:
            rows = await self._rows(connection, b"")
        now = self._clock.seconds()
        for window in self._windows:
            window.take_over(rows.get(_key(window.limit), Row()), self._lane, now)
        self._see(rows)

    def _see(self, rows: Mapping[tuple[str, str], Row]) -> None:
        now, instant = self._clock.seconds(), self._clock.now()
        for window in self._windows:
            window.see(rows.get(_key(window.limit), Row()), self._lane, now)
        for day in self._days:
            day.see(rows.get(_key(day.limit), Row()), self._lane, instant, self._under_way)
        for limit in self._limits():
            self._block(rows.get(_key(limit), Row()).blocked_until)

    async def _rows(self, connection: Session, lock: bytes) -> dict[tuple[str, str], Row]:
        found = await (
            await connection.execute(
                b"""select b.scope, b.name, b.reserved, b.day, b.day_used, b.blocked_until
                from budget b join unnest(%s::text[], %s::text[]) as k (scope, name) using (scope, name)
                where b.tenant_id = %s order by b.scope, b.name """
                + lock,
                [*self._keys(), self._tenant_id],
            )
        ).fetchall()
        return {(row[0], row[1]): Row(_counted.decode(row[2]), *row[3:]) for row in found}

    def _block(self, until: dt.datetime | None) -> None:
        if until is not None:
            self._blocked_until = max(self._blocked_until, until.timestamp())

    def free(self) -> int:
        """Calls that may start now."""
        now = self._clock.seconds()
        if now < self._blocked_until:
            return 0
        sliding = [window.free(now, self._under_way) for window in self._windows]
        daily = [day.free(self._clock.now(), self._under_way) for day in self._days]
        return max(0, min(sliding + daily, default=1_000))

    def rest_of_day(self) -> DayLeft | None:
        """The tightest day that the vendor counts; None where it counts none."""
        now = self._clock.now()
        left = [DayLeft(max(0, day.free(now, self._under_way)), day.until_midnight(now)) for day in self._days]
        return min(left, key=lambda one: one.calls, default=None)

    def surplus(self) -> int | None:
        """Calls that a backfill may use now, by the tightest day; None where the vendor counts none."""
        now = self._clock.now()
        left = [(day, day.free(now, self._under_way)) for day in self._days]
        return min((quota(day.limit.calls, free, day.until_midnight(now)).surplus for day, free in left), default=None)

    def wait(self, calls: int = 1) -> float:
        """Clock seconds until ``calls`` may start; 0 when they may now. A day answers for one call."""
        return max(self._waits(calls).values())

    def _waits(self, calls: int = 1) -> dict[str, float]:
        now, instant = self._clock.seconds(), self._clock.now()
        waits = {"the vendor asked for": max(0.0, self._blocked_until - now)}
        waits |= {window.limit.name: window.wait(now, self._under_way, calls) for window in self._windows}
        return waits | {day.limit.name: day.wait(instant, self._under_way) for day in self._days}

    async def take(self) -> None:
        """Wait for a free call, a few seconds at most. Raises BudgetEmpty when it takes longer, LeaseLost."""
        await self._places.acquire()
        try:
            async with self._turn:
                await self._wait_for_one()
                self._spend_reserved()
                self._under_way += 1
        except BaseException:
            self._places.release()
            raise

    def _spend_reserved(self) -> None:
        for window in self._windows:
            window.reserved -= 1
        for day in self._days:
            day.spend()

    async def _wait_for_one(self) -> None:
        """Return when a call may start now, and its chunk is in the database."""
        waited = 0.0
        while True:
            name, wait = max(self._waits().items(), key=lambda one: one[1])
            if wait > 0:
                waited += self._clock.real(wait)
                if waited > WAIT_AT_MOST:
                    raise BudgetEmpty(name, wait)
                await self._clock.sleep(wait)
            elif not await self._reserved():
                return

    def done(self, headers: Mapping[str, str], status: int) -> None:
        """A call ended: it counts from now on, and the vendor's own count corrects ours."""
        del status
        left = self._day_left(headers) if headers else None
        for day in self._days:
            day.done(self._clock.now(), self._under_way, left)
        for window in self._windows:
            insort(window.used, self._clock.seconds())
        self.calls += 1
        self._under_way -= 1
        self._places.release()

    def throttled(self, retry_after: float) -> None:
        """The vendor said "too many calls": none before ``retry_after`` seconds from now."""
        self._blocked_until = max(self._blocked_until, self._clock.seconds() + retry_after)

    async def _reserved(self) -> bool:
        """Write the next chunk of each window that has used up its own; False when there was none to write."""
        now = self._clock.seconds()
        windows = [window for window in self._windows if window.is_spent(now)]
        days = [day for day in self._days if day.reserved <= 0]
        if not windows and not days:
            return False
        try:
            await self.store(reserve=True)
        except BaseException:
            for window in windows:
                window.reserved = 0
            for day in days:
                day.reserved = 0
            raise
        return True

    async def store(self, *, final: bool = False, reserve: bool = False) -> None:
        """Write the count, with the next chunk of each window and day that has used up its own if ``reserve``.

        All of it while the rows are held, so that lanes which share a limit never reserve the same calls. Raises
        LeaseLost when another worker has taken the lane; then nothing is written.
        """
        async with self._database.tenant(self._tenant_id) as connection:
            await self._check_fence(connection)
            await connection.execute(_BEGUN, [self._tenant_id, *self._keys()])
            self._see(await self._rows(connection, b"for update of b"))
            now = self._clock.seconds()
            for window in self._windows:
                if reserve and window.is_spent(now):
                    window.reserve(now, self._under_way)
                row = window.row(now, self._under_way, self._lane, final=final)
                await connection.execute(_STORE, self._values(window.limit, row))
            for day in self._days:
                if reserve and day.reserved <= 0:
                    day.reserve()
                await connection.execute(_STORE, self._values(day.limit, day.row(self._lane, final=final)))

    def _limits(self) -> list[Limit]:
        return [window.limit for window in self._windows] + [day.limit for day in self._days]

    def _keys(self) -> tuple[list[str], list[str]]:
        keys = sorted(map(_key, self._limits()))
        return [scope for scope, _ in keys], [name for _, name in keys]

    async def _check_fence(self, connection: Session) -> None:
        if self._lease is None:
            return
        row = await (
            await connection.execute(
                HOLD,
                [self._tenant_id, self._lease.connection_id, self._lease.fence],
            )
        ).fetchone()
        if row is None:
            raise LeaseLost(f"lane {self._lease.connection_id} was taken by another worker; its count stands")

    def _values(self, limit: Limit, row: Row) -> list[object]:
        blocked = dt.datetime.fromtimestamp(self._blocked_until, dt.UTC) if self._blocked_until else None
        counted = msgspec.json.encode(row.counted).decode()
        return [counted, row.day, row.day_used, blocked, self._tenant_id, *_key(limit)]


_BEGUN = b"""
    insert into budget (tenant_id, scope, name)
    select %s, k.scope, k.name from unnest(%s::text[], %s::text[]) as k (scope, name)
    on conflict (tenant_id, scope, name) do nothing"""

_STORE = b"""
    update budget set reserved = %s, day = %s, day_used = %s, blocked_until = greatest(blocked_until, %s)
    where tenant_id = %s and scope = %s and name = %s"""

_COUNT = b"""
    insert into budget (tenant_id, scope, name, reserved) values (%s, %s, %s, %s)
    on conflict (tenant_id, scope, name) do update set reserved = budget.reserved || excluded.reserved"""


# More than a connect makes (organisations, organisation, taxes, locks ...), so that the lane's first window is not exceeded.
FIRST_CALLS = 12


async def count_first_calls(connection: Session, tenant_id: int, limits: Limits, now: float) -> None:
    """Count the calls made before there was a lane (``now``: clock seconds), in the transaction that makes the lane."""
    for limit in limits.limits:
        if limit.window is Window.SLIDING:
            counted = msgspec.json.encode([Counted(now, FIRST_CALLS)]).decode()
            await connection.execute(_COUNT, [tenant_id, *_key(limit), counted])


def _key(limit: Limit) -> tuple[str, str]:
    return limit.scope, limit.name
