"""Payments that step aside while their invoice is changed in Xero, and go back onto it, or onto what replaced it."""

from __future__ import annotations

import dataclasses
from typing import Any

import invoice_world as invoices
import msgspec
import payment_world as payments
import pytest
from payment_world import INVOICES, PREFIX, D, Run, codes, guid, invoice, payment, run

from ml_connector.canonical.documents import Allocation, InvoiceState, Payment, Ref
from ml_connector.connectors.base import Action
from ml_connector.integrations.base import Decision, Hold, Using, Write, aside_key, settled_key
from ml_connector.integrations.payment_flow import Payments

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
    assert "our payments of 60.00 USD are taken off it for the change, and go back onto it afterwards" in decision.notes


@pytest.mark.parametrize("balance", ["48.25", "98.25"])
def test_between_two_removals_the_plan_is_the_same(balance: str) -> None:
    """Whether the invoice was read before the first removal or after it."""
    done = frozenset([("payments", Action.VOID, aside_key(OWN, invoices.guid(301)))])
    gone = paid("50", active=False, splits=(Allocation("", Ref(), D(50)),))  # as Xero answers a removal
    decision = changed(balance, gone, paid("10", 2), done=done)
    assert isinstance(decision, Write)
    assert [one.target_id for one in decision.steps] == [invoices.guid(301), invoices.guid(302), THERE]


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
    assert codes(decision) == ["period_closed"]


def test_its_head_alone_is_changed_with_the_payments_on_it() -> None:
    link = invoices.linked(now=invoices.shown(balance=D("58.25")))
    decision = invoices.plan(invoices.invoice(number="5512-B"), link=link, users=(paid("50"),))
    assert isinstance(decision, Write) and [one.action for one in decision.steps] == [Action.UPDATE]


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
