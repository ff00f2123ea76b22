"""The contractor's bank deposits against its clearing accounts in Xero: to the cent as both books have it, none written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.balance import runs_in
from ml_connector.service.clearing.report import clearing
from ml_connector.service.clearing.shapes import ClearedDeposit, ClearingReport
from ml_connector.service.desk import Desk
from ml_connector.service.integrating import Integration, integration_named
from ml_connector.service.status import status
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector_sandbox.company.access import SCOPES
from ml_connector_sandbox.sandbox import Sandbox
from ml_connector_sandbox.servicetitan.books import BankDeposit, move_payment
from rig.company import joined

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]

KIND, RIGHT = "servicetitan-xero", "tn.acc.bankdeposits:r"
ALL = {
    "customers": "as needed", "vendors": "as needed", "invoices": "live", "payments": "live", "deposits": "live",
}  # fmt: skip


@dataclass(slots=True)
class Banked:
    """The company once everything that can go has gone."""

    sandbox: Sandbox
    desk: Desk
    integration: Integration

    async def sync(self) -> None:
        await syncing.request_sync(self.desk, await integration_named(self.desk, KIND))
        assert (await syncing.wait_until_quiet(self.desk, self.integration, patience=60.0)).done

    async def report(self) -> ClearingReport:
        return await clearing(self.desk, KIND, everything=True)

    def in_scope(self) -> dict[str, BankDeposit]:
        """ServiceTitan's deposits from the start date on, by name."""
        company = self.sandbox.company
        found = company.seed.tenant.bank_deposits
        return {one.name: one for one in found if one.active and one.deposit_date >= company.start_date}

    def inside(self, deposit: BankDeposit) -> dict[str, Decimal]:
        """Its payments in ServiceTitan's own books."""
        payments = self.sandbox.company.seed.tenant.payments
        return {str(one.id): one.total for one in payments if one.active and one.deposit_id == deposit.id}


@asynccontextmanager
async def banking(
    database: Database, tmp_path: Path, modes: dict[str, str], *, without: str = ""
) -> AsyncIterator[Banked]:
    async with Sandbox.running("contractor", speed=60.0, limits=False) as sandbox:
        if without:
            kept = tuple(scope for scope in SCOPES if scope != without)
            sandbox.company.servicetitan.change_scopes(sandbox.company.access.client_id, kept)
        file = tmp_path / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=tmp_path / "data", sandbox=file)) as runtime:
            desk, _ = await joined(runtime, sandbox.handover, KIND, modes)
            yield Banked(sandbox, desk, await integration_named(desk, KIND))


async def test_deposits_stand_against_their_accounts_as_both_books_have_them(
    database: Database, tmp_path: Path
) -> None:
    async with banking(database, tmp_path, ALL) as banked:
        ledger = banked.sandbox.company.xero_organisation.ledger
        before = ledger.balances()
        await banked.sync()
        report = await banked.report()
        _as_in_servicetitan(report, banked)
        assert len(report.deposits) > 10 and any(one.fees for one in report.deposits)
        used = [one for one in report.accounts if one.id and one.booked.count]
        assert used
        for account in used:  # nobody has booked a deposit in Xero, so all that was booked is on the account
            assert account.booked.sums["USD"] == ledger.balance(account.id) - before.get(account.id, Decimal(0))
        _adds_up(report)
        async with banked.desk.looking() as reading:
            runs = await runs_in(reading, [banked.integration.flow("deposits").flow_id])
        assert runs and all(run.balanced for run in runs)
        essence = banked.sandbox.xero.essence()
        await _moved(banked, report)
        assert banked.sandbox.xero.essence() == essence


def _as_in_servicetitan(report: ClearingReport, banked: Banked) -> None:
    truth = banked.in_scope()
    shown = {one.number: one for one in report.deposits}
    assert shown.keys() == truth.keys()
    for name, one in shown.items():
        made = truth[name]
        assert (one.date, one.gross, one.fees, one.net) == (made.deposit_date, made.gross, made.fees, made.net)
        assert (one.deposited, one.ties) == (made.status == "Deposited", True), one.sentence
        assert {part.id: part.amount for part in one.payments} == banked.inside(made)
        assert one.differences == () and all(part.why for part in one.payments if not part.booked)


def _adds_up(report: ClearingReport) -> None:
    """Booked less deposited is expected, and so is what waits less what is missing."""
    for one in report.accounts:
        booked, waiting = one.booked.sums.get("USD", Decimal(0)), one.waiting.sums.get("USD", Decimal(0))
        gross, missing = one.gross.sums.get("USD", Decimal(0)), one.missing.sums.get("USD", Decimal(0))
        expected = one.expected.get("USD", Decimal(0))
        assert booked - gross == expected == waiting - missing
        assert one.net.get("USD", Decimal(0)) == gross - one.fees.get("USD", Decimal(0))


async def _moved(banked: Banked, report: ClearingReport) -> None:
    """A payment goes over to another deposit: both follow."""
    books = banked.sandbox.company.seed.tenant
    first, second = [one for one in report.deposits if one.deposited and len(one.payments) > 1 and not one.fees][:2]
    ids = {name: one.id for name, one in banked.in_scope().items()}
    payment = first.payments[0]
    move_payment(books, int(payment.id), ids[second.number])
    await banked.sync()
    after = await banked.report()
    _as_in_servicetitan(after, banked)
    _adds_up(after)
    found: dict[str, ClearedDeposit] = {one.number: one for one in after.deposits}
    assert found[first.number].gross == first.gross - payment.amount
    assert payment.id in {part.id for part in found[second.number].payments}


async def test_without_the_right_the_flow_says_so_and_the_others_go_on(database: Database, tmp_path: Path) -> None:
    modes = {"inventory_bills": "live", "deposits": "live"}
    async with banking(database, tmp_path, modes, without=RIGHT) as banked:
        await banked.sync()
        report = await banked.report()
        assert RIGHT in report.problem and report.deposits == () and report.open
        found = await status(banked.desk)
        assert any(RIGHT in line for line in found.attention), found.attention
        [bills] = [flow for one in found.integrations for flow in one.flows if flow.flow == "inventory_bills"]
        assert bills.states["tracked"].count > 300

        company = banked.sandbox.company
        company.servicetitan.change_scopes(company.access.client_id, tuple(SCOPES))
        banked.sandbox.servicetitan.tokens.withdraw_all()
        await banked.sync()
        report = await banked.report()
        assert report.problem == "" and len(report.deposits) == len(banked.in_scope())
