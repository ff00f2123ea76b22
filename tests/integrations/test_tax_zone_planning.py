"""Tax zones: linked with the one tax of the same name and rate, created only by setting, differences told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from bill_world import codes, sentences
from zoho_sales_world import told, view

from ml_connector.canonical import documents
from ml_connector.canonical.master_data import TaxCode
from ml_connector.connectors.writing import Action
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Skip, Unchanged, Write
from ml_connector.integrations.servicetitan_zoho_books import INTEGRATION
from ml_connector.integrations.tax_zone_flow import TaxZones
from ml_connector.integrations.views import Linked

D = Decimal
AUSTIN = TaxCode("z1", "Austin", D("0.0825"))
PARTED = TaxCode("z2", "Hudson", None, labor_rate=D("0.01"), material_rate=D("0.05"))
MAKES = {"settings": {"new_taxes": "yes"}}
THERE = TaxCode("tx1", "Austin", D("0.0825"))
FREE: dict[str, Any] = {"tables": {"sales_tax": {}}}


def plan(zone: TaxCode, *taxes: TaxCode, zones: tuple[TaxCode, ...] = (), **changes: Any) -> Decision:
    lists = {"tax_zones": {one.id: one for one in (*zones, zone)}}
    around = {**FREE, **changes}
    found = view(
        zone, flow="tax_zones", ledger={"tax_codes": {one.id: one for one in taxes}}, source_lists=lists, **around
    )
    return told(TaxZones().plan(found))


def test_the_one_of_its_name_and_rate_is_linked() -> None:
    decision = plan(AUSTIN, THERE, TaxCode("tx2", "Dallas", D("0.0825")))
    assert decision == Adopt("tax_codes", "tx1", "matched", "the same name and rate 8.25 %, which no other one has")


@pytest.mark.parametrize("rate", [D("0.08"), None])
def test_another_rate_is_told_and_frees_itself_once_it_is_mended(rate: Decimal | None) -> None:
    decision = plan(AUSTIN, TaxCode("tx1", "Austin", rate), **MAKES)
    assert isinstance(decision, Hold)
    assert [(one.code, one.kind, one.key) for one in decision.waits] == [
        ("zone_rate_differs", "mapping", "sales_tax:Austin"),
        ("zone_rate_differs", "fact", "tax_codes:tx1"),
    ]
    assert "8.25 %" in sentences(decision)[0]


def test_two_of_one_name_and_one_that_another_zone_has_are_for_a_person() -> None:
    assert codes(plan(AUSTIN, THERE, TaxCode("tx3", "AUSTIN", D("0.0825")))) == ["zone_name_twice"]
    assert codes(plan(AUSTIN, THERE, zones=(TaxCode("z9", "austin", D("0.01")),))) == ["zone_name_twice"]
    assert codes(plan(AUSTIN, THERE, held_there={"tx1": "z9"})) == ["zone_taken"]


def test_what_is_not_there_waits_with_those_of_its_rate_as_evidence() -> None:
    decision = plan(AUSTIN, TaxCode("tx2", "Travis County", D("0.0825")), TaxCode("tx3", "Other", D("0.01")))
    assert isinstance(decision, Hold) and codes(decision) == ["zone_not_there"] * 2
    assert [one.key for one in decision.waits] == ["sales_tax:Austin", "tax_codes:(any)"]
    assert "Of the same rate are 'Travis County' (8.25 %; id tx2)." in decision.waits[0].sentence
    assert "zone_not_there" in INTEGRATION.held_by_settings


def test_it_is_made_only_where_the_setting_says_so_and_nothing_is_like_it() -> None:
    decision = plan(AUSTIN, TaxCode("tx2", "Travis County", D("0.0825")), **MAKES)
    assert isinstance(decision, Write)
    [step] = decision.steps
    assert (step.entity, step.action, step.number) == ("tax_codes", Action.CREATE, "Austin")
    assert documents.decode(step.body) == TaxCode("", "Austin", D("0.0825"))
    like = plan(AUSTIN, TaxCode("tx2", "Austin, TX", D("0.0825")), **MAKES)
    assert codes(like) == ["zone_alike"] * 2
    inactive = plan(AUSTIN, TaxCode("tx2", "Austin, TX", D("0.0825"), active=False), **MAKES)
    assert isinstance(inactive, Write)


def test_one_that_taxes_labor_and_material_apart_is_never_made() -> None:
    assert codes(plan(PARTED, **MAKES)) == ["zone_without_rate"] * 2
    assert codes(plan(PARTED)) == ["zone_not_there"] * 2


def test_what_is_passed_over() -> None:
    by_row = plan(AUSTIN, THERE, tables={"sales_tax": {"Austin": "tx0"}})
    assert isinstance(by_row, Skip) and by_row.code == "zone_by_row"
    assert ("sales_tax", "zone_by_row") in INTEGRATION.skipped_by_tables
    ended = plan(TaxCode("z1", "Austin", D("0.0825"), active=False), THERE)
    assert isinstance(ended, Skip) and ended.code == "zone_inactive_here"


def test_a_renamed_zone_keeps_its_link_and_is_told_with_its_row() -> None:
    link = Linked("tax_codes", "tx1", THERE, AUSTIN, THERE)
    assert isinstance(plan(AUSTIN, THERE, link=link), Unchanged)
    decision = plan(TaxCode("z1", "Austin downtown", D("0.0875")), THERE, link=link)
    assert isinstance(decision, Skip) and decision.code == "zone_differs"
    assert "name (Austin downtown in ServiceTitan, Austin there)" in decision.sentence
    assert "rate (8.75 % in ServiceTitan, 8.25 % there)" in decision.sentence
    assert "'Austin downtown'" in decision.sentence


def test_the_flow_begins_off() -> None:
    flow = INTEGRATION.flow("tax_zones")
    assert flow.as_needed and flow.begins_off and flow.matches == flow.target_entity(AUSTIN) == "tax_codes"
