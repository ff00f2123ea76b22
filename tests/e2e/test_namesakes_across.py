"""A customer and a vendor of one name, both to be made: what live does is what the preview of both flows has shown,

whichever is planned, approved or needed first. A firm is one contact with two links; a private person is nobody's namesake
by name alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from sales_world import Selling, selling

from ml_connector.service.approving import Shown, approve_shown
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.mapping.values import set_value
from ml_connector.service.plans import Planned
from ml_connector.service.previewing import stored_plans
from ml_connector.store.database import Database
from ml_connector.sync import claim, push

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]

NAME = "Boreal Supply House"
AS_READ, LATEST_FIRST = "w.version_id limit", "w.version_id desc limit"
PARTIES = {"customers": "preview", "vendors": "preview", "invoices": "off", "payments": "off"}


@dataclass(frozen=True, slots=True)
class Both:
    """Ids of a customer and of a vendor of one name, neither of them in Xero."""

    customer: int
    vendor: int


def named_alike(company: Selling, kind: str) -> Both:
    """Give a customer of a kind, and the vendor of an order that is under way, one name."""
    order = next(one for one in company.source.purchase_orders if one.status == "Sent")
    customer = next(one for one in company.source.customers if one.type == kind and one.name not in there(company))
    company.source.customers.modify(customer.id, name=NAME)
    company.source.vendors.modify(order.vendor_id, name=NAME)
    return Both(customer.id, order.vendor_id)


def there(company: Selling) -> list[str]:
    """The names of Xero's contacts."""
    return [one.name for one in company.target.contacts]


async def of_name(company: Selling, flow: str) -> Planned:
    """The one stored plan of a flow for the party that both are called."""
    found = (await stored_plans(company.desk, Filter(flow=flow), limit=1000)).plans
    [one] = [one for one in found if one.party == NAME]
    return one


async def links(company: Selling) -> dict[tuple[str, str], str]:
    async with company.desk.looking() as reading:
        rows = await reading.all(
            "select entity, source_id, target_id from link where tenant_id = %s", company.desk.tenant_id
        )
    return {(row[0], row[1]): row[2] for row in rows}


async def live(company: Selling, flow: str) -> None:
    await set_flow_mode(company.desk, company.integration, flow, "live")
    await company.sync()


@pytest.mark.parametrize(
    ("order", "at_once", "first"),
    [
        (AS_READ, 50, "customers"), (AS_READ, 1, "vendors"), (LATEST_FIRST, 50, "vendors"), (LATEST_FIRST, 1, "customers"),
    ],
)  # fmt: skip
async def test_a_firm_is_one_contact_with_two_links_as_it_was_previewed(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: str, at_once: int, first: str
) -> None:
    monkeypatch.setattr(push, "BATCH", at_once)
    monkeypatch.setattr(claim, "_CLAIM", claim._CLAIM.replace(AS_READ, order))
    async with selling(database, tmp_path, None, **PARTIES) as company:
        both = named_alike(company, "Commercial")
        await company.sync()
        customer, vendor = await of_name(company, "customers"), await of_name(company, "vendors")
        assert (customer.does, vendor.what) == ("post", f"link to new: customers {both.customer}")
        await live(company, first)
        if first == "vendors":
            assert await company.end("vendors", both.vendor) == ("held", "party_shares_contact")
            assert NAME not in there(company)
        await live(company, "vendors" if first == "customers" else "customers")
        assert await company.end("customers", both.customer) == ("posted", "")
        assert await company.end("vendors", both.vendor) == ("linked", "")
        made = await links(company)
        assert made["customers", str(both.customer)] == made["vendors", str(both.vendor)]
        assert [one for one in there(company) if one.startswith(NAME)] == [NAME]


async def test_a_private_person_and_a_vendor_of_one_name_are_a_question_in_the_preview_as_later(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path, None, **PARTIES) as company:
        both = named_alike(company, "Residential")
        await company.sync()
        assert await company.end("vendors", both.vendor) == ("held", "vendor_ambiguous")
        await live(company, "customers")
        await live(company, "vendors")
        assert await company.end("customers", both.customer) == ("posted", "")
        assert await company.end("vendors", both.vendor) == ("held", "vendor_ambiguous")
        assert [one for one in there(company) if one.startswith(NAME)] == [NAME]


async def test_a_vendor_that_is_another_one_is_previewed_under_the_name_it_gets(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path, None, **PARTIES) as company:
        both = named_alike(company, "Residential")
        await set_value(company.desk, company.integration, "vendors", str(both.vendor), "new", anyway=True)
        await company.sync()
        shown = (await of_name(company, "vendors")).decision["steps"][0]["number"]
        assert shown == f"{NAME} (ST {both.vendor})"
        await live(company, "vendors")
        await live(company, "customers")
        assert await company.end("customers", both.customer) == ("posted", "")
        assert await company.end("vendors", both.vendor) == ("posted", "")
        assert sorted(one for one in there(company) if one.startswith(NAME)) == [NAME, shown]


async def test_an_order_has_the_contact_made_that_its_vendor_is_to_share(database: Database, tmp_path: Path) -> None:
    """Both parties go as needed: what was previewed for an invoice's customer is made for the order's vendor."""
    modes = {"invoices": "preview", "payments": "off", "vendors": "as needed", "purchase_orders": "preview"}
    async with selling(database, tmp_path, None, **modes) as company:
        both = named_alike(company, "Commercial")
        order = next(one for one in company.source.purchase_orders if one.vendor_id == both.vendor)
        invoice = company.bill("100.00", customer=both.customer)
        await company.sync()
        assert (await of_name(company, "vendors")).what == f"link to new: customers {both.customer}"
        for flow, id_ in (("purchase_orders", order.id), ("invoices", invoice.id)):
            assert await company.end(flow, id_) == ("planned", "")
        found = (await stored_plans(company.desk, Filter(flow="purchase_orders"), limit=1000)).plans
        await approve_shown(
            company.desk, [Shown(one.record_id, one.digest) for one in found if one.number == order.number]
        )
        await company.sync()
        assert await company.end("purchase_orders", order.id) == ("posted", "")
        assert await company.end("vendors", both.vendor) == ("linked", "")
        await live(company, "invoices")
        assert await company.end("invoices", invoice.id) == ("posted", "")
        assert [one for one in there(company) if one.startswith(NAME)] == [NAME]
