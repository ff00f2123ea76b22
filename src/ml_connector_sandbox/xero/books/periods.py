"""Lock dates."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from ml_connector_sandbox.xero.books.issues import Issues

if TYPE_CHECKING:
    from ml_connector_sandbox.xero.books.organisation import OrganisationBooks

_TEXT = "The document date cannot be before the {} lock date, currently set at {}"


def require_open(books: OrganisationBooks, days: list[date], issues: Issues) -> None:
    """Refuse a date on or before a lock date."""
    profile, earliest = books.profile, min(days)
    for name, lock in (("period", profile.period_lock), ("end of year", profile.year_end_lock)):
        if lock is not None and earliest <= lock:
            issues.add(_TEXT.format(name, lock.strftime(books.switches.lock_date_text)))
