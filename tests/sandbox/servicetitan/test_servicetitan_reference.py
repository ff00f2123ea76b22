"""Accounts and their types, business units, tax zones, jobs."""

from __future__ import annotations

from decimal import Decimal

import pytest
from servicetitan_world import Client, World

from ml_connector_sandbox.servicetitan.books import GlAccount, Job

pytestmark = pytest.mark.anyio


async def test_accounts_are_filtered_and_read_by_id(api: Client, world: World) -> None:
    path = "accounting/gl-accounts"
    income = world.books.add_gl_account(
        GlAccount(name="Sales", number="4000", type="Income", source="PublicApi", default_account_type="Revenue")
    )
    hits = {
        "names": "Sales,Other",
        "numbers": "4000",
        "types": "Income",
        "source": "PublicApi",
        "ids": income.id,
    }
    for name, value in hits.items():
        assert await api.ids(path, **{name: value}) == [income.id], name
    assert await api.ids(path, subtypes="Supplies") == [world.account.id]
    assert (await api.get(path, source="publicApi")).status == 400
    many = ",".join(str(place) for place in range(51))
    assert (await api.get(path, names=many)).status == 400
    row = (await api.get(f"{path}/{income.id}")).body
    assert (row["defaultAccountType"], row["subtype"]) == ("Revenue", None)


async def test_account_types_come_with_their_accounts(api: Client) -> None:
    rows = (await api.get("accounting/gl-accounts/types", sort="+Id")).body["data"]
    assert [(row["name"], row["parentTypeId"]) for row in rows] == [
        ("Cost of Goods Sold", None), ("Supplies", rows[0]["id"]),
    ]  # fmt: skip


async def test_business_units_carry_the_currency(api: Client, world: World) -> None:
    assert await api.ids("settings/business-units", name="Plumbing") == []
    rows = (await api.get("settings/business-units", ids=world.unit.id)).body["data"]
    assert [(row["name"], row["currency"]) for row in rows] == [("HVAC", "USD")]


async def test_tax_rates_are_fractions_as_numbers(api: Client) -> None:
    row = (await api.get("accounting/tax-zones")).body["data"][0]
    assert (row["rates"][0]["taxRate"], row["rates"][0]["taxBaseType"]) == (Decimal("0.0825"), ["Subtotal"])


async def test_job_numbers_are_read_by_ids(api: Client, world: World) -> None:
    done = Job(job_number="J-78", business_unit_id=world.unit.id, job_status="Completed", summary="<p>Coil</p>")
    kept = world.books.add_job(done)
    rows = (await api.get("jpm/jobs", ids=f"{world.job.id},{kept.id}", sort="+Id")).body["data"]
    assert [row["jobNumber"] for row in rows] == ["J-77", "J-78"]
    assert await api.ids("jpm/jobs", jobStatus="Completed") == [kept.id]
    assert await api.ids("jpm/jobs", number="J-77") == [world.job.id]
    assert (await api.get(f"jpm/jobs/{kept.id}")).body["summary"] == "<p>Coil</p>"
    assert (await api.get("jpm/jobs", jobStatus="completed")).status == 400
