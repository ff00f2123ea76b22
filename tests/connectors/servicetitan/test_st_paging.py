"""Nothing is lost on the way through a list, whatever moves meanwhile; each document is seen at least once."""

from __future__ import annotations

import datetime as dt
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.connectors.errors import Unsettled
from ml_connector.connectors.reading import Reading
from ml_connector.connectors.servicetitan.errors import UnexpectedShape
from ml_connector.connectors.servicetitan.walks import key, newest
from ml_connector.transport.messages import Answer
from tests.connectors.servicetitan.servicetitan_script import (
    NOON,
    Script,
    answer,
    pages,
    resumed,
    stamp,
    vendor,
    versions,
)

pytestmark = pytest.mark.anyio
SMALL = {"page_size": "50"}


def shown(script: Script) -> set[tuple[str, str]]:
    return {(str(row["id"]), row["modifiedOn"]) for row in script.lists["vendors"]}


@pytest.mark.parametrize("fraction", ["", "2876004"])
async def test_500_vendors_in_one_stamp_are_all_read(fraction: str) -> None:
    script = Script(settings=SMALL)
    script.lists["vendors"] = [vendor(1, stamp(0))] + [vendor(id, stamp(9, fraction)) for id in range(2, 502)]
    script.lists["vendors"] += [vendor(900, stamp(10)), vendor(901, stamp(700))]
    random.Random(3).shuffle(script.lists["vendors"])
    found = versions(await pages(script, Reading("vendors")))
    assert set(found) == shown(script)
    assert len(found) == len(set(found))


