"""Bills that change after they were posted: sent whole, laid against what an accountant did, or shown with both versions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from bill_world import BILL, BOOKS, amounts, bill, body, codes, line, plan, view

from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillLine, BillState
from ml_connector.connectors.writing import Action
from ml_connector.integrations.bill_flow import Bills
from ml_connector.integrations.decisions import Decision, Hold, Skip, Unchanged, Write
from ml_connector.integrations.views import Linked, Twin
from ml_connector.sync.plan import as_previewed, encode

D = Decimal
TWO = (line("100"), line("60", id="2", description="Filter"))
POSTED = bill(total="160", lines=TWO)


def entered(decision: Decision, **changes: Any) -> Bill:
    """What the ledger shows once the step is carried out: line ids are its own, or those that it was given."""
    assert isinstance(decision, Write)
    [step], sent = decision.steps, body(decision)
    lines = tuple(
        BillLine(
            f"z{n}", D(str(one["quantity"])) * D(str(one["rate"])), description=one.get("description", ""),
            account=Ref(one["account_id"]), tax_code=Ref(one.get("tax_id", "")),
            dimensions=tuple(Ref(tag["tag_option_id"], number=tag["tag_id"]) for tag in one.get("tags", ())),
            location=Ref(one.get("location_id", "")),
        )
        for n, one in enumerate(sent["line_items"], 1)
    )  # fmt: skip
    shown = Bill(
        "zb1", Ref("zv1", "Beta Supplies"), step.total, number=sent["bill_number"], date=step.date,
        due_date=dt.date.fromisoformat(sent["due_date"]), currency="USD", lines=lines, state=BillState.OPEN,
        balance=step.total, reference="mlc-1",
    )  # fmt: skip
    return msgspec.structs.replace(shown, **changes)


def posted(
    document: Bill = POSTED, now: Callable[[Bill], Bill | None] = lambda there: there, **around: Any
) -> dict[str, Any]:
    """A bill that was posted as it is planned today; ``now``: what has become of it in the ledger."""
    base = entered(plan(document, **around))
    return {"link": Linked("bills", "zb1", base, document, now(base)), **around}


def ids(decision: Decision, there: dict[str, Any], document: Bill) -> list[str]:
    """The ledger's ids of the lines that are sent, as the connector is given them."""
    seen: list[Bill] = []

    def composed(action: Action, target: Any, reference: str) -> Any:
        seen.append(target)
        return view(document).compose(action, target, reference)

    assert encode(plan(document, **{**there, "compose": composed})) == encode(decision)  # type: ignore[arg-type]
    return [one.id for one in seen[-1].lines]


def replaced(there: Bill, n: int, **changes: Any) -> Bill:
    """The ledger's bill with one line changed."""
    lines = [msgspec.structs.replace(one, **changes) if k == n else one for k, one in enumerate(there.lines)]
    return msgspec.structs.replace(there, lines=tuple(lines))


# --- sent ----------------------------------------------------------------------------------------------------------


def test_a_change_goes_whole_under_the_ledgers_line_ids() -> None:
    changed = msgspec.structs.replace(POSTED, total=D(177), lines=(TWO[0], line("70", id="2"), line("7", id="3")))
    there = posted()
    decision = plan(changed, **there)
    assert isinstance(decision, Write)
    [step] = decision.steps
    assert (step.action, step.target_id, step.total, step.number) == (Action.UPDATE, "zb1", D(177), "INV-1")
    assert amounts(decision) == [("z5000", D(100)), ("z5000", D(70)), ("z5000", D(7))]
    assert ids(decision, there, changed) == ["z1", "z2", ""]


def test_a_line_that_is_gone_leaves_the_others_under_their_ids() -> None:
    changed = msgspec.structs.replace(POSTED, total=D(60), lines=TWO[1:])
    there = posted()
    decision = plan(changed, **there)
    assert amounts(decision) == [("z5000", D(60))] and ids(decision, there, changed) == ["z2"]


def test_number_date_and_total_of_the_vendor_are_taken_over_when_it_is_reconciled() -> None:
    received = msgspec.structs.replace(POSTED, number="")
    there = posted(received)
    assert there["link"].base.number == "ST-77"
    reconciled = msgspec.structs.replace(
        received, number="V-9", date=dt.date(2026, 6, 12), due_date=dt.date(2026, 7, 12), total=D(165),
        lines=(TWO[0], line("65", id="2")), state=BillState.RECONCILED,
    )  # fmt: skip
    sent = body(plan(reconciled, **there))
    assert (sent["bill_number"], sent["date"], sent["due_date"]) == ("V-9", "2026-06-12", "2026-07-12")
    twin = Twin("Zoho Books", "zb9", "V-9", D(165), "open", False, "bills")
    assert codes(plan(reconciled, **there, twins=(twin,))) == ["same_number_same_total"]
    assert isinstance(plan(msgspec.structs.replace(reconciled, number=""), **there, twins=(twin,)), Write)


