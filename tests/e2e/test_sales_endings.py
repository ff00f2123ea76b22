"""The contractor's sales and orders in Xero: each document once, to the cent, and each customer owes the same there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator
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
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector.sync.states import State
from ml_connector_sandbox.sandbox import Sandbox
from ml_connector_sandbox.servicetitan.books import Invoice, TenantBooks
from ml_connector_sandbox.xero import OrganisationBooks
from ml_connector_sandbox.xero.books.documents import GONE
from rig.company import joined

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]

KIND = "servicetitan-xero"
MODES = {
    "customers": "as needed", "vendors": "as needed", "invoices": "live", "payments": "live", "purchase_orders": "live",
}  # fmt: skip
LEFT_OUT = ("exported_before", "credited")  # another ledger's matter; credit memos, which no flow carries


@dataclass(slots=True)
class Sold:
    """The company once everything that can go has gone."""

    sandbox: Sandbox
    desk: Desk
    integration: Integration

    @property
    def source(self) -> TenantBooks:
        return self.sandbox.company.seed.tenant

    @property
    def target(self) -> OrganisationBooks:
        return self.sandbox.company.xero_organisation

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

    def in_scope(self) -> list[Invoice]:
        """Invoices that Xero is to have: posted, of an amount, and not some other ledger's."""
        sales, start = self.sandbox.company.sales, self.sandbox.company.start_date
        assert sales is not None
        return [
            one
            for one in self.source.invoices
            if one.active and one.sync_status == "Posted" and one.review_status == "Reviewed" and one.total
            and one.invoice_date is not None and one.invoice_date >= start and one.id not in sales.cases["exported_before"]
        ]  # fmt: skip

    def left_out(self) -> set[int]:
        """Customers of whom not everything is this integration's matter."""
        sales = self.sandbox.company.sales
        assert sales is not None
        ids = {number for case in LEFT_OUT for number in sales.cases[case]}
        return {one.customer_id for one in (*self.source.invoices, *self.source.payments) if one.id in ids}


@pytest.fixture
async def sold(database: Database, tmp_path: Path) -> AsyncIterator[Sold]:
    async with Sandbox.running("contractor", speed=60.0, limits=False) as sandbox:
        file = tmp_path / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=tmp_path / "data", sandbox=file)) as runtime:
            desk, integration = await joined(runtime, sandbox.handover, KIND, {})
            for flow, mode in MODES.items():
                await set_flow_mode(desk, integration, flow, mode)
            sold = Sold(sandbox, desk, await integration_named(desk, KIND))
            await sold.sync()
            yield sold


async def test_everything_sold_is_in_xero_once_and_to_the_cent(sold: Sold) -> None:
    ended = await sold.ended()
    assert not [key for key in ended if key[1] in ("rejected", "uncertain", "sending", "staged")], ended
    _every_invoice(sold)
    _every_customer_owes_the_same(sold)
    async with sold.desk.looking() as reading:
        runs = await runs_in(reading, [flow.flow_id for flow in sold.integration.flows])
    assert runs and all(run.balanced for run in runs)
    before = (sold.sandbox.xero.essence(), ended)
    await sold.sync()
    assert (sold.sandbox.xero.essence(), await sold.ended()) == before


def _every_invoice(sold: Sold) -> None:
    theirs = [
        one for one in (*sold.target.invoices, *sold.target.credit_notes) if one.status not in GONE and one.is_sale
    ]
    by_number = {one.number: one for one in theirs}
    assert len(by_number) == len(theirs)
    expected = {one.reference_number: one.total for one in sold.in_scope()}
    shown = {number: -one.total if one.is_credit else one.total for number, one in by_number.items()}
    assert {number: shown.get(number) for number in expected} == expected
    assert len(expected) > 400


def _every_customer_owes_the_same(sold: Sold) -> None:
    """In Xero what is still to be paid less what credits still have to give; here what invoices and payments leave."""
    owed: dict[int, Decimal] = defaultdict(Decimal)
    contact_of: dict[int, str] = {}
    numbers = {one.number: one for one in (*sold.target.invoices, *sold.target.credit_notes) if one.status not in GONE}
    in_scope = {one.id: one for one in sold.in_scope()}
    for invoice in in_scope.values():
        owed[invoice.customer_id] += invoice.total
        contact_of[invoice.customer_id] = numbers[invoice.reference_number].contact_id
    for payment in sold.source.payments:
        if payment.active and all(split.invoice_id in in_scope for split in payment.splits):
            owed[payment.customer_id] -= payment.total
    there: dict[str, Decimal] = defaultdict(Decimal)
    for one in (*sold.target.invoices, *sold.target.credit_notes, *sold.target.overpayments, *sold.target.prepayments):
        if one.is_sale:
            there[one.contact_id] += -one.due if one.is_credit else one.due
    compared = {customer for customer in contact_of if customer not in sold.left_out()}
    assert {one: there[contact_of[one]] for one in compared} == {one: owed[one] for one in compared}
    assert len(compared) > 100
