"""A deposit from before the start, that the opening balances brought into Xero: shown, linked, and applied there once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sales_world import Selling, selling

from ml_connector.service.deciding import link
from ml_connector.service.finding import Filter
from ml_connector.service.records import records
from ml_connector.service.status import status
from ml_connector.store.database import Database
from ml_connector_sandbox.company.sales_catalogue import CHECK
from ml_connector_sandbox.servicetitan.books import Payment
from ml_connector_sandbox.xero.books.documents import Document

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]
BEFORE, START = date(2026, 11, 5), date(2026, 11, 10)


def deposit(company: Selling, amount: str, parts: dict[int, Decimal], customer: int) -> Payment:
    type_id = company.type_id(CHECK)
    return company.source.collecting.take(customer, type_id, Decimal(amount), parts, paid_on=BEFORE)


def opening(company: Selling, there: Document, amount: str) -> Document:
    """What an accountant brings forward for the customer of an invoice that is there."""
    bank = next(one for one in company.target.accounts.values() if one.type == "BANK")
    contact = next(one for one in company.target.contacts if one.contact_id == there.contact_id)
    return company.target.desk.add_bank_credit("RECEIVE-OVERPAYMENT", contact, BEFORE, amount, bank)


async def record_of(company: Selling, payment: Payment) -> str:
    found = (await records(company.desk, Filter(flow="payments"))).records
    return f"#{next(one.record_id for one in found if one.source_id == str(payment.id))}"


async def test_a_deposit_from_before_the_start_is_shown_linked_and_applied_once(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path, {"start_date": str(START)}) as company:
        invoice = company.bill("100.00")
        straddling = deposit(company, "40.00", {invoice.id: Decimal("30.00")}, invoice.customer_id)
        later = deposit(company, "25.00", {}, invoice.customer_id)
        await company.sync()
        assert await company.end("payments", straddling.id) == ("held", "payment_before_start_applied")
        assert await company.end("payments", later.id) == ("held", "payment_before_start_open")
        told = (await status(company.desk)).attention
        assert "payments: From before the start, on an invoice from after it (1)" in told
        [there] = company.there(invoice.reference_number)
        advance, whole = opening(company, there, "25.00"), opening(company, there, "40.00")
        await company.sync()
        owed = there.due
        await link(company.desk, await record_of(company, later), advance.document_id)
        await company.sync()
        assert (await company.end("payments", later.id))[0] == "linked" and there.due == owed
        await link(company.desk, await record_of(company, straddling), whole.document_id)
        await company.sync()
        assert await company.end("payments", straddling.id) == ("posted", "")
        assert (there.due, whole.due) == (owed - 30, Decimal("10.00"))
        company.source.collecting.apply(later.id, {invoice.id: Decimal("20.00")})
        for _ in range(3):
            await company.sync()
        assert await company.end("payments", later.id) == ("posted", "")
        assert (there.due, advance.due) == (owed - 50, Decimal("5.00"))
        assert [one for one in company.target.payments if one.document is there] == []
