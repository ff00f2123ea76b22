"""What an answer to a write proves."""

from __future__ import annotations

from decimal import Decimal

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Item, Party, TaxCode
from ml_connector.canonical.purchases import Bill
from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.connectors import json_fields
from ml_connector.connectors.base import Session
from ml_connector.connectors.writing import Action, Done, Later, Outcome, Step, Uncertain
from ml_connector.connectors.zoho_books.client import Books, Reply, lacking, parse
from ml_connector.connectors.zoho_books.compose_parties import ACTIVE
from ml_connector.connectors.zoho_books.errors import ABSENT, rejected
from ml_connector.connectors.zoho_books.limits import throttle
from ml_connector.connectors.zoho_books.read import detail
from ml_connector.connectors.zoho_books.requests import body_of, status_of
from ml_connector.connectors.zoho_books.resources import RESOURCES, reference_field, row_of
from ml_connector.transport.errors import LeaseLost, NotJson, TransportError
from ml_connector.transport.messages import Answer

RECONNECT_WAIT = 3600.0  # a person has to act; nothing is gained by asking sooner


def understood(answer: Answer, path: str, right: str = "") -> Reply | Outcome:
    """The reply of a successful answer, else what it says against the step. ``right``: the scope it takes, where known."""
    refused = _refused(answer, path, right)
    if refused is not None:
        return refused
    try:
        reply = parse(answer)
    except NotJson as error:
        return Uncertain(error.sentence)
    return reply if reply.good else _refusal(reply)


def gone(answer: Answer) -> bool:
    """Whether it says clearly that what was to be deleted is not there."""
    try:
        return answer.status == 404 and parse(answer).code == ABSENT
    except NotJson:
        return False


def _refused(answer: Answer, path: str, right: str) -> Outcome | None:
    """What the status alone says."""
    wait = throttle(answer)
    if wait is not None:
        return Later("Zoho Books takes no more calls for now: its limit is used up", wait)
    if answer.status == 401:
        return Later(lacking(path, right), RECONNECT_WAIT, forbidden=True)
    if answer.status >= 500:
        return Uncertain(f"Zoho Books answered {answer.status}; it may have been done")
    return None


def _refusal(reply: Reply) -> Outcome:
    if reply.code in (0, None):
        return Uncertain(f"Zoho Books answered {reply.answer.status} without an error code")
    return rejected(reply.code, reply.message, reply.answer.body)


def proven(session: Session, step: Step, reply: Reply) -> Outcome:
    """That the answer shows the document as the step has it."""
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


async def voided(session: Session, step: Step) -> Outcome:
    """The answer to a void shows no document, so it is read."""
    try:
        row = await detail(Books(session), RESOURCES[step.entity], step.target_id, reference_field(session))
    except LeaseLost:
        raise
    except TransportError as error:
        return Uncertain(f"voided by Zoho's word, not yet seen: {error.sentence}")
    if row is None or not isinstance(row.document, Bill | Invoice):
        return Uncertain(f"voided by Zoho's word, but {step.target_id} cannot be read")
    if row.document.active:
        return Uncertain(f"voided by Zoho's word, but {step.target_id} is shown as {row.document.state.value}")
    return Done(row.id, row.document, row.raw)


async def status_set(session: Session, step: Step) -> Outcome:
    """The answer to a status shows no contact, so it is read."""
    try:
        row = await detail(Books(session), RESOURCES[step.entity], step.target_id, reference_field(session))
    except LeaseLost:
        raise
    except TransportError as error:
        return Uncertain(f"set {status_of(step)} by Zoho's word, not yet seen: {error.sentence}")
    if row is None or not isinstance(row.document, Party):
        return Uncertain(f"set {status_of(step)} by Zoho's word, but contact {step.target_id} cannot be read")
    if row.document.active != (status_of(step) == ACTIVE):
        return Uncertain(f"set {status_of(step)} by Zoho's word, but contact {step.target_id} is not shown so")
    return Done(row.id, row.document, row.raw)


def _difference(step: Step, document: Document) -> str:
    """What the target shows otherwise than the step; empty when it shows the same.

    An upsert may have met a void document that holds our reference, which then stands in no books.
    """
    if step.action is Action.CREATE and isinstance(document, Bill | Invoice) and not document.active:
        return f"the state {document.state.value}"
    pairs = _pairs(step, document)
    if pairs is None:
        return "another kind of document"
    pairs.append(("id", str(getattr(document, "id", "")), step.target_id))
    reference = getattr(document, "reference", "")
    # A change of a contact says nothing of it: one that came over in a merger keeps that of whom it was made for.
    if reference and (step.entity, step.action) != ("parties", Action.UPDATE):
        pairs.append(("reference", reference, step.reference))
    return next(
        (f"{what} {shown!r} in place of {wanted!r}" for what, shown, wanted in pairs if wanted and shown != wanted), ""
    )


def _pairs(step: Step, document: Document) -> list[tuple[str, str, str]] | None:
    body = body_of(step)
    match document:
        case Party():
            return [("name", document.name, json_fields.text(body, "contact_name"))]
        case Item():
            return [("name", document.name, json_fields.text(body, "name"))]
        case TaxCode():
            return [("name", document.name, json_fields.text(body, "tax_name"))]
        case Payment():
            return [
                ("customer", document.party.id, step.party_id),
                ("date", str(document.date or ""), str(step.date or "")),
                ("amount", _money(document.amount), _money(step.total)),
                ("unused amount", _money(document.unapplied), _unused(body)),
                ("currency", document.currency, step.currency),
            ]
        case Bill() | Invoice():
            sold = isinstance(document, Invoice)
            party = document.customer if isinstance(document, Invoice) else document.vendor
            return [
                ("customer" if sold else "vendor", party.id, step.party_id),
                ("number", document.number, step.number),
                ("date", str(document.date or ""), str(step.date or "")),
                # A credit note of Zoho's is positive; what it is made of may be an invoice below zero.
                ("total", _size(document.total, sold=sold), _size(step.total, sold=sold)),
                ("currency", document.currency, step.currency),
            ]
        case _:
            return None


def _unused(body: json_fields.Fields) -> str:
    """What of a payment is to be on nothing, by its own body; empty where the body names no invoices."""
    if "invoices" not in body:
        return ""
    applied = sum(
        (json_fields.amount(one, "amount_applied") for one in json_fields.children(body, "invoices")), Decimal()
    )
    return _money(json_fields.amount(body, "amount") - applied)


def _size(amount: Decimal, *, sold: bool) -> str:
    return _money(abs(amount) if sold else amount)


def _money(amount: Decimal) -> str:
    return str(amount.normalize())
