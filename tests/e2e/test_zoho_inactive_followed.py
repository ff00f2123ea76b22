"""Customers and vendors that become inactive on one side of ServiceTitan and Zoho Books: left, or followed on the other."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sales_world import NOW
from test_zoho_parties_both_ways import Known, Start, known, person

from ml_connector.service import integrating
from ml_connector.service.approving import approvable, approve_listed
from ml_connector.service.breaker import accept, mass_changes
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector_sandbox.kernel.calls import Call
from ml_connector_sandbox.kernel.faults import Fault, Faults
from ml_connector_sandbox.servicetitan.books.changing import changed

__all__ = ["known"]
pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]
FOLLOW = {"inactive_parties": "follow"}


def customers(company: Known, count: int) -> list[str]:
    """Source ids of customers that are the same on both sides."""
    found = [one.source_id for one in company.same("customer")][:count]
    assert len(found) == count
    return found


def vendor(company: Known) -> str:
    return next(one.source_id for one in company.same("vendor"))


def set_here(company: Known, customer: str, *, active: bool) -> None:
    """Somebody makes a customer active or inactive in ServiceTitan."""
    company.here.crm.change_customer(int(customer), active=active)


def move(company: Known, contact_id: str, to: str) -> None:
    """Somebody makes a contact active or inactive at Zoho's screens."""
    one = company.contact(contact_id)
    company.at_zoho("move contact", contact=one.contact_name, kind=one.contact_type, to=to)


async def follow(company: Known, **settings: str) -> None:
    await integrating.change_settings(company.desk, company.integration, {**FOLLOW, **settings})


async def test_left_alone_it_is_told_and_nobody_is_changed(known: Start) -> None:
    async with known() as company:
        links = await company.links("customers")
        ann, bob = customers(company, 2)
        written = await company.written()
        set_here(company, ann, active=False)
        move(company, links[bob], "inactive")
        await company.sync()
        assert await company.end("customers", ann) == ("skipped", "party_status_left")
        assert await company.end("customers_back", links[bob]) == ("skipped", "contact_archived")
        assert company.contact(links[ann]).active and company.here.customers[int(bob)].active
        assert await company.written() == written


async def test_followed_it_goes_to_the_other_side_and_back_again(known: Start) -> None:
    async with known(**FOLLOW) as company:
        links, sellers = await company.links("customers"), await company.links("vendors")
        ann, bob, cid = customers(company, 3)
        seller = vendor(company)
        written = await company.written()
        set_here(company, ann, active=False)
        company.here.vendors.modify(int(seller), active=False)
        move(company, links[bob], "inactive")
        await company.sync()
        await company.sync()
        assert not company.contact(links[ann]).active and not company.contact(sellers[seller]).active
        assert not company.here.customers[int(bob)].active
        assert company.contact(links[cid]).active and company.here.customers[int(cid)].active
        assert await company.written() == written + 3
        await company.a_day_later()
        await company.sync()
        assert await company.written() == written + 3, "nothing of it comes back"

        company.here.crm.change_customer(int(ann), active=True, name="Ann Anew Ltd")
        company.call(ann, "(320) 555-7151")
        move(company, links[bob], "active")
        await company.sync()
        await company.sync()
        contact = company.contact(links[ann])
        assert (contact.active, contact.contact_name) == (True, "Ann Anew Ltd")
        assert person(contact)["phone"] == "(320) 555-7151"
        assert company.here.customers[int(bob)].active
        assert await company.end("customers", ann) == ("posted", "")


async def test_what_people_change_in_zoho_alone_stays_where_nothing_goes_back(known: Start) -> None:
    async with known({"customers": "live"}, **FOLLOW, parties_back="no") as company:
        links = await company.links("customers")
        ann, *_ = customers(company, 1)
        set_here(company, ann, active=False)
        await company.sync()
        assert not company.contact(links[ann]).active
        move(company, links[ann], "active")
        company.here.crm.change_customer(int(ann), name="Ann Renamed Ltd")
        await company.sync()
        contact = company.contact(links[ann])
        assert (contact.active, contact.contact_name) == (True, "Ann Renamed Ltd"), "a person has opened it again"


def keyed_bill(company: Known, contact_id: str, state: str = "") -> Any:
    """Somebody keys a bill of a vendor in Zoho Books."""
    account = next(one for one in company.there.accounts.values() if one.account_type == "expense")
    line = {"account_id": account.account_id, "rate": "120.00", "quantity": 1}
    return company.there.add_bill(company.contact(contact_id), "OPEN-1", NOW.date(), [line], state=state)


async def tried_again(company: Known) -> None:
    """What was refused a status is tried again once a day."""
    async with company.desk.changing(await company.desk.sealer()) as change:
        await change.run(
            "update wait set since = since - interval '2 days' where tenant_id = %s", company.desk.tenant_id
        )
    await company.sync()


