"""Every rule of the purchase orders flow: what passes, what waits and why, and what later edits do."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from payment_world import (
    AREA,
    BETA,
    BOOKS,
    CLEARING,
    COST,
    DAY,
    LINE,
    NORTH,
    ON,
    ORDER,
    PREFIX,
    SETTINGS,
    body,
    codes,
    guid,
    in_ledger,
    linked_order,
    order,
    plan,
)

from ml_connector.canonical.master_data import Dimension, Party
from ml_connector.canonical.money import rounded, total
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import BillLine, OrderState, PurchaseOrder
from ml_connector.connectors.writing import Action
from ml_connector.integrations.decisions import Adopt, Hold, Unchanged, Write
from ml_connector.integrations.order_flow import PurchaseOrders
from ml_connector.integrations.payment_tables import OrderAccountTable
from ml_connector.integrations.views import Twin

D = Decimal
SECOND = BillLine("l2", D(60), description="Filter", quantity=D(3), unit_cost=D(20))
TWO = order(lines=(LINE, SECOND), total="160")


def test_a_sent_order_goes_authorised_with_its_lines() -> None:
    decision = plan(ORDER)
    assert isinstance(decision, Write)
    [step] = decision.steps
    assert (step.entity, step.action, step.reference) == ("purchase_orders", Action.CREATE, f"{PREFIX}o1")
    assert (step.party_id, step.number, step.total, step.currency) == (BETA, "PO-7", D(100), "USD")
    sent = body(step)
    [line] = sent.pop("LineItems")
    assert sent == {
        "PurchaseOrderNumber": "PO-7",
        "Contact": {"ContactID": BETA},
        "Reference": f"Job J-100 [ref {PREFIX}o1]",
        "Date": "2026-06-09",
        "DeliveryDate": "2026-06-19",
        "DeliveryAddress": "1 Lake Road\nDuluth, MN 55802",
        "LineAmountTypes": "NoTax",
        "Status": "AUTHORISED",
        "CurrencyCode": "USD",
    }
    assert (line["Quantity"], line["UnitAmount"], line["LineAmount"], line["AccountCode"]) == (4, 25, 100, "500")
    assert line["Tracking"] == [{"TrackingCategoryID": AREA, "TrackingOptionID": NORTH}]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (OrderState.PENDING, "DRAFT"),
        (OrderState.SENT, "AUTHORISED"),
        (OrderState.RECEIVED, "AUTHORISED"),
    ],
)
def test_what_an_order_is_there(state: OrderState, status: str) -> None:
    decision = plan(order(state=state, exported=True))
    assert isinstance(decision, Write) and body(decision.steps[0])["Status"] == status


def test_tax_and_shipping_are_lines() -> None:
    tables = {"order_accounts": {"(none)": COST, "(shipping)": CLEARING}}
    decision = plan(order(tax="8.25", shipping="12.50", total="120.75"), tables=tables)
    assert isinstance(decision, Write)
    lines = [
        (one["Description"], one["LineAmount"], one["AccountCode"]) for one in body(decision.steps[0])["LineItems"]
    ]
    assert lines == [
        ("Compressor", 100, "500"), ("Tax", D("8.25"), "500"), ("Shipping", D("12.5"), "610"),
    ]  # fmt: skip


def test_items_that_are_not_to_be_shown() -> None:
    decision = plan(order(tax="8.25", total="108.25"), settings={"order_lines": "total"})
    assert isinstance(decision, Write)
    [line] = body(decision.steps[0])["LineItems"]
    assert (line["Description"], line["LineAmount"]) == ("Purchase order PO-7", D("108.25"))
    assert "Compressor" not in str(body(decision.steps[0]))


def test_a_line_of_nothing_is_left_out_visibly() -> None:
    free = msgspec.structs.replace(LINE, id="l9", amount=D(0))
    decision = plan(order(lines=(LINE, free)))
    assert isinstance(decision, Write) and len(body(decision.steps[0])["LineItems"]) == 1
    assert "line l9 'Compressor' of 0.00 is left out" in decision.notes


def test_numbers_have_their_prefix_and_may_be_given_by_a_person() -> None:
    decision = plan(ORDER, settings={"number_prefix": "N-"}, tables={"order_numbers": {"o1": "PO-7B"}})
    assert isinstance(decision, Write) and decision.steps[0].number == "PO-7B", "a person's number goes as it is"
    prefixed = plan(ORDER, settings={"number_prefix": "N-"})
    assert isinstance(prefixed, Write) and prefixed.steps[0].number == "N-PO-7"
    assert "number PO-7B given by a person instead of PO-7" in decision.notes


def test_a_vendor_that_a_person_named() -> None:
    decision = plan(ORDER, links={}, tables={"vendors": {"v1": BETA}})
    assert isinstance(decision, Write) and decision.steps[0].party_id == BETA


def test_a_vendor_that_is_to_come() -> None:
    decision = plan(ORDER, links={("vendors", "v1"): "new: vendors v1"})
    assert isinstance(decision, Write) and decision.placeholders == ("new: vendors v1",)


# --- passed over ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "around", "code"),
    [
        ({"state": OrderState.CANCELED}, {}, "order_canceled"),
        ({"active": False}, {}, "order_canceled"),
        ({"date": dt.date(2025, 12, 31)}, {}, "order_before_start"),
        ({"lines": (), "total": "0"}, {}, "order_empty"),
        ({}, {"business_units": ("bu2",)}, "out_of_scope"),
    ],
)
def test_what_is_passed_over(changes: dict[str, Any], around: dict[str, Any], code: str) -> None:
    assert codes(plan(order(**changes), settings=around)) == [code]


TWIN = Twin("Xero", guid(600), "PO-7", D(100), "authorised of 2026-06-09", False, "purchase_orders")


def test_an_old_order_is_linked_with_its_equal() -> None:
    old = order(date=dt.date(2025, 12, 31))
    decision = plan(old, twins=(TWIN,))
    assert isinstance(decision, Adopt) and decision.target_id == guid(600)
    assert codes(plan(old, twins=(TWIN, TWIN))) == ["order_before_start"]
    assert codes(plan(old, twins=(msgspec.structs.replace(TWIN, total=D(1)),))) == ["order_before_start"]


# --- waits, one by one ---------------------------------------------------------------------------------------------

GONE_OPTION = {NORTH: Dimension(NORTH, "tracking_option", "North", Ref(AREA, "Area"), active=False)}
CANADIAN = {BETA: Party(BETA, "vendor", "Beta", currency="CAD")}
ARCHIVED = {BETA: Party(BETA, "vendor", "Beta", active=False)}

HOLDS: list[tuple[dict[str, Any], dict[str, Any], str, str, str]] = [
    ({}, {"tables": {"order_accounts": {}}}, "order_account_unmapped", "mapping", "order_accounts:(none)"),
    ({"tax": "5", "total": "105"}, {"tables": {"order_accounts": {"5000": COST}},
     "settings": {"order_lines": "total"}}, "order_account_unmapped", "mapping", "order_accounts:(none)"),
    ({}, {"tables": {"order_accounts": {"(none)": guid(1)}}}, "account_not_postable", "fact", f"accounts:{guid(1)}"),
    ({}, {"tables": {"order_accounts": {"(none)": "x"}}}, "account_unknown", "mapping", "order_accounts:(none)"),
    ({}, {"tables": {"business_units": {}}}, "business_unit_unmapped", "mapping", "business_units:bu1"),
    ({}, {"ledger": {"dimensions": GONE_OPTION}}, "dimension_inactive", "mapping", "business_units:bu1"),
    ({"date": None}, {}, "no_date", "source", "purchase_orders:o1"),
    ({"total": "99"}, {}, "order_does_not_tie", "source", "purchase_orders:o1"),
    ({"tax": "1"}, {}, "order_does_not_tie", "source", "purchase_orders:o1"),
    ({"number": ""}, {"settings": {"number_prefix": "N-"}}, "order_without_number", "mapping", "order_numbers:o1"),
    ({"lines": (msgspec.structs.replace(LINE, amount=D("100.005")),), "total": "100.005"}, {}, "unsuitable", "source",
     "purchase_orders:o1"),
    ({}, {"links": {}}, "order_vendor_unknown", "link", "vendors:v1"),
    ({}, {"links": {}, "brings": frozenset()}, "vendor_flow_off", "link", "vendors:v1"),
    ({}, {"links": {}, "asked": frozenset([("vendors", "v1")])}, "order_vendor_pending", "link", "vendors:v1"),
    ({}, {"ledger": {"parties": ARCHIVED}}, "vendor_inactive", "fact", f"parties:{BETA}"),
    ({}, {"ledger": {"parties": CANADIAN}}, "currency_differs", "fact", f"parties:{BETA}"),
    ({}, {"settings": {"currency": ""}}, "currency_unknown", "setting", "setting:currency"),
    ({}, {"twins": (TWIN,)}, "order_same_total", "mapping", "order_numbers:o1"),
    ({}, {"twins": (msgspec.structs.replace(TWIN, taken="a document of Bob"),)}, "order_number_elsewhere", "mapping",
     "order_numbers:o1"),
    ({}, {"twins": (msgspec.structs.replace(TWIN, total=D(99)),)}, "order_other_total", "mapping", "order_numbers:o1"),
    ({}, {"twins": (msgspec.structs.replace(TWIN, total=None),)}, "order_other_total", "mapping", "order_numbers:o1"),
    ({}, {"first_seen_exported": True}, "already_exported", "person", "already_exported"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "around", "code", "kind", "key"), HOLDS)
def test_what_waits_and_for_what(
    changes: dict[str, Any], around: dict[str, Any], code: str, kind: str, key: str
) -> None:
    decision = plan(order(**changes), **around)
    assert isinstance(decision, Hold), decision
    assert [(wait.code, wait.kind, wait.key) for wait in decision.waits] == [(code, kind, key)]


def test_it_asks_for_its_own_vendor_alone() -> None:
    asked = frozenset([("vendors", "v1"), ("vendors", "v2")])
    decision = plan(ORDER, links={}, asked=asked)
    assert isinstance(decision, Hold) and decision.asks_for == (("vendors", "v1"),)
    held = plan(ORDER, links={}, asked=asked, first_seen_exported=True)
    assert isinstance(held, Hold) and held.asks_for == ()


def test_orders_post_nothing_so_no_period_is_closed_to_them() -> None:
    locked = msgspec.structs.replace(BOOKS, locked_through=ON)
    assert isinstance(plan(ORDER, books=locked, settings={"closed_through": ON}), Write)


# --- later edits ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes", [{"state": OrderState.RECEIVED}, {"status": "PartiallyReceived"}, {"memo": "x"}, {"exported": True}]
)
def test_its_way_is_no_change(changes: dict[str, Any]) -> None:
    assert isinstance(plan(order(**changes), link=linked_order(ORDER)), Unchanged)


@pytest.mark.parametrize("state", [OrderState.DRAFT, OrderState.SUBMITTED, OrderState.AUTHORISED])
def test_a_later_edit_is_sent_while_the_order_is_open(state: OrderState) -> None:
    now = in_ledger(TWO, state=state)
    after = order(lines=(msgspec.structs.replace(LINE, amount=D(75), quantity=D(3)), SECOND), total="135")
    decision = plan(after, link=linked_order(TWO, now))
    assert isinstance(decision, Write)
    [step] = decision.steps
    assert (step.action, step.target_id, step.total) == (Action.UPDATE, now.id, D(135))
    sent = body(step)
    assert sent["PurchaseOrderID"] == now.id and sent["Status"] == "AUTHORISED"
    assert [(one["LineItemID"], one["LineAmount"]) for one in sent["LineItems"]] == [
        (now.lines[0].id, 75), (now.lines[1].id, 60),
    ]  # fmt: skip


def test_a_draft_becomes_authorised_when_it_is_sent() -> None:
    pending = order(state=OrderState.PENDING)
    decision = plan(ORDER, link=linked_order(pending, in_ledger(pending, state=OrderState.DRAFT)))
    assert isinstance(decision, Write) and body(decision.steps[0])["Status"] == "AUTHORISED"


@pytest.mark.parametrize(
    ("state", "status"), [(OrderState.SUBMITTED, "SUBMITTED"), (OrderState.AUTHORISED, "AUTHORISED")]
)
def test_what_people_have_approved_there_is_not_taken_back(state: OrderState, status: str) -> None:
    pending = order(state=OrderState.PENDING)
    later = order(state=OrderState.PENDING, required_on=ON + 20 * DAY)
    decision = plan(later, link=linked_order(pending, in_ledger(pending, state=state)))
    assert isinstance(decision, Write) and body(decision.steps[0])["Status"] == status


def test_a_canceled_order_is_deleted_unless_it_is_billed() -> None:
    canceled = order(state=OrderState.CANCELED)
    decision = plan(canceled, link=linked_order(ORDER))
    assert isinstance(decision, Write)
    [step] = decision.steps
    assert (step.action, step.target_id, body(step)["Status"]) == (Action.VOID, guid(600), "DELETED")
    held = plan(canceled, link=linked_order(ORDER, in_ledger(ORDER, state=OrderState.BILLED)))
    assert codes(held) == ["order_billed"]
    assert isinstance(held, Hold) and "state sent -> canceled" in held.waits[0].sentence
    gone = in_ledger(ORDER, state=OrderState.DELETED, active=False)
    assert isinstance(plan(canceled, link=linked_order(ORDER, gone)), Unchanged)


def test_after_billing_changes_are_differences() -> None:
    billed = in_ledger(ORDER, state=OrderState.BILLED)
    decision = plan(order(total="120", shipping="20"), link=linked_order(ORDER, billed))
    assert codes(decision) == ["order_billed"]
    assert isinstance(decision, Hold) and "total 100 -> 120, shipping 0 -> 20" in decision.waits[0].sentence
    assert isinstance(plan(order(memo="x"), link=linked_order(ORDER, billed)), Unchanged)


@pytest.mark.parametrize("gone", [None, OrderState.DELETED])
def test_an_order_that_people_deleted_is_not_made_again(gone: OrderState | None) -> None:
    link = linked_order(ORDER)
    now = in_ledger(ORDER, state=gone) if gone else None
    link = type(link)(link.target_entity, link.target_id, link.base, link.source, now)
    assert codes(plan(order(total="120", shipping="20"), link=link)) == ["order_gone"]


def test_an_order_that_others_entered_is_never_changed() -> None:
    theirs = in_ledger(ORDER, reference="")
    after = order(total="120", shipping="20")
    assert codes(plan(after, link=linked_order(ORDER, theirs, theirs))) == ["order_not_ours"]
    assert codes(plan(order(active=False), link=linked_order(ORDER, theirs, theirs))) == ["order_not_ours"]
    tidied = linked_order(ORDER, theirs)
    assert isinstance(plan(after, link=tidied), Write)


def test_accounts_and_tracking_that_people_changed_there_stay() -> None:
    base = in_ledger(TWO)
    other = (Ref(guid(55), "South", AREA),)
    changed = msgspec.structs.replace(base.lines[0], account=Ref("", "", "505"), dimensions=other)
    now = msgspec.structs.replace(base, lines=(changed, base.lines[1]))
    after = order(lines=(msgspec.structs.replace(LINE, amount=D(75), quantity=D(3)), SECOND), total="135")
    decision = plan(after, link=linked_order(TWO, now, base))
    assert isinstance(decision, Write)
    first, second = body(decision.steps[0])["LineItems"]
    assert (first["AccountCode"], second["AccountCode"]) == ("505", "500")
    assert first["Tracking"][0]["TrackingOptionID"] == guid(55)


def test_lines_come_and_go() -> None:
    third = BillLine("l3", D(5), description="Tape", unit_cost=D(5))
    decision = plan(order(lines=(SECOND, third), total="65"), link=linked_order(TWO))
    assert isinstance(decision, Write)
    lines = body(decision.steps[0])["LineItems"]
    assert [(one.get("LineItemID", ""), one["LineAmount"]) for one in lines] == [(guid(701), 60), ("", 5)]


def test_lines_that_cannot_be_paired_are_held_where_people_changed_something() -> None:
    base = in_ledger(TWO)
    entered = BillLine(guid(799), D(9), description="Entered there", account=Ref("", "", "500"))
    now = msgspec.structs.replace(base, lines=(*base.lines, entered), total=D(169))
    after = order(lines=(LINE,))
    assert codes(plan(after, link=linked_order(TWO, now, base))) == ["order_lines_unpaired"]
    decision = plan(after, link=linked_order(TWO), settings={"order_lines": "total"})
    assert isinstance(decision, Write), "nobody touched it there"
    assert "LineItemID" not in str(body(decision.steps[0])["LineItems"])


# --- arithmetic ----------------------------------------------------------------------------------------------------


@st.composite
def orders(draw: st.DrawFn) -> PurchaseOrder:
    """Orders that tie, with quantities and costs of many digits."""
    lines = []
    for n in range(draw(st.integers(0, 5))):
        quantity = draw(st.decimals(0, 50, places=4))
        cost = draw(st.decimals(0, 900, places=draw(st.sampled_from([2, 4, 10]))))
        amount = rounded(quantity * cost, "USD")
        lines.append(BillLine(f"l{n}", amount, description="Part", quantity=quantity, unit_cost=cost))
    tax, shipping = (D(draw(st.integers(0, 5000))) / 100 for _ in range(2))
    whole = total(line.amount for line in lines) + tax + shipping
    return msgspec.structs.replace(ORDER, lines=tuple(lines), tax=tax, shipping=shipping, total=whole)


@settings(max_examples=60, deadline=None)
@given(orders(), st.sampled_from(["lines", "total"]))
def test_the_ledgers_order_ties_to_the_cent(document: PurchaseOrder, shown_as: str) -> None:
    decision = plan(document, settings={"order_lines": shown_as})
    if document.total == 0:
        assert codes(decision) == ["order_empty"]
        return
    assert isinstance(decision, Write), decision
    lines = body(decision.steps[0])["LineItems"]
    assert total(D(one["LineAmount"]) for one in lines) == document.total
    assert all(rounded(D(one["Quantity"]) * D(one["UnitAmount"]), "USD") == one["LineAmount"] for one in lines)


def test_which_keys_an_order_shows() -> None:
    table = OrderAccountTable("order_accounts", "", "", "", "accounts")
    shown = list(table.shown_keys(order(tax="5", shipping="0")))
    assert shown == [("(none)", ""), ("(tax)", "")]
    assert PurchaseOrders().needs_links(ORDER, SETTINGS) == (("vendors", "v1"),)
    prefixed = msgspec.structs.replace(SETTINGS, number_prefix="N-")
    assert PurchaseOrders().number_of(ORDER, None, prefixed) == "N-PO-7"
