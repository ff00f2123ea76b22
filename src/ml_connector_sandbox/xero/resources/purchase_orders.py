"""``/PurchaseOrders``: always in pages, always with lines, without ``where``."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.xero.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.xero.api.reading import Rules, select
from ml_connector_sandbox.xero.api.where import Predicate
from ml_connector_sandbox.xero.api.writing import Outcome, batch, one_element, summed_up
from ml_connector_sandbox.xero.books import orders
from ml_connector_sandbox.xero.books.documents import DELETED, Document
from ml_connector_sandbox.xero.books.issues import Issues
from ml_connector_sandbox.xero.books.values import day_stamp, day_string, money, parsed_day, plain, stamp
from ml_connector_sandbox.xero.errors import ZERO_ID, NotFound, bad_query
from ml_connector_sandbox.xero.resources import _contact_answer as contacts
from ml_connector_sandbox.xero.resources._line_answer import lines
from ml_connector_sandbox.xero.resources.contacts import listed

PLURAL = "PurchaseOrders"
RULES = Rules(
    fields={
        "PurchaseOrderNumber": lambda one: one.number,
        "PurchaseOrderID": lambda one: one.document_id,
        "Date": lambda one: one.date,
        "DeliveryDate": lambda one: one.dates.get("DeliveryDate"),
        "Status": lambda one: one.status,
        "Reference": lambda one: one.reference,
    },
    sets={"Status": lambda one: one.status},
    filters=False,
    always_paged=True,
)


def list_orders(call: ApiCall) -> Reply:
    """``Status``, ``DateFrom`` and ``DateTo`` filter."""
    found = select(call, RULES, call.books.orders, _tests(call))
    return listed(found.pagination, PLURAL, [shown(call, one) for one in found.rows], found.unchanged)


def get_order(call: ApiCall) -> Reply:
    """By id or number."""
    return Reply(payload={PLURAL: [shown(call, _of(call))]})


def write_orders(call: ApiCall) -> Reply:
    """PUT creates, POST creates or updates by id or number."""
    return batch(call, PLURAL, lambda body: _written(call, body))


def update_order(call: ApiCall) -> Reply:
    """Change one."""
    body = one_element(call.body, PLURAL)
    return summed_up(call, PLURAL, [_saved(call, body, _of(call), Issues())])


def shown(call: ApiCall, one: Document, *, new: bool = False) -> dict[str, Any]:
    """An order in full, as everything shows it."""
    books = call.books
    contact = books.contacts.get(one.contact_id)
    embedded = contacts.embedded(contact) if contact else {"HasValidationErrors": False, "ValidationErrors": []}
    if contact is not None and call.switches.order_contact_stamp_ahead:
        local = contact.updated.astimezone(books.zone).utcoffset()
        embedded["UpdatedDateUTC"] = stamp(contact.updated + local) if local else stamp(contact.updated)
    found: dict[str, Any] = {
        "PurchaseOrderID": ZERO_ID if new else one.document_id,
        "PurchaseOrderNumber": one.number,
        "DateString": day_string(one.date),
        "Date": day_stamp(one.date),
        **{f"{name}String": day_string(day) for name, day in one.dates.items()},
        **{name: day_stamp(day) for name, day in one.dates.items()},
        **{name: value for name, value in one.texts.items() if value},
        "HasErrors": False,
        "IsDiscounted": bool(one.total_discount),
        "TotalDiscount": money(one.total_discount),
        "SentToContact": one.sent_to_contact,
        **({"Reference": one.reference} if one.reference else {}),
        "Type": one.type,
        "CurrencyRate": plain(one.rate),
        "CurrencyCode": one.currency_code,
        "Contact": embedded,
        "Status": one.status,
        "LineAmountTypes": one.amounts,
        "LineItems": lines(books, one, orders.UNIT_PLACES),
    }
    totals = {"SubTotal": money(one.sub_total), "TotalTax": money(one.total_tax), "Total": money(one.total)}
    return found | totals | {"UpdatedDateUTC": stamp(one.updated), "HasAttachments": False}


def _written(call: ApiCall, body: dict[str, Any]) -> Outcome:
    issues = Issues()
    if call.may_create_only:
        if body.get("PurchaseOrderID"):
            issues.invented("unknown id", "PurchaseOrder", "PurchaseOrder")
        return _saved(call, body, None, issues)
    return _saved(call, body, orders.find_target(call.books, body, issues), issues)


def _saved(call: ApiCall, body: dict[str, Any], target: Document | None, issues: Issues) -> Outcome:
    """A refused change of a deleted order echoes the zero id, as a refused creation does."""
    dead = target is not None and target.status == DELETED
    made, issues = orders.save(call.books, body, target, issues, call.app.client_id)
    new = bool(issues.messages) and (target is None or dead)
    return Outcome(shown(call, made, new=new), issues, "HasErrors")


def _tests(call: ApiCall) -> list[Predicate]:
    tests: list[Predicate] = []
    if not call.switches.deleted_orders_listed and call.asked("Status").upper() != DELETED:
        tests.append(lambda one: one.status != DELETED)
    return [*tests, *(_dated(name, call.asked(name)) for name in ("DateFrom", "DateTo") if call.asked(name))]


def _dated(name: str, text: str) -> Predicate:
    try:
        day = parsed_day(text)
    except (ValueError, OverflowError) as error:
        raise bad_query(f"{name}: {error}") from None
    return (lambda one: one.date >= day) if name == "DateFrom" else (lambda one: one.date <= day)


def _of(call: ApiCall) -> Document:
    key = call.path["id"]
    found = call.books.orders.get(key) or next(iter(call.books.orders.having("number", key)), None)
    if found is None:
        raise NotFound
    return found


ROUTES = [
    Route(method="GET", path="/PurchaseOrders", handler=list_orders),
    Route(method="PUT", path="/PurchaseOrders", handler=write_orders),
    Route(method="POST", path="/PurchaseOrders", handler=write_orders),
    Route(method="GET", path="/PurchaseOrders/{id}", handler=get_order),
    Route(method="POST", path="/PurchaseOrders/{id}", handler=update_order),
]
