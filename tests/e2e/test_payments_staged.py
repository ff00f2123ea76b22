"""Vendor payments, advances and credits beside their invoices: each row once, and what changes later is told."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from payables_world import INVOICES, PAYMENT_DETAILS, Firm, payables

from ml_connector.store.database import Database
from ml_connector_sandbox.zoho_books.books.documents import Bill

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

D = Decimal


def paid(firm: Firm, bill: Bill) -> list[Decimal]:
    return [firm.amount(one, "payment_amount") for one in firm.payments(bill)]


async def test_each_bill_that_a_payment_pays_has_its_row_once(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        whole, part, one, other = (firm.bill() for _ in range(4))
        await firm.sync()
        made = [
            firm.at_zoho("pay", bills=[whole.number]),
            firm.at_zoho("pay", bills=[part.number], amount="30"),
            firm.at_zoho("pay", bills=[one.number, other.number], mode="Check", reference="CHK-7"),
        ]
        await firm.sync()
        firm.at_zoho("pay", bills=[part.number], amount="70")
        await firm.sync()
        for payment in made:
            assert await firm.end("vendor_payments", payment["payment_id"]) == ("posted", "")
        assert (paid(firm, whole), paid(firm, part)) == ([100], [30, 70])
        assert paid(firm, one) == paid(firm, other) == [100]
        assert {row["payment_method"] for row in firm.payments(one)} == {"cheque"}
        for bill in (whole, part, one, other):  # what was paid changes the bill in Zoho, and nothing of the invoice
            assert len(firm.invoices(bill)) == 1 and (await firm.end("bills", bill.document_id))[0] != "held"
        there = firm.rows(PAYMENT_DETAILS)
        assert len({row["third_party_import_id"] for row in there}) == len(there)


async def test_a_payment_waits_for_its_bill_and_follows_by_itself(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        bill = firm.bill(firm.line("50.00", option=""), vendor=1)
        payment = firm.at_zoho("pay", bills=[bill.number])["payment_id"]
        await firm.sync()
        assert await firm.end("vendor_payments", payment) == ("held", "staged_bill_pending")
        assert bill.number in await firm.why("vendor_payments", payment)
        center = firm.instance.records.find("cmn_cost_center", name="Boston Audit")
        assert center is not None
        await firm.fill("vendor_cost_centers", bill.vendor_id, center["sys_id"])
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("posted", "")
        assert await firm.end("vendor_payments", payment) == ("posted", "")
        assert paid(firm, bill) == [50]


async def test_paid_here_and_undecided_there_is_listed_until_it_is_approved(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        waits, refused = firm.bill(), firm.bill()
        await firm.sync()
        firm.there("submit", invoice=waits.document_id)
        firm.there("reject", invoice=refused.document_id)
        firm.at_zoho("pay", bills=[waits.number])
        firm.at_zoho("pay", bills=[refused.number])
        await firm.sync()
        first, second = await firm.stuck(waits.number), await firm.stuck(refused.number)
        assert first is not None and first.finding == "paid here"
        assert second is not None and second.finding == "rejected"
        firm.there("approve", invoice=waits.document_id)
        await firm.sync()
        assert await firm.stuck(waits.number) is None


async def test_partly_paid_here_and_undecided_there_is_listed_too(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        bill = firm.bill()
        await firm.sync()
        firm.there("submit", invoice=bill.document_id)
        firm.at_zoho("pay", bills=[bill.number], amount="30")
        await firm.sync()
        found = await firm.stuck(bill.number)
        assert found is not None and found.finding == "partly paid here" and "what was paid" in found.action
        firm.there("approve", invoice=bill.document_id)
        await firm.sync()
        assert await firm.stuck(bill.number) is None


async def test_an_advance_is_staged_once_it_is_applied(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        first, second = firm.bill(), firm.bill()
        vendor = next(iter(firm.books.vendors))
        made = firm.at_zoho("pay", vendor=vendor, amount="150")
        await firm.sync()
        assert await firm.end("vendor_payments", made["payment_id"]) == ("skipped", "not_applied_yet")
        firm.at_zoho("apply advance", payment=made["payment"], bill=first.number, amount="100")
        await firm.sync()
        assert await firm.end("vendor_payments", made["payment_id"]) == ("posted", "")
        assert (paid(firm, first), paid(firm, second)) == ([100], [])
        firm.at_zoho("apply advance", payment=made["payment"], bill=second.number, amount="50")
        await firm.sync()
        assert await firm.end("vendor_payments", made["payment_id"]) == ("posted", "")
        assert (paid(firm, first), paid(firm, second)) == ([100], [50])


async def test_a_payment_of_an_older_bill_stages_nothing_for_it(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        old = firm.bill(on=firm.books.month.first - timedelta(days=3))
        payment = firm.at_zoho("pay", bills=[old.number])["payment_id"]
        await firm.sync()
        state, _ = await firm.end("vendor_payments", payment)
        assert state in ("held", "skipped")
        assert "start date" in await firm.why("vendor_payments", payment)
        assert firm.invoices(old) == []
        assert [one for one in firm.rows(PAYMENT_DETAILS) if not one["invoice"]] == []


async def test_a_vendor_credit_is_a_credit_memo_and_what_it_pays_is_listed(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path, applied_credits="live") as firm:
        await firm.sync()
        credit = next(iter(firm.books.organisation.vendor_credits))
        [memo] = firm.rows(INVOICES, external_invoice_number=credit.document_id)
        assert memo["type"] == "credit_memo" and firm.amount(memo, "invoice_amount") == -credit.total
        vendor = next(name for name, one in firm.books.vendors.items() if one.contact_id == credit.vendor_id)
        bill = firm.bill(vendor=list(firm.books.vendors).index(vendor))
        await firm.sync()
        firm.at_zoho("apply credit", credit=credit.number, bill=bill.number, amount="20")
        await firm.sync()
        assert await firm.end("applied_credits", credit.document_id) == ("skipped", "credit_listed")
        assert paid(firm, bill) == []
        assert (await firm.end("bills", bill.document_id))[0] != "held"


async def test_an_applied_credit_is_a_payment_where_the_settings_name_a_method(
    database: Database, tmp_path: Path
) -> None:
    async with payables(database, tmp_path, {"applied_credits": "bank_transfer"}, applied_credits="live") as firm:
        await firm.sync()
        credit = next(iter(firm.books.organisation.vendor_credits))
        vendor = next(name for name, one in firm.books.vendors.items() if one.contact_id == credit.vendor_id)
        bill = firm.bill(vendor=list(firm.books.vendors).index(vendor))
        await firm.sync()
        firm.at_zoho("apply credit", credit=credit.number, bill=bill.number, amount="20")
        await firm.sync()
        assert await firm.end("applied_credits", credit.document_id) == ("posted", "")
        assert paid(firm, bill) == [20]
        [row] = firm.payments(bill)
        assert row["payment_method"] == "bank_transfer"


async def test_a_payment_names_the_erp_number_that_the_invoice_has_now(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        bill = firm.bill()
        await firm.sync()
        where = {"external_invoice_number": bill.document_id}
        firm.there("set", table=INVOICES, where=where, values={"erp_number": "GL-2026-77"})
        made = firm.at_zoho("pay", bills=[bill.number])
        await firm.sync()
        why = await firm.why("vendor_payments", made["payment_id"])
        assert await firm.end("vendor_payments", made["payment_id"]) == ("posted", ""), why
        assert paid(firm, bill) == [100]
