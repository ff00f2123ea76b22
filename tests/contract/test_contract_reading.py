"""Reading, the same for every connector: to the end, twice, and whatever happens meanwhile nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from contract_line import edited
from contract_set import Set, Sets
from contract_stage import CONNECTORS, entities, incremental, stage_class

from ml_connector.canonical import documents
from ml_connector.canonical.stamps import stamp_key
from ml_connector.transport.messages import Answer, Request

pytestmark = pytest.mark.anyio
LONG_AGO = timedelta(hours=5)
MANY = 300

each_entity = pytest.mark.parametrize(("vendor", "entity"), entities())
each_incremental = pytest.mark.parametrize(("vendor", "entity"), incremental())


@pytest.mark.parametrize("vendor", sorted(CONNECTORS))
def test_every_connector_has_its_stage(vendor: str) -> None:
    assert stage_class(vendor).vendor == vendor


@each_entity
async def test_everything_is_read_to_the_end_with_stable_ids(playing: Sets, vendor: str, entity: str) -> None:
    async with playing(vendor) as set:
        added = set.stage.fill(entity, 3, set.line.clock.now() - LONG_AGO)
        walked = await set.line.walk(entity)
        again = await set.line.walk(entity)
        assert walked.problems == []
        assert {*added} <= {*walked.ids} and {*walked.ids} == {*again.ids}
        assert len(walked.documents) == len({*walked.ids})
        for row in walked.rows:
            assert row.document is not None and row.document.id == row.id
            assert documents.decode(documents.encode(row.document)) == row.document
            assert row.raw and again.documents[row.id] == row.document


@each_entity
async def test_a_whole_walk_says_that_it_saw_everything(playing: Sets, vendor: str, entity: str) -> None:
    readable = CONNECTORS[vendor].readable[entity]
    async with playing(vendor) as set:
        walked = await set.line.walk(entity)
        # Of a feed nobody knows whether it shows everything; a list that is always read whole must prove it.
        assert walked.complete or readable.incremental
        if readable.stamped:
            assert all(stamp_key(row.stamp) for row in walked.rows)


@each_incremental
@pytest.mark.parametrize("resumed", [False, True], ids=["one go", "page by page"])
async def test_a_second_walk_brings_the_changes_only(playing: Sets, vendor: str, entity: str, resumed: bool) -> None:
    async with playing(vendor) as set:
        old = set.stage.fill(entity, 5, set.line.clock.now() - LONG_AGO)
        first = await set.line.walk(entity, resumed=resumed)
        quiet = await set.line.walk(entity, first.cursor, resumed=resumed)
        assert quiet.ids == []
        set.stage.clock.skip(3600)
        set.stage.touch(entity, old[2])
        new = set.stage.fill(entity, 2, set.line.clock.now())
        third = await set.line.walk(entity, quiet.cursor, resumed=resumed)
        assert {*third.ids} == {old[2], *new}


@each_entity
@pytest.mark.parametrize("resumed", [False, True], ids=["one go", "page by page"])
async def test_many_records_sharing_one_second_are_all_read(
    playing: Sets, vendor: str, entity: str, resumed: bool
) -> None:
    async with playing(vendor) as set:
        many = set.stage.fill(entity, MANY, set.line.clock.now() - LONG_AGO)
        walked = await set.line.walk(entity, resumed=resumed)
        assert {*many} <= {*walked.ids}
        again = await set.line.walk(entity, walked.cursor, resumed=resumed)
        assert not CONNECTORS[vendor].readable[entity].incremental or again.ids == []


async def _disturbed(set: Set, entity: str, disturb: Callable[[], None]) -> None:
    """Let something happen just before the second page of the entity's list is answered."""
    path, seen = set.stage.lists(entity), 0

    def before(request: Request) -> None:
        nonlocal seen
        if request.path.endswith(path):
            seen += 1
            if seen == 2:
                disturb()

    set.line.wire.before = before


