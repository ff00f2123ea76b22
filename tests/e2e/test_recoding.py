"""Posted documents are recoded by today's mapping: shown first, sent once approved, each once; an accountant's own stays."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from sales_world import DAY, Selling, selling

from ml_connector.service.approving import approve_shown
from ml_connector.service.explaining import explain
from ml_connector.service.integrating import change_settings, integration_named
from ml_connector.service.mapping.values import set_value
from ml_connector.service.recoded import RecodedDocument, RecodingReport, recoding
from ml_connector.service.recoding import approve_recoding, begin_recoding, stop_recoding
from ml_connector.store.database import Database
from ml_connector_sandbox.kernel.calls import Call
from ml_connector_sandbox.kernel.faults import Fault, Faults
from ml_connector_sandbox.servicetitan.books import Invoice
from ml_connector_sandbox.xero.books.documents import Document

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]

ORDERS = {"vendors": "as needed", "purchase_orders": "live"}


def there(company: Selling, invoice: Invoice) -> Document:
    [one] = company.there(invoice.reference_number)
    return one


def codes(company: Selling, invoice: Invoice) -> set[str]:
    return {line.account_code for line in there(company, invoice).lines}


async def remapped(company: Selling, table: str, key: str, code: str) -> None:
    """Another account from now on."""
    account = company.target.account_by_code(code)
    assert account is not None
    await set_value(company.desk, company.integration, table, key, account.account_id)


def by_hand(company: Selling, document: Document, code: str) -> None:
    """An accountant gives every line of a document another account."""
    lines = [{"LineItemID": line.line_id, "AccountCode": code} for line in document.lines]
    company.target.desk.change(document, LineItems=lines)


async def begun(company: Selling, table: str, *keys: str, **days: dt.date) -> RecodingReport:
    integration = await integration_named(company.desk, company.integration.kind)
    number = await begin_recoding(company.desk, integration, table, keys=keys, **days)
    await company.sync()
    return await recoding(company.desk, number)


def shown(found: RecodingReport, company: Selling, invoice: Invoice) -> RecodedDocument:
    return next(one for one in found.documents if one.number == invoice.reference_number)


async def test_what_is_posted_follows_the_mapping_once_it_is_approved(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path) as company:
        early = DAY - dt.timedelta(days=20)
        plain, paid, theirs = (company.bill(price) for price in ("100.00", "80.00", "60.00"))
        closed, later = company.bill("40.00", on=early), company.bill("30.00")
        company.take(paid, str(paid.balance))
        await company.sync()
        [old] = codes(company, plain)
        new = "4100" if old != "4100" else "4200"
        by_hand(company, there(company, theirs), "4900")
        await remapped(company, "accounts", old, new)
        integration = await integration_named(company.desk, company.integration.kind)
        await change_settings(company.desk, integration, {"closed_through": str(early)})
        before = company.sandbox.xero.essence()
        await company.sync()
        assert company.sandbox.xero.essence() == before, "a mapping change alone touches nothing that is posted"

        found = await begun(company, "accounts", old, since=early)
        assert company.sandbox.xero.essence() == before, "what is only shown is not sent"
        assert shown(found, company, plain).outcome == shown(found, company, paid).outcome == "planned"
        assert "closed through" in shown(found, company, closed).sentence
        assert "has account 4900" in shown(found, company, theirs).sentence
        [pair] = found.pairs
        assert (pair.was[:4], pair.becomes[:4], pair.what) == (old, new, "account")
        assert pair.amount == sum((one.amount for one in found.to_approve), Decimal(0))
        [line] = shown(found, company, plain).lines
        assert line.amount == there(company, plain).lines[0].amount
        assert await company.end("invoices", closed.id) == await company.end("invoices", theirs.id) == ("posted", "")
        assert (await company.end("invoices", plain.id))[0] == "planned"

        by_hand(company, there(company, later), "4900")
        asked = len(found.to_approve)
        assert len((await approve_recoding(company.desk, found)).record_ids) == asked
        await company.sync()
        assert codes(company, plain) == codes(company, paid) == {new}
        assert codes(company, closed) == {old} and codes(company, theirs) == codes(company, later) == {"4900"}
        assert there(company, paid).status == "PAID" and there(company, plain).total == plain.total
        done = await recoding(company.desk, found.recoding_id)
        assert done.counts["recoded"] == asked - 1 and not done.to_approve
        assert shown(done, company, later).outcome == "left", "recoded there between the preview and the approval"
        for one in (plain, paid, closed, theirs, later):
            assert await company.end("invoices", one.id) == ("posted", "")
        life = await explain(company.desk, f"#{shown(done, company, plain).record_id}")
        assert "recoded by the mapping table accounts" in str(life) and f"-recoded-{found.recoding_id}" in str(life)

        after = (company.sandbox.xero.essence(), await company.versions("invoices"))
        again = await begun(company, "accounts", old)
        assert not again.to_approve and again.counts["same"] >= asked - 1
        await company.sync()
        assert (company.sandbox.xero.essence(), await company.versions("invoices")) == after


async def test_an_accountants_coding_stays_his_after_a_change_of_ours(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path) as company:
        invoice = company.bill("100.00")
        await company.sync()
        [old] = codes(company, invoice)
        by_hand(company, there(company, invoice), "4900")
        [item] = company.source.invoices[invoice.id].items
        company.source.invoicing.change_item(invoice.id, item.id, warned=True, price=Decimal("120.00"))
        await company.sync()
        assert codes(company, invoice) == {"4900"} and there(company, invoice).lines[0].amount == 120
        await remapped(company, "accounts", old, "4100" if old != "4100" else "4200")
        found = await begun(company, "accounts", old)
        assert "has account 4900" in shown(found, company, invoice).sentence
        assert codes(company, invoice) == {"4900"}


async def test_it_can_be_given_up_and_the_next_change_of_the_document_goes_first(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path) as company:
        stopped, changed = company.bill("100.00"), company.bill("80.00")
        await company.sync()
        [old] = codes(company, stopped)
        new = "4100" if old != "4100" else "4200"
        await remapped(company, "accounts", old, new)
        found = await begun(company, "accounts", old)
        [item] = company.source.invoices[changed.id].items
        company.source.invoicing.change_item(changed.id, item.id, warned=True, price=Decimal("90.00"))
        await company.sync()
        assert there(company, changed).lines[0].amount == 90 and codes(company, changed) == {old}
        now = await recoding(company.desk, found.recoding_id)
        assert shown(now, company, changed).outcome == "overtaken"
        count = await stop_recoding(company.desk, found.recoding_id)
        assert count == len(now.to_approve) > 0
        await company.sync()
        assert await company.end("invoices", stopped.id) == ("posted", "") and codes(company, stopped) == {old}
        refused = await approve_shown(company.desk, [])
        assert not refused.record_ids
        done = await recoding(company.desk, found.recoding_id)
        assert not done.to_approve and done.counts["withdrawn"] == count
        again = await begun(company, "accounts", old)
        await approve_recoding(company.desk, again)
        await company.sync()
        assert codes(company, stopped) == codes(company, changed) == {new}


async def test_orders_and_credit_notes(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, **ORDERS) as company:
        billed = company.bill("200.00")
        await company.sync()
        company.take(billed, str(billed.balance))
        await company.sync()
        adjusted = company.source.invoicing.adjust(billed.id, [company.item("-50.00")])
        company.source.invoicing.review(adjusted.id, "Reviewed")
        company.post(adjusted)
        await company.sync()
        [note] = [one for one in company.target.credit_notes if one.number == adjusted.reference_number]
        [old] = {line.account_code for line in note.lines}
        orders = [one for one in company.target.orders if one.status == "AUTHORISED"]
        assert orders and not note.allocations, "the invoice is paid: the credit stays open"
        await remapped(company, "accounts", old, "4100" if old != "4100" else "4200")
        await remapped(company, "order_accounts", "(none)", "5100")
        for table in ("accounts", "order_accounts"):
            found = await begun(company, table)
            assert found.to_approve
            assert not (await approve_recoding(company.desk, found)).refused
            await company.sync()
            assert not (await recoding(company.desk, found.recoding_id)).to_approve
        assert old not in {line.account_code for line in note.lines}
        assert [one.status for one in orders] == ["AUTHORISED"] * len(orders)
        assert {line.account_code for one in orders for line in one.lines} & {"5100"}


@pytest.mark.parametrize("kind", ["cut", "500 after", "503 before"])
async def test_a_lost_answer_recodes_once_and_the_next_recoding_knows_it_as_ours(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    async with selling(database, tmp_path) as company:
        invoice = company.bill("100.00")
        await company.sync()
        [old] = codes(company, invoice)
        new, other = ("4100", "4200") if old != "4100" else ("4200", "4900")
        await remapped(company, "accounts", old, new)
        found = await begun(company, "accounts", old, since=DAY, until=DAY)
        faults, take, struck = company.sandbox.xero.faults, Faults.take, set[str]()

        def chosen(self: Faults, call: Call) -> Fault | None:
            writes = self is faults and call.method in ("PUT", "POST") and "Invoices" in call.path
            if writes and not struck:
                faults.add(Fault(call=call.number, kind=kind))
                struck.add(call.path)
            return take(self, call)

        monkeypatch.setattr(Faults, "take", chosen)
        await approve_recoding(company.desk, found)
        for _ in range(3):
            await company.sync()
        assert struck and codes(company, invoice) == {new}
        assert await company.end("invoices", invoice.id) == ("posted", "")
        done = await recoding(company.desk, found.recoding_id)
        assert shown(done, company, invoice).outcome == "recoded" and not done.to_approve
        await remapped(company, "accounts", old, other)
        again = await begun(company, "accounts", old, since=DAY, until=DAY)
        assert shown(again, company, invoice).outcome == "planned", "what we recoded is no accountant's own"
