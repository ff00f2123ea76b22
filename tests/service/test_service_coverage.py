"""Coverage of the mapping tables by the source's last documents: surveyed without staging, laid beside today's rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from service_ledger import TITAN, Company, bill

from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill
from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.errors import NotFound, Refused
from ml_connector.lanes import questions
from ml_connector.lanes.survey import SURVEY, survey
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.mapping.coverage import coverage
from ml_connector.service.mapping.surveying import DAYS, _begin
from ml_connector.service.mapping.values import Days, set_value
from ml_connector.sync.flows import flows_of
from ml_connector.sync.lane import Lane

pytestmark = pytest.mark.anyio


def days_ago(company: Company, days: int) -> dt.date:
    return company.desk.clock.now().date() - dt.timedelta(days=days)


def bills(company: Company) -> list[Bill]:
    """Three bills of two accounts, one of them taxed; one void and one that is too old."""
    recent, early = days_ago(company, 5), days_ago(company, 60)
    return [
        bill("1", date=early),
        bill("2", date=recent, total="300.00"),
        bill("3", date=recent, account="6100", tax=Decimal(20), total="120.00", tax_zone=Ref("z1", "Texas")),
        bill("4", date=recent, account="7777", active=False),
        bill("5", date=days_ago(company, DAYS + 1), account="8888"),
    ]


async def surveying(company: Company, **changes: Any) -> Lane:
    await _begin(company.desk, company.integration)
    lane = await company.lane(company.source, company.titan, TITAN)
    for name, value in changes.items():
        setattr(lane, name, value)
    return lane


async def told(company: Company, lane: Lane) -> Any:
    async with company.desk.runtime.database.tenant(company.desk.tenant_id) as connection:
        flows = await flows_of(connection, company.desk.tenant_id, lane.connection_id, lane.integrations)
    return await survey(lane, flows, company.integration.integration_id)


async def test_what_share_of_documents_and_money_finds_its_rows(company: Company) -> None:
    with pytest.raises(NotFound, match="--survey"):
        await coverage(company.desk, company.integration)
    company.titan.lists["bills"] = tuple(bills(company))
    done = await told(company, await surveying(company))
    assert (done.left, done.documents) == (0, 3)
    found = await coverage(company.desk, company.integration)
    assert (found.documents, found.covered, found.sums) == (3, 0, {"USD": Decimal("520.00")})
    accounts = {table.table: table for table in found.tables}["accounts"]
    assert [(one.key, one.name, one.documents, one.sums) for one in accounts.open] == [
        ("5100", "Materials", 2, {"USD": Decimal("400.00")}), ("6100", "Materials", 1, {"USD": Decimal("120.00")}),
    ]  # fmt: skip
    await set_value(company.desk, company.integration, "accounts", "5100", "a1", anyway=True)
    await set_value(company.desk, company.integration, "accounts", "6100", "a2", anyway=True)
    found = await coverage(company.desk, company.integration)
    assert (found.covered, found.percent, found.money) == (2, Decimal("66.6"), {"USD": Decimal("76.9")})
    tables = {table.table: table for table in found.tables}
    assert [(one.key, one.last) for one in tables["tax"].open] == [("Texas", days_ago(company, 5))]
    assert tables["vendors"].by_itself and tables["business_units"].by_itself, "matched or made; and not booked at all"
    await set_value(company.desk, company.integration, "tax", "Texas", "cost", anyway=True)
    assert (await coverage(company.desk, company.integration)).percent == 100


async def test_a_row_counts_on_the_days_it_holds(company: Company) -> None:
    company.titan.lists["bills"] = tuple(bills(company)[:2])
    await told(company, await surveying(company))
    since = Days(days_ago(company, 30))
    await set_value(company.desk, company.integration, "accounts", "5100", "a1", anyway=True, days=since)
    found = await coverage(company.desk, company.integration)
    assert (found.documents, found.covered, found.money) == (2, 1, {"USD": Decimal("75")})
    accounts = {table.table: table for table in found.tables}["accounts"]
    assert [(one.key, one.last) for one in accounts.open] == [("5100", days_ago(company, 60))]


async def test_nothing_is_staged_and_little_is_kept(company: Company) -> None:
    company.titan.lists["bills"] = tuple(bills(company))
    await told(company, await surveying(company))
    async with company.desk.looking() as reading:
        assert await reading.one("select count(*) from record") == (0,)
        assert await reading.one("select count(*) from feed where starts_with(name, 'flow')") == (0,)
        kept = await reading.all("select source_id, keys from surveyed order by source_id")
        names = await reading.all("select key, name from survey_key where key = 'vendors:v1'")
    assert kept[2] == ("3", ["accounts:6100", "business_units:bu1", "tax:Texas", "vendors:v1"])
    sealer = await company.desk.sealer()
    assert [sealer.open(b"survey key", name) for _, name in names] == [b""], "who a vendor is, is not kept"


async def test_only_flows_that_are_on_once_one_is(company: Company) -> None:
    company.titan.lists["bills"] = tuple(bills(company))
    await set_flow_mode(company.desk, company.integration, "bills", "preview")
    company.integration = await company.now()
    await told(company, await surveying(company))
    assert (await coverage(company.desk, company.integration)).documents == 3


class Paged:
    """Reads one bill a page, and nothing else; the cursor is the place of the next one."""

    def __init__(self, found: Sequence[Bill]) -> None:
        self.found, self.asked = list(found), list[bytes | None]()

    async def read(self, session: Any, reading: Reading) -> AsyncIterator[Page]:
        if reading.entity != "bills":
            yield Page((), b"0", True)
            return
        self.asked.append(reading.cursor)
        place = int(reading.cursor or b"0")
        for number in range(place, len(self.found)):
            one = self.found[number]
            row = Row(one.id, msgspec.json.encode(one), one)
            yield Page((row,), b"%d" % (number + 1), number + 1 == len(self.found))


class Counted:
    """A day that is counted, with so much to spare before each page."""

    def __init__(self, *surplus: int) -> None:
        self.left = list(surplus)

    def free(self) -> int:
        return 100

    def wait(self, calls: int = 1) -> float:
        return 0.0

    def surplus(self) -> int | None:
        return self.left[0] if len(self.left) == 1 else self.left.pop(0)


async def test_it_takes_no_more_than_the_day_spares_and_goes_on_there(company: Company) -> None:
    made = bills(company)[:3]
    vendor = Paged([made[0], made[1], msgspec.structs.replace(made[0], total=Decimal("150.00")), made[2]])
    lane = await surveying(company, connector=vendor, capacity=Counted(9, 9, 0))
    first = await told(company, lane)
    assert (first.documents, first.spared) == (2, True) and first.left > 0
    found = await coverage(company.desk, company.integration)
    assert found.left == first.left and found.documents == 2, "half a survey says so"
    lane = await surveying(company, connector=vendor, capacity=Counted(9))
    done = await told(company, lane)
    assert (done.left, done.documents) == (0, 3), "a bill that the walk shows twice is one bill"
    assert vendor.asked[:2] == [None, b"2"], "it went on where it was"
    found = await coverage(company.desk, company.integration)
    assert found.sums == {"USD": Decimal("570.00")}, "as it was shown last"


async def test_one_that_was_begun_anew_meanwhile_takes_nothing_more_in(company: Company) -> None:
    class Overtaken(Paged):
        async def read(self, session: Any, reading: Reading) -> AsyncIterator[Page]:
            async for page in super().read(session, reading):
                async with company.desk.changing() as change:
                    await change.run("update survey set begun_at = begun_at + interval '1 second'")
                yield page

    lane = await surveying(company, connector=Overtaken(bills(company)))
    assert (await told(company, lane)).documents == 0


async def test_a_question_that_nobody_began_is_refused(company: Company) -> None:
    lane = await company.lane(company.source, company.titan, TITAN)
    with pytest.raises(Refused, match="No survey of this integration was begun"):
        await told(company, lane)
    what = f"{SURVEY}{company.integration.integration_id}"
    (answer,) = await questions._told(lane, what)
    assert "No survey" in answer["problem"]
    await _begin(company.desk, company.integration)
    company.titan.lists["bills"] = tuple(bills(company))
    assert await questions._answer(lane, what) == [{"left": 0, "documents": 3, "spared": False}]