def test_what_the_ledger_alone_has_changed_of_its_head_stays() -> None:
    def moved(base: Bill) -> Bill:
        return msgspec.structs.replace(
            base, number="INV-1A", due_date=dt.date(2026, 8, 1), memo="ask Ann", location=Ref("L1")
        )

    changed = msgspec.structs.replace(POSTED, total=D(170), lines=(TWO[0], line("70", id="2")))
    sent = body(plan(changed, **posted(now=moved)))
    assert (sent["bill_number"], sent["due_date"], sent["location_id"]) == ("INV-1A", "2026-08-01", "L1")
    assert sent["notes"].startswith("ask Ann")


def test_what_an_accountant_recoded_stays_and_a_mapping_of_today_recodes_nothing() -> None:
    def recoded(base: Bill) -> Bill:
        return replaced(base, 0, account=Ref("z7000", "Freight in"), dimensions=(Ref("gone", number="unit"),))

    changed = msgspec.structs.replace(POSTED, total=D(170), lines=(TWO[0], line("70", id="2")))
    there = {**posted(now=recoded), "tables": {"accounts": {"5000": "z6000"}}}
    decision = plan(changed, **there)
    assert amounts(decision) == [("z7000", D(100)), ("z5000", D(70))]
    first, second = body(decision)["line_items"]
    assert [one["tags"][0]["tag_option_id"] for one in (first, second)] == ["gone", "north"]
    assert isinstance(decision, Write) and "keeps what the ledger has: account, tag" in " ".join(decision.notes)


def test_another_business_unit_moves_the_tag_unless_somebody_has() -> None:
    unit = Ref("bu2", "South")
    moved = msgspec.structs.replace(
        POSTED, lines=tuple(msgspec.structs.replace(one, business_unit=unit) for one in TWO)
    )
    rows = {"tables": {"business_units": {"bu1": "north", "bu2": "duluth"}}}
    base = posted()["link"].base
    lone = body(plan(moved, link=Linked("bills", "zb1", base, POSTED, base), **rows))["line_items"]
    assert [(one.get("location_id"), "tags" in one) for one in lone] == [("duluth", False)] * 2
    kept = replaced(base, 0, dimensions=(Ref("gone", number="unit"),))
    first, _ = body(plan(moved, link=Linked("bills", "zb1", base, POSTED, kept), **rows))["line_items"]
    assert first["tags"] == [{"tag_id": "unit", "tag_option_id": "gone"}]


@pytest.mark.parametrize("since", ["the beginning", "later"])
def test_an_option_of_a_tag_and_a_place_that_are_not_ours_stay_beside_the_tag_that_moves(since: str) -> None:
    moved = msgspec.structs.replace(
        POSTED, lines=tuple(msgspec.structs.replace(one, business_unit=Ref("bu2", "South")) for one in TWO)
    )
    base = posted()["link"].base
    truck = Ref("t4", "Truck 4", "truck")
    now = replaced(base, 0, dimensions=(*base.lines[0].dimensions, truck), location=Ref("yard"))
    link = Linked("bills", "zb1", now if since == "the beginning" else base, POSTED, now)
    first, second = body(plan(moved, link=link, tables={"business_units": {"bu1": "north", "bu2": "south"}}))[
        "line_items"
    ]
    assert [one["tag_option_id"] for one in first["tags"]] == ["south", "t4"] and first["location_id"] == "yard"
    assert [one["tag_option_id"] for one in second["tags"]] == ["south"] and "location_id" not in second


def test_tax_and_charges_keep_their_lines() -> None:
    around = {"tables": {"tax": {"Duluth": "account:z6000"}}, "settings": {"freight_account": "z7000"}}
    before = bill(total="113.25", tax="8.25", shipping="5", lines=(line("100"),))
    there = posted(before, lambda base: replaced(base, 1, account=Ref("z5000")), **around)
    after = msgspec.structs.replace(before, total=D("117.50"), tax=D("9.50"), shipping=D(8))
    decision = plan(after, **there)
    assert amounts(decision) == [("z5000", D(100)), ("z5000", D("9.50")), ("z7000", D(8))]
    assert ids(decision, there, after) == ["z1", "z2", "z3"]


