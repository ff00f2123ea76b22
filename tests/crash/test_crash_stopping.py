"""SIGTERM and Ctrl-C: a worker ends within ten seconds, and nobody has to wait for what it leaves."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest
from crash_world import Crashing, Start

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

BILLS = 40
STOPPED_WITHIN = 10.0  # machine seconds
STUBBORN = str(Path(__file__).with_name("stubborn_worker.py"))
FOR_EVER = 1e6  # sandbox seconds


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
async def test_a_worker_told_to_stop_ends_in_order(crashing: Start, told: signal.Signals) -> None:
    async with crashing(BILLS) as company:
        worker = company.start()
        await company.until_bills(1)
        worker.send_signal(told)
        assert await company.wait(worker, STOPPED_WITHIN) == 0
        assert 0 < len(company.world.zoho_bills()) < BILLS
        states = await company.world.states()
        assert states.keys() <= {"posted", "staged"}, states
        assert await company.owned() == 0
        company.start()
        await company.until_done()
        await company.agrees()


async def test_a_vendor_that_holds_writes_back_holds_no_worker(crashing: Start) -> None:
    """What was under way is uncertain, and says why; the rest is handed to another worker, which takes it at once."""
    async with crashing(BILLS, speed=1.0) as company:
        worker = company.start()
        await company.until_bills(3)
        company.world.sandbox.zoho_books.switches.latency_seconds = FOR_EVER
        calls = company.world.sandbox.zoho_books.log.calls
        seen = len(calls)
        async with asyncio.timeout(STOPPED_WITHIN):
            while len(calls) == seen:
                await asyncio.sleep(0.02)
        fence = await company.fence()
        worker.terminate()
        assert await company.wait(worker, STOPPED_WITHIN) == 0
        assert await _left_sending(company) == 0
        reasons = await _reasons(company)
        assert reasons
        assert {"the worker was told to stop" in why for why in reasons} == {True}
        assert await company.owned() == 0
        company.start()
        await company.taken_after(fence, STOPPED_WITHIN)


async def test_what_ends_at_no_word_does_not_hold_the_process(crashing: Start) -> None:
    """Neither while the worker takes leave nor when its event loop closes."""
    async with crashing(1) as company:
        worker = company.start(STUBBORN)
        await company.until_bills(1)
        worker.terminate()
        assert await company.wait(worker, STOPPED_WITHIN) == 3
        assert "ml-connector worker has stopped" in company.log(worker)
        assert "ends without taking leave" in company.log(worker)
        assert await company.owned() == 0


async def _left_sending(company: Crashing) -> int:
    row = await company.world.one("select count(*) from intent where state = 0")
    return int(row[0])


async def _reasons(company: Crashing) -> list[str]:
    """Why nobody knows what became of what is uncertain."""
    rows = await company.world.all("select why from intent where state = 1")
    async with company.world.held(company.world.source) as lane:
        return [lane.sealer.open(b"why", row[0]).decode() for row in rows]
