"""What hangs together with a document that is still to be made is previewed as it is sent once that is there."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from sales_world import selling

from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.previewing import stored_plans
from ml_connector.store.database import Database
from ml_connector_sandbox.company.sales_catalogue import WRITE_OFF

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


async def test_a_write_off_is_approved_with_the_tax_of_an_invoice_that_is_not_there_yet(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path, invoices="preview", payments="preview") as company:
        invoice = company.bill("200.00")
        written_off = company.take(invoice, "40.00", WRITE_OFF)
        await company.sync()
        [shown] = [
            one for one in (await stored_plans(company.desk, Filter(flow="payments"), limit=1000)).plans
            if one.decision["steps"][0].get("number") == f"WO-{written_off.id}"
        ]  # fmt: skip
        lines = shown.decision["steps"][0]["body"]["LineItems"]
        await set_flow_mode(company.desk, company.integration, "invoices", "live")
        await set_flow_mode(company.desk, company.integration, "payments", "live")
        await company.sync()
        assert await company.end("payments", written_off.id) == ("posted", "")
        [note] = [one for one in company.target.credit_notes if one.number == f"WO-{written_off.id}"]
        assert note.total_tax == sum(Decimal(str(one.get("TaxAmount", 0))) for one in lines)
        assert note.sub_total == sum(Decimal(str(one["LineAmount"])) for one in lines)


async def test_a_merged_customer_goes_over_to_one_that_is_still_to_be_made(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, customers="preview", invoices="preview", payments="off") as company:
        merged, survivor = company.homes[1], company.homes[2]
        invoice = company.bill("90.00", customer=merged)
        company.source.crm.merge(merged, survivor, documents_follow=False)
        await company.sync()
        assert await company.end("customers", survivor) == ("planned", "")
        assert await company.end("customers", merged) == ("skipped", "customer_merged_away")
        assert await company.end("invoices", invoice.id) == ("planned", "")
        await set_flow_mode(company.desk, company.integration, "customers", "live")
        await set_flow_mode(company.desk, company.integration, "invoices", "live")
        await company.sync()
        assert await company.end("invoices", invoice.id) == ("posted", "")