async def test_one_with_anything_open_waits_and_goes_once_it_is_settled(known: Start) -> None:
    async with known(**FOLLOW) as company:
        links = await company.links("vendors")
        seller = vendor(company)
        keyed_bill(company, links[seller])
        company.here.vendors.modify(int(seller), active=False, phone="(320) 555-7171")
        await company.sync()
        assert await company.end("vendors", seller) == ("held", "status_refused")
        contact = company.contact(links[seller])
        assert contact.active and person(contact)["phone"] == "(320) 555-7171", "only its status waits"
        company.edit(contact, contact_persons=[{**person(contact), "phone": "320 555 7172"}])
        await company.sync()
        assert company.here.vendors[int(seller)].phone == "320 555 7172", "what has gone is agreed meanwhile"
        company.at_zoho("move bill", bill="OPEN-1", to="void")
        await tried_again(company)
        assert not company.contact(links[seller]).active
        assert person(company.contact(links[seller]))["phone"] == "320 555 7172"
        assert await company.end("vendors", seller) == ("posted", "")


async def test_what_zoho_refuses_is_told_in_its_words_and_left_once_the_setting_says_so(known: Start) -> None:
    async with known(**FOLLOW) as company:
        links = await company.links("vendors")
        seller = vendor(company)
        company.sandbox.company.zoho_books_switches.refuse_inactive_with_open = True
        keyed_bill(company, links[seller], "draft")
        company.here.vendors.modify(int(seller), active=False)
        await company.sync()
        assert await company.end("vendors", seller) == ("held", "status_refused")
        told = await explain(company.desk, await company.record("vendors", seller))
        assert "has open transactions and cannot be marked as inactive" in str(told)
        await follow(company, inactive_parties="leave")
        await company.sync()
        assert await company.end("vendors", seller) == ("skipped", "party_status_left")
        assert company.contact(links[seller]).active


async def test_a_customer_who_owes_something_stays_active_in_servicetitan(known: Start) -> None:
    async with known(**FOLLOW) as company:
        links = await company.links("customers")
        ann, *_ = customers(company, 1)
        company.here.crm.move_balance(int(ann), Decimal(250))
        move(company, links[ann], "inactive")
        await company.sync()
        assert await company.end("customers_back", links[ann]) == ("held", "status_refused")
        told = await explain(company.desk, await company.record("customers_back", links[ann]))
        assert "balance of 250" in str(told) and company.here.customers[int(ann)].active
        company.here.crm.move_balance(int(ann), Decimal(-250))
        await tried_again(company)
        assert not company.here.customers[int(ann)].active


