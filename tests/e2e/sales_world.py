"""A little company that sells: connected, integrated and mapped with Xero, its people at their desks on both sides."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.desk import Desk
from ml_connector.service.integrating import Integration, integration_named
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector.sync.states import State
from ml_connector_sandbox.company.sales_catalogue import CHECK, WARES
from ml_connector_sandbox.company.sales_seed import Sales
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import Sandbox, seeded
from ml_connector_sandbox.servicetitan.books import Invoice, InvoiceItem, Payment, TenantBooks
from ml_connector_sandbox.servicetitan.books.batching import batch, post_batch
from ml_connector_sandbox.xero import OrganisationBooks
from ml_connector_sandbox.xero.books.documents import GONE, Document
from rig.company import joined

KIND = "servicetitan-xero"
MODES = {"customers": "as needed", "invoices": "live", "payments": "live"}
NOW = datetime(2026, 11, 17, 15, 0, tzinfo=UTC)
DAY = date(2026, 11, 12)


@dataclass(slots=True)
class Selling:
    """The company under way. Source and target are both sides' books."""

    sandbox: Sandbox
    desk: Desk
    integration: Integration

    @property
    def source(self) -> TenantBooks:
        return self.sandbox.company.seed.tenant

    @property
    def target(self) -> OrganisationBooks:
        return self.sandbox.company.xero_organisation

    @property
    def _sales(self) -> Sales:
        assert self.sandbox.company.sales is not None
        return self.sandbox.company.sales

    @property
    def homes(self) -> list[int]:
        """Ids of customers that are private persons."""
        return self._sales.homes

    def type_id(self, kind: str) -> int:
        """The id of a payment type."""
        return self._sales.types[kind].id

    async def sync(self) -> None:
        """Read, plan and send until it is quiet."""
        await syncing.request_sync(self.desk, await integration_named(self.desk, KIND))
        quiet = await syncing.wait_until_quiet(self.desk, self.integration, patience=60.0)
        assert quiet.done, quiet

    async def end(self, flow: str, source_id: int) -> tuple[str, str]:
        """(state, reason) of a document's newest version."""
        async with self.desk.looking() as reading:
            rows = await reading.all(
                """select s.state, s.reason from record r
                join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
                join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
                where r.tenant_id = %s and f.name = %s and r.source_id = %s""",
                self.desk.tenant_id, flow, str(source_id),
            )  # fmt: skip
        assert len(rows) == 1
        return State(rows[0][0]).word, rows[0][1]

    async def versions(self, flow: str) -> list[str]:
        """The states of all versions of a flow."""
        async with self.desk.looking() as reading:
            rows = await reading.all(
                """select s.state from version_state s join flow f on f.tenant_id = s.tenant_id
                and f.flow_id = s.flow_id where s.tenant_id = %s and f.name = %s order by s.version_id""",
                self.desk.tenant_id, flow,
            )  # fmt: skip
        return [State(one[0]).word for one in rows]

    # -- what the people of the company do

    def bill(self, price: str, *, posted: bool = True, customer: int = 0, on: date = DAY) -> Invoice:
        """A job done on a day for a customer, at one price; reviewed, and its batch posted unless told."""
        made = self._sales.book("later", customer or self._sales.homes[0], on)
        self.source.invoicing.add_items(made.id, [self.item(price)])
        assert made.job_id is not None
        self.source.invoicing.complete(made.job_id, on)
        kept = self.source.invoicing.review(made.id, "Reviewed")
        if posted:
            self.post(kept)
        return self.source.invoices[made.id]

    def item(self, price: str) -> InvoiceItem:
        """A piece at a price."""
        return self._sales.item(WARES[0], price=Decimal(price))

    def post(self, invoice: Invoice) -> None:
        """Put it into a batch of its own and post that."""
        post_batch(self.source, batch(self.source, f"batch of {invoice.id}", [invoice.id]))

    def take(self, invoice: Invoice, amount: str, kind: str = CHECK, on: date = DAY) -> Payment:
        """Money for an invoice."""
        parts, type_id = {invoice.id: Decimal(amount)}, self.type_id(kind)
        return self.source.collecting.take(invoice.customer_id, type_id, Decimal(amount), parts, paid_on=on)

    # -- what Xero shows

    def there(self, number: str) -> list[Document]:
        """Xero's live sales invoices of a number."""
        return [one for one in self.target.invoices if one.number == number and one.is_sale and one.status not in GONE]


@asynccontextmanager
async def selling(
    database: Database, folder: Path, settings: Mapping[str, object] | None = None, **modes: str
) -> AsyncIterator[Selling]:
    """The company joined, with further settings of the integration and modes of flows; nothing read yet."""
    clock = SandboxClock.starting(NOW, 60.0)
    company = seeded(f"matrix:{KIND}", clock)
    company.servicetitan_switches.read_after_write_lag_seconds = 0
    async with Sandbox.running(company) as sandbox:
        sandbox.handover["company"]["integrations"][KIND]["settings"].update(settings or {})
        file = folder / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=folder / "data", sandbox=file)) as runtime:
            desk, integration = await joined(runtime, sandbox.handover, KIND, {**MODES, **modes})
            yield Selling(sandbox, desk, integration)
