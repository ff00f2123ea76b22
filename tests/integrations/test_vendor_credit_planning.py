"""Vendors' credits: made once, put on the bills they are on, and what becomes of them after that."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from bill_world import body, codes, line
from bill_world import view as bill_view
from vendor_credit_world import CREDIT, LINKS, OWED, credit, done, entered, on, plain, plan, posted, put, told

from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import BillState
from ml_connector.connectors.servicetitan import CONNECTOR
from ml_connector.connectors.writing import Action
from ml_connector.integrations.decisions import STAYS, Adopt, Hold, Skip, Unchanged, Write
from ml_connector.integrations.vendor_credit_flow import VendorCredits, VendorCreditsExported
from ml_connector.integrations.views import Made, Twin, placeholder

D = Decimal
CREATE, VOID = Action.CREATE, Action.VOID
MADE = ("vendor_credits", "create", "mlc-1", D(-60))
APPLIED = "mlc-1-applied-b1"


def applied(n: int, decision: object) -> dict[str, Any]:
    """The frame of a step that applies it."""
    assert isinstance(decision, Write)
    return dict(msgspec.json.decode(decision.steps[n].body))


# --- new -----------------------------------------------------------------------------------------------------------


def test_a_credit_of_a_return_is_made_and_put_on_its_bill() -> None:
    decision = plan(credit(on("b1", "40")))
    assert told(decision) == [MADE, ("allocations", "create", APPLIED, D(40))]
    sent = body(decision)
    assert (sent["vendor_credit_number"], sent["vendor_id"], sent["date"]) == ("CM-1", "zv1", "2026-06-20")
    [only] = sent["line_items"]
    assert only["account_id"] == "z5000" and D(str(only["quantity"])) * D(str(only["rate"])) == 60
    assert [tag["tag_option_id"] for tag in only["tags"]] == ["north"]
    frame = applied(1, decision)
    assert (frame["credit"], frame["id"]) == ("vendor_credits", placeholder("mlc-1"))
    assert (frame["allocation"]["bill_id"], D(str(frame["allocation"]["amount_applied"]))) == ("zb1", 40)


def test_one_that_is_on_nothing_is_made_alone() -> None:
    assert told(plan(CREDIT)) == [MADE]


def test_splits_on_one_bill_are_one_part_and_each_bill_gets_its_own() -> None:
    second = msgspec.structs.replace(OWED, id="zb2", number="INV-2")
    around: dict[str, Any] = {
        "links": {**LINKS, ("bills", "b2"): "zb2"},
        "at_target": {("bills", "zb1"): OWED, ("bills", "zb2"): second},
    }
    decision = plan(credit(on("b1", "10"), on("b2", "5", "s2"), on("b1", "15", "s3")), **around)
    assert told(decision)[1:] == [
        ("allocations", "create", APPLIED, D(25)),
        ("allocations", "create", "mlc-1-applied-b2", D(5)),
    ]


def test_between_its_steps_the_plan_stays_the_same() -> None:
    document = credit(on("b1", "40"))
    first = plan(document)
    there = entered(first)
    shown = {("bills", "zb1"): OWED, ("vendor_credits", "zc1"): there}
    went = done(("vendor_credits", CREATE, "mlc-1", "zc1"))
    after = plan(document, at_target=shown, **went)
    assert told(after) == told(first)
    assert applied(1, after)["id"] == "zc1", "the id that the ledger has given"
    less = msgspec.structs.replace(OWED, balance=D(0))
    went = done(("vendor_credits", CREATE, "mlc-1", "zc1"), ("allocations", CREATE, APPLIED, "za1"))
    last = plan(document, at_target={**shown, ("bills", "zb1"): less}, **went)
    assert told(last) == told(first), "what it has settled itself holds nothing"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"brings": frozenset(["vendors"]), "links": {("vendors", "v1"): "zv1"}}, "credited_bill_flow_off"),
        ({"links": {("vendors", "v1"): "zv1"}}, "credited_bill_pending"),
        ({"at_target": {("bills", "zb1"): msgspec.structs.replace(OWED, balance=D(39))}}, "credited_bill_closed"),
        (
            {"at_target": {("bills", "zb1"): msgspec.structs.replace(OWED, state=BillState.CANCELED)}},
            "credited_bill_closed",
        ),
        ({"at_target": {("bills", "zb1"): msgspec.structs.replace(OWED, vendor=Ref("zv4"))}}, "credited_other_vendor"),
        ({"at_target": {("bills", "zb1"): msgspec.structs.replace(OWED, currency="CAD")}}, "currency_differs"),
    ],
)
def test_it_waits_for_its_bills(changes: dict[str, Any], why: str) -> None:
    assert codes(plan(credit(on("b1", "40")), **changes)) == [why]


def test_it_asks_for_the_bill_and_the_vendor_where_nothing_else_is_missing() -> None:
    asked = frozenset([("bills", "b1"), ("vendors", "v1")])
    decision = plan(credit(on("b1", "40")), links={}, asked=asked)
    assert isinstance(decision, Hold)
    assert set(decision.asks_for) == asked
    assert codes(decision) == ["vendor_pending", "credited_bill_pending"]


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("credited_bill_pending", {"links": {("vendors", "v1"): "zv1"}}),
        ("credited_bill_closed", {"at_target": {("bills", "zb1"): msgspec.structs.replace(OWED, balance=D(1))}}),
    ],
)
def test_released_it_is_posted_and_that_part_stays_open(code: str, changes: dict[str, Any]) -> None:
    decision = plan(credit(on("b1", "40")), released=frozenset([code]), **changes)
    assert told(decision) == [MADE]
    assert isinstance(decision, Write)
    assert "40.00 USD of it stays open: it is not applied to bill INV-1" in decision.notes


def test_a_preview_shows_what_is_to_be_put_on_a_bill_to_come() -> None:
    decision = plan(credit(on("b1", "40")), links={**LINKS, ("bills", "b1"): "new: bills b1"}, at_target={})
    assert isinstance(decision, Write)
    assert decision.placeholders == ("new: bills b1",)


# --- what it needs, as bills do ------------------------------------------------------------------------------------


def test_without_a_return_it_is_one_line_on_the_account_of_the_settings() -> None:
    assert codes(plan(plain())) == ["plain_credit"]
    decision = plan(plain(), settings={"plain_credit_account": "z7000"})
    assert [one["account_id"] for one in body(decision)["line_items"]] == ["z7000"]
    assert codes(plan(plain(), settings={"plain_credit_account": "z9000"})) == ["account_inactive"]


def test_tax_and_freight_come_back_by_the_rows_and_settings_of_bills() -> None:
    taxed = credit(total="-66", tax="-5", shipping=D(-1))
    assert codes(plan(taxed)) == ["tax_without_zone", "freight_unmapped"]
    around: dict[str, Any] = {
        "tables": {"tax": {"(no zone)": "account:z6000"}},
        "settings": {"freight_account": "z7000"},
    }
    sent = {one["account_id"]: D(str(one["rate"])) * D(str(one["quantity"])) for one in
            body(plan(taxed, **around))["line_items"]}  # fmt: skip
    assert sent == {"z5000": 60, "z6000": 5, "z7000": 1}


@pytest.mark.parametrize(
    ("changes", "around", "why"),
    [
        ({"complete": False, "lines": (), "hidden_by": "tn.inv.returns:r"}, {}, "hidden_lines"),
        ({"lines": (line("-64", id="r1"),)}, {}, "does_not_tie"),
        ({"lines": (line("-60", account=Ref("", "Odd", "9"), id="r1"),)}, {}, "account_unmapped"),
        ({"date": None}, {}, "no_date"),
        ({}, {"settings": {"closed_through": dt.date(2026, 6, 30)}}, "period_closed"),
        ({}, {"first_seen_exported": True}, "already_exported"),
    ],
)
def test_it_is_held_as_bills_are(changes: dict[str, Any], around: dict[str, Any], why: str) -> None:
    assert why in codes(plan(credit(**changes), **around))


def test_in_a_closed_period_it_goes_on_the_first_open_day_where_the_settings_say_so() -> None:
    around = {"closed_through": dt.date(2026, 6, 30), "closed_period": "first open day"}
    assert body(plan(CREDIT, settings=around))["date"] == "2026-07-01"


@pytest.mark.parametrize(
    ("changes", "settings", "why"),
    [
        ({"state": BillState.CANCELED}, {}, "canceled"),
        ({"active": False}, {}, "canceled"),
        ({}, {"start_date": dt.date(2026, 7, 1)}, "before_start"),
        ({}, {"gate": "posted"}, "not_yet"),
        ({}, {"business_units": ("bu2",)}, "out_of_scope"),
        ({"total": "0", "lines": ()}, {}, "zero"),
    ],
)
def test_it_is_passed_over_by_the_rules_of_bills(changes: dict[str, Any], settings: dict[str, Any], why: str) -> None:
    decision = plan(credit(**changes), settings=settings)
    assert isinstance(decision, Skip) and decision.code == why


def test_the_source_and_the_date_of_bills_are_not_asked_of_credits() -> None:
    decision = plan(CREDIT, settings={"bill_source": "receipts", "bill_date": "post date"})
    assert told(decision) == [MADE]
    assert told(plan(credit(state=BillState.POSTED), settings={"gate": "posted"})) == [MADE]


@pytest.mark.parametrize(("total", "why"), [("-60", "same_number_same_total"), ("-61", "same_number_other_total")])
def test_a_number_is_the_vendors_own_and_goes_once(total: str, why: str) -> None:
    twin = Twin("Zoho Books", "zc9", "CM-1", D(total), "open of 2026-06-01, id zc9", False, "vendor_credits")
    decision = plan(CREDIT, twins=(twin,))
    assert codes(decision) == [why]
    assert isinstance(decision, Hold)
    [wait] = decision.waits
    assert "already has vendor credit CM-1" in wait.sentence
    assert "vendor_credit_numbers" in wait.action and wait.key == "vendor_credit_numbers:c1"
    given = {"vendor_credit_numbers": {"c1": "CM-1A"}}
    assert body(plan(CREDIT, tables=given))["vendor_credit_number"] == "CM-1A"


# --- what it is applied to, later ----------------------------------------------------------------------------------


def test_what_is_applied_later_follows_and_nothing_else_moves() -> None:
    decision = plan(credit(on("b1", "40")), **posted(CREDIT))
    assert told(decision) == [("allocations", "create", APPLIED, D(40))]
    assert isinstance(decision, Write) and decision.main == STAYS


def test_more_of_it_on_the_same_bill_is_one_more_part() -> None:
    decision = plan(credit(on("b1", "50")), **posted(credit(on("b1", "40")), put("za1", "40")))
    assert told(decision) == [("allocations", "create", f"{APPLIED}+1", D(10))]


def test_what_is_taken_off_its_bill_is_taken_off_there() -> None:
    there = posted(credit(on("b1", "40")), put("za1", "40"))
    decision = plan(CREDIT, **there)
    assert told(decision) == [("allocations", "void", APPLIED, D(40))]
    moved = plan(credit(on("b2", "40")), **{**there, "links": {**LINKS, ("bills", "b2"): "zb2"}})
    assert [one[:3] for one in told(moved)] == [
        ("allocations", "void", APPLIED),
        ("allocations", "create", "mlc-1-applied-b2"),
    ]


def test_what_others_have_applied_counts_and_is_never_taken_off() -> None:
    by_hand = posted(CREDIT, put("zx1", "40"), others=("zx1",))
    assert isinstance(plan(credit(on("b1", "40")), **by_hand), Unchanged)
    elsewhere = posted(CREDIT, put("zx1", "40", "zb7"), others=("zx1",))
    assert codes(plan(credit(on("b1", "40")), **elsewhere)) == ["vendor_credit_applied_by_hand"]
    assert told(plan(credit(on("b1", "20")), **elsewhere)) == [("allocations", "create", APPLIED, D(20))]
    given_back = posted(CREDIT, balance=D(-30))
    assert codes(plan(credit(on("b1", "40")), **given_back)) == ["vendor_credit_used_up"]


def test_what_people_have_taken_off_is_not_put_back() -> None:
    there = posted(credit(on("b1", "40")), put("za1", "40"), credits=(), balance=D(-60))
    decision = plan(credit(on("b1", "45")), **there)
    assert codes(decision) == ["vendor_credit_taken_off"]
    assert isinstance(plan(credit(on("b1", "40")), **there), Unchanged), "nothing has changed in ServiceTitan"


def test_known_by_a_list_alone_it_is_read_first() -> None:
    there = posted(CREDIT, complete=False, lines=())
    assert codes(plan(credit(on("b1", "40")), **there)) == ["counterpart_unread"]
    assert isinstance(plan(CREDIT, **there), Unchanged)


def test_one_that_others_have_entered_is_put_on_its_bills_and_never_changed() -> None:
    there = posted(CREDIT, reference="")
    base = msgspec.structs.replace(there["link"].base, reference="")
    there["link"] = dataclasses.replace(there["link"], base=base)
    assert told(plan(credit(on("b1", "40")), **there)) == [("allocations", "create", APPLIED, D(40))]
    decision = plan(credit(total="-70", lines=(line("-70", id="r1"),)), **there)
    assert codes(decision) == ["changed_after_posting"]


def test_nothing_is_put_on_a_bill_in_a_closed_period_unless_an_approver_lets_it_go() -> None:
    later, there = credit(on("b1", "40")), posted(CREDIT)
    closed: dict[str, Any] = {"settings": {"closed_through": dt.date(2026, 6, 21)}}
    assert codes(plan(later, **there, **closed)) == ["period_closed"]
    locked = {
        "organisation": msgspec.structs.replace(
            bill_view(CREDIT).ledger.organisation, locked_through=dt.date(2026, 6, 21)
        )
    }
    assert codes(plan(later, **there, ledger=locked)) == ["period_closed"]
    released = plan(later, **there, **closed, released=frozenset(["period_closed"]))
    assert told(released) == [("allocations", "create", APPLIED, D(40))]
    open_ = {"settings": {"closed_through": dt.date(2026, 6, 20)}}
    assert told(plan(later, **there, **open_)) == told(released), (
        "the credit is dated in it, what is put on the bill is not"
    )
    assert isinstance(plan(CREDIT, **there, **closed), Unchanged)


def test_nothing_is_taken_off_a_bill_in_a_closed_period() -> None:
    there = posted(credit(on("b1", "40")), put("za1", "40"))
    closed: dict[str, Any] = {"settings": {"closed_through": dt.date(2026, 6, 22)}}
    decision = plan(CREDIT, **there, **closed, released=frozenset(["period_closed"]))
    assert codes(decision) == ["change_in_closed_period"]
    open_ = {"settings": {"closed_through": dt.date(2026, 6, 21)}}
    assert told(plan(CREDIT, **there, **open_)) == [("allocations", "void", APPLIED, D(40))]
    undated = msgspec.structs.replace(put("za1", "40"), date=None)
    there = posted(credit(on("b1", "40")), undated)
    assert told(plan(CREDIT, **there)) == [("allocations", "void", APPLIED, D(40))]
    assert codes(plan(CREDIT, **there, settings={"closed_through": dt.date(2026, 6, 20)})) == [
        "change_in_closed_period"
    ]


def test_a_cancelled_one_that_is_on_a_bill_in_a_closed_period_stays() -> None:
    moved = credit(on("b1", "60"), date=dt.date(2026, 7, 2))
    there = posted(moved, put("za1", "60"), state=BillState.PAID)
    cancelled = msgspec.structs.replace(moved, state=BillState.CANCELED)
    assert codes(plan(cancelled, **there, settings={"closed_through": dt.date(2026, 6, 30)})) == [
        "change_in_closed_period"
    ]


# --- what has changed ----------------------------------------------------------------------------------------------


def test_a_change_goes_whole_while_nothing_stands_on_it_and_then_it_is_applied() -> None:
    dearer = credit(on("b1", "40"), total="-70", lines=(line("-70", id="r1"),))
    decision = plan(dearer, **posted(CREDIT))
    assert told(decision) == [
        ("vendor_credits", "update", "mlc-1", D(-70)),
        ("allocations", "create", APPLIED, D(40)),
    ]
    [only] = body(decision)["line_items"]
    assert D(str(only["rate"])) * D(str(only["quantity"])) == 70
    there = posted(CREDIT, put("za1", "40"), total=D(-70), balance=D(-30), lines=posted_lines("-70"))
    went = done(("vendor_credits", Action.UPDATE, "mlc-1", "zc1"), ("allocations", CREATE, APPLIED, "za1"))
    there["made"].pop(APPLIED)
    assert told(plan(dearer, **there, **went)) == told(decision), "between its steps the plan stays the same"


def posted_lines(amount: str) -> tuple[Any, ...]:
    """The ledger's lines once the change has arrived."""
    base = posted(CREDIT)["link"].base
    return tuple(msgspec.structs.replace(one, amount=D(amount)) for one in base.lines)


