"""Writing, what the answer proves, and finding what may have been written.

A create whose body carries our reference in the unique custom field goes as an upsert on that field, so repeating it
cannot make a second document; an upsert may instead change one that holds the reference already, so the answer is
compared with what was to be. Vendor credits have no upsert.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.numbers import number_key
from ml_connector.canonical.purchases import Bill, BillState
from ml_connector.connectors import json_fields
from ml_connector.connectors.base import Session
from ml_connector.connectors.errors import FilterIgnored, Unsettled
from ml_connector.connectors.writing import Action, Done, Later, Outcome, Step, Uncertain
from ml_connector.connectors.zoho_books.client import Books, Reply, lacking, parse
from ml_connector.connectors.zoho_books.errors import Incomplete, Refusal, rejected
from ml_connector.connectors.zoho_books.limits import throttle
from ml_connector.connectors.zoho_books.read import RESOURCES, Resource, detail, reference_field, row_of
from ml_connector.errors import BadInput
from ml_connector.transport.errors import (
    AnswerLost,
    BudgetEmpty,
    LeaseLost,
    NotJson,
    NotSent,
    Reconnect,
    Throttled,
    TransportError,
)
from ml_connector.transport.messages import Answer, Request

WRITABLE = {
    "bills": frozenset([Action.CREATE, Action.UPDATE, Action.VOID]),
    "parties": frozenset([Action.CREATE, Action.UPDATE]),
    "vendor_credits": frozenset([Action.CREATE, Action.VOID]),
}
_UPSERTS = frozenset(["bills", "parties"])
_PASSES = 3  # over what a look-up finds on several pages
_RECONNECT_WAIT = 3600.0  # a person has to act; nothing is gained by asking sooner


async def write(session: Session, step: Step) -> Outcome:
    """Send one step once. Raises LeaseLost, and BadInput for an action this connector does not offer."""
    request = request_for(step, Books(session))
    try:
        answer = await session.send(request)
    except LeaseLost:
        raise
    except (Throttled, BudgetEmpty) as error:
        return Later(error.sentence, error.retry_after)
    except Reconnect as error:
        return Later(error.sentence, _RECONNECT_WAIT)
    except NotSent as error:
        return Later(error.sentence)
    except (AnswerLost, NotJson) as error:
        return Uncertain(error.sentence)
    return await _outcome(session, step, answer)


def request_for(step: Step, books: Books) -> Request:
    """The request of a step; its body is the step's, unchanged. Raises BadInput."""
    if step.action not in WRITABLE.get(step.entity, frozenset()):
        raise BadInput(f"Zoho Books offers no {step.action.value} of {step.entity}.")
    resource = RESOURCES[step.entity]
    query = books.with_organisation(())
    if step.action is Action.VOID:
        return Request("POST", f"{resource.path}/{step.target_id}/status/void", query)
    if step.action is Action.UPDATE:
        return Request("PUT", f"{resource.path}/{step.target_id}", query, step.body)
    key = _unique_field(step)
    if key and step.entity in _UPSERTS:
        return Request("PUT", resource.path, query, step.body, headers=_upsert(key, step.reference))
    if step.entity == "vendor_credits":
        query = (*query, ("ignore_auto_number_generation", "true"))
    return Request("POST", resource.path, query, step.body)


def _unique_field(step: Step) -> str:
    """The custom field of the body that holds our reference; empty when it stands in the notes."""
    fields = json_fields.children(_body(step), "custom_fields")
    return next((json_fields.text(f, "api_name") for f in fields if json_fields.text(f, "value") == step.reference), "")


def _upsert(key: str, value: str) -> dict[str, str]:
    return {"X-Unique-Identifier-Key": key, "X-Unique-Identifier-Value": value, "X-Upsert": "true"}


def _body(step: Step) -> dict[str, Any]:
    body = json_fields.decode(step.body) if step.body else {}
    return body if isinstance(body, dict) else {}


async def _outcome(session: Session, step: Step, answer: Answer) -> Outcome:
    refused = _refused(answer, RESOURCES[step.entity].path)
    if refused is not None:
        return refused
    try:
        reply = parse(answer)
    except NotJson as error:
        return Uncertain(error.sentence)
    if not reply.good:
        return _refusal(reply)
    return await _voided(session, step, answer) if step.action is Action.VOID else _proven(session, step, reply)


def _refused(answer: Answer, path: str) -> Outcome | None:
    """What the status alone says."""
    wait = throttle(answer)
    if wait is not None:
        return Later("Zoho Books takes no more calls for now: its limit is used up", wait)
    if answer.status == 401:
        return Later(lacking(path), _RECONNECT_WAIT, forbidden=True)
    if answer.status >= 500:
        return Uncertain(f"Zoho Books answered {answer.status}; it may have been done")
    return None


def _refusal(reply: Reply) -> Outcome:
    if reply.code in (0, None):
        return Uncertain(f"Zoho Books answered {reply.answer.status} without an error code")
    return rejected(reply.code, reply.message, reply.answer.body)


def _proven(session: Session, step: Step, reply: Reply) -> Outcome:
    resource = RESOURCES[step.entity]
    raw = reply.raw(resource.singular)
    if not raw:
        return Uncertain(f"Zoho Books reported success but showed no {resource.singular}")
    row = row_of(resource, raw, reference_field(session))
    if row.document is None or not row.id:
        return Uncertain(row.problem)
    if difference := _difference(step, row.document):
        return Uncertain(f"Zoho Books shows {resource.singular} {row.id} with {difference}")
    return Done(row.id, row.document, row.raw)


