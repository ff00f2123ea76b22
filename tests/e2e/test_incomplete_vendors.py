"""A vendor made from here holds what is bought of it until people have entered in the ledger what it lacks there."""

from __future__ import annotations

from pathlib import Path

import pytest
from sales_world import Selling, selling

from ml_connector.service.desk import Desk
from ml_connector.service.integrating import change_settings, integration_named
from ml_connector.service.made_vendors import MadeVendor, made_vendors
from ml_connector.service.status import status
from ml_connector.store.database import Database
from ml_connector_sandbox.zoho_books.books import contacts

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]

MODES = {"customers": "off", "invoices": "off", "payments": "off", "vendors": "as needed", "purchase_orders": "live"}
TERMS = {"Bills": {"Day": 30, "Type": "DAYSAFTERBILLDATE"}}
TAX_NUMBER = "98-7654321"


async def listed(desk: Desk) -> dict[str, MadeVendor]:
    return {one.target_id: one for one in (await made_vendors(desk)).vendors}


async def a_while_later(desk: Desk) -> None:
    """The target's list of parties was last read so long ago that it is read again."""
    async with desk.changing(await desk.sealer()) as change:
        await change.run(
            "update feed set moved_at = moved_at - interval '1 day' where tenant_id = %s and name = 'directory parties'",
            desk.tenant_id,
        )


async def kept(desk: Desk) -> bytes:
    """Everything of exchanges, lists and documents that is stored, as it was before it was sealed."""
    sealer = await desk.sealer()
    found = b""
    async with desk.looking() as reading:
        for (body,) in await reading.all("select body from exchange where tenant_id = %s", desk.tenant_id):
            found += sealer.open(b"exchange", body)
        rows = await reading.all("select entity, object_id, body from directory where tenant_id = %s", desk.tenant_id)
        for entity, object_id, body in rows:
            found += sealer.open(f"directory {entity} {object_id}".encode(), body)
    return found


def waiting(found: dict[str, MadeVendor]) -> int:
    return sum(one.waiting for one in found.values())


async def orders_held(company: Selling) -> int:
    [integration] = (await status(company.desk)).integrations
    return sum(
        cause.count
        for flow in integration.flows
        if flow.flow == "purchase_orders"
        for cause in flow.waiting
        if cause.code == "vendor_lacks_details"
    )


async def test_orders_go_to_xero_once_their_vendor_is_complete_there(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, {"hold_incomplete_vendors": "yes"}, **MODES) as company:
        await company.sync()
        found = await listed(company.desk)
        held = await orders_held(company)
        assert found and held == waiting(found) > 0
        id_, one = max(found.items(), key=lambda pair: pair[1].waiting)
        assert one.lacks[:2] == ("tax id", "payment terms") and one.not_told == ("form 1099",)
        before = len(company.target.orders)
        contact = company.target.contacts.get(id_)
        assert contact is not None
        address = {"AddressType": "POBOX", "AddressLine1": "1 Main St", "City": "Austin"}
        company.target.desk.change_contact(contact, TaxNumber=TAX_NUMBER, PaymentTerms=TERMS, Addresses=[address])
        await a_while_later(company.desk)
        await company.sync()
        assert not (await listed(company.desk))[id_].incomplete
        assert len(company.target.orders) == before + one.waiting
        assert await orders_held(company) == held - one.waiting
        assert TAX_NUMBER.encode() not in await kept(company.desk)


async def test_a_vendor_of_xero_that_was_made_in_servicetitan_is_none_of_them(
    database: Database, tmp_path: Path
) -> None:
    modes = {**MODES, "purchase_orders": "off", "vendors": "live", "vendors_back": "live"}
    async with selling(database, tmp_path, {"new_from_ledger": "create"}, **modes) as company:
        address = {"AddressType": "POBOX", "AddressLine1": "1 Elm St", "City": "Edina", "Region": "MN",
                   "PostalCode": "55424", "Country": "USA"}  # fmt: skip
        new = company.target.desk.add_contact("Walk In Supply", Addresses=[address])
        line = {"Description": "Filter", "Quantity": 1, "UnitAmount": 20, "AccountCode": "4900"}
        company.target.desk.add_bill(new, company.target.today(), [line])
        for _ in range(2):  # changes just before a reading are shown by the next one too
            await company.sync()
        assert "Walk In Supply" in {one.name for one in company.source.vendors}
        found = await listed(company.desk)
        assert found and new.contact_id not in found


async def test_bills_go_to_zoho_books_once_their_vendor_is_complete_there(running) -> None:
    async with running("small") as company:
        now = await integration_named(company.desk, company.integration.kind)
        await change_settings(company.desk, now, {"hold_incomplete_vendors": "yes"})
        await company.live()
        await company.sync()
        found = await listed(company.desk)
        held = [bill for bill, end in (await company.ends()).items() if end == ("held", "vendor_lacks_details")]
        assert len(held) == waiting(found) > 0
        books = company.sandbox.company.seed.organisation
        for id_, one in found.items():
            assert one.lacks[0] == "tax id" and one.not_told == ("payment terms",)
            address = {"address": "1 Main St", "city": "Austin"}
            contacts.update(
                books,
                books.contacts.get(id_),
                {"tax_id_value": TAX_NUMBER, "tax_id_type": "EIN", "billing_address": address},
            )
        await a_while_later(company.desk)
        await company.sync()
        assert not any(one.incomplete for one in (await listed(company.desk)).values())
        ends = await company.ends()
        assert {ends[bill][0] for bill in held} == {"posted"} and company.compared().findings == []
        assert TAX_NUMBER.encode() not in await kept(company.desk)
