"""A write-off that people keyed into Xero as a credit note is not posted a second time: it waits for a person."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from sales_world import DAY, Selling, selling

from ml_connector.service.deciding import link
from ml_connector.service.releasing import release
from ml_connector.store.database import Database
from ml_connector_sandbox.company.sales_catalogue import WRITE_OFF
from ml_connector_sandbox.servicetitan.books import Invoice
from ml_connector_sandbox.xero.books.documents import GONE, Document

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


def keyed(company: Selling, invoice: Invoice, amount: str) -> Document:
    """A credit note that somebody has keyed into Xero by hand, for the invoice's contact."""
    [there] = company.there(invoice.reference_number)
    [contact] = [one for one in company.target.contacts if one.contact_id == there.contact_id]
    line = {"Description": "Bad debt", "Quantity": 1, "UnitAmount": amount, "AccountCode": "6800", "TaxType": "NONE"}
    return company.target.desk.add_credit_note(contact, DAY, [line])


def notes(company: Selling, amount: str) -> list[Document]:
    """Xero's live credit notes over an amount."""
    found = (one for one in company.target.credit_notes if one.total == Decimal(amount))
    return [one for one in found if one.status not in GONE]


async def test_a_write_off_keyed_by_hand_is_held_and_linked(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path) as company:
        same, other = company.bill("100.00"), company.bill("100.00", customer=company.homes[1])
        await company.sync()
        by_hand = [keyed(company, same, "21.00"), keyed(company, other, "34.00")]
        gone = [company.take(same, "21.00", WRITE_OFF), company.take(other, "34.00", WRITE_OFF)]
        await company.sync()
        for payment, amount in zip(gone, ("21.00", "34.00"), strict=True):
            assert await company.end("payments", payment.id) == ("held", "credit_twin")
            assert len(notes(company, amount)) == 1
        await link(company.desk, str(gone[0].id), by_hand[0].document_id)
        await release(company.desk, str(gone[1].id), "credit_twin")
        await company.sync()
        assert await company.end("payments", gone[0].id) == ("linked", "")
        assert await company.end("payments", gone[1].id) == ("posted", "")
        assert (len(notes(company, "21.00")), len(notes(company, "34.00"))) == (1, 2)
