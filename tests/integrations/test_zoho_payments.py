"""A payment is one in Zoho Books: on all its invoices, its rest unused, and changed where ServiceTitan applies it later."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from bill_world import Rows, codes, sentences
from zoho_payment_world import (
    CREDIT,
    INVOICES,
    LINKS,
    ON,
    OTHER_CASH,
    PAYMENT_TABLES,
    Books,
    D,
    credit_note,
    invoice,
    payment,
    plan,
    seen,
)  # fmt: skip
from zoho_sales_world import BOOKS, CASH, INVOICE, JANE, JUNE, ROUND, sent, step, zoho_total

from ml_connector.canonical.parts import Allocation, Ref, TaxBasis
from ml_connector.canonical.sales import Invoice, InvoiceLine, Payment, PaymentKind
from ml_connector.connectors.writing import Action
from ml_connector.integrations.decisions import Adopt, Hold, Skip, Unchanged, Write
from ml_connector.integrations.payment_anew import mark_of
from ml_connector.integrations.views import Linked, Made
from ml_connector.integrations.zoho_sales import ZohoPayments

THREE = payment("500", {"A": "200", "B": "150"})


# --- what is sent ----------------------------------------------------------------------------------------------------


def test_a_payment_on_several_invoices_is_one_and_its_rest_unused() -> None:
    decision = plan(THREE)
    assert isinstance(decision, Write) and len(decision.steps) == 1
    one, target = step(decision), sent(decision)
    assert (one.entity, one.action, one.reference, one.total, one.party_id) == (
        "payments", Action.CREATE, "servicetitan-1-payments-p1", D(500), JANE,
    )  # fmt: skip
    assert [(part.document.id, part.amount) for part in target.splits] == [("zA", D(200)), ("zB", D(150))]
    assert (target.unapplied, target.bank_account.id, target.number, target.method) == (
        D(150), CASH, "CHK 1001", Ref(name="Check"),
    )  # fmt: skip


def test_what_was_entered_from_the_ledger_never_comes_again_as_a_second_payment() -> None:
    echo = msgspec.structs.replace(THREE, reference="zoho_books-org-payments_back-zp1", ours=True)
    held = plan(echo)
    assert codes(held) == ["payment_from_ledger"] and isinstance(held, Hold) and "zp1" in held.waits[0].sentence
    assert isinstance(plan(echo, released=frozenset(["payment_from_ledger"])), Write)


def test_money_on_no_invoice_is_a_payment_all_unused() -> None:
    target = sent(plan(payment("75", {})))
    assert (target.kind, target.splits, target.unapplied, target.party.id) == (PaymentKind.PAYMENT, (), D(75), JANE)


def test_the_payment_is_the_invoices_contacts_and_of_one_alone() -> None:
    of_june = [invoice("A", customer=Ref(JUNE)), invoice("B", customer=Ref(JUNE))]
    assert sent(plan(THREE, of_june)).party.id == JUNE
    decision = plan(THREE, of_june[1:])
    assert codes(decision) == ["payment_of_contacts"]


def test_two_splits_on_one_invoice_are_one() -> None:
    twice = msgspec.structs.replace(
        payment("100"), splits=(Allocation("1", Ref("A"), D(60), ON), Allocation("2", Ref("A"), D(40), ON))
    )
    assert [(one.document.id, one.amount) for one in sent(plan(twice)).splits] == [("zA", D(100))]


HOLDS: list[tuple[Payment, dict[str, Any], str]] = [
    (payment("100", {"Z": "100"}), {"asked": frozenset([("invoices", "Z")])}, "invoice_pending"),
    (payment("2000", {"A": "2000"}), {}, "invoice_owes_less"),
    (payment("100", {"A": "100"}, "9"), {}, "payment_type_unmapped"),
    (payment("10", {}, party=Ref("c9")), {}, "payer_missing"),
    (payment(), {"first_seen_exported": True}, "already_exported"),
    (payment(), {"ledger": {"organisation": msgspec.structs.replace(BOOKS, locked_through_sales=ON)}}, "period_closed"),
    (payment("-20", {}, refunds=Ref("p0")), {}, "refunded_pending"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "around", "code"), HOLDS)
def test_what_a_payment_waits_for(document: Payment, around: dict[str, Any], code: str) -> None:
    assert codes(plan(document, **around)) == [code]


def test_a_lock_of_purchases_holds_no_payment() -> None:
    books = msgspec.structs.replace(BOOKS, locked_through=ON, locked_through_sales=dt.date(2026, 1, 31))
    assert isinstance(plan(payment(), ledger={"organisation": books}), Write)


@pytest.mark.parametrize(
    ("changes", "twin"),
    [({}, True), ({"date": dt.date(2026, 6, 15)}, True), ({"date": dt.date(2026, 6, 30)}, False),
     ({"amount": D(99)}, False), ({"party": Ref(JUNE)}, False), ({"reference": "servicetitan-1-payments-p9"}, False)],
)  # fmt: skip
def test_a_payment_that_was_keyed_by_hand_is_suspected_whatever_it_is_on(changes: dict[str, Any], twin: bool) -> None:
    other = msgspec.structs.replace(Payment("zp9", Ref(JANE), D(500), date=ON), **changes)
    decision = plan(THREE, [other])
    assert codes(decision) == (["whole_payment_twin"] if twin else [])
    assert isinstance(plan(THREE, [other], released=frozenset(["whole_payment_twin"])), Write)


def test_a_write_off_is_a_credit_note_by_account_applied_to_its_invoice() -> None:
    books = Books()
    books.version(payment("100", {"A": "100"}, "2"))
    assert books.sent == ["create credit_notes", "create allocations"]
    assert books.owed("A") == D(900) and books.payments() == []


def test_a_write_off_of_an_invoice_whose_tax_no_line_shows_waits() -> None:
    taxed = invoice("A", tax=D("76.21"), lines=(InvoiceLine("l", D("923.79"), tax_code=Ref("tx1")),))
    assert codes(plan(payment("100", type_="2"), [taxed])) == ["write_off_tax_unclear"]


@pytest.mark.parametrize("amount", ["158.25", "40.00", "33.33", "33.34", "33.35", "0.05"])
def test_a_write_off_takes_back_the_share_of_what_is_taxed_and_what_is_not_to_the_cent(amount: str) -> None:
    """Zoho reckons the tax of a share itself; what that is off by is a line that is not taxed, on the same account."""
    lines = (
        InvoiceLine("l1", D(100), tax_code=Ref("tx1"), tax=D("8.25")),
        InvoiceLine("l2", D(50)),
    )  # fmt: skip
    half = invoice("A", "158.25", tax=D("8.25"), lines=lines, tax_basis=TaxBasis.EXCLUSIVE)
    decision = plan(payment(amount, type_="2"), [half])
    note = sent(decision)
    assert (step(decision).total, zoho_total(note)) == (D(amount), D(amount))
    assert {row.account.id for row in note.lines} == {ROUND} and note.lines[0].tax_code.number == "8.2500"
    assert all(not row.tax_code.id for row in note.lines if row.description == "Rounding")


def discounted(*codes: tuple[str, str, str], total: str) -> Invoice:
    """An invoice of lines of (tax, amount, tax on it), sent."""
    lines = tuple(
        InvoiceLine(str(n), D(net), tax_code=Ref(code), tax=D(tax)) for n, (code, net, tax) in enumerate(codes)
    )
    return invoice("A", total, tax=sum((D(one[2]) for one in codes), D(0)), lines=lines, tax_basis=TaxBasis.EXCLUSIVE)


@pytest.mark.parametrize("amount", ["208.25", "100.00", "33.33", "33.34", "7.77", "0.05", "0.01"])
def test_a_discount_that_is_not_taxed_takes_its_share_of_a_write_off_and_moves_no_tax(amount: str) -> None:
    """300 are taxed, 10 are not, and 126.50 come off after the tax: half of the invoice is half of the tax."""
    shown = discounted(("tx1", "300", "24.75"), ("", "10", "0"), ("", "-126.50", "0"), total="208.25")
    note = sent(plan(payment(amount, type_="2"), [shown]))
    assert zoho_total(note) == note.total == D(amount)
    taxed = [row for row in note.lines if row.tax_code.id]
    assert abs(sum(row.tax or D(0) for row in taxed) - D("24.75") * D(amount) / D("208.25")) <= D("0.01")
    assert abs(sum(row.amount for row in taxed) - 300 * D(amount) / D("208.25")) <= D("0.01")
    assert {row.account.id for row in note.lines} == {ROUND}
    if D(amount) == shown.total:
        assert [(row.amount, row.tax) for row in note.lines] == [(300, D("24.75")), (D("-116.50"), 0)]


@pytest.mark.parametrize(
    "lines", [(("tx1", "300", "24.75"), ("tx9", "-100", "-8.25")), (("tx1", "300", "24.75"), ("tx1x", "-100", "0"))]
)
def test_a_discount_of_which_nobody_knows_that_it_is_not_taxed_waits(lines: tuple[tuple[str, str, str], ...]) -> None:
    shown = discounted(*lines, total="216.50")
    assert codes(plan(payment("100", type_="2"), [shown])) == ["write_off_tax_unclear"]


def test_money_never_moves_a_write_off_onto_cash() -> None:
    rows = {"payment_types": {"2": f"write-off:{CASH}"}}
    mappings = {name: Rows(found) for name, found in {**PAYMENT_TABLES, **rows}.items()}
    decision = ZohoPayments().plan(seen(payment(type_="2"), [invoice("A")], mappings=mappings))
    assert codes(decision) == ["no_money_on_bank"]


# --- applied later ---------------------------------------------------------------------------------------------------


def test_money_applied_later_changes_the_payment_and_makes_no_second_one() -> None:
    books = Books()
    books.version(payment("500", {}))
    books.version(payment("500", {"A": "200"}))
    books.version(payment("500", {"A": "200", "B": "300"}))
    assert books.sent == ["create payments", "update payments", "update payments"]
    assert books.on() == {"A": D(200), "B": D(300)} and len(books.payments()) == 1
    assert (books.owed("A"), books.owed("B")) == (D(800), D(700))
    assert isinstance(books.version(payment("500", {"A": "200", "B": "300"})), Unchanged)


CHANGES: list[tuple[Payment, dict[str, Any]]] = [
    (payment("400", {"A": "200", "B": "150"}), {"A": D(200), "B": D(150)}),
    (payment("500", {"A": "200", "B": "150"}, date=dt.date(2026, 6, 12)), {"A": D(200), "B": D(150)}),
    (payment("500", {"C": "500"}), {"C": D(500)}),
    (payment("500", {}), {}),
    (payment("500", {"A": "200", "B": "150"}, "5"), {"A": D(200), "B": D(150)}),
]


@pytest.mark.parametrize(("after", "on"), CHANGES)
def test_what_a_change_does(after: Payment, on: dict[str, Any]) -> None:
    books = Books()
    books.version(THREE)
    books.version(after)
    assert books.sent == ["create payments", "update payments"] and books.on() == on
    [now] = books.payments()
    assert (now.amount, now.date) == (after.amount, after.date)
    assert now.bank_account.id == (OTHER_CASH if after.method.id == "5" else CASH)
    assert isinstance(books.version(after), Unchanged)


def test_a_reversed_payment_is_removed() -> None:
    books = Books()
    books.version(THREE)
    books.version(msgspec.structs.replace(THREE, active=False))
    assert books.sent == ["create payments", "void payments"] and books.payments() == []
    assert books.owed("A") == D(1000)


def test_a_payment_that_turns_out_a_write_off_is_removed_and_credited() -> None:
    books = Books()
    books.version(payment("100"))
    books.version(payment("100", type_="2"))
    assert books.sent == ["create payments", "void payments", "create credit_notes", "create allocations"]
    assert books.owed("A") == D(900)


REFERENCE = "servicetitan-1-payments-p1"
OFF = payment("100", type_="2")


@pytest.mark.parametrize(
    "between",
    [
        payment("90", type_="2"),
        payment("100", type_="2", date=dt.date(2026, 6, 12)),
        payment("100", type_="1"),
        msgspec.structs.replace(OFF, active=False),
        payment("100", {"A": "60", "B": "40"}, type_="2"),
    ],
)
def test_a_write_off_takes_nothing_that_a_void_one_keeps(between: Payment) -> None:
    books = Books()
    for version in (OFF, between, OFF, between, OFF):
        assert isinstance(books.version(version), Write)
        assert isinstance(books.version(version), Unchanged)
    assert (books.owed("A"), books.owed("B")) == (D(900), D(1000))
    [now] = [one for one in books.notes() if one.active]
    before = [one.id[-8:] for one in books.notes() if not one.active]
    assert books.notes()[0].reference == REFERENCE and now.reference.removeprefix(f"{REFERENCE}-") in before


def test_what_took_the_place_of_a_write_off_is_known_though_it_is_on_nothing() -> None:
    books = Books()
    books.version(OFF)
    books.version(payment("90", type_="2"))
    [now] = [one for one in books.notes() if one.active]
    books._taken_off(now.id, now.allocations[0].id)
    held = books.version(payment("90", type_="2", memo="marked as exported"))
    assert isinstance(held, Unchanged) and [one.id for one in books.notes() if one.active] == [now.id]


@pytest.mark.parametrize(
    ("id_", "mark"), [("460000000026049", "00026049"), ("0000012c-0000-4000-8000-000000000000", "0000012c"), ("7", "7")]
)
def test_what_tells_ids_apart(id_: str, mark: str) -> None:
    assert mark_of(id_) == mark


def test_another_contacts_payment_is_entered_anew() -> None:
    books = Books()
    books.version(payment("100", {}))
    books.version(payment("100", {}, party=Ref("c2")))
    assert books.sent == ["create payments", "void payments", "create payments"]
    [now] = books.payments()
    assert now.party.id == JUNE


def test_a_payment_in_a_closed_period_is_not_changed() -> None:
    books = Books()
    books.version(payment("500", {}))
    closed = {"ledger": {"organisation": msgspec.structs.replace(BOOKS, locked_through_sales=ON)}}
    assert codes(books.version(payment("500", {"A": "200"}), **closed)) == ["change_in_closed_period"]


# --- what people do there --------------------------------------------------------------------------------------------


def test_what_people_applied_there_stays_where_it_fits() -> None:
    books = Books()
    books.version(payment("500", {"A": "200"}))
    books.by_hand(A="200", C="100")
    books.version(payment("500", {"A": "200", "B": "150"}))
    assert books.on() == {"A": D(200), "B": D(150), "C": D(100)}
    [now] = books.payments()
    assert now.unapplied == D(50)


def test_what_people_applied_there_as_servicetitan_does_is_not_sent_again() -> None:
    books = Books()
    books.version(payment("500", {}))
    books.by_hand(A="200")
    assert isinstance(books.version(payment("500", {"A": "200"})), Unchanged)
    assert books.sent == ["create payments"]


def test_what_servicetitan_takes_off_leaves_what_people_put_on_besides() -> None:
    books = Books()
    books.version(payment("500", {"A": "200"}))
    books.by_hand(A="250")
    books.version(payment("500", {}))
    assert books.on() == {"A": D(50)}


def test_what_does_not_fit_beside_it_waits() -> None:
    books = Books()
    books.version(payment("500", {"A": "200"}))
    books.by_hand(A="200", C="300")
    assert codes(books.version(payment("500", {"A": "200", "B": "150"}))) == ["payment_applied_by_hand"]


def test_what_people_wrote_on_a_payment_stays_when_it_is_changed() -> None:
    books = Books()
    books.version(payment("500", {}))
    [now] = books.payments()
    books.shown["payments", now.id] = msgspec.structs.replace(now, memo="Deposit of the spring job\nkeep for June")
    books.version(payment("500", {"A": "200"}))
    [now] = books.payments()
    assert (now.memo, books.on()) == ("Deposit of the spring job\nkeep for June", {"A": D(200)})


GONE = [
    payment("500", {}, party=Ref("c2")),
    payment("500", {}, active=False),
    payment("500", {"A": "200", "B": "300"}, "2"),
]


@pytest.mark.parametrize("after", GONE)
def test_a_payment_that_people_put_on_an_invoice_is_not_removed(after: Payment) -> None:
    books = Books()
    books.version(payment("500", {}))
    books.by_hand(C="300")
    decision = books.version(after)
    assert codes(decision) == ["payment_applied_by_hand"]
    assert (
        isinstance(decision, Hold)
        and "on C in the ledger, and ServiceTitan changed it so" in decision.waits[0].sentence
    )
    assert books.sent == ["create payments"] and books.owed("C") == D(700)
    books.by_hand()
    books.version(after)
    assert books.sent[1] == "void payments" and books.owed("C") == D(1000)


def test_what_people_applied_stays_theirs_after_a_change_of_ours() -> None:
    books = Books()
    books.version(payment("500", {"A": "200"}))
    books.by_hand(A="200", C="100")
    books.version(payment("500", {"A": "200", "B": "150"}))
    books.version(payment("500", {"A": "200", "B": "120"}))
    assert books.on() == {"A": D(200), "B": D(120), "C": D(100)}
    books.version(payment("500", {"B": "120"}))
    assert books.on() == {"B": D(120), "C": D(100)}
    assert codes(books.version(payment("500", {"B": "120"}, active=False))) == ["payment_applied_by_hand"]
    books.by_hand(B="120")
    books.version(payment("500", {"B": "120"}, active=False))
    assert books.payments() == []


def test_more_of_it_than_ours_on_an_invoice_holds_its_removal() -> None:
    books = Books()
    books.version(THREE)
    books.by_hand(A="250", B="150")
    assert codes(books.version(msgspec.structs.replace(THREE, active=False))) == ["payment_applied_by_hand"]


def test_what_was_given_back_of_it_holds_its_removal() -> None:
    books = Books()
    books.version(payment("500", {"A": "200"}))
    [there] = books.payments()
    books.shown["payments", there.id] = msgspec.structs.replace(there, unapplied=D(50))
    decision = books.version(payment("500", {"A": "200"}, active=False))
    assert codes(decision) == ["payment_given_back"]
    assert "Of payment zp1 250.00 USD was given back" in sentences(decision)[0]
    books.shown["payments", there.id] = there
    books.version(payment("500", {"A": "200"}, active=False))
    assert books.payments() == []


def test_a_reversed_payment_goes_from_invoices_that_servicetitan_has_it_on_itself() -> None:
    books = Books()
    books.version(payment("500", {}))
    books.by_hand(A="200")
    books.version(payment("500", {"A": "200"}, active=False))
    assert books.sent == ["create payments", "void payments"] and books.owed("A") == D(1000)


def test_what_people_took_off_is_not_put_back() -> None:
    books = Books()
    books.version(THREE)
    books.by_hand(A="200")
    assert isinstance(books.version(THREE), Unchanged)
    decision = books.version(payment("600", {"A": "200", "B": "150"}))
    assert codes(decision) == ["payment_taken_off"]
    assert isinstance(decision, Hold) and "B" in decision.waits[0].sentence


def test_what_people_removed_there_is_not_made_again() -> None:
    books = Books()
    books.version(THREE)
    [now] = books.payments()
    books.by_hand()
    books.shown["payments", now.id] = msgspec.structs.replace(now, active=False, splits=())
    assert codes(books.version(payment("600", {"A": "200"}))) == ["removed_there"]


def test_a_payment_that_others_entered_is_never_changed() -> None:
    theirs = Payment("zp9", Ref(JANE), D(500), date=ON, unapplied=D(500))
    books = Books(link=Linked("payments", "zp9", theirs, payment("500", {}), theirs))
    books.shown["payments", "zp9"] = theirs
    assert codes(books.version(payment("500", {"A": "200"}))) == ["payment_not_ours"]


LINKED = payment("100", {"A": "60", "B": "40"})
GONE = frozenset([("payments", "zp1")])


def relinked(**changes: Any) -> Books:
    """Ours was deleted there, and a person has linked the one that somebody typed in its place."""
    books = Books()
    books.version(LINKED)
    del books.shown["payments", "zp1"]
    splits = tuple(Allocation(f"h{on}", Ref(INVOICES[on]), D(part)) for on, part in (("A", "60"), ("B", "40")))
    theirs = Payment("zp9", Ref(JANE), D(100), date=ON, splits=splits)
    shown = msgspec.structs.replace(theirs, **changes)
    books.shown["payments", "zp9"] = shown
    books.link = Linked("payments", "zp9", theirs, LINKED, theirs)
    books.sent.clear()
    return books


@pytest.mark.parametrize(
    ("changed", "differs"),
    [
        (payment("120", {"A": "60", "B": "60"}), ("amount 100.00 -> 120.00", "the ledger shows amount 100.00")),
        (payment("100", {"A": "100"}), ("invoices it is on", "the ledger shows 60.00 on A, 40.00 on B")),
        (
            payment("100", {"A": "60", "B": "40"}, date=ON + dt.timedelta(days=1)),
            ("date", f"the ledger shows date {ON}"),
        ),
        (payment("100", {"A": "60", "B": "40"}, active=False), ("reversed", "the ledger has it still")),
        (payment("100", {"A": "60", "B": "40"}, type_="5"), ("type", "the ledger shows account ")),
    ],
)
def test_a_payment_that_was_linked_anew_with_what_people_typed_is_told_and_left_alone(
    changed: Payment, differs: tuple[str, ...]
) -> None:
    books = relinked(bank_account=Ref(CASH))
    before = dict(books.shown)
    decision = books.version(changed, gone=GONE)
    assert codes(decision) == ["payment_not_ours"] and books.sent == [] and books.shown == before
    assert isinstance(decision, Hold)
    [wait] = decision.waits
    assert all(part in wait.sentence for part in differs) and "zp9" in wait.sentence, wait.sentence
    assert (wait.kind, wait.key) == ("fact", "payments:zp9"), "it goes on once the ledger's is corrected"


def test_a_payment_that_was_linked_anew_goes_on_where_both_agree() -> None:
    books = relinked()
    assert isinstance(books.version(msgspec.structs.replace(LINKED, memo="x"), gone=GONE), Unchanged)
    splits = (Allocation("hA", Ref(INVOICES["A"]), D(100)),)
    books = relinked(splits=splits)
    agreed = books.version(payment("100", {"A": "100"}), gone=GONE)
    assert isinstance(agreed, Adopt) and (agreed.target_id, books.sent) == ("zp9", []), "the base of what comes next"
    assert isinstance(relinked(active=False).version(payment("100", active=False), gone=GONE), Unchanged)


def test_a_payment_that_was_linked_anew_is_read_before_it_is_judged_and_told_when_it_is_gone_too() -> None:
    changed = payment("100", {"A": "100"})
    assert codes(relinked(complete=False, splits=()).version(changed, gone=GONE)) == ["counterpart_unread"]
    books = relinked()
    del books.shown["payments", "zp9"]
    assert codes(books.version(changed, gone=GONE)) == ["gone_there"]


def test_what_is_left_of_ours_besides_what_was_linked_is_ours_still() -> None:
    books = relinked()
    books.made["servicetitan-1-payments-p1-x"] = Made("payments", "zp7")
    assert codes(books.version(payment("120", {"A": "60", "B": "60"}), gone=GONE)) == ["gone_there", "posted_unseen"]


# --- money given back ------------------------------------------------------------------------------------------------


def test_unused_money_is_given_back_as_a_refund_of_the_payment() -> None:
    original = Payment("zp0", Ref(JANE), D(100), date=ON, unapplied=D(100), reference="servicetitan-1-payments-p0")
    books = Books()
    books.shown["payments", "zp0"] = original
    links = {**LINKS, ("payments", "p0"): "zp0"}
    back = payment("-40", {}, refunds=Ref("p0"))
    books.version(back, links=links)
    assert books.sent == ["create refunds"]
    [refund] = [one for one in books.shown.values() if isinstance(one, Payment) and one.kind is PaymentKind.REFUND]
    assert (refund.amount, refund.refunds, refund.bank_account.id) == (D(-40), Ref("zp0", "payment"), CASH)
    assert isinstance(books.version(back, links=links), Unchanged)


def test_an_adjustment_is_given_back_as_a_refund_of_its_credit_note() -> None:
    books = Books()
    books.shown["credit_notes", CREDIT] = credit_note()
    books.version(payment("-80", {"adj": "-80"}))
    [refund] = [one for one in books.shown.values() if isinstance(one, Payment)]
    assert (refund.refunds, refund.amount) == (Ref(CREDIT, "credit note"), D(-80))


def test_more_than_is_left_is_not_given_back() -> None:
    original = Payment("zp0", Ref(JANE), D(100), date=ON, unapplied=D(30), reference="servicetitan-1-payments-p0")
    links = {**LINKS, ("payments", "p0"): "zp0"}
    assert codes(plan(payment("-40", {}, refunds=Ref("p0")), [original], links=links)) == ["credit_used_up"]


# --- the declaration -------------------------------------------------------------------------------------------------


def test_what_a_person_may_link_a_payment_with() -> None:
    flow = ZohoPayments()
    assert flow.linkable(THREE) == ("payments", "credit_notes") and flow.linkable(payment("5", {})) == ("payments",)
    assert flow.linkable(payment("-5", {})) == () and flow.target_entity(payment("-5", {})) == "refunds"
    assert not flow.goes_on(THREE, "payments")


def test_a_reversed_payment_that_was_never_posted_is_passed_over() -> None:
    assert isinstance(plan(payment(active=False)), Skip)


def test_a_change_whose_answer_was_lost_is_not_sent_twice() -> None:
    books = Books()
    books.version(payment("500", {}))
    before = books.link
    books.version(payment("500", {"A": "200"}))
    books.link = before  # the worker ended before it wrote down what the update had done
    assert isinstance(books.version(payment("500", {"A": "200"})), Unchanged)
    assert books.sent == ["create payments", "update payments"] and books.on() == {"A": D(200)}


def test_a_payment_that_only_a_list_has_told_of_is_read_before_it_is_changed() -> None:
    books = Books()
    books.version(THREE)
    [now] = books.payments()
    books.shown["payments", now.id] = msgspec.structs.replace(now, splits=(), complete=False)
    assert isinstance(books.version(THREE), Unchanged)
    more = payment("500", {"A": "200", "B": "300"})
    decision = books.version(more)
    assert isinstance(decision, Hold)
    assert [(one.code, one.key) for one in decision.waits] == [("counterpart_unread", f"payments:{now.id}")]
    books.shown["payments", now.id] = now
    books.version(more)
    assert books.on() == {"A": D(200), "B": D(300)}


@pytest.mark.parametrize(
    ("splits", "code"), [({"A": "100"}, "payment_before_start_applied"), ({}, "payment_before_start_open")]
)
def test_money_of_the_opening_balances_is_applied_there_by_people(splits: dict[str, str], code: str) -> None:
    early = payment("100", splits, date=dt.date(2025, 12, 1))
    decision = plan(early, sources={("invoices", "A"): INVOICE})
    assert isinstance(decision, Hold) and codes(decision) == [code]
    action = decision.waits[0].action
    assert "payment or credit note that the opening balances" in action and "there by hand" in action
    theirs = Payment("zp9", Ref(JANE), D(100), date=dt.date(2025, 12, 1), unapplied=D(100))
    assert isinstance(plan(early, link=Linked("payments", "zp9", theirs, None, theirs)), Unchanged)
