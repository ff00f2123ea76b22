"""A little company that sells from ServiceTitan into Zoho Books, whose bookkeeper also enters things in Zoho Books alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.desk import Desk
from ml_connector.service.explaining import Life, explain
from ml_connector.service.integrating import Integration, integration_named
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector.sync.states import State
from ml_connector_sandbox.company.catalogue import REFERENCE_LABEL
from ml_connector_sandbox.company.sales_catalogue import CHECK, WARES
from ml_connector_sandbox.company.sales_seed import Sales
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import Sandbox, seeded
from ml_connector_sandbox.servicetitan.books import Invoice, Payment, TenantBooks
from ml_connector_sandbox.servicetitan.books.batching import batch, post_batch
from ml_connector_sandbox.zoho_books import desk as their_desk
from ml_connector_sandbox.zoho_books.books import receiving
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from rig.company import joined

KIND = "servicetitan-zoho_books"
NOW = datetime(2026, 11, 17, 15, 0, tzinfo=UTC)
DAY = date(2026, 11, 12)
SALES = {"customers": "as needed", "invoices": "live", "payments": "live"}
OWN = {"start_date": "2026-11-10", "currency": "USD", "business_unit_as": "none"}


@dataclass(slots=True)
class Back:
    """The company under way. ``titan`` and ``zoho`` are both sides' books."""

    sandbox: Sandbox
    runtime: Runtime
    desk: Desk
    integration: Integration

    @property
    def titan(self) -> TenantBooks:
        return self.sandbox.company.seed.tenant

    @property
    def zoho(self) -> OrganisationBooks:
        return self.sandbox.company.seed.organisation

    @property
    def sales(self) -> Sales:
        assert self.sandbox.company.sales is not None
        return self.sandbox.company.sales

    async def sync(self, *, quiet: bool = True) -> syncing.Quiet:
        """Read, plan and send until nothing is left to do; not ``quiet``: or until what is left waits for its time."""
        await syncing.request_sync(self.desk, await integration_named(self.desk, KIND))
        found = await syncing.wait_until_quiet(self.desk, self.integration, patience=60.0 if quiet else 8.0)
        assert found.done == quiet, found
        return found

    def jump(self, **passed: float) -> None:
        """Let clock time pass at once, for the product and for both vendors. ``passed``: parts of a timedelta."""
        for clock in (self.sandbox.clock, self.runtime.clock):
            object.__setattr__(clock, "anchor", clock.anchor - timedelta(**passed).total_seconds() / clock.speed)

    async def ends(self, flow: str) -> dict[str, tuple[str, str]]:
        """By source id how the newest version of each record of a flow has ended, and why."""
        async with self.desk.looking() as reading:
            rows = await reading.all(
                """select r.source_id, s.state, s.reason from record r
                join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
                join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
                where r.tenant_id = %s and f.name = %s""",
                self.desk.tenant_id, flow,
            )  # fmt: skip
        return {row[0]: (State(row[1]).word, row[2]) for row in rows}

    async def record(self, flow: str, source_id: str) -> str:
        """The record's number, as people name it."""
        async with self.desk.looking() as reading:
            row = await reading.one(
                """select r.record_id from record r join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
                where r.tenant_id = %s and f.name = %s and r.source_id = %s""",
                self.desk.tenant_id, flow, source_id,
            )  # fmt: skip
        assert row is not None
        return f"#{row[0]}"

    async def life(self, flow: str, source_id: str) -> Life:
        """Everything that became of a record."""
        return await explain(self.desk, await self.record(flow, source_id))

    async def joined(self) -> Integration:
        """The integration as it is now."""
        return await integration_named(self.desk, KIND)

    # -- what people do

    def bill(self, price: str, customer: int = 0) -> Invoice:
        """A job done for a customer at one price, its batch posted."""
        made = self.sales.book("later", customer or self.sales.homes[0], DAY)
        self.titan.invoicing.add_items(made.id, [self.sales.item(WARES[0], price=Decimal(price))])
        assert made.job_id is not None
        self.titan.invoicing.complete(made.job_id, DAY)
        kept = self.titan.invoicing.review(made.id, "Reviewed")
        post_batch(self.titan, batch(self.titan, f"batch of {kept.id}", [kept.id]))
        return self.titan.invoices[made.id]

    def taken(self) -> list[Payment]:
        """ServiceTitan's live payments that came from the ledger."""
        return [one for one in self.titan.payments if one.active and one.export_id]

    def at_zoho(self, act: str, **wish: Any) -> dict[str, Any]:
        """What a bookkeeper does at Zoho's screens."""
        body = {"act": act, "organisation": self.zoho.organization_id, **wish}
        return their_desk.carried_out(self.sandbox.company.zoho_books, body)

    def receive(self, *invoices: Invoice, **wish: Any) -> dict[str, Any]:
        """A cheque for invoices, entered at Zoho; in full, or ``amount`` of one."""
        customer = self.name_of(invoices[0])
        numbers = [one.reference_number for one in invoices]
        return self.at_zoho("receive", customer=customer, invoices=numbers, **wish)

    def name_of(self, invoice: Invoice) -> str:
        """What the customer of an invoice is called."""
        return self.titan.customers[invoice.customer_id].name

    def enter_at_zoho(self, invoice: Invoice, number: str) -> str:
        """Somebody enters an invoice of the same customer and total in Zoho Books; its id there."""
        [contact] = self.zoho.contacts.having("name", self.name_of(invoice).casefold())
        account = self.sandbox.company.seed.ledger["4200"].account_id
        total = self.titan.invoices[invoice.id].total
        lines = [{"name": "Work", "rate": str(total), "quantity": 1, "account_id": account}]
        return self.zoho.add_invoice(contact, DAY, lines, number=number).document_id

    def reapply(self, payment_id: str, amount: str) -> None:
        """Somebody corrects a payment on one invoice at Zoho: it was over ``amount``."""
        payment = self.zoho.customer_payments.get(payment_id)
        assert payment is not None
        [part] = payment.applied
        changes = {"amount": amount, "invoices": [{"invoice_id": part.invoice_id, "amount_applied": amount}]}
        receiving.update(self.zoho, payment, changes)


