"""A company's two systems on the sandbox in this process, connected and integrated through the service functions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_connector.lanes.runtime import Runtime
from ml_connector.service import connecting, integrating, syncing
from ml_connector.service.credentials import checked_credentials, checked_settings
from ml_connector.service.desk import Desk
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.values import set_value
from ml_connector.service.previewing import preview
from ml_connector.service.roles import Actor, Role
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector_sandbox.sandbox import Sandbox

KIND = "servicetitan-zoho_books"
ACTOR = Actor("test", Role.OWNER)


@dataclass(slots=True)
class Joined:
    """A company under way; its bills are still off."""

    sandbox: Sandbox
    runtime: Runtime
    desk: Desk
    integration: Integration
    patience: float = 20.0  # machine seconds

    @property
    def company(self) -> dict[str, Any]:
        """What the hand-over file says of the company."""
        found: dict[str, Any] = self.sandbox.handover["company"]
        return found

    def books(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Both vendors' books."""
        return self.sandbox.servicetitan.books(), self.sandbox.zoho_books.books()

    async def fill_mappings(self) -> None:
        """Fill every mapping table as a person would; the lists are read first, a value is checked against them."""
        await preview(self.desk, self.integration)
        for table, rows in self.company["mapping"].items():
            for key, value in rows.items():
                await set_value(self.desk, self.integration, table, key, value, anyway=True)

    async def go(self) -> syncing.Quiet:
        """Let the bills go, and wait until it is quiet."""
        await set_flow_mode(self.desk, self.integration, "bills", "live")
        return await self.sync()

    async def sync(self) -> syncing.Quiet:
        """Read, plan and send until it is quiet, or nothing moves for some seconds."""
        integration = await integrating.integration_named(self.desk, KIND)
        await syncing.request_sync(self.desk, integration)
        return await syncing.wait_until_quiet(self.desk, integration, patience=self.patience)


def credentials(sandbox: Sandbox, runtime: Runtime, vendor: str, **changed: str) -> dict[str, str]:
    """Good credentials of a vendor, without a consent screen, with ``changed`` in place of some. Raises BadInput."""
    given: dict[str, str] = dict(sandbox.handover["credentials"][vendor])
    if vendor == "zoho_books":
        given["refresh_token"] = sandbox.company.zoho_books.refresh_token(given["client_id"]).token
    names = {one.name for one in runtime.connectors[vendor].credentials}
    return checked_credentials(runtime.connectors[vendor], {name: {**given, **changed}.get(name, "") for name in names})


async def connected(sandbox: Sandbox, runtime: Runtime, vendor: str, desk: Desk | None, **changed: str) -> Desk:
    """Connect one vendor; the first takes in the tenant. Raises BadInput, Reconnect."""
    connector = runtime.connectors[vendor]
    grant = await connecting.granted(
        runtime, connector, credentials(sandbox, runtime, vendor, **changed), checked_settings(connector, {})
    )
    organisation = grant.choose("")
    if desk is None:
        zone = str(sandbox.handover["company"]["time_zone"])
        tenant = await connecting.tenant_to_connect(runtime, ACTOR, "", organisation, zone)
        desk = Desk(runtime, tenant.tenant_id, ACTOR)
    await connecting.connect(desk, grant, organisation.id)
    return desk


@asynccontextmanager
async def joined(
    database: Database,
    folder: Path,
    kind: str = "small",
    *,
    speed: float = 60.0,
    limits: bool = False,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[Joined]:
    """A company of ``kind``: both connected, integrated, nothing mapped, bills off."""
    async with Sandbox.running(kind, speed=speed, limits=limits) as sandbox:
        file = folder / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=folder / "data", sandbox=file)) as runtime:
            desk = await connected(sandbox, runtime, "servicetitan", None)
            await connected(sandbox, runtime, "zoho_books", desk)
            given = {name: str(value) for name, value in sandbox.handover["company"]["settings"].items()}
            integration = await integrating.integrate(desk, KIND, {**given, **(settings or {})})
            yield Joined(sandbox, runtime, desk, integration)
