"""Which item of the ledger an entry of the source's price book may be, and in what the two differ. Pure.

A code that one item has on each side is proof; another spelling of it, or a name, is a person's to judge.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from ml_connector.canonical.master_data import Account, Item
from ml_connector.canonical.money import plain
from ml_connector.canonical.numbers import name_key, number_key
from ml_connector.canonical.parts import Ref
from ml_connector.integrations.drafts import account_key
from ml_connector.integrations.views import Books


def same_code(mine: Item, items: Iterable[Item]) -> list[Item]:
    """The active items that have its very code."""
    code = mine.sku.strip()
    return [one for one in items if one.active and code and one.sku.strip() == code]


def may_be(mine: Item, items: Iterable[Item]) -> list[tuple[Item, str]]:
    """Active items of the ledger that may be it though nothing proves it, with what speaks for each.

    One of another code is another item, whatever it is called.
    """
    found = []
    for one in items:
        if one.active and one.sku.strip() and number_key(one.sku) == number_key(mine.sku):
            found.append((one, f"the code {one.sku} in another spelling"))
        elif one.active and not one.sku.strip() and name_key(one.name) == name_key(mine.name):
            found.append((one, "the same name, and no code"))
    return found


def account_of(mine: Item, books: Books) -> Ref:
    """The source's account that the price book names for what is sold: with its number, where its list shows one of the name.

    Lines of documents are coded by number.
    """
    return _listed(mine.income_account, books)


def cost_account_of(mine: Item, books: Books) -> Ref:
    """As ``account_of``, for what is bought."""
    return _listed(mine.expense_account, books)


def _listed(named: Ref, books: Books) -> Ref:
    accounts = [one for one in books.source_lists.get("accounts", {}).values() if isinstance(one, Account)]
    alike = [one for one in accounts if named.name and one.name.strip().casefold() == named.name.strip().casefold()]
    found = [one for one in alike if one.active] or alike
    return Ref(found[0].id, found[0].name, found[0].number) if len(found) == 1 else named


def differences(mine: Item, theirs: Item, books: Books) -> tuple[str, ...]:
    """In what the two differ, in words, each with both values; what one side does not state is no difference."""
    target = books.mappings[books.ways.sales_accounts].get(account_key(account_of(mine, books))) or ""
    account, shown = account_of(mine, books).label(), theirs.income_account.label() or "none"
    return (
        *_told("name", mine.name, theirs.name, differ=name_key(mine.name) != name_key(theirs.name)),
        *_told("code", mine.sku, theirs.sku, differ=bool(theirs.sku) and mine.sku.strip() != theirs.sku.strip()),
        *money_apart(mine, theirs),
        *_told("account", account, shown, differ=bool(target) and theirs.income_account.id != target),
        *_told("activity", _active(mine), _active(theirs), differ=mine.active != theirs.active),
    )


def money_apart(mine: Item, theirs: Item) -> tuple[str, ...]:
    """As ``differences``, of price and cost alone."""
    return (
        *_told("price", _money(mine.price), _money(theirs.price), differ=_differ(mine.price, theirs.price)),
        *_told("cost", _money(mine.cost), _money(theirs.cost), differ=_differ(mine.cost, theirs.cost)),
    )


def _told(what: str, here: str, there: str, *, differ: bool) -> tuple[str, ...]:
    return (f"{what} ({here} in ServiceTitan, {there} there)",) if differ else ()


def _differ(mine: Decimal | None, theirs: Decimal | None) -> bool:
    return mine is not None and theirs is not None and mine != theirs


def _money(amount: Decimal | None) -> str:
    return "none" if amount is None else format(plain(amount), "f")


def _active(item: Item) -> str:
    return "active" if item.active else "inactive"
