"""locations of customers: the contacts of a new one are copied to its customer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aiohttp import web

from ml_connector_sandbox.servicetitan import external_data
from ml_connector_sandbox.servicetitan.answers import module_refusal, not_found
from ml_connector_sandbox.servicetitan.bodies import Property, check_body, check_each, require
from ml_connector_sandbox.servicetitan.books import Location
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.customer_bodies import (
    CONTACT,
    LOCATION,
    NEW_ADDRESS,
    PATCHED_ADDRESS,
    contacts_of,
    guid_of,
    location_of,
    refuse_custom_fields,
    where,
)
from ml_connector_sandbox.servicetitan.customer_rows import created_location, location_row
from ml_connector_sandbox.servicetitan.export import export_page
from ml_connector_sandbox.servicetitan.listing import ListRules, Test, envelope, equal, read_page, single
from ml_connector_sandbox.servicetitan.rows import rendered
from ml_connector_sandbox.servicetitan.shapes import Row

_RULES = ListRules(not_emulated=("latitude", "longitude"))
_ADDRESS_FILTERS = ("street", "unit", "city", "state", "zip", "country")
_CREATE = (*LOCATION, Property("customerId", "integer", required=True))
_UPDATE = (
    Property("customerId", "integer"), Property("name", "text"), Property("address", "object"),
    Property("active", "boolean"), Property("taxZoneId", "integer"), Property("customFields", "list"),
    Property("tagTypeIds", "list"), Property("externalData", "object"),
)  # fmt: skip
_FIELDS = {"customerId": "customer_id", "name": "name", "active": "active", "taxZoneId": "tax_zone_id"}


async def _list(call: ApiCall) -> web.Response:
    asked, guid = call.parameters, call.parameters.guid("externalDataApplicationGuid")
    tests = [
        *equal("name", asked.text("name")),
        *equal("customer_id", asked.integer("customerId")),
        *_address(call),
        *external_data.look_up(call),
    ]
    page = read_page(call, call.books.locations, _RULES, tests)
    return envelope(call, page, call.books.locations, f"locations/{guid}", lambda one: location_row(one, guid))


def _address(call: ApiCall) -> list[Test]:
    def reads(name: str, value: str) -> Test:
        return lambda location: getattr(location.address, name) == value

    given = {name: call.parameters.text(name) for name in _ADDRESS_FILTERS}
    return [reads(name, value) for name, value in given.items() if value is not None]


async def _one(call: ApiCall) -> web.Response:
    return single(call, call.books.locations, "id", _plain)


def _plain(location: Location) -> Row:
    return location_row(location, None)


async def _export(call: ApiCall) -> web.Response:
    def every(_: Location) -> bool:
        return True

    return export_page(call, call.books.locations, "export/locations", _plain, every)


async def _create(call: ApiCall) -> web.Response:
    body, unknown = await call.json_object(), call.switches.refuse_unknown_properties
    errors = check_body(body, _CREATE, unknown)
    refuse_custom_fields(body)
    if not errors:
        errors = check_body(body["address"], NEW_ADDRESS, unknown, "address.")
        errors |= check_each(body, "contacts", CONTACT, unknown)
    require(errors or external_data.check(body.get("externalData"), True, unknown))
    _require_known(call, body)
    made = location_of(body, body["customerId"])
    kept = call.books.crm.add_location(made, contacts=contacts_of(body))
    return call.answer(rendered(created_location(call.books, kept, guid_of(body)), call.switches.extra_fields))


async def _update(call: ApiCall) -> web.Response:
    """Tags and custom fields replace the whole set; the address goes whole, its coordinates may be left out."""
    number = call.path_id("id")
    old = call.books.locations.get(number)
    if old is None:
        raise not_found("Location", number)
    body, unknown = await call.json_object(), call.switches.refuse_unknown_properties
    errors = check_body(body, _UPDATE, unknown)
    refuse_custom_fields(body)
    if not errors and "address" in body:
        errors = check_body(body["address"], PATCHED_ADDRESS, unknown, "address.")
    require(errors or external_data.check(body.get("externalData"), False, unknown))
    _require_known(call, body)
    kept = call.books.crm.change_location(number, **_changes(old, body))
    return call.answer(rendered(location_row(kept, guid_of(body)), call.switches.extra_fields))


def _changes(old: Location, body: dict[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {_FIELDS[name]: body[name] for name in _FIELDS if name in body}
    if "address" in body:
        given = where(body["address"])
        kept = old.address if given.latitude is None else given
        changes["address"] = replace(given, latitude=kept.latitude, longitude=kept.longitude)
    if "tagTypeIds" in body:
        changes["tag_type_ids"] = tuple(body["tagTypeIds"])
    changes["external_data"] = external_data.applied(old.external_data, body.get("externalData"))
    return changes


def _require_known(call: ApiCall, body: dict[str, Any]) -> None:
    """Raises Refusal (409) on a customer or tax zone that does not exist."""
    customer, zone = body.get("customerId"), body.get("taxZoneId")
    if customer is not None and customer not in call.books.customers:
        raise module_refusal(409, f"Customer {customer} was not found.")
    if zone is not None and zone not in call.books.tax_zones:
        raise module_refusal(409, f"Tax zone {zone} was not found.")


_READ, _WRITE = "tn.crm.locations:r", "tn.crm.locations:w"

OPERATIONS = (
    Operation("GET", "crm", "locations", _READ, _list),
    Operation("GET", "crm", "locations/{id}", _READ, _one),
    Operation("GET", "crm", "export/locations", _READ, _export),
    Operation("POST", "crm", "locations", _WRITE, _create),
    Operation("PATCH", "crm", "locations/{id}", _WRITE, _update),
)
