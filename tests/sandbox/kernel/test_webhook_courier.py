"""Webhook deliveries to a real receiver on loopback: what is announced, how it is signed, and how it is disturbed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import anyio
import pytest
from webhook_world import TITAN_SECRET, ZOHO_SECRET, World, eventually, receiving, running

from ml_connector_sandbox.kernel import exact, webhook_courier
from ml_connector_sandbox.kernel.webhook_rules import digest
from ml_connector_sandbox.zoho_books.webhooks import signed_bytes

pytestmark = pytest.mark.anyio
TITAN, ZOHO = "servicetitan", "zoho_books"
SHARED = Path(__file__).resolve().parents[4] / "shared" / "vendors"
VECTORS = SHARED / "zoho_books" / "examples" / "webhook_signature_vectors.json"
PUBLISHED = SHARED / "servicetitan" / "openapi" / "accounting-v2.json"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as made:
        yield made


def signed(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


# ---- what is announced


async def test_a_call_of_the_api_and_a_person_in_the_books_both_announce(world: World) -> None:
    await world.subscribe(ZOHO, ["bill.created", "bill.updated", "bill.deleted"], secret=ZOHO_SECRET)
    bill = world.add_bill()
    status, _ = await world.zoho("PUT", f"/bills/{bill.document_id}", {"notes": "by the API"})
    assert status == 200
    assert (await world.zoho("DELETE", f"/bills/{bill.document_id}"))[0] == 200
    await eventually(lambda: len(world.receiver.bodies) == 3)
    rows = await world.deliveries(ZOHO)
    assert [one["event"] for one in rows] == ["bill.created", "bill.updated", "bill.deleted"]
    assert {one["object_id"] for one in rows} == {bill.document_id}
    created, updated, deleted = map(exact.loads, world.receiver.bodies)
    assert created["organization_id"] == world.organisation.organization_id
    assert (created["bill"]["bill_number"], created["bill"]["notes"]) == ("HAND-1", "")
    assert updated["bill"]["notes"] == "by the API"
    assert deleted["bill"] == {"bill_id": bill.document_id}


async def test_contacts_and_vendor_credits_announce_only_where_asked(world: World) -> None:
    await world.subscribe(ZOHO, ["contact.created", "vendor_credit.created"])
    contact = world.organisation.add_contact("Delta Parts")
    world.add_bill()
    account = next(one for one in world.organisation.accounts.values() if one.account_type == "expense")
    line = {"account_id": account.account_id, "rate": 5}
    credit = world.organisation.add_vendor_credit(contact, world.sandbox.company.start_date, [line])
    await world.until(ZOHO, 2, "delivered")
    rows = await world.deliveries(ZOHO)
    assert [one["object_id"] for one in rows] == [contact.contact_id, credit.document_id]
    assert exact.loads(world.receiver.bodies[0])["contact"]["contact_name"] == "Delta Parts"


async def test_an_export_mark_announces_the_bill_and_a_receipt_its_order(world: World) -> None:
    await world.subscribe(TITAN, [], secret=TITAN_SECRET)
    bill = next(iter(world.tenant.bills))
    body = {"inventoryBillIds": [bill.id]}
    assert (await world.titan("POST", "inventory-bills/markasexported", body))[0] == 200
    world.tenant.delete_bill(bill.id)
    await eventually(lambda: len(world.receiver.bodies) == 4)
    events = [one["event"] for one in await world.deliveries(TITAN)]
    assert events == ["bill.updated", "purchase_order.updated", "receipt.updated", "bill.deleted"]
    first = exact.loads(world.receiver.bodies[0])
    assert (first["specversion"], first["type"]) == ("1.0", "tn.acc.inventory-bill-updated")
    assert first["data"]["inventoryBill"]["id"] == bill.id
    assert (str(first["data"]["tenantId"]), first["data"]["tenantName"]) == (world.tenant.number, world.tenant.name)
    assert [exact.loads(one)["type"] for one in world.receiver.bodies[1:3]] == [
        "tn.inv.purchase-order-updated", "tn.inv.receipt-updated",
    ]  # fmt: skip
    assert world.receiver.got[0].headers["x-servicetitan-signature"] == signed(TITAN_SECRET, world.receiver.bodies[0])


async def test_without_a_secret_nothing_is_signed(world: World) -> None:
    await world.subscribe(TITAN, ["bill.updated"])
    world.touch_bills(1)
    await world.until(TITAN, 1, "delivered")
    assert "x-servicetitan-signature" not in world.receiver.got[0].headers


async def test_deliveries_go_in_order_and_the_emulated_call_never_waits(world: World) -> None:
    await world.subscribe(TITAN, ["bill.updated"])
    world.receiver.open.clear()
    ids = world.touch_bills(8)
    with anyio.fail_after(2):
        assert (await world.titan("POST", "inventory-bills/markasexported", {"inventoryBillIds": []}))[0] == 200
    assert {one["status"] for one in await world.deliveries(TITAN)} == {"waiting"}
    world.receiver.open.set()
    await world.until(TITAN, 8, "delivered")
    assert world.receiver.bills("id") == ids


async def test_a_subscription_of_another_company_hears_nothing(world: World) -> None:
    await world.subscribe(TITAN, ["bill.updated"], company="999")
    world.touch_bills(2)
    number = await world.subscribe(TITAN, ["bill.updated"], company=world.tenant.number)
    world.touch_bills(1)
    await world.until(TITAN, 1, "delivered")
    assert [one["subscription"] for one in await world.deliveries(TITAN)] == [number]


# ---- signatures and shapes


@pytest.mark.shared
@pytest.mark.skipif(not VECTORS.is_file(), reason="the vendors' published examples are not beside the checkout")
def test_the_vectors_of_the_ledgers_signature() -> None:
    vectors = json.loads(VECTORS.read_text())["vectors"]
    assert vectors
    for one in vectors:
        said = signed_bytes(parse_qsl(one["url_query"], keep_blank_values=True), one["raw_body"].encode())
        assert said.decode() == one["signing_string"]
        assert digest(one["secret"], said, "hex") == one["x_zoho_webhook_signature_hex"]


@pytest.mark.shared
@pytest.mark.skipif(not PUBLISHED.is_file(), reason="the vendors' published specifications are not beside the checkout")
async def test_the_envelope_has_the_published_fields(world: World) -> None:
    schemas = json.loads(PUBLISHED.read_text())["components"]["schemas"]
    envelope = schemas["CloudEvent_Of_Accounting.V2.Webhook.InvoiceUpdatedEventPayload"]
    payload = schemas["Accounting.V2.Webhook.InvoiceUpdatedEventPayload"]
    await world.subscribe(TITAN, ["bill.updated"])
    world.touch_bills(1)
    await world.until(TITAN, 1, "delivered")
    got = exact.loads(world.receiver.bodies[0])
    assert set(got) == set(envelope["required"]) == set(envelope["properties"])
    assert {"invoice" if one == "inventoryBill" else one for one in got["data"]} == set(payload["required"])
    for name in ("specversion", "source", "datacontenttype"):
        assert f'("{got[name]}")' in envelope["properties"][name]["description"]


async def test_the_ledger_signs_the_query_too(world: World) -> None:
    status, _ = await world.admin(
        "POST", "zoho_books/webhooks", {"url": f"{world.receiver.url}?z=9&a=1%202", "secret": ZOHO_SECRET}
    )
    assert status == 201
    world.organisation.add_contact("Delta Parts")
    await world.until(ZOHO, 1, "delivered")
    request, body = world.receiver.got[0], world.receiver.bodies[0]
    assert request.raw_path == "/hooks?z=9&a=1%202"
    assert request.headers["X-Zoho-Webhook-Signature"] == signed(ZOHO_SECRET, b"a1 2z9" + body)


async def test_form_parameters_are_signed_by_key(world: World) -> None:
    world.emulator(ZOHO).set_switches({"webhook_body": "form"})
    await world.subscribe(ZOHO, ["bill.created"], secret=ZOHO_SECRET, method="PUT")
    bill = world.add_bill()
    await world.until(ZOHO, 1, "delivered")
    request, organisation = world.receiver.got[0], world.organisation.organization_id
    assert (request.method, request.content_type) == ("PUT", "application/x-www-form-urlencoded")
    assert dict(parse_qsl(world.receiver.bodies[0].decode())) == {
        "bill_id": bill.document_id, "organization_id": organisation,
    }  # fmt: skip
    said = f"bill_id{bill.document_id}organization_id{organisation}".encode()
    assert request.headers["X-Zoho-Webhook-Signature"] == signed(ZOHO_SECRET, said)


async def test_ids_as_numbers_and_amounts_as_texts(world: World) -> None:
    world.emulator(ZOHO).set_switches({"webhook_ids_as_numbers": True, "webhook_amounts_as_texts": True})
    await world.subscribe(ZOHO, ["bill.created"])
    bill = world.add_bill()
    await world.until(ZOHO, 1, "delivered")
    got = exact.loads(world.receiver.bodies[0])["bill"]
    assert (got["bill_id"], got["total"]) == (int(bill.document_id), "10.25")
    assert got["line_items"][0]["account_id"] == int(bill.lines[0].account_id)


@pytest.mark.parametrize(
    ("switches", "event", "encoding"),
    [
        ({"webhook_event_names": "camel", "webhook_event_header": "x-servicetitan-event"}, "inventoryBillUpdated", ""),
        ({"webhook_event_names": "dotted", "webhook_bill_name": "bill"}, "bill.updated", ""),
        ({"webhook_signature_header": "X-ST-Signature"}, "tn.acc.inventory-bill-updated", ""),
        ({"webhook_signature_encoding": "base64"}, "tn.acc.inventory-bill-updated", "base64"),
        ({"webhook_signature_encoding": "sha256=hex"}, "tn.acc.inventory-bill-updated", "prefixed"),
    ],
)
async def test_every_reading_of_the_field_services_webhooks(
    world: World, switches: dict[str, Any], event: str, encoding: str
) -> None:
    world.emulator(TITAN).set_switches(switches)
    await world.subscribe(TITAN, ["bill.updated"], secret=TITAN_SECRET)
    world.touch_bills(1)
    await world.until(TITAN, 1, "delivered")
    request, body = world.receiver.got[0], world.receiver.bodies[0]
    plain = signed(TITAN_SECRET, body)
    shown = {"": plain, "prefixed": f"sha256={plain}", "base64": base64.b64encode(bytes.fromhex(plain)).decode()}
    assert exact.loads(body)["type"] == event
    assert request.headers[switches.get("webhook_signature_header", "x-servicetitan-signature")] == shown[encoding]
    assert request.headers.get("x-servicetitan-event", event) == event


@pytest.mark.parametrize("envelope", ["data", "flat", "record"])
async def test_the_envelopes_third_parties_expect(world: World, envelope: str) -> None:
    world.emulator(TITAN).set_switches({"webhook_envelope": envelope})
    await world.subscribe(TITAN, ["bill.updated"])
    [number] = world.touch_bills(1)
    await world.until(TITAN, 1, "delivered")
    got = exact.loads(world.receiver.bodies[0])
    assert got.get("data", got)["id"] == number
    assert ("event" in got) is (envelope != "record")


async def test_one_occurrence_has_one_id_at_every_address(world: World) -> None:
    await world.subscribe(TITAN, ["bill.updated"])
    await world.subscribe(TITAN, ["bill.updated"])
    world.touch_bills(2)
    await world.until(TITAN, 4, "delivered")
    await world.until(TITAN, 3, "delivered")
    events = list(map(exact.loads, world.receiver.bodies))
    assert len({one["id"] for one in events}) == 4
    found = sorted((one["userassignedid"], one["data"]["inventoryBill"]["id"]) for one in events)
    assert found[0] == found[1] and found[2] == found[3] and found[0] != found[2]


async def test_a_switch_that_says_nothing_known_fails_the_delivery_only(world: World) -> None:
    world.emulator(TITAN).set_switches({"webhook_envelope": "parcel"})
    await world.subscribe(TITAN, ["bill.updated"])
    world.touch_bills(1)
    row = await world.until(TITAN, 1, "failed")
    assert (row["attempts"], row["answer"]) == (
        0,
        "webhook_envelope 'parcel' is none of cloudevents, data, flat, record",
    )


# ---- faults


async def test_twice(world: World) -> None:
    await world.subscribe(TITAN, ["bill.updated"])
    await world.disturb(TITAN, "twice")
    first, second = world.touch_bills(2)
    row = await world.until(TITAN, 1, "delivered")
    await world.until(TITAN, 2, "delivered")
    assert world.receiver.bills("id") == [first, first, second]
    assert world.receiver.bodies[0] == world.receiver.bodies[1]
    assert (row["attempts"], row["fault"]) == (2, "twice")


async def test_never_strikes_the_number_it_names(world: World) -> None:
    await world.subscribe(TITAN, ["bill.updated"])
    await world.disturb(TITAN, "never", delivery=2)
    first, _, third = world.touch_bills(3)
    await world.until(TITAN, 3, "delivered")
    assert world.receiver.bills("id") == [first, third]
    row = (await world.deliveries(TITAN))[1]
    assert (row["status"], row["attempts"], row["fault"]) == ("never", 0, "never")


async def test_out_of_order_is_swapped_with_the_next(world: World) -> None:
    await world.subscribe(TITAN, ["bill.updated"])
    await world.disturb(TITAN, "out of order")
    [first] = world.touch_bills(1)
    await world.until(TITAN, 1, "waiting")
    assert world.receiver.bodies == []
    _, second = world.touch_bills(2)
    await world.until(TITAN, 3, "delivered")
    assert world.receiver.bills("id") == [first, first, second]
    stamps = world.receiver.bills("modifiedOn")
    assert stamps[0] > stamps[1], "the later change of the same bill came first"


async def test_late_waits_in_sandbox_time() -> None:
    async with running(speed=600.0) as world:
        await world.subscribe(TITAN, ["bill.updated"])
        await world.disturb(TITAN, "late", seconds=120)
        first, second = world.touch_bills(2)
        row = await world.until(TITAN, 1, "delivered")
        assert world.receiver.bills("id") == [second, first]
        assert world.sandbox.clock.seconds() - float(row["at"]) >= 120


async def test_faults_are_listed_and_cleared(world: World) -> None:
    await world.disturb(ZOHO, "late", delivery=7, seconds=2.5)
    status, rows = await world.admin("GET", "zoho_books/webhooks/faults")
    assert (status, rows) == (200, [{"kind": "late", "delivery": 7, "seconds": exact.loads("2.5")}])
    assert await world.admin("DELETE", "zoho_books/webhooks/faults") == (200, {"removed": 1})
    assert (await world.admin("GET", "servicetitan/webhooks/faults"))[1] == []


# ---- receivers that are down, slow or unwilling


async def test_a_receiver_that_fails_is_tried_again_with_the_same_bytes() -> None:
    async with running(speed=600.0) as world:
        world.receiver.statuses = [500, 204]  # 200 alone ends a delivery
        await world.subscribe(TITAN, ["bill.updated"], secret=TITAN_SECRET)
        world.touch_bills(1)
        row = await world.until(TITAN, 1, "delivered")
        assert (row["attempts"], row["answer"]) == (3, "200")
        assert len(set(world.receiver.bodies)) == 1
        assert world.sandbox.clock.seconds() - float(row["at"]) >= 10 + 30


async def test_a_receiver_that_is_down_is_given_up_after_four_more_attempts() -> None:
    async with running(speed=4000.0) as world:
        async with receiving() as gone:
            url = gone.url
        await world.admin("POST", "servicetitan/webhooks", {"url": url, "events": ["bill.updated"]})
        ids = world.touch_bills(2)
        rows = [await world.until(TITAN, number, "failed") for number in (1, 2)]
        assert [one["attempts"] for one in rows] == [5, 5]
        assert "Connect" in rows[0]["answer"]
        assert world.tenant.bills[ids[0]].summary == f"seen {ids[0]}"


async def test_the_ledger_does_not_try_again_unless_told(world: World) -> None:
    world.receiver.statuses = [503, 503]
    await world.subscribe(ZOHO, ["bill.created"])
    world.add_bill("HAND-1")
    assert (await world.until(ZOHO, 1, "failed"))["attempts"] == 1
    world.emulator(ZOHO).set_switches({"webhook_retry_seconds": "0.01"})
    world.add_bill("HAND-2")
    assert (await world.until(ZOHO, 2, "delivered"))["attempts"] == 2


async def test_a_slow_receiver_is_timed_out_and_the_next_delivery_goes(world: World) -> None:
    world.emulator(ZOHO).set_switches({"webhook_time_out_seconds": 0.1})
    await world.subscribe(ZOHO, ["bill.created"])
    world.receiver.open.clear()
    world.add_bill("HAND-1")
    assert (await world.until(ZOHO, 1, "failed"))["answer"] == "no answer within 0.1 s"
    world.receiver.open.set()
    world.add_bill("HAND-2")
    await world.until(ZOHO, 2, "delivered")


async def test_a_full_queue_drops_what_comes_beyond(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_courier, "LARGEST_QUEUE", 3)
    await world.subscribe(TITAN, ["bill.updated"])
    world.receiver.open.clear()
    world.touch_bills(1)
    await eventually(lambda: len(world.receiver.bodies) == 1)
    world.touch_bills(5)
    await world.until(TITAN, 6, "dropped")
    world.receiver.open.set()
    await world.until(TITAN, 4, "delivered")
    assert [one["status"] for one in await world.deliveries(TITAN)] == ["delivered"] * 4 + ["dropped"] * 2


async def test_the_ledgers_webhooks_of_a_day_are_counted(world: World) -> None:
    world.emulator(ZOHO).set_switches({"webhooks_per_day": 1})
    await world.subscribe(ZOHO, ["bill.created"])
    world.add_bill("HAND-1")
    world.add_bill("HAND-2")
    row = await world.until(ZOHO, 2, "not sent")
    assert row["answer"] == "the organisation's 1 webhooks of the day are used"
    await world.until(ZOHO, 1, "delivered")
    assert len(world.receiver.bodies) == 1


async def test_a_tenant_that_took_its_grant_back_is_not_announced(world: World) -> None:
    await world.subscribe(TITAN, ["bill.updated"])
    world.sandbox.company.servicetitan.revoke_grant(world.sandbox.company.access.client_id)
    world.touch_bills(1)
    assert "grants no application" in (await world.until(TITAN, 1, "not sent"))["answer"]


async def test_the_sandbox_stops_with_a_delivery_under_way() -> None:
    with anyio.fail_after(5):
        async with running() as world:
            await world.subscribe(TITAN, ["bill.updated"])
            world.receiver.open.clear()
            world.touch_bills(3)
            await eventually(lambda: len(world.receiver.bodies) == 1)
            await world.sandbox.server.stop()
            world.touch_bills(1)
            webhooks = world.emulator(TITAN).webhooks
            assert webhooks is not None
            assert {one["status"] for one in webhooks.as_dicts()} == {"dropped"}
