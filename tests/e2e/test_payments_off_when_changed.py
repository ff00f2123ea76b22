"""An invoice is not changed under our payment while nobody would put the payment back, and what is dismissed stays away."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from sales_world import Selling, selling

from ml_connector.service.dismissing import dismiss
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.mapping.values import set_value
from ml_connector.service.posted import AWAITING
from ml_connector.service.status import status
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


async def test_a_payment_that_a_person_has_dismissed_does_not_go_again(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path) as company:
        billed = company.bill("100.00")
        money = company.take(billed, "50.00")
        await company.sync()
        [there] = company.there(billed.reference_number)
        [old] = [one for one in company.target.payments if one.document is there]
        company.target.desk.reconcile(old)
        company.source.collecting.change(money.id, parts={billed.id: Decimal("60.00")}, total=Decimal("60.00"))
        await company.sync()
        assert await company.end("payments", money.id) == ("held", "payment_reconciled")
        await dismiss(company.desk, str(money.id), "the bank's line is right")
        old.is_reconciled = False  # the bank line was matched with something else
        company.target.desk.remove_payment(old)
        company.target.desk.remove(there)
        await set_value(company.desk, company.integration, "invoice_numbers", str(billed.id), "100X", anyway=True)
        company.source.invoicing.change(billed.id, warned=True, summary="Sent again under another number")
        await company.sync()
        await company.sync()
        [new] = company.there("100X")
        assert not [one for one in company.target.payments if one.document is new]
        assert await company.end("payments", money.id) == ("skipped", "dismissed")


async def test_a_draft_of_an_order_waits_for_nobodys_approval(database: Database, tmp_path: Path) -> None:
    modes = {"invoices": "off", "payments": "off", "vendors": "as needed", "purchase_orders": "live"}
    async with selling(database, tmp_path, **modes) as company:
        await company.sync()
        assert "DRAFT" in {one.status for one in company.target.orders}
        [orders] = [
            flow
            for one in (await status(company.desk)).integrations
            for flow in one.flows
            if flow.flow == "purchase_orders"
        ]
        assert orders.states["posted"].count and AWAITING not in orders.states
