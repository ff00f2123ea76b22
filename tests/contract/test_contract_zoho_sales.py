"""Sales at Zoho Books: what is marked, applied, given back and taken off there, and what it refuses."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from contract_line import Line, replaced
from contract_zoho_books import StageOfZohoBooks
from contract_zoho_documents import BANK, DAY, PRICE, SALES
from contract_zoho_line import step_for, zoho
from contract_zoho_steps import NET, sale
from msgspec.structs import replace

from ml_connector.canonical.master_data import Item, Party, TaxCode
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.purchases import Bill, Expense
from ml_connector.canonical.sales import Invoice, InvoiceState, Payment, PaymentKind
from ml_connector.connectors.writing import Action, Done, Rejected, Step, Uncertain
from ml_connector.transport.errors import AnswerLost
from ml_connector.transport.messages import Answer, Request
from ml_connector_sandbox.kernel import exact

pytestmark = pytest.mark.anyio
_C, _U, _V = Action.CREATE, Action.UPDATE, Action.VOID


def done(outcome: object) -> Done:
    assert isinstance(outcome, Done), outcome
    return outcome


# --- invoices and credit notes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [InvoiceState.AUTHORISED, InvoiceState.DRAFT])
async def test_an_invoice_is_sent_without_a_mail_or_stays_the_draft_it_is(state: InvoiceState) -> None:
    async with zoho() as (stage, line):
        step = await step_for(line, "invoices", replace(sale(stage.keyed, "A-1", "", "invoice"), state=state))
        made = done(await line.connector.write(line.session, step))
        kept = stage.books.invoices.get(made.target_id)
        assert kept is not None and (kept.number, kept.is_emailed) == ("A-1", False)
        assert kept.state == ("sent" if state is InvoiceState.AUTHORISED else "draft")
        assert isinstance(made.document, Invoice) and made.document.state is state


@pytest.mark.parametrize("way", ["item", "account"])
async def test_a_line_is_booked_by_its_item_or_by_its_account(way: str) -> None:
    async with zoho({"invoice_lines": way}, invoice_lines=way) as (stage, line):
        document = sale(stage.keyed, "A-1", "", "invoice")
        made = done(await line.connector.write(line.session, await step_for(line, "invoices", document)))
        (kept,) = stage.books.invoices.get(made.target_id).lines  # type: ignore[union-attr]
        assert kept.account_id == stage.keyed.account(SALES)
        assert bool(kept.item_id) is (way == "item") and kept.taxes


async def test_accounts_on_lines_where_items_are_demanded_are_refused_with_the_field() -> None:
    async with zoho({"invoice_lines": "account"}) as (stage, line):
        step = await step_for(line, "invoices", sale(stage.keyed, "A-1", "", "invoice"))
        outcome = await line.connector.write(line.session, step)
        assert isinstance(outcome, Rejected) and "item_id" in outcome.sentence and stage.counted("invoices") == 0


async def test_a_number_that_another_invoice_has_is_told_as_that() -> None:
    for settings in ({}, {"invoices_created_by": "number"}):
        async with zoho(settings) as (stage, line):
            stage.keyed.invoice("A-1")
            outcome = await line.connector.write(
                line.session, await step_for(line, "invoices", sale(stage.keyed, "A-1", "", "invoice"))
            )
            assert isinstance(outcome, Rejected) and outcome.reason == "duplicate_number"
            assert stage.counted("invoices") == 1


async def test_an_invoice_that_got_another_number_is_uncertain_and_never_made_twice() -> None:
    async with zoho(upsert_keeps_number=False) as (stage, line):
        step = await step_for(line, "invoices", sale(stage.keyed, "A-1", "", "invoice"))
        for _ in range(2):
            outcome = await line.connector.write(line.session, step)
            assert isinstance(outcome, Uncertain) and "'A-1'" in outcome.why
        assert stage.counted("invoices") == 1


async def test_what_lies_behind_the_lock_of_sales_is_refused_and_the_day_is_known() -> None:
    async with zoho() as (stage, line):
        stage.books.lock_transactions(DAY, "sales")
        organisation = await line.connector.organisation(line.session)
        assert organisation.locked_through_sales == DAY
        document = sale(stage.keyed, "A-1", "", "invoice")
        outcome = await line.connector.write(line.session, await step_for(line, "invoices", document))
        assert isinstance(outcome, Rejected) and outcome.reason == "period_closed"
        later = await step_for(line, "invoices", replace(document, date=DAY + dt.timedelta(days=1)))
        done(await line.connector.write(line.session, later))


async def test_a_paid_invoice_is_not_made_smaller_than_what_is_paid() -> None:
    async with zoho() as (stage, line):
        owed = stage.keyed.invoice("A-1", Decimal(100), **stage.keyed.marked("invoices", "MLC-1"))
        stage.keyed.payment(Decimal(100), (owed, Decimal(100)))
        step = await step_for(line, "invoices", sale(stage.keyed, "A-1", owed.document_id, "invoice"), action=_U)
        outcome = await line.connector.write(line.session, step)
        assert isinstance(outcome, Rejected) and outcome.reason == "paid"


async def test_a_void_invoice_gives_its_money_back_to_the_payment() -> None:
    async with zoho() as (stage, line):
        owed = stage.keyed.invoice("A-1", **stage.keyed.marked("invoices", "MLC-1"))
        paid = stage.keyed.payment(PRICE, (owed, PRICE))
        step = await step_for(line, "invoices", sale(stage.keyed, "A-1", owed.document_id, "invoice"), action=_V)
        assert getattr(done(await line.connector.write(line.session, step)).document, "state", "") is InvoiceState.VOID
        (found,) = (await line.by_ids("payments", [paid.payment_id])).documents.values()
        assert isinstance(found, Payment) and (found.splits, found.unapplied) == ((), PRICE)


@pytest.mark.parametrize("used", ["applied", "given back"])
async def test_a_credit_note_of_which_something_is_used_is_not_voided(used: str) -> None:
    async with zoho() as (stage, line):
        note = stage.keyed.credit_note("C-1")
        if used == "applied":
            stage.books.apply_credit_note(note, stage.keyed.invoice("A-1"), Decimal(1))
        else:
            refund = await step_for(line, "refunds", given_back(stage, note.document_id, "credit note"))
            done(await line.connector.write(line.session, refund))
        step = await step_for(
            line, "credit_notes", sale(stage.keyed, "C-1", note.document_id, "credit note"), action=_V
        )
        outcome = await line.connector.write(line.session, step)
        assert isinstance(outcome, Rejected) and outcome.reason == "paid" and note.state == "open"


# --- payments and refunds ----------------------------------------------------------------------------------------


def received(stage: StageOfZohoBooks, amount: Decimal, *on: tuple[str, Decimal], id: str = "") -> Payment:
    splits = tuple(Allocation("", Ref(invoice), part) for invoice, part in on)
    left = amount - sum((part for _, part in on), Decimal())
    return Payment(
        id, Ref(stage.keyed.customer.contact_id), amount, date=DAY, currency="USD", number="Check 77", splits=splits,
        unapplied=left, bank_account=Ref(stage.keyed.account(BANK)),
    )  # fmt: skip


def given_back(stage: StageOfZohoBooks, of: str, kind: str) -> Payment:
    return Payment(
        "", Ref(stage.keyed.customer.contact_id), -PRICE, PaymentKind.REFUND, date=DAY, currency="USD",
        bank_account=Ref(stage.keyed.account(BANK)), refunds=Ref(of, kind),
    )  # fmt: skip


async def test_money_that_is_applied_later_is_a_change_of_its_payment() -> None:
    async with zoho() as (stage, line):
        first, second = stage.keyed.invoice("A-1"), stage.keyed.invoice("A-2")
        amount = 2 * PRICE
        step = await step_for(line, "payments", received(stage, amount, (first.document_id, PRICE)))
        made = done(await line.connector.write(line.session, step))
        assert (first.balance, second.balance) == (0, PRICE)
        whole = received(
            stage, amount, (first.document_id, PRICE), (second.document_id, PRICE), id=made.target_id
        )  # fmt: skip
        changed = done(await line.connector.write(line.session, await step_for(line, "payments", whole, action=_U)))
        assert isinstance(changed.document, Payment) and changed.document.unapplied == 0
        assert {one.document.number for one in changed.document.splits} == {"A-1", "A-2"}
        assert (first.balance, second.balance, stage.counted("payments")) == (0, 0, 1)
        less = received(stage, amount, (second.document_id, PRICE), id=made.target_id)
        done(await line.connector.write(line.session, await step_for(line, "payments", less, action=_U)))
        assert (first.balance, second.balance) == (PRICE, 0)


async def test_more_than_an_invoice_owes_and_a_draft_are_refused() -> None:
    async with zoho() as (stage, line):
        owed, draft = stage.keyed.invoice("A-1"), stage.keyed.invoice("A-2", state="draft")
        too_much = received(stage, 2 * PRICE, (owed.document_id, 2 * PRICE))
        outcome = await line.connector.write(line.session, await step_for(line, "payments", too_much))
        assert isinstance(outcome, Rejected) and outcome.reason == "paid"
        early = received(stage, PRICE, (draft.document_id, PRICE))
        refused = await line.connector.write(line.session, await step_for(line, "payments", early))
        assert isinstance(refused, Rejected) and stage.counted("payments") == 0


async def test_a_payment_is_deleted_once_and_its_invoices_are_owed_again() -> None:
    async with zoho() as (stage, line):
        owed = stage.keyed.invoice("A-1")
        paid = stage.keyed.payment(PRICE, (owed, PRICE), **stage.keyed.marked("payments", "MLC-1"))
        gone = await step_for(line, "payments", received(stage, PRICE, id=paid.payment_id), action=_V)
        for _ in range(2):
            document = done(await line.connector.write(line.session, gone)).document
            assert isinstance(document, Payment) and not document.active
        assert owed.balance == PRICE and stage.counted("payments") == 0


async def test_a_payment_of_which_something_was_given_back_is_not_deleted() -> None:
    async with zoho() as (stage, line):
        paid = stage.keyed.payment(PRICE, **stage.keyed.marked("payments", "MLC-1"))
        refund = await step_for(line, "refunds", given_back(stage, paid.payment_id, "payment"), "MLC-2")
        done(await line.connector.write(line.session, refund))
        gone = await step_for(line, "payments", received(stage, PRICE, id=paid.payment_id), action=_V)
        outcome = await line.connector.write(line.session, gone)
        assert isinstance(outcome, Rejected) and outcome.reason == "paid" and stage.counted("payments") == 1


@pytest.mark.parametrize("kind", ["payment", "credit note"])
async def test_a_refund_is_made_found_and_taken_back(kind: str) -> None:
    async with zoho() as (stage, line):
        of = stage.keyed.payment(PRICE).payment_id if kind == "payment" else stage.keyed.credit_note("C-1").document_id
        document = given_back(stage, of, kind)
        step = await step_for(line, "refunds", document)
        made = done(await line.connector.write(line.session, step))
        assert [one.id for one in await line.connector.find(line.session, step)] == [made.target_id]
        again = await line.connector.write(line.session, await step_for(line, "refunds", document, "MLC-2"))
        assert isinstance(again, Rejected) and again.reason == "paid"
        back = await step_for(line, "refunds", replace(document, id=made.target_id), action=_V)
        done(await line.connector.write(line.session, back))
        assert stage.counted("refunds") == 0


async def test_a_refund_that_is_answered_with_another_amount_is_uncertain() -> None:
    async with zoho() as (stage, line):
        paid = stage.keyed.payment(PRICE)
        step = await step_for(line, "refunds", given_back(stage, paid.payment_id, "payment"))

        def other(request: Request, answer: Answer) -> Answer:
            body = exact.loads(answer.body)
            for one in body.get("payment_refunds", ()):
                one["amount"] = 1
            return answer if request.safe else replaced(answer, exact.dumps(body))

        line.wire.after = other
        outcome = await line.connector.write(line.session, step)
        assert isinstance(outcome, Uncertain) and "another amount" in outcome.why
        assert len(await line.connector.find(line.session, step)) == 1


# --- credits -----------------------------------------------------------------------------------------------------


async def test_an_application_tells_its_credit_and_is_taken_off_again() -> None:
    async with zoho() as (stage, line):
        note, owed = stage.keyed.credit_note("C-1"), stage.keyed.invoice("A-1")
        part = Allocation("", Ref(owed.document_id), Decimal("5.05"))
        credit = Invoice(
            note.document_id, Ref(stage.keyed.customer.contact_id), PRICE, "credit note", allocations=(part,)
        )
        made = done(await line.connector.write(line.session, await step_for(line, "allocations", credit)))
        ((entity, shown),) = made.also
        assert entity == "credit_notes" and isinstance(shown, Invoice) and shown.balance == PRICE - part.amount
        assert owed.balance == PRICE - part.amount
        taken = replace(credit, allocations=(replace(part, id=made.target_id),))
        off = replace(await step_for(line, "allocations", taken, action=_V), target_id=made.target_id)
        done(await line.connector.write(line.session, off))
        assert (owed.balance, note.balance) == (PRICE, PRICE)


async def test_a_vendor_credit_is_applied_from_its_bill_and_taken_off_again() -> None:
    async with zoho() as (stage, line):
        keyed = stage.keyed
        bill = keyed.books.add_bill(keyed.vendor, "B-1", DAY, [keyed.line()])
        credit = keyed.books.add_vendor_credit(keyed.vendor, DAY, [keyed.line()], vendor_credit_number="VC-1")
        part = Allocation("", Ref(bill.document_id), Decimal("2.50"))
        document = Bill(
            id=credit.document_id, vendor=Ref(keyed.vendor.contact_id), total=-credit.total, credits=(part,)
        )
        step = await allocated(line, document)
        made = done(await line.connector.write(line.session, step))
        assert (bill.balance, credit.balance) == (bill.total - part.amount, credit.total - part.amount)
        assert [one.id for one in await line.connector.find(line.session, step)] == [made.target_id]
        off = await allocated(line, replace(document, credits=(replace(part, id=made.target_id),)), _V)
        done(await line.connector.write(line.session, replace(off, target_id=made.target_id)))
        assert (bill.balance, credit.balance) == (bill.total, credit.total)


async def allocated(line: Line, document: Bill, action: Action = _C) -> Step:
    step = await step_for(line, "allocations", document, action=action)
    return replace(step, target_id="", number="", party_id=document.vendor.id)


# --- what is read ------------------------------------------------------------------------------------------------


async def test_an_expense_in_detail_ties_and_names_both_accounts() -> None:
    async with zoho() as (stage, line):
        (id_,) = stage.fill("expenses", 1, line.clock.now())
        walked = await line.walk("expenses", details="yes")
        found = walked.documents[id_]
        assert isinstance(found, Expense) and found.complete and found.total == PRICE
        assert [(one.account.id, one.amount) for one in found.lines] == [(stage.keyed.account("5110"), PRICE)]
        assert found.paid_through.id == stage.keyed.account(BANK)


async def test_an_invoice_in_detail_shows_what_it_was_made_of() -> None:
    async with zoho() as (stage, line):
        document = sale(stage.keyed, "A-1", "", "invoice")
        made = done(await line.connector.write(line.session, await step_for(line, "invoices", document)))
        (found,) = (await line.by_ids("invoices", [made.target_id])).documents.values()
        assert isinstance(found, Invoice)
        ((shown,), (asked,)) = found.lines, document.lines
        assert (shown.amount, shown.quantity, shown.item.id) == (NET, asked.quantity, asked.item.id)
        assert (shown.tax_code.id, [one.id for one in shown.dimensions]) == (
            asked.tax_code.id, [asked.dimensions[0].id]
        )  # fmt: skip
        assert (found.total, found.tax, found.balance) == (document.total, document.tax, document.total)


async def test_an_item_whose_sku_is_taken_is_told_as_that() -> None:
    async with zoho() as (stage, line):
        account = Ref(stage.keyed.account(SALES))
        held = stage.keyed.item
        item = Item("", "service", "Another name", held.sku, price=PRICE, income_account=account)
        outcome = await line.connector.write(line.session, await step_for(line, "items", item))
        assert isinstance(outcome, Rejected) and outcome.reason == "duplicate_name" and held.sku in outcome.sentence


async def test_groups_of_taxes_are_read_with_their_rate_and_sell() -> None:
    async with zoho() as (stage, line):
        second = stage.books.add_tax("Second tax", "1.475")
        group = stage.books.add_tax_group("Both taxes", [stage.keyed.tax, second])
        (found,) = (await line.by_ids("tax_codes", [group.tax_group_id])).documents.values()
        walked = await line.walk("tax_codes")
        assert walked.documents[group.tax_group_id] == found and getattr(found, "rate", None) == Decimal("0.1")
        assert getattr(found, "parts", ()) == (Decimal("0.08525"), Decimal("0.01475"))
        document = sale(stage.keyed, "A-1", "", "invoice")
        coded = replace(document.lines[0], tax_code=Ref(group.tax_group_id, number="10"), tax=Decimal("4.11"))
        step = await step_for(line, "invoices", replace(document, total=NET + Decimal("4.11"), lines=(coded,)))
        assert step.total == NET + Decimal("4.11")
        done(await line.connector.write(line.session, step))


@pytest.mark.parametrize("there", [True, False], ids=["marked there", "not marked"])
@pytest.mark.parametrize("entity", ["invoices", "credit_notes"])
async def test_a_mark_whose_answer_is_lost_is_made_or_found_by_the_look_up(entity: str, there: bool) -> None:
    async with zoho() as (stage, line):
        step = await step_for(line, entity, sale(stage.keyed, "A-1", "", entity[:-1].replace("_", " ")))
        if entity == "credit_notes":  # made as a draft by hand, under our reference
            stage.keyed.credit_note("A-1", is_draft=True, **stage.keyed.marked(entity, "MLC-1"))
        marks: list[str] = []

        def before(request: Request) -> None:
            marks.extend([request.path] if "/status/" in request.path else [])
            if len(marks) == 1 and "/status/" in request.path and not there:
                raise AnswerLost("the answer was lost")

        def after(request: Request, answer: Answer) -> Answer:
            if "/status/" in request.path and len(marks) == 1:
                raise AnswerLost("the answer was lost")
            return answer

        line.wire.before, line.wire.after = before, after
        outcome = await line.connector.write(line.session, step)
        assert isinstance(outcome, Uncertain) and "not marked" in outcome.why
        (found,) = await line.connector.find(line.session, step)
        assert isinstance(found, Invoice) and found.state is InvoiceState.AUTHORISED
        assert len(marks) == (1 if there else 2) and stage.counted(entity) == 1


async def test_a_tax_of_the_same_name_and_rate_is_the_one_that_was_to_be_made() -> None:
    """It bears no reference, and Zoho takes no second one of its name: what a lost answer made is known by these."""
    async with zoho() as (stage, line):
        tax = TaxCode("", "Travis", rate=Decimal("0.0825"))
        step = await step_for(line, "tax_codes", tax)
        stage.books.add_tax("Travis", "7.25")
        assert await line.connector.find(line.session, step) == []
        refused = await line.connector.write(line.session, step)
        assert isinstance(refused, Rejected) and refused.reason == "duplicate_name"
        made = stage.books.add_tax("Travis", "8.25")
        (found,) = await line.connector.find(line.session, step)
        assert isinstance(found, TaxCode) and found.id == made.tax_id and line.connector.is_ours(found)
        assert not line.connector.is_ours(Party("1", "vendor", "Travis"))
