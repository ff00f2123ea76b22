"""Write-offs and money on account whose invoices or parts change: what is ours is taken back and goes on, each once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from sales_world import DAY, Selling, selling

from ml_connector.service.mapping.values import set_value
from ml_connector.store.database import Database
from ml_connector_sandbox.company.sales_catalogue import CHECK, WRITE_OFF
from ml_connector_sandbox.kernel.calls import Call
from ml_connector_sandbox.kernel.faults import Fault, Faults
from ml_connector_sandbox.servicetitan.books import Invoice, Payment
from ml_connector_sandbox.xero.books.documents import GONE, Document

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


def there(company: Selling, invoice: Invoice) -> Document:
    [one] = company.there(invoice.reference_number)
    return one


def applied(company: Selling, invoice: Invoice) -> list[Decimal]:
    """What is set off against an invoice in Xero, and what is paid on it."""
    one = there(company, invoice)
    credits = [part.amount for part in one.allocations]
    return sorted([*credits, *(paid.amount for paid in one.payments if paid.status not in GONE)])


def notes(company: Selling, payment: Payment) -> list[Document]:
    """Xero's live credit notes of a write-off."""
    mine = [one for one in company.target.credit_notes if str(payment.id) in one.number]
    return [one for one in mine if one.status not in GONE]


def advances(company: Selling, payment: Payment) -> list[Decimal]:
    """Amounts of the overpayments of a payment."""
    return sorted(one.total for one in company.target.overpayments if str(payment.id) in one.reference)


def deposit(company: Selling, customer: int, amount: str, parts: dict[int, str]) -> Payment:
    """Money of which so much is applied."""
    on = {number: Decimal(part) for number, part in parts.items()}
    return company.source.collecting.take(customer, company.type_id(CHECK), Decimal(amount), on, paid_on=DAY)


def dearer(company: Selling, invoice: Invoice, price: str) -> Invoice:
    """Somebody corrects the price past the warning that the invoice is posted."""
    [item] = company.source.invoices[invoice.id].items
    return company.source.invoicing.change_item(invoice.id, item.id, warned=True, price=Decimal(price))


def adjusted(company: Selling, invoice: Invoice, price: str) -> Invoice:
    """A credit on an invoice, posted."""
    made = company.source.invoicing.adjust(invoice.id, [company.item(price)])
    company.source.invoicing.review(made.id, "Reviewed")
    company.post(made)
    return company.source.invoices[made.id]


async def test_what_is_ours_follows(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path) as company:
        reversed_, changed, replaced, first, second, third = (company.bill("100.00") for _ in range(6))
        collecting, home = company.source.collecting, company.homes[0]
        gone = company.take(reversed_, "40.00", WRITE_OFF)
        lost, paid = company.take(changed, "30.00", WRITE_OFF), company.take(changed, "25.00")
        moved = company.take(replaced, "20.00", WRITE_OFF)
        money = deposit(company, home, "150.00", {first.id: "60.00"})
        adjustment = adjusted(company, replaced, "-15.00")
        passed, other = company.bill("100.00"), company.bill("50.00", customer=company.homes[1])
        for kind, amount in ((WRITE_OFF, "10.00"), (CHECK, "25.00")):
            company.take(passed, amount, kind)
        await company.sync()
        assert [applied(company, one) for one in (reversed_, changed, replaced, first)] == [
            [40], [25, 30], sorted([Decimal(20), -adjustment.total]), [60],
        ]  # fmt: skip
        assert advances(company, money) == [90]

        collecting.delete(gone.id)
        dearer(company, changed, "150.00")
        collecting.change(money.id, parts={first.id: Decimal(30)})  # 30 more on account: a second overpayment
        for part in list(there(company, replaced).allocations):
            company.target.desk.withdraw(part)
        company.target.desk.remove(there(company, replaced))
        dearer(company, replaced, "120.00")
        company.source.invoicing.change(passed.id, warned=True, customer_id=other.customer_id)
        await set_value(company.desk, company.integration, "invoice_numbers", str(replaced.id), "77X", anyway=True)
        await company.sync()
        await company.sync()
        for one in (gone, lost, paid, moved, money):
            assert (await company.end("payments", one.id))[0] in ("posted", "unchanged"), one
        assert await company.end("invoices", changed.id) == ("posted", "")
        assert not notes(company, gone) and applied(company, reversed_) == []
        assert there(company, changed).total == company.source.invoices[changed.id].total
        assert applied(company, changed) == [25, 30] and len(notes(company, lost)) == 1
        assert await company.end("invoices", passed.id) == ("posted", "")
        assert there(company, passed).contact_id == there(company, other).contact_id
        assert applied(company, passed) == [10, 25]
        [new] = company.there("77X")
        assert sorted(part.amount for part in new.allocations) == sorted([Decimal(20), -adjustment.total])
        assert len(notes(company, moved)) == 1
        assert advances(company, money) == [30, 90] and applied(company, first) == [30]

        collecting.apply(money.id, {second.id: Decimal(100)})
        await company.sync()
        collecting.apply(money.id, {third.id: Decimal(10)})
        await company.sync()
        collecting.apply(money.id, {third.id: Decimal(10)})  # the same again
        await company.sync()
        assert await company.end("payments", money.id) == ("posted", "")
        assert [sum(applied(company, one)) for one in (first, second, third)] == [30, 100, 20]
        assert applied(company, third) == [10, 10] and advances(company, money) == [30, 90]
        received = [one.amount for one in company.target.payments if str(money.id) in one.reference]
        assert sum(one for one in received) - 60 == 30  # the first one of 60 was removed
        before = (company.sandbox.xero.essence(), await company.versions("payments"))
        await company.sync()
        assert (company.sandbox.xero.essence(), await company.versions("payments")) == before


