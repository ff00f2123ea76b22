"""Every rule of the payments flow: what passes, what waits and why, what is passed over, and what newer versions do."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from payment_world import (
    BAD_DEBT,
    BANK,
    BOOKS,
    CLEARING,
    CLOSED,
    CREDIT,
    DAY,
    DEBTORS,
    EUROS,
    FEES,
    INVOICES,
    LINKS,
    MAPLE,
    ON,
    OPENED,
    PARTIES,
    PREFIX,
    SETTINGS,
    SMITH,
    UNOPENED,
    Run,
    body,
    codes,
    credit_note,
    guid,
    invoice,
    payment,
    plan,
    run,
    told,
    view,
)

from ml_connector.canonical.master_data import Dimension, ListEntry, Party, TaxCode
from ml_connector.canonical.parts import Allocation, Ref, TaxBasis
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState, Payment, PaymentKind
from ml_connector.connectors.servicetitan import CONNECTOR as SERVICETITAN
from ml_connector.connectors.writing import Action
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Unchanged, Write
from ml_connector.integrations.payment_flow import STAYS, Payments, PaymentsExported
from ml_connector.integrations.payment_tables import OrderAccountTable, PaymentTypeTable, payment_rule
from ml_connector.integrations.views import Linked
from ml_connector.sync import plan as plans

D = Decimal
OPEN = (invoice("A"), invoice("B"), invoice("C"))
AT = f"{PREFIX}p1"


# --- the ways a payment goes ---------------------------------------------------------------------------------------


def test_a_payment_on_one_invoice_goes_as_one_payment() -> None:
    decision = plan(payment(), shown=OPEN)
    assert isinstance(decision, Write)
    [step] = decision.steps
    assert (step.entity, step.action, step.reference, step.total) == ("payments", Action.CREATE, AT, D(100))
    assert decision.main == 0 and decision.target_entity == "payments"
    assert body(step) == {
        "Invoice": {"InvoiceID": INVOICES["A"]},
        "Account": {"AccountID": CLEARING},
        "Date": "2026-06-09",
        "Amount": 100,
        "Reference": f"CHK 1001 [ref {AT}]",
    }


def test_splits_are_payments_each_that_share_the_cheque_and_sum_to_it() -> None:
    decision = plan(payment("100", {"A": "60", "B": "40"}), shown=OPEN)
    assert isinstance(decision, Write)
    assert [step.reference for step in decision.steps] == [f"{AT}-A", f"{AT}-B"]
    assert [body(step)["Reference"].split(" [")[0] for step in decision.steps] == ["CHK 1001", "CHK 1001"]
    assert sum(step.total for step in decision.steps) == 100 and decision.main == 0


def test_two_splits_on_one_invoice_are_one_payment() -> None:
    twice = payment("100", {})
    splits = tuple(Allocation(str(n), Ref("A"), D(50)) for n in (1, 2))
    assert told(plan(msgspec.structs.replace(twice, splits=splits, unapplied=D(0)), shown=OPEN)) == [
        ("create", "payments", D(100))
    ]


@pytest.mark.parametrize(("as_", "entity"), [("overpayment", "overpayments"), ("prepayment", "prepayments")])
def test_money_on_no_invoice_is_an_advance(as_: str, entity: str) -> None:
    decision = plan(payment("100", {"A": "60"}), settings={"unapplied_as": as_}, shown=OPEN)
    assert told(decision) == [("create", "payments", D(60)), ("create", entity, D(40))]
    assert isinstance(decision, Write)
    advance = decision.steps[1]
    assert (advance.reference, advance.party_id) == (f"{AT}-unapplied", SMITH)
    assert body(advance)["Contact"] == {"ContactID": SMITH} and body(advance)["LineAmountTypes"] == "NoTax"


def test_a_deposit_alone_has_the_records_own_reference() -> None:
    decision = plan(payment("100", {}), shown=OPEN)
    assert told(decision) == [("create", "overpayments", D(100))]
    assert isinstance(decision, Write) and decision.steps[0].reference == AT


def test_a_bank_account_is_named_by_its_id() -> None:
    decision = plan(payment(type_="5"), shown=OPEN)
    assert isinstance(decision, Write) and body(decision.steps[0])["Account"] == {"AccountID": BANK}


def test_an_account_that_is_opened_to_payments_takes_them() -> None:
    decision = plan(payment(type_="6"), shown=OPEN)
    assert isinstance(decision, Write) and body(decision.steps[0])["Account"] == {"AccountID": OPENED}


def test_a_payment_on_an_invoice_needs_no_customer_of_its_own() -> None:
    links = {pair: target for pair, target in LINKS.items() if pair[0] != "customers"}
    assert isinstance(plan(payment(), links=links, shown=OPEN), Write)


# --- what moves no money -------------------------------------------------------------------------------------------

PART_TAXED = invoice(
    "A", "1050", tax=D(50),
    lines=(
        InvoiceLine("1", D(500), tax_code=Ref("OUTPUT"), tax=D(50)),
        InvoiceLine("2", D(500), tax_code=Ref("NONE"), tax=D(0)),
    ),
)  # fmt: skip


def test_a_write_off_takes_the_tax_back_in_its_share() -> None:
    decision = plan(payment("105", {"A": "105"}, "2"), shown=(PART_TAXED,))
    assert told(decision) == [("create", "credit_notes", D(105)), ("create", "allocations", D(105))]
    assert isinstance(decision, Write) and decision.main == 0
    note, applied = (body(step) for step in decision.steps)
    assert (note["Type"], note["CreditNoteNumber"], note["Status"]) == ("ACCRECCREDIT", "WO-p1", "AUTHORISED")
    assert note["Contact"] == {"ContactID": SMITH} and note["LineAmountTypes"] == "Exclusive"
    assert [(one["LineAmount"], one["TaxType"], one["TaxAmount"]) for one in note["LineItems"]] == [
        (50, "OUTPUT", 5), (50, "NONE", 0),
    ]  # fmt: skip
    assert {one["AccountCode"] for one in note["LineItems"]} == {"480"}
    assert all(one["Tracking"] for one in note["LineItems"])
    assert applied == {
        "credit": "credit_notes",
        "id": f"new: {AT}",
        "allocation": {"Amount": 105, "Date": "2026-06-09", "Invoice": {"InvoiceID": INVOICES["A"]}},
    }


def test_tax_inside_the_prices_is_taken_back_too() -> None:
    inclusive = invoice("A", "110", tax_basis=TaxBasis.INCLUSIVE,
                        lines=(InvoiceLine("1", D(110), tax_code=Ref("OUTPUT"), tax=D(10)),))  # fmt: skip
    [line] = body(plan(payment("11", None, "2"), shown=(inclusive,)).steps[0])["LineItems"]  # type: ignore[union-attr]
    assert (line["LineAmount"], line["TaxAmount"]) == (10, 1)


@pytest.mark.parametrize(("type_", "settings"), [("2", {"write_off_tax": "none"}), ("3", {})])
def test_a_fee_or_a_write_off_set_so_takes_no_tax_back(type_: str, settings: dict[str, Any]) -> None:
    decision = plan(payment("105", {"A": "105"}, type_), settings=settings, shown=(PART_TAXED,))
    assert isinstance(decision, Write)
    note = body(decision.steps[0])
    assert note["LineAmountTypes"] == "NoTax" and [one["LineAmount"] for one in note["LineItems"]] == [105]
    assert "TaxType" not in str(note)


def test_a_write_off_is_previewed_with_the_tax_that_its_invoice_is_to_have() -> None:
    """The invoice is still to be made: by its own rules its tax is on the line that bears some, the other one is exempt."""
    lines = (InvoiceLine("1", D(500), taxable=True), InvoiceLine("2", D(500)), InvoiceLine("3", D(9), chargeable=False))
    sold = Invoice("A", Ref("c1"), D(1050), number="A", date=ON, tax=D(50), tax_zone=Ref("z1", "North"), lines=lines)
    links = {**LINKS, ("invoices", "A"): "new: invoices A"}
    around: dict[str, Any] = {
        "sources": {("invoices", "A"): sold},
        "tables": {"tax": {"North": "OUTPUT", "(exempt)": "NONE"}},
    }
    around["ledger"] = {
        "tax_codes": {"OUTPUT": TaxCode("OUTPUT", "Tax", D("0.1")), "NONE": TaxCode("NONE", "None", D(0))}
    }
    previewed = plan(payment("105", {"A": "105"}, "2"), links=links, **around)
    then = plan(payment("105", {"A": "105"}, "2"), shown=(PART_TAXED,))
    assert isinstance(previewed, Write) and isinstance(then, Write)
    assert body(previewed.steps[0]) == body(then.steps[0])
    assert previewed.placeholders == ("new: invoices A",)
    for there, same in ((PART_TAXED, True), (invoice("A", "1050"), False)):
        known = view(payment("105", {"A": "105"}, "2"), shown=(there,), **around)
        again = plans.as_previewed(Payments(), known, previewed.placeholders)
        assert isinstance(again, Write) and plans.alike(again, previewed) is same
    less = plan(payment("105", {"A": "105"}, "2"), links=links, **{**around, "tables": {"tax": {"(exempt)": "NONE"}}})
    assert codes(less) == ["write_off_tax_unseen"]


def test_a_fee_is_a_credit_note_on_the_expense_account() -> None:
    decision = plan(payment("30", {"A": "20", "B": "10"}, "3"), shown=OPEN)
    assert isinstance(decision, Write)
    notes = [body(step) for step in decision.steps if step.entity == "credit_notes"]
    assert [one["CreditNoteNumber"] for one in notes] == ["FEE-p1-A", "FEE-p1-B"]
    assert {one["LineItems"][0]["AccountCode"] for one in notes} == {"481"}
    assert len({step.reference for step in decision.steps}) == 4


def test_a_type_that_is_not_booked() -> None:
    assert codes(plan(payment(type_="4"))) == ["payment_by_rule"]


def test_what_is_to_come_shows_as_new_in_a_preview() -> None:
    links = {**LINKS, ("invoices", "A"): "new: invoices A", ("customers", "c1"): "new: customers c1"}
    decision = plan(payment("100", {"A": "60"}), links=links)
    assert isinstance(decision, Write)
    assert decision.placeholders == ("new: customers c1", "new: invoices A")
    assert body(decision.steps[0])["Invoice"] == {"InvoiceID": "new: invoices A"}


# --- money given back ----------------------------------------------------------------------------------------------


def test_a_negative_payment_on_an_adjustment_refunds_its_credit_note() -> None:
    decision = plan(payment("-80", {"adj": "-80"}), shown=(credit_note(),))
    assert told(decision) == [("create", "payments", D(80))]
    assert isinstance(decision, Write)
    sent = body(decision.steps[0])
    assert (sent["CreditNote"], sent["Amount"]) == ({"CreditNoteID": CREDIT}, 80) and "Invoice" not in sent


@pytest.mark.parametrize("kind", [PaymentKind.OVERPAYMENT, PaymentKind.PREPAYMENT])
def test_a_refund_of_money_on_no_invoice(kind: PaymentKind) -> None:
    advance = Payment(guid(300), Ref(SMITH), D(100), kind, ON, unapplied=D(100), reference=f"{PREFIX}p0-unapplied")
    refund = payment("-30", {}, refunds=Ref("p0"), kind=PaymentKind.REFUND)
    decision = plan(refund, links={**LINKS, ("payments", "p0"): guid(299)}, shown=(advance,))
    assert isinstance(decision, Write)
    assert body(decision.steps[0])[kind.value.capitalize()] == {f"{kind.value.capitalize()}ID": guid(300)}


def test_money_in_that_names_a_refund_of_it_is_money_in() -> None:
    assert told(plan(payment(refunds=Ref("p9"), kind=PaymentKind.REFUND), shown=OPEN)) == [
        ("create", "payments", D(100))
    ]


# --- passed over ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "settings", "code"),
    [
        (payment(active=False), {}, "payment_reversed"),
        (payment("0", {}), {}, "payment_zero"),
        (payment("50", {}), {"business_units": ("bu2",)}, "out_of_scope"),
        (payment("50", {}, business_unit=Ref()), {"business_units": ("bu2",)}, "out_of_scope"),
    ],
)
def test_what_is_passed_over(document: Payment, settings: dict[str, Any], code: str) -> None:
    assert codes(plan(document, settings=settings)) == [code]


# --- waits, one by one ---------------------------------------------------------------------------------------------

LOCKED = msgspec.structs.replace(BOOKS, locked_through=ON)
NO_A = {pair: target for pair, target in LINKS.items() if pair != ("invoices", "A")}
NO_CUSTOMER = {pair: target for pair, target in LINKS.items() if pair[0] != "customers"}
BY_HAND = Payment(
    guid(400), Ref(SMITH), D(100), date=ON - 3 * DAY, splits=(Allocation("", Ref(INVOICES["A"]), D(100)),)
)
REFUNDED = {**LINKS, ("payments", "p0"): guid(299)}


def typed(value: str) -> dict[str, Any]:
    return {"tables": {"payment_types": {"1": value}}}


HOLDS: list[tuple[Payment, dict[str, Any], str, str, str]] = [
    (payment(type_="9"), {}, "payment_type_unmapped", "mapping", "payment_types:9"),
    (payment(method=Ref()), {}, "payment_type_unmapped", "mapping", "payment_types:(no type)"),
    (payment(), typed("bank"), "payment_type_unusable", "mapping", "payment_types:1"),
    (payment(), typed(f"account:{guid(99)}"), "account_unknown", "mapping", "payment_types:1"),
    (payment(), typed(f"account:{CLOSED}"), "account_inactive", "fact", f"accounts:{CLOSED}"),
    (payment(), typed(f"account:{DEBTORS}"), "account_takes_no_payments", "fact", f"accounts:{DEBTORS}"),
    (payment(type_="7"), {}, "account_takes_no_payments", "fact", f"accounts:{UNOPENED}"),
    (payment("100", {"A": "60"}, "6"), {}, "advance_not_on_bank", "mapping", "payment_types:6"),
    (payment(), typed(f"account:{EUROS}"), "currency_differs", "fact", f"accounts:{EUROS}"),
    (payment(journal=True, type_="5"), {}, "no_money_on_bank", "mapping", "payment_types:5"),
    (payment(), {**typed(f"write-off:{BANK}"), "shown": OPEN}, "no_money_on_bank", "mapping", "payment_types:1"),
    (payment(), typed(f"fee:{BANK}"), "no_money_on_bank", "mapping", "payment_types:1"),
    (payment(), typed(f"fee:{DEBTORS}"), "account_not_postable", "fact", f"accounts:{DEBTORS}"),
    (payment(date=None), {}, "no_date", "source", "payments:p1"),
    (payment(unapplied=D(5)), {}, "payment_does_not_tie", "source", "payments:p1"),
    (payment("50", {"A": "100", "adj": "-50"}), {"shown": (*OPEN, credit_note())}, "payment_both_signs", "source",
     "payments:p1"),
    (payment("0", {"A": "50", "adj": "-50"}), {"shown": (*OPEN, credit_note())}, "payment_both_signs", "source",
     "payments:p1"),
    (payment(), {"links": NO_A, "asked": frozenset([("invoices", "A")])}, "invoice_pending", "link", "invoices:A"),
    (payment(), {"links": NO_A}, "invoice_unknown", "link", "invoices:A"),
    (payment(), {"links": NO_A, "brings": frozenset()}, "invoice_flow_off", "link", "invoices:A"),
    (payment("100", {"A": "60"}), {"links": NO_CUSTOMER}, "payer_missing", "link", "customers:c1"),
    (payment("100", {}), {"links": {("customers", "c1"): guid(22)}}, "payer_inactive", "fact", f"parties:{guid(22)}"),
    (payment(), {"links": {**LINKS, ("customers", "c1"): MAPLE}}, "currency_differs", "fact", f"parties:{MAPLE}"),
    (payment(), {"settings": {"currency": ""}}, "currency_unknown", "setting", "setting:currency"),
    (payment(), {"shown": (invoice("A", currency="CAD"),)}, "currency_differs", "fact", f"invoices:{INVOICES['A']}"),
    (payment(), {"shown": (invoice("A", state=InvoiceState.DRAFT),)}, "invoice_not_open", "fact",
     f"invoices:{INVOICES['A']}"),
    (payment(), {"shown": (invoice("A", state=InvoiceState.VOID, balance=D(0)),)}, "invoice_not_open", "fact",
     f"invoices:{INVOICES['A']}"),
    (payment(), {"shown": (invoice("A", balance=D("99.99")),)}, "invoice_owes_less", "fact", f"invoices:{INVOICES['A']}"),
    (payment(type_="3"), {"shown": (invoice("A", balance=D(0), state=InvoiceState.PAID),)}, "invoice_owes_less", "fact",
     f"invoices:{INVOICES['A']}"),
    (payment(), {"shown": (*OPEN, BY_HAND)}, "payment_twin", "person", "payment_twin"),
    (payment(), {"first_seen_exported": True}, "already_exported", "person", "already_exported"),
    (payment(), {"books": LOCKED}, "period_closed", "person", "period_closed"),
    (payment(), {"settings": {"closed_through": ON}}, "period_closed", "person", "period_closed"),
    (payment("100.005"), {}, "unsuitable", "source", "payments:p1"),
    (payment("100", {"A": "60"}, "2"), {"shown": OPEN}, "credit_unapplied", "source", "payments:p1"),
    (payment("-80", {"adj": "-80"}, "2"), {}, "credit_negative", "source", "payments:p1"),
    (payment(type_="2"), {}, "write_off_tax_unseen", "fact", f"invoices:{INVOICES['A']}"),
    (payment(type_="2"), {"links": {**LINKS, ("invoices", "A"): "new: invoices A"}}, "write_off_tax_unseen", "link",
     "invoices:A"),
    (payment(type_="2"), {"shown": (invoice("A", lines=(InvoiceLine("1", D(950), tax=D(50)),)),)},
     "write_off_tax_unclear", "setting", "setting:write_off_tax"),
    (payment(type_="3"), {"tables": {"business_units": {}}}, "business_unit_unmapped", "mapping", "business_units:bu1"),
    (payment(type_="3"), {"tables": {"business_units": {"bu1": guid(12)}}}, "dimension_inactive", "mapping",
     "business_units:bu1"),
    (payment("-80", {"A": "-80"}), {"shown": OPEN}, "refund_without_credit", "source", "invoices:A"),
    (payment("-80", {"adj": "-80"}), {}, "posted_unseen", "fact", f"credit_notes:{CREDIT}"),
    (payment("-80", {"adj": "-80"}), {"shown": (credit_note(balance=D(79)),)}, "credit_used_up", "fact",
     f"credit_notes:{CREDIT}"),
    (payment("-80", {}), {}, "refund_of_nothing", "source", "payments:p1"),
    (payment("-80", {}, refunds=Ref("p0")), {}, "refunded_pending", "link", "payments:p0"),
    (payment("-80", {}, refunds=Ref("p0")), {"links": REFUNDED}, "refund_of_applied", "source", "payments:p0"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "around", "code", "kind", "key"), HOLDS)
def test_what_waits_and_for_what(document: Payment, around: dict[str, Any], code: str, kind: str, key: str) -> None:
    decision = plan(document, **around)
    assert isinstance(decision, Hold), decision
    assert [(wait.code, wait.kind, wait.key) for wait in decision.waits] == [(code, kind, key)]


def test_a_hold_lists_everything() -> None:
    decision = plan(payment("100", {"A": "60", "B": "30"}, "9"), links={}, first_seen_exported=True, books=LOCKED)
    assert set(codes(decision)) == {
        "payment_type_unmapped", "invoice_unknown", "already_exported", "period_closed",
    }  # fmt: skip
    assert len(codes(decision)) == 5


def test_it_asks_for_what_it_waits_for_when_nothing_else_is_missing() -> None:
    asked = frozenset([("invoices", "A"), ("customers", "c1"), ("invoices", "other")])
    both = payment("100", {"A": "60"})
    decision = plan(both, links={}, asked=asked)
    assert isinstance(decision, Hold)
    assert decision.asks_for == (("invoices", "A"), ("customers", "c1"))
    held = plan(both, links={}, asked=asked, first_seen_exported=True)
    assert isinstance(held, Hold) and held.asks_for == ()


def test_needed_links_begin_with_the_customer() -> None:
    needs = Payments().needs_links(payment("100", {"A": "60", "B": "40"}, refunds=Ref("p0")), SETTINGS)
    assert needs == (("customers", "c1"), ("invoices", "A"), ("invoices", "B"))
    assert Payments().needs_links(payment("-5", {}, refunds=Ref("p0")), SETTINGS)[-1] == ("payments", "p0")


@pytest.mark.parametrize(
    ("changes", "twin"),
    [
        ({}, True),
        ({"date": ON + 7 * DAY}, True),
        ({"date": ON + 8 * DAY}, False),
        ({"amount": D(99)}, False),
        ({"active": False}, False),
        ({"reference": "st/payments/p7"}, False),
        ({"splits": (Allocation("", Ref(INVOICES["B"]), D(100)),)}, False),
    ],
)
def test_which_payments_of_the_ledger_are_suspected(changes: dict[str, Any], twin: bool) -> None:
    other = msgspec.structs.replace(BY_HAND, **changes)
    assert (codes(plan(payment(), shown=(*OPEN, other))) == ["payment_twin"]) is twin


@pytest.mark.parametrize(
    ("changes", "twin"),
    [
        ({}, True),
        ({"date": ON - 7 * DAY}, True),
        ({"date": ON + 8 * DAY}, False),
        ({"total": D(99)}, False),
        ({"active": False}, False),
        ({"reference": "st/payments/p7"}, False),
        ({"ours": True}, False),
        ({"customer": Ref(MAPLE)}, False),
        ({"currency": "CAD"}, False),
        ({"kind": "invoice"}, False),
    ],
)
def test_which_credit_notes_of_the_ledger_may_be_the_write_off(changes: dict[str, Any], twin: bool) -> None:
    by_hand = msgspec.structs.replace(credit_note("100", id=guid(301), number="CN-0001", currency="USD"), **changes)
    decision = plan(payment(type_="3"), shown=(*OPEN, by_hand))
    assert (codes(decision) == ["credit_twin"]) is twin
    assert isinstance(plan(payment(type_="3"), shown=(*OPEN, by_hand), released=frozenset(["credit_twin"])), Write)
    assert isinstance(plan(payment(), shown=(*OPEN, by_hand)), Write)  # money is no credit note


def test_the_credit_note_of_an_adjustment_is_no_write_off() -> None:
    assert isinstance(plan(payment(type_="3"), shown=(*OPEN, credit_note("100"))), Write)


@pytest.mark.parametrize("code", ["payment_twin", "already_exported", "period_closed"])
def test_what_a_person_lets_go_goes(code: str) -> None:
    around: dict[str, Any] = {"shown": (*OPEN, BY_HAND), "first_seen_exported": True, "books": LOCKED}
    left = codes(plan(payment(), released=frozenset([code]), **around))
    assert code not in left and len(left) == 2
    everything = frozenset(["payment_twin", "already_exported", "period_closed"])
    assert isinstance(plan(payment(), released=everything, **around), Write)


def test_the_currency_is_the_business_units() -> None:
    unit = Dimension("bu1", "business_unit", "North", currency="CAD")
    assert codes(plan(payment(), source_lists={"business_units": {"bu1": unit}}, shown=OPEN))[0] == "currency_differs"


# --- newer versions ------------------------------------------------------------------------------------------------


def posted(document: Payment, *more: Any, **around: Any) -> Run:
    """Books in which the payment stands."""
    books = run(*more, **around)
    assert isinstance(books.version(document), Write)
    books.sent.clear()
    return books


def test_nothing_new_is_no_change() -> None:
    books = posted(payment("100", {"A": "60", "B": "40"}))
    noise = payment("100", {"B": "40", "A": "60"}, memo="x", exported=True, stamp="9", state="Exported", number="2")
    assert isinstance(books.version(noise), Unchanged) and books.sent == []


def test_money_applied_later_is_allocated_and_never_paid_again() -> None:
    books = posted(payment("100", {}))
    decision = books.version(payment("100", {"A": "70"}))
    assert isinstance(decision, Write) and decision.main == STAYS
    assert books.sent == [("create", "allocations")] and books.paid("A") == 70
    books.version(payment("100", {"A": "70", "B": "30"}))
    assert books.sent == [("create", "allocations")] * 2 and books.paid("B") == 30
    assert not books.live("payments") and len(books.live("overpayments")) == 1


def test_money_applied_to_one_invoice_twice() -> None:
    books = posted(payment("100", {}))
    books.version(payment("100", {"A": "20"}))
    books.version(payment("100", {"A": "50"}))
    assert books.paid("A") == 50 and set(books.made) == {AT, f"{AT}-applied-A", f"{AT}-applied-A+1"}


def test_several_advances_are_applied_each_once() -> None:
    books = posted(payment("100", {"A": "60"}))
    books.version(payment("100", {"A": "30"}))
    assert sorted(one.amount for one in books.live("overpayments")) == [30, 40]
    assert {one.reference for one in books.live("overpayments")} == {f"{AT}-unapplied", f"{AT}-unapplied+1"}
    books.sent.clear()
    books.version(payment("100", {"A": "30", "B": "50"}))
    assert books.sent == [("create", "allocations")] * 2 and books.paid("B") == 50
    books.version(payment("100", {"A": "30", "B": "50", "C": "20"}))
    assert books.sent == [("create", "allocations")] * 3 and books.paid("C") == 20
    assert [one.unapplied for one in books.live("overpayments")] == [0, 0]
    assert isinstance(books.version(payment("100", {"A": "30", "B": "50", "C": "20"}, memo="x")), Unchanged)
    books.sent.clear()
    books.version(payment("100", {"A": "30", "C": "20"}))
    assert books.sent == [("void", "allocations")] * 2 and (books.paid("B"), books.paid("C")) == (0, 20)
    assert books.paid("A") == 30 and len(books.live("payments")) == 1
    assert codes(books.version(payment("90", {"A": "30", "C": "20"}))) == ["advance_stands"]


@pytest.mark.parametrize("steps", range(5))
def test_several_advances_that_broke_off_are_completed(steps: int) -> None:
    """Whichever step the worker ended after, for good."""
    books = posted(payment("100", {"A": "60"}))
    after = payment("100", {"A": "30", "B": "50"})
    books.version(payment("100", {"A": "30"}), at_most=steps)
    books.version(after)
    books.version(after)
    assert (books.paid("A"), books.paid("B")) == (30, 50)
    held = sum((one.amount for one in books.live("overpayments")), D(0))
    paid = sum((one.amount for one in books.live("payments")), D(0))
    assert held + paid == 100


def test_a_refund_of_one_of_several_advances_takes_the_one_that_holds_it() -> None:
    first, second = (
        Payment(
            guid(n), Ref(SMITH), D(50), PaymentKind.OVERPAYMENT, ON, unapplied=D(left), reference=f"{PREFIX}p0{end}"
        )
        for n, left, end in ((300, "10", "-unapplied"), (301, "50", "-unapplied+1"))
    )
    refund = payment("-30", {}, refunds=Ref("p0"), kind=PaymentKind.REFUND)
    decision = plan(refund, links={**LINKS, ("payments", "p0"): guid(300)}, shown=(first, second))
    assert isinstance(decision, Write), decision
    assert body(decision.steps[0])["Overpayment"] == {"OverpaymentID": guid(301)}


def test_the_same_amount_again_is_told_from_the_first() -> None:
    books = posted(payment("100", {}))
    books.version(payment("100", {"A": "20"}))
    [advance] = books.live("overpayments")
    decision = books.version(payment("100", {"A": "40"}))
    assert isinstance(decision, Write)
    assert body(decision.steps[0])["known"] == [advance.splits[0].id] and books.paid("A") == 40


def test_a_write_off_follows_the_invoice_that_replaced_its_own() -> None:
    books = run(invoice("A", id=guid(150), number="A-2"))
    books.version(payment(type_="3"))
    [note] = books.live("credit_notes")
    books.change("credit_notes", note.id, allocations=(), balance=note.total)
    books.change("invoices", INVOICES["A"], state=InvoiceState.VOID, active=False, balance=D(0))
    around: dict[str, Any] = {"links": {**LINKS, ("invoices", "A"): guid(150)}}
    assert isinstance(
        books.version(payment(type_="3"), **around), Unchanged
    )  # a person took it off, of all that is known
    books.sent.clear()
    books.version(payment(type_="3"), replaced=frozenset([("invoices", "A")]), **around)
    assert books.sent == [("create", "allocations")] and len(books.live("credit_notes")) == 1
    there = books.shown["invoices", guid(150)]
    assert isinstance(there, Invoice) and there.balance == 900


def test_a_write_off_that_followed_is_removed_whole() -> None:
    """Its second application has a name of its own; between its removal and the note's the plan stays the same."""
    books = run(invoice("A", id=guid(150), number="A-2"))
    books.version(payment(type_="3"))
    [note] = books.live("credit_notes")
    books.change("credit_notes", note.id, allocations=(), balance=note.total)
    around: dict[str, Any] = {"links": {**LINKS, ("invoices", "A"): guid(150)}}
    books.version(payment(type_="3"), replaced=frozenset([("invoices", "A")]), **around)
    books.sent.clear()
    decision = books.version(payment("100", {"B": "100"}, type_="3"), **around)
    assert isinstance(decision, Write), codes(decision)
    assert [" ".join(one) for one in books.sent] == [
        "void allocations", "void credit_notes", "create credit_notes", "create allocations",
    ]  # fmt: skip
    assert books.paid("B") == 100


