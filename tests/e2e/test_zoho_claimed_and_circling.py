"""Zoho Books: two customers who claim one contact, and customers whose mergers lead in a circle, wait for people."""

from __future__ import annotations

from pathlib import Path

import pytest
from zoho_selling_world import Selling, selling

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


async def test_neither_is_billed_on_a_contact_that_two_claim_until_they_are_one(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path) as company:
        there = company.target.add_contact(NAME, "customer", contact_persons=[{"email": MAIL}]).contact_id
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
        assert company.there(invoice).customer_id == there


async def test_nothing_is_moved_while_mergers_lead_in_a_circle(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, customers="live") as company:
        first, second, third = ring = sorted(one.id for one in company.source.customers if one.active)[:3]
        await company.sync()
        before = await links(company, *ring)
        assert before.keys() == {*ring}
        invoice = company.bill("100.00", customer=first)
        for loser, survivor in ((first, second), (second, third), (third, first)):
            company.source.crm.change_customer(loser, active=False, merged_to_id=survivor)
        await company.sync()
        assert await links(company, *ring) == before
        assert [await company.end("customers", one) for one in ring] == [("held", "merge_loop")] * 3
        [told] = await company.waits(first)
        assert f"{first} into {second} into {third} into {first}" in told
        assert (await company.end("invoices", invoice.id))[0] == "held"
        assert invoice.reference_number not in [one.number for one in company.target.invoices]

        company.source.crm.change_customer(third, active=True, merged_to_id=None)
        await company.sync()
        assert await company.end("invoices", invoice.id) == ("posted", "")
        assert company.there(invoice).customer_id == before[third]
        assert await links(company, *ring) == before
