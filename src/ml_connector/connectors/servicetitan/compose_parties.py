"""Customers and vendors as ServiceTitan takes them. Pure.

ServiceTitan takes no customer without a whole address and one location, and no vendor without a whole address, so what
comes from a ledger without one waits with that reason. Our reference goes into the external data of our application,
where one is named; other applications' data stays.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.money import ZERO
from ml_connector.connectors.servicetitan.client import REFERENCE_KEY
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.connectors.servicetitan.translate_customers import EMAIL, PHONE
from ml_connector.connectors.writing import Action, Composed
from ml_connector.errors import BadInput, Refused

_NEW_VENDOR = "as a new vendor it has no replenishment of trucks, tax rate 0 and may be used on mobile devices"
_NEW_CUSTOMER = "the one location that a customer must have is made of the billing address"


def compose(action: Action, party: Party, reference: str, settings: Settings) -> Composed:
    """The body of a create or update; for a customer's update the fields and the contacts apart, see

    ``write_customers``. Raises BadInput in words for a bookkeeper, Refused for another action.
    """
    if action is Action.SET_STATUS:
        status = {"active": party.active}
        whole = status if party.kind == "vendor" else {"customer": status, "contacts": []}
        return Composed(msgspec.json.encode(whole), ZERO)
    if action not in (Action.CREATE, Action.UPDATE):
        raise Refused(f"ServiceTitan takes no {action.value} of a {party.kind}.")
    if not party.name.strip():
        raise BadInput(f"The {party.kind} has no name: enter one where it is kept, ServiceTitan takes none without.")
    notes: list[str] = []
    data = _external_data(action, reference, settings)
    if action is Action.CREATE:
        new, note = (_new_vendor, _NEW_VENDOR) if party.kind == "vendor" else (_new_customer, _NEW_CUSTOMER)
        return Composed(msgspec.json.encode({**new(party, settings), **data}), ZERO, (note,))
    fields = {"name": party.name.strip(), **_changed_address(party, settings, notes), **data}
    body = {**fields, **_vendor_details(party)} if party.kind == "vendor" else _with_contacts(fields, party)
    return Composed(msgspec.json.encode(body), ZERO, tuple(notes))


def _new_customer(party: Party, settings: Settings) -> dict[str, Any]:
    address = whole_address(party, settings)
    return {
        "name": party.name.strip(),
        "type": "Residential" if party.private_person else "Commercial",
        "address": address,
        "locations": [{"name": party.name.strip(), "address": address}],
        "contacts": _contacts(party),
    }


def _with_contacts(fields: dict[str, Any], party: Party) -> dict[str, Any]:
    """A customer's own fields and his contacts are changed by different calls."""
    return {"customer": fields, "contacts": _contacts(party)}


def _changed_address(party: Party, settings: Settings, notes: list[str]) -> dict[str, Any]:
    """One that is not whole is left as it is, visibly: it may be ServiceTitan's own, and other changes need not wait."""
    address = party.address
    if not any((address.street, address.street2, address.city, address.state, address.zip)):
        return {}
    try:
        return {"address": whole_address(party, settings)}
    except BadInput as error:
        notes.append(f"the address is left as it is in ServiceTitan: {error.sentence}")
        return {}


def _contacts(party: Party) -> list[dict[str, str]]:
    return [
        {"type": kind, "value": value.strip()}
        for kind, value in ((EMAIL, party.email), (PHONE, party.phone))
        if value.strip()
    ]


def _new_vendor(party: Party, settings: Settings) -> dict[str, Any]:
    return {
        "name": party.name.strip(),
        "active": True,
        **_vendor_details(party),
        "isTruckReplenishment": False,
        "taxRate": 0,
        "restrictedMobileCreation": False,
        "address": whole_address(party, settings),
    }


def _vendor_details(party: Party) -> dict[str, str]:
    """What is empty here is left as it is there."""
    told = {
        "firstName": party.first_name,
        "lastName": party.last_name,
        "phone": party.phone,
        "email": party.email,
    }
    return {name: value.strip() for name, value in told.items() if value.strip()}


def whole_address(party: Party, settings: Settings) -> dict[str, str]:
    """All six parts, the second line of the street perhaps empty. Raises BadInput naming what is missing."""
    shown = party.address
    parts = {
        "street": shown.street.strip(),
        "unit": shown.street2.strip(),
        "city": shown.city.strip(),
        "state": shown.state.strip(),
        "zip": shown.zip.strip(),
        "country": shown.country.strip() or settings.country,
    }
    missing = [name for name, part in parts.items() if not part and name != "unit"]
    if missing:
        raise BadInput(
            f"ServiceTitan takes a {party.kind} only with a whole address, and {party.name.strip()} has no "
            f"{', no '.join(missing)}: complete the address where the {party.kind} is kept."
        )
    return parts


def _external_data(action: Action, reference: str, settings: Settings) -> dict[str, Any]:
    """Our reference. A change merges it, since the vendor's default would drop the application's other keys."""
    if not (settings.application_guid and reference):
        return {}
    mode = {"patchMode": "Merge"} if action is Action.UPDATE else {}
    kept = [{"key": REFERENCE_KEY, "value": reference}]
    return {"externalData": {**mode, "applicationGuid": settings.application_guid, "externalData": kept}}
