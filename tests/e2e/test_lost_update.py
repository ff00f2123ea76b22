"""An update whose answer was lost: what came of it is told by the whole document, and never by its number and total."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sales_world import DAY, Selling, selling

from ml_connector.service.connection_settings import change_connection_settings
from ml_connector.service.connections import connections
from ml_connector.store.database import Database
from ml_connector_sandbox.kernel.calls import Call
from ml_connector_sandbox.kernel.faults import Fault, Faults
from ml_connector_sandbox.servicetitan.books import Invoice
from ml_connector_sandbox.xero.books.documents import Document

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


def there(company: Selling, invoice: Invoice) -> Document:
    [one] = company.there(invoice.reference_number)
    return one


def described(company: Selling, invoice: Invoice) -> str:
    return there(company, invoice).lines[0].description


def redescribed(company: Selling, invoice: Invoice, text: str) -> None:
    """Somebody words the line otherwise: number, date and total stay."""
    [item] = company.source.invoices[invoice.id].items
    company.source.invoicing.change_item(invoice.id, item.id, warned=True, description=text)


def updates(company: Selling) -> int:
    """How many calls changed invoices in Xero."""
    return sum(_updates(call) for call in company.sandbox.xero.log.calls)


def _updates(call: Call) -> bool:
    return call.method == "POST" and "/Invoices" in call.path


@asynccontextmanager
async def lost(company: Selling, monkeypatch: pytest.MonkeyPatch, kind: str) -> AsyncIterator[None]:
    """Read and send, and let the answer of the next update be lost; the block is run while the call is under way."""
    xero = next(one for one in await connections(company.desk) if one.vendor == "xero")
    await change_connection_settings(company.desk, xero, {"resend_lost": "no"})
    faults, take, added = company.sandbox.xero.faults, Faults.take, asyncio.Event()

    def chosen(self: Faults, call: Call) -> Fault | None:
        if self is faults and _updates(call) and not added.is_set():
            faults.add(Fault(call=call.number, kind=kind))
            added.set()
        return take(self, call)

    monkeypatch.setattr(Faults, "take", chosen)
    work = asyncio.create_task(company.sync())
    await asyncio.wait_for(added.wait(), 60)
    yield
    await work


async def test_one_that_arrived_is_posted_and_not_sent_again(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with selling(database, tmp_path) as company:
        sold = company.bill("100.00")
        await company.sync()
        redescribed(company, sold, "Two visits")
        async with lost(company, monkeypatch, "timeout after"):
            pass
        assert await company.end("invoices", sold.id) == ("posted", "")
        assert described(company, sold).startswith("Two visits") and updates(company) == 1
        redescribed(company, sold, "Three visits")
        await company.sync()
        assert await company.end("invoices", sold.id) == ("posted", "")
        assert described(company, sold).startswith("Three visits") and updates(company) == 2


async def test_one_that_never_arrived_is_not_taken_for_done_because_somebody_else_changed_the_document(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with selling(database, tmp_path) as company:
        sold = company.bill("100.00")
        await company.sync()
        before = described(company, sold)
        redescribed(company, sold, "Two visits")
        async with lost(company, monkeypatch, "timeout before"):
            bank = next(one for one in company.target.accounts.values() if one.type == "BANK")
            company.target.desk.pay(there(company, sold), DAY, "10.00", bank)
        state, reason = await company.end("invoices", sold.id)
        assert (state, reason) == ("held", "change_when_paid") or described(company, sold) != before
