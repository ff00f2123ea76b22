"""How values are stored: everything is text, each type in one form."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

STAMP = "%Y-%m-%d %H:%M:%S"
_SYS_ID = re.compile(r"[0-9A-Za-z]{32}")
_PLACES = 2


def stamp(moment: datetime) -> str:
    """UTC to the second, with neither T nor zone."""
    return moment.astimezone(UTC).strftime(STAMP)


def moment(text: str) -> datetime | None:
    """The instant of a stored time stamp or date; None when it is neither."""
    for form in (STAMP, "%Y-%m-%d"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def number(text: str) -> Decimal | None:
    """The number a text writes, ``(100.00)`` being negative; None when it writes none."""
    plain = text.strip().replace(",", "")
    if plain.startswith("(") and plain.endswith(")"):
        plain = f"-{plain[1:-1]}"
    try:
        found = Decimal(plain)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def is_sys_id(text: str) -> bool:
    """Whether a text has the form of a sys_id: 32 letters and digits."""
    return _SYS_ID.fullmatch(text) is not None


def boolean(text: str) -> str:
    """``true`` or ``false``."""
    return "true" if text.strip().lower() in ("true", "1", "yes") else "false"


def rounded(text: str, places: int) -> str:
    """A decimal column's text; empty when it writes no number. ``places`` -1: as it was sent."""
    found = number(text)
    if found is None:
        return ""
    return format(found if places < 0 else found.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP), "f")


def date_of(text: str) -> str:
    """A date column's text; empty when it is no date."""
    found = moment(text)
    return found.date().isoformat() if found else ""


def stamp_of(text: str) -> str:
    """A date-time column's text; a date alone is its midnight, UTC; empty when it is neither."""
    found = moment(text)
    return stamp(found) if found else ""


def price(text: str) -> tuple[str, Decimal] | None:
    """Currency and amount of ``USD;1234.56``; None when the text has another form."""
    code, separator, amount = text.partition(";")
    found = number(amount) if separator else None
    return None if found is None else (code.strip().upper(), found.quantize(Decimal(1).scaleb(-_PLACES), ROUND_HALF_UP))
