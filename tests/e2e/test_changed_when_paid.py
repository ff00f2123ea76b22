"""A paid invoice that is changed in ServiceTitan: our own payment steps aside and goes back; anybody else's stays."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from sales_world import DAY, Selling, selling

from ml_connector.service.mapping.values import set_value
from ml_connector.store.database import Database
from ml_connector_sandbox.servicetitan.books import Invoice
from ml_connector_sandbox.xero.books.documents import Document, Payment

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


def there(company: Selling, invoice: Invoice) -> Document:
    [one] = company.there(invoice.reference_number)
    return one


def live(company: Selling, invoice: Invoice) -> list[Payment]:
    """Xero's live payments on an invoice."""
    on = there(company, invoice).document_id
    return [one for one in company.target.payments if one.document.document_id == on and one.status != "DELETED"]


def dearer(company: Selling, invoice: Invoice, price: str) -> Invoice:
    """Somebody corrects the price past the warning that the invoice is posted."""
    [item] = company.source.invoices[invoice.id].items
    return company.source.invoicing.change_item(invoice.id, item.id, warned=True, price=Decimal(price))


async def test_our_payments_step_aside_and_go_back(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path) as company:
        ours, theirs, matched = (company.bill("100.00") for _ in range(3))
        moved = company.bill("70.00")
        full, part = company.take(ours, str(ours.balance - 30)), company.take(ours, "30.00")
        banked, again = company.take(matched, "40.00"), company.take(moved, "25.00")
        await company.sync()
        assert [one.amount for one in live(company, ours)] == [full.total, part.total]
        bank = next(one for one in company.target.accounts.values() if one.type == "BANK")
        company.target.desk.pay(there(company, theirs), DAY, "10.00", bank)
        [held] = live(company, matched)
        company.target.desk.reconcile(held)
        [old] = live(company, moved)
        company.target.desk.remove_payment(old)
        company.target.desk.remove(there(company, moved))
        await _rename(company, moved, "70X")
        changed = [dearer(company, one, "150.00") for one in (ours, theirs, matched, moved)]
        await company.sync()
        await company.sync()
        assert await company.end("invoices", ours.id) == ("posted", "")
        mine = there(company, ours)
        assert (mine.total, mine.status) == (changed[0].total, "AUTHORISED")
        assert [one.amount for one in live(company, ours)] == [full.total, part.total]
        assert mine.due == company.source.invoices[ours.id].balance
        for one, paid in ((theirs, "10.00"), (matched, "40.00")):
            assert await company.end("invoices", one.id) == ("held", "change_when_paid")
            assert there(company, one).total == one.total
            assert [str(payment.amount) for payment in live(company, one)] == [paid]
        for payment in (full, part, banked, again):
            assert await company.end("payments", payment.id) == ("posted", "")
        [new] = company.there("70X")
        [back] = [one for one in company.target.payments if one.document is new]
        assert (back.amount, back.status, new.total) == (again.total, "AUTHORISED", changed[3].total)
        before = (company.sandbox.xero.essence(), await company.versions("payments"))
        await company.sync()
        assert (company.sandbox.xero.essence(), await company.versions("payments")) == before


async def _rename(company: Selling, invoice: Invoice, number: str) -> None:
    await set_value(company.desk, company.integration, "invoice_numbers", str(invoice.id), number, anyway=True)
