"""An earlier start date while a flow is live: what it takes up is shown and approved first, by a range of dates."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from service_ledger import Company, bill

from ml_connector.service.approving import approvable, approve_listed
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import change_settings
from ml_connector.service.mapping.values import set_value
from ml_connector.service.records import records
from ml_connector.service.status import status

pytestmark = pytest.mark.anyio
OLD = (bill("1", date=dt.date(2026, 7, 10)), bill("2", date=dt.date(2026, 7, 20)), bill("3", date=dt.date(2026, 7, 31)))
NEW = bill("9")  # of 2026-08-05


async def settled(company: Company, *bills: object) -> None:
    await company.read(*bills)  # type: ignore[arg-type]
    for _ in range(3):
        await company.plan()


async def states(company: Company) -> dict[str, str]:
    found = await records(company.desk, Filter(flow="bills"))
    return {one.source_id: one.state for one in found.records}


def posted(company: Company) -> list[str]:
    return [step.number for step in company.books.written if step.entity == "bills"]


@pytest.fixture
async def live(company: Company) -> Company:
    """Bills are live from August on; those of July were passed over, and then the start is moved to July."""
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    later = await change_settings(company.desk, company.integration, {"start_date": "2026-08-01"})
    await set_flow_mode(company.desk, later, "bills", "live")
    await settled(company, *OLD, NEW)
    assert await states(company) == {"1": "skipped", "2": "skipped", "3": "skipped", "9": "posted"}
    await change_settings(company.desk, await company.now(), {"start_date": "2026-07-15"})
    return company


async def test_it_is_planned_and_told_and_nothing_of_it_is_posted(live: Company) -> None:
    await settled(live, *OLD, NEW, bill("8", total="70.00", date=dt.date(2026, 8, 9)))
    assert await states(live) == {"1": "skipped", "2": "planned", "3": "planned", "8": "posted", "9": "posted"}
    assert posted(live) == ["INV-9", "INV-8"]
    told = "bills: planned, and waiting to be approved here (2)"
    assert told in (await status(live.desk)).attention
    assert (await live.now()).flow("bills").live_from == dt.date(2026, 8, 1)


async def test_what_comes_of_those_dates_later_waits_too(live: Company) -> None:
    late = bill("4", date=dt.date(2026, 7, 25))
    await settled(live, *OLD, NEW, late)
    assert (await states(live))["4"] == "planned" and posted(live) == ["INV-9"]


async def test_a_range_of_dates_is_approved_with_its_sum(live: Company) -> None:
    await settled(live, *OLD, NEW)
    listed = await approvable(live.desk, Filter(flow="bills", since=dt.date(2026, 7, 16), until=dt.date(2026, 7, 30)))
    assert (listed.total.count, listed.total.sums) == (1, {"USD": Decimal("100.00")})
    await approve_listed(live.desk, listed)
    for _ in range(3):
        await live.plan()
    assert await states(live) == {"1": "skipped", "2": "posted", "3": "planned", "9": "posted"}
    assert posted(live) == ["INV-9", "INV-2"]


async def test_what_was_approved_goes_on_as_any_other(live: Company) -> None:
    await settled(live, *OLD, NEW)
    await approve_listed(live.desk, await approvable(live.desk, Filter(flow="bills", until=dt.date(2026, 7, 30))))
    for _ in range(3):
        await live.plan()
    await settled(live, *OLD[:1], bill("2", date=dt.date(2026, 7, 20), total="120.00"), *OLD[2:], NEW)
    newest = (await explain(live.desk, "INV-2")).versions[-1]
    assert newest.state != "planned"


async def test_a_start_that_goes_to_and_fro_lets_nothing_through(live: Company) -> None:
    await settled(live, *OLD, NEW)
    for start in ("2026-09-01", "2026-07-01"):
        await change_settings(live.desk, await live.now(), {"start_date": start})
    await settled(live, *OLD, NEW, bill("7", date=dt.date(2026, 8, 20), total="60.00"))
    assert await states(live) == {"1": "planned", "2": "planned", "3": "planned", "7": "planned", "9": "posted"}
    assert posted(live) == ["INV-9"]


async def test_going_live_from_the_preview_approves_it_as_ever(live: Company) -> None:
    await settled(live, *OLD, NEW)
    await set_flow_mode(live.desk, await live.now(), "bills", "preview")
    assert (await set_flow_mode(live.desk, await live.now(), "bills", "live")).approved == 2
    await settled(live, *OLD, NEW)
    assert await states(live) == {"1": "skipped", "2": "posted", "3": "posted", "9": "posted"}
    assert (await live.now()).flow("bills").live_from is None


async def test_turned_off_and_on_again_it_still_waits(live: Company) -> None:
    await settled(live, *OLD, NEW)
    for mode in ("off", "live"):
        await set_flow_mode(live.desk, await live.now(), "bills", mode)
    await settled(live, *OLD, NEW, bill("4", date=dt.date(2026, 7, 25)))
    assert posted(live) == ["INV-9", "INV-2", "INV-3"]  # going live approves what is shown, and nothing else
    assert (await states(live))["4"] == "planned"
