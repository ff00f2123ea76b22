"""The sums that ``status`` shows as posted are those of what Zoho Books has, whatever became of it in between."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from test_zoho_bills_changed import Buying, buying

from ml_connector.service.posted import EARLIER
from ml_connector.service.previewing import shown_preview
from ml_connector.service.status import FlowStatus, status
from ml_connector.service.syncing import Progress, Quiet
from ml_connector.store.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


async def _bills(company: Buying) -> FlowStatus:
    found = await status(company.desk)
    return next(one for one in found.integrations[0].flows if one.flow == "bills")


def _owed(company: Buying) -> tuple[int, Decimal]:
    """Number and sum of the bills of the company's purchases that are not void in Zoho Books."""
    there = [one for one in (company.there(bill) for bill in company.bought) if one.state != "void"]
    return len(there), sum((one.total for one in there), Decimal())


async def test_a_bill_counts_once_and_what_is_void_not_at_all(database: Database, tmp_path: Path) -> None:
    async with buying(database, tmp_path) as company:
        await company.sync()
        first = await _bills(company)
        before = (first.states["posted"].count, first.states["posted"].sums["USD"])
        owed = _owed(company)
        assert before >= owed and EARLIER not in first.states
        others = (before[0] - owed[0], before[1] - owed[1])

        dearer, cancelled, by_hand, only_there, _ = company.bought
        company.dearer(dearer)
        company.titan.cancel_bill(cancelled.id)
        company.at_zoho("move bill", bill=str(by_hand.vendor_number), to="void")
        company.at_zoho("move bill", bill=str(only_there.vendor_number), to="void")
        company.titan.cancel_bill(by_hand.id)
        await company.sync()
        await company.sync()

        assert {company.there(one).state for one in (cancelled, by_hand, only_there)} == {"void"}
        found, (count, sums) = await _bills(company), _owed(company)
        posted = found.states["posted"]
        assert (posted.count, posted.sums["USD"]) == (others[0] + count, others[1] + sums)
        assert sum(one.count for one in found.states.values()) == found.read and found.balanced
        shown = await shown_preview(company.desk, company.integration, Quiet(True, Progress(0, 0, 0, 0, 0, 0, 0, 0)))
        assert next(one for one in shown.flows if one.flow == "bills").linked.count == before[0]
