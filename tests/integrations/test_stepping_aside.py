"""Payments that step aside while their invoice is changed in Xero, and go back onto it, or onto what replaced it."""

from __future__ import annotations

import dataclasses
from typing import Any

import invoice_world as invoices
import msgspec
import payment_world as payments
import pytest
from payment_world import INVOICES, PREFIX, D, Run, codes, guid, invoice, payment, run

from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Invoice, InvoiceState, Payment, PaymentKind
from ml_connector.connectors.writing import Action
from ml_connector.integrations.decisions import STAYS, Decision, Hold, Unchanged, Write
from ml_connector.integrations.payment_flow import Payments
from ml_connector.integrations.views import Made, Using, aside_key, settled_key

DEARER: dict[str, Any] = {"lines": (invoices.line("120"),), "tax": "9.90", "total": "129.90"}
THERE, OWN = invoices.guid(77), "servicetitan-1-invoices-i1"


def paid(amount: str, n: int = 1, **changes: Any) -> Using:
    """What another record has paid on the invoice."""
    part = Allocation(invoices.guid(300 + n), Ref(THERE), D(amount))
    document = Payment(part.id, Ref(), D(amount), date=invoices.INVOICE.date, splits=(part,), reference=f"{PREFIX}p{n}")
    return Using("payments", msgspec.structs.replace(document, **changes))


def changed(balance: str, *users: Using, **around: Any) -> Decision:
    """The decision on a dearer version, of which ``balance`` is still owed in Xero."""
    state = InvoiceState.PAID if D(balance) == 0 else InvoiceState.AUTHORISED
    link = invoices.linked(now=invoices.shown(balance=D(balance), state=state))
    return invoices.plan(invoices.invoice(**{**DEARER, **around.pop("changes", {})}), link=link, users=users, **around)


# --- the invoice -----------------------------------------------------------------------------------------------------


def test_our_payments_are_removed_before_the_invoice_is_changed() -> None:
    decision = changed("48.25", paid("50"), paid("10", 2))
    assert isinstance(decision, Write)
    told = [(one.entity, one.action, one.target_id, one.reference) for one in decision.steps]
    assert told == [
        ("payments", Action.VOID, invoices.guid(301), aside_key(OWN, invoices.guid(301))),
        ("payments", Action.VOID, invoices.guid(302), aside_key(OWN, invoices.guid(302))),
        ("invoices", Action.UPDATE, THERE, OWN),
    ]
    assert decision.steps[decision.main].entity == "invoices"
    assert (
        "what we have put on it (60.00 USD) is taken off it for the change, and goes back onto it afterwards"
        in decision.notes
    )


@pytest.mark.parametrize("balance", ["48.25", "98.25"])
def test_between_two_removals_the_plan_is_the_same(balance: str) -> None:
    """Whether the invoice was read before the first removal or after it."""
    done = frozenset([("payments", Action.VOID, aside_key(OWN, invoices.guid(301)))])
    gone = paid("50", active=False, splits=(Allocation("", Ref(), D(50)),))  # as Xero answers a removal
    decision = changed(balance, gone, paid("10", 2), done=done)
    assert isinstance(decision, Write)
    assert [one.target_id for one in decision.steps] == [invoices.guid(301), invoices.guid(302), THERE]


def written_off(amount: str, n: int = 5, **changes: Any) -> Using:
    """The credit note of another record's write-off, applied to the invoice by us."""
    part = Allocation(invoices.guid(400 + n), Ref(THERE), D(amount), invoices.INVOICE.date)
    note = Invoice(
        invoices.guid(300 + n), Ref(), D(amount), "credit note", f"WO-p{n}", invoices.INVOICE.date, allocations=(part,),
        state=InvoiceState.AUTHORISED, balance=D(0), reference=f"{PREFIX}p{n}",
    )  # fmt: skip
    return Using("credit_notes", msgspec.structs.replace(note, **changes), applied=((part.id, D(amount)),))


def on_account(amount: str, *others: Allocation, n: int = 7) -> Using:
    """Another record's overpayment, so much of which we have applied to the invoice."""
    part = Allocation(invoices.guid(400 + n), Ref(THERE), D(amount))
    pot = Payment(invoices.guid(300 + n), Ref(), D(500), PaymentKind.OVERPAYMENT, splits=(part, *others))
    return Using("overpayments", pot, applied=((part.id, D(amount)),))


def steps_of(decision: Decision) -> list[tuple[str, Action, str]]:
    assert isinstance(decision, Write), decision
    return [(one.entity, one.action, one.target_id) for one in decision.steps]


CHANGE = ("invoices", Action.UPDATE, THERE)


