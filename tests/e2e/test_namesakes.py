"""Customers of one name: each gets a contact of its own, also while nobody knows what became of the first one's, and

under the name that its preview has shown, whichever is planned or sent first.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sales_world import Selling, selling

from ml_connector.lanes import steps
from ml_connector.service.approving import Shown, approve_shown
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.previewing import stored_plans
from ml_connector.store.database import Database
from ml_connector.sync import claim, push
from ml_connector.sync.lane import Lane
from ml_connector.sync.resolve import resolve
from ml_connector_sandbox.kernel.calls import Call
from ml_connector_sandbox.kernel.faults import Fault, Faults

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


async def test_one_waits_until_it_is_known_whether_its_namesake_is_there(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with selling(database, tmp_path) as company:
        take = Faults.take
        struck: list[int] = []

        def chosen(self: Faults, call: Call) -> Fault | None:
            if self is company.sandbox.xero.faults and call.method == "PUT" and "/Contacts" in call.path and not struck:
                self.add(Fault(call=call.number, kind="not json"))
                struck.append(call.number)
            return take(self, call)

        monkeypatch.setattr(Faults, "take", chosen)
        await company.sync()
        assert struck
        assert set(await company.versions("customers")) <= {"posted", "linked", "skipped"}
        named = [one.name for one in company.target.contacts if one.name.startswith("John Smith")]
        assert len(named) == 3 and sum("(ST " in one for one in named) == 2


async def test_one_is_not_taken_for_its_namesake_whose_creation_is_seen_before_it_is_known(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The contacts are read again before what became of the write is looked up: one of them is nobody's yet."""
    async with selling(database, tmp_path) as company:
        take = Faults.take
        since: list[datetime] = []

        def chosen(self: Faults, call: Call) -> Fault | None:
            if self is company.sandbox.xero.faults and call.method == "PUT" and "/Contacts" in call.path and not since:
                self.add(Fault(call=call.number, kind="not json"))
                since.append(company.desk.clock.now())
            return take(self, call)

        async def later(lane: Lane) -> datetime | None:
            now = lane.clock.now()
            return now + timedelta(seconds=10) if since and now < since[0] + LOOKED_UP_LATE else await resolve(lane)

        monkeypatch.setattr(Faults, "take", chosen)
        monkeypatch.setattr(steps, "resolve", later)
        await company.sync()
        assert since and set(await company.versions("customers")) <= {"posted", "linked", "skipped"}
        named = [one.name for one in company.target.contacts if one.name.startswith("John Smith")]
        assert len(named) == 3 and sum("(ST " in one for one in named) == 2


LOOKED_UP_LATE = timedelta(minutes=4)  # contacts are read again within one
AS_READ, LATEST_FIRST = "w.version_id limit", "w.version_id desc limit"


@pytest.mark.parametrize(
    ("planned", "sent", "at_once"), [(AS_READ, LATEST_FIRST, 50), (LATEST_FIRST, AS_READ, 1)], ids=["whole", "one"]
)
async def test_each_is_sent_under_the_name_that_its_preview_showed(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planned: str, sent: str, at_once: int
) -> None:
    query = claim._CLAIM
    monkeypatch.setattr(push, "BATCH", at_once)
    monkeypatch.setattr(claim, "_CLAIM", query.replace(AS_READ, planned))
    async with selling(database, tmp_path, customers="preview", invoices="off", payments="off") as company:
        await company.sync()
        shown = await names_shown(company)
        johns = sorted(name for name in shown if name.startswith("John Smith"))
        earliest, *others = company.homes[:3]
        assert johns == ["John Smith", *(f"John Smith (ST {one})" for one in others)]
        monkeypatch.setattr(claim, "_CLAIM", query.replace(AS_READ, sent))
        await set_flow_mode(company.desk, company.integration, "customers", "live")
        await company.sync()
        assert set(await company.versions("customers")) <= {"posted", "linked", "skipped"}
        assert (await company.end("customers", earliest)) == ("posted", "")
        assert set(shown) <= {one.name for one in company.target.contacts}


async def names_shown(company: Selling) -> list[str]:
    """What the stored plans call the contacts that they make."""
    plans = (await stored_plans(company.desk, Filter(flow="customers"), limit=1000)).plans
    return [one.decision["steps"][0]["number"] for one in plans if one.does == "post"]


async def test_one_that_an_invoice_needs_is_sent_under_the_name_that_was_shown_whoever_else_is(
    database: Database, tmp_path: Path
) -> None:
    """Its customer was never approved; he goes because his invoice goes, before those who were to go before him."""
    async with selling(database, tmp_path, invoices="preview", payments="off") as company:
        earliest, later = company.homes[:2]
        for one in (earliest, later):
            company.bill("100.00", customer=one)
        invoice = company.bill("120.00", customer=later)
        await company.sync()
        assert {"John Smith", f"John Smith (ST {later})"} <= set(await names_shown(company))
        [shown] = (await stored_plans(company.desk, Filter(text=str(invoice.id)))).plans
        await approve_shown(company.desk, [Shown(shown.record_id, shown.digest)])
        await company.sync()
        assert await company.end("invoices", invoice.id) == ("posted", "")
        named = [one.name for one in company.target.contacts if one.name.startswith("John Smith")]
        assert named == [f"John Smith (ST {later})"]
        assert (await company.end("customers", earliest))[0] == "planned"
