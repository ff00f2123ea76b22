"""How many calls a backlog of bills takes in ServiceNow: as it was forecast when it was to be sent, and as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from payables_world import Firm, payables

from ml_connector.service.flows import set_flow_mode
from ml_connector.service.forecasting import Forecast
from ml_connector.service.status import status
from ml_connector.store.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]

BILLS = 90
BATCH = "/api/now/v1/batch"


async def forecast(firm: Firm) -> Forecast:
    [integration] = (await status(firm.desk)).integrations
    [found] = integration.forecasts
    return found


def batches(firm: Firm) -> int:
    """Batch calls so far: all but the lists, which are read every minute whatever is sent and are counted in the rate."""
    assert firm.sandbox.servicenow is not None
    return sum(one.path == BATCH for one in firm.sandbox.servicenow.log.calls)


async def test_a_backlog_takes_about_as_many_calls_as_forecast(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path, vendor_credits="off", vendor_payments="off") as firm:
        await firm.sync()
        await set_flow_mode(firm.desk, firm.integration, "bills", "preview")
        bills = [firm.bill(*(firm.line(f"{n}.{cents}") for cents in (11, 12, 13))) for n in range(100, 100 + BILLS)]
        await firm.sync()
        await set_flow_mode(firm.desk, firm.integration, "bills", "live")
        before, told = batches(firm), await forecast(firm)
        await firm.sync()
        assert all(firm.invoices(bill) for bill in bills) and told.left == {"bills": BILLS}
        assert told.calls == pytest.approx(batches(firm) - before, rel=0.2)
