"""Vendors' texts and our own without a person's data: JSON keeps its shape, ids, numbers, dates and amounts."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Collection
from typing import Any

import msgspec

from ml_connector.canonical.erased import ERASED, Words
from ml_connector.connectors import json_fields

# Besides what ends with "id", what a vendor's text keeps: no field of a person is called so.
_KEPT = frozenset(
    [
        "number", "invoicenumber", "creditnotenumber", "purchaseordernumber", "referencenumber", "contactnumber",
        "status", "syncstatus", "reviewstatus", "type", "invoicetype", "paymenttype", "taxtype", "lineamounttypes",
        "currencycode", "accountcode", "code", "itemcode",
    ]
)  # fmt: skip
_PLACES = frozenset(["latitude", "longitude"])  # numbers that are an address
_DATED = re.compile(r"\d{4}-\d\d-\d\d(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?|/Date\([\d+-]+\)/")
_AMOUNT = re.compile(r"-?\d{1,12}\.\d{1,6}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_whole = json_fields.encode(ERASED)


def whole(text: bytes) -> bytes:
    """A vendor's text about nobody but the person; what is no JSON goes whole."""
    try:
        return json_fields.encode(_blank("", json_fields.decode(text)))
    except (msgspec.MsgspecError, ValueError):
        return _whole if text.strip() else text


def rows(text: bytes, ids: Collection[str]) -> bytes:
    """A vendor's text in which every element that shows one of the ids is erased, and the others stay as they are."""
    if not any(one.encode() in text for one in ids):
        return text
    try:
        return json_fields.encode(_rows(json_fields.decode(text), ids))
    except (msgspec.MsgspecError, ValueError):
        return _whole


def own(text: bytes, words: Words) -> bytes:
    """A text of our own, JSON with payloads in its ``body`` fields: these are blanked, elsewhere the words are taken out.

    What the two sides were agreed on goes whole: of a step that is settled nobody asks for it again.
    """
    value = json_fields.decode(text)
    kept = _own("", value, words)
    return text if kept == value else json_fields.encode(kept)


def _blank(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _blank(name, one) for name, one in value.items()}
    if isinstance(value, list):
        return [_blank(key, one) for one in value]
    if isinstance(value, str):
        return value if _stays(key.casefold(), value) else ERASED
    return None if key.casefold() in _PLACES else value


def _stays(key: str, text: str) -> bool:
    told = (_DATED, _AMOUNT, _UUID)
    return not text or key.endswith("id") or key in _KEPT or any(one.fullmatch(text) for one in told)


def _rows(value: Any, ids: Collection[str]) -> Any:
    if isinstance(value, list):
        return [_rows(one, ids) for one in value]
    if not isinstance(value, dict):
        return value
    if _shows(value, ids):
        return _blank("", value)
    return {name: _rows(one, ids) for name, one in value.items()}


def _shows(value: Any, ids: Collection[str]) -> bool:
    """Whether an element shows an id itself, or in what it holds but lists: what these hold are elements of their own."""
    if isinstance(value, dict):
        return any(_shows(one, ids) for one in value.values())
    return not isinstance(value, bool | list) and str(value) in ids


def _own(key: str, value: Any, words: Words) -> Any:
    if isinstance(value, dict):
        return None if key == "agreed" else {name: _own(name, one, words) for name, one in value.items()}
    if isinstance(value, list):
        return [_own(key, one, words) for one in value]
    if not isinstance(value, str):
        return value
    return _payload(value) if key == "body" else words.out_of(value)


def _payload(value: str) -> str:
    """A payload as it stands in a step, in base64."""
    try:
        return b64encode(whole(b64decode(value, validate=True))).decode()
    except (NotBase64, ValueError):
        return ERASED
