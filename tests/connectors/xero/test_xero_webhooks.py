"""Signatures and hints of webhook deliveries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from xero_script import NO_ID, ORG, guid

from ml_connector.connectors.base import Delivery, Hint
from ml_connector.connectors.xero.connector import Xero
from ml_connector.connectors.xero.webhooks import hints, signature, verified
from ml_connector.errors import Refused

KEY = "0123456789abcdefghijklmnop=="
VECTORS = Path(__file__).resolve().parents[4] / "shared" / "vendors" / "xero" / "examples" / "webhook_vectors.json"


def delivery(*events: dict[str, Any]) -> bytes:
    return json.dumps(
        {"events": list(events), "firstEventSequence": 1, "lastEventSequence": 1, "entropy": "E"}
    ).encode()


def event(category: str, id_: str = guid(1)) -> dict[str, Any]:
    return {
        "resourceId": id_,
        "eventCategory": category,
        "eventType": "UPDATE",
        "tenantId": ORG,
        "tenantType": "ORGANISATION",
    }


def test_a_body_is_taken_only_as_it_was_signed() -> None:
    body = delivery(event("INVOICE"))
    good = {"x-xero-signature": signature(KEY, body)}
    assert verified(KEY, good, body)
    assert not verified(KEY, good, body + b" ")
    assert not verified(KEY[:-1] + "x", good, body)
    assert not verified(KEY, {}, body)
    assert not verified("", {"x-xero-signature": signature("", body)}, body)


def test_the_intent_to_receive_is_a_good_delivery_without_events() -> None:
    body = delivery()
    assert verified(KEY, {"x-xero-signature": signature(KEY, body)}, body)
    assert not verified(KEY, {"x-xero-signature": "AAAA"}, body)
    assert hints(body) == ()


def test_the_connector_takes_an_intent_to_receive_only_when_it_is_signed_rightly() -> None:
    body = delivery()
    assert Xero().heard(KEY, Delivery({"x-xero-signature": signature(KEY, body)}, (), body), {}) == ()
    for headers in ({}, {"x-xero-signature": signature(f"{KEY} ", body)}):
        with pytest.raises(Refused, match="x-xero-signature"):
            Xero().heard(KEY, Delivery(headers, (), body), {})


def test_events_hint_at_documents_each_once() -> None:
    body = delivery(event("INVOICE"), event("INVOICE"), event("CONTACT", guid(2)), event("CREDITNOTE", guid(3)))
    assert hints(body) == (
        Hint("invoices", guid(1), ORG),
        Hint("bills", guid(1), ORG),
        Hint("parties", guid(2), ORG),
        Hint("credit_notes", guid(3), ORG),
        Hint("vendor_credits", guid(3), ORG),
    )
    assert [one.entity for one in hints(delivery(event("PREPAYMENT"), event("OVERPAYMENT")))] == [
        "prepayments",
        "overpayments",
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"events":{}}',
        delivery(event("SUBSCRIPTION")),
        delivery(event("INVOICE", NO_ID)),
        b"\xff",
    ],
)
def test_anything_else_hints_at_nothing(body: bytes) -> None:
    assert hints(body) == ()


@pytest.mark.shared
@pytest.mark.skipif(not VECTORS.is_file(), reason="the vendors' examples are not beside the checkout (../shared)")
def test_the_known_vectors() -> None:
    found = json.loads(VECTORS.read_text())
    for name in ("event", "intent_to_receive_ok", "intent_to_receive_bad"):
        one = found[name]
        headers = {"x-xero-signature": one["x-xero-signature"]}
        assert verified(found["key"], headers, one["raw_body"].encode()) is (one["expected_status"] == 200)
