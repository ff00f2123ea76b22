"""Zoho's webhooks: the signature, and the hints in a body. A hint wakes the lane; its data are never used.

Signed are all query and form pairs sorted by name, name and value run together, then the raw JSON body. There is no
time in it, so a delivery can be repeated by anyone who saw it; handling is idempotent. That the digest is in hex is
known from a third party only.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

import msgspec

from ml_connector.connectors import json_fields
from ml_connector.connectors.base import Delivery, Hint
from ml_connector.errors import Refused

SIGNATURE_HEADER = "x-zoho-webhook-signature"
_SHORTEST = 12
KEY_LENGTH = (_SHORTEST, 50)  # characters of a secret token, as Zoho takes them
_FORM = "application/x-www-form-urlencoded"

_ENTITIES = {
    "bill": ("bills", "bill_id"),
    "vendor_credit": ("vendor_credits", "vendor_credit_id"),
    "vendorcredit": ("vendor_credits", "vendor_credit_id"),
    "contact": ("parties", "contact_id"),
    "vendor": ("parties", "contact_id"),
    "vendor_payment": ("vendor_payments", "payment_id"),
    "vendorpayment": ("vendor_payments", "payment_id"),
    "invoice": ("invoices", "invoice_id"),
    "payment": ("payments", "payment_id"),
    "customer_payment": ("payments", "payment_id"),
    "customerpayment": ("payments", "payment_id"),
    "creditnote": ("credit_notes", "creditnote_id"),
    "credit_note": ("credit_notes", "creditnote_id"),
    "expense": ("expenses", "expense_id"),
    "item": ("items", "item_id"),
}
# Parameters of a form, each named as its rule was set up; a payment's id does not say whose payment it is.
_PARAMETERS = {id_: entity for entity, id_ in _ENTITIES.values() if id_ != "payment_id"}


def heard(secret: str, delivery: Delivery) -> tuple[Hint, ...]:
    """The hints of a delivery, be its body JSON or a form. Raises Refused when it is not signed under this token."""
    form = _form(delivery)
    raw_body = b"" if form is not None else delivery.body
    if not verified(secret, delivery.headers, delivery.query, form or (), raw_body):
        raise Refused(f"The header {SIGNATURE_HEADER} carries no signature of this delivery under this secret token.")
    return hints(raw_body) if form is None else _form_hints(dict(form))


def _form(delivery: Delivery) -> tuple[tuple[str, str], ...] | None:
    """The pairs of a form; None where the body is no form."""
    kind = delivery.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        return None
    try:
        return tuple(parse_qsl(delivery.body.decode(), keep_blank_values=True, errors="strict", max_num_fields=200))
    except ValueError:  # no text, or too many: then no signature fits it either
        return ()


def _form_hints(form: Mapping[str, str]) -> tuple[Hint, ...]:
    organisation = form.get("organization_id", "")
    return tuple(
        Hint(_PARAMETERS[name], id_, organisation) for name, id_ in form.items() if name in _PARAMETERS and id_
    )


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
        body = json_fields.decode(raw_body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return ()
    if not isinstance(body, dict):
        return ()
    organisation = json_fields.text(body, "organization_id")
    named = ((entity, json_fields.text(json_fields.child(body, key), id_)) for key, (entity, id_) in _ENTITIES.items())
    return tuple(Hint(entity, id_, organisation) for entity, id_ in named if id_)
