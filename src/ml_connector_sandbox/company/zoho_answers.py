"""How a person would fill the mapping tables of what ServiceTitan sells, with Zoho Books."""

from __future__ import annotations

from ml_connector_sandbox.company import sales_catalogue as sold
from ml_connector_sandbox.company.sales_seed import Sales

NO_ACCOUNT = "(none)"
_RULES = {sold.WRITE_OFF: "write-off", sold.FINANCING_FEE: "fee"}
_INCOME = ("4100", "4200", "4900")


def mapping(sales: Sales) -> dict[str, dict[str, str]]:
    """Every table of sales: key -> target. A zone whose tax the ledger has under another name, or not at all, is left out."""
    ledger = {code: one.account_id for code, one in sales.seed.ledger.items()}
    taxes = {one.tax_name: one.tax_id for one in sales.seed.organisation.taxes.values()}
    return {
        "sales_accounts": {**{number: ledger[number] for number in _INCOME}, NO_ACCOUNT: ledger["4200"]},
        "sales_tax": {zone: taxes[zone] for zone in sales.seed.zones if zone in taxes},
        "payment_types": {
            str(sales.types[name].id): f"{_RULES.get(name, 'account')}:{ledger[number]}"
            for name, _, number in sold.PAYMENT_TYPES
        },
    }
