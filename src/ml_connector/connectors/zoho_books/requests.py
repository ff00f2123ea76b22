"""The requests of writes.

A create whose body carries our reference in the unique custom field goes as an upsert on that field, so repeating it
cannot make a second document; an upsert may instead change one that holds the reference already, so the answer is
compared with what was to be. Vendor credits, applications, refunds and taxes have no upsert (FACTS 7).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ml_connector.connectors import json_fields
from ml_connector.connectors.writing import Action, Step
from ml_connector.connectors.zoho_books.client import Books
from ml_connector.connectors.zoho_books.compose_parties import ACTIVE, INACTIVE
from ml_connector.connectors.zoho_books.lines import MARKED
from ml_connector.connectors.zoho_books.resources import RESOURCES
from ml_connector.connectors.zoho_books.settings import UPSERT
from ml_connector.errors import BadInput
from ml_connector.transport.messages import Request

_C, _U, _V = Action.CREATE, Action.UPDATE, Action.VOID
WRITABLE: Mapping[str, frozenset[Action]] = {
    "bills": frozenset([_C, _U, _V]),
    "parties": frozenset([_C, _U, Action.SET_STATUS]),
    "vendor_credits": frozenset([_C, _U, _V]),
    "invoices": frozenset([_C, _U, _V]),
    "credit_notes": frozenset([_C, _U, _V]),
    "payments": frozenset([_C, _U, _V]),
    "refunds": frozenset([_C, _V]),
    "allocations": frozenset([_C, _V]),
    "items": frozenset([_C]),
    "tax_codes": frozenset([_C]),
}
UPSERTS = frozenset(["bills", "parties", "invoices", "credit_notes", "payments", "items"])
DELETED = frozenset(
    ["payments", "refunds", "allocations"]
)  # where a void is a deletion, and nothing is left to be read
_NUMBERED = frozenset(["vendor_credits", "invoices", "credit_notes"])  # Zoho would count these by itself
_OWN_NUMBER = (("ignore_auto_number_generation", "true"),)


def request_for(step: Step, books: Books) -> Request:
    """The request of a step; its body is the step's, but for what is never sent. Raises BadInput."""
    if step.action not in WRITABLE.get(step.entity, frozenset()):
        raise BadInput(f"Zoho Books offers no {step.action.value} of {step.entity}.")
    query = books.with_organisation(())
    if step.entity in ("allocations", "refunds"):
        return _of_credit(step, query)
    resource = RESOURCES[step.entity]
    if step.action is Action.VOID and step.entity in DELETED:
        return Request("DELETE", f"{resource.path}/{step.target_id}", query)
    if step.action in (Action.VOID, Action.SET_STATUS):
        word = "status/void" if step.action is Action.VOID else status_of(step)
        return Request("POST", f"{resource.path}/{step.target_id}/{word}", query)
    body = _sent(step)
    if step.action is Action.UPDATE:
        numbered = _OWN_NUMBER if step.entity in ("invoices", "credit_notes") else ()
        return Request("PUT", f"{resource.path}/{step.target_id}", (*query, *numbered), body)
    counted = (*query, *_OWN_NUMBER) if step.entity in _NUMBERED else query
    key = unique_field(step)
    if key and _upserts(step, books):
        # Credit notes carry the flag in their body, which is where an upsert of theirs is published to take it.
        sent = query if step.entity == "credit_notes" else counted
        return Request("PUT", resource.path, sent, body, headers=_upsert(key, step.reference))
    return Request("POST", resource.path, counted, body)


def status_of(step: Step) -> str:
    """``active`` or ``inactive``, whichever a step sets. Raises BadInput for one that names neither."""
    word = json_fields.text(body_of(step), "status")
    if word not in (ACTIVE, INACTIVE):
        raise BadInput("The step names no status to be set: report this to support.")
    return word


def _upserts(step: Step, books: Books) -> bool:
    wanted = books.session.settings.get("invoices_created_by", UPSERT)
    return step.entity in UPSERTS and (step.entity != "invoices" or wanted == UPSERT)


def marking(step: Step, id_: str, books: Books) -> Request | None:
    """The request that marks what a step has made, without an e-mail; None where it stays as it is made."""
    word = json_fields.text(body_of(step), MARKED)
    if not word:
        return None
    return Request("POST", f"{RESOURCES[step.entity].path}/{id_}/status/{word}", books.with_organisation(()))


def _of_credit(step: Step, query: tuple[tuple[str, str], ...]) -> Request:
    """Of a credit or payment: a refund, or its application to a document. A vendor credit is applied from the bill's side."""
    frame = body_of(step)
    credit, id_ = json_fields.text(frame, "credit"), json_fields.text(frame, "id")
    if credit not in RESOURCES or not id_:
        raise BadInput("The step names no credit or payment that it is of: report this to support.")
    path = f"{RESOURCES[credit].path}/{quote(id_, safe='')}"
    if step.entity == "refunds":
        if step.action is Action.VOID:
            return Request("DELETE", f"{path}/refunds/{quote(step.target_id, safe='')}", query)
        return Request("POST", f"{path}/refunds", query, json_fields.encode(frame["refund"]))
    on = "bills" if credit == "vendor_credits" else "invoices"
    if step.action is Action.VOID:
        return Request("DELETE", f"{path}/{on}/{quote(json_fields.text(frame, 'allocation_id'), safe='')}", query)
    applied = json_fields.child(frame, "allocation")
    if credit == "credit_notes":
        return Request("POST", f"{path}/invoices", query, json_fields.encode({"invoices": [applied]}))
    part = {"vendor_credit_id": id_, "amount_applied": applied["amount_applied"]}
    bill = quote(json_fields.text(applied, "bill_id"), safe="")
    return Request("POST", f"/bills/{bill}/credits", query, json_fields.encode({"apply_vendor_credits": [part]}))


def _sent(step: Step) -> bytes:
    """The body without what it is to be marked as; the very bytes where it says nothing of it."""
    body = body_of(step)
    if MARKED not in body:
        return step.body
    return json_fields.encode({name: value for name, value in body.items() if name != MARKED})


def unique_field(step: Step) -> str:
    """The custom field of the body that holds our reference; empty when it stands in the notes."""
    fields = json_fields.children(body_of(step), "custom_fields")
    return next((json_fields.text(f, "api_name") for f in fields if json_fields.text(f, "value") == step.reference), "")


def _upsert(key: str, value: str) -> dict[str, str]:
    return {"X-Unique-Identifier-Key": key, "X-Unique-Identifier-Value": value, "X-Upsert": "true"}


def body_of(step: Step) -> dict[str, Any]:
    """The fields of a step's body."""
    body = json_fields.decode(step.body) if step.body else {}
    return body if isinstance(body, dict) else {}
