"""The small firm that deals by item: every line names an item of the pricebook that has its code and accounts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ml_connector_sandbox.company import Company
from ml_connector_sandbox.company.priced import NAMELESS, SWITCHED_OFF
from ml_connector_sandbox.company.trader import trader
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import Sandbox
from ml_connector_sandbox.servicetitan.books import TenantBooks

START = datetime(2026, 11, 16, 14, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def firm() -> Company:
    return trader(SandboxClock.starting(START))


def items(books: TenantBooks) -> dict[int, Any]:
    kept = (books.materials, books.equipment, books.services, books.price_modifiers)
    return {one.id: one for table in kept for one in table}


def test_every_line_names_an_item_with_its_code(firm: Company) -> None:
    books, known = firm.seed.tenant, items(firm.seed.tenant)
    lines = [(line.sku_id, line.sku_code) for one in (*books.bills, *books.purchase_orders) for line in one.items]
    lines += [(line.sku_id, line.code) for one in (*books.receipts, *books.returns) for line in one.items]
    sold = [(line.sku_id, line.sku_name) for one in books.invoices for line in one.items]
    assert len(lines) > 500 and len(sold) > 50
    for sku_id, code in (*lines, *sold):
        assert known[sku_id].code == code


def test_bought_lines_have_the_accounts_of_their_item(firm: Company) -> None:
    books, known = firm.seed.tenant, items(firm.seed.tenant)
    for bill in books.bills:
        assert all(known[line.sku_id].accounts == line.accounts for line in bill.items)


def test_items_are_as_awkward_as_promised(firm: Company) -> None:
    books = firm.seed.tenant
    every = [one for table in (books.materials, books.equipment, books.services) for one in table]
    names = [one.display_name for one in every]
    assert len({one.code for one in every}) == len(every)
    assert names.count("Thermostat with wireless") == names.count("Run capacitor 45/5 uF") == 2
    assert [one.code for one in every if not one.active] == [SWITCHED_OFF]
    assert [one.code for one in every if one.display_name is None] == [NAMELESS]
    [off] = books.price_modifiers
    assert (off.type, off.amount) == ("Discount", 25)


def test_the_firm_has_a_little_of_everything(firm: Company) -> None:
    books = firm.seed.tenant
    assert len(books.bills) == len(firm.truth) == 120 and len(firm.credits) == len(books.ap_credits) == 10
    assert firm.sales is not None and {"discounted", "refunded", "on_account", "credited"} <= firm.sales.cases.keys()
    numbers = {one.number for one in books.gl_accounts}
    assert {one.account_code for one in firm.seed.organisation.accounts.values() if one.account_code} >= numbers


def test_naming_items_counts_as_no_change(firm: Company) -> None:
    """What is modified after the first reading must be what people did then."""
    books, end = firm.seed.tenant, "2026-11-16T14:00:00"
    for table in (books.bills, books.invoices, books.purchase_orders, books.receipts):
        assert all(one.modified_on < end for one in table)


def test_the_ledger_has_the_tax_of_all_zones_but_one(firm: Company) -> None:
    """Two under the zone's own name, one under another; the rate is the same wherever there is one."""
    zones = {one.name: one.rates[0].rate * 100 for one in firm.seed.tenant.tax_zones}
    taxes = {one.tax_name: one.percentage for one in firm.seed.organisation.taxes.values()}
    assert {name: rate for name, rate in taxes.items() if name in zones} == {
        name: rate for name, rate in zones.items() if name in taxes
    }
    assert len(zones) == 4 and len(taxes) == 3 and len(zones.keys() & taxes.keys()) == 2
    assert set(taxes.values()) < set(zones.values())


@pytest.mark.anyio
async def test_it_is_served() -> None:
    async with Sandbox.running("trader") as sandbox:
        told = sandbox.handover["company"]
        assert told["ledger"]["accounts"].keys() >= {"4100", "1200", "4900"} and len(told["ledger"]["taxes"]) == 3
        assert told["kind"] == "trader" and len(told["credits"]) == 10 and told["integrations"]
