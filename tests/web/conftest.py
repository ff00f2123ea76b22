"""Two companies in one ledger, and the API served to them over real HTTP on loopback."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "service"))

from service_ledger import Company, make_company
from web_client import Api

from ml_connector.lanes.runtime import Runtime
from ml_connector.service.desk import Desk
from ml_connector.service.roles import Actor
from ml_connector.service.tenants import create_tenant
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector.web.server import listening, serving


@pytest.fixture
async def runtime(database: Database, tmp_path: Path) -> AsyncIterator[Runtime]:
    async with Runtime.on(database, Settings(data=tmp_path)) as made:
        yield made


async def _company(runtime: Runtime, name: str) -> Company:
    actor = Actor("cli/anna")
    tenant = await create_tenant(runtime, actor, name, "America/Chicago")
    return await make_company(Desk(runtime, tenant.tenant_id, actor))


@pytest.fixture
async def company(runtime: Runtime) -> Company:
    return await _company(runtime, "Polar Air")


@pytest.fixture
async def other(runtime: Runtime, company: Company) -> Company:
    return await _company(runtime, "Desert Heating")


@pytest.fixture
async def api(runtime: Runtime) -> AsyncIterator[Api]:
    with listening("127.0.0.1:0") as door:
        address = f"http://127.0.0.1:{door.getsockname()[1]}/api/v1"
        async with serving(runtime, door, asyncio.Event()), aiohttp.ClientSession() as client:
            yield Api(address, client)
