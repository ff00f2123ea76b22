"""``map simulate``: what a file would do to what waits, is planned and is posted; and nothing of it is done."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from service_ledger import UNITS, VENDORS, Company, bill

from ml_connector.canonical.master_data import Dimension, Party
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.mapping.files import FileRefused, import_mapping
from ml_connector.service.mapping.simulating import simulate
from ml_connector.service.mapping.values import set_value
from ml_connector.sync.release import restage
from ml_connector.sync.states import Priority, State

pytestmark = pytest.mark.anyio
NORTH = Ref("bu1", "North")
HEADER = "source_key,target_key,valid_from,valid_until\n"


@pytest.fixture
async def planned(company: Company) -> Company:
    """Two bills planned on 5100, one that waits for 6100 alone, one that waits for its tax, too."""
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await set_value(company.desk, company.integration, "vendors", "v1", "p1", anyway=True)
    await set_flow_mode(company.desk, company.integration, "bills", "preview")
    taxed = bill("4", account="6100", tax=Decimal("8.25"), total="108.25", tax_zone=Ref("z1", "Texas"))
    await company.read(bill("1"), bill("2", date=date(2026, 9, 5), total="250.00"), bill("3", account="6100"), taxed)
    for _ in range(3):
        await company.plan()
    return company


_TABLES = (
    "mapping",
    "plan",
    "version_state",
    "work",
    "audit_chain",
    "integration",
    "link",
    "wait",
    "record",
    "party_claim",
    "feed",
)


async def everything(company: Company) -> object:
    async with company.desk.looking() as reading:
        return [await reading.all(f"select one::text from {table} one order by 1") for table in _TABLES]


async def digests(company: Company) -> dict[str, str]:
    """The stored plans' digests by number."""
    async with company.desk.looking() as reading:
        rows = await reading.all("select d.number, p.digest from plan p join document d using (tenant_id, version_id)")
    return {number: digest.hex() for number, digest in rows}


async def test_what_goes_on_and_what_waits_still(planned: Company) -> None:
    before = await everything(planned)
    found = await simulate(planned.desk, planned.integration, "accounts", f"{HEADER}6100,a2,,\n5100,a1,,\n")
    assert (found.goes_on.count, found.goes_on.sums) == (1, {"USD": Decimal("100.00")})
    assert (found.waits, found.unchanged, found.plans) == ({"tax_unmapped": 1}, 1, ())
    [row] = found.rows
    assert (row.key, row.name, row.goes_on, row.waits, row.planned_otherwise, row.stays) == (
        "6100", "6100 Small Tools", 1, 1, 0, 0,
    )  # fmt: skip
    [move] = found.moves
    assert (move.key, move.was, move.becomes, move.sums) == ("6100", "", "a2", {"USD": Decimal("100.00")})
    assert await everything(planned) == before, "nothing was written"


async def test_which_plans_change_and_to_which_digest(planned: Company) -> None:
    text = f"{HEADER}5100,a1,,2026-08-31\n5100,a2,2026-09-01,\n"
    shown = await digests(planned)
    before = await everything(planned)
    found = await simulate(planned.desk, planned.integration, "accounts", text)
    [change] = found.plans
    assert (change.number, change.was) == ("INV-2", shown["INV-2"])
    assert change.changes == ("account of line 1: was 5100 Job Materials, is 6100 Small Tools",)
    [move] = found.moves
    assert (move.was_name, move.name, move.sums) == (
        "5100 Job Materials",
        "6100 Small Tools",
        {"USD": Decimal("250.00")},
    )
    assert [(one.days, one.planned_otherwise) for one in found.rows] == [
        ("until 2026-08-31", 0), ("from 2026-09-01 on", 1),
    ]  # fmt: skip
    assert await everything(planned) == before
    await import_mapping(planned.desk, planned.integration, "accounts", text)
    async with planned.desk.changing() as again:
        versions = [row[0] for row in await again.all("select version_id from plan")]
        await restage(again.connection, planned.desk.tenant_id, versions, [State.PLANNED], Priority.DOCUMENT)
    for _ in range(3):
        await planned.plan()
    after = await digests(planned)
    assert after["INV-2"] == change.becomes != change.was, "the digest that was foretold"


async def test_what_is_posted_stays(planned: Company) -> None:
    await set_flow_mode(planned.desk, planned.integration, "bills", "live")
    for _ in range(4):
        await planned.plan()
    found = await simulate(planned.desk, planned.integration, "accounts", f"{HEADER}5100,a2,,\n")
    assert (found.posted, found.plans, found.moves) == (2, (), ())
    [stays] = found.stays
    assert (stays.documents, stays.sums) == (2, {"USD": Decimal("350.00")})
    assert found.rows[0].stays == 2


async def test_a_file_with_faults_is_refused_as_an_import_is(planned: Company) -> None:
    with pytest.raises(FileRefused) as refused:
        await simulate(planned.desk, planned.integration, "accounts", f"{HEADER}5100,zzz,,\n5100,a2,2026-09-01,\n")
    assert len(refused.value.problems) == 2
    same = await simulate(planned.desk, planned.integration, "accounts", f"{HEADER}5100,a1,,\n")
    assert (same.rows, same.unchanged, same.posted) == ((), 1, 0)


