"""Account settings that were given before the ledger's accounts were read: looked up as soon as they are, and told."""

from __future__ import annotations

from decimal import Decimal

import pytest
from service_ledger import LISTS, bill, make_company

from ml_connector.canonical.master_data import Account
from ml_connector.connectors.checking import Verdict
from ml_connector.service.desk import Desk
from ml_connector.service.explaining import explain
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import change_settings
from ml_connector.service.mapping.values import set_value
from ml_connector.service.status import status
from ml_connector.service.strange_accounts import strange_accounts

pytestmark = pytest.mark.anyio

FREIGHT = Account("a77", "Freight in", "5150")


async def test_a_number_becomes_the_id_once_the_accounts_are_read(desk: Desk) -> None:
    company = await make_company(desk, freight_account="5150", other_account="No such", discount_account="lines")
    company.books.lists["accounts"] = (*LISTS["accounts"], FREIGHT)
    found = await status(desk)
    assert {(one.subject, one.verdict) for one in found.settings} == {
        ("setting freight_account", Verdict.WARNING),
        ("setting other_account", Verdict.WARNING),
    }
    assert "have not been read yet" in found.settings[0].sentence and found.attention == ()

    await set_flow_mode(desk, company.integration, "bills", "preview")
    await set_value(desk, company.integration, "accounts", "5100", "a1", anyway=True)
    await company.read(
        bill("1", shipping=Decimal("10.00"), total="110.00"), bill("2", other=Decimal("1.00"), total="9.00")
    )
    await company.plan()
    await company.plan()
    now = await company.now()
    assert (now.settings["freight_account"], now.settings["other_account"]) == ("a77", "No such")
    assert (await explain(desk, "INV-1")).versions[-1].state == "planned"
    assert [one.code for one in (await explain(desk, "INV-2")).versions[-1].waits] == ["account_unknown"]

    found = await status(desk)
    [told] = found.settings
    assert (told.subject, told.verdict) == ("setting other_account", Verdict.MISSING)
    assert "'No such'" in told.sentence and f"{now.integration_id} --set other_account=" in told.action
    assert any(one.startswith("setting other_account: ") for one in found.attention)
    assert await strange_accounts(desk, company.target.connection_id) == (told,)
    assert await strange_accounts(desk, company.source.connection_id) == ()

    await change_settings(desk, now, {"other_account": ""})
    assert (await status(desk)).settings == ()


async def test_an_account_that_cannot_be_used_is_told(desk: Desk) -> None:
    company = await make_company(desk, freight_account="5150", other_account="5160")
    closed = Account("a78", "Other charges (old)", "5160", active=False)
    company.books.lists["accounts"] = (*LISTS["accounts"], FREIGHT, closed, Account("a79", "Freight out", "5150"))
    await company.plan()
    told = {one.subject: one.sentence for one in (await status(desk)).settings}
    assert "several of that number or name" in told["setting freight_account"]
    assert "has that account inactive" in told["setting other_account"]
