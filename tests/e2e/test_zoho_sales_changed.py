"""Sales that change in ServiceTitan after they were posted: what Zoho Books follows, what it is told, and what is held."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from zoho_selling_world import selling

from ml_connector.store.database import Database
from ml_connector_sandbox.zoho_books.books import receiving

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


async def test_invoices_follow_while_nothing_stands_on_them(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path) as company:
        dearer, paid, voided, both = (company.bill("100.00") for _ in range(4))
        money = company.take("30.00", (paid, "30.00"))
        await company.sync(2)
        assert company.compared() == []
        assert (company.there(dearer).state, company.there(dearer).is_emailed) == ("sent", False)
        document = company.there(dearer).document_id
        now = company.dearer(dearer, "150.00")
        company.dearer(paid, "150.00")
        company.source.invoicing.unlock(voided.id)
        company.source.invoicing.deactivate(voided.id)
        company.at_zoho("edit invoice", invoice=both.reference_number, changes={"reference_number": "typed by hand"})
        company.dearer(both, "120.00")
        await company.sync(2)
        assert (company.there(dearer).total, company.there(dearer).document_id) == (now.total, document)
        assert [one.state for one in company.target.invoices if one.number == voided.reference_number] == ["void"]
        assert await company.end("invoices", paid.id) == ("held", "change_when_paid")
        [sentence] = await company.waits(paid.id)
        assert "100" in sentence or str(paid.total) in sentence
        assert company.there(paid).total == paid.total and company.paid(money).unused == 0
        assert company.there(both).total == company.source.invoices[both.id].total


async def test_a_draft_is_marked_as_sent_once_its_batch_is_posted(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, {"invoice_gate": "draft when completed"}) as company:
        invoice = company.bill("100.00", posted=False)
        await company.sync(2)
        assert (company.there(invoice).state, company.there(invoice).is_emailed) == ("draft", False)
        company.post(invoice)
        await company.sync(2)
        assert (company.there(invoice).state, company.there(invoice).is_emailed) == ("sent", False)
        assert company.compared() == []


async def test_money_applied_later_is_a_change_of_the_one_payment(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path) as company:
        first, second, third = company.bill("100.00"), company.bill("200.00"), company.bill("300.00")
        part = company.take("40.00", (first, "40.00"))
        several = company.take("150.00", (first, "20.00"), (second, "130.00"))
        ahead = company.take("500.00")
        await company.sync(2)
        assert company.compared() == []
        assert sorted(one.amount for one in company.paid(several).applied) == [20, 130]
        assert company.paid(ahead).unused == 500
        stood = company.paid(ahead).payment_id
        company.source.collecting.apply(ahead.id, {third.id: Decimal("300.00"), second.id: Decimal("50.00")})
        company.source.collecting.set_status(part.id, "Pending")
        company.source.collecting.delete(part.id)
        await company.sync(2)
        assert company.compared() == []
        assert (company.paid(ahead).payment_id, company.paid(ahead).unused) == (stood, 150)
        assert company.all_paid(part) == []
        assert company.there(first).balance == company.source.invoices[first.id].balance


async def test_what_people_put_a_payment_on_stays_through_changes_and_holds_its_deletion(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path) as company:
        first, second, theirs = company.bill("100.00"), company.bill("200.00"), company.bill("300.00")
        money = company.take("500.00", (first, "90.00"))
        await company.sync(2)
        receiving.apply_unused(company.target, company.paid(money), company.there(theirs), Decimal("110.00"))
        company.source.collecting.apply(money.id, {second.id: Decimal("50.00")})
        await company.sync(2)
        assert sorted(one.amount for one in company.paid(money).applied) == [50, 90, 110]
        company.source.collecting.set_status(money.id, "Pending")
        company.source.collecting.change(money.id, parts={second.id: Decimal("60.00")})
        await company.sync(2)
        assert sorted(one.amount for one in company.paid(money).applied) == [60, 110]
        company.source.collecting.delete(money.id)
        await company.sync(2)
        assert await company.end("payments", money.id) == ("held", "payment_applied_by_hand")
        assert company.there(theirs).balance == company.there(theirs).total - 110


async def test_what_was_given_back_in_the_ledger_holds_the_removal_of_its_payment(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path) as company:
        invoice = company.bill("100.00")
        money = company.take("100.00", (invoice, "40.00"))
        await company.sync(2)
        given = {
            "amount": "60.00",
            "date": str(company.paid(money).date),
            "from_account_id": company.paid(money).account_id,
        }
        made = receiving.refund(company.target, company.paid(money), given)
        company.source.collecting.set_status(money.id, "Pending")
        company.source.collecting.delete(money.id)
        await company.sync(2)
        assert await company.end("payments", money.id) == ("held", "payment_given_back")
        assert company.paid(money).refunds == [made]
        receiving.delete_refund(company.target, company.paid(money), made)
        await company.sync(2)
        assert company.all_paid(money) == []
        assert company.compared() == []


async def test_a_refund_that_is_deleted_without_a_new_stamp_lets_its_payment_go_within_the_hour(
    database: Database, tmp_path: Path
) -> None:
    """Nothing promises that a refund moves its payment's stamp, and a list shows the same amount all along."""
    async with selling(database, tmp_path) as company:
        invoice = company.bill("100.00")
        money = company.take("100.00", (invoice, "40.00"))
        await company.sync(2)
        paid = company.paid(money)
        made = receiving.refund(
            company.target, paid, {"amount": "60.00", "date": str(paid.date), "from_account_id": paid.account_id}
        )
        company.source.collecting.set_status(money.id, "Pending")
        company.source.collecting.delete(money.id)
        await company.sync(2)
        assert await company.end("payments", money.id) == ("held", "payment_given_back")
        stamp = company.paid(money).modified
        receiving.delete_refund(company.target, company.paid(money), made)
        company.paid(money).modified = stamp
        company.target.customer_payments.put(company.paid(money))
        await company.sync()
        async with company.desk.changing(await company.desk.sealer()) as change:  # it was asked for long ago
            await change.run(
                "update directory set asked_at = asked_at - interval '2 hours' where tenant_id = %s and entity = %s",
                company.desk.tenant_id, "payments",
            )  # fmt: skip
        await company.sync(2)
        assert company.all_paid(money) == []
        assert company.compared() == []


