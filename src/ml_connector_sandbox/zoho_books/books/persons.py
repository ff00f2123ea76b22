"""The persons of a contact: read as a whole with the contact, or changed one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ml_connector_sandbox.zoho_books.books.body import Body, boolean, text
from ml_connector_sandbox.zoho_books.books.masters import Contact
from ml_connector_sandbox.zoho_books.errors import invalid

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.records import Records

PERSON = {
    "salutation": 25,
    "first_name": 100,
    "last_name": 100,
    "email": 100,
    "phone": 50,
    "mobile": 50,
    "designation": 100,
    "department": 50,
    "skype": 50,
}


def read_persons(books: Records, contact: Contact, given: list[Body]) -> list[dict[str, Any]]:
    """The whole array of a body: who is not in it is gone, ``contact_person_id`` keeps one. Raises Refused."""
    known = {one["contact_person_id"] for one in contact.persons}
    persons = [_person(books, one, known) for one in given]
    _one_primary(persons)
    if sum(1 for one in persons if one["is_primary_contact"]) > 1:
        raise invalid("is_primary_contact")
    return persons


def _person(books: Records, given: Body, known: set[str]) -> dict[str, Any]:
    kept = text(given, "contact_person_id")
    if kept and kept not in known:
        raise invalid("contact_person_id")
    person: dict[str, Any] = {"contact_person_id": kept or books.new_id()}
    person |= {name: text(given, name, limit) for name, limit in PERSON.items()}
    if person["email"] and "@" not in person["email"]:
        raise invalid("email")
    person["is_primary_contact"] = boolean(given, "is_primary_contact", default=False)
    return person


def person_of(books: Records, person_id: str) -> tuple[Contact, dict[str, Any]] | None:
    """A person, and whose it is."""
    for contact in books.contacts:
        for one in contact.persons:
            if one["contact_person_id"] == person_id:
                return contact, one
    return None


def add_person(books: Records, contact: Contact, body: Body) -> dict[str, Any]:
    """One more person. Raises Refused."""
    made = _person(books, {name: value for name, value in body.items() if name != "contact_person_id"}, set())
    _replace(books, contact, [*contact.persons, made], made)
    return made


def update_person(books: Records, contact: Contact, old: dict[str, Any], body: Body) -> dict[str, Any]:
    """Change what the body names. Raises Refused."""
    own = old["contact_person_id"]
    made = _person(books, {**old, **body, "contact_person_id": own}, {own})
    _replace(books, contact, [made if one is old else one for one in contact.persons], made)
    return made


def remove_person(books: Records, contact: Contact, old: dict[str, Any]) -> None:
    """Take a person away; another becomes the primary one."""
    _replace(books, contact, [one for one in contact.persons if one is not old], None)


def _replace(books: Records, contact: Contact, persons: list[dict[str, Any]], chosen: dict[str, Any] | None) -> None:
    """The contact's e-mail and phone are its primary person's, so the contact itself has changed."""
    if chosen is not None and chosen["is_primary_contact"]:
        for one in persons:
            one["is_primary_contact"] = one is chosen
    _one_primary(persons)
    contact.persons, contact.modified = persons, books.now()
    books.contacts.put(contact)


def _one_primary(persons: list[dict[str, Any]]) -> None:
    if persons and not any(one["is_primary_contact"] for one in persons):
        persons[0]["is_primary_contact"] = True
