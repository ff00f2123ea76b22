"""The company's organisation at Xero: the other systems' accounts, units and zones, and some of their people."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ml_connector_sandbox.company import Company, contractor, demo, small
from ml_connector_sandbox.company import catalogue as names
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import START
from ml_connector_sandbox.xero.essence import company_essence
from ml_connector_sandbox.xero.inspection import company_books


@pytest.fixture(scope="module")
def company() -> Company:
    return contractor(SandboxClock.starting(START))


def test_the_same_seed_gives_the_same_books_to_the_last_id() -> None:
    one, other = (small(SandboxClock.starting(START)) for _ in range(2))
    assert company_books(one.xero) == company_books(other.xero)
    assert company_essence(one.xero) == company_essence(other.xero)


def test_its_accounts_have_the_codes_of_the_other_systems(company: Company) -> None:
    codes = {one.code for one in company.xero_organisation.accounts.values()}
    assert {number for number, *_ in names.ACCOUNTS} <= codes
    assert {code for code, *_ in names.LEDGER_ONLY} <= codes
    bank = company.xero_organisation.account_by_code("1000")
    assert bank is not None and (bank.type, bank.currency_code) == ("BANK", "USD")


def test_its_business_units_and_tax_zones_are_there(company: Company) -> None:
    (category,) = company.xero_organisation.tracking.values()
    assert (category.name, tuple(one.name for one in category.options)) == (names.TAG, names.BUSINESS_UNITS)
    rates = {one.name: one.rate for one in company.xero_organisation.tax_rates.values()}
    assert {name: rates[name] for name, _ in names.TAX_ZONES} == {
        names.COST_ZONE: Decimal("8.525"),
        names.ACCOUNT_ZONE: Decimal("5.5"),
        names.UNMAPPED_ZONE: Decimal("7"),
    }


def test_some_of_the_vendors_and_customers_are_known_there(company: Company) -> None:
    theirs = {one.name for one in company.xero_organisation.contacts}
    vendors = {one.name for one in company.seed.tenant.vendors}
    customers = {one.name for one in company.seed.tenant.customers}
    assert vendors & theirs and vendors - theirs
    assert customers & theirs == {"Riverside Apartments"}


def test_the_large_company_has_one_too() -> None:
    assert len(demo(SandboxClock.starting(START)).xero_organisation.contacts) > 10
