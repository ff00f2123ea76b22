"""Zoho's webhooks: the signature, and the hints in a body. A hint wakes the lane; its data are never used.

Signed are all query and form pairs sorted by name, name and value run together, then the raw JSON body. There is no
time in it, so a delivery can be repeated by anyone who saw it; handling is idempotent. That the digest is in hex is
known from a third party only.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from ml_connector.connectors.zoho_books import values

SIGNATURE_HEADER = "x-zoho-webhook-signature"
_SHORTEST = 12  # characters of a secret token, as Zoho requires

_ENTITIES = {
    "bill": ("bills", "bill_id"),
    "vendor_credit": ("vendor_credits", "vendor_credit_id"),
    "contact": ("parties", "contact_id"),
    "vendor": ("parties", "contact_id"),
    "vendor_payment": ("vendor_payments", "payment_id"),
    "vendorpayment": ("vendor_payments", "payment_id"),
    "invoice": ("invoices", "invoice_id"),
    "payment": ("customer_payments", "payment_id"),
}


@dataclass(frozen=True, slots=True)
class Hint:
    """That a document may have changed. ``organisation`` is empty where the payload does not name it."""

    entity: str
    id: str
    organisation: str = ""


def verified(
    secret: str,
    headers: Mapping[str, str],
    query: Sequence[tuple[str, str]],
    form: Sequence[tuple[str, str]],
    raw_body: bytes,
) -> bool:
    """Whether the signature is right, compared in constant time. False without a secret: such a webhook is refused.

    Header names are lower case. ``raw_body`` is empty for a form delivery.
    """
    given = headers.get(SIGNATURE_HEADER, "").strip().lower()
    if len(secret) < _SHORTEST or not given:
        return False
    return hmac.compare_digest(signature(secret, query, form, raw_body).encode(), given.encode())


def signature(secret: str, query: Sequence[tuple[str, str]], form: Sequence[tuple[str, str]], raw_body: bytes) -> str:
    """Lower-case hex HMAC-SHA256 of a delivery."""
    pairs = sorted([*query, *form], key=lambda pair: pair[0])
    signed = "".join(name + value for name, value in pairs).encode() + raw_body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def hints(raw_body: bytes) -> tuple[Hint, ...]:
    """The documents a body names; ids may be numbers. Empty for anything else: the next reading finds the change."""
    try:
        body = values.decode(raw_body)
    except (msgspec.DecodeError, ValueError):
        return ()
    if not isinstance(body, dict):
        return ()
    organisation = values.text(body, "organization_id")
    named = ((entity, values.text(values.child(body, key), id_)) for key, (entity, id_) in _ENTITIES.items())
    return tuple(Hint(entity, id_, organisation) for entity, id_ in named if id_)
