"""A lane's own count of the vendor's limits, so that no limit is ever hit by our own calls.

A call counts from the moment it is taken until its window after its *completion* has passed: the vendor counts it at
some instant between the two, so its window is never exceeded, whatever the network does. Long windows are reserved
in the database in small chunks before use; a crash forfeits the chunk, so a successor never bursts.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import msgspec

from ml_connector.clock import Clock
from ml_connector.connectors.base import Limit, Limits, Window
from ml_connector.store.database import Database
from ml_connector.transport.errors import BudgetEmpty

WAIT_AT_MOST = 3.0  # machine seconds; a lane that would wait longer leaves and comes back
RESERVED_FROM = 5.0  # seconds: shorter windows have passed before a successor can start
CHUNKS = 5  # a window is reserved in so many chunks

_stamps = msgspec.json.Decoder(list[tuple[float, int]])


@dataclass(slots=True)
class _Sliding:
    """One sliding window."""

    limit: Limit
    used: deque[float] = field(default_factory=deque)
    reserved: int = 0  # calls of the current chunk that have not been taken yet
    good_until: float = 0.0  # until when the chunk may be used

    @property
    def chunk_life(self) -> float:
        return self.limit.seconds / CHUNKS

    def free(self, now: float, under_way: int) -> int:
        while self.used and self.used[0] <= now - self.limit.seconds:
            self.used.popleft()
        return self.limit.calls - len(self.used) - under_way

    def wait(self, now: float, under_way: int, calls: int = 1) -> float:
        short = min(calls, self.limit.calls) - self.free(now, under_way)
        if short <= 0:
            return 0.0
        # Calls under way give no date yet: they are asked about again soon.
        return self.used[short - 1] + self.limit.seconds - now if short <= len(self.used) else 0.05


@dataclass(slots=True)
class _Day:
    """One calendar day's allowance, in the organisation's zone."""

    limit: Limit
    zone: ZoneInfo
    day: dt.date | None = None
    used: int = 0

    def free(self, now: dt.datetime, under_way: int) -> int:
        today = now.astimezone(self.zone).date()
        if today != self.day:
            self.day, self.used = today, 0
        return self.limit.calls - self.used - under_way

    def wait(self, now: dt.datetime, under_way: int) -> float:
        if self.free(now, under_way) > 0:
            return 0.0
        local = now.astimezone(self.zone)
        midnight = dt.datetime.combine(local.date() + dt.timedelta(days=1), dt.time(), self.zone)
        return (midnight - local).total_seconds()


class LaneBudget:
    """Fulfils ``transport.protocols.Budget`` and ``sync.lane.Capacity``. One per lane slice."""

    def __init__(
        self,
        database: Database,
        tenant_id: int,
        limits: Limits,
        clock: Clock,
        zone: str,
        day_left: Callable[[Mapping[str, str]], int | None],
    ) -> None:
        self._database, self._tenant_id, self._clock, self._day_left = database, tenant_id, clock, day_left
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
        held = {(row[0], row[1]): row[2:] for row in rows}
        for window in self._windows:
            if (row := held.get(_key(window.limit))) is not None:
                stamps = sorted(at for at, calls in _stamps.decode(row[0]) for _ in range(calls))
                window.used = deque(stamps)
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
        """Clock seconds until ``calls`` may start; 0 when they may now. A day's allowance is asked for one call."""
        now = self._clock.seconds()
        waits = [max(0.0, self._blocked_until - now)]
        waits += [window.wait(now, self._under_way, calls) for window in self._windows]
        waits += [day.wait(self._clock.now(), self._under_way) for day in self._days]
        return max(waits)

    async def take(self) -> None:
        """Wait for a free call, a few seconds at most. Raises BudgetEmpty when it takes longer."""
        await self._places.acquire()
        try:
            async with self._turn:
                while (wait := self.wait()) > 0:
                    if self._clock.real(wait) > WAIT_AT_MOST:
                        raise BudgetEmpty(self._fullest(), wait)
                    await self._clock.sleep(wait)
                await self._reserve()
                self._under_way += 1
        except BaseException:
            self._places.release()
            raise

    def _fullest(self) -> str:
        now = self._clock.seconds()
        waits = {window.limit.name: window.wait(now, self._under_way) for window in self._windows}
        waits |= {day.limit.name: day.wait(self._clock.now(), self._under_way) for day in self._days}
        return max(waits, key=lambda name: waits[name], default="the vendor's pause")

    def done(self, headers: Mapping[str, str], status: int) -> None:
        """A call ended: it counts from now on, and the vendor's own count corrects ours."""
        del status
        self.calls += 1
        self._under_way -= 1
        self._places.release()
        now = self._clock.seconds()
        for window in self._windows:
            window.used.append(now)
        left = self._day_left(headers) if headers else None
        for day in self._days:
            day.free(self._clock.now(), 0)
            day.used = max(day.used + 1, day.limit.calls - left if left is not None else 0)

    def throttled(self, retry_after: float) -> None:
        """The vendor said "too many calls": none before ``retry_after`` seconds from now."""
        self._blocked_until = max(self._blocked_until, self._clock.seconds() + retry_after)

    async def _reserve(self) -> None:
        """Take the next chunk of each long window in the database before its first call leaves."""
        now = self._clock.seconds()
        long = [window for window in self._windows if window.limit.seconds >= RESERVED_FROM]
        spent = [window for window in long if window.reserved <= 0 or now >= window.good_until]
        for window in spent:
            window.reserved = max(1, window.limit.calls // CHUNKS)
            window.good_until = now + window.chunk_life
        if spent:
            await self.store()
        for window in self._windows:
            window.reserved -= 1

    async def store(self, *, final: bool = False) -> None:
        """Write the count. While the slice runs, the current chunk counts as used, and calls under way too."""
        now = self._clock.seconds()
        async with self._database.tenant(self._tenant_id) as connection:
            for window in self._windows:
                open_calls = 0 if final else max(0, window.reserved) + self._under_way
                # A successor counts the chunk from the last moment at which it may have been used.
                latest = now + window.chunk_life
                stamps = [(at, 1) for at in window.used] + ([(latest, open_calls)] if open_calls else [])
                await connection.execute(_STORE, self._row(window.limit, stamps, None, 0))
            for day in self._days:
                await connection.execute(_STORE, self._row(day.limit, [], day.day, day.used + self._under_way))

    def _row(self, limit: Limit, stamps: list[tuple[float, int]], day: dt.date | None, used: int) -> list[object]:
        blocked = dt.datetime.fromtimestamp(self._blocked_until, dt.UTC) if self._blocked_until else None
        return [self._tenant_id, *_key(limit), msgspec.json.encode(stamps).decode(), day, used, blocked]


_STORE = b"""
    insert into budget (tenant_id, scope, name, reserved, day, day_used, blocked_until)
    values (%s, %s, %s, %s, %s, %s, %s)
    on conflict (tenant_id, scope, name) do update
    set reserved = excluded.reserved, day = excluded.day, day_used = excluded.day_used,
        blocked_until = excluded.blocked_until"""


def _key(limit: Limit) -> tuple[str, str]:
    return limit.scope, limit.name
