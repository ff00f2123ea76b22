"""Xero's webhooks as its emulator delivers them, told apart and understood by the connector."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from contract_set import Set, play
from contract_xero import StageOfXero

from ml_connector.connectors.xero.webhooks import Hint, hints, verified
from ml_connector_sandbox.xero.webhooks import XeroWebhooks

pytestmark = pytest.mark.anyio
KEY = "SANDBOXKEY0123456789abcdefghijklmnopqrstuvwxyz=="


@dataclass
class Inbox:
    """A receiver that believes nothing but what the connector has verified."""

    url: str = ""
    hints: list[Hint] = field(default_factory=list)
    refused: int = 0
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        raw = await request.read()
        if not verified(KEY, {name.lower(): value for name, value in request.headers.items()}, raw):
            self.refused += 1
            return web.Response(status=401)
        found = hints(raw)
        self.hints += found
        if found:
            self.came.set()
        return web.Response()


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[Set, StageOfXero, Inbox]]:
    inbox, app = Inbox(), web.Application()
    app.router.add_post("/hooks", inbox.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    inbox.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks"
    try:
        async with play("xero") as set:
            assert isinstance(set.stage, StageOfXero)
            yield set, set.stage, inbox
    finally:
        await runner.cleanup()


async def test_the_intent_to_receive_is_answered_rightly() -> None:
    async with listening() as (_, stage, inbox):
        webhooks = stage.emulator.webhooks
        assert isinstance(webhooks, XeroWebhooks)
        made = webhooks.subscribe(inbox.url, secret=KEY)
        assert await webhooks.proven(made.number)
        assert (inbox.refused, inbox.hints) == (2, [])


@pytest.mark.parametrize(
    "entity", ["parties", "invoices", "bills", "credit_notes", "vendor_credits", "overpayments", "prepayments"]
)
async def test_a_hint_names_what_can_be_read(entity: str) -> None:
    async with listening() as (set, stage, inbox):
        webhooks = stage.emulator.webhooks
        assert isinstance(webhooks, XeroWebhooks)
        made = webhooks.subscribe(inbox.url, secret=KEY)
        assert await webhooks.proven(made.number)
        (added,) = stage.fill(entity, 1, set.line.clock.now())
        await asyncio.wait_for(inbox.came.wait(), 10)
        assert Hint(entity, added, stage.organisation) in inbox.hints
        # An invoice's event does not say which kind it is: the other reading finds nothing, and no error.
        for hint in inbox.hints:
            found = await set.line.by_ids(hint.entity, [hint.id])
            assert found.problems == [] and found.ids == ([added] if hint.entity == entity else [])
