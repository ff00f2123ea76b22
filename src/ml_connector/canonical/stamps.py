"""Vendors' modification stamps: kept as their own text, compared as instants with all their digits."""

from __future__ import annotations

import datetime as dt
import re

_STAMP = re.compile(
    r"^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d+))?\s*(?:(Z)|([+-])(\d{2}):?(\d{2})?)?$", re.IGNORECASE
)


def stamp_key(stamp: str) -> tuple[float, str]:
    """A key that orders stamps: whole UTC seconds, then the fraction's digits. Without an offset the text is UTC.

    Raises ValueError for text that is no stamp. Up to any number of fractional digits are told apart (ServiceTitan: 7).
    """
    match = _STAMP.match(stamp.strip())
    if match is None:
        raise ValueError(f"{stamp!r} is not a modification time")
    day, clock, fraction, _, sign, hours, minutes = match.groups()
    moment = dt.datetime.fromisoformat(f"{day}T{clock}+00:00").timestamp()
    if sign:
        offset = int(hours) * 3600 + int(minutes or 0) * 60
        moment -= offset if sign == "+" else -offset
    return moment, (fraction or "").rstrip("0")
