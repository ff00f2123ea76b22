"""The lease: one owner at a time, proved by its fence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from lane_world import add_lane, one, run

from ml_connector.clock import Clock
from ml_connector.lanes import lease as leases
from ml_connector.lanes import tasks
from ml_connector.sealing import Keyring
from ml_connector.store.database import Database
from ml_connector.store.errors import DatabaseUnavailable
from ml_connector.sync.lane import HOLD
from ml_connector.transport.errors import LeaseLost

pytestmark = pytest.mark.anyio


@pytest.fixture
async def lane(database: Database, keyring: Keyring, two_tenants: tuple[int, int], now_clock: Clock) -> tuple[int, int]:
    """Tenant and connection of one lane."""
    _, connection_id = await add_lane(database, keyring, two_tenants[0], now=now_clock.now())
    return two_tenants[0], connection_id


async def free(database: Database, tenant_id: int) -> None:
    await run(database, tenant_id, "update lane set lease_until = now() - interval '1 ms'")


async def test_of_many_takers_one_gets_the_lane(database: Database, lane: tuple[int, int]) -> None:
    taken = await asyncio.gather(*(leases.take(database, *lane, f"worker {n}") for n in range(8)))
    held = [one_ for one_ in taken if one_ is not None]
    assert [one_.fence for one_ in held] == [1]
    held[0].check()


async def test_the_fence_grows_when_an_expired_lease_is_taken_over(database: Database, lane: tuple[int, int]) -> None:
    first = await leases.take(database, *lane, "first")
    assert await leases.take(database, *lane, "second") is None
    await free(database, lane[0])
    second = await leases.take(database, *lane, "second")
    assert first is not None
    assert second is not None
    assert (first.fence, second.fence) == (1, 2)


async def test_a_renewal_waits_for_no_transaction_and_a_taker_for_each(
    database: Database, lane: tuple[int, int]
) -> None:
    held = await leases.take(database, *lane, "me")
    assert held is not None
    async with database.tenant(lane[0]) as transaction:
        assert await (await transaction.execute(HOLD, [*lane, held.fence])).fetchone()
        async with asyncio.timeout(5):
            assert await leases._renewed(database, held)
        await free(database, lane[0])
        taking = asyncio.create_task(leases.take(database, *lane, "other"))
        done, _ = await asyncio.wait([taking], timeout=0.2)
        assert not done
    taken = await taking
    assert taken is not None and taken.fence == held.fence + 1
    async with database.tenant(lane[0]) as transaction:
        assert await (await transaction.execute(HOLD, [*lane, held.fence])).fetchone() is None


async def test_another_tenants_lane_cannot_be_taken(database: Database, lane: tuple[int, int]) -> None:
    assert await leases.take(database, lane[0] + 1, lane[1], "stranger") is None


async def test_we_stop_believing_before_the_database_does(
    database: Database, lane: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    held = await leases.take(database, *lane, "me")
    assert held is not None
    now = leases._boot_time()
    monkeypatch.setattr(leases, "_boot_time", lambda: now + leases.SECONDS - leases.MARGIN)
    with pytest.raises(LeaseLost, match="nothing was sent"):
        held.check()
    (left,) = await one(database, lane[0], "select extract(epoch from lease_until - now()) from lane")
    assert left > leases.MARGIN


async def test_a_lease_is_renewed_while_the_work_runs_and_not_after(
    database: Database, lane: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEW_EVERY", 0.02)
    held = await leases.take(database, *lane, "me")
    assert held is not None
    believed = held.believed_until
    async with leases.kept(database, held):
        await asyncio.sleep(0.15)
    assert held.believed_until > believed
    assert held.believed_until - leases._boot_time() <= leases.SECONDS - leases.MARGIN
    held.check()
    after = held.believed_until
    await asyncio.sleep(0.06)
    assert held.believed_until == after


async def test_a_renewal_that_finds_another_owner_ends_the_belief_at_once(
    database: Database, lane: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEW_EVERY", 0.02)
    held = await leases.take(database, *lane, "me")
    assert held is not None
    await free(database, lane[0])
    assert await leases.take(database, *lane, "other") is not None
    async with leases.kept(database, held):
        await asyncio.sleep(0.1)
        with pytest.raises(LeaseLost):
            held.check()


async def test_a_renewal_survives_a_database_that_is_away_for_a_moment(
    database: Database, lane: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEW_EVERY", 0.02)
    held = await leases.take(database, *lane, "me")
    assert held is not None
    renewed, failures = leases._renewed, [DatabaseUnavailable("away"), DatabaseUnavailable("away")]

    async def failing(database: Database, lease: leases.LaneLease) -> bool:
        if failures:
            raise failures.pop()
        return await renewed(database, lease)

    monkeypatch.setattr(leases, "_renewed", failing)
    believed = held.believed_until
    async with leases.kept(database, held):
        await asyncio.sleep(0.15)
    assert held.believed_until > believed


class _Deaf:
    """A database that loses the first it is told at the moment it answers, as Python 3.11's ``wait_for`` does."""

    lost = 0

    @asynccontextmanager
    async def tenant(self, tenant_id: int) -> AsyncIterator[None]:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.lost += 1
            if self.lost > 1:
                raise
        raise DatabaseUnavailable("no connection came free")
        yield


async def test_a_renewal_that_missed_its_end_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEW_EVERY", 0.0)
    monkeypatch.setattr(tasks, "AGAIN_AFTER", 0.05)
    deaf = _Deaf()
    async with asyncio.timeout(5), leases.kept(deaf, leases.LaneLease(1, 1, 1, 0.0)):  # type: ignore[arg-type]
        await asyncio.sleep(0.05)
    assert deaf.lost == 2


async def test_ended_tasks_are_told_again_until_they_have_ended() -> None:
    told = 0

    async def stubborn() -> None:
        nonlocal told
        while told < 3:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                told += 1

    async def failing() -> None:
        raise ValueError("its own concern")

    begun = asyncio.create_task(stubborn()), asyncio.create_task(failing())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await tasks.ended(*begun, again_after=0.01)
    assert told == 3
