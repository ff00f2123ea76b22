"""``integrate`` and ``settings`` say what the two systems' APIs do not allow, where somebody sets an integration up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cli_terminal import environment, in_terminal, piped
from test_cli_tracking import make_tracking

from ml_connector.integrations.servicetitan_xero import INTEGRATION
from ml_connector.lanes.runtime import Runtime
from ml_connector.service.desk import Desk
from ml_connector.service.roles import Actor
from ml_connector.service.tenants import create_tenant
from ml_connector.settings import Settings
from ml_connector.store.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
async def env(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    async with Runtime.on(database, Settings(data=tmp_path / "data")) as runtime:
        actor = Actor("cli/anna")
        tenant = await create_tenant(runtime, actor, "Polar Air", "America/Chicago")
        await make_tracking(Desk(runtime, tenant.tenant_id, actor), "off")
        yield environment(tmp_path / "data", DATABASE_URL=database_url)


@pytest.mark.parametrize("typed", [["integrate", INTEGRATION.kind], ["settings"]], ids=lambda typed: typed[0])
async def test_what_is_not_possible_is_listed(env: dict[str, str], typed: list[str]) -> None:
    shown = await asyncio.to_thread(in_terminal, typed, env)
    assert shown.code == 0 and shown.widest <= 80, shown.text
    said = shown.text[shown.text.index("Not possible:") :]
    assert INTEGRATION.not_possible and all(one in " ".join(said.split()) for one in INTEGRATION.not_possible), said


async def test_in_json_it_stands_with_the_integration(env: dict[str, str]) -> None:
    done = await asyncio.to_thread(piped, ["integrate", INTEGRATION.kind, "--json"], env)
    assert json.loads(done.stdout)["not_possible"] == list(INTEGRATION.not_possible), done.stderr
    done = await asyncio.to_thread(piped, ["status", "--json"], env)
    assert json.loads(done.stdout)["integrations"][0]["not_possible"] == list(INTEGRATION.not_possible)
