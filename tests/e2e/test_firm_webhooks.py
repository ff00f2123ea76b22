"""Zoho's signed announcements of bills and payments bring them into ServiceNow without a scheduled reading."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from payables_world import payables

from ml_connector.service.scheduling import schedule
from ml_connector.service.webhooks import add_webhook, webhooks
from ml_connector.service.working import working
from ml_connector.store.database import Database
from ml_connector.web.server import listening, serving

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

LOOKS = 150


async def test_an_announced_bill_and_its_payment_are_staged_at_once(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        await firm.sync()
        for one in firm.integration.flows:
            if one.mode != "off":
                await schedule(firm.desk, firm.integration, one.name, "0 0 1 1 *")
        with listening("127.0.0.1:0") as door:
            base = f"http://127.0.0.1:{door.getsockname()[1]}"
            async with serving(firm.runtime, door, asyncio.Event()), working(firm.runtime) as work:
                hook = await add_webhook(firm.desk, "zoho-books", base, "k" * 40)
                firm.sandbox.zoho_books.webhooks.subscribe(hook.address, secret="k" * 40)
                bill = firm.bill()
                for _ in range(LOOKS):
                    if firm.invoices(bill):
                        break
                    await work.pause()
                assert len(firm.invoices(bill)) == 1
                firm.at_zoho("pay", bills=[bill.number])
                for _ in range(LOOKS):
                    if firm.payments(bill):
                        break
                    await work.pause()
                assert len(firm.payments(bill)) == 1
                [heard] = await webhooks(firm.desk)
                assert (heard.refused, heard.heard > 1) == (0, True)
