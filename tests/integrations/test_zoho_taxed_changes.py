"""Changes of documents that Zoho Books taxes by a group, each tax of which is rounded by itself."""

from __future__ import annotations

import datetime as dt

import msgspec
from bill_world import codes
from zoho_sales_world import JANE, D, invoice, labor, line, sent, step
from zoho_taxed_world import ROUNDING, linked, plan, shown

from ml_connector.canonical.parts import Ref
from ml_connector.connectors.writing import Action
from ml_connector.integrations.decisions import Unchanged

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
