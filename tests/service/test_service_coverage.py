"""Coverage of the mapping tables by the source's last documents: surveyed without staging, laid beside today's rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from service_ledger import BOOKS, TITAN, Company, bill

from ml_connector.canonical.master_data import Item, TaxCode
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.purchases import Bill, BillLine, Expense
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState, Payment
from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.errors import NotFound, Refused
from ml_connector.lanes import questions
from ml_connector.lanes.survey import SURVEY, survey
from ml_connector.service.connection_settings import change_connection_settings
from ml_connector.service.connections import connections_in
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import change_settings
from ml_connector.service.mapping.coverage import Coverage, TableCoverage, coverage
from ml_connector.service.mapping.surveying import DAYS, _begin
from ml_connector.service.mapping.values import Days, set_value
from ml_connector.sync.directory import refresh
from ml_connector.sync.flows import flows_of
from ml_connector.sync.lane import Lane, LaneTransaction

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


async def test_a_document_that_states_no_currency_is_summed_in_the_companys(company: Company) -> None:
    """As ServiceTitan's invoices and payments, and as the ledger of versions counts them."""
    company.integration = await change_settings(company.desk, company.integration, {"currency": "USD"})
    stated, silent = bill("1", date=days_ago(company, 5)), bill("2", date=days_ago(company, 5), currency="")
    company.titan.lists["bills"] = (stated, silent)
    await told(company, await surveying(company))
    found = await coverage(company.desk, company.integration)
    assert (found.sums, list(found.money)) == ({"USD": Decimal("200.00")}, ["USD"])
    [key] = next(table.open for table in found.tables if table.table == "accounts")
    assert key.sums == {"USD": Decimal("200.00")}


async def test_a_row_counts_on_the_days_it_holds(company: Company) -> None:
    company.titan.lists["bills"] = tuple(bills(company)[:2])
    await told(company, await surveying(company))
    since = Days(days_ago(company, 30))
    await set_value(company.desk, company.integration, "accounts", "5100", "a1", anyway=True, days=since)
    found = await coverage(company.desk, company.integration)
    assert (found.documents, found.covered, found.money) == (2, 1, {"USD": Decimal("75")})
    accounts = {table.table: table for table in found.tables}["accounts"]
    assert [(one.key, one.last) for one in accounts.open] == [("5100", days_ago(company, 60))]


async def test_tax_without_a_zone_is_covered_by_its_business_units_row_or_by_that_of_all(company: Company) -> None:
    taxed = {"date": days_ago(company, 5), "tax": Decimal(20), "total": "120.00"}
    made = (bill(id, business_unit=Ref(unit), **taxed) for id, unit in (("1", "bu1"), ("2", "bu2"), ("3", "")))
    company.titan.lists["bills"] = tuple(made)
    await told(company, await surveying(company))
    await set_value(company.desk, company.integration, "accounts", "5100", "a1", anyway=True)
    found = await covered(company)
    assert [(one.key, one.documents) for one in of(found, "tax").open] == [("(no zone)", 3)]
    await set_value(company.desk, company.integration, "tax", "business unit bu1", "cost", anyway=True)
    found = await covered(company)
    assert (found.covered, of(found, "tax").keys, open_keys(found, "tax")) == (1, 1, ["(no zone)"])
    await set_value(company.desk, company.integration, "tax", "business unit bu2", "cost", anyway=True)
    assert [one.documents for one in of(await covered(company), "tax").open] == [1], "the one of no unit"
    await set_value(company.desk, company.integration, "tax", "(no zone)", "cost", anyway=True)
    assert (await covered(company)).percent == 100


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


# --- what needs a row, and what does not ----------------------------------------------------------------------------


async def covered(company: Company) -> Coverage:
    company.integration = await company.now()
    return await coverage(company.desk, company.integration)


def of(found: Coverage, table: str) -> TableCoverage:
    return {one.table: one for one in found.tables}[table]


def open_keys(found: Coverage, table: str) -> list[str]:
    return [one.key for one in of(found, table).open]


async def test_a_job_without_a_row_is_open_where_a_setting_holds_its_bill(company: Company) -> None:
    company.titan.lists["bills"] = (bill("1", date=days_ago(company, 5), job=Ref("j1", "Boiler", "J-1")),)
    await told(company, await surveying(company))
    await set_value(company.desk, company.integration, "accounts", "5100", "a1", anyway=True)
    await change_settings(company.desk, company.integration, {"unmapped_job": "hold"})
    found = await covered(company)
    assert of(found, "jobs").by_itself and found.percent == 100, "with job_as=none nothing looks into the table"
    await change_settings(company.desk, company.integration, {"job_as": "tag"})
    found = await covered(company)
    assert not of(found, "jobs").by_itself and (found.percent, open_keys(found, "jobs")) == (0, ["j1"])
    await set_value(company.desk, company.integration, "jobs", "j1", "none", anyway=True)
    assert (await covered(company)).percent == 100
    await change_settings(company.desk, company.integration, {"unmapped_job": "none"})
    assert of(await covered(company), "jobs").by_itself, "a line without one goes without"