def test_the_link_goes_over_to_what_is_left_when_its_part_is_reversed() -> None:
    books = posted(payment("100", {"A": "60", "B": "40"}))
    first = books.link.target_id if books.link else ""
    decision = books.version(payment("40", {"B": "40"}))
    assert isinstance(decision, Write) and (decision.main, decision.replaces) == (STAYS, first)
    [left] = books.live("payments")
    assert books.link is not None and books.link.target_id == left.id != first
    books.version(payment("40", {"B": "40"}, active=False))
    assert not books.live("payments") and books.link.target_id == left.id


def test_what_people_have_applied_already_is_not_applied_again() -> None:
    books = posted(payment("100", {}))
    [advance] = books.live("overpayments")
    part = (Allocation(guid(77), Ref(INVOICES["A"]), D(70)),)
    books.change("overpayments", advance.id, splits=part, unapplied=D(30))
    assert isinstance(books.version(payment("100", {"A": "70"})), Unchanged)
    assert codes(books.version(payment("100", {}, memo="n", unapplied=D(100), party=Ref("c1", "S")))) == []
    assert codes(books.version(payment("100", {"B": "100"}))) == ["applied_by_hand"]


def test_an_application_is_taken_back() -> None:
    books = posted(payment("100", {}))
    books.version(payment("100", {"A": "70"}))
    books.sent.clear()
    books.version(payment("100", {"A": "20", "B": "30"}))
    assert books.sent == [("void", "allocations"), ("create", "allocations"), ("create", "allocations")]
    assert (books.paid("A"), books.paid("B")) == (20, 30)


