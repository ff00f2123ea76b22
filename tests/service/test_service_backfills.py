"""A backfill whose documents cost a call each: counted before it begins, on the day's surplus alone, and forecast."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from rich.console import Console
from service_ledger import TITAN, Company, PlayedTitan, bill

from ml_connector.cli.status import show_status
from ml_connector.connectors.reading import Page, Reading, Row, Size
from ml_connector.service.backfills import forecast
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.forecasting import Rate
from ml_connector.service.status import status
from ml_connector.sync.backfill import Backfill
from ml_connector.sync.flows import flows_of
from ml_connector.sync.pull import pull

HOUR = 3_600.0
ROWS = 10


@pytest.mark.parametrize(
    ("backfill", "rate", "calls", "seconds", "words"),
    [
        (Backfill(100, 101), Rate(100.0, 5_000, 5_000, 24 * HOUR), 101, 60.6, "0 of 100, about 101 calls are left"),
        (Backfill(100, 101, read=50), Rate(100.0, 5_000, 5_000, 24 * HOUR), 51, 30.6, "50 of 100, about 51 calls"),
        (
            Backfill(10_000, 10_050), Rate(100.0, 5_000, 5_000, 24 * HOUR), 10_050, 48 * HOUR + 1_830,
            "1,500 are kept for live work, and 3,500 can be used for this today; at least 3 days",
        ),
        (Backfill(10_000, 10_050, exact=False), Rate(100.0), 10_050, 6_030.0, "more than 10,000, about 10,050 calls"),
        (Backfill(0, 1), Rate(100.0), 0, 0.0, "0 of 0"),
    ],
)  # fmt: skip
def test_how_long_it_takes_at_the_least(backfill: Backfill, rate: Rate, calls: int, seconds: float, words: str) -> None:
    found = forecast("zoho", "bills", "bills", backfill, rate)
    assert (found.calls, words in found.sentence) == (calls, True), found.sentence
    assert found.seconds == pytest.approx(seconds)


class Day:
    """A day's surplus that a test sets."""

    def __init__(self, surplus: int | None, this_minute: int = 100) -> None:
        self.left, self.this_minute = surplus, this_minute

    def free(self) -> int:
        return self.this_minute

    def wait(self, calls: int = 1) -> float:
        return 0.0

    def surplus(self) -> int | None:
        return self.left


@dataclass
class Slow(PlayedTitan):
    """A source whose bills come two a page; each page uses up two calls of the day."""

    day: Day = field(default_factory=lambda: Day(100))
    counted: int = 0
    handed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    async def size(self, session: Any, reading: Reading) -> Size | None:
        self.counted += 1
        return Size(ROWS, ROWS + 1)

    async def read(self, session: Any, reading: Reading) -> AsyncIterator[Page]:
        for first in range(int(reading.cursor or b"0"), ROWS, 2):
            found = [bill(str(n)) for n in (first, first + 1)]
            self.handed += [one.id for one in found]
            self.day.left = None if self.day.left is None else max(0, self.day.left - 2)
            rows = tuple(Row(one.id, msgspec.json.encode(one), one) for one in found)
            yield Page(rows, str(first + 2).encode(), last=first + 2 == ROWS)


async def pulled(company: Company, slow: Slow) -> Any:
    """The lane after one reading of the bills."""
    lane = await company.lane(company.source, slow, TITAN)
    lane.capacity = slow.day
    async with lane.database.tenant(lane.tenant_id) as connection:
        flows = await flows_of(connection, lane.tenant_id, lane.connection_id, lane.integrations)
    flow = next(one for one in flows if one.name == "bills")
    await pull(lane, flow, "schedule", "schedule")
    return lane, flow.flow_id


async def shown(company: Company) -> list[Any]:
    found = await status(company.desk)
    return list(found.integrations[0].backfills)


@pytest.fixture
async def previewed(company: Company) -> Company:
    await set_flow_mode(company.desk, company.integration, "bills", "preview")
    return company


@pytest.mark.anyio
async def test_a_backfill_stops_where_the_day_has_no_more_to_spare_and_goes_on_there(previewed: Company) -> None:
    slow = Slow(day=Day(4))
    lane, flow = await pulled(previewed, slow)
    assert (slow.handed, lane.spared, lane.unfinished) == (["0", "1", "2", "3"], {flow}, set())
    (told,) = await shown(previewed)
    assert (told.flow, told.entity, told.read, told.rows, told.calls) == ("bills", "bills", 4, 10, 7)
    lane, _ = await pulled(previewed, slow)  # the day still has nothing
    assert len(slow.handed) == 4 and lane.spared
    slow.day.left = 100
    lane, _ = await pulled(previewed, slow)
    assert slow.handed == [str(n) for n in range(ROWS)] and not lane.spared
    assert (slow.counted, await shown(previewed)) == (1, [])


@pytest.mark.anyio
async def test_a_backfill_that_may_not_begin_is_counted_once_and_told(previewed: Company) -> None:
    slow = Slow(day=Day(0))
    await pulled(previewed, slow)
    await pulled(previewed, slow)
    assert (slow.handed, slow.counted) == ([], 1)
    console = Console(file=io.StringIO(), width=200)
    show_status(console, await status(previewed.desk))
    assert "bills are read from the beginning: 0 of 10, about 11 calls are left" in console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.anyio
async def test_a_backfill_leaves_calls_of_each_minute_to_what_is_to_be_sent(previewed: Company) -> None:
    slow = Slow(day=Day(1_000, this_minute=39))
    lane, flow = await pulled(previewed, slow)
    assert (slow.handed, lane.makes_room, lane.unfinished, lane.spared) == (["0", "1"], True, {flow}, set())
    slow.day.this_minute = 40
    lane, _ = await pulled(previewed, slow)
    assert slow.handed == [str(n) for n in range(ROWS)] and not lane.makes_room and not lane.unfinished


@pytest.mark.anyio
async def test_changes_are_read_whatever_the_day_has_left(previewed: Company) -> None:
    slow = Slow()
    await pulled(previewed, slow)
    slow.day.left, before = 0, len(slow.handed)
    lane, _ = await pulled(previewed, slow)
    assert not lane.spared and len(slow.handed) == before  # to the end, which has nothing new


@pytest.mark.anyio
async def test_where_no_day_is_counted_nothing_is(previewed: Company) -> None:
    slow = Slow(day=Day(None))
    await pulled(previewed, slow)
    assert (slow.counted, len(slow.handed)) == (0, ROWS)
