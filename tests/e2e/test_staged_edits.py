"""Bills that are edited, voided or deleted in Zoho Books after they were staged, and before."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from payables_world import DAY, Firm, payables

from ml_connector.service.standing import standing
from ml_connector.store.database import Database
from ml_connector_sandbox.zoho_books.books.documents import Bill

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def end(firm: Firm, bill: Bill) -> tuple[str, str]:
    return await firm.end("bills", bill.document_id)


def lines(firm: Firm, bill: Bill) -> list[int]:
    return [int(firm.amount(one, "sub_total") * 100) for one in firm.lines(bill)]


def taxes(firm: Firm, bill: Bill) -> list[Decimal]:
    rows = firm.rows("sn_shop_invoice_tax_line", invoice=firm.invoice(bill)["sys_id"])
    return [firm.amount(one, "tax_amount") for one in rows]


async def test_an_edit_is_told_with_both_versions_where_nothing_coalesces(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        edited, approved, undone, noted = (firm.bill() for _ in range(4))
        await firm.sync()
        firm.there("approve", invoice=approved.document_id)
        for bill in (edited, approved, undone):
            firm.at_zoho("edit bill", bill=bill.number, changes={"adjustment": "12.50"})
        firm.at_zoho("edit bill", bill=noted.number, changes={"notes": "asked again"})
        await firm.sync()
        assert await end(firm, edited) == ("held", "changed_after_staging")
        why = await firm.why("bills", edited.document_id)
        assert "100.00 -> 112.50" in why and "draft" in why and "edits to send" in why
        assert await end(firm, approved) == ("held", "changed_after_decision")
        assert "approved already" in await firm.why("bills", approved.document_id)
        [stage] = [one for one in (await standing(firm.desk)).stages if one.state == "approved"]
        assert stage.sums == {"USD": Decimal("100.00")}, "what stands there, not what the edit made of it here"
        assert (await end(firm, noted))[0] in ("posted", "unchanged")
        firm.at_zoho("edit bill", bill=undone.number, changes={"adjustment": "0"})
        await firm.sync()
        assert (await end(firm, undone))[0] == "unchanged"
        for bill in (edited, approved, undone, noted):
            assert lines(firm, bill) == [100_00]


async def test_an_edit_is_staged_again_where_header_and_lines_coalesce_and_never_once_approved(
    database: Database, tmp_path: Path
) -> None:
    async with payables(database, tmp_path, {"edits": "send"}, {"coalesces": "yes"}) as firm:
        edited, tagged, approved = firm.bill(), firm.bill(), firm.bill()
        fewer = firm.bill(firm.line("10.00"), firm.line("20.00", "Boston Tax"))
        tax = firm.books.taxes["US"]
        taxed, exempt = (firm.bill(firm.line("100.00", tax_id=tax)) for _ in range(2))
        await firm.sync()
        firm.there("approve", invoice=approved.document_id)
        for bill in (edited, approved):
            firm.at_zoho("edit bill", bill=bill.number, changes={"adjustment": "12.50"})
        firm.at_zoho("retag", bill=tagged.number, tag=firm.books.tag.tag_name, option="Boston Tax")
        firm.at_zoho("edit bill", bill=fewer.number, changes={"line_items": [firm.line("10.00")]})
        firm.at_zoho("edit bill", bill=taxed.number, changes={"line_items": [firm.line("200.00", tax_id=tax)]})
        firm.at_zoho("edit bill", bill=exempt.number, changes={"line_items": [firm.line("100.00")]})
        await firm.sync()
        assert (await end(firm, edited))[0] == (await end(firm, tagged))[0] == "posted"
        assert (await end(firm, taxed))[0] == "posted" and taxes(firm, taxed) == [Decimal("12.50")]
        assert await end(firm, exempt) == ("held", "staged_lines_lost") and taxes(firm, exempt) == [Decimal("6.25")]
        assert lines(firm, edited) == [100_00, 12_50] and len(firm.invoices(edited)) == 1
        assert firm.amount(firm.invoice(edited), "invoice_amount") == Decimal("112.50")
        [line] = firm.lines(tagged)
        assert firm.instance.records.get("cmn_cost_center", line["cost_center"])["name"] == "Boston Tax"  # type: ignore[index]
        assert await end(firm, approved) == ("held", "changed_after_decision")
        assert lines(firm, approved) == [100_00]
        assert await end(firm, fewer) == ("held", "staged_lines_lost")
        assert lines(firm, fewer) == [10_00, 20_00]


async def test_a_bill_voided_after_staging_is_settled_once_it_is_cancelled_there(
    database: Database, tmp_path: Path
) -> None:
    async with payables(database, tmp_path) as firm:
        before, after = firm.bill(), firm.bill()
        firm.at_zoho("move bill", bill=before.number, to="void")
        await firm.sync()
        assert await end(firm, before) == ("skipped", "void_in_ledger")
        firm.at_zoho("move bill", bill=after.number, to="void")
        await firm.sync()
        assert await end(firm, after) == ("held", "void_after_staging")
        assert after.number in await firm.why("bills", after.document_id)
        firm.there("cancel", invoice=after.document_id)
        await firm.sync()
        assert (await end(firm, after))[0] == "unchanged"
        assert await firm.stuck(after.number) is None


async def test_what_is_before_the_start_date_or_not_open_is_never_staged(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        old = firm.bill(on=firm.books.month.first - timedelta(days=3))
        draft, waits = firm.bill(state="draft"), firm.bill(state="pending_approval")
        await firm.sync()
        assert await end(firm, draft) == await end(firm, waits) == ("skipped", "not_in_books_yet")
        firm.at_zoho("move bill", bill=draft.number, to="open")
        firm.at_zoho("move bill", bill=waits.number, to="approve")
        await firm.sync()
        assert (await end(firm, draft))[0] == (await end(firm, waits))[0] == "posted"
        assert firm.invoices(old) == [] and draft.date == DAY
