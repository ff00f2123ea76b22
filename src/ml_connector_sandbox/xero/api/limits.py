"""Calls per minute, per day and at once for each app and tenant, and per minute for the app over all tenants."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ml_connector_sandbox.kernel.limits import Concurrency, SlidingWindow
from ml_connector_sandbox.xero.books.company import DAY_CALLS, RAPID_TIERS, App, XeroBooks
from ml_connector_sandbox.xero.errors import Throttled

if TYPE_CHECKING:
    from ml_connector_sandbox.kernel.clock import SandboxClock

PER_MINUTE, AT_ONCE = 60, 5
MINUTE, DAY = 60.0, 86400.0
RAPID_SECONDS = 30 * 60


class Window:
    """So many calls in fixed spans that begin at ``offset``, or in any span of that length when it ``rolls``."""

    def __init__(self, clock: SandboxClock, limit: int, seconds: float, offset: float) -> None:
        self.limit, self.seconds, self.offset = limit, seconds, offset
        self._clock = clock
        self._sliding = SlidingWindow(clock, limit, seconds)
        self._span, self._used = -1, 0
        self.most_used = 0

    def used(self, rolls: bool) -> int:
        """Calls counted now."""
        return self._sliding.used if rolls else self._in_span()

    def wait(self) -> float:
        """Seconds until the fixed span ends."""
        now = self._clock.seconds() - self.offset
        return self.seconds - now % self.seconds

    def take(self, rolls: bool) -> float | None:
        """Count a call; or, when it is full, count nothing and return the seconds to wait."""
        if not rolls and self._in_span() >= self.limit:
            return self.wait()
        wait = self._sliding.take()
        if rolls and wait is not None:
            return wait
        self._in_span()
        self._used += 1
        self.most_used = max(self.most_used, self.used(rolls))
        return None

    def _in_span(self) -> int:
        span = int((self._clock.seconds() - self.offset) // self.seconds)
        if span != self._span:
            self._span, self._used = span, 0
        return self._used


class TenantLimits:
    """The counters of one app in one organisation."""

    def __init__(self, books: XeroBooks, app: App, tenant_id: str, app_minute: Window) -> None:
        clock, seed = books.clock, int(hashlib.sha256(tenant_id.encode()).hexdigest()[:8], 16)
        self._books, self._app, self._tenant_id, self._app_minute = books, app, tenant_id, app_minute
        self.minute = Window(clock, PER_MINUTE, MINUTE, seed % 60)
        begins = books.switches.day_begins
        self.day = Window(clock, DAY_CALLS[app.tier], DAY, seed % 86400 if begins is None else begins)
        self.concurrency = Concurrency(AT_ONCE)
        self._spent_until = 0.0

    def take(self) -> None:
        """Count one call. Raises Throttled; a refused call is not counted."""
        if self.day_spent:
            raise Throttled("day", self._spent_until - self._books.clock.seconds())
        switches = self._books.switches
        if not switches.limits:
            return
        if self._app_minute.used(False) >= switches.app_minute_limit:
            raise Throttled(switches.app_minute_word)
        if not self._rapid():
            for window, rolls, word in (
                (self.day, switches.day_rolls, "day"), (self.minute, switches.minute_rolls, "minute"),
            ):  # fmt: skip
                if window.used(rolls) >= window.limit:
                    raise Throttled(word, window.take(rolls))
            self.day.take(switches.day_rolls)
            self.minute.take(switches.minute_rolls)
        self._app_minute.take(False)

    def enter(self) -> bool:
        """A call begins. False when limits are off and nothing is to be left. Raises Throttled."""
        if not self._books.switches.limits:
            return False
        if not self.concurrency.enter():
            raise Throttled("concurrent")
        return True

    def spend_day(self) -> None:
        """The day's calls are used up, however many were made."""
        self._spent_until = self._books.clock.seconds() + self.day.wait()

    def restore_day(self) -> None:
        """Undo ``spend_day``."""
        self._spent_until = 0.0

    @property
    def day_spent(self) -> bool:
        """Whether ``spend_day`` still counts."""
        return self._books.clock.seconds() < self._spent_until

    def headers(self) -> dict[str, str]:
        """What every answer carries."""
        switches = self._books.switches
        day = 0 if self.day_spent else self.day.limit - self.day.used(switches.day_rolls)
        return {
            "X-DayLimit-Remaining": str(max(0, day)),
            "X-MinLimit-Remaining": str(max(0, self.minute.limit - self.minute.used(switches.minute_rolls))),
            "X-AppMinLimit-Remaining": str(max(0, switches.app_minute_limit - self._app_minute.used(False))),
        }

    def _rapid(self) -> bool:
        if not self._books.switches.rapid_sync or self._app.tier not in RAPID_TIERS:
            return False
        mine = [one for one in self._books.grants.connections if one.live and one.app is self._app]
        begun = [one.updated.timestamp() for one in mine if one.tenant_id == self._tenant_id]
        return bool(begun) and self._books.clock.seconds() < max(begun) + RAPID_SECONDS


class Limits:
    """All counters, made as they are needed."""

    def __init__(self, books: XeroBooks) -> None:
        self._books = books
        self._tenants: dict[tuple[str, str], TenantLimits] = {}
        self._apps: dict[str, Window] = {}

    def of(self, app: App, tenant_id: str) -> TenantLimits:
        """The counters of an app in an organisation."""
        key = (app.client_id, tenant_id)
        if key not in self._tenants:
            minute = self._apps.setdefault(app.client_id, Window(self._books.clock, 1 << 31, MINUTE, 0))
            self._tenants[key] = TenantLimits(self._books, app, tenant_id, minute)
        return self._tenants[key]

    def all(self) -> dict[tuple[str, str], TenantLimits]:
        """By client id and tenant id."""
        return dict(self._tenants)
