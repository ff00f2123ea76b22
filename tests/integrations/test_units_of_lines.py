"""Business units as locations on what is sold, whom the table takes, and what stays of it when an invoice changes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from bill_world import Rows, codes
from zoho_payment_world import PAYMENT_TABLES, payment
from zoho_payment_world import invoice as owed
from zoho_payment_world import plan as plan_payment
from zoho_sales_world import INVOICE, NORTH, D, invoice, labor, line, linked, plan, sent, shown

from ml_connector.canonical.master_data import Dimension
from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.sales import Invoice, InvoiceLine
from ml_connector.integrations.decisions import Write
from ml_connector.integrations.servicetitan_xero import INTEGRATION as XERO
from ml_connector.integrations.servicetitan_zoho_books import INTEGRATION
from ml_connector.service.mapping.keys import Known
from ml_connector.sync.kept_coding import agreed

DULUTH, BEND = Dimension("loc1", "location", "Duluth"), Dimension("loc2", "location", "Bend")
PROJECT = Dimension("prj", "project", "Roof", party=Ref("zc2"))
KNOWN = {one.id: one for one in (NORTH, DULUTH, BEND, PROJECT)}
PLACES: dict[str, Any] = {
    "settings": {"business_unit_as": "location"}, "ledger": {"dimensions": KNOWN},
    "tables": {"business_units": {"bu1": DULUTH.id, "bu2": BEND.id}},
}  # fmt: skip
SOUTH = Ref("bu2", "South")
WEST = Dimension("opt2", "reporting_tag", "West", Ref("tag1", "Area"))


def coded(document: Any) -> list[tuple[str, tuple[Ref, ...]]]:
    return [(one.location.id, one.dimensions) for one in document.lines]


def test_invoices_and_what_is_taken_off_them_stand_at_the_location_of_their_units() -> None:
    both = invoice(lines=(line("100"), labor("50", business_unit=SOUTH)), total="158.25")
    assert coded(sent(plan(both, **PLACES))) == [("loc1", ()), ("loc2", ())]
    reduced = invoice(lines=(line("100"), labor("50")), discount="30", tax="8.25", total="128.25")
    assert set(coded(sent(plan(reduced, **PLACES)))) == {("loc1", ())}


def test_a_write_off_stands_at_the_location_of_its_unit_with_its_tax_and_its_cent() -> None:
    lines = (InvoiceLine("l1", D(100), tax_code=Ref("tx1"), tax=D("8.25")), InvoiceLine("l2", D(50)))
    half = owed("A", "158.25", tax=D("8.25"), lines=lines, tax_basis=TaxBasis.EXCLUSIVE)
    mapped = {name: Rows(rows) for name, rows in {**PAYMENT_TABLES, **PLACES["tables"]}.items()}
    around = {"settings": PLACES["settings"], "ledger": PLACES["ledger"], "mappings": mapped}
    note = sent(plan_payment(payment("33.33", type_="2"), [half], **around))
    assert len(note.lines) > 1 and set(coded(note)) == {("loc1", ())}


def test_a_row_from_before_that_names_a_project_holds_the_document_until_it_is_corrected() -> None:
    around = {**PLACES, "tables": {"business_units": {"bu1": PROJECT.id}}}
    assert codes(plan(INVOICE, **around)) == ["unit_unusable"]


def test_a_location_that_an_accountant_gave_a_line_stays_and_another_unit_moves_an_untouched_one() -> None:
    base = shown(**{"lines": _placed(shown(), DULUTH)})
    theirs = shown(**{"lines": _placed(shown(), BEND)})
    dearer = invoice(lines=(line("120"),), tax="9.90", total="129.90")
    decision = plan(dearer, link=linked(INVOICE, theirs, base), **PLACES)
    assert coded(sent(decision)) == [("loc2", ())]
    assert isinstance(decision, Write) and any("keeps what the ledger has: location" in one for one in decision.notes)
    moved = invoice(lines=(line("120", business_unit=SOUTH),), tax="9.90", total="129.90")
    assert coded(sent(plan(moved, link=linked(INVOICE, base, base), **PLACES))) == [("loc2", ())]
    assert coded(sent(plan(dearer, link=linked(INVOICE, base, base), **PLACES))) == [("loc1", ())]


def test_a_base_of_before_locations_were_read_keeps_no_line_from_following_its_unit() -> None:
    base = shown()
    today = shown(**{"lines": tuple(msgspec.structs.replace(one, location=Ref(DULUTH.id)) for one in base.lines)})
    tagged = {
        "ledger": {"dimensions": {**KNOWN, WEST.id: WEST}},
        "tables": {"business_units": {"bu1": NORTH.id, "bu2": WEST.id}},
    }
    moved = invoice(lines=(line("120", business_unit=SOUTH),), tax="9.90", total="129.90")
    decision = plan(moved, link=linked(INVOICE, today, base), **tagged)
    [(place, [option])] = coded(sent(decision))
    assert (place, option.id) == ("loc1", WEST.id)  # where the ledger has it, since tags say nothing of it
    assert isinstance(decision, Write) and not any("keeps what the ledger has" in one for one in decision.notes)
    after = agreed(base, today, today)
    assert isinstance(after, Invoice) and after.lines == today.lines  # known from the next answer on
    bend = shown(**{"lines": _placed(shown(), BEND)})
    assert agreed(today, bend, bend).lines[0].location == Ref(DULUTH.id)  # type: ignore[union-attr]


def _placed(document: Any, place: Dimension) -> tuple[InvoiceLine, ...]:
    return tuple(msgspec.structs.replace(one, location=Ref(place.id), dimensions=()) for one in document.lines)


@pytest.mark.parametrize(
    ("becomes", "fits", "word"),
    [("tag", {"opt1"}, "option of a reporting tag"), ("location", {"loc1", "loc2"}, "location"),
     ("none", {"opt1", "loc1", "loc2"}, "tag option or location")],
)  # fmt: skip
def test_the_table_takes_what_the_setting_says(becomes: str, fits: set[str], word: str) -> None:
    table = INTEGRATION.table("business_units").under({"business_unit_as": becomes})
    known = Known(table, targets={"dimensions": KNOWN})
    assert {value for value in KNOWN if not known.fault(value)} == fits and known.fault("none") == ""
    assert known.fault("prj") == f"it is no {word}, and business_unit_as is {becomes}"


def test_with_xero_every_tracking_option_may_be_one() -> None:
    table = XERO.table("business_units").under({"business_unit_as": "option"})
    option = Dimension("o1", "tracking_option", "North", Ref("c1", "Region"))
    assert Known(table, targets={"dimensions": {"o1": option}}).fault("o1") == ""
