"""Both lanes of a company under load, two workers, and a person at work meanwhile: nobody waits for another in a circle."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from crash_world import Crashing, Start

from ml_connector.errors import NotFound
from ml_connector.service.finding import Filter
from ml_connector.service.replaying import replay

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

BILLS = 300


async def test_two_lanes_under_load_never_deadlock(crashing: Start) -> None:
    async with crashing(BILLS) as company:
        world = company.world
        world.sandbox.zoho_books.switches.latency_seconds = 0.0
        await world.mode("bills_exported", "live")
        for worker in (company.start(), company.start()):
            assert worker.poll() is None
        person = asyncio.create_task(_at_work(company))
        try:
            await company.until_bills(BILLS)
        finally:
            person.cancel()
            await asyncio.gather(person, return_exceptions=True)
        await company.until_done()
        assert await _deadlocks(company) == 0
        assert len(world.zoho_bills()) == BILLS
        assert world.compared().findings == []
        await company.until_sound()
        marked = await world.ends("bills_exported")
        assert len(marked) == BILLS
        assert {state for state, _ in marked.values()} == {"posted"}


async def _at_work(company: Crashing) -> None:
    """Replays what is posted, asks for readings, takes mapping rows away and fills them again."""
    world = company.world
    rows = [(table, *row) for table, of in world.sandbox.handover["company"]["mapping"].items() for row in of.items()]
    while True:
        for table, key, value in rows:
            await world.remove(table, key)
            await world.fill(table, key, value)
            with suppress(NotFound):
                await replay(world.desk, Filter(flow="bills", state="posted"))
            await world.ask()
            await asyncio.sleep(0.2)


async def _deadlocks(company: Crashing) -> int:
    row = await company.world.one("select deadlocks from pg_stat_database where datname = current_database()")
    return int(row[0])
