"""How a person would fill the mapping tables and settings of ServiceTitan with Xero."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.company import catalogue as names
from ml_connector_sandbox.company import sales_catalogue as sold
from ml_connector_sandbox.company.sales_seed import Sales
from ml_connector_sandbox.company.seed import CURRENCY
from ml_connector_sandbox.xero import OrganisationBooks

EXEMPT, NO_ACCOUNT, TAX, SHIPPING = "(exempt)", "(none)", "(tax)", "(shipping)"
_NOT_TAXED = "NONE"
_RULES = {sold.WRITE_OFF: "write-off", sold.FINANCING_FEE: "fee"}


def settings(sales: Sales) -> dict[str, Any]:
    """The integration's settings."""
    return {"start_date": sales.seed.dates.start_date.isoformat(), "currency": CURRENCY}


def mapping(sales: Sales, books: OrganisationBooks) -> dict[str, dict[str, str]]:
    """Every table: key -> target."""
    accounts = {one.code: one.account_id for one in books.accounts.values()}
    taxes = {one.name: one.tax_type for one in books.tax_rates.values()}
    [category] = [one for one in books.tracking.values() if one.name == names.TAG]
    options = {one.name: one.option_id for one in category.options}
    income = {number: accounts[number] for number in ("4100", "4200", "4900")}
    return {
        "accounts": {**income, NO_ACCOUNT: accounts["4200"]},
        "tax": {**{zone: taxes[zone] for zone in sales.seed.zones if zone in taxes}, EXEMPT: _NOT_TAXED},
        "business_units": {str(unit.id): options[name] for name, unit in sales.seed.units.items()},
        "payment_types": {
            str(sales.types[name].id): f"{_RULES.get(name, 'account')}:{accounts[number]}"
            for name, _, number in sold.PAYMENT_TYPES
        },
        "order_accounts": {
            NO_ACCOUNT: accounts["5110"],
            TAX: accounts[names.TAX_CODE],
            SHIPPING: accounts[names.FREIGHT_CODE],
        },
    }