def test_write_offs_and_money_on_account_step_aside_too() -> None:
    decision = changed("18.25", paid("50"), written_off("30"), on_account("10"))
    assert steps_of(decision) == [
        ("payments", Action.VOID, invoices.guid(301)),
        ("allocations", Action.VOID, invoices.guid(405)),
        ("credit_notes", Action.VOID, invoices.guid(305)),
        ("allocations", Action.VOID, invoices.guid(407)),
        CHANGE,
    ]


def test_a_credit_memo_is_taken_off_and_stays_itself() -> None:
    """Only the application goes: its lines are its own, and other invoices may have parts of it."""
    elsewhere = Allocation(invoices.guid(499), Ref(invoices.guid(78)), D(5))
    memo = written_off("30")
    assert isinstance(memo.document, Invoice)
    shown = msgspec.structs.replace(memo.document, allocations=(*memo.document.allocations, elsewhere), total=D(35))
    memo = msgspec.structs.replace(memo, flow="credit_memos", document=shown)
    decision = changed("78.25", memo)
    assert steps_of(decision) == [("allocations", Action.VOID, invoices.guid(405)), CHANGE]
    done = frozenset([("allocations", Action.VOID, aside_key(OWN, invoices.guid(405)))])
    gone = msgspec.structs.replace(memo, document=msgspec.structs.replace(shown, allocations=(elsewhere,)))
    assert steps_of(changed("108.25", gone, done=done)) == steps_of(decision)
    moved = changed(
        "78.25", memo, changes={"customer": Ref("c2", "Other")}, links={("customers", "c2"): invoices.guid(55)}
    )
    assert codes(moved) == ["change_when_paid"]  # the credit stays its own contact's


@pytest.mark.parametrize(("balance", "state"), [("78.25", "applied"), ("108.25", "open"), ("108.25", "void")])
def test_between_the_removals_of_a_write_off_the_plan_is_the_same(balance: str, state: str) -> None:
    done = {("allocations", Action.VOID, aside_key(OWN, invoices.guid(405)))}
    gone: dict[str, Any] = {"allocations": ()}
    if state == "void":
        done.add(("credit_notes", Action.VOID, aside_key(OWN, invoices.guid(305))))
        gone["active"] = False
    user = written_off("30", **({} if state == "applied" else gone))
    decision = changed(balance, user, done=frozenset(done))
    assert steps_of(decision)[-1] == CHANGE and len(steps_of(decision)) == 3


@pytest.mark.parametrize(
    "user",
    [
        msgspec.structs.replace(written_off("30"), applied=()),  # applied by a person
        msgspec.structs.replace(written_off("30"), flow="invoices"),  # of an adjustment
        written_off("30", active=False),
        written_off(
            "40",
            allocations=(
                Allocation(invoices.guid(405), Ref(THERE), D(30)),
                Allocation(invoices.guid(499), Ref(invoices.guid(9)), D(10)),
            ),
        ),
    ],
)
def test_a_credit_note_that_is_not_wholly_ours_stays(user: Using) -> None:
    assert codes(changed("78.25", user)) == ["change_when_paid"]


def test_what_is_reconciled_meanwhile_is_not_taken_for_what_was_removed() -> None:
    done = frozenset([("payments", Action.VOID, aside_key(OWN, invoices.guid(301)))])
    gone = paid("50", active=False, splits=())
    assert codes(changed("58.25", gone, paid("50", 2, reconciled=True), done=done)) == ["change_when_paid"]


def test_what_people_applied_besides_stays_on_their_invoice() -> None:
    other = Allocation(invoices.guid(499), Ref(invoices.guid(9)), D(10))
    assert steps_of(changed("98.25", on_account("10", other))) == [
        ("allocations", Action.VOID, invoices.guid(407)), CHANGE,
    ]  # fmt: skip


def test_a_write_off_of_a_closed_period_is_not_taken_off() -> None:
    books = msgspec.structs.replace(invoices.BOOKS, locked_through=invoices.INVOICE.date)
    assert invoices.INVOICE.date is not None
    later = invoices.INVOICE.date + payments.DAY
    posted = invoices.invoice(date=later)
    link = invoices.linked(posted, now=invoices.shown(posted, balance=D("78.25")))
    decision = invoices.plan(invoices.invoice(date=later, **DEARER), link=link, users=(written_off("30"),), books=books)
    assert codes(decision) == ["change_in_closed_period"]


@pytest.mark.parametrize(
    ("users", "balance"),
    [
        ((), "58.25"),
        ((paid("50", reconciled=True),), "58.25"),
        ((paid("50"),), "48.25"),  # 10 of somebody else's
        ((paid("50", active=False),), "58.25"),  # removed by a person, and not by this change
        ((paid("50", splits=(Allocation("x", Ref(invoices.guid(9)), D(50)),)),), "58.25"),
    ],
)  # fmt: skip
def test_what_is_not_wholly_ours_is_held_with_both_versions(users: tuple[Using, ...], balance: str) -> None:
    assert codes(changed(balance, *users)) == ["change_when_paid"]


