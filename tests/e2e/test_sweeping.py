"""Old holds are planned again once an hour, whether or not anybody told of a change."""

from __future__ import annotations

from collections import Counter

import pytest

from ml_connector.service.mapping.values import remove_value
from ml_connector.service.scheduling import schedule
from ml_connector.service.working import working

LOOKS = 300  # at least half a minute: five hours of the sandbox's clock
pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def test_a_hold_nobody_released_is_planned_again_after_an_hour(running) -> None:
    async with running("small", speed=600.0) as company:
        rows = company.sandbox.handover["company"]["mapping"]["accounts"]
        for key in rows:
            await remove_value(company.desk, company.integration, "accounts", key)
        for flow in ("vendors", "bills"):  # at this speed the usual schedule would hardly leave the lanes alone
            await schedule(company.desk, company.integration, flow, "0 0 1 1 *")
        await company.live()
        await company.sync()
        assert await _states(company) == {"held"}
        await _fill_without_telling(company, rows)
        async with working(company.runtime) as work:
            for _ in range(LOOKS):
                if await _states(company) == {"posted"}:
                    break
                await work.pause()
        assert await _states(company) == {"posted"}
        assert company.compared().findings == []


async def _states(company) -> set[str]:
    return set(Counter(state for state, _ in (await company.ends()).values()))


async def _fill_without_telling(company, rows: dict[str, str]) -> None:
    """As if a release had been missed: the rows are there, and what waits for them was not released."""
    async with company.runtime.database.tenant(company.desk.tenant_id) as connection:
        for key, value in rows.items():
            await connection.execute(
                b"""insert into mapping (tenant_id, integration_id, table_name, source_key, target_key, changed_by,
                                         changed_at)
                values (%s, %s, 'accounts', %s, %s, 'test', now())""",
                [company.desk.tenant_id, company.integration.integration_id, key, value],
            )
        await connection.execute(
            b"update integration set generation = generation + 1 where tenant_id = %s", [company.desk.tenant_id]
        )
