"""Write-offs that change in ServiceTitan after their credit notes stand in Zoho Books, which keeps what is void."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from zoho_selling_world import Selling, selling

from ml_connector.store.database import Database
from ml_connector_sandbox.company.sales_catalogue import CHECK, WRITE_OFF
from ml_connector_sandbox.servicetitan.books import Payment

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


def corrected(company: Selling, off: Payment, amount: str, kind: str = WRITE_OFF) -> None:
    """Somebody opens its batch, enters another amount or type, and posts it again."""
    [on] = company.source.payments[off.id].splits
    company.source.collecting.set_status(off.id, "Pending")
    type_id, parts = company.sales.types[kind].id, {on.invoice_id: Decimal(amount)}
    company.source.collecting.change(off.id, total=Decimal(amount), parts=parts, type_id=type_id)
    company.source.collecting.set_status(off.id, "Posted")


async def test_a_write_off_is_edited_reversed_and_restored(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path) as company:
        invoice = company.bill("200.00")
        off = company.write_off(invoice, "55.55")
        await company.sync(2)
        assert company.there(invoice).credited == Decimal("55.55")
        for amount, kind in (("60.00", WRITE_OFF), ("60.00", CHECK), ("70.00", WRITE_OFF)):
            corrected(company, off, amount, kind)
            await company.sync(2)
            assert await company.end("payments", off.id) == ("posted", ""), await company.waits(off.id)
            assert company.there(invoice).credited == (Decimal(amount) if kind == WRITE_OFF else 0)
            assert company.compared() == []
        company.source.collecting.set_status(off.id, "Pending")
        company.source.collecting.delete(off.id)
        await company.sync(2)
        assert await company.end("payments", off.id) == ("posted", "")
        assert company.there(invoice).credited == 0 and company.compared() == []
        company.source.collecting.set_status(off.id, "Posted", active=True)
        await company.sync(2)
        assert await company.end("payments", off.id) == ("posted", ""), await company.waits(off.id)
        assert company.there(invoice).credited == Decimal("70.00") and company.compared() == []
        notes = [one for one in company.target.credit_notes if one.number.startswith(f"WO-{off.id}")]
        assert [one.state == "void" for one in notes] == [True, True, True, False]
        assert len({str(one.custom) for one in notes}) == 4, "each has a reference of its own"
