"""The mass-change breaker: very much at once stops and asks; what a person decides happens, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sync_world import Killed, World

from ml_connector.canonical.master_data import Account
from ml_connector.connectors.reading import UNIDENTIFIED, Page, Reading, Row
from ml_connector.connectors.writing import Action
from ml_connector.errors import BadInput, NotFound, Refused
from ml_connector.service.approving import approvable, approve_listed
from ml_connector.service.breaker import MassChange, accept, dismiss, mass_changes
from ml_connector.service.desk import Desk
from ml_connector.service.dismissing import dismiss as dismiss_record
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.integrating import change_settings
from ml_connector.service.records import records
from ml_connector.service.replaying import replay_listed, replayable
from ml_connector.service.roles import Actor, NotAllowed, Role
from ml_connector.service.status import status
from ml_connector.sync import directory, runs
from ml_connector.sync import pull as pulling
from ml_connector.sync import stage as staging
from ml_connector.sync.breaker import Share, open_absences
from ml_connector.sync.directory import refresh
from ml_connector.sync.pull import pull
from ml_connector.sync.release import restage
from ml_connector.sync.states import REPLAYABLE, Priority
from ml_connector_sandbox.servicetitan.books.bills import Bill

pytestmark = pytest.mark.anyio

HELD = ("held", "breaker")


def another(company: World, number: str, **changes: Any) -> Bill:
    """One more bill like the first, under another number of the vendor."""
    first = company.tenant.bills[company.bills[0]]
    items = tuple(replace(item, id=0, receipt_item_id=None) for item in first.items)
    fresh = {"id": 0, "created_on": "", "modified_on": "", "items": items, "purchase_order_id": None}
    kept = company.tenant.add_bill(replace(first, vendor_number=number, **{**fresh, **changes}))
    assert isinstance(kept, Bill)
    return kept


def many(company: World, count: int, prefix: str = "M", **changes: Any) -> list[str]:
    return [str(another(company, f"{prefix}-{n}", **changes).id) for n in range(1, count + 1)]


async def steady(company: World, floor: int = 3, percent: int = 30) -> None:
    """Live, and read once since; from now on readings are judged."""
    await settings(company, breaker_floor=floor, breaker_percent=percent)
    await company.live()
    await company.settle()
    await company.sync()
    assert await company.states() == {"posted": len(company.bills)}


async def settings(company: World, **changes: object) -> None:
    await change_settings(company.desk, company.integration, {name: str(value) for name, value in changes.items()})


async def ends(company: World, ids: Sequence[str]) -> set[tuple[str, str]]:
    found = await company.ends()
    return {found[one] for one in ids}


async def only(company: World) -> MassChange:
    (found,) = await mass_changes(company.desk)
    return found


# --- creates -----------------------------------------------------------------------------------------------------


def test_what_is_too_much() -> None:
    share = Share(30, 50)
    assert share.is_exceeded(51, 100) and not share.is_exceeded(49, 10)
    assert not share.is_exceeded(60, 200) and share.is_exceeded(61, 200)
    assert not share.is_exceeded(5_000, 0)  # nothing is known yet
    assert not Share(0, 1).is_exceeded(5_000, 10)


async def test_very_many_new_documents_are_held_as_one_and_go_on_when_a_person_accepts(company: World) -> None:
    await steady(company)
    company.faults.calls.clear()
    ids = many(company, 12)
    await company.sync()
    assert await ends(company, ids) == {HELD}
    assert company.faults.calls == []  # nothing was sent
    asked = await only(company)
    total = sum((company.tenant.bills[int(one)].amount(True) for one in ids), Decimal(0))
    assert (asked.kind, asked.affected, asked.known, asked.sums) == ("creates", 12, len(company.bills), {"USD": total})
    assert "12 new documents" in asked.sentence and f"{total:,} USD" in asked.sentence
    shown = (await status(company.desk)).integrations[0].flows
    (cause,) = next(flow.waiting for flow in shown if flow.flow == "bills")
    assert (cause.code, cause.count, cause.sums, cause.person) == ("breaker", 12, {"USD": total}, True)
    assert f"breaker accept {asked.breaker_id}" in cause.action
    (wait,) = (await explain(company.desk, "M-1")).versions[-1].waits
    assert wait.code == "breaker" and "12 new documents" in wait.sentence
    assert (wait.sentence, cause.action) == (asked.sentence, asked.action)  # in the same words wherever it is told

    assert (await accept(company.desk, asked.breaker_id)).records == 12
    await company.settle()
    assert await ends(company, ids) == {("posted", "")}
    assert await mass_changes(company.desk) == []
    assert (await mass_changes(company.desk, everything=True))[0].decision == "accepted"
    with pytest.raises(Refused, match="accepted by test"):
        await dismiss(company.desk, asked.breaker_id, "no")
    await company.sound()


async def test_dismissed_ones_are_passed_over_until_they_change_or_are_replayed(company: World) -> None:
    await steady(company)
    ids = many(company, 12)
    await company.sync()
    asked = await only(company)
    with pytest.raises(BadInput, match="Say why"):
        await dismiss(company.desk, asked.breaker_id, "  ")
    assert (await dismiss(company.desk, asked.breaker_id, "imported twice")).records == 12
    await company.sync()
    assert await ends(company, ids) == {("skipped", "dismissed")}
    assert "dismissed" in await company.kinds(ids[0])
    company.tenant.modify_bill(int(ids[0]), due_date=date(2026, 12, 24))
    listed = await replayable(company.desk, Filter(flow="bills", record_ids=(await record_of(company, ids[1]),)))
    await replay_listed(company.desk, listed)
    await company.sync()
    found = await company.ends()
    assert [found[one] for one in ids[:3]] == [("posted", ""), ("posted", ""), ("skipped", "dismissed")]
    await company.sound()


async def record_of(company: World, source_id: str) -> int:
    found = (await records(company.desk, Filter(flow="bills"))).records
    return next(one.record_id for one in found if one.source_id == source_id)


@pytest.mark.parametrize(("floor", "percent"), [(13, 30), (3, 0), (3, 1000)])
async def test_less_than_the_settings_say_goes_by_itself(company: World, floor: int, percent: int) -> None:
    await steady(company, floor, percent)
    ids = many(company, 12)
    await company.sync()
    assert await ends(company, ids) == {("posted", "")}
    assert await mass_changes(company.desk, everything=True) == []


async def test_what_would_not_be_created_does_not_count(company: World) -> None:
    await steady(company, floor=5)
    start = date.fromisoformat(company.sandbox.handover["company"]["start_date"])
    old = many(company, 12, "OLD", bill_date=start - timedelta(days=3))
    fresh = many(company, 4)
    await company.sync()
    assert await ends(company, old) == {("skipped", "before_start")}
    assert await ends(company, fresh) == {("posted", "")}


async def test_cut_over_is_never_asked_about(company: World) -> None:
    """Neither the first reading, nor going live with what a preview approved, nor the first one after it."""
    await settings(company, breaker_floor=1, breaker_percent=1)
    many(company, 12)
    await company.live()
    await company.sync()
    assert await company.states() == {"posted": len(company.bills) + 12}


async def test_a_backfill_a_person_asks_for_is_approved_and_not_asked_about(company: World) -> None:
    await steady(company)
    start = date.fromisoformat(company.sandbox.handover["company"]["start_date"])
    old = many(company, 12, "OLD", bill_date=start - timedelta(days=3))
    await company.sync()
    late = many(company, 12, "LATE", bill_date=start - timedelta(days=3))
    await settings(company, start_date=start - timedelta(days=10))
    await company.sync()
    assert await ends(company, old + late) == {("planned", "")}
    await approve_listed(company.desk, await approvable(company.desk, Filter(flow="bills", until=start)))
    await company.sync()
    assert await ends(company, old + late) == {("posted", "")}
    assert await mass_changes(company.desk, everything=True) == []
    more = many(company, 40, "NEXT")
    await company.sync()
    assert await ends(company, more) == {HELD}  # from then on it is as before


async def test_a_newer_version_of_what_is_asked_about_waits_in_its_place(company: World) -> None:
    await steady(company)
    ids = many(company, 12)
    await company.sync()
    company.tenant.modify_bill(int(ids[0]), due_date=date(2026, 12, 24))
    company.faults.calls.clear()
    await company.sync()
    assert await company.versions(ids[0]) == ["superseded", "held"]
    assert company.faults.calls == []
    assert (await accept(company.desk, (await only(company)).breaker_id)).records == 12
    await company.settle()
    assert await ends(company, ids) == {("posted", "")}
    await company.sound()


async def test_a_worker_killed_before_the_judgement_leaves_everything_to_the_next(
    company: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await steady(company)
    ids = many(company, 12)
    finish = runs.finish_run

    async def killed(transaction: Any, flow: Any, run_id: int) -> None:
        if flow.name == "bills":  # judged and noted in this transaction, and never committed
            raise Killed
        await finish(transaction, flow, run_id)

    await company.ask()
    monkeypatch.setattr(pulling, "finish_run", killed)
    await company.killed(company.source)
    monkeypatch.setattr(pulling, "finish_run", finish)
    company.faults.calls.clear()
    await company.slice(company.target)
    assert company.faults.calls == [] and await ends(company, ids) == {("staged", "")}
    assert await mass_changes(company.desk, everything=True) == []
    await company.settle()
    assert await ends(company, ids) == {HELD} and (await only(company)).affected == 12
    await company.sound()


async def test_what_a_broken_off_reading_set_aside_goes_on_when_it_is_little(
    company: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await steady(company, floor=50)
    ids = many(company, 4)
    stage = staging.stage

    async def then_killed(transaction: Any, flow: Any, *given: Any, **options: Any) -> None:
        await stage(transaction, flow, *given, **options)
        if flow.name == "bills":
            monkeypatch.setattr(pulling, "move_cursor", killed)

    async def killed(*_: Any) -> None:
        raise Killed

    await company.ask()
    move = pulling.move_cursor
    monkeypatch.setattr(pulling, "stage", then_killed)
    await company.killed(company.source)
    monkeypatch.setattr(pulling, "stage", stage)
    monkeypatch.setattr(pulling, "move_cursor", move)
    await company.settle()
    assert await ends(company, ids) == {("posted", "")}
    await company.sound()


class Scripted:
    """A source of ``bills`` in pages; the cursor is the next page. ``dies_at``: the page before which it breaks off."""

    vendor, timeout, list_lag, title = "servicetitan", 1.0, 0.0, "ServiceTitan"

    def __init__(self, *pages: Sequence[Row], error: BaseException | None = None, dies_at: int = 99) -> None:
        self.pages, self.error, self.dies_at = pages, error, dies_at

    async def read(self, session: object, reading: Reading) -> AsyncIterator[Page]:
        begin = int(reading.cursor) if reading.cursor and reading.cursor.isdigit() else 0
        for number, rows in list(enumerate(self.pages))[begin:]:
            if number == self.dies_at and self.error is not None:
                raise self.error
            yield Page(tuple(rows), str(number + 1).encode(), last=number == len(self.pages) - 1)


async def rows_of(company: World, ids: Sequence[str], text: str = "") -> list[Row]:
    """Those bills as the connector reads them."""
    async with company.held(company.source) as lane:
        pages = lane.connector.read(lane.session, Reading("bills", ids=tuple(ids)))
        found = [row async for page in pages for row in page.rows]
    return [Row(row.id, row.raw + text.encode(), row.document, row.stamp) for row in found]


async def read(company: World, source: Scripted, *, seconds: float = 60.0) -> None:
    async with company.held(company.source) as lane:
        lane.connector, lane.slice.seconds = source, seconds  # type: ignore[assignment]
        await pull(lane, await company.flow("bills"), "test", "test")


async def test_a_reading_over_several_slices_is_asked_about_once(company: World) -> None:
    await steady(company)
    rows = await rows_of(company, many(company, 14))
    source = Scripted(rows[:6], rows[6:12], rows[12:])
    await read(company, source, seconds=0.0)
    first = await only(company)
    assert first.affected == 6
    await read(company, source, seconds=0.0)
    await read(company, source)  # its two last would be too few by themselves
    asked = await only(company)
    assert (asked.breaker_id, asked.affected, asked.known) == (first.breaker_id, 14, first.known)
    assert (await accept(company.desk, asked.breaker_id)).records == 14


async def test_versions_of_one_record_on_one_page_are_set_aside_together(company: World) -> None:
    await steady(company)
    rows = await rows_of(company, many(company, 8))
    again = Row(rows[0].id, rows[0].raw + b" ", rows[0].document, rows[0].stamp)
    await read(company, Scripted([*rows, again], []))
    assert await company.versions(rows[0].id) == ["superseded", "held"]
    assert (await only(company)).affected == 8


async def test_a_source_that_fails_in_the_middle_leaves_little_work_and_asks_about_much(company: World) -> None:
    await steady(company, floor=5)
    rows = await rows_of(company, many(company, 7))
    source = Scripted(rows[:2], rows[2:], error=BadInput("away"), dies_at=1)
    with pytest.raises(BadInput):
        await read(company, source)
    await company.free(company.source)
    assert (await company.one("select count(*) from work"))[0] == 2  # they do not wait for the source
    source.error = None
    await read(company, source)
    assert (await only(company)).affected == 5  # seven in this reading; two had gone
    await company.settle()
    assert (await company.states())["posted"] == len(company.bills) + 2


async def test_only_an_approver_decides(company: World) -> None:
    await steady(company)
    many(company, 12)
    await company.sync()
    asked = await only(company)
    clerk = Desk(company.runtime, company.desk.tenant_id, Actor("anna", Role.BOOKKEEPER))
    for decided in (accept(clerk, asked.breaker_id), dismiss(clerk, asked.breaker_id, "no")):
        with pytest.raises(NotAllowed):
            await decided
    assert len(await mass_changes(clerk)) == 1
    with pytest.raises(NotFound):
        await accept(company.desk, 999)


async def test_a_replay_or_a_dismissal_of_one_record_never_goes_past_the_approver(company: World) -> None:
    await steady(company)
    ids = many(company, 12)
    await company.sync()
    asked = await only(company)
    one = await record_of(company, ids[0])
    clerk = Desk(company.runtime, company.desk.tenant_id, Actor("anna", Role.BOOKKEEPER))
    for desk in (clerk, company.desk):
        for chosen in (Filter(flow="bills", record_ids=(one,)), Filter(flow="bills", number="M-1"),
                       Filter(flow="bills", state="held")):  # fmt: skip
            with pytest.raises(Refused, match=r"breaker holds #\d+.*until an approver has decided"):
                await replayable(desk, chosen)
        with pytest.raises(Refused, match=f"breaker holds record #{one} until an approver"):
            await dismiss_record(desk, f"#{one}", "one by one")
    everything = await replayable(clerk, Filter(flow="bills", since=date(2020, 1, 1)))
    assert everything.total.count == len(company.bills)  # the others are replayed as ever
    # Held after the list was made: what counts is how it stands when it is taken.
    version = await company.one("select version_id from record where record_id = %s", one)
    async with company.runtime.database.tenant(company.desk.tenant_id) as connection:
        assert await restage(connection, company.desk.tenant_id, [version[0]], REPLAYABLE, Priority.PERSON) == []
    assert await ends(company, ids) == {HELD}
    assert (await accept(company.desk, asked.breaker_id)).records == 12


# --- absence -----------------------------------------------------------------------------------------------------

LETTERS = tuple("abcdefghijkl")


class Lists:
    """A list of accounts on one page."""

    vendor, timeout, list_lag, title = "zoho_books", 1.0, 60.0, "Zoho Books"
    writable: Mapping[str, frozenset[Action]] = {}

    def __init__(self, names: Sequence[str], *, complete: bool = True, unread: str = "") -> None:
        self.names, self.complete, self.unread = names, complete, unread

    async def read(self, session: object, reading: Reading) -> AsyncIterator[Page]:
        rows = [Row(name, name.encode(), Account(name, name)) for name in self.names]
        rows += [Row(self.unread, b"?", None, problem="It cannot be read.")] if self.unread else []
        yield Page(tuple(rows), b"rest", last=True, complete=self.complete)


async def listed(company: World, names: Sequence[str], **options: Any) -> str:
    """Read the list a day later; what a person is told then."""
    await company.run("update directory set walk = walk - 72000000000 where entity = 'things'")
    await company.run("update breaker set bound = bound - 72000000000")
    await company.run("update feed set moved_at = moved_at - interval '20 hours' where name like '%%things'")
    async with company.held(company.target) as lane:
        lane.connector = Lists(names, **options)  # type: ignore[assignment]
        await refresh(lane, "things", 36_000.0)
        return await open_absences(lane)


async def known(company: World) -> set[str]:
    rows = await company.all("select object_id from directory where entity = 'things' and state <> 'gone'")
    return {row[0] for row in rows}


@pytest.fixture
async def things(company: World) -> World:
    await settings(company, breaker_floor=3)
    assert await listed(company, LETTERS) == ""
    return company


async def test_a_list_that_lost_very_much_changes_nothing_and_says_so(things: World) -> None:
    told = await listed(things, LETTERS[:7])
    assert "no longer shows 5 of the 12 things known" in told and "nothing was changed" in told
    assert await known(things) == set(LETTERS)
    asked = await only(things)
    assert (asked.kind, asked.entity, asked.affected, asked.known) == ("absence", "things", 5, 12)
    await listed(things, LETTERS[:8])  # asked about once, as it is now
    again = await only(things)
    assert (again.breaker_id, again.affected) == (asked.breaker_id, 4)
    await things.slice(things.target)
    assert any("no longer shows 4 of the 12 things" in told for told in (await status(things.desk)).attention)


async def test_a_few_are_gone_as_before(things: World) -> None:
    assert await listed(things, LETTERS[:9]) == ""  # three of twelve: 25 percent
    assert await known(things) == set(LETTERS[:9])


async def test_what_comes_back_is_not_asked_about_any_more(things: World) -> None:
    await listed(things, LETTERS[:5])
    assert await listed(things, LETTERS) == ""
    assert await mass_changes(things.desk) == [] and await known(things) == set(LETTERS)


async def test_accepted_it_is_applied_by_the_next_whole_reading_as_far_as_it_is_still_so(things: World) -> None:
    await listed(things, LETTERS[:5])
    await accept(things.desk, (await only(things)).breaker_id)
    assert await known(things) == set(LETTERS)  # not before it is seen again
    await listed(things, LETTERS[:6])
    assert await known(things) == set(LETTERS[:6])
    assert (await mass_changes(things.desk, everything=True))[0].ended_at is not None


async def test_more_than_was_accepted_is_asked_about_anew(things: World) -> None:
    await listed(things, LETTERS[:7])
    first = await only(things)
    await accept(things.desk, first.breaker_id)
    await listed(things, LETTERS[:2])
    assert await known(things) == set(LETTERS[:7])  # what was accepted is gone, the rest is asked about
    asked = await only(things)
    assert asked.breaker_id != first.breaker_id and asked.affected == 5


async def test_dismissed_it_stays_known_and_is_not_asked_about_again(things: World) -> None:
    await listed(things, LETTERS[:5])
    await dismiss(things.desk, (await only(things)).breaker_id, "the vendor mends it")
    assert await listed(things, LETTERS[:4]) == ""  # one more is an ordinary change
    assert await known(things) == set(LETTERS[:4]) | set(LETTERS[5:])
    assert await mass_changes(things.desk) == []


@pytest.mark.parametrize("options", [{"complete": False}, {"unread": f"{UNIDENTIFIED}1"}])
async def test_a_reading_that_proves_nothing_is_no_absence_at_all(things: World, options: dict[str, Any]) -> None:
    assert await listed(things, LETTERS[:11], **options) == ""
    assert await listed(things, LETTERS[:2], **options) == ""
    assert await known(things) == set(LETTERS) and await mass_changes(things.desk) == []


async def test_an_unreadable_row_that_tells_what_it_is_hides_nothing(things: World) -> None:
    await listed(things, LETTERS[:10], unread="k")
    assert await known(things) == set(LETTERS[:11])


async def test_a_worker_killed_while_noting_leaves_nothing_noted_and_nothing_gone(
    things: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = pulling.move_cursor

    async def killed(*_: Any) -> None:
        raise Killed

    monkeypatch.setattr(directory, "move_cursor", killed)
    with pytest.raises(Killed):
        await listed(things, LETTERS[:5])
    await things.free(things.target)
    monkeypatch.setattr(directory, "move_cursor", move)
    assert await mass_changes(things.desk, everything=True) == [] and await known(things) == set(LETTERS)
    await listed(things, LETTERS[:5])
    await accept(things.desk, (await only(things)).breaker_id)
    monkeypatch.setattr(directory, "move_cursor", killed)  # and while it is applied
    with pytest.raises(Killed):
        await listed(things, LETTERS[:5])
    await things.free(things.target)
    monkeypatch.setattr(directory, "move_cursor", move)
    assert await known(things) == set(LETTERS)
    await listed(things, LETTERS[:5])
    assert await known(things) == set(LETTERS[:5])
    await things.sound()


async def test_a_decision_made_while_the_list_is_read_waits_its_turn_and_not_in_a_circle(
    things: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await listed(things, LETTERS[:5])
    asked = await only(things)
    move = pulling.move_cursor
    deciding: list[asyncio.Task[Any]] = []

    async def meanwhile(*given: Any) -> None:
        await move(*given)
        deciding.append(asyncio.create_task(accept(things.desk, asked.breaker_id)))
        await somebody_waits(things)

    monkeypatch.setattr(directory, "move_cursor", meanwhile)
    await listed(things, [*LETTERS[:5], "new"])  # something new: the reading changes facts as its last step
    assert (await deciding[0]).decision == "accepted"
    assert await known(things) == {*LETTERS, "new"}


async def somebody_waits(company: World) -> None:
    """Until a transaction of this database waits for another's lock."""
    for _ in range(500):
        row = await company.one(
            "select count(*) from pg_locks join pg_stat_activity using (pid) "
            "where not granted and datname = current_database()"
        )
        if row[0]:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")
