"""Customers and vendors of ServiceTitan and Xero: people change them on both sides, and both sides agree, once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ml_connector.connectors.xero import walk
from ml_connector.connectors.xero.walk import LIST_LAG
from ml_connector.errors import BadInput
from ml_connector.lanes.runtime import Runtime
from ml_connector.service import integrating, syncing
from ml_connector.service.deciding import link
from ml_connector.service.desk import Desk
from ml_connector.service.doubles import doubles
from ml_connector.service.explaining import explain
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration, integration_named
from ml_connector.service.releasing import release
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector.sync import pull
from ml_connector.sync.states import State
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.faults import Fault
from ml_connector_sandbox.sandbox import START, Sandbox, seeded
from ml_connector_sandbox.servicetitan.books import TenantBooks, Vendor
from ml_connector_sandbox.servicetitan.books.changing import changed
from ml_connector_sandbox.xero import OrganisationBooks
from ml_connector_sandbox.xero.books.masters import Contact
from rig.company import joined

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]

KIND = "servicetitan-xero"
BOTH = {"customers": "live", "vendors": "live", "customers_back": "live", "vendors_back": "live"}


@dataclass(slots=True)
class Known:
    """The company, its customers and vendors linked."""

    sandbox: Sandbox
    desk: Desk
    integration: Integration

    @property
    def here(self) -> TenantBooks:
        return self.sandbox.company.seed.tenant

    @property
    def there(self) -> OrganisationBooks:
        return self.sandbox.company.xero_organisation

    async def sync(self) -> None:
        await syncing.request_sync(self.desk, await integration_named(self.desk, KIND))
        ended = await syncing.wait_until_quiet(self.desk, self.integration, patience=200.0)
        assert ended.done, ended.sentence

    async def all(self, query: str, *values: object) -> list[tuple[object, ...]]:
        async with self.desk.looking() as reading:
            return [tuple(row) for row in await reading.all(query, self.desk.tenant_id, *values)]

    async def a_day_later(self) -> None:
        """What is read anew once a day was last read so a day ago."""
        async with self.desk.changing(await self.desk.sealer()) as change:
            await change.run(
                "update feed set complete_at = complete_at - interval '1 day' where tenant_id = %s and name like '%% anew'",
                self.desk.tenant_id,
            )

    async def links(self, flow: str = "customers") -> dict[str, str]:
        rows = await self.all("select source_id, target_id from link where tenant_id = %s and entity = %s", flow)
        return {str(row[0]): str(row[1]) for row in rows}

    async def written(self) -> int:
        (row,) = await self.all("select count(*) from intent where tenant_id = %s")
        return int(str(row[0]))

    async def end(self, flow: str, source_id: str) -> tuple[str, str]:
        """State and reason of a record's newest version."""
        rows = await self.all(
            """select s.state, s.reason from record r
            join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
            join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
            where r.tenant_id = %s and f.name = %s and r.source_id = %s""",
            flow, source_id,
        )  # fmt: skip
        ((state, reason),) = rows
        return State(int(str(state))).word, str(reason)

    async def record(self, flow: str, source_id: str) -> str:
        """A record as people name it."""
        (row,) = await self.all(
            """select r.record_id from record r join flow f using (tenant_id, flow_id)
            where tenant_id = %s and f.name = %s and r.source_id = %s""",
            flow, source_id,
        )  # fmt: skip
        return f"#{row[0]}"

    async def pairs(self) -> list[tuple[int, Contact]]:
        """Customers that stand by themselves, have an e-mail and a phone, and their contacts."""
        links = await self.links()
        whole = [one for one in self.here.customers if one.active and len(self.here.crm.contacts_of(one.id)) == 2]
        return [(one.id, self.contact(links[str(one.id)])) for one in whole if str(one.id) in links]

    def contact(self, id_: str) -> Contact:
        found = self.there.contacts.get(id_)
        assert found is not None
        return found

    def phone(self, customer: int) -> str:
        return self._contact(customer, "Phone", "MobilePhone")

    def email(self, customer: int) -> str:
        return self._contact(customer, "Email")

    def _contact(self, customer: int, *types: str) -> str:
        return next(one.value for one in self.here.crm.contacts_of(customer) if one.type in types)

    def call(self, customer: int, phone: str) -> None:
        """Somebody changes the customer's phone in ServiceTitan."""
        own = next(one for one in self.here.crm.contacts_of(customer) if one.type != "Email")
        self.here.crm.change_contact(own.id, value=phone)


