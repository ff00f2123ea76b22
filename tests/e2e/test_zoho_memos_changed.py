"""Credit memos that change in ServiceTitan after they were posted: what Zoho Books follows, and what is held."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from zoho_selling_world import DAY, KIND, Selling, selling

from ml_connector.service.finding import Filter
from ml_connector.service.integrating import change_settings, integration_named
from ml_connector.service.replaying import replay
from ml_connector.store.database import Database
from ml_connector_sandbox.servicetitan.books import CreditMemo

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


def repriced(company: Selling, memo: CreditMemo, amount: str) -> None:
    """Somebody corrects what the memo gives."""
    table = company.source.credit_memo_items
    [line] = [one for one in table if one.memo_id == memo.id]
    table.modify(line.id, company.source.when(None), price=Decimal(amount))
    company.source.collecting.change_credit(memo.id, sub_total=Decimal(amount))


def withdrawn(company: Selling, memo: CreditMemo) -> None:
    """Somebody takes a memo off its invoices, and switches it off."""
    for on in {one.invoice_id for one in company.source.credit_memos[memo.id].splits if one.invoice_id}:
        company.source.collecting.take_credit_back(memo.id, on)
    company.source.collecting.change_credit(memo.id, active=False)


async def written(company: Selling, memo: CreditMemo) -> list[str]:
    """What our steps for a memo were of, in their order."""
    async with company.desk.looking() as reading:
        rows = await reading.all(
            """select i.entity from intent i join record r using (tenant_id, record_id) join flow f using (tenant_id, flow_id)
            where tenant_id = %s and f.name = 'credit_memos' and r.source_id = %s order by i.intent_id""",
            company.desk.tenant_id, str(memo.id),
        )  # fmt: skip
    return [str(row[0]) for row in rows]


async def test_memos_change_while_they_are_on_nothing_and_while_what_is_ours_is_on_invoices(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path) as company:
        first, second = company.bill("100.00"), company.bill("80.00")
        alone = company.give("CM-1", "40.00", first.customer_id)
        used = company.give("CM-2", "40.00", first.customer_id, {first.id: "15.00", second.id: "20.00"})
        theirs = company.give("CM-3", "30.00", first.customer_id, {first.id: "10.00"})
        moved = company.give("CM-4", "9.00", first.customer_id, {first.id: "9.00"})
        await company.sync(2)
        assert company.compared() == []
        notes = {number: company.credit(number).document_id for number in ("CM-1", "CM-2", "CM-3")}
        company.at_zoho("apply credit note", credit_note="CM-3", invoice=second.reference_number, amount="5.00")
        repriced(company, alone, "45.00")
        repriced(company, used, "55.00")
        repriced(company, theirs, "33.00")
        company.source.collecting.take_credit_back(moved.id, first.id)
        company.source.collecting.apply_credit(moved.id, {second.id: Decimal("9.00")})
        await company.sync(2)
        assert [one.amount for one in company.credit("CM-4").credits] == [9] and company.there(second).credited == 34
        assert await written(company, moved) == ["credit_notes", *["allocations"] * 3], "the note itself is not changed"
        for memo, number, total in ((alone, "CM-1", 45), (used, "CM-2", 55)):
            assert await company.end("credit_memos", memo.id) == ("posted", "")
            assert (company.credit(number).document_id, company.credit(number).total) == (notes[number], total)
        assert (company.credit("CM-1").balance, company.credit("CM-2").balance) == (45, 20)
        assert company.there(first).balance == company.source.invoices[first.id].balance
        assert await company.end("credit_memos", theirs.id) == ("held", "change_when_paid")
        [sentence] = await company.waits(theirs.id)
        assert "30.00 -> 33.00" in sentence and "Xero" not in sentence
        assert (company.credit("CM-3").total, company.credit("CM-3").balance) == (30, 15)
        before = company.sandbox.zoho_books.essence()
        await company.sync()
        assert company.sandbox.zoho_books.essence() == before


async def test_a_voided_memo_goes_with_what_is_ours_and_stays_with_what_is_others(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path) as company:
        first, second = company.bill("100.00"), company.bill("80.00")
        ours = company.give("CM-1", "40.00", first.customer_id, {first.id: "15.00", second.id: "20.00"})
        theirs = company.give("CM-2", "30.00", first.customer_id, {first.id: "10.00"})
        await company.sync(2)
        assert company.compared() == []
        company.at_zoho("apply credit note", credit_note="CM-2", invoice=second.reference_number, amount="5.00")
        withdrawn(company, ours)
        withdrawn(company, theirs)
        await company.sync(2)
        assert await company.end("credit_memos", ours.id) == ("posted", "")
        assert [one.state for one in company.target.credit_notes if one.number == "CM-1"] == ["void"]
        assert await company.end("credit_memos", theirs.id) == ("held", "applied_by_hand")
        assert (company.credit("CM-2").total, company.credit("CM-2").balance) == (30, 15)
        assert company.there(first).credited == 10 and company.there(second).credited == 5


async def test_in_a_closed_period_nothing_of_a_memo_is_changed_taken_off_or_voided(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path) as company:
        first = company.bill("100.00")
        changed = company.give("CM-1", "40.00", first.customer_id)
        voided = company.give("CM-2", "30.00", first.customer_id, {first.id: "10.00"})
        await company.sync(2)
        await change_settings(company.desk, company.integration, {"closed_through": str(DAY)})
        repriced(company, changed, "45.00")
        withdrawn(company, voided)
        await company.sync(2)
        for memo in (changed, voided):
            assert await company.end("credit_memos", memo.id) == ("held", "change_in_closed_period")
        assert (company.credit("CM-1").total, company.credit("CM-2").balance) == (40, 20)
        day_before = str(DAY - timedelta(days=1))
        integration = await integration_named(company.desk, KIND)
        await change_settings(company.desk, integration, {"closed_through": day_before})
        await replay(company.desk, Filter(flow="credit_memos", state="held"))
        await company.sync(2)
        assert company.credit("CM-1").total == 45
        assert [one.state for one in company.target.credit_notes if one.number == "CM-2"] == ["void"]
        assert company.compared() == []
