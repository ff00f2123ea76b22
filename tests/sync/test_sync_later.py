"""What waits for nothing but time says until when, in its record and in lists."""

from __future__ import annotations

import pytest
from sync_world import World, is_bill

from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.records import records
from ml_connector.sync.states import State
from ml_connector.transport.messages import Request

pytestmark = pytest.mark.anyio


async def test_a_bill_that_waits_for_a_limit_says_until_when(company: World) -> None:
    await company.live()
    await company.slice(company.source)
    await company.run(
        "update lane set not_before = %s where connection_id = %s", "2026-11-18 05:59:59+00", company.target
    )
    await company.run(
        "update connection set problem = %s where connection_id = %s", "Its limit is used up.", company.target
    )
    listed = (await records(company.desk, Filter(flow="bills", state=State.STAGED.word))).records
    assert listed
    for why in (listed[0].why, (await explain(company.desk, f"#{listed[0].record_id}")).versions[-1].why):
        assert "until 2026-11-18 05:59:59 UTC and goes on by itself (Its limit is used up)" in why


async def test_a_bill_whose_answer_was_lost_says_when_it_is_looked_up(company: World) -> None:
    """From the first bill on no answer arrives, so that it stays uncertain however long the machine takes."""
    await company.live()
    await company.slice(company.source)
    silent = False

    def from_then_on(request: Request, url: str) -> bool:
        nonlocal silent
        silent = silent or is_bill(request, url)
        return silent

    company.faults.on("lost", from_then_on, times=10_000)
    await company.slice(company.target)
    await company.slice(company.target)
    (one, *_) = (await records(company.desk, Filter(flow="bills", state=State.UNCERTAIN.word))).records
    assert "nobody knows yet whether it was done" in one.why and "looked up at 2026-" in one.why