async def test_walk_survives_a_death_after_every_page() -> None:
    script = Script(settings=SMALL)
    script.lists["vendors"] = [vendor(id, stamp(id // 40, f"{id % 40:07}")) for id in range(400)]
    found = await resumed(script, Reading("vendors"))
    assert set(versions(found)) == shown(script)
    assert not any(page.complete for page in found)


async def test_full_walk_is_complete_and_its_cursor_is_its_start_less_the_lag() -> None:
    script = Script(settings={**SMALL, "list_lag_seconds": "60"})
    script.lists["vendors"] = [vendor(id, stamp(id)) for id in range(120)]
    found = await pages(script, Reading("vendors"))
    assert [page.complete for page in found] == [False, False, True]
    assert msgspec.json.decode(found[-1].cursor)["lower"] == "2026-06-01T11:59:00Z"
    assert msgspec.json.decode(found[0].cursor)["begun"] == NOON.strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_a_long_walk_ends_with_its_start_however_often_it_was_resumed() -> None:
    script = Script(settings=SMALL, tick=dt.timedelta(minutes=20))
    script.lists["vendors"] = [vendor(id, stamp(id)) for id in range(220)]
    found = await resumed(script, Reading("vendors"))
    assert len(found) > 3
    assert msgspec.json.decode(found[-1].cursor) == {"lower": "2026-06-01T11:55:00Z", "seen": [], "begun": ""}


async def test_change_during_the_walk_is_read_again() -> None:
    script = Script(settings=SMALL)
    script.lists["vendors"] = [vendor(id, stamp(id)) for id in range(200)]

    def touch(number: int) -> None:
        script.lists["vendors"][number] = vendor(number, stamp(1000 + number, "0000001"))

    script.before = touch
    found = set(versions(await pages(script, Reading("vendors"))))
    assert {id for id, _ in found} == {str(id) for id in range(200)}
    assert shown(script) <= found


async def test_change_after_the_walk_began_is_in_the_next() -> None:
    script = Script(settings=SMALL)
    script.lists["vendors"] = [vendor(1, stamp(0))]
    first = await pages(script, Reading("vendors"))
    script.lists["vendors"].append(vendor(2, "2026-06-01T11:59:58.1234567Z"))
    second = await pages(script, Reading("vendors", first[-1].cursor))
    assert versions(second) == [("2", "2026-06-01T11:59:58.1234567Z")]
    assert not second[-1].complete


async def test_unsorted_answer_is_refused_rather_than_lost() -> None:
    script = Script(settings=SMALL)
    rows = [vendor(2, stamp(5)), vendor(1, stamp(1))]
    script.instead["vendors"] = _page(rows, more=True)
    with pytest.raises(UnexpectedShape, match="not sorted"):
        await pages(script, Reading("vendors"))


async def test_ignored_filter_is_refused() -> None:
    script = Script(settings=SMALL)
    script.instead["vendors"] = _page([vendor(1, stamp(1))], more=True)
    cursor = msgspec.json.encode({"lower": stamp(50)})
    with pytest.raises(UnexpectedShape, match="before the moment"):
        await pages(script, Reading("vendors", cursor))


async def test_drift_between_numbered_pages_is_noticed_and_walked_again() -> None:
    script = Script(settings={"page_size": "10"})
    units = [vendor(id, stamp(id)) for id in range(25)]
    script.lists["business-units"] = list(units)

    def drift(number: int) -> None:
        if number == 2:  # one of page 2 moves to the front: another falls between the pages
            script.lists["business-units"].insert(0, script.lists["business-units"].pop(15))

    script.before = drift
    found = await pages(script, Reading("business_units"))
    assert sorted(int(row.id) for row in found[0].rows) == list(range(25))
    assert found[0].complete
    assert len(script.sent) == 9


async def test_one_that_went_and_one_that_came_hide_no_third() -> None:
    """The count stays as it was and as many rows are seen, though one of them moved to the page read before."""
    script = Script(settings={"page_size": "10"})
    script.lists["business-units"] = [vendor(id, stamp(id)) for id in range(25)]

    def exchange(number: int) -> None:
        if number == 2:
            del script.lists["business-units"][0]
            script.lists["business-units"].append(vendor(99, stamp(99)))

    script.before = exchange
    found = await pages(script, Reading("business_units"))
    assert sorted(int(row.id) for row in found[0].rows) == [*range(1, 25), 99]


async def test_list_that_never_rests_does_not_count() -> None:
    script = Script(settings={"page_size": "10"})
    script.lists["tax-zones"] = [vendor(id, stamp(id)) for id in range(25)]
    script.before = lambda number: script.lists["tax-zones"].append(vendor(1000 + number, stamp(number)))
    with pytest.raises(Unsettled, match="tax-zones"):
        await pages(script, Reading("tax_zones"))


async def test_without_a_count_two_equal_walks_are_the_proof() -> None:
    script = Script(settings={"page_size": "10"}, counts=False)
    script.lists["business-units"] = [vendor(id, stamp(id)) for id in range(25)]
    found = await pages(script, Reading("business_units"))
    assert len(found[0].rows) == 25
    assert len(script.sent) == 6


async def test_ids_are_asked_fifty_a_call_and_repeated_for_vendors() -> None:
    script = Script()
    script.lists["vendors"] = [vendor(id, stamp(id)) for id in range(1, 131)]
    found = await pages(script, Reading("vendors", ids=tuple(str(id) for id in range(1, 131))))
    assert len(found[0].rows) == 130
    assert [sum(name == "ids" for name, _ in request.query) for request in script.sent] == [50, 50, 30]


@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=120),
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 119)), max_size=6),
    st.integers(2, 9),
)
@settings(max_examples=60, deadline=None)
async def test_every_document_is_seen(seconds: list[int], moves: list[tuple[int, int]], size: int) -> None:
    script = Script(settings={"page_size": str(size)})
    script.lists["vendors"] = [vendor(id, stamp(second)) for id, second in enumerate(seconds)]

    def move(number: int) -> None:
        for at, which in moves:
            if at == number and which < len(seconds):
                script.lists["vendors"][which] = vendor(which, stamp(5000 + number))

    script.before = move
    found = set(versions(await resumed(script, Reading("vendors"))))
    assert shown(script) <= found


def test_stamps_of_different_length_are_ordered_by_time() -> None:
    assert newest("2026-05-03T12:00:00Z", "2026-05-03T12:00:00.0000001Z", "junk") == "2026-05-03T12:00:00.0000001Z"
    assert newest("2026-05-03T12:00:00.5Z", "2026-05-03T12:00:00.4999999Z") == "2026-05-03T12:00:00.5Z"
    assert key("2026-05-03T12:00:00+02:00") is None
    assert newest("", "junk") == ""


def _page(rows: list[dict[str, object]], more: bool) -> Answer:
    return answer(200, {"page": 1, "pageSize": 50, "hasMore": more, "totalCount": None, "data": rows})
