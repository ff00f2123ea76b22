"""How Zoho Books writes values: numbers, stamps, rounding."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

ZERO = Decimal(0)


def rounded(value: Decimal, places: int) -> Decimal:
    """``value`` to so many decimals, halves away from zero."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def number(value: Decimal) -> int | Decimal:
    """A money amount or quantity as the API prints it: an integer when whole, else without trailing zeros."""
    if value == value.to_integral_value():
        return int(value)
    return Decimal(format(value.normalize(), "f"))


def stamp(moment: datetime, zone: ZoneInfo) -> str:
    """``2026-06-09T13:17:42-0400``: whole seconds in the organisation's zone, offset without a colon."""
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S%z")


def long_date(moment: datetime, zone: ZoneInfo) -> str:
    """``09 Jun 2026`` in the organisation's zone."""
    return moment.astimezone(zone).strftime("%d %b %Y")


def long_stamp(moment: datetime, zone: ZoneInfo) -> str:
    """``09 Jun 2026 01:15 PM`` in the organisation's zone."""
    return moment.astimezone(zone).strftime("%d %b %Y %I:%M %p")


def iso(day: date | None) -> str:
    """``yyyy-mm-dd``; an absent date is an empty text, never null."""
    return day.isoformat() if day else ""
