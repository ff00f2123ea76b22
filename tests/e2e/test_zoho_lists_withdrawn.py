"""A list that a vendor's API no longer offers stops the flows that need it, says so, and nothing else of the lane."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from back_world import Back, back

from ml_connector.service.syncing import wait_until_quiet
from ml_connector.store.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]


async def connection(company: Back, vendor: str) -> tuple[str, str]:
    """(state, problem) of a connection, as ``status`` tells them."""
    async with company.desk.looking() as reading:
        row = await reading.one("select state, problem from connection where vendor = %s", vendor)
    assert row is not None
    return str(row[0]), str(row[1])


async def later(company: Back) -> None:
    """An hour and a bit passes, and nobody asks for anything."""
    company.jump(hours=1, minutes=1)
    await wait_until_quiet(company.desk, company.integration, patience=60.0)


async def refused(company: Back) -> Mapping[str, int]:
    """The flows that stand still, each with the number of lanes in which it does."""
    async with company.desk.looking() as reading:
        rows = await reading.all(
            """select f.name, count(*) from feed d join flow f on d.name = 'refused flow ' || f.flow_id
            where d.tenant_id = %s and d.moved_at > %s group by f.name""",
            company.desk.tenant_id, company.desk.clock.now(),
        )  # fmt: skip
    return {row[0]: row[1] for row in rows}


async def test_servicetitan_no_longer_lists_credit_memos(database: Database, tmp_path: Path) -> None:
    async with back(database, tmp_path, credit_memos="live") as company:
        await company.sync()
        company.sandbox.company.servicetitan_switches.withdrawn = "credit-memos"
        invoice = company.bill("100")
        await company.sync()
        state, problem = await connection(company, "servicetitan")
        assert state == "good" and problem.count("credit-memos") == 1 and "support" in problem
        assert await refused(company) == {"credit_memos": 1}
        assert (await company.ends("invoices"))[str(invoice.id)] == ("posted", "")
        company.sandbox.company.servicetitan_switches.withdrawn = ""
        await later(company)
        assert await connection(company, "servicetitan") == ("good", "") and await refused(company) == {}


@pytest.mark.parametrize("switch", ["features_off", "urls_gone"])
async def test_zoho_books_no_longer_lists_expenses(database: Database, tmp_path: Path, switch: str) -> None:
    async with back(database, tmp_path, expenses_back="live", payments_back="live") as company:
        await company.sync()
        setattr(company.sandbox.company.zoho_books_switches, switch, "expenses")
        invoice = company.bill("100")
        await company.sync()
        state, problem = await connection(company, "zoho_books")
        assert state == "good" and problem.count("/expenses") == 1 and "feature" in problem
        assert await refused(company) == {"expenses_back": 1}
        assert (await company.ends("invoices"))[str(invoice.id)] == ("posted", "")
        setattr(company.sandbox.company.zoho_books_switches, switch, "")
        await later(company)
        assert await connection(company, "zoho_books") == ("good", "") and await refused(company) == {}
