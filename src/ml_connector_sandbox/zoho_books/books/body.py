"""Reading values out of a request body; everything impossible is refused by its field name."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from ml_connector_sandbox.zoho_books.errors import invalid, too_long

Body = dict[str, Any]


def text(body: Body, name: str, limit: int = 0, default: str = "") -> str:
    """A text; numbers are taken as their digits. Over ``limit`` characters: refused with code 15."""
    value = body.get(name, default)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise invalid(name)
    found = str(value)
    if limit and len(found) > limit:
        raise too_long(name, limit)
    return found


def required(body: Body, name: str, limit: int = 0) -> str:
    """A text that must not be blank."""
    value = text(body, name, limit)
    if not value.strip():
        raise invalid(name)
    return value


def decimal(body: Body, name: str, default: Decimal = Decimal(0)) -> Decimal:
    """A finite number, written as a number or as its digits."""
    value = body.get(name, "")
    if value in ("", None):
        return default
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise invalid(name)
    try:
        found = Decimal(value)
    except InvalidOperation as error:
        raise invalid(name) from error
    if not found.is_finite():
        raise invalid(name)
    return found


def whole(body: Body, name: str, default: int) -> int:
    """A whole number."""
    found = decimal(body, name, Decimal(default))
    if found != found.to_integral_value():
        raise invalid(name)
    return int(found)


def boolean(body: Body, name: str, default: bool) -> bool:
    """``true`` or ``false``, also as text."""
    value = body.get(name, default)
    if value in (True, "true"):
        return True
    if value in (False, "false", "", None):
        return False
    raise invalid(name)


def day(body: Body, name: str, default: date) -> date:
    """A date written ``yyyy-mm-dd``."""
    value = text(body, name)
    return parse_day(value, name) if value else default


def parse_day(value: str, name: str) -> date:
    """``yyyy-mm-dd``, nothing else."""
    try:
        found = date.fromisoformat(value)
    except ValueError as error:
        raise invalid(name) from error
    if found.isoformat() != value:
        raise invalid(name)
    return found


def objects(body: Body, name: str) -> list[Body]:
    """A list of objects; absent means empty."""
    value = body.get(name)
    if value in (None, ""):
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise invalid(name)
    return value


def discount(body: Body, name: str, default: str) -> str:
    """An amount, or a share written ``10%``."""
    value = text(body, name, default=default)
    digits = value.removesuffix("%")
    if decimal({name: digits}, name) < 0:
        raise invalid(name)
    return value if digits else "0"
