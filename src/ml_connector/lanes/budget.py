"""A lane's own count of the vendor's limits, so that no limit is ever hit by our own calls.

A call counts from the moment it is taken until its window after its *completion* has passed: the vendor counts it at
some instant between the two, so its window is never exceeded, whatever the network does. Long windows and days are
reserved in the database in small chunks before use; a crash forfeits the chunk, so a successor never bursts.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from bisect import bisect_right, insort
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import msgspec

from ml_connector.clock import Clock
from ml_connector.connectors.base import Limit, Limits, Window
from ml_connector.lanes.lease import LaneLease
from ml_connector.store.database import Database, Session
from ml_connector.transport.errors import BudgetEmpty, LeaseLost

WAIT_AT_MOST = 3.0  # machine seconds; a lane that would wait longer leaves and comes back
RESERVED_FROM = 5.0  # seconds: shorter windows have passed before a successor can start
CHUNKS = 5  # a window is reserved in so many chunks
DAY_CHUNKS = 100


class _Counted(msgspec.Struct, array_like=True, frozen=True):
    """Calls counted at one instant. ``open`` ones were reserved or under way: when they ended is not known."""

    at: float
    calls: int
    open: bool = False


_counted = msgspec.json.Decoder(list[_Counted])


@dataclass(slots=True)
class _Sliding:
    """One sliding window."""

    limit: Limit
    used: list[float] = field(default_factory=list)  # when each call ended, or may have, in order
    reserved: int = 0  # calls of the current chunk that have not been taken yet
    good_until: float = 0.0  # until when the chunk may be used

    @property
    def chunk_life(self) -> float:
        return self.limit.seconds / CHUNKS

    def free(self, now: float, under_way: int) -> int:
        del self.used[: bisect_right(self.used, now - self.limit.seconds)]
        return self.limit.calls - len(self.used) - under_way

    def wait(self, now: float, under_way: int, calls: int = 1) -> float:
        lacking = min(calls, self.limit.calls) - self.free(now, under_way)
        if lacking <= 0:
            return 0.0
        # Calls under way give no date yet: they are asked about again soon.
        return self.used[lacking - 1] + self.limit.seconds - now if lacking <= len(self.used) else 0.05

    def is_spent(self, now: float) -> bool:
        return self.limit.seconds >= RESERVED_FROM and (self.reserved <= 0 or now >= self.good_until)

    def reserve(self, now: float) -> None:
        self.reserved = max(1, self.limit.calls // CHUNKS)
        self.good_until = now + self.chunk_life


@dataclass(slots=True)
class _Day:
    """One calendar day's allowance, in the organisation's zone."""

    limit: Limit
    zone: ZoneInfo
    day: dt.date | None = None
    used: int = 0
    reserved: int = 0
    of_yesterday: int = 0  # calls under way at midnight: the vendor's count in their answers is the old day's

    def free(self, now: dt.datetime, under_way: int) -> int:
        today = now.astimezone(self.zone).date()
        if self.day is None or today > self.day:
            self.of_yesterday = under_way if self.day is not None else 0
            self.day, self.used, self.reserved = today, 0, 0
        return self.limit.calls - self.used - under_way

    def wait(self, now: dt.datetime, under_way: int) -> float:
        if self.free(now, under_way) > 0:
            return 0.0
        assert self.day is not None
        midnight = dt.datetime.combine(self.day + dt.timedelta(days=1), dt.time(), self.zone)
        return (midnight.astimezone(dt.UTC) - now).total_seconds()

    def done(self, now: dt.datetime, under_way: int, left: int | None) -> None:
        self.free(now, under_way)
        self.used += 1
        if self.of_yesterday > 0:
            self.of_yesterday -= 1
        elif left is not None:
            self.used = max(self.used, self.limit.calls - left)


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
        self._windows = [_Sliding(one) for one in limits.limits if one.window is Window.SLIDING]
        self._days = [_Day(one, ZoneInfo(zone or "UTC")) for one in limits.limits if one.window is Window.DAY]
        self._places = asyncio.Semaphore(limits.concurrency)
        self._turn = asyncio.Lock()
        self._under_way = 0
        self._blocked_until = 0.0
        self.calls = 0

    async def load(self) -> None:
        """What earlier slices have used and reserved."""
        async with self._database.tenant(self._tenant_id) as connection:
            rows = await (
                await connection.execute(
                    b"select scope, name, reserved, day, day_used, blocked_until from budget where tenant_id = %s",
                    [self._tenant_id],
                )
            ).fetchall()
        held, now = {(row[0], row[1]): row[2:] for row in rows}, self._clock.seconds()
        for window in self._windows:
            if (row := held.get(_key(window.limit))) is not None:
                found = _counted.decode(row[0])
                window.used = sorted(
                    max(one.at, now) if one.open else one.at for one in found for _ in range(one.calls)
                )
                self._block(row[3])
        for day in self._days:
            if (row := held.get(_key(day.limit))) is not None:
                day.day, day.used = row[1], row[2]
                self._block(row[3])

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
            day.reserved -= 1

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
        for window in windows:
            window.reserve(now)
        for day in days:
            day.reserved = max(1, day.limit.calls // DAY_CHUNKS)
        try:
            await self.store()
        except BaseException:
            for window in windows:
                window.reserved = 0
            for day in days:
                day.reserved = 0
            raise
        return True

    async def store(self, *, final: bool = False) -> None:
        """Write the count. While the slice runs, the current chunk counts as used, and calls under way too.

        Raises LeaseLost when another worker has taken the lane; then nothing is written.
        """
        now = self._clock.seconds()
        async with self._database.tenant(self._tenant_id) as connection:
            await self._check_fence(connection)
            for window in self._windows:
                open_calls = self._under_way + (0 if final else max(0, window.reserved))
                # A successor counts the chunk from the last moment at which it may have been used.
                latest = now if final else now + window.chunk_life
                counted = [_Counted(at, 1) for at in window.used]
                counted += [_Counted(latest, open_calls, True)] if open_calls else []
                await connection.execute(_STORE, self._row(window.limit, counted, None, 0))
            for day in self._days:
                used = day.used + self._under_way + (0 if final else max(0, day.reserved))
                await connection.execute(_STORE, self._row(day.limit, [], day.day, used))

    async def _check_fence(self, connection: Session) -> None:
        if self._lease is None:
            return
        row = await (
            await connection.execute(
                b"select 1 from lane where tenant_id = %s and connection_id = %s and fence = %s for share",
                [self._tenant_id, self._lease.connection_id, self._lease.fence],
            )
        ).fetchone()
        if row is None:
            raise LeaseLost(f"lane {self._lease.connection_id} was taken by another worker; its count stands")

    def _row(self, limit: Limit, counted: list[_Counted], day: dt.date | None, used: int) -> list[object]:
        blocked = dt.datetime.fromtimestamp(self._blocked_until, dt.UTC) if self._blocked_until else None
        return [self._tenant_id, *_key(limit), msgspec.json.encode(counted).decode(), day, used, blocked]


_STORE = b"""
    insert into budget (tenant_id, scope, name, reserved, day, day_used, blocked_until)
    values (%s, %s, %s, %s, %s, %s, %s)
    on conflict (tenant_id, scope, name) do update
    set reserved = excluded.reserved, day = excluded.day, day_used = excluded.day_used,
        blocked_until = excluded.blocked_until"""


# More than a connect makes (organisations, organisation, taxes, locks ...), so that the lane's first window is not exceeded.
FIRST_CALLS = 12


async def count_first_calls(connection: Session, tenant_id: int, limits: Limits, now: float) -> None:
    """Count the calls made before there was a lane (``now``: clock seconds), in the transaction that makes the lane."""
    for limit in limits.limits:
        if limit.window is Window.SLIDING:
            counted = msgspec.json.encode([_Counted(now, FIRST_CALLS)]).decode()
            await connection.execute(_STORE, [tenant_id, *_key(limit), counted, None, 0, None])


def _key(limit: Limit) -> tuple[str, str]:
    return limit.scope, limit.name
