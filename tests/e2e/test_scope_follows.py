"""What is passed over with its invoices comes in with them, and what is posted stays where it is when they leave."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sales_world import DAY, Selling, selling

from ml_connector.service.integrating import change_settings
from ml_connector.service.releasing import release
from ml_connector.store.database import Database
from ml_connector_sandbox.company.sales_catalogue import DISCOUNT
from ml_connector_sandbox.servicetitan.books import Accounts, CreditMemo, CreditMemoItem, Invoice
from ml_connector_sandbox.servicetitan.books.batching import batch, post_batch

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]
EARLY = date(2026, 6, 10)  # before the company's start date


def units(company: Selling) -> tuple[int, int]:
    """Two business units; the first is the one that the integration is limited to."""
    first, second, *_ = sorted(company.source.business_units, key=lambda one: one.id)
    return first.id, second.id


async def limited(company: Selling) -> tuple[int, int]:
    """The integration limited to one business unit; it, and another one."""
    ours, theirs = units(company)
    await change_settings(company.desk, company.integration, {"business_units": str(ours)})
    return ours, theirs


def billed(company: Selling, unit: int, price: str = "100.00", on: date = DAY) -> Invoice:
    """An invoice of a business unit, posted."""
    made = company.bill(price, posted=False, on=on)
    company.source.invoicing.change(made.id, business_unit_id=unit)
    company.post(company.source.invoices[made.id])
    return company.source.invoices[made.id]


def moved(company: Selling, invoice: Invoice, unit: int) -> None:
    """Somebody gives the posted invoice another business unit, past the warning."""
    company.source.invoicing.change(invoice.id, warned=True, business_unit_id=unit)


def credited(company: Selling, invoice: Invoice, amount: str) -> CreditMemo:
    """A credit memo on an invoice, posted."""
    account = next(one.id for one in company.source.gl_accounts if one.number == DISCOUNT.account)
    line = CreditMemoItem(sku_name="GW", price=Decimal(amount), accounts=Accounts(general_ledger=account))
    memo = CreditMemo(
        reference_number="CM-9", customer_id=invoice.customer_id, memo_date=DAY, sub_total=Decimal(amount)
    )
    kept = company.source.collecting.give_credit(memo, {invoice.id: Decimal(amount)}, items=[line])
    post_batch(company.source, batch(company.source, "CM-9", memo_ids=[kept.id]))
    return kept


def paid(company: Selling, invoice: Invoice) -> list[Decimal]:
    """Xero's live payments on an invoice."""
    [there] = company.there(invoice.reference_number)
    return [one.amount for one in company.target.payments if one.document is there and one.status != "DELETED"]


async def test_what_was_passed_over_comes_in_with_its_invoice(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, credit_memos="live") as company:
        ours, theirs = await limited(company)
        comes, stays = billed(company, theirs), billed(company, theirs)
        money, other = company.take(comes, "30.00"), company.take(stays, "20.00")
        memo = credited(company, comes, "10.00")
        await company.sync()
        passed = ("skipped", "out_of_scope")
        assert [await company.end("payments", one.id) for one in (money, other)] == [passed, passed]
        assert await company.end("credit_memos", memo.id) == passed
        known = len(await company.versions("payments"))
        moved(company, comes, ours)
        company.source.invoicing.change(stays.id, warned=True, summary="Nothing of its scope")
        await company.sync()
        await company.sync()
        assert await company.end("invoices", comes.id) == ("posted", "")
        assert await company.end("payments", money.id) == ("posted", "")
        assert paid(company, comes) == [Decimal("30.00")]
        assert await company.end("credit_memos", memo.id) == ("posted", "")
        [there], here = company.there(comes.reference_number), company.source.invoices[comes.id]
        assert there.due == here.balance == there.total - 40
        assert await company.end("payments", other.id) == passed and not company.there(stays.reference_number)
        assert len(await company.versions("payments")) == known


async def test_money_from_before_the_start_is_looked_at_again_when_its_invoice_comes_after_it(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path) as company:
        early = company.bill("100.00", on=EARLY)
        money = company.take(early, "30.00", on=EARLY)
        await company.sync()
        assert await company.end("payments", money.id) == ("skipped", "payment_before_start")
        company.source.invoicing.change(early.id, warned=True, invoice_date=DAY, due_date=DAY)
        await company.sync()
        assert await company.end("payments", money.id) == ("held", "payment_before_start_applied")


async def test_what_is_posted_stays_and_is_shown_when_its_invoice_leaves_the_scope(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path) as company:
        ours, theirs = await limited(company)
        leaves = billed(company, ours)
        money = company.take(leaves, "30.00")
        await company.sync()
        assert paid(company, leaves) == [Decimal("30.00")]
        before = company.sandbox.xero.essence()
        moved(company, leaves, theirs)
        await company.sync()
        assert await company.end("invoices", leaves.id) == ("held", "left_scope")
        assert await company.end("payments", money.id) == ("posted", "")
        assert company.sandbox.xero.essence() == before
        later = company.take(leaves, "20.00")
        await company.sync()
        # What the customer owes agrees as long as it stands.
        assert await company.end("payments", later.id) == ("posted", "")
        assert sorted(paid(company, leaves)) == [Decimal("20.00"), Decimal("30.00")]
        await release(company.desk, str(leaves.id), "left_scope")
        await company.sync()
        assert await company.end("invoices", leaves.id) == ("posted", "")
        assert sorted(paid(company, leaves)) == [Decimal("20.00"), Decimal("30.00")]
