"""Reading the fields of one element: absent and null are alike, a wrong type refuses the whole call."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from ml_connector_sandbox.xero.books.values import parsed_day
from ml_connector_sandbox.xero.errors import bad_data

Body = dict[str, Any]
_LARGEST = Decimal(10) ** 12


def given(body: Body, name: str) -> bool:
    """Is the field sent with a value."""
    return body.get(name) is not None


def text(body: Body, name: str, default: str = "") -> str:
    """A text; numbers are taken as their digits. Raises BadRequest."""
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool | dict | list):
        raise bad_data(f"{name} must be a text, not {value!r}")
    return str(value)


def decimal(body: Body, name: str) -> Decimal | None:
    """A number, or a text of one. Raises BadRequest."""
    value = body.get(name)
    if value is None:
        return None
    refusal = bad_data(f"{name} must be a number, not {value!r}")
    if isinstance(value, bool | dict | list):
        raise refusal
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        raise refusal from None
    if not found.is_finite() or abs(found) >= _LARGEST:
        raise refusal
    return found


def day(body: Body, name: str) -> date | None:
    """A date. Raises BadRequest."""
    value = text(body, name)
    if not value:
        return None
    try:
        return parsed_day(value)
    except (ValueError, OverflowError) as error:
        raise bad_data(f"{name}: {error}") from None


def flag(body: Body, name: str, default: bool = False) -> bool:
    """True or false, in JSON or as a text. Raises BadRequest."""
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, str) and value.casefold() in ("true", "false"):
        return value.casefold() == "true"
    if not isinstance(value, bool):
        raise bad_data(f"{name} must be true or false, not {value!r}")
    return value


def child(body: Body, name: str) -> Body:
    """An object; ``{}`` when absent. Raises BadRequest."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad_data(f"{name} must be an object")
    return value


def children(body: Body, name: str) -> list[Body]:
    """A list of objects; empty when absent. Raises BadRequest."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise bad_data(f"{name} must be an array of objects")
    return value
