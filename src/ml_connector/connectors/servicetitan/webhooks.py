"""ServiceTitan's webhooks: verified over the raw bytes, and read as hints only.

The published specification has the body as a CloudEvents 1.0 envelope (``type`` such as ``tn.acc.invoice-posted``,
``data`` with the object and ``tenantId``). Not published are the signature's header and its encoding; both are taken
as third parties report them, the header by setting. There is no timestamp, so a replayed delivery is told by ``event``
only.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ml_connector.errors import Refused

SIGNATURE_HEADER = "x-servicetitan-signature"
_PREFIX = "sha256="
_SHORTEST_KEY = 32  # the developer portal takes keys of 32 to 64 characters

# The subject of an event type, and the entity of ours that it hints at.
_ENTITIES = {
    "ap-bill": "bills",
    "bill": "bills",
    "inventory-bill": "bills",
    "purchase-order": "purchase_orders",
    "receipt": "receipts",
    "vendor": "vendors",
}


@dataclass(frozen=True, slots=True)
class Hint:
    """Something changed: read ``entity`` ``id`` of ``tenant`` again. ``event`` tells one occurrence from another."""

    tenant: str
    entity: str
    id: str
    event: str


def verify(key: str, headers: Mapping[str, str], body: bytes, header: str = SIGNATURE_HEADER) -> bool:
    """Whether ``body`` carries the HMAC-SHA256 under ``key``, as hex or base64, with or without ``sha256=``.

    ``headers`` have lower-case names. Raises Refused without a proper key: unsigned deliveries are never taken.
    """
    if len(key) < _SHORTEST_KEY:
        raise Refused(
            f"Webhooks need a signing key of at least {_SHORTEST_KEY} characters: "
            "set one in the ServiceTitan developer portal and enter it here."
        )
    expected = hmac.new(key.encode(), body, hashlib.sha256).digest()
    stated = _digest(headers.get(header.lower(), ""))
    return hmac.compare_digest(expected, stated)


def _digest(text: str) -> bytes:
    """The stated digest's bytes; empty when it is neither hex nor base64 of a SHA-256."""
    stated = text.strip().removeprefix(_PREFIX)
    try:
        return bytes.fromhex(stated) if len(stated) == 64 else base64.b64decode(stated, validate=True)
    except (ValueError, binascii.Error):
        return b""


class _Event(msgspec.Struct):
    type: str
    data: dict[str, Any]
    userassignedid: str = ""


def hints(body: bytes) -> tuple[Hint, ...]:
    """What a verified delivery hints at; nothing for events of no concern or another shape. A hint carries no data."""
    try:
        event = msgspec.json.decode(body, type=_Event)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ()
    subject = _subject(event.type)
    found = event.data.get(_camel(subject))
    id = found.get("id") if isinstance(found, dict) else None
    if subject not in _ENTITIES or not isinstance(id, int):
        return ()
    occurrence = event.userassignedid or hashlib.sha256(body).hexdigest()
    return (Hint(str(event.data.get("tenantId", "")), _ENTITIES[subject], str(id), occurrence),)


def _subject(type: str) -> str:
    """``purchase-order`` of ``tn.inv.purchase-order-updated``."""
    return type.rsplit(".", 1)[-1].rpartition("-")[0]


def _camel(subject: str) -> str:
    first, *rest = subject.split("-")
    return first + "".join(word.capitalize() for word in rest)