def test_what_is_applied_or_not_ours_or_void_is_held_with_both_versions() -> None:
    dearer = credit(on("b1", "40"), total="-70", lines=(line("-70", id="r1"),))
    settled = plan(dearer, **posted(credit(on("b1", "40")), put("za1", "40")))
    assert codes(settled) == ["changed_after_posting"]
    assert isinstance(settled, Hold)
    [wait] = settled.waits
    assert "CM-1 of 2026-06-20 over -60.00 USD" in wait.sentence
    assert "40.00 USD of it is paid or credited there" in wait.sentence
    assert codes(plan(dearer, **posted(CREDIT, state=BillState.CANCELED, active=False))) == ["changed_after_posting"]
    void = posted(CREDIT, state=BillState.CANCELED, active=False)
    assert codes(plan(credit(on("b1", "40")), **void)) == ["changed_after_posting"]
    other = credit(total="-60", vendor=Ref("v2", "Other"))
    assert codes(plan(other, **posted(CREDIT))) == ["changed_after_posting"]


def test_one_that_is_cancelled_is_taken_off_and_voided() -> None:
    cancelled = credit(state=BillState.CANCELED)
    assert told(plan(cancelled, **posted(CREDIT))) == [("vendor_credits", "void", "mlc-1", D(-60))]
    there = posted(credit(on("b1", "60")), put("za1", "60"), state=BillState.PAID)
    decision = plan(cancelled, **there)
    assert [one[:3] for one in told(decision)] == [
        ("allocations", "void", APPLIED),
        ("vendor_credits", "void", "mlc-1"),
    ]
    assert isinstance(decision, Write) and decision.main == 1
    off = posted(credit(on("b1", "60")), put("za1", "60"), credits=(), balance=D(-60))
    went = done(("allocations", VOID, APPLIED, "za1"))
    assert told(plan(cancelled, **off, **went)) == [("vendor_credits", "void", "mlc-1", D(-60))]


