"""PostgreSQL goes away in mid-run and comes back: the workers go on by themselves; nothing is lost, nothing is doubled."""

from __future__ import annotations

import asyncio
import signal

import pytest
from crash_world import Crashing
from outage import Server

from ml_connector.cli import running
from ml_connector.lanes import engine

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT  # as pg_ctl stops a server
A_MINUTE = 60.0
STOPPED_WITHIN = 15.0  # machine seconds: ten are promised, the rest is for a slow machine
HELD_UP = 3
AGAIN = "It is tried again until it works."


@pytest.mark.timeout(240)
async def test_a_worker_told_to_stop_waits_for_no_database(outages: tuple[Server, Crashing]) -> None:
    """In mid-run, while it comes up, and while it waits for the server to come back; one that is not told goes on."""
    server, company = outages
    held, waiting, staying = company.start(), company.start(), company.start()
    await company.until_bills(3)
    server.freeze()
    try:
        opening = company.start()
        held.terminate()
        assert await company.wait(held, STOPPED_WITHIN) == HELD_UP
        opening.terminate()
        assert await company.wait(opening, STOPPED_WITHIN) == HELD_UP
    finally:
        server.thaw()
    server.stop(IMMEDIATE)
    await company.says(waiting, AGAIN)
    waiting.terminate()
    assert await company.wait(waiting, STOPPED_WITHIN) == 0
    server.start()
    await company.until_done()
    await company.agrees()
    assert staying.poll() is None


def test_a_process_that_is_held_up_ends_before_it_is_killed() -> None:
    assert engine.STOPPED_WITHIN < running.ENDED_WITHIN < 10.0


@pytest.mark.timeout(240)
async def test_a_database_that_goes_away_for_a_minute_and_comes_back(outages: tuple[Server, Crashing]) -> None:
    server, company = outages
    workers = [company.start(), company.start()]
    await company.until_bills(3)
    server.stop(FAST)
    await asyncio.sleep(A_MINUTE)
    server.start()
    await company.until_done()
    await company.agrees()
    for worker in workers:
        assert worker.poll() is None
        assert company.log(worker).count(AGAIN) <= 3, company.log(worker)
