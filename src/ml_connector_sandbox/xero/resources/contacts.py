"""``/Contacts``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ml_connector_sandbox.xero.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.xero.api.reading import Rules, select
from ml_connector_sandbox.xero.api.writing import Outcome, batch, one_element, summed_up
from ml_connector_sandbox.xero.books import contacts
from ml_connector_sandbox.xero.books.issues import Issues
from ml_connector_sandbox.xero.books.masters import ARCHIVED, Contact
from ml_connector_sandbox.xero.errors import NotFound
from ml_connector_sandbox.xero.resources import _contact_answer as answer

PLURAL = "Contacts"


def _searched(one: Contact) -> Iterable[str]:
    names = (one.texts.get(name, "") for name in ("FirstName", "LastName", "EmailAddress"))
    return one.name, one.number, *names


RULES = Rules(
    fields={
        "ContactID": lambda one: one.contact_id,
        "Name": lambda one: one.name,
        "EmailAddress": lambda one: one.texts.get("EmailAddress", ""),
        "AccountNumber": lambda one: one.account_number,
        "ContactNumber": lambda one: one.number,
        "ContactStatus": lambda one: one.status,
    },
    sets={"IDs": lambda one: one.contact_id},
    search=_searched,
    forced_by=("summaryOnly",),
)


def list_contacts(call: ApiCall) -> Reply:
    """Archived contacts only when they are asked for, by id too."""
    hidden = not call.asked_flag("includeArchived")
    tests = [lambda one: one.status != ARCHIVED] if hidden else []
    found = select(call, RULES, call.books.contacts, tests)
    summary = call.asked_flag("summaryOnly")
    rows = [answer.summary(one) if summary else answer.full(call.books, one) for one in found.rows]
    return listed(found.pagination, PLURAL, rows, found.unchanged)


def get_contact(call: ApiCall) -> Reply:
    """By id or by ContactNumber."""
    return Reply(payload={PLURAL: [answer.full(call.books, _of(call))]})


def write_contacts(call: ApiCall) -> Reply:
    """PUT creates, POST creates or updates."""
    return batch(call, PLURAL, lambda body: _written(call, body))


def update_contact(call: ApiCall) -> Reply:
    """Change one."""
    body = one_element(call.body, PLURAL)
    return summed_up(call, PLURAL, [_saved(call, body, _of(call), Issues())])


def listed(pagination: dict[str, int] | None, plural: str, rows: list[Any], unchanged: bool = False) -> Reply:
    """A list with its page, or 304."""
    if unchanged:
        return Reply(payload=None, status=304)
    return Reply(payload={**({"pagination": pagination} if pagination else {}), plural: rows})


def _written(call: ApiCall, body: dict[str, Any]) -> Outcome:
    issues = Issues()
    if call.may_create_only:
        if body.get("ContactID"):
            issues.invented("unknown id", "Contact", "Contact")
        return _saved(call, body, None, issues)
    return _saved(call, body, contacts.find_target(call.books, body, issues), issues)


def _saved(call: ApiCall, body: dict[str, Any], target: Contact | None, issues: Issues) -> Outcome:
    made = contacts.save(call.books, body, target, issues)
    refused = bool(issues.messages)
    shown = answer.echo(made, new=target is None) if refused else answer.full(call.books, made)
    return Outcome(shown, issues, "HasValidationErrors")


def _of(call: ApiCall) -> Contact:
    key = call.path["id"]
    found = call.books.contacts.get(key) or next(iter(call.books.contacts.having("number", key)), None)
    if found is None:
        raise NotFound
    return found


ROUTES = [
    Route(method="GET", path="/Contacts", handler=list_contacts),
    Route(method="PUT", path="/Contacts", handler=write_contacts),
    Route(method="POST", path="/Contacts", handler=write_contacts),
    Route(method="GET", path="/Contacts/{id}", handler=get_contact),
    Route(method="POST", path="/Contacts/{id}", handler=update_contact),
]
