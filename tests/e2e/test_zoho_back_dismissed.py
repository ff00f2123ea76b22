"""What a person dismissed of a change in Zoho Books is what later changes are laid against, on the way into ServiceTitan."""

from __future__ import annotations

from pathlib import Path

import pytest
from back_world import Back, back
from test_zoho_expenses_back import spent

from ml_connector.service.dismissing import dismiss
from ml_connector.service.finding import Filter
from ml_connector.service.replaying import replay
from ml_connector.store.database import Database
from ml_connector_sandbox.zoho_books.books import expenses

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]
HELD, ALIKE = ("held", "expense_back_changed"), ("unchanged", "")


async def changed(company: Back, expense: str, **changes: str) -> tuple[str, str]:
    """How the expense ends once it is changed at Zoho and read again."""
    kept = company.zoho.expenses.get(expense)
    assert kept is not None
    expenses.update(company.zoho, kept, changes)
    company.jump(minutes=5)
    await company.sync()
    return (await company.ends("expenses_back"))[expense]


async def test_an_expense_that_goes_back_after_a_dismissed_change_is_held_again(
    database: Database, tmp_path: Path
) -> None:
    async with back(database, tmp_path, expenses_back="live") as company:
        expense = spent(company, "5110", "41.50")
        await company.sync()
        assert await changed(company, expense, amount="45.00") == HELD
        record = await company.record("expenses_back", expense)
        await dismiss(company.desk, record, "the entry was corrected to 45.00")
        assert await changed(company, expense, description="Diesel") == ALIKE, "words alone are not asked about again"
        assert await changed(company, expense, amount="41.50") == HELD
        [wait] = (await company.life("expenses_back", expense)).versions[-1].waits
        assert "dismissed: it is 41.50 USD" in wait.sentence and "Then it was 45.00 USD" in wait.sentence
        assert await changed(company, expense, amount="45.00") == ALIKE


async def test_what_was_dismissed_by_mistake_is_held_again_by_a_replay(database: Database, tmp_path: Path) -> None:
    async with back(database, tmp_path, expenses_back="live") as company:
        expense = spent(company, "5110", "41.50")
        await company.sync()
        assert await changed(company, expense, amount="45.00") == HELD
        record = await company.record("expenses_back", expense)
        await dismiss(company.desk, record, "not this one")
        await replay(company.desk, Filter(record_ids=(int(record[1:]),)))
        await company.sync()
        assert (await company.ends("expenses_back"))[expense] == HELD
        assert await changed(company, expense, amount="41.50") == ALIKE


async def test_a_change_of_a_payment_that_was_dismissed_is_not_asked_about_again(
    database: Database, tmp_path: Path
) -> None:
    async with back(database, tmp_path, payments_back="live") as company:
        invoice = company.bill("400")
        await company.sync()
        paid = company.receive(invoice, amount="150")["payment_id"]
        await company.sync()
        assert await corrected(company, paid, "120.00") == ("held", "payment_back_changed")
        await dismiss(company.desk, await company.record("payments_back", paid), "it stays as it was")
        kept = company.zoho.customer_payments.get(paid)
        assert kept is not None
        for amount, end in (("120.00", ALIKE), ("130.00", ("held", "payment_back_changed")), ("150.00", ALIKE)):
            assert await corrected(company, paid, amount) == end, amount


async def test_an_increase_of_a_payment_that_was_dismissed_is_not_asked_about_again(
    database: Database, tmp_path: Path
) -> None:
    async with back(database, tmp_path, payments_back="live") as company:
        invoice = company.bill("400")
        await company.sync()
        paid = company.receive(invoice, amount="100")["payment_id"]
        await company.sync()
        assert await corrected(company, paid, "120.00") == ("held", "payment_back_changed")
        await dismiss(
            company.desk, await company.record("payments_back", paid), "the 20 are a payment of their own there"
        )
        assert await corrected(company, paid, "120.00") == ALIKE
        assert await corrected(company, paid, "130.00") == ("held", "payment_back_changed")
        [wait] = (await company.life("payments_back", paid)).versions[-1].waits
        assert "120.00 USD -> 130.00 USD" in wait.sentence and "linked with" not in wait.sentence


async def corrected(company: Back, payment: str, amount: str) -> tuple[str, str]:
    """How a payment ends once somebody has corrected it at Zoho to an amount and it is read again."""
    company.reapply(payment, amount)
    company.jump(minutes=5)
    await company.sync()
    return (await company.ends("payments_back"))[payment]
