"""Who may erase a vendor, when it is refused, and what of it and of others stays."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest
from service_ledger import VENDORS, Company, bill

from ml_connector import audit
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Address
from ml_connector.errors import BadInput, NotFound, Refused
from ml_connector.lanes import lease
from ml_connector.service.desk import Desk
from ml_connector.service.erasing import erasable, erase
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.mapping.rows import rows_in
from ml_connector.service.mapping.values import set_value
from ml_connector.service.records import records
from ml_connector.service.roles import Actor, NotAllowed, Role
from ml_connector.service.tenants import create_tenant

pytestmark = pytest.mark.anyio
NAME = "Johnstone Supply"


async def posted(company: Company) -> str:
    """A bill of Johnstone's in Zoho Books; the vendor's record."""
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await set_flow_mode(company.desk, company.integration, "bills", "live")
    await company.read(msgspec.structs.replace(bill("1"), memo="Ask for Mr Johnstone"))
    for _ in range(3):
        await company.plan()
    return await record_of(company, "vendors", "v1")


async def record_of(company: Company, flow: str, source_id: str) -> str:
    found = (await records(company.desk, Filter(flow=flow))).records
    [one] = [one for one in found if one.source_id == source_id]
    return f"#{one.record_id}"


async def test_a_vendor_goes_and_the_figures_stay(company: Company) -> None:
    record = await posted(company)
    would = await erasable(company.desk, record)
    assert (would.name, would.under_way) == (NAME, ())
    assert {(one.list, one.id) for one in would.parties} == {("vendors", "v1"), ("parties", "p1")}
    assert would.rows["versions of documents"] == 1 and would.rows["versions of the party"] == 1
    assert (await explain(company.desk, record)).party == NAME
    done = await erase(company.desk, record, " johnstone  supply ")
    assert done.rows == would.rows
    life = await explain(company.desk, "INV-1")
    [version] = life.versions
    assert (life.party, version.amount, version.state) == ("erased", Decimal(100), "posted")
    assert "memo" not in version.document
    assert life.link is not None and life.intents[0].body["vendor_id"] == "p1"
    assert NAME not in str(life) and "Mr Johnstone" not in str(life)
    assert (await explain(company.desk, record)).party == "erased"
    assert (await audit.verify(company.desk.runtime.database, company.desk.tenant_id)).intact
    with pytest.raises(Refused, match="erased already"):
        await erasable(company.desk, record)


async def test_a_namesake_and_everybody_else_stay_as_they_are(company: Company) -> None:
    company.titan.lists["vendors"] = (*VENDORS, Party("v9", "vendor", NAME, address=Address("1 Elm Street")))
    await set_value(
        company.desk, company.integration, "vendors", "v1", "p1"
    )  # two of one name: a person says which it is
    record = await posted(company)
    await erase(company.desk, record, NAME)
    for source_id, name in (("v9", NAME), ("v2", "Acme Pipe & Valve"), ("v3", "Johnson Supply")):
        assert (await explain(company.desk, await record_of(company, "vendors", source_id))).party == name


async def test_it_is_refused_while_anything_is_under_way(company: Company) -> None:
    await set_flow_mode(company.desk, company.integration, "bills", "preview")
    await company.read(bill("1"), bill("2"))
    for _ in range(3):
        await company.plan()
    record = await record_of(company, "vendors", "v1")
    would = await erasable(company.desk, record)
    assert len(would.under_way) >= 2 and f"#{would.under_way[0]}" in would.refusal
    before = await audit.verify(company.desk.runtime.database, company.desk.tenant_id)
    with pytest.raises(Refused, match="Nothing was erased"):
        await erase(company.desk, record, NAME)
    after = await audit.verify(company.desk.runtime.database, company.desk.tenant_id)
    assert (after.head, after.erased) == (before.head, 0) and (await explain(company.desk, record)).party == NAME


async def test_it_takes_the_name_and_an_approver(company: Company) -> None:
    record = await posted(company)
    with pytest.raises(BadInput, match="not what record"):
        await erase(company.desk, record, "Johnson Supply")
    with pytest.raises(BadInput, match="only a customer or vendor"):
        await erase(company.desk, "INV-1", NAME)
    for role in (Role.BOOKKEEPER, Role.OPERATOR, Role.VIEWER):
        desk = replace(company.desk, actor=Actor("user/7", role))
        for refused in (erasable(desk, record), erase(desk, record, NAME)):
            with pytest.raises(NotAllowed):
                await refused
    done = await erase(replace(company.desk, actor=Actor("user/8", Role.APPROVER)), record, NAME)
    told = (await explain(company.desk, record)).timeline[-1]
    assert (told.kind, told.actor, told.chain_no) == ("party erased", "user/8", done.link)
    assert NAME not in str(told)


async def test_another_company_cannot(company: Company) -> None:
    record = await posted(company)
    tenant = await create_tenant(company.desk.runtime, company.desk.actor, "Desert Heating", "America/Chicago")
    other = Desk(company.desk.runtime, tenant.tenant_id, company.desk.actor)
    with pytest.raises(NotFound):
        await erase(other, record, NAME)
    assert (await explain(company.desk, record)).party == NAME


async def test_a_lane_at_work_is_waited_for_and_left_as_it_was(company: Company) -> None:
    record, database, tenant = await posted(company), company.desk.runtime.database, company.desk.tenant_id
    at_work = await lease.take(database, tenant, company.target.connection_id, "worker")
    assert at_work is not None
    with pytest.raises(Refused, match="did not come to a pause"):
        await erase(company.desk, record, NAME, patience=0.3)
    assert (await explain(company.desk, record)).party == NAME
    await lease.give_back(database, at_work)
    await erase(company.desk, record, NAME)
    for connected in (company.source, company.target):
        assert await lease.take(database, tenant, connected.connection_id, "worker") is not None


async def test_a_mapping_row_that_names_it_loses_its_note(company: Company) -> None:
    record = await posted(company)
    await set_value(company.desk, company.integration, "vendors", "v1", "p1", "his wife called")
    await erase(company.desk, record, NAME)
    async with company.desk.looking() as reading:
        rows = await rows_in(reading, company.integration, "vendors")
    assert [(one.key, one.value, one.note) for one in rows] == [("v1", "p1", "erased")]
