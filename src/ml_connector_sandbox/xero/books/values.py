"""How Xero writes and reads values: money, dates, stamps."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

ZERO = Decimal(0)
HUNDRED = Decimal(100)
CENT = Decimal("0.01")
# Wide enough for the product of any figures that a body may hold.
_WIDE = Context(prec=100)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSOFT = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")


def rounded(value: Decimal, places: int = 2, even: bool = False) -> Decimal:
    """``value`` to so many decimals; halves away from zero, or to the even digit.

    >>> rounded(Decimal("0.125")), rounded(Decimal("0.125"), even=True)
    (Decimal('0.13'), Decimal('0.12'))
    """
    rounding = ROUND_HALF_EVEN if even else ROUND_HALF_UP
    return value.quantize(Decimal(1).scaleb(-places), rounding=rounding, context=_WIDE)


def money(value: Decimal) -> Decimal:
    """An amount with its two decimals."""
    return value.quantize(CENT, rounding=ROUND_HALF_UP, context=_WIDE)


def plain(value: Decimal) -> Decimal:
    """A quantity, rate or unit price with the digits it has, one decimal at least.

    >>> plain(Decimal("10.5000")), plain(Decimal("2"))
    (Decimal('10.5'), Decimal('2.0'))
    """
    found = Decimal(format(value.normalize(), "f"))
    return found if found.as_tuple().exponent < 0 else found.quantize(Decimal("0.1"))  # type: ignore[operator]


def milliseconds(moment: datetime) -> int:
    """Since the Unix epoch; negative before it."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def stamp(moment: datetime) -> str:
    """``/Date(1789378199100+0000)/``."""
    return f"/Date({milliseconds(moment)}+0000)/"


def day_stamp(day: date) -> str:
    """A document's date: midnight UTC of the calendar day."""
    return stamp(datetime(day.year, day.month, day.day, tzinfo=UTC))


def day_string(day: date) -> str:
    """``2026-04-24T00:00:00``."""
    return f"{day.isoformat()}T00:00:00"


def stamp_string(moment: datetime) -> str:
    """``2026-09-14T09:29:59Z``: whole seconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def parsed_day(text: str) -> date:
    """A date as requests write it: ISO, with or without a time of day, or ``/Date(ms)/``. Raises ValueError."""
    found = _MICROSOFT.fullmatch(text)
    if found:
        return (_EPOCH + timedelta(milliseconds=int(found[1]))).date()
    if not (iso := _ISO.fullmatch(text)):
        raise ValueError(f"{text!r} is no date")
    return date.fromisoformat(iso[1])
