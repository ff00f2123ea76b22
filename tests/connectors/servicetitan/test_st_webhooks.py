"""Deliveries are verified over the raw bytes and only hint at what to read."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest

from ml_connector.connectors.base import Delivery, Hint
from ml_connector.connectors.servicetitan.connector import ServiceTitan
from ml_connector.connectors.servicetitan.webhooks import SIGNATURE_HEADER, hints, verify
from ml_connector.errors import Refused

KEY = "k" * 40
BODY = json.dumps(
    {
        "specversion": "1.0",
        "id": "delivery-1",
        "type": "tn.inv.purchase-order-updated",
        "userassignedid": "event-1",
        "data": {"purchaseOrder": {"id": 440, "total": 9}, "tenantId": 1234567, "tenantName": "Acme"},
    }
).encode()
DIGEST = hmac.new(KEY.encode(), BODY, hashlib.sha256).digest()


@pytest.mark.parametrize(
    "signature",
    [
        DIGEST.hex(),
        DIGEST.hex().upper(),
        f"sha256={DIGEST.hex()}",
        base64.b64encode(DIGEST).decode(),
        f"sha256={base64.b64encode(DIGEST).decode()}",
    ],
)
def test_every_encoding_is_accepted(signature: str) -> None:
    assert verify(KEY, {SIGNATURE_HEADER: signature}, BODY)
    assert verify(KEY, {"x-st-signature": signature}, BODY, "X-ST-Signature")
    assert not verify(KEY, {SIGNATURE_HEADER: signature}, BODY + b" ")
    assert not verify("o" * 40, {SIGNATURE_HEADER: signature}, BODY)


@pytest.mark.parametrize("signature", ["", "sha256=", "zz" * 32, "ß", DIGEST.hex()[:-2], "é" * 64])
def test_anything_else_is_not(signature: str) -> None:
    assert not verify(KEY, {SIGNATURE_HEADER: signature}, BODY)
    assert not verify(KEY, {}, BODY)


@pytest.mark.parametrize("key", ["", "short"])
def test_without_a_key_nothing_is_taken(key: str) -> None:
    with pytest.raises(Refused, match="signing key"):
        verify(key, {SIGNATURE_HEADER: DIGEST.hex()}, BODY)


def test_hint() -> None:
    assert hints(BODY) == (Hint("purchase_orders", "440", "1234567", "event-1"),)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"type": 1}',
        json.dumps({"type": "tn.crm.lead-created", "data": {"lead": {"id": 1}, "tenantId": 1}}).encode(),
        json.dumps({"type": "tn.inv.vendor-updated", "data": {"vendor": {"id": "x"}}}).encode(),
        json.dumps({"type": "vendor", "data": {"vendor": {"id": 1}}}).encode(),
    ],
)
def test_no_hint(body: bytes) -> None:
    assert hints(body) == ()


@pytest.mark.parametrize(
    ("type", "data", "entity", "id"),
    [
        ("tn.acc.invoice-posted", {"invoice": {"id": 5}}, "invoices", "5"),
        ("tn.acc.payment-updated", {"payment": {"id": 6}}, "payments", "6"),
        ("tn.crm.customer-updated", {"customer": {"id": 7}}, "customers", "7"),
        ("tn.crm.contact-updated", {"contact": {"id": 71, "customerId": 9}}, "customers", "9"),
        ("tn.jpm.job-completed", {"job": {"id": 70, "invoiceId": 8}}, "invoices", "8"),
    ],
)
def test_hints_of_the_receivables_side(type: str, data: dict[str, object], entity: str, id: str) -> None:
    body = json.dumps({"type": type, "userassignedid": "e", "data": {**data, "tenantId": 1234567}}).encode()
    assert hints(body) == (Hint(entity, id, "1234567", "e"),)


@pytest.mark.parametrize(
    ("type", "data"),
    [
        ("tn.jpm.job-completed", {"job": {"id": 70, "invoiceId": 0}}),
        ("tn.acc.invoice-task-created", {"task": {"id": 1}, "invoice": {"id": 2}}),
        ("tn.crm.contact-updated", {"contact": {"id": 71}}),
    ],
)
def test_what_names_no_document_hints_at_nothing(type: str, data: dict[str, object]) -> None:
    assert hints(json.dumps({"type": type, "data": data}).encode()) == ()


def test_the_connector_takes_what_is_signed_in_the_header_of_the_setting() -> None:
    titan, delivery = ServiceTitan(), Delivery({"x-st-signature": DIGEST.hex()}, (), BODY)
    assert titan.heard(KEY, delivery, {"webhook_header": "X-ST-Signature"}) == hints(BODY)
    with pytest.raises(Refused, match="x-servicetitan-signature"):
        titan.heard(KEY, delivery, {})
    with pytest.raises(Refused, match="signing key"):
        titan.heard("", delivery, {"webhook_header": "X-ST-Signature"})
