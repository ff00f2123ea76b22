"""Requests, answers and exchanges as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from ml_connector.canonical.money import decimal
from ml_connector.transport.errors import NotJson

_decoder = msgspec.json.Decoder(float_hook=decimal)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. ``path`` is below the connection's base address, or absolute (https://...) on an allowed host.

    ``safe`` says that repeating it cannot change anything at the vendor (reads); only safe requests are ever retried.
    ``timeout`` is in seconds on the vendor's clock, None = the vendor's own.
    """

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    body: bytes | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    safe: bool = False
    timeout: float | None = None

    @classmethod
    def get(cls, path: str, *query: tuple[str, str]) -> Request:
        """A read."""
        return cls("GET", path, query, safe=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole. Header names are lower case. ``at`` is when the last byte was read."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    at: datetime

    def json(self) -> Any:
        """The body as Python values with exact decimals. Raises NotJson, with the first characters shown."""
        try:
            return _decoder.decode(self.body)
        except (msgspec.DecodeError, ValueError) as error:
            raise NotJson(self.status, self.body) from error


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what became of it, redacted, for the audit trail. ``milliseconds`` of machine time.

    ``others``: the further intents that went in the same call.
    """

    at: datetime
    method: str
    url: str
    status: int  # 0 = no answer
    milliseconds: int
    request: bytes
    answer: bytes
    intent: int | None
    error: str = ""
    others: tuple[int, ...] = ()
