"""A customer whose locations are contacts of their own is erased: they go with the customer, and do not come back."""

from __future__ import annotations

from pathlib import Path

import pytest
from everything_stored import where_shown
from sales_world import Selling, selling

from ml_connector.service import erasing
from ml_connector.service.finding import Filter
from ml_connector.service.replaying import replay
from ml_connector.store.database import Database
from ml_connector_sandbox.servicetitan.books.customers import Customer, CustomerAddress

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]

NAME = "Wilhelmina Quackenbush"
SHOWN = ("Wilhelmina", "Quackenbush", "Zebra Crossing")


async def record_of(company: Selling, flow: str, customer: int) -> str:
    async with company.desk.looking() as reading:
        [row] = await reading.all(
            """select record_id from record r join flow f using (tenant_id, flow_id)
            where tenant_id = %s and f.name = %s and (r.source_id = %s or r.source_id like %s)""",
            company.desk.tenant_id, flow, str(customer), f"{customer}-%",
        )  # fmt: skip
    return f"#{row[0]}"


@pytest.mark.parametrize(("flow", "called"), [("customers", NAME), ("locations", f"{NAME}, 77 Zebra Crossing")])
async def test_the_locations_go_with_their_customer(
    database: Database, database_url: str, tmp_path: Path, flow: str, called: str
) -> None:
    async with selling(database, tmp_path, {"contact_per": "location"}) as company:
        address = CustomerAddress(street="77 Zebra Crossing", city="Austin", state="TX", zip="78701", country="USA")
        customer = company.source.crm.add_customer(Customer(name=NAME, type="Residential", address=address)).id
        invoice = company.bill("100.00", customer=customer)
        await company.sync()
        assert await company.end("invoices", invoice.id) == ("posted", "")
        [there] = [one for one in company.target.contacts if one.name == f"{NAME}, 77 Zebra Crossing"]
        kept = there.updated

        async def shown() -> set[str]:
            return await where_shown(company.desk.runtime, database_url, company.desk.tenant_id, SHOWN)

        assert await shown()
        await erasing.erase(company.desk, await record_of(company, flow, customer), called)
        assert await shown() == set()
        company.source.crm.change_customer(customer, name=f"{NAME} the second")
        await replay(company.desk, Filter(party=str(customer)))
        await company.sync()
        assert await shown() == set() and there.updated == kept