@asynccontextmanager
async def back(
    database: Database, folder: Path, settings: Mapping[str, object] | None = None,
    titan: Mapping[str, str] | None = None, **modes: str,
) -> AsyncIterator[Back]:  # fmt: skip
    """The company joined, with further settings of the integration and of its ServiceTitan; nothing read yet."""
    company = seeded("trader", SandboxClock.starting(NOW, 60.0))
    company.servicetitan_switches.read_after_write_lag_seconds = 0
    company.zoho_books_switches.list_lag_seconds = 0.0
    company.zoho_books_switches.invoice_lines = "account"
    _file_references(company.seed.organisation)
    async with Sandbox.running(company) as sandbox:
        told = sandbox.handover["company"]
        ledger = {"invoice_lines": "account", "contact_types": "both"}
        told["connection_settings"] = {"zoho_books": ledger, "servicetitan": dict(titan or {})}
        told["integrations"][KIND] = {"settings": {**OWN, **(settings or {})}, "mapping": _mapped(sandbox)}
        file = folder / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=folder / "data", sandbox=file)) as runtime:
            desk, integration = await joined(runtime, sandbox.handover, KIND, {**SALES, **modes})
            yield Back(sandbox, runtime, desk, integration)


def _file_references(books: OrganisationBooks) -> None:
    """The field for our reference on what is sold, where the company has none."""
    for module in ("invoice", "credit_note", "customerpayment"):
        if not any((one.module, one.label) == (module, REFERENCE_LABEL) for one in books.custom_fields.values()):
            books.add_unique_field(module, REFERENCE_LABEL)


def _mapped(sandbox: Sandbox) -> dict[str, dict[str, str]]:
    seed, sales = sandbox.company.seed, sandbox.company.sales
    assert sales is not None
    ids = {code: account.account_id for code, account in seed.ledger.items()}
    taxes = {one.tax_name: one.tax_id for one in seed.organisation.taxes.values()}
    income = {code: id_ for code, id_ in ids.items() if code.startswith("4")}
    check = str(sales.types[CHECK].id)
    return {
        "sales_accounts": {**income, "(none)": income["4200"]},
        "sales_tax": {zone.name: taxes[zone.name] for zone in seed.tenant.tax_zones if zone.name in taxes},
        "payment_types": {check: f"account:{ids['1010']}"},
        "payment_modes": {"check": check, "cash": "none"},
        "expense_accounts": {ids["1010"]: _titans(seed.tenant, "5110"), ids["5110"]: _titans(seed.tenant, "5120")},
    }


def _titans(books: TenantBooks, number: str) -> str:
    """The id of ServiceTitan's account of a number."""
    return str(next(one.id for one in books.gl_accounts if one.number == number))
