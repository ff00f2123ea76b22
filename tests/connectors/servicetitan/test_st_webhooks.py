"""Deliveries are verified over the raw bytes and only hint at what to read."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest

from ml_connector.connectors.servicetitan.webhooks import SIGNATURE_HEADER, Hint, hints, verify
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
    assert hints(BODY) == (Hint("1234567", "purchase_orders", "440", "event-1"),)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"type": 1}',
        json.dumps({"type": "tn.acc.invoice-posted", "data": {"invoice": {"id": 1}, "tenantId": 1}}).encode(),
        json.dumps({"type": "tn.inv.vendor-updated", "data": {"vendor": {"id": "x"}}}).encode(),
        json.dumps({"type": "vendor", "data": {"vendor": {"id": 1}}}).encode(),
    ],
)
def test_no_hint(body: bytes) -> None:
    assert hints(body) == ()
