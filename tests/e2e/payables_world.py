"""A little firm whose bills are approved in ServiceNow: connected, integrated and mapped, its people at their desks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from ml_connector.lanes.runtime import Runtime
from ml_connector.lanes.slice import run_slice
from ml_connector.service import syncing
from ml_connector.service.desk import Desk
from ml_connector.service.explaining import Life, explain
from ml_connector.service.finding import Filter
from ml_connector.service.integrating import Integration, integration_named
from ml_connector.service.mapping.values import set_value
from ml_connector.service.replaying import replay
from ml_connector.service.standing import Stuck, standing
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector.sync.states import State
from ml_connector_sandbox.company.payables.books import Books, Ending
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import Sandbox, seeded
from ml_connector_sandbox.servicenow import desk as their_desk
from ml_connector_sandbox.servicenow.books.records import Row
from ml_connector_sandbox.servicenow.instance import Instance
from ml_connector_sandbox.zoho_books import desk as our_desk
from ml_connector_sandbox.zoho_books.books.documents import Bill
from rig.company import joined

KIND = "zoho_books-servicenow"
MODES = {
    "cost_centers": "as needed", "vendors": "as needed", "bills": "live", "vendor_credits": "live", "vendor_payments": "live",
}  # fmt: skip
NOW = datetime(2026, 11, 17, 15, 5, tzinfo=UTC)
NOT_TOLD = Ending(ends="held", reason="the test says how it ends")
DAY = date(2026, 10, 14)
INVOICES, INVOICE_LINES = "sn_shop_invoice", "sn_shop_invoice_line"
PAYMENT_DETAILS = "sn_shop_invoice_payment_detail"


@dataclass(slots=True)
class Firm:
    """The firm under way: its ledger's books, its instance, and what the product says of both."""

    sandbox: Sandbox
    runtime: Runtime
    desk: Desk
    integration: Integration

    @property
    def books(self) -> Books:
        """The firm's books at Zoho, as the sandbox enters documents in them."""
        assert self.sandbox.company.payables is not None
        return self.sandbox.company.payables.books

    @property
    def instance(self) -> Instance:
        """The firm's instance of ServiceNow."""
        assert self.sandbox.company.servicenow is not None
        return self.sandbox.company.servicenow.named("")

    # -- time and the worker

    def jump(self, **passed: float) -> None:
        """Let clock time pass at once, for the product and for both vendors. ``passed``: parts of a timedelta."""
        for clock in (self.sandbox.clock, self.runtime.clock):
            object.__setattr__(clock, "anchor", clock.anchor - timedelta(**passed).total_seconds() / clock.speed)

    async def sync(self, *, rounds: int = 12, quiet: bool = True) -> None:
        """Read all of it and run both lanes until nothing is left to do; time passes as long as something waits for it.

        Not ``quiet``: so many rounds, whatever is still under way then.
        """
        await syncing.request_sync(self.desk, await integration_named(self.desk, KIND))
        for _ in range(rounds):
            for connection_id in (self.integration.source_id, self.integration.target_id):
                await self._slice(connection_id)
            now = await syncing.progress(self.desk, self.integration)
            still = [one for one in now.still if one.waiting]
            if quiet and not (now.reads or now.due or now.open or now.later or still):
                return
            until = min((one for one in (now.until, *(one.until for one in still)) if one is not None), default=None)
            if until is not None and not (now.reads or now.due):
                self.jump(seconds=max(0.0, (until - self.desk.clock.now()).total_seconds()) + 1)
            elif now.open:
                self.jump(minutes=5)
        assert not quiet, now

    async def _slice(self, connection_id: int) -> None:
        async with self.desk.looking() as reading:
            [[free]] = await reading.all(
                """select greatest(not_before, timestamptz '1970-01-01 00:00:00+00') from lane
                where tenant_id = %s and connection_id = %s""",
                self.desk.tenant_id, connection_id,
            )  # fmt: skip
        wait = (free - self.desk.clock.now()).total_seconds()
        if wait > 0:
            self.jump(seconds=wait + 1)
        await run_slice(self.runtime, "test", self.desk.tenant_id, connection_id, lambda _: None)

    # -- what the people do

    def bill(self, *lines: Mapping[str, Any], vendor: int = 0, **more: Any) -> Bill:
        """A bill of a vendor, by its place in the list, keyed at Zoho; without lines one of 100.00."""
        vendors, lines_ = list(self.books.vendors), list(lines or (self.line("100.00"),))
        more = {"on": DAY, "office": "Boston", **more}
        made = self.books.bill("later", vendors[vendor], more.pop("on"), lines_, NOT_TOLD, **more)
        self.books.organisation.touch(made)  # it is keyed now, whatever its day
        return made

    def line(self, rate: str, option: str = "Boston Audit", account: str = "6020", **more: Any) -> dict[str, Any]:
        """A line of a bill; ``option``: of the tag, ``account``: its number."""
        return self.books.line(account, rate, option, **more)

    def at_zoho(self, act: str, **wish: Any) -> dict[str, Any]:
        """What a bookkeeper does at Zoho's screens."""
        organisation = self.books.organisation.organization_id
        return our_desk.carried_out(self.sandbox.company.zoho_books, {"act": act, "organisation": organisation, **wish})

    def there(self, act: str, **wish: Any) -> dict[str, Any]:
        """What a person does at ServiceNow's screens."""
        assert self.sandbox.company.servicenow is not None
        return their_desk.carried_out(self.sandbox.company.servicenow, {"act": act, **wish})

    async def fill(self, table: str, key: str, value: str) -> None:
        """A row of a mapping table."""
        await set_value(self.desk, self.integration, table, key, value, anyway=True)

    async def replay(self, flow: str, source_id: str) -> None:
        """Have a record planned again, as a person does."""
        await replay(self.desk, Filter(record_ids=((await self.life(flow, source_id)).record_id,)))

    # -- what the product says

    async def life(self, flow: str, source_id: str) -> Life:
        """Everything that is known of a record."""
        async with self.desk.looking() as reading:
            rows = await reading.all(
                """select r.record_id from record r join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
                where r.tenant_id = %s and f.name = %s and r.source_id = %s""",
                self.desk.tenant_id, flow, source_id,
            )  # fmt: skip
        assert len(rows) == 1, f"{flow} {source_id}: {len(rows)} records"
        return await explain(self.desk, f"#{rows[0][0]}")

    async def end(self, flow: str, source_id: str) -> tuple[str, str]:
        """(state, codes of what it waits for, else its reason) of a record's newest version."""
        async with self.desk.looking() as reading:
            rows = await reading.all(
                """select s.state, s.reason from record r
                join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
                join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
                where r.tenant_id = %s and f.name = %s and r.source_id = %s""",
                self.desk.tenant_id, flow, source_id,
            )  # fmt: skip
        assert len(rows) == 1, f"{flow} {source_id}: {len(rows)} records"
        return State(rows[0][0]).word, rows[0][1]

    async def why(self, flow: str, source_id: str) -> str:
        """The sentences of what a record's newest version waits for, or why it was refused."""
        newest = (await self.life(flow, source_id)).versions[-1]
        told = [f"{one.sentence} {one.action}" for one in newest.waits]
        return " ".join([*told, newest.why])

    async def stuck(self, source_number: str) -> Stuck | None:
        """What stands there against a document's going on, by its number; None where nothing does."""
        found = [one for one in (await standing(self.desk)).stuck if one.number == source_number]
        return found[0] if found else None

    async def stages(self, flow: str = "bills") -> dict[str, int]:
        """How many documents have come how far there."""
        return {one.state: one.count for one in (await standing(self.desk)).stages if one.flow == flow}

    # -- what ServiceNow shows

    def rows(self, table: str, **wanted: str) -> list[Row]:
        """Records of a table there."""
        return self.instance.records.having(table, **wanted)

    def invoices(self, bill: Bill) -> list[Row]:
        """The invoices that a bill became."""
        return self.rows(INVOICES, external_invoice_number=bill.document_id)

    def invoice(self, bill: Bill) -> Row:
        """The one invoice that a bill became."""
        [found] = self.invoices(bill)
        return found

    def lines(self, bill: Bill) -> list[Row]:
        """Its lines."""
        return self.rows(INVOICE_LINES, invoice=self.invoice(bill)["sys_id"])

    def payments(self, bill: Bill) -> list[Row]:
        """The payment details of the one invoice that a bill became."""
        return self.rows(PAYMENT_DETAILS, invoice=self.invoice(bill)["sys_id"])

    def amount(self, row: Row, column: str) -> Decimal:
        """The amount of a currency column, in its own currency."""
        price = self.instance.records.price(row[column])
        return price[1] if price is not None else Decimal(0)


@asynccontextmanager
async def payables(
    database: Database, folder: Path, settings: Mapping[str, object] | None = None,
    connection: Mapping[str, str] | None = None, kind: str = f"matrix:{KIND}", **modes: str,
) -> AsyncIterator[Firm]:  # fmt: skip
    """The firm joined, with further settings of the integration and of ServiceNow's connection, and modes of flows."""
    company = seeded(kind, SandboxClock.starting(NOW, 60.0))
    company.zoho_books_switches.list_lag_seconds = 0.0
    async with Sandbox.running(company, limits=False) as sandbox:
        told = sandbox.handover["company"]
        told["integrations"][KIND]["settings"].update(settings or {})
        told["connection_settings"]["servicenow"].update(connection or {})
        file = folder / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=folder / "data", sandbox=file)) as runtime:
            desk, integration = await joined(runtime, sandbox.handover, KIND, {**MODES, **modes})
            yield Firm(sandbox, runtime, desk, integration)
