"""The write models customers and locations share: addresses, contacts, new locations, external data."""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.servicetitan import external_data
from ml_connector_sandbox.servicetitan.answers import not_emulated
from ml_connector_sandbox.servicetitan.bodies import Errors, Property, check_body, check_each
from ml_connector_sandbox.servicetitan.books import Contact, CustomerAddress, Location
from ml_connector_sandbox.servicetitan.books.customers import CONTACT_TYPES

_TEXTS = ("street", "unit", "city", "state", "zip", "country")
_DEGREES = ("latitude", "longitude")

NEW_ADDRESS = (
    *(Property(one, "text", required=one != "unit", nullable=one == "unit") for one in _TEXTS),
    *(Property(one, "number", nullable=True) for one in _DEGREES),
)
WHOLE_ADDRESS = (
    *(Property(one, "text", required=True) for one in _TEXTS),
    *(Property(one, "number", required=True) for one in _DEGREES),
)
"""A customer's address is changed with all eight properties, none null."""
PATCHED_ADDRESS = (
    *(Property(one, "text", required=True) for one in _TEXTS),
    *(Property(one, "number", nullable=True) for one in _DEGREES),
)
CONTACT = (
    Property("type", "text", required=True, values=CONTACT_TYPES),
    Property("value", "text", required=True),
    Property("memo", "text", nullable=True),
)
LOCATION = (
    Property("name", "text", required=True),
    Property("address", "object", required=True),
    Property("contacts", "list", nullable=True),
    Property("customFields", "list", nullable=True),
    Property("tagTypeIds", "list", nullable=True),
    Property("externalData", "object", nullable=True),
    Property("coordinatesSource", "text", nullable=True, values=("None", "System", "User", "Imported")),
    Property(
        "coordinatesVerificationStatus",
        "text",
        nullable=True,
        values=("Unverified", "InProgress", "Failed", "Verified"),
    ),
)


def location_parts(locations: list[dict[str, Any]], unknown: bool) -> Errors:
    """What is wrong within new locations; ``unknown``: refuse unknown properties."""
    errors: Errors = {}
    for place, one in enumerate(locations):
        found = check_body(one["address"], NEW_ADDRESS, unknown, "address.")
        found |= check_each(one, "contacts", CONTACT, unknown)
        found |= external_data.check(one.get("externalData"), True, unknown)
        errors |= {f"locations[{place}].{name}": sentences for name, sentences in found.items()}
    return errors


def refuse_custom_fields(body: dict[str, Any]) -> None:
    """Raises Refusal (501): custom fields are made in the vendor's own pages, of which there are none here."""
    if body.get("customFields"):
        raise not_emulated("customFields")


def where(address: dict[str, Any]) -> CustomerAddress:
    """A checked address."""
    given: dict[str, Any] = {name: address.get(name) for name in _TEXTS}
    given |= {name: Decimal(address[name]) for name in _DEGREES if address.get(name) is not None}
    return CustomerAddress(**given)


def contacts_of(body: dict[str, Any]) -> list[Contact]:
    """The checked contacts, whose customer is still to be filled in."""
    given = body.get("contacts") or ()
    return [Contact(customer_id=0, type=one["type"], value=one["value"], memo=one.get("memo")) for one in given]


def location_of(body: dict[str, Any], customer_id: int = 0) -> Location:
    """A checked new location."""
    made = Location(name=body["name"], customer_id=customer_id, address=where(body["address"]))
    kept = external_data.applied({}, body.get("externalData"))
    return replace(made, tag_type_ids=tuple(body.get("tagTypeIds") or ()), external_data=kept)


def guid_of(body: dict[str, Any]) -> str | None:
    """The application whose external data a write named; its answer shows them."""
    data = body.get("externalData")
    return None if data is None else str(uuid.UUID(data["applicationGuid"]))