def test_a_cancelled_one_that_others_have_used_is_held() -> None:
    cancelled = credit(state=BillState.CANCELED)
    there = posted(CREDIT, put("zx1", "40"), others=("zx1",))
    assert codes(plan(cancelled, **there)) == ["canceled_after_posting"]
    assert codes(plan(cancelled, **posted(CREDIT, balance=D(-30)))) == ["canceled_after_posting"], "given back"
    closed = {"settings": {"closed_through": dt.date(2026, 6, 30)}}
    assert codes(plan(cancelled, **posted(CREDIT), **closed)) == ["change_in_closed_period"]
    void = posted(CREDIT, state=BillState.CANCELED, active=False)
    assert isinstance(plan(cancelled, **void), Unchanged)


# --- what broke off ------------------------------------------------------------------------------------------------


def broken_off(document: Any, **changes: Any) -> dict[str, Any]:
    """A version made the credit and came no further."""
    there = msgspec.structs.replace(entered(plan(document)), **changes)
    return {
        "made": {"mlc-1": Made("vendor_credits", "zc1")},
        "at_target": {("bills", "zb1"): OWED, ("vendor_credits", "zc1"): there},
    }


def test_what_an_earlier_version_has_made_goes_on_and_is_not_made_again() -> None:
    begun = broken_off(CREDIT)
    assert told(plan(credit(on("b1", "40")), **begun)) == [("allocations", "create", APPLIED, D(40))]
    linked = plan(CREDIT, **begun)
    assert isinstance(linked, Adopt) and (linked.target_id, linked.origin) == ("zc1", "created")
    assert codes(plan(credit(total="-70", lines=(line("-70", id="r1"),)), **begun)) == ["conflict"]
    assert told(plan(credit(state=BillState.CANCELED), **begun)) == [("vendor_credits", "void", "mlc-1", D(-60))]
    assert codes(plan(CREDIT, **broken_off(CREDIT, complete=False))) == ["counterpart_unread"]


