"""Expenses that are entered in Zoho Books become journal entries of ServiceTitan, each once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from back_world import Back, back

from ml_connector.service.integrating import change_settings
from ml_connector.service.mapping.values import set_value
from ml_connector.store.database import Database
from ml_connector_sandbox.kernel.calls import Call
from ml_connector_sandbox.kernel.faults import Fault, Faults
from ml_connector_sandbox.zoho_books.books import expenses

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]
D = Decimal


def spent(company: Back, code: str, amount: str, reference: str = "R-1") -> str:
    """Money paid from the bank on an account, entered at Zoho; its id there."""
    account = company.sandbox.company.seed.ledger
    wish = {"account": account[code].account_name, "through": account["1010"].account_name}
    return str(company.at_zoho("spend", amount=amount, reference=reference, **wish)["expense_id"])


def entered(company: Back) -> list[tuple[list[tuple[str | None, Decimal, Decimal]], str | None]]:
    """ServiceTitan's external entries: (account number, debit, credit) of each line, and their names."""
    numbers = {one.id: one.number for one in company.titan.gl_accounts}
    return [
        ([(numbers.get(line.account_id or 0), line.debit, line.credit) for line in one.lines], one.name)
        for one in company.titan.journal_entries
        if one.active
    ]


async def test_an_expense_is_entered_once_with_both_sides(database: Database, tmp_path: Path) -> None:
    async with back(database, tmp_path, expenses_back="live") as company:
        expense = spent(company, "5110", "41.50")
        await company.sync()
        assert await company.ends("expenses_back") == {expense: ("posted", "")}
        [(lines, name)] = entered(company)
        assert lines == [("5120", D("41.5"), 0), ("5110", 0, D("41.5"))] and name is not None and expense in name
        before = company.sandbox.servicetitan.essence()
        for _ in range(2):
            await company.sync()
        assert company.sandbox.servicetitan.essence() == before


async def test_an_account_without_a_counterpart_waits_for_its_row(database: Database, tmp_path: Path) -> None:
    async with back(database, tmp_path, expenses_back="live") as company:
        expense, left = spent(company, "5130", "10.00"), spent(company, "6810", "5.00")
        await company.sync()
        assert set((await company.ends("expenses_back")).values()) == {("held", "expense_account_unmapped")}
        ledger, titans = company.sandbox.company.seed.ledger, company.titan.gl_accounts
        target = str(next(one.id for one in titans if one.number == "5130"))
        await set_value(company.desk, company.integration, "expense_accounts", ledger["5130"].account_id, target)
        await set_value(company.desk, company.integration, "expense_accounts", ledger["6810"].account_id, "none")
        await company.sync()
        assert await company.ends("expenses_back") == {
            expense: ("posted", ""), left: ("skipped", "expense_back_by_rule"),
        }  # fmt: skip
        assert len(entered(company)) == 1


@pytest.mark.parametrize("kind", ["timeout after", "500 after", "timeout before"])
async def test_a_lost_answer_makes_no_second_entry(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    async with back(database, tmp_path, expenses_back="live") as company:
        await company.sync()
        faults, take, struck = company.sandbox.servicetitan.faults, Faults.take, list[int]()

        def chosen(self: Faults, call: Call) -> Fault | None:
            if self is faults and call.method == "POST" and call.path.endswith("/journal-entries") and not struck:
                faults.add(Fault(call=call.number, kind=kind))
                struck.append(call.number)
            return take(self, call)

        monkeypatch.setattr(Faults, "take", chosen)
        spent(company, "5110", "41.50")
        for _ in range(3):
            await company.sync()
        assert struck and len(entered(company)) == 1
        assert set((await company.ends("expenses_back")).values()) == {("posted", "")}


async def test_a_withdrawn_call_stops_the_flow_alone(database: Database, tmp_path: Path) -> None:
    async with back(database, tmp_path, expenses_back="live") as company:
        await company.sync()
        company.sandbox.company.servicetitan_switches.journal_entries_available = False
        spent(company, "5110", "41.50")
        invoice = company.bill("100")
        left = await company.sync(quiet=False)
        assert "support" in left.sentence and entered(company) == []
        assert (await company.ends("invoices"))[str(invoice.id)] == ("posted", "")
        company.sandbox.company.servicetitan_switches.journal_entries_available = True
        await company.sync()
        assert len(entered(company)) == 1


async def test_changes_and_deletions_are_held_with_both_versions(database: Database, tmp_path: Path) -> None:
    async with back(database, tmp_path, expenses_back="live") as company:
        dearer, gone = spent(company, "5110", "41.50"), spent(company, "5110", "8.00")
        await company.sync()
        kept = company.zoho.expenses.get(dearer)
        lost = company.zoho.expenses.get(gone)
        assert kept is not None and lost is not None
        expenses.update(company.zoho, kept, {"amount": "45.00"})
        expenses.delete(company.zoho, lost)
        company.jump(days=1, minutes=5)
        await company.sync()
        assert await company.ends("expenses_back") == {
            dearer: ("held", "expense_back_changed"), gone: ("held", "expense_back_deleted"),
        }  # fmt: skip
        [wait] = (await company.life("expenses_back", dearer)).versions[-1].waits
        assert "45.00 USD" in wait.sentence and "41.50 USD" in wait.sentence
        assert len(entered(company)) == 2
        now = company.zoho.expenses.get(dearer)
        assert now is not None
        expenses.update(company.zoho, now, {"amount": "41.50"})
        await company.sync()
        assert (await company.ends("expenses_back"))[dearer] == ("unchanged", "")


@pytest.mark.parametrize("chosen", ["lines", "account"])
@pytest.mark.parametrize("inclusive", [True, False])
async def test_tax_is_debited_as_the_ledger_shows_it(
    database: Database, tmp_path: Path, inclusive: bool, chosen: str
) -> None:
    async with back(database, tmp_path, expenses_back="live") as company:
        taxes = next(one for one in company.zoho.taxes.values() if one.percentage)
        account = next(str(one.id) for one in company.titan.gl_accounts if one.number == "5130")
        if chosen == "account":
            await change_settings(company.desk, company.integration, {"expense_tax_account": account})
        expense = spent(company, "5110", "41.50")
        kept = company.zoho.expenses.get(expense)
        assert kept is not None
        expenses.update(company.zoho, kept, {"tax_id": taxes.tax_id, "is_inclusive_tax": inclusive})
        shown = company.zoho.expenses.get(expense)
        assert shown is not None and shown.tax_amount > 0
        await company.sync()
        assert await company.ends("expenses_back") == {expense: ("posted", "")}
        [(lines, _)] = entered(company)
        spent_on = [("5120", shown.sub_total, 0), ("5130", shown.tax_amount, 0)]
        debits = spent_on if chosen == "account" else [("5120", shown.total, 0)]
        assert lines == [*debits, ("5110", 0, shown.total)]
