"""The emulator served on loopback with a small company in its books."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from zoho_world import ORG, MovableClock, Sandbox, make_company

from ml_connector_sandbox.kernel.server import SandboxServer
from ml_connector_sandbox.zoho_books import ZohoBooksBooks, ZohoBooksEmulator


@pytest.fixture
def company() -> ZohoBooksBooks:
    return make_company(MovableClock())


@pytest.fixture
async def sandbox(company: ZohoBooksBooks) -> AsyncIterator[Sandbox]:
    clock: Any = company.clock
    emulator = ZohoBooksEmulator(clock, company)
    server = SandboxServer([emulator])
    await server.start()
    async with aiohttp.ClientSession() as session:
        made = Sandbox(clock, company, company.organisations[ORG], emulator, server.port, session)
        made.grant()
        yield made
    await server.stop()
