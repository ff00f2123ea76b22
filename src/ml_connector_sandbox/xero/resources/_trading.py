"""What invoices and credit notes have in common: one document by id or number, writes in batches."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.xero.api.call import ApiCall, Reply
from ml_connector_sandbox.xero.api.where import Getter
from ml_connector_sandbox.xero.api.writing import Outcome, batch, one_element, summed_up
from ml_connector_sandbox.xero.books import trading
from ml_connector_sandbox.xero.books.documents import Document
from ml_connector_sandbox.xero.books.issues import Issues
from ml_connector_sandbox.xero.errors import NotFound
from ml_connector_sandbox.xero.resources import _document_answer as answer


def contact_fields(call: ApiCall) -> dict[str, Getter]:
    """What can be filtered by of a document's contact."""
    return {
        "Contact.ContactID": lambda one: one.contact_id,
        "Contact.Name": lambda one: answer.contact_of(call.books, one).name,
        "Contact.ContactNumber": lambda one: answer.contact_of(call.books, one).number,
    }


def document_of(call: ApiCall, kind: str) -> Document:
    """The document of the path, by id or number. Raises NotFound."""
    register, key = call.books.register(kind), call.path["id"]
    found = register.get(key) or next(iter(register.having("number", key)), None)
    if found is None or not key:
        raise NotFound
    return found


def write(call: ApiCall, kind: trading.Kind, plural: str) -> Reply:
    """PUT creates, POST creates or updates."""

    def one(body: dict[str, Any]) -> Outcome:
        issues = Issues()
        if call.may_create_only:
            if body.get(f"{kind.name}ID"):
                issues.invented("unknown id", kind.name, kind.name)
            return _saved(call, kind, body, None, issues)
        return _saved(call, kind, body, trading.find_target(call.books, kind, body, issues), issues)

    return batch(call, plural, one)


def update(call: ApiCall, kind: trading.Kind, plural: str) -> Reply:
    """Change the document of the path."""
    body = one_element(call.body, plural)
    return summed_up(call, plural, [_saved(call, kind, body, document_of(call, kind.name), Issues())])


def _saved(call: ApiCall, kind: trading.Kind, body: dict[str, Any], target: Document | None, issues: Issues) -> Outcome:
    places, before = call.unit_places, target.due if target else None
    made, issues = trading.save(call.books, kind, body, target, issues, places, call.app.client_id)
    if issues.messages:
        return Outcome(answer.echo(call.books, made, issues, places, new=target is None), issues, "HasErrors")
    due = before if made.status == "VOIDED" else None
    return Outcome(answer.written(call.books, made, places, due), issues, "HasErrors")
