"""Fields of JSON objects as vendors send them: exact decimals, ids as text even when sent as numbers, nothing as empty."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.canonical.money import ZERO, decimal

Fields = Mapping[str, Any]

_decoder = msgspec.json.Decoder(float_hook=decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


class Unreadable(ValueError):
    """A field that must be there is missing or is not what it should be; the text is a sentence."""


def decode(raw: bytes | msgspec.Raw) -> Any:
    """JSON with exact decimals. Raises msgspec.DecodeError."""
    return _decoder.decode(raw)


def encode(value: Any) -> bytes:
    """JSON with decimals as plain numbers."""
    return _encoder.encode(value)


def text(fields: Fields, name: str) -> str:
    """A text or an id; empty when absent. PostgreSQL keeps no NUL, and it means nothing."""
    value = fields.get(name)
    if isinstance(value, str):
        return value.replace("\0", "")
    if value is None or isinstance(value, (bool, dict, list)):
        return ""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def needed(fields: Fields, name: str) -> str:
    """A text or an id that must be there. Raises Unreadable."""
    value = text(fields, name)
    if not value:
        raise Unreadable(f"{name} is missing")
    return value


def amount(fields: Fields, name: str) -> Decimal:
    """Money or a quantity; zero when absent or empty. Raises Unreadable."""
    value = text(fields, name)
    if not value:
        return ZERO
    try:
        return decimal(value)
    except ValueError as error:
        raise Unreadable(f"{name} is not an amount: {value[:40]!r}") from error


def needed_amount(fields: Fields, name: str) -> Decimal:
    """Money that must be there. Raises Unreadable."""
    needed(fields, name)
    return amount(fields, name)


def children(fields: Fields, name: str) -> list[Fields]:
    """A list of objects; empty when absent or of another shape. Nulls among them are left out."""
    value = fields.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def child(fields: Fields, name: str) -> Fields:
    """An object; empty when absent or of another shape."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}
