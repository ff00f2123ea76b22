"""Webhooks: thin events, signed over the raw body, after an intent to receive has been proven."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import aiohttp
from yarl import URL

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.webhook_courier import NOT_SENT, Delivery
from ml_connector_sandbox.kernel.webhook_rules import (
    Change,
    Numbers,
    Parcel,
    Subscription,
    WebhookRules,
    digest,
    seconds_listed,
)
from ml_connector_sandbox.kernel.webhooks import Webhooks
from ml_connector_sandbox.xero.books.company import XeroBooks
from ml_connector_sandbox.xero.hosts import API, BASE

SIGNATURE_HEADER = "x-xero-signature"
CATEGORIES = {
    "contact": ("CONTACT", "Contacts"),
    "invoice": ("INVOICE", "Invoices"),
    "credit_note": ("CREDITNOTE", "CreditNotes"),
    "prepayment": ("PREPAYMENT", "Prepayments"),
    "overpayment": ("OVERPAYMENT", "Overpayments"),
}
"""Entity -> category and resource. Payments, purchase orders, items and accounts announce nothing."""
PROVEN, PENDING, REFUSED = "proven", "pending", "refused"
_TRIES = (True, False, True, False)
"""Of the intent to receive: is the delivery signed rightly."""


def announcer(announce: Callable[[Change], None]) -> Callable[[str, str, str, Any], None]:
    """What the books call after every change. No method: books are copied, and what hears them is not."""

    def heard(tenant_id: str, event: str, record_id: str, record: Any) -> None:
        if event.partition(".")[0] in CATEGORIES:
            announce(Change(event, tenant_id, record_id, record))

    return heard


class XeroRules(WebhookRules):
    """What goes over the wire."""

    events = tuple(f"{entity}.{action}" for entity in CATEGORIES for action in ("created", "updated"))

    def __init__(self, company: XeroBooks) -> None:
        self._company = company
        self._sequences: Counter[int] = Counter()
        self._chance = random.Random(20)

    def check_secret(self, secret: str) -> None:
        """The portal makes the key; there are no unsigned subscriptions."""
        if not secret:
            raise ValueError("secret must be the webhook key: Xero signs every delivery")

    def compose(self, subscription: Subscription, change: Change, numbers: Numbers) -> Parcel:
        """One delivery with one event."""
        self._sequences[subscription.number] += 2 if self._company.switches.webhook_sequence_gaps else 1
        sequence = self._sequences[subscription.number]
        return self.parcel(subscription, [self._event(change)], sequence)

    def parcel(self, subscription: Subscription, events: list[Any], sequence: int, signed: bool = True) -> Parcel:
        """Signed bytes; ``signed`` False: with a signature that does not fit."""
        body = exact.dumps(
            {
                "events": events,
                "lastEventSequence": sequence,
                "firstEventSequence": sequence,
                "entropy": "".join(self._chance.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=20)),
            }
        )
        key = subscription.secret if signed else f"{subscription.secret} "
        headers = {"Content-Type": "application/json; charset=utf-8"}
        return Parcel({**headers, SIGNATURE_HEADER: digest(key, body, "base64")}, body)

    def admit(self, change: Change) -> str:
        """Everything is announced."""
        return ""

    def retry_seconds(self) -> tuple[float, ...]:
        """As the switch says."""
        return seconds_listed(self._company.switches.webhook_retry_seconds)

    def time_out_seconds(self) -> float:
        """As the switch says."""
        return self._company.switches.webhook_time_out_seconds

    def _event(self, change: Change) -> dict[str, Any]:
        category, resource = CATEGORIES[change.entity]
        moment = self._company.organisations[change.company].now()
        event: dict[str, Any] = {
            "resourceUrl": f"https://{API}{BASE}/{resource}/{change.object_id}",
            "resourceId": change.object_id,
            "eventDateUtc": moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}",
            "eventType": "CREATE" if change.action == "created" else "UPDATE",
            "eventCategory": category,
            "tenantId": change.company,
            "tenantType": "ORGANISATION",
        }
        if category == "CREDITNOTE":
            event["data"] = {"Type": change.record.type, "Status": change.record.status}
        return event


class XeroWebhooks(Webhooks):
    """Subscriptions that count once their address has told rightly signed empty deliveries from wrongly signed ones."""

    def __init__(self, clock: SandboxClock, company: XeroBooks) -> None:
        super().__init__(clock, XeroRules(company))
        self._company = company
        self._intents: dict[int, asyncio.Task[bool]] = {}

    def subscribe(
        self, url: str, events: tuple[str, ...] = (), *, secret: str = "", method: str = "POST", company: str = ""
    ) -> Subscription:
        """As everywhere; the intent to receive is tried at once."""
        made = super().subscribe(url, events, secret=secret, method=method, company=company)
        if self._company.switches.webhook_intent:
            self._intents[made.number] = asyncio.create_task(self._try(made))
        return made

    async def proven(self, number: int) -> bool:
        """Wait until the subscription's intent to receive is decided."""
        return number not in self._intents or await self._intents[number]

    def state(self, number: int) -> str:
        """proven, pending or refused."""
        task = self._intents.get(number)
        if task is None:
            return PROVEN
        return PENDING if not task.done() else PROVEN if task.result() else REFUSED

    async def stop(self) -> None:
        for task in self._intents.values():
            task.cancel()
        await asyncio.gather(*self._intents.values(), return_exceptions=True)
        await super().stop()

    def _composed(self, delivery: Delivery, subscription: Subscription, change: Change) -> bool:
        if self.state(subscription.number) != PROVEN:
            delivery.status, delivery.answer = NOT_SENT, "the intent to receive is not proven"
            return False
        return super()._composed(delivery, subscription, change)

    async def _try(self, subscription: Subscription) -> bool:
        """Rightly signed ones want 2xx, wrongly signed ones 401, both in time and without a body."""
        rules = self.rules
        assert isinstance(rules, XeroRules)
        seconds = aiohttp.ClientTimeout(total=rules.time_out_seconds())
        async with aiohttp.ClientSession(timeout=seconds) as session:
            for signed in _TRIES:
                parcel = rules.parcel(subscription, [], 0, signed)
                if not await _tried(session, subscription.url, parcel, signed):
                    return False
        return True


async def _tried(session: aiohttp.ClientSession, url: str, parcel: Parcel, signed: bool) -> bool:
    try:
        async with session.post(URL(url, encoded=True), data=parcel.body, headers=parcel.headers) as got:
            body = await got.read()
            fits = 200 <= got.status < 300 if signed else got.status == 401
            return fits and not body and "Set-Cookie" not in got.headers
    except (aiohttp.ClientError, OSError, TimeoutError):
        return False
