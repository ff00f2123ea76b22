"""Changes of documents that Zoho Books taxes by a group, each tax of which is rounded by itself."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from bill_world import codes, sentences
from zoho_sales_world import BOOKS, JANE, D, invoice, labor, line, sent, step
from zoho_taxed_world import BY_DOCUMENT, GROUP, ROUNDING, TAXES, linked, plan, shown

from ml_connector.canonical.master_data import Organisation, TaxCode
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Invoice
from ml_connector.connectors.writing import Action
from ml_connector.integrations.decisions import Hold, Unchanged

LATER = dt.date(2026, 8, 1)
BY_PARTS = invoice(lines=(line("99"),), tax="7.31", total="106.31")  # 6.81 + 0.50
BY_THE_WHOLE = invoice(lines=(line("99"),), tax="7.30", total="106.30")


def test_a_change_of_an_invoice_of_a_group_is_foreseen_by_its_taxes() -> None:
    link = linked(BY_PARTS, shown(BY_PARTS))
    decision = plan(msgspec.structs.replace(BY_PARTS, due_date=LATER), link=link)
    assert (step(decision).action, step(decision).total) == (Action.UPDATE, D("106.31"))
    assert [(row.id, row.tax_code.id) for row in sent(decision).lines] == [("zl1", "tg1")]
    assert isinstance(plan(BY_PARTS, link=link), Unchanged)


def test_a_change_keeps_the_rounding_of_what_the_groups_taxes_are_off_by() -> None:
    there = shown(BY_THE_WHOLE, settings=ROUNDING)
    assert [(row.description, row.amount) for row in there.lines[1:]] == [("Rounding", D("-0.01"))]
    later = msgspec.structs.replace(BY_THE_WHOLE, due_date=LATER)
    decision = plan(later, link=linked(BY_THE_WHOLE, there), settings=ROUNDING)
    assert [(row.id, row.amount) for row in sent(decision).lines] == [("zl1", D(99)), ("", D("-0.01"))]
    assert step(decision).total == D("106.30")


def test_kept_and_new_lines_of_a_group_are_reckoned_alike() -> None:
    more = invoice(lines=(line("99"), line("99", "2")), tax="14.62", total="212.62")
    decision = plan(more, link=linked(BY_PARTS, shown(BY_PARTS)))
    assert [row.id for row in sent(decision).lines] == ["zl1", ""]
    assert len({row.tax_code for row in sent(decision).lines}) == 1


CREDIT = invoice(
    id="i2", number="5513", lines=(line("-99"),), tax="-7.31", total="-106.31", adjusts=Ref("i1", number="5512")
)


def test_a_change_of_a_credit_note_of_a_group_is_foreseen_by_its_taxes() -> None:
    links = {("customers", "c1"): JANE, ("invoices", "i1"): "zi9"}
    corrects = msgspec.structs.replace(shown(BY_PARTS), id="zi9")
    at_target = {("invoices", "zi9"): corrects}
    there = shown(CREDIT, links=links, at_target=at_target)
    assert (there.kind, there.total) == ("credit note", D("106.31"))
    later = msgspec.structs.replace(CREDIT, date=dt.date(2026, 6, 10))
    decision = plan(later, link=linked(CREDIT, there), links=links, at_target=at_target)
    assert (step(decision).entity, step(decision).action, step(decision).total) == (
        "credit_notes", Action.UPDATE, D("-106.31"),
    )  # fmt: skip


def test_what_is_not_taxed_stays_so_beside_a_group() -> None:
    mixed = invoice(lines=(line("99"), labor("50")), tax="7.31", total="156.31")
    decision = plan(msgspec.structs.replace(mixed, due_date=LATER), link=linked(mixed, shown(mixed)))
    assert [row.tax_code.id for row in sent(decision).lines] == ["tg1", ""]
    assert codes(decision) == []


# --- taxes that are others today --------------------------------------------------------------------------------------

AUSTIN = Ref("z2", "Duluth")  # a zone of a single tax
SINGLE = invoice(lines=(line("100"),), tax_zone=AUSTIN)


def listed(code: TaxCode, **changes: Any) -> dict[str, TaxCode]:
    """The ledger's taxes, one of them otherwise."""
    return {**TAXES, code.id: msgspec.structs.replace(code, **changes)}


DEARER = listed(TAXES["tx1"], rate=D("0.085"))
COMPOSED_ANEW = listed(GROUP, parts=(D("0.065"), D("0.00875")))
MORE_TAXES = listed(GROUP, parts=(D("0.065"), D("0.005"), D("0.00375")))


