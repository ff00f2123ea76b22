"""``clearing`` and ``explain`` of a bank deposit as a person meets them."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cli_terminal import Shown, environment, in_terminal, piped

from ml_connector.lanes.runtime import Runtime
from ml_connector.service.desk import Desk
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.roles import Actor
from ml_connector.service.tenants import create_tenant
from ml_connector.settings import Settings
from ml_connector.store.database import Database

sys.path.insert(0, str(Path(__file__).parents[1] / "service"))

from clearing_world import Clearing, booked, deposit, make_clearing, paid

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
async def company(database: Database, tmp_path: Path) -> AsyncIterator[Clearing]:
    async with Runtime.on(database, Settings(data=tmp_path / "data")) as runtime:
        actor = Actor("cli/anna")
        tenant = await create_tenant(runtime, actor, "Polar Air", "America/Chicago")
        yield await make_clearing(Desk(runtime, tenant.tenant_id, actor))


async def test_clearing_is_told(company: Clearing, tmp_path: Path, database_url: str) -> None:
    env = environment(tmp_path / "data", DATABASE_URL=database_url)

    async def typed(*arguments: str) -> Shown:
        return await asyncio.to_thread(in_terminal, arguments, env, 120)

    one, two, three = paid("1"), paid("2", "50.00"), paid("3", "25.00")
    await company.read("payments", one, two, three)
    await company.book(booked(one), booked(three))
    await company.read("deposits", deposit("7", one, two, fees="2.90", gross=one.amount), deposit("8", three))
    shown = await typed("clearing", "servicetitan-xero")
    assert shown.code == 1 and shown.widest <= 120
    for told in (
        "1090 Undeposited Funds (Check)", "booked in the ledger 2, 125.00 USD",
        "1 payment (50.00 USD) was deposited and not booked; each is told with its deposit.",
        "It should stand at -50.00 USD once all that was deposited is booked out of it",
        "come to 150.00 USD, 50.00 USD more than its gross amount of 100.00 USD", "over 50.00 USD:",
        "What to do: - Compare its payments, fees and net amount", "net 172.10 USD",
        "1 bank deposit with nothing to look at; --all lists them.", "accounting.reports.read) is not asked for",
    ):  # fmt: skip
        assert told in shown.sentence, shown.text
    assert "D-8" not in shown.text and "D-8" in (await typed("clearing", "--all")).text
    balance = await typed("clearing", "--balance", "1090=-25.00")
    assert "Xero shows -25.00 USD, 25.00 USD more than expected: as if deposit D-8 of" in balance.sentence
    assert "is not asked for" not in balance.sentence
    wrong = await typed("clearing", "--balance", "1090=much")
    assert wrong.code == 2 and "The balance '1090=much' is none such as 1090=1250.00" in wrong.sentence

    report = json.loads(piped(["--json", "clearing"], env).stdout)
    assert report["accounts"][0]["expected"] == {"USD": "-50.00"} and report["deposits"][0]["net"] == "147.10"
    life = await typed("explain", "D-7")
    assert "It is tracked: Does not tie out." in life.sentence and "1 of its 2 payments in the ledger." in life.sentence

    await set_flow_mode(company.desk, company.company.integration, "deposits", "off")
    assert "Bank deposits are not read: the flow deposits is off" in (await typed("clearing")).sentence