def test_money_that_would_not_fit_any_more_stays() -> None:
    cheaper = {"lines": (invoices.line("40", taxable=False),), "tax": "0", "total": "40"}
    assert codes(changed("58.25", paid("50"), changes=cheaper)) == ["change_when_paid"]


def test_a_payment_of_a_closed_period_is_not_taken_off() -> None:
    books = msgspec.structs.replace(invoices.BOOKS, locked_through=invoices.INVOICE.date)
    assert invoices.INVOICE.date is not None
    later = invoices.INVOICE.date + payments.DAY
    posted = invoices.invoice(date=later)
    link = invoices.linked(posted, now=invoices.shown(posted, balance=D("58.25")))
    decision = invoices.plan(invoices.invoice(date=later, **DEARER), link=link, users=(paid("50"),), books=books)
    assert codes(decision) == ["change_in_closed_period"]


def test_its_head_alone_is_changed_with_the_payments_on_it() -> None:
    link = invoices.linked(now=invoices.shown(balance=D("58.25")))
    decision = invoices.plan(invoices.invoice(number="5512-B"), link=link, users=(paid("50"),))
    assert isinstance(decision, Write) and [one.action for one in decision.steps] == [Action.UPDATE]


def credited(**around: Any) -> Decision:
    """The decision on a credit that was posted and is open again; its original is another document there now."""
    note = invoices.credit(balance=D("-108.25"))
    new = invoices.shown(id=invoices.guid(78), number="5512-B")
    there = invoices.shown(note, id=THERE)
    made = {f"{OWN[:-1]}2-i1": Made("allocations", invoices.guid(500))}
    return invoices.plan(note, **{
        "link": invoices.linked(note, there), "links": {("customers", "c1"): invoices.JANE, ("invoices", "i1"): new.id},
        "counterparts": {("invoices", "i1"): new}, "made": made, "replaced": frozenset([("invoices", "i1")]), **around,
    })  # fmt: skip


def test_a_credit_follows_what_replaced_its_original() -> None:
    decision = credited()
    assert isinstance(decision, Write) and decision.main == STAYS
    [step] = decision.steps
    assert (step.entity, step.reference, step.total) == ("allocations", f"{OWN[:-1]}2-i1+1", D("108.25"))
    assert invoices.body(decision)["allocation"]["Invoice"] == {"InvoiceID": invoices.guid(78)}


def test_a_credit_that_is_used_or_whose_original_stands_stays() -> None:
    used = invoices.linked(invoices.credit(), invoices.shown(invoices.credit(), id=THERE, balance=D(0)))
    assert isinstance(credited(link=used), Unchanged)
    assert isinstance(credited(replaced=frozenset()), Unchanged)
    left = invoices.linked(invoices.credit(), invoices.shown(invoices.credit(), id=THERE, balance=D(8)))
    decision = credited(link=left)
    assert isinstance(decision, Write) and decision.steps[0].total == 8


PASSED_ON = invoices.invoice(customer=Ref("c2", "June Doe"))


def passed_on(balance: str, *users: Using) -> Decision:
    """The decision on a version of another customer, of which ``balance`` is still owed."""
    link = invoices.linked(now=invoices.shown(balance=D(balance)))
    links = {("customers", "c1"): invoices.JANE, ("customers", "c2"): invoices.JUNE}
    return invoices.plan(PASSED_ON, link=link, users=users, links=links)


def test_another_customer_of_a_paid_invoice() -> None:
    """Xero lets the contact be changed unless a credit note is on it; an overpayment stays its own customer's."""
    decision = passed_on("58.25", paid("50"))
    assert steps_of(decision) == [CHANGE]
    assert invoices.body(decision)["Contact"] == {"ContactID": invoices.JUNE}
    assert steps_of(passed_on("28.25", paid("50"), written_off("30"))) == [
        ("payments", Action.VOID, invoices.guid(301)),
        ("allocations", Action.VOID, invoices.guid(405)),
        ("credit_notes", Action.VOID, invoices.guid(305)),
        CHANGE,
    ]
    for waits in (passed_on("58.25"), passed_on("98.25", on_account("10")), passed_on("48.25", paid("50"))):
        assert codes(waits) == ["change_when_paid"]
        assert isinstance(waits, Hold) and "customer" in waits.waits[0].sentence


# --- the payment -----------------------------------------------------------------------------------------------------


def taken_off(books: Run, id_: str) -> None:
    """What the engine knows once a step of the invoice has removed the payment."""
    [reference] = [reference for reference, one in books.made.items() if one.target_id == id_]
    del books.made[reference]
    books.shown["payments", id_] = msgspec.structs.replace(books.shown["payments", id_], active=False)
    gone = books.shown["payments", id_]
    assert isinstance(gone, Payment)
    books._settle(INVOICES["A"], -gone.amount)
    books.around = {"taken_off": frozenset([reference])}


