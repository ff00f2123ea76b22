"""The count of a vendor's limits: never more than allowed, whatever the network, a crash or the calendar does."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import time
from collections.abc import Mapping

import pytest
from lane_world import add_lane, clock, one, run

from ml_connector.clock import Clock
from ml_connector.connectors.base import Limit, Limits, Window
from ml_connector.lanes import lease as leases
from ml_connector.lanes.budget import FIRST_CALLS, LaneBudget, count_first_calls
from ml_connector.sealing import Keyring
from ml_connector.store.database import Database
from ml_connector.transport.errors import BudgetEmpty, LeaseLost

pytestmark = pytest.mark.anyio

CHICAGO = "America/Chicago"


def day_left(headers: Mapping[str, str]) -> int | None:
    return int(headers["left"]) if "left" in headers else None


def budget(database: Database, tenant_id: int, clock: Clock, *limits: Limit, concurrency: int = 5) -> LaneBudget:
    return LaneBudget(database, tenant_id, Limits(limits, concurrency), clock, CHICAGO, day_left)


def standing(moment: dt.datetime) -> Clock:
    """A clock at ``moment`` that practically stands still."""
    return Clock(moment, time.time(), 1e-9)


class Vendor:
    """Counts each call at some instant between its start and its completion, as the vendor's own books would."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self.clock, self.random, self.stamps = clock, random.Random(seed), list[float]()

    async def call(self, longest: float) -> None:
        before, after = (self.random.uniform(0, longest / 2) for _ in range(2))
        await self.clock.sleep(before)
        self.stamps.append(self.clock.seconds())
        await self.clock.sleep(after)

    def most(self, seconds: float) -> int:
        """The most calls in any window of ``seconds``."""
        stamps = sorted(self.stamps)
        return max(sum(start <= at < start + seconds for at in stamps) for start in stamps)


async def calling(budget: LaneBudget, vendor: Vendor, until: float, longest: float) -> None:
    while vendor.clock.seconds() < until:
        try:
            await budget.take()
        except BudgetEmpty as empty:
            await vendor.clock.sleep(min(empty.retry_after, until - vendor.clock.seconds()))
            continue
        try:
            await vendor.call(longest)
        finally:
            budget.done({}, 200)


@pytest.mark.parametrize(("calls", "seconds", "longest"), [(10, 60.0, 4.0), (3, 20.0, 30.0), (25, 60.0, 20.0)])
async def test_no_window_of_the_vendor_is_ever_exceeded(
    database: Database, two_tenants: tuple[int, int], calls: int, seconds: float, longest: float
) -> None:
    fast = clock(200.0)
    vendor = Vendor(fast, calls)
    count = budget(database, two_tenants[0], fast, Limit("a window", calls, seconds=seconds))
    until = fast.seconds() + 200
    await asyncio.gather(*(calling(count, vendor, until, longest) for _ in range(5)))
    assert vendor.most(seconds) <= calls
    assert len(vendor.stamps) > calls  # and the limit is used


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_crash_at_any_moment_never_makes_a_successor_burst(
    database: Database, two_tenants: tuple[int, int], seed: int
) -> None:
    fast = clock(200.0)
    vendor = Vendor(fast, seed)
    for _ in range(5):
        count = budget(database, two_tenants[0], fast, Limit("a window", 10, seconds=60.0))
        await count.load()
        crash = fast.seconds() + vendor.random.uniform(5, 80)
        tasks = [asyncio.create_task(calling(count, vendor, crash + 99, 10.0)) for _ in range(4)]
        await fast.sleep(crash - fast.seconds())
        for task in tasks:  # nothing is stored at the end
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert vendor.most(60.0) <= 10


async def test_a_slice_that_ends_well_forfeits_nothing(database: Database, two_tenants: tuple[int, int]) -> None:
    still = standing(dt.datetime(2026, 6, 9, 18, tzinfo=dt.UTC))
    limits = Limit("a minute", 10), Limit("a day", 1000, Window.DAY)
    first = budget(database, two_tenants[0], still, *limits)
    for _ in range(3):
        await first.take()
        first.done({}, 200)
    await first.store(final=True)
    second = budget(database, two_tenants[0], still, *limits)
    await second.load()
    assert second.free() == 7


async def test_a_crash_forfeits_the_chunks_of_window_and_day(database: Database, two_tenants: tuple[int, int]) -> None:
    still = standing(dt.datetime(2026, 6, 9, 18, tzinfo=dt.UTC))
    first = budget(database, two_tenants[0], still, Limit("a minute", 100), Limit("a day", 300, Window.DAY))
    await first.take()
    second = budget(database, two_tenants[0], still, Limit("a minute", 100))
    await second.load()
    assert second.free() == 80  # a fifth of the window
    third = budget(database, two_tenants[0], still, Limit("a day", 300, Window.DAY))
    await third.load()
    assert third.free() == 297  # a hundredth of the day


