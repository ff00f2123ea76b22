"""vendors: read with external data on request, written under other names than read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from aiohttp import web

from ml_connector_sandbox.servicetitan import external_data
from ml_connector_sandbox.servicetitan.answers import not_found
from ml_connector_sandbox.servicetitan.bodies import Errors, Property, check_body, check_each, require
from ml_connector_sandbox.servicetitan.books import Address, Vendor, VendorContact
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.listing import ListRules, envelope, read_page, single
from ml_connector_sandbox.servicetitan.rows import rendered
from ml_connector_sandbox.servicetitan.shapes import Row, address, stamps

_RULES = ListRules(repeated_ids=True, ids_maximum=None)
_DELIVERY = (
    "Manual",
    "EmailAsExcel",
    "EmailAsPdf",
    "EmailAsPdfRollupView",
    "Electronic",
    "MarkAsSent",
    "EmailAsExcelAndPdf",
    "VendorPortal",
)
_REQUIRED = ("name", "active", "isTruckReplenishment", "taxRate", "restrictedMobileCreation", "address")
_ADDRESS = tuple(Property(one, "text", required=True) for one in ("street", "unit", "city", "state", "zip", "country"))
_KINDS: dict[str, str] = {
    "name": "text", "active": "boolean", "memo": "text", "firstName": "text", "lastName": "text", "phone": "text",
    "email": "text", "fax": "text", "isTruckReplenishment": "boolean", "deliveryOption": "text",
    "taxRate": "number", "restrictedMobileCreation": "boolean", "vendorQuickbooksItem": "text",
    "paymentTermId": "integer", "remittanceVendorId": "integer", "address": "object", "externalData": "object",
    "tags": "list", "vendorContacts": "list",
}  # fmt: skip
_FIELDS: dict[str, str] = {
    "name": "name", "active": "active", "memo": "memo", "firstName": "first_name", "lastName": "last_name",
    "phone": "phone", "email": "email", "fax": "fax", "isTruckReplenishment": "is_truck_replenishment",
    "deliveryOption": "delivery_option", "taxRate": "tax_rate",
    "restrictedMobileCreation": "restricted_mobile_creation", "vendorQuickbooksItem": "vendor_quickbooks_item",
    "paymentTermId": "payment_term_id", "remittanceVendorId": "remittance_vendor_id",
}  # fmt: skip


def _properties(creating: bool) -> tuple[Property, ...]:
    """The write model: on creation some are required and the others may be null, on change none is either."""
    return tuple(
        Property(
            name,
            kind,
            required=creating and name in _REQUIRED,
            nullable=creating and name not in _REQUIRED,
            values=_DELIVERY if name == "deliveryOption" else (),
        )
        for name, kind in _KINDS.items()
    )


_CREATE, _UPDATE = _properties(creating=True), _properties(creating=False)


async def _list(call: ApiCall) -> web.Response:
    guid = call.parameters.guid("externalDataApplicationGuid")
    page = read_page(call, call.books.vendors, _RULES, external_data.look_up(call))
    return envelope(call, page, call.books.vendors, f"vendors/{guid}", lambda vendor: _row(vendor, guid))


async def _one(call: ApiCall) -> web.Response:
    guid = call.parameters.guid("externalDataApplicationGuid")
    return single(call, call.books.vendors, "id", lambda vendor: _row(vendor, guid))


async def _create(call: ApiCall) -> web.Response:
    body = await call.json_object()
    _require(call, body, creating=True)
    vendor = call.books.add_vendor(_written(Vendor(name=body["name"]), body))
    return call.answer(rendered({"id": vendor.id}, call.switches.extra_fields))


async def _update(call: ApiCall) -> web.Response:
    number = call.path_id("id")
    old = call.books.vendors.get(number)
    if old is None:
        raise not_found("Vendor", number)
    body = await call.json_object()
    _require(call, body, creating=False, own_name=old.name)
    new = _written(old, body)
    call.books.vendors.modify(number, **{name: value for name, value in vars(new).items() if name in _CHANGEABLE})
    return call.answer(rendered({"id": number}, call.switches.extra_fields))


_CHANGEABLE = frozenset((*_FIELDS.values(), "address", "external_data", "tag_type_ids", "vendor_contacts"))


def _require(call: ApiCall, body: dict[str, Any], creating: bool, own_name: str | None = None) -> None:
    refuse_unknown = call.switches.refuse_unknown_properties
    errors = check_body(body, _CREATE if creating else _UPDATE, refuse_unknown)
    if not errors:
        errors = _parts(body, creating, refuse_unknown) | _name(call, body.get("name"), own_name)
    require(errors)


def _parts(body: dict[str, Any], creating: bool, refuse_unknown: bool) -> Errors:
    errors = external_data.check(body.get("externalData"), creating, refuse_unknown)
    if "address" in body:
        errors |= check_body(body["address"], _ADDRESS, refuse_unknown, "address.")
    errors |= check_each(body, "tags", (Property("tagTypeId", "integer", required=True),), refuse_unknown)
    contact = (Property("name", "text", required=True), Property("email", "text", required=True))
    return errors | check_each(body, "vendorContacts", contact, refuse_unknown)


def _name(call: ApiCall, name: str | None, own_name: str | None) -> Errors:
    if name is not None and not name.strip():
        return {"name": ["The name field is required."]}
    if name in (None, own_name) or not call.switches.refuse_duplicate_vendor_names:
        return {}
    taken = any(vendor.name == name for vendor in call.books.vendors)
    return {"name": [f"A vendor named '{name}' exists already."]} if taken else {}


def _written(vendor: Vendor, body: dict[str, Any]) -> Vendor:
    """``vendor`` with the body's properties; null leaves the empty default."""
    changes = {_FIELDS[name]: value for name, value in body.items() if name in _FIELDS and value is not None}
    if "address" in body:
        changes["address"] = Address(**{one.name: body["address"][one.name] for one in _ADDRESS})
    if body.get("tags") is not None:
        changes["tag_type_ids"] = tuple(tag["tagTypeId"] for tag in body["tags"])
    if body.get("vendorContacts") is not None:
        contacts = body["vendorContacts"]
        changes["vendor_contacts"] = tuple(VendorContact(name=one["name"], email=one["email"]) for one in contacts)
    changes["external_data"] = external_data.applied(vendor.external_data, body.get("externalData"))
    return replace(vendor, **changes)


def _row(vendor: Vendor, guid: str | None) -> Row:
    return {
        "id": vendor.id,
        "name": vendor.name,
        "active": vendor.active,
        "isTruckReplenishment": vendor.is_truck_replenishment,
        "isMobileCreationRestricted": vendor.restricted_mobile_creation,
        "memo": vendor.memo,
        "deliveryOption": vendor.delivery_option,
        "defaultTaxRate": vendor.tax_rate,
        "contactInfo": {
            "firstName": vendor.first_name,
            "lastName": vendor.last_name,
            "phone": vendor.phone,
            "email": vendor.email,
            "fax": vendor.fax,
        },
        "address": address(vendor.address),
        **stamps(vendor),
        "externalData": external_data.shown(vendor.external_data, guid),
        "customFields": [],
    }


_READ, _WRITE = "tn.inv.vendors:r", "tn.inv.vendors:w"

OPERATIONS = (
    Operation("GET", "inventory", "vendors", _READ, _list),
    Operation("GET", "inventory", "vendors/{id}", _READ, _one),
    Operation("POST", "inventory", "vendors", _WRITE, _create),
    Operation("PATCH", "inventory", "vendors/{id}", _WRITE, _update),
)
