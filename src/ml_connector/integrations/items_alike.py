"""Which item of the ledger an entry of the source's price book may be, and in what the two differ. Pure.

A code that one item has on each side is proof; another spelling of it, or a name, is a person's to judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import cast

from ml_connector.canonical.master_data import Account, Item
from ml_connector.canonical.money import plain
from ml_connector.canonical.numbers import name_key, number_key
from ml_connector.canonical.parts import Ref
from ml_connector.integrations.drafts import account_key
from ml_connector.integrations.line_items import codes
from ml_connector.integrations.views import Books, Ledger, View


def same_code_here(mine: Item, view: View) -> list[Item]:
    """The other active entries of the price book that have its very code."""
    listed = listed_here(view)
    known = view.price_book.codes if view.price_book is not None else codes(listed.values())
    return [listed[one] for one in known.get(mine.sku.strip(), ()) if one != mine.id]


def same_code_there(mine: Item, ledger: Ledger) -> list[Item]:
    """The active items of the ledger that have its very code."""
    known = ledger.item_codes if ledger.item_codes is not None else codes(ledger.items.values())
    return [ledger.items[one] for one in known.get(mine.sku.strip(), ())]


def name_taken(mine: Item, view: View) -> bool:
    """Whether another item is called so on either side, active or not."""
    here = view.price_book.names if view.price_book is not None else names(listed_here(view).values())
    there = view.ledger.item_names if view.ledger.item_names is not None else names(view.ledger.items.values())
    key = name_key(mine.name)
    return any(one != mine.id for one in here.get(key, ())) or key in there


def listed_here(view: View) -> Mapping[str, Item]:
    """The price book by id."""
    return cast("Mapping[str, Item]", view.source_lists.get("items", {}))


def may_be(mine: Item, ledger: Ledger) -> list[tuple[Item, str]]:
    """Active items of the ledger that may be it though nothing proves it, with what speaks for each.

    One of another code is another item, whatever it is called.
    """
    known = ledger.item_keys if ledger.item_keys is not None else keys(ledger.items.values())
    by_code = [ledger.items[one] for one in known.get(_code_key(mine), ())]
    by_name = [ledger.items[one] for one in known.get(_name_key(mine), ())]
    return [
        *((one, f"the code {one.sku} in another spelling") for one in by_code),
        *((one, "the same name, and no code") for one in by_name),
    ]


def keys(items: Iterable[Item]) -> Mapping[str, tuple[str, ...]]:
    """The ids of active items by what ``may_be`` knows them by: gathered once, not for each entry of the price book."""
    found: dict[str, tuple[str, ...]] = {}
    for one in items:
        if one.active:
            key = _code_key(one) if one.sku.strip() else _name_key(one)
            found[key] = (*found.get(key, ()), one.id)
    return found


def names(items: Iterable[Item]) -> Mapping[str, tuple[str, ...]]:
    """The ids of items by name: gathered once, not for each entry of the price book."""
    found: dict[str, tuple[str, ...]] = {}
    for one in items:
        found[name_key(one.name)] = (*found.get(name_key(one.name), ()), one.id)
    return found


def _code_key(item: Item) -> str:
    return f"code {number_key(item.sku)}"


def _name_key(item: Item) -> str:
    return f"name {name_key(item.name)}"


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
