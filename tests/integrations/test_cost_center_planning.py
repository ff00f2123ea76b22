"""Cost centres: matched by account number, code or name where that is unique on both sides; created only where allowed."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import msgspec
import pytest
from bill_world import codes
from staging_world import CENTERS, OPTIONS, center, decided, linked, staged, view

from ml_connector.canonical.master_data import Dimension
from ml_connector.canonical.parts import Ref
from ml_connector.connectors.writing import Action
from ml_connector.errors import BadInput
from ml_connector.integrations.cost_centers import alike, is_valid, is_wanted
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Unchanged, Write
from ml_connector.integrations.staging_settings import Settings
from ml_connector.integrations.zoho_books_servicenow import INTEGRATION

NORTH = OPTIONS["o-north"]
FLOW = INTEGRATION.flow("cost_centers")
CREATE = {"create_cost_centers": "yes"}


def plan(option: Dimension = NORTH, *, others: tuple[Dimension, ...] = (), **changes: Any) -> Decision:
    """The decision on an option; ``others`` are further cost centres there."""
    centers = {one.id: one for one in (*CENTERS.values(), *others)}
    seen = view(option, ledger={"dimensions": centers}, **changes)
    return decided(FLOW, dataclasses.replace(seen, source_lists={"dimensions": {**OPTIONS, option.id: option}}))


@pytest.mark.parametrize(
    ("option", "by"),
    [
        ({"number": "4100"}, "account number"),
        ({"code": "4100"}, "code"),
        ({"name": "north OFFICE "}, "name"),
        ({"name": "4100"}, "account number and code"),
        ({"name": "nor-1"}, "code"),
        ({"number": "4100", "name": "South office"}, "account number"),
    ],
)
def test_an_option_is_matched_on_proof(option: dict[str, str], by: str) -> None:
    coded = msgspec.structs.replace(CENTERS["cc-north"], code="NOR-1" if option.get("name") == "nor-1" else "4100")
    decision = plan(msgspec.structs.replace(NORTH, **option), others=(coded,))
    assert isinstance(decision, Adopt)
    assert (decision.target_entity, decision.target_id, decision.origin) == ("dimensions", "cc-north", "matched")
    assert by in decision.evidence


def test_a_name_that_is_the_code_of_one_and_the_name_of_another_is_for_a_person() -> None:
    coded = center("cc-else", "Elsewhere", "4700")
    decision = plan(msgspec.structs.replace(NORTH, name="4700"), others=(coded, center("cc-named", "4700", "4800")))
    assert isinstance(decision, Hold) and codes(decision) == ["cost_center_ambiguous"]
    assert "cc-else" in decision.waits[0].sentence and "cc-named" in decision.waits[0].sentence


def test_likeness_is_no_proof() -> None:
    assert codes(plan(msgspec.structs.replace(NORTH, name="North offices"))) == ["cost_center_not_there"] * 2


def test_two_there_are_one_too_many() -> None:
    twin = center("cc-twin", "North office", "4101")
    named = msgspec.structs.replace(NORTH, name="North office")
    decision = plan(named, others=(twin,))
    assert isinstance(decision, Hold) and codes(decision) == ["cost_center_ambiguous"]
    assert "cc-north" in decision.waits[0].sentence and "cc-twin" in decision.waits[0].sentence
    ended = msgspec.structs.replace(twin, valid_through=dt.date(2026, 3, 31))
    assert isinstance(plan(named, others=(ended,)), Adopt)


def test_two_here_are_one_too_many() -> None:
    named = msgspec.structs.replace(NORTH, name="North office")
    same = Dimension("l-north", "location", "North office")
    seen = view(named, settings={"cost_center_from": ("Office", "location")})
    both = {**OPTIONS, "o-north": named, "l-north": same}
    decision = decided(FLOW, dataclasses.replace(seen, source_lists={"dimensions": both}))
    assert isinstance(decision, Hold) and codes(decision) == ["cost_center_ambiguous"]
    assert "'North office' of Zoho Books is like it, too" in decision.waits[0].sentence
    unasked = view(named)  # locations are no cost centres then
    assert isinstance(decided(FLOW, dataclasses.replace(unasked, source_lists={"dimensions": both})), Adopt)
    rows = view(
        named, settings={"cost_center_from": ("Office", "location")}, tables={"cost_centers": {"l-north": "none"}}
    )
    assert isinstance(decided(FLOW, dataclasses.replace(rows, source_lists={"dimensions": both})), Adopt)


def test_inactive_centers_and_other_dimensions_are_never_meant() -> None:
    assert codes(plan(msgspec.structs.replace(NORTH, name="Closed office"))) == ["cost_center_not_there"] * 2
    department = Dimension("d1", "department", "Field")
    assert codes(plan(msgspec.structs.replace(NORTH, name="Field"), others=(department,)))[0] == "cost_center_not_there"


def test_what_is_not_there_waits_for_a_row_a_setting_or_the_centre() -> None:
    decision = plan()
    assert isinstance(decision, Hold)
    assert [(one.kind, one.key) for one in decision.waits] == [
        ("mapping", "cost_centers:o-north"),
        ("fact", "dimensions:(any)"),
    ]
    assert "cost_center_not_there" in INTEGRATION.held_by_settings


def test_it_is_created_only_where_that_is_allowed() -> None:
    decision = plan(settings=CREATE)
    assert isinstance(decision, Write)
    [step] = decision.steps
    assert (step.entity, step.action, step.reference, step.number) == ("dimensions", Action.CREATE, "mlc-7", "o-north")
    assert staged(decision) == Dimension("", "cost_center", "North", number="o-north")
    own = staged(plan(msgspec.structs.replace(NORTH, number="777", code="N"), settings=CREATE))
    assert (own.number, own.code) == ("777", "N")
    assert codes(plan(tables={"cost_centers": {"o-north": "new"}})) == ["cost_center_not_there"] * 2


def test_a_person_may_ask_for_a_new_one_though_one_is_alike() -> None:
    named = msgspec.structs.replace(NORTH, name="North office")
    assert isinstance(plan(named, settings=CREATE, tables={"cost_centers": {"o-north": "new"}}), Write)


@pytest.mark.parametrize("value", ["cc-south", "none"])
def test_a_row_says_it_all(value: str) -> None:
    assert codes(plan(tables={"cost_centers": {"o-north": value}})) == ["cost_center_by_row"]
    assert ("cost_centers", "cost_center_by_row") in INTEGRATION.skipped_by_tables


def test_what_is_linked_stays() -> None:
    link = linked(NORTH, CENTERS["cc-north"], "dimensions", "cc-north")
    assert isinstance(plan(msgspec.structs.replace(NORTH, name="Renamed"), link=link), Unchanged)


def test_what_the_connector_cannot_send_is_told() -> None:
    def refused(action: Action, document: Any, reference: str) -> Any:
        raise BadInput("The name is longer than 100 characters.")

    assert codes(plan(settings=CREATE, compose=refused)) == ["unsuitable"]


@pytest.mark.parametrize(
    ("option", "words", "wanted"),
    [
        ("o-north", ("Office",), True),
        ("o-north", ("office ",), True),
        ("o-north", ("tag1",), True),
        ("o-north", ("tag2",), False),
        ("o-crew", ("Office",), False),
        ("o-crew", ("Office", "Crew"), True),
        ("l-duluth", ("location",), True),
        ("l-duluth", ("Office",), False),
        ("p-school", ("project",), True),
        ("p-school", ("location",), False),
        ("o-north", (), False),
        ("o-north", ("none",), False),
    ],
)
def test_which_options_are_cost_centers(option: str, words: tuple[str, ...], wanted: bool) -> None:
    settings = Settings(start_date=dt.date(2026, 1, 1), cost_center_from=words)
    assert is_wanted(OPTIONS[option], settings) is wanted
    if not wanted:
        assert codes(plan(OPTIONS[option], settings={"cost_center_from": words})) == ["not_a_cost_center"]


def test_an_option_without_a_name_is_like_nothing() -> None:
    assert alike(Dimension("x", "location", " "), [Dimension("y", "cost_center", "")]) == ([], "")


@pytest.mark.parametrize(
    ("day", "valid"),
    [
        (dt.date(2026, 1, 1), False),
        (dt.date(2026, 2, 1), True),
        (dt.date(2026, 3, 1), True),
        (dt.date(2026, 3, 2), False),
    ],
)
def test_first_and_last_day_count(day: dt.date, valid: bool) -> None:
    bounded = center("c", "C", "1", valid_from=dt.date(2026, 2, 1), valid_through=dt.date(2026, 3, 1))
    assert is_valid(bounded, day) is valid and is_valid(bounded, None)
    assert is_valid(Dimension("c", "cost_center", "C", Ref()), day)
