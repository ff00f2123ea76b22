"""The requests of writes: creates are PUT, updates and removals POST by id, several of a kind in one call.

A step's body is one element; its bytes go out unchanged inside the list. ``summarizeErrors=false`` gives every element an
outcome of its own; without it Xero keeps the good elements of a refused call and does not say which.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from ml_connector.connectors import json_fields
from ml_connector.connectors.writing import Action, Step
from ml_connector.connectors.xero.client import Books
from ml_connector.connectors.xero.resources import RESOURCES, UNITDP, Query, Resource
from ml_connector.errors import BadInput
from ml_connector.transport import about
from ml_connector.transport.messages import Request

_C, _U, _V = Action.CREATE, Action.UPDATE, Action.VOID
WRITABLE: Mapping[str, frozenset[Action]] = {
    "parties": frozenset([_C, _U]),
    "invoices": frozenset([_C, _U, _V]),
    "credit_notes": frozenset([_C, _U, _V]),
    "payments": frozenset([_C, _V]),
    "overpayments": frozenset([_C]),
    "prepayments": frozenset([_C]),
    "allocations": frozenset([_C, _V]),
    "purchase_orders": frozenset([_C, _U, _V]),
}
TOGETHER = 50
MAX_BYTES = 3_400_000  # a call of more than 3.5 MB may be refused
BATCHES: Mapping[tuple[str, Action], int] = {
    (entity, action): TOGETHER
    for entity, actions in WRITABLE.items()
    for action in actions
    if entity != "allocations" and (entity, action) != ("payments", Action.VOID)
}
ADVANCES = frozenset(["overpayments", "prepayments"])
_EACH: Query = (("summarizeErrors", "false"),)
_raw = msgspec.json.Decoder(dict[str, msgspec.Raw])


def plural_of(step: Step) -> str:
    """The key of the list that a step's elements stand in, in the request as in the answer."""
    if step.entity in ADVANCES:
        return "BankTransactions"
    return "Allocations" if step.entity == "allocations" else RESOURCES[step.entity].plural


def request_for(books: Books, steps: Sequence[Step], at: dt.datetime) -> Request:
    """The one request of steps of one entity and action. Raises BadInput for what is not offered or names no document."""
    step = steps[0]
    if step.action not in WRITABLE.get(step.entity, frozenset()):
        raise BadInput(f"Xero offers no {step.action.value} of {step.entity}.")
    if step.entity == "allocations":
        return _allocation(books, step, at)
    if step.entity in ADVANCES:
        return _keyed(books, steps, Request("PUT", "/BankTransactions", (*_EACH, *UNITDP), _listed(steps)), at)
    resource = RESOURCES[step.entity]
    if step.action is Action.CREATE:
        return _keyed(books, steps, Request("PUT", resource.path, (*_EACH, *resource.query), _listed(steps)), at)
    if step.entity == "payments":
        path = f"{resource.path}/{quote(step.target_id, safe='')}"
        return _keyed(books, steps, Request("POST", path, (), step.body), at)
    _check_ids(resource, steps)
    if len(steps) == 1:
        path = f"{resource.path}/{quote(step.target_id, safe='')}"
        return _keyed(books, steps, Request("POST", path, resource.query, _listed(steps)), at)
    return _keyed(books, steps, Request("POST", resource.path, (*_EACH, *resource.query), _listed(steps)), at)


def groups(steps: Sequence[Step], *, alone: bool) -> list[list[Step]]:
    """Steps of one call each, in order: at most 50, and no more bytes than Xero takes. ``alone``: one a call."""
    found: list[list[Step]] = []
    size = 0
    for step in steps:
        full = not found or alone or len(found[-1]) >= TOGETHER or size + len(step.body) > MAX_BYTES
        if full:
            found.append([])
            size = 0
        found[-1].append(step)
        size += len(step.body) + 1
    return found


def body_of(step: Step) -> dict[str, Any]:
    """A step's element; empty for a body that is none."""
    body = json_fields.decode(step.body) if step.body else {}
    return body if isinstance(body, dict) else {}


def _listed(steps: Sequence[Step]) -> bytes:
    return b'{"%s":[%s]}' % (plural_of(steps[0]).encode(), b",".join(step.body for step in steps))


def _check_ids(resource: Resource, steps: Sequence[Step]) -> None:
    """Raises BadInput: sent without its id, an update would make a new document, or change one of the same number."""
    for step in steps:
        if not step.target_id or json_fields.text(body_of(step), resource.id_key) != step.target_id:
            raise BadInput(
                f"The {step.action.value} of {step.entity} does not name its document: report this to support."
            )


def _allocation(books: Books, step: Step, at: dt.datetime) -> Request:
    frame = body_of(step)
    credit, id_ = RESOURCES.get(json_fields.text(frame, "credit")), json_fields.text(frame, "id")
    if credit is None or not id_:
        raise BadInput("The step names no credit to be applied: report this to support.")
    path = f"{credit.path}/{quote(id_, safe='')}/Allocations"
    if step.action is Action.VOID:
        key = quote(json_fields.text(frame, "allocation_id"), safe="")
        return Request("DELETE", f"{path}/{key}", headers=books.headers())
    sent = b'{"Allocations":[%s]}' % bytes(_raw.decode(step.body)["allocation"])
    return _keyed(books, [step], Request("PUT", path, _EACH, sent), at)


def _keyed(books: Books, steps: Sequence[Step], request: Request, at: dt.datetime) -> Request:
    """The request with the organisation and its Idempotency-Key.

    The key is made of what is sent, for which references, and for which intent. So the same bytes sent again for one
    intent, after a lost answer or by a twin, are answered as before and done once. Another intent has another key even if
    its bytes are the same, because Xero repeats a kept answer for six minutes, errors too: a payment that was reversed and
    put back would be answered with the first one's id, and a record that a person has corrected would be refused again.
    A call that is about no intent has its minute instead.
    """
    intent = about.intent()
    occasion = f"intent {intent}" if intent is not None else str(int(at.timestamp()) // 60)
    parts = (books.session.organisation, request.method, request.path, occasion, *(one.reference for one in steps))
    digest = hashlib.sha256("\n".join(parts).encode() + b"\n" + (request.body or b"")).hexdigest()
    headers = {**books.headers(), "Idempotency-Key": f"ml-{digest[:40]}"}
    return Request(request.method, request.path, request.query, request.body, headers=headers)
