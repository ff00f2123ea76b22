"""Credit memos in Xero: applied where ServiceTitan has them, step aside for their invoices, are voided and marked."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from sales_world import DAY, Selling, selling

from ml_connector.service.deciding import link
from ml_connector.service.status import status
from ml_connector.store.database import Database
from ml_connector_sandbox.company.access import SCOPES
from ml_connector_sandbox.company.sales_catalogue import DISCOUNT
from ml_connector_sandbox.servicetitan.books import Accounts, CreditMemo, CreditMemoItem, Invoice, batch, post_batch
from ml_connector_sandbox.xero.books.documents import GONE, Document

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]
RIGHT = "tn.acc.creditmemos:r"
LIVE = {"credit_memos": "live", "credit_memos_exported": "live"}


def give(
    company: Selling, customer: int, amount: str, on: dict[int, str] | None = None, number: str = "CM-1"
) -> CreditMemo:
    """A memo of one line, posted; parts of it on invoices."""
    account = next(one.id for one in company.source.gl_accounts if one.number == DISCOUNT.account)
    line = CreditMemoItem(sku_name="GW", price=Decimal(amount), accounts=Accounts(general_ledger=account))
    memo = CreditMemo(reference_number=number, customer_id=customer, memo_date=DAY, sub_total=Decimal(amount))
    parts = {id_: Decimal(part) for id_, part in (on or {}).items()}
    kept = company.source.collecting.give_credit(memo, parts or None, items=[line])
    post_batch(company.source, batch(company.source, number, memo_ids=[kept.id]))
    return kept


def note(company: Selling, number: str = "CM-1") -> Document:
    """Xero's credit note of a number."""
    [found] = [one for one in company.target.credit_notes if one.number == number and one.is_sale]
    return found


def owed(company: Selling, invoice: Invoice) -> tuple[Decimal, Decimal]:
    """What an invoice owes, at ServiceTitan and in Xero."""
    [there] = company.there(invoice.reference_number)
    return company.source.invoices[invoice.id].balance, there.due


def reprice(company: Selling, invoice: Invoice, price: str) -> None:
    """Somebody corrects the price of its line past the warning that it is posted."""
    [item] = company.source.invoices[invoice.id].items
    company.source.invoicing.change_item(invoice.id, item.id, warned=True, price=Decimal(price))


async def test_parts_follow_and_a_change_of_the_invoice_leaves_them_on_it(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, **LIVE) as company:
        first, second = company.bill("100.00"), company.bill("80.00")
        memo = give(company, first.customer_id, "40.00", {first.id: "15.00"})
        await company.sync()
        assert await company.end("credit_memos", memo.id) == ("posted", "")
        here, there = owed(company, first)
        assert here == there and note(company).due == 25
        company.source.collecting.apply_credit(memo.id, {second.id: Decimal("25.00")})
        await company.sync()
        assert note(company).due == 0 and len({*owed(company, second)}) == 1
        [item] = company.source.invoices[first.id].items
        company.source.invoicing.change_item(first.id, item.id, warned=True, price=Decimal("120.00"))
        await company.sync()
        here, there = owed(company, first)
        assert here == there and await company.end("invoices", first.id) == ("posted", "")
        company.source.collecting.take_credit_back(memo.id, second.id)
        await company.sync()
        assert note(company).due == 25 and len({*owed(company, second)}) == 1
        company.source.collecting.take_credit_back(memo.id, first.id)
        company.source.collecting.change_credit(memo.id, active=False)
        await company.sync()
        assert note(company).status in GONE and len({*owed(company, first)}) == 1
        assert company.source.credit_memos[memo.id].export_id is not None


def repriced(company: Selling, memo: CreditMemo, amount: str) -> None:
    """Somebody corrects what the memo gives."""
    table = company.source.credit_memo_items
    [line] = [one for one in table if one.memo_id == memo.id]
    table.modify(line.id, company.source.when(None), price=Decimal(amount))
    company.source.collecting.change_credit(memo.id, sub_total=Decimal(amount))


async def test_a_change_of_the_memo_is_made_while_it_is_off_its_invoices(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, **LIVE) as company:
        first, second = company.bill("100.00"), company.bill("80.00")
        memo = give(company, first.customer_id, "40.00", {first.id: "15.00", second.id: "20.00"})
        theirs = give(company, first.customer_id, "30.00", {first.id: "10.00"}, "CM-2")
        await company.sync()
        there, other = note(company), note(company, "CM-2")
        [part] = other.allocations
        company.target.desk.withdraw(part)
        company.target.desk.allocate(other, company.there(second.reference_number)[0], Decimal("10.00"))
        repriced(company, memo, "55.00")
        repriced(company, theirs, "33.00")
        await company.sync()
        await company.sync()
        assert await company.end("credit_memos", memo.id) == ("posted", "")
        assert note(company) is there and (there.total, there.due) == (55, 20)
        assert sorted(one.amount for one in there.allocations) == [15, 20]
        assert await company.end("credit_memos", theirs.id) == ("held", "change_when_paid") and other.total == 30
        before = (company.sandbox.xero.essence(), await company.versions("credit_memos"))
        await company.sync()
        assert (company.sandbox.xero.essence(), await company.versions("credit_memos")) == before


