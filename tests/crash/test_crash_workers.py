"""Workers killed at any moment: whoever is left, or comes next, finishes; nothing is posted twice, nothing is missing."""

from __future__ import annotations

import asyncio
import random

import pytest
from crash_world import Start

from ml_connector.lanes import engine, lease, worker

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

BILLS = 40
MOVED_WITHIN = 15.0  # machine seconds from the death of a worker until another has its lane
SLOW_MACHINE = 5.0


def test_what_a_lane_moves_by_adds_up_to_less_than_is_promised() -> None:
    """Its lease ends, and its job is found to be a dead worker's; then it is dispatched, and fetched once a second."""
    until_free = max(lease.SECONDS, engine.STALLED_AFTER + worker.RECOVER_EVERY)
    assert until_free + worker.LOOK_EVERY + engine.FETCHED_EVERY < MOVED_WITHIN


async def test_workers_killed_while_they_send_leave_nothing_undone_and_nothing_twice(crashing: Start) -> None:
    """The first is killed beside a second one, which goes on; that one is killed too, and a third one finishes."""
    chance = random.Random(20261116)
    async with crashing(BILLS) as company:
        workers = [company.start(), company.start()]
        await company.until_bills(1)
        await asyncio.sleep(chance.random() / 2)
        busy, fence = await company.holder(), await company.fence()
        company.kill(busy)
        await company.taken_after(fence, MOVED_WITHIN + SLOW_MACHINE)
        left = len(company.world.zoho_bills())
        assert left < BILLS

        await company.until_bills(left + 1)
        await asyncio.sleep(chance.random() / 2)
        company.kill(next(one for one in workers if one is not busy))
        assert len(company.world.zoho_bills()) < BILLS

        company.start()
        await company.until_done()
        await company.agrees()
