"""``/contacts``: customers and vendors."""

from __future__ import annotations

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.api.paging import ListRules, Predicate, page_of_register
from ml_connector_sandbox.zoho_books.books import contacts as rules
from ml_connector_sandbox.zoho_books.books.masters import Contact
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.errors import invalid, missing
from ml_connector_sandbox.zoho_books.resources import _contact_answer as answer
from ml_connector_sandbox.zoho_books.resources._common import primary_person
from ml_connector_sandbox.zoho_books.resources._upsert import upsert_target

LIST: ListRules[Contact] = ListRules(
    report_name="Contacts",
    default_column="contact_name",
    columns={
        "contact_name": lambda one: one.contact_name.casefold(),
        "first_name": lambda one: primary_person(one).get("first_name", ""),
        "last_name": lambda one: primary_person(one).get("last_name", ""),
        "email": lambda one: primary_person(one).get("email", ""),
        "created_time": lambda one: one.created,
        "last_modified_time": lambda one: one.modified,
    },
    exact={"contact_type": lambda one: one.contact_type},
    texts={
        "contact_name": lambda one: one.contact_name,
        "company_name": lambda one: one.texts.get("company_name", ""),
        "first_name": lambda one: str(primary_person(one).get("first_name", "")),
        "last_name": lambda one: str(primary_person(one).get("last_name", "")),
        "email": lambda one: str(primary_person(one).get("email", "")),
        "phone": lambda one: str(primary_person(one).get("phone", "")),
        "address": lambda one: " ".join(one.billing_address.values()),
    },
    search=lambda one: f"{one.contact_name} {one.texts.get('notes', '')}",
)
# Only the ascending order was ever seen to be honoured by this list.
LIST_ASCENDING: ListRules[Contact] = ListRules(
    report_name=LIST.report_name,
    default_column=LIST.default_column,
    columns=LIST.columns,
    exact=LIST.exact,
    texts=LIST.texts,
    search=LIST.search,
    order_honoured=False,
)


def list_contacts(call: ApiCall) -> Reply:
    """A page of contacts; there is no filter by last change."""
    offered = LIST if call.switches.contacts_sort_descending else LIST_ASCENDING
    rows, context = page_of_register(call, offered, call.books.contacts, _status(call))
    return Reply(payload={"contacts": [answer.row(call.books, one) for one in rows], "page_context": context})


def get_contact(call: ApiCall) -> Reply:
    """One contact in full."""
    return Reply(payload={"contact": answer.detail(call.books, contact_of(call))})


def create_contact(call: ApiCall) -> Reply:
    """A new contact."""
    return _created(call.books, rules.create(call.books, call.body))


def update_contact(call: ApiCall) -> Reply:
    """Change the named fields."""
    contact = rules.update(call.books, contact_of(call), call.body)
    message = "Contact information has been saved."
    return Reply(payload={"contact": answer.detail(call.books, contact)}, message=message)


def upsert_contact(call: ApiCall) -> Reply:
    """Change, or create, the contact that holds a unique custom field's value."""
    found, body = upsert_target(call, "contact", "Contact")
    if found is None:
        reply = _created(call.books, rules.create(call.books, body))
        reply.status = call.switches.upsert_created_status
        return reply
    old = call.books.contacts.get(found)
    if old is None:
        raise missing("Contact")
    contact = rules.update(call.books, old, body)
    message = "Contact has been updated successfully"
    return Reply(payload={"contact": answer.detail(call.books, contact)}, message=message)


def delete_contact(call: ApiCall) -> Reply:
    """Remove a contact without documents; the message says customer for vendors too."""
    rules.delete(call.books, contact_of(call))
    return Reply(message="The customer has been deleted.")


def mark_active(call: ApiCall) -> Reply:
    """Make usable again."""
    rules.set_active(call.books, contact_of(call), active=True)
    return Reply(message="The contact has been marked as active.")


def mark_inactive(call: ApiCall) -> Reply:
    """Close for new documents."""
    rules.set_active(call.books, contact_of(call), active=False)
    return Reply(message="The contact has been marked as inactive.")


def merge_contact(call: ApiCall) -> Reply:
    """Merge the contact of the path into another; the parameter's name is a switch, none is published."""
    name = call.switches.merge_parameter
    survivor = call.books.contacts.get(call.query.get(name, ""))
    if survivor is None:
        raise invalid(name)
    rules.merge(call.books, contact_of(call), survivor)
    return Reply()


def track_1099(call: ApiCall) -> Reply:
    """Report payments to this vendor on form 1099."""
    rules.update(call.books, contact_of(call), {"track_1099": True})
    return Reply(message="1099 tracking is enabled.")


def untrack_1099(call: ApiCall) -> Reply:
    """Stop reporting payments to this vendor."""
    rules.update(call.books, contact_of(call), {"track_1099": False})
    return Reply(message="1099 tracking is disabled.")


def _created(books: OrganisationBooks, contact: Contact) -> Reply:
    return Reply(
        payload={"contact": answer.detail(books, contact)},
        message="The contact has been added.",
        status=201,
        location=f"/api/v3/contacts/{contact.contact_id}",
    )


def contact_of(call: ApiCall) -> Contact:
    """The contact of the path. Raises Refused with 404."""
    contact = call.books.contacts.get(call.path["contact_id"])
    if contact is None:
        raise missing("Contact")
    return contact


def _status(call: ApiCall) -> list[Predicate]:
    wanted = call.query.get("filter_by", "Status.All")
    if wanted == "Status.Active":
        return [lambda one: one.active]
    if wanted == "Status.Inactive":
        return [lambda one: not one.active]
    if wanted == "Status.Duplicate":
        return [lambda one: len(call.books.contacts.having("name", one.contact_name.casefold())) > 1]
    return []


ONE = "/contacts/{contact_id}"
ROUTES = [
    Route(method="GET", path="/contacts", scope="contacts.READ", handler=list_contacts),
    Route(method="POST", path="/contacts", scope="contacts.CREATE", handler=create_contact, takes_body=True),
    Route(method="PUT", path="/contacts", scope="contacts.UPDATE", handler=upsert_contact, takes_body=True),
    Route(method="GET", path=ONE, scope="contacts.READ", handler=get_contact),
    Route(method="PUT", path=ONE, scope="contacts.UPDATE", handler=update_contact, takes_body=True),
    Route(method="DELETE", path=ONE, scope="contacts.DELETE", handler=delete_contact),
    Route(method="POST", path=f"{ONE}/active", scope="contacts.CREATE", handler=mark_active),
    Route(method="POST", path=f"{ONE}/inactive", scope="contacts.CREATE", handler=mark_inactive),
    Route(method="POST", path=f"{ONE}/merge", scope="contacts.CREATE", handler=merge_contact),
    Route(method="POST", path=f"{ONE}/track1099", scope="contacts.CREATE", handler=track_1099),
    Route(method="POST", path=f"{ONE}/untrack1099", scope="contacts.CREATE", handler=untrack_1099),
]
