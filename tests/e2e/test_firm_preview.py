"""The little firm's whole preview, taken on an empty ledger, is what live then does: record by record, byte by byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from payables_world import payables
from test_preview_is_live import done, ends, shown

from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.previewing import stored_plans
from ml_connector.store.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

DOCUMENTS = ("bills", "vendor_credits", "vendor_payments")


async def test_what_the_firm_was_shown_is_what_is_done(database: Database, tmp_path: Path) -> None:
    modes = dict.fromkeys((*DOCUMENTS, "vendors", "cost_centers"), "preview")
    async with payables(database, tmp_path, {"create_cost_centers": "yes"}, **modes) as firm:
        firm.bill(firm.line("10.00", "Summer Interns"), firm.line("5.00"))
        await firm.sync()
        before, previewed = await ends(firm.desk), await shown(firm.desk)
        assert not (await done(firm.desk)).of
        plans = (await stored_plans(firm.desk, Filter())).plans
        links = {one.what for one in plans if one.does == "link"}
        assert "link to 40100 Boston Audit" in links, links
        assert not [one for one in plans if one.does == "link" and one.target in one.what], "a link is told by a name"
        for flow in modes:
            await set_flow_mode(firm.desk, firm.integration, flow, "live")
        await firm.sync()
        after, carried = await ends(firm.desk), await done(firm.desk)
    going = {record for record, (state, _) in before.items() if state == "planned"}
    assert set(DOCUMENTS) <= {flow for flow, _ in going}
    assert going == previewed.keys() == carried.of.keys()
    otherwise = {one: (carried.filled(previewed[one]), carried.of[one]) for one in going}
    assert {one: pair for one, pair in otherwise.items() if pair[0] != pair[1]} == {}
    assert {one: end for one, end in after.items() if one in going and end[0] not in ("posted", "linked")} == {}
