"""What is deleted in Zoho Books is noticed within a day, on the vendor's own word alone, and told where it is staged."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from payables_world import DAY, INVOICES, PAYMENT_DETAILS, Firm, payables

from ml_connector.store.database import Database
from ml_connector_sandbox.zoho_books.books.documents import Bill

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def a_day_later(firm: Firm) -> None:
    firm.jump(days=1, minutes=5)
    await firm.sync()


async def end(firm: Firm, bill: Bill) -> tuple[str, str]:
    return await firm.end("bills", bill.document_id)


def delete(firm: Firm, *bills: Bill) -> None:
    for bill in bills:
        firm.at_zoho("move bill", bill=bill.number, to="delete")


async def test_a_deleted_bill_ends_by_how_far_it_has_come(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        waits = firm.bill(firm.line("50.00", option=""), vendor=1)
        staged, approved, paid, kept = (firm.bill() for _ in range(4))
        payment = firm.at_zoho("pay", bills=[paid.number])
        await firm.sync()
        assert (await end(firm, waits))[0] == "held"
        firm.there("approve", invoice=approved.document_id)
        firm.at_zoho("delete payment", payment=payment["payment"])
        delete(firm, waits, staged, approved, paid)
        await firm.sync()
        assert (await end(firm, staged))[0] == "posted"  # no list tells
        await a_day_later(firm)
        assert await end(firm, waits) == ("skipped", "void_in_ledger")
        assert "deleted in Zoho Books" in await firm.why("bills", waits.document_id)
        for bill, state in ((staged, "pending_approval"), (approved, "approved")):
            assert await end(firm, bill) == ("held", "void_after_staging")
            why = await firm.why("bills", bill.document_id)
            assert f"deleted in Zoho Books after it was staged; in ServiceNow invoice {bill.number} is {state}" in why
        assert await end(firm, paid) == ("held", "void_after_staging")
        payments = "vendor_payments", payment["payment_id"]
        assert await firm.end(*payments) == ("held", "payment_changed_after_staging")
        assert "it was deleted" in await firm.why(*payments)
        assert (await end(firm, kept))[0] in ("posted", "unchanged")
        firm.there("cancel", invoice=staged.document_id)
        await firm.sync()
        assert (await end(firm, staged))[0] == "unchanged"
        versions = len((await firm.life("bills", approved.document_id)).versions)
        await a_day_later(firm)
        assert await end(firm, approved) == ("held", "void_after_staging")
        assert len((await firm.life("bills", approved.document_id)).versions) == versions  # told once
        assert len(firm.invoices(approved)) == len(firm.payments(paid)) == 1


async def test_a_bill_that_is_deleted_and_entered_again_goes_once_the_first_is_cancelled_there(
    database: Database, tmp_path: Path
) -> None:
    async with payables(database, tmp_path) as firm:
        first, never = firm.bill(), firm.bill(firm.line("50.00", option=""), vendor=1)
        await firm.sync()
        delete(firm, first, never)
        again = firm.bill(number=first.number), firm.bill(vendor=1, number=never.number)
        await a_day_later(firm)
        firm.jump(hours=2)
        await firm.sync()
        assert await end(firm, again[0]) == ("held", "same_number_same_total")
        assert "ServiceNow" in await firm.why("bills", again[0].document_id)
        assert await end(firm, again[1]) == ("posted", "")  # nothing of the first was ever there
        firm.there("cancel", invoice=first.document_id)
        await firm.sync()
        firm.jump(hours=2)
        await firm.sync()
        assert await end(firm, again[0]) == ("posted", "") and len(firm.invoices(again[0])) == 1


async def test_a_deleted_credit_is_told_and_its_memo_stands(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        vendor = next(iter(firm.books.vendors.values()))
        credit = firm.books.organisation.add_vendor_credit(vendor, DAY, [firm.line("30.00")])
        await firm.sync()
        assert await firm.end("vendor_credits", credit.document_id) == ("posted", "")
        firm.at_zoho("delete credit", credit=credit.number)
        await a_day_later(firm)
        assert await firm.end("vendor_credits", credit.document_id) == ("held", "void_after_staging")
        assert "deleted in Zoho Books" in await firm.why("vendor_credits", credit.document_id)
        assert len(firm.rows(INVOICES, external_invoice_number=credit.document_id)) == 1


async def test_a_payment_that_waits_for_its_bill_and_is_deleted_waits_no_more(
    database: Database, tmp_path: Path
) -> None:
    async with payables(database, tmp_path) as firm:
        bill = firm.bill(firm.line("50.00", option=""), vendor=1)
        payment = firm.at_zoho("pay", bills=[bill.number])
        await firm.sync()
        assert await firm.end("vendor_payments", payment["payment_id"]) == ("held", "staged_bill_pending")
        firm.at_zoho("delete payment", payment=payment["payment"])
        await a_day_later(firm)
        assert await firm.end("vendor_payments", payment["payment_id"]) == ("skipped", "void_in_ledger")
        assert (await end(firm, bill))[0] == "held"  # its own reason stands


async def test_what_no_list_shows_and_is_there_by_its_id_is_not_deleted(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        bill = firm.bill()
        await firm.sync()
        versions = len((await firm.life("bills", bill.document_id)).versions)
        firm.sandbox.company.zoho_books_switches.list_lag_seconds = 90 * 86_400.0
        await a_day_later(firm)
        assert (await end(firm, bill))[0] == "posted"
        assert len((await firm.life("bills", bill.document_id)).versions) == versions


async def test_nothing_is_looked_for_where_the_settings_say_so(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path, {"look_for_deleted": "never"}) as firm:
        bill = firm.bill()
        await firm.sync()
        delete(firm, bill)
        await a_day_later(firm)
        assert (await end(firm, bill))[0] == "posted"


async def test_payments_of_older_bills_are_left_out_by_name_and_day(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        first = firm.books.month.first
        old, new = firm.bill(on=first - timedelta(days=3)), firm.bill()
        alone = firm.at_zoho("pay", bills=[old.number], amount="30")
        mixed = firm.at_zoho("pay", bills=[old.number, new.number])
        await firm.sync()
        await firm.sync()
        told = f"bill {old.number} of {old.date}, older than the start date {first}"
        assert await firm.end("vendor_payments", alone["payment_id"]) == ("skipped", "payment_of_older_bills")
        assert told in await firm.why("vendor_payments", alone["payment_id"])
        assert await firm.end("vendor_payments", mixed["payment_id"]) == ("posted", "")
        assert [firm.amount(one, "payment_amount") for one in firm.payments(new)] == [Decimal(100)]
        assert await end(firm, old) == ("skipped", "staged_before_start") and firm.invoices(old) == []
        assert all(one["invoice"] for one in firm.rows(PAYMENT_DETAILS))
