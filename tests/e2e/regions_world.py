"""A firm with a ledger in each of Zoho's data centres: all connected, integrated and mapped in one process.

``one_company``: all eight ledgers and four ServiceTitan tenants are one company here; else one for each ServiceTitan tenant.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ml_connector.lanes.runtime import Runtime
from ml_connector.service import integrating, syncing
from ml_connector.service.connections import Connection, connection_named
from ml_connector.service.desk import Desk
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration, integration_named
from ml_connector.service.mapping.values import set_value
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector_sandbox.company.regions import regions
from ml_connector_sandbox.compare import Comparison, compare
from ml_connector_sandbox.kernel.calls import Call
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import Sandbox
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.data_centres import data_centre
from rig.company import connected

KIND = "servicetitan-zoho_books"
NOW = datetime(2026, 11, 16, 13, 0, tzinfo=UTC)
# What the tax editions of two of the organisations ask for, as their bookkeepers would set it.
EDITIONS: Mapping[str, Mapping[str, str]] = {
    "in": {
        "gst_treatment": "business_gst", "source_of_supply": "TN", "destination_of_supply": "MH", "hsn_or_sac": "84159000",
    },
    "sa": {"tax_treatment": "vat_registered", "place_of_supply": "SA"},
}  # fmt: skip


@dataclass(frozen=True)
class Ledger:
    """A ledger under way: what the hand-over tells of its region, and the integration that fills it."""

    told: dict[str, Any]
    desk: Desk
    integration_id: int

    @property
    def centre(self) -> str:
        return str(self.told["data_centre"])

    @property
    def organisation(self) -> str:
        return str(self.told["organization_id"])

    async def integration(self) -> Integration:
        """The integration as it is now."""
        return await integration_named(self.desk, str(self.integration_id))

    async def connection(self) -> Connection:
        """The ledger's connection as it stands now."""
        return await connection_named(self.desk, self.organisation, "zoho_books")


@dataclass
class Firm:
    """The firm under way, its ledgers by data centre."""

    sandbox: Sandbox
    runtime: Runtime
    ledgers: dict[str, Ledger] = field(default_factory=dict)

    def jump(self, **passed: float) -> None:
        """Let clock time pass at once, for the product and for the vendors. ``passed``: parts of a timedelta."""
        for clock in (self.sandbox.clock, self.runtime.clock):
            object.__setattr__(clock, "anchor", clock.anchor - timedelta(**passed).total_seconds() / clock.speed)

    async def sync(self, *without: str) -> None:
        """Read, plan and send until all but the ledgers named are quiet; these are asked for, too."""
        for one in self.ledgers.values():
            await syncing.request_sync(one.desk, await one.integration())
        for one in self.ledgers.values():
            if one.centre not in without:
                quiet = await syncing.wait_until_quiet(one.desk, await one.integration(), patience=60.0)
                assert quiet.done, (one.centre, quiet)

    def books(self, centre: str) -> OrganisationBooks:
        """What Zoho has of a ledger."""
        return self.sandbox.company.zoho_books.organisations[self.ledgers[centre].organisation]

    def compared(self, centre: str) -> Comparison:
        """A ledger's books against ServiceTitan's, without asking ours."""
        books = self.sandbox.servicetitan.books(), self.sandbox.zoho_books.books()
        return compare(self.ledgers[centre].told, *books)

    def calls(self) -> list[Call]:
        """Every call that Zoho had."""
        return self.sandbox.zoho_books.log.calls

    def use_up_the_day(self, *centres: str) -> None:
        """Somebody else makes all calls that these organisations have today."""
        for one in centres:
            self.sandbox.zoho_books._gate.limits(self.books(one)).day_spent = True

    def cut_off(self, *centres: str) -> None:
        """Nobody answers at the hosts of these data centres, and everybody at the others."""
        loopback = self.sandbox.server.hosts()
        dead = [host for one in centres for host in (data_centre(one).accounts_host, data_centre(one).api_host)]
        wire = self.runtime.wire
        wire.addresses = replace(wire.addresses, loopback={**loopback, **dict.fromkeys(dead, "127.0.0.1:1")})


@asynccontextmanager
async def firm(
    database: Database,
    folder: Path,
    *,
    one_company: bool,
    mode: str = "live",
    editions: Mapping[str, Mapping[str, str]] = EDITIONS,
) -> AsyncIterator[Firm]:
    """The firm with all its bills in ``mode``; nothing read yet. ``editions``: connection settings by data centre."""
    company = regions(SandboxClock.starting(NOW, 30.0))
    company.servicetitan_switches.read_after_write_lag_seconds = 0
    async with Sandbox.running(company) as sandbox:
        file = folder / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=folder / "data", sandbox=file)) as runtime:
            made = Firm(sandbox, runtime)
            desks: dict[int, Desk] = {}
            for told in sandbox.handover["company"]["regions"]:
                of = 0 if one_company else told["tenant"]
                given = {**told, "connection_settings": {"zoho_books": dict(editions.get(told["data_centre"], {}))}}
                ledger = await joined(runtime, given, desks.get(of), mode)
                desks[of], made.ledgers[ledger.centre] = ledger.desk, ledger
            yield made


async def joined(runtime: Runtime, told: dict[str, Any], desk: Desk | None, mode: str) -> Ledger:
    """A region's ledger connected to ServiceTitan, integrated and mapped; the first takes in the company."""
    handover = {"company": told, "credentials": told["credentials"]}
    for vendor in ("servicetitan", "zoho_books"):
        desk = await connected(runtime, handover, vendor, desk)
    assert desk is not None
    settings = {name: str(value) for name, value in told["settings"].items()}
    ends = {"source": told["tenant_id"], "target": told["organization_id"]}
    integration = await integrating.integrate(desk, KIND, settings, **ends)
    for table, rows in told["mapping"].items():
        for key, value in rows.items():
            await set_value(desk, integration, table, key, value)
    await set_flow_mode(desk, integration, "bills", mode)
    return Ledger(told, desk, integration.integration_id)
