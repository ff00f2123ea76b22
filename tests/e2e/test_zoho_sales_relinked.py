"""What is entered in Zoho Books in place of something that was deleted there, and linked: what stood on it goes on."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from zoho_selling_world import DAY, Selling, selling

from ml_connector.service.deciding import link
from ml_connector.store.database import Database
from ml_connector_sandbox.servicetitan.books import Invoice
from ml_connector_sandbox.zoho_books.books import crediting, receiving
from ml_connector_sandbox.zoho_books.books.sales_documents import Invoice as InvoiceThere

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


def entered_anew(company: Selling, invoice: Invoice) -> InvoiceThere:
    """Somebody takes all off an invoice, deletes it, and enters it once more."""
    was, books = company.there(invoice), company.target
    for part in list(was.payments):
        receiving.unapply(books, was, part)
    for credit in list(was.credits):
        crediting.take_off(books, credit)
    company.at_zoho("move invoice", invoice=was.number, to="delete")
    customer = books.contacts.get(was.customer_id)
    assert customer is not None
    lines = [
        {"item_id": one.item_id, "rate": one.rate, "quantity": one.quantity, "tax_id": one.tax_id} for one in was.lines
    ]
    return books.add_invoice(customer, was.date, lines, number=was.number)


async def link_with(company: Selling, flow: str, source_id: int, target_id: str) -> None:
    """A bookkeeper says which document of Zoho's a record is."""
    async with company.desk.looking() as reading:
        [[record]] = await reading.all(
            """select r.record_id from record r join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
            where r.tenant_id = %s and f.name = %s and r.source_id = %s""",
            company.desk.tenant_id, flow, str(source_id),
        )  # fmt: skip
    await link(company.desk, f"#{record}", target_id)


async def test_what_stood_on_a_deleted_invoice_goes_on_the_one_that_is_linked_in_its_place(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path) as company:
        lost, stays = company.bill("200.00"), company.bill("100.00")
        money = company.take("150.00", (lost, "90.00"), (stays, "60.00"))
        given = company.give("CM-1", "30.00", lost.customer_id, {lost.id: "20.00", stays.id: "10.00"})
        off = company.write_off(lost, "15.00")
        less = company.source.invoicing.adjust(lost.id, [company.item("-25.00")])
        company.source.invoicing.review(less.id, "Reviewed")
        company.post(company.source.invoices[less.id])
        await company.sync(2)
        assert company.compared() == []
        stood = company.paid(money).payment_id
        now = entered_anew(company, lost)
        await company.a_day_later()
        await company.sync()
        assert (now.payments, now.credits) == ([], [])
        await link_with(company, "invoices", lost.id, now.document_id)
        await company.sync(2)
        assert [one.amount for one in now.payments] == [90] and company.paid(money).payment_id == stood
        assert sorted(one.amount for one in now.credits) == [15, 20, -company.source.invoices[less.id].total]
        assert now.balance == company.source.invoices[lost.id].balance + company.source.invoices[less.id].total
        assert sorted(one.amount for one in company.paid(money).applied) == [60, 90]
        assert company.credit("CM-1").balance == 0 and company.credit(f"WO-{off.id}").balance == 0
        for flow, one in (
            ("payments", money.id), ("credit_memos", given.id), ("payments", off.id), ("invoices", less.id),
        ):  # fmt: skip
            assert await company.end(flow, one) == ("posted", "")
        assert company.compared() == []
        before = company.sandbox.zoho_books.essence()
        await company.a_day_later()
        await company.sync(2)
        assert company.sandbox.zoho_books.essence() == before, "once"


async def test_what_the_bookkeeper_has_put_on_it_already_is_not_put_on_it_again(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path) as company:
        lost = company.bill("200.00")
        money = company.take("90.00", (lost, "90.00"))
        company.give("CM-1", "20.00", lost.customer_id, {lost.id: "20.00"})
        await company.sync(2)
        now = entered_anew(company, lost)
        receiving.apply_unused(company.target, company.paid(money), now, Decimal("90.00"))
        company.at_zoho("apply credit note", credit_note="CM-1", invoice=now.number)
        await company.a_day_later()
        await company.sync()
        before = company.sandbox.zoho_books.essence()
        await link_with(company, "invoices", lost.id, now.document_id)
        await company.sync(2)
        assert company.sandbox.zoho_books.essence() == before
        assert now.balance == company.source.invoices[lost.id].balance
        assert await company.end("payments", money.id) == ("unchanged", "")


async def test_a_payment_that_was_typed_in_place_of_a_deleted_one_is_the_bookkeepers(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path) as company:
        first, second = company.bill("100.00"), company.bill("100.00")
        money = company.take("40.00", (first, "40.00"))
        await company.sync(2)
        customer = company.target.contacts.get(company.there(first).customer_id)
        assert customer is not None
        company.at_zoho("delete customer payment", payment=company.paid(money).number)
        typed = company.at_zoho(
            "receive", customer=customer.contact_name, invoices=[first.reference_number], amount="40.00"
        )
        await company.a_day_later()
        await company.sync()
        await link_with(company, "payments", money.id, typed["payment_id"])
        await company.sync()
        assert await company.end("payments", money.id) == ("linked", "")
        before = company.sandbox.zoho_books.essence()
        company.source.collecting.set_status(money.id, "Pending")
        company.source.collecting.change(money.id, total=Decimal("50.00"), parts={second.id: Decimal("50.00")})
        company.source.collecting.set_status(money.id, "Posted")
        await company.sync(2)
        assert await company.end("payments", money.id) == ("held", "payment_not_ours")
        [sentence] = await company.waits(money.id)
        number = first.reference_number
        assert (
            "amount 40.00 -> 50.00" in sentence
            and f"shows 40.00 on {number}" in sentence
            and "amount 40.00" in sentence
        )
        assert company.sandbox.zoho_books.essence() == before
        there = company.target.customer_payments.get(typed["payment_id"])
        assert there is not None
        parts = [{"invoice_id": company.there(second).document_id, "amount_applied": "50.00"}]
        receiving.update(company.target, there, {"amount": "50.00", "date": str(DAY), "invoices": parts})
        await company.sync(2)
        assert await company.end("payments", money.id) == ("linked", ""), "both agree"
        company.source.collecting.set_status(money.id, "Pending")
        company.source.collecting.delete(money.id)
        await company.sync(2)
        assert await company.end("payments", money.id) == ("held", "payment_not_ours")
        assert company.target.customer_payments.get(typed["payment_id"]) is there, "what is not ours is not removed"
