"""Vendors' texts and our own without a person's data: JSON keeps its shape, ids, numbers, dates and amounts."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from ml_connector.canonical.erased import ERASED, Finder, Words
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
_BODY = re.compile(rb'"body" ?: ?"([A-Za-z0-9+/=]+)"')
_whole = json_fields.encode(ERASED)


def whole(text: bytes) -> bytes:
    """A vendor's text about nobody but the person; what is no JSON goes whole."""
    try:
        return json_fields.encode(_blank("", json_fields.decode(text)))
    except (msgspec.MsgspecError, ValueError):
        return _whole if text.strip() else text


def rows(text: bytes, ids: Collection[str]) -> bytes:
    """A vendor's text in which every element that shows one of the ids is erased, and the others stay as they are.

    The bodies of calls that go in a batch are looked into.
    """
    if not mentions(text, ids):
        return text
    try:
        return json_fields.encode(_rows(json_fields.decode(text), ids))
    except (msgspec.MsgspecError, ValueError):
        return _whole


def unnamed(text: bytes, words: Sequence[Finder]) -> bytes:
    """A vendor's text without these words: an answer in a batch may tell a name, and not by an id whose it is."""
    try:
        return json_fields.encode(_unnamed(json_fields.decode(text), words))
    except (msgspec.MsgspecError, ValueError):
        return _out_of(text.decode("utf-8", "replace"), words).encode()


def mentions(text: bytes, ids: Collection[str]) -> bool:
    """Whether one of the ids stands in a vendor's text, or in the body of a call that goes in a batch."""
    shown = (text, *(_bytes(one) for one in _BODY.findall(text)))
    return any(one.encode() in part for part in shown for one in ids)


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
    return {name: _in_body(one, ids) if name == "body" else _rows(one, ids) for name, one in value.items()}


def _in_body(value: Any, ids: Collection[str]) -> Any:
    """The body of a call that goes in a batch, which is in base64; anything else called so as it is."""
    if not isinstance(value, str) or not (inside := _bytes(value.encode())):
        return _rows(value, ids)
    return b64encode(rows(inside, ids)).decode()


def _unnamed(value: Any, words: Sequence[Finder]) -> Any:
    if isinstance(value, dict):
        return {name: _unnamed(one, words) for name, one in value.items()}
    if isinstance(value, list):
        return [_unnamed(one, words) for one in value]
    if not isinstance(value, str):
        return value
    if inside := _bytes(value.encode()):
        return b64encode(_out_of(inside.decode("utf-8", "replace"), words).encode()).decode()
    return _out_of(value, words)


def _out_of(text: str, words: Sequence[Finder]) -> str:
    for one in words:
        text = one.out_of(text)
    return text


def _bytes(value: bytes) -> bytes:
    """What stands in base64, where it is JSON; nothing else."""
    try:
        inside = b64decode(value, validate=True)
    except (NotBase64, ValueError):
        return b""
    return inside if inside[:1] in (b"{", b"[") else b""


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
