"""The setting closed_period: new bills and payments of a closed period go on the first open day, and nothing else moves."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import bill_world
import invoice_world
import msgspec
import payment_world as books_of
import pytest
from payment_world import DAY, INVOICES, ON, Run, body, codes, invoice, payment, run, told

from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.purchases import Bill
from ml_connector.canonical.sales import InvoiceLine, Payment
from ml_connector.connectors.writing import Action
from ml_connector.connectors.zoho_books import CONNECTOR as ZOHO_BOOKS
from ml_connector.connectors.zoho_books.translate import REFERENCE_LINE
from ml_connector.integrations.checks import FIRST_OPEN_DAY
from ml_connector.integrations.decisions import Hold, Unchanged, Write
from ml_connector.integrations.payment_flow import Payments
from ml_connector.integrations.views import Linked

MONTH_END = dt.date(2026, 6, 30)
OPEN = dt.date(2026, 7, 1)
LATER = dt.date(2026, 7, 31)
AT = f"{books_of.PREFIX}p1"


def closed(through: dt.date = MONTH_END, **settings: Any) -> dict[str, Any]:
    return {"settings": {"closed_through": through, "closed_period": FIRST_OPEN_DAY, **settings}}


# --- bills ---------------------------------------------------------------------------------------------------------

BILL = msgspec.structs.replace(bill_world.BILL, due_date=MONTH_END)


def test_a_bill_goes_on_the_first_open_day_with_its_date_in_the_notes_and_its_due_date_unmoved() -> None:
    decision = bill_world.plan(BILL, **closed())
    assert isinstance(decision, Write)
    sent, [step] = bill_world.body(decision), decision.steps
    assert (sent["date"], sent["due_date"], step.date) == ("2026-07-01", "2026-06-30", OPEN)
    assert sent["notes"] == f"Dated {BILL.date} in ServiceTitan, booked on the first open day."
    assert f"booked on {OPEN}, the first open day, and not on {BILL.date}" in " ".join(decision.notes)
    without = bill_world.body(bill_world.plan(BILL))
    assert {name for name in sent if sent[name] != without.get(name)} == {"date", "notes"}


def test_the_notes_keep_our_reference_last() -> None:
    found = ZOHO_BOOKS.compose(
        Action.CREATE,
        msgspec.structs.replace(
            BILL, vendor=Ref("zv1"), memo="Dated 2026-06-09.", shipping=Decimal(0), tax=Decimal(0),
            lines=tuple(msgspec.structs.replace(one, account=Ref("z5000")) for one in BILL.lines),
        ),
        bill_world.BOOKS, "mlc-1", {"reference_field": ""},
    )  # fmt: skip
    assert msgspec.json.decode(found.body)["notes"] == f"Dated 2026-06-09.\n{REFERENCE_LINE}mlc-1"


def test_the_later_lock_says_which_day_is_open() -> None:
    books = msgspec.structs.replace(bill_world.BOOKS, locked_through=LATER)
    assert bill_world.body(bill_world.plan(BILL, books=books, **closed()))["date"] == "2026-08-01"


@pytest.mark.parametrize("date", [MONTH_END + DAY, MONTH_END + 30 * DAY])
def test_a_bill_of_an_open_day_stays_on_it(date: dt.date) -> None:
    bill = msgspec.structs.replace(BILL, date=date, memo="the source's own")
    decision = bill_world.plan(bill, **closed())
    sent = bill_world.body(decision)
    assert sent["date"] == str(date) and "notes" not in sent


def test_a_vendor_credit_moves_too() -> None:
    credit = bill_world.bill(
        total="-100", tax="0", shipping="0", lines=(bill_world.line("-100"),), landed_by_value=False
    )
    assert bill_world.body(bill_world.plan(credit, **closed()))["date"] == "2026-07-01"


def test_what_an_approver_has_released_keeps_its_own_date() -> None:
    sent = bill_world.body(bill_world.plan(BILL, released=frozenset(["period_closed"]), **closed()))
    assert sent["date"] == str(BILL.date) and "notes" not in sent
    books = run()
    books.version(payment(), released=frozenset(["period_closed"]), **closed())
    assert [one.date for one in books.live("payments")] == [ON]


def test_a_closing_without_an_end_has_no_first_open_day() -> None:
    assert bill_world.codes(bill_world.plan(BILL, **closed(dt.date.max))) == ["period_closed"]


def test_a_held_bill_or_payment_names_the_setting_and_a_held_invoice_does_not() -> None:
    hold = {"settings": {"closed_through": MONTH_END}}
    decisions = (bill_world.plan(BILL, **hold), books_of.plan(payment(), shown=[invoice("A")], **hold))
    for decision in decisions:
        assert isinstance(decision, Hold)
        assert "set closed_period to 'first open day' and replay it" in decision.waits[0].action
    decision = invoice_world.plan(invoice_world.INVOICE, **closed())
    assert isinstance(decision, Hold) and codes(decision) == ["period_closed"]
    assert "closed_period" not in decision.waits[0].action


def test_a_bill_that_was_moved_is_laid_against_what_the_source_said() -> None:
    """Its date in the ledger is no change, however far the closing has come meanwhile; a change is held as ever."""
    moved = Bill("zb1", Ref("zv1"), BILL.total, number=BILL.number, date=OPEN)
    link = Linked("bills", "zb1", moved, BILL, moved)
    for through in (MONTH_END, LATER):
        assert isinstance(bill_world.plan(BILL, link=link, **closed(through)), Unchanged)
        changed = msgspec.structs.replace(BILL, due_date=LATER)
        assert bill_world.codes(bill_world.plan(changed, link=link, **closed(through))) == ["changed_after_posting"]


# --- payments ------------------------------------------------------------------------------------------------------


def posted(document: Payment, **around: Any) -> Run:
    """Books in which the payment stands since before or after the month was closed."""
    books = run()
    assert isinstance(books.version(document, **around), Write)
    books.sent.clear()
    return books


def test_a_payment_goes_on_the_first_open_day_with_its_date_in_the_reference() -> None:
    decision = books_of.plan(payment(), shown=[invoice("A")], **closed())
    assert isinstance(decision, Write)
    [step] = decision.steps
    assert (body(step)["Date"], step.date) == ("2026-07-01", OPEN)
    assert body(step)["Reference"] == f"CHK 1001 (dated 2026-06-09) [ref {AT}]"
    assert decision.notes == (
        "booked on 2026-07-01, the first open day, and not on 2026-06-09: the ledger is closed through 2026-06-30",
    )


def test_every_part_goes_on_that_day() -> None:
    books = posted(payment("100", {"A": "60", "B": "30"}), **closed())
    parts = [*books.live("payments"), *books.live("overpayments")]
    assert {(one.date, one.original_date) for one in parts} == {(OPEN, ON)} and len(parts) == 3


def test_a_refund_moves_too() -> None:
    document = payment("-80", {"adj": "-80"})
    decision = books_of.plan(document, shown=[books_of.credit_note()], **closed())
    assert isinstance(decision, Write) and body(decision.steps[0])["Date"] == "2026-07-01"


@pytest.mark.parametrize("through", [MONTH_END, LATER, LATER + 31 * DAY])
def test_the_day_it_was_booked_on_is_no_change(through: dt.date) -> None:
    books = posted(payment("100", {"A": "60"}), **closed())
    for settings in (closed(through), {"settings": {"closed_through": through}}, {}):
        assert isinstance(books.version(payment("100", {"A": "60"}, memo="x"), **settings), Unchanged)
    assert books.sent == []


def test_a_change_while_its_day_is_open_is_made_there_once() -> None:
    books = posted(payment(), **closed())
    books.version(payment("80"), **closed())
    assert books.sent == [("void", "payments"), ("create", "payments")] and books.paid("A") == 80
    assert [(one.date, one.original_date) for one in books.live("payments")] == [(OPEN, ON)]


def test_another_date_of_the_source_is_a_change() -> None:
    books = posted(payment(), **closed())
    books.version(payment(date=ON + DAY), **closed())
    assert [(one.date, one.original_date) for one in books.live("payments")] == [(OPEN, ON + DAY)]
    books.version(payment(date=OPEN + DAY), **closed())
    assert [(one.date, one.original_date) for one in books.live("payments")] == [(OPEN + DAY, None)]
    assert books.paid("A") == 100


def test_a_change_is_held_once_its_day_is_closed() -> None:
    books = posted(payment(), **closed())
    for after in (payment("80"), payment(active=False), payment(date=ON + DAY), payment(date=LATER + DAY)):
        assert "change_in_closed_period" in codes(books.version(after, **closed(LATER)))
    assert books.sent == [] and [one.date for one in books.live("payments")] == [OPEN]


def test_what_joins_a_payment_of_a_closed_period_waits_for_a_person() -> None:
    books = posted(payment("60"))  # booked before its month was closed
    more = payment("100", {"A": "60", "B": "40"})
    assert codes(books.version(more, **closed())) == ["period_closed"] and books.sent == []
    books = posted(payment("60"), **closed())  # all of it is on an open day
    books.version(more, **closed())
    assert {(one.amount, one.date) for one in books.live("payments")} == {(60, OPEN), (40, OPEN)}


def test_an_advance_that_was_moved_is_applied_later_and_never_paid_again() -> None:
    books = posted(payment("100", {}), **closed())
    decision = books.version(payment("100", {"A": "70"}), **closed())
    assert told(decision) == [("create", "allocations", Decimal(70))]
    [advance] = books.live("overpayments")
    assert [one.date for one in advance.splits] == [OPEN]  # never before the money itself
    assert books.paid("A") == 70 and not books.live("payments")


def test_a_version_that_broke_off_goes_on_from_what_stands() -> None:
    books = run()
    books.version(payment("100", {"A": "60", "B": "40"}), at_most=1, **closed())
    books.version(payment("100", {"A": "60", "B": "40"}, memo="again"), **closed())
    assert books.sent == [("create", "payments")] * 2 and books.paid("A") == 60 and books.paid("B") == 40


def test_a_write_off_with_tax_never_moves_and_one_without_does() -> None:
    taxed = invoice("A", "1050", tax=Decimal(50),
                    lines=(InvoiceLine("1", Decimal(1000), tax_code=Ref("OUTPUT"), tax=Decimal(50)),))  # fmt: skip
    decision = books_of.plan(payment(type_="2"), shown=[taxed], **closed())
    assert isinstance(decision, Hold) and codes(decision) == ["period_closed"]
    assert "closed_period" not in decision.waits[0].action
    books = posted(payment(type_="2"), **closed())
    [note] = books.live("credit_notes")
    assert (note.date, note.original_date) == (OPEN, ON)
    assert [one.date for one in note.allocations] == [OPEN]
    assert isinstance(books.version(payment(type_="2", memo="x"), **closed(LATER)), Unchanged)


# --- what people have keyed by hand --------------------------------------------------------------------------------

TWINS = [
    (ON - 7 * DAY, True), (ON - 8 * DAY, False), (ON + 10 * DAY, True), (OPEN + 7 * DAY, True), (OPEN + 8 * DAY, False),
]  # fmt: skip


@pytest.mark.parametrize(("date", "twin"), TWINS)
@pytest.mark.parametrize(("type_", "code"), [("1", "payment_twin"), ("3", "credit_twin")])
def test_a_twin_may_be_of_any_day_up_to_the_first_open_one(date: dt.date, twin: bool, type_: str, code: str) -> None:
    on_it = (Allocation("x", Ref(INVOICES["A"]), Decimal(100)),)
    keyed = Payment(books_of.guid(300), Ref(books_of.SMITH), Decimal(100), date=date, splits=on_it)
    note = books_of.credit_note("100", id=books_of.guid(301), date=date)
    decision = books_of.plan(payment(type_=type_), shown=[invoice("A"), keyed, note], **closed())
    assert (codes(decision) == [code]) is twin


def test_twins_are_looked_for_on_all_these_days() -> None:
    settings = msgspec.structs.replace(books_of.SETTINGS, **closed()["settings"])
    assert Payments().days(payment(), settings, books_of.BOOKS) == (ON, OPEN)
    assert Payments().days(payment(date=OPEN), settings, books_of.BOOKS) == (OPEN, OPEN)
    assert Payments().days(payment(), books_of.SETTINGS, books_of.BOOKS) == (ON, ON)
