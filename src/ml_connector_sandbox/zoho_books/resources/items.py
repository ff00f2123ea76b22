"""``/items``: what is sold and bought. Their scope is settings; the list has no filter by last change, nor by SKU."""

from __future__ import annotations

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.api.paging import ListRules, Predicate, page_of_register
from ml_connector_sandbox.zoho_books.books import items as rules
from ml_connector_sandbox.zoho_books.books.masters import Item
from ml_connector_sandbox.zoho_books.books.values import number
from ml_connector_sandbox.zoho_books.errors import invalid, missing
from ml_connector_sandbox.zoho_books.resources import _item_answer as answer
from ml_connector_sandbox.zoho_books.resources._bounds import bounds
from ml_connector_sandbox.zoho_books.resources._upsert import upsert_target

LIST: ListRules[Item] = ListRules(
    report_name="Items",
    default_column="name",
    columns={"name": lambda one: one.name.casefold(), "rate": lambda one: one.rate, "tax_name": lambda one: one.tax_id},
    exact={
        "rate": lambda one: str(number(one.rate)),
        "tax_id": lambda one: one.tax_id,
        "tax_exemption_id": lambda one: one.tax_exemption_id,
        "is_taxable": lambda one: str(one.is_taxable).lower(),
        "account_id": lambda one: one.account_id,
    },
    texts={"name": lambda one: one.name, "description": lambda one: one.texts.get("description", "")},
    search=lambda one: f"{one.name} {one.texts.get('description', '')}",
)
SAVED = "Item details have been saved."


def list_items(call: ApiCall) -> Reply:
    """A page of items by name."""
    rows, context = page_of_register(call, LIST, call.books.items, _tests(call))
    return Reply(payload={"items": [answer.row(call.books, one) for one in rows], "page_context": context})


def item_details(call: ApiCall) -> Reply:
    """Several items in full; ids that are not there are left out."""
    wanted = [one for one in call.query.get("item_ids", "").split(",") if one]
    if not wanted:
        raise invalid("item_ids")
    found = [call.books.items.get(one) for one in wanted]
    return Reply(payload={"items": [answer.detail(call.books, one) for one in found if one is not None]})


def get_item(call: ApiCall) -> Reply:
    """One item in full."""
    return Reply(payload={"item": answer.detail(call.books, item_of(call))})


def create_item(call: ApiCall) -> Reply:
    """A new item."""
    return _created(call, rules.create(call.books, call.body))


def update_item(call: ApiCall) -> Reply:
    """Change the named fields."""
    return _saved(call, rules.update(call.books, item_of(call), call.body))


def upsert_item(call: ApiCall) -> Reply:
    """Change, or create, the item that holds a unique custom field's value."""
    found, body = upsert_target(call, rules.MODULE, "Item")
    if found is None:
        reply = _created(call, rules.create(call.books, body))
        reply.status = call.switches.upsert_created_status
        return reply
    old = call.books.items.get(found)
    if old is None:
        raise missing("Item")
    return _saved(call, rules.update(call.books, old, body))


def delete_item(call: ApiCall) -> Reply:
    """Remove for good; refused while a document names it."""
    rules.delete(call.books, item_of(call))
    return Reply(message="The item has been deleted.")


def mark_active(call: ApiCall) -> Reply:
    """Make usable again."""
    rules.set_active(call.books, item_of(call), active=True)
    return Reply(message="The item has been marked as active.")


def mark_inactive(call: ApiCall) -> Reply:
    """Close for new lines."""
    rules.set_active(call.books, item_of(call), active=False)
    return Reply(message="The item has been marked as inactive.")


def item_of(call: ApiCall) -> Item:
    """The item of the path. Raises Refused with 404."""
    item = call.books.items.get(call.path["item_id"])
    if item is None:
        raise missing("Item")
    return item


def _created(call: ApiCall, item: Item) -> Reply:
    return Reply(
        payload={"item": answer.detail(call.books, item)},
        message="The item has been added.",
        status=201,
        location=f"/api/v3/items/{item.item_id}",
    )


def _saved(call: ApiCall, item: Item) -> Reply:
    return Reply(payload={"item": answer.detail(call.books, item)}, message=SAVED)


def _tests(call: ApiCall) -> list[Predicate]:
    found = bounds(call, "rate", lambda one: one.rate)
    wanted = call.query.get("filter_by", "Status.All")
    if wanted in ("Status.Active", "Status.Inactive"):
        found.append(lambda one: one.active == (wanted == "Status.Active"))
    return found


ONE = "/items/{item_id}"
ROUTES = [
    Route(method="GET", path="/items", scope="settings.READ", handler=list_items),
    Route(method="POST", path="/items", scope="settings.CREATE", handler=create_item, takes_body=True),
    Route(method="PUT", path="/items", scope="settings.UPDATE", handler=upsert_item, takes_body=True),
    Route(method="GET", path="/itemdetails", scope="settings.READ", handler=item_details),
    Route(method="GET", path=ONE, scope="settings.READ", handler=get_item),
    Route(method="PUT", path=ONE, scope="settings.UPDATE", handler=update_item, takes_body=True),
    Route(method="DELETE", path=ONE, scope="settings.DELETE", handler=delete_item),
    Route(method="POST", path=f"{ONE}/active", scope="settings.CREATE", handler=mark_active),
    Route(method="POST", path=f"{ONE}/inactive", scope="settings.CREATE", handler=mark_inactive),
]
