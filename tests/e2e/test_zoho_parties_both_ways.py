"""Customers and vendors of ServiceTitan and Zoho Books: linked without a wrong one, changed on both sides, agreed once."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sales_world import NOW

from ml_connector.errors import Refused
from ml_connector.lanes.runtime import Runtime
from ml_connector.service import integrating, syncing
from ml_connector.service.deciding import link
from ml_connector.service.desk import Desk
from ml_connector.service.doubles import doubles
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration, integration_named
from ml_connector.service.matches import matches
from ml_connector.service.releasing import release
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector.sync.states import State
from ml_connector_sandbox.company.catalogue import SUPPLIERS
from ml_connector_sandbox.company.party_truth import LINKED, Parties, PartyTruth, judged
from ml_connector_sandbox.kernel.calls import Call
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.faults import Fault, Faults
from ml_connector_sandbox.sandbox import START, Sandbox, seeded
from ml_connector_sandbox.servicetitan.books import TenantBooks
from ml_connector_sandbox.servicetitan.books.changing import changed
from ml_connector_sandbox.zoho_books import OrganisationBooks
from ml_connector_sandbox.zoho_books import desk as their_desk
from ml_connector_sandbox.zoho_books.books.masters import Contact
from rig.company import joined

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]

KIND = "servicetitan-zoho_books"
FORWARD = {"customers": "live", "vendors": "live"}
BOTH = {**FORWARD, "customers_back": "live", "vendors_back": "live"}
BUYER, ON = f"matrix:{KIND}", date(2026, 11, 9)
HOME = {"address": "1 Elm St", "city": "Edina", "state": "MN", "zip": "55424", "country": "U.S.A."}


@dataclass(slots=True)
class Known:
    """A firm of as many customers and vendors on both sides, joined with Zoho Books."""

    sandbox: Sandbox
    desk: Desk
    integration: Integration

    @property
    def here(self) -> TenantBooks:
        return self.sandbox.company.seed.tenant

    @property
    def there(self) -> OrganisationBooks:
        return self.sandbox.company.seed.organisation

    @property
    def truth(self) -> Parties:
        found = self.sandbox.company.parties
        assert found is not None
        return found

    async def sync(self) -> None:
        await syncing.request_sync(self.desk, await integration_named(self.desk, KIND))
        ended = await syncing.wait_until_quiet(self.desk, self.integration, patience=200.0)
        assert ended.done, ended.sentence

    async def all(self, query: str, *values: object) -> list[tuple[object, ...]]:
        async with self.desk.looking() as reading:
            return [tuple(row) for row in await reading.all(query, self.desk.tenant_id, *values)]

    async def a_day_later(self) -> None:
        """What is read whole, or looked through, once a day was last so a day ago."""
        async with self.desk.changing(await self.desk.sealer()) as change:
            await change.run(
                """update feed set complete_at = complete_at - interval '1 day', moved_at = moved_at - interval '1 day'
                where tenant_id = %s and (name like 'walk %%' or name like 'directory %%' or name like 'flow %%')""",
                self.desk.tenant_id,
            )
            await change.run("update directory set walk = walk - 86400000000 where tenant_id = %s", self.desk.tenant_id)
            await change.run(
                """update record set shown_at = shown_at - interval '1 day' where tenant_id = %s""", self.desk.tenant_id
            )
            await change.run(
                "update document set read_at = read_at - interval '1 day' where tenant_id = %s", self.desk.tenant_id
            )

    async def links(self, flow: str) -> dict[str, str]:
        rows = await self.all("select source_id, target_id from link where tenant_id = %s and entity = %s", flow)
        return {str(row[0]): str(row[1]) for row in rows}

    async def written(self) -> int:
        """How many steps were carried out; one that was planned from a row of a list is planned once more from the whole."""
        (row,) = await self.all("select count(*) from intent where tenant_id = %s and target_id is not null")
        return int(str(row[0]))

    async def end(self, flow: str, source_id: str) -> tuple[str, str]:
        """State and reason of a record's newest version."""
        ((state, reason),) = await self.all(
            """select s.state, s.reason from record r
            join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
            join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
            where r.tenant_id = %s and f.name = %s and r.source_id = %s""",
            flow, source_id,
        )  # fmt: skip
        return State(int(str(state))).word, str(reason)

    async def record(self, flow: str, source_id: str) -> str:
        """A record as people name it."""
        (row,) = await self.all(
            """select r.record_id from record r join flow f using (tenant_id, flow_id)
            where tenant_id = %s and f.name = %s and r.source_id = %s""",
            flow, source_id,
        )  # fmt: skip
        return f"#{row[0]}"

    def same(self, kind: str) -> Iterable[PartyTruth]:
        """Those that are the same on both sides, to the letter."""
        return (one for one in self.truth.sources if one.kind == kind and one.case == "same" and one.ends == LINKED)

    def contact(self, id_: str) -> Contact:
        found = self.there.contacts.get(id_)
        assert found is not None
        return found

    def at_zoho(self, act: str, **wish: Any) -> None:
        """What a bookkeeper does at Zoho's screens."""
        organisation = self.there.organization_id
        their_desk.carried_out(self.sandbox.company.zoho_books, {"act": act, "organisation": organisation, **wish})

    def edit(self, contact: Contact, **changes: Any) -> None:
        """Somebody changes a contact in Zoho Books."""
        self.at_zoho("edit contact", contact=contact.contact_name, kind=contact.contact_type, changes=changes)

    def phone(self, customer: str) -> str:
        return self._value(customer, "Phone", "MobilePhone")

    def email(self, customer: str) -> str:
        return self._value(customer, "Email")

    def _value(self, customer: str, *types: str) -> str:
        return next(one.value for one in self.here.crm.contacts_of(int(customer)) if one.type in types)

    def call(self, customer: str, phone: str) -> None:
        """Somebody changes the customer's phone in ServiceTitan."""
        own = next(one for one in self.here.crm.contacts_of(int(customer)) if one.type != "Email")
        self.here.crm.change_contact(own.id, value=phone)


