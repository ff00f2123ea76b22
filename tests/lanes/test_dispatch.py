"""The dispatcher: fair, bounded, and nothing that was asked for is forgotten."""

from __future__ import annotations

import datetime as dt

import pytest
from lane_world import add_lane, one, run

from ml_connector.clock import Clock
from ml_connector.lanes import dispatch
from ml_connector.lanes import lease as leases
from ml_connector.sealing import Keyring
from ml_connector.store.database import Database

pytestmark = pytest.mark.anyio


class Lanes:
    """Lanes of two tenants."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock, tenants: tuple[int, int]) -> None:
        self.database, self.keyring, self.clock, self.tenants = database, keyring, clock, tenants
        self.added = 0

    async def add(self, tenant: int, minutes_ago: float) -> int:
        """A lane of the first (0) or second (1) tenant, due since some minutes."""
        self.added += 1
        now = self.clock.now()
        _, connection_id = await add_lane(
            self.database, self.keyring, self.tenants[tenant], now=now, name=f"lane {self.added}",
            due_at=now - dt.timedelta(minutes=minutes_ago),
        )  # fmt: skip
        return connection_id

    async def due(self, room: int = 100) -> list[int]:
        return [lane.connection_id for lane in await dispatch.due(self.database, self.clock, room)]

    async def wake(self, connection_id: int) -> None:
        await run(
            self.database, self.tenants[0],
            "insert into wake (tenant_id, connection_id, reason) values (%s, %s, 'test')",
            self.tenants[0], connection_id,
        )  # fmt: skip

    async def set(self, connection_id: int, what: str) -> None:
        await run(self.database, self.tenants[0], f"update lane set {what} where connection_id = %s", connection_id)


@pytest.fixture
def lanes(database: Database, keyring: Keyring, two_tenants: tuple[int, int], now_clock: Clock) -> Lanes:
    return Lanes(database, keyring, now_clock, two_tenants)


async def test_every_tenants_first_goes_before_any_tenants_second(lanes: Lanes) -> None:
    many = [await lanes.add(0, 60 - n) for n in range(5)]
    few = [await lanes.add(1, n) for n in (2, 1)]
    assert await lanes.due() == [many[0], few[0], many[1], few[1], *many[2:]]


async def test_what_was_sent_is_not_sent_again_and_counts_against_the_room(lanes: Lanes) -> None:
    many = [await lanes.add(0, 60 - n) for n in range(5)]
    assert await lanes.due(2) == many[:2]
    assert await lanes.due(2) == []  # both wait in the queue: the backlog stays here
    assert await lanes.due(3) == many[2:3]
    await leases.take(lanes.database, lanes.tenants[0], many[0], "worker")
    assert await lanes.due(3) == many[3:4]  # one was taken: there is room for another


async def test_what_was_sent_and_never_taken_is_sent_again(lanes: Lanes) -> None:
    lane = await lanes.add(0, 1)
    assert await lanes.due() == [lane]
    await lanes.set(lane, "sent_at = now() - interval '6 s'")
    assert await lanes.due() == [lane]


async def test_a_lane_that_has_run_is_free_at_once_when_it_is_due_again(lanes: Lanes) -> None:
    lane = await lanes.add(0, 1)
    await lanes.due()
    await leases.take(lanes.database, lanes.tenants[0], lane, "worker")
    assert await lanes.due() == []
    await lanes.set(lane, "lease_until = '-infinity'")
    assert await lanes.due() == [lane]


@pytest.mark.parametrize("hindrance", ["not_before = now() + interval '1 h'", "lease_until = now() + interval '9 s'"])
async def test_what_may_not_run_is_left_alone(lanes: Lanes, hindrance: str) -> None:
    lane = await lanes.add(0, 1)
    await lanes.set(lane, hindrance)
    assert await lanes.due() == []


async def test_what_is_not_due_waits_until_it_is_woken(lanes: Lanes) -> None:
    lane = await lanes.add(0, -60)
    assert await lanes.due() == []
    await lanes.wake(lane)
    await lanes.wake(lane)
    assert await dispatch.woken(lanes.database, lanes.clock) == 1
    assert await dispatch.woken(lanes.database, lanes.clock) == 0
    assert await lanes.due() == [lane]


async def test_a_wake_does_not_break_a_pause_nor_delay_what_is_due_earlier(lanes: Lanes) -> None:
    lane = await lanes.add(0, 30)
    await lanes.set(lane, "not_before = now() + interval '1 h'")
    await lanes.wake(lane)
    await dispatch.woken(lanes.database, lanes.clock)
    assert await lanes.due() == []
    (due_at,) = await one(lanes.database, lanes.tenants[0], "select due_at from lane")
    assert lanes.clock.now() - due_at > dt.timedelta(minutes=29)


async def test_a_wake_of_a_running_lane_is_kept_until_its_slice_has_ended(lanes: Lanes) -> None:
    lane = await lanes.add(0, 1)
    held = await leases.take(lanes.database, lanes.tenants[0], lane, "worker")
    assert held is not None
    await lanes.wake(lane)
    assert await dispatch.woken(lanes.database, lanes.clock) == 0
    # The slice ends and, knowing nothing of the wake, is due in an hour.
    await lanes.set(lane, "lease_until = '-infinity', due_at = now() + interval '1 h'")
    assert await dispatch.woken(lanes.database, lanes.clock) == 1
    assert await lanes.due() == [lane]


async def test_a_lane_whose_row_is_locked_stops_nobody(lanes: Lanes) -> None:
    locked, other = await lanes.add(0, 2), await lanes.add(1, 1)
    await lanes.wake(locked)
    async with lanes.database.tenant(lanes.tenants[0]) as session:
        await session.execute(b"select 1 from lane for update")
        assert await dispatch.woken(lanes.database, lanes.clock) == 0
        assert await lanes.due() == [other]
    assert await dispatch.woken(lanes.database, lanes.clock) == 1
    assert await lanes.due() == [locked]
