"""The contractor's sales in Zoho Books: each document once, to the cent, and each customer owes the same there."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.balance import runs_in
from ml_connector.service.desk import Desk
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration, integration_named
from ml_connector.service.mapping.values import set_value
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector.sync.states import State
from ml_connector_sandbox.company import Company, at_zoho
from ml_connector_sandbox.company.catalogue import ACCOUNT_ZONE, UNMAPPED_ZONE
from ml_connector_sandbox.compare_sales import SalesComparison
from ml_connector_sandbox.compare_sales_zoho import compare_sales_zoho
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import START, Sandbox, seeded
from rig.company import joined

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]

KIND = "servicetitan-zoho_books"
MODES = {"customers": "as needed", "invoices": "live", "payments": "live", "credit_memos": "live"}


@dataclass(slots=True)
class Sold:
    """The company once everything that can go has gone."""

    sandbox: Sandbox
    desk: Desk
    integration: Integration

    async def sync(self) -> None:
        await syncing.request_sync(self.desk, await integration_named(self.desk, KIND))
        assert (await syncing.wait_until_quiet(self.desk, self.integration, patience=60.0)).done

    async def ended(self) -> Counter[tuple[str, str, str]]:
        """(flow, state, reason) of every version."""
        async with self.desk.looking() as reading:
            rows = await reading.all(
                """select f.name, s.state, s.reason from version_state s
                join flow f on f.tenant_id = s.tenant_id and f.flow_id = s.flow_id where s.tenant_id = %s""",
                self.desk.tenant_id,
            )
        return Counter((name, State(state).word, reason) for name, state, reason in rows)

    def compared(self) -> SalesComparison:
        """The two systems' books, without our ledger."""
        sandbox = self.sandbox
        return compare_sales_zoho(sandbox.handover["company"], sandbox.servicetitan.books(), sandbox.zoho_books.books())


@asynccontextmanager
async def selling(database: Database, tmp_path: Path, company: Company) -> AsyncIterator[Sold]:
    async with Sandbox.running(company, limits=False) as sandbox:
        file = tmp_path / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=tmp_path / "data", sandbox=file)) as runtime:
            desk, integration = await joined(runtime, sandbox.handover, KIND, {})
            for flow, mode in MODES.items():
                await set_flow_mode(desk, integration, flow, mode)
            sold = Sold(sandbox, desk, await integration_named(desk, KIND))
            for _ in range(2):  # what is written off waits until the next round has read the lines of its invoice
                await sold.sync()
            yield sold


async def test_everything_sold_is_in_zoho_once_and_to_the_cent(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, seeded("contractor", SandboxClock.starting(START, 60.0))) as sold:
        await _as_it_must_end(sold)


async def _as_it_must_end(sold: Sold) -> None:
    ended = await sold.ended()
    assert not [key for key in ended if key[1] in ("rejected", "uncertain", "sending", "staged")], ended
    assert {reason for (_, state, reason) in ended if state == "held"} == {"already_exported", "invoice_pending"}
    found = sold.compared()
    assert [one.sentence for one in found.findings] == []
    assert (found.invoices > 400, found.customers > 100, found.payments > 350) == (True, True, True)
    assert found.credit_memos == 6
    async with sold.desk.looking() as reading:
        runs = await runs_in(reading, [flow.flow_id for flow in sold.integration.flows])
    assert runs and all(run.balanced for run in runs)
    before = (sold.sandbox.zoho_books.essence(), ended)
    await sold.sync()
    assert (sold.sandbox.zoho_books.essence(), await sold.ended()) == before


async def test_the_small_firm_deals_by_item_and_says_which_zone_has_no_tax(database: Database, tmp_path: Path) -> None:
    company = seeded("trader", SandboxClock.starting(START, 60.0))
    at_zoho.file_wares(company.seed)
    at_zoho.file_references(company.seed)
    company.seed.organisation.add_tax("Iowa, Linn", Decimal(7))
    async with selling(database, tmp_path, company) as sold:
        ended = await sold.ended()
        waiting = {reason for flow, state, reason in ended if flow == "invoices" and state == "held"}
        assert waiting == {"sales_tax_unmapped"} and sold.compared().count("missing") > 0
        taxes = {one.tax_name: one.tax_id for one in company.seed.organisation.taxes.values()}
        for zone, name in ((ACCOUNT_ZONE, "Wisconsin, Eau Claire"), (UNMAPPED_ZONE, "Iowa, Linn")):
            await set_value(sold.desk, sold.integration, "sales_tax", zone, taxes[name], anyway=True)
        for _ in range(3):
            await sold.sync()
        assert [one.sentence for one in sold.compared().findings] == []
        known = {one.item_id for one in company.seed.organisation.items}
        assert {line.item_id for one in company.seed.organisation.invoices for line in one.lines} <= known
