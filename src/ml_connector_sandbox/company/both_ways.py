"""A small firm that has kept ServiceTitan and Zoho Books side by side for years: everything of the pair, and little of it.

Both sides have their customers and vendors, with a truth table of who is whom. It buys, sends goods back, and sells by
item; the ledger has some of the items, one at another price and one under a code in another spelling.
"""

from __future__ import annotations

from ml_connector_sandbox.company import at_xero, at_zoho, ordinary, priced, returned, sales
from ml_connector_sandbox.company import catalogue as names
from ml_connector_sandbox.company.company import Company, ended, founded
from ml_connector_sandbox.company.parties import LEAST, file_parties
from ml_connector_sandbox.company.sales_catalogue import WARES
from ml_connector_sandbox.company.sales_seed import Sales
from ml_connector_sandbox.company.seed import Seed
from ml_connector_sandbox.company.trader import file_taxes
from ml_connector_sandbox.kernel.clock import SandboxClock

BILLS, INVOICES = 40, 6
# Codes as the ledger spells them: two are the same there, of which one is sold at another price, one is only alike.
ITEMS = {"SVC-DIAG": "129.00", "SVC-TUNE": "179.00", "SVC HOUR": "164.50"}


def both_ways(clock: SandboxClock, seed: int = 1) -> Company:
    """40 customers and vendors of each kind on both sides, 40 bills, goods sent back twice, and a handful of sales."""
    company = founded(clock, seed, "both-ways", suppliers=4)
    ordinary.trade(company.seed, names.SUPPLIERS[:4], [1] * BILLS)
    returned.send_back(company.seed, seed, returned.ORDINARY)
    company.sales = sales.least(company.seed, seed, [_unpaid])
    company.parties = file_parties(company.seed, LEAST, LEAST, seed)
    at_zoho.file_accounts(company.seed)
    at_zoho.file_references(company.seed)
    file_taxes(company.seed)
    _file_items(company.seed)
    at_xero.file_sales(company.xero_organisation, company.seed.dates)
    priced.name_items(company.seed.tenant, priced.file_pricebook(company.seed))
    company.limits = False
    return ended(company)


def _unpaid(sold: Sales) -> None:
    """Ordinary jobs that nobody has paid yet."""
    for _ in range(INVOICES):
        sold.invoice("unpaid", sold.day(before_last=10))


def _file_items(seed: Seed) -> None:
    known = {one.code: one for one in WARES}
    for code, price in ITEMS.items():
        ware = known[code.replace(" ", "-")]
        seed.organisation.add_item(
            ware.name, can_be_purchased=False, sku=code, rate=price, account_id=seed.ledger[ware.account].account_id,
            created=seed.dates.opening,
        )  # fmt: skip
