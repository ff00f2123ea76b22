"""What the rules plan is what Xero takes: created, changed, authorised, voided, credited and applied, to the cent."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from invoice_world import INVOICE, LINE, D, Rows, codes, credit, invoice, line
from xero_rig import ORG, Meeting, meeting

from ml_connector.canonical.master_data import Organisation, Party
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Invoice, InvoiceState
from ml_connector.connectors.writing import Action, Done, Step
from ml_connector.connectors.xero import CONNECTOR
from ml_connector.integrations.decisions import STAYS, Adopt, Hold, Unchanged, Write
from ml_connector.integrations.views import Made

pytestmark = pytest.mark.anyio

ORGANISATION = Organisation(ORG, "Polar Air", "USD")
ODD = (
    msgspec.structs.replace(LINE, amount=D("33.33"), quantity=D("1.3333"), unit_price=D("24.9981")),
    line("66.68", "2", taxable=False, account=Ref("", "", "4100"), description="Labor"),
)
PAIR = invoice(lines=ODD, discount="0.01", tax="2.75", total="102.75")


async def test_an_invoice_goes_and_is_found_as_it_was_planned() -> None:
    async with meeting() as xero:
        shown = await xero.go(PAIR)
        assert (shown.number, shown.total, shown.tax, shown.balance) == ("5512", D("102.75"), D("2.75"), D("102.75"))
        assert (shown.memo, shown.reference) == ("Job J-100, 12 Main St", "servicetitan-1-invoices-i1")
        assert shown.state is InvoiceState.AUTHORISED and shown.due_date == dt.date(2026, 7, 9)
        assert [one.tax_code.id for one in shown.lines] == ["OUTPUT", "NONE"]
        assert all(len(one.dimensions) == 1 for one in shown.lines)
        assert isinstance(await xero.plan(PAIR), Unchanged)


async def test_a_change_keeps_the_ledgers_lines_and_is_shown_afterwards() -> None:
    async with meeting() as xero:
        before = await xero.go(PAIR)
        more = (line("40.00"), ODD[1], line("5", "3", description="Filter", taxable=False))
        after = msgspec.structs.replace(
            PAIR, lines=more, discount=D(0), tax=D("3.30"), total=D("114.98"), number="5512-A"
        )
        shown = await xero.go(after)
        assert (shown.number, shown.total, shown.tax) == ("5512-A", D("114.98"), D("3.30"))
        assert [one.id for one in shown.lines[:2]] == [one.id for one in before.lines] and len(shown.lines) == 3
        assert isinstance(await xero.plan(after), Unchanged)


async def test_a_draft_is_authorised_when_its_batch_is_posted() -> None:
    async with meeting() as xero:
        base = await xero.view(PAIR)
        drafts = {"settings": msgspec.structs.replace(base.settings, invoice_gate="draft when completed")}
        completed = msgspec.structs.replace(PAIR, state=InvoiceState.COMPLETED)
        draft = await xero.go(completed, **drafts)
        assert draft.state is InvoiceState.DRAFT
        assert isinstance(await xero.plan(completed, **drafts), Unchanged)
        shown = await xero.go(PAIR, **drafts)
        assert shown.state is InvoiceState.AUTHORISED and [a.id for a in shown.lines] == [b.id for b in draft.lines]


@pytest.mark.parametrize("state", [InvoiceState.POSTED, InvoiceState.COMPLETED])
async def test_what_became_inactive_is_void_or_deleted(state: InvoiceState) -> None:
    async with meeting() as xero:
        base = await xero.view(PAIR)
        drafts = {"settings": msgspec.structs.replace(base.settings, invoice_gate="draft when completed")}
        posted = msgspec.structs.replace(PAIR, state=state)
        await xero.go(posted, **drafts)
        gone = msgspec.structs.replace(posted, active=False)
        shown = await xero.go(gone, **drafts)
        assert shown.state in (InvoiceState.VOID, InvoiceState.DELETED) and not shown.active
        assert isinstance(await xero.plan(gone, **drafts), Unchanged)


async def test_what_is_void_goes_again_under_another_number() -> None:
    async with meeting() as xero:
        first = await xero.go(PAIR)
        await xero.go(msgspec.structs.replace(PAIR, active=False))
        back = msgspec.structs.replace(PAIR, due_date=dt.date(2026, 8, 1))
        assert codes(await xero.plan(back)) == ["void_there"]
        base = await xero.view(back)
        row = {"mappings": {**base.mappings, "invoice_numbers": Rows({"i1": "5512-2"})}}
        shown = await xero.go(back, **row)
        assert (shown.number, shown.reference) == ("5512-2", "servicetitan-1-invoices-i1-55122")
        assert shown.active and shown.id != first.id and isinstance(await xero.plan(back, **row), Unchanged)


async def test_what_an_accountant_recoded_there_stays() -> None:
    async with meeting() as xero:
        made = await xero.go(PAIR)
        recoded = msgspec.structs.replace(made.lines[1], account=Ref("", "", "200"), dimensions=())
        theirs = msgspec.structs.replace(made, lines=(made.lines[0], recoded), state=InvoiceState.AUTHORISED)
        sent = CONNECTOR.compose(Action.UPDATE, theirs, ORGANISATION, made.reference, {})
        by_hand = Step("invoices", Action.UPDATE, made.reference, sent.body, target_id=made.id)
        assert isinstance(await xero.write(by_hand), Done)
        await xero.again(PAIR)
        labor = msgspec.structs.replace(ODD[1], amount=D("70.00"), unit_price=D(70))
        after = msgspec.structs.replace(PAIR, lines=(ODD[0], labor), total=D("106.07"))
        shown = await xero.go(after)
        assert [(one.account.number, one.amount) for one in shown.lines] == [("200", D("33.33")), ("200", D("69.99"))]
        assert [len(one.dimensions) for one in shown.lines] == [1, 0] and shown.total == D("106.07")


async def test_once_something_is_paid_only_the_head_is_changed() -> None:
    async with meeting() as xero:
        made = await xero.go(INVOICE)
        there, bank = xero.books.invoices.get(made.id), xero.books.account_by_code("090")
        assert there is not None and bank is not None
        xero.books.desk.pay(there, dt.date(2026, 6, 20), 50, bank)
        await xero.again(INVOICE)
        assert codes(await xero.plan(invoice(lines=(line("90"),), tax="7.43", total="97.43"))) == ["change_when_paid"]
        assert codes(await xero.plan(invoice(active=False))) == ["change_when_paid"]
        shown = await xero.go(invoice(due_date=dt.date(2026, 8, 1), number="5512-A"))
        assert (shown.number, shown.due_date, shown.balance) == ("5512-A", dt.date(2026, 8, 1), D("58.25"))
        assert [one.id for one in shown.lines] == [one.id for one in made.lines]


async def test_a_credit_is_applied_to_what_it_corrects() -> None:
    async with meeting() as xero:
        await xero.go(INVOICE)
        taken = credit(lines=(line("-40"),), tax="-3.30", total="-43.30")
        note = await xero.go(taken)
        assert (note.kind, note.total, note.balance) == ("credit note", D("43.30"), D(0))
        await xero.again(INVOICE)
        now = xero.posted["i1"].now
        assert getattr(now, "balance", None) == D("64.95")
        rest = msgspec.structs.replace(
            taken, id="i3", number="5514", lines=(line("-80"),), tax=D("-6.60"), total=D("-86.60")
        )
        left = await xero.go(rest)
        assert left.balance == D("21.65")  # no more than the original still owed is applied


async def test_people_of_one_name_are_two_contacts() -> None:
    async with meeting() as xero:
        done = await xero.customer(Party("c7", "customer", "jane doe", private_person=True))
        assert isinstance(done, Done) and getattr(done.document, "name", "") == "jane doe (ST c7)"
        assert getattr(done.document, "reference", "") == "servicetitan-1-invoices-c7"


async def unapplied(xero: Meeting) -> tuple[Invoice, str, dict[str, Any]]:
    """A credit whose note went and whose application did not; the note's id, and what the next plan sees of it."""
    await xero.go(INVOICE)
    taken = credit(lines=(line("-40"),), tax="-3.30", total="-43.30")
    decision = await xero.plan(taken)
    assert isinstance(decision, Write) and len(decision.steps) == 2
    note = decision.steps[0]
    outcome = await xero.write(note)
    assert isinstance(outcome, Done)
    [shown] = await xero.read("credit_notes", outcome.target_id)
    around = await xero.view(taken)
    seen = {**around.at_target, ("credit_notes", shown.id): shown}
    return taken, shown.id, {"made": {note.reference: Made("credit_notes", shown.id)}, "at_target": seen}