async def test_it_is_marked_once_its_batch_is_posted_and_a_pending_one_waits(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path, **LIVE) as company:
        invoice = company.bill("100.00")
        memo = give(company, invoice.customer_id, "40.00", {invoice.id: "40.00"})
        pending = CreditMemo(
            reference_number="CM-2", customer_id=invoice.customer_id, memo_date=DAY, sub_total=Decimal("7.00")
        )
        late = company.source.collecting.give_credit(pending)
        await company.sync()
        await company.sync()
        assert owed(company, invoice) == (invoice.total - 40, invoice.total - 40)
        assert company.source.credit_memos[memo.id].sync_status == "Exported"
        assert await company.end("credit_memos", late.id) == ("skipped", "invoice_not_yet")
        assert {"CM-1", "CM-2"} & {one.number for one in company.target.credit_notes} == {"CM-1"}


async def test_one_that_people_have_keyed_is_linked_and_applied(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, **LIVE) as company:
        invoice = company.bill("100.00")
        await company.sync()
        [there] = company.there(invoice.reference_number)
        [contact] = [one for one in company.target.contacts if one.contact_id == there.contact_id]
        line = {"Description": "Sorry", "Quantity": 1, "UnitAmount": "40.00", "AccountCode": "4900", "TaxType": "NONE"}
        keyed = company.target.desk.add_credit_note(contact, DAY, [line])
        memo = give(company, invoice.customer_id, "40.00", {invoice.id: "25.00"})
        await company.sync()
        assert await company.end("credit_memos", memo.id) == ("held", "credit_twin")
        await link(company.desk, str(memo.id), keyed.document_id)
        await company.sync()
        assert keyed.due == 15 and len({*owed(company, invoice)}) == 1
        company.source.collecting.apply_credit(memo.id, {invoice.id: Decimal("15.00")})
        await company.sync()
        assert keyed.due == 0 and len({*owed(company, invoice)}) == 1
        theirs = [one for one in company.target.credit_notes if one.contact_id == contact.contact_id]
        assert [one.total for one in theirs] == [40]


async def test_the_application_of_a_linked_one_steps_aside_for_its_invoice(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, **LIVE) as company:
        invoice = company.bill("100.00")
        await company.sync()
        [there] = company.there(invoice.reference_number)
        [contact] = [one for one in company.target.contacts if one.contact_id == there.contact_id]
        line = {"Description": "Sorry", "Quantity": 1, "UnitAmount": "40.00", "AccountCode": "4900", "TaxType": "NONE"}
        keyed = company.target.desk.add_credit_note(contact, DAY, [line])
        memo = give(company, invoice.customer_id, "40.00", {invoice.id: "25.00"})
        await company.sync()
        await link(company.desk, str(memo.id), keyed.document_id)
        await company.sync()
        reprice(company, invoice, "120.00")
        await company.sync()
        await company.sync()
        assert await company.end("invoices", invoice.id) == ("posted", "")
        assert keyed.due == 15 and len({*owed(company, invoice)}) == 1


@pytest.mark.parametrize(("price", "part"), [("60.00", "50.00"), ("30.00", "10.00")])
async def test_an_invoice_and_a_memo_on_it_that_change_in_one_reading_both_follow(
    database: Database, tmp_path: Path, price: str, part: str
) -> None:
    async with selling(database, tmp_path, **LIVE) as company:
        invoice = company.bill("100.00")
        memo = give(company, invoice.customer_id, "80.00", {invoice.id: "80.00"})
        await company.sync()
        company.source.collecting.take_credit_back(memo.id, invoice.id)
        reprice(company, invoice, price)
        company.source.collecting.apply_credit(memo.id, {invoice.id: Decimal(part)})
        await company.sync()
        await company.sync()
        assert await company.end("invoices", invoice.id) == ("posted", "")
        assert len({*owed(company, invoice)}) == 1 and note(company).due == Decimal("80.00") - Decimal(part)


async def test_without_its_own_right_the_flow_alone_stands_still_and_says_so(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path, **LIVE) as company:
        seeded = company.sandbox.company
        seeded.servicetitan.change_scopes(seeded.access.client_id, tuple(one for one in SCOPES if one != RIGHT))
        company.sandbox.servicetitan.tokens.withdraw_all()
        invoice = company.bill("100.00")
        give(company, invoice.customer_id, "40.00")
        await company.sync()
        found = await status(company.desk)
        assert any(RIGHT in line for line in found.attention), found.attention
        assert company.there(invoice.reference_number)
        seeded.servicetitan.change_scopes(seeded.access.client_id, tuple(SCOPES))
        company.sandbox.servicetitan.tokens.withdraw_all()
        await company.sync()
        assert note(company).due == 40