Start = Callable[..., AbstractAsyncContextManager[Known]]


@pytest.fixture
def known(database: Database, tmp_path: Path) -> Start:
    """``async with known(modes, **settings)``: connected, integrated, and synced once."""

    @asynccontextmanager
    async def start(modes: dict[str, str] = BOTH, **settings: str) -> AsyncIterator[Known]:
        company = seeded(f"matrix:{KIND}", SandboxClock.starting(START, 60.0))
        company.servicetitan_switches.read_after_write_lag_seconds = 0
        async with Sandbox.running(company, limits=False) as sandbox:
            file = tmp_path / "sandbox.json"
            sandbox.write(file)
            async with Runtime.on(database, Settings(data=tmp_path / "data", sandbox=file)) as runtime:
                desk, integration = await joined(runtime, sandbox.handover, KIND, {})
                await integrating.change_settings(desk, integration, settings)
                for flow, mode in modes.items():
                    await set_flow_mode(desk, integration, flow, mode)
                found = Known(sandbox, desk, await integration_named(desk, KIND))
                for _ in range(2):  # changed contacts of customers are followed from the second reading on
                    await found.sync()
                yield found

    return start


def texts(contact: Contact) -> tuple[str, str, str]:
    """Name, e-mail and phone as Xero shows them."""
    return contact.name, contact.texts.get("EmailAddress", ""), contact.phones.get("DEFAULT", {}).get("PhoneNumber", "")


def desk_clock(company: Known) -> float:
    """The sandbox's clock, in seconds."""
    return company.desk.clock.now().timestamp()


async def test_changes_travel_both_ways_and_none_comes_back(known: Start) -> None:
    async with known() as company:
        (ann, ann_there), (bob, bob_there), (cy, cy_there), *_ = await company.pairs()
        company.call(ann, "(320) 555-7001")
        company.there.desk.change_contact(ann_there, EmailAddress="ann@new.example")
        company.call(bob, "(320) 555-7002")
        company.there.desk.change_contact(bob_there, Phones=[{"PhoneType": "DEFAULT", "PhoneNumber": "320 555 7003"}])
        company.there.desk.change_contact(cy_there, Name="Cyrus Newname")
        before = await company.written()
        await company.sync()
        await company.sync()  # a customer that we changed meanwhile is read once more
        assert texts(ann_there)[1:] == ("ann@new.example", "(320) 555-7001")
        assert (company.email(ann), company.phone(ann)) == ("ann@new.example", "(320) 555-7001")
        assert texts(bob_there)[2] == company.phone(bob) == "(320) 555-7002"  # ServiceTitan owns a customer's phone
        assert company.here.customers[cy].name == "Cyrus Newname"
        assert await company.written() == before + 4
        stamps = [one.updated for one in company.there.contacts], [one.modified_on for one in company.here.customers]
        for _ in range(2):
            await company.sync()
        assert await company.written() == before + 4
        assert stamps == ([one.updated for one in company.there.contacts],
                          [one.modified_on for one in company.here.customers])  # fmt: skip


