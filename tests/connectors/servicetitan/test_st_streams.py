"""Export feeds as streams: tokens, breaks, refusals, and the daily look back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.connectors.reading import Page, Reading
from ml_connector.connectors.servicetitan.errors import RequestRefused, UnexpectedShape
from ml_connector.transport.messages import Request
from tests.connectors.servicetitan.servicetitan_script import (
    NOON,
    Script,
    answer,
    asked,
    pages,
    payment,
    resumed,
    stamp,
    still,
)

pytestmark = pytest.mark.anyio
FEED = "export/payments"
PLAIN = {"payment_transaction_types": "no"}


def script(*seconds: int, **more: Any) -> Script:
    found = Script(settings={**PLAIN, **more.pop("settings", {})}, **more)
    found.feeds[FEED] = [payment(id, stamp(second)) for id, second in enumerate(seconds, 1)]
    return found


def ids(found: list[Page]) -> list[str]:
    return [row.id for page in found for row in page.rows]


def cursor(found: list[Page]) -> dict[str, Any]:
    read: dict[str, Any] = msgspec.json.decode(found[-1].cursor)
    return read


async def test_pages_follow_the_token() -> None:
    of = script(*range(1, 26), largest=10)
    found = await pages(of, Reading("payments"))
    assert ids(found) == [str(id) for id in range(1, 26)]
    assert [page.last for page in found] == [False, False, True]
    starts = [one.get("from", "") for one in asked(of, FEED)]
    assert starts[0] == "" and all(one.startswith("token:") for one in starts[1:])
    assert cursor(found)["through"] == NOON.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert not found[-1].complete


async def test_the_next_walk_goes_on_where_the_last_one_ended() -> None:
    of = script(1, 2)
    first = await pages(of, Reading("payments"))
    of.feeds[FEED].append(payment(3, stamp(3)))
    of.feeds[FEED][0] = payment(1, stamp(4))
    assert ids(await pages(of, Reading("payments", first[-1].cursor))) == ["3", "1"]


async def test_a_vendors_page_of_thousands_is_handed_on_in_parts_and_broken_off_read_again() -> None:
    of = script(*range(1, 451))
    found = await pages(of, Reading("payments"))
    assert [len(page.rows) for page in found] == [200, 200, 50]
    again = await pages(of, Reading("payments", found[0].cursor))
    assert ids(again) == [str(id) for id in range(1, 451)]


async def test_a_feed_that_does_not_say_where_to_go_on_is_refused() -> None:
    for token in (None, "", "t-1"):
        of = script(instead={FEED: answer(200, {"data": [], "hasMore": True, "continueFrom": token})})
        before = msgspec.json.encode({"leg": "payments", "at": {"payments": "t-1"}})
        with pytest.raises(UnexpectedShape, match="where to go on"):
            await pages(of, Reading("payments", before))


async def test_a_token_the_vendor_no_longer_takes_is_replaced_by_a_date() -> None:
    of = script(1, 2)
    first = await pages(of, Reading("payments"))
    good = of._answer

    def forgetful(request: Request) -> Any:
        start = dict(request.query).get("from", "")
        return answer(400, {"title": "from is invalid"}) if start.startswith("token:") else good(request)

    of._answer = forgetful  # type: ignore[method-assign]
    found = await pages(of, Reading("payments", first[-1].cursor))
    assert [one["from"][:10] for one in asked(of, FEED)[1:]] == ["token:2026", "2026-05-25"]
    assert found[-1].last


async def test_a_date_that_is_refused_is_an_error() -> None:
    of = script(instead={FEED: answer(400, {"title": "from is invalid"})})
    with pytest.raises(RequestRefused, match="from is invalid"):
        await pages(of, Reading("payments", since=dt.date(2026, 3, 1)))


async def test_once_a_day_some_days_are_read_again() -> None:
    of = script(1, settings={"reread_days": "40"})
    first = await pages(of, Reading("payments"))
    assert ids(await pages(of, Reading("payments", first[-1].cursor))) == []
    of.clock = still(NOON + dt.timedelta(days=1))
    late = await pages(of, Reading("payments", first[-1].cursor))
    assert ids(late) == ["1"]
    assert asked(of, FEED)[-1]["from"] == "2026-04-23"
    assert ids(await pages(of, Reading("payments", late[-1].cursor))) == []


async def test_a_connection_that_slept_long_goes_back_before_its_last_walk() -> None:
    of = script(1)
    first = await pages(of, Reading("payments"))
    of.clock = still(NOON + dt.timedelta(days=90))
    await pages(of, Reading("payments", first[-1].cursor))
    assert asked(of, FEED)[-1]["from"] == "2026-05-31"


@given(st.lists(st.integers(1, 9), min_size=1, max_size=40), st.integers(1, 7), st.integers(0, 39), st.integers(1, 9))
@settings(max_examples=50, deadline=None)
async def test_every_payment_is_met_however_often_the_worker_dies(
    seconds: list[int], size: int, moved: int, at: int
) -> None:
    of = script(*seconds, largest=size)

    def change(number: int) -> None:
        if number == at and moved < len(seconds):
            of.feeds[FEED][moved] = payment(moved + 1, stamp(5000 + number))

    of.before = change
    found = await resumed(of, Reading("payments"))
    seen = {(row.id, row.stamp) for page in found for row in page.rows}
    last = {(row.id, row.stamp) for page in await pages(of, Reading("payments", found[-1].cursor)) for row in page.rows}
    assert {(str(one["id"]), one["modifiedOn"]) for one in of.feeds[FEED]} <= seen | last
