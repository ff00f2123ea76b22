"""Rows that ServiceNow refuses, leaves lying or forgets: told by name, and what is missing goes later, nothing twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from payables_world import INVOICE_LINES, PAYMENT_DETAILS, Firm, payables

from ml_connector.store.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

STAGED_INVOICES, STAGED_LINES = "sn_spend_intg_imp_invoice", "sn_spend_intg_imp_invoice_line"
MAPPINGS = "sn_fin_erp_source_mapping"


def transforms(firm: Firm, active: str) -> None:
    """The rule that works on staged rows at once."""
    firm.there("set", table="sys_script", where={"name": "Transform synchronously"}, values={"active": active})


def keys(firm: Firm, reference: str) -> Counter[str]:
    """How many lines there carry each of our keys."""
    return Counter(one["third_party_import_id"] for one in firm.rows(INVOICE_LINES) if reference in one["invoice"])


def unmapped(firm: Firm, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A cost centre whose row in the ERP source is taken away, so that lines on it are refused; and that row."""
    center = firm.instance.records.find("cmn_cost_center", name=name)
    assert center is not None
    [mapped] = firm.rows(MAPPINGS, record=center["sys_id"])
    firm.there("delete", table=MAPPINGS, where={"sys_id": mapped["sys_id"]})
    return center, {name: mapped[name] for name in ("erp_source", "record", "record_table")}


async def test_a_line_on_a_centre_that_is_not_found_is_refused_by_name_and_goes_alone_once_it_is(
    database: Database, tmp_path: Path
) -> None:
    async with payables(database, tmp_path) as firm:
        await firm.sync()
        bill = firm.bill(firm.line("11.00"), firm.line("21.00", "Boston Tax"))
        center, kept = unmapped(firm, "Boston Tax")
        await firm.sync()
        why = await firm.why("bills", bill.document_id)
        assert (await firm.end("bills", bill.document_id))[0] == "rejected"
        assert "line 2" in why and center["account_number"] in why and bill.number in why
        assert len(firm.lines(bill)) == 1  # the header and the first line were taken
        firm.there("insert", table=MAPPINGS, values=kept)
        staged = len(firm.rows(STAGED_INVOICES)), len(firm.rows(STAGED_LINES))
        await firm.sync()
        await firm.replay("bills", bill.document_id)
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("posted", "")
        assert [firm.amount(one, "sub_total") for one in firm.lines(bill)] == [11, 21]
        # Nothing but the line that was missing went.
        assert (len(firm.rows(STAGED_INVOICES)), len(firm.rows(STAGED_LINES))) == (staged[0], staged[1] + 1)
        assert set(keys(firm, firm.invoice(bill)["sys_id"]).values()) == {1}


async def test_what_was_taken_in_before_a_refusal_and_changed_since_is_told_and_not_mixed(
    database: Database, tmp_path: Path
) -> None:
    async with payables(database, tmp_path) as firm:
        await firm.sync()
        bill = firm.bill(firm.line("11.00"), firm.line("21.00", "Boston Tax"))
        _, kept = unmapped(firm, "Boston Tax")
        await firm.sync()
        assert (await firm.end("bills", bill.document_id))[0] == "rejected"
        firm.there("insert", table=MAPPINGS, values=kept)
        moved = [firm.line("15.00"), firm.line("17.00", "Boston Tax")]  # the same total, so the header says the same
        firm.at_zoho("edit bill", bill=bill.number, changes={"line_items": moved})
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("rejected", "taken_otherwise")
        why = await firm.why("bills", bill.document_id)
        assert "line 1" in why and "11.00" in why and "15.00" in why
        assert [firm.amount(one, "sub_total") for one in firm.lines(bill)] == [11]
        firm.at_zoho(
            "edit bill",
            bill=bill.number,
            changes={"line_items": [firm.line("11.00"), firm.line("21.00", "Boston Tax")]},
        )
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("posted", "")
        assert [firm.amount(one, "sub_total") for one in firm.lines(bill)] == [11, 21]