@each_entity
async def test_pages_that_shift_while_they_are_read_lose_nothing(playing: Sets, vendor: str, entity: str) -> None:
    async with playing(vendor) as set:
        many = set.stage.fill(entity, 160, set.line.clock.now() - LONG_AGO)
        gone = many[:20]

        def shift() -> None:
            for id in gone:
                if not set.stage.remove(entity, id):
                    set.stage.touch(entity, id)

        await _disturbed(set, entity, shift)
        first = await set.line.walk(entity)
        set.line.wire.before = lambda request: None
        second = await set.line.walk(entity, first.cursor)
        assert {*many} - {*gone} <= {*first.ids} | {*second.ids}


@each_entity
async def test_rows_that_come_during_a_walk_are_read_by_the_next_at_the_latest(
    playing: Sets, vendor: str, entity: str
) -> None:
    async with playing(vendor) as set:
        set.stage.fill(entity, 120, set.line.clock.now() - LONG_AGO)
        new: list[str] = []
        await _disturbed(set, entity, lambda: new.extend(set.stage.fill(entity, 3, set.line.clock.now())))
        first = await set.line.walk(entity)
        set.line.wire.before = lambda request: None
        set.stage.clock.skip(3600)
        second = await set.line.walk(entity, first.cursor)
        assert {*new} <= {*first.ids} | {*second.ids}


@each_entity
async def test_documents_can_be_read_by_id(playing: Sets, vendor: str, entity: str) -> None:
    async with playing(vendor) as set:
        added = set.stage.fill(entity, 4, set.line.clock.now() - LONG_AGO)
        walked = await set.line.by_ids(entity, [added[1], added[3], "100000999999999999"])
        assert sorted(walked.ids) == sorted([added[1], added[3]])
        assert walked.problems == [] and walked.cursor == b"kept"


@each_entity
async def test_unknown_fields_change_nothing(playing: Sets, vendor: str, entity: str) -> None:
    async with playing(vendor) as set:
        set.stage.fill(entity, 3, set.line.clock.now() - LONG_AGO)
        plain = await set.line.walk(entity)
        set.stage.emulator.set_switches({"extra_fields": True})
        grown = await set.line.walk(entity)
        assert any(set.stage.addition in row.raw for row in grown.rows)
        assert grown.documents == plain.documents and grown.problems == []


Spoil = Callable[[Set, str, Any], Any]
SPOILS: dict[str, Spoil] = {
    "a field of the wrong kind": lambda set, entity, row: set.stage.spoilt(entity, row),
    "no object": lambda set, entity, row: "a row that is no object",
    "null": lambda set, entity, row: None,
}


@each_entity
@pytest.mark.parametrize("kind", SPOILS)
async def test_a_malformed_row_is_one_problem_and_the_rest_go_on(
    playing: Sets, vendor: str, entity: str, kind: str
) -> None:
    async with playing(vendor) as set:
        added = set.stage.fill(entity, 5, set.line.clock.now() - LONG_AGO)
        path = set.stage.lists(entity)
        spoilt = ""

        def spoil(rows: list[Any]) -> None:
            nonlocal spoilt
            place = next(
                (n for n, row in enumerate(rows) if set.stage.own_id(added[2]) in map(str, row.values())), None
            )
            if place is not None:
                spoilt = added[2]
                rows[place] = SPOILS[kind](set, entity, rows[place])

        def after(request: Request, answer: Answer) -> Answer:
            listed = request.path.endswith(path) and "ids" not in dict(request.query)
            return edited(answer, spoil, lambda body: set.stage.rows(entity, body)) if listed else answer

        set.line.wire.after = after
        walked = await set.line.walk(entity)
        again = await set.line.walk(entity)
        assert spoilt
        problems = {row.id: row for row in walked.problems}
        assert len(problems) == 1
        (problem,) = problems.values()
        assert problem.problem.endswith(".") and CONNECTORS[vendor].title in problem.problem
        assert {*added} - {spoilt} <= {*walked.documents}
        # The same row is the same problem tomorrow, so that it is retried and not filed once more.
        assert {row.id for row in again.problems} == {problem.id} and problem.id
