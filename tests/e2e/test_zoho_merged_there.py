"""Customers whose contact was merged in Zoho Books: followed where all their documents say so, told where they do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from zoho_selling_world import Selling, selling

from ml_connector.store.database import Database
from ml_connector.sync.restored import LOOKED
from ml_connector_sandbox.zoho_books.books.masters import Contact

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]
HELD = ("held", "counterpart_missing")


async def all_of(company: Selling, query: str) -> list[tuple[object, ...]]:
    async with company.desk.looking() as reading:
        return [tuple(row) for row in await reading.all(query, company.desk.tenant_id)]


async def links(company: Selling) -> dict[str, str]:
    """Contacts by customer."""
    rows = await all_of(company, "select source_id, target_id from link where tenant_id = %s and entity = 'customers'")
    return {str(source): str(target) for source, target in rows}


async def moves(company: Selling) -> list[tuple[object, ...]]:
    """What was told of links that went over."""
    return await all_of(company, "select record_id from audit_event where tenant_id = %s and kind = 'link moved'")


async def contact(company: Selling, customer: int) -> Contact:
    """The contact that a customer is linked with."""
    found = company.target.contacts.get((await links(company))[str(customer)])
    assert found is not None
    return found


def merge(company: Selling, was: Contact, into: Contact) -> None:
    """A bookkeeper merges a customer's contact into another."""
    company.at_zoho("merge contacts", contact=was.contact_name, into=into.contact_name, kind="customer")


def other(company: Selling, name: str, like: Contact | None = None) -> Contact:
    """One more customer there, with the e-mail of another."""
    persons = [{"email": one["email"]} for one in (like.persons if like else []) if one.get("email")][:1]
    return company.target.add_contact(name, "customer", contact_persons=persons)


async def test_a_customer_is_followed_by_invoices_or_credit_notes_and_not_by_payments(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path, customers="live") as company:
        billed, credited, payer = sorted(one.id for one in company.source.customers if one.active)[:3]
        company.bill("100.00", customer=billed)
        company.give("CM-1", "40.00", credited)
        company.take("30.00", customer=payer)
        await company.sync(2)
        left = {}
        for n, customer in enumerate((billed, credited, payer)):
            was = await contact(company, customer)
            left[customer] = other(company, f"Left Over {n}", was)
            merge(company, was, left[customer])
        before, before_links = company.sandbox.zoho_books.essence(), await links(company)
        await company.a_day_later()
        await company.sync(2)
        now = await links(company)
        followed = {str(one): left[one].contact_id for one in (billed, credited)}
        assert {one: now[one] for one in followed} == followed
        assert now[str(payer)] == before_links[str(payer)] and await company.end("customers", payer) == HELD
        assert len(await moves(company)) == 2
        assert company.sandbox.zoho_books.essence() == before, "a merger overwrites nothing"
        later = company.bill("50.00", customer=billed)
        await company.sync(2)
        assert company.there(later).customer_id == left[billed].contact_id


async def test_customers_merged_at_the_source_ask_for_the_same_of_their_contacts(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path, customers="live") as company:
        survivor, loser = company.sales.homes[0], company.sales.homes[1]
        paid, open_ = company.bill("100.00", customer=loser), company.bill("60.00", customer=loser)
        company.bill("50.00", customer=survivor)
        money = company.take("40.00", (paid, "40.00"), customer=loser)
        await company.sync(2)
        was, into = await contact(company, loser), await contact(company, survivor)
        company.source.crm.merge(loser, survivor)
        await company.sync(2)
        assert await company.end("customers", loser) == ("skipped", "customer_merged_away")
        assert await company.end("invoices", paid.id) == ("held", "change_when_paid")
        assert company.there(paid).customer_id == was.contact_id and company.paid(money).unused == 0
        assert company.there(open_).customer_id == into.contact_id
        merge(company, was, into)
        await company.a_day_later()
        await company.sync(2)
        assert (await company.end("invoices", paid.id))[0] != "held"
        assert company.there(paid).customer_id == into.contact_id and company.paid(money).unused == 0
        assert company.compared() == []


