"""ServiceTitan's webhooks: verified over the raw bytes, and read as hints only.

The published specification has the body as a CloudEvents 1.0 envelope (``type`` such as ``tn.acc.invoice-posted``,
``data`` with the object and ``tenantId``). Not published are the signature's header, its encoding and the names of most
events: settings of the connection. There is no timestamp, so a replayed delivery is told by ``event`` only.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import msgspec

from ml_connector.connectors.base import Delivery, Hint
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.connectors.servicetitan.webhook_events import Events, subject
from ml_connector.errors import Refused

_PREFIX = "sha256="
_SHORTEST_KEY = 32
KEY_LENGTH = (_SHORTEST_KEY, 64)  # characters, as the developer portal takes them


def heard(key: str, delivery: Delivery, settings: Settings) -> tuple[Hint, ...]:
    """The hints of a delivery signed as the settings say. Raises Refused, see ``verify`` and ``hints``."""
    header, encoding = settings.webhook_header, settings.webhook_encoding
    if not verify(key, delivery.headers, delivery.body, header, encoding):
        raise Refused(
            f"The header {header} carries no signature of this body under this key: see the connection's settings "
            "webhook_header and webhook_encoding, and the key in the ServiceTitan developer portal."
        )
    return hints(delivery.body, settings.webhook_events)


def verify(key: str, headers: Mapping[str, str], body: bytes, header: str, encoding: str = "either") -> bool:
    """Whether ``body`` carries the HMAC-SHA256 under ``key``, with or without ``sha256=``.

    ``headers`` have lower-case names; ``encoding`` is hex, base64 or either. Raises Refused without a proper key:
    unsigned deliveries are never taken.
    """
    if len(key) < _SHORTEST_KEY:
        raise Refused(
            f"Webhooks need a signing key of at least {_SHORTEST_KEY} characters: "
            "set one in the ServiceTitan developer portal and enter it here."
        )
    expected = hmac.new(key.encode(), body, hashlib.sha256).digest()
    stated = _digest(headers.get(header.lower(), ""), encoding)
    return hmac.compare_digest(expected, stated)


def _digest(text: str, encoding: str) -> bytes:
    """The stated digest's bytes; empty when it is no SHA-256 in this encoding."""
    stated = text.strip().removeprefix(_PREFIX)
    hexadecimal = len(stated) == 2 * hashlib.sha256().digest_size
    if encoding not in ("either", "hex" if hexadecimal else "base64"):
        return b""
    try:
        return bytes.fromhex(stated) if hexadecimal else base64.b64decode(stated, validate=True)
    except (ValueError, binascii.Error):
        return b""


def hints(body: bytes, events: Events) -> tuple[Hint, ...]:
    """What a verified delivery hints at; nothing for events of no concern or another shape. A hint carries no data."""
    try:
        event = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()
    name = event.get("type") or event.get("event")
    meaning = events.meaning(name) if isinstance(name, str) else None
    data = event["data"] if isinstance(event.get("data"), dict) else event
    if meaning is None or not isinstance(name, str):
        return ()
    id = _object(data, name).get(meaning.field)
    if not isinstance(id, int) or isinstance(id, bool) or id < 1:
        return ()
    tenant = data.get("tenantId", event.get("tenantId", ""))
    occurrence = event.get("userassignedid")
    told = occurrence if isinstance(occurrence, str) and occurrence else hashlib.sha256(body).hexdigest()
    return (Hint(meaning.entity, str(id), str(tenant), told),)


def _object(data: dict[str, Any], name: str) -> dict[str, Any]:
    """The event's object: under its own name as published, else the only one there is, else the data themselves."""
    named = data.get(_camel(subject(name)))
    if isinstance(named, dict):
        return named
    objects = [value for value in data.values() if isinstance(value, dict)]
    return objects[0] if len(objects) == 1 and "id" not in data else data


def _camel(subject: str) -> str:
    first, *rest = subject.split("-")
    return first + "".join(word.capitalize() for word in rest)
