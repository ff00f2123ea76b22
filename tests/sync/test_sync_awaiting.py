"""Where the ledger approves purchases, what was sent is not posted before somebody has approved it there."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console
from sync_world import World

from ml_connector.cli.flows import show_status
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.posted import AWAITING
from ml_connector.service.records import records
from ml_connector.service.status import FlowStatus, status

pytestmark = pytest.mark.anyio


async def bills(company: World) -> FlowStatus:
    found = await status(company.desk)
    return next(flow for one in found.integrations for flow in one.flows if flow.flow == "bills")


async def test_what_waits_for_approval_is_counted_apart_until_it_is_approved(company: World) -> None:
    books: Any = company.sandbox.company.seed.organisation
    books.profile = replace(books.profile, purchase_approval=True)
    await company.live()
    await company.settle()
    sent = len(company.bills)
    found = await bills(company)
    assert (found.states[AWAITING].count, found.states["posted"].count) == (sent, 0)
    assert found.awaiting_since is not None
    assert found.balanced
    whole = found.states[AWAITING].sums["USD"]
    assert "bills: waiting for approval in Zoho Books (10)" in (await status(company.desk)).attention
    out = io.StringIO()
    show_status(Console(file=out, width=80), await status(company.desk))
    assert f"10 sent ({whole:,} USD) and not in the general ledger yet" in " ".join(out.getvalue().split())

    for one in list(books.bills)[:4]:
        one.state = "open"
        books.touch(one)
    await company.run("update feed set moved_at = moved_at - interval '1 hour' where name = 'directory bills'")
    await company.sync()
    found = await bills(company)
    assert (found.states[AWAITING].count, found.states["posted"].count) == (sent - 4, 4)
    assert found.states[AWAITING].sums["USD"] + found.states["posted"].sums["USD"] == whole
    assert found.balanced
    for word, count in ((AWAITING, sent - 4), ("posted", 4)):
        listed = await records(company.desk, Filter(flow="bills", state=word), limit=2)
        assert {name: tally.count for name, tally in listed.total.items()} == {word: count}
        assert {one.state for one in listed.records} == {word}
        life = await explain(company.desk, f"#{listed.records[0].record_id}")
        assert life.link is not None and life.link.standing == ("" if word == "posted" else word)
