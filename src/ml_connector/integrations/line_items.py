"""The ledger's item of a line that is sold, where lines name items: mapped, else the one of the same code. Pure.

An item has its own account, on which its lines are booked whatever the line says. So a line goes only with an item whose
account is the one that the line's own GL account is mapped to: else revenue would move without a word.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from ml_connector.canonical.master_data import Item
from ml_connector.canonical.parts import Ref
from ml_connector.integrations.decisions import waiting
from ml_connector.integrations.drafts import Draft
from ml_connector.integrations.views import View

TABLE = "items"
NO_ITEM, ROUNDING_ITEM = "(none)", "(rounding)"  # keys of lines that name no item, and of what a document is rounded by
SETTING = "invoice_lines"  # of the connection; anything but this value stands for items:
BY_ACCOUNT = "account"


def item_key(sku: str) -> str:
    """The key of an item in the mapping table: its code as documents show it."""
    return sku or NO_ITEM


def line_item(sku: str, account: Ref, where: str, on: dt.date | None, view: View, draft: Draft) -> Ref:
    """The item of a line whose ledger account is ``account``; empty where lines name accounts alone.

    What is missing goes to the draft. ``where``: which line it is, in words.
    """
    if not view.ways.sells_items or view.set_there.get(SETTING) == BY_ACCOUNT:
        return Ref()
    key = f"{TABLE}:{item_key(sku)}"
    target = view.mappings[TABLE].get(item_key(sku), on) or _same_code(sku, view)
    if not target:
        code = "line_item_unmapped" if sku else "line_item_missing"
        draft.wait(waiting(code, "mapping", key, lines=where, ledger=view.ways.title))
        return Ref()
    item = view.ledger.items.get(target)
    if item is None:
        draft.wait(waiting("line_item_unknown", "mapping", key, target=target, ledger=view.ways.title))
        return Ref(target)
    _check(item, account, key, where, view, draft)
    return Ref(item.id, item.name, item.sku)


def _same_code(sku: str, view: View) -> str:
    """The one active item that has the code: a ledger has each once. Another spelling is a person's to judge."""
    known = view.ledger.item_codes
    found = (codes(view.ledger.items.values()) if known is None else known).get(sku.strip(), ())
    return found[0] if len(found) == 1 else ""


def codes(items: Iterable[Item]) -> Mapping[str, tuple[str, ...]]:
    """The ids of active items by code: gathered once, not for each line."""
    found: dict[str, tuple[str, ...]] = {}
    for one in items:
        if one.active and (code := one.sku.strip()):
            found[code] = (*found.get(code, ()), one.id)
    return found


def _check(item: Item, account: Ref, key: str, where: str, view: View, draft: Draft) -> None:
    told = {"item": item.name, "lines": where, "ledger": view.ways.title}
    if not item.active:
        draft.wait(waiting("line_item_inactive", "fact", f"{TABLE}:{item.id}", row=key.partition(":")[2], **told))
    elif account.id and item.income_account.id != account.id:
        theirs = item.income_account.label() or "no account"
        told |= {"theirs": theirs, "account": account.label(), "row": key.partition(":")[2]}
        draft.wait(waiting("line_item_account", "fact", f"{TABLE}:{item.id}", **told))
