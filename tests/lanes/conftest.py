from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from lane_world import HOST, TokenServer, clock

from ml_connector.clock import Clock
from ml_connector.sealing import Keyring, MasterKey
from ml_connector.store.database import Database
from ml_connector.store.keys import DatabaseKeyStore
from ml_connector.transport.wire import Addresses, Wire


@pytest.fixture
def keyring(database: Database) -> Keyring:
    return Keyring(MasterKey.new(), DatabaseKeyStore(database))


@pytest.fixture
def now_clock() -> Clock:
    return clock()


@pytest.fixture
async def vendor() -> AsyncIterator[TokenServer]:
    """The vendor's server, running on loopback."""
    found = TokenServer()
    runner = web.AppRunner(found.app(), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.port = runner.addresses[0][1]
    yield found
    await runner.cleanup()


@pytest.fixture
async def wire(vendor: TokenServer, now_clock: Clock) -> AsyncIterator[Wire]:
    async with Wire.opened(Addresses({HOST: f"127.0.0.1:{vendor.port}"}), now_clock) as opened:
        yield opened
