"""What a process works with: database, keys, clock, wire, and the connectors and integrations found by scan."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ml_connector.connectors
import ml_connector.integrations
from ml_connector.clock import Clock
from ml_connector.connectors.base import Connector
from ml_connector.errors import BadInput
from ml_connector.integrations.base import IntegrationType
from ml_connector.sealing import Keyring, MasterKey
from ml_connector.settings import Sandbox, Settings
from ml_connector.store.database import Database
from ml_connector.store.embedded import DataDirectory, EmbeddedServer
from ml_connector.store.keys import DatabaseKeyStore
from ml_connector.store.schema import upgrade
from ml_connector.transport.wire import Addresses, Wire


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything a worker or a service call needs. One per process."""

    database: Database
    keyring: Keyring
    clock: Clock
    wire: Wire
    connectors: Mapping[str, Connector]
    integrations: Mapping[str, IntegrationType]
    sandbox: Sandbox | None

    @classmethod
    @asynccontextmanager
    async def opened(cls, settings: Settings) -> AsyncIterator[Runtime]:
        """Start or join the database, migrate it, open the keys. Raises ConnectorError with what to do."""
        async with database_address(settings) as url:
            await upgrade(url)
            database = await Database.open(url)
            try:
                async with cls.on(database, settings) as runtime:
                    yield runtime
            finally:
                await database.close()

    @classmethod
    @asynccontextmanager
    async def on(cls, database: Database, settings: Settings) -> AsyncIterator[Runtime]:
        """A runtime on an open, migrated database."""
        sandbox = Sandbox.read(settings.sandbox) if settings.sandbox else None
        clock = sandbox.clock if sandbox else Clock()
        given = settings.master_key.get_secret_value() if settings.master_key else None
        _make(settings.data)
        keys = DatabaseKeyStore(database)
        make = not await Keyring.anything_sealed(keys)
        keyring = Keyring(MasterKey.load(given, settings.master_key_path, make=make), keys)
        await keyring.check_master()
        async with Wire.opened(Addresses(sandbox.hosts if sandbox else {}), clock) as wire:
            yield cls(database, keyring, clock, wire, connectors(), integrations(), sandbox)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"The data directory {folder} cannot be made: {error.strerror}. Name another with --data or "
            "ML_CONNECTOR_DATA, or correct the rights of the directory above it."
        ) from error


@asynccontextmanager
async def database_address(settings: Settings) -> AsyncIterator[str]:
    """The database's address: the one that was given, or the embedded server's, held as long as the block runs."""
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    server = EmbeddedServer(DataDirectory(settings.data))
    try:
        url = await asyncio.to_thread(server.acquire)
    except asyncio.CancelledError:
        server.give_up()  # the thread lets go of it
        raise
    try:
        yield url
    finally:
        await asyncio.to_thread(server.release)


def connectors() -> dict[str, Connector]:
    """Every package below ``connectors`` that defines CONNECTOR, by vendor."""
    found: list[Connector] = _scan(ml_connector.connectors, "CONNECTOR")
    return {connector.vendor: connector for connector in found}


def integrations() -> dict[str, IntegrationType]:
    """Every module of ``integrations`` that defines INTEGRATION, by kind."""
    found: list[IntegrationType] = _scan(ml_connector.integrations, "INTEGRATION")
    return {integration.kind: integration for integration in found}


def _scan(package: Any, name: str) -> list[Any]:
    modules = [
        importlib.import_module(f"{package.__name__}.{one.name}") for one in pkgutil.iter_modules(package.__path__)
    ]
    return [getattr(module, name) for module in modules if hasattr(module, name)]
