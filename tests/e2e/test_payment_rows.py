"""What a row of payment_types says: payments it passes over are planned again when it changes; a wrong one is refused;

those that were approved under another row are approved again.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sales_world import selling

from ml_connector.errors import BadInput
from ml_connector.service.approving import approvable, approve_listed
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
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


async def test_what_was_approved_under_another_row_says_so_and_is_approved_again_in_one_step(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path, payments="preview") as company:
        key, changed = str(company.type_id(CHECK)), Filter(reason="preview_changed")
        payments = [company.take(company.bill(amount), amount) for amount in ("100.00", "200.00")]
        await company.sync()
        approved = await approve_listed(company.desk, await approvable(company.desk, Filter(flow="payments")))
        assert {(await company.end("payments", one.id))[0] for one in payments} == {"staged"} and not approved.refused
        [bank] = [one for one in company.target.accounts.values() if one.code == "1010"]
        await set_value(company.desk, company.integration, "payment_types", key, f"account:{bank.account_id}")
        await company.sync()
        assert {await company.end("payments", one.id) for one in payments} == {("held", "preview_changed")}
        [wait] = (await explain(company.desk, str(payments[0].id))).versions[-1].waits
        told = f": account: was 1200 Undeposited Money, is 1010 {bank.name}. It is so since the row '{key}' ({CHECK}) of the"
        assert told in wait.sentence
        assert f" by rig, from account 1200 Undeposited Money to account 1010 {bank.name}." in wait.sentence
        again = await approve_listed(company.desk, await approvable(company.desk, changed))
        assert set(again.record_ids) < set(approved.record_ids) and not again.refused  # the others are as approved
        await company.sync()
        assert {await company.end("payments", one.id) for one in payments} == {("posted", "")}
        there = [one for one in company.target.payments if one.amount in {one.total for one in payments}]
        assert {one.account_id for one in there} == {bank.account_id}
