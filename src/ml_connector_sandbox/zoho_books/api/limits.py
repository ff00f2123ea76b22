"""Calls per minute, per day and at once, counted per organisation."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from ml_connector_sandbox.kernel.limits import Concurrency, SlidingWindow
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.errors import Refused

PER_MINUTE = 100


class LimitReached(Refused):
    """429; ``wait`` is the number of seconds until a call may pass again, when that can be known."""

    def __init__(self, code: int, message: str, wait: float | None) -> None:
        super().__init__(429, code, message)
        self.wait = wait


def minute_limit(wait: float) -> LimitReached:
    """Too many calls in a minute."""
    message = (
        "For security reasons your organization has been blocked as it has exceeded the maximum number of requests per "
        "minute that can be made."
    )
    return LimitReached(44, message, wait)


class OrganisationLimits:
    """The counters of one organisation."""

    def __init__(self, books: OrganisationBooks) -> None:
        self._books = books
        self._window = SlidingWindow(books.company.clock, PER_MINUTE, 60)
        self._minute, self._in_minute = -1, 0
        self._day = books.today()
        self.day_used = 0
        self.day_spent = False
        """The calls of the day are used up, however many were made; ends at the organisation's midnight."""
        self.most_in_a_minute = 0
        self.concurrency = Concurrency(books.profile.concurrent_calls)

    def take(self) -> None:
        """Count one call. Raises LimitReached; a refused call is not counted (uncertain)."""
        self._new_day()
        if self.day_spent:
            raise self._day_limit()
        if self._books.switches.limits:
            self._require_day()
            self._take_minute()
        self.day_used += 1

    def spent_today(self) -> bool:
        """Whether the day's calls are used up, however many were made."""
        self._new_day()
        return self.day_spent

    def enter(self) -> bool:
        """A call begins. False when limits are off and nothing is to be left. Raises LimitReached with 1070."""
        if not self._books.switches.limits:
            return False
        if not self.concurrency.enter():
            raise LimitReached(1070, "The maximum number of concurrent requests has been reached.", None)
        return True

    def headers(self) -> dict[str, str]:
        """The three headers: they count the day and reset at midnight in the organisation's zone."""
        self._new_day()
        limit = self._books.profile.calls_per_day
        return {
            "x-rate-limit-limit": str(limit),
            "x-rate-limit-remaining": str(0 if self.day_spent else max(0, limit - self.day_used)),
            "x-rate-limit-reset": str(int(self._until_midnight())),
        }

    def _require_day(self) -> None:
        if self.day_used >= self._books.profile.calls_per_day:
            raise self._day_limit()

    def _day_limit(self) -> LimitReached:
        limit = self._books.profile.calls_per_day
        message = f"The API call for this organization has exceeded the maximum call rate limit of {limit}."
        return LimitReached(45, message, self._until_midnight())

    def _take_minute(self) -> None:
        wait = self._take_fixed() if self._books.switches.fixed_minute else self._window.take()
        self.most_in_a_minute = max(self.most_in_a_minute, self._window.most_used, self._in_minute)
        if wait is not None:
            raise minute_limit(wait)

    def _take_fixed(self) -> float | None:
        now = self._books.company.clock.seconds()
        minute = int(now // 60)
        if minute != self._minute:
            self._minute, self._in_minute = minute, 0
        if self._in_minute >= PER_MINUTE:
            return (minute + 1) * 60 - now
        self._in_minute += 1
        return None

    def _new_day(self) -> None:
        today = self._books.today()
        if today != self._day:
            self._day, self.day_used, self.day_spent = today, 0, False

    def _until_midnight(self) -> float:
        now = self._books.now()
        local = now.astimezone(self._books.zone)
        midnight = datetime.combine(local.date() + timedelta(days=1), time(), self._books.zone)
        return midnight.timestamp() - now.timestamp()
