"""What hangs on a contact: its persons and its addresses."""

from __future__ import annotations

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.resources._contact_answer import address, person
from ml_connector_sandbox.zoho_books.resources.contacts import contact_of


def list_persons(call: ApiCall) -> Reply:
    """The persons of a contact, all on one page."""
    contact = contact_of(call)
    rows = [person(one) | {"contact_id": contact.contact_id} for one in contact.persons]
    context = {"page": 1, "per_page": call.switches.default_per_page, "has_more_page": False}
    return Reply(payload={"contact_persons": rows, "page_context": context})


def list_addresses(call: ApiCall) -> Reply:
    """The billing and the shipping address; the emulator keeps no further ones."""
    contact = contact_of(call)
    kept = ((contact.billing_address, "billing"), (contact.shipping_address, "shipping"))
    return Reply(payload={"addresses": [address(one, contact.ids[kind]) for one, kind in kept if one]})


ONE = "/contacts/{contact_id}"
ROUTES = [
    Route(method="GET", path=f"{ONE}/contactpersons", scope="contacts.READ", handler=list_persons),
    Route(method="GET", path=f"{ONE}/address", scope="contacts.READ", handler=list_addresses),
]