@pytest.mark.parametrize(
    ("before", "after", "sent"),
    [
        (payment(), payment("80"), ["void payments", "create payments"]),
        (payment(), payment(date=ON + DAY), ["void payments", "create payments"]),
        (payment(), payment(type_="5"), ["void payments", "create payments"]),
        (payment(), payment("100", {"B": "100"}), ["void payments", "create payments"]),
        (payment(), payment("100", {}), ["void payments", "create overpayments"]),
        (payment(), payment("140", {"A": "100", "B": "40"}), ["create payments"]),
        (payment("100", {"A": "60", "B": "40"}), payment("60"), ["void payments"]),
        (payment("100", {"A": "60", "B": "40"}), payment("40", {"B": "40"}), ["void payments"]),
        (payment("100", {"A": "60", "B": "40"}), payment("100", {"A": "50", "B": "50"}),
         ["void payments"] * 2 + ["create payments"] * 2),
        (payment("100", {"A": "60"}), payment("100"), ["create allocations"]),
        (payment(), payment(type_="3"), ["void payments", "create credit_notes", "create allocations"]),
        (payment(type_="3"), payment(), ["void allocations", "void credit_notes", "create payments"]),
        (payment(type_="3"), payment("90", type_="3"),
         ["void allocations", "void credit_notes", "create credit_notes", "create allocations"]),
        (payment(type_="3"), payment("100", {"B": "100"}, type_="3"),
         ["void allocations", "void credit_notes", "create credit_notes", "create allocations"]),
        (payment(), payment(active=False), ["void payments"]),
        (payment("100", {"A": "60", "B": "40"}), payment("100", {"A": "60", "B": "40"}, active=False),
         ["void payments"] * 2),
        (payment(type_="3"), payment(type_="3", active=False), ["void allocations", "void credit_notes"]),
        (payment(), payment(type_="4"), ["void payments"]),
        (payment("100", {}), payment("130", {}), ["create overpayments"]),
        (payment("100", {"A": "60"}), payment("100", {"A": "30"}),
         ["void payments", "create payments", "create overpayments"]),
    ],
)  # fmt: skip
def test_what_a_change_does(before: Payment, after: Payment, sent: list[str]) -> None:
    books = posted(before)
    decision = books.version(after)
    assert isinstance(decision, Write), decision
    assert [" ".join(one) for one in books.sent] == sent
    assert isinstance(books.version(after), Unchanged)


