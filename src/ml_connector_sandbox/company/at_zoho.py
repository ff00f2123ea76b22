"""What the company's ledger at Zoho Books needs for its sales: accounts, tax of its zones, items, and our reference."""

from __future__ import annotations

from ml_connector_sandbox.company import catalogue as names
from ml_connector_sandbox.company import sales_catalogue as sold
from ml_connector_sandbox.company.seed import Seed

# Code, name, type: what the ledger needs for sales besides the income accounts it has.
_SELLING = (
    ("1010", "Business Checking", "bank"),
    ("1200", "Undeposited Funds", "other_current_asset"),
    ("1210", "Card Clearing", "other_current_asset"),
    ("4900", "Discounts Given", "income"),
    ("6800", "Bad Debt", "expense"),
    ("6810", "Financing and Card Fees", "expense"),
)
_REFERENCED = ("invoice", "credit_note", "customerpayment", "item")


def file_sales(seed: Seed) -> None:
    """Everything at once: each zone has its tax, and each ware its item, under the names and codes of ServiceTitan."""
    file_accounts(seed)
    file_references(seed)
    for name, zone in seed.zones.items():
        [rate] = zone.rates
        seed.organisation.add_tax(name, rate.rate * 100)
    file_wares(seed)


def file_accounts(seed: Seed) -> None:
    """Where money is received, what is taken off, and what is lost."""
    for code, name, kind in _SELLING:
        seed.ledger[code] = seed.organisation.add_account(name, kind, code=code, created=seed.dates.opening)


def file_references(seed: Seed) -> None:
    """The field for our reference on what is sold."""
    for module in _REFERENCED:
        seed.organisation.add_unique_field(module, names.REFERENCE_LABEL)


def file_wares(seed: Seed) -> None:
    """An item for everything that is sold, on the account that its lines are booked on."""
    for ware in (*sold.WARES, sold.DISCOUNT):
        account = seed.ledger[ware.account].account_id
        seed.organisation.add_item(
            ware.name, can_be_purchased=False, sku=ware.code, account_id=account, created=seed.dates.opening
        )


def takes_sales(seed: Seed) -> bool:
    """Whether sales have their accounts there."""
    return all(code in seed.ledger for code, _, _ in _SELLING)
