"""A change whose invoice in Xero cannot be read before is held, so that it is seen, and goes once it can be read again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sales_world import Selling, selling

from ml_connector.connectors.base import Session
from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.connectors.xero.connector import Xero
from ml_connector.service.explaining import explain
from ml_connector.store.database import Database
from ml_connector.sync import unread
from ml_connector.sync.directory import read_all_anew
from ml_connector_sandbox.servicetitan.books import Invoice

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


def redescribed(company: Selling, invoice: Invoice, text: str) -> None:
    """Somebody words the line otherwise."""
    [item] = company.source.invoices[invoice.id].items
    company.source.invoicing.change_item(invoice.id, item.id, warned=True, description=text)


def unreadable(patch: pytest.MonkeyPatch) -> None:
    """From now on Xero shows an invoice that is asked for by its id in a way nobody understands."""
    read = Xero.read

    async def spoilt(session: Session, reading: Reading) -> AsyncIterator[Page]:
        if reading.entity == "invoices" and reading.ids:
            yield Page(
                tuple(Row(one, b"{}", None, problem="It shows no total.") for one in reading.ids), b"", last=True
            )
            return
        async for page in read(session, reading):
            yield page

    patch.setattr(Xero, "read", staticmethod(spoilt))


async def test_what_cannot_be_read_is_held_and_frees_itself(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, payments="off") as company:
        sold = company.bill("100.00")
        await company.sync()
        redescribed(company, sold, "Two visits")
        with pytest.MonkeyPatch.context() as patch:
            unreadable(patch)
            patch.setattr(unread, "TRIED_AT_LEAST", 3)
            patch.setattr(unread, "TOLD_AFTER", timedelta(minutes=8))
            await company.sync()
            assert await company.end("invoices", sold.id) == ("held", "unreadable_there")
            [wait] = (await explain(company.desk, str(sold.id))).versions[-1].waits
            assert f"It changes {sold.reference_number} (invoices) in Xero" in wait.sentence
            assert "since 2026-11-17" in wait.sentence and "cannot be read: It shows no total." in wait.sentence
            await _lists_anew(company)
            assert await company.end("invoices", sold.id) == ("held", "unreadable_there")
        await _lists_anew(company)
        assert await company.end("invoices", sold.id) == ("posted", "")
        [there] = company.there(sold.reference_number)
        assert there.lines[0].description.startswith("Two visits")


async def _lists_anew(company: Selling) -> None:
    """As once a day: every list is read from its beginning."""
    async with company.desk.runtime.database.tenant(company.desk.tenant_id) as connection:
        await read_all_anew(connection, company.desk.tenant_id, company.integration.target_id)
    await company.sync()