@pytest.mark.parametrize(
    ("posted", "taxes", "was", "now"),
    [
        (SINGLE, DEARER, "with 8.25 %", "with 8.5 % today"),
        (BY_PARTS, COMPOSED_ANEW, "with 6.81 + 0.50 on 99.00", "with 6.5 % + 0.875 % today"),
        (BY_PARTS, MORE_TAXES, "with 6.81 + 0.50 on 99.00", "with 6.5 % + 0.5 % + 0.375 % today"),
        (CREDIT, listed(GROUP, rate=D("0.08"), parts=(D("0.075"), D("0.005"))), "with 7.375 %", "with 7.5 % + 0.5 %"),
    ],
)
def test_a_change_of_what_was_reckoned_by_other_rates_waits_for_a_person(
    posted: Invoice, taxes: dict[str, TaxCode], was: str, now: str
) -> None:
    known = known_to(posted)
    later = msgspec.structs.replace(posted, date=dt.date(2026, 6, 10))
    link = linked(posted, shown(posted, **known))
    decision = plan(later, link=link, taxes=taxes, **known)
    assert set(codes(decision)) == {"tax_rate_changed"}
    assert was in sentences(decision)[0] and now in sentences(decision)[0]
    assert isinstance(decision, Hold)
    there, code = link.now, next(line_.tax_code.id for line_ in shown(posted, **known).lines)
    assert there is not None
    entity = "invoices" if posted.total > 0 else "credit_notes"
    assert [(one.kind, one.key) for one in decision.waits] == [
        ("fact", f"{entity}:{there.id}"), ("fact", f"tax_codes:{code}"),
    ]  # fmt: skip
    assert isinstance(plan(posted, link=link, taxes=taxes, **known), Unchanged)


def known_to(posted: Invoice) -> dict[str, Any]:
    """What else a plan of it needs: of a credit what it corrects."""
    if posted.total > 0:
        return {}
    links = {("customers", "c1"): JANE, ("invoices", "i1"): "zi9"}
    return {"links": links, "at_target": {("invoices", "zi9"): msgspec.structs.replace(shown(BY_PARTS), id="zi9")}}


def test_what_is_released_is_reckoned_by_the_rates_of_today() -> None:
    link, released = linked(SINGLE, shown(SINGLE)), frozenset(["tax_rate_changed"])
    later = msgspec.structs.replace(SINGLE, due_date=LATER)
    assert codes(plan(later, link=link, taxes=DEARER, released=released)) == ["target_total_differs"]
    dearer = invoice(lines=(line("100"),), tax="8.50", total="108.50", tax_zone=AUSTIN)
    assert step(plan(dearer, link=link, taxes=DEARER, released=released)).total == D("108.50")


@pytest.mark.parametrize("number", ["7.375", "7.38", "7.3750"])
def test_a_rate_that_a_document_shows_shorter_or_longer_is_the_same(number: str) -> None:
    there = shown(BY_PARTS)
    lines = tuple(msgspec.structs.replace(one, tax_code=Ref(GROUP.id, GROUP.name, number)) for one in there.lines)
    link = linked(BY_PARTS, msgspec.structs.replace(there, lines=lines))
    assert step(plan(msgspec.structs.replace(BY_PARTS, due_date=LATER), link=link)).total == D("106.31")


@pytest.mark.parametrize(
    ("amount", "tax", "held"), [("100", "8.25", False), ("1", "0.08", True)], ids=["told", "small"]
)
def test_the_tax_of_a_line_counts_before_the_rate_that_it_shows(amount: str, tax: str, *, held: bool) -> None:
    """The rate was another one for a while: a document that was read then may show that, though it was never reckoned so."""
    posted = invoice(lines=(line(amount),), tax=tax, total=D(amount) + D(tax), tax_zone=AUSTIN)
    there = shown(posted)
    other = tuple(msgspec.structs.replace(one, tax_code=Ref("tx1", "Austin", "8.3")) for one in there.lines)
    link = linked(posted, msgspec.structs.replace(there, lines=other))
    decision = plan(msgspec.structs.replace(posted, due_date=LATER), link=link)
    assert set(codes(decision)) == ({"tax_rate_changed"} if held else set())


