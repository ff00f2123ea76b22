"""A runtime on a fresh database, a desk of its first tenant, and a company in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from service_ledger import Company, make_company

from ml_connector.lanes.runtime import Runtime
from ml_connector.service.desk import Desk
from ml_connector.service.roles import Actor
from ml_connector.service.tenants import create_tenant
from ml_connector.settings import Settings
from ml_connector.store.database import Database


@pytest.fixture
async def runtime(database: Database, tmp_path: Path) -> AsyncIterator[Runtime]:
    async with Runtime.on(database, Settings(data=tmp_path)) as made:
        yield made


@pytest.fixture
async def desk(runtime: Runtime) -> Desk:
    actor = Actor("cli/anna")
    tenant = await create_tenant(runtime, actor, "Polar Air", "America/Chicago")
    return Desk(runtime, tenant.tenant_id, actor)


@pytest.fixture
async def company(desk: Desk) -> Company:
    return await make_company(desk)
