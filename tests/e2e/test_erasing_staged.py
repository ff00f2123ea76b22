"""A vendor who is one person is erased where bills are staged: no table shows her any more, and none brings her back."""

from __future__ import annotations

from pathlib import Path

import pytest
from everything_stored import where_shown
from payables_world import Firm, payables

from ml_connector import audit
from ml_connector.service import erasing
from ml_connector.store.database import Database
from ml_connector_sandbox.zoho_books.books.documents import Bill

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]

NAME = "Wilhelmina Quackenbush"
SHOWN = ("Wilhelmina", "Quackenbush", "mina.quack", "555-0199", "5550199", "Zebra Crossing")


async def test_nothing_of_a_vendor_is_left_and_her_bills_go_on(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    async with payables(database, tmp_path) as firm:

        async def shown() -> set[str]:
            return await where_shown(firm.runtime, database_url, firm.desk.tenant_id, SHOWN)

        vendor = taken_in(firm)
        paid, unpaid = bill(firm, "100.00"), bill(firm, "40.00")
        firm.at_zoho("pay", bills=[paid.number], vendor=NAME, mode="Check", reference="PAY-7")
        await firm.sync()
        assert (await firm.end("vendors", vendor))[0] == (await firm.end("bills", paid.document_id))[0] == "posted"
        assert len(firm.payments(paid)) == 1
        assert {"document.canonical", "directory.body", "exchange.body", "intent.payload", "audit_event.body"} <= (
            await shown()
        )
        record = f"#{(await firm.life('vendors', vendor)).record_id}"
        done = await erasing.erase(firm.desk, record, NAME)
        assert await shown() == set()
        verified = await audit.verify(database, firm.desk.tenant_id)
        assert verified.intact and verified.erased == done.rows["events of the audit trail"]
        await goes_on(firm, vendor, unpaid)
        assert await shown() == set()


async def goes_on(firm: Firm, vendor: str, unpaid: Bill) -> None:
    """Her next bill goes on the same supplier; a payment needs her address, which nobody knows here any more."""
    later = bill(firm, "60.00")
    payment = firm.at_zoho("pay", bills=[unpaid.number], vendor=NAME, mode="Check", reference="PAY-8")["payment_id"]
    firm.jump(days=1)
    await firm.sync()
    assert (await firm.end("bills", later.document_id))[0] == "posted"
    assert len(firm.rows("sn_fin_supplier", erp_supplier_code=vendor)) == 1
    assert len(firm.invoices(unpaid)) == len(firm.invoices(later)) == 1
    assert (await firm.end("vendor_payments", payment)) == ("held", "remit_to_erased")
    assert "by hand" in await firm.why("vendor_payments", payment)


def taken_in(firm: Firm) -> str:
    """The vendor at Zoho; her id."""
    made = firm.books.organisation.add_contact(
        NAME,
        company_name=NAME,
        created=firm.books.month.opening,
        billing_address={
            "address": "77 Zebra Crossing", "city": "Boston", "state": "MA", "zip": "02110", "country": "USA",
            "phone": "555-0199",
        },
        contact_persons=[
            {"first_name": "Wilhelmina", "last_name": "Quackenbush", "email": "mina.quack@mail.example", "phone": "555-0199",
             "is_primary_contact": True}
        ],
    )  # fmt: skip
    firm.books.vendors[NAME] = made
    firm.books.vendor_truth[NAME] = firm.books.vendor_truth[next(iter(firm.books.vendors))]
    return made.contact_id


def bill(firm: Firm, amount: str) -> Bill:
    """A bill of hers, who is the last of the vendors."""
    return firm.bill(firm.line(amount), vendor=len(firm.books.vendors) - 1)
