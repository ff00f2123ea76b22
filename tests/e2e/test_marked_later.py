"""An invoice that went before its batch was posted is marked as exported when that is posted, and once."""

from __future__ import annotations

from pathlib import Path

import pytest
from sales_world import selling

from ml_connector.store.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("gate", ["completed", "draft when completed"])
async def test_an_invoice_is_marked_when_its_batch_is_posted(database: Database, tmp_path: Path, gate: str) -> None:
    async with selling(database, tmp_path, {"invoice_gate": gate}, invoices_exported="live") as company:
        invoice = company.bill("120.00", posted=False)
        await company.sync()
        [there] = company.there(invoice.reference_number)
        assert there.status == ("AUTHORISED" if gate == "completed" else "DRAFT")
        assert await company.end("invoices_exported", invoice.id) == ("skipped", "not_batched")
        assert company.source.invoices[invoice.id].sync_status == "Pending"
        company.post(invoice)
        await company.sync()
        assert company.source.invoices[invoice.id].sync_status == "Exported"
        assert await company.end("invoices_exported", invoice.id) == ("posted", "")
        assert [one.status for one in company.there(invoice.reference_number)] == ["AUTHORISED"]
        before = await company.versions("invoices_exported")
        assert before.count("superseded") == 1
        await company.sync()
        await company.sync()
        assert await company.versions("invoices_exported") == before
