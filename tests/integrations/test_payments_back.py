"""Payments of Zoho Books on their way back: what goes, on what, and why the others wait or are passed over."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import msgspec
import pytest
from back_payment_world import ON, REFERENCE, SETTINGS, D, behind, paid, plan, sold
from bill_world import codes
from zoho_sales_world import sent, step

from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Payment
from ml_connector.integrations.decisions import Hold, Unchanged, Write
from ml_connector.integrations.payments_back import PaymentsBack
from ml_connector.integrations.views import Linked

PART = msgspec.structs.replace(SETTINGS, payments_back_mixed="part")
TWIN = Payment("p9", Ref("c1"), D(100), date=ON + dt.timedelta(days=3))


def on(payment: Payment) -> dict[str, Any]:
    return {one.document.id: one.amount for one in payment.splits}


def test_a_cheque_becomes_a_payment_of_the_invoices_customer() -> None:
    decision = plan(paid("150", {"z1": "100", "z2": "50"}))
    made, one = sent(decision), step(decision)
    assert (made.party.id, made.amount, made.date, made.method.id, made.number) == ("c1", 150, ON, "3", "CHK 77")
    assert on(made) == {"1": 100, "2": 50} and made.unapplied == 0
    assert (one.entity, one.reference, one.party_id, one.total, one.date) == ("payments", REFERENCE, "c1", 150, ON)
    assert isinstance(decision, Write) and decision.target_entity == "payments" and decision.notes == ()


def test_what_people_note_on_a_payment_stays_in_zoho() -> None:
    assert sent(plan(paid(memo="by post, spoke to Jane"))).memo == ""


def test_two_parts_on_one_invoice_are_one_share() -> None:
    parts = tuple(Allocation(f"s{n}", Ref("z1"), D(20)) for n in range(2))
    assert on(sent(plan(paid("40", splits=parts, unapplied=D(0))))) == {"1": 40}


def test_what_is_on_no_invoice_goes_along_as_credit_and_is_told() -> None:
    decision = plan(paid("120", {"z1": "100"}))
    assert (sent(decision).amount, sent(decision).unapplied) == (120, 20)
    assert isinstance(decision, Write) and "20.00 USD" in decision.notes[0] and "credit" in decision.notes[0]


def test_a_share_alone_goes_where_that_is_set() -> None:
    mixed = paid("150", {"z1": "100", "z9": "30"})
    held = plan(mixed)
    assert codes(held) == ["payment_back_mixed"] and isinstance(held, Hold)
    assert (held.waits[0].kind, held.waits[0].key) == ("link", "invoices@z9") and "30.00 USD" in held.waits[0].sentence
    decision = plan(mixed, settings=PART)
    assert (sent(decision).amount, on(sent(decision)), sent(decision).unapplied) == (100, {"1": 100}, 0)
    assert isinstance(decision, Write) and "50.00 USD" in decision.notes[0]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reference": "servicetitan-1-payments-7"}, "payment_back_ours"),
        ({"active": False}, "payment_back_reversed"),
        ({"date": dt.date(2025, 12, 31)}, "payment_back_before_start"),
        ({"splits": (), "unapplied": D(100)}, "payment_back_unapplied"),
        ({"splits": (Allocation("s", Ref("z9"), D(100)),)}, "payment_back_elsewhere"),
        ({"method": Ref(name="CARD ")}, "payment_back_by_rule"),
    ],
)
def test_what_is_passed_over(changes: dict[str, Any], code: str) -> None:
    assert codes(plan(paid(**changes))) == [code]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"method": Ref(name="Wire")}, "payment_mode_unmapped"),
        ({"method": Ref()}, "payment_mode_unmapped"),
        ({"method": Ref(name="Old")}, "payment_mode_unusable"),
        ({"method": Ref(name="Gone")}, "payment_mode_unusable"),
        ({"date": None}, "payment_back_without_date"),
        ({"unapplied": D(5)}, "payment_back_does_not_tie"),
    ],
)
def test_what_waits_for_the_payment_itself(changes: dict[str, Any], code: str) -> None:
    held = plan(paid(**changes))
    assert codes(held) == [code] and isinstance(held, Hold)
    if code == "payment_mode_unmapped":
        assert held.waits[0].key in ("payment_modes:wire", "payment_modes:(no mode)")


def test_nothing_goes_into_a_closed_period_unless_it_is_released() -> None:
    closed = msgspec.structs.replace(SETTINGS, closed_through=ON)
    assert codes(plan(paid(), settings=closed)) == ["period_closed"]
    assert sent(plan(paid(), settings=closed, released=frozenset(["period_closed"]))).date == ON
    assert isinstance(plan(paid(date=ON + dt.timedelta(days=1)), settings=closed), Write)


def test_what_waits_for_its_invoices() -> None:
    both = paid("150", {"z1": "100", "z2": "50"})
    other = sold("2", customer=Ref("c2", "June Doe"))
    assert codes(plan(both, behind=behind(z1=sold("1"), z2=other))) == ["payment_back_customers"]
    assert codes(plan(both, behind=behind(z1=sold("1"), z2=None))) == ["payment_back_unread"]
    assert codes(plan(both, behind=behind(z1=sold("1"), z2=sold("2", active=False)))) == ["payment_back_invoice_void"]
    little = behind(z1=sold("1", balance=D(99)), z2=sold("2", balance=None))
    assert codes(plan(both, behind=little)) == ["payment_back_exceeds"]
    assert sent(plan(both, behind=little, released=frozenset(["payment_back_exceeds"]))).amount == 150


def test_everything_that_is_missing_is_told_at_once() -> None:
    held = plan(paid(method=Ref(name="Wire"), unapplied=D(5)), behind=behind(z1=sold("1", active=False)))
    assert sorted(codes(held)) == ["payment_back_does_not_tie", "payment_back_invoice_void", "payment_mode_unmapped"]


@pytest.mark.parametrize(
    ("changes", "alike"),
    [
        ({}, True),
        ({"date": ON + dt.timedelta(days=8)}, False),
        ({"amount": D(99)}, False),
        ({"party": Ref("c2")}, False),
        ({"active": False}, False),
        ({"reference": REFERENCE}, False),
    ],
)
def test_what_somebody_has_entered_on_both_sides_waits_for_a_person(changes: dict[str, Any], alike: bool) -> None:
    there = {("payments", "p9"): msgspec.structs.replace(TWIN, **changes)}
    decision = plan(paid(), at_target=there)
    assert codes(decision) == (["payment_back_twin"] if alike else [])
    assert isinstance(plan(paid(), at_target=there, released=frozenset(["payment_back_twin"])), Write)


# --- once it is there --------------------------------------------------------------------------------------------

THERE = Payment(
    "p5", Ref("c1"), D(100), date=ON, method=Ref("3", "Check"), splits=(Allocation("x", Ref("1", number="n1"), D(100)),)
)  # fmt: skip


def linked(now: Payment | None = THERE, *, mirrored: bool = True) -> Linked:
    return Linked("payments", "p5", THERE, paid(), now, mirrored)


def test_one_that_came_from_servicetitan_is_left_to_the_flow_that_brought_it() -> None:
    for payment in (paid(), paid("77"), paid(active=False)):
        assert plan(payment, link=linked(mirrored=False)) == Unchanged()


@pytest.mark.parametrize("changes", [{}, {"memo": "by post"}, {"number": "CHK 78"}, {"stamp": "later"}])
def test_words_and_numbers_change_nothing(changes: dict[str, Any]) -> None:
    assert plan(paid(**changes), link=linked()) == Unchanged()


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (paid("90"), ("amount 100.00 USD -> 90.00 USD", "invoices Nz1 100.00 -> Nz1 90.00")),
        (paid(date=dt.date(2026, 6, 10)), ("date 2026-06-09 -> 2026-06-10",)),
        (paid(on={"z2": "100"}), ("invoices Nz1 100.00 -> Nz2 100.00",)),
        (paid(method=Ref(name="Cash")), ("mode Check -> Cash",)),
    ],
)
def test_a_change_is_held_with_both_versions(after: Payment, told: tuple[str, ...]) -> None:
    held = plan(after, link=linked())
    assert codes(held) == ["payment_back_changed"] and isinstance(held, Hold)
    assert all(words in held.waits[0].sentence for words in told), held
    assert "payment p5" in held.waits[0].sentence and "100.00 of 2026-06-09 on invoices n1" in held.waits[0].sentence
    assert (held.waits[0].kind, held.waits[0].key) == ("fact", "payments:p5")


def test_a_change_that_somebody_has_made_there_too_needs_nobody() -> None:
    same = msgspec.structs.replace(THERE, amount=D(90), splits=(Allocation("x", Ref("1"), D(90)),))
    assert plan(paid("90"), link=linked(same)) == Unchanged()
    other = msgspec.structs.replace(same, date=dt.date(2026, 6, 1))
    assert codes(plan(paid("90"), link=linked(other))) == ["payment_back_changed"]


def test_going_back_to_what_was_entered_is_held_where_it_was_corrected_meanwhile() -> None:
    """100 was entered, Zoho's became 90, people made ServiceTitan's 90, and Zoho's is 100 again."""
    corrected = msgspec.structs.replace(THERE, amount=D(90), splits=(Allocation("x", Ref("1", number="n1"), D(90)),))
    held = plan(paid(), link=linked(corrected))
    assert codes(held) == ["payment_back_changed"] and isinstance(held, Hold)
    assert "as it was then" in held.waits[0].sentence and "90.00 of 2026-06-09" in held.waits[0].sentence
    assert plan(paid(), link=linked(THERE)) == plan(paid("90"), link=linked(corrected)) == Unchanged()
    assert plan(paid(), link=linked(corrected, mirrored=False)) == Unchanged()


