"""JSON with exact decimals: numbers are read as int or Decimal and written digit by digit, never through floats."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


def loads(data: bytes | str) -> Any:
    """Python values of a JSON text; fractions become Decimal. Raises ``msgspec.DecodeError`` on malformed text."""
    return _decoder.decode(data)


def dumps(value: Any) -> bytes:
    """The JSON text of ``value``; Decimals are written as numbers with all their digits."""
    return _encoder.encode(value)