def test_a_refund_that_changes_is_made_anew() -> None:
    books = posted(payment("-80", {"adj": "-80"}), credit_note())
    books.version(payment("-30", {"adj": "-30"}))
    assert books.sent == [("void", "payments"), ("create", "payments")]
    assert [one.amount for one in books.live("payments")] == [-30]


def test_a_reversed_payment_that_comes_back_is_posted_anew() -> None:
    books = posted(payment(type_="3"))
    books.version(payment(type_="3", active=False))
    assert isinstance(books.version(payment(type_="3", active=False)), Unchanged)
    books.sent.clear()
    books.version(payment(type_="3"))
    assert books.sent == [("create", "credit_notes"), ("create", "allocations")] and books.paid("A") == 100
    [note] = books.live("credit_notes")
    assert note.number.startswith("FEE-p1-") and books.link is not None and books.link.target_id == note.id


def test_a_change_of_the_mapping_touches_nothing_that_is_posted() -> None:
    books = posted(payment("100", {"A": "60", "B": "40"}))
    now = {"payment_types": {"1": f"write-off:{BAD_DEBT}"}}
    assert isinstance(books.version(payment("100", {"A": "60", "B": "40"}), tables=now), Unchanged)
    assert isinstance(books.version(payment("60"), tables={"payment_types": {"1": "none"}}), Unchanged)


