"""What a page becomes: new versions, repeats, stale and unread rows; nothing lost, everything counted, in money too."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from sync_world import Killed, World

from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill
from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.service.explaining import explain
from ml_connector.service.integrating import change_settings
from ml_connector.sync import pull as pulling
from ml_connector.sync.lane import Lane
from ml_connector.sync.pull import pull
from ml_connector.sync.states import State

pytestmark = pytest.mark.anyio

STAMPS = [f"2026-11-1{n}T08:00:00.{n}Z" for n in range(9)]
_serial = itertools.count(1)


class Scripted:
    """A source that shows these pages; what is asked for by id comes from ``alone``."""

    vendor, timeout, list_lag = "servicetitan", 1.0, 0.0

    def __init__(self, *pages: Sequence[Row], alone: Sequence[Row] = (), dies_after: int = 99) -> None:
        self.pages, self.alone, self.dies_after = pages, alone, dies_after
        self.readings: list[Reading] = []

    async def read(self, session: object, reading: Reading) -> AsyncIterator[Page]:
        self.readings.append(reading)
        if reading.ids:
            yield Page(tuple(row for row in self.alone if row.id in reading.ids), b"", last=True)
            return
        begin = int(reading.cursor or b"0")
        for number, rows in list(enumerate(self.pages))[begin:]:
            if number == self.dies_after:
                raise Killed
            yield Page(tuple(rows), str(number + 1).encode(), last=number == len(self.pages) - 1)


def row(id_: str, text: str = "A", stamp: int = 1, *, total: str = "10.00", readable: bool = True) -> Row:
    """One bill as read, in one of its states."""
    bill = Bill(id=id_, vendor=Ref("v"), total=Decimal(total), number=f"N-{id_}", currency="USD", memo=text)
    raw = f"{id_} {text} {total}".encode()
    return Row(id_, raw, bill if readable else None, STAMPS[stamp], "" if readable else "it is no bill")


async def read(company: World, source: Scripted) -> int:
    """One run over a scripted source, from its beginning; the run's id."""
    await company.run("delete from feed where name like 'flow %%'")
    return await go_on(company, source)


async def go_on(company: World, source: Scripted) -> int:
    async with company.held(company.source) as lane:
        lane.connector = source  # type: ignore[assignment]
        return await pull(lane, await company.flow("bills"), "test", "test")


async def counts(company: World, run_id: int) -> tuple[int, int, int, int, int]:
    return await company.one("select rows, new_versions, repeats, stale, unread from run where run_id = %s", run_id)


async def balanced(company: World) -> bool:
    return all(run.balanced for run in await company.runs())


async def test_a_b_a_is_three_versions_and_a_repeat_is_none(company: World) -> None:
    for stamp, text in enumerate(["A", "B", "B", "A"]):
        await read(company, Scripted([row("x", text, stamp)]))
    assert await company.versions("x") == ["superseded", "superseded", "staged"]
    assert await balanced(company)


async def test_an_older_stamp_is_counted_and_never_planned(company: World) -> None:
    await read(company, Scripted([row("x", "new", 5)]))
    run_id = await read(company, Scripted([row("x", "old", 3)]))
    assert await counts(company, run_id) == (1, 0, 0, 1, 0)
    assert await company.versions("x") == ["staged"]
    assert await balanced(company)


async def test_a_stamp_that_is_none_orders_nothing_and_stops_nobody(company: World) -> None:
    await read(company, Scripted([row("x", "A", 5)]))
    odd = row("x", "B")
    run_id = await read(company, Scripted([Row(odd.id, odd.raw, odd.document, "yesterday"), row("y")]))
    assert await counts(company, run_id) == (2, 2, 0, 0, 0)


async def test_two_versions_on_one_page_are_two(company: World) -> None:
    run_id = await read(company, Scripted([row("x", "A", 1), row("y"), row("x", "B", 2), row("x", "B", 2)]))
    assert await counts(company, run_id) == (4, 3, 1, 0, 0)
    assert await company.versions("x") == ["superseded", "staged"]
    assert await balanced(company)


