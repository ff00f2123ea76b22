"""A running emulator of one small company."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from servicetitan_clock import HandClock
from servicetitan_world import APP_KEY, GUID, SCOPES, Client, World, furnish

from ml_connector_sandbox.kernel.server import SandboxServer
from ml_connector_sandbox.servicetitan import ServiceTitanBooks, ServiceTitanEmulator, Switches


@pytest.fixture
async def world() -> AsyncIterator[World]:
    clock, switches = HandClock(), Switches()
    company = ServiceTitanBooks(clock)
    company.add_app(APP_KEY, "ml-connector", GUID)
    books = company.add_tenant("1001", "Polar Air")
    company.add_grant(APP_KEY, "1001", "cid.a", "cs1.a", SCOPES)
    emulator = ServiceTitanEmulator(clock, company, switches)
    server = SandboxServer([emulator])
    await server.start()
    async with aiohttp.ClientSession() as session:
        api = Client(session, server.port)
        api.token = (await api.ask_token()).body["access_token"]
        kept = furnish(books)
        yield World(clock, company, books, emulator, switches, api, admin_port=server.admin_port, **kept)
    await server.stop()


@pytest.fixture
def api(world: World) -> Client:
    return world.api
