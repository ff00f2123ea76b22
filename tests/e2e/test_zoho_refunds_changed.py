"""Money given back that ServiceTitan changes or takes back after it was posted in Zoho Books, where no list shows refunds."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from zoho_selling_world import Selling, selling

from ml_connector.store.database import Database
from ml_connector_sandbox.zoho_books.books import crediting

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


async def forget(company: Selling) -> None:
    """As if the refunds had been made before steps filed what no list shows."""
    async with company.desk.changing() as change:
        here = company.desk.tenant_id
        await change.run("delete from directory where tenant_id = %s and entity = 'refunds'", here)


def asked_for(company: Selling) -> int:
    """How often refunds of one credit were asked for."""
    calls = company.sandbox.zoho_books.log.calls
    return sum(one.method == "GET" and one.path.endswith("/refunds") for one in calls)


async def test_a_refund_that_was_never_read_is_read_once_a_change_waits_for_it(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path) as company:
        sold, other = company.bill("300.00"), company.bill("200.00")
        paid, more = company.take(str(sold.total), (sold, str(sold.total))), company.take("200.00", (other, "200.00"))
        adjustment, back = company.give_back(paid, sold, "80.00")
        company.give_back(more, other, "50.00")
        await company.sync(2)
        await forget(company)
        before = asked_for(company)
        company.source.collecting.set_status(back.id, "Pending")
        company.source.collecting.delete(back.id)
        await company.sync(2)
        assert await company.end("payments", back.id) == ("posted", ""), await company.waits(back.id)
        assert company.credit(adjustment.reference_number).refunds == []
        assert asked_for(company) == before + 1, "of the other refund nobody asks anything"
        await company.sync()
        assert asked_for(company) == before + 1 and company.compared() == []


async def test_a_refund_that_was_never_read_and_is_gone_is_told_so_and_not_made_again(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path) as company:
        sold = company.bill("300.00")
        paid = company.take(str(sold.total), (sold, str(sold.total)))
        adjustment, back = company.give_back(paid, sold, "80.00")
        await company.sync(2)
        await forget(company)
        note = company.credit(adjustment.reference_number)
        [refund] = note.refunds
        crediting.delete_refund(company.target, note, refund)
        company.source.collecting.set_status(back.id, "Pending")
        company.source.collecting.delete(back.id)
        await company.sync(2)
        state, reason = await company.end("payments", back.id)
        assert (state, reason) == ("held", "gone_there"), await company.waits(back.id)
        assert company.credit(adjustment.reference_number).refunds == []
