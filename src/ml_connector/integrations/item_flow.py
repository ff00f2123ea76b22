"""Items of ServiceTitan's price book in the ledger: matched by code, else created where a setting says so.

Nothing of an item that is there is ever changed: in what the two differ is shown.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Item
from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Ref
from ml_connector.connectors.writing import Action, Step
from ml_connector.errors import BadInput
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Unchanged, Waiting, Write, skip, waiting
from ml_connector.integrations.drafts import Draft, line_account
from ml_connector.integrations.items_alike import (
    account_of,
    cost_account_of,
    differences,
    listed_here,
    may_be,
    name_taken,
    same_code_here,
    same_code_there,
)
from ml_connector.integrations.line_items import FLOW, TABLE, item_key
from ml_connector.integrations.views import ANY, Books, View


class Items(FlowType):
    """Entries of the price book that lines name: linked with the ledger's item of the same code. Runs as needed."""

    name = FLOW
    title = "Items: ServiceTitan to Zoho Books"
    source_vendor, target_vendor = "servicetitan", "zoho_books"
    priority = 1
    as_needed = True
    begins_off = True
    dated = False
    source_lists = ("items", "accounts")
    target_lists = ("items", "accounts")
    tables = (TABLE, "sales_accounts", "accounts")
    matches = "items"

    def source_entities(self, settings: Any) -> tuple[str, ...]:
        return ("items",)

    def reading_options(self, settings: Any) -> dict[str, str]:
        return {}

    def target_entity(self, document: Document) -> str:
        return "items"

    def differences(self, mine: Document, theirs: Document, books: Books) -> tuple[str, ...]:
        assert isinstance(mine, Item) and isinstance(theirs, Item)
        return differences(mine, theirs, books)

    def plan(self, view: View) -> Decision:
        item = view.document
        assert isinstance(item, Item)
        if view.link is not None:
            return _linked(item, view)
        if view.mappings[TABLE].get(item_key(item.sku)) is not None:
            return skip("item_by_row", key=item_key(item.sku))
        if not item.active or not item.sku.strip():
            return skip("item_not_sold" if item.sku.strip() else "item_without_code", name=item.name)
        here = same_code_here(item, view)
        there = same_code_there(item, view.ledger)
        if here or len(there) > 1:
            return Hold((_twice(item, here, there, view),))
        return _matched(item, there[0], view) if there else _unmatched(item, view)


def _key(item: Item) -> str:
    return f"{TABLE}:{item_key(item.sku)}"


def _linked(item: Item, view: View) -> Decision:
    """What a later version differs in is told; of one whose counterpart is gone the documents that name it tell."""
    theirs = view.link.now if view.link is not None else None
    apart = differences(item, theirs, view) if isinstance(theirs, Item) else ()
    return skip("item_differs", name=item.name, what=", ".join(apart), ledger=view.ways.title) if apart else Unchanged()


# --- one that is there ----------------------------------------------------------------------------------------------


def _matched(item: Item, theirs: Item, view: View) -> Decision:
    if (holder := view.held_there.get(theirs.id)) is not None:
        told = {"name": item.name, "target": theirs.name, "ledger": view.ways.title}
        other = listed_here(view).get(holder)
        named = other.name if other is not None else f"id {holder}"
        return Hold((waiting("item_taken", "mapping", _key(item), holder=named, **told),))
    evidence = f"the same code {item.sku}, which no other item has on either side"
    apart = differences(item, theirs, view)
    told_ = f"{evidence}; they differ in {', '.join(apart)}" if apart else evidence
    return Adopt("items", theirs.id, "matched", told_)


def _twice(item: Item, here: list[Item], there: list[Item], view: View) -> Waiting:
    mine = ", ".join(_called(one) for one in (item, *here)[:4])
    theirs = ", ".join(_called(one) for one in there[:3]) or "none"
    return waiting("item_code_twice", "mapping", _key(item), mine=mine, theirs=theirs, ledger=view.ways.title)


def _called(item: Item) -> str:
    return f"'{item.name}' (id {item.id})"


# --- one that is not there ------------------------------------------------------------------------------------------


def _unmatched(item: Item, view: View) -> Decision:
    free = [(one, why) for one, why in may_be(item, view.ledger) if one.id not in view.held_there]
    if not free and view.settings.new_items == "yes":
        return _created(item, view)
    code = "item_alike" if free else "item_not_there"
    alike = ", ".join(f"{_called(one)}: {why}" for one, why in free[:3])
    told = {"name": item.name, "ledger": view.ways.title, "alike": alike, "row": item_key(item.sku)}
    places = (("mapping", _key(item)), ("fact", f"items:{ANY}"))
    return Hold(tuple(waiting(code, kind, key, **told) for kind, key in places))


def _created(item: Item, view: View) -> Decision:
    draft = Draft()
    made = _made(item, view, draft)
    if draft.waits:
        return Hold(tuple(draft.waits))
    try:
        composed = view.compose(Action.CREATE, made, view.reference)
    except BadInput as error:
        return Hold((waiting("unsuitable", "source", f"items:{item.id}", why=error.sentence),))
    step = Step("items", Action.CREATE, view.reference, composed.body, number=made.sku)
    return Write((step,), "items", (f"a new item with the code {made.sku}", *draft.notes, *composed.notes))


def _made(item: Item, view: View, draft: Draft) -> Item:
    """The ledger's item: a new one, so that no reference of the source reaches the target."""
    where = f"the item {item.name} ({item.sku})"
    return Item(
        id="",
        kind=item.kind,
        name=_free_name(item, view),
        sku=item.sku.strip(),
        description=item.description,
        price=_price(item, draft),
        cost=item.cost,
        income_account=line_account(account_of(item, view), where, None, view, draft, view.ways.sales_accounts),
        expense_account=_cost_account(item, where, view, draft),
        unit=item.unit,
        taxable=item.taxable,
        reference=view.reference,
    )


def _price(item: Item, draft: Draft) -> Decimal | None:
    """A discount is below zero at the source, and an item's price there is not: its lines state their own."""
    if item.price is None or item.price >= 0:
        return item.price
    draft.notes.append(f"its price of {item.price} is left out: lines state their own")
    return ZERO


def _cost_account(item: Item, where: str, view: View, draft: Draft) -> Ref:
    """Where it is bought, if a row says so; bills name accounts, so an item without one is no obstacle."""
    named = cost_account_of(item, view)
    if not named.name and not named.number:
        return Ref()
    apart = Draft()
    found = line_account(named, where, None, view, apart, "accounts")
    if apart.waits:
        draft.notes.append(f"it is only sold: {named.label()} has no row in accounts that can be used")
        return Ref()
    return found


def _free_name(item: Item, view: View) -> str:
    """Its name, with its code behind it where another item is called so on either side."""
    return f"{item.name} ({item.sku})" if name_taken(item, view) else item.name
