"""Checking JSON bodies against a list of properties: types, required ones, unknown ones."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.servicetitan.answers import invalid
from ml_connector_sandbox.servicetitan.stamps import canonical

Errors = dict[str, list[str]]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def is_integer(value: Any) -> bool:
    """A JSON integer; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, Decimal) or is_integer(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_stamp(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(canonical(value))
    except ValueError:
        return False


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(value) == 10 and bool(date.fromisoformat(value))
    except ValueError:
        return False


def _is_guid(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(uuid.UUID(value))
    except ValueError:
        return False


KINDS: dict[str, Callable[[Any], bool]] = {
    "text": _is_text,
    "boolean": _is_boolean,
    "integer": is_integer,
    "number": _is_number,
    "list": _is_list,
    "object": _is_object,
    "guid": _is_guid,
    "stamp": _is_stamp,
    "day": _is_day,
}


@dataclass(frozen=True, slots=True)
class Property:
    """A property of a write model. ``kind``: a key of KINDS. ``values``: for enums, case-sensitive."""

    name: str
    kind: str
    required: bool = False
    nullable: bool = False
    values: tuple[str, ...] = ()


def check_body(body: dict[str, Any], properties: Sequence[Property], refuse_unknown: bool, prefix: str = "") -> Errors:
    """What is wrong with ``body``, by property; empty when nothing is."""
    errors: Errors = {}
    for one in properties:
        sentence = _fault(body, one)
        if sentence is not None:
            errors[prefix + one.name] = [sentence]
    known = {one.name for one in properties}
    for name in body if refuse_unknown else ():
        if name not in known:
            errors[prefix + name] = [f"Could not find member '{name}'."]
    return errors


def check_each(body: dict[str, Any], name: str, properties: Sequence[Property], refuse_unknown: bool) -> Errors:
    """What is wrong with the objects in the list ``name``; an absent list or null is nothing wrong."""
    errors: Errors = {}
    for place, one in enumerate(body.get(name) or ()):
        where = f"{name}[{place}]"
        if isinstance(one, dict):
            errors |= check_body(one, properties, refuse_unknown, f"{where}.")
        else:
            errors[where] = ["An object is required."]
    return errors


def require(errors: Errors) -> None:
    """Raises Refusal (400) when there are errors."""
    if errors:
        raise invalid(errors)


def _fault(body: dict[str, Any], one: Property) -> str | None:
    if one.name not in body:
        return f"The {one.name} field is required." if one.required else None
    value = body[one.name]
    if value is None:
        return None if one.nullable else f"The {one.name} field is required."
    if not KINDS[one.kind](value) or (one.values and value not in one.values):
        return f"The value is not valid for {one.name}."
    return None
