"""customers: created with at least one location, addressed whole, and their contacts elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aiohttp import web

from ml_connector_sandbox.servicetitan import external_data
from ml_connector_sandbox.servicetitan.answers import not_found
from ml_connector_sandbox.servicetitan.bodies import Errors, Property, check_body, check_each, require
from ml_connector_sandbox.servicetitan.books import Customer, TenantBooks
from ml_connector_sandbox.servicetitan.books.customers import CUSTOMER_TYPES
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.customer_bodies import (
    CONTACT,
    LOCATION,
    NEW_ADDRESS,
    WHOLE_ADDRESS,
    contacts_of,
    guid_of,
    location_of,
    location_parts,
    refuse_custom_fields,
    where,
)
from ml_connector_sandbox.servicetitan.customer_rows import created_location, customer_row, short_contact
from ml_connector_sandbox.servicetitan.export import export_page
from ml_connector_sandbox.servicetitan.listing import ListRules, Test, envelope, equal, read_page, single
from ml_connector_sandbox.servicetitan.rows import rendered
from ml_connector_sandbox.servicetitan.shapes import Row

_ADDRESS_FILTERS = ("street", "unit", "city", "state", "zip", "country")
_FIELDS: dict[str, str] = {
    "name": "name", "type": "type", "doNotMail": "do_not_mail", "doNotService": "do_not_service",
    "nationalAccount": "national_account", "taxExempt": "tax_exempt", "paymentTermId": "payment_term_id",
    "creditLimit": "credit_limit", "creditLimitBalance": "credit_limit_balance",
}  # fmt: skip
_KINDS: dict[str, str] = {
    "name": "text", "type": "text", "doNotMail": "boolean", "doNotService": "boolean", "nationalAccount": "boolean",
    "taxExempt": "boolean", "paymentTermId": "integer", "creditLimit": "number", "creditLimitBalance": "number",
    "address": "object", "customFields": "list", "tagTypeIds": "list", "externalData": "object",
}  # fmt: skip


def _properties(creating: bool) -> tuple[Property, ...]:
    """On creation name, address and locations are required and the rest may be null; on change nothing is either."""
    required = ("name", "address") if creating else ()
    common = tuple(
        Property(
            name, kind, name in required, creating and name not in required, CUSTOMER_TYPES if name == "type" else ()
        )
        for name, kind in _KINDS.items()
    )
    if not creating:
        return (*common, Property("active", "boolean"))
    return (*common, Property("locations", "list", required=True), Property("contacts", "list", nullable=True))


_CREATE, _UPDATE = _properties(creating=True), _properties(creating=False)


async def _list(call: ApiCall) -> web.Response:
    asked, guid = call.parameters, call.parameters.guid("externalDataApplicationGuid")
    edits_only = asked.boolean("excludeAccountingChangesFromModifiedDateRange") or False
    rules = ListRules(
        ids_maximum=50, not_emulated=("latitude", "longitude"), modified="edited_on" if edits_only else "modified_on"
    )
    tests = [
        *equal("name", asked.text("name")),
        *_address(call),
        *_phone(call),
        *external_data.look_up(call),
    ]
    page = read_page(call, call.books.customers, rules, tests, [call.books.contacts])
    return envelope(call, page, call.books.customers, f"customers/{guid}", lambda one: customer_row(one, guid))


def _address(call: ApiCall) -> list[Test]:
    def reads(name: str, value: str) -> Test:
        return lambda customer: getattr(customer.address, name) == value

    given = {name: call.parameters.text(name) for name in _ADDRESS_FILTERS}
    return [reads(name, value) for name, value in given.items() if value is not None]


def _phone(call: ApiCall) -> list[Test]:
    number = call.parameters.text("phone")
    if number is None:
        return []
    kept = [one for one in call.books.contacts if one.active and one.type in ("Phone", "MobilePhone")]
    ids = {one.customer_id for one in kept if one.value == number}
    return [lambda customer: customer.id in ids]


async def _one(call: ApiCall) -> web.Response:
    """There is no parameter for external data here, so none is shown."""
    return single(call, call.books.customers, "id", _plain)


def _plain(customer: Customer) -> Row:
    return customer_row(customer, None)


async def _export(call: ApiCall) -> web.Response:
    def every(_: Customer) -> bool:
        return True

    return export_page(call, call.books.customers, "export/customers", _plain, every)


async def _create(call: ApiCall) -> web.Response:
    body, unknown = await call.json_object(), call.switches.refuse_unknown_properties
    errors = check_body(body, _CREATE, unknown)
    refuse_custom_fields(body)
    require(errors or _new_parts(body, unknown))
    require(_known_term(call, body))
    customer = _written(Customer(name=body["name"], address=where(body["address"])), body)
    locations = [(location_of(one), contacts_of(one)) for one in body["locations"]]
    kept = call.books.crm.add_customer(customer, locations=locations, contacts=contacts_of(body))
    return call.answer(rendered(_created(call.books, kept, guid_of(body)), call.switches.extra_fields))


def _created(books: TenantBooks, customer: Customer, guid: str | None) -> Row:
    """The answer to a creation: with locations and contacts, which no read shows."""
    return {
        **customer_row(customer, guid),
        "locations": [created_location(books, one, guid) for one in books.locations.in_group(customer.id)],
        "contacts": [short_contact(one) for one in books.crm.contacts_of(customer.id)],
    }


def _new_parts(body: dict[str, Any], unknown: bool) -> Errors:
    errors = check_body(body["address"], NEW_ADDRESS, unknown, "address.")
    errors |= external_data.check(body.get("externalData"), True, unknown)
    errors |= check_each(body, "contacts", CONTACT, unknown) | check_each(body, "locations", LOCATION, unknown)
    if not errors:
        errors |= location_parts(body["locations"], unknown)
    if not body["locations"]:
        errors["locations"] = ["At least one location is required."]
    if not body["name"].strip():
        errors["name"] = ["The name field is required."]
    return errors


async def _update(call: ApiCall) -> web.Response:
    number = call.path_id("id")
    old = call.books.customers.get(number)
    if old is None:
        raise not_found("Customer", number)
    body, unknown = await call.json_object(), call.switches.refuse_unknown_properties
    errors = check_body(body, _UPDATE, unknown)
    refuse_custom_fields(body)
    if not errors and "address" in body:
        errors |= check_body(body["address"], WHOLE_ADDRESS, unknown, "address.")
    require(errors or external_data.check(body.get("externalData"), False, unknown))
    require(_known_term(call, body))
    if not call.switches.customer_active_can_be_changed:
        body.pop("active", None)
    new = _written(replace(old, address=where(body["address"])) if "address" in body else old, body)
    changes = {name: value for name, value in vars(new).items() if name in _CHANGEABLE}
    kept = call.books.crm.change_customer(number, **changes)
    return call.answer(rendered(customer_row(kept, guid_of(body)), call.switches.extra_fields))


_CHANGEABLE = frozenset((*_FIELDS.values(), "active", "address", "external_data", "tag_type_ids"))


def _known_term(call: ApiCall, body: dict[str, Any]) -> Errors:
    number = body.get("paymentTermId")
    if number is None or number in call.books.payment_terms:
        return {}
    return {"paymentTermId": [f"Payment term {number} was not found."]}


def _written(customer: Customer, body: dict[str, Any]) -> Customer:
    """``customer`` with the body's properties; null leaves what is there."""
    changes: dict[str, Any] = {_FIELDS[name]: body[name] for name in _FIELDS if body.get(name) is not None}
    if body.get("active") is not None:
        changes["active"] = body["active"]
    if body.get("tagTypeIds") is not None:
        changes["tag_type_ids"] = tuple(body["tagTypeIds"])
    changes["external_data"] = external_data.applied(customer.external_data, body.get("externalData"))
    return replace(customer, **changes)


_READ, _WRITE = "tn.crm.customers:r", "tn.crm.customers:w"

OPERATIONS = (
    Operation("GET", "crm", "customers", _READ, _list),
    Operation("GET", "crm", "customers/{id}", _READ, _one),
    Operation("GET", "crm", "export/customers", _READ, _export),
    Operation("POST", "crm", "customers", _WRITE, _create),
    Operation("PATCH", "crm", "customers/{id}", _WRITE, _update),
)
