"""What a staged invoice says: amounts to the cent, its charges, and the cost centre of every line, in their precedence."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from payables_world import Firm, payables

from ml_connector.store.database import Database
from ml_connector_sandbox.zoho_books.books.documents import Bill

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

D = Decimal


def amounts(firm: Firm, bill: Bill) -> list[Decimal]:
    return [firm.amount(one, "sub_total") for one in firm.lines(bill)]


def centers(firm: Firm, bill: Bill) -> list[str]:
    return [firm.instance.records.named("cmn_cost_center", one["cost_center"])["name"] for one in firm.lines(bill)]


async def test_tax_and_charges_come_to_the_total_in_zoho(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        tax = firm.books.taxes["US"]
        inclusive = firm.bill(firm.line("106.25", tax_id=tax), is_inclusive_tax=True)
        taxed = firm.bill(firm.line("100.00", tax_id=tax))
        adjusted = firm.bill(adjustment=D("0.40"), adjustment_description="Rounded by the vendor")
        discounted = firm.bill(firm.line("60.00"), firm.line("40.00", "Boston Tax"), discount=D(10))
        odd = firm.bill(firm.line("33.33", tax_id=tax), firm.line("33.33", "Boston Tax", tax_id=tax))
        blanks = firm.bill(number="INV  77")  # columns there close blanks up
        await firm.sync()
        for bill in (inclusive, taxed, adjusted, discounted, odd, blanks):
            assert await firm.end("bills", bill.document_id) == ("posted", ""), await firm.why(
                "bills", bill.document_id
            )
            invoice = firm.invoice(bill)
            assert firm.amount(invoice, "invoice_amount") == bill.total
            assert sum(amounts(firm, bill)) + firm.amount(invoice, "tax_amount") == bill.total
            assert firm.instance.payables.exceptions(invoice) == []  # its own matching finds that it adds up
        assert (amounts(firm, inclusive), amounts(firm, taxed)) == ([100], [100])
        assert amounts(firm, adjusted) == [100, D("0.40")]


async def test_the_centre_is_the_lines_then_the_bills_then_the_vendors(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        head = [firm.books.option("Denver Audit")]
        both = firm.bill(firm.line("10.00", "Boston Tax"), firm.line("20.00", ""), tags=head)
        vendors = firm.bill(firm.line("30.00", ""), vendor=2)  # its default is Boston Office
        none = firm.bill(firm.line("40.00", ""))
        await firm.sync()
        assert centers(firm, both) == ["Boston Tax", "Denver Audit"]
        assert centers(firm, vendors) == ["Boston Office"]
        assert await firm.end("bills", none.document_id) == ("held", "cost_center_missing")
        assert firm.books.tag.tag_name in await firm.why("bills", none.document_id)  # as people call the tag
        firm.at_zoho("retag", bill=none.number, tag=firm.books.tag.tag_name, option="Boston People")
        await firm.sync()
        assert centers(firm, none) == ["Boston People"]


async def test_an_office_is_the_centre_where_the_settings_say_so(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path, {"cost_center_from": "location"}) as firm:
        place = firm.books.offices["Boston"].location_id
        center = firm.instance.records.find("cmn_cost_center", name="Boston Office")
        assert center is not None
        await firm.fill("cost_centers", place, center["sys_id"])
        bill = firm.bill(firm.line("10.00", "Boston Tax"))
        await firm.sync()
        assert centers(firm, bill) == ["Boston Office"]


async def test_a_centre_that_is_missing_or_over_holds_until_it_is_there(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        missing, over = (
            firm.bill(firm.line("10.00", "Charity Gala")),
            firm.bill(firm.line("20.00", "Denver Relocation")),
        )
        await firm.sync()
        assert await firm.end("bills", missing.document_id) == ("held", "cost_center_pending")
        option = firm.books.option("Charity Gala")["tag_option_id"]
        assert await firm.end("cost_centers", option) == ("held", "cost_center_not_there")
        assert "Charity Gala" in await firm.why("cost_centers", option)
        assert await firm.end("bills", over.document_id) == ("held", "cost_center_expired")
        assert "90100" in await firm.why("bills", over.document_id)
        source = firm.rows("sn_fin_erp_source")[0]["name"]
        firm.there("add_cost_center", number="95000", name="Charity Gala", erp_source=source)
        where = {"account_number": "90100"}
        firm.there("set", table="cmn_cost_center", where=where, values={"valid_to": "2027-01-31 00:00:00"})
        await firm.sync()
        await firm.sync()
        assert await firm.end("bills", missing.document_id) == ("posted", "")
        assert centers(firm, missing) == ["Charity Gala"]
        assert await firm.end("bills", over.document_id) == ("posted", "")


async def test_centres_are_created_where_the_settings_allow_it(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path, {"create_cost_centers": "yes"}) as firm:
        bill = firm.bill(firm.line("10.00", "Summer Interns"))
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("posted", ""), await firm.why("bills", bill.document_id)
        assert centers(firm, bill) == ["Summer Interns"]
        assert len(firm.rows("cmn_cost_center", name="Summer Interns")) == 1
        assert firm.rows("cmn_cost_center", name="Charity Gala") == []  # no bill needs it
