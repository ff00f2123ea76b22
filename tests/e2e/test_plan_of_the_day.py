"""A check of the ledger that is read says how its day of calls is shared, and when first readings have to wait."""

from __future__ import annotations

from pathlib import Path

import pytest
from payables_world import Firm, payables

from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.service.checking import check
from ml_connector.service.connections import connection_named
from ml_connector.store.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(120)]


async def plan(firm: Firm, connection: str) -> Finding | None:
    found = await check(firm.desk, await connection_named(firm.desk, connection))
    return next((one for one in found.findings if one.subject == "plan of the day"), None)


async def test_the_day_of_the_ledger_is_shared_and_that_of_the_target_is_not_told(
    database: Database, tmp_path: Path
) -> None:
    async with payables(database, tmp_path) as firm:
        told = await plan(firm, "Zoho Books")
        assert told is not None and told.verdict is Verdict.GOOD
        assert told.sentence.startswith("Of 10,000 calls a day 3,000 are kept for live work. By our own count 9,9")
        assert told.sentence.endswith("can be used for reading from the beginning.")
        assert await plan(firm, "ServiceNow") is None

        async with firm.desk.changing() as change:
            await change.run("update budget set day_used = 9990 where name = 'calls a day'")
        told = await plan(firm, "Zoho Books")
        assert told is not None and told.verdict is Verdict.WARNING
        assert "and 0 can be used" in told.sentence and "go on after midnight" in told.action