def losing(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """From now on the first answer to each call that sets a status is lost, on either side; which were."""
    lost: list[tuple[str, str]] = []
    take = Faults.take

    def chosen(self: Faults, call: Call) -> Fault | None:
        one = (self.name, call.method)
        if one not in lost and (
            call.path.endswith("/inactive") or (call.method == "PATCH" and "/customers/" in call.path)
        ):
            lost.append(one)
            self.add(Fault(call=call.number, kind="cut"))
        return take(self, call)

    monkeypatch.setattr(Faults, "take", chosen)
    return lost


async def test_a_lost_answer_is_found_again(known: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    async with known(**FOLLOW) as company:
        links = await company.links("customers")
        ann, bob = customers(company, 2)
        lost = losing(monkeypatch)
        company.call(ann, "(320) 555-7181")
        set_here(company, ann, active=False)
        move(company, links[bob], "inactive")
        for _ in range(3):
            await company.sync()
        assert set(lost) == {("zoho_books", "POST"), ("servicetitan", "PATCH")}
        assert not company.contact(links[ann]).active and not company.here.customers[int(bob)].active
        assert person(company.contact(links[ann]))["phone"] == "(320) 555-7181"
        assert (await company.end("customers", ann))[0] in ("posted", "unchanged")
        assert (await company.end("customers_back", links[bob]))[0] in ("posted", "unchanged")
        written = await company.written()
        await company.sync()
        assert await company.written() == written


async def test_one_that_was_merged_away_takes_nobody_with_it(known: Start) -> None:
    async with known(**FOLLOW) as company:
        links = await company.links("customers")
        ann, bob, cid = customers(company, 3)
        alone = changed(company.here.customers[int(cid)], id=0, created_on="", modified_on="", name="Survivor Ltd")
        survivor = company.here.crm.add_customer(alone)
        company.here.crm.merge(int(ann), int(bob))
        company.here.crm.merge(int(cid), survivor.id)
        for _ in range(2):
            await company.sync()
        assert not company.here.customers[int(ann)].active and not company.here.customers[int(cid)].active
        assert all(company.contact(links[one]).active for one in (ann, bob, cid))
        assert await company.end("customers", ann) == ("skipped", "customer_merged_away")


async def test_a_contact_that_is_deleted_makes_no_customer_inactive(known: Start) -> None:
    async with known(**FOLLOW) as company:
        links = await company.links("customers")
        ann, *_ = customers(company, 1)
        move(company, links[ann], "delete")
        await company.sync()
        await company.a_day_later()
        for _ in range(2):
            await company.sync()
        assert await company.end("customers_back", links[ann]) == ("skipped", "contact_archived")
        assert company.here.customers[int(ann)].active


async def hint(company: Known, customer_ids: list[str]) -> None:
    """ServiceTitan tells by webhook that customers have changed."""
    async with company.desk.changing() as change:
        await change.run(
            """insert into inbox (tenant_id, connection_id, entity, object_id, hinted_at)
            select %s, %s, 'customers', unnest(%s::text[]), %s""",
            company.desk.tenant_id, company.integration.source_id, customer_ids, company.desk.clock.now(),
        )  # fmt: skip


@pytest.mark.parametrize("hinted", [False, True])
@pytest.mark.parametrize("mode", ["live", "as needed"])
async def test_many_at_once_are_asked_about_first(known: Start, mode: str, hinted: bool) -> None:
    async with known({"customers": "live"}, breaker_floor="3", breaker_percent="5", **FOLLOW) as company:
        links = await company.links("customers")
        await set_flow_mode(company.desk, company.integration, "customers", mode)
        await company.sync()
        gone = customers(company, 4)
        for one in gone:
            set_here(company, one, active=False)
        if hinted:
            await hint(company, gone)
        await company.sync()
        assert {await company.end("customers", one) for one in gone} == {("held", "breaker")}
        assert all(company.contact(links[one]).active for one in gone)
        (asked,) = await mass_changes(company.desk)
        records = await company.all(
            """select r.record_id from record r join flow f using (tenant_id, flow_id)
            where tenant_id = %s and f.name = 'customers'"""
        )
        assert (asked.affected, asked.known) == (4, len(records)), "all of them were known before"
        await accept(company.desk, asked.breaker_id)
        await company.sync()
        assert not any(company.contact(links[one]).active for one in gone)


async def test_a_preview_shows_what_goes_live(known: Start) -> None:
    async with known({"customers": "live"}, **FOLLOW) as company:
        links = await company.links("customers")
        ann, bob, *_ = customers(company, 2)
        set_here(company, bob, active=False)
        await company.sync()
        await set_flow_mode(company.desk, company.integration, "customers", "preview")
        set_here(company, bob, active=True)
        await company.sync()
        (shown,) = (await approvable(company.desk, Filter(flow="customers"))).plans
        assert shown.what == "set active"
        set_here(company, bob, active=False)
        company.call(ann, "(320) 555-7191")
        set_here(company, ann, active=False)
        await company.sync()
        (shown,) = (await approvable(company.desk, Filter(flow="customers"))).plans
        assert shown.what == "change, set inactive"
        steps = [one["action"] for one in shown.decision["steps"]]
        await set_flow_mode(company.desk, company.integration, "customers", "live")
        await company.sync()
        assert not company.contact(links[ann]).active
        rows = await company.all(
            "select action from intent where tenant_id = %s and target_id = %s order by intent_id", links[ann]
        )
        assert [str(action) for (action,) in rows] == steps == ["update", "set status"]


async def test_what_differs_when_it_is_turned_on_is_shown_and_approved_first(known: Start) -> None:
    async with known() as company:
        links = await company.links("customers")
        ann, bob = customers(company, 2)
        set_here(company, ann, active=False)
        await company.sync()
        written = await company.written()
        await follow(company)
        await company.sync()
        assert await company.end("customers", ann) == ("planned", "")
        assert company.contact(links[ann]).active and await company.written() == written
        company.call(ann, "(320) 555-7161")
        await company.sync()
        assert await company.end("customers", ann) == ("planned", ""), "another change does not take it along"
        set_here(company, bob, active=False)
        await company.sync()
        assert not company.contact(links[bob]).active, "what changes from then on goes by itself"
        listed = await approvable(company.desk, Filter(flow="customers"))
        assert [len(one.decision["steps"]) for one in listed.plans] == [2]
        await approve_listed(company.desk, listed)
        await company.sync()
        contact = company.contact(links[ann])
        assert not contact.active and person(contact)["phone"] == "(320) 555-7161"
        assert await company.end("customers", ann) == ("posted", "")


@pytest.mark.parametrize("by", ["us", "people"])
async def test_a_status_that_comes_back_goes_by_itself(known: Start, by: str) -> None:
    """Ann is made inactive in Zoho Books, and so, from here or by people, in ServiceTitan; there she is active again."""
    async with known() as company:
        links = await company.links("customers")
        ann, *_ = customers(company, 1)
        await follow(company)
        await company.sync()
        if by == "people":
            set_here(company, ann, active=False)
        move(company, links[ann], "inactive")
        await company.sync()
        assert not company.here.customers[int(ann)].active and not company.contact(links[ann]).active
        set_here(company, ann, active=True)
        await company.sync()
        assert await company.end("customers", ann) == ("posted", "")
        assert company.contact(links[ann]).active
