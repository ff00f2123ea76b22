"""ServiceTitan's limits: 60 calls a second per application and tenant, and how long to wait after a 429."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from ml_connector.connectors.base import Limit, Limits
from ml_connector.transport.errors import NotJson
from ml_connector.transport.messages import Answer

CALLS_A_SECOND = 60
CONCURRENCY = 8
LIST_LAG = timedelta(seconds=180)  # how long a change may be missing from lists: reports go from 2 seconds to 3 minutes
# Where a 429 names no time. The API's window is one second; the token endpoint's threshold is not published.
BACK_OFF = 10.0
LONGEST_WAIT = 300.0  # where only the title names a time, whose wording is inferred

_NUMBER = re.compile(r"\d+")


def limits(credentials: Mapping[str, str]) -> Limits:
    """The limit counts per (application key, tenant); the key enters the scope only as a digest."""
    key = hashlib.sha256(credentials.get("app_key", "").encode()).hexdigest()[:16]
    scope = f"{key}/{credentials.get('tenant', '')}"
    return Limits((Limit("calls per second", CALLS_A_SECOND, seconds=1.0, scope=scope),), CONCURRENCY)


def wait(answer: Answer) -> float | None:
    """Seconds to wait after a 429: the header, else the last whole number of the title, else ``BACK_OFF``.

    None for every other status. That the header is sent, and the title's wording, are uncertain.
    """
    if answer.status != 429:
        return None
    stated = _header(answer)
    return _title(answer) if stated is None else max(stated, 0.0)


def _header(answer: Answer) -> float | None:
    text = answer.headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (until - vendor_time(answer)).total_seconds()


def _title(answer: Answer) -> float:
    try:
        body = answer.json()
    except NotJson:
        return BACK_OFF
    title = body.get("title") if isinstance(body, dict) else None
    numbers = _NUMBER.findall(title) if isinstance(title, str) else []
    return min(float(numbers[-1]), LONGEST_WAIT) if numbers else BACK_OFF


def vendor_time(answer: Answer) -> datetime:
    """The vendor's clock when it answered (header Date, whole seconds, UTC); ours where it sends none."""
    text = answer.headers.get("date", "")
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return answer.at
