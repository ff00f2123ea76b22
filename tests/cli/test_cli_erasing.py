"""``erase`` as a person meets it: what would go, the name to be typed, and what was erased."""

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
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.mapping.values import set_value
from ml_connector.service.records import records
from ml_connector.service.roles import Actor
from ml_connector.service.tenants import create_tenant
from ml_connector.settings import Settings
from ml_connector.store.database import Database

sys.path.insert(0, str(Path(__file__).parents[1] / "service"))

from service_ledger import Company, bill, make_company

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
NAME = "Johnstone Supply"


@pytest.fixture
def env(tmp_path: Path, database_url: str) -> dict[str, str]:
    return environment(tmp_path / "data", DATABASE_URL=database_url)


@pytest.fixture
async def company(database: Database, tmp_path: Path) -> AsyncIterator[Company]:
    async with Runtime.on(database, Settings(data=tmp_path / "data")) as runtime:
        actor = Actor("cli/anna")
        tenant = await create_tenant(runtime, actor, "Polar Air", "America/Chicago")
        company = await make_company(Desk(runtime, tenant.tenant_id, actor))
        await set_value(company.desk, company.integration, "accounts", "5100", "a1")
        yield company


async def vendor(company: Company, mode: str) -> str:
    """The record of the vendor of a bill."""
    await set_flow_mode(company.desk, company.integration, "bills", mode)
    await company.read(bill("1"))
    for _ in range(3):
        await company.plan()
    found = (await records(company.desk, Filter(flow="vendors"))).records
    return next(f"#{one.record_id}" for one in found if one.source_id == "v1")


async def typed(env: dict[str, str], *arguments: str, answer: str = "") -> Shown:
    asked = "Type the name" if answer else ""
    return await asyncio.to_thread(in_terminal, arguments, env, 100, answer, asked=asked)


async def test_the_name_is_asked_for(company: Company, env: dict[str, str]) -> None:
    record = await vendor(company, "live")
    shown = await typed(env, "erase", record, "--preview")
    assert shown.code == 0 and shown.widest <= 100
    assert NAME in shown.text and "vendors v1" in shown.sentence and "versions of documents 1" in shown.sentence
    other = await typed(env, "erase", record, answer="Johnson Supply\n")
    assert other.code == 2 and "That is not the name. Nothing was done." in other.sentence
    done = await typed(env, "erase", record, answer=f"{NAME}\n")
    assert done.code == 0 and f"Record {record} is erased" in done.sentence and "Not touched: backups" in done.sentence
    told = await typed(env, "audit", "verify")
    assert told.code == 0 and "The trail is intact" in told.sentence and "without the data of a person" in told.sentence
    again = await typed(env, "erase", record)
    assert again.code == 2 and "erased already" in again.sentence


async def test_scripts_say_yes_and_nobody_is_asked_through_a_pipe(company: Company, env: dict[str, str]) -> None:
    record = await vendor(company, "live")
    unasked = await asyncio.to_thread(piped, ["--json", "erase", record], env)
    assert unasked.returncode == 2 and "add --yes" in json.loads(unasked.stdout)["error"]["sentence"]
    done = await asyncio.to_thread(piped, ["--json", "erase", record, "--yes"], env)
    assert done.returncode == 0 and NAME not in done.stdout
    assert json.loads(done.stdout)["rows"]["versions of documents"] == 1


async def test_what_is_under_way_is_named(company: Company, env: dict[str, str]) -> None:
    record = await vendor(company, "preview")
    shown = await typed(env, "erase", record, "--yes")
    assert shown.code == 2 and "let each end, or dismiss it, and erase then" in shown.sentence
    assert (await typed(env, "erase", record, "--preview")).code == 1
