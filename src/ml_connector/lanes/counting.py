"""The arithmetic of a limit: what we have used of it, what the lanes that share it have, and how long to wait. Pure."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import msgspec

from ml_connector.connectors.base import Limit

RESERVED_FROM = 5.0  # seconds: shorter windows have passed before a successor can start
LONGEST_CALL = 180.0  # clock seconds; what another lane had under way has certainly ended by then
CHUNKS = 5  # a window is reserved in so many chunks
DAY_CHUNKS = 100


class Counted(msgspec.Struct, array_like=True, frozen=True):
    """Calls of a lane counted at one instant. ``open`` ones were reserved or under way: when they ended is not known."""

    at: float
    calls: int
    open: bool = False
    lane: int = 0

    def of_another(self, now: float) -> float:
        """When they count, to another lane: open ones now, for as long as they may be under way."""
        return min(max(self.at, now), self.at + LONGEST_CALL) if self.open else self.at


class Row(msgspec.Struct, frozen=True):
    """What the database knows of one limit."""

    counted: list[Counted] = []
    day: dt.date | None = None
    day_used: int = 0
    blocked_until: dt.datetime | None = None


@dataclass(slots=True)
class Sliding:
    """One sliding window."""

    limit: Limit
    used: list[float] = field(default_factory=list)  # when each of our calls ended, or may have, in order
    others: list[float] = field(default_factory=list)  # the same of the lanes that share the limit, as last seen
    kept: list[Counted] = field(default_factory=list)  # their part of the row
    reserved: int = 0  # calls of the current chunk that have not been taken yet
    good_until: float = 0.0  # until when the chunk may be used

    @property
    def chunk_life(self) -> float:
        return self.limit.seconds / CHUNKS

    def see(self, row: Row, lane: int, now: float) -> None:
        """Take in what the other lanes count."""
        alive = now - self.limit.seconds
        self.kept = [one for one in row.counted if one.lane != lane and one.of_another(now) > alive]
        self.others = sorted(one.of_another(now) for one in self.kept for _ in range(one.calls))

    def take_over(self, row: Row, lane: int, now: float) -> None:
        """Take in what an earlier slice of this lane counts."""
        found = [one for one in row.counted if one.lane == lane]
        self.used = sorted(max(one.at, now) if one.open else one.at for one in found for _ in range(one.calls))

    def free(self, now: float, under_way: int) -> int:
        for stamps in (self.used, self.others):
            del stamps[: bisect_right(stamps, now - self.limit.seconds)]
        return self.limit.calls - len(self.used) - len(self.others) - under_way

    def wait(self, now: float, under_way: int, calls: int = 1) -> float:
        lacking = min(calls, self.limit.calls) - self.free(now, under_way)
        if lacking <= 0:
            return 0.0
        stamps = sorted([*self.used, *self.others])
        # Calls under way give no date yet: they are asked about again soon.
        return stamps[lacking - 1] + self.limit.seconds - now if lacking <= len(stamps) else 0.05

    def is_spent(self, now: float) -> bool:
        return self.limit.seconds >= RESERVED_FROM and (self.reserved <= 0 or now >= self.good_until)

    def reserve(self, now: float, under_way: int) -> None:
        """The next chunk, as far as all lanes leave room; perhaps nothing."""
        self.reserved = max(0, min(max(1, self.limit.calls // CHUNKS), self.free(now, under_way)))
        self.good_until = now + self.chunk_life

    def row(self, now: float, under_way: int, lane: int, *, final: bool) -> Row:
        """The row to be written. While the slice runs, the current chunk counts as used, and calls under way too."""
        open_calls = under_way + (0 if final else max(0, self.reserved))
        # Whoever comes next counts the chunk from the last moment at which it may have been used.
        latest = now if final else now + self.chunk_life
        mine = [Counted(at, 1, lane=lane) for at in self.used]
        mine += [Counted(latest, open_calls, True, lane)] if open_calls else []
        return Row([*self.kept, *mine])


@dataclass(slots=True)
class Day:
    """One calendar day's allowance, in the organisation's zone."""

    limit: Limit
    zone: ZoneInfo
    day: dt.date | None = None
    known: int = 0  # calls of all lanes as last seen, what is reserved included
    reserved: int = 0
    others_open: int = 0  # what other lanes have reserved
    vendor_knows: int = 0  # the vendor's own count, and our calls since
    of_yesterday: int = 0  # calls under way at midnight: the vendor's count in their answers is the old day's
    carried: int = 0  # the same calls, which may be counted today and are not in the row yet
    kept: list[Counted] = field(default_factory=list)

    def see(self, row: Row, lane: int, now: dt.datetime, under_way: int) -> None:
        """Take in the row: the calls of all lanes, ours among them."""
        self.roll(now, under_way)
        same = row.day is not None and self.day is not None and row.day >= self.day
        self.kept = [one for one in row.counted if one.lane != lane] if same else []
        self.others_open = sum(one.calls for one in self.kept)
        self.known = (row.day_used if same else 0) + self.carried
        self.known, self.carried = self.total(), 0

    def total(self) -> int:
        """Calls made or reserved today, by the row and by the vendor's word; other applications share the day."""
        return max(self.known, self.vendor_knows + self.reserved + self.others_open if self.vendor_knows else 0)

    def roll(self, now: dt.datetime, under_way: int) -> None:
        """A new day begins at midnight."""
        today = now.astimezone(self.zone).date()
        if self.day is None or today > self.day:
            self.of_yesterday = under_way if self.day is not None else 0
            self.known = self.carried = self.of_yesterday
            self.day, self.reserved, self.others_open, self.vendor_knows = today, 0, 0, 0

    def free(self, now: dt.datetime, under_way: int) -> int:
        self.roll(now, under_way)
        return self.limit.calls - self.total() + self.reserved

    def wait(self, now: dt.datetime, under_way: int) -> float:
        if self.free(now, under_way) > 0:
            return 0.0
        return self.until_midnight(now)

    def until_midnight(self, now: dt.datetime) -> float:
        """Clock seconds until the day that was last rolled to ends."""
        assert self.day is not None
        midnight = dt.datetime.combine(self.day + dt.timedelta(days=1), dt.time(), self.zone)
        return (midnight.astimezone(dt.UTC) - now).total_seconds()

    def reserve(self) -> None:
        """The next chunk, as far as all lanes leave room; perhaps nothing. The former one is used up."""
        self.reserved = max(0, min(max(1, self.limit.calls // DAY_CHUNKS), self.limit.calls - self.total()))
        self.known += self.reserved

    def spend(self) -> None:
        self.reserved -= 1
        self.vendor_knows += 1 if self.vendor_knows else 0

    def done(self, now: dt.datetime, under_way: int, left: int | None) -> None:
        self.roll(now, under_way)
        if self.of_yesterday > 0:
            self.of_yesterday -= 1
        elif left is not None:
            self.vendor_knows = max(self.vendor_knows, self.limit.calls - left + under_way - 1)

    def row(self, lane: int, *, final: bool) -> Row:
        """The row to be written; at the end of a slice what was reserved and not used is given back."""
        if final:
            self.known, self.reserved = self.total() - max(0, self.reserved), 0
        mine = [Counted(0.0, self.reserved, True, lane)] if self.reserved > 0 else []
        return Row([*self.kept, *mine], self.day, self.total())
