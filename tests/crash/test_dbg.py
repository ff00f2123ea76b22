"""Workers killed at any moment: whoever is left, or comes next, finishes; nothing is posted twice, nothing is missing."""

from __future__ import annotations

import asyncio
import random, time
T=time.monotonic()

import pytest

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

BILLS = 45


async def test_workers_killed_again_and_again_post_everything_once(crashing) -> None:
    chance = random.Random(20261116)
    async with crashing(BILLS) as company:
        for posted in (1, 12):
            worker = company.start()
            await company.until_bills(posted)
            await asyncio.sleep(chance.random())
            company.kill(worker); print(time.monotonic()-T, 'killed', len(company.world.zoho_bills()), await company.world.states())
        assert 0 < len(company.world.zoho_bills()) < BILLS
        company.start(); print(time.monotonic()-T,'last')
        await company.until_done(); print(time.monotonic()-T,'done')
        await company.agrees()


async def test_two_workers_share_the_work_and_one_finishes_what_the_other_left(crashing) -> None:
    chance = random.Random(7)
    async with crashing(BILLS) as company:
        workers = [company.start(), company.start()]
        await company.until_bills(5)
        await asyncio.sleep(chance.random() / 2)
        owner = await company.world.one(
            "select owner from lane where connection_id = %s and owner is not null", company.world.target
        )
        busy = next(one for one in workers if f"/{one.pid}/" in owner[0])
        company.kill(busy)
        assert len(company.world.zoho_bills()) < BILLS
        await company.until_done()
        assert sum(one.poll() is None for one in workers) == 1
        await company.agrees()


async def test_a_worker_told_to_stop_ends_in_order(crashing) -> None:
    async with crashing(BILLS) as company:
        worker = company.start()
        await company.until_bills(5)
        worker.terminate()
        assert await company.wait(worker, 10.0) == 0
        assert 0 < len(company.world.zoho_bills()) < BILLS
        states = await company.world.states()
        assert states.keys() <= {"posted", "staged"}, states
        assert await company.owned() == 0
        company.start(); print(time.monotonic()-T,'last')
        await company.until_done(); print(time.monotonic()-T,'done')
        await company.agrees()