async def test_a_refused_line_goes_by_itself_once_the_list_shows_its_centre_changed_or_a_day_later(
    database: Database, tmp_path: Path
) -> None:
    async with payables(database, tmp_path) as firm:
        await firm.sync()
        center, kept = unmapped(firm, "Boston Tax")
        bills = [firm.bill(firm.line("11.00"), firm.line("21.00", "Boston Tax")) for _ in range(2)]
        await firm.sync()
        for bill in bills:
            assert (await firm.end("bills", bill.document_id))[0] == "rejected"
            assert f"cost centre {center['account_number']}" in await firm.why("bills", bill.document_id)
        firm.there("insert", table=MAPPINGS, values=kept)  # no list shows that
        rows = len(firm.rows(STAGED_LINES))
        await firm.sync()
        assert len(firm.rows(STAGED_LINES)) == rows
        where = {"sys_id": center["sys_id"]}
        firm.there("set", table="cmn_cost_center", where=where, values={"manager": "by somebody"})
        await firm.sync()
        for bill in bills:
            assert await firm.end("bills", bill.document_id) == ("posted", "")
            assert len(firm.lines(bill)) == 2
        assert len(firm.rows(STAGED_LINES)) == rows + 2


async def test_a_refused_line_is_tried_once_a_day_while_its_centre_is_there(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        await firm.sync()
        _, kept = unmapped(firm, "Boston Tax")
        bill = firm.bill(firm.line("21.00", "Boston Tax"))
        await firm.sync()
        rows = len(firm.rows(STAGED_LINES))
        firm.jump(days=1, hours=1)
        await firm.sync()
        assert (await firm.end("bills", bill.document_id))[0] == "rejected"
        assert len(firm.rows(STAGED_LINES)) == rows + 1
        firm.there("insert", table=MAPPINGS, values=kept)
        firm.jump(days=1, hours=1)
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("posted", "")
        assert len(firm.rows(STAGED_INVOICES, u_external_invoice_number=bill.document_id)) == 1


async def test_a_bill_on_a_blank_account_holds_its_payment_until_it_is_entered_there(
    database: Database, tmp_path: Path
) -> None:
    async with payables(database, tmp_path) as firm:
        await firm.sync()
        account = firm.instance.records.find("sn_fin_gl_account", number="6120")
        assert account is not None
        values = {"erp_source": ""}  # the map does not find it for this ledger any more
        firm.there("set", table="sn_fin_gl_account", where={"sys_id": account["sys_id"]}, values=values)
        assert firm.sandbox.servicenow is not None
        firm.sandbox.servicenow.set_switches({"choice_gl_account": "ignore"})  # within the day: the preflight was good
        bill = firm.bill(firm.line("40.00"), firm.line("60.00", account="6120"))
        payment = firm.at_zoho("pay", bills=[bill.number])["payment_id"]
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("rejected", "reference_blank")
        why = await firm.why("bills", bill.document_id)
        assert "left its GL account blank (sent: 6120)" in why and "line 2" in why and "ServiceNow administrator" in why
        assert await firm.end("vendor_payments", payment) == ("held", "staged_bill_pending")
        rows = len(firm.rows(STAGED_INVOICES)), len(firm.rows(STAGED_LINES))
        blank = next(one for one in firm.lines(bill) if not one["ledger_account"])
        where = {"sys_id": blank["sys_id"]}
        firm.there("set", table=INVOICE_LINES, where=where, values={"ledger_account": account["sys_id"]})
        await firm.replay("bills", bill.document_id)
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("posted", "")
        assert await firm.end("vendor_payments", payment) == ("posted", "")
        assert len(firm.payments(bill)) == 1 and len(firm.invoices(bill)) == 1
        assert (len(firm.rows(STAGED_INVOICES)), len(firm.rows(STAGED_LINES))) == rows


async def test_a_bill_voided_after_a_part_of_it_was_taken_in_is_held_until_that_is_cancelled_there(
    database: Database, tmp_path: Path
) -> None:
    async with payables(database, tmp_path) as firm:
        await firm.sync()
        bill = firm.bill(firm.line("11.00"), firm.line("21.00", "Boston Tax"))
        unmapped(firm, "Boston Tax")
        await firm.sync()
        assert (await firm.end("bills", bill.document_id))[0] == "rejected" and len(firm.invoices(bill)) == 1
        firm.at_zoho("move bill", bill=bill.number, to="void")
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("held", "void_after_staging")
        firm.there("cancel", invoice=bill.document_id)
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("skipped", "void_in_ledger")


async def test_a_payment_taken_back_after_a_part_of_it_was_taken_in_is_held_until_that_is_not_there_any_more(
    database: Database, tmp_path: Path
) -> None:
    async with payables(database, tmp_path) as firm:
        kept, lost = firm.bill(), firm.bill(firm.line("60.00"))
        await firm.sync()
        firm.there("delete", table="sn_shop_invoice", where={"external_invoice_number": lost.document_id})
        made = firm.at_zoho("pay", bills=[kept.number, lost.number])
        payment = "vendor_payments", made["payment_id"]
        await firm.sync()
        assert (await firm.end(*payment))[0] == "rejected" and len(firm.payments(kept)) == 1
        firm.at_zoho("delete payment", payment=made["payment"])
        firm.jump(days=1, minutes=5)
        await firm.sync()
        assert await firm.end(*payment) == ("held", "payment_left_in_part")
        assert "was deleted in Zoho Books" in await firm.why(*payment)
        [row] = firm.payments(kept)
        firm.there("delete", table=PAYMENT_DETAILS, where={"sys_id": row["sys_id"]})
        firm.jump(days=1, minutes=5)
        await firm.sync()
        assert await firm.end(*payment) == ("skipped", "void_in_ledger")


async def test_an_account_without_a_row_holds_its_bill_until_it_has_one(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        bill = firm.bill(firm.line("40.00", account="6890"))
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("held", "gl_account_unmapped")
        assert "Client entertainment" in await firm.why("bills", bill.document_id)
        account = firm.instance.records.find("sn_fin_gl_account", number="6120")
        assert account is not None
        await firm.fill("accounts", firm.books.accounts["6890"].account_id, account["sys_id"])
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("posted", "")
        [line] = firm.lines(bill)
        assert line["ledger_account"] == account["sys_id"]


async def test_an_account_that_goes_inactive_holds_and_lets_go_by_itself(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        await firm.sync()
        where = {"number": "6110"}
        firm.there("set", table="sn_fin_gl_account", where=where, values={"inactive": "true"})
        bill = firm.bill(firm.line("40.00", account="6110"))
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("held", "gl_account_unusable")
        assert "6110" in await firm.why("bills", bill.document_id)
        firm.there("set", table="sn_fin_gl_account", where=where, values={"inactive": "false"})
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("posted", "")
        assert len(firm.invoices(bill)) == 1


async def test_an_account_of_another_legal_entity_holds_and_lets_go_by_itself(
    database: Database, tmp_path: Path
) -> None:
    async with payables(database, tmp_path) as firm:
        firm.bill()  # whose cost centre is there then
        await firm.sync()
        where, [other] = {"number": "6110"}, firm.rows("sn_fin_legal_entity", company_code="2000")
        firm.there("set", table="sn_fin_gl_account", where=where, values={"legal_entity": other["sys_id"]})
        bill = firm.bill(firm.line("40.00", account="6110"))
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("held", "gl_account_of_other_entity")
        assert "6110" in (why := await firm.why("bills", bill.document_id)) and "legal entity 2000" in why
        firm.there("set", table="sn_fin_gl_account", where=where, values={"legal_entity": ""})
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("posted", "")


async def test_rows_that_nobody_transforms_are_told_and_posted_anew_when_the_instance_deleted_them(
    database: Database, tmp_path: Path
) -> None:
    async with payables(database, tmp_path) as firm:
        await firm.sync()
        transforms(firm, "false")
        bill = firm.bill(firm.line("10.00"), firm.line("20.00", "Boston Tax"))
        await firm.sync(quiet=False)
        assert (await firm.end("bills", bill.document_id))[0] == "uncertain"
        assert "Transform synchronously" in await firm.why("bills", bill.document_id)
        assert firm.invoices(bill) == []
        transforms(firm, "true")
        await firm.sync(quiet=False)  # nothing is sent as long as the row lies there
        [lying] = [one for one in firm.rows(STAGED_INVOICES) if one["sys_import_state"] == "pending"]
        firm.jump(days=8)
        await firm.sync()
        assert lying not in firm.rows(STAGED_INVOICES)
        assert await firm.end("bills", bill.document_id) == ("posted", "")
        assert len(firm.lines(bill)) == 2


async def test_rows_that_are_transformed_late_are_taken_for_what_they_are(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        await firm.sync()
        transforms(firm, "false")
        bill = firm.bill(firm.line("10.00"), firm.line("20.00", "Boston Tax"))
        await firm.sync(quiet=False)
        transforms(firm, "true")
        for one in [row for row in firm.rows(STAGED_INVOICES) if row["sys_import_state"] == "pending"]:
            firm.instance.imports._process(firm.rows("sys_import_set", sys_id=one["sys_import_set"])[0]["sys_id"])
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("posted", "")
        assert len(firm.invoices(bill)) == 1 and len(firm.lines(bill)) == 2
