"""An instance with tables of the company's own: accounts told by a setting, edits, refused rows, and what stands there."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from payables_world import Firm, payables

from ml_connector.service.connection_settings import change_connection_settings
from ml_connector.service.connections import connection_named
from ml_connector.store.database import Database
from ml_connector_sandbox.compare_payables import compare_payables
from ml_connector_sandbox.servicenow.books.records import Row
from ml_connector_sandbox.zoho_books.books.documents import Bill

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(120)]
BILLS, LINES = "u_ml_bill_record", "u_ml_bill_line_record"
ONE_LINE: Mapping[str, str] = {"option": "Assembly", "account": "5020"}


def lines(firm: Firm, bill: Bill) -> list[Row]:
    [there] = firm.rows(BILLS, u_external_invoice_number=bill.document_id)
    return sorted(firm.rows(LINES, u_bill=there["sys_id"]), key=lambda one: int(one["u_erp_line_number"]))


async def test_an_account_that_the_setting_tells_later_frees_what_was_mapped_to_it(
    database: Database, tmp_path: Path
) -> None:
    async with payables(database, tmp_path, kind="own-tables") as firm:
        [(key, _)] = firm.books.later["accounts"].items()
        await firm.fill("accounts", key, "IE-7000")
        await firm.sync()
        held = [one for one in firm.books.truth.values() if one.reason == "account_unmapped"]
        assert [await firm.end("bills", one.document_id) for one in held] == [("held", "gl_account_unknown")] * 2
        connection = await connection_named(firm.desk, "ServiceNow")
        told = firm.sandbox.handover["company"]["connection_settings"]["servicenow"]["gl_accounts"]
        await change_connection_settings(firm.desk, connection, {"gl_accounts": f"{told}; IE-7000=Trade fairs"})
        await firm.sync()
        for one in held:
            assert (await firm.end("bills", one.document_id))[0] == "posted"
            bill = firm.books.organisation.bills.get(one.document_id)
            assert bill is not None and [row["u_gl_account"] for row in lines(firm, bill)] == ["IE-7000"]


async def test_an_edited_bill_is_staged_again_where_their_maps_coalesce(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path, {"edits": "send"}, kind="own-tables") as firm:
        bill = firm.bill(firm.line("100.00", **ONE_LINE), office="")
        await firm.sync()
        assert [one["u_subtotal"] for one in lines(firm, bill)] == ["100.00"]
        changed = [firm.line("120.00", **ONE_LINE), firm.line("30.00", **ONE_LINE)]
        firm.at_zoho("edit bill", bill=bill.number, changes={"line_items": changed})
        await firm.sync()
        assert [one["u_subtotal"] for one in lines(firm, bill)] == ["120.00", "30.00"]
        [there] = firm.rows(BILLS, u_external_invoice_number=bill.document_id)
        assert Decimal(there["u_amount_invoiced"]) == Decimal("150.00")


async def test_a_row_that_their_own_rule_refuses_is_told_and_goes_alone_once_it_may(
    database: Database, tmp_path: Path
) -> None:
    async with payables(database, tmp_path, kind="own-tables") as firm:
        await firm.sync()
        firm.there("stop", table=LINES, name="October is closed", operation="create")
        bill = firm.bill(firm.line("100.00", **ONE_LINE), office="")
        await firm.sync()
        assert (await firm.end("bills", bill.document_id))[0] == "rejected"
        why = await firm.why("bills", bill.document_id)
        assert "October is closed" in why and "line 1" in why and bill.number in why
        assert lines(firm, bill) == []  # its header was taken
        firm.there("lift", table=LINES)
        heads = len(firm.rows("u_ml_bill"))
        await firm.replay("bills", bill.document_id)
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("posted", "")
        assert [one["u_subtotal"] for one in lines(firm, bill)] == ["100.00"]
        assert len(firm.rows("u_ml_bill")) == heads, "nothing but the line that was missing went"
        company = firm.sandbox.handover["company"]
        assert firm.sandbox.servicenow is not None
        found = compare_payables(company, firm.sandbox.zoho_books.books(), firm.sandbox.servicenow.books())
        # The bill that was keyed here is in no truth table; nothing else is wrong.
        assert [one.kind for one in found.findings] == ["unexpected"] and bill.number in found.findings[0].sentence
