"""Credits applied to invoices: what an answer proves of it, and how it is found again.

An application has no number and no place for a reference. The same credit on the same invoice with the same amount *is*
the same application, so it is taken as ours when it is found, unless the step knows it as another, earlier one. What is
shown of it is the credit with that one part, under the application's own id. The credit is read each time, and told too;
so is the invoice that one is taken off, which owes that much more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ml_connector.canonical.documents import Document
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Invoice, Payment, PaymentKind
from ml_connector.connectors import json_fields
from ml_connector.connectors.json_fields import Unreadable
from ml_connector.connectors.writing import Action, Done, Outcome, Step, Uncertain
from ml_connector.connectors.xero import translate_documents
from ml_connector.connectors.xero.client import Books, parse
from ml_connector.connectors.xero.compose_payments import KNOWN
from ml_connector.connectors.xero.errors import Refusal, messages_of
from ml_connector.connectors.xero.outcomes import failure, outcomes
from ml_connector.connectors.xero.read import detail
from ml_connector.connectors.xero.requests import body_of
from ml_connector.connectors.xero.resources import RESOURCES, fields_of
from ml_connector.transport.errors import LeaseLost, NotJson, TransportError
from ml_connector.transport.messages import Answer

_KINDS = {"overpayments": PaymentKind.OVERPAYMENT, "prepayments": PaymentKind.PREPAYMENT}


async def outcome(books: Books, step: Step, answer: Answer, path: str) -> Outcome:
    """What the answer proves. Where it does not show the application's id, or its removal, the credit is read.

    So it is for a removal answered with 404: a person may have taken the application back before.
    """
    gone = step.action is Action.VOID and answer.status == 404
    if not gone and not 200 <= answer.status < 300:
        return outcomes([step], answer, path, books.session.settings)[0]
    try:
        shown = {} if gone else _shown(step, answer)
    except NotJson as error:
        return Uncertain(error.sentence)
    if shown and (failed := failure(shown, answer.body)) is not None:
        return failed
    return await _proven(books, step, answer, shown)


async def _proven(books: Books, step: Step, answer: Answer, shown: dict[str, Any]) -> Outcome:
    if step.action is Action.CREATE and not shown:
        return Uncertain("Xero reported success and does not show the application")
    try:
        return await _seen(books, step, answer)
    except LeaseLost:
        raise
    except TransportError as error:
        return Uncertain(f"{step.action.value} of an application by Xero's word, not yet seen: {error.sentence}")


async def find(books: Books, step: Step) -> Sequence[Document]:
    """The application on its credit: live if it is there; for a removal, shown as gone if it is not.

    Raises Refusal, NotJson, and what the session raises.
    """
    credit = await _credit(books, step)
    if credit is None:
        return []
    parts = _parts(credit)
    if step.action is Action.VOID:
        key = json_fields.text(body_of(step), "allocation_id")
        there = next((one for one in parts if one.id == key), None)
        return [_document(step, there or _part(step), active=there is not None)]
    return [_document(step, one, active=True) for one in parts if _same(step, one)]


def touched(step: Step) -> tuple[tuple[str, str], ...]:
    """(entity, id) of the step's credit, and of the invoice that one is taken off."""
    frame = body_of(step)
    invoice = json_fields.text(frame, "invoice")
    on = (("invoices", invoice),) if invoice else ()
    return ((json_fields.text(frame, "credit"), json_fields.text(frame, "id")), *on)


def _shown(step: Step, answer: Answer) -> dict[str, Any]:
    """The application in the answer; empty where it shows none. Raises NotJson."""
    reply = parse(answer)
    if any(name.lower() == "allocations" for name in reply.parts):
        rows = [fields_of(raw) for raw in reply.rows("Allocations")]
        return next((row for row in rows if _is(step, row) or messages_of(row)), {})
    return fields_of(answer.body) if step.action is Action.VOID else {}


def _is(step: Step, row: dict[str, Any]) -> bool:
    try:
        return step.action is not Action.CREATE or _same(step, translate_documents.allocation(row))
    except Unreadable:
        return False


async def _seen(books: Books, step: Step, answer: Answer) -> Outcome:
    credit = await _credit(books, step)
    if credit is None:
        return Uncertain("The credit cannot be read any more")
    parts = _parts(credit)
    if step.action is Action.VOID:
        if any(one.id == _part(step).id for one in parts):
            return Uncertain("Xero still shows the application after its removal")
        return _done(step, _part(step), answer, credit, await _invoice(books, step), active=False)
    found = [one for one in parts if _same(step, one) and one.id]
    if len(found) != 1:
        return Uncertain(f"Xero shows {len(found)} such applications on the credit")
    return _done(step, found[0], answer, credit, active=True)


async def _credit(books: Books, step: Step) -> Payment | Invoice | None:
    """The step's credit; None when it does not exist. Raises Refusal when it is not understood."""
    frame = body_of(step)
    resource = RESOURCES[json_fields.text(frame, "credit")]
    id_ = json_fields.text(frame, "id")
    row = await detail(books, resource, id_)
    if row is None:
        return None
    if isinstance(row.document, Payment | Invoice):
        return row.document
    raise Refusal(f"{resource.path}/{id_}", 200, row.problem)


async def _invoice(books: Books, step: Step) -> Document | None:
    """The invoice that a credit is taken off; None where the step names none, or it is not shown."""
    id_ = json_fields.text(body_of(step), "invoice")
    row = await detail(books, RESOURCES["invoices"], id_) if id_ else None
    return row.document if row is not None else None


def _parts(credit: Payment | Invoice) -> Sequence[Allocation]:
    return credit.splits if isinstance(credit, Payment) else credit.allocations


def _same(step: Step, part: Allocation) -> bool:
    """Whether a part is the application that the step means, and none of those it knows as earlier ones."""
    wanted, known = _part(step), body_of(step).get(KNOWN, ())
    return (part.document.id, part.amount) == (wanted.document.id, wanted.amount) and part.id not in known


def _part(step: Step) -> Allocation:
    """The application that the step means."""
    frame = body_of(step)
    if step.action is Action.VOID:
        return Allocation(json_fields.text(frame, "allocation_id"), Ref(), abs(step.total))
    return translate_documents.allocation(json_fields.child(frame, "allocation"))


def _done(
    step: Step, part: Allocation, answer: Answer, credit: Document, invoice: Document | None = None, *, active: bool
) -> Done:
    entity = json_fields.text(body_of(step), "credit")
    also = ((entity, credit), *((("invoices", invoice),) if invoice is not None else ()))
    return Done(part.id, _document(step, part, active=active), answer.body, also)


def _document(step: Step, part: Allocation, *, active: bool) -> Document:
    credit, party, reference = json_fields.text(body_of(step), "credit"), Ref(step.party_id), step.reference
    if credit == "credit_notes":
        return Invoice(
            part.id, party, part.amount, "credit note", date=part.date, allocations=(part,), reference=reference,
            active=active, complete=False,
        )  # fmt: skip
    return Payment(
        part.id, party, part.amount, _KINDS[credit], date=part.date, splits=(part,), reference=reference, active=active
    )
