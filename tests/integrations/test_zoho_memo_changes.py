"""Credit memos that change or are voided after they were posted into Zoho Books, and what people have done with them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import msgspec
import pytest
from bill_world import codes, sentences
from zoho_memo_world import D, MemoBooks, memo
from zoho_payment_world import ON
from zoho_sales_world import BOOKS

from ml_connector.canonical.sales import InvoiceState
from ml_connector.integrations.decisions import Unchanged, Write

BOTH = {"A": "40", "B": "35"}
OFF, ON_AGAIN, CHANGE, VOID = "void allocations", "create allocations", "update credit_notes", "void credit_notes"


def posted(on: dict[str, str] | None = None) -> MemoBooks:
    """The memo of a hundred as it was posted, its steps forgotten."""
    books = MemoBooks()
    books.version(memo(on=on))
    assert books.note().total == 100 and books.link is not None
    books.sent.clear()
    return books


def test_a_change_of_one_that_is_on_nothing_is_one_update_under_its_line_ids() -> None:
    books = posted()
    ids = [one.id for one in books.note().lines]
    books.version(memo("120"))
    assert books.sent == [CHANGE]
    assert (books.note().total, books.note().balance, [one.id for one in books.note().lines]) == (120, 120, ids)
    books.version(memo("120", number="CM-7-B", date=ON + dt.timedelta(days=1)))
    assert books.sent == [CHANGE, CHANGE]
    assert (books.note().number, books.note().date) == ("CM-7-B", ON + dt.timedelta(days=1))
    assert isinstance(
        books.version(memo("120", number="CM-7-B", date=ON + dt.timedelta(days=1), exported=True)), Unchanged
    )


def test_what_is_ours_is_taken_off_for_a_change_and_goes_on_again() -> None:
    books = posted(BOTH)
    books.version(memo("120", on={"A": "40", "B": "50"}))
    assert books.sent == [OFF, OFF, CHANGE, ON_AGAIN, ON_AGAIN]
    assert books.applied() == {"A": 40, "B": 50} and (books.note().total, books.note().balance) == (120, 30)
    books.version(memo("20", on={"C": "20"}))
    assert books.applied() == {"C": 20} and (books.owed("A"), books.owed("B"), books.owed("C")) == (1000, 1000, 980)


def test_what_it_is_on_follows_without_a_change_of_the_note() -> None:
    books = posted(BOTH)
    books.version(memo(on={"A": "40", "C": "60"}))
    assert books.sent == [OFF, ON_AGAIN] and books.applied() == {"A": 40, "C": 60}


@pytest.mark.parametrize("by_hand", ["applied", "given back"])
def test_what_others_have_done_with_it_holds_a_change_with_both_versions(by_hand: str) -> None:
    books = posted({"A": "40"})
    if by_hand == "applied":
        books.by_hand_on("B", "25")
    else:
        books.given_back("25")
    held = books.version(memo("120", on={"A": "40"}))
    assert codes(held) == ["change_when_paid"] and books.sent == []
    [sentence, *_] = sentences(held)
    assert "100.00 -> 120.00" in sentence and "CM-7" in sentence


def test_a_change_that_somebody_has_made_there_is_left() -> None:
    books = posted({"A": "40"})
    note = books.note()
    [line] = note.lines
    lines = (msgspec.structs.replace(line, amount=D(120), unit_price=D(120)),)
    books.shown["credit_notes", note.id] = msgspec.structs.replace(note, lines=lines, total=D(120), balance=D(80))
    assert isinstance(books.version(memo("120", on={"A": "40"})), Unchanged) and books.sent == []


def test_nothing_is_taken_off_for_what_cannot_go_on_again() -> None:
    books = posted({"A": "100"})
    shown = books.shown["invoices", "zA"]
    books.shown["invoices", "zA"] = msgspec.structs.replace(shown, balance=D(0))
    assert codes(books.version(memo("120", on={"A": "120"}))) == ["invoice_owes_less"]
    assert books.sent == [] and books.applied() == {"A": 100}


def test_one_that_is_voided_is_taken_off_its_invoices_and_voided() -> None:
    books = posted(BOTH)
    books.version(memo(on=None, active=False))
    assert books.sent == [OFF, OFF, VOID]
    assert books.note().state is InvoiceState.VOID and books.owed("A") == books.owed("B") == 1000
    assert isinstance(books.version(memo(active=False, exported=True)), Unchanged)
    again = books.version(memo())
    assert codes(again) == ["void_there"] and len(books.sent) == 3


@pytest.mark.parametrize(("by_hand", "code"), [("applied", "applied_by_hand"), ("given back", "change_when_paid")])
def test_one_that_is_voided_stays_with_what_others_have_done_with_it(by_hand: str, code: str) -> None:
    books = posted({"A": "40"})
    if by_hand == "applied":
        books.by_hand_on("B", "25")
    else:
        books.given_back("25")
    assert codes(books.version(memo(active=False))) == [code]
    assert books.sent == [] and books.note().active and books.applied()["A"] == 40


@pytest.mark.parametrize("later", [memo("120", on=BOTH), memo(), memo(active=False)], ids=["changed", "off", "voided"])
@pytest.mark.parametrize("lock", ["setting", "of sales"])
def test_in_a_closed_period_it_stays_as_it_is(later: Any, lock: str) -> None:
    books = posted(BOTH)
    organisation = msgspec.structs.replace(BOOKS, locked_through_sales=ON)
    around: dict[str, Any] = (
        {"settings": {"closed_through": ON}} if lock == "setting" else {"ledger": {"organisation": organisation}}
    )
    held = books.version(later, released=frozenset(["period_closed"]), **around)
    assert "change_in_closed_period" in codes(held) and books.sent == []


def test_a_lock_of_purchases_does_not_hold_it() -> None:
    books = posted()
    organisation = msgspec.structs.replace(BOOKS, locked_through=ON, locked_through_sales=ON - dt.timedelta(days=9))
    assert isinstance(books.version(memo("120"), ledger={"organisation": organisation}), Write)


def test_one_of_which_only_a_list_tells_waits_until_it_is_read() -> None:
    books = posted(BOTH)
    books.shown["credit_notes", books.note().id] = msgspec.structs.replace(
        books.note(), lines=(), allocations=(), complete=False
    )
    for later in (memo("120", on=BOTH), memo(active=False)):
        assert codes(books.version(later)) == ["counterpart_unread"]


def test_one_that_people_entered_is_never_changed_or_voided() -> None:
    books = posted()
    theirs = msgspec.structs.replace(books.note(), reference="")
    books.shown["credit_notes", theirs.id] = theirs
    assert books.link is not None
    books.link = dataclasses.replace(books.link, base=theirs)
    books.made.clear()
    for later in (memo("120"), memo(active=False)):
        assert codes(books.version(later)) == ["change_not_sent"]
    assert books.sent == []
