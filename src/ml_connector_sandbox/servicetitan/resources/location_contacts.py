"""Contacts of locations, read only: what is copied to the customer is another record of another resource."""

from __future__ import annotations

from aiohttp import web

from ml_connector_sandbox.servicetitan.answers import not_found
from ml_connector_sandbox.servicetitan.books import Contact
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.customer_rows import contact_row
from ml_connector_sandbox.servicetitan.export import export_page
from ml_connector_sandbox.servicetitan.listing import ListRules, among, envelope, read_page
from ml_connector_sandbox.servicetitan.shapes import Row

_RULES = ListRules(sorts=(), active=False, ids_maximum=None)


def _of_a_location(contact: Contact) -> bool:
    return contact.location_id is not None


def _live(contact: Contact) -> bool:
    return contact.active and _of_a_location(contact)


async def _list(call: ApiCall) -> web.Response:
    number = call.path_id("id")
    if number not in call.books.locations:
        raise not_found("Location", number)
    page = read_page(call, call.books.contacts, _RULES, [_live, lambda contact: contact.location_id == number])
    return envelope(call, page, call.books.contacts, "location contacts", contact_row)


async def _bulk(call: ApiCall) -> web.Response:
    most = call.switches.undocumented_ids_maximum
    tests = [_live, *among("location_id", call.parameters.comma_ids("locationIds", most))]
    page = read_page(call, call.books.contacts, _RULES, tests)
    return envelope(call, page, call.books.contacts, "locations/contacts", _with_location)


async def _export(call: ApiCall) -> web.Response:
    """Deleted ones too."""

    def row(contact: Contact) -> Row:
        return {**_with_location(contact), "active": contact.active}

    return export_page(call, call.books.contacts, "export/locations/contacts", row, _of_a_location)


def _with_location(contact: Contact) -> Row:
    return {**contact_row(contact), "locationId": contact.location_id}


_READ = "tn.crm.locations:r"

OPERATIONS = (
    Operation("GET", "crm", "locations/{id}/contacts", _READ, _list),
    Operation("GET", "crm", "locations/contacts", _READ, _bulk),
    Operation("GET", "crm", "export/locations/contacts", _READ, _export),
)
