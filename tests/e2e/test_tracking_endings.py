"""The contractor's inventory bills against what its vendors billed in Xero: every one is found as it is, none is written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.balance import runs_in
from ml_connector.service.desk import Desk
from ml_connector.service.explaining import explain
from ml_connector.service.integrating import Integration, integration_named
from ml_connector.service.tracking import TrackedBill, TrackingReport, tracking
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector.sync.states import State
from ml_connector.transport.messages import Answer, Request
from ml_connector_sandbox.company.sales_payables import NOT_BILLED, NOT_RECEIVED
from ml_connector_sandbox.sandbox import Sandbox
from ml_connector_sandbox.servicetitan.books import Bill
from ml_connector_sandbox.xero.books.documents import Document
from rig.company import joined

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]

KIND = "servicetitan-xero"
XERO = "api.xero.com"


@dataclass(slots=True)
class Watched:
    """The company once all its inventory bills were looked at, and every call that could have changed something."""

    sandbox: Sandbox
    desk: Desk
    integration: Integration
    writes: list[tuple[str, str]] = field(default_factory=list)

    async def sync(self) -> None:
        await syncing.request_sync(self.desk, await integration_named(self.desk, KIND))
        assert (await syncing.wait_until_quiet(self.desk, self.integration, patience=60.0)).done

    async def report(self) -> TrackingReport:
        return await tracking(self.desk)

    async def found(self) -> dict[str, TrackedBill]:
        """By inventory bill: what it was found to be."""
        async with self.desk.looking() as reading:
            rows = await reading.all(
                """select r.record_id, r.source_id from record r join flow f using (tenant_id, flow_id)
                where tenant_id = %s and f.name = 'inventory_bills'""",
                self.desk.tenant_id,
            )
        ids = dict(rows)
        report = await self.report()
        return {ids[one.record_id]: one for kind in report.lists for one in kind.bills if one.record_id}

    async def states(self) -> dict[str, tuple[str, str]]:
        async with self.desk.looking() as reading:
            rows = await reading.all(
                """select r.source_id, s.state, s.reason from record r join flow f using (tenant_id, flow_id)
                join version_state s using (tenant_id, version_id)
                where tenant_id = %s and f.name = 'inventory_bills'""",
                self.desk.tenant_id,
            )
        return {row[0]: (State(row[1]).word, row[2]) for row in rows}

    def payable(self, bill_id: str) -> Document:
        """The bill in Xero that an inventory bill is matched with."""
        [truth] = [one for one in self.sandbox.company.tracked if one.bill_id == bill_id]
        [id_] = truth.payables
        found = self.sandbox.company.xero_organisation.invoices.get(id_)
        assert found is not None
        return found

    def some(self, case: str) -> str:
        """An inventory bill of a case."""
        return next(one.bill_id for one in self.sandbox.company.tracked if one.case == case and one.bill_id)


@pytest.fixture
async def watched(database: Database, tmp_path: Path) -> AsyncIterator[Watched]:
    async with Sandbox.running("contractor", speed=60.0, limits=False) as sandbox:
        file = tmp_path / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=tmp_path / "data", sandbox=file)) as runtime:
            desk, integration = await joined(runtime, sandbox.handover, KIND, {"inventory_bills": "live"})
            watched = Watched(sandbox, desk, integration)
            _listen(runtime, watched.writes)
            yield watched


def _listen(runtime: Runtime, writes: list[tuple[str, str]]) -> None:
    send = runtime.wire.send

    async def heard(request: Request, url: str, *given: Any, **options: Any) -> Answer:
        if XERO in url and request.method != "GET":
            writes.append((request.method, url))
        return await send(request, url, *given, **options)

    runtime.wire.send = heard  # type: ignore[method-assign]


async def test_every_inventory_bill_is_found_as_it_is_and_nothing_is_written(watched: Watched) -> None:
    company, before = watched.sandbox.company, watched.sandbox.xero.essence()
    await watched.sync()
    _as_expected(await watched.found(), await watched.states(), watched)
    report = await watched.report()
    billed = {one.target_id for kind in report.lists if kind.name == NOT_RECEIVED for one in kind.bills}
    assert billed == {one.payables[0] for one in company.tracked if one.finding == NOT_RECEIVED}
    assert report.awaiting.count == sum(one.case == "draft" for one in company.tracked)
    for kind in report.lists:
        assert kind.total.count == len(kind.bills)
        assert sum(
            (tally.sums.get("USD", Decimal(0)) for tally in kind.ages.values()), Decimal(0)
        ) == kind.total.sums.get("USD", Decimal(0))
    await _balanced(watched)
    assert watched.sandbox.xero.essence() == before and watched.writes == []

    first = await watched.found()
    await watched.sync()
    assert await watched.found() == first and watched.writes == []
    await _dates(watched, first)


def _as_expected(found: dict[str, TrackedBill], states: dict[str, tuple[str, str]], watched: Watched) -> None:
    company = watched.sandbox.company
    truth = {one.bill_id: one for one in company.tracked if one.bill_id}
    expected, payables = {}, {}
    for bill in company.seed.tenant.bills:
        if _expects_a_bill(bill, watched) and str(bill.id) in states:
            expected[str(bill.id)] = truth[str(bill.id)].finding if str(bill.id) in truth else NOT_BILLED
    assert {id_: one.finding for id_, one in found.items()} == expected
    assert {id_: state for id_, state in states.items() if state[0] == "tracked"} == {
        id_: ("tracked", finding) for id_, finding in expected.items()
    }
    payables = {id_: one.target_id for id_, one in found.items() if one.finding in ("matched", "price_difference")}
    assert payables == {id_: truth[id_].payables[0] for id_ in payables}
    assert len(expected) > 350 and truth.keys() <= expected.keys()
    assert {state for state, _ in states.values()} == {"tracked", "skipped"}


def _expects_a_bill(bill: Bill, watched: Watched) -> bool:
    return (
        bill.active and bill.status != "Canceled" and bill.amount(True) > 0
        and bill.bill_date >= watched.sandbox.company.start_date
    )  # fmt: skip


async def _balanced(watched: Watched) -> None:
    async with watched.desk.looking() as reading:
        runs = await runs_in(reading, [watched.integration.flow("inventory_bills").flow_id])
    assert runs and all(run.balanced for run in runs)
    assert sum(run.new_versions for run in runs) == len(await watched.states())


async def _dates(watched: Watched, found: dict[str, TrackedBill]) -> None:
    """Ordered, sent, received and billed, in this order, as both systems' books have them."""
    bill_id = watched.some("dearer")
    bill, one = watched.sandbox.company.seed.tenant.bills[int(bill_id)], found[bill_id]
    assert bill.purchase_order_id is not None
    order = watched.sandbox.company.seed.tenant.purchase_orders[bill.purchase_order_id]
    there = watched.payable(bill_id)
    assert (one.order, one.ordered_on, one.received_on, one.billed_on) == (
        order.number, order.order_date, bill.bill_date, there.date,
    )  # fmt: skip
    assert one.sent_on is not None and one.ordered_on is not None
    assert one.ordered_on <= one.sent_on <= bill.bill_date <= there.date
    assert (one.received, one.billed, one.difference) == (bill.amount(True), there.total, Decimal("17.50"))
    assert len(one.lines) == 1 and one.lines[0].billed - one.lines[0].received == Decimal("17.50")
    life = await explain(watched.desk, f"#{one.record_id}")
    assert life.tracking == one and "17.50 USD more than received" in one.sentence


