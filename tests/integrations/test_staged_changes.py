"""A newer version of a bill that is staged: what is no change, what is told, and what is staged again."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from bill_world import codes
from staging_world import BILL, LINE, SOUTH, bill, line, linked, plan, staged, there

from ml_connector.canonical.documents import as_deleted
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.purchases import Bill, BillState
from ml_connector.connectors.writing import Action
from ml_connector.integrations.decisions import Hold, Unchanged, Write

D = Decimal
SEND = {"edits": "send"}
MORE = bill(total="120", lines=(LINE, line("20")))


def changed(newer: Bill, now: Bill | None, before: Bill = BILL, **changes: Any) -> Any:
    return plan(newer, link=linked(before, now), **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"balance": "60", "state": BillState.PARTLY_PAID, "status": "partially_paid", "stamp": "2026-06-20"},
        {"balance": "0", "state": BillState.PAID, "status": "paid"},
        {"credits": (Allocation("c1", Ref("zvc1"), D(10)),), "balance": "90"},
        {"status": "overdue", "memo": "called them", "exchange_rate": D("1.1")},
        {"vendor": Ref("v1", "Beta Supplies Ltd"), "purchase_order": Ref("p1")},
        {"lines": (msgspec.structs.replace(LINE, account=Ref("a1", "Renamed", "5001")),)},
    ],
)
def test_what_is_no_change(changes: dict[str, Any]) -> None:
    for state in (BillState.DRAFT, BillState.PAID):
        assert isinstance(changed(bill(**changes), there(state), settings=SEND), Unchanged)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"total": "120", "lines": (line("120"),)}, "total 100.00 -> 120.00"),
        ({"number": "INV-2"}, "number INV-1 -> INV-2"),
        ({"date": dt.date(2026, 6, 10)}, "date 2026-06-09 -> 2026-06-10"),
        ({"due_date": None}, "due date 2026-07-09 -> none"),
        ({"vendor": Ref("v2", "Gamma")}, "vendor Beta Supplies -> Gamma"),
        ({"lines": (msgspec.structs.replace(LINE, dimensions=(SOUTH,)),)}, "line 1: tag North -> South"),
        (
            {"lines": (msgspec.structs.replace(LINE, account=Ref("a2", "Tools")),)},
            "line 1: account 5000 Parts -> Tools",
        ),
        ({"lines": (msgspec.structs.replace(LINE, id="7"),)}, "line 1: entered anew"),
        ({"total": "120", "lines": (LINE, line("20", description="Nails"))}, "lines (100.00 "),
        ({"location": Ref("l-duluth", "Duluth")}, "location none -> Duluth"),
    ],
)
def test_a_change_is_told_with_both_versions(changes: dict[str, Any], says: str) -> None:
    decision = changed(bill(**changes), there())
    assert isinstance(decision, Hold) and codes(decision) == ["changed_after_staging"]
    assert says in decision.waits[0].sentence
    assert (decision.waits[0].kind, decision.waits[0].key) == ("setting", "setting:edits")


@pytest.mark.parametrize("state", [BillState.DRAFT, BillState.SUBMITTED])
def test_a_change_is_staged_again_where_the_settings_say_so(state: BillState) -> None:
    decision = changed(MORE, there(state), settings=SEND)
    assert isinstance(decision, Write)
    [step] = decision.steps
    assert (step.action, step.target_id, step.reference, step.total) == (Action.UPDATE, "inv-1", "mlc-7", D(120))
    assert [one.amount for one in staged(decision).lines] == [D(100), D(20)]


@pytest.mark.parametrize("state", [BillState.APPROVED, BillState.PAID, BillState.REJECTED, BillState.CANCELED])
@pytest.mark.parametrize("edits", ["hold", "send"])
def test_what_was_decided_there_is_never_touched(state: BillState, edits: str) -> None:
    decision = changed(MORE, there(state, status="pending_payment"), settings={"edits": edits})
    assert isinstance(decision, Hold) and codes(decision) == ["changed_after_decision"]
    assert "pending_payment" in decision.waits[0].sentence
    assert (decision.waits[0].kind, decision.waits[0].key) == ("fact", "bills:inv-1")


@pytest.mark.parametrize(
    ("newer", "now", "code"),
    [
        (MORE, None, "staged_gone"),
        (MORE, there(reference=""), "staged_not_ours"),
        (msgspec.structs.replace(MORE, total=D(121)), there(), "bill_does_not_tie"),
    ],
)
def test_what_keeps_a_change_from_being_staged_again(newer: Bill, now: Bill | None, code: str) -> None:
    assert codes(changed(newer, now, settings=SEND)) == [code]


def test_a_line_that_is_gone_would_stay_there() -> None:
    assert codes(changed(BILL, there(), before=MORE, settings=SEND)) == ["staged_lines_lost"]


def test_a_tax_that_is_gone_would_stay_there() -> None:
    taxed = bill(total="108", tax="8", lines=(line("100", tax=D(8), tax_code=Ref("t1", "State")),))
    more = bill(total="216", tax="16", lines=(line("200", tax=D(16), tax_code=Ref("t1", "State")),))
    other = bill(total="108", tax="8", lines=(line("100", tax=D(8), tax_code=Ref("t2", "City")),))
    untaxed = bill(lines=(line("100"),))
    assert codes(changed(untaxed, there(), before=taxed, settings=SEND)) == ["staged_lines_lost"]
    assert codes(changed(other, there(), before=taxed, settings=SEND)) == ["staged_lines_lost"]
    assert staged(changed(more, there(), before=taxed, settings=SEND)).tax == 16
    assert staged(changed(taxed, there(), before=untaxed, settings=SEND)).tax == 8


def test_a_change_that_lacks_a_mapping_waits_for_it() -> None:
    unmapped = bill(total="120", lines=(LINE, line("20", account=Ref("a9", "New"))))
    assert codes(changed(unmapped, there(), settings=SEND)) == ["gl_account_unmapped"]


@pytest.mark.parametrize("changes", [{"state": BillState.CANCELED}, {"active": False}])
def test_a_void_bill_waits_until_it_is_cancelled_there(changes: dict[str, Any]) -> None:
    decision = changed(bill(**changes), there(BillState.APPROVED, status="approved"), settings=SEND)
    assert isinstance(decision, Hold) and codes(decision) == ["void_after_staging"]
    assert (decision.waits[0].kind, decision.waits[0].key) == ("fact", "bills:inv-1")
    assert isinstance(changed(bill(**changes), there(BillState.CANCELED)), Unchanged)
    assert isinstance(changed(bill(**changes), None), Unchanged)
    assert "It was voided in Zoho Books" in decision.waits[0].sentence


def test_a_deleted_bill_is_told_as_one() -> None:
    deleted = as_deleted(bill())
    assert isinstance(deleted, Bill)
    decision = changed(deleted, there(BillState.APPROVED, status="approved"))
    assert (
        isinstance(decision, Hold) and "It was deleted in Zoho Books after it was staged" in decision.waits[0].sentence
    )
