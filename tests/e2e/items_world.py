"""The small firm that deals by item, joined with Zoho Books: bills, sales, items and tax zones; its people at their desks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from sales_world import NOW

from ml_connector.connectors.zoho_books.walk import LIST_LAG
from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.desk import Desk
from ml_connector.service.integrating import Integration, integration_named
from ml_connector.service.mapping.values import set_value
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector.sync.states import State
from ml_connector_sandbox.company.sales_catalogue import WARES
from ml_connector_sandbox.company.sales_seed import Sales
from ml_connector_sandbox.kernel.calls import Call
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.faults import Fault
from ml_connector_sandbox.sandbox import Sandbox, seeded
from ml_connector_sandbox.servicetitan.books import Invoice, Sku
from ml_connector_sandbox.servicetitan.books.batching import batch, post_batch
from ml_connector_sandbox.servicetitan.books.changing import changed
from ml_connector_sandbox.zoho_books import desk as their_desk
from ml_connector_sandbox.zoho_books.books.masters import Item
from rig.company import joined

KIND = "servicetitan-zoho_books"
MODES = {"customers": "as needed", "items": "as needed", "tax_zones": "as needed", "invoices": "live"}
DAY = date(2026, 11, 12)
WARE = {one.code: one for one in WARES}


@dataclass(slots=True)
class Dealing:
    """The firm under way. ``titan`` and ``zoho`` are both sides' books."""

    sandbox: Sandbox
    desk: Desk
    integration: Integration

    @property
    def titan(self) -> Any:
        return self.sandbox.company.seed.tenant

    @property
    def zoho(self) -> Any:
        return self.sandbox.company.seed.organisation

    @property
    def _sales(self) -> Sales:
        assert self.sandbox.company.sales is not None
        return self.sandbox.company.sales

    async def sync(self) -> None:
        """Read, plan and send until it is quiet."""
        await syncing.request_sync(self.desk, await integration_named(self.desk, KIND))
        quiet = await syncing.wait_until_quiet(self.desk, self.integration, patience=60.0)
        assert quiet.done, quiet

    async def fill(self, table: str, key: str, value: str) -> int:
        """Fill a row of a mapping table; how many documents that lets go."""
        return (await set_value(self.desk, self.integration, table, key, value, anyway=True)).released

    async def ends(self, flow: str) -> dict[str, tuple[str, str]]:
        """By source id: (state, reason) of the newest version."""
        async with self.desk.looking() as reading:
            rows = await reading.all(
                """select r.source_id, s.state, s.reason from record r
                join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
                join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
                where r.tenant_id = %s and f.name = %s""",
                self.desk.tenant_id, flow,
            )  # fmt: skip
        return {row[0]: (State(row[1]).word, row[2]) for row in rows}

    # -- what people do

    def sku(self, code: str) -> Any:
        """The first entry of the price book with that code."""
        tables = (self.titan.materials, self.titan.equipment, self.titan.services)
        return min((one for table in tables for one in table if one.code == code), key=lambda one: one.id)

    def account(self, number: str) -> str:
        """The id of an account of Zoho's under ServiceTitan's number."""
        return str(self.sandbox.handover["company"]["ledger"]["accounts"][number])

    def file_item(self, code: str, **changes: Any) -> str:
        """An item that Zoho has from before, sold on the account of parts; its id."""
        body = {"account_id": self.account("4200"), "sku": code, "rate": "77", **changes}
        return str(self.zoho.add_item(f"Zoho's {code}", can_be_purchased=False, **body).item_id)

    def lose_answers(self, *paths: str) -> None:
        """The next answer to a creation at each of these paths is lost after it was carried out."""
        faults = self.sandbox.zoho_books.faults
        applies, left = faults.vendor.applies, list(paths)

        def only(kind: str, call: Call) -> bool:
            hit = call.method in ("POST", "PUT") and next((one for one in left if call.path.endswith(one)), "")
            if not hit or not applies(kind, call):
                return False
            left.remove(hit)
            return True

        faults.vendor.applies = only
        for _ in paths:
            faults.add(Fault(kind="cut"))

    def sell(self, code: str, zone: str = "", price: str = "200") -> Invoice:
        """One piece, on a posted invoice of its own, taxed by a zone or not at all."""
        zones = {one.name: one.id for one in self.titan.tax_zones}
        made = self._sales.book("later", self._sales.homes[0], DAY, tax_zone_id=zones.get(zone))
        line = changed(self._sales.item(WARE[code], price=Decimal(price)), sku_id=self.sku(code).id)
        self.titan.invoicing.add_items(made.id, [line])
        assert made.job_id is not None
        self.titan.invoicing.complete(made.job_id, DAY)
        self.titan.invoicing.review(made.id, "Reviewed")
        post_batch(self.titan, batch(self.titan, f"batch of {made.id}", [made.id]))
        return self.titan.invoices[made.id]  # type: ignore[no-any-return]

    def twin(self, code: str) -> Sku:
        """One more entry of the price book with a code that is there."""
        made: Sku = self.titan.materials.add(Sku(code=code, display_name=f"{code} once more"))
        return made

    async def lists_lagged(self) -> None:
        """As long as a list may lag: only after that is what it does not show any more known to be gone."""
        await asyncio.sleep(LIST_LAG / self.desk.clock.speed + 0.5)

    def at_zoho(self, act: str, **wish: Any) -> None:
        """What a bookkeeper does at Zoho's screens."""
        whole_ = {"act": act, "organisation": self.zoho.organization_id, **wish}
        their_desk.carried_out(self.sandbox.company.zoho_books, whole_)

    # -- what Zoho shows

    def items(self, code: str) -> list[Item]:
        """Its items of a code."""
        return [one for one in self.zoho.items if one.sku == code]

    def taxes(self, name: str) -> list[Any]:
        """Its taxes of a name."""
        return [one for one in self.zoho.taxes.values() if one.tax_name == name]

    def kept(self) -> object:
        """Everything that Zoho keeps of items and taxes."""
        taxes = [(one.tax_id, one.tax_name, one.percentage, one.active) for one in self.zoho.taxes.values()]
        return [(one.item_id, one.name, one.rate, one.active, one.modified) for one in self.zoho.items], taxes

    def there(self, invoice: Invoice) -> Any:
        """What it has of an invoice, once."""
        [found] = [one for one in self.zoho.invoices if one.number == invoice.reference_number]
        return found