async def test_a_call_that_was_under_way_at_a_crash_counts_from_when_that_is_known(
    database: Database, two_tenants: tuple[int, int]
) -> None:
    began = dt.datetime(2026, 6, 9, 18, tzinfo=dt.UTC)
    first = budget(database, two_tenants[0], standing(began), Limit("a minute", 100))
    await first.take()  # and is under way for a minute and more
    later = standing(began + dt.timedelta(seconds=73))
    second = budget(database, two_tenants[0], later, Limit("a minute", 100))
    await second.load()
    assert second.free() == 80


async def test_a_wait_that_is_too_long_is_told_with_the_limits_name(
    database: Database, two_tenants: tuple[int, int], now_clock: Clock
) -> None:
    count = budget(database, two_tenants[0], now_clock, Limit("a minute", 1), Limit("a second", 50, seconds=1.0))
    await count.take()
    count.done({}, 200)
    with pytest.raises(BudgetEmpty, match="a minute") as empty:
        await count.take()
    assert 55 < empty.value.retry_after <= 60
    assert count.free() == 0
    count.throttled(100.0)
    with pytest.raises(BudgetEmpty, match="the vendor asked for") as paused:
        await count.take()
    assert 99 < paused.value.retry_after <= 100


async def test_a_short_wait_is_waited_out_and_places_are_given_back(
    database: Database, two_tenants: tuple[int, int], now_clock: Clock
) -> None:
    count = budget(database, two_tenants[0], now_clock, Limit("a moment", 2, seconds=0.2), concurrency=2)
    for _ in range(4):
        await count.take()
        count.done({}, 200)
    assert count.calls == 4


async def test_a_pause_outlives_the_slice(database: Database, two_tenants: tuple[int, int]) -> None:
    still = standing(dt.datetime(2026, 6, 9, 18, tzinfo=dt.UTC))
    first = budget(database, two_tenants[0], still, Limit("a minute", 10))
    first.throttled(300.0)
    await first.store(final=True)
    second = budget(database, two_tenants[0], still, Limit("a minute", 10))
    await second.load()
    assert second.free() == 0
    assert 299 < second.wait() <= 300
    assert second.wait(5) == second.wait()


async def test_the_vendors_own_count_of_the_day_corrects_ours(database: Database, two_tenants: tuple[int, int]) -> None:
    still = standing(dt.datetime(2026, 6, 9, 18, tzinfo=dt.UTC))
    count = budget(database, two_tenants[0], still, Limit("a day", 100, Window.DAY))
    await count.take()
    count.done({"left": "40"}, 200)  # other applications share the day
    assert count.free() == 40
    await count.take()
    count.done({"left": "90"}, 200)  # an older answer that came later
    assert count.free() == 39


@pytest.mark.parametrize(
    ("moment", "hours"),
    [
        ("2026-06-09T05:00:00", 24.0),  # midnight in Chicago
        ("2026-03-08T06:30:00", 22.5),  # the day of 23 hours
        ("2026-11-01T05:30:00", 24.5),  # the day of 25 hours
    ],
)
async def test_a_day_ends_at_midnight_in_the_organisations_zone(
    database: Database, two_tenants: tuple[int, int], moment: str, hours: float
) -> None:
    still = standing(dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC))
    count = budget(database, two_tenants[0], still, Limit("a day", 1, Window.DAY))
    await count.take()
    count.done({}, 200)
    with pytest.raises(BudgetEmpty, match="a day"):
        await count.take()
    assert count.wait() == pytest.approx(hours * 3600, abs=1)
    await count.store(final=True)
    tomorrow = standing(still.now() + dt.timedelta(hours=hours, seconds=1))
    after = budget(database, two_tenants[0], tomorrow, Limit("a day", 1, Window.DAY))
    await after.load()
    assert after.free() == 1


async def test_an_answer_of_before_midnight_does_not_spoil_the_new_day(
    database: Database, two_tenants: tuple[int, int]
) -> None:
    before = dt.datetime(2026, 6, 10, 4, 59, 50, tzinfo=dt.UTC)
    running = Clock(before, time.time(), 100.0)
    count = budget(database, two_tenants[0], running, Limit("a day", 100, Window.DAY))
    await count.take()
    await running.sleep(15)
    count.done({"left": "3"}, 200)  # said of yesterday
    assert count.free() == 99
    await count.take()
    count.done({"left": "98"}, 200)
    assert count.free() == 98


