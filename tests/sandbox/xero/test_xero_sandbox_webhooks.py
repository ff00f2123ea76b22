"""Webhooks: the intent to receive, categories, payload, signature."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from xero_world import NZ, TODAY, US, Sandbox

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.kernel.webhook_rules import digest
from ml_connector_sandbox.xero.webhooks import PROVEN, REFUSED, XeroWebhooks

pytestmark = pytest.mark.anyio
KEY = "TESTKEY0123456789abcdefghijklmnopqrstuvwxyzTESTKEY0123456789abcdefgh=="


@dataclass
class Receiver:
    """A receiver that checks signatures, unless it is ``careless``."""

    url: str = ""
    careless: bool = False
    bodies: list[Any] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        raw = await request.read()
        made = base64.b64encode(hmac.new(KEY.encode(), raw, hashlib.sha256).digest()).decode()
        if made != request.headers["x-xero-signature"] and not self.careless:
            return web.Response(status=401)
        self.bodies.append(exact.loads(raw))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    @property
    def events(self) -> list[Any]:
        return [event for body in self.bodies for event in body["events"]]

    async def wait(self, count: int) -> list[Any]:
        for _ in range(200):
            if len(self.events) >= count:
                break
            await asyncio.sleep(0.01)
        assert len(self.events) == count
        return self.events


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/hooks", made.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks"
    yield made
    await runner.cleanup()


async def subscribed(sandbox: Sandbox, receiver: Receiver, **more: Any) -> int:
    assert isinstance(sandbox.emulator.webhooks, XeroWebhooks)
    made = sandbox.emulator.webhooks.subscribe(receiver.url, secret=KEY, **more)
    await sandbox.emulator.webhooks.proven(made.number)
    receiver.bodies.clear()
    return made.number


def test_the_signature_takes_the_key_as_text() -> None:
    body = b'{"events":[],"lastEventSequence":0,"firstEventSequence":0,"entropy":"S0m3r4Nd0mt3xt"}'
    assert digest(KEY, body, "base64") == "/QcebQhqlbRVCUY1JYrwzC1oa7cUJU/MbZOVTveQz5k="


async def test_a_change_is_announced_thinly(sandbox: Sandbox, receiver: Receiver) -> None:
    await subscribed(sandbox, receiver)
    made = await sandbox.made()
    (event,) = await receiver.wait(1)
    assert event == {
        "resourceUrl": f"https://api.xero.com/api.xro/2.0/Invoices/{made['InvoiceID']}",
        "resourceId": made["InvoiceID"],
        "eventDateUtc": "2026-09-14T09:29:59.100",
        "eventType": "CREATE",
        "eventCategory": "INVOICE",
        "tenantId": NZ,
        "tenantType": "ORGANISATION",
    }
    body = receiver.bodies[-1]
    assert (body["firstEventSequence"], body["lastEventSequence"], len(body["entropy"])) == (1, 1, 20)
    await sandbox.api("POST", f"/Invoices/{made['InvoiceID']}", {"Status": "VOIDED"})
    await receiver.wait(2)
    assert receiver.events[-1]["eventType"] == "UPDATE" and receiver.bodies[-1]["lastEventSequence"] == 2


@pytest.mark.parametrize(("fires", "count"), [(True, 2), (False, 1)])
async def test_a_payment_announces_its_invoice_as_the_switch_says(
    sandbox: Sandbox, receiver: Receiver, fires: bool, count: int
) -> None:
    sandbox.switches.payment_fires_invoice = fires
    await subscribed(sandbox, receiver)
    await sandbox.api("PUT", "/Payments", sandbox.payment(await sandbox.made()))
    assert [one["eventCategory"] for one in await receiver.wait(count)] == ["INVOICE"] * count


async def test_credits_and_contacts_have_categories_and_orders_have_none(sandbox: Sandbox, receiver: Receiver) -> None:
    await subscribed(sandbox, receiver)
    desk, jane = sandbox.books.desk, sandbox.contact
    desk.add_purchase_order(jane, TODAY, [sandbox.line(AccountCode="300")])
    desk.add_credit_note(jane, TODAY, [sandbox.line()])
    desk.add_bank_credit("RECEIVE-OVERPAYMENT", jane, TODAY, 5, sandbox.bank)
    line = {"AccountCode": "200"}
    desk.add_bank_credit("RECEIVE-PREPAYMENT", jane, TODAY, 5, sandbox.bank, line=line)
    desk.archive_contact(jane)
    events = await receiver.wait(4)
    assert [one["eventCategory"] for one in events] == ["CREDITNOTE", "OVERPAYMENT", "PREPAYMENT", "CONTACT"]
    assert events[0]["data"] == {"Type": "ACCRECCREDIT", "Status": "AUTHORISED"}


async def test_a_subscription_of_one_organisation(sandbox: Sandbox, receiver: Receiver) -> None:
    await subscribed(sandbox, receiver, company=US, events=("contact.created",))
    sandbox.books.desk.add_contact("Here")
    sandbox.company.organisations[US].desk.add_contact("There")
    (event,) = await receiver.wait(1)
    assert event["tenantId"] == US


async def test_an_address_that_accepts_wrong_signatures_gets_nothing(sandbox: Sandbox, receiver: Receiver) -> None:
    receiver.careless = True
    number = await subscribed(sandbox, receiver)
    webhooks = sandbox.emulator.webhooks
    assert isinstance(webhooks, XeroWebhooks) and webhooks.state(number) == REFUSED
    await sandbox.made()
    await asyncio.sleep(0.05)
    assert receiver.bodies == [] and webhooks.as_dicts()[-1]["status"] == "not sent"


async def test_the_intent_is_tried_rightly_and_wrongly_signed(sandbox: Sandbox, receiver: Receiver) -> None:
    webhooks = sandbox.emulator.webhooks
    assert isinstance(webhooks, XeroWebhooks)
    number = webhooks.subscribe(receiver.url, secret=KEY).number
    assert await webhooks.proven(number) and webhooks.state(number) == PROVEN
    assert [one["events"] for one in receiver.bodies] == [[], []]
    assert {one["firstEventSequence"] for one in receiver.bodies} == {0}
    with pytest.raises(ValueError, match="signs every delivery"):
        webhooks.subscribe(receiver.url)


async def test_a_failed_delivery_is_tried_again_at_once(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.switches.webhook_sequence_gaps = True
    await subscribed(sandbox, receiver)
    receiver.statuses = [500]
    await sandbox.made()
    first, second = await receiver.wait(2)
    assert first == second and receiver.bodies[0] == receiver.bodies[1]
    assert receiver.bodies[0]["lastEventSequence"] == 2