async def test_a_rule_by_which_a_plan_would_wait(planned: Company) -> None:
    """A row of days leaves those outside of it without one."""
    found = await simulate(planned.desk, planned.integration, "accounts", f"{HEADER}5100,a1,,2026-08-31\n")
    [change] = found.plans
    assert (change.number, change.becomes) == ("INV-2", "")
    assert change.changes[0].startswith("it would wait: ") and "5100" in change.changes[0]


async def test_whose_likes_are_asked_for_leaves_no_claims_noted(company: Company) -> None:
    """Planning notes once what records claim that were read by an earlier release; a simulation leaves that to a worker."""
    company.titan.lists["vendors"] = (*VENDORS, Party("v4", "vendor", "Johnstone Supply"))
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    for flow in ("vendors", "bills"):
        await set_flow_mode(company.desk, company.integration, flow, "preview")
    await company.read(bill("1"))
    for _ in range(3):
        await company.plan()
    async with company.desk.changing() as change:
        await change.run("delete from party_claim")
        await change.run("delete from feed where starts_with(name, 'claims ')")
    before = await everything(company)
    found = await simulate(company.desk, await company.now(), "vendors", f"{HEADER}v1,new,,\n")
    assert [(row.key, row.goes_on, row.waits) for row in found.rows] == [("v1", 2, 1)], (
        "the vendor is made, its like has the contact to itself, and its bill waits for the vendor"
    )
    assert await everything(company) == before
    applied = await import_mapping(company.desk, await company.now(), "vendors", f"{HEADER}v1,new,,\n")
    assert applied.released == 3, "whom the row lets go on is what was told"


@pytest.fixture
async def foreign(company: Company) -> Company:
    """Bills that state no currency: those of unit bu1 are in Canadian dollars, and the vendor's contact is not."""
    company.titan.lists["business_units"] = (Dimension("bu1", "business_unit", "North", currency="CAD"), UNITS[1])
    parties = (
        Party("p1", "vendor", "Johnstone Supply", currency="USD"),
        Party("p3", "vendor", "North", currency="CAD"),
    )
    company.books.lists["parties"] = parties
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    return company


async def asked(company: Company, *bills: Bill, flows: tuple[str, ...] = ("bills",)) -> None:
    for flow in flows:
        await set_flow_mode(company.desk, company.integration, flow, "preview")
    await company.read(*bills, flows=flows)
    for _ in range(3):
        await company.plan()


async def test_a_row_for_a_vendors_other_currency_tells_its_bills(foreign: Company) -> None:
    await set_value(foreign.desk, foreign.integration, "vendors", "v1", "p1", anyway=True)
    await asked(foreign, *(bill(id, currency="", business_unit=unit) for id, unit in (("1", NORTH), ("2", Ref("bu2")))))
    found = await simulate(foreign.desk, foreign.integration, "vendors", f"{HEADER}v1 CAD,p3,,\n")
    assert [(row.key, row.goes_on, row.waits, row.planned_otherwise) for row in found.rows] == [("v1 CAD", 1, 0, 0)]
    [move] = found.moves
    assert (move.key, move.was, move.becomes, move.documents) == ("v1 CAD", "p1", "p3", 1)
    applied = await set_value(foreign.desk, foreign.integration, "vendors", "v1 CAD", "p3")
    assert applied.released == found.goes_on.count == 1
    again = await set_value(foreign.desk, foreign.integration, "vendors", "v1 CAD", "p3", "looked at")
    assert again.under_way == 1, "the bill in that currency, and not the other one"


async def test_a_row_for_a_business_units_tax_tells_its_bills_and_no_others(company: Company) -> None:
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await set_value(company.desk, company.integration, "vendors", "v1", "p1", anyway=True)
    taxed = {"tax": Decimal("8.25"), "total": "108.25"}
    units = (("1", "bu1"), ("2", "bu2"), ("3", "bu1"))
    await asked(company, *(bill(id, business_unit=Ref(unit), **taxed) for id, unit in units))
    alone = await simulate(company.desk, company.integration, "tax", f"{HEADER}business unit bu1,cost,,\n")
    assert [(row.goes_on, row.waits) for row in alone.rows] == [(2, 0)] and alone.waits == {}
    [move] = alone.moves
    assert (move.key, move.becomes, move.sums) == ("business unit bu1", "cost", {"USD": Decimal("16.50")})
    text = f"{HEADER}business unit bu1,cost,,\n(no zone),account:a2,,\n"
    both = await simulate(company.desk, company.integration, "tax", text)
    assert {row.key: row.goes_on for row in both.rows} == {"business unit bu1": 2, "(no zone)": 1}
    await import_mapping(company.desk, company.integration, "tax", text)
    await set_flow_mode(company.desk, company.integration, "bills", "live")
    for _ in range(4):
        await company.plan()
    posted = await simulate(company.desk, company.integration, "tax", f"{HEADER}business unit bu1,account:a2,,\n")
    [stays] = posted.stays
    assert (stays.key, stays.was, stays.documents, posted.rows[0].stays) == ("business unit bu1", "cost", 2, 2)
