"""Which payments are ours: from before the start, on invoices from after it, and of business units out of scope."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from payment_world import LINKS, ON, codes, invoice, payment, plan, told, view

from ml_connector.canonical.documents import Document
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.integrations.decisions import Hold
from ml_connector.integrations.invoice_flow import Invoices

OLD = dt.date(2025, 12, 30)  # before the start date
NORTH_ONLY = {"business_units": ("bu1",)}
OPEN = (invoice("A"), invoice("B"))
NOT_LINKED = {pair: target for pair, target in LINKS.items() if pair[0] != "invoices"}


def source(date: dt.date = ON, unit: str = "bu1", *, active: bool = True) -> Invoice:
    """An invoice as ServiceTitan shows it."""
    named = Ref(unit, f"Unit {unit}" if unit else "")
    return Invoice("A", Ref("c1"), Decimal(100), date=date, business_unit=named, active=active)


def sources(**invoices: Invoice) -> dict[tuple[str, str], Document]:
    return {("invoices", name): one for name, one in invoices.items()}


# --- before the start ----------------------------------------------------------------------------------------------

STRADDLING: list[tuple[Payment, dict[str, Any], list[str]]] = [
    (payment(date=OLD), {"sources": sources(A=source())}, ["payment_before_start_applied"]),
    (payment(date=OLD), {"sources": sources(A=source()), "links": NOT_LINKED}, ["payment_before_start_applied"]),
    (payment(date=OLD), {"sources": sources(A=source(OLD)), "links": NOT_LINKED}, ["payment_before_start"]),
    (payment(date=OLD), {"sources": sources(A=source(OLD))}, ["payment_before_start"]),  # linked, and both are old
    (payment(date=OLD), {"sources": sources(A=source(active=False)), "links": NOT_LINKED}, ["payment_before_start"]),
    (payment("50", {}, date=OLD), {}, ["payment_before_start_open"]),
    (payment("150", {"A": "100"}, date=OLD), {"sources": sources(A=source(OLD))}, ["payment_before_start_open"]),
    (
        payment("150", {"A": "60", "B": "40"}, date=OLD),
        {"sources": sources(A=source(OLD), B=source())},
        ["payment_before_start_applied", "payment_before_start_open"],
    ),
    (payment("150", {"A": "150"}, date=OLD, active=False), {"sources": sources(A=source())}, ["payment_reversed"]),
]


@pytest.mark.parametrize(("document", "around", "wanted"), STRADDLING)
def test_money_from_before_the_start_is_passed_over_only_where_nothing_after_it_is_paid(
    document: Payment, around: dict[str, Any], wanted: list[str]
) -> None:
    assert codes(plan(document, **around)) == wanted


def test_the_sentence_names_the_invoice_what_is_on_it_and_the_way_out() -> None:
    decision = plan(payment("500", {"A": "80", "B": "420"}, date=OLD), sources=sources(A=source(), B=source(OLD)))
    assert isinstance(decision, Hold)
    [wait] = decision.waits
    assert "2025-12-30" in wait.sentence and "80.00 USD of it is on A, from after it" in wait.sentence
    assert "over- or prepayment or credit note that the opening balances brought" in wait.action
    assert (wait.kind, wait.key) == ("setting", "setting:start_date")  # an earlier start looks at it again


@pytest.mark.parametrize(
    ("read_through", "applied", "wanted"),
    [
        (frozenset[str](), OLD, "payment_before_start_unread"),
        (frozenset(["invoices"]), OLD, "payment_before_start"),
        (frozenset(["invoices"]), ON, "payment_before_start_unread"),
    ],
)
def test_an_invoice_that_was_never_read_may_still_come(
    read_through: frozenset[str], applied: dt.date, wanted: str
) -> None:
    """Payments may be read before the invoices they are on; nothing would look at one again that was passed over."""
    one = payment(date=OLD)
    splits = tuple(msgspec.structs.replace(split, date=applied) for split in one.splits)
    one = msgspec.structs.replace(one, splits=splits)
    assert codes(plan(one, links=NOT_LINKED, read_through=read_through)) == [wanted]


# --- business units ------------------------------------------------------------------------------------------------

ELSEWHERE, OURS, NO_UNIT = Ref("bu2", "South"), Ref("bu1", "North"), Ref()


@pytest.mark.parametrize("unit", [OURS, ELSEWHERE, NO_UNIT])
@pytest.mark.parametrize("known", [{}, sources(A=source())])
def test_a_payment_goes_with_its_invoice_whatever_unit_took_the_money(
    unit: Ref, known: Mapping[tuple[str, str], Document]
) -> None:
    decision = plan(
        payment(business_unit=unit), settings=NORTH_ONLY | {"business_unit_as": "none"}, shown=OPEN, sources=known
    )
    assert told(decision) == [("create", "payments", Decimal(100))]


@pytest.mark.parametrize("unit", [OURS, ELSEWHERE])
def test_a_payment_on_invoices_of_other_units_alone_is_passed_over(unit: Ref) -> None:
    known = sources(A=source(unit="bu2"), B=source(unit=""))
    decision = plan(
        payment("100", {"A": "60", "B": "40"}, business_unit=unit), settings=NORTH_ONLY, sources=known, links=NOT_LINKED
    )
    assert codes(decision) == ["out_of_scope"]


def test_a_payment_on_invoices_of_two_scopes_is_held() -> None:
    known = sources(A=source(), B=source(unit="bu2"))
    decision = plan(payment("100", {"A": "60", "B": "40"}), settings=NORTH_ONLY, sources=known, links=NOT_LINKED)
    assert codes(decision) == ["payment_in_two_scopes"]
    assert isinstance(decision, Hold)
    assert "is on A, and also on B of business unit Unit bu2" in decision.waits[0].sentence
    assert decision.waits[0].key == "setting:business_units"


def test_an_invoice_that_was_posted_stays_in_scope() -> None:
    """Its unit was taken out of the setting since; what is paid of it is paid."""
    decision = plan(payment(), settings=NORTH_ONLY, shown=OPEN, sources=sources(A=source(unit="bu2")))
    assert told(decision) == [("create", "payments", Decimal(100))]


def test_money_on_no_invoice_goes_by_its_own_unit() -> None:
    assert codes(plan(payment("50", {}, business_unit=ELSEWHERE), settings=NORTH_ONLY)) == ["out_of_scope"]
    assert told(plan(payment("50", {}), settings=NORTH_ONLY)) == [("create", "overpayments", Decimal(50))]


@pytest.mark.parametrize(
    ("one", "units", "wanted"),
    [
        (source(), (), ("out_of_scope", "payment_before_start")),
        (source(), ("bu1",), ("out_of_scope", "payment_before_start")),
        (source(unit="bu2"), ("bu1",), ()),
        (source(OLD), ("bu1",), ("out_of_scope",)),
        (source(active=False), (), ("out_of_scope",)),
    ],
)
def test_an_invoice_lets_in_what_is_on_it_as_far_as_it_is_in_itself(
    one: Invoice, units: tuple[str, ...], wanted: tuple[str, ...]
) -> None:
    """Whatever it lets in is passed over for that reason no more."""
    found = view(payment(), settings={"business_units": units})
    assert Invoices().lets_in(one, found.settings) == wanted
    for day, code in ((ON, "out_of_scope"), (OLD, "payment_before_start")):
        decision = plan(payment(date=day), settings={"business_units": units}, sources=sources(A=one), links=NOT_LINKED)
        assert (code in codes(decision)) <= (code not in wanted)
