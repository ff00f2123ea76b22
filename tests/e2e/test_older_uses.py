"""Payments that this database has not posted itself, or before it kept whom they stand on, step aside like all others."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from pathlib import Path

import pytest
from sales_world import KIND, MODES, Selling, selling

from ml_connector.lanes.runtime import Runtime
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector_sandbox.servicetitan.books import Invoice
from rig.company import joined

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]
MakeDatabase = Callable[[], AbstractAsyncContextManager[Database]]


def paid(company: Selling, invoice: Invoice) -> list[Decimal]:
    """Xero's live payments on an invoice."""
    [there] = company.there(invoice.reference_number)
    on = there.document_id
    return [one.amount for one in company.target.payments if one.document.document_id == on and one.status != "DELETED"]


async def stepped_aside(company: Selling, invoice: Invoice, payments: list[str]) -> None:
    """The invoice is made dearer, and has its payments again."""
    [item] = company.source.invoices[invoice.id].items
    company.source.invoicing.change_item(invoice.id, item.id, warned=True, price=Decimal("150.00"))
    await company.sync()
    await company.sync()
    assert await company.end("invoices", invoice.id) == ("posted", "")
    assert company.there(invoice.reference_number)[0].total == company.source.invoices[invoice.id].total
    assert paid(company, invoice) == [Decimal(one) for one in payments]


async def test_payments_of_before_it_was_kept(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path) as company:
        billed = company.bill("100.00")
        company.take(billed, "50.00")
        await company.sync()
        async with database.tenant(
            company.desk.tenant_id
        ) as connection:  # as an update from an older release leaves it
            await connection.execute(b"delete from uses")
            await connection.execute(
                b"""insert into feed (tenant_id, connection_id, name, cursor, moved_at)
                select f.tenant_id, f.target_id, 'uses ' || f.flow_id, convert_to(max(r.record_id)::text, 'UTF8'), now()
                from flow f join record r using (tenant_id, flow_id) group by f.tenant_id, f.target_id, f.flow_id"""
            )
        await stepped_aside(company, billed, ["50.00"])
        async with company.desk.looking() as reading:
            left = await reading.all("select name from feed where tenant_id = %s and starts_with(name, 'uses ')",
                                     company.desk.tenant_id)  # fmt: skip
        assert not left


async def test_payments_of_another_database(database: Database, make_database: MakeDatabase, tmp_path: Path) -> None:
    async with selling(database, tmp_path) as first:
        billed = first.bill("100.00")
        first.take(billed, "50.00")
        await first.sync()
        file, data = tmp_path / "sandbox.json", tmp_path / "other"
        async with make_database() as empty, Runtime.on(empty, Settings(data=data, sandbox=file)) as runtime:
            desk, integration = await joined(runtime, first.sandbox.handover, KIND, MODES)
            second = Selling(first.sandbox, desk, integration)
            await second.sync()
            assert paid(second, billed) == [Decimal("50.00")]
            await stepped_aside(second, billed, ["50.00"])