Start = Callable[..., AbstractAsyncContextManager[Known]]


@pytest.fixture
def known(database: Database, tmp_path: Path) -> Start:
    """``async with known(modes, **settings)``: connected, integrated, and synced once."""

    @asynccontextmanager
    async def start(modes: dict[str, str] = BOTH, firm: str = "parties:40,40", **settings: str) -> AsyncIterator[Known]:
        company = seeded(firm, SandboxClock.starting(NOW if firm == BUYER else START, 60.0))
        company.servicetitan_switches.read_after_write_lag_seconds = 0
        company.zoho_books_switches.list_lag_seconds = 0.0
        if firm == BUYER:
            for n in range(3):
                company.seed.purchase(
                    "later", SUPPLIERS[0], [company.seed.line("DSC-60A", 3 + n)], ON + timedelta(days=n)
                )
        async with Sandbox.running(company, limits=False) as sandbox:
            file = tmp_path / "sandbox.json"
            sandbox.write(file)
            async with Runtime.on(database, Settings(data=tmp_path / "data", sandbox=file)) as runtime:
                desk, integration = await joined(runtime, sandbox.handover, KIND, {})
                await integrating.change_settings(desk, integration, {"parties_back": "yes", **settings})
                for flow, mode in modes.items():
                    await set_flow_mode(desk, integration, flow, mode)
                found = Known(sandbox, desk, await integration_named(desk, KIND))
                for _ in range(2):  # changed contacts of customers are followed from the second reading on
                    await found.sync()
                yield found

    return start


def person(contact: Contact) -> dict[str, Any]:
    """The first of a contact's persons."""
    return next(iter(contact.persons))


async def test_the_baseline_links_the_right_ones_and_writes_nothing(known: Start) -> None:
    async with known(parties_baseline="yes", new_from_ledger="create") as company:
        assert await company.written() == 0
        links = {flow: await company.links(flow) for flow in FORWARD}
        for kind, flow in (("customer", "customers"), ("vendor", "vendors")):
            told = [one for one in company.truth.sources if one.kind == kind]
            found = await matches(company.desk, company.integration, flow)
            shown: dict[str, set[str]] = {}
            for one in found.found:
                shown.setdefault(one.key, set()).add(one.target_id)
            judgement = judged(told, links[flow], shown)
            assert (judgement.wrong, judgement.bold, judgement.shared, judgement.missed) == ([], [], [], []), flow
            assert not judgement.unsuggested, flow
            assert len(judgement.right) == found.linked > 10
            assert sum(found.linked_by.values()) == found.linked, "each by the evidence it was linked by"
            assert {"same name", "same e-mail and phone"} <= found.linked_by.keys()
        both = {one.target_id for one in company.truth.sources if one.case == "both_kinds"}
        assert len(both) == 2 and both <= {*links["customers"].values(), *links["vendors"].values()}