def invoice(company: Company, id: str, sku: str, item: str, **changes: Any) -> Invoice:
    """A posted invoice of one line that sells an item."""
    line = InvoiceLine("1", Decimal(100), "Sold", quantity=Decimal(1), unit_price=Decimal(100), item=Ref(item), sku=sku)
    made = Invoice(
        id, Ref("c1", "Jane Doe"), Decimal(100), number=f"N-{id}", date=days_ago(company, 5), currency="USD",
        lines=(line,), state=InvoiceState.POSTED,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


async def linked_to(company: Company, flow: str, entries: tuple[Item | TaxCode, ...], there: dict[str, Any]) -> None:
    """Have a flow link the source's entries with those of the ledger."""
    company.titan.lists[flow] = entries
    company.books.lists |= there
    await set_flow_mode(company.desk, company.integration, flow, "live")
    await refresh(await company.lane(company.source, company.titan, TITAN), flow, 0)
    await company.read(flows=(flow,))
    for entity in there:
        await refresh(await company.lane(company.target, company.books, BOOKS), entity, 0)
    for _ in range(2):
        await company.plan()
    await set_flow_mode(company.desk, company.integration, flow, "off")


async def test_an_item_is_open_until_a_row_a_link_or_its_code_tells_which_it_is(company: Company) -> None:
    company.titan.lists["invoices"] = tuple(
        invoice(company, id, sku, item)
        for id, sku, item in (("1", "CMP", "1001"), ("2", "FAN", "1002"), ("3", "BLT", "1003"), ("4", "", ""))
    )
    await told(company, await surveying(company))
    found = await covered(company)
    assert open_keys(found, "items") == ["(none)", "BLT", "CMP", "FAN"] and found.covered == 0
    assert of(found, "items").unread and not of(found, "items").by_itself
    sold = Ref("a1", "Job Materials", "5100")
    twice = (Item("z2", "material", "Fan", "FAN", income_account=sold), Item("z3", "material", "Fan, old", "FAN"))
    ended = Item("z4", "material", "Belt", "BLT", active=False)
    company.books.lists["items"] = (Item("z1", "material", "Compressor", "CMP"), *twice, ended)
    await refresh(await company.lane(company.target, company.books, BOOKS), "items", 0)
    found = await covered(company)
    assert open_keys(found, "items") == ["(none)", "BLT", "FAN"] and not of(found, "items").unread
    await set_value(company.desk, company.integration, "items", "FAN", "z2", anyway=True)
    assert open_keys(await covered(company), "items") == ["(none)", "BLT"]


async def test_an_item_that_is_linked_needs_no_row_whatever_its_counterpart_is_called(company: Company) -> None:
    company.titan.lists["invoices"] = (invoice(company, "1", "CMP", "1001"),)
    await told(company, await surveying(company))
    mine = Item("1001", "material", "Compressor", "CMP")
    await linked_to(company, "items", (mine,), {"items": (Item("z1", "material", "Compressor", "CMP"),)})
    company.books.lists["items"] = (Item("z1", "material", "Compressor", "OTHER"),)
    await refresh(await company.lane(company.target, company.books, BOOKS), "items", 0)
    assert open_keys(await covered(company), "items") == []


async def test_no_item_is_open_where_lines_name_accounts_alone(company: Company) -> None:
    company.titan.lists["invoices"] = (invoice(company, "1", "CMP", "1001"),)
    await told(company, await surveying(company))
    assert not of(await covered(company), "items").by_itself
    async with company.desk.looking() as reading:
        known = {one.connection_id: one for one in await connections_in(reading, company.desk.clock.now())}
    books = known[company.target.connection_id]
    await change_connection_settings(company.desk, books, {"invoice_lines": "account"})
    assert of(await covered(company), "items").by_itself


async def test_a_zone_that_the_flow_has_linked_needs_no_row(company: Company) -> None:
    texas, ohio = (
        invoice(company, id, "CMP", "1001", tax=Decimal(8), tax_zone=Ref(zone, name))
        for id, zone, name in (("1", "10", "Texas"), ("2", "11", "Ohio"))
    )
    company.titan.lists["invoices"] = (texas, ohio)
    await told(company, await surveying(company))
    assert open_keys(await covered(company), "sales_tax") == ["Ohio", "Texas"]
    zones = (TaxCode("10", "Texas", Decimal("0.08")), TaxCode("11", "Ohio", Decimal("0.07")))
    await linked_to(company, "tax_zones", zones, {"tax_codes": (TaxCode("t1", "Texas", Decimal("0.08")),)})
    assert open_keys(await covered(company), "sales_tax") == ["Ohio"]


async def test_tables_of_what_goes_back_are_named_and_neither_counted_nor_covered(company: Company) -> None:
    company.titan.lists["bills"] = tuple(bills(company))
    await told(company, await surveying(company))
    found = await covered(company)
    back = tuple(one.name for one in company.desk.runtime.integrations[company.integration.kind].tables if one.back)
    assert back and found.not_surveyed == back
    assert not {one.table for one in found.tables} & set(back)


async def test_what_goes_back_is_read_in_the_ledgers_lane_once_it_is_asked_for(company: Company) -> None:
    company.titan.lists["bills"] = tuple(bills(company))
    lane = await surveying(company)
    await _begin(company.desk, company.integration, back=True)  # goes on with the one that was begun, and after it
    assert (await told(company, lane)).left == 2
    day = days_ago(company, 3)
    paid = [Payment(one, Ref("c1"), Decimal(10), date=day, method=Ref(name="Check"), reference=ours,
                    splits=(Allocation("", Ref("zi1"), Decimal(10)),) if on else ())
            for one, ours, on in (("p1", "", True), ("p2", "st-1-payments-9", True), ("p3", "", False))]  # fmt: skip
    spent = [Expense(one, Decimal(30), date=day, lines=tuple(BillLine(n, Decimal(10), account=Ref(n, n)) for n in on),
                     paid_through=Ref(bank, "Bank")) for one, on, bank in
             (("e1", ("z60", "z61"), "z10"), ("e2", ("z62", "z99"), "z10"), ("e3", ("z63",), ""))]  # fmt: skip
    company.books.lists |= {"payments": tuple(paid), "expenses": tuple(spent)}
    done = await told(company, await company.lane(company.target, company.books, BOOKS))
    assert (done.left, done.documents) == (0, 6), "three bills, a payment, two expenses"
    found = await covered(company)
    assert found.not_surveyed == () and open_keys(found, "payment_modes") == ["check"]
    await set_value(company.desk, company.integration, "expense_accounts", "z99", "none", anyway=True)
    found = await covered(company)
    assert sorted(open_keys(found, "expense_accounts")) == ["z10", "z60", "z61"], "z62 is on what is left to the ledger"
    assert [one.documents for one in of(found, "expense_accounts").open] == [1, 1, 1]


# --- what it costs ---------------------------------------------------------------------------------------------------


async def _statements(company: Company, monkeypatch: pytest.MonkeyPatch, *, back: bool = False) -> int:
    """How many statements a survey makes from its beginning to its end."""
    made: list[str] = []
    for name in ("all", "one", "run"):
        plain = getattr(LaneTransaction, name)

        def counted(self: LaneTransaction, query: str, *values: Any, plain: Any = plain) -> Any:
            made.append(query)
            return plain(self, query, *values)

        monkeypatch.setattr(LaneTransaction, name, counted)
    async with company.desk.changing() as change:
        await change.run("delete from survey where tenant_id = %s", company.desk.tenant_id)
    await _begin(company.desk, company.integration, back=back)
    await told(company, await company.lane(company.source, company.titan, TITAN))
    done = await told(company, await company.lane(company.target, company.books, BOOKS))
    monkeypatch.undo()
    assert done.left == 0
    return len(made)


async def test_a_page_is_kept_in_so_many_statements_whatever_stands_on_it(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    recent = days_ago(company, 5)
    company.titan.lists["bills"] = (bill("1", date=recent),)
    few = await _statements(company, monkeypatch)
    company.titan.lists["bills"] = tuple(
        bill(str(n), date=recent, account=str(5000 + n), active=n % 3 > 0) for n in range(40)
    )
    assert await _statements(company, monkeypatch) == few
    assert (await coverage(company.desk, company.integration)).documents == 26, "a third is void"


async def test_so_is_one_of_what_goes_back(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    day = days_ago(company, 3)

    def paid(n: int) -> Payment:
        on = (Allocation("", Ref("zi1"), Decimal(10)),)
        return Payment(f"p{n}", Ref("c1"), Decimal(10), date=day, method=Ref(name=f"Way {n}"), splits=on)

    company.books.lists["payments"] = (paid(0),)
    few = await _statements(company, monkeypatch, back=True)
    company.books.lists["payments"] = tuple(paid(n) for n in range(30))
    assert await _statements(company, monkeypatch, back=True) == few
    assert (await coverage(company.desk, company.integration)).documents == 30
