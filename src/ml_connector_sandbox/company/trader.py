"""A small firm of ServiceTitan and Zoho Books that buys, sends back and sells, with its items in the pricebook.

The ledger has an account for everything that is sold, paid or written off, under ServiceTitan's numbers; and the tax of
all zones but one, one of them under another name.
"""

from __future__ import annotations

from datetime import date

from ml_connector_sandbox.company import at_xero, at_zoho, ordinary, priced, returned, sales
from ml_connector_sandbox.company import catalogue as names
from ml_connector_sandbox.company.company import Company, ended, founded
from ml_connector_sandbox.company.sales_catalogue import PARTS_ZONE
from ml_connector_sandbox.company.sales_seed import Sales
from ml_connector_sandbox.company.seed import Seed
from ml_connector_sandbox.kernel.clock import SandboxClock

BILLS, INVOICES = 120, 20
# Zones whose tax the ledger has, by the name it has there.
_TAXES = {names.COST_ZONE: names.COST_ZONE, PARTS_ZONE: PARTS_ZONE, names.ACCOUNT_ZONE: "Wisconsin, Eau Claire"}


def trader(clock: SandboxClock, seed: int = 1) -> Company:
    """120 bills of eight suppliers, goods sent back, one sale of each kind and twenty ordinary ones, all by item."""
    company = founded(clock, seed, "trader", suppliers=8)
    ordinary.trade(company.seed, names.SUPPLIERS[:8], [1] * BILLS)
    returned.send_back(company.seed, seed)
    company.sales = sales.a_little(company.seed, seed, [_ordinarily])
    at_zoho.file_accounts(company.seed)
    file_taxes(company.seed)
    at_xero.file_sales(company.xero_organisation, company.seed.dates)
    priced.name_items(company.seed.tenant, priced.file_pricebook(company.seed))
    company.limits = False
    return ended(company)


def _ordinarily(sold: Sales) -> None:
    """Ordinary jobs, every other one paid in full."""
    for place in range(INVOICES):
        invoice = sold.invoice("ordinary", sold.day(before_last=10))
        on: date | None = invoice.invoice_date
        if place % 2 == 0 and on is not None:
            sold.settle("ordinary", invoice, sold.later(on, 3))


def file_taxes(seed: Seed) -> None:
    """The tax of all zones but one, one under another name. Per cent in the ledger, a fraction at ServiceTitan."""
    for zone, name in _TAXES.items():
        [rate] = seed.zones[zone].rates
        seed.organisation.add_tax(name, rate.rate * 100)
