"""Two customers of one name and mail, and one contact of theirs in Xero: a person says whose it is, or merges them."""

from __future__ import annotations

from pathlib import Path

import pytest
from sales_world import Selling, selling

from ml_connector.service.integrating import integration_named
from ml_connector.service.mapping.values import set_value
from ml_connector.service.matches import matches
from ml_connector.store.database import Database
from ml_connector_sandbox.servicetitan.books.customers import Contact, Customer

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]
NAME, MAIL = "Wilma Quackenbush", "wilma.quack@example.net"
HELD = ("held", "party_claimed")


def entered(company: Selling) -> int:
    mail = Contact(customer_id=0, type="Email", value=MAIL)
    return company.source.crm.add_customer(Customer(name=NAME), contacts=[mail]).id


async def links(company: Selling, *customers: int) -> dict[int, str]:
    async with company.desk.looking() as reading:
        rows = await reading.all(
            "select source_id, target_id from link where tenant_id = %s and entity = 'customers'",
            company.desk.tenant_id,
        )
    return {int(source): str(target) for source, target in rows if int(source) in customers}


async def test_neither_is_billed_on_the_contact_until_it_is_known_whose_it_is(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path, customers_back="live") as company:
        there = company.target.desk.add_contact(NAME, EmailAddress=MAIL).contact_id
        first, second = entered(company), entered(company)
        invoice = company.bill("100.00", customer=first)  # nothing needs the second one
        await company.sync()
        assert await company.end("customers", first) == HELD
        assert (await company.end("invoices", invoice.id))[0] == "held"
        assert await links(company, first, second) == {}
        told = await matches(company.desk, company.integration, "customers")
        pairs = {(one.key, one.target_id): one for one in told.found}
        assert pairs[str(first), there].claimed_by == (f"{NAME} ({second})",) and not pairs[str(first), there].proof

        company.source.crm.merge(second, first, documents_follow=False)
        await company.sync()
        assert await links(company, first, second) == {first: there}
        assert await company.end("invoices", invoice.id) == ("posted", "")
        assert [one.contact_id for one in company.there(invoice.reference_number)] == [there]


async def test_a_preview_does_not_go_on_showing_what_is_not_sure_any_more(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, customers="preview", invoices="off", payments="off") as company:
        there = company.target.desk.add_contact(NAME, EmailAddress=MAIL).contact_id
        first = entered(company)
        await company.sync()
        assert await company.end("customers", first) == ("planned", "")
        second = entered(company)
        await company.sync()
        assert [await company.end("customers", one) for one in (first, second)] == [HELD, HELD]
        integration = await integration_named(company.desk, company.integration.kind)
        await set_value(company.desk, integration, "customers", str(second), there, anyway=True)
        await company.sync()
        assert await company.end("customers", second) == ("planned", "")
        assert (await company.end("customers", first))[0] == "held"