@pytest.mark.parametrize(
    "after", [payment("80"), payment(date=ON + DAY), payment(active=False), payment(type_="3"), payment("100", {})]
)
def test_what_is_reconciled_is_never_undone(after: Payment) -> None:
    books = posted(payment())
    [one] = books.live("payments")
    books.change("payments", one.id, reconciled=True)
    decision = books.version(after)
    assert codes(decision) == ["payment_reconciled"] and books.sent == []
    assert isinstance(decision, Hold) and decision.waits[0].key == f"payments:{one.id}"
    books.change("payments", one.id, reconciled=False)
    assert isinstance(books.version(after), Write)


def test_what_is_reconciled_and_the_same_stays_beside_what_changes() -> None:
    books = posted(payment("100", {"A": "60", "B": "40"}))
    first = next(one for one in books.live("payments") if one.reference.endswith("-A"))
    books.change("payments", first.id, reconciled=True)
    assert isinstance(books.version(payment("90", {"A": "60", "B": "30"})), Write)
    assert first.id in {one.id for one in books.live("payments")}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (payment("100", {}), payment("100", {}, active=False)),
        (payment("100", {}), payment("80", {})),
        (payment("100", {}), payment("100", {}, date=ON + DAY)),
        (payment("100", {}), payment("100", {}, type_="5")),
        (payment("100", {}), payment("80")),
        (payment("100", {"A": "60"}), payment("60")),
    ],
)
def test_an_advance_that_would_have_to_go_is_held(before: Payment, after: Payment) -> None:
    books = posted(before)
    decision = books.version(after)
    assert codes(decision) == ["advance_stands"] and books.sent == []
    [advance] = books.live("overpayments")
    books.change("overpayments", advance.id, active=False, unapplied=D(0))
    assert codes(books.version(after)) == []  # a person has removed it there