async def _voided(session: Session, step: Step, answer: Answer) -> Outcome:
    """The answer to a void shows no document, so it is read."""
    try:
        row = await detail(Books(session), RESOURCES[step.entity], step.target_id, reference_field(session))
    except LeaseLost:
        raise
    except TransportError as error:
        return Uncertain(f"voided by Zoho's word, not yet seen: {error.sentence}")
    if row is None or not isinstance(row.document, Bill):
        return Uncertain(f"voided by Zoho's word, but {step.target_id} cannot be read")
    if row.document.state is not BillState.CANCELED:
        return Uncertain(f"voided by Zoho's word, but {step.target_id} is shown as {row.document.state.value}")
    return Done(row.id, row.document, row.raw)


def _difference(step: Step, document: Document) -> str:
    """What the target shows otherwise than the step; empty when it shows the same."""
    if isinstance(document, Party):
        pairs = [("name", document.name, json_fields.text(_body(step), "contact_name"))]
    elif isinstance(document, Bill):
        pairs = [
            ("vendor", document.vendor.id, step.party_id),
            ("number", document.number, step.number),
            ("date", str(document.date or ""), str(step.date or "")),
            ("total", str(document.total.normalize()), str(step.total.normalize())),
            ("currency", document.currency, step.currency),
        ]
    else:
        return "another kind of document"
    pairs.append(("id", document.id, step.target_id))
    if document.reference:
        pairs.append(("reference", document.reference, step.reference))
    return next(
        (f"{what} {shown!r} in place of {wanted!r}" for what, shown, wanted in pairs if wanted and shown != wanted), ""
    )


async def find(session: Session, step: Step) -> Sequence[Document]:
    """Documents that may be the step's result, in full detail.

    An update or void is looked up by id. A create is found by its number (a contact by its name): no list documents a
    filter by custom field that its rows would prove, so the reference is read in each detail instead.
    Raises FilterIgnored when a row does not match, and what ``Books.get`` raises.
    """
    books, resource = Books(session), RESOURCES[step.entity]
    if step.target_id:
        return await _details(books, resource, [step.target_id], step)
    return await _details(books, resource, await _candidates(books, resource, step), step)


async def _candidates(books: Books, resource: Resource, step: Step) -> list[str]:
    """Ids of what the filters find. Raises Unsettled when more than a page of them never holds still.

    A removal between two pages shifts the rest, and a document on neither would look absent: so what takes several pages
    is asked until two passes show the same.
    """
    filters = _filters(step)
    if not all(value for _, value in filters):
        raise BadInput(f"The step has no {' or '.join(name for name, _ in filters)} to be found by.")
    before: list[str] | None = None
    for _ in range(_PASSES):
        ids, pages = await _pass(books, resource, filters)
        if pages == 1 or ids == before:
            return ids
        before = ids
    raise Unsettled(
        f"Zoho Books' list {resource.path} changed each of {_PASSES} times it was looked through; it is looked up again."
    )


async def _pass(books: Books, resource: Resource, filters: Sequence[tuple[str, str]]) -> tuple[list[str], int]:
    """All ids that the filters find, once over, and on how many pages."""
    ids: list[str] = []
    number, more = 1, True
    while more:
        reply = await books.page(resource.path, number, *filters)
        for raw in reply.rows(*resource.keys):
            fields = json_fields.decode(raw)
            _verify(resource, fields, filters)
            ids.append(_id(reply, fields, resource))
        more, number = reply.more(), number + 1
    return ids, number - 1


def _id(reply: Reply, fields: json_fields.Fields, resource: Resource) -> str:
    """Raises Incomplete: a row without its id cannot be looked at, so the answer proves nothing."""
    id_ = json_fields.text(fields, resource.id_key)
    if not id_:
        raise Incomplete(reply.answer.status, f"the {resource.id_key} of a row")
    return id_


def _filters(step: Step) -> tuple[tuple[str, str], ...]:
    """Documented filters only."""
    if step.entity == "bills":
        return ("vendor_id", step.party_id), ("bill_number", step.number)
    if step.entity == "vendor_credits":
        return (("vendor_credit_number", step.number),)
    return (("contact_name", json_fields.text(_body(step), "contact_name")),)


def _verify(resource: Resource, fields: json_fields.Fields, filters: Sequence[tuple[str, str]]) -> None:
    """Raises FilterIgnored. Numbers and names are compared as a search may: without case and separators."""
    for name, wanted in filters:
        shown = json_fields.text(fields, name)
        if shown != wanted and number_key(shown) != number_key(wanted):
            raise FilterIgnored(
                f"Zoho Books ignored the filter {name} on {resource.path}: asked {wanted!r}, got {shown!r}; "
                "the answer is not used."
            )


async def _details(books: Books, resource: Resource, ids: Sequence[str], step: Step) -> list[Document]:
    found: list[Document] = []
    for id_ in ids:
        row = await detail(books, resource, id_, reference_field(books.session))
        if row is not None and row.document is None:
            raise Refusal(f"{resource.path}/{id_}", 200, None, row.problem)
        if row is not None and row.document is not None and _same_vendor(row.document, step):
            found.append(row.document)
    return found


def _same_vendor(document: Document, step: Step) -> bool:
    """Credits cannot be filtered by vendor, so those of other vendors are left out here."""
    return not isinstance(document, Bill) or bool(step.target_id) or document.vendor.id == step.party_id
