"""Credit memos: a credit note each, under its own number and to the cent, and each part of it applied once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Invoice, InvoiceState
from ml_connector.connectors.writing import Action
from ml_connector.integrations.credit_memo_flow import CreditMemos, CreditMemosExported
from ml_connector.integrations.decisions import Adopt, Hold, Skip, Unchanged, Write
from ml_connector.integrations.scopes import is_in
from ml_connector.integrations.views import Linked, Twin
from tests.integrations.memo_world import around, line, memo, plan, run
from tests.integrations.payment_world import (
    INVOICES,
    LINKS,
    MAPLE,
    ON,
    PREFIX,
    SMITH,
    UNIT,
    D,
    Run,
    body,
    codes,
    credit_note,
    guid,
    invoice,
    told,
)

DAY = dt.timedelta(days=1)
OLD = dt.date(2025, 12, 30)
NO_A = {pair: id_ for pair, id_ in LINKS.items() if pair != ("invoices", "A")}


def note(books: Run) -> Invoice:
    [found] = books.live("credit_notes")
    assert isinstance(found, Invoice)
    return found


def on(books: Run) -> list[tuple[str, Any]]:
    """What the note is applied to."""
    names = {id_: name for name, id_ in INVOICES.items()}
    return sorted((names[one.document.id], one.amount) for one in note(books).allocations)


# --- a first time --------------------------------------------------------------------------------------------------


def test_a_credit_note_under_its_own_number_and_an_application_for_each_invoice() -> None:
    decision = plan(memo(on={"A": "10", "B": "25"}), shown=[invoice("A"), invoice("B")])
    assert told(decision) == [
        ("create", "credit_notes", 40), ("create", "allocations", 10), ("create", "allocations", 25),
    ]  # fmt: skip
    assert isinstance(decision, Write)
    sent = body(decision.steps[0])
    assert (sent["CreditNoteNumber"], sent["Type"], sent["Contact"]) == ("CM-901", "ACCRECCREDIT", {"ContactID": SMITH})
    assert [one.reference for one in decision.steps] == [PREFIX + end for end in ("m1", "m1-applied-A", "m1-applied-B")]
    assert told(plan(memo())) == [("create", "credit_notes", 40)]


def test_its_tax_is_that_of_the_sales_tax_code() -> None:
    taxed = memo("43.30", lines=(line("30", taxable=True), line("10", "2", taxable=True)), tax=D("3.30"),
                 tax_zone=Ref("5", "Hennepin"))  # fmt: skip
    decision = plan(taxed)
    assert isinstance(decision, Write) and decision.steps[0].total == D("43.30")
    assert [(one["TaxType"], one["TaxAmount"]) for one in body(decision.steps[0])["LineItems"]] == [
        ("TAX1", D("2.48")), ("TAX1", D("0.82")),
    ]  # fmt: skip
    assert codes(plan(msgspec.structs.replace(taxed, tax_zone=Ref()))) == ["sales_tax_without_zone"]


TWIN = Twin("Xero", "x1", "CM-901", D(40), "AUTHORISED", False, "credit_notes")
HELD: list[tuple[Invoice, dict[str, Any], str]] = [
    (memo(on={"A": "40"}), {"links": NO_A}, "invoice_unknown"),
    (memo(on={"A": "40"}), {"links": NO_A, "asked": frozenset([("invoices", "A")])}, "invoice_pending"),
    (memo(on={"A": "40"}), {"links": NO_A, "brings": frozenset()}, "invoice_flow_off"),
    (memo(on={"A": "40"}), {"shown": [invoice("A", balance=D(39))]}, "invoice_owes_less"),
    (memo(on={"A": "40"}), {"shown": [invoice("A", customer=Ref(MAPLE))]}, "credit_other_contact"),
    (memo(), {"shown": [credit_note("40")], "links": {("customers", "c1"): SMITH}}, "credit_twin"),
    (memo(), {"twins": (TWIN,)}, "invoice_twice"),
    (memo(), {"twins": (msgspec.structs.replace(TWIN, taken="a void document"),)}, "invoice_number_elsewhere"),
    (memo(), {"links": {}}, "customer_unknown"),
    (memo(), {"tables": {"accounts": {}}}, "account_unmapped"),
    (memo(), {"tables": {"business_units": {}}}, "business_unit_unmapped"),
    (memo(lines=(), complete=False), {}, "lines_missing"),
    (memo(lines=(line("39"),)), {}, "does_not_tie"),
    (memo(), {"settings": {"closed_through": ON}}, "period_closed"),
    (memo(), {"first_seen_exported": True}, "already_exported"),
    (memo(date=OLD), {}, "payment_before_start_open"),
    (memo(on={"A": "40"}, date=OLD), {}, "payment_before_start_applied"),
    (memo(on={"A": "20", "B": "20"}), {"settings": {"business_units": ("bu1",)}, "links": {("customers", "c1"): SMITH},
     "sources": {("invoices", "A"): invoice("A", business_unit=Ref("bu1", "North")),
                 ("invoices", "B"): invoice("B", business_unit=Ref("bu2", "South"))}}, "payment_in_two_scopes"),
    (memo(on={"A": "40"}), {"changing": frozenset([("invoices", "A")])}, "invoice_changing"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "changes", "code"), HELD, ids=[one[2] for one in HELD])
def test_what_it_waits_for(document: Invoice, changes: dict[str, Any], code: str) -> None:
    assert code in codes(plan(document, **changes)), codes(plan(document, **changes))
    numbered = [one for one in getattr(plan(document, **changes), "waits", ()) if one.kind == "mapping"]
    assert not any("invoice_numbers" in one.key + one.action for one in numbered)


@pytest.mark.parametrize(
    ("document", "changes", "code"),
    [
        (memo(active=False), {}, "invoice_inactive"),
        (memo(state=InvoiceState.PENDING), {}, "invoice_not_yet"),
        (memo(state=InvoiceState.PENDING), {"settings": {"invoice_gate": "completed"}}, "invoice_not_yet"),
        (memo("0", lines=(), complete=True), {}, "empty"),
        (memo(), {"settings": {"business_units": ("bu7",)}}, "out_of_scope"),
        (memo(balance=D(0), date=OLD), {}, "payment_before_start"),
    ],
)
def test_what_is_passed_over(document: Invoice, changes: dict[str, Any], code: str) -> None:
    decision = plan(document, **changes)
    assert isinstance(decision, Skip) and codes(decision) == [code]


def test_a_person_lets_a_second_credit_and_a_closed_period_through() -> None:
    twin = {"shown": [credit_note("40")], "links": {("customers", "c1"): SMITH}}
    assert told(plan(memo(), released=frozenset(["credit_twin"]), **twin)) == [("create", "credit_notes", 40)]
    closed = {"settings": {"closed_through": ON}}
    assert told(plan(memo(), released=frozenset(["period_closed"]), **closed)) == [("create", "credit_notes", 40)]
    other = plan(memo(), tables={"credit_memo_numbers": {"m1": "CM-901-B"}})
    assert isinstance(other, Write) and other.steps[0].number == "CM-901-B"


def test_in_a_preview_the_ids_are_still_to_come() -> None:
    links = {("customers", "c1"): "new: c1", ("invoices", "A"): "new: A"}
    decision = plan(memo(on={"A": "40"}), links=links)
    assert isinstance(decision, Write) and decision.placeholders == ("new: c1", "new: A")


# --- later ---------------------------------------------------------------------------------------------------------


def test_parts_that_come_later_are_applied_once_and_those_that_go_are_taken_back() -> None:
    books = run()
    books.version(memo(on={"A": "10"}))
    assert on(books) == [("A", 10)]
    books.version(memo(on={"A": "10", "B": "30"}))
    assert on(books) == [("A", 10), ("B", 30)]
    assert books.sent == [("create", "credit_notes"), *[("create", "allocations")] * 2]
    books.version(memo(on={"A": "5", "B": "30"}))
    assert on(books) == [("A", 5), ("B", 30)]
    books.version(memo(on={"A": "15", "C": "25"}))
    assert on(books) == [("A", 5), ("A", 10), ("C", 25)] and note(books).balance == 0
    books.version(memo())
    assert on(books) == [] and [books.paid(name) for name in "ABC"] == [0, 0, 0]
    assert isinstance(books.version(memo(exported=True, stamp="later")), Unchanged)


def test_one_that_became_inactive_is_taken_off_and_voided() -> None:
    books = run()
    books.version(memo(on={"A": "10", "B": "30"}))
    books.version(memo(active=False))
    assert books.live("credit_notes") == [] and books.paid("A") == books.paid("B") == 0
    assert isinstance(books.version(memo(active=False, stamp="2")), Unchanged)
    again = books.version(memo(on={"A": "10"}))
    assert codes(again) == ["void_there"] and isinstance(again, Hold)
    assert again.waits[0].key == "credit_memo_numbers:m1" and "credit_memo_numbers" in again.waits[0].action
    books.around = around(tables={"credit_memo_numbers": {"m1": "CM-901-2"}})
    books.version(memo(on={"A": "10"}, stamp="3"))
    assert on(books) == [("A", 10)] and note(books).number == "CM-901-2"


@pytest.mark.parametrize("at_most", [1, 2, 3])
def test_a_version_that_broke_off_is_gone_on_with(at_most: int) -> None:
    books = run()
    books.version(memo(on={"A": "10", "B": "30"}), at_most=at_most)
    books.version(memo(on={"A": "10", "C": "20"}))
    assert on(books) == [("A", 10), ("C", 20)] and books.link is not None
    books = run()
    books.version(memo(on={"A": "10", "B": "30"}))
    books.version(memo(on={"B": "20", "C": "20"}), at_most=at_most)
    books.version(memo(on={"A": "40"}))
    assert on(books) == [("A", 40)]


def test_what_our_step_made_is_taken_up_where_nothing_is_left_to_do() -> None:
    books = run()
    books.version(memo(), at_most=1)
    books.link = None
    assert isinstance(books.version(memo(stamp="2")), Adopt)


CHANGE = ("update", "credit_notes")
OFF, ON_AGAIN = ("void", "allocations"), ("create", "allocations")


def test_a_change_of_the_memo_itself_is_made_while_it_is_off_its_invoices() -> None:
    books = run()
    books.version(memo(on={"A": "10", "B": "30"}))
    books.sent.clear()
    books.version(memo("50", on={"A": "10", "B": "35"}))
    assert books.sent == [OFF, OFF, CHANGE, ON_AGAIN, ON_AGAIN]
    assert on(books) == [("A", 10), ("B", 35)] and (note(books).total, note(books).balance) == (50, 5)
    books.sent.clear()
    books.version(memo("20", on={"C": "20"}, number="CM-901-B"))
    assert books.sent == [OFF, OFF, CHANGE, ON_AGAIN]
    assert on(books) == [("C", 20)] and (note(books).number, note(books).balance) == ("CM-901-B", 0)
    books.version(memo("20", number="CM-901-B", date=ON + DAY))
    assert on(books) == [] and note(books).date == ON + DAY
    assert isinstance(books.version(memo("20", number="CM-901-B", date=ON + DAY, exported=True)), Unchanged)


def test_an_invoice_that_the_credit_pays_whole_takes_it_again() -> None:
    books = run()
    books.change("invoices", INVOICES["A"], total=D(40), balance=D(40))
    books.version(memo(on={"A": "40"}))
    books.version(memo("60", on={"A": "40"}))
    assert on(books) == [("A", 40)] and note(books).balance == 20
    assert codes(books.version(memo("70", on={"A": "45"}))) == ["invoice_owes_less"]
    assert on(books) == [("A", 40)]  # nothing is taken off for what cannot go on again


@pytest.mark.parametrize("at_most", [1, 2, 3, 4])
def test_a_change_that_broke_off_is_gone_on_with_by_whatever_comes_next(at_most: int) -> None:
    for last, total_ in ((memo("50", on={"A": "10", "B": "30"}), 50), (memo("60", on={"C": "60"}), 60),
                         (memo(on={"A": "10", "B": "30"}), 40)):  # fmt: skip
        books = run()
        books.version(memo(on={"A": "10", "B": "30"}))
        books.version(memo("50", on={"A": "10", "B": "30"}), at_most=at_most)
        books.version(last)
        assert on(books) == sorted((one.document.id, one.amount) for one in last.allocations)
        assert note(books).total == total_


def test_what_others_have_applied_or_given_back_holds_a_change_with_both_versions() -> None:
    dearer = memo("50", on={"A": "10"})
    books = run()
    books.version(memo(on={"A": "10"}))
    by_hand = Allocation(guid(77), Ref(INVOICES["B"], number="B"), D(25), ON)
    books.change("credit_notes", note(books).id, allocations=(*note(books).allocations, by_hand), balance=D(5))
    held = books.version(dearer)
    assert codes(held) == ["change_when_paid"] and isinstance(held, Hold)
    assert "total 40.00 -> 50.00" in held.waits[0].sentence and "CM-901 of" in held.waits[0].sentence
    assert on(books) == [("A", 10), ("B", 25)]
    refunded = run()
    refunded.version(memo(on={"A": "10"}))
    refunded.change("credit_notes", note(refunded).id, balance=D(0))
    assert codes(refunded.version(dearer)) == ["change_when_paid"]


def test_a_change_that_somebody_has_made_there_is_left() -> None:
    books = run()
    books.version(memo(on={"A": "10"}))
    [line_there] = note(books).lines
    lines = (msgspec.structs.replace(line_there, amount=D(50)),)
    books.change("credit_notes", note(books).id, total=D(50), balance=D(40), lines=lines)
    assert isinstance(books.version(memo("50", on={"A": "10"})), Unchanged)


def test_a_change_waits_for_its_batch_and_one_that_left_the_scope_for_a_person() -> None:
    books = run()
    books.version(memo(on={"A": "10"}))
    assert codes(books.version(memo("50", on={"A": "10"}, state=InvoiceState.PENDING))) == ["invoice_not_yet"]
    assert on(books) == [("A", 10)]
    alone = run(settings={"business_units": ("bu1",)})
    alone.version(memo())
    assert codes(alone.version(memo("50", business_unit=Ref("bu2", "South")))) == ["left_scope"]


def test_what_a_version_that_broke_off_took_off_is_told() -> None:
    books = run()
    posted = memo(on={"A": "10"})
    books.version(posted)
    [part] = note(books).allocations
    books.change("credit_notes", note(books).id, allocations=(), balance=D(40))
    books.change("invoices", INVOICES["A"], balance=D(3))
    books.made.pop(f"{PREFIX}m1-applied-A")
    books.removed["allocations", part.id] = f"{PREFIX}m1-applied-A"
    assert codes(books.version(posted)) == ["invoice_owes_less"]


def test_one_on_invoices_is_in_the_scope_of_those() -> None:
    """Another integration has it only by the invoices it is on, as this one judges it."""
    assert is_in(memo(), {UNIT.id}) and not is_in(memo(), {"bu9"})
    assert not is_in(memo(on={"A": "10"}), {UNIT.id})


def test_in_a_closed_period_nothing_is_taken_back_or_voided() -> None:
    books = run()
    books.version(memo(on={"A": "10"}))
    books.around = around(settings={"closed_through": ON}, released=frozenset(["period_closed"]))
    for later in (memo(), memo(active=False)):
        assert codes(books.version(later)) == ["change_in_closed_period"]
    assert on(books) == [("A", 10)]


def test_what_people_do_with_the_note_counts() -> None:
    books = run()
    books.version(memo(on={"A": "10"}))
    by_hand = Allocation(guid(77), Ref(INVOICES["B"], number="B"), D(25), ON)
    books.change("credit_notes", note(books).id, allocations=(*note(books).allocations, by_hand), balance=D(5))
    assert isinstance(books.version(memo(on={"A": "10", "B": "25"})), Unchanged)
    assert codes(books.version(memo(on={"A": "10", "C": "30"}))) == ["applied_by_hand"]
    assert codes(books.version(memo(active=False))) == ["applied_by_hand"]
    refunded = run()
    refunded.version(memo(on={"A": "10"}))
    refunded.change("credit_notes", note(refunded).id, balance=D(0))
    assert codes(refunded.version(memo(on={"A": "10", "C": "30"}))) == ["carried_used_up"]
    assert codes(refunded.version(memo(active=False))) == ["change_when_paid"]


def test_what_people_have_taken_off_is_not_put_on_again() -> None:
    books = run()
    books.version(memo(on={"A": "10"}))
    books.change("credit_notes", note(books).id, allocations=(), balance=D(40))
    assert isinstance(books.version(memo(on={"A": "10"}, exported=True)), Unchanged)
    assert codes(books.version(memo(on={"A": "10", "B": "5"}))) == ["removed_there"]


def test_of_two_parts_on_one_invoice_the_one_that_people_took_off_stays_off() -> None:
    books = run()
    books.version(memo(on={"A": "10"}))
    books.version(memo(on={"A": "15"}))
    left = tuple(one for one in note(books).allocations if one.amount == 5)
    books.change("credit_notes", note(books).id, allocations=left, balance=D(35))
    assert codes(books.version(memo(on={"A": "15", "B": "1"}))) == ["removed_there"]


def test_it_steps_aside_for_a_change_of_the_invoice_and_follows_one_that_is_replaced() -> None:
    books = run()
    books.version(memo(on={"A": "10"}))
    reference = f"{PREFIX}m1-applied-A"
    books.made.pop(reference)
    books.change("credit_notes", note(books).id, allocations=(), balance=D(40))
    books.change("invoices", INVOICES["A"], balance=D(1000))
    books.version(memo(on={"A": "10"}), taken_off=frozenset([reference]))
    assert on(books) == [("A", 10)]
    books.change("credit_notes", note(books).id, allocations=(), balance=D(40))
    books.version(memo(on={"A": "10"}), links={**LINKS, ("invoices", "A"): INVOICES["C"]},
                  replaced=frozenset([("invoices", "A")]))  # fmt: skip
    assert on(books) == [("C", 10)]


def test_a_note_that_people_entered_is_applied_and_never_changed() -> None:
    theirs = credit_note("40", id=guid(300))
    books = run(theirs)
    old = memo(on={"A": "10"}, date=OLD)
    books.link = Linked("credit_notes", theirs.id, theirs, old, theirs)
    books.version(old)
    assert books.sent == [("create", "allocations")] and books.paid("A") == 10
    assert codes(books.version(memo("30", on={"A": "10"}, date=OLD))) == ["change_not_sent"]
    assert codes(books.version(memo(active=False, date=OLD))) == ["change_not_sent"]
    assert CreditMemos().goes_on(old, "credit_notes") and not CreditMemos().goes_on(memo(), "credit_notes")


def test_of_one_from_before_the_start_only_what_is_on_later_invoices_is_applied() -> None:
    theirs = credit_note("40", id=guid(300))
    sources = {("invoices", "A"): invoice("A"), ("invoices", "B"): invoice("B", date=OLD)}
    books = run(theirs, sources=sources)
    old = memo(on={"A": "10", "B": "30"}, date=OLD)
    books.link = Linked("credit_notes", theirs.id, theirs, old, theirs)
    books.version(old)
    assert (books.paid("A"), books.paid("B")) == (10, 0)


def test_a_plan_lists_what_is_done_already() -> None:
    books = run()
    books.version(memo(on={"A": "10"}))
    later = memo(on={"A": "10", "B": "5", "C": "5"})
    books.version(later, at_most=1)
    [applied] = [one for one in note(books).allocations if one.amount == 5]
    books.made.pop(reference := f"{PREFIX}m1-applied-B")
    seen = around(link=books._link(), made=dict(books.made), proven={reference: applied.id},
                  done=frozenset([("allocations", Action.CREATE, reference)]), at_target=dict(books.shown))  # fmt: skip
    decision = plan(later, **{name: value for name, value in seen.items() if name not in ("tables", "ledger")})
    assert isinstance(decision, Write)
    assert [one.reference for one in decision.steps] == [reference, f"{PREFIX}m1-applied-C"]


def test_less_of_it_goes_onto_an_invoice_that_it_has_settled() -> None:
    books = run()
    books.change("invoices", INVOICES["A"], total=D(40), balance=D(40))
    books.version(memo(on={"A": "40"}))
    books.version(memo(on={"A": "30"}))
    assert on(books) == [("A", 30)]


def test_what_it_was_taken_off_and_takes_it_no_more_is_told() -> None:
    books = run()
    books.version(memo(on={"A": "10"}))
    reference = f"{PREFIX}m1-applied-A"
    books.made.pop(reference)
    books.change("credit_notes", note(books).id, allocations=(), balance=D(40))
    books.change("invoices", INVOICES["A"], balance=D(3))
    assert codes(books.version(memo(on={"A": "10"}), taken_off=frozenset([reference]))) == ["invoice_owes_less"]


# --- whatever happens ----------------------------------------------------------------------------------------------

parts = st.dictionaries(st.sampled_from("ABC"), st.integers(1, 1300).map(lambda cents: str(D(cents) / 100)), max_size=3)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(parts, st.sampled_from(["40", "45", "70"]), st.integers(0, 8)), min_size=1, max_size=5),
    st.booleans(),
)
def test_the_note_ends_up_where_the_source_has_it(versions: list[tuple[dict[str, str], str, int]], begun: bool) -> None:
    """Whatever is applied or changed when, and wherever a worker ends: the last version stands, and nothing twice."""
    books = run()
    if begun:
        books.version(memo())
    for splits, amount, at_most in versions[:-1]:
        books.version(memo(amount if begun else "40", on=splits), at_most=at_most)
    last, amount, _ = versions[-1]
    amount = amount if begun else "40"
    books.version(memo(amount, on=last))
    assert {name: books.paid(name) for name in "ABC"} == {name: D(last.get(name, "0")) for name in "ABC"}
    assert (note(books).total, note(books).balance) == (
        D(amount),
        D(amount) - sum((D(one) for one in last.values()), D(0)),
    )


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(-2000, 9000), st.booleans()), min_size=1, max_size=6), st.integers(0, 900))
def test_it_ties_to_the_cent(lines: list[tuple[int, bool]], tax: int) -> None:
    """Source, plan and what Xero computes are one amount; tax goes on what is taxed, or the memo waits."""
    made = tuple(line(str(D(cents) / 100), str(n), taxable=taxed) for n, (cents, taxed) in enumerate(lines) if cents)
    whole = sum((one.amount for one in made), D(0)) + D(tax) / 100
    if whole <= 0:
        return
    decision = plan(memo(str(whole), lines=made, tax=D(tax) / 100, tax_zone=Ref("5", "Hennepin")))
    if isinstance(decision, Hold):
        assert set(codes(decision)) <= {"tax_without_line"}
        return
    assert isinstance(decision, Write)
    [step] = [one for one in decision.steps if one.action is Action.CREATE]
    sent = body(step)["LineItems"]
    assert sum(D(one["LineAmount"]) + D(one.get("TaxAmount", 0)) for one in sent) == whole == step.total
    assert sum(D(one.get("TaxAmount", 0)) for one in sent) == D(tax) / 100


def test_marks_go_once_the_batch_is_posted() -> None:
    rules = CreditMemosExported()
    assert rules.follows == "credit_memos" and rules.passed_over(memo()) is None
    skipped = rules.passed_over(memo(state=InvoiceState.PENDING))
    assert skipped is not None and skipped.code == "not_batched"
