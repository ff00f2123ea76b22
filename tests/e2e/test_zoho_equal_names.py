"""Zoho Books: customers and vendors of one name, where an organisation takes each name once and where it does not care."""

from __future__ import annotations

from pathlib import Path

import pytest
from zoho_selling_world import Selling, selling

from ml_connector.service.connection_settings import change_connection_settings
from ml_connector.service.connections import connection_named
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.previewing import stored_plans
from ml_connector.service.replaying import replay
from ml_connector.store.database import Database
from ml_connector_sandbox.company import Company
from ml_connector_sandbox.servicetitan.books.customers import Contact, Customer

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]
NAME = "Wilma Quackenbush"
ONCE = {"duplicate_names": "no"}
PREVIEW = {"customers": "preview", "vendors": "preview", "invoices": "off", "payments": "off", "credit_memos": "off"}
POSTED = ("posted", "")


def once(company: Company) -> None:
    """The organisation takes each name once."""
    company.zoho_books_switches.duplicate_contact_names = False


def entered(company: Selling, name: str, mail: str) -> int:
    contact = Contact(customer_id=0, type="Email", value=mail)
    return company.source.crm.add_customer(Customer(name=name), contacts=[contact]).id


def vendor_called(company: Selling, name: str) -> int:
    """A vendor of ServiceTitan that gets a name."""
    vendor = min(one.id for one in company.source.vendors if one.active)
    company.source.vendors.modify(vendor, name=name)
    return vendor


def there(company: Selling, like: str) -> list[tuple[str, str]]:
    """Name and kind of Zoho's contacts whose names begin so."""
    known = [(one.contact_name, one.contact_type) for one in company.target.contacts]
    return sorted(one for one in known if one[0].casefold().startswith(like.casefold()))


async def shown(company: Selling, flow: str) -> list[str]:
    """What the stored plans call the contacts that they make or change."""
    plans = (await stored_plans(company.desk, Filter(flow=flow), limit=1000)).plans
    return [one.decision["steps"][0]["number"] for one in plans if one.decision.get("steps")]


async def live(company: Selling, *flows: str) -> None:
    for flow in flows:
        await set_flow_mode(company.desk, company.integration, flow, "live")
    await company.sync(2)


async def test_both_of_one_batch_and_the_vendor_of_the_name_are_sent_as_they_were_previewed(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path, None, ONCE, once, **PREVIEW) as company:
        first, second = entered(company, NAME, "w@one.example"), entered(company, NAME.upper(), "w@two.example")
        vendor = vendor_called(company, NAME)
        await company.sync()
        wanted = [f"{NAME.upper()} (ST {second})", NAME]
        assert sorted(name for name in await shown(company, "customers") if name.upper().startswith("WILMA")) == wanted
        assert f"{NAME} (ST {vendor})" in await shown(company, "vendors")
        await live(company, "vendors", "customers")
        assert [await company.end("customers", one) for one in (first, second)] == [POSTED, POSTED]
        assert await company.end("vendors", vendor) == POSTED
        expected = [(wanted[0], "customer"), (NAME, "customer"), (f"{NAME} (ST {vendor})", "vendor")]
        assert there(company, NAME) == sorted(expected)


async def test_a_name_that_an_inactive_contact_has_is_known_as_taken(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, None, ONCE, once, **PREVIEW) as company:
        company.target.add_contact(NAME, "vendor")
        company.at_zoho("move contact", contact=NAME, kind="vendor", to="inactive")
        customer = entered(company, NAME, "w@one.example")
        await company.sync()
        assert f"{NAME} (ST {customer})" in await shown(company, "customers")
        await live(company, "customers")
        assert await company.end("customers", customer) == POSTED
        assert there(company, NAME) == [(NAME, "vendor"), (f"{NAME} (ST {customer})", "customer")]


async def test_where_equal_names_are_permitted_nothing_is_changed(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, None, None, **PREVIEW) as company:
        vendor = vendor_called(company, NAME)
        customer = entered(company, NAME, "w@one.example")
        await company.sync()
        await live(company, "vendors", "customers")
        assert await company.end("customers", customer) == await company.end("vendors", vendor) == POSTED
        assert there(company, NAME) == [(NAME, "customer"), (NAME, "vendor")]


