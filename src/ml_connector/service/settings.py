"""An integration's settings as people give them: texts, checked one by one against what the integration declares."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from ml_connector.errors import BadInput
from ml_connector.integrations.base import IntegrationType

_ENTRY = re.compile(r"^([a-z_]+(?:, [a-z_]+)*): (.*)$")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its value as text, its default, and what follows from it."""

    name: str
    value: str
    default: str
    choices: tuple[str, ...]
    consequence: str


def with_changes(integration: IntegrationType, current: Mapping[str, Any], changes: Mapping[str, str]) -> Any:
    """The settings after ``changes`` (texts; an empty one means the default). Raises BadInput naming the setting."""
    values = dict(current)
    for name, text in changes.items():
        _known(integration, name)
        if text.strip():
            values[name] = _value(integration, name, text.strip())
        else:
            values.pop(name, None)
    if "start_date" in integration.settings.__struct_fields__ and not values.get("start_date"):
        raise BadInput(
            f"{integration.title} needs start_date: documents dated before it are never posted. "
            "Give it, such as start_date=2026-01-01."
        )
    return _converted(integration, values)


def plain(settings: Any) -> dict[str, Any]:
    """Settings as JSON values."""
    values: dict[str, Any] = msgspec.to_builtins(settings)
    return values


def described(settings: Any) -> list[Setting]:
    """Every setting with its value and its consequence, in the order the integration declares them."""
    kind = type(settings)
    texts = _consequences(kind)
    hints = get_type_hints(kind)
    return [
        Setting(
            field.name,
            _text(getattr(settings, field.name)),
            "" if field.default is msgspec.NODEFAULT else _text(field.default),
            _choices(hints[field.name]),
            texts.get(field.name, ""),
        )
        for field in msgspec.structs.fields(kind)
    ]


def _known(integration: IntegrationType, name: str) -> None:
    names = integration.settings.__struct_fields__
    if name in names:
        return
    close = get_close_matches(name, names, 1)
    hint = f" (did you mean {close[0]}?)" if close else f"; it has {', '.join(names)}"
    raise BadInput(f"{integration.title} has no setting {name!r}{hint}.")


def _value(integration: IntegrationType, name: str, text: str) -> Any:
    hint = get_type_hints(integration.settings)[name]
    value = [part.strip() for part in text.split(",") if part.strip()] if get_origin(hint) is tuple else text
    try:
        msgspec.convert(value, hint, strict=False)
    except msgspec.ValidationError as error:
        wanted = ", ".join(_choices(hint)) or str(error)
        raise BadInput(f"The setting {name} cannot be {text!r}: it must be {_wanted(hint, wanted)}.") from error
    return value


def _wanted(hint: Any, otherwise: str) -> str:
    """What a value of this kind looks like, in words."""
    names = str(hint)
    if "datetime.date" in names:
        return "a date such as 2026-01-31"
    if "Decimal" in names:
        return "an amount such as 0.05"
    if hint is int:
        return "a whole number"
    return f"one of {otherwise}" if _choices(hint) else otherwise


def _choices(hint: Any) -> tuple[str, ...]:
    return tuple(one for one in get_args(hint) if isinstance(one, str))


def _converted(integration: IntegrationType, values: Mapping[str, Any]) -> Any:
    try:
        return msgspec.convert(dict(values), integration.settings, strict=False)
    except msgspec.ValidationError as error:
        raise BadInput(f"Settings of {integration.title}: {error}.") from error


def _text(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _told_by(kind: type[Any]) -> list[str]:
    """The lines of the docstrings of a settings class and of those it adds to, its own last."""
    kinds = [one for one in reversed(kind.__mro__) if issubclass(one, msgspec.Struct) and one is not msgspec.Struct]
    texts = [one.__doc__ or "" for one in kinds]
    return [line for text in texts for line in ["", *inspect.cleandoc(text).splitlines()]]


def _consequences(kind: type[Any]) -> dict[str, str]:
    """The sentences of a settings class's docstring, and of those it adds to, by setting; "a, b: text" tells of both."""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in _told_by(kind):
        if entry := _ENTRY.match(line):
            names = entry[1].split(", ")
            found.update(dict.fromkeys(names, entry[2]))
        elif line.startswith(" ") and names:
            found.update({name: f"{found[name]} {line.strip()}" for name in names})
        else:
            names = []
    return {name: text.replace("``", "") for name, text in found.items()}
