"""Zoho Books' webhooks as its emulator delivers them, told apart and understood by the connector."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from contract_line import Line
from contract_zoho_books import StageOfZohoBooks
from contract_zoho_line import zoho

from ml_connector.connectors.base import Delivery, Hint
from ml_connector.connectors.zoho_books import CONNECTOR
from ml_connector.errors import Refused

pytestmark = pytest.mark.anyio
SECRET = "sandboxsecret0123456789"
ENTITIES = (
    "parties", "bills", "vendor_credits", "vendor_payments", "invoices", "credit_notes", "payments", "items", "expenses",
)  # fmt: skip


@dataclass
class Inbox:
    """A receiver that believes nothing but what the connector has verified."""

    url: str = ""
    hints: list[Hint] = field(default_factory=list)
    refused: int = 0
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        delivery = Delivery(headers, tuple(request.query.items()), await request.read())
        try:
            self.hints += CONNECTOR.heard(SECRET, delivery, {})
        except Refused:
            self.refused += 1
        self.came.set()
        return web.Response()


@asynccontextmanager
async def listening(**switches: object) -> AsyncIterator[tuple[StageOfZohoBooks, Line, Inbox]]:
    inbox, app = Inbox(), web.Application()
    app.router.add_post("/hooks", inbox.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    inbox.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks?from=zoho"
    try:
        async with zoho(**switches) as (stage, line):  # type: ignore[arg-type]
            yield stage, line, inbox
    finally:
        await runner.cleanup()


async def heard(stage: StageOfZohoBooks, inbox: Inbox, entity: str, secret: str = SECRET) -> str:
    """Key one in, and wait for what is told of it."""
    stage.emulator.webhooks.subscribe(inbox.url, secret=secret)
    (added,) = stage.fill(entity, 1, stage.clock.now())
    for _ in range(50):
        await asyncio.wait_for(inbox.came.wait(), 10)
        if inbox.refused or any(one.id == added for one in inbox.hints):
            break
        inbox.came.clear()
    return added


@pytest.mark.parametrize("numbers", [False, True], ids=["texts", "numbers"])
@pytest.mark.parametrize("entity", ENTITIES)
async def test_a_hint_names_what_can_be_read(entity: str, numbers: bool) -> None:
    async with listening(webhook_ids_as_numbers=numbers, webhook_amounts_as_texts=numbers) as (stage, line, inbox):
        added = await heard(stage, inbox, entity)
        assert Hint(entity, added, stage.organisation) in inbox.hints and inbox.refused == 0
        found = await line.by_ids(entity, [added])
        assert found.ids == [added] and found.problems == []


@pytest.mark.parametrize("entity", ["invoices", "credit_notes", "items", "expenses"])
async def test_a_form_names_it_by_its_parameter(entity: str) -> None:
    async with listening(webhook_body="form") as (stage, _, inbox):
        added = await heard(stage, inbox, entity)
        assert Hint(entity, added, stage.organisation) in inbox.hints and inbox.refused == 0


async def test_what_another_has_signed_is_refused() -> None:
    async with listening() as (stage, _, inbox):
        await heard(stage, inbox, "invoices", "anothersecret0123456789")
        assert inbox.refused and inbox.hints == []