async def test_changes_travel_both_ways_and_none_comes_back(known: Start) -> None:
    async with known() as company:
        links = await company.links("customers")
        ann, bob, *_ = (one.source_id for one in company.same("customer"))
        ann_there, bob_there = company.contact(links[ann]), company.contact(links[bob])
        company.call(ann, "(320) 555-7001")
        first = person(bob_there)
        second = {"first_name": "Kim", "last_name": "Poe", "email": "kim@party.example"}
        company.edit(bob_there, contact_persons=[{**first, "phone": "320 555 7002"}, second], billing_address=HOME)
        before = await company.written()
        await company.sync()
        await company.sync()
        assert person(company.contact(links[ann]))["phone"] == "(320) 555-7001"
        assert company.phone(bob) == "320 555 7002"
        assert company.here.customers[int(bob)].address.street == "1 Elm St"
        assert await company.written() == before + 2, "one each, and none comes back"
        for flow, id_ in (("customers", bob), ("customers_back", ann_there.contact_id)):
            assert await company.end(flow, id_) == ("unchanged", ""), flow
        company.call(bob, "(320) 555-7003")
        await company.sync()
        kept = company.contact(links[bob]).persons
        assert [one["phone"] for one in kept] == ["(320) 555-7003", ""] and kept[1]["email"] == "kim@party.example"
        written = await company.written()
        await company.a_day_later()
        await company.sync()
        assert await company.written() == written == before + 3
        assert not (await doubles(company.desk)).found


async def test_what_both_sides_changed_is_settled_by_its_owner_or_asked_about(known: Start) -> None:
    async with known(owners="customers.phone=hold,customers.email=ledger") as company:
        links = await company.links("customers")
        ann, *_ = (one.source_id for one in company.same("customer"))
        there = company.contact(links[ann])
        first = person(there)
        company.edit(there, contact_persons=[{**first, "phone": "320 555 7012", "email": "ann@ledger.example"}])
        company.call(ann, "(320) 555-7011")
        own = next(one for one in company.here.crm.contacts_of(int(ann)) if one.type == "Email")
        company.here.crm.change_contact(own.id, value="ann@desk.example")
        await company.sync()
        await company.sync()
        assert await company.end("customers", ann) == ("held", "party_changed_on_both")
        assert company.phone(ann) == "(320) 555-7011" and person(company.contact(links[ann]))["phone"] == "320 555 7012"
        await release(company.desk, await company.record("customers", ann))
        await company.sync()
        await company.sync()
        assert person(company.contact(links[ann]))["phone"] == "(320) 555-7011"
        assert company.email(ann) == person(company.contact(links[ann]))["email"] == "ann@ledger.example"


async def test_where_a_vendor_is_paid_waits_for_a_person_and_its_phone_does_not(known: Start) -> None:
    async with known() as company:
        links = await company.links("vendors")
        acme, bolt, *_ = (one.source_id for one in company.same("vendor"))
        there = company.contact(links[acme])
        company.edit(there, contact_persons=[{**person(there), "phone": "320 555 7020"}])
        await company.sync()
        assert company.here.vendors[int(acme)].phone == "320 555 7020"
        company.edit(company.contact(links[acme]), billing_address=HOME)
        await company.sync()
        assert await company.end("vendors_back", links[acme]) == ("held", "vendor_remittance_changed")
        assert company.here.vendors[int(acme)].address.street != "1 Elm St"
        await release(company.desk, await company.record("vendors_back", links[acme]))
        await company.sync()
        assert company.here.vendors[int(acme)].address.street == "1 Elm St"
        company.here.vendors.modify(int(bolt), phone="(320) 555-7021", email="new@remit.example")
        await company.sync()
        assert await company.end("vendors", bolt) == ("held", "vendor_remittance_changed")
        await release(company.desk, await company.record("vendors", bolt))
        await company.sync()
        assert person(company.contact(links[bolt]))["email"] == "new@remit.example"
        assert person(company.contact(links[bolt]))["phone"] == "(320) 555-7021"


async def test_a_contact_of_zoho_is_made_in_servicetitan_once_it_is_whole(known: Start) -> None:
    async with known(new_from_ledger="create") as company:
        count = len(list(company.here.customers))
        new = company.there.add_contact("Walk In Ltd", "customer", contact_persons=[{"email": "desk@walkin.example"}])
        await company.sync()
        assert await company.end("customers_back", new.contact_id) == ("held", "contact_incomplete")
        company.edit(company.contact(new.contact_id), billing_address=HOME)
        await company.sync()
        assert await company.end("customers_back", new.contact_id) == ("posted", "")
        (made,) = [one for one in company.here.customers if one.name == "Walk In Ltd"]
        assert len(list(company.here.customers)) == count + 1 and made.address.street == "1 Elm St"
        assert (await company.links("customers"))[str(made.id)] == new.contact_id
        written = await company.written()
        await company.sync()
        assert await company.end("customers", str(made.id)) == ("unchanged", "") and await company.written() == written
        company.here.crm.change_customer(made.id, name="Walk In Limited")
        await company.sync()
        assert company.contact(new.contact_id).contact_name == "Walk In Limited"