def test_a_line_of_rounding_takes_the_place_of_the_one_before() -> None:
    around = {
        "settings": {"rounding_account": "z8000", "rounding_limit": D("0.02")},
        "tables": {"tax": {"Duluth": "tax:t8"}},
    }  # fmt: skip
    before = bill(total="108.26", tax="8.26", lines=(line("100"),))
    there = posted(before, lambda base: replaced(base, 1, account=Ref("z6000")), **around)
    after = msgspec.structs.replace(before, total=D("216.51"), tax=D("16.51"), lines=(line("200"),))
    decision = plan(after, **there)
    assert amounts(decision) == [("z5000", D(200)), ("z6000", D("0.01"))] and ids(decision, there, after) == [
        "z1",
        "z2",
    ]


def test_a_change_of_ours_that_arrived_goes_once_more_and_adds_nothing() -> None:
    changed = msgspec.structs.replace(POSTED, total=D(177), lines=(TWO[0], line("70", id="2"), line("7", id="3")))
    there = posted()
    sent = plan(changed, **there)
    arrived = entered(sent)
    again = {**there, "link": Linked("bills", "zb1", there["link"].base, POSTED, arrived)}
    decision = plan(changed, **again)
    assert amounts(decision) == amounts(sent) and ids(decision, again, changed) == ["z1", "z2", "z3"]


def test_preview_equals_live() -> None:
    changed = msgspec.structs.replace(POSTED, total=D(170), lines=(TWO[0], line("70", id="2")))
    seen = view(changed, **posted())
    shown = Bills().plan(seen)
    assert isinstance(shown, Write)
    assert encode(as_previewed(Bills(), seen, shown.placeholders)) == encode(Bills().plan(seen)) == encode(shown)  # type: ignore[arg-type]


# --- voided --------------------------------------------------------------------------------------------------------

CANCELED = msgspec.structs.replace(POSTED, state=BillState.CANCELED)


@pytest.mark.parametrize(
    "after",
    [CANCELED, msgspec.structs.replace(POSTED, active=False), msgspec.structs.replace(POSTED, total=D(0), lines=())],
)
def test_what_nothing_is_owed_for_any_more_is_voided_there(after: Bill) -> None:
    decision = plan(after, **posted())
    assert isinstance(decision, Write)
    [step] = decision.steps
    assert (step.entity, step.action, step.target_id, step.body) == ("bills", Action.VOID, "zb1", b"")


def test_a_vendor_credit_is_voided_too_and_never_changed() -> None:
    credit = bill(total="-50", lines=(line("-50"),))
    there = Bill(
        "zc1", Ref("zv1"), D(-50), number="INV-1", date=BILL.date, currency="USD", state=BillState.OPEN, balance=D(-50),
        reference="mlc-1",
    )  # fmt: skip
    link = Linked("vendor_credits", "zc1", there, credit, there)
    voided = plan(msgspec.structs.replace(credit, active=False), link=link)
    assert isinstance(voided, Write) and voided.steps[0].entity == "vendor_credits"
    smaller = plan(msgspec.structs.replace(credit, total=D(-40), lines=(line("-40"),)), link=link)
    assert codes(smaller) == ["changed_after_posting"]
    used = msgspec.structs.replace(there, balance=D(-20))
    held = plan(
        msgspec.structs.replace(credit, active=False), link=Linked("vendor_credits", "zc1", there, credit, used)
    )
    assert isinstance(held, Hold) and "30.00 USD of it is paid or credited there" in held.waits[0].sentence


def test_a_cancelled_receipt_is_voided_unless_a_bill_was_made_of_it() -> None:
    receipt = msgspec.structs.replace(POSTED, source_kind="receipt")
    around = {"settings": {"bill_source": "receipts"}}
    cancelled = msgspec.structs.replace(receipt, active=False, state=BillState.CANCELED)
    there = posted(receipt, **around)
    voided = plan(cancelled, **there)
    assert isinstance(voided, Write) and voided.steps[0].action is Action.VOID
    billed = plan(msgspec.structs.replace(cancelled, own_bill=Ref("b77")), **there)
    assert isinstance(billed, Hold) and "ServiceTitan made bill b77 of this receipt" in billed.waits[0].sentence
    assert plan(msgspec.structs.replace(receipt, own_bill=Ref("b77")), **there) == Unchanged()


@pytest.mark.parametrize("there", [None, BillState.CANCELED])
def test_what_is_gone_on_both_sides_needs_nothing(there: BillState | None) -> None:
    def now(base: Bill) -> Bill | None:
        return None if there is None else msgspec.structs.replace(base, state=there)

    assert plan(CANCELED, **posted(now=now)) == Unchanged()


