"""What went to Xero as a draft is not in its general ledger before somebody approves it there, submitted or not."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from sales_world import Selling, selling

from ml_connector.service.posted import AWAITING
from ml_connector.service.status import status
from ml_connector.store.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


async def counted(company: Selling, state: str) -> tuple[int, Decimal]:
    """How many invoices are in a state, and how much they come to."""
    found = await status(company.desk)
    [flow] = [flow for one in found.integrations for flow in one.flows if flow.flow == "invoices"]
    tally = flow.states.get(state)
    return (tally.count, tally.sums.get("USD", Decimal(0))) if tally else (0, Decimal(0))


async def test_a_submitted_invoice_waits_for_approval_as_a_draft_does(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, {"invoice_gate": "draft when completed"}) as company:
        await company.sync()
        posted = await counted(company, "posted")
        for price in ("120.00", "80.00"):
            company.bill(price, posted=False)
        await company.sync()
        drafts = [one for one in company.target.invoices if one.status == "DRAFT"]
        whole = sum((one.total for one in drafts), Decimal(0))
        assert await counted(company, AWAITING) == (2, whole)
        company.target.desk.change(drafts[0], Status="SUBMITTED")
        await company.sync()
        assert await counted(company, AWAITING) == (2, whole)
        assert await counted(company, "posted") == posted
        company.target.desk.change(drafts[0], Status="AUTHORISED")
        await company.sync()
        assert await counted(company, AWAITING) == (1, drafts[1].total)
        assert await counted(company, "posted") == (posted[0] + 1, posted[1] + drafts[0].total)