def test_a_line_that_gets_another_tax_is_reckoned_by_that_one() -> None:
    """The zone has changed, so what became of the former tax is no matter."""
    moved = msgspec.structs.replace(BY_PARTS, tax_zone=AUSTIN, tax=D("8.17"), total=D("107.17"))
    decision = plan(moved, link=linked(BY_PARTS, shown(BY_PARTS)), taxes=COMPOSED_ANEW)
    assert [row.tax_code.id for row in sent(decision).lines] == ["tx1"]


def test_a_group_whose_taxes_the_ledger_does_not_show_is_reckoned_by_its_own_rate() -> None:
    """As that of a compound tax, of which a line shows more than the rate gives."""
    link = linked(BY_PARTS, shown(BY_PARTS))
    whole = invoice(lines=(line("99"),), tax="7.30", total="106.30", due_date=LATER)
    assert step(plan(whole, link=link, taxes=listed(GROUP, parts=()))).total == D("106.30")


UNREAD = listed(GROUP, parts=(), parts_unread=True)


@pytest.mark.parametrize("link", [None, linked(BY_PARTS, shown(BY_PARTS))], ids=["new", "changed"])
def test_a_group_whose_taxes_could_not_be_read_keeps_documents_waiting(link: Any) -> None:
    decision = plan(msgspec.structs.replace(BY_PARTS, due_date=LATER), link=link, taxes=UNREAD)
    assert isinstance(decision, Hold)
    assert [(one.code, one.kind, one.key) for one in decision.waits] == [("tax_parts_unread", "fact", "tax_codes:tg1")]
    single = plan(msgspec.structs.replace(SINGLE, due_date=LATER), taxes=UNREAD)
    assert step(single).total == SINGLE.total


# --- lines of several kinds -------------------------------------------------------------------------------------------


def mixed(**changes: Any) -> Invoice:
    """Two lines that are taxed and one that is not."""
    whole: dict[str, Any] = {"lines": (line("99"), line("33.33", "2"), labor("50", "3"))}
    return invoice(**{**whole, **changes})


@pytest.mark.parametrize(
    ("books", "tax"),
    # 6.80625 -> 6.81, 0.495 -> 0.50, 2.29144 -> 2.29, 0.16665 -> 0.17; of 132.33: 9.09769 -> 9.10, 0.66165 -> 0.66
    [(BOOKS, "9.77"), (BY_DOCUMENT, "9.76")],
    ids=["line", "document"],
)
def test_lines_of_a_group_a_single_tax_and_none_are_changed_as_they_are_reckoned(books: Organisation, tax: str) -> None:
    both = mixed(tax=tax, total=D("182.33") + D(tax))
    there = shown(both, books=books)
    assert [row.tax_code.id for row in there.lines] == ["tg1", "tg1", ""]
    later = msgspec.structs.replace(both, due_date=LATER)
    assert step(plan(later, books=books, link=linked(both, there))).total == both.total
    # An accountant has put the second line on a single tax: 2.75 in place of 2.46 or 2.46.
    single = msgspec.structs.replace(
        there.lines[1], tax_code=Ref("tx1", "Austin", "8.25"), tax=D("2.75"), tax_parts=()
    )  # fmt: skip
    recoded = msgspec.structs.replace(there, lines=(there.lines[0], single, there.lines[2]))
    dearer = mixed(tax="10.06", total="192.39", due_date=LATER)  # 6.81 + 0.50 + 2.75
    decision = plan(dearer, books=books, link=linked(both, recoded, there))
    assert [row.tax_code.id for row in sent(decision).lines] == ["tg1", "tx1", ""]
    assert step(decision).total == D("192.39")


@pytest.mark.parametrize(("books", "tax"), [(BOOKS, "8.79"), (BY_DOCUMENT, "8.79")], ids=["line", "document"])
def test_a_discount_on_lines_of_a_group_and_of_none_is_changed_as_it_is_reckoned(books: Organisation, tax: str) -> None:
    """18.23 off 182.33 in their proportions: 89.10, 30.00 and 45.00 are left."""
    less = mixed(discount="18.23", tax=tax, total=D("164.10") + D(tax))
    there = shown(less, books=books)
    assert [row.amount for row in there.lines] == [D("89.10"), D("30.00"), D("45.00")]
    later = msgspec.structs.replace(less, due_date=LATER)
    decision = plan(later, books=books, link=linked(less, there))
    assert [row.id for row in sent(decision).lines] == ["zl1", "zl2", "zl3"]
    assert step(decision).total == less.total