def test_it_waits_until_its_invoice_is_changed() -> None:
    decision = payments.plan(payment(), changing=frozenset([("invoices", "A")]))
    assert isinstance(decision, Hold)
    [wait] = decision.waits
    assert (wait.code, wait.kind, wait.key) == ("invoice_changing", "link", settled_key("invoices", "A"))
    assert decision.asks_for == ()


@pytest.mark.parametrize("splits", [None, {"A": "60", "B": "40"}])
def test_it_goes_back_onto_its_invoice(splits: dict[str, str] | None) -> None:
    books, one = run(), payment(splits=splits)
    books.version(one)
    [mine] = [one.id for one in books.live("payments") if one.splits[0].document.id == INVOICES["A"]]
    taken_off(books, mine)
    books.version(one)
    assert books.paid("A") == D(60 if splits else 100) and books.paid("B") == D(40 if splits else 0)
    assert len(books.live("payments")) == (2 if splits else 1)
    assert books.link is not None and books.link.target_id in {one.id for one in books.live("payments")}


def test_a_write_off_goes_back_under_another_number() -> None:
    """Xero never gives a removed credit note's number again."""
    books, one = run(), payment("40", type_="3")
    books.version(one)
    [note] = books.live("credit_notes")
    for reference in list(books.made):
        del books.made[reference]
    books.change("credit_notes", note.id, active=False, allocations=(), state=InvoiceState.VOID)
    books._settle(INVOICES["A"], D(-40))
    books.around = {"taken_off": frozenset([note.reference, f"{note.reference}-applied"])}
    books.version(one)
    [new] = books.live("credit_notes")
    assert books.paid("A") == 40 and new.number == f"{note.number}-{note.id[:8]}"
    assert books.link is not None and books.link.target_id == new.id


def test_money_on_account_goes_back() -> None:
    books, one = run(), payment("100", {"A": "60"})
    books.version(payment("100", {}))
    books.version(one)
    [pot] = books.live("overpayments")
    [reference] = [name for name, made in books.made.items() if made.entity == "allocations"]
    del books.made[reference]
    books._settle(INVOICES["A"], D(-60))
    books.change("overpayments", pot.id, splits=(), unapplied=D(100))
    books.around = {"taken_off": frozenset([reference])}
    books.version(one)
    assert books.paid("A") == 60 and not books.live("payments")


def test_one_that_does_not_fit_any_more_is_held_and_never_passed_over() -> None:
    books, one = run(), payment(splits={"A": "60", "B": "40"})
    books.version(one)
    [mine] = [one.id for one in books.live("payments") if one.splits[0].document.id == INVOICES["A"]]
    taken_off(books, mine)
    books.change("invoices", INVOICES["A"], balance=D(10), total=D(10), state=InvoiceState.VOID)
    decision = read_only(books, one)
    assert isinstance(decision, Hold), decision


def read_only(books: Run, one: Payment) -> Decision:
    view = payments.view(one, made=dict(books.made), link=books._link(), **books.around)
    return payments.read(Payments().plan(dataclasses.replace(view, at_target=dict(books.shown))))


def test_it_goes_onto_what_replaced_its_invoice() -> None:
    """The old one is void there, so a person has removed the payment before; the new one gets it, and its link."""
    books, one = run(invoice("A", id=guid(150), number="A-2")), payment()
    books.version(one)
    [old] = books.live("payments")
    books.change("payments", old.id, active=False)
    books.change("invoices", INVOICES["A"], state=InvoiceState.VOID, active=False)
    links = {**payments.LINKS, ("invoices", "A"): guid(150)}
    books.version(one, links=links)
    [new] = books.live("payments")
    assert new.splits[0].document.id == guid(150) and books.link is not None and books.link.target_id == new.id
    assert read_only_unchanged(books, one, links)


def read_only_unchanged(books: Run, one: Payment, links: dict[tuple[str, str], str]) -> bool:
    books.around = {"links": links}
    return not isinstance(read_only(books, one), Hold | Write)


def test_a_payment_removed_by_a_person_is_not_made_again() -> None:
    books, one = run(), payment()
    books.version(one)
    [mine] = books.live("payments")
    books.change("payments", mine.id, active=False)
    before = list(books.sent)
    books.version(one)
    assert books.sent == before


def test_words_of_a_line_change_with_the_payments_on_it() -> None:
    first, *others = invoices.INVOICE.lines
    lines = (msgspec.structs.replace(first, description="Other words"), *others)
    link = invoices.linked(now=invoices.shown(balance=D("58.25")))
    decision = invoices.plan(invoices.invoice(lines=lines), link=link, users=(paid("50"),))
    assert isinstance(decision, Write) and [one.action for one in decision.steps] == [Action.UPDATE]
