"""ServiceNow's texts as values and back: all scalars come as strings, instants in UTC without a zone."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from ml_connector.canonical.money import ZERO, decimal, digits, rounded
from ml_connector.connectors.json_fields import Fields, Unreadable
from ml_connector.connectors.json_fields import text as scalar

STAMP = "%Y-%m-%d %H:%M:%S"
_SYS_ID = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)


def text(fields: Fields, name: str) -> str:
    """A value as text. A reference that comes with its link is its value; empty when absent."""
    value = fields.get(name) if name else None
    if isinstance(value, dict):
        return scalar(value, "value")
    return scalar(fields, name)


def is_sys_id(value: str) -> bool:
    """Whether it looks like a record's id."""
    return _SYS_ID.fullmatch(value) is not None


def instant(stamp: str) -> dt.datetime | None:
    """A stamp (2026-02-03 09:15:00) as UTC; None when it is none."""
    try:
        return dt.datetime.strptime(stamp, STAMP).replace(tzinfo=dt.UTC)
    except ValueError:
        return None


def stamp(moment: dt.datetime) -> str:
    """An instant as queries take it."""
    return moment.astimezone(dt.UTC).strftime(STAMP)


def day(fields: Fields, name: str) -> dt.date | None:
    """A calendar date, of a date with time its day in UTC; None when absent. Raises Unreadable."""
    value = text(fields, name)
    if not value:
        return None
    try:
        return dt.date.fromisoformat(value[:10])
    except ValueError as error:
        raise Unreadable(f"{name} is not a date: {value[:40]!r}") from error


def money(fields: Fields, name: str) -> tuple[Decimal, str]:
    """An amount and its currency, empty where the column does not tell one. Raises Unreadable.

    Columns of the FX kind show ``USD;10000``, or the id of a record whose amount and currency are asked for by dots.
    """
    shown = text(fields, name)
    currency, semicolon, number = shown.rpartition(";")
    if semicolon:
        return amount(number, name), currency.strip()
    dotted = text(fields, f"{name}.amount")
    if dotted:
        return amount(dotted, name), text(fields, f"{name}.currency")
    return (ZERO if is_sys_id(shown) else amount(shown, name)), ""


def amount(shown: str, name: str) -> Decimal:
    """A number; (100.00) is negative, empty is zero. Raises Unreadable."""
    plain = shown.strip().replace(",", "")
    if not plain:
        return ZERO
    negative = plain.startswith("(") and plain.endswith(")")
    try:
        value = decimal(plain.strip("()"))
    except ValueError as error:
        raise Unreadable(f"{name} is not an amount: {shown[:40]!r}") from error
    return -value if negative else value


def same_amount(one: str, other: str) -> bool:
    """Whether two texts are the same amount, however it is spelled; USD;100.00 is 100.00."""
    try:
        return amount(one.rpartition(";")[2], "") == amount(other.rpartition(";")[2], "")
    except Unreadable:
        return False


def places(currency: str, style: str) -> int:
    """Decimal places that amounts are sent with: two, or the currency's own (``style`` "currency")."""
    return digits(currency) if style == "currency" else 2


def written(value: Decimal, currency: str, style: str, negative: str) -> str:
    """An amount as a staging column takes it: a plain text; ``negative`` says how one below zero is spelled.

    Raises ValueError when it has more digits than are sent.
    """
    count = places(currency, style)
    unit = Decimal(1).scaleb(-count)
    if value != value.quantize(unit) or value != rounded(value, currency):
        raise ValueError(f"{value} has more decimals than are sent for {currency}")
    shown = f"{abs(value):.{count}f}"
    if value >= 0:
        return shown
    return f"({shown})" if negative == "parentheses" else f"-{shown}"


_MARK = re.compile(r" #[0-9a-f]{8}$")


CUT = "..."  # ends what was cut


def marked(number: str, digest: str, room: int = 0) -> str:
    """A payment's number with a mark by which two under the same number differ. ``room``: characters for both, 0 for any.

    The number is cut where both are longer, never the mark.

    >>> marked("CHQ-1", "0123456789abcdef"), marked("Rent of the yard", "0123456789abcdef", 20)
    ('CHQ-1 #01234567', 'Rent of... #01234567')
    """
    mark = f" #{digest[:8]}"
    left = room - len(mark)
    if not room or len(number) <= left:
        return f"{number}{mark}"
    return f"{number[: left - len(CUT)].rstrip()}{CUT}{mark}"


def unmarked(number: str) -> str:
    """The number that ``marked`` was given.

    >>> unmarked("CHQ-1 #01234567"), unmarked("CHQ #1")
    ('CHQ-1', 'CHQ #1')
    """
    return _MARK.sub("", number)