async def test_two_that_are_renamed_alike_with_one_that_is_new(database: Database, tmp_path: Path) -> None:
    modes = {**PREVIEW, "customers": "live"}
    async with selling(database, tmp_path, None, ONCE, once, **modes) as company:
        ids = [entered(company, f"{one} Quackenbush", f"{one}@q.example") for one in ("Anna", "Bert")]
        await company.sync()
        assert len(there(company, "Anna")) == len(there(company, "Bert")) == 1
        for one in ids:
            company.source.crm.change_customer(one, name=NAME)
        new = entered(company, NAME, "new@q.example")
        await company.sync(2)
        assert [await company.end("customers", one) for one in (*ids, new)] == [POSTED] * 3
        names = [name for name, _ in there(company, NAME)]
        assert len(names) == len({one.casefold() for one in names}) == 3
        bare = [one for one in (*ids, new) if f"{NAME} (ST {one})" not in names]
        assert NAME in names and len(bare) == 1


async def test_renames_are_sent_as_they_were_previewed(database: Database, tmp_path: Path) -> None:
    modes = {**PREVIEW, "customers": "live"}
    async with selling(database, tmp_path, None, ONCE, once, **modes) as company:
        ids = [entered(company, f"{one} Quackenbush", f"{one}@q.example") for one in ("Anna", "Bert")]
        await company.sync()
        await set_flow_mode(company.desk, company.integration, "customers", "preview")
        for one in reversed(ids):
            company.source.crm.change_customer(one, name=NAME)
        await company.sync()
        new = entered(company, NAME, "new@q.example")
        await company.sync()
        previewed = sorted(name for name in await shown(company, "customers") if name.startswith(NAME))
        assert previewed == [NAME, *(f"{NAME} (ST {one})" for one in sorted((ids[1], new)))]
        await live(company, "customers")
        assert [await company.end("customers", one) for one in (*ids, new)] == [POSTED] * 3
        assert [name for name, _ in there(company, NAME)] == previewed


async def test_a_name_that_is_taken_meanwhile_is_refused_for_the_same_reason(
    database: Database, tmp_path: Path
) -> None:
    """While the setting says that names may be twice, the refusal tells what to set; then a replay is enough."""
    modes = {**PREVIEW, "customers": "live"}
    async with selling(database, tmp_path, None, {"duplicate_names": "yes"}, once, **modes) as company:
        company.target.add_contact(NAME, "vendor")
        customer = entered(company, NAME, "w@one.example")
        await company.sync()
        assert await company.end("customers", customer) == ("rejected", "duplicate_name")
        connection = await connection_named(company.desk, "zoho-books")
        await change_connection_settings(company.desk, connection, ONCE)
        await company.sync()
        await replay(company.desk, Filter(flow="customers", reason="duplicate_name"))
        await company.sync()
        assert await company.end("customers", customer) == POSTED
        assert (f"{NAME} (ST {customer})", "customer") in there(company, NAME)


async def test_one_whose_name_with_its_number_is_taken_too_waits_and_goes_once_that_is_free(
    database: Database, tmp_path: Path
) -> None:
    modes = {**PREVIEW, "customers": "live"}
    async with selling(database, tmp_path, None, ONCE, once, **modes) as company:
        customer = entered(company, NAME, "w@one.example")
        company.target.add_contact(NAME, "vendor")
        other = f"{NAME} (ST {customer})"
        company.target.add_contact(other, "vendor")
        await company.sync()
        assert await company.end("customers", customer) == ("held", "duplicate_name")
        [told] = await company.waits(customer)
        assert f"'{other}'" in told and "vendor" in told
        company.at_zoho("edit contact", contact=other, kind="vendor", changes={"contact_name": "Somebody else"})
        await company.sync(2)
        assert await company.end("customers", customer) == POSTED
        assert (other, "customer") in there(company, NAME)
