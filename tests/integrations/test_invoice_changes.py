"""What becomes of an invoice after it was posted: left alone, changed, authorised, voided, or shown to a person."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from invoice_world import (
    BOOKS,
    INVOICE,
    JANE,
    LINE,
    NORTH,
    OTHER,
    SOUTH,
    D,
    amounts,
    body,
    codes,
    credit,
    guid,
    invoice,
    line,
    linked,
    plan,
    shown,
    step,
)

from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState
from ml_connector.connectors.writing import Action
from ml_connector.integrations.decisions import Decision, Hold, Skip, Unchanged, Write

POSTED, COMPLETED, PENDING = InvoiceState.POSTED, InvoiceState.COMPLETED, InvoiceState.PENDING
DRAFTS = {"invoice_gate": "draft when completed"}
TWO = (line("60"), line("40", "2", description="Labor", account=Ref("", "", "4100"), taxable=False))
PAIR = invoice(lines=TWO, tax="4.95", total="104.95")


def later(now: Invoice | None = None, posted: Invoice = INVOICE, **around: Any) -> Any:
    """How later versions of ``posted`` are planned while Xero shows ``now``."""

    def planned(**changes: Any) -> Decision:
        link = linked(posted, now)
        return plan(_changed(posted, changes), link=link, **around)

    return planned


def _changed(posted: Invoice, changes: dict[str, Any]) -> Invoice:
    amounts_ = {"total", "tax", "discount"}
    return msgspec.structs.replace(posted, **{k: D(v) if k in amounts_ else v for k, v in changes.items()})


DEARER: dict[str, Any] = {"lines": (line("120"),), "tax": "9.90", "total": "129.90"}


# --- nothing of substance --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"state": PENDING, "state_words": "status Pending"},
        {"exported": True, "state_words": "status Exported"},
        {"balance": D(3), "stamp": "x", "memo": "called twice"},
        {"customer": Ref("c1", "Jane Doe-Smith")},
        {"location": Ref("l1", "12 Main Street"), "job": Ref("j1", "Repair", "J-100")},
        {"terms": "Net 45"},
        {"lines": (msgspec.structs.replace(LINE, account=Ref("s9", "Other", "4999")),)},
        {"tax_zone": Ref("z1", "Austin, TX")},
        {"lines": (msgspec.structs.replace(LINE, item=Ref("1001")),)},  # posted before items of lines were read
    ],
)
def test_what_is_no_change(changes: dict[str, Any]) -> None:
    assert isinstance(later()(**changes), Unchanged)


def test_without_the_version_that_was_posted_nothing_is_done() -> None:
    link = linked()
    link = type(link)(link.target_entity, link.target_id, link.base, None, link.now)
    assert isinstance(plan(invoice(**DEARER), link=link), Unchanged)


def test_what_was_entered_there_already_is_not_sent_again() -> None:
    now = shown(invoice(**DEARER), id=guid(77))
    assert isinstance(later(now)(**DEARER), Unchanged)


# --- unpaid: changed ---------------------------------------------------------------------------------------------------


def test_an_unpaid_invoice_is_changed() -> None:
    decision = later()(**DEARER, due_date=dt.date(2026, 8, 1))
    one, sent = step(decision), body(decision)
    assert (one.entity, one.action, one.target_id, one.total) == ("invoices", Action.UPDATE, guid(77), D("129.90"))
    assert one.reference == "servicetitan-1-invoices-i1"
    assert (sent["InvoiceID"], sent["Status"], sent["DueDate"]) == (guid(77), "AUTHORISED", "2026-08-01")
    assert sent["LineItems"][0]["LineItemID"] == guid(900)
    assert amounts(decision) == [("200", D(120), "TAX001", D("9.90"))]
    assert isinstance(decision, Write)
    assert (
        "changed in ServiceTitan: total 108.25 -> 129.90, due date 2026-07-09 -> 2026-08-01, lines"
        in (decision.notes[0])
    )


def test_a_line_that_came_is_new_and_one_that_went_is_left_out() -> None:
    three = (*TWO, line("10", "3", description="Filter", taxable=False))
    more = body(later(posted=PAIR)(lines=three, total="114.95"))["LineItems"]
    assert [one.get("LineItemID") for one in more] == [guid(900), guid(901), None]
    fewer = body(later(posted=PAIR)(lines=TWO[:1], total="64.95"))["LineItems"]
    assert [one["LineItemID"] for one in fewer] == [guid(900)]
    turned = body(later(posted=PAIR)(lines=TWO[::-1], number="5512-A"))["LineItems"]
    assert [one["LineItemID"] for one in turned] == [guid(901), guid(900)]


def test_another_customer() -> None:
    around: dict[str, Any] = {"links": {("customers", "c1"): JANE, ("customers", "c2"): guid(9)}}
    assert step(later(**around)(customer=Ref("c2", "John"))).party_id == guid(9)
    asked: dict[str, Any] = {"asked": frozenset([("customers", "c3")])}
    decision = later(**asked)(customer=Ref("c3", "Joe"))
    assert isinstance(decision, Hold) and decision.asks_for == (("customers", "c3"),)


# --- three ways ------------------------------------------------------------------------------------------------------


def recoded(n: int = 0, **changes: Any) -> Invoice:
    """What Xero shows of the pair after an accountant has changed a line."""
    there = shown(PAIR)
    lines = [msgspec.structs.replace(one, **changes) if i == n else one for i, one in enumerate(there.lines)]
    return msgspec.structs.replace(there, lines=tuple(lines))


CHANGED: dict[str, Any] = {"lines": (line("70"), TWO[1]), "tax": "5.78", "total": "115.78"}


@pytest.mark.parametrize(
    ("recoding", "key", "kept"),
    [
        ({"account": Ref("", "", "299")}, "AccountCode", "299"),
        ({"tax_code": Ref("TAX002")}, "TaxType", "TAX002"),
        ({"dimensions": (Ref(OTHER, "", guid(500)),)}, "Tracking",
         [{"TrackingCategoryID": guid(500), "TrackingOptionID": OTHER}]),
        ({"dimensions": ()}, "Tracking", []),
    ],
)  # fmt: skip
def test_what_an_accountant_recoded_stays(recoding: dict[str, Any], key: str, kept: Any) -> None:
    decision = later(recoded(**recoding), PAIR)(**CHANGED)
    assert body(decision)["LineItems"][0].get(key) == kept
    assert body(decision)["LineItems"][0]["LineAmount"] == 70
    assert isinstance(decision, Write) and any("keeps what the ledger has" in note for note in decision.notes)


def test_a_mapping_that_changed_since_touches_no_posted_line() -> None:
    tables = {
        "accounts": {"4000": guid(860), "4100": guid(860)},
        "tax": {"Austin": "TAX002", "(exempt)": "NONE"},
        "business_units": {"bu1": SOUTH},
    }
    lines = (*CHANGED["lines"], line("10", "3", description="Filter", taxable=False))
    found = body(later(posted=PAIR, tables=tables)(lines=lines, tax="5.78", total="125.78"))["LineItems"]
    told = [(one["AccountCode"], one["TaxType"], one["Tracking"][0]["TrackingOptionID"]) for one in found]
    assert told == [("200", "TAX001", NORTH), ("260", "NONE", NORTH), ("860", "NONE", SOUTH)]


def test_a_business_unit_that_changed_moves_untouched_tracking() -> None:
    south = Ref("bu2", "South")
    moved = {"lines": (line("60", business_unit=south), TWO[1])}
    options = [one["Tracking"][0]["TrackingOptionID"] for one in body(later(posted=PAIR)(**moved))["LineItems"]]
    assert options == [SOUTH, NORTH]
    kept = later(recoded(dimensions=(Ref(OTHER, "", guid(500)),)), PAIR)(**moved, number="5512-A")
    assert body(kept)["LineItems"][0]["Tracking"][0]["TrackingOptionID"] == OTHER


def test_an_option_of_a_category_that_is_not_ours_stays_beside_the_one_that_moves() -> None:
    truck = Ref(guid(901), "Truck 4", guid(900))
    there = recoded(dimensions=(Ref(NORTH, "", guid(500)), truck))
    moved = {"lines": (line("60", business_unit=Ref("bu2", "South")), TWO[1])}
    tracked = body(later(there, PAIR)(**moved))["LineItems"][0]["Tracking"]
    assert [one["TrackingOptionID"] for one in tracked] == [SOUTH, guid(901)]


def test_a_zone_that_changed_moves_an_untouched_tax_type() -> None:
    elsewhere = {"tax_zone": Ref("z9", "Dallas")}
    assert [one["TaxType"] for one in body(later(posted=PAIR)(**elsewhere))["LineItems"]] == ["TAX002", "NONE"]
    kept = later(recoded(tax_code=Ref("TAX009")), PAIR)(**elsewhere, number="5512-A")
    assert body(kept)["LineItems"][0]["TaxType"] == "TAX009"
    assert isinstance(later(recoded(tax_code=Ref("TAX009")), PAIR)(**elsewhere), Unchanged)


def test_a_line_that_becomes_taxed_gets_the_zones_type() -> None:
    both = {"lines": (TWO[0], msgspec.structs.replace(TWO[1], taxable=True)), "tax": "8.25", "total": "108.25"}
    assert [one["TaxType"] for one in body(later(posted=PAIR)(**both))["LineItems"]] == ["TAX001", "TAX001"]


def test_tax_on_a_line_that_the_ledger_has_as_exempt_waits() -> None:
    decision = later(recoded(tax_code=Ref("NONE"), tax=D(0)), PAIR)(**CHANGED)
    assert isinstance(decision, Hold) and codes(decision) == ["change_not_sent"]
    assert "the ledger has it as Tax exempt" in decision.waits[0].sentence


def test_amounts_belong_to_the_source() -> None:
    decision = later(recoded(amount=D(55), unit_price=D(55)), PAIR)(number="5512-A")
    assert [one["LineAmount"] for one in body(decision)["LineItems"]] == [60, 40]


@pytest.mark.parametrize("change", ["added", "removed", "saved anew with another text"])
def test_lines_that_cannot_be_paired_are_held(change: str) -> None:
    there = shown(PAIR)
    lines: tuple[InvoiceLine, ...] = there.lines
    if change == "added":
        lines = (*lines, msgspec.structs.replace(lines[0], id=guid(950)))
    elif change == "removed":
        lines = lines[:1]
    else:
        lines = tuple(msgspec.structs.replace(one, id=guid(960), description="Other") for one in lines)
    decision = later(msgspec.structs.replace(there, lines=lines), PAIR)(**CHANGED)
    assert isinstance(decision, Hold)
    assert [(one.code, one.kind, one.key) for one in decision.waits] == [
        ("change_not_sent", "fact", f"invoices:{guid(77)}")
    ]
    assert "cannot be told" in decision.waits[0].sentence


def test_lines_that_were_only_saved_anew_are_paired_by_what_they_say() -> None:
    there = shown(PAIR)
    anew = tuple(msgspec.structs.replace(one, id=guid(960 + n)) for n, one in enumerate(there.lines))
    sent = body(later(msgspec.structs.replace(there, lines=anew), PAIR)(**CHANGED))["LineItems"]
    assert [one["LineItemID"] for one in sent] == [guid(960), guid(961)]


# --- paid, void, not ours --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "state", [{"balance": D(50)}, {"balance": D(0), "state": InvoiceState.PAID}, {"state": InvoiceState.PAID}]
)
def test_paid_or_part_paid_is_held_with_both_versions(state: dict[str, Any]) -> None:
    decision = later(shown(**state))(**DEARER)
    assert isinstance(decision, Hold)
    [wait] = decision.waits
    assert (wait.code, wait.kind, wait.key) == ("change_when_paid", "fact", f"invoices:{guid(77)}")
    assert "total 108.25 -> 129.90" in wait.sentence and "5512 of 2026-06-09 over 108.25 USD" in wait.sentence


def test_of_a_paid_one_xero_lets_the_head_be_changed() -> None:
    decision = later(shown(balance=D(50)))(due_date=dt.date(2026, 8, 1), number="5512-A")
    one, sent = step(decision), body(decision)
    assert (one.action, one.total, one.number) == (Action.UPDATE, D("108.25"), "5512-A")
    assert (sent["DueDate"], sent["InvoiceNumber"]) == ("2026-08-01", "5512-A")
    assert "LineItems" not in sent and "Date" not in sent and "Status" not in sent


@pytest.mark.parametrize("removed", [{"active": False}, {"lines": (), "tax": "0", "total": "0"}])
def test_what_became_inactive_or_empty_is_voided(removed: dict[str, Any]) -> None:
    decision = later()(**removed)
    one = step(decision)
    assert (one.entity, one.action, one.target_id) == ("invoices", Action.VOID, guid(77))
    assert body(decision) == {"InvoiceID": guid(77), "Status": "VOIDED"}
    draft = later(shown(state=InvoiceState.DRAFT))(**removed)
    assert body(draft)["Status"] == "DELETED"
    assert codes(later(shown(balance=D(8)))(**removed)) == ["change_when_paid"]
    assert isinstance(later(shown(state=InvoiceState.VOID, active=False))(**removed), Unchanged)


def test_a_credit_is_voided_only_while_nothing_of_it_is_applied() -> None:
    posted = credit(adjusts=Ref())
    there = shown(posted, id=guid(88))
    gone = later(there, posted)(active=False)
    assert (step(gone).entity, body(gone)) == ("credit_notes", {"CreditNoteID": guid(88), "Status": "VOIDED"})
    part = Allocation(guid(5), Ref(guid(77)), D(10))
    used = msgspec.structs.replace(there, balance=D("98.25"), allocations=(part,))
    assert codes(later(used, posted)(active=False)) == ["change_when_paid"]


@pytest.mark.parametrize(
    ("now", "changes", "says"),
    [
        ({}, {"lines": (line("-120"),), "tax": "-9.90", "total": "-129.90"}, "becomes no credit note"),
    ],
)
def test_what_cannot_be_changed_is_shown(now: dict[str, Any], changes: dict[str, Any], says: str) -> None:
    decision = later(shown(**now))(**changes)
    assert isinstance(decision, Hold) and codes(decision) == ["change_not_sent"]
    assert says in decision.waits[0].sentence


def test_what_is_void_there_goes_again_under_another_number_only() -> None:
    void = shown(state=InvoiceState.VOID, active=False)
    decision = later(void)(**DEARER)
    assert isinstance(decision, Hold)
    assert [(one.code, one.kind, one.key) for one in decision.waits] == [
        ("void_there", "mapping", "invoice_numbers:i1")
    ]
    again = later(void, tables={"invoice_numbers": {"i1": "5512-2"}})(**DEARER)
    one = step(again)
    assert (one.action, one.number, one.target_id) == (Action.CREATE, "5512-2", "")
    assert one.reference == "servicetitan-1-invoices-i1-55122"
    assert body(again)["Reference"].endswith(f"[ref {one.reference}]")
    assert isinstance(again, Write) and again.replaces == guid(77)
    assert codes(later(void, tables={"invoice_numbers": {"i1": "5512"}})(**DEARER)) == ["void_there"]
    assert isinstance(later(void, tables={"invoice_numbers": {"i1": "5512-2"}})(active=False), Unchanged)
    assert isinstance(later(tables={"invoice_numbers": {"i1": "5512-2"}})(), Unchanged)


@pytest.mark.parametrize("changes", [DEARER, {"active": False}])
def test_what_was_linked_and_not_made_here_is_never_written(changes: dict[str, Any]) -> None:
    theirs = shown(reference="")
    decision = plan(_changed(INVOICE, changes), link=linked(INVOICE, theirs, theirs))
    assert isinstance(decision, Hold) and codes(decision) == ["change_not_sent"]
    assert "not made here" in decision.waits[0].sentence


def test_what_somebody_has_brought_into_line_by_hand_is_left() -> None:
    theirs, after = shown(reference=""), invoice(**DEARER)
    in_line = msgspec.structs.replace(theirs, total=D("129.90"), tax=D("9.90"))
    assert isinstance(plan(after, link=linked(INVOICE, in_line, theirs)), Unchanged)
    for apart in ({"date": dt.date(2026, 6, 10)}, {"tax": D("9.91")}, {"customer": Ref(guid(9))}):
        there = msgspec.structs.replace(in_line, **apart)
        assert codes(plan(after, link=linked(INVOICE, there, theirs))) == ["change_not_sent"]
    renumbered = invoice(**DEARER, number="5512-A")
    assert codes(plan(renumbered, link=linked(INVOICE, in_line, theirs))) == ["change_not_sent"]
    numbered = msgspec.structs.replace(in_line, number="5512a")
    assert isinstance(plan(renumbered, link=linked(INVOICE, numbered, theirs)), Unchanged)


def test_a_paid_one_that_shows_it_already_is_left() -> None:
    after = invoice(**DEARER)
    now = shown(after, id=guid(77), state=InvoiceState.PAID, balance=D(0))
    assert isinstance(later(now)(**DEARER), Unchanged)


def test_the_head_of_a_paid_one_changes_whatever_was_done_to_its_lines() -> None:
    there = shown(balance=D(5))
    more = msgspec.structs.replace(there, lines=(*there.lines, msgspec.structs.replace(there.lines[0], id=guid(950))))
    assert "LineItems" not in body(later(more)(due_date=dt.date(2026, 8, 1)))


def test_what_took_a_void_ones_place_is_ours_too() -> None:
    ours = shown(reference="servicetitan-1-invoices-i1-55122")
    decision = plan(invoice(**DEARER), link=linked(INVOICE, ours, ours))
    assert body(decision)["Reference"].endswith("[ref servicetitan-1-invoices-i1-55122]")
    other = shown(reference="servicetitan-1-invoices-i11")
    assert codes(plan(invoice(**DEARER), link=linked(INVOICE, other, other))) == ["change_not_sent"]


def test_a_reference_that_somebody_erased_there_is_still_ours() -> None:
    link = linked(INVOICE, shown(reference="", memo=""), shown())
    assert isinstance(plan(invoice(**DEARER), link=link), Write)


def test_what_is_gone_there_is_told() -> None:
    link = linked()
    gone = type(link)(link.target_entity, link.target_id, link.base, link.source, None)
    assert codes(plan(invoice(**DEARER), link=gone)) == ["gone_there"]
    assert isinstance(plan(INVOICE, link=gone), Unchanged)


# --- periods and gates -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [DEARER, {"active": False}, {"date": dt.date(2026, 7, 1)}])
def test_a_closed_period_is_never_edited(changes: dict[str, Any]) -> None:
    locked = msgspec.structs.replace(BOOKS, locked_through=dt.date(2026, 6, 30))
    for around in ({"books": locked}, {"settings": {"closed_through": dt.date(2026, 6, 9)}}):
        decision = later(**around)(**changes)
        assert isinstance(decision, Hold) and codes(decision) == ["change_in_closed_period"]
        assert "with the date 2026-06-09" in decision.waits[0].sentence
    for released in ("period_closed", "change_in_closed_period"):  # whatever a person lets go, it stays as it is
        assert codes(later(books=locked, released=frozenset([released]))(**changes)) == ["change_in_closed_period"]


def test_a_draft_of_a_closed_period_is_not_in_the_books_and_may_be_released() -> None:
    locked = msgspec.structs.replace(BOOKS, locked_through=dt.date(2026, 6, 30))
    drafted = shown(state=InvoiceState.DRAFT)
    for changes in (DEARER, {"active": False}):
        assert codes(later(drafted, books=locked)(**changes)) == ["period_closed"]
        assert isinstance(later(drafted, books=locked, released=frozenset(["period_closed"]))(**changes), Write)


def test_a_change_into_a_closed_period_is_held_too() -> None:
    decision = later(settings={"closed_through": dt.date(2026, 6, 1)})(date=dt.date(2026, 5, 30))
    assert codes(decision) == ["change_in_closed_period"]


def test_a_change_waits_for_its_gate() -> None:
    decision = later()(**DEARER, state=PENDING)
    assert isinstance(decision, Skip) and decision.code == "invoice_not_yet"
    kept = later()(**DEARER, state=InvoiceState.KEPT_BACK, state_words="status Pending, review OnHold")
    assert codes(kept) == ["kept_back"]
    assert codes(later()(**{**DEARER, "total": "129.91"})) == ["does_not_tie"]


def test_a_draft_is_authorised_when_its_batch_is_posted() -> None:
    posted = invoice(state=COMPLETED)
    now = shown(state=InvoiceState.DRAFT)
    waiting = later(now, posted, settings=DRAFTS)
    assert isinstance(waiting(state_words="job Completed"), Unchanged)
    decision = waiting(state=POSTED)
    one, sent = step(decision), body(decision)
    assert (one.action, one.target_id, sent["Status"]) == (Action.UPDATE, guid(77), "AUTHORISED")
    assert sent["LineItems"][0]["LineItemID"] == guid(900)
    assert body(waiting(**DEARER))["Status"] == "DRAFT"
    assert isinstance(later(shown(), posted, settings=DRAFTS)(state=POSTED), Unchanged)
    assert isinstance(later(now, posted, settings=DRAFTS)(state=InvoiceState.KEPT_BACK, exported=True), Unchanged)


def test_a_draft_that_was_linked_by_hand_is_not_authorised() -> None:
    theirs = shown(reference="", state=InvoiceState.DRAFT)
    assert isinstance(plan(INVOICE, link=linked(invoice(state=COMPLETED), theirs, theirs), settings=DRAFTS), Unchanged)


def test_exported_at_first_sight_is_no_matter_once_it_is_linked() -> None:
    assert isinstance(later(first_seen_exported=True)(**DEARER), Write)


def test_one_that_left_the_scope_waits_with_what_is_paid_on_it_until_a_person_says_so() -> None:
    left: dict[str, Any] = {"business_unit": Ref("bu2", "South"), **DEARER}
    around: dict[str, Any] = {"settings": {"business_units": ("bu1",)}}
    decision = later(**around)(**left)
    assert codes(decision) == ["left_scope"] and isinstance(decision, Hold)
    assert decision.waits[0].key == "setting:business_units"
    assert isinstance(later(**around, released=frozenset(["left_scope"]))(**left), Write)
    assert isinstance(later()(**left), Write) and isinstance(later(**around)(**DEARER), Write)
    out = msgspec.structs.replace(INVOICE, business_unit=Ref("bu2", "South"))
    assert isinstance(later(posted=out, **around)(**DEARER), Write)  # it never was in it
    assert isinstance(later(**around)(**left, active=False), Write)
