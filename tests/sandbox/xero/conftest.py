"""The emulator served on loopback with two small organisations in its books."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from xero_world import NZ, MovableClock, Sandbox, make_company

from ml_connector_sandbox.kernel.server import SandboxServer
from ml_connector_sandbox.xero import XeroBooks, XeroEmulator
from ml_connector_sandbox.xero.books.posting import difference


@pytest.fixture
def company() -> XeroBooks:
    return make_company(MovableClock())


@pytest.fixture
async def sandbox(company: XeroBooks) -> AsyncIterator[Sandbox]:
    """Whatever a test does, the books are straight in the end."""
    clock: Any = company.clock
    emulator = XeroEmulator(clock, company)
    server = SandboxServer([emulator])
    await server.start()
    async with aiohttp.ClientSession() as session:
        made = Sandbox(clock, company, company.organisations[NZ], emulator, server.port, session)
        made.grant()
        yield made
    await server.stop()
    for books in company.organisations.values():
        assert not any(difference(books).values())
