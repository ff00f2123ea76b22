"""Money given back that ServiceTitan changes or takes back after it was posted in Zoho Books, where no list shows refunds."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from zoho_selling_world import selling

from ml_connector.store.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


async def test_a_refund_is_reversed_and_comes_back(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path) as company:
        sold = company.bill("300.00")
        paid = company.take(str(sold.total), (sold, str(sold.total)))
        adjustment, back = company.give_back(paid, sold, "80.00")
        await company.sync(2)
        assert company.compared() == []
        number = adjustment.reference_number
        [first] = company.credit(number).refunds
        company.source.collecting.set_status(back.id, "Pending")
        company.source.collecting.delete(back.id)
        await company.sync(2)
        assert await company.end("payments", back.id) == ("posted", ""), await company.waits(back.id)
        assert (company.credit(number).refunds, company.credit(number).balance) == ([], -back.total)
        company.source.collecting.set_status(back.id, "Posted", active=True)
        await company.sync(2)
        assert await company.end("payments", back.id) == ("posted", ""), await company.waits(back.id)
        [again] = company.credit(number).refunds
        assert (again.amount, company.credit(number).balance) == (-back.total, Decimal(0)) and again != first
        assert company.compared() == []


async def test_a_refund_that_was_never_read_is_not_told_to_be_gone(database: Database, tmp_path: Path) -> None:
    """As one that was made before steps filed what no list shows."""
    async with selling(database, tmp_path) as company:
        sold = company.bill("300.00")
        paid = company.take(str(sold.total), (sold, str(sold.total)))
        adjustment, back = company.give_back(paid, sold, "80.00")
        await company.sync(2)
        async with company.desk.changing() as change:
            here = company.desk.tenant_id
            await change.run("delete from directory where tenant_id = %s and entity = 'refunds'", here)
        company.source.collecting.set_status(back.id, "Pending")
        company.source.collecting.delete(back.id)
        await company.sync(2)
        assert await company.end("payments", back.id) == ("held", "posted_unseen"), await company.waits(back.id)
        assert len(company.credit(adjustment.reference_number).refunds) == 1