def test_a_closed_period_is_never_edited() -> None:
    books = posted(payment())
    around: dict[str, Any] = {"settings": {"closed_through": ON}}
    for after in (payment("80"), payment(active=False), payment(date=ON + DAY)):
        assert "change_in_closed_period" in codes(books.version(after, **around))
        released = books.version(after, released=frozenset(["period_closed"]), **around)
        assert codes(released) == ["change_in_closed_period"]
    assert books.sent == []


def test_what_is_added_in_a_closed_period_goes_when_an_approver_has_released_it() -> None:
    books = posted(payment("100", {"A": "60"}))
    around: dict[str, Any] = {"settings": {"closed_through": ON}}
    more = payment("100", {"A": "60", "B": "40"})
    assert codes(books.version(more, **around)) == ["period_closed"]
    books.version(more, released=frozenset(["period_closed"]), **around)
    assert books.sent == [("create", "allocations")]


def test_what_does_not_change_may_lie_in_a_closed_period() -> None:
    books = posted(payment())
    assert isinstance(books.version(payment(memo="x"), settings={"closed_through": ON}), Unchanged)


def test_what_people_removed_there_is_not_made_again() -> None:
    books = posted(payment("100", {"A": "60", "B": "40"}))
    second = next(one for one in books.live("payments") if one.reference.endswith("-B"))
    books.change("payments", second.id, active=False)
    assert codes(books.version(payment("90", {"A": "50", "B": "40"}))) == ["removed_there"]
    assert isinstance(books.version(payment("100", {"A": "60", "B": "40"}, memo="x")), Unchanged)
    books.version(payment("100", {"A": "60", "B": "40"}, active=False))
    assert books.sent == [("void", "payments")] and books.live("payments") == []


