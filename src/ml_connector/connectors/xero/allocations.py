"""Credits applied to invoices: what an answer proves of it, and how it is found again.

An application has no number and no place for a reference. The same credit on the same invoice with the same amount *is*
the same application, so it is taken as ours when it is found. What is shown of it is the credit with that one part: the
target id is the credit's, and the application's own stands in the part.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ml_connector.canonical.documents import Allocation, Document, Invoice, Payment, PaymentKind, Ref
from ml_connector.connectors.base import Action, Done, Outcome, Step, Uncertain
from ml_connector.connectors.xero import translate_documents, values
from ml_connector.connectors.xero.client import Books, parse
from ml_connector.connectors.xero.errors import Refusal, messages_of
from ml_connector.connectors.xero.outcomes import failure, outcomes
from ml_connector.connectors.xero.read import detail
from ml_connector.connectors.xero.requests import body_of
from ml_connector.connectors.xero.resources import RESOURCES, fields_of
from ml_connector.connectors.xero.values import Unreadable
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
    if step.action is Action.VOID and shown.get("IsDeleted") is True:
        return _done(step, _part(step), answer, active=False)
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
    parts = await _parts(books, step)
    if parts is None:
        return []
    if step.action is Action.VOID:
        key = values.text(body_of(step), "allocation_id")
        there = next((one for one in parts if one.id == key), None)
        return [_document(step, there or _part(step), active=there is not None)]
    return [_document(step, one, active=True) for one in parts if _same(step, one)]


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
    parts = await _parts(books, step)
    if parts is None:
        return Uncertain("The credit cannot be read any more")
    if step.action is Action.VOID:
        if any(one.id == _part(step).id for one in parts):
            return Uncertain("Xero still shows the application after its removal")
        return _done(step, _part(step), answer, active=False)
    found = [one for one in parts if _same(step, one) and one.id]
    if len(found) != 1:
        return Uncertain(f"Xero shows {len(found)} such applications on the credit")
    return _done(step, found[0], answer, active=True)


async def _parts(books: Books, step: Step) -> Sequence[Allocation] | None:
    """The applications of the step's credit; None when it does not exist. Raises Refusal when it is not understood."""
    frame = body_of(step)
    resource = RESOURCES[values.text(frame, "credit")]
    id_ = values.text(frame, "id")
    row = await detail(books, resource, id_)
    if row is None:
        return None
    if isinstance(row.document, Payment):
        return row.document.splits
    if isinstance(row.document, Invoice):
        return row.document.allocations
    raise Refusal(f"{resource.path}/{id_}", 200, row.problem)


def _same(step: Step, part: Allocation) -> bool:
    wanted = _part(step)
    return (part.document.id, part.amount) == (wanted.document.id, wanted.amount)


def _part(step: Step) -> Allocation:
    """The application that the step means."""
    frame = body_of(step)
    if step.action is Action.VOID:
        return Allocation(values.text(frame, "allocation_id"), Ref(), abs(step.total))
    return translate_documents.allocation(values.child(frame, "allocation"))


def _done(step: Step, part: Allocation, answer: Answer, *, active: bool) -> Done:
    return Done(values.text(body_of(step), "id"), _document(step, part, active=active), answer.body)


def _document(step: Step, part: Allocation, *, active: bool) -> Document:
    frame = body_of(step)
    credit, id_ = values.text(frame, "credit"), values.text(frame, "id")
    party, reference = Ref(step.party_id), step.reference
    if credit == "credit_notes":
        return Invoice(
            id_, party, part.amount, "credit note", date=part.date, allocations=(part,), reference=reference,
            active=active, complete=False,
        )  # fmt: skip
    return Payment(
        id_, party, part.amount, _KINDS[credit], date=part.date, splits=(part,), reference=reference, active=active
    )
