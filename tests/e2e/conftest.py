"""A whole company, connected, integrated and mapped, on the sandbox in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ml_connector.lanes.runtime import Runtime
from ml_connector.service import connecting, integrating, syncing
from ml_connector.service.credentials import checked_credentials, checked_settings
from ml_connector.service.desk import Desk
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.values import set_value
from ml_connector.service.roles import Actor, Role
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector_sandbox.compare import Comparison, compare
from ml_connector_sandbox.sandbox import Sandbox

KIND = "servicetitan-zoho_books"


@dataclass(slots=True)
class Running:
    """A company under way."""

    sandbox: Sandbox
    runtime: Runtime
    desk: Desk
    integration: Integration

    async def sync(self) -> syncing.Quiet:
        """Read, plan and send until it is quiet."""
        return await syncing.sync(self.desk, await integrating.integration_named(self.desk, KIND))

    async def live(self) -> None:
        """Let the bills go."""
        await set_flow_mode(self.desk, self.integration, "bills", "live")

    async def fill(self, table: str, key: str, value: str) -> int:
        """Fill a mapping row; how many documents it released."""
        return (await set_value(self.desk, self.integration, table, key, value, anyway=True)).released

    def compared(self, filled: tuple[str, ...] = ()) -> Comparison:
        """The two systems' books against the truth table."""
        company, servicetitan = self.sandbox.handover["company"], self.sandbox.servicetitan.books()
        return compare(company, servicetitan, self.sandbox.zoho_books.books(), filled=filled)

    async def ends(self) -> dict[str, tuple[str, str]]:
        """Bill id -> (state, reason) of its newest version."""
        async with self.desk.looking() as reading:
            rows = await reading.all(
                """select r.source_id, s.state, s.reason from record r
                join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
                join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
                where r.tenant_id = %s and f.name = 'bills'""",
                self.desk.tenant_id,
            )
        from ml_connector.sync.states import State

        return {row[0]: (State(row[1]).word, row[2]) for row in rows}


Running_ = Callable[..., AbstractAsyncContextManager[Running]]


@pytest.fixture
def running(database: Database, tmp_path: Path) -> Running_:
    """``async with running("demo") as company``: connected, integrated, mapped, with bills still off."""

    @asynccontextmanager
    async def start(kind: str, *, speed: float = 60.0, limits: bool = False) -> AsyncIterator[Running]:
        async with Sandbox.running(kind, speed=speed, limits=limits) as sandbox:
            file = tmp_path / "sandbox.json"
            sandbox.write(file)
            async with Runtime.on(database, Settings(data=tmp_path / "data", sandbox=file)) as runtime:
                yield await _joined(sandbox, runtime)

    return start


async def _joined(sandbox: Sandbox, runtime: Runtime) -> Running:
    actor = Actor("test", Role.OWNER)
    company = sandbox.handover["company"]
    desk: Desk | None = None
    for vendor in ("servicetitan", "zoho_books"):
        grant = await connecting.granted(runtime, runtime.connectors[vendor], _credentials(sandbox, runtime, vendor),
                                         checked_settings(runtime.connectors[vendor], {}))  # fmt: skip
        organisation = grant.choose("")
        wanted = company["name"] if desk is None else ""
        tenant = await connecting.tenant_to_connect(runtime, actor, wanted, organisation, company["time_zone"])
        desk = Desk(runtime, tenant.tenant_id, actor)
        await connecting.connect(desk, grant, organisation.id)
    assert desk is not None
    settings = {name: str(value) for name, value in company["settings"].items()}
    integration = await integrating.integrate(desk, KIND, settings)
    running = Running(sandbox, runtime, desk, integration)
    await _filled(running, company["mapping"])
    return running


def _credentials(sandbox: Sandbox, runtime: Runtime, vendor: str) -> dict[str, str]:
    given = dict(sandbox.handover["credentials"][vendor])
    if vendor == "zoho_books":
        given["refresh_token"] = sandbox.company.zoho_books.refresh_token(given["client_id"]).token
    names = {one.name for one in runtime.connectors[vendor].credentials}
    return checked_credentials(runtime.connectors[vendor], {name: given.get(name, "") for name in names})


async def _filled(running: Running, mapping: dict[str, dict[str, Any]]) -> None:
    """The lists are read first: a value is checked against them."""
    from ml_connector.service.previewing import preview

    await preview(running.desk, running.integration)
    for table, rows in mapping.items():
        for key, value in rows.items():
            await running.fill(table, key, value)
