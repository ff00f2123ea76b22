"""``vendors`` and ``status`` of vendors that were made from here, as a person meets them."""

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
from ml_connector.service.roles import Actor
from ml_connector.service.tenants import create_tenant
from ml_connector.settings import Settings
from ml_connector.store.database import Database

sys.path.insert(0, str(Path(__file__).parents[1] / "service"))

from made_vendors_world import ADDRESS, make, shows
from service_ledger import Company, make_company

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
def env(tmp_path: Path, database_url: str) -> dict[str, str]:
    return environment(tmp_path / "data", DATABASE_URL=database_url)


@pytest.fixture
async def company(database: Database, tmp_path: Path) -> AsyncIterator[Company]:
    async with Runtime.on(database, Settings(data=tmp_path / "data")) as runtime:
        actor = Actor("cli/anna")
        tenant = await create_tenant(runtime, actor, "Polar Air", "America/Chicago")
        yield await make_company(Desk(runtime, tenant.tenant_id, actor))


async def typed(env: dict[str, str], *arguments: str) -> Shown:
    return await asyncio.to_thread(in_terminal, arguments, env, 80)


async def test_what_vendors_lack_is_told_until_nothing_is(company: Company, env: dict[str, str]) -> None:
    none = await typed(env, "vendors")
    assert none.code == 0 and "No vendor was made in a ledger from here." in none.sentence
    await make(company, "no")
    await shows(company, has_tax_id=False, has_1099=None, has_terms=True, address=ADDRESS)
    shown = await typed(env, "vendors", "--incomplete")
    assert shown.code == 1 and shown.widest <= 80, shown.text
    assert "1 vendor made from here; 1 lacks something there." in shown.sentence and "(v2)" in shown.text
    assert f"Not told by {company.target.name} of some or all, and never missing: form 1099." in shown.sentence
    status = await typed(env, "status")
    assert status.code == 0
    assert f"1 vendor that was made from here lacks something in {company.target.name}:" in status.sentence

    await shows(company, has_tax_id=True, has_1099=True, has_terms=True, address=ADDRESS)
    whole = await typed(env, "vendors", "--incomplete")
    assert whole.code == 0 and "1 vendor made from here; none of them lacks something there." in whole.sentence
    assert "made from here" not in (await typed(env, "status")).text
    [one] = json.loads(piped(["--json", "vendors"], env).stdout)["vendors"]
    assert (one["vendor_id"], one["lacks"]) == ("v2", [])
