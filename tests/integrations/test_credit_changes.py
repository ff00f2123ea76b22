"""What becomes of a credit note after it was posted: changed while nothing of it is applied but by us, else shown."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from invoice_world import (
    BOOKS,
    INVOICE,
    JANE,
    JUNE,
    LINE,
    D,
    amounts,
    body,
    codes,
    credit,
    guid,
    line,
    linked,
    plan,
    shown,
)

from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Invoice, InvoiceState
from ml_connector.connectors.writing import Action
from ml_connector.integrations.decisions import STAYS, Decision, Hold, Unchanged, Write
from ml_connector.integrations.views import Made, step_key

OWN, NOTE, ORIGINAL, PART = "servicetitan-1-invoices-i2", guid(88), guid(77), guid(500)
PAID, AUTHORISED = InvoiceState.PAID, InvoiceState.AUTHORISED
LESS: dict[str, Any] = {"lines": (line("-60"),), "tax": D("-4.95"), "total": D("-64.95"), "balance": D("-64.95")}
MORE: dict[str, Any] = {"lines": (line("-120"),), "tax": D("-9.90"), "total": D("-129.90"), "balance": D("-129.90")}
POSTED = credit(balance=D("-108.25"))
CHANGE = ("credit_notes", Action.UPDATE, NOTE)
OFF = ("allocations", Action.VOID, PART)


def on_it(amount: str, id: str = PART, on: str = ORIGINAL) -> Allocation:
    return Allocation(id, Ref(on), D(amount), INVOICE.date)


def note(*parts: Allocation, posted: Invoice = POSTED, **changes: Any) -> Invoice:
    """What Xero shows of the credit with so much of it applied."""
    left = -posted.total - sum(one.amount for one in parts)
    found = shown(posted, id=NOTE, allocations=parts, balance=left, state=AUTHORISED if left else PAID)
    lines = tuple(
        msgspec.structs.replace(one, amount=D(one.amount), quantity=D(one.quantity), unit_price=D(one.unit_price))
        for one in found.lines
    )
    return msgspec.structs.replace(found, lines=lines, **changes)


def changed(now: Invoice, changes: dict[str, Any], *, base: Invoice | None = None, **around: Any) -> Decision:
    """The decision on a later version while Xero shows ``now``, and of the original that it owes 91.75 besides."""
    version = msgspec.structs.replace(POSTED, **changes)
    original = shown(total=D(200), balance=D("91.75") + (D(0) if now.allocations else D("108.25")))
    made = {OWN: Made("credit_notes", NOTE), f"{OWN}-i1": Made("allocations", PART)}
    return plan(version, **{
        "link": linked(POSTED, now, base or note(on_it("108.25"))), "made": made,
        "links": {("customers", "c1"): JANE, ("customers", "c2"): JUNE, ("invoices", "i1"): ORIGINAL},
        "counterparts": {("invoices", "i1"): original}, **around,
    })  # fmt: skip


def steps_of(decision: Decision) -> list[tuple[str, Action, str]]:
    assert isinstance(decision, Write), (decision, codes(decision))
    return [(one.entity, one.action, one.target_id) for one in decision.steps]


def applied(decision: Decision) -> tuple[str, Any]:
    """Under which reference the last step applies how much."""
    assert isinstance(decision, Write) and decision.steps[-1].entity == "allocations"
    assert decision.steps[-1].action is Action.CREATE
    sent = body(decision, -1)["allocation"]
    assert sent["Invoice"] == {"InvoiceID": ORIGINAL}
    return decision.steps[-1].reference, sent["Amount"]


def test_an_open_credit_note_is_changed_whole() -> None:
    decision = changed(note(), MORE, base=note(), made={OWN: Made("credit_notes", NOTE)})
    assert steps_of(decision) == [CHANGE]
    sent = body(decision)
    assert (sent["CreditNoteID"], sent["CreditNoteNumber"], sent["Status"]) == (NOTE, "5513", "AUTHORISED")
    assert "DueDate" not in sent and "Type" not in sent
    assert amounts(decision) == [("200", D(120), "TAX001", D("9.90"))]
    assert [one["LineItemID"] for one in sent["LineItems"]] == [guid(900)]
    assert isinstance(decision, Write) and decision.main == 0 and decision.steps[0].total == D("-129.90")


def test_what_an_accountant_has_recoded_of_it_stays() -> None:
    now = note()
    recoded = msgspec.structs.replace(now.lines[0], account=Ref("", "", "260"))
    decision = changed(msgspec.structs.replace(now, lines=(recoded,)), MORE, base=note())
    assert amounts(decision)[0][0] == "260"


@pytest.mark.parametrize(
    ("changes", "amount"), [(LESS, D("64.95")), (MORE, D("129.90")), ({"number": "5513-A"}, D("108.25"))]
)
def test_our_application_is_taken_off_and_made_anew(changes: dict[str, Any], amount: Any) -> None:
    decision = changed(note(on_it("108.25")), changes)
    assert steps_of(decision) == [OFF, CHANGE, ("allocations", Action.CREATE, "")]
    assert applied(decision) == (f"{OWN}-i1+1", amount)
    assert isinstance(decision, Write) and decision.main == 1 and decision.steps[0].reference == f"{OWN}-i1"
    assert body(decision, 0) == {
        "credit": "credit_notes", "id": NOTE, "allocation_id": PART, "invoice": ORIGINAL,
    }  # fmt: skip
    assert "what we have applied of it (108.25 USD) is taken off for the change" in decision.notes


def test_no_more_is_applied_than_the_invoice_owes_then() -> None:
    tight = shown(balance=D(10))
    decision = changed(note(on_it("108.25")), MORE, counterparts={("invoices", "i1"): tight})
    assert applied(decision)[1] == D("118.25")
    paid_here = {("invoices", "i1"): msgspec.structs.replace(INVOICE, balance=D(0))}
    decision = changed(note(on_it("108.25")), MORE, sources=paid_here)
    assert applied(decision)[1] == D("108.25")  # what was on it, ServiceTitan has reckoned with


def test_the_plan_is_the_same_between_its_steps() -> None:
    """Whatever is done of it: what is left has the same references and amounts."""
    whole = changed(note(on_it("108.25")), MORE)
    assert isinstance(whole, Write)
    off, update, again = (step_key(one) for one in whole.steps)
    around: dict[str, Any] = {"removed": {("allocations", PART): f"{OWN}-i1"}}
    first = changed(note(), MORE, done=frozenset([off]), **around)
    assert isinstance(first, Write) and first.steps == whole.steps and first.main == 1
    version = msgspec.structs.replace(POSTED, **MORE)
    then = note(posted=version)
    second = changed(then, MORE, done=frozenset([off, update]), **around)
    assert isinstance(second, Write) and [step_key(one) for one in second.steps] == [off, update, again]
    assert second.steps[2] == whole.steps[2] and (second.main, second.steps[1].target_id) == (1, NOTE)
    lost = changed(then, MORE, done=frozenset([off]), **around)  # its answer was lost, and Xero shows it
    assert isinstance(lost, Write) and lost.steps == (whole.steps[0], whole.steps[2]) and lost.main == STAYS
    end = msgspec.structs.replace(then, allocations=(on_it("129.90", guid(501)),), balance=D(0), state=PAID)
    last = changed(end, MORE, done=frozenset([off, update, again]), proven={again[2]: guid(501)}, **around)
    assert isinstance(last, Write) and {step_key(one) for one in last.steps} == {off, update}


def test_a_line_that_was_added_with_a_lost_answer_does_not_hold_it_up() -> None:
    added = {"lines": (line("-100"), line("-20", "2")), "tax": D("-9.90"), "total": D("-129.90")}
    version = msgspec.structs.replace(POSTED, **added)
    off = ("allocations", Action.VOID, f"{OWN}-i1")
    around: dict[str, Any] = {
        "made": {OWN: Made("credit_notes", NOTE)}, "removed": {("allocations", PART): f"{OWN}-i1"},
    }  # fmt: skip
    decision = changed(note(posted=version), added, done=frozenset([off]), **around)
    assert steps_of(decision) == [OFF, ("allocations", Action.CREATE, "")]


def test_a_change_that_was_taken_back_half_way_is_applied_again() -> None:
    """The application is off, and the next version is what was posted."""
    around: dict[str, Any] = {
        "made": {OWN: Made("credit_notes", NOTE)}, "removed": {("allocations", PART): f"{OWN}-i1"},
    }  # fmt: skip
    decision = changed(note(), {}, **around)
    assert steps_of(decision) == [("allocations", Action.CREATE, "")] and applied(decision)[1] == D("108.25")
    third = changed(note(), LESS, **around)  # or yet another one
    assert steps_of(third) == [CHANGE, ("allocations", Action.CREATE, "")] and applied(third)[1] == D("64.95")


def test_a_change_that_was_taken_back_once_it_was_made_is_made_undone() -> None:
    """The note is changed, its application was refused, and the next version is what was posted."""
    around: dict[str, Any] = {
        "made": {OWN: Made("credit_notes", NOTE)}, "removed": {("allocations", PART): f"{OWN}-i1"},
        "half_changed": True,
    }  # fmt: skip
    decision = changed(note(posted=msgspec.structs.replace(POSTED, **MORE)), {}, **around)
    assert steps_of(decision) == [CHANGE, ("allocations", Action.CREATE, "")] and applied(decision)[1] == D("108.25")
    assert isinstance(decision, Write) and decision.steps[0].total == D("-108.25")


def test_what_a_person_took_off_stays_off() -> None:
    assert steps_of(changed(note(), MORE)) == [CHANGE]


@pytest.mark.parametrize(
    ("parts", "more"),
    [
        ((on_it("50", guid(499)),), {}),  # applied by a person
        ((on_it("50"), on_it("8.25", guid(499), guid(9))), {}),
        ((on_it("50"),), {"balance": D(40)}),  # given back in part
        ((), {"balance": D(0), "state": PAID}),  # given back whole
    ],
)
def test_what_others_applied_or_gave_back_holds_it_with_both_versions(
    parts: tuple[Allocation, ...], more: dict[str, Any]
) -> None:
    decision = changed(note(*parts, **more), MORE)
    assert isinstance(decision, Hold)
    [wait] = decision.waits
    assert (wait.code, wait.kind, wait.key) == ("change_when_paid", "fact", f"credit_notes:{NOTE}")
    assert "total -108.25 -> -129.90" in wait.sentence and "5513 of 2026-06-09 over 108.25 USD" in wait.sentence


def test_nothing_of_it_changes_in_a_closed_period() -> None:
    assert INVOICE.date is not None
    books = msgspec.structs.replace(BOOKS, locked_through=INVOICE.date)
    assert codes(changed(note(), MORE, books=books)) == ["change_in_closed_period"]
    before = msgspec.structs.replace(BOOKS, locked_through=INVOICE.date - dt.timedelta(days=1))
    early = msgspec.structs.replace(on_it("108.25"), date=INVOICE.date - dt.timedelta(days=1))
    assert codes(changed(note(early), MORE, books=before)) == ["change_in_closed_period"]


def test_what_somebody_has_entered_there_by_hand_is_left() -> None:
    version = msgspec.structs.replace(POSTED, **MORE)
    assert isinstance(changed(note(on_it("108.25"), posted=version), MORE), Unchanged)


def test_another_customers_credit_stays_open() -> None:
    decision = changed(note(on_it("108.25")), {"customer": Ref("c2", "June Doe")})
    assert steps_of(decision) == [OFF, CHANGE]
    assert body(decision, 1)["Contact"] == {"ContactID": JUNE}
    assert isinstance(decision, Write)
    assert "the credit stays open: 5512 is another contact's in the ledger" in decision.notes


def test_a_credit_that_became_inactive_is_taken_off_and_voided() -> None:
    decision = changed(note(on_it("108.25")), {"active": False})
    assert steps_of(decision) == [OFF, ("credit_notes", Action.VOID, NOTE)]
    assert body(decision, 1) == {"CreditNoteID": NOTE, "Status": "VOIDED"}
    assert codes(changed(note(on_it("50", guid(499))), {"active": False})) == ["change_when_paid"]


def test_it_waits_for_another_invoice_that_it_corrects_now() -> None:
    around: dict[str, Any] = {"links": {("customers", "c1"): JANE}, "counterparts": {}}
    waits = changed(note(on_it("108.25")), {"adjusts": Ref("i9")}, asked=frozenset([("invoices", "i9")]), **around)
    assert codes(waits) == ["adjusted_pending"]
    assert steps_of(changed(note(on_it("108.25")), {"adjusts": Ref("i9")}, **around)) == [OFF]
    there = shown(id=guid(79), number="5600", total=D(300), balance=D(200))
    around = {
        "links": {("customers", "c1"): JANE, ("invoices", "i9"): there.id}, "counterparts": {("invoices", "i9"): there},
    }  # fmt: skip
    decision = changed(note(on_it("108.25")), {"adjusts": Ref("i9")}, **around)
    assert steps_of(decision) == [OFF, ("allocations", Action.CREATE, "")]
    assert body(decision, 1)["allocation"]["Invoice"] == {"InvoiceID": there.id}
    theirs = changed(note(on_it("50", guid(499))), {"adjusts": Ref("i9")}, **around)
    assert isinstance(theirs, Unchanged)


def test_a_credit_note_becomes_no_invoice() -> None:
    decision = changed(note(on_it("108.25")), {"lines": (LINE,), "tax": D("8.25"), "total": D("108.25")})
    assert codes(decision) == ["change_not_sent"]
