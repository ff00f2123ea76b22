"""Money from before the start, linked with the advance of the opening balances: applied to invoices, and nothing else."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from payment_world import INVOICES, ON, SMITH, Run, codes, guid, invoice, payment, run, told

from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Invoice, Payment, PaymentKind
from ml_connector.integrations.decisions import Unchanged, Write
from ml_connector.integrations.payment_flow import Payments
from ml_connector.integrations.views import Linked

OLD, OPENING = dt.date(2025, 12, 30), dt.date(2025, 12, 31)
POT = guid(800)


def source(date: dt.date = ON) -> Invoice:
    return Invoice("A", Ref("c1"), Decimal(100), date=date)


def linked(amount: str = "100", first: Payment | None = None, *splits: Allocation) -> Run:
    """Books with the opening balances' overpayment, which a person has linked with the payment."""
    used = sum((one.amount for one in splits), Decimal(0))
    pot = Payment(
        POT, Ref(SMITH), Decimal(amount), PaymentKind.OVERPAYMENT, OPENING, currency="USD", splits=splits,
        unapplied=Decimal(amount) - used,
    )  # fmt: skip
    known = {("invoices", "A"): source(), ("invoices", "B"): source(), ("invoices", "C"): source(OLD)}
    books = run(pot, sources=known)
    books.link = Linked("overpayments", POT, pot, first or payment(date=OLD), pot)
    return books


def left(books: Run) -> Decimal:
    pot = books.shown["overpayments", POT]
    assert isinstance(pot, Payment)
    return pot.unapplied


def test_a_split_on_an_invoice_from_after_the_start_is_applied_once() -> None:
    books = linked()
    decision = books.version(payment("100", {"A": "80"}, date=OLD))
    assert told(decision) == [("create", "allocations", Decimal(80))]
    assert books.paid("A") == 80 and left(books) == 20
    assert isinstance(books.version(payment("100", {"A": "80"}, date=OLD, memo="x")), Unchanged)
    assert books.sent == [("create", "allocations")] and books.live("payments") == []


def test_what_is_put_on_invoices_later_follows_each_time() -> None:
    books = linked("100", payment("100", {}, date=OLD))
    assert isinstance(books.version(payment("100", {}, date=OLD)), Unchanged)
    books.version(payment("100", {"A": "30"}, date=OLD))
    books.version(payment("100", {"A": "50", "B": "50"}, date=OLD))
    assert books.paid("A") == books.paid("B") == 50 and left(books) == 0
    assert books.sent == [("create", "allocations")] * 3
    assert books.link is not None and books.link.target_id == POT


def test_a_worker_that_ends_between_two_applications_makes_the_other_one() -> None:
    books = linked()
    books.version(payment("100", {"A": "60", "B": "40"}, date=OLD), at_most=1)
    books.version(payment("100", {"A": "60", "B": "40"}, date=OLD, memo="again"))
    assert books.paid("A") == 60 and books.paid("B") == 40 and len(books.sent) == 2


def test_what_people_have_applied_counts_and_old_invoices_are_theirs() -> None:
    books = linked("100", None, Allocation(guid(801), Ref(INVOICES["A"]), Decimal(25), ON))
    decision = books.version(payment("100", {"A": "60", "C": "15"}, date=OLD))
    assert told(decision) == [("create", "allocations", Decimal(35))]


HELD: list[tuple[dict[str, Any], str]] = [
    ({"active": False}, "payment_not_ours"),
    ({"amount": Decimal(90)}, "payment_not_ours"),
    ({"splits": payment("100", {"A": "10"}).splits}, "payment_not_ours"),  # taken off the invoice again
    ({"splits": payment("100", {"A": "60", "B": "40"}).splits}, "carried_used_up"),
]


@pytest.mark.parametrize(("changes", "code"), HELD)
def test_what_does_not_fit_waits_for_a_person(changes: dict[str, Any], code: str) -> None:
    first = payment("100", {"A": "60"}, date=OLD)
    books = linked("80", first)
    assert isinstance(books.version(first), Write)
    assert codes(books.version(msgspec.structs.replace(first, **changes))) == [code]
    assert books.paid("A") == 60 and len(books.sent) == 1


def test_it_waits_for_its_invoice_and_for_a_closed_period() -> None:
    books = linked()
    around: dict[str, Any] = {"links": {}, "asked": frozenset([("invoices", "A")])}
    assert codes(books.version(payment(date=OLD), **around)) == ["invoice_pending"]
    closed: dict[str, Any] = {"settings": {"closed_through": ON}}
    assert codes(books.version(payment(date=OLD), **closed)) == ["period_closed"]


def test_an_application_that_the_ledger_does_not_show_is_not_made_again() -> None:
    books = linked()
    books.version(payment("100", {"A": "40"}, date=OLD))
    books.change("overpayments", POT, splits=(), unapplied=Decimal(100))  # the list is older than our step
    assert codes(books.version(payment("100", {"A": "50"}, date=OLD))) == ["posted_unseen"]


def test_one_of_after_the_start_that_people_entered_is_left_alone() -> None:
    books = linked("100", payment())
    assert isinstance(books.version(payment()), Unchanged)
    assert books.sent == []


def test_linking_it_with_an_advance_goes_on_with_what_is_on_invoices() -> None:
    rules = Payments()
    assert rules.goes_on(payment(), "overpayments") and not rules.goes_on(payment(), "payments")
    assert not rules.goes_on(payment("50", {}), "prepayments")


def test_the_invoice_it_is_put_on_must_owe_as_much() -> None:
    books = linked()
    books.shown["invoices", INVOICES["A"]] = invoice("A", "30")
    books.link = dataclasses.replace(books.link, source=payment(date=OLD)) if books.link else None
    assert codes(books.version(payment(date=OLD))) == ["invoice_owes_less"]
