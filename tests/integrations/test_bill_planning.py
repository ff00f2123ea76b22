"""Every rule of the bills flow: what passes, what waits and why, what is passed over."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from bill_world import (
    BILL,
    BOOKS,
    LINE,
    SETTINGS,
    TAGS,
    VENDORS,
    amounts,
    bill,
    body,
    codes,
    line,
    plan,
    view,
)

from ml_connector.canonical.master_data import Dimension
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillState, LineKind
from ml_connector.connectors.writing import Action
from ml_connector.integrations.bill_flow import Bills, BillsExported
from ml_connector.integrations.bill_settings import Settings
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Unchanged, Write
from ml_connector.integrations.views import Linked, Twin
from ml_connector.sync import plan as plans

D = Decimal
DAY = dt.timedelta(days=1)


def test_a_good_bill_goes_as_it_is() -> None:
    decision = plan(BILL)
    assert isinstance(decision, Write)
    [step] = decision.steps
    assert (step.entity, step.action, step.reference) == ("bills", Action.CREATE, "mlc-1")
    assert (step.party_id, step.number, step.total, step.currency) == ("zv1", "INV-1", D(100), "USD")
    sent = body(decision)
    assert (sent["vendor_id"], sent["bill_number"], sent["date"], sent["due_date"]) == (
        "zv1", "INV-1", "2026-06-09", "2026-07-09",
    )  # fmt: skip
    [one] = sent["line_items"]
    assert (one["quantity"], one["rate"], one["account_id"]) == (4, 25, "z5000")
    assert one["description"] == "Job J-100: Compressor"
    assert one["tags"] == [{"tag_id": "unit", "tag_option_id": "north"}]
    assert "billable" not in str(sent)


# --- passed over ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "settings", "code"),
    [
        ({"active": False}, {}, "canceled"),
        ({"state": BillState.CANCELED}, {}, "canceled"),
        ({"date": dt.date(2025, 12, 31)}, {}, "before_start"),
        ({"post_date": dt.date(2025, 12, 31)}, {"bill_date": "post date"}, "before_start"),
        ({}, {"gate": "reconciled"}, "not_yet"),
        ({"state": BillState.RECONCILED}, {"gate": "posted"}, "not_yet"),
        ({"state": BillState.UNKNOWN}, {"gate": "posted"}, "not_yet"),
        ({"source_kind": "receipt", "own_bill": Ref("b7")}, {"bill_source": "receipts"}, "has_bill"),
        ({"source_kind": "receipt", "own_bill": Ref("b7")}, {}, "other_source"),
        ({}, {"bill_source": "receipts"}, "other_source"),
        ({"total": "0", "lines": ()}, {}, "zero"),
        ({"total": "0", "discount": "100"}, {}, "zero"),
        ({}, {"business_units": ("bu2",)}, "out_of_scope"),
        ({"business_unit": Ref()}, {"business_units": ("bu2",)}, "out_of_scope"),
    ],
)
def test_what_is_passed_over(changes: dict[str, Any], settings: dict[str, Any], code: str) -> None:
    assert codes(plan(bill(**changes), settings=settings)) == [code]


@pytest.mark.parametrize(
    ("changes", "settings"),
    [
        ({"date": dt.date(2026, 1, 1)}, {}),
        ({"state": BillState.RECONCILED}, {"gate": "reconciled"}),
        ({"state": BillState.POSTED}, {"gate": "posted"}),
        ({"state": BillState.POSTED}, {}),
        ({"state": BillState.UNKNOWN}, {"unseen_status": "post"}),
        ({}, {"business_units": ("bu1",)}),
    ],
)
def test_what_passes_the_gates(changes: dict[str, Any], settings: dict[str, Any]) -> None:
    assert isinstance(plan(bill(**changes), settings=settings), Write)


@pytest.mark.parametrize(
    ("settings", "scopes", "says"),
    [
        ({}, (), "set unseen_status to post to confirm"),
        ({"gate": "reconciled"}, (), "set gate to received or posted"),
        ({"gate": "reconciled", "unseen_status": "post"}, (), "set gate to received or posted"),
        ({"unseen_status": "post"}, (), ""),
        ({"gate": "posted"}, (), ""),
        ({"bill_source": "receipts"}, (), ""),
        ({}, ("tn.acc.apbills:r",), ""),
    ],
)
def test_what_keeps_the_flow_from_going_live(settings: dict[str, Any], scopes: tuple[str, ...], says: str) -> None:
    told = Bills().not_live(msgspec.structs.replace(SETTINGS, **settings), scopes)
    assert says in told and bool(told) == bool(says)


def test_receipts_are_never_reconciled() -> None:
    with pytest.raises(ValueError, match="gate must be received or posted"):
        Settings(start_date=EARLY, bill_source="receipts", gate="reconciled")


def test_a_bill_of_zero_whose_lines_are_not_zero_is_no_zero_bill() -> None:
    assert codes(plan(bill(total="0"))) == ["does_not_tie"]


# --- waits, one by one ---------------------------------------------------------------------------------------------

AP = "tn.acc.apbills:r"
SCOPED = "The lines do not add up: the ServiceTitan scope tn.acc.apbills:r is missing; add it in the portal."
ELSEWHERE = "The lines do not add up, and ServiceTitan shows no AP bill with this id: look for expense lines."
UNSEEN = "Without the ServiceTitan scope tn.acc.apbills:r its status is not shown."
UNKNOWN_BY_SCOPE: dict[str, Any] = {"state": BillState.UNKNOWN, "hidden_reason": UNSEEN, "hidden_by": AP}
LOCKED = msgspec.structs.replace(BOOKS, locked_through=dt.date(2026, 6, 9))
CANADIAN = msgspec.structs.replace(BOOKS, currency="CAD")
DOLLARS = Dimension("bu1", "business_unit", "North", currency="USD")
TWIN = Twin("Zoho Books", "zb9", "INV-1", D(100), "bill INV-1 of 2026-06-09, open", False)

HOLDS: list[tuple[dict[str, Any], dict[str, Any], str, str, str]] = [
    ({"lines": (line("100", account=Ref(number="5999")),)}, {}, "account_unmapped", "mapping", "accounts:5999"),
    ({"lines": (line("100", account=Ref()),)}, {}, "account_missing", "mapping", "accounts:(none)"),
    ({}, {"tables": {"accounts": {"5000": "z9000"}}}, "account_inactive", "fact", "accounts:z9000"),
    ({}, {"tables": {"accounts": {"5000": "z1000"}}}, "account_not_postable", "fact", "accounts:z1000"),
    ({}, {"tables": {"accounts": {"5000": "z404"}}}, "account_unknown", "mapping", "accounts:5000"),
    ({"tax": "8.25", "total": "108.25"}, {"tables": {"tax": {}}}, "tax_unmapped", "mapping", "tax:Duluth"),
    ({"tax": "8.25", "total": "108.25", "tax_zone": Ref()}, {}, "tax_without_zone", "mapping", "tax:(no zone)"),
    ({"tax": "1", "total": "101"}, {"tables": {"tax": {"Duluth": "costs"}}}, "tax_rule_unusable", "mapping",
     "tax:Duluth"),
    ({"tax": "1", "total": "101"}, {"tables": {"tax": {"Duluth": "tax:t0"}}}, "tax_rule_unusable", "mapping",
     "tax:Duluth"),
    ({"tax": "1", "total": "101"}, {"tables": {"tax": {"Duluth": "account:z404"}}}, "account_unknown", "mapping",
     "tax:Duluth"),
    ({"tax": "8", "total": "108"}, {"tables": {"tax": {"Duluth": "tax:t8"}}}, "target_total_differs", "setting",
     "setting:rounding_account"),
    ({"shipping": "5", "total": "105"}, {}, "freight_unmapped", "setting", "setting:freight_account"),
    ({"other": "5", "total": "105"}, {}, "freight_unmapped", "setting", "setting:other_account"),
    ({"discount": "5", "total": "95"}, {}, "freight_unmapped", "setting", "setting:discount_account"),
    ({"shipping": "5", "total": "105"}, {"settings": {"freight_account": "z404"}}, "account_unknown", "setting",
     "setting:freight_account"),
    ({"shipping": "5", "total": "5", "lines": ()}, {"settings": {"freight_account": "lines"}}, "charge_unspread",
     "setting", "setting:freight_account"),
    ({}, {"tables": {"business_units": {}}}, "business_unit_unmapped", "mapping", "business_units:bu1"),
    ({}, {"tables": {"business_units": {"bu1": "gone"}}}, "dimension_inactive", "mapping", "business_units:bu1"),
    ({}, {"tables": {"business_units": {"bu1": "x404"}}}, "dimension_inactive", "mapping", "business_units:bu1"),
    ({}, {"links": {}, "asked": frozenset([("vendors", "v1")])}, "vendor_pending", "link", "vendors:v1"),
    ({}, {"links": {}}, "vendor_unknown", "link", "vendors:v1"),
    ({}, {"links": {}, "brings": frozenset()}, "vendor_flow_off", "link", "vendors:v1"),
    ({}, {"links": {("vendors", "v1"): "zv2"}}, "vendor_inactive", "fact", "parties:zv2"),
    ({}, {"links": {}, "tables": {"vendors": {"v1": "zv2"}}}, "vendor_inactive", "fact", "parties:zv2"),
    ({}, {"links": {}, "tables": {"vendors": {"v1": "zv3"}}}, "vendor_other_currency", "mapping", "vendors:v1 USD"),
    ({}, {"links": {}, "tables": {"vendors": {"v1": "zv404"}}}, "vendor_unknown", "link", "vendors:v1"),
    ({"total": "101"}, {}, "does_not_tie", "source", "bills:b1"),
    ({"total": "150", "complete": False, "hidden_reason": SCOPED, "hidden_by": AP}, {}, "hidden_lines", "fact",
     "scope:tn.acc.apbills:r"),
    ({"total": "150", "complete": False, "hidden_reason": ELSEWHERE}, {}, "lines_missing", "source", "bills:b1"),
    ({"currency": "EUR"}, {"links": {("vendors", "v1"): "zv4"}}, "currency_differs", "fact", "organisation"),
    ({}, {"links": {("vendors", "v1"): "zv3"}}, "vendor_other_currency", "mapping", "vendors:v1 USD"),
    ({}, {"books": CANADIAN, "links": {("vendors", "v1"): "zv4"}}, "currency_differs", "fact", "organisation"),
    ({}, {"settings": {"currency": ""}}, "currency_unknown", "setting", "setting:currency"),
    ({"currency": "dollars"}, {}, "currency_unknown", "setting", "setting:currency"),
    ({}, {"twins": (TWIN,)}, "same_number_same_total", "mapping", "bill_numbers:b1"),
    ({}, {"twins": (msgspec.structs.replace(TWIN, total=D(99)),)}, "same_number_other_total", "mapping",
     "bill_numbers:b1"),
    ({}, {"twins": (msgspec.structs.replace(TWIN, total=None),)}, "same_number_other_total", "mapping",
     "bill_numbers:b1"),
    ({}, {"first_seen_exported": True}, "already_exported", "person", "already_exported"),
    ({}, {"books": LOCKED}, "period_closed", "person", "period_closed"),
    ({}, {"settings": {"closed_through": dt.date(2026, 6, 9)}}, "period_closed", "person", "period_closed"),
    ({"state": BillState.DISCREPANCY}, {}, "discrepancy", "source", "bills:b1"),
    ({"state": BillState.DISCREPANCY}, {"settings": {"gate": "posted"}}, "discrepancy", "source", "bills:b1"),
    (UNKNOWN_BY_SCOPE, {}, "status_unseen", "setting", "setting:unseen_status"),
    (UNKNOWN_BY_SCOPE, {"settings": {"gate": "reconciled"}}, "never_reconciled",
     "fact", "scope:tn.acc.apbills:r"),
    ({"state": BillState.UNKNOWN, "hidden_reason": ELSEWHERE}, {"settings": {"gate": "reconciled"}},
     "never_reconciled", "source", "bills:b1"),
    ({"do_not_pay": True}, {}, "do_not_pay", "source", "bills:b1"),
    ({"date": None}, {}, "no_date", "source", "bills:b1"),
    ({"post_date": None}, {"settings": {"bill_date": "post date"}}, "no_date", "source", "bills:b1"),
    ({"total": "100.005", "lines": (line("100.005"),)}, {}, "unsuitable", "source", "bills:b1"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "around", "code", "kind", "key"), HOLDS)
def test_what_waits_and_for_what(
    changes: dict[str, Any], around: dict[str, Any], code: str, kind: str, key: str
) -> None:
    decision = plan(bill(**changes), **around)
    assert isinstance(decision, Hold), decision
    assert [(wait.code, wait.kind, wait.key) for wait in decision.waits] == [(code, kind, key)]


def test_everything_that_is_missing_is_listed_at_once() -> None:
    lacking = bill(
        total="113.25", tax="8.25", shipping="5", do_not_pay=True,
        lines=(line("60", account=Ref(number="1")), line("40", id="2", account=Ref(number="2"))),
    )  # fmt: skip
    decision = plan(lacking, tables={"tax": {}, "business_units": {}, "accounts": {}}, links={}, books=LOCKED)
    assert codes(decision) == [
        "do_not_pay", "period_closed", "account_unmapped", "business_unit_unmapped", "account_unmapped",
        "tax_unmapped", "freight_unmapped", "vendor_unknown",
    ]  # fmt: skip


def test_the_sentence_of_a_missing_right_names_the_right_alone() -> None:
    decision = plan(bill(total="150", complete=False, hidden_reason=SCOPED, hidden_by=AP))
    assert isinstance(decision, Hold)
    assert "the right tn.acc.apbills:r is missing" in decision.waits[0].sentence
    assert "with the scope tn.acc.apbills:r: seen" in decision.waits[0].action


def test_a_vendor_is_asked_for_only_when_nothing_else_is_missing() -> None:
    around: dict[str, Any] = {"links": {}, "asked": frozenset([("vendors", "v1")])}
    alone = plan(BILL, **around)
    assert isinstance(alone, Hold)
    assert alone.asks_for == (("vendors", "v1"),)
    held = plan(bill(do_not_pay=True), **around)
    assert isinstance(held, Hold)
    assert held.asks_for == ()


@pytest.mark.parametrize(
    "around",
    [
        {"first_seen_exported": True, "released": frozenset(["already_exported"])},
        {"books": LOCKED, "released": frozenset(["period_closed"])},
        {"books": msgspec.structs.replace(BOOKS, locked_through=dt.date(2026, 6, 8))},
        {"settings": {"bill_date": "post date"}, "books": LOCKED},  # posted on the 30th, after the lock
        {"settings": {"currency": ""}, "source_lists": {"business_units": {"bu1": DOLLARS}}},
        {"links": {("vendors", "v1"): "zv4"}},
        {"links": {}, "tables": {"vendors": {"v1": "zv1"}}},
        {"links": {("vendors", "v1"): "new: vendors v1"}},
    ],
)  # fmt: skip
def test_what_does_not_wait(around: dict[str, Any]) -> None:
    assert isinstance(plan(BILL, **around), Write)


def test_the_later_lock_counts() -> None:
    books = msgspec.structs.replace(BOOKS, locked_through=dt.date(2026, 5, 31))
    decision = plan(BILL, books=books, settings={"closed_through": dt.date(2026, 6, 30)})
    assert isinstance(decision, Hold)
    assert "closed through 2026-06-30" in decision.waits[0].sentence


# --- numbers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "own", "given", "sent"),
    [("INV-1", "ST-77", None, "INV-1"), ("", "ST-77", None, "ST-77"), ("", "", None, "b1"), ("INV-1", "", "X", "X")],
)
def test_the_number_of_a_bill(number: str, own: str, given: str | None, sent: str) -> None:
    tables = {"bill_numbers": {"b1": given} if given else {}}
    decision = plan(bill(number=number, own_number=own), tables=tables)
    assert body(decision)["bill_number"] == sent
    assert isinstance(decision, Write)
    assert bool(decision.notes) == (sent != number)  # shown


@pytest.mark.parametrize(
    ("entity", "way"), [("bills", "link this record with zb9"), ("", "dismiss this record with the reason")]
)
def test_the_way_out_of_a_duplicate_depends_on_where_the_other_one_is(entity: str, way: str) -> None:
    decision = plan(BILL, twins=(msgspec.structs.replace(TWIN, entity=entity),))
    assert isinstance(decision, Hold)
    assert way in decision.waits[0].action


def twin_of(date: dt.date | None, total: str = "70") -> dict[str, Any]:
    return {"twins": (Twin("Zoho Books", "zb9", "INV-1", D(total), "open, id zb9", False, "bills", date=date),)}


def test_a_number_of_another_fiscal_year_and_total_goes_when_a_person_says_so_and_keeps_its_number() -> None:
    """The bill is of June; the fiscal year begins in April."""
    april = msgspec.structs.replace(BOOKS, fiscal_year_start_month=4)
    for date, begins, code in (
        (dt.date(2025, 12, 31), 1, "same_number_other_year"),
        (dt.date(2026, 1, 1), 1, "same_number_other_total"),
        (dt.date(2026, 3, 31), 4, "same_number_other_year"),
        (dt.date(2026, 4, 1), 4, "same_number_other_total"),
        (dt.date(2027, 3, 31), 4, "same_number_other_total"),
        (None, 4, "same_number_other_total"),
    ):
        books = april if begins == 4 else BOOKS
        assert codes(plan(BILL, books=books, **twin_of(date))) == [code]
        released = plan(BILL, books=books, released=frozenset(["same_number_other_year"]), **twin_of(date))
        if code == "same_number_other_year":
            assert body(released)["bill_number"] == "INV-1"
        else:
            assert codes(released) == [code]
    same = {"released": frozenset(["same_number_other_year"]), **twin_of(dt.date(2025, 6, 9), "100")}
    assert codes(plan(BILL, **same)) == ["same_number_same_total"]


def test_another_vendor_is_only_offered_where_the_choice_is_heard() -> None:
    linked = plan(BILL, links={("vendors", "v1"): "zv2"})
    chosen = plan(BILL, links={}, tables={"vendors": {"v1": "zv2"}})
    assert isinstance(linked, Hold) and isinstance(chosen, Hold)
    assert linked.waits[0].action == "Make it active in the ledger."
    assert "or fill the row 'v1' of the mapping table vendors" in chosen.waits[0].action


def test_a_closed_period_offers_only_what_can_be_done() -> None:
    decision = plan(BILL, books=LOCKED)
    assert isinstance(decision, Hold)
    assert "Open the period, then release it; or give it a later date" in decision.waits[0].action


def test_twins_are_those_of_the_number_that_counts() -> None:
    given = {"bill_numbers": {"b1": "INV-1/2"}}
    assert Bills().number_of(BILL, "INV-1/2", SETTINGS) == body(plan(BILL, tables=given))["bill_number"] == "INV-1/2"
    assert codes(plan(BILL, twins=(TWIN,), tables=given)) == ["same_number_same_total"]


# --- before the start ----------------------------------------------------------------------------------------------

EARLY = dt.date(2025, 12, 31)
THERE = msgspec.structs.replace(TWIN, entity="bills")


def test_a_bill_from_before_the_start_is_linked_with_its_one_equal_in_the_ledger() -> None:
    found = plan(bill(date=EARLY), twins=(THERE,))
    assert isinstance(found, Adopt)
    assert (found.target_entity, found.target_id, found.origin) == ("bills", "zb9", "matched")


@pytest.mark.parametrize(
    "twins",
    [(), (TWIN,), (THERE, msgspec.structs.replace(THERE, id="zb8")), (msgspec.structs.replace(THERE, total=D(99)),)],
)
def test_a_bill_from_before_the_start_with_no_equal_or_several_is_passed_over(twins: tuple[Twin, ...]) -> None:
    assert codes(plan(bill(date=EARLY), twins=twins)) == ["before_start"]


# --- dimensions ----------------------------------------------------------------------------------------------------


def test_every_line_carries_the_business_unit_and_the_job_also_the_lines_we_add() -> None:
    mandatory = {**TAGS, "south": Dimension("south", "reporting_tag", "South", Ref("unit", "Unit"), mandatory=True)}
    decision = plan(
        bill(total="113", tax="8", shipping="5"), tables={"tax": {"Duluth": "account:z6000"}},
        settings={"freight_account": "z7000"}, ledger={"dimensions": mandatory},
    )  # fmt: skip
    lines = body(decision)["line_items"]
    assert [one["account_id"] for one in lines] == ["z5000", "z6000", "z7000"]
    assert all(one["tags"] == [{"tag_id": "unit", "tag_option_id": "north"}] for one in lines)
    assert all(one["description"].startswith("Job J-100: ") for one in lines)


def test_a_business_unit_may_be_a_location_or_nothing() -> None:
    [one] = body(plan(BILL, tables={"business_units": {"bu1": "duluth"}}))["line_items"]
    assert one["location_id"] == "duluth"
    for around in ({"tables": {"business_units": {"bu1": "none"}}}, {"settings": {"business_unit_as": "none"}}):
        [one] = body(plan(BILL, **around))["line_items"]
        assert "tags" not in one
    assert isinstance(plan(bill(business_unit=Ref(), lines=(line("100", business_unit=Ref()),))), Write)


def test_a_line_of_another_business_unit_and_job_keeps_its_own() -> None:
    own = line("100", business_unit=Ref("bu2"), job=Ref("j2", number="J-200"))
    [one] = body(plan(bill(lines=(own,)), tables={"business_units": {"bu2": "duluth"}}))["line_items"]
    assert (one["location_id"], one["description"]) == ("duluth", "Job J-200: Compressor")


# --- tax, freight, rounding ----------------------------------------------------------------------------------------

TWO = (line("75", tax=D(2), freight=D(1)), line("25", id="2", tax=D("6.25"), freight=D(4)))


def test_tax_as_cost_follows_the_sources_allocation() -> None:
    decision = plan(bill(total="108.25", tax="8.25", lines=TWO))
    assert amounts(decision) == [("z5000", D(77)), ("z5000", D("31.25"))]


def test_tax_as_cost_goes_by_value_where_the_source_allocates_none_or_not_all() -> None:
    for first in (line("75"), line("75", tax=D(1))):
        decision = plan(bill(total="108.25", tax="8.25", lines=(first, line("25", id="2"))))
        assert amounts(decision) == [("z5000", D("81.19")), ("z5000", D("27.06"))]


def test_an_allocation_finer_than_cents_is_brought_to_cents() -> None:
    lines = (line("75", tax=D("2.005")), line("25", id="2", tax=D("6.245")))
    assert amounts(plan(bill(total="108.25", tax="8.25", lines=lines))) == [
        ("z5000", D("77.01")),
        ("z5000", D("31.24")),
    ]


def test_a_share_of_the_tax_follows_the_allocation_too() -> None:
    rule = {"tax": {"Duluth": "40% cost, 60% account:z6000"}}
    decision = plan(bill(total="108.25", tax="8.25", lines=TWO), tables=rule)
    assert amounts(decision) == [("z5000", D("75.80")), ("z5000", D("27.50")), ("z6000", D("4.95"))]


def test_tax_to_an_account_of_its_own() -> None:
    decision = plan(bill(total="108.25", tax="8.25"), tables={"tax": {"Duluth": "account:z6000"}})
    assert amounts(decision) == [("z5000", D(100)), ("z6000", D("8.25"))]


def test_recoverable_tax_is_the_ledgers_own_tax_and_freight_is_not_taxed() -> None:
    decision = plan(
        bill(total="113.25", tax="8.25", shipping="5"), tables={"tax": {"Duluth": "tax:t8"}},
        settings={"freight_account": "z7000"},
    )  # fmt: skip
    assert [one.get("tax_id") for one in body(decision)["line_items"]] == ["t8", None]


@pytest.mark.parametrize(
    ("kinds", "tax", "taxed"),
    [
        ((LineKind.EXPENSE, LineKind.EXPENSE), "8.25", ["t8", "t8"]),
        ((LineKind.ITEM, LineKind.EXPENSE), "8.25", ["t8", "t8"]),
        ((LineKind.ITEM, LineKind.EXPENSE), "6.60", ["t8", None]),
        ((LineKind.ITEM, LineKind.EXPENSE), "1.65", [None, "t8"]),
    ],
)
def test_recoverable_tax_stands_on_expenses_too_as_the_stated_tax_shows(
    kinds: tuple[LineKind, LineKind], tax: str, taxed: list[str | None]
) -> None:
    lines = (line("80", kind=kinds[0]), line("20", id="2", kind=kinds[1]))
    decision = plan(bill(total=str(100 + D(tax)), tax=tax, lines=lines), tables={"tax": {"Duluth": "tax:t8"}})
    assert [one.get("tax_id") for one in body(decision)["line_items"]] == taxed


def test_freight_of_landed_cost_goes_into_the_lines_as_allocated() -> None:
    landed = bill(total="105", shipping="5", lines=TWO, landed_by_value=True)
    into = {"freight_account": "z7000"}
    assert [one for _, one in amounts(plan(landed, settings=into))] == [76, 29]
    apart = msgspec.structs.replace(landed, landed_by_value=False)
    assert amounts(plan(apart, settings=into))[-1] == ("z7000", D(5))
    bare = bill(total="5", shipping="5", lines=(), landed_by_value=True)
    assert amounts(plan(bare, settings=into)) == [("z7000", D(5))]


def test_freight_into_the_lines_follows_the_allocation_else_value() -> None:
    into = {"freight_account": "lines"}
    assert [one for _, one in amounts(plan(bill(total="105", shipping="5", lines=TWO), settings=into))] == [76, 29]
    by_value = plan(bill(total="104", shipping="4", lines=(line("75"), line("25", id="2"))), settings=into)
    assert [one for _, one in amounts(by_value)] == [78, 26]


def test_charges_and_discounts_have_accounts_of_their_own() -> None:
    settings = {"freight_account": "z7000", "other_account": "z7000", "discount_account": "z5000"}
    decision = plan(bill(total="98", shipping="5", other="3", discount="10"), settings=settings)
    assert amounts(decision) == [("z5000", D(100)), ("z7000", D(5)), ("z7000", D(3)), ("z5000", D(-10))]


def test_expense_lines_bear_tax_as_cost_like_items() -> None:
    lines = (line("50"), line("50", id="2", kind=LineKind.EXPENSE))
    assert [one for _, one in amounts(plan(bill(total="110", tax="10", lines=lines)))] == [55, 55]


def test_amounts_are_split_in_the_bills_own_currency_not_the_ledgers() -> None:
    parties = {**VENDORS, "zj": msgspec.structs.replace(VENDORS["zv1"], currency="JPY")}
    lines = (line("100"), line("200", id="2"))
    decision = plan(
        bill(total="310", tax="10", lines=lines, currency="JPY"), links={("vendors", "v1"): "zj"},
        ledger={"parties": parties},
    )  # fmt: skip
    assert [one for _, one in amounts(decision)] == [103, 207]


def test_zero_lines_are_left_out_visibly() -> None:
    decision = plan(bill(lines=(LINE, line("0", id="2", description="Warranty part"))))
    assert isinstance(decision, Write)
    assert len(body(decision)["line_items"]) == 1
    assert any("Warranty part" in note for note in decision.notes)


ROUNDED = {"total": "108.26", "tax": "8.26"}


def test_a_rounding_line_goes_to_the_named_account_visibly() -> None:
    settings = {"rounding_account": "z8000", "rounding_limit": D("0.05")}
    tables = {"tax": {"Duluth": "tax:t8"}}
    decision = plan(bill(**ROUNDED), settings=settings, tables=tables)
    assert amounts(decision)[-1] == ("z8000", D("0.01"))
    assert isinstance(decision, Write)
    assert any("rounding of 0.01 USD to Rounding" in note for note in decision.notes)
    edge = plan(bill(total="108.30", tax="8.30"), settings=settings, tables=tables)
    assert amounts(edge)[-1] == ("z8000", D("0.05"))
    assert codes(plan(bill(total="108.31", tax="8.31"), settings=settings, tables=tables)) == ["target_total_differs"]
    assert codes(plan(bill(**ROUNDED), tables=tables)) == ["target_total_differs"]


@pytest.mark.parametrize(("account", "code"), [("z404", "account_unknown"), ("z9000", "account_inactive")])
def test_a_rounding_account_that_cannot_be_used_holds_the_bill(account: str, code: str) -> None:
    settings = {"rounding_account": account, "rounding_limit": D("0.05")}
    decision = plan(bill(**ROUNDED), settings=settings, tables={"tax": {"Duluth": "tax:t8"}})
    assert codes(decision) == [code]


@pytest.mark.parametrize("limit", ["-0.01", "0.06", "1"])
def test_a_rounding_limit_is_five_cents_at_most(limit: str) -> None:
    with pytest.raises(ValueError, match=r"between 0 and 0\.05"):
        Settings(start_date=dt.date(2026, 1, 1), rounding_limit=D(limit))
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"start_date": "2026-01-01", "rounding_limit": limit}, Settings)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({}, Settings)


# --- negative bills ------------------------------------------------------------------------------------------------


def test_a_negative_bill_becomes_a_vendor_credit() -> None:
    lines = (line("-110"), line("10", id="2"))
    decision = plan(bill(total="-108.25", tax="-8.25", lines=lines))
    assert isinstance(decision, Write)
    assert (decision.target_entity, decision.steps[0].entity, decision.steps[0].total) == (
        "vendor_credits", "vendor_credits", D("-108.25"),
    )  # fmt: skip
    assert body(decision)["vendor_credit_number"] == "INV-1"
    assert [one for _, one in amounts(decision)] == [D("118.25"), D(-10)]  # what is returned bears the tax


# --- after posting -------------------------------------------------------------------------------------------------


def linked(posted: Bill | None) -> dict[str, Any]:
    there = Bill("zb1", Ref("zv1"), BILL.total, number="INV-1", date=BILL.date, currency="USD", state=BillState.OPEN)
    return {"link": Linked("bills", "zb1", there, posted, there)}  # somebody else's: it does not bear our reference


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"stamp": "later", "exported": True, "memo": "called the vendor"},
        {"state": BillState.RECONCILED},
        {"state": BillState.POSTED, "exported": True},
        {"post_date": None},
        {"complete": False, "hidden_reason": SCOPED, "hidden_by": AP},
        {"total": "100.00"},
        {"lines": tuple(msgspec.structs.replace(one, account=Ref("g9", "Inventory", "1300")) for one in BILL.lines)},
    ],
)
def test_a_posted_bill_on_its_usual_way_has_not_changed(changes: dict[str, Any]) -> None:
    assert plan(bill(**changes), **linked(BILL)) == Unchanged()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"total": "101", "lines": (line("101"),)}, "total 100.00 -> 101.00, lines"),
        ({"number": "INV-2"}, "number INV-1 -> INV-2"),
        ({"due_date": None}, "due date 2026-07-09 -> none"),
        ({"state": BillState.CANCELED}, "state received -> canceled"),
        ({"state": BillState.DISCREPANCY}, "state received -> discrepancy"),
        ({"active": False}, "active"),
        ({"do_not_pay": True}, "do not pay"),
        ({"vendor": Ref("v2", "Gamma")}, "vendor"),
        ({"source_kind": "receipt"}, "a detail"),
    ],
)
def test_a_posted_bill_that_changed_is_shown_to_a_person(changes: dict[str, Any], told: str) -> None:
    decision = plan(bill(**changes), **linked(BILL))
    assert isinstance(decision, Hold)
    canceled = decision.waits[0].code == "canceled_after_posting"
    assert [wait.code for wait in decision.waits] == ["canceled_after_posting" if canceled else "changed_after_posting"]
    assert canceled == (not bill(**changes).active or bill(**changes).state is BillState.CANCELED)
    assert f": {told}. The ledger has INV-1 of 2026-06-09 over 100.00 USD, open: " in decision.waits[0].sentence
    assert "it was not made from here" in decision.waits[0].sentence


def test_a_post_date_that_is_the_ledgers_date_matters() -> None:
    decision = plan(bill(post_date=BILL.date), settings={"bill_date": "post date"}, **linked(BILL))
    assert codes(decision) == ["changed_after_posting"]


def test_a_link_of_unknown_origin_is_left_alone() -> None:
    assert plan(bill(total="7"), **linked(None)) == Unchanged()


@pytest.mark.parametrize(
    ("changes", "code"),
    [({}, ""), ({"source_kind": "receipt"}, "no_mark"), ({"active": False}, "canceled"),
     ({"state": BillState.CANCELED}, "canceled")],
)  # fmt: skip
def test_what_is_marked_as_exported(changes: dict[str, Any], code: str) -> None:
    passed = BillsExported().passed_over(bill(**changes))
    assert (passed.code if passed is not None else "") == code


# --- preview equals live -------------------------------------------------------------------------------------------


def test_the_same_view_gives_the_same_bytes() -> None:
    def decided() -> Decision:
        return Bills().plan(view(bill(total="108.25", tax="8.25", lines=TWO)))

    first, again = decided(), decided()
    assert isinstance(first, Write)
    assert isinstance(again, Write)
    assert plans.encode(first) == plans.encode(again)
    assert plans.decode(plans.encode(first)) == first


def test_a_vendor_still_to_be_made_shows_in_the_plan_and_the_rest_is_the_same() -> None:
    shown = plan(BILL, links={("vendors", "v1"): "new: vendors v1"})
    live = plan(BILL)
    assert isinstance(shown, Write)
    assert isinstance(live, Write)
    assert shown.placeholders == ("new: vendors v1",)
    again = plans.as_previewed(Bills(), view(BILL), shown.placeholders)
    assert plans.encode(again) == plans.encode(shown)  # type: ignore[arg-type]
    assert plans.digest(live) != plans.digest(shown)