def test_a_share_that_is_servicetitans_later_is_told_until_somebody_enters_it() -> None:
    """100 on invoice 1 went; the 20 on an invoice of Zoho's alone did not, and that one is linked with invoice 2 now."""
    both = paid("120", {"z1": "100", "z2": "20"})
    entered = Linked("payments", "p5", THERE, both, THERE, mirrored=True)
    apart = {"link": entered, "behind": behind(z1=sold("1"))}
    assert plan(both, **apart) == Unchanged()
    held = plan(both, link=entered)
    assert codes(held) == ["payment_back_changed"] and isinstance(held, Hold)
    assert "linked with ServiceTitan's now" in held.waits[0].sentence and "Nz2 20.00" in held.waits[0].sentence
    splits = (*THERE.splits, Allocation("y", Ref("2"), D(20)))
    mended = dataclasses.replace(entered, now=msgspec.structs.replace(THERE, amount=D(120), splits=splits))
    assert plan(both, link=mended) == Unchanged()
    came = dataclasses.replace(entered, mirrored=False)
    assert plan(both, link=came) == Unchanged()


def test_an_increase_that_was_dismissed_is_not_taken_for_a_share() -> None:
    """100 was entered, Zoho's became 120, and a person dismissed that: the 20 stand in ServiceTitan by themselves."""
    agreed = Linked("payments", "p5", THERE, paid("120"), THERE, mirrored=True, dismissed=True)
    assert plan(paid("120", memo="by post"), link=agreed) == Unchanged()
    held = plan(paid("130"), link=agreed)
    assert codes(held) == ["payment_back_changed"] and isinstance(held, Hold)
    assert "amount 120.00 USD -> 130.00 USD" in held.waits[0].sentence
    assert "linked with" not in held.waits[0].sentence


def test_a_share_that_was_dismissed_is_asked_about_again_only_as_it_changes() -> None:
    both = paid("120", {"z1": "100", "z2": "20"})
    agreed = Linked("payments", "p5", THERE, both, THERE, mirrored=True, dismissed=True)
    assert plan(msgspec.structs.replace(both, stamp="later"), link=agreed) == Unchanged()
    assert codes(plan(paid("130", {"z1": "100", "z2": "30"}), link=agreed)) == ["payment_back_changed"]


def test_a_deletion_is_held_until_it_is_deleted_there_too() -> None:
    held = plan(paid(active=False), link=linked())
    assert codes(held) == ["payment_back_deleted"] and isinstance(held, Hold) and "p5" in held.waits[0].action
    for gone in (None, msgspec.structs.replace(THERE, active=False)):
        assert plan(paid(active=False), link=linked(gone)) == Unchanged()


def test_what_it_looks_back_at() -> None:
    assert PaymentsBack().looks_back(paid("30", {"z1": "10", "z2": "20"}), SETTINGS) == (
        ("invoices", "invoices", "z1"), ("invoices", "invoices", "z2"),
    )  # fmt: skip
