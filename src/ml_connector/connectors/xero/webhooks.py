"""Xero's webhooks: the signature, and the hints in a body. A hint wakes the lane; its data are never used.

Signed is the raw body; the key is taken as text, not as the base64 it looks like. Before Xero delivers it sends bodies
without events, some of them signed wrongly on purpose: a right signature is answered 200, a wrong one 401, and an empty
list of events is no error. There is no time in it, so a delivery can be repeated by anyone who saw it; handling is
idempotent. Payments and purchase orders have no webhooks.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ml_connector.connectors import json_fields
from ml_connector.connectors.base import Delivery, Hint
from ml_connector.connectors.xero import values
from ml_connector.errors import Refused

SIGNATURE_HEADER = "x-xero-signature"
_SHORTEST = 16  # characters of a key; Xero's are far longer
KEY_LENGTH = (_SHORTEST, 500)

# An invoice's event does not tell a sales invoice from a bill, nor a credit note's whose it is: each hints at both.
_ENTITIES: Mapping[str, tuple[str, ...]] = {
    "CONTACT": ("parties",),
    "INVOICE": ("invoices", "bills"),
    "CREDITNOTE": ("credit_notes", "vendor_credits"),
    "PREPAYMENT": ("prepayments",),
    "OVERPAYMENT": ("overpayments",),
}


def heard(key: str, delivery: Delivery) -> tuple[Hint, ...]:
    """The hints of a delivery; none for an intent to receive. Raises Refused when it is not signed under this key."""
    if not verified(key, delivery.headers, delivery.body):
        raise Refused(f"The header {SIGNATURE_HEADER} carries no signature of this body under this webhooks key.")
    return hints(delivery.body)


def verified(key: str, headers: Mapping[str, str], raw_body: bytes) -> bool:
    """Whether the signature is right, compared in constant time. False without a key: such a webhook is refused.

    Header names are lower case.
    """
    given = headers.get(SIGNATURE_HEADER, "").strip()
    if len(key) < _SHORTEST or not given:
        return False
    return hmac.compare_digest(signature(key, raw_body).encode(), given.encode())


def signature(key: str, raw_body: bytes) -> str:
    """Base64 HMAC-SHA256 of a delivery."""
    return base64.b64encode(hmac.new(key.encode(), raw_body, hashlib.sha256).digest()).decode()


def hints(raw_body: bytes) -> tuple[Hint, ...]:
    """The documents a body names, each once. Empty for anything else: the next reading finds the change."""
    try:
        body = json_fields.decode(raw_body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return ()
    return tuple(dict.fromkeys(_hints(body))) if isinstance(body, dict) else ()


def _hints(body: dict[str, Any]) -> Iterator[Hint]:
    for event in json_fields.children(body, "events"):
        id_, tenant = values.id_of(event, "resourceId"), json_fields.text(event, "tenantId")
        for entity in _ENTITIES.get(json_fields.text(event, "eventCategory").upper(), ()):
            if id_:
                yield Hint(entity, id_, tenant)