def losing(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """From now on the first answer to each way of writing a party is lost; which were: emulator, and what was to be done."""
    lost: list[tuple[str, str]] = []
    take = Faults.take

    def chosen(self: Faults, call: Call) -> Fault | None:
        one = (self.name, "create" if call.path.endswith("/contacts") else "change")
        if call.method != "GET" and ("/contacts" in call.path or "/customers/" in call.path) and one not in lost:
            lost.append(one)
            self.add(Fault(call=call.number, kind="cut"))
        return take(self, call)

    monkeypatch.setattr(Faults, "take", chosen)
    return lost


async def test_a_lost_answer_of_either_side_is_found_again(known: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    async with known() as company:
        links = await company.links("customers")
        ann, bob, *_ = (one.source_id for one in company.same("customer"))
        count = len(list(company.there.contacts))
        copy = changed(company.here.customers[int(ann)], id=0, created_on="", modified_on="", name="Only Once Ltd")
        lost = losing(monkeypatch)
        made = company.here.crm.add_customer(copy)
        company.call(ann, "(320) 555-7041")
        bob_there = company.contact(links[bob])
        company.edit(bob_there, billing_address=HOME)
        for _ in range(3):
            await company.sync()
        assert set(lost) == {("zoho_books", "create"), ("zoho_books", "change"), ("servicetitan", "change")}
        assert len(list(company.there.contacts)) == count + 1
        assert company.contact((await company.links("customers"))[str(made.id)]).contact_name == "Only Once Ltd"
        assert person(company.contact(links[ann]))["phone"] == "(320) 555-7041"
        assert company.here.customers[int(bob)].address.street == "1 Elm St"
        assert (await company.end("customers", str(made.id)))[0] in ("posted", "unchanged", "linked")


async def test_inactive_and_deleted_contacts_change_nothing_in_servicetitan(known: Start) -> None:
    async with known() as company:
        links = await company.links("customers")
        ann, bob, *_ = (one.source_id for one in company.same("customer"))
        ann_there, bob_there = company.contact(links[ann]), company.contact(links[bob])
        company.at_zoho("move contact", contact=ann_there.contact_name, to="inactive")
        company.at_zoho("move contact", contact=bob_there.contact_name, to="delete")
        await company.sync()
        assert await company.end("customers_back", ann_there.contact_id) == ("skipped", "contact_archived")
        await company.a_day_later()
        await company.sync()
        await company.sync()
        assert await company.end("customers_back", bob_there.contact_id) == ("skipped", "contact_archived")
        assert all(company.here.customers[int(one)].active for one in (ann, bob))
        assert await company.end("customers", bob) == ("held", "counterpart_missing")
        company.call(ann, "(320) 555-7051")
        await company.sync()
        assert await company.end("customers", ann) == ("held", "customer_inactive")
        company.at_zoho("move contact", contact=ann_there.contact_name, to="active")
        await company.sync()
        assert person(company.contact(links[ann]))["phone"] == "(320) 555-7051"


async def test_only_one_ledger_writes_back_and_only_where_it_is_set(known: Start) -> None:
    async with known({**FORWARD, "customers_back": "preview"}, parties_back="no") as company:
        with pytest.raises(Refused, match="parties_back=yes first"):
            await set_flow_mode(company.desk, company.integration, "customers_back", "live")
        links = await company.links("customers")
        ann, *_ = (one.source_id for one in company.same("customer"))
        company.edit(company.contact(links[ann]), billing_address=HOME)
        await company.sync()
        assert await company.end("customers_back", links[ann]) == ("skipped", "not_written_back")


async def test_a_vendor_that_was_merged_there_waits_for_a_person_who_says_with_whom(known: Start) -> None:
    modes = {"vendors": "live", "vendors_back": "live", "bills": "live"}
    async with known(modes, firm=BUYER) as company:
        links = await company.links("vendors")
        bills = await company.all("select source_id from link where tenant_id = %s and entity = 'bills'")
        posted = {row[0] for row in bills}
        [(vendor, count)] = Counter(
            str(one.vendor_id) for one in company.here.bills if str(one.id) in posted
        ).most_common(1)
        assert count >= 3
        was = company.contact(links[vendor])
        left = company.there.add_contact(
            "Left Over Supply", "vendor", contact_persons=[{"email": "left@party.example"}]
        )
        company.at_zoho("merge contacts", contact=was.contact_name, into=left.contact_name, kind="vendor")
        written = await company.written()
        await company.a_day_later()
        await company.sync()
        await company.sync()
        assert await company.end("vendors", vendor) == ("held", "counterpart_missing")
        assert (await company.links("vendors"))[vendor] == was.contact_id
        await link(company.desk, await company.record("vendors", vendor), left.contact_id)
        await company.sync()
        assert (await company.links("vendors"))[vendor] == left.contact_id
        assert await company.written() == written, "a merger overwrites nothing"
        assert await company.end("vendors_back", was.contact_id) == ("skipped", "contact_archived")
        company.here.vendors.modify(int(vendor), phone="(320) 555-7061")
        await company.sync()
        assert person(company.contact(left.contact_id))["phone"] == "(320) 555-7061"
