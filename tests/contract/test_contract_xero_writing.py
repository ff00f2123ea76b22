"""Writes at Xero of which a part fails or an answer is lost, and numbers of any signs."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from contract_set import play
from contract_xero import StageOfXero
from contract_xero_apps import steps, xero
from contract_xero_documents import DAY
from contract_xero_steps import step_of

from ml_connector.canonical.master_data import Party
from ml_connector.connectors.writing import Action, Done, Later, Rejected, Step, Uncertain
from ml_connector.transport.about import about
from ml_connector.transport.errors import AnswerLost, NotSent
from ml_connector.transport.messages import Answer, Request

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("reversed_", [False, True], ids=["in order", "reversed"])
@pytest.mark.parametrize("entity", ["parties", "invoices", "credit_notes", "payments", "purchase_orders"])
async def test_one_refused_step_of_a_call_harms_no_other(entity: str, reversed_: bool) -> None:
    async with xero(answers_reversed=reversed_) as (stage, line):
        sent = await steps(stage, line, entity, "abc")
        first = await line.connector.write(line.session, sent[1])
        count = stage.counted(entity)
        stage.clock.skip(400)  # past the six minutes of the first one's key
        outcomes = await line.connector.write_batch(line.session, sent)
        assert isinstance(first, Done) and isinstance(outcomes[1], Rejected)
        assert [type(one) for one in (outcomes[0], outcomes[2])] == [Done, Done]
        assert stage.counted(entity) == count + 2
        for step, outcome in ((sent[0], outcomes[0]), (sent[2], outcomes[2])):
            assert isinstance(outcome, Done) and stage.shows(step, outcome.document)


async def test_payments_of_which_none_is_made_because_one_fails_are_not_called_done() -> None:
    async with xero(payments_atomic=True) as (stage, line):
        sent = await steps(stage, line, "payments", "abc")
        assert isinstance(await line.connector.write(line.session, sent[1]), Done)
        stage.clock.skip(400)
        outcomes = await line.connector.write_batch(line.session, sent)
        assert not any(isinstance(one, Done) for one in outcomes)
        assert stage.counted("payments") == 1
        for step in (sent[0], sent[2]):
            assert await line.connector.find(line.session, step) == []


async def test_a_lost_answer_is_asked_for_again_under_its_key_and_given_again() -> None:
    async with xero() as (stage, line):
        (step,) = await steps(stage, line, "invoices", "a")
        lost = 0

        def lose(request: Request, answer: Answer) -> Answer:
            nonlocal lost
            if not request.safe and not lost:
                lost += 1
                raise AnswerLost("the answer was lost")
            return answer

        line.wire.after = lose
        outcome = await line.connector.write(line.session, step)
        assert isinstance(outcome, Done) and stage.shows(step, outcome.document)
        assert stage.counted("invoices") == 1


async def test_a_payment_put_back_within_a_minute_of_its_reversal_is_in_the_books() -> None:
    async with xero() as (stage, line):
        write, session = line.connector.write, line.session
        (step,) = await steps(stage, line, "payments", "a")
        with about(1):
            made = await write(session, step)
        assert isinstance(made, Done)
        gone = Step("payments", Action.VOID, step.reference, b'{"Status":"DELETED"}', made.target_id, step.party_id)
        with about(2):
            assert isinstance(await write(session, gone), Done)
        with about(3):
            again = await write(session, step)
        assert isinstance(again, Done) and again.target_id != made.target_id
        live = [one.payment_id for one in stage.books.payments if one.status == "AUTHORISED"]
        assert live == [again.target_id]


async def test_an_invoice_changed_there_and_back_within_a_minute_is_as_it_was() -> None:
    async with xero() as (stage, line):
        (first,) = await steps(stage, line, "invoices", "a", Action.UPDATE)
        body = msgspec.json.decode(first.body)
        other = msgspec.structs.replace(first, body=msgspec.json.encode(body | {"Reference": "another"}))
        for intent, step in enumerate((first, other, first)):
            with about(intent):
                assert isinstance(await line.connector.write(line.session, step), Done)
        shown = stage.books.invoices.get(first.target_id)
        assert shown is not None and shown.reference == body["Reference"]


@pytest.mark.parametrize("used", ["applied", "given back"])
async def test_a_credit_note_is_changed_until_something_of_it_is_used(used: str) -> None:
    async with xero() as (stage, line):
        changes = await steps(stage, line, "credit_notes", "ab", Action.UPDATE)
        for step, outcome in zip(changes, await line.connector.write_batch(line.session, changes), strict=True):
            assert isinstance(outcome, Done) and stage.shows(step, outcome.document)
        note, desk = stage.books.credit_notes.get(changes[0].target_id), stage.books.desk
        assert note is not None and (note.total, len(note.lines)) == (changes[0].total, 1)
        if used == "applied":
            desk.allocate(note, stage.keyed.invoice("Credited"), Decimal(1))
        else:
            desk.pay(note, DAY, Decimal(1), stage.keyed.bank)
        body = msgspec.json.decode(changes[0].body)
        body["LineItems"][0] |= {"UnitAmount": 10, "LineAmount": 20}
        other = msgspec.structs.replace(changes[0], body=msgspec.json.encode(body))
        outcome = await line.connector.write(line.session, other)
        assert isinstance(outcome, Rejected) and outcome.reason == "paid"
        assert note.total == changes[0].total


async def test_a_twin_of_one_intent_is_answered_as_before_and_does_nothing() -> None:
    async with xero() as (stage, line):
        (step,) = await steps(stage, line, "payments", "a")
        with about(1):
            first = await line.connector.write(line.session, step)
            stage.clock.skip(90)
            second = await line.connector.write(line.session, step)
        assert isinstance(first, Done) and isinstance(second, Done) and second.target_id == first.target_id
        assert stage.counted("payments") == 1


@pytest.mark.parametrize("entity", ["invoices", "payments", "overpayments", "credit_notes", "purchase_orders"])
async def test_a_lost_answer_whose_key_xero_did_not_keep_makes_no_second_document(entity: str) -> None:
    """The step is uncertain, and what it made is found."""
    async with xero(idempotency_seconds=0) as (stage, line):
        (step,) = await steps(stage, line, entity, "a")
        step = part_of(step)
        before, lost = stage.counted(entity), 0

        def lose(request: Request, answer: Answer) -> Answer:
            nonlocal lost
            if not request.safe and not lost:
                lost += 1
                raise AnswerLost("the answer was lost")
            return answer

        line.wire.after = lose
        assert isinstance(await line.connector.write(line.session, step), Uncertain)
        assert stage.counted(entity) == before + 1
        (found,) = await line.connector.find(line.session, step)
        assert stage.shows(step, found)


def part_of(step: Step) -> Step:
    """A payment of so little that the invoice bears a second one."""
    if step.entity != "payments":
        return step
    body = msgspec.json.encode(msgspec.json.decode(step.body) | {"Amount": 1})
    return msgspec.structs.replace(step, body=body, total=Decimal(1))


async def test_a_lost_answer_that_may_not_be_asked_for_again_is_looked_up() -> None:
    async with play("xero", settings={"resend_lost": "no"}) as set:
        organisation = await set.line.connector.organisation(set.line.session)
        step = set.stage.step("invoices", Action.CREATE, "x-a", organisation)

        def lose(request: Request, answer: Answer) -> Answer:
            if not request.safe:
                raise AnswerLost("the answer was lost")
            return answer

        set.line.wire.after = lose
        assert isinstance(await set.line.connector.write(set.line.session, step), Uncertain)
        assert len(await set.line.connector.find(set.line.session, step)) == 1


async def test_an_invoice_whose_reference_a_person_deleted_is_known_by_the_application_that_made_it() -> None:
    async with xero() as (stage, line):
        (step,) = await steps(stage, line, "invoices", "a")
        made = await line.connector.write(line.session, step)
        assert isinstance(made, Done)
        document = stage.books.invoices.get(made.target_id)
        assert document is not None
        document.reference = "as the customer wanted it"
        (found,) = await line.connector.find(line.session, step)
        assert line.connector.is_ours(found)
        document.app = "somebody else's"
        (found,) = await line.connector.find(line.session, step)
        assert not line.connector.is_ours(found)


@pytest.mark.parametrize(
    ("lock", "reason"), [("period", "period_closed"), ("year_end", "period_closed")], ids=["period", "year end"]
)
async def test_a_closed_period_is_told_before_and_refused_after(lock: str, reason: str) -> None:
    async with xero() as (stage, line):
        (step,) = await steps(stage, line, "invoices", "a")
        assert step.date is not None
        stage.books.desk.lock(**{lock: step.date})
        assert (await line.connector.organisation(line.session)).locked_through == step.date
        outcome = await line.connector.write(line.session, step)
        assert isinstance(outcome, Rejected) and outcome.reason == reason
        assert stage.counted("invoices") == 0


NASTY = 'INV/2026 "07" \\5 100%25&a=b+c#d?e;f'


@pytest.mark.parametrize("entity", ["invoices", "credit_notes", "purchase_orders"])
async def test_a_number_of_any_signs_is_sent_and_found(entity: str) -> None:
    async with xero() as (stage, line):
        organisation = await line.connector.organisation(line.session)
        step = step_of(
            stage.keyed, line.connector, entity, Action.CREATE, "x-a", organisation, stage.settings, number=NASTY
        )
        assert await line.connector.find(line.session, step) == []
        made = await line.connector.write(line.session, step)
        assert isinstance(made, Done)
        assert [one.id for one in await line.connector.find(line.session, step)] == [made.target_id]
        assert made.document.number == NASTY  # type: ignore[union-attr]


async def test_a_suppliers_credit_note_of_the_same_number_hides_none_of_ours() -> None:
    async with xero() as (stage, line):
        (step,) = await steps(stage, line, "credit_notes", "a")
        desk, vendor = stage.books.desk, stage.keyed.vendor
        desk.add_credit_note(vendor, DAY, [stage.keyed.line()], sale=False, CreditNoteNumber=step.number)
        made = await line.connector.write(line.session, step)
        assert isinstance(made, Done)
        assert [one.id for one in await line.connector.find(line.session, step)] == [made.target_id]


@pytest.mark.parametrize("name", ['Żółć & Søn "Ätsch" \\ GmbH', "O'Brien (AC/DC), 50% off"])
async def test_a_contact_without_our_number_is_found_by_its_name(name: str) -> None:
    async with xero() as (_, line):
        organisation = await line.connector.organisation(line.session)
        reference = "a reference of more than fifty characters, which no ContactNumber takes"
        document = Party("", "customer", name)
        composed = line.connector.compose(Action.CREATE, document, organisation, reference, {})
        step = Step("parties", Action.CREATE, reference, composed.body, number=name)
        assert await line.connector.find(line.session, step) == []
        made = await line.connector.write(line.session, step)
        assert isinstance(made, Done)
        assert [one.id for one in await line.connector.find(line.session, step)] == [made.target_id]


@pytest.mark.parametrize("setting", ["yes", "no"])
@pytest.mark.parametrize("together", [False, True], ids=["alone", "together"])
async def test_a_changed_contact_keeps_its_persons(setting: str, together: bool) -> None:
    async with play("xero", settings={"keep_persons": setting}) as set:
        assert isinstance(set.stage, StageOfXero)
        connector, session, books = set.line.connector, set.line.session, set.stage.books
        organisation = await connector.organisation(session)
        changes = [
            set.stage.step("parties", Action.UPDATE, f"x-{n}", organisation) for n in range(2 if together else 1)
        ]
        changed = books.contacts.get(changes[0].target_id)
        assert changed is not None
        changed.persons = [
            {"FirstName": "Ada", "LastName": "", "EmailAddress": "ada@x.example", "IncludeInEmails": True}
        ]
        outcomes = await connector.write_batch(session, changes)
        assert [type(one) for one in outcomes] == [Done] * len(changes)
        shown = books.contacts.get(changes[0].target_id)
        assert shown is not None and shown.name == "Renamed for x-0"
        assert shown.persons == (changed.persons if setting == "yes" else [])
        told = [b"ContactPersons" in one.request for one in set.line.exchanges.all if one.request]
        assert told == [setting == "yes"]


async def test_a_contact_that_cannot_be_read_before_is_not_changed() -> None:
    async with play("xero") as set:
        organisation = await set.line.connector.organisation(set.line.session)
        step = set.stage.step("parties", Action.UPDATE, "x-a", organisation)

        def fail(request: Request, answer: Answer) -> Answer:
            assert request.safe, "it was written all the same"
            raise NotSent("no route")

        set.line.wire.after = fail
        assert isinstance(await set.line.connector.write(set.line.session, step), Later)
