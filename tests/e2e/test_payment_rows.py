"""What a row of payment_types says: payments it passes over are planned again when it changes; a wrong one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from sales_world import selling

from ml_connector.errors import BadInput
from ml_connector.service.mapping.values import set_value
from ml_connector.store.database import Database
from ml_connector_sandbox.company.sales_catalogue import CHECK

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


async def test_a_row_that_changes_has_its_payments_planned_again(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path) as company:
        accounts = {one.code: one for one in company.target.accounts.values()}
        key = str(company.type_id(CHECK))
        await set_value(company.desk, company.integration, "payment_types", key, "none", anyway=True)
        payment = company.take(company.bill("100.00"), "100.00")
        await company.sync()
        assert await company.end("payments", payment.id) == ("skipped", "payment_by_rule")
        closed = next(one for one in accounts.values() if one.type == "CURRENT" and not one.payments_enabled)
        with pytest.raises(BadInput, match="takes no payments in the ledger; name a bank account"):
            await set_value(company.desk, company.integration, "payment_types", key, f"account:{closed.account_id}")
        bank = accounts["1200"].account_id
        await set_value(company.desk, company.integration, "payment_types", key, f"account:{bank}", anyway=True)
        await company.sync()
        assert await company.end("payments", payment.id) == ("posted", "")
        [there] = [one for one in company.target.payments if one.amount == payment.total]
        assert there.account_id == bank
