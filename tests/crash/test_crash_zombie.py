"""A worker that stands still beyond its lease and wakes: it writes neither to the ledger nor to the vendor.

What can still arrive is the one request that was between its last check and its first byte: it meets its twin.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from crash_world import Crashing, Start, zoho_books

from ml_connector.service.doubles import look_now

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

BILLS = 40
FREEZE_AT = 45  # beyond the vendors that the bills need
HANDED_OVER = "lane handed over"
FREEZING = str(Path(__file__).with_name("freezing_worker.py"))
TOKENS_LIVE = 60.0  # sandbox seconds a second: a vendor's token of an hour outlives what is frozen


async def test_a_worker_that_was_stopped_beyond_its_lease_writes_nothing_when_it_wakes(crashing: Start) -> None:
    async with crashing(BILLS, speed=TOKENS_LIVE) as company:
        zombie = await frozen(company, "checked")
        assert len(company.world.zoho_bills()) < BILLS
        company.start()
        await company.until_done()
        await company.agrees()
        assert await arrives_late(company, zombie) == []
        await company.agrees()


async def test_a_request_that_leaves_late_meets_its_twin(crashing: Start) -> None:
    """It is an upsert on the unique field that holds our reference."""
    async with crashing(BILLS, speed=TOKENS_LIVE) as company:
        zombie = await frozen(company, "leaving")
        company.start()
        await company.until_done()
        await company.agrees()
        assert await arrives_late(company, zombie) == [200]
        await company.agrees()


async def test_a_request_that_leaves_late_without_a_unique_field_is_refused_for_its_number(crashing: Start) -> None:
    """Zoho Books takes no second bill with a number of a vendor's, so nothing doubles and the sweep has nothing to tell."""
    async with crashing(BILLS, speed=TOKENS_LIVE, reference_field="") as company:
        zombie = await frozen(company, "leaving")
        company.start()
        await company.until_done()
        await company.agrees()
        assert await arrives_late(company, zombie) == [400]
        await company.agrees()
        assert (await look_now(company.world.desk, [await zoho_books(company.world)])).found == ()


async def frozen(company: Crashing, where: str) -> subprocess.Popen[bytes]:
    """A worker that has the lane of Zoho Books and stands still at one of its writes."""
    zombie = company.start(FREEZING, FREEZE=where, FREEZE_AT=str(FREEZE_AT))
    await company.frozen(zombie)
    return zombie


async def arrives_late(company: Crashing, zombie: subprocess.Popen[bytes]) -> list[int]:
    """Wake it: what Zoho Books answers to its writes that still arrive. What is known of any stays as it is."""
    assert HANDED_OVER not in company.log(zombie)
    before, seen = await company.written(), len(company.writes())
    company.world.sandbox.zoho_books.switches.latency_seconds = 0.0
    company.wake(zombie)
    await company.says(zombie, HANDED_OVER)
    assert await company.written() == before
    return [call.status for call in company.writes()[seen:]]
