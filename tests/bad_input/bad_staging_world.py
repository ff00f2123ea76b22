"""A firm whose bills are staged in ServiceNow, and what its people change there while the product runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.checking import check
from ml_connector.service.connections import Connection, connections
from ml_connector.service.desk import Desk
from ml_connector.service.integrating import Integration, integration_named
from ml_connector.service.status import FlowStatus, status
from ml_connector.service.tallies import Cause
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector_sandbox.sandbox import Sandbox
from ml_connector_sandbox.servicenow import ServiceNowBooks
from ml_connector_sandbox.servicenow.desk import carried_out
from ml_connector_sandbox.servicenow.instance import Instance
from ml_connector_sandbox.zoho_books import OrganisationBooks
from rig.company import connected, joined

KIND = "zoho_books-servicenow"
ZOHO, SERVICENOW = "zoho_books", "servicenow"
MODES = {
    "cost_centers": "as needed", "vendors": "as needed", "bills": "live", "vendor_credits": "live",
    "vendor_payments": "live",
}  # fmt: skip
PATIENCE = 60.0  # machine seconds without anything new
STOPPED = 8.0  # the same where a connection cannot go on
LOOKS = 20
STAGED = (
    "sn_spend_intg_imp_invoice", "sn_spend_intg_imp_invoice_line", "sn_spend_intg_imp_invoice_tax_line",
    "sn_spend_intg_imp_invoice_payment_detail",
)  # fmt: skip


@dataclass(slots=True)
class Staging:
    """The firm, its bills, credits and payments live and nothing read yet."""

    sandbox: Sandbox
    desk: Desk
    integration: Integration

    @property
    def books(self) -> ServiceNowBooks:
        return instances(self.sandbox)

    @property
    def instance(self) -> Instance:
        return self.books.named("")

    @property
    def zoho(self) -> OrganisationBooks:
        return self.sandbox.company.seed.organisation

    def wish(self, act: str, **wish: Any) -> dict[str, Any]:
        """Something that a person does at the instance's screens."""
        return carried_out(self.books, {"act": act, **wish})

    async def go(self, patience: float = PATIENCE) -> syncing.Quiet:
        await syncing.request_sync(self.desk, await integration_named(self.desk, KIND))
        return await syncing.wait_until_quiet(self.desk, self.integration, patience=patience)

    async def stopped(self, vendor: str = SERVICENOW) -> Connection:
        """A connection once it tells why it cannot go on."""
        for _ in range(LOOKS):
            quiet = await self.go(STOPPED)
            found = await self.connection(vendor)
            if found.problem:
                assert not quiet.done
                return found
        raise AssertionError("the connection never told a problem")

    async def problem_telling(self, words: str) -> str:
        """The problem of ServiceNow's connection once it speaks of ``words``: flows are refused one after another."""
        found = ""
        for _ in range(LOOKS):
            await self.go(STOPPED)
            found = (await self.connection()).problem
            if words in found:
                return found
        raise AssertionError(f"the connection never told of {words!r}, but: {found}")

    async def connection(self, vendor: str = SERVICENOW) -> Connection:
        return next(one for one in await connections(self.desk) if one.vendor == vendor)

    async def connect_again(self, vendor: str = SERVICENOW) -> None:
        await connected(self.desk.runtime, self.sandbox.handover, vendor, self.desk)

    async def later(self) -> None:
        """Lists of settings are read hourly, and what is held or refused is looked at again as often."""
        async with self.desk.changing() as change:
            await change.run("update feed set moved_at = moved_at - interval '2 hours' where name like 'directory %%'")
            await change.run("update feed set moved_at = moved_at - interval '2 hours' where name like 'refused %%'")
            await change.run("update connection set organisation_read_at = organisation_read_at - interval '2 hours'")
            await change.run("update wait set since = since - interval '2 hours'")
            await change.run(
                "update work set not_before = not_before - interval '2 hours' where not_before > '-infinity'"
            )

    async def flow(self, name: str = "bills") -> FlowStatus:
        (integration,) = (await status(self.desk)).integrations
        return next(one for one in integration.flows if one.flow == name)

    async def waiting(self, code: str, flow: str = "bills") -> Cause:
        causes = {one.code: one for one in (await self.flow(flow)).waiting}
        assert code in causes, causes
        return causes[code]

    async def missing(self, vendor: str = SERVICENOW) -> list[Finding]:
        """What the connection's check tells to be missing."""
        found = await check(self.desk, await self.connection(vendor))
        return [one for one in found.findings if one.verdict is Verdict.MISSING]

    def staged(self) -> int:
        """Rows in the staging tables of invoices and payments, and invoices made of them."""
        return sum(len(self.instance.records.rows(name)) for name in STAGED if self.instance.records.available(name))


def instances(sandbox: Sandbox) -> ServiceNowBooks:
    """The firm's instances."""
    found = sandbox.company.servicenow
    assert found is not None
    return found


def rows_there(sandbox: Sandbox) -> dict[str, int]:
    """How many rows each table of the instance has."""
    records = instances(sandbox).named("").records
    return {name: len(records.rows(name)) for name in records.tables if records.available(name)}


@contextmanager
def nothing_there_changes(sandbox: Sandbox) -> Iterator[None]:
    """The block makes and deletes no row of the instance."""
    before = rows_there(sandbox)
    yield
    assert rows_there(sandbox) == before


@asynccontextmanager
async def firm(database: Database, folder: Path) -> AsyncIterator[Staging]:
    """The firm on a sandbox of its own."""
    async with Sandbox.running(f"matrix:{KIND}", speed=60.0, limits=False) as sandbox:
        file = folder / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=folder / "data", sandbox=file)) as runtime:
            desk, integration = await joined(runtime, sandbox.handover, KIND, MODES)
            yield Staging(sandbox, desk, integration)