def test_a_replay_tells_what_people_removed_there() -> None:
    before = payment()
    books = posted(before)
    link = books.link
    assert link is not None and isinstance(link.now, Payment)
    dead = msgspec.structs.replace(link.now, active=False, state="DELETED")
    books.link = dataclasses.replace(link, now=dead)
    reference = dead.reference
    replayed = view(
        before, shown=[invoice("A"), dead], link=books.link, proven={reference: dead.id},
        done=frozenset({("payments", Action.CREATE, reference)}),
    )  # fmt: skip
    assert codes(Payments().plan(replayed)) == ["removed_there"]


def test_money_of_a_contact_merged_in_the_ledger_goes_to_the_other() -> None:
    other = guid(60)
    merged = msgspec.structs.replace(PARTIES[SMITH], active=False, merged_into=other)
    parties = {**PARTIES, SMITH: merged, other: Party(other, "customer", "Smith Inc", currency="USD")}
    decision = plan(payment("100", {}), ledger={"parties": parties})
    assert isinstance(decision, Write) and decision.steps[0].party_id == other


def test_a_credit_note_that_people_took_off_its_invoice_is_not_applied_again() -> None:
    books = posted(payment(type_="3"))
    [note] = books.live("credit_notes")
    books.change("credit_notes", note.id, allocations=(), balance=note.total)
    assert codes(books.version(payment("100", {"A": "100"}, "3", party=Ref("c2")))) == ["removed_there"]


def test_a_credit_note_that_people_applied_is_not_removed() -> None:
    books = posted(payment(type_="3"))
    [note] = books.live("credit_notes")
    books.change("credit_notes", note.id, allocations=(Allocation(guid(88), Ref(INVOICES["B"], number="B"), D(100)),))
    decision = books.version(payment(type_="3", active=False))
    assert codes(decision) == ["applied_by_hand"]


def test_what_is_not_shown_is_not_judged() -> None:
    books = posted(payment("100", {"A": "60", "B": "40"}))
    [second] = [one for one in books.live("payments") if one.reference.endswith("-B")]
    del books.shown["payments", second.id]
    assert codes(books.version(payment("60"))) == ["posted_unseen"]
    assert codes(books.version(payment("60"), gone=frozenset([("payments", second.id)]))) == ["gone_there"]


