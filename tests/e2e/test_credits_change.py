"""Adjustments that change after they were posted: their credit notes change too, and are applied again, each once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from sales_world import DAY, Selling, selling

from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.replaying import replay
from ml_connector.store.database import Database
from ml_connector_sandbox.kernel.calls import Call
from ml_connector_sandbox.kernel.faults import Fault, Faults
from ml_connector_sandbox.servicetitan.books import Invoice
from ml_connector_sandbox.xero.books.documents import GONE, Document

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


def adjusted(company: Selling, invoice: Invoice, price: str) -> Invoice:
    """A credit on an invoice, posted."""
    made = company.source.invoicing.adjust(invoice.id, [company.item(price)])
    company.source.invoicing.review(made.id, "Reviewed")
    company.post(made)
    return company.source.invoices[made.id]


def priced(company: Selling, adjustment: Invoice, price: str) -> None:
    """Somebody corrects its price past the warning that it is posted."""
    [item] = company.source.invoices[adjustment.id].items
    company.source.invoicing.change_item(adjustment.id, item.id, warned=True, price=Decimal(price))


def note(company: Selling, adjustment: Invoice) -> Document:
    """Its one live credit note in Xero."""
    [one] = [one for one in company.target.credit_notes if one.number == adjustment.reference_number]
    assert one.status not in GONE
    return one


def agrees(company: Selling, adjustment: Invoice) -> bool:
    """Whether the credit note shows the adjustment as it is now, its lines too."""
    now, there = company.source.invoices[adjustment.id], note(company, adjustment)
    lines = [line.amount + line.tax for line in there.lines]
    return there.total == -now.total == sum(lines) and len(lines) == len(now.items)


def applied(company: Selling, invoice: Invoice) -> list[Decimal]:
    """What is set off against an invoice in Xero."""
    [one] = company.there(invoice.reference_number)
    return sorted(part.amount for part in one.allocations)


def total(company: Selling, adjustment: Invoice) -> Decimal:
    """What an adjustment gives back now."""
    return -company.source.invoices[adjustment.id].total


async def test_a_changed_adjustment_is_changed_there(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path) as company:
        more, less, tight, open_, refunded, theirs, gone = (company.bill("200.00") for _ in range(7))
        company.take(tight, str(tight.total - 60))
        company.take(open_, str(open_.total))
        credits = {
            name: adjusted(company, invoice, "-50.00")
            for name, invoice in (
                ("more", more), ("less", less), ("tight", tight), ("open", open_), ("refunded", refunded),
                ("theirs", theirs), ("gone", gone),
            )
        }  # fmt: skip
        await company.sync()
        await company.sync()
        for one in credits.values():
            assert (await company.end("invoices", one.id))[0] == "posted" and agrees(company, one)
        was = {name: total(company, one) for name, one in credits.items()}
        assert [applied(company, one) for one in (more, tight, open_)] == [[was["more"]], [was["tight"]], []]

        [given] = note(company, credits["refunded"]).allocations
        company.target.desk.withdraw(given)
        bank = next(one for one in company.target.accounts.values() if one.type == "BANK")
        company.target.desk.pay(note(company, credits["refunded"]), DAY, Decimal(10), bank)
        [ours] = note(company, credits["theirs"]).allocations
        company.target.desk.withdraw(ours)
        company.target.desk.allocate(
            note(company, credits["theirs"]), company.there(more.reference_number)[0], Decimal(5)
        )
        for name, price in (("more", "-80.00"), ("less", "-30.00"), ("tight", "-70.00"), ("refunded", "-20.00")):
            priced(company, credits[name], price)
        for name in ("open", "theirs"):
            company.source.invoicing.add_items(credits[name].id, [company.item("-15.00")], warned=True)
        company.source.invoicing.change(credits["gone"].id, warned=True, active=False)
        await company.sync()
        await company.sync()
        for name in ("more", "less", "tight", "open"):
            assert (await company.end("invoices", credits[name].id))[0] == "posted", name
            assert agrees(company, credits[name]), name
        assert applied(company, more) == sorted([Decimal(5), total(company, credits["more"])])
        assert applied(company, less) == [total(company, credits["less"])]
        assert applied(company, tight) == [Decimal(60)] and applied(company, open_) == []
        assert company.there(tight.reference_number)[0].due == 0
        for name in ("refunded", "theirs"):
            assert await company.end("invoices", credits[name].id) == ("held", "change_when_paid"), name
            assert note(company, credits[name]).total == was[name]
        [void] = [one for one in company.target.credit_notes if one.number == credits["gone"].reference_number]
        assert void.status == "VOIDED" and applied(company, gone) == []

        # What held it is taken back by the person: it goes on by itself, and stays open.
        [part] = note(company, credits["theirs"]).allocations
        company.target.desk.withdraw(part)
        await company.sync()
        assert (await company.end("invoices", credits["theirs"].id))[0] == "posted" and agrees(
            company, credits["theirs"]
        )
        before = (company.sandbox.xero.essence(), await company.versions("invoices"))
        await company.sync()
        assert (company.sandbox.xero.essence(), await company.versions("invoices")) == before


@pytest.mark.parametrize("kind", ["timeout after", "500 before"])
async def test_whatever_becomes_of_the_answers_it_is_applied_once(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    async with selling(database, tmp_path) as company:
        invoice = company.bill("200.00")
        credit = adjusted(company, invoice, "-50.00")
        await company.sync()
        await company.sync()
        there = note(company, credit)
        assert applied(company, invoice) == [there.total]
        faults, take, struck = company.sandbox.xero.faults, Faults.take, set[str]()

        def chosen(self: Faults, call: Call) -> Fault | None:
            key = f"{call.method} {call.path.rsplit('/', 1)[0]}"
            mine = there.document_id in call.path and call.method in ("PUT", "POST", "DELETE")
            if self is faults and mine and key not in struck:
                faults.add(Fault(call=call.number, kind=kind))
                struck.add(key)
            return take(self, call)

        monkeypatch.setattr(Faults, "take", chosen)
        priced(company, credit, "-80.00")
        company.source.invoicing.add_items(credit.id, [company.item("-7.00")], warned=True)
        for _ in range(3):
            await company.sync()
        assert len(struck) == 3, struck  # taken off, changed, applied
        assert await company.end("invoices", credit.id) == ("posted", "")
        assert note(company, credit) is there and agrees(company, credit)
        assert applied(company, invoice) == [total(company, credit)]


def struck(company: Selling, monkeypatch: pytest.MonkeyPatch, doing: Callable[[Call], bool]) -> None:
    """Let ``doing`` see every call to Xero before it is carried out, until it says that it has done something."""
    faults, take, done = company.sandbox.xero.faults, Faults.take, list[Call]()

    def chosen(self: Faults, call: Call) -> Fault | None:
        if self is faults and not done and doing(call):
            done.append(call)
        return take(self, call)

    monkeypatch.setattr(Faults, "take", chosen)


async def told(company: Selling, adjustment: Invoice) -> str:
    """What its record waits for, and what to do, in words."""
    newest = (await explain(company.desk, str(adjustment.id))).versions[-1]
    return " ".join(f"{wait.sentence} {wait.action}" for wait in newest.waits)


async def test_a_refused_change_says_that_the_credit_is_off_and_applies_it_when_it_goes_on(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with selling(database, tmp_path) as company:
        invoice = company.bill("200.00")
        credit = adjusted(company, invoice, "-50.00")
        await company.sync()
        await company.sync()
        there = note(company, credit)
        was = there.total

        def locked(call: Call) -> bool:
            if call.method == "POST" and call.path.endswith(there.document_id):
                company.target.desk.lock(period=there.date)
                return True
            return False

        struck(company, monkeypatch, locked)
        priced(company, credit, "-80.00")
        await company.sync()
        assert (await company.end("invoices", credit.id))[0] == "rejected"
        assert there.total == was and applied(company, invoice) == []
        said = await told(company, credit)
        assert f"{was:.2f} USD of it was taken off" in said and "apply it in the ledger" in said
        company.target.desk.lock()
        record_id = (await explain(company.desk, str(credit.id))).record_id
        await replay(company.desk, Filter(flow="invoices", record_ids=(record_id,)))
        await company.sync()
        assert await company.end("invoices", credit.id) == ("posted", "")
        assert agrees(company, credit) and applied(company, invoice) == [total(company, credit)]


async def test_one_that_is_held_half_way_says_so_too(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with selling(database, tmp_path) as company:
        invoice, other = company.bill("200.00"), company.bill("90.00")
        credit = adjusted(company, invoice, "-50.00")
        await company.sync()
        await company.sync()
        there = note(company, credit)
        off: list[Call] = []

        def taken(call: Call) -> bool:
            if call.method == "DELETE" and there.document_id in call.path:
                off.append(call)
            elif off and not there.allocations:
                company.target.desk.allocate(there, company.there(other.reference_number)[0], Decimal(5))
                return True
            return False

        struck(company, monkeypatch, taken)
        priced(company, credit, "-80.00")
        await company.sync()
        assert await company.end("invoices", credit.id) == ("held", "change_when_paid")
        assert f"{there.total:.2f} USD of it was taken off" in await told(company, credit)
        [part] = there.allocations
        company.target.desk.withdraw(part)
        await company.sync()
        assert await company.end("invoices", credit.id) == ("posted", "")
        assert agrees(company, credit) and applied(company, invoice) == [total(company, credit)]


async def test_one_that_was_changed_half_way_and_back_is_as_it_was(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change stands in Xero when its application is refused; what comes next is what was posted at first."""
    async with selling(database, tmp_path) as company:
        invoice, other = company.bill("200.00"), company.bill("190.00")
        credit = adjusted(company, invoice, "-50.00")
        await company.sync()
        await company.sync()
        there = note(company, credit)
        was = there.total

        def used(call: Call) -> bool:
            if there.total == was or not call.path.endswith("Allocations"):
                return False
            company.target.desk.allocate(there, company.there(other.reference_number)[0], there.total)
            return True

        struck(company, monkeypatch, used)
        priced(company, credit, "-80.00")
        await company.sync()
        assert (await company.end("invoices", credit.id))[0] in ("rejected", "held")
        assert there.total > was and applied(company, invoice) == []
        [part] = there.allocations
        company.target.desk.withdraw(part)
        priced(company, credit, "-50.00")
        await company.sync()
        await company.sync()
        assert await company.end("invoices", credit.id) == ("posted", "")
        assert agrees(company, credit) and applied(company, invoice) == [total(company, credit)] == [was]