# --- held with both versions -----------------------------------------------------------------------------------------

DEARER = msgspec.structs.replace(POSTED, total=D(170), lines=(TWO[0], line("70", id="2")))


def there_is(**changes: Any) -> Callable[[Bill], Bill]:
    return lambda base: msgspec.structs.replace(base, **changes)


@pytest.mark.parametrize("after", [DEARER, CANCELED])
@pytest.mark.parametrize(
    ("now", "why"),
    [
        (
            there_is(balance=D(100), state=BillState.PARTLY_PAID),
            "partly paid: 60.00 USD of it is paid or credited there",
        ),
        (there_is(balance=D(0), state=BillState.PAID), "paid: 160.00 USD of it is paid or credited there"),
        (there_is(balance=None, state=BillState.PAID), "paid: 160.00 USD of it is paid or credited there"),
        (there_is(state=BillState.DRAFT), "draft: it is not open there"),
    ],
)
def test_what_is_paid_or_not_open_there_is_told_with_both_versions(
    after: Bill, now: Callable[[Bill], Bill], why: str
) -> None:
    decision = plan(after, **posted(now=now))
    assert isinstance(decision, Hold)
    [wait] = decision.waits
    code = "canceled_after_posting" if after.state is BillState.CANCELED else "changed_after_posting"
    assert (wait.code, wait.kind, wait.key) == (code, "fact", "bills:zb1")
    assert ("voided there by itself" in wait.action) == (after.state is BillState.CANCELED)
    assert wait.sentence.endswith(f"The ledger has INV-1 of 2026-06-09 over 160.00 USD, {why}.")


@pytest.mark.parametrize(
    ("after", "why"),
    [
        ({"total": D(-5), "lines": (line("-5"),)}, "it comes to -5.00 USD now and would be the opposite document"),
        ({"state": BillState.DISCREPANCY}, "having a discrepancy"),
        ({"do_not_pay": True}, "'do not pay'"),
        ({"vendor": Ref("v2", "Gamma")}, "its vendor is Gamma now"),
        ({"currency": "CAD"}, "it is in CAD now"),
        ({"source_kind": "receipt"}, "it is a receipt now and was a bill"),
    ],
)
def test_what_a_change_cannot_bring_about_is_held(after: dict[str, Any], why: str) -> None:
    decision = plan(msgspec.structs.replace(POSTED, **after), **posted())
    assert isinstance(decision, Hold) and codes(decision) == ["changed_after_posting"]
    assert why in decision.waits[0].sentence


def test_what_is_void_there_or_left_the_scope_is_held() -> None:
    void = plan(DEARER, **posted(now=there_is(state=BillState.CANCELED, active=False)))
    assert isinstance(void, Hold) and "it is void there" in void.waits[0].sentence
    moved = msgspec.structs.replace(POSTED, business_unit=Ref("bu9", "West"))
    left = plan(moved, **posted(settings={"business_units": ("bu1",)}))
    assert isinstance(left, Hold) and "West is not in this integration's scope" in left.waits[0].sentence


@pytest.mark.parametrize(
    ("after", "now", "why"),
    [
        (DEARER, there_is(total=D(150), balance=D(150)), "its total was 160.00 USD"),
        (DEARER, there_is(total=D(170), balance=D(170), other=D(10)), "an adjustment or a discount was entered there"),
        (DEARER, lambda base: replaced(base, 1, amount=D(61)), "its line 'Job J-100: Filter' was 60.00"),
        (msgspec.structs.replace(POSTED, number="V-9"), there_is(number="V-8"), "its number was INV-1"),
        (
            msgspec.structs.replace(POSTED, date=dt.date(2026, 6, 20)),
            there_is(date=dt.date(2026, 6, 21)),
            "its date was",
        ),
        (
            msgspec.structs.replace(POSTED, due_date=dt.date(2026, 6, 20)),
            there_is(due_date=dt.date(2026, 6, 21)),
            "its due date was 2026-07-09",
        ),
    ],
)
def test_what_both_sides_changed_otherwise_is_held(after: Bill, now: Callable[[Bill], Bill], why: str) -> None:
    decision = plan(after, **posted(now=now))
    assert isinstance(decision, Hold) and codes(decision) == ["bill_changed_there"]
    assert why in decision.waits[0].sentence


