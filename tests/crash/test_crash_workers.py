"""Workers killed at any moment: whoever is left, or comes next, finishes; nothing is posted twice, nothing is missing."""

from __future__ import annotations

import asyncio
import random

import pytest
from crash_world import Start

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

BILLS = 40


async def test_workers_killed_while_they_send_leave_nothing_undone_and_nothing_twice(crashing: Start) -> None:
    """The first is killed beside a second one, which goes on; that one is killed too, and a third one finishes."""
    chance = random.Random(20261116)
    async with crashing(BILLS) as company:
        workers = [company.start(), company.start()]
        await company.until_bills(1)
        await asyncio.sleep(chance.random() / 2)
        owner = await company.owner()
        busy = next(one for one in workers if f"/{one.pid}/" in owner)
        company.kill(busy)
        left = len(company.world.zoho_bills())
        assert left < BILLS

        await company.until_bills(left + 1)
        await asyncio.sleep(chance.random() / 2)
        company.kill(next(one for one in workers if one is not busy))
        assert len(company.world.zoho_bills()) < BILLS

        company.start()
        await company.until_done()
        await company.agrees()


async def test_a_worker_told_to_stop_ends_in_order(crashing: Start) -> None:
    async with crashing(BILLS) as company:
        worker = company.start()
        await company.until_bills(1)
        worker.terminate()
        assert await company.wait(worker, 10.0) == 0
        assert 0 < len(company.world.zoho_bills()) < BILLS
        states = await company.world.states()
        assert states.keys() <= {"posted", "staged"}, states
        assert await company.owned() == 0
        company.start()
        await company.until_done()
        await company.agrees()
