"""ServiceNow's limits: rules per user and hour that an administrator makes, and few calls at once.

No rule is there out of the box, and no header tells how many calls are left, so the hourly number is a setting. Counts are
per node and written every 30 seconds: a rule bites late. Calls at once share a small pool per node (4 threads, 50
waiting); who comes too many is answered 429, mostly without headers.
"""

from __future__ import annotations

from collections.abc import Mapping

from ml_connector.canonical.master_data import Organisation
from ml_connector.connectors.base import Limit, Limits, Window
from ml_connector.connectors.grants import Credentials
from ml_connector.transport.messages import Answer

PER_HOUR, AT_ONCE = 5_000, 2
_HOUR = 3_600.0
_RATE_WAIT, _QUEUE_WAIT = 300.0, 10.0  # seconds, without Retry-After: of a rule, and of the pool


def limits(organisation: Organisation | None, credentials: Credentials, settings: Mapping[str, str]) -> Limits:
    """The limits of an instance for this user."""
    told = settings.get("rate_per_hour", "")
    calls = int(told) if told.isdigit() and int(told) > 0 else PER_HOUR
    if settings.get("batch_counts", "one") == "rows":
        calls = max(1, calls // max(1, int(settings.get("rows_per_batch", "50") or 1)))
    at_once = settings.get("at_once", "")
    scope = f"{organisation.id if organisation else ''} {credentials.get('client_id', '')}"
    limit = Limit("calls an hour", calls, Window.SLIDING, _HOUR, scope)
    return Limits((limit,), concurrency=int(at_once) if at_once.isdigit() and int(at_once) > 0 else AT_ONCE)


def day_left(headers: Mapping[str, str]) -> int | None:
    """ServiceNow counts no day, and no header tells what is left."""
    return None


def throttle(answer: Answer) -> float | None:
    """Seconds to wait when a call was refused for its number: ``Retry-After`` exactly, else until the rule's reset."""
    if answer.status != 429:
        return None
    stated = whole(answer.headers.get("retry-after", ""))
    if stated is not None:
        return float(stated)
    reset = whole(answer.headers.get("x-ratelimit-reset", ""))
    if reset is not None:
        return min(_HOUR, max(1.0, reset - answer.at.timestamp()))
    return _RATE_WAIT if b"Rate limit" in answer.body else _QUEUE_WAIT


def unauthorised(answer: Answer) -> bool:
    """401: the token is unknown or over, or its user may not log in. One refresh tells which."""
    return answer.status == 401


def whole(text: str) -> int | None:
    """A header's whole number, None when it is none."""
    return int(text) if text.isascii() and text.isdigit() else None
