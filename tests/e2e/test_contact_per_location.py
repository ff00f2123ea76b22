"""A contact per location: what is sold at each is its contact's in Xero, as the preview showed it, whatever moves after."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from sales_world import KIND, Selling, selling

from ml_connector.errors import Refused
from ml_connector.service import syncing
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import change_settings, integration_named
from ml_connector.service.mapping.values import set_value
from ml_connector.service.receivables import compare
from ml_connector.store.database import Database
from ml_connector_sandbox.company.sales_catalogue import CHECK, FINANCING_FEE
from ml_connector_sandbox.servicetitan.books import Customer, Invoice, Location

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]

PER_LOCATION = {"contact_per": "location"}


def cabin(company: Selling, customer: int, name: str = "Cabin") -> Location:
    """One more location of a customer."""
    home = company.source.customers[customer].address
    return company.source.crm.add_location(Location(name=name, customer_id=customer, address=home))


def sold(company: Selling, customer: int, location: Location | None = None) -> Invoice:
    """An invoice of a customer, at his home unless told."""
    made = company.bill("120.00", customer=customer, posted=False)
    if location is not None:
        made = company.source.invoices.modify(made.id, location_id=location.id)
    company.post(made)
    return company.source.invoices[made.id]


def debtor(company: Selling, invoice: Invoice) -> str:
    """The name of the contact that owes an invoice in Xero."""
    [there] = company.there(invoice.reference_number)
    contact = company.target.contacts.get(there.contact_id)
    assert contact is not None
    return contact.name


def buyer(company: Selling, name: str) -> int:
    """A new private person, with one location at home."""
    home = company.source.customers[company.homes[0]].address
    return company.source.crm.add_customer(Customer(name=name, type="Residential", address=home)).id


def at_home(company: Selling, customer: int) -> str:
    kept = company.source.customers[customer]
    return f"{kept.name}, {kept.address.street}"


async def links(company: Selling, flow: str) -> dict[str, str]:
    async with company.desk.looking() as reading:
        rows = await reading.all(
            "select source_id, target_id from link where tenant_id = %s and entity = %s", company.desk.tenant_id, flow
        )
    return {row[0]: row[1] for row in rows}


async def test_what_was_previewed_goes_to_the_contacts_of_its_locations(database: Database, tmp_path: Path) -> None:
    modes = {"invoices": "preview", "payments": "preview"}
    async with selling(database, tmp_path, PER_LOCATION, **modes) as company:
        home, other = buyer(company, "Ada Bell"), buyer(company, "Cem Dal")
        made = {at_home(company, home): sold(company, home), at_home(company, other): sold(company, other)}
        made[f"{company.source.customers[home].name}, Cabin"] = sold(company, home, cabin(company, home))
        paid = [company.take(one, "20.00") for one in made.values()]
        fee = company.take(made[at_home(company, home)], "5.00", FINANCING_FEE)
        await company.sync()
        for one in made.values():
            assert await company.end("invoices", one.id) == ("planned", "")
        for flow in modes:
            await set_flow_mode(company.desk, company.integration, flow, "live")
        await company.sync()
        for name, one in made.items():
            assert (await company.end("invoices", one.id), debtor(company, one)) == (("posted", ""), name)
        for payment in (*paid, fee):
            assert await company.end("payments", payment.id) == ("posted", "")
        assert str(home) not in await links(company, "customers")
        with pytest.raises(Refused, match="contact_per cannot change any more"):
            await change_settings(
                company.desk, await integration_named(company.desk, KIND), {"contact_per": "customer"}
            )


async def test_money_on_nothing_stays_the_customers(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, PER_LOCATION) as company:
        home = buyer(company, "Ada Bell")
        invoice = sold(company, home)
        advance = company.source.collecting.take(home, company.type_id(CHECK), Decimal("50.00"), {})
        await company.sync()
        assert await company.end("payments", advance.id) == ("posted", "")
        owner = (await links(company, "customers"))[str(home)]
        assert owner in {one.contact_id for one in company.target.overpayments if one.total == Decimal("50.00")}
        assert debtor(company, invoice) == at_home(company, home)
        found = await compare(company.desk, await integration_named(company.desk))
        assert str(home) not in {one.source_id for one in found.differing}
        company.source.collecting.apply(advance.id, {invoice.id: Decimal("50.00")})
        await company.sync()
        assert await company.end("payments", advance.id) == ("held", "credit_other_contact")


async def test_locations_move_merge_and_are_called_otherwise(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, PER_LOCATION, customers_back="live") as company:
        crm, home, other = company.source.crm, buyer(company, "Ada Bell"), buyer(company, "Cem Dal")
        place, shed = cabin(company, home), cabin(company, home, "Shed")
        before, second = sold(company, home, place), sold(company, home)
        await company.sync()
        former = f"{company.source.customers[home].name}, Cabin"
        assert (debtor(company, before), debtor(company, second)) == (former, at_home(company, home))
        [contact] = {one.contact_id for one in company.there(before.reference_number)}
        crm.change_location(place.id, customer_id=other)
        crm.change_location(shed.id, active=False, merged_to_id=company.source.locations.in_group(home)[0].id)
        crm.change_customer(home, name="Jane Roe")
        after, late, merged = sold(company, other, place), sold(company, home, place), sold(company, home, shed)
        insurer = buyer(company, "Eve Fox")
        stray = sold(company, insurer, place)
        await company.sync()
        # What was sold to the former customer stays his, and so does what is billed to him later.
        assert debtor(company, before) == debtor(company, late) == former
        assert debtor(company, after) == "Cem Dal, Cabin"
        assert debtor(company, merged) == debtor(company, second) == "Jane Roe, Ada Bell"  # still its own name
        assert await company.end("invoices", stray.id) == ("held", "location_unknown")
        await set_value(company.desk, company.integration, "locations", f"{insurer}-{place.id}", contact)
        await company.sync()
        assert debtor(company, stray) == former
        assert await company.end("customers_back", contact) == ("skipped", "contact_of_location")  # type: ignore[arg-type]


async def test_locations_are_read_as_soon_as_they_are_the_contacts(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, invoices="preview", payments="off") as company:
        await company.sync()
        assert await company.versions("locations") == []
        await change_settings(company.desk, await integration_named(company.desk, KIND), PER_LOCATION)
        quiet = await syncing.wait_until_quiet(company.desk, company.integration, patience=60.0)
        assert quiet.done and len(await company.versions("locations")) >= len(company.source.locations)
