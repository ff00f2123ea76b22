"""The emulator served on loopback with two small instances."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from servicenow_world import MovableClock, Sandbox

from ml_connector_sandbox.kernel.server import SandboxServer
from ml_connector_sandbox.servicenow import ServiceNowBooks, ServiceNowEmulator, small


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    clock: Any = MovableClock()
    company = ServiceNowBooks(clock)
    small(company)
    emulator = ServiceNowEmulator(clock, company)
    server = SandboxServer([emulator])
    await server.start()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Sandbox(clock, company, emulator, server.port, session)
    await server.stop()
