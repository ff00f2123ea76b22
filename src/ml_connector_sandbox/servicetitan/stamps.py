"""ServiceTitan's time texts: instants with up to seven fractional digits, and dates sent as midnight with Z.

An instant is kept as one text of fixed width, ``2026-05-03T12:00:00.0000001Z``: 100 ns is finer than ``datetime``,
and texts of one width sort in time order.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

Moment = datetime | str

_FORM = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})"
    r"(?:T(?P<time>\d{2}:\d{2}(?::\d{2})?)(?:\.(?P<fraction>\d{1,7}))?(?P<zone>Z|[+-]\d{2}:\d{2})?)?"
)


def canonical(moment: Moment) -> str:
    """The fixed-width text of an instant; a text without a zone is UTC, a bare date is its midnight.

    Raises ValueError on a naive ``datetime`` and on a text that is no instant.
    """
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise ValueError(f"the instant {moment} needs a time zone")
        return f"{moment.astimezone(UTC).isoformat(timespec='microseconds')[:26]}0Z"
    return moment if _is_canonical(moment) else _read(moment)


def _is_canonical(text: str) -> bool:
    """Most stamps come from here and need no second reading."""
    form = len(text) == 28 and text[10] == "T" and text[19] == "." and text[27] == "Z"
    digits = text[20:27]
    return form and digits.isascii() and digits.isdigit() and _is_second(text[:19])


def _is_second(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _read(text: str) -> str:
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not an instant such as 2026-05-03T12:00:00.0000001Z")
    zone = found["zone"] or "Z"
    offset = "+00:00" if zone == "Z" else zone
    whole = datetime.fromisoformat(f"{found['day']}T{found['time'] or '00:00'}{offset}").astimezone(UTC)
    fraction = (found["fraction"] or "").ljust(7, "0")
    return f"{whole.isoformat()[:19]}.{fraction}Z"


def stamp_at(now: datetime) -> str:
    """The stamp of a change made at ``now``: its seventh digit is never 0, as the vendor's clock is finer than ours."""
    return f"{canonical(now)[:-2]}{now.microsecond * 7 % 9 + 1}Z"


def before(now: datetime, seconds: float) -> str:
    """The stamp ``seconds`` before ``now``."""
    return canonical(now - timedelta(seconds=seconds))


def shown(stamp: str) -> str:
    """An instant as the API writes it: trailing zeros of the fraction are left out."""
    whole, _, fraction = stamp.removesuffix("Z").partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"


def shown_or_none(stamp: str | None) -> str | None:
    return None if stamp is None else shown(stamp)


def midnight(day: date | None) -> str | None:
    """A document date as the API writes it: midnight with Z, whatever the company's zone."""
    return None if day is None else f"{day.isoformat()}T00:00:00Z"
