"""What customers owe, compared on the sandbox: before anything went, after everything did, and as a person is shown it."""

from __future__ import annotations

import asyncio
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from sales_world import Selling, selling

from ml_connector.service.integrating import integration_named
from ml_connector.service.owed import Compared, Owing
from ml_connector.service.receivables import compare
from ml_connector.store.database import Database

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))

from cli_terminal import environment, in_terminal

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


async def compared(company: Selling) -> Compared:
    return await compare(company.desk, await integration_named(company.desk))


def of(found: Compared, customer: int) -> Owing | None:
    return next((one for one in found.differing if one.source_id == str(customer)), None)


async def test_an_invoice_differs_until_it_is_there_and_so_does_its_payment(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    async with selling(database, tmp_path) as company:
        await company.sync()
        before = of(await compared(company), company.homes[0])
        made = company.bill("100.00")
        one = of(found := await compared(company), company.homes[0])
        assert one is not None and one.here - one.there - (before.here - before.there if before else 0) == made.total
        assert "not yet" in {part.cause for part in one.differences}
        env = environment(
            tmp_path / "data", DATABASE_URL=database_url, ML_CONNECTOR_SANDBOX=str(tmp_path / "sandbox.json")
        )
        shown = await asyncio.to_thread(in_terminal, ("compare",), env, 110)
        assert shown.code == 1 and one.customer in shown.text and "not yet (1)" in shown.text and shown.widest <= 110
        await company.sync()
        assert of(await compared(company), company.homes[0]) == before
        company.take(made, "40.00")
        again = of(await compared(company), company.homes[0])
        assert again is not None and "other balance" in {part.cause for part in again.differences}
        await company.sync()
        after = await compared(company)
        assert of(after, company.homes[0]) == before
        assert sum(after.here.values()) - sum(found.here.values()) == Decimal("-40.00")
