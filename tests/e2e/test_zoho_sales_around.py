"""Around the sales in Zoho Books: locks, marks, deposits, lost answers, what is owed, and lines by account."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from zoho_selling_world import DAY, selling

from ml_connector.service.clearing.report import clearing
from ml_connector.service.integrating import integration_named
from ml_connector.service.receivables import compare
from ml_connector.store.database import Database
from ml_connector_sandbox.company import Company
from ml_connector_sandbox.kernel.calls import Call
from ml_connector_sandbox.kernel.faults import Fault, Faults

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


async def test_the_lock_of_sales_holds_invoices_and_no_lock_of_purchases_does(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path, prepare=_locked) as company:
        invoice, later = company.bill("100.00"), company.bill("100.00", on=date(2026, 11, 14))
        await company.sync(2)
        assert await company.end("invoices", invoice.id) == ("held", "period_closed")
        assert company.there(later).total == later.total
        company.target.lock_transactions(date(2026, 11, 15), "sales")
        unknown = company.bill("100.00", on=date(2026, 11, 14))  # of a lock that was set meanwhile Zoho's refusal tells
        await company.sync()
        assert await company.end("invoices", unknown.id) == ("rejected", "period_closed")


def _locked(company: Company) -> None:
    company.seed.organisation.lock_transactions(DAY, "sales")
    company.seed.organisation.lock_transactions(date(2026, 11, 15), "purchase")


async def test_what_was_posted_is_marked_as_exported_in_servicetitan(database: Database, tmp_path: Path) -> None:
    marked = {f"{name}_exported": "live" for name in ("invoices", "payments", "credit_memos")}
    async with selling(database, tmp_path, **marked) as company:
        invoice = company.bill("100.00")
        payment = company.take("100.00", (invoice, "100.00"))
        before = company.bill("70.00", posted=False)
        await company.sync(3)
        assert company.source.invoices[invoice.id].sync_status == "Exported"
        assert company.source.payments[payment.id].sync_status == "Exported"
        assert company.source.invoices[before.id].sync_status == "Pending"
        assert {one.sync_status for one in company.source.credit_memos} == {"Exported"}
        assert company.compared() == []


async def test_lines_go_by_account_where_the_organisation_takes_that(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, connection={"invoice_lines": "account"}) as company:
        company.sandbox.company.zoho_books_switches.invoice_lines = "account"
        invoice = company.bill("100.00")
        await company.sync(2)
        [line] = company.there(invoice).lines
        assert (line.item_id, company.target.accounts[line.account_id].account_code) == ("", "4200")
        assert company.compared() == []


async def test_what_customers_owe_is_compared_with_zoho(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path) as company:
        invoice = company.bill("100.00")
        early = await compare(company.desk, await integration_named(company.desk))
        assert early.differing
        await company.sync(2)
        company.take("40.00", (invoice, "40.00"))
        await company.sync(2)
        found = await compare(company.desk, await integration_named(company.desk))
        assert [one.customer for one in found.differing] == [] and found.here == found.there


async def test_deposits_stand_against_the_accounts_of_their_payments(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, deposits="live") as company:
        invoice = company.bill("100.00")
        paid = company.take("100.00", (invoice, "100.00"))
        company.source.collecting.deposit([paid.id], "Monday", DAY)
        await company.sync(2)
        report = await clearing(company.desk, "servicetitan-zoho_books", everything=True)
        assert [one.gross for one in report.deposits] == [paid.total]
        assert [one.number for one in report.accounts if one.booked.count] == ["1200", "1210"]


async def test_money_given_back_is_off_its_clearing_account(database: Database, tmp_path: Path) -> None:
    """As Zoho's own books have the account, and again once the refund was reversed."""
    async with selling(database, tmp_path, deposits="live") as company:

        async def stands_alike() -> None:
            for one in (await clearing(company.desk, "servicetitan-zoho_books")).accounts:
                assert sum(one.booked.sums.values()) == company.target.ledger.balance(one.id), one.label

        sold = company.bill("300.00")
        paid = company.take(str(sold.total), (sold, str(sold.total)))
        _, back = company.give_back(paid, sold, "80.00")
        await company.sync(2)
        assert await company.end("payments", back.id) == ("posted", ""), await company.waits(back.id)
        await stands_alike()
        company.source.collecting.set_status(back.id, "Pending")
        company.source.collecting.delete(back.id)
        await company.sync(2)
        await stands_alike()


# --- lost answers ----------------------------------------------------------------------------------------------------


def _writes(call: Call) -> bool:
    return call.method in ("POST", "PUT", "DELETE") and "/oauth/" not in call.path


@pytest.mark.parametrize("kind", ["502 after", "timeout after"])
async def test_lost_answers_leave_nothing_twice(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Of every kind of call that writes, the first answer is lost."""
    async with selling(database, tmp_path) as company:
        faults, take = company.sandbox.zoho_books.faults, Faults.take
        lost: set[tuple[str, str]] = set()

        def chosen(self: Faults, call: Call) -> Fault | None:
            shape = (call.method, "/".join(part for part in call.path.split("/") if not part.isdecimal()))
            if self is faults and _writes(call) and shape not in lost:
                lost.add(shape)
                faults.add(Fault(call=call.number, kind=kind))
            return take(self, call)

        monkeypatch.setattr(Faults, "take", chosen)
        invoice, given = company.bill("100.00"), company.bill("200.00")
        paid = company.take(str(given.total), (given, str(given.total)))
        company.give_back(paid, given, "80.00")
        company.write_off(invoice, "20.00")
        ahead = company.take("50.00")
        await company.sync(3)
        assert company.compared() == []
        company.source.collecting.apply(ahead.id, {invoice.id: ahead.total})
        await company.sync(3)
        assert company.compared() == [] and len(company.all_paid(ahead)) == 1
        assert len(lost) >= 7, lost
