"""The firm of eight regions: each has its own ledger, money and business units, and nothing belongs to two."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from ml_connector_sandbox.company import BillTruth, Company
from ml_connector_sandbox.company.regions import BILLS, REGIONS, regions
from ml_connector_sandbox.compare import Comparison, compare
from ml_connector_sandbox.compare_regions import compare_regions
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import Sandbox
from ml_connector_sandbox.servicetitan.books import PRODUCTION
from ml_connector_sandbox.zoho_books.data_centres import DATA_CENTRES, data_centre
from ml_connector_sandbox.zoho_books.inspection import company_books

START = datetime(2026, 11, 16, 14, 0, tzinfo=UTC)


@pytest.fixture
def firm() -> Company:
    return regions(SandboxClock.starting(START))


def enter(firm: Company, region: dict[str, Any], values: dict[str, Any]) -> None:
    """Enter a bill of any region into the ledger of this one, under our reference."""
    row = BillTruth.of(values)
    books = firm.zoho_books.organisations[region["organization_id"]]
    vendor = next(one["name"] for one in region["vendors"] if one["vendor_id"] == row.vendor_id)
    contact = next((one for one in books.contacts if one.contact_name == vendor), None) or books.add_contact(vendor)
    reference = f"servicetitan-{region['tenant_id']}-bills-{row.bill_id}"
    line = {"account_id": region["mapping"]["accounts"]["5110"], "rate": row.total, "quantity": 1}
    fields = [{"api_name": "cf_ml_connector_ref", "value": reference}]
    books.add_bill(contact, row.number, row.date, [line], custom_fields=fields)


def looked(firm: Company, region: dict[str, Any]) -> Comparison:
    return compare(region, firm.servicetitan.as_dict(), company_books(firm.zoho_books))


def test_all_regions_are_compared_in_one_go(firm: Company) -> None:
    company = {"regions": firm.regions}
    found = compare_regions(company, firm.servicetitan.as_dict(), company_books(firm.zoho_books))
    assert found.regions.keys() == {one.name for one in DATA_CENTRES} and not found.agrees
    assert {one.missing for one in found.regions.values()} == {BILLS}
    assert found.as_dict()["regions"]["eu"] == looked(firm, firm.regions[0]).as_dict()


def test_there_is_one_ledger_in_each_data_centre(firm: Company) -> None:
    assert {one["data_centre"] for one in firm.regions} == {one.name for one in DATA_CENTRES}
    for region, told in zip(REGIONS, firm.regions, strict=True):
        profile = firm.zoho_books.organisations[told["organization_id"]].profile
        assert (profile.data_centre, profile.currency_code, profile.time_zone) == (
            told["data_centre"], told["currency"], told["time_zone"],
        ) == (region.centre, region.currency, region.zone)  # fmt: skip
    assert [one["tenant"] for one in firm.regions] == [0, 0, 0, 0, 0, 1, 2, 3]


def test_business_units_and_bills_belong_to_one_region_each(firm: Company) -> None:
    for tenant in {one["tenant_id"] for one in firm.regions}:
        books = firm.servicetitan.tenant(tenant, PRODUCTION)
        told = [one for one in firm.regions if one["tenant_id"] == tenant]
        units = [unit for one in told for unit in one["business_units"]]
        assert len(units) == len(set(units)) == 2 * len(told)
        elsewhere = {bill for one in told for bill in one["of_no_region"]}
        seen = set(elsewhere)
        for one in told:
            rows = [BillTruth.of(values) for values in one["truth"]]
            assert len(rows) == BILLS and {row.currency for row in rows} == {one["currency"]}
            for row in rows:
                bill = books.bills[int(row.bill_id)]
                assert str(bill.business_unit_id) in one["business_units"] and row.bill_id not in seen
                assert books.business_units[bill.business_unit_id or 0].currency == row.currency
                seen.add(row.bill_id)
        assert seen == {str(bill.id) for bill in books.bills}
        assert not {str(books.bills[int(bill)].business_unit_id) for bill in elsewhere} & set(units)
        numbers = [bill.vendor_number for bill in books.bills]
        assert len(numbers) == len(set(numbers))


def test_money_without_a_smaller_unit_is_whole(firm: Company) -> None:
    [japan] = [one for one in firm.regions if one["currency"] == "JPY"]
    assert all(Decimal(row["total"]) % 1 == 0 for row in japan["truth"])
    assert any(Decimal(row["total"]) % 1 for row in firm.regions[0]["truth"])


def test_each_ledger_is_compared_by_itself(firm: Company) -> None:
    first, second, *_ = firm.regions
    assert looked(firm, first).missing == BILLS
    for row in first["truth"]:
        enter(firm, first, row)
    assert looked(firm, first).findings == [] and looked(firm, second).missing == BILLS
    enter(firm, second, first["truth"][0])
    found = looked(firm, second)
    assert (found.unexpected, found.missing) == (1, BILLS)


def test_the_same_start_gives_the_same_firm(firm: Company) -> None:
    assert firm.as_dict() == regions(SandboxClock.starting(START)).as_dict()
    assert firm.as_dict()["currency"] == firm.settings()["currency"] == "EUR"
    assert firm.start_date == date(2026, 7, 1)


@pytest.mark.anyio
async def test_a_client_is_known_in_its_own_data_centre_alone() -> None:
    async with Sandbox.running("regions") as sandbox, aiohttp.ClientSession() as session:
        for told in sandbox.handover["company"]["regions"]:
            credentials = told["credentials"]["zoho_books"]
            known = {}
            for centre in ("us", told["data_centre"]):
                host = data_centre(centre).accounts_host
                form = {
                    "grant_type": "refresh_token", "refresh_token": "none", "client_id": credentials["client_id"],
                    "client_secret": credentials["client_secret"],
                }  # fmt: skip
                url = f"http://127.0.0.1:{sandbox.server.port}/oauth/v2/token"
                async with session.post(url, data=form, headers={"Host": host}) as answer:
                    known[centre] = (await answer.json())["error"]
            assert known.pop(told["data_centre"]) == "invalid_code"
            assert set(known.values()) <= {"invalid_client"}


@pytest.mark.anyio
async def test_each_tenant_lets_in_its_own_client_alone() -> None:
    async with Sandbox.running("regions") as sandbox, aiohttp.ClientSession() as session:
        granted = {
            told["tenant_id"]: told["credentials"]["servicetitan"] for told in sandbox.handover["company"]["regions"]
        }
        assert len(granted) == 4
        for tenant, credentials in granted.items():
            token = await _token(session, sandbox.server.port, credentials)
            for other in granted:
                path = f"/inventory/v2/tenant/{other}/vendors"
                headers = {"Host": "api.servicetitan.io", "Authorization": token, "ST-App-Key": credentials["app_key"]}
                async with session.get(f"http://127.0.0.1:{sandbox.server.port}{path}", headers=headers) as answer:
                    assert answer.status == (200 if other == tenant else 403)


async def _token(session: aiohttp.ClientSession, port: int, credentials: dict[str, str]) -> str:
    form = {
        "grant_type": "client_credentials", "client_id": credentials["client_id"],
        "client_secret": credentials["client_secret"],
    }  # fmt: skip
    url, headers = f"http://127.0.0.1:{port}/connect/token", {"Host": "auth.servicetitan.io"}
    async with session.post(url, data=form, headers=headers) as answer:
        return str((await answer.json())["access_token"])