@asynccontextmanager
async def dealing(
    database: Database,
    folder: Path,
    settings: Mapping[str, str] | None = None,
    connection: Mapping[str, str] | None = None,
    **modes: str,
) -> AsyncIterator[Dealing]:
    """The firm joined, with settings of the integration and modes of flows; nothing read yet."""
    company = seeded("trader", SandboxClock.starting(NOW, 60.0))
    company.servicetitan_switches.read_after_write_lag_seconds = 0
    company.zoho_books_switches.list_lag_seconds = 0.0
    for module in ("item", "invoice", "credit_note"):
        if not company.seed.organisation.fields_of(module):
            company.seed.organisation.add_unique_field(module, "ML Connector Ref")
    company.connection_settings["zoho_books"] = {"contact_types": "both", **(connection or {})}
    async with Sandbox.running(company) as sandbox:
        told = sandbox.handover["company"]
        ledger, answers = told["ledger"]["accounts"], told["integrations"][KIND]
        answers["settings"] |= {"start_date": "2026-11-01", **(settings or {})}
        answers["mapping"]["sales_accounts"] = {key: ledger[key] for key in ("4100", "4200", "4900")} | {
            "(none)": ledger["4200"]
        }
        answers["mapping"].pop("sales_tax")  # the flow of zones is to find them
        file = folder / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=folder / "data", sandbox=file)) as runtime:
            desk, integration = await joined(runtime, sandbox.handover, KIND, {**MODES, **modes})
            yield Dealing(sandbox, desk, integration)