async def test_an_unread_row_is_kept_counted_and_asked_for_alone(company: World) -> None:
    run_id = await read(company, Scripted([row("x", readable=False), row("y")]))
    assert await counts(company, run_id) == (2, 1, 0, 0, 1)
    assert await company.all("select source_id, attempts, resolved_at from unread") == [("x", 1, None)]

    source = Scripted([], alone=[row("x", readable=False)])
    await read(company, source)
    assert source.readings[0].ids == ("x",)
    assert (await company.one("select attempts, resolved_at from unread")) == (2, None)

    await read(company, Scripted([], alone=[row("x")]))
    assert (await company.one("select resolved_at is not null from unread"))[0]
    assert await company.versions("x") == ["staged"]
    source = Scripted([])
    await read(company, source)
    assert [one.ids for one in source.readings] == [()]
    assert await balanced(company)


async def test_an_unread_row_that_is_as_it_was_before_is_resolved(company: World) -> None:
    await read(company, Scripted([row("x")]))
    await read(company, Scripted([row("x", "broken", 2, readable=False)]))
    await read(company, Scripted([row("x")], alone=[]))
    assert (await company.one("select resolved_at is not null from unread"))[0]


async def test_rows_and_cursor_are_one_transaction(company: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def dies(*_: object) -> None:
        raise Killed

    await company.run("delete from feed where name like 'flow %%'")
    source = Scripted([row("x")], [row("y")])
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(pulling, "move_cursor", dies)
        await go_on(company, source)
    await company.free(company.source)
    assert await company.versions("x") == []
    await go_on(company, source)
    assert (await company.versions("x"), await company.versions("y")) == (["staged"], ["staged"])
    assert await balanced(company)


async def test_a_reading_that_breaks_off_goes_on_from_its_last_page(company: World) -> None:
    await company.run("delete from feed where name like 'flow %%'")
    await company.run("delete from wake")
    source = Scripted([row("x")], [row("y")], dies_after=1)
    with pytest.raises(Killed):
        await go_on(company, source)
    await company.free(company.source)
    assert await company.versions("x") == ["staged"]
    # What was staged is work already: the target's lane does not wait for a reading that ends.
    assert company.target in {one[0] for one in await company.all("select connection_id from wake")}
    source.dies_after = 99
    run_id = await go_on(company, source)
    assert await counts(company, run_id) == (1, 1, 0, 0, 0)
    assert (await company.one("select count(*) from run where finished_at is null"))[0] == 0
    assert await balanced(company)


async def test_an_approval_goes_over_to_the_newer_version(company: World) -> None:
    await read(company, Scripted([row("x", "A", 1)]))
    version = (await company.one("select version_id from record where source_id = 'x'"))[0]
    async with company.held(company.source) as lane:
        await approved_plan(lane, version)
    await read(company, Scripted([row("x", "B", 2)]))
    newer = (await company.one("select version_id from record where source_id = 'x'"))[0]
    assert [one[0] for one in await company.all("select version_id from plan where approved_by = 'anna'")] == [newer]


async def approved_plan(lane: Lane, version: int) -> None:
    async with lane.transaction() as transaction:
        await transaction.run(
            """insert into plan (tenant_id, version_id, record_id, digest, body, planned_at, approved_at, approved_by)
            select tenant_id, version_id, record_id, '', '', now(), now(), 'anna' from version_state
            where version_id = %s""",
            version,
        )


Told = tuple[str, str, int, str, bool]
ROWS = st.lists(
    st.tuples(
        st.sampled_from("xyz"), st.sampled_from("AB"), st.integers(1, 8), st.sampled_from(["10.00", "-3.25"]),
        st.booleans() | st.just(True),
    ),
    max_size=8,
)  # fmt: skip


@given(st.lists(ROWS, min_size=1, max_size=3))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_every_row_is_accounted_for_in_number_and_money(company: World, pages: list[list[Told]]) -> None:
    prefix = f"{next(_serial)}-"
    made = [[row(prefix + id_, text, stamp, total=total, readable=good) for id_, text, stamp, total, good in page]
            for page in pages]  # fmt: skip
    newest: dict[str, tuple[bytes, str]] = {}
    expected = {"new": 0, "repeats": 0, "stale": 0, "unread": 0}
    for one in itertools.chain(*made):
        if one.document is None:
            expected["unread"] += 1
        elif one.id in newest and newest[one.id][0] == one.raw:
            expected["repeats"] += 1
        elif one.id in newest and one.stamp < newest[one.id][1]:
            expected["stale"] += 1
        else:
            expected["new"] += 1
            newest[one.id] = (one.raw, one.stamp)
    run_id = await read(company, Scripted(*made))
    rows, *found = await counts(company, run_id)
    assert rows == sum(map(len, made))
    assert found == list(expected.values())
    assert await balanced(company)


async def test_rows_that_stay_unread_do_not_keep_others_from_being_asked_for(
    company: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulling, "_RETRIED", 2)
    await read(company, Scripted([row(one, readable=False) for one in "abcd"]))
    asked: set[str] = set()
    for _ in range(2):
        source = Scripted([])  # asked for alone, they do not come at all
        await read(company, source)
        asked |= {reading.ids[0] for reading in source.readings if reading.ids}
    assert asked == set("abcd")


async def test_a_corrected_setting_makes_unsent_documents_anew_and_leaves_sent_ones_alone(company: World) -> None:
    await company.live()
    await company.settle()
    before = {bill: await company.versions(bill) for bill in await company.ends()}
    held = row("odd", "A", 1)
    await read(company, Scripted([held]))
    await company.run("update version_state set state = %s where state = %s", State.HELD.value, State.STAGED.value)
    understood = msgspec.structs.replace(held.document, memo="understood otherwise")
    run = await read(company, Scripted([msgspec.structs.replace(held, document=understood)]))
    assert await counts(company, run) == (1, 1, 0, 0, 0)
    assert await company.versions("odd") == ["superseded", "staged"]
    await company.run("update version_state set state = %s where state = %s", State.POSTED.value, State.STAGED.value)
    run = await read(company, Scripted([held]))
    assert await counts(company, run) == (1, 0, 1, 0, 0)
    assert {bill: await company.versions(bill) for bill in before} == before


async def test_another_setting_of_the_reading_reads_from_the_beginning_at_once(company: World) -> None:
    accounts = await _accounts(company)
    await change_settings(company.desk, company.integration, {"line_account": "asset"})
    assert await company.all("select 1 from feed where name like 'flow %% bills' and cursor <> ''") == []
    await company.sync()
    assert accounts and await _accounts(company) != accounts
    assert await balanced(company)


async def _accounts(company: World) -> dict[str, set[str]]:
    """By bill: the account numbers on its lines, as understood last."""
    found = {}
    for bill in await company.ends():
        life = await explain(company.desk, bill)
        lines = life.versions[-1].document.get("lines", ())
        found[bill] = {line["account"].get("number", "") for line in lines if line.get("account")}
    return found


async def test_a_walk_ends_when_a_person_changes_what_is_to_be_read(company: World) -> None:
    class Changing(Scripted):
        async def read(self, session: object, reading: Reading) -> AsyncIterator[Page]:
            async for page in super().read(session, reading):
                yield page
                earlier = date.fromisoformat(company.sandbox.handover["company"]["start_date"]) - timedelta(days=9)
                await change_settings(company.desk, company.integration, {"start_date": earlier.isoformat()})

    source = Changing([row("one")], [row("two")], [row("three")])
    run = await read(company, source)
    assert (await counts(company, run))[0] == 1
    assert await company.all("select 1 from feed where name like 'flow %%' and cursor <> ''") == []


async def test_a_walk_ends_when_the_connections_settings_change_under_it(company: World) -> None:
    class Changing(Scripted):
        async def read(self, session: object, reading: Reading) -> AsyncIterator[Page]:
            async for page in super().read(session, reading):
                yield page
                await company.run(
                    'update connection set settings = settings || \'{"page_size": "7"}\' where connection_id = %s',
                    company.source,
                )

    run = await read(company, Changing([row("one")], [row("two")]))
    assert (await counts(company, run))[0] == 1
