"""A flow's schedule: shown, set, refused when it makes no sense, and kept to by the lane."""

from __future__ import annotations

import datetime as dt

import pytest

from ml_connector.errors import BadInput
from ml_connector.service.scheduling import schedule

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def test_a_schedule_is_in_the_companys_zone_and_the_lane_keeps_to_it(running) -> None:
    async with running("small") as company:
        shown = await schedule(company.desk, company.integration, "bills", "business days US 30 7 * * *")
        assert shown.zone == "America/Chicago"
        # Monday 16 November 2026, 14:00 UTC is 8:00 in Chicago: the next 7:30 is on Tuesday, 13:30 UTC.
        assert shown.next_runs[0] == dt.datetime(2026, 11, 17, 13, 30, tzinfo=dt.UTC)
        await company.sync()
        assert await _next_read(company) == dt.datetime(2026, 11, 17, 13, 30, tzinfo=dt.UTC)


async def test_a_schedule_that_makes_no_sense_changes_nothing(running) -> None:
    async with running("small") as company:
        before = await schedule(company.desk, company.integration, "bills")
        for text, named in (("every day", "every day"), ("business days XX 0 7 * * *", "XX"), ("61 * * * *", "61")):
            with pytest.raises(BadInput, match=named):
                await schedule(company.desk, company.integration, "bills", text)
        assert (await schedule(company.desk, company.integration, "bills")).schedule == before.schedule


async def _next_read(company) -> dt.datetime:
    async with company.desk.looking() as reading:
        row = await reading.one(
            "select next_read_at from flow where tenant_id = %s and name = 'bills'", company.desk.tenant_id
        )
    return row[0]