async def test_a_discount_on_the_whole_invoice_holds_its_change(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path) as company:
        invoice = company.bill("100.00")
        await company.sync(2)
        there = company.there(invoice)
        changes = {"discount": "10%", "discount_type": "entity_level"}
        company.at_zoho("edit invoice", invoice=there.number, changes=changes)
        total = company.there(invoice).total
        assert total < there.total
        company.dearer(invoice, "120.00")
        await company.sync(2)
        assert await company.end("invoices", invoice.id) == ("held", "change_not_sent")
        assert company.there(invoice).total == total


async def test_a_payment_that_is_edited_stays_the_one_and_a_wrong_one_goes(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path) as company:
        invoice, other = company.bill("100.00"), company.bill("100.00")
        paid, moved = company.take("40.00", (invoice, "40.00")), company.take("30.00", (invoice, "30.00"))
        await company.sync(2)
        stood = [company.paid(one).payment_id for one in (paid, moved)]
        for one in (paid, moved):
            company.source.collecting.set_status(one.id, "Pending")
        company.source.collecting.change(paid.id, total=Decimal("45.00"), parts={invoice.id: Decimal("45.00")})
        company.source.collecting.change(moved.id, parts={other.id: Decimal("30.00")})
        for one in (paid, moved):
            company.source.collecting.set_status(one.id, "Posted")
        await company.sync(2)
        assert [company.paid(one).payment_id for one in (paid, moved)] == stood
        assert (company.paid(paid).amount, company.paid(moved).amount) == (45, 30)
        assert company.compared() == []
        company.at_zoho("delete customer payment", payment=company.paid(paid).number)
        company.source.collecting.set_status(paid.id, "Pending")
        company.source.collecting.change(paid.id, total=Decimal("50.00"), parts={invoice.id: Decimal("50.00")})
        company.source.collecting.set_status(paid.id, "Posted")
        await company.sync(2)
        assert company.all_paid(paid) == []  # what people removed there is not made again
        assert await company.end("payments", paid.id) == ("held", "gone_there")


async def test_refunds_write_offs_and_credits_are_credit_notes_that_are_applied(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path) as company:
        given, lost, corrected = company.bill("300.00"), company.bill("200.00"), company.bill("150.00")
        paid = company.take(str(given.total), (given, str(given.total)))
        adjustment, back = company.give_back(paid, given, "80.00")
        off = company.write_off(lost, "55.55")
        less = company.source.invoicing.adjust(corrected.id, [company.item("-25.00")])
        company.source.invoicing.review(less.id, "Reviewed")
        company.post(company.source.invoices[less.id])
        await company.sync(2)
        assert company.compared() == []
        note = company.credit(adjustment.reference_number)
        assert (note.refunded, note.balance) == (-back.total, 0)
        assert company.credit(f"WO-{off.id}").total == Decimal("55.55")
        assert company.there(lost).balance == company.source.invoices[lost.id].balance
        assert company.there(corrected).credited == -company.source.invoices[less.id].total
        before = company.sandbox.zoho_books.essence()
        await company.sync()
        assert company.sandbox.zoho_books.essence() == before