# --- the mark, and what the flow is --------------------------------------------------------------------------------


def test_the_mark_is_of_ap_credits_and_none_of_cancelled_ones() -> None:
    def composed(action: Action, document: Any, reference: str) -> Any:
        return CONNECTOR.compose(action, document, bill_view(CREDIT).source, reference, {})

    document = credit(id="77")
    decision = VendorCreditsExported().plan(bill_view(document, compose=composed))
    assert isinstance(decision, Write)
    [step] = decision.steps
    assert (step.entity, step.action, step.target_id) == ("ap_credits", Action.MARK_EXPORTED, "77")
    assert msgspec.json.decode(step.body) == [{"apCreditId": 77}]
    cancelled = VendorCreditsExported().plan(bill_view(credit(id="77", state=BillState.CANCELED), compose=composed))
    assert isinstance(cancelled, Skip) and cancelled.code == "canceled"


def test_it_needs_its_vendor_first_and_then_its_bills() -> None:
    flow = VendorCredits()
    document = credit(on("b1", "10"), on("b2", "5", "s2"), on("b1", "1", "s3"))
    assert flow.needs_links(document, None) == (("vendors", "v1"), ("bills", "b1"), ("bills", "b2"))  # type: ignore[arg-type]
    assert flow.goes_on(document, "vendor_credits") and not flow.goes_on(CREDIT, "vendor_credits")
    assert flow.target_entity(document) == "vendor_credits"
