"""Payments of a closed period go on the first open day in Zoho Books, and are known there by their own day afterwards."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from zoho_selling_world import KIND, selling

from ml_connector.service.finding import Filter
from ml_connector.service.integrating import change_settings, integration_named
from ml_connector.service.replaying import replay
from ml_connector.store.database import Database
from ml_connector_sandbox.company.sales_catalogue import CHECK, WRITE_OFF

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]

SOLD, PAID, OPEN = date(2026, 10, 27), date(2026, 10, 29), date(2026, 11, 1)
MOVED = {"closed_through": "2026-10-31", "closed_period": "first open day"}


async def test_moved_money_is_applied_later_and_a_moved_write_off_stays(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path) as company:
        sold, lost = company.bill("300.00", on=SOLD), company.bill("200.00", on=SOLD)
        await company.sync(2)
        await change_settings(company.desk, await integration_named(company.desk, KIND), MOVED)
        types, collecting = company.sales.types, company.source.collecting
        paid = collecting.take(sold.customer_id, types[CHECK].id, Decimal("500.00"), {}, paid_on=PAID)
        off = collecting.write_off(lost.id, types[WRITE_OFF].id, Decimal("55.55"), paid_on=PAID)
        company.post(payments=(paid, off))
        await company.sync(2)
        [there], note = company.all_paid(paid), company.credit(f"WO-{off.id}")
        assert (there.date, there.amount, note.date) == (OPEN, 500, OPEN)
        assert there.reference_number.endswith("(dated 2026-10-29)")

        collecting.apply(paid.id, {sold.id: Decimal("200.00")})
        collecting.set_status(off.id, "Exported")
        await company.sync(2)
        assert await company.end("payments", paid.id) == ("posted", ""), await company.waits(paid.id)
        assert await company.end("payments", off.id) == ("unchanged", "")
        [after] = company.all_paid(paid)
        assert (after.payment_id, after.date, after.reference_number) == (
            there.payment_id,
            OPEN,
            there.reference_number,
        )
        assert company.there(sold).balance == company.source.invoices[sold.id].balance
        notes = [one.document_id for one in company.target.credit_notes if str(off.id) in one.number]
        assert notes == [note.document_id]
        before = company.sandbox.zoho_books.essence()
        await replay(company.desk, Filter(flow="payments"))
        await company.sync()
        assert company.sandbox.zoho_books.essence() == before