async def test_a_newer_version_applies_the_credit_note_that_an_earlier_one_made() -> None:
    async with meeting() as xero:
        taken, note, around = await unapplied(xero)
        newer = msgspec.structs.replace(taken, exported=True, stamp="later")
        decision = await xero.plan(newer, first_seen_exported=True, **around)
        assert isinstance(decision, Write) and decision.main == STAYS
        assert [one.entity for one in decision.steps] == ["allocations"]
        assert isinstance(await xero.write(decision.steps[0]), Done)
        [shown] = await xero.read("credit_notes", note)
        around["at_target"]["credit_notes", note] = shown
        decision = await xero.plan(newer, **around)
        assert isinstance(decision, Adopt) and decision.target_id == note


async def test_a_made_credit_note_of_another_amount_waits_with_both() -> None:
    async with meeting() as xero:
        taken, _, around = await unapplied(xero)
        other = msgspec.structs.replace(taken, lines=(line("-50"),), tax=D("-4.13"), total=D("-54.13"))
        decision = await xero.plan(other, **around)
        assert codes(decision) == ["conflict"] and isinstance(decision, Hold)
        assert "43.30" in decision.waits[0].sentence and "54.13" in decision.waits[0].sentence


async def test_a_made_invoice_of_a_record_that_became_inactive_is_voided() -> None:
    async with meeting() as xero:
        shown = await xero.go(INVOICE)
        xero.posted.clear()
        around = await xero.view(INVOICE)
        seen = {**around.at_target, ("invoices", shown.id): shown}
        made = {shown.reference: Made("invoices", shown.id)}
        decision = await xero.plan(msgspec.structs.replace(INVOICE, active=False), made=made, at_target=seen)
        assert isinstance(decision, Write) and decision.steps[0].action is Action.VOID
