"""Deliveries are verified over the raw bytes and only hint at what to read."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest

from ml_connector.connectors.base import Delivery, Hint
from ml_connector.connectors.servicetitan.connector import ServiceTitan
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.connectors.servicetitan.webhook_events import DEFAULT, Events
from ml_connector.connectors.servicetitan.webhooks import hints, verify
from ml_connector.errors import BadInput, Refused

KEY = "k" * 40
HEADER = "x-servicetitan-signature"
EVENTS = Events.of(DEFAULT)
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
    assert verify(KEY, {HEADER: signature}, BODY, HEADER)
    assert verify(KEY, {"x-st-signature": signature}, BODY, "X-ST-Signature")
    assert not verify(KEY, {HEADER: signature}, BODY + b" ", HEADER)
    assert not verify("o" * 40, {HEADER: signature}, BODY, HEADER)


@pytest.mark.parametrize("signature", ["", "sha256=", "zz" * 32, "ß", DIGEST.hex()[:-2], "é" * 64])
def test_anything_else_is_not(signature: str) -> None:
    assert not verify(KEY, {HEADER: signature}, BODY, HEADER)
    assert not verify(KEY, {}, BODY, HEADER)


@pytest.mark.parametrize("key", ["", "short"])
def test_without_a_key_nothing_is_taken(key: str) -> None:
    with pytest.raises(Refused, match="signing key"):
        verify(key, {HEADER: DIGEST.hex()}, BODY, HEADER)


def test_hint() -> None:
    assert hints(BODY, EVENTS) == (Hint("purchase_orders", "440", "1234567", "event-1"),)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"type": 1}',
        json.dumps({"type": "tn.crm.lead-created", "data": {"lead": {"id": 1}, "tenantId": 1}}).encode(),
        json.dumps({"type": "tn.inv.vendor-updated", "data": {"vendor": {"id": "x"}}}).encode(),
        json.dumps({"type": "vendors", "data": {"vendor": {"id": 1}}}).encode(),
    ],
)
def test_no_hint(body: bytes) -> None:
    assert hints(body, EVENTS) == ()


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
    assert hints(body, EVENTS) == (Hint(entity, id, "1234567", "e"),)


@pytest.mark.parametrize(
    ("type", "data"),
    [
        ("tn.jpm.job-completed", {"job": {"id": 70, "invoiceId": 0}}),
        ("tn.acc.invoice-task-created", {"task": {"id": 1}, "invoice": {"id": 2}}),
        ("tn.crm.contact-updated", {"contact": {"id": 71}}),
    ],
)
def test_what_names_no_document_hints_at_nothing(type: str, data: dict[str, object]) -> None:
    assert hints(json.dumps({"type": type, "data": data}).encode(), EVENTS) == ()


def test_the_connector_takes_what_is_signed_in_the_header_of_the_setting() -> None:
    titan, delivery = ServiceTitan(), Delivery({"x-st-signature": DIGEST.hex()}, (), BODY)
    assert titan.heard(KEY, delivery, {"webhook_header": "X-ST-Signature"}) == hints(BODY, EVENTS)
    with pytest.raises(Refused, match="x-servicetitan-signature"):
        titan.heard(KEY, delivery, {})
    with pytest.raises(Refused, match="signing key"):
        titan.heard("", delivery, {"webhook_header": "X-ST-Signature"})


@pytest.mark.parametrize(
    ("encoding", "taken"), [("hex", (True, False)), ("base64", (False, True)), ("either", (True, True))]
)
def test_the_encoding_of_the_setting_is_the_one_that_is_taken(encoding: str, taken: tuple[bool, bool]) -> None:
    stated = DIGEST.hex(), f"sha256={base64.b64encode(DIGEST).decode()}"
    assert tuple(verify(KEY, {HEADER: one}, BODY, HEADER, encoding) for one in stated) == taken


@pytest.mark.parametrize(
    ("setting", "body", "found"),
    [
        ("jobCompleted=invoices:invoiceId", {"event": "jobCompleted", "data": {"job": {"id": 1, "invoiceId": 7}}}, "7"),
        ("jobCompleted=invoices:invoiceId", {"event": "jobCompleted", "data": {"id": 1, "invoiceId": 7}}, "7"),
        ("JobCompleted=invoices", {"event": "jobcompleted", "id": 7, "job": {"id": 1}}, "7"),
        ("invoice.*=invoices", {"type": "invoice.posted", "data": {"invoice": {"id": 7}}}, "7"),
        ("invoice*=bills, invoicep*=invoices", {"type": "invoicePosted", "data": {"id": 7}}, "7"),
        ("invoice=invoices", {"type": "tn.acc.invoice-posted", "data": {"invoice": {"id": 7}, "job": {"id": 1}}}, "7"),
        ("invoice=invoices", {"type": "invoicePosted", "data": {"invoice": {"id": 7}}}, ""),
        ("invoice=invoices", {"type": "tn.acc.payment-updated", "data": {"payment": {"id": 7}}}, ""),
    ],
)
def test_what_an_event_is_called_and_means_is_a_setting(setting: str, body: dict[str, object], found: str) -> None:
    read = hints(json.dumps({**body, "tenantId": 12}).encode(), Events.of(setting))
    assert [(one.entity, one.id, one.organisation) for one in read] == ([("invoices", found, "12")] if found else [])


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("webhook_header", "x signature", "webhook_header is 'x signature'.*letters, digits and hyphens"),
        ("webhook_events", "invoice", "webhook_events has 'invoice'.*name=entity"),
        ("webhook_events", "invoice=invoices job=invoices", "webhook_events has .*comma"),
        ("webhook_events", "invoice=sales", "reads 'sales' for invoice: it takes bills, credit_memos, customers"),
    ],
)
def test_a_wrong_setting_is_refused_and_named(name: str, value: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        Settings.of({name: value})
