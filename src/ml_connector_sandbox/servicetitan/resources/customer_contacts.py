"""Contacts of customers: by customer, in bulk, and as a feed. Changing one leaves its customer's modifiedOn."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ml_connector_sandbox.servicetitan.answers import invalid, not_found
from ml_connector_sandbox.servicetitan.bodies import Property, check_body, require
from ml_connector_sandbox.servicetitan.books import Contact
from ml_connector_sandbox.servicetitan.books.customers import CONTACT_TYPES
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.customer_bodies import CONTACT
from ml_connector_sandbox.servicetitan.customer_rows import contact_row
from ml_connector_sandbox.servicetitan.export import export_page
from ml_connector_sandbox.servicetitan.listing import ListRules, among, envelope, read_page
from ml_connector_sandbox.servicetitan.rows import rendered
from ml_connector_sandbox.servicetitan.shapes import Row

_RULES = ListRules(sorts=(), active=False, ids_maximum=None)
_UPDATE = (
    Property("type", "text", values=CONTACT_TYPES),
    Property("value", "text"),
    Property("memo", "text"),
    Property("preferences", "object"),
)
_PREFERENCES: dict[str, str] = {
    "jobRemindersEnabled": "job_reminders", "marketingUpdatesEnabled": "marketing_updates",
    "invoiceStatementNotification": "invoice_statements",
}  # fmt: skip
_PREFERENCE_BODY = tuple(Property(name, "boolean", required=True) for name in _PREFERENCES)


def _own(contact: Contact) -> bool:
    """Those of locations are other records, of another resource."""
    return contact.active and contact.location_id is None


async def _list(call: ApiCall) -> web.Response:
    number = _customer(call)
    page = read_page(call, call.books.contacts, _RULES, [_own, lambda contact: contact.customer_id == number])
    return envelope(call, page, call.books.contacts, "customer contacts", contact_row)


async def _bulk(call: ApiCall) -> web.Response:
    asked = call.parameters
    if not any(asked.text(name) for name in ("customerIds", "modifiedBefore", "modifiedOnOrAfter")):
        raise invalid({"": ["Either customerIds, modifiedBefore or modifiedOnOrAfter must be specified."]})
    tests = [_own, *among("customer_id", asked.comma_ids("customerIds", call.switches.undocumented_ids_maximum))]
    page = read_page(call, call.books.contacts, _RULES, tests)
    return envelope(call, page, call.books.contacts, "customers/contacts", _with_customer)


async def _export(call: ApiCall) -> web.Response:
    """Deleted ones too."""

    def fed(contact: Contact) -> bool:
        return contact.location_id is None

    def row(contact: Contact) -> Row:
        return {**_with_customer(contact), "active": contact.active}

    return export_page(call, call.books.contacts, "export/customers/contacts", row, fed)


def _with_customer(contact: Contact) -> Row:
    return {**contact_row(contact), "customerId": contact.customer_id}


async def _create(call: ApiCall) -> web.Response:
    number = _customer(call)
    body = await call.json_object()
    require(check_body(body, CONTACT, call.switches.refuse_unknown_properties))
    made = Contact(customer_id=number, type=body["type"], value=body["value"], memo=body.get("memo"))
    return _answer(call, call.books.crm.add_contact(made))


async def _update(call: ApiCall) -> web.Response:
    contact = _contact(call)
    body, unknown = await call.json_object(), call.switches.refuse_unknown_properties
    errors = check_body(body, _UPDATE, unknown)
    if not errors and "preferences" in body:
        errors = check_body(body["preferences"], _PREFERENCE_BODY, unknown, "preferences.")
    require(errors)
    changes: dict[str, Any] = {name: body[name] for name in ("type", "value", "memo") if name in body}
    changes |= {_PREFERENCES[name]: body["preferences"][name] for name in _PREFERENCES if "preferences" in body}
    return _answer(call, call.books.crm.change_contact(contact.id, **changes))


async def _delete(call: ApiCall) -> web.Response:
    call.books.crm.remove_contact(_contact(call).id)
    return call.empty()


def _customer(call: ApiCall) -> int:
    number = call.path_id("id")
    if number not in call.books.customers:
        raise not_found("Customer", number)
    return number


def _contact(call: ApiCall) -> Contact:
    customer, number = _customer(call), call.path_id("contactId")
    contact = call.books.contacts.get(number)
    if contact is None or contact.customer_id != customer or not _own(contact):
        raise not_found("Contact", number)
    return contact


def _answer(call: ApiCall, contact: Contact) -> web.Response:
    return call.answer(rendered(contact_row(contact), call.switches.extra_fields))


_READ, _WRITE = "tn.crm.customers:r", "tn.crm.customers:w"

OPERATIONS = (
    Operation("GET", "crm", "customers/{id}/contacts", _READ, _list),
    Operation("GET", "crm", "customers/contacts", _READ, _bulk),
    Operation("GET", "crm", "export/customers/contacts", _READ, _export),
    Operation("POST", "crm", "customers/{id}/contacts", _WRITE, _create),
    Operation("PATCH", "crm", "customers/{id}/contacts/{contactId}", _WRITE, _update),
    Operation("DELETE", "crm", "customers/{id}/contacts/{contactId}", _WRITE, _delete),
)
