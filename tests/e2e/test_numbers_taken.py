"""Xero takes each number once, whoever's it is: a number that is taken is held before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from sales_world import DAY, Selling, selling

from ml_connector.store.database import Database
from ml_connector_sandbox.xero.books.documents import Document

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]

HELD = ("held", "invoice_number_elsewhere")


def keyed(company: Selling, number: str, amount: str) -> Document:
    """An invoice that somebody has keyed into Xero by hand, for somebody else."""
    contact = next(one for one in company.target.contacts if one.name == "Walk-in") if _known(company) else None
    contact = contact or company.target.desk.add_contact("Walk-in")
    line = {"Description": "By hand", "Quantity": 1, "UnitAmount": amount, "AccountCode": "4100", "TaxType": "NONE"}
    return company.target.desk.add_invoice(contact, DAY, [line], InvoiceNumber=number)


def _known(company: Selling) -> bool:
    return any(one.name == "Walk-in" for one in company.target.contacts)


async def test_a_number_is_taken_once_whoever_it_is_for(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path) as company:
        await company.sync()  # customers that nobody needs yet stay where they are
        taken, void, spelt = (company.bill("80.00") for _ in range(3))
        first, second = (
            company.bill("90.00", customer=company.homes[1]),
            company.bill("95.00", customer=company.homes[2]),
        )
        company.source.invoicing.change(second.id, warned=True, reference_number=first.reference_number)
        theirs = keyed(company, taken.reference_number, "12.00")
        company.target.desk.remove(keyed(company, void.reference_number, "80.00"))
        keyed(company, f"00{spelt.reference_number}", "80.00")
        await company.sync()
        ends = [await company.end("invoices", one.id) for one in (taken, void, spelt, first, second)]
        assert ends == [HELD, HELD, ("posted", ""), ("posted", ""), HELD]
        assert [one.document_id for one in company.there(taken.reference_number)] == [theirs.document_id]
        assert not company.there(void.reference_number)
