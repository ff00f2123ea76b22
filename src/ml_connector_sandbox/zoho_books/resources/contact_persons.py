"""``/contacts/contactpersons``: the persons of contacts one by one; with the contact they are sent as a whole."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.books import persons
from ml_connector_sandbox.zoho_books.books.body import text
from ml_connector_sandbox.zoho_books.books.masters import Contact
from ml_connector_sandbox.zoho_books.errors import Refused, invalid, missing
from ml_connector_sandbox.zoho_books.resources._contact_answer import person


def get_person(call: ApiCall) -> Reply:
    """One person in full; below a contact it must be that contact's."""
    contact, one = _found(call)
    if call.path.get("contact_id", contact.contact_id) != contact.contact_id:
        raise missing("Contact person")
    return Reply(payload={"contact_person": _shown(contact, one)})


def create_person(call: ApiCall) -> Reply:
    """One more person of the contact that the body names."""
    contact = call.books.contacts.get(text(call.body, "contact_id"))
    if contact is None:
        raise Refused(400, call.switches.unknown_reference_code, "Invalid value passed for contact_id")
    made = persons.add_person(call.books, contact, call.body)
    return _answer(call, contact, made, "The contactperson has been Created", 201)


def update_person(call: ApiCall) -> Reply:
    """Change the named fields; the specification demands ``contact_id`` beside them."""
    contact, one = _found(call)
    named = text(call.body, "contact_id")
    if named != contact.contact_id and (named or call.switches.person_needs_contact_id):
        raise invalid("contact_id")
    made = persons.update_person(call.books, contact, one, call.body)
    return _answer(call, contact, made, "The contactperson details has been updated.", 200)


def delete_person(call: ApiCall) -> Reply:
    """Take a person away."""
    contact, one = _found(call)
    persons.remove_person(call.books, contact, one)
    return Reply(message="The contact person has been deleted.")


def make_primary(call: ApiCall) -> Reply:
    """The contact's e-mail and phone are this person's from now on."""
    contact, one = _found(call)
    persons.update_person(call.books, contact, one, {"is_primary_contact": True})
    return Reply(message="This contact person has been marked as your primary contact person.")


def _found(call: ApiCall) -> tuple[Contact, dict[str, Any]]:
    found = persons.person_of(call.books, call.path["contact_person_id"])
    if found is None:
        raise missing("Contact person")
    return found


def _answer(call: ApiCall, contact: Contact, one: dict[str, Any], message: str, status: int) -> Reply:
    shown = _shown(contact, one)
    body = [shown] if call.switches.person_written_as_list else shown
    return Reply(payload={"contact_person": body}, message=message, status=status)


def _shown(contact: Contact, one: dict[str, Any]) -> dict[str, Any]:
    return person(one) | {"contact_id": contact.contact_id}


ALL = "/contacts/contactpersons"
ONE = f"{ALL}/{{contact_person_id}}"
ROUTES = [
    Route(method="POST", path=ALL, scope="contacts.CREATE", handler=create_person, takes_body=True),
    Route(method="GET", path=ONE, scope="contacts.READ", handler=get_person),
    Route(method="PUT", path=ONE, scope="contacts.UPDATE", handler=update_person, takes_body=True),
    Route(method="DELETE", path=ONE, scope="contacts.DELETE", handler=delete_person),
    Route(method="POST", path=f"{ONE}/primary", scope="contacts.CREATE", handler=make_primary),
    Route(
        method="GET",
        path="/contacts/{contact_id}/contactpersons/{contact_person_id}",
        scope="contacts.READ",
        handler=get_person,
    ),
]