def test_a_payment_that_was_linked_by_hand_is_never_changed() -> None:
    there = msgspec.structs.replace(BY_HAND, reference="")
    link = Linked("payments", there.id, there, payment(), there)
    assert isinstance(plan(payment(memo="x"), link=link), Unchanged)
    decision = plan(payment("80"), link=link)
    assert codes(decision) == ["payment_not_ours"]
    assert isinstance(decision, Hold) and "amount 100.00 -> 80.00" in decision.waits[0].sentence
    assert codes(plan(payment(active=False), link=link)) == ["payment_not_ours"]
    gone = msgspec.structs.replace(there, active=False)
    assert isinstance(plan(payment(active=False), link=Linked("payments", there.id, there, payment(), gone)), Unchanged)


def test_a_payment_moved_before_the_start_is_held() -> None:
    books = posted(payment())
    assert codes(books.version(payment(date=dt.date(2025, 12, 31)))) == ["moved_before_start"]


def test_a_version_that_was_posted_in_part_is_completed_by_the_next() -> None:
    books = run()
    books.version(payment("100", {"A": "60", "B": "40"}), at_most=1)
    assert books.link is None and books.sent == [("create", "payments")]
    books.version(payment("110", {"A": "60", "B": "50"}))
    assert (books.paid("A"), books.paid("B")) == (60, 50) and len(books.live("payments")) == 2
    assert books.link is not None and books.link.source is not None


def test_a_version_that_was_posted_in_part_and_came_to_nothing_is_removed() -> None:
    books = run()
    books.version(payment("100", {"A": "60", "B": "40"}), at_most=1)
    assert books.link is None and len(books.live("payments")) == 1
    decision = books.version(payment("0", {}))
    assert told(decision) == [("void", "payments", D(0))] and not books.live("payments") and books.paid("A") == 0


def test_what_another_database_has_posted_is_linked_and_not_posted_again() -> None:
    before = payment("150", {"A": "60", "B": "40"})
    books = posted(before)
    first = books.link.target_id if books.link else ""
    books.link = None
    decision = books.version(before, first_seen_exported=True)
    assert decision == Adopt("payments", first, "created", "our own references, and all of it is there")
    assert books.sent == []
    books.version(payment("150", {"A": "60", "B": "90"}))
    assert (books.paid("A"), books.paid("B")) == (60, 90) and len(books.live("overpayments")) == 1


def test_a_credit_note_that_was_never_applied_is_applied_by_the_next_version() -> None:
    books = run()
    books.version(payment(type_="3"), at_most=1)
    assert books.paid("A") == 0
    decision = books.version(payment(type_="3", memo="again"))
    assert told(decision) == [("create", "allocations", D(100))] and books.paid("A") == 100
    assert books.link is not None and books.link.target_entity == "credit_notes"


def test_the_counterpart_is_replaced_when_it_is_made_anew() -> None:
    books = posted(payment())
    before = books.link.target_id if books.link else ""
    decision = books.version(payment("80"))
    assert isinstance(decision, Write) and decision.replaces == before and decision.main == 1
    assert books.link is not None and books.link.target_id != before


def test_the_same_view_gives_the_same_bytes() -> None:
    first, second = (plan(payment("100", {"A": "60"}), shown=OPEN) for _ in range(2))
    assert isinstance(first, Write) and isinstance(second, Write)
    assert plans.digest(first) == plans.digest(second)


def test_what_others_of_the_batch_need_changes_no_plan() -> None:
    links = {**LINKS, ("invoices", "other"): "new: invoices other", ("customers", "c9"): "new: customers c9"}
    assert plan(payment(), links=links, shown=OPEN) == plan(payment(), shown=OPEN)


# --- the table of payment types ------------------------------------------------------------------------------------

TABLE = PaymentTypeTable("payment_types", "ServiceTitan payment type id", "", "payment_types", "accounts", ("none",))


@pytest.mark.parametrize("value", ["", "account", "account:", "bank:1", "write-off", "fee: 1", "None"])
def test_a_row_that_makes_no_sense_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="is none of account:<id>, write-off:<id>, fee:<id>, none"):
        payment_rule(value)


def test_what_rows_name() -> None:
    assert TABLE.names("write-off:480") == (("accounts", "480"),) and TABLE.names(" none ") == ()
    assert TABLE.value_for("x") == "account:x" and TABLE.decided and TABLE.target_lists == ("accounts",)
    assert TABLE.with_id("fee:481", "accounts", "481", FEES) == f"fee:{FEES}"
    assert TABLE.with_id("fee:481", "accounts", "48", FEES) == "fee:481"
    assert TABLE.listed_key(ListEntry("7", "payment_type", "Cheque")) == "7"
    assert list(TABLE.shown_keys(payment(type_="3"))) == [("3", "Type 3")]
    assert list(TABLE.shown_keys(invoice("A"))) == []


def test_tax_and_shipping_of_orders_wait_for_one_row() -> None:
    table = OrderAccountTable("order_accounts", "", "", "", "accounts")
    assert table.freed_by("(tax)") == ("(tax)", "(none)") and table.freed_by("(none)") == ("(none)",)


# --- marking -------------------------------------------------------------------------------------------------------


def test_a_posted_payment_is_marked_as_exported() -> None:
    def plain(document: Payment) -> Decision:
        seen = view(document)
        return PaymentsExported().plan(dataclasses.replace(seen, compose=by_servicetitan))

    def by_servicetitan(action: Action, document: Any, reference: str) -> Any:
        return SERVICETITAN.compose(action, document, BOOKS, reference, {})

    numbered = msgspec.structs.replace(payment(), id="4711")
    decision = plain(numbered)
    assert isinstance(decision, Write)
    [step] = decision.steps
    assert (step.entity, step.action, step.target_id) == ("payments", Action.MARK_EXPORTED, "4711")
    assert body(step) == {"paymentIds": [4711], "status": "Exported"}
    assert isinstance(plain(msgspec.structs.replace(numbered, exported=True)), Unchanged)
    assert codes(plain(msgspec.structs.replace(numbered, posted=False, state="Pending"))) == ["payment_not_batched"]
    assert PaymentsExported.follows == "payments"
