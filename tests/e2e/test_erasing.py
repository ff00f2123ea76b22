"""A customer is erased: no table shows her any more, everything ties as before, and no reading brings her back."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from everything_stored import where_shown
from sales_world import Selling, selling

from ml_connector import audit
from ml_connector.errors import Refused
from ml_connector.service import erasing
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.receivables import compare
from ml_connector.service.replaying import replay
from ml_connector.store.database import Database
from ml_connector_sandbox.servicetitan.books.customers import Contact, Customer, CustomerAddress

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(900)]

NAME = "Wilhelmina Quackenbush"
SHOWN = ("Wilhelmina", "Quackenbush", "mina.quack", "555-0199", "5550199", "Zebra Crossing")


async def test_nothing_of_her_is_left_and_nothing_comes_back(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    async with selling(database, tmp_path, customers_back="live") as company:

        async def shown() -> set[str]:
            return await where_shown(company.desk.runtime, database_url, company.desk.tenant_id, SHOWN)

        customer = taken_in(company)
        invoice = company.bill("100.00", customer=customer)
        described(company, invoice.id, f"Installed at {NAME}'s")
        company.take(invoice, "60.00")
        unpaid = company.bill("50.00", customer=customer)
        await company.sync()
        await company.sync()  # the first has given contacts a role, which makes them records of the way back
        assert await company.end("invoices", invoice.id) == ("posted", "")
        before, seen = await figures(company), await shown()
        assert {"document.raw", "document.canonical", "directory.body", "exchange.body", "audit_event.body"} <= seen
        assert {"intent.payload", "link.base"} <= seen

        record = await record_of(company, customer)
        assert await claims_of(company, customer) > 0
        would = await erasing.erasable(company.desk, record)
        assert would.name == NAME and {one.list for one in would.parties} == {"customers", "parties"}
        assert not would.under_way and await shown() == seen
        done = await erasing.erase(company.desk, record, NAME)
        assert done.rows == would.rows and done.rows["digests of names"] > 0
        assert await shown() == set() and await claims_of(company, customer) == 0
        verified = await audit.verify(database, company.desk.tenant_id)
        assert verified.intact and verified.erased == done.rows["events of the audit trail"] > 0
        assert await figures(company) == before
        life = await explain(company.desk, record)
        assert life.party == "erased" and life.link is not None
        told = life.timeline[-1]
        assert (told.kind, told.actor) == ("party erased", company.desk.actor.name)
        with pytest.raises(Refused, match="erased already"):
            await erasing.erase(company.desk, record, NAME)

        there = contact(company)
        await replay(company.desk, Filter(party=str(customer)))
        await company.sync()
        assert await figures(company) == before and contact(company) == there and await shown() == set()
        company.source.crm.change_customer(customer, name=f"{NAME} the second")
        company.target.desk.change_contact(
            named(company), Phones=[{"PhoneType": "DEFAULT", "PhoneNumber": "555-0199 new"}]
        )
        [posted] = company.there(unpaid.reference_number)
        total = posted.total
        repriced(company, unpaid.id, "70.00")
        later = company.bill("80.00", customer=customer)
        described(company, later.id, f"Repaired at {NAME}'s")
        await company.sync()
        assert await company.end("invoices", later.id) == ("posted", "")
        assert [one.contact_id for one in company.there(later.reference_number)] == [named(company).contact_id]
        assert company.there(unpaid.reference_number) == [posted] and posted.total > total
        assert await claims_of(company, customer) == 0
        assert await shown() == set() and named(company).phones["DEFAULT"]["PhoneNumber"] == "555-0199 new"
        assert (await audit.verify(database, company.desk.tenant_id)).intact


async def test_the_street_in_a_line_does_not_come_back_with_the_next_payment(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    async with selling(database, tmp_path) as company:
        customer = taken_in(company)
        invoice = company.bill("100.00", customer=customer)
        described(company, invoice.id, "Installed at 77 Zebra Crossing, call (512) 555-0199")
        await company.sync()
        record = await record_of(company, customer)
        await erasing.erase(company.desk, record, NAME)
        company.take(company.source.invoices[invoice.id], "60.00")
        await company.sync()
        assert await company.end("invoices", invoice.id) == ("unchanged", ""), "nothing is written for it"
        assert await where_shown(company.desk.runtime, database_url, company.desk.tenant_id, SHOWN) == set()


async def claims_of(company: Selling, customer: int) -> int:
    """How many digests of what tells the customer from others are kept, of whichever record of hers."""
    async with company.desk.looking() as reading:
        [[count]] = await reading.all(
            """select count(*) from party_claim c join record r using (tenant_id, record_id)
            join link l on l.tenant_id = r.tenant_id and l.entity = 'customers' and r.source_id in (l.source_id, l.target_id)
            where c.tenant_id = %s and l.source_id = %s""",
            company.desk.tenant_id, str(customer),
        )  # fmt: skip
    return int(count)


# --- the company's people ------------------------------------------------------------------------------------------


def taken_in(company: Selling) -> int:
    """A private customer with a name, telephone, e-mail and address that nobody else has."""
    contacts = [
        Contact(customer_id=0, type=kind, value=value)
        for kind, value in (
            ("Phone", "(512) 555-0199"),
            ("MobilePhone", "512 555-0199"),
            ("Email", "mina.quack@example.net"),
        )
    ]
    address = CustomerAddress(
        street="77 Zebra Crossing", city="Austin", state="TX", zip="78701", country="USA",
        latitude=Decimal("30.26"), longitude=Decimal("-97.74"),
    )  # fmt: skip
    return company.source.crm.add_customer(Customer(name=NAME, address=address), contacts=contacts).id


def described(company: Selling, invoice_id: int, text: str) -> None:
    """Somebody writes the customer's name into a line of an invoice."""
    [item, *_] = company.source.invoices[invoice_id].items
    company.source.invoicing.change_item(invoice_id, item.id, warned=True, description=text)


