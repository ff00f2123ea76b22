"""The rows a step stages: what compose makes, what is stored with the intent, and what is sent."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from ml_connector.connectors import json_fields
from ml_connector.connectors.servicenow.profiles import KEY, Staging
from ml_connector.connectors.servicenow.settings import of

HEADS = frozenset(["invoice", "supplier", "payment", "cost_center"])  # the others hang on one of these
_DIGEST = 20  # characters of a short key: 80 bits, so that two of ours are never alike
_DENSE = 16  # characters of a short part, 80 bits as well where there is room for them
_SHORTEST = 7  # of them at the least: 35 bits tell the few parts of one document apart


class StagedRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One row of a staging table. ``name`` is what a person calls it; ``key`` ours; ``columns`` go as they are."""

    kind: str
    table: str
    name: str
    key: str
    found_by: str  # the value that all rows of one document share
    columns: dict[str, str]


class Body(msgspec.Struct, frozen=True, omit_defaults=True):
    """A step's payload: its rows in the order they are sent, and what the target is known by besides.

    ``number`` is what the made document is found by at its own table.
    """

    rows: tuple[StagedRow, ...]
    number: str
    reference: str
    tax: str = ""


_decoder = msgspec.json.Decoder(Body)


def decode(body: bytes) -> Body:
    """The payload of a step. Raises msgspec.ValidationError."""
    return _decoder.decode(body)


def encode(body: Body) -> bytes:
    """The payload's bytes."""
    return msgspec.json.encode(body)


def key_of(reference: str, part: str, settings: Mapping[str, str]) -> str:
    """``<reference>/<part>``; a header's has no part. A short form where the column would cut it, which is always the same:

    the part is shortened first, so that what stands there is known by the reference that it begins with.

    >>> key_of("zoho_books-1-bills-2", "3", {})
    'zoho_books-1-bills-2/3'
    >>> key_of("mlc-19f5cebb9b2f232010bd", "260815000000004094", {})
    'mlc-19f5cebb9b2f232010bd/9bn2a1l33m7amfr'
    """
    room = int(of(settings, "key_length"))
    key = f"{reference}/{part}" if part else reference
    if not room or len(key) <= room:
        return key
    left = room - len(reference) - 1
    if part and left >= _SHORTEST:
        return f"{reference}/{_dense(part)[:left]}"
    short = f"mlc-{digest(reference)}/{part}" if part else f"mlc-{digest(reference)}"
    return short if len(short) <= room else f"mlc-{digest(key)}"


def _dense(text: str) -> str:
    """A short form of a text in few characters, 5 bits each, that tables without case keep apart."""
    return base64.b32hexencode(hashlib.sha256(text.encode()).digest()).decode().lower()[:_DENSE]


def digest(text: str) -> str:
    """A short form of a text, always the same."""
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]


def staged_row(staging: Staging, kind: str, name: str, key: str, fields: Mapping[str, str]) -> StagedRow:
    """A row of the fields that the table has columns for; empty ones are not sent."""
    given = {**fields, KEY: key}
    columns = {staging.columns[one].name: value for one, value in given.items() if value and one in staging.columns}
    return StagedRow(kind, staging.table, name, key, fields[staging.found_by], columns)


def body_of(row: StagedRow) -> bytes:
    """The call's body: a flat object of texts, which is all that the Import Set API takes."""
    return json_fields.encode(dict[str, Any](row.columns))
