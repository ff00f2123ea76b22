"""A small firm of ServiceTitan and Zoho Books that goes on after everything was read: for the fault matrix."""

from __future__ import annotations

import random

from ml_connector_sandbox.company import at_xero, at_zoho, sales_catalogue, sales_masters, zoho_changes
from ml_connector_sandbox.company.company import Company, ended, founded
from ml_connector_sandbox.company.sales_invoices import post_weeks
from ml_connector_sandbox.company.sales_seed import Sales
from ml_connector_sandbox.company.seed import Seed
from ml_connector_sandbox.kernel.clock import SandboxClock

CUSTOMERS = 6
_BANK, _MATERIALS = "1010", "5110"


def matrix_zoho_changed(clock: SandboxClock, seed: int = 1) -> Company:
    """A bill or invoice for each change of one; ``change`` is for the time after the first reading.

    Contacts are changed from both sides, items made where Zoho Books has none, and what is typed there goes back. Nobody who
    is linked is inactive on one side alone when the integration is made, so no status waits for an approval.
    """
    company = founded(clock, seed, "matrix", suppliers=len(zoho_changes.BOUGHT))
    zoho_changes.prepare_bills(company.seed)
    company.sales = _sold(company.seed, seed)
    company.change = zoho_changes.change
    at_xero.file_sales(company.xero_organisation, company.seed.dates)
    at_zoho.file_sales(company.seed)
    company.more_settings = {
        "parties_back": "yes",
        "new_items": "yes",
        "inactive_parties": "follow",
        "further_contacts": "add",
    }
    company.more_mapping = _back(company.sales)
    company.limits = False
    company.servicetitan_switches.export_page_size = 8
    company.servicetitan_switches.read_after_write_lag_seconds = 60
    company.zoho_books_switches.max_per_page = 10
    company.zoho_books_switches.list_lag_seconds = 60.0
    company.connection_settings = {"servicetitan": {"page_size": "8"}}
    return ended(company)


def _sold(seed: Seed, number: int) -> Sales:
    sales = Sales(seed=seed, chance=random.Random(f"sales {number}"))
    sales_masters.file_lists(sales)
    sales_masters.file_customers(sales, CUSTOMERS)
    zoho_changes.prepare_sales(sales)
    post_weeks(sales)
    return sales


def _back(sales: Sales) -> dict[str, dict[str, str]]:
    """Checks are checks; bank and materials have one number on both sides."""
    ledger, accounts = sales.seed.ledger, sales.seed.accounts
    return {
        "payment_modes": {"check": str(sales.types[sales_catalogue.CHECK].id)},
        "expense_accounts": {ledger[code].account_id: str(accounts[code]) for code in (_BANK, _MATERIALS)},
    }
