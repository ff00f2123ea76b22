"""An invoice is not changed under our payment while nobody would put the payment back."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from sales_world import Selling, selling

from ml_connector.service.flows import set_flow_mode
from ml_connector.store.database import Database
from ml_connector_sandbox.servicetitan.books import Invoice

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


def paid(company: Selling, invoice: Invoice) -> list[Decimal]:
    """Xero's live payments on an invoice."""
    [there] = company.there(invoice.reference_number)
    on = there.document_id
    return [one.amount for one in company.target.payments if one.document.document_id == on and one.status != "DELETED"]


@pytest.mark.parametrize("mode", ["off", "preview"])
async def test_a_payment_whose_flow_is_not_live_stays_on_its_invoice(
    database: Database, tmp_path: Path, mode: str
) -> None:
    async with selling(database, tmp_path) as company:
        billed = company.bill("100.00")
        company.take(billed, "50.00")
        await company.sync()
        await set_flow_mode(company.desk, company.integration, "payments", mode)
        [item] = company.source.invoices[billed.id].items
        company.source.invoicing.change_item(billed.id, item.id, warned=True, price=Decimal("150.00"))
        await company.sync()
        assert paid(company, billed) == [Decimal("50.00")]
        assert await company.end("invoices", billed.id) == ("held", "change_when_paid")
