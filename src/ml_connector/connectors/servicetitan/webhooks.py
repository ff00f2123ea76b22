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
from typing import Any

import msgspec

from ml_connector.connectors.base import Delivery, Hint
from ml_connector.errors import Refused

SIGNATURE_HEADER = "x-servicetitan-signature"
_PREFIX = "sha256="
_SHORTEST_KEY = 32
KEY_LENGTH = (_SHORTEST_KEY, 64)  # characters, as the developer portal takes them

# The subject of an event type, and the entity of ours that it hints at. Published are those of invoices and jobs; whether
# there are events of the others is not said.
_ENTITIES = {
    "ap-bill": "bills",
    "bill": "bills",
    "contact": "customers",  # a record of its own, which does not move its customer
    "customer": "customers",
    "inventory-bill": "bills",
    "invoice": "invoices",
    "job": "invoices",  # a completed job may let its invoice go
    "payment": "payments",
    "purchase-order": "purchase_orders",
    "receipt": "receipts",
    "vendor": "vendors",
}
# Whose id says what to read again, where it is not the object's own.
_IDS = {"contact": "customerId", "job": "invoiceId"}


def heard(key: str, delivery: Delivery, header: str = "") -> tuple[Hint, ...]:
    """The hints of a delivery whose signature stands in ``header``. Raises Refused, see ``verify`` and ``hints``."""
    if not verify(key, delivery.headers, delivery.body, header or SIGNATURE_HEADER):
        raise Refused(
            f"The header {header or SIGNATURE_HEADER} carries no signature of this body under this key: see the "
            "connection's setting webhook_header and the key in the ServiceTitan developer portal."
        )
    return hints(delivery.body)


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
    id = found.get(_IDS.get(subject, "id")) if isinstance(found, dict) else None
    if subject not in _ENTITIES or not isinstance(id, int) or not id:
        return ()
    occurrence = event.userassignedid or hashlib.sha256(body).hexdigest()
    return (Hint(_ENTITIES[subject], str(id), str(event.data.get("tenantId", "")), occurrence),)


def _subject(type: str) -> str:
    """``purchase-order`` of ``tn.inv.purchase-order-updated``."""
    return type.rsplit(".", 1)[-1].rpartition("-")[0]


def _camel(subject: str) -> str:
    first, *rest = subject.split("-")
    return first + "".join(word.capitalize() for word in rest)
