"""A little company that sells: connected, integrated and mapped with Zoho Books, its people at their desks on both sides."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.desk import Desk
from ml_connector.service.explaining import explain
from ml_connector.service.integrating import Integration, integration_named
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector.sync.states import State
from ml_connector_sandbox.company import Company
from ml_connector_sandbox.company.sales_catalogue import CHECK, DISCOUNT, REFUND, WARES, WRITE_OFF
from ml_connector_sandbox.company.sales_seed import Sales
from ml_connector_sandbox.compare_sales_zoho import compare_sales_zoho
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import Sandbox, seeded
from ml_connector_sandbox.servicetitan.books import (
    Accounts,
    CreditMemo,
    CreditMemoItem,
    Invoice,
    InvoiceItem,
    Payment,
    TenantBooks,
)
from ml_connector_sandbox.servicetitan.books.batching import batch, post_batch
from ml_connector_sandbox.zoho_books import OrganisationBooks
from ml_connector_sandbox.zoho_books import desk as their_desk
from ml_connector_sandbox.zoho_books.books.sales_documents import CreditNote, CustomerPayment
from ml_connector_sandbox.zoho_books.books.sales_documents import Invoice as InvoiceThere
from rig.company import joined

KIND = "servicetitan-zoho_books"
MODES = {"customers": "as needed", "invoices": "live", "payments": "live", "credit_memos": "live"}
NOW = datetime(2026, 11, 17, 15, 0, tzinfo=UTC)
DAY = date(2026, 11, 12)


@dataclass(slots=True)
class Selling:
    """The company under way. Source and target are both sides' books."""

    sandbox: Sandbox
    runtime: Runtime
    desk: Desk
    integration: Integration

    @property
    def source(self) -> TenantBooks:
        return self.sandbox.company.seed.tenant

    @property
    def target(self) -> OrganisationBooks:
        return self.sandbox.company.seed.organisation

    @property
    def sales(self) -> Sales:
        assert self.sandbox.company.sales is not None
        return self.sandbox.company.sales

    async def sync(self, times: int = 1) -> None:
        """Read, plan and send until it is quiet."""
        for _ in range(times):
            await syncing.request_sync(self.desk, await integration_named(self.desk, KIND))
            quiet = await syncing.wait_until_quiet(self.desk, self.integration, patience=60.0)
            assert quiet.done, quiet

    async def a_day_later(self) -> None:
        """What is read whole once a day was last so a day ago."""
        async with self.desk.changing(await self.desk.sealer()) as change:
            await change.run(
                """update feed set complete_at = complete_at - interval '1 day', moved_at = moved_at - interval '1 day'
                where tenant_id = %s and (name like 'walk %%' or name like 'directory %%' or name like 'flow %%')""",
                self.desk.tenant_id,
            )
            await change.run(
                "update directory set walk = walk - 86400000000 where tenant_id = %s", self.desk.tenant_id
            )  # fmt: skip

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

    async def waits(self, source_id: int) -> list[str]:
        """What a document's newest version waits for, in sentences."""
        life = await explain(self.desk, str(source_id))
        return [one.sentence for one in life.versions[-1].waits]

    def compared(self) -> list[str]:
        """What the two systems' books do not agree on."""
        company, here = self.sandbox.handover["company"], self.sandbox.servicetitan.books()
        return [one.sentence for one in compare_sales_zoho(company, here, self.sandbox.zoho_books.books()).findings]

    # -- what the people of the company do

    def bill(self, price: str, *, posted: bool = True, customer: int = 0, on: date = DAY) -> Invoice:
        """A job done on a day for a customer, at one price; reviewed, and its batch posted unless told."""
        made = self.sales.book("later", customer or self.sales.homes[0], on)
        self.source.invoicing.add_items(made.id, [self.item(price)])
        assert made.job_id is not None
        self.source.invoicing.complete(made.job_id, on)
        kept = self.source.invoicing.review(made.id, "Reviewed")
        if posted:
            self.post(kept)
        return self.source.invoices[made.id]

    def item(self, price: str) -> InvoiceItem:
        """A piece at a price."""
        return self.sales.item(WARES[0], price=Decimal(price))

    def post(self, *invoices: Invoice, payments: tuple[Payment, ...] = ()) -> None:
        """Put them into a batch of their own and post that."""
        ids, paid = [one.id for one in invoices], [one.id for one in payments]
        post_batch(self.source, batch(self.source, f"batch of {ids} {paid}", ids, paid))

    def take(self, amount: str, *on: tuple[Invoice, str], customer: int = 0, kind: str = CHECK) -> Payment:
        """Money, on invoices with so much each, and posted."""
        parts = {one.id: Decimal(part) for one, part in on}
        payer = on[0][0].customer_id if on else customer or self.sales.homes[0]
        type_id = self.sales.types[kind].id
        made = self.source.collecting.take(payer, type_id, Decimal(amount), parts, paid_on=DAY)
        self.post(payments=(made,))
        return self.source.payments[made.id]

    def write_off(self, invoice: Invoice, amount: str) -> Payment:
        """Nobody will pay that much of it."""
        type_id = self.sales.types[WRITE_OFF].id
        made = self.source.collecting.write_off(invoice.id, type_id, Decimal(amount), paid_on=DAY)
        self.post(payments=(made,))
        return made

    def give(self, number: str, amount: str, customer: int, on: Mapping[int, str] | None = None) -> CreditMemo:
        """A credit memo of one line for a customer, posted; parts of it on invoices."""
        account = next(one.id for one in self.source.gl_accounts if one.number == DISCOUNT.account)
        line = CreditMemoItem(sku_name="GW", price=Decimal(amount), accounts=Accounts(general_ledger=account))
        memo = CreditMemo(reference_number=number, customer_id=customer, memo_date=DAY, sub_total=Decimal(amount))
        parts = {id_: Decimal(part) for id_, part in (on or {}).items()}
        kept = self.source.collecting.give_credit(memo, parts or None, items=[line])
        post_batch(self.source, batch(self.source, number, memo_ids=[kept.id]))
        return kept

    def give_back(self, paid: Payment, invoice: Invoice, amount: str) -> tuple[Invoice, Payment]:
        """A piece is given back: an adjustment, and money on it."""
        type_id, item = self.sales.types[REFUND].id, self.item(f"-{amount}")
        adjustment, back = self.source.collecting.refund(paid.id, invoice.id, type_id, item, paid_on=DAY)
        self.source.invoicing.review(adjustment.id, "Reviewed")
        self.post(adjustment, payments=(back,))
        return adjustment, back

    def dearer(self, invoice: Invoice, price: str) -> Invoice:
        """Somebody corrects the price past the warning that the invoice is posted."""
        [item] = self.source.invoices[invoice.id].items
        return self.source.invoicing.change_item(invoice.id, item.id, warned=True, price=Decimal(price))

    def at_zoho(self, act: str, **wish: Any) -> dict[str, Any]:
        """What a bookkeeper does at Zoho's screens."""
        organisation = self.target.organization_id
        return their_desk.carried_out(
            self.sandbox.company.zoho_books, {"act": act, "organisation": organisation, **wish}
        )

    # -- what Zoho shows

    def there(self, invoice: Invoice) -> InvoiceThere:
        """Zoho's one live invoice of a number."""
        [found] = [
            one for one in self.target.invoices if one.number == invoice.reference_number and one.state != "void"
        ]
        return found

    def credit(self, number: str) -> CreditNote:
        """Zoho's one live credit note of a number."""
        [found] = [one for one in self.target.credit_notes if one.number == number and one.state != "void"]
        return found

    def paid(self, payment: Payment) -> CustomerPayment:
        """What Zoho has of a payment, once."""
        [found] = self.all_paid(payment)
        return found

    def all_paid(self, payment: Payment) -> list[CustomerPayment]:
        """By our reference."""
        ours = f"-payments-{payment.id}"
        known = list(self.target.customer_payments)
        return [one for one in known if any(str(value).endswith(ours) for value in one.custom.values())]


@asynccontextmanager
async def selling(
    database: Database, folder: Path, settings: Mapping[str, object] | None = None,
    connection: Mapping[str, str] | None = None, prepare: Callable[[Company], object] = id, **modes: str,
) -> AsyncIterator[Selling]:  # fmt: skip
    """The company joined, with further settings of the integration and its Zoho connection, and modes of flows; nothing
    read yet. ``prepare`` is done to its books before anything is connected."""
    company = seeded(f"matrix:{KIND}", SandboxClock.starting(NOW, 60.0))
    company.servicetitan_switches.read_after_write_lag_seconds = 0
    company.zoho_books_switches.list_lag_seconds = 0.0
    prepare(company)
    if connection:
        company.connection_settings["zoho_books"] = dict(connection)
    async with Sandbox.running(company) as sandbox:
        sandbox.handover["company"]["integrations"][KIND]["settings"].update(settings or {})
        file = folder / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=folder / "data", sandbox=file)) as runtime:
            desk, integration = await joined(runtime, sandbox.handover, KIND, {**MODES, **modes})
            yield Selling(sandbox, runtime, desk, integration)