def repriced(company: Selling, invoice_id: int, price: str) -> None:
    """The price of an invoice's piece is another one after it was posted."""
    [item, *_] = company.source.invoices[invoice_id].items
    company.source.invoicing.change_item(invoice_id, item.id, warned=True, price=Decimal(price))


def named(company: Selling) -> Any:
    """Her contact in Xero."""
    [one] = [one for one in company.target.contacts if one.name == NAME]
    return one


def contact(company: Selling) -> tuple[Any, ...]:
    """What Xero has of her, and when it was changed last."""
    one = named(company)
    return one.updated, dict(one.texts), repr(one.phones), repr(one.addresses)


# --- what we show --------------------------------------------------------------------------------------------------


async def record_of(company: Selling, customer: int) -> str:
    """The record of a customer."""
    async with company.desk.looking() as reading:
        [row] = await reading.all(
            """select record_id from record r join flow f using (tenant_id, flow_id)
            where tenant_id = %s and f.name = 'customers' and r.source_id = %s""",
            company.desk.tenant_id, str(customer),
        )  # fmt: skip
    return f"#{row[0]}"


async def figures(company: Selling) -> tuple[Any, ...]:
    """Counts and sums of the ledger, and what customers owe on both sides."""
    async with company.desk.looking() as reading:
        ledger = await reading.all(
            """select f.name, s.state, count(*), sum(d.amount) from document d
            join version_state s using (tenant_id, version_id) join flow f using (tenant_id, flow_id)
            where tenant_id = %s group by 1, 2 order by 1, 2""",
            company.desk.tenant_id,
        )  # fmt: skip
        links = await reading.one("select count(*) from link where tenant_id = %s", company.desk.tenant_id)
    owed = await compare(company.desk, company.integration)
    return ledger, links, owed.customers, owed.here, owed.there
