"""A company with a vendor that we made in its ledger, whose facts there the tests choose."""

from __future__ import annotations

import msgspec
from service_ledger import LISTS, Company, bill

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Address, Ref
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import change_settings
from ml_connector.service.mapping.values import set_value

ACME = Ref("v2", "Acme Pipe & Valve")
ADDRESS = Address("1 Main St", city="Austin")


async def make(company: Company, hold: str = "yes") -> None:
    """A bill of a vendor that is new in the ledger, and one of a vendor that was there; nothing waits for anything else."""
    await change_settings(company.desk, company.integration, {"hold_incomplete_vendors": hold})
    for table, key, value in (("accounts", "5100", "a1"), ("vendors", "v2", "new"), ("vendors", "v1", "p1")):
        await set_value(company.desk, await company.now(), table, key, value)
    await set_flow_mode(company.desk, company.integration, "bills", "live")
    await company.read(bill("1", vendor=ACME), bill("2"))
    await settle(company)


async def settle(company: Company) -> None:
    for _ in range(3):
        await company.plan()


async def shows(company: Company, **facts: object) -> None:
    """The ledger shows the new vendor with these facts, from its next reading on."""
    [one] = [step for step in company.books.written if step.entity == "parties"]
    id_ = f"z{company.books.written.index(one) + 1}"
    vendor = msgspec.structs.replace(Party(id_, "vendor", one.number, reference=one.reference), **facts)
    company.books.lists["parties"] = (*LISTS["parties"], vendor)
    async with company.desk.runtime.database.tenant(company.desk.tenant_id) as connection:
        await connection.execute(
            b"update feed set moved_at = moved_at - interval '1 day' where name = 'directory parties'"
        )
    await settle(company)
