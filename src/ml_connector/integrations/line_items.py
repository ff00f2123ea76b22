"""The ledger's item of a line that is sold, where lines name items: mapped, linked, else the one of the same code. Pure.

An item has its own account, on which its lines are booked whatever the line says. So a line goes only with an item whose
account is the one that the line's own GL account is mapped to: else revenue would move without a word.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ml_connector.canonical.master_data import Item
from ml_connector.canonical.parts import Ref
from ml_connector.integrations.decisions import once_linked, waiting
from ml_connector.integrations.drafts import COMING, Draft
from ml_connector.integrations.views import View

TABLE = FLOW = "items"  # rows go by an item's code, links by its id: a row counts before the link
NO_ITEM, ROUNDING_ITEM = "(none)", "(rounding)"  # keys of lines that name no item, and of what a document is rounded by
SETTING = "invoice_lines"  # of the connection; anything but this value stands for items:
BY_ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Sold:
    """What a line sells: its code as the document shows it, which line it is in words, and its entry in the price book."""

    sku: str
    where: str
    id: str = ""
    name: str = ""

    @property
    def key(self) -> str:
        """Its row of the mapping table."""
        return item_key(self.sku)

    @property
    def pair(self) -> tuple[str, str]:
        """As links and asked records are named."""
        return FLOW, self.id


def item_key(sku: str) -> str:
    """The key of an item in the mapping table: its code as documents show it."""
    return sku or NO_ITEM


def by_item(view: View) -> bool:
    """Whether lines of invoices are booked by their items, which then take no account of their own."""
    return view.ways.sells_items and view.set_there.get(SETTING) != BY_ACCOUNT


def line_item(sold: Sold, account: Ref, on: dt.date | None, view: View, draft: Draft) -> Ref:
    """The item of a line whose ledger account is ``account``; empty where lines name accounts alone.

    What is missing goes to the draft.
    """
    if not by_item(view):
        return Ref()
    row = view.mappings[TABLE].get(sold.key, on)
    linked = view.links.get(sold.pair, "") if row is None else ""
    if linked.startswith(COMING):
        return Ref(linked, sold.name, sold.sku)
    if row is None and not linked and _comes(sold, view, draft):
        return Ref()
    target = row or linked or _same_code(sold.sku, view)
    if not target:
        _unmapped(sold, view, draft)
        return Ref()
    item = view.ledger.items.get(target)
    if item is None:
        code = "line_item_unknown" if row else "line_item_gone"
        told = {"lines": sold.where, "target": target, "ledger": view.ways.title}
        draft.wait(waiting(code, "mapping", f"{TABLE}:{sold.key}", **told))
        return Ref(target)
    _check(item, account, sold, by_row=row is not None, view=view, draft=draft)
    return Ref(item.id, item.name, item.sku)


def _comes(sold: Sold, view: View, draft: Draft) -> bool:
    """Whether the flow of items is to say which one it is; then the draft waits for it, or for a row.

    One that is inactive in the price book is made by nobody any more: it goes as it did before there was a flow.
    """
    if not sold.id or FLOW not in view.brings:
        return False
    listed = view.source_lists.get(FLOW, {}).get(sold.id)
    if isinstance(listed, Item) and not listed.active:
        return False
    known = sold.pair in view.asked
    if not known and FLOW in view.read_through:
        return False
    told = {"item": sold.name or sold.sku or sold.id, "lines": sold.where, "row": sold.key, "ledger": view.ways.title}
    for kind, key in (("link", f"{FLOW}:{sold.id}"), ("mapping", f"{TABLE}:{sold.key}")):
        draft.wait(waiting("line_item_pending", kind, key, **told))
    if known and sold.pair not in draft.asks:
        draft.asks.append(sold.pair)
    return True


def _unmapped(sold: Sold, view: View, draft: Draft) -> None:
    code = "line_item_unmapped" if sold.sku else "line_item_missing"
    listed = view.source_lists.get(FLOW, {}).get(sold.id) if FLOW in view.brings else None
    if isinstance(listed, Item) and not listed.active:
        code = "line_item_ended"
    draft.wait(waiting(code, "mapping", f"{TABLE}:{sold.key}", lines=sold.where, ledger=view.ways.title))
    if sold.id:
        draft.wait(once_linked(code, FLOW, sold.id, sold.sku or sold.name or sold.id))


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


def _check(item: Item, account: Ref, sold: Sold, *, by_row: bool, view: View, draft: Draft) -> None:
    told = {"item": item.name, "lines": sold.where, "ledger": view.ways.title, "row": sold.key}
    if not item.active:
        code = "line_item_inactive"
    elif account.id and item.income_account.id != account.id:
        code = "line_item_account"
        told |= {"theirs": item.income_account.label() or "no account", "account": account.label()}
    else:
        return
    draft.wait(waiting(code, "fact", f"{TABLE}:{item.id}", **told))
    if not by_row:  # of a row that is changed the entry it named goes on by itself
        draft.wait(waiting(code, "mapping", f"{TABLE}:{sold.key}", **told))