async def test_documents_that_disagree_move_nothing_and_whom_it_may_be_is_told(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path, customers="live") as company:
        customer = company.sales.homes[0]
        first, _ = company.bill("100.00", customer=customer), company.bill("80.00", customer=customer)
        await company.sync(2)
        was = await contact(company, customer)
        left, third = other(company, "Left Over", was), other(company, "Somebody Else")
        merge(company, was, left)
        company.at_zoho("edit invoice", invoice=first.reference_number, changes={"customer_id": third.contact_id})
        await company.a_day_later()
        await company.sync(2)
        assert (await links(company))[str(customer)] == was.contact_id and await moves(company) == []
        assert await company.end("customers", customer) == HELD
        [sentence] = await company.waits(customer)
        assert was.contact_id in sentence and f"id {left.contact_id}" in sentence


async def test_a_survivor_that_is_another_customers_stays_that_ones(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, customers="live") as company:
        ann, bob = company.sales.homes[:2]
        for customer in (ann, bob):
            company.bill("100.00", customer=customer)
        await company.sync(2)
        anns, bobs = await contact(company, ann), await contact(company, bob)
        merge(company, anns, bobs)
        known, before = await links(company), company.sandbox.zoho_books.essence()
        first = company.bill("40.00", customer=ann)
        await company.sync()
        assert await company.end("invoices", first.id) == ("held", "contact_gone"), "no list has told it yet"
        await company.a_day_later()
        await company.sync(2)
        assert await links(company) == known and await moves(company) == []
        assert await company.end("customers", ann) == HELD
        assert (await company.end("customers", bob))[0] != "held"
        assert company.sandbox.zoho_books.essence() == before
        later = company.bill("50.00", customer=ann)
        await company.sync(2)
        for one in (first, later):
            assert await company.end("invoices", one.id) == ("held", "contact_gone")
        assert company.sandbox.zoho_books.essence() == before, "nothing of hers is booked on the other's contact"


async def test_the_contact_of_a_location_is_followed_by_what_was_sold_there(database: Database, tmp_path: Path) -> None:
    modes = {"customers": "live", "locations": "live"}
    async with selling(database, tmp_path, {"contact_per": "location"}, **modes) as company:
        invoice = company.bill("100.00")
        await company.sync(2)
        was = company.target.contacts.get(company.there(invoice).customer_id)
        assert was is not None
        [(source_id, name)] = await all_of(
            company,
            f"""select source_id, entity from link where tenant_id = %s and target_entity = 'parties'
            and target_id = '{was.contact_id}'""",
        )
        assert name == "locations" and source_id == f"{invoice.customer_id}-{invoice.location_id}"
        left = other(company, "Left Over")
        merge(company, was, left)
        company.at_zoho(
            "edit contact", contact="Left Over", kind="customer", changes={"contact_name": was.contact_name}
        )
        await company.a_day_later()
        await company.sync(2)
        assert len(await moves(company)) == 1
        later = company.bill("50.00", customer=invoice.customer_id)
        await company.sync(2)
        assert later.location_id == invoice.location_id and company.there(later).customer_id == left.contact_id


async def test_a_contact_that_is_restored_is_found_within_the_hour(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, customers="live") as company:
        customer = company.sales.homes[0]
        await company.sync(2)
        was = await contact(company, customer)
        company.at_zoho("move contact", contact=was.contact_name, to="delete")
        first = company.bill("40.00", customer=customer)
        await company.sync(2)
        assert await company.end("invoices", first.id) == ("held", "contact_gone")
        company.target.contacts.put(was)  # as it was, so no list of changes shows it
        await company.sync(2)
        assert await company.end("invoices", first.id) == ("held", "contact_gone")
        async with company.desk.changing(await company.desk.sealer()) as change:
            await change.run(
                "update feed set moved_at = moved_at - interval '1 hour' where tenant_id = %s and name = %s",
                company.desk.tenant_id, LOOKED,
            )  # fmt: skip
        await company.sync(2)
        assert await company.end("invoices", first.id) == ("posted", "")
        assert company.there(first).customer_id == was.contact_id
