"""What payments and expenses of Zoho Books use of the tables of what goes back, surveyed before such a flow is on."""

from __future__ import annotations

from pathlib import Path

import pytest
from back_world import back
from test_zoho_expenses_back import spent

from ml_connector.service.mapping.coverage import coverage
from ml_connector.service.mapping.surveying import survey
from ml_connector.service.mapping.values import remove_value
from ml_connector.store.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]


async def test_keys_of_what_would_go_back_are_told_before_a_flow_is_on(database: Database, tmp_path: Path) -> None:
    async with back(database, tmp_path) as company:
        invoice = company.bill("400")
        await company.sync()
        company.receive(invoice, amount="150")
        number = "Z-1"  # no counterpart of ServiceTitan's: what is on it alone does not go
        company.enter_at_zoho(invoice, number)
        company.at_zoho("receive", customer=company.name_of(invoice), invoices=[number], amount="10")
        spent(company, "5110", "41.50")
        done = await survey(company.desk, company.integration)
        found = await coverage(company.desk, company.integration)
        assert found.not_surveyed == ("payment_modes", "expense_accounts") and not done.left
        before = company.sandbox.zoho_books.essence(), company.sandbox.servicetitan.essence()
        done = await survey(company.desk, company.integration, back=True)
        found = await coverage(company.desk, company.integration)
        assert found.not_surveyed == () and not done.left and not done.spared
        tables = {one.table: one for one in found.tables}
        assert [(tables[one].documents, tables[one].open) for one in ("payment_modes", "expense_accounts")] == [
            (1, ())
        ] * 2
        await remove_value(company.desk, company.integration, "payment_modes", "check")
        found = await coverage(company.desk, company.integration)
        [key] = {one.table: one for one in found.tables}["payment_modes"].open
        assert (key.key, key.name, key.documents) == ("check", "Check", 1)
        assert (company.sandbox.zoho_books.essence(), company.sandbox.servicetitan.essence()) == before
        assert await company.ends("payments_back") == {}