def applies(call: Call) -> bool:
    """Whether a call applies a credit."""
    return call.method == "PUT" and call.path.endswith("/Allocations")


def reads(company: Selling, credit: Document, after: int) -> int:
    """How often a credit alone was read, behind a call."""
    calls = (call for call in company.sandbox.xero.log.calls if call.number > after and call.method == "GET")
    return sum(credit.document_id in f"{call.path}{call.query}" for call in calls)


async def test_an_application_whose_answer_was_lost_is_known_to_the_next_plan(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with selling(database, tmp_path) as company:
        invoice = company.bill("100.00")
        money = deposit(company, company.homes[0], "90.00", {})
        await company.sync()
        [pot] = [one for one in company.target.overpayments if str(money.id) in one.reference]
        faults, take, struck = company.sandbox.xero.faults, Faults.take, list[int]()

        def chosen(self: Faults, call: Call) -> Fault | None:
            if self is faults and applies(call) and not struck:
                faults.add(Fault(call=call.number, kind="timeout after"))
                struck.append(call.number)
            return take(self, call)

        monkeypatch.setattr(Faults, "take", chosen)
        company.source.collecting.apply(money.id, {invoice.id: Decimal(20)})
        await company.sync()
        assert (
            struck and applied(company, invoice) == [20] and await company.end("payments", money.id) == ("posted", "")
        )
        assert reads(company, pot, struck[0]) > 1  # once to find the application, and as it is now
        company.source.collecting.apply(money.id, {invoice.id: Decimal(20)})
        await company.sync()
        assert applied(company, invoice) == [20, 20] and await company.end("payments", money.id) == ("posted", "")
        mine = [call for call in company.sandbox.xero.log.calls if applies(call) and pot.document_id in call.path]
        assert len(mine) == 2


@pytest.mark.parametrize("kind", ["timeout after", "500 before"])
async def test_a_write_off_goes_back_whatever_becomes_of_the_answers(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Its application and its credit note are removed, the invoice is changed, and both are made anew, each once."""
    async with selling(database, tmp_path) as company:
        invoice = company.bill("100.00")
        lost = company.take(invoice, "30.00", WRITE_OFF)
        await company.sync()
        [old] = notes(company, lost)
        faults, take, struck = company.sandbox.xero.faults, Faults.take, set[str]()

        def chosen(self: Faults, call: Call) -> Fault | None:
            part = old.document_id in call.path or applies(call) or call.path.endswith(("/CreditNotes", "/Invoices"))
            key = f"{call.method} {call.path}"
            if self is faults and call.method in ("PUT", "POST", "DELETE") and part and key not in struck:
                faults.add(Fault(call=call.number, kind=kind))
                struck.add(key)
            return take(self, call)

        monkeypatch.setattr(Faults, "take", chosen)
        dearer(company, invoice, "150.00")
        for _ in range(3):
            await company.sync()
        assert len(struck) >= 4, struck
        assert await company.end("invoices", invoice.id) == ("posted", "")
        assert await company.end("payments", lost.id) == ("posted", "")
        [new] = notes(company, lost)
        assert new is not old and applied(company, invoice) == [30]
        assert there(company, invoice).total == company.source.invoices[invoice.id].total


async def test_what_stands_on_two_invoices_that_change_at_once_goes_back_once(
    database: Database, tmp_path: Path
) -> None:
    """One of them is changed, the other one replaced: both move the same payment and the same write-off."""
    async with selling(database, tmp_path) as company:
        changed, replaced, home = company.bill("100.00"), company.bill("100.00"), company.homes[0]
        parts = {changed.id: Decimal(30), replaced.id: Decimal(20)}
        take = company.source.collecting.take
        money, lost = (
            take(home, company.type_id(kind), Decimal(50), parts, paid_on=DAY) for kind in (CHECK, WRITE_OFF)
        )
        await company.sync()
        assert [applied(company, one) for one in (changed, replaced)] == [[30, 30], [20, 20]]
        old = there(company, replaced)
        for part in list(old.allocations):
            company.target.desk.withdraw(part)
        for paid in [one for one in old.payments if one.status not in GONE]:
            company.target.desk.remove_payment(paid)
        company.target.desk.remove(old)
        await set_value(company.desk, company.integration, "invoice_numbers", str(replaced.id), "88X", anyway=True)
        dearer(company, changed, "150.00")
        dearer(company, replaced, "120.00")
        for _ in range(3):
            await company.sync()
        for one in (money, lost):
            assert await company.end("payments", one.id) == ("posted", "")
        assert applied(company, changed) == [30, 30] and len(notes(company, lost)) == 2
        [new] = company.there("88X")
        live = [one.amount for one in new.payments if one.status not in GONE]
        assert live == [20] and [part.amount for part in new.allocations] == [20]
        assert there(company, changed).total == company.source.invoices[changed.id].total
        before = (company.sandbox.xero.essence(), await company.versions("payments"))
        await company.sync()
        assert (company.sandbox.xero.essence(), await company.versions("payments")) == before