async def test_a_stale_worker_does_not_undo_its_successors_count(
    database: Database, keyring: Keyring, two_tenants: tuple[int, int], now_clock: Clock
) -> None:
    tenant = two_tenants[0]
    _, lane = await add_lane(database, keyring, tenant, now=now_clock.now())
    held = await leases.take(database, tenant, lane, "first")
    limits = Limits((Limit("a minute", 10),), 5)
    stale = LaneBudget(database, tenant, limits, now_clock, CHICAGO, day_left, lease=held)
    await run(database, tenant, "update lane set lease_until = '-infinity'")
    newer = await leases.take(database, tenant, lane, "second")
    successor = LaneBudget(database, tenant, limits, now_clock, CHICAGO, day_left, lease=newer)
    await successor.take()
    with pytest.raises(LeaseLost):
        await stale.take()
    with pytest.raises(LeaseLost):
        await stale.store(final=True)
    assert await one(database, tenant, "select jsonb_array_length(reserved) from budget") == (1,)


async def test_calls_are_given_back_when_the_count_cannot_be_written(
    database: Database, two_tenants: tuple[int, int], now_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = budget(database, two_tenants[0], now_clock, Limit("a minute", 10), concurrency=1)

    async def failing(**given: bool) -> None:
        raise LeaseLost("away")

    monkeypatch.setattr(count, "store", failing)
    for _ in range(3):
        with pytest.raises(LeaseLost):
            await count.take()
    monkeypatch.undo()
    await count.take()
    assert count.free() == 9


async def lane_budget(
    database: Database, keyring: Keyring, tenant: int, clock: Clock, *limits: Limit, name: str
) -> LaneBudget:
    """The count of a lane of its own, which shares its limits' scope with the others."""
    _, connection_id = await add_lane(database, keyring, tenant, now=clock.now(), name=name)
    held = await leases.take(database, tenant, connection_id, name)
    found = LaneBudget(database, tenant, Limits(limits, 5), clock, CHICAGO, day_left, lease=held)
    await found.load()
    return found


async def test_two_lanes_together_never_exceed_a_limit_they_share(
    database: Database, database_url: str, keyring: Keyring, two_tenants: tuple[int, int]
) -> None:
    fast = clock(200.0)
    vendor = Vendor(fast, 7)
    limits = (
        Limit("a window", 12, seconds=60.0, scope="application"),
        Limit("a day", 45, Window.DAY, scope="application"),
    )
    another = await Database.open(database_url, pool_size=4)
    try:
        lanes = [
            await lane_budget(one_, keyring, two_tenants[0], fast, *limits, name=f"lane {n}")
            for n, one_ in enumerate((database, another))
        ]
        until = fast.seconds() + 400
        await asyncio.gather(*(calling(lane, vendor, until, 6.0) for lane in lanes for _ in range(3)))
        for lane in lanes:
            await lane.store(final=True)
    finally:
        await another.close()
    assert vendor.most(60.0) <= 12
    assert min(lane.calls for lane in lanes) > 0
    assert 30 < len(vendor.stamps) <= 45
    assert await one(database, two_tenants[0], "select day_used from budget where name = 'a day'") == (
        len(vendor.stamps),
    )


async def test_the_last_call_of_a_shared_limit_is_reserved_once(
    database: Database, keyring: Keyring, two_tenants: tuple[int, int], now_clock: Clock
) -> None:
    limits = Limit("a minute", 1, scope="application"), Limit("a day", 1, Window.DAY, scope="application")
    for limit in limits:
        pair = [
            await lane_budget(database, keyring, two_tenants[0], now_clock, limit, name=f"{limit.name} {n}")
            for n in range(4)
        ]
        taken = await asyncio.gather(*(lane.take() for lane in pair), return_exceptions=True)
        assert sorted(type(one_).__name__ for one_ in taken) == ["BudgetEmpty"] * 3 + ["NoneType"]


async def test_first_calls_and_pauses_of_one_lane_hold_for_all_that_share_the_limit(
    database: Database, keyring: Keyring, two_tenants: tuple[int, int]
) -> None:
    still = standing(dt.datetime(2026, 6, 9, 18, tzinfo=dt.UTC))
    shared = Limit("a minute", 40, scope="application")
    first = await lane_budget(database, keyring, two_tenants[0], still, shared, name="first")
    await first.take()  # a chunk of eight
    async with database.tenant(two_tenants[0]) as session:
        await count_first_calls(session, two_tenants[0], Limits((shared,), 5), still.seconds())
    second = await lane_budget(database, keyring, two_tenants[0], still, shared, name="second")
    assert second.free() == 40 - 8 - FIRST_CALLS
    first.done({}, 200)
    first.throttled(300.0)
    await first.store(final=True)
    await second.store()
    assert second.free() == 0 and second.wait() > 299