async def test_what_changes_in_xero_is_seen_without_being_asked_for(watched: Watched) -> None:
    await watched.sync()
    books, seed = watched.sandbox.company.xero_organisation, watched.sandbox.company.seed
    voided, missing, wrong = watched.some("billed"), watched.some("voided"), watched.some("dearer")
    before = await watched.found()
    books.desk.remove(watched.payable(voided))
    bill = seed.tenant.bills[int(missing)]
    [contact] = [one for one in books.contacts if one.name == seed.tenant.vendors[bill.vendor_id].name]
    line = {"Description": "As delivered", "Quantity": 1, "UnitAmount": str(bill.amount(True)), "AccountCode": "5110"}
    kept = books.desk.add_bill(
        contact, bill.bill_date + timedelta(days=9), [line], InvoiceNumber=bill.vendor_number, LineAmountTypes="NoTax"
    )
    corrected = seed.tenant.bills[int(wrong)].amount(True)
    books.desk.change(watched.payable(wrong), LineItems=[{**line, "UnitAmount": str(corrected)}])
    await watched.sync()
    found = await watched.found()
    assert found[voided].finding == NOT_BILLED and not found[voided].target_id
    assert (found[missing].finding, found[missing].target_id) == ("matched", kept.document_id)
    assert found[wrong].finding == "matched"
    others = {id_ for id_ in found if id_ not in (voided, missing, wrong)}
    assert {id_: found[id_] for id_ in others} == {id_: before[id_] for id_ in others}
    await _balanced(watched)
    assert watched.writes == []
