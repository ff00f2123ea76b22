"""Parts that rows of several resources share, and money as this vendor writes it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ml_connector_sandbox.servicetitan.books import Accounts, Address, GlAccount, Record, Table, TenantBooks
from ml_connector_sandbox.servicetitan.books.purchasing import cents
from ml_connector_sandbox.servicetitan.stamps import shown

Row = dict[str, Any]

_COST, _QUANTITY = Decimal(10) ** -10, Decimal(10) ** -19


def money_text(amount: Decimal) -> str:
    """An amount of a bill: a text with two decimals."""
    return f"{cents(amount):f}"


def cost_text(cost: Decimal) -> str:
    """A unit cost on a bill: a text with ten decimals."""
    return f"{cost.quantize(_COST, ROUND_HALF_UP):f}"


def quantity_text(quantity: Decimal) -> str:
    """A quantity on a bill: a text with nineteen decimals."""
    return f"{quantity.quantize(_QUANTITY, ROUND_HALF_UP):f}"


def stamps(record: Record) -> Row:
    return {"createdOn": shown(record.created_on), "modifiedOn": shown(record.modified_on)}


def named(table: Table[Any], number: int | None) -> Row | None:
    """``{id, name}`` of a record; None when there is none."""
    record = table.get(number)
    return None if record is None else {"id": record.id, "name": record.name}


def address(where: Address | None) -> Row | None:
    if where is None:
        return None
    return {
        "street": where.street,
        "unit": where.unit,
        "city": where.city,
        "state": where.state,
        "zip": where.zip,
        "country": where.country,
    }


def accounts(books: TenantBooks, ids: Accounts, with_id: bool = True) -> Row:
    """The three account properties of a line; receipts show them without id."""
    return {
        "generalLedgerAccount": account(books, ids.general_ledger, with_id),
        "costOfSaleAccount": account(books, ids.cost_of_sale, with_id),
        "assetAccount": account(books, ids.asset, with_id),
    }


def account(books: TenantBooks, number: int | None, with_id: bool = True) -> Row | None:
    kept: GlAccount | None = books.gl_accounts.get(number)
    if kept is None:
        return None
    shape = {"name": kept.name, "number": kept.number, "type": kept.type, "detailType": kept.subtype}
    return {"id": kept.id, **shape} if with_id else shape
