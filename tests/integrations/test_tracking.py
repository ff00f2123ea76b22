"""Inventory bills and the ledger's payable bills: which is which, what differs, and what is passed over. No database."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from payment_world import BETA, BOOKS, DAY, ON, ORDER, SETTINGS, guid, view

from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.purchases import Bill, BillLine, BillState, OrderState, PurchaseOrder
from ml_connector.integrations.decisions import Decision, Skip
from ml_connector.integrations.reasons import REASONS
from ml_connector.integrations.servicetitan_xero import INTEGRATION
from ml_connector.integrations.tracked import Payable, Payables, Rank, Track
from ml_connector.integrations.tracking_flow import InventoryBills
from ml_connector.integrations.tracking_rules import differences, named_keys
from ml_connector.integrations.views import Linked

D = Decimal
FLOW = InventoryBills()
ORDER_THERE = guid(900)
LINES = (
    BillLine("1", D("75.00"), description="Compressor", sku="CMP", quantity=D(3), unit_cost=D(25)),
    BillLine("2", D("20.00"), description="Filter, 16x25", quantity=D(2), unit_cost=D(10)),
)
BILL = Bill(
    "b1", Ref("v1", "Beta Supplies"), D("100.00"), number="INV-0042", own_number="B-7", date=ON, currency="USD",
    lines=LINES, tax=D("5.00"), purchase_order=Ref("o1", number="PO-7"), ordered=D("120.00"), ordered_on=ON - 6 * DAY,
    order_sent_on=ON - 5 * DAY,
)  # fmt: skip


def bill(**changes: Any) -> Bill:
    """The good inventory bill, changed."""
    return msgspec.structs.replace(BILL, **changes)


def there(n: int = 1, number: str = "INV-0042", total: str = "100.00", **changes: Any) -> Bill:
    """A payable bill of the ledger."""
    lines = changes.pop("lines", (BillLine("x", D(total), description="Goods"),))
    made = Bill(
        guid(n), Ref(BETA, "Beta Supplies"), D(total), number=number, date=ON + 3 * DAY, currency="USD", lines=lines,
        tax_basis=TaxBasis.NONE, state=BillState.OPEN,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def plan(document: Bill, *shown: Bill | Payable, party: str = BETA, **changes: Any) -> Decision:
    payables = tuple(one if isinstance(one, Payable) else Payable(one) for one in shown)
    return FLOW.plan(dataclasses.replace(view(document), payables=Payables(party, payables), **changes))


def track(document: Bill, *shown: Bill | Payable, **changes: Any) -> Track:
    found = plan(document, *shown, **changes)
    assert isinstance(found, Track), found
    for text in (found.sentence, found.action):
        assert text[0].isupper() and text.endswith("."), text
        assert not any(blemish in text for blemish in ("{", "None", "  ", "..", "Decimal", "()")), text
    assert found.finding in REASONS and found.received == document.total
    return found


# --- which bill it is ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["INV-0042", "inv 42", "INV42", "Inv-42 "])
def test_vendor_number_and_total_match_however_the_number_is_spelled(number: str) -> None:
    found = track(BILL, there(1, number), there(2, "INV-43"), there(3, "PO-7"))
    assert (found.finding, found.target_id, found.rank, found.candidates) == (
        "matched",
        guid(1),
        Rank.EXACT,
        (guid(1),),
    )
    assert ("spelled" in found.evidence) == (number.strip() != "INV-0042")
    assert "vendor, number and total agree" in found.sentence and "100.00 USD" in found.sentence


def test_without_the_vendors_number_servicetitans_own_is_looked_for() -> None:
    assert track(bill(number=""), there(1, "B-7")).finding == "matched"
    assert track(bill(number=""), there(1)).finding == "received_not_billed"
    assert track(BILL, there(1, "B-7")).finding == "received_not_billed"


def test_nothing_is_there() -> None:
    found = track(BILL, there(1, "INV-43", "77.00"))
    assert (found.finding, found.target_id, found.candidates, found.billed) == ("received_not_billed", "", (), None)
    assert found.sentence == (
        "Goods for 100.00 USD came from Beta Supplies on 2026-06-09, and the ledger has no bill INV-0042 of this vendor."
    )
    strange = track(BILL, party="")
    assert strange.finding == "received_not_billed" and "no contact for Beta Supplies" in strange.sentence


def test_another_total_under_the_number_is_a_price_difference() -> None:
    dearer = (
        BillLine("x", D("81.00"), description="Scroll", sku="cmp", quantity=D(3), unit_cost=D(27)),
        BillLine("y", D("20.00"), description="FILTER 16x25", quantity=D(2), unit_cost=D(10)),
        BillLine("z", D("5.00"), description="Tax"),
    )
    found = track(BILL, there(1, total="106.00", lines=dearer))
    assert (found.finding, found.target_id, found.rank) == ("price_difference", guid(1), Rank.NUMBER)
    assert (found.received, found.billed) == (D("100.00"), D("106.00"))
    assert [(one.what, one.received, one.billed) for one in found.lines] == [("CMP", D("75.00"), D("81.00"))]
    assert found.sentence == (
        "Beta Supplies bills 106.00 USD under number INV-0042, and ServiceTitan shows 100.00 USD as received: "
        "6.00 USD more than received; CMP 3 at 25 received, 3 at 27 billed."
    )
    alike = there(
        1,
        total="106.00",
        lines=(BillLine("x", D("26.00"), description="filter 16x25", quantity=D(2), unit_cost=D(10)),),
    )
    assert track(BILL, alike).sentence.endswith("; Filter, 16x25 20.00 received, 26.00 billed.")
    less = track(BILL, there(1, total="90.00"))
    assert "10.00 USD less than received" in less.sentence


def test_an_equal_total_in_another_currency_is_no_match() -> None:
    found = track(BILL, there(1, currency="CAD", lines=(BillLine("x", D(100), description="Compressor"),)))
    assert (found.finding, found.billed_currency, found.rank) == ("currencies_differ", "CAD", Rank.NUMBER)
    assert "100.00 CAD" in found.sentence and "100.00 USD" in found.sentence and found.lines == ()
    named = track(BILL, there(1, "X-1", currency="CAD", memo="PO-7"))
    assert named.finding == "received_not_billed"  # an equal total of another currency is no evidence
    linked = Linked("bills", guid(1), None, BILL, there(1, "X-1", currency="CAD"))
    assert track(BILL, link=linked).finding == "currencies_differ"


@pytest.mark.parametrize(
    "named",
    [
        {"number": "PO-7"}, {"number": "po 07"}, {"memo": "Our order PO-7, thanks"}, {"memo": "(PO 7)"},
        {"lines": (BillLine("x", D(100), description="As of PO-7"),)},
    ],
)  # fmt: skip
def test_the_order_and_the_total_only_suggest(named: dict[str, Any]) -> None:
    found = track(BILL, there(1, **{"number": "9001", **named}))
    assert (found.finding, found.target_id, found.candidates) == ("match_suggested", "", (guid(1),))
    assert "names order PO-7" in found.sentence and guid(1) in found.action


@pytest.mark.parametrize(
    "unlike",
    [{"number": "PO-71"}, {"memo": "PO-7", "total": "99.00"}, {"number": "XPO-7"}, {"number": ""}, {"memo": "7"}],
)
def test_what_is_no_evidence_suggests_nothing(unlike: dict[str, Any]) -> None:
    assert track(BILL, there(1, **{"number": "9001", **unlike})).finding == "received_not_billed"


def test_without_an_order_no_bill_is_suggested() -> None:
    assert track(bill(purchase_order=Ref()), there(1, "")).finding == "received_not_billed"


@pytest.mark.parametrize(
    "shown",
    [
        (there(1), there(2, "inv 42")),
        (there(1, total="90.00"), there(2, total="91.00")),
        (there(1, "PO-7"), there(2, "9001", memo="PO-7")),
    ],
    ids=["two of number and total", "two of the number", "two that name the order"],
)
def test_two_with_the_same_evidence_are_a_persons_to_decide(shown: tuple[Bill, ...]) -> None:
    found = track(BILL, *shown)
    assert (found.finding, found.target_id, set(found.candidates)) == ("several_candidates", "", {guid(1), guid(2)})
    assert guid(1) in found.sentence and guid(2) in found.sentence


def test_of_many_candidates_the_first_are_told_and_all_are_kept() -> None:
    found = track(BILL, *(there(n) for n in range(1, 7)))
    assert len(found.candidates) == 6 and "3 more" in found.sentence and guid(4) not in found.sentence


def test_better_evidence_goes_before() -> None:
    assert track(BILL, there(1, total="90.00"), there(2)).target_id == guid(2)
    assert track(BILL, there(1, "PO-7"), there(2, total="90.00")).finding == "price_difference"


# --- one to one ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rank", "finding"),
    [(Rank.NUMBER, "matched"), (Rank.EXACT, "received_not_billed"), (Rank.PERSON, "received_not_billed")],
)
def test_a_bill_that_is_anothers_is_taken_by_a_surer_match_only(rank: Rank, finding: str) -> None:
    found = track(BILL, Payable(there(1), "b9", rank))
    assert found.finding == finding
    assert ("inventory bill b9 already" in found.sentence) == (finding == "received_not_billed")


def test_of_two_the_free_one_is_taken() -> None:
    found = track(BILL, Payable(there(1), "b9", Rank.EXACT), there(2))
    assert (found.finding, found.target_id) == ("matched", guid(2))


def test_what_a_person_has_linked_stays_whatever_else_is_there() -> None:
    link = Linked("bills", guid(5), None, None, there(5, "OTHER"))
    found = track(BILL, there(1), link=link)
    assert (found.finding, found.target_id, found.rank) == ("matched", guid(5), Rank.PERSON)
    assert "a person has linked the two" in found.sentence
    dearer = dataclasses.replace(link, now=there(5, "OTHER", "101.00"))
    assert track(BILL, there(1), link=dearer).finding == "price_difference"
    voided = dataclasses.replace(link, now=there(5, "OTHER", active=False, state=BillState.CANCELED))
    assert track(BILL, there(1), link=voided).target_id == guid(1)


# --- what is told --------------------------------------------------------------------------------------------------


def test_dates_come_from_the_order_as_it_is_now_else_as_the_bill_saw_it() -> None:
    found = track(BILL, there())
    days = (found.ordered_on, found.sent_on, found.received_on, found.billed_on)
    assert days == (ON - 6 * DAY, ON - 5 * DAY, ON, ON + 3 * DAY) and found.ordered == D("120.00")
    order = msgspec.structs.replace(ORDER, date=ON - 9 * DAY, sent_on=ON - 8 * DAY, total=D(100))
    shown = PurchaseOrder(ORDER_THERE, "PO-7", Ref(BETA), D(100), "BILLED", state=OrderState.BILLED)
    found = track(
        BILL, there(), sources={("purchase_orders", "o1"): order},
        links={("purchase_orders", "o1"): ORDER_THERE}, at_target={("purchase_orders", ORDER_THERE): shown},
    )  # fmt: skip
    assert (found.ordered_on, found.sent_on, found.ordered) == (ON - 9 * DAY, ON - 8 * DAY, D(100))
    assert found.order_there == Ref(ORDER_THERE, "BILLED", "PO-7")


def test_a_draft_is_matched_and_said_to_be_one() -> None:
    found = track(BILL, there(state=BillState.DRAFT))
    assert (found.finding, found.awaiting) == ("matched", True) and "still a draft there" in found.sentence
    assert not track(BILL, there(state=BillState.PAID)).awaiting


def test_lines_of_one_name_are_not_paired_and_inclusive_ones_not_compared() -> None:
    twice = (BillLine("a", D(50), description="Pipe"), BillLine("b", D(50), description="Pipe"))
    other = there(lines=(BillLine("x", D(60), description="Pipe"),))
    assert differences(bill(lines=twice), other) == ()
    one = (BillLine("a", D(50), description="Pipe"),)
    assert len(differences(bill(lines=one), other)) == 1
    assert differences(bill(lines=one), msgspec.structs.replace(other, tax_basis=TaxBasis.INCLUSIVE)) == ()


def test_a_line_is_paired_by_its_description_where_the_ledger_has_no_sku() -> None:
    [found] = differences(BILL, there(lines=(BillLine("x", D(80), description="compressor"),)))
    assert (found.what, found.received, found.billed) == ("CMP", D("75.00"), D(80))


def test_words_are_compared_as_numbers_are() -> None:
    keys = named_keys(there(1, "A-001", memo="for PO 0030, see #77"))
    assert {"a1", "po30", "30", "77"} <= keys and "po3" not in keys


# --- what is passed over -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"active": False}, "canceled"),
        ({"state": BillState.CANCELED}, "canceled"),
        ({"date": dt.date(2025, 12, 31)}, "before_start"),
        ({"total": D(0)}, "tracking_zero"),
        ({"total": D("-12.50")}, "tracking_credit"),
    ],
)
def test_what_no_bill_is_expected_for(changes: dict[str, Any], code: str) -> None:
    found = plan(bill(**changes), there())
    assert isinstance(found, Skip) and found.code == code and found.sentence.endswith(".")


def test_only_the_business_units_in_scope() -> None:
    settings = msgspec.structs.replace(SETTINGS, business_units=("bu2",))
    assert isinstance(plan(BILL, there(), settings=settings), Skip)
    inside = bill(business_unit=Ref("bu2", "South"))
    assert isinstance(plan(inside, there(), settings=settings), Track)


@pytest.mark.parametrize("state", [BillState.DISCREPANCY, BillState.UNKNOWN, BillState.POSTED, BillState.RECONCILED])
def test_however_far_it_has_come_it_is_received(state: BillState) -> None:
    assert track(bill(state=state, do_not_pay=True), there()).finding == "matched"


def test_the_currency_is_the_bills_else_the_companys() -> None:
    assert track(bill(currency=""), there()).finding == "matched" and BOOKS.currency == "USD"
    assert track(bill(currency="CAD"), there()).finding == "currencies_differ"


def test_its_vendor_is_a_key_of_the_vendors_and_of_no_other_party() -> None:
    shown = {table.name: list(table.shown_keys(BILL)) for table in INTEGRATION.tables}
    assert {name: keys for name, keys in shown.items() if keys} == {"vendors": [("v1", "Beta Supplies")]}


def test_what_it_asks_for_and_shows() -> None:
    assert FLOW.needs_links(BILL, SETTINGS) == (("vendors", "v1"), ("purchase_orders", "o1"))
    assert FLOW.needs_links(bill(purchase_order=Ref()), SETTINGS) == (("vendors", "v1"),)
    assert FLOW.tracks and FLOW.only_linked(BILL, SETTINGS) and FLOW.target_entity(BILL) == "bills"