@pytest.mark.parametrize("kind", ["truncated", "wrong json", "not json"])
async def test_a_change_whose_customer_was_answered_oddly_goes_by_itself(
    known: Start, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before a customer is changed he is read: what that one answer says is no refusal of the change."""
    async with known() as company:
        (ann, ann_there), *_ = await company.pairs()
        faults = company.sandbox.servicetitan.faults
        monkeypatch.setattr(
            faults.vendor, "applies", lambda _, call: (call.method, call.path.rpartition("/")[2]) == ("GET", str(ann))
        )
        fault = faults.add(Fault(kind=kind))
        company.there.desk.change_contact(ann_there, EmailAddress="ann@new.example")
        await company.sync()
        assert [one for one, _ in faults.fired] == [fault]
        assert await company.end("customers_back", ann_there.contact_id) == ("posted", "")
        assert company.email(ann) == "ann@new.example"
        [(why,)] = await company.all("select why from intent where tenant_id = %s and unread")
        assert why is not None


async def test_a_vendors_address_waits_for_a_person_and_its_phone_does_not(known: Start) -> None:
    async with known() as company:
        (vendor, contact_id), *_ = sorted((await company.links("vendors")).items())
        contact = company.contact(contact_id)
        company.there.desk.change_contact(contact, Phones=[{"PhoneType": "DEFAULT", "PhoneNumber": "320 555 7010"}])
        await company.sync()
        assert company.here.vendors[int(vendor)].phone == "320 555 7010"
        company.there.desk.change_contact(contact, EmailAddress="pay@elsewhere.example")
        await company.sync()
        assert await company.end("vendors_back", contact_id) == ("held", "vendor_remittance_changed")
        assert company.here.vendors[int(vendor)].email != "pay@elsewhere.example"
        await release(company.desk, await company.record("vendors_back", contact_id))
        await company.sync()
        assert company.here.vendors[int(vendor)].email == "pay@elsewhere.example"


async def test_a_contact_of_xero_is_made_in_servicetitan_once_it_is_whole(known: Start) -> None:
    async with known(new_from_ledger="create") as company:
        desk, count = company.there.desk, len(list(company.here.customers))
        new = desk.add_contact("Walk In Ltd", EmailAddress="desk@walkin.example")
        desk.add_invoice(new, company.there.today(), [{"Description": "Filter", "Quantity": 1, "UnitAmount": 20,
                                                       "AccountCode": "4900"}])  # fmt: skip
        await company.sync()
        assert await company.end("customers_back", new.contact_id) == ("held", "contact_incomplete")
        home = {"AddressType": "POBOX", "AddressLine1": "1 Elm St", "City": "Edina", "Region": "MN",
                "PostalCode": "55424", "Country": "USA"}  # fmt: skip
        desk.change_contact(new, Addresses=[home])
        await company.sync()
        assert await company.end("customers_back", new.contact_id) == ("posted", "")
        (made,) = [one for one in company.here.customers if one.name == "Walk In Ltd"]
        assert len(list(company.here.customers)) == count + 1 and made.address.street == "1 Elm St"
        assert (await company.links())[str(made.id)] == new.contact_id
        written = await company.written()
        await company.sync()
        assert await company.end("customers", str(made.id)) == ("unchanged", "") and await company.written() == written
        company.here.crm.change_customer(made.id, name="Walk In Limited")
        await company.sync()
        assert new.name == "Walk In Limited"


async def test_a_link_by_hand_frees_both_ends_of_it(known: Start) -> None:
    async with known(new_from_ledger="create") as company:
        (model, _), *_ = await company.pairs()
        pairs = []
        for name in ("Kim Poe", "Lou Roe"):
            there = company.there.desk.add_contact(name)
            line = {"Description": "Filter", "Quantity": 1, "UnitAmount": 20, "AccountCode": "4900"}
            company.there.desk.add_invoice(there, company.there.today(), [line])
            copy = changed(
                company.here.customers[model], id=0, created_on="", modified_on="", name=name, type="Residential"
            )
            pairs.append((str(company.here.crm.add_customer(copy).id), there.contact_id))
        await company.sync()
        for customer, contact in pairs:
            assert await company.end("customers", customer) == ("held", "customer_ambiguous")
            assert await company.end("customers_back", contact) == ("held", "contact_ambiguous")
        (kim, kim_there), (lou, lou_there) = pairs
        assert (await explain(company.desk, kim_there)).flow == "customers_back"  # it is no vendor
        await link(company.desk, await company.record("customers", kim), kim_there)
        await link(company.desk, await company.record("customers_back", lou_there), lou)
        await company.sync()
        assert await company.end("customers_back", kim_there) == ("unchanged", "")
        with pytest.raises(BadInput, match=r"Say which by its #number") as several:
            await explain(company.desk, kim_there)
        for flow, id_, ended in (
            ("customers", kim, "Customers: ServiceTitan to Xero, linked"),
            ("customers_back", kim_there, "Customers: Xero to ServiceTitan, unchanged"),
        ):  # whichever lane has read its own first comes first
            assert f"{await company.record(flow, id_)} ({flow} {id_}, {ended})" in several.value.sentence
        assert await company.end("customers", lou) == ("linked", "")
        (told,) = await company.all(
            """select count(*) from audit_event e join record r using (tenant_id, record_id)
            where tenant_id = %s and e.kind = 'linked' and r.source_id = %s""",
            lou,
        )
        assert told == (1,)


async def test_a_firm_that_is_customer_and_vendor_is_no_double(known: Start) -> None:
    async with known() as company:
        (model, _), *_ = await company.pairs()
        copy = changed(
            company.here.customers[model], id=0, created_on="", modified_on="", name="Both Ltd", type="Commercial"
        )
        customer = company.here.crm.add_customer(copy)
        vendor = company.here.add_vendor(Vendor(name="Both Ltd", address=copy.address))
        await company.sync()
        await company.sync()
        linked = await company.links("vendors")
        assert (await company.links())[str(customer.id)] == linked[str(vendor.id)]
        async with company.desk.runtime.database.tenant(company.desk.tenant_id) as connection:
            await connection.execute(b"update sweep set swept_at = swept_at - interval '25 hours'")
        await company.sync()
        assert not (await doubles(company.desk)).found


async def test_merged_and_archived_contacts_are_followed(known: Start) -> None:
    async with known() as company:
        (ann, ann_there), (bob, bob_there), *_ = await company.pairs()
        left = company.there.desk.add_contact("Ann Two", Phones=[{"PhoneType": "DEFAULT", "PhoneNumber": "1"}])
        company.there.desk.merge_contacts(ann_there, left)
        company.there.desk.archive_contact(bob_there)
        count = len(list(company.there.contacts))
        await company.sync()
        assert (await company.links())[str(ann)] == left.contact_id
        assert texts(left)[2] == "1"  # a merger overwrites nothing
        assert await company.end("customers_back", ann_there.contact_id) == ("skipped", "contact_merged_away")
        company.call(ann, "(320) 555-7021")
        company.call(bob, "(320) 555-7022")
        await company.sync()
        assert texts(left)[2] == "(320) 555-7021"
        assert await company.end("customers", str(bob)) == ("held", "customer_inactive")
        company.there.desk.restore_contact(bob_there)
        await company.sync()
        assert texts(bob_there)[2] == "(320) 555-7022"
        assert len(list(company.there.contacts)) == count
        (told,) = await company.all("select count(*) from audit_event where tenant_id = %s and kind = 'link moved'")
        assert told == (1,)


async def test_a_merged_customers_documents_go_to_the_survivors_contact(known: Start) -> None:
    modes = {"customers": "as needed", "vendors": "as needed", "invoices": "live"}
    async with known({}) as company:
        posted = [one for one in company.here.invoices if one.sync_status == "Posted" and one.total > 0]
        loser = posted[0].customer_id
        survivor = next(one for one in company.here.customers if one.id != loser and one.active)
        company.here.crm.merge(loser, survivor.id, documents_follow=False)
        for flow, mode in modes.items():
            await set_flow_mode(company.desk, company.integration, flow, mode)
        await company.sync()
        links = await company.links()
        numbers = {one.number: one.contact_id for one in company.there.invoices}
        shown = {numbers[one.reference_number] for one in posted if one.customer_id == loser}
        assert shown == {links[str(survivor.id)]} and str(loser) not in links
        assert await company.end("customers", str(loser)) == ("skipped", "customer_merged_away")


async def test_a_survivor_without_a_contact_has_the_other_ones(known: Start) -> None:
    async with known({"customers": "live"}) as company:
        (loser, contact), *_ = await company.pairs()
        survivor = company.here.crm.add_customer(
            changed(company.here.customers[loser], id=0, created_on="", modified_on="")
        )
        company.here.crm.merge(loser, survivor.id)
        count = len(list(company.there.contacts))
        await company.sync()
        links = await company.links()
        assert links[str(survivor.id)] == contact.contact_id and str(loser) not in links
        assert len(list(company.there.contacts)) == count


async def test_the_baseline_links_and_writes_nothing(known: Start) -> None:
    async with known(parties_baseline="yes", new_from_ledger="create") as company:
        assert await company.written() == 0
        (row,) = await company.all("select count(*) from link where tenant_id = %s and origin = 'matched'")
        linked = int(str(row[0]))
        assert linked > 0
        await integrating.change_settings(company.desk, company.integration, {"parties_baseline": "no"})
        await company.sync()
        assert await company.written() > 0 and len(await company.links()) > 10


async def test_bank_details_that_xero_shows_are_kept_nowhere(known: Start) -> None:
    bank = "99-1234-0567890-01"
    async with known({"customers": "live", "vendors": "live"}) as company:
        (customer, contact), *_ = await company.pairs()
        contact.texts["BankAccountDetails"] = bank
        company.call(customer, "(320) 555-7011")
        await company.sync()
        assert texts(contact)[2] == "(320) 555-7011"
        sealer = await company.desk.sealer()
        told = [
            bytes(sealer.open(b"exchange", row[0]))  # type: ignore[arg-type]
            for row in await company.all("select body from exchange where tenant_id = %s")
        ]
        assert any(b"BankAccountDetails" in one for one in told), "Xero has answered with them"
        assert not any(bank.encode() in one for one in told)


async def test_a_contact_becomes_a_customer_by_its_first_invoice_within_a_day(known: Start) -> None:
    async with known(new_from_ledger="create") as company:
        desk, calls = company.there.desk, company.sandbox.xero.log.calls
        home = {"AddressType": "POBOX", "AddressLine1": "1 Elm St", "City": "Edina", "Region": "MN",
                "PostalCode": "55424", "Country": "USA"}  # fmt: skip
        new = desk.add_contact("Later Ltd", EmailAddress="desk@later.example", Addresses=[home])
        added = desk_clock(company)
        while desk_clock(company) - added < LIST_LAG * 3:  # what changed just before a reading is shown by the next too
            await company.sync()
        assert await company.end("customers_back", new.contact_id) == ("skipped", "contact_without_documents")
        stamp = new.updated
        desk.add_invoice(new, company.there.today(), [{"Description": "Filter", "Quantity": 1, "UnitAmount": 20,
                                                       "AccountCode": "4900"}])  # fmt: skip
        assert new.updated == stamp and new.is_customer
        before = len(calls)
        await company.sync()
        ordinary = sum(one.path.endswith("/Contacts") and one.method == "GET" for one in calls[before:])
        assert await company.end("customers_back", new.contact_id) == ("skipped", "contact_without_documents")

        await company.a_day_later()
        before = len(calls)
        await company.sync()
        assert await company.end("customers_back", new.contact_id) == ("posted", "")
        assert sum(one.path.endswith("/Contacts") and one.method == "GET" for one in calls[before:]) <= ordinary + 1
        runs = await company.all(
            """select distinct on (f.name) f.name, r.rows, r.new_versions, r.repeats
            from run r join flow f using (tenant_id, flow_id)
            where tenant_id = %s and f.name like '%%_back' and r.rows > 0 order by f.name, r.run_id desc"""
        )
        every = len(list(company.there.contacts))
        assert runs == [("customers_back", every, 1, every - 1), ("vendors_back", every, 1, every - 1)]
        before = len(calls)
        await company.sync()
        shown = [one for one in calls[before:] if one.path.endswith("/Contacts") and one.method == "GET"]
        assert len(shown) <= ordinary + 1, "the day's reading is done"


async def test_reading_all_contacts_anew_goes_on_where_it_broke_off(
    known: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with known() as company:
        every = len(list(company.there.contacts))
        ((last,),) = await company.all("select max(run_id) from run where tenant_id = %s")
        monkeypatch.setattr(walk, "PAGE", 10)
        monkeypatch.setattr(pull, "READING_SHARE", 0.0)  # a slice ends after a page
        await company.a_day_later()
        await company.sync()
        runs = await company.all(
            """select f.name, count(*) > 2, sum(r.rows), sum(r.new_versions)
            from run r join flow f using (tenant_id, flow_id)
            where tenant_id = %s and f.name like '%%_back' and r.run_id > %s group by f.name order by f.name""",
            last,
        )  # fmt: skip
        assert [(name, several, new) for name, several, _, new in runs] == [
            ("customers_back", True, 0),
            ("vendors_back", True, 0),
        ]
        assert all(every <= int(str(rows)) < 2 * every for _, _, rows, _ in runs), "each contact about once"
