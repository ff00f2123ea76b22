"""Reading Xero's field values: both spellings of dates, and ids that are zero for nothing."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from ml_connector.connectors.json_fields import Fields, Unreadable, text

NO_ID = "00000000-0000-0000-0000-000000000000"  # what a refused new document shows as its id
BANK_DETAILS = frozenset(["BankAccountDetails", "BatchPayments", "BankAccountNumber"])
TAX_IDS = frozenset(["TaxNumber"])  # of a contact and of the organisation
UNKEPT = BANK_DETAILS | TAX_IDS
NOT_KEPT = "[not kept]"  # in the place of a tax id: that there is one may be known

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# Milliseconds since 1970 in UTC; the offset that may follow says nothing more.
_TICKS = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/$")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)


def id_of(fields: Fields, name: str) -> str:
    """An id; empty when absent or all zero."""
    value = text(fields, name)
    return "" if value == NO_ID else value


def is_guid(value: str) -> bool:
    """Whether a text has the form of Xero's ids."""
    return _GUID.match(value) is not None


def needed(fields: Fields, name: str) -> str:
    """A text or an id that must be there, and is not all zero. Raises Unreadable."""
    value = id_of(fields, name)
    if not value:
        raise Unreadable(f"{name} is missing")
    return value


def instant(value: str) -> dt.datetime | None:
    """``/Date(ms+0000)/``, or ISO text that is UTC where it names no zone, as UTC; None when it is neither."""
    ticks = _TICKS.match(value)
    try:
        if ticks:
            return _EPOCH + dt.timedelta(milliseconds=int(ticks[1]))
        moment = dt.datetime.fromisoformat(value)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def day(fields: Fields, name: str) -> dt.date | None:
    """A calendar date, None when absent: its text (``DateString``) where there is one, else midnight UTC.

    Raises Unreadable.
    """
    value = text(fields, f"{name}String") or text(fields, name)
    if not value:
        return None
    moment = instant(value)
    if moment is None:
        raise Unreadable(f"{name} is not a date: {value[:40]!r}")
    return moment.date()


def stamp(fields: Fields) -> str:
    """``UpdatedDateUTC`` with its milliseconds, as ISO text that can be ordered; empty when there is none."""
    moment = instant(text(fields, "UpdatedDateUTC"))
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else ""


def since(moment: dt.datetime) -> str:
    """An instant as ``If-Modified-Since`` takes it: UTC, whole seconds, no zone."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")


def as_kept(value: Any) -> Any:
    """A row as it may be stored, nested contacts and accounts included: of a tax id only that there is one."""
    if isinstance(value, dict):
        return {
            name: NOT_KEPT if name in TAX_IDS and one not in (None, "") else as_kept(one)
            for name, one in value.items()
            if name not in BANK_DETAILS
        }
    return [as_kept(one) for one in value] if isinstance(value, list) else value


def quoted(value: str) -> str:
    """A text inside a ``where`` expression."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
