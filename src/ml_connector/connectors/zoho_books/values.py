"""Reading Zoho's dates and stamps."""

from __future__ import annotations

import datetime as dt

from ml_connector.connectors.json_fields import Fields, Unreadable, text

STAMP = "%Y-%m-%dT%H:%M:%S%z"
_SHORTEST_ID = 15  # digits; live ones have 18 or 19, and no other system that we read has ids so long


def is_id(text: str) -> bool:
    """Whether it is an id of Zoho's own, and not that of another system's line."""
    return text.isascii() and text.isdigit() and len(text) >= _SHORTEST_ID


def day(fields: Fields, name: str) -> dt.date | None:
    """A calendar date, None when absent. Raises Unreadable."""
    value = text(fields, name)
    if not value:
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError as error:
        raise Unreadable(f"{name} is not a date: {value[:40]!r}") from error


def instant(stamp: str) -> dt.datetime | None:
    """A vendor's stamp (2026-06-09T13:33:42-0400) as UTC; None when it is none."""
    try:
        return dt.datetime.strptime(stamp, STAMP).astimezone(dt.UTC)
    except ValueError:
        return None


def stamp(moment: dt.datetime) -> str:
    """An instant as the API's filters take it, in UTC, whole seconds."""
    return moment.astimezone(dt.UTC).strftime(STAMP)
