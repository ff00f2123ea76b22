"""The company's pricebook at ServiceTitan, and documents whose lines name its items by id.

Bought articles and sold wares are items of their own, two of them under one name; one item is switched off, one has no
name but its code.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ml_connector_sandbox.company import sales_catalogue as sold
from ml_connector_sandbox.company.catalogue import ARTICLES, Article
from ml_connector_sandbox.company.sales_catalogue import Ware
from ml_connector_sandbox.company.seed import Seed
from ml_connector_sandbox.servicetitan.books import Accounts, PriceModifier, Sku, Table, TenantBooks
from ml_connector_sandbox.servicetitan.books.changing import changed
from ml_connector_sandbox.servicetitan.books.purchasing import cents

_MARGIN = Decimal("1.6")
SWITCHED_OFF, NAMELESS = "CND-2T-13", "MT-MISC"


def file_pricebook(seed: Seed) -> dict[str, int]:
    """File everything that is bought and sold; code -> id. Needs the accounts of the sales."""
    ids: dict[str, int] = {}
    for article in ARTICLES:
        ids[article.code] = _keep(seed, article.kind, _bought(seed, article))
    for ware in (*sold.WARES, sold.WIRE):
        ids[ware.code] = _keep(seed, ware.kind, _sold(seed, ware))
    off = sold.DISCOUNT
    modifier = PriceModifier(
        code=off.code, display_name=off.name, amount=-off.price, limit=-off.price, account_id=seed.accounts[off.account]
    )
    ids[off.code] = seed.tenant.price_modifiers.add(modifier, seed.dates.opening).id
    _keep(seed, "Equipment", Sku(code=SWITCHED_OFF, display_name="Condenser 2 ton 13 SEER", active=False))
    _keep(seed, "Material", Sku(code=NAMELESS, accounts=Accounts(general_ledger=seed.accounts["4200"])))
    return ids


def _bought(seed: Seed, article: Article) -> Sku:
    return Sku(
        code=article.code, display_name=article.name, description=article.name, cost=article.cost,
        price=cents(article.cost * _MARGIN), is_inventory=not article.expense, accounts=seed.accounts_of(article),
    )  # fmt: skip


def _sold(seed: Seed, ware: Ware) -> Sku:
    return Sku(
        code=ware.code, display_name=ware.name, description=f"<p>{ware.name}</p>", price=ware.price,
        cost=ware.price * Decimal("0.4"), chargeable=not ware.included, is_labor=ware.code.startswith("SVC-"),
        accounts=Accounts(general_ledger=seed.accounts[ware.account]),
    )  # fmt: skip


def _keep(seed: Seed, kind: str, sku: Sku) -> int:
    books = seed.tenant
    tables = {"Material": books.materials, "Equipment": books.equipment, "Service": books.services}
    return tables[kind].add(sku, seed.dates.opening).id


def name_items(books: TenantBooks, ids: dict[str, int]) -> None:
    """Let the lines of every document name the items of the pricebook; nothing counts as modified by it."""
    for table, code in (
        (books.purchase_orders, "sku_code"), (books.receipts, "code"), (books.bills, "sku_code"), (books.returns, "code"),
    ):  # fmt: skip
        _named(table, code, ids)
    for item in books.invoice_items:
        books.invoice_items.modify(item.id, item.modified_on, sku_id=ids.get(item.sku_name, 0))
    for invoice in books.invoices:
        lines = tuple(books.invoice_items[item.id] for item in invoice.items)
        books.invoices.modify(invoice.id, invoice.modified_on, items=lines)


def _named(table: Table[Any], code: str, ids: dict[str, int]) -> None:
    for one in table:
        items = tuple(changed(item, sku_id=ids.get(getattr(item, code), item.sku_id)) for item in one.items)
        table.modify(one.id, one.modified_on, items=items)