def test_what_both_sides_changed_alike_is_no_conflict() -> None:
    after = msgspec.structs.replace(DEARER, number="V-9", date=dt.date(2026, 6, 20))
    assert isinstance(plan(after, **posted(now=there_is(number="v 9", date=dt.date(2026, 6, 20)))), Write)


def test_lines_that_cannot_be_paired_are_held_where_somebody_changed_them_and_written_anew_where_nobody_did() -> None:
    def split(base: Bill) -> Bill:
        first, second = base.lines
        parts = (
            msgspec.structs.replace(first, id="z8", amount=D(40)),
            msgspec.structs.replace(first, id="z9", amount=D(60)),
        )
        return msgspec.structs.replace(base, lines=(*parts, second))

    held = plan(DEARER, **posted(now=split))
    assert isinstance(held, Hold) and codes(held) == ["bill_lines_unpaired"]
    around = {"tables": {"tax": {"Duluth": "account:z6000"}}}
    before = bill(total="108.25", tax="8.25", lines=(line("100"),))
    there = posted(before, **around)
    after = msgspec.structs.replace(before, total=D("118.25"), lines=(line("110"),))
    otherwise = {**there, "tables": {"tax": {"Duluth": "cost"}}}
    decision = plan(
        after, **otherwise
    )  # the rule for tax is another one today, so the lines that were sent are not known
    assert amounts(decision) == [("z5000", D("118.25"))] and ids(decision, otherwise, after) == [""]
    base = there["link"].base
    named = f"Capacitor\n{base.lines[0].description}"  # as Zoho shows a line that an item was put on
    for theirs in ({"account": Ref("z7000")}, {"description": named}):
        link = Linked("bills", "zb1", base, before, replaced(base, 0, **theirs))
        assert codes(plan(after, **{**otherwise, "link": link})) == ["bill_lines_unpaired"]


def test_a_counterpart_that_only_a_list_showed_is_waited_for() -> None:
    row = plan(DEARER, **posted(now=there_is(lines=(), complete=False)))
    assert isinstance(row, Hold) and codes(row) == ["counterpart_unread"] and row.waits[0].key == "bills:zb1"
    there = posted()["link"]
    unknown = Linked("bills", "zb1", msgspec.structs.replace(there.base, complete=False, lines=()), POSTED, there.now)
    assert codes(plan(DEARER, link=unknown)) == ["bill_lines_unpaired"]


def test_what_a_new_bill_waits_for_a_changed_one_waits_for_too() -> None:
    unseen = msgspec.structs.replace(
        DEARER, complete=False, hidden_reason="the right is missing", hidden_by="tn.acc.apbills:r"
    )
    assert codes(plan(unseen, **posted())) == ["hidden_lines"]
    added = msgspec.structs.replace(
        POSTED, total=D(161), lines=(*TWO, line("1", id="3", account=Ref("s9", "Other", "9999")))
    )
    assert codes(plan(added, **posted())) == ["account_unmapped"]
    early = plan(DEARER, **{**posted(), "settings": {"gate": "reconciled"}})
    assert isinstance(early, Skip) and codes(early) == ["not_yet"]


# --- periods -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [DEARER, CANCELED])
def test_what_stands_in_a_closed_period_is_neither_changed_nor_voided(after: Bill) -> None:
    for way in ("hold", "first open day"):
        closed = {"closed_through": dt.date(2026, 6, 30), "closed_period": way}
        decision = plan(after, **{**posted(), "settings": closed})
        assert codes(decision) == ["change_in_closed_period"]


def test_a_new_date_in_a_closed_period_is_held_or_booked_as_the_setting_says() -> None:
    later = msgspec.structs.replace(POSTED, date=dt.date(2026, 7, 15))
    back = msgspec.structs.replace(later, date=dt.date(2026, 6, 20))
    closed = {"closed_through": dt.date(2026, 6, 30)}
    assert codes(plan(back, **{**posted(later), "settings": closed})) == ["change_in_closed_period"]
    moving = {**closed, "closed_period": "first open day"}
    sent = body(plan(back, **{**posted(later), "settings": moving}))
    assert sent["date"] == "2026-07-01" and sent["notes"].startswith("Dated 2026-06-20 in ServiceTitan")


def test_a_bill_that_was_moved_stays_on_its_day_however_far_the_books_are_open_now() -> None:
    closed = {"closed_through": dt.date(2026, 6, 30), "closed_period": "first open day"}
    there = posted(POSTED, settings=closed)
    assert there["link"].base.date == dt.date(2026, 7, 1)
    for settings in (closed, {}):
        assert body(plan(DEARER, **{**there, "settings": settings}))["date"] == "2026-07-01"
    assert BOOKS.locked_through is None
