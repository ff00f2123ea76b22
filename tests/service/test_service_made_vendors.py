"""Vendors that we made are listed until they are complete; their bills wait where that is set, and go by themselves."""

from __future__ import annotations

import pytest
from made_vendors_world import ACME, ADDRESS, make, settle, shows
from service_ledger import Company, bill

from ml_connector.service.desk import Desk
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.integrating import change_settings
from ml_connector.service.made_vendors import MadeVendor, _kinds, made_vendors
from ml_connector.service.records import records
from ml_connector.service.releasing import release
from ml_connector.service.roles import Actor, NotAllowed, Role
from ml_connector.service.status import status

pytestmark = pytest.mark.anyio


async def states(company: Company) -> dict[str, str]:
    return {one.source_id: one.state for one in (await records(company.desk, Filter(flow="bills"))).records}


async def listed(company: Company) -> MadeVendor:
    [one] = (await made_vendors(company.desk)).vendors
    return one


async def test_a_bill_waits_until_the_ledger_shows_its_new_vendor_complete(company: Company) -> None:
    await make(company)
    await shows(company, has_tax_id=False, has_terms=False, has_1099=None)
    await company.read(bill("3", vendor=ACME))
    await settle(company)
    assert (await states(company))["3"] == "held" and (await states(company))["2"] == "posted"
    told = " ".join(wait.sentence for wait in (await explain(company.desk, "INV-3")).versions[-1].waits)
    assert "still lacks there: tax id, payment terms, remit-to address." in told
    now = await listed(company)
    assert (now.vendor_id, now.lacks, now.not_told) == (
        "v2", ("tax id", "payment terms", "remit-to address"), ("form 1099",)
    )  # fmt: skip
    assert now.waiting == list((await states(company)).values()).count("held") and now.incomplete
    await shows(company, has_tax_id=True, has_terms=True, address=ADDRESS)
    assert set((await states(company)).values()) == {"posted"}
    assert ((await listed(company)).lacks, (await listed(company)).waiting) == ((), 0)


async def test_without_the_setting_nothing_waits_and_the_list_is_the_same(company: Company) -> None:
    await make(company, "no")
    await shows(company, has_tax_id=False, has_1099=False, address=ADDRESS)
    assert set((await states(company)).values()) == {"posted"}
    found = await made_vendors(company.desk, incomplete=True)
    assert (found.made, found.incomplete) == (1, 1) and found.vendors[0].lacks == ("tax id", "form 1099")
    assert (await status(company.desk)).incomplete_vendors == {company.target.name: 1}
    assert (await status(company.desk)).attention == ()
    await shows(company, has_tax_id=True, has_1099=True, has_terms=True, address=ADDRESS)
    found = await made_vendors(company.desk, incomplete=True)
    assert (found.made, found.incomplete, found.vendors) == (1, 0, ())
    assert (await status(company.desk)).incomplete_vendors == {}


async def test_what_waits_goes_when_the_setting_is_taken_back(company: Company) -> None:
    await make(company)
    await shows(company, has_tax_id=False)
    await company.read(bill("3", vendor=ACME))
    await settle(company)
    assert (await states(company))["3"] == "held"
    await change_settings(company.desk, await company.now(), {"hold_incomplete_vendors": "no"})
    await settle(company)
    assert (await states(company))["3"] == "posted"


async def test_an_approver_lets_a_single_document_go(company: Company) -> None:
    await make(company)
    await shows(company, has_tax_id=False)
    await company.read(*(bill(n, vendor=ACME) for n in "34"))
    await settle(company)
    bookkeeper = Desk(company.desk.runtime, company.desk.tenant_id, Actor("user/bo", Role.BOOKKEEPER))
    with pytest.raises(NotAllowed):
        await release(bookkeeper, "INV-3")
    await release(company.desk, "INV-3")
    await settle(company)
    now = await states(company)
    assert (now["3"], now["4"]) == ("posted", "held")


async def test_a_vendor_that_is_inactive_there_is_listed_no_more(company: Company) -> None:
    await make(company, "no")
    await shows(company, has_tax_id=False, active=False)
    assert (await made_vendors(company.desk)).made == 0


async def test_names_of_vendors_are_for_those_who_may_see_documents(company: Company) -> None:
    operator = Desk(company.desk.runtime, company.desk.tenant_id, Actor("user/op", Role.OPERATOR))
    with pytest.raises(NotAllowed):
        await made_vendors(operator)


async def test_suppliers_that_are_staged_lack_nothing_that_could_be_seen(company: Company) -> None:
    kinds = _kinds(company.desk)
    assert company.integration.kind in kinds and not [name for name in kinds if name.endswith("-servicenow")]
