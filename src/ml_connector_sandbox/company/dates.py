"""The company's dates, all of them reckoned from the sandbox's first instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = "America/Chicago"


@dataclass(frozen=True, slots=True)
class Dates:
    """Document dates of the seeded company.

    ``start_date``: from here on documents are posted. ``locked_through``: the last closed day of the ledger's
    purchases. Ordinary bills are dated ``first`` to ``last``, both open; ``last`` lies three days before ``today``.
    """

    start: datetime
    today: date
    start_date: date
    locked_through: date
    first: date
    last: date

    @classmethod
    def reckoned(cls, start: datetime) -> Dates:
        """Of the quarter before ``start`` (UTC): its first day, its first month locked, open to three days ago."""
        today = start.astimezone(ZoneInfo(ZONE)).date()
        start_date = _quarter(_quarter(today) - timedelta(days=1))
        locked_through = _next_month(start_date) - timedelta(days=1)
        first, last = locked_through + timedelta(days=4), today - timedelta(days=3)
        return cls(start, today, start_date, locked_through, first, last)

    @property
    def days(self) -> int:
        """How many days ordinary bills spread over."""
        return (self.last - self.first).days + 1

    def day(self, place: int) -> date:
        """The ``place``-th ordinary day, at most the last: what comes later in a list is never dated earlier."""
        return min(self.first + timedelta(days=place), self.last)

    def before_start(self, days: int) -> date:
        """So many days before the start date."""
        return self.start_date - timedelta(days=days)

    def stamp(self, on: date, second: int = 0, fraction: int = 0) -> str:
        """An instant of business hours on a day: ``second`` after 14:00 UTC, ``fraction`` in 100 ns."""
        hour, rest = divmod(second, 3600)
        return f"{on.isoformat()}T{14 + hour:02d}:{rest // 60:02d}:{rest % 60:02d}.{fraction:07d}Z"

    @property
    def opening(self) -> datetime:
        """When both systems were set up: before every document."""
        return self.start - timedelta(days=400)


def _quarter(day: date) -> date:
    return date(day.year, day.month - (day.month - 1) % 3, 1)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
