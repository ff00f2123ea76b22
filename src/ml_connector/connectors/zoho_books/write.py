"""Writing: one step, sent once.

What was made as a draft and is to stand in the general ledger is marked so in the same step. Until that is proved the step is
not: its look-up (``find``) finishes what is left. Where Zoho refuses the mark, as for an organisation that approves its
invoices, the document is shown as the draft that it is.
"""

from __future__ import annotations

from msgspec.structs import replace

from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Invoice, InvoiceState, Payment
from ml_connector.connectors.base import Session
from ml_connector.connectors.writing import Action, Done, Later, Outcome, Rejected, Step, Uncertain
from ml_connector.connectors.zoho_books import credits
from ml_connector.connectors.zoho_books.client import Books, Reply
from ml_connector.connectors.zoho_books.completing import completed
from ml_connector.connectors.zoho_books.errors import status_refused
from ml_connector.connectors.zoho_books.outcomes import RECONNECT_WAIT, gone, proven, status_set, understood, voided
from ml_connector.connectors.zoho_books.requests import DELETED, marking, request_for
from ml_connector.connectors.zoho_books.scopes import right_to_write
from ml_connector.transport.errors import (
    AnswerLost,
    BudgetEmpty,
    ForbiddenAddress,
    LeaseLost,
    NotJson,
    NotPermitted,
    NotSent,
    Reconnect,
    Throttled,
    TransportError,
)
from ml_connector.transport.messages import Answer

_READ_WAIT = 60.0  # seconds after a read that must come before a write and failed
_UNMARKED = (InvoiceState.DRAFT, InvoiceState.SUBMITTED)


async def write(session: Session, step: Step) -> Outcome:
    """Send one step. Raises LeaseLost, and BadInput for an action this connector does not offer."""
    books = Books(session)
    request_for(step, books)  # what is not offered is told before anything is read
    try:
        ready = await completed(books, step)
    except (LeaseLost, ForbiddenAddress):
        raise
    except TransportError as error:
        return _unsent(error)
    if not isinstance(ready, Step):
        return ready
    request = request_for(ready, books)
    try:
        answer = await session.send(request)
    except (LeaseLost, ForbiddenAddress):
        raise
    except (Throttled, BudgetEmpty, Reconnect, NotSent) as error:
        return _unsent(error)
    except (AnswerLost, NotJson) as error:
        return Uncertain(error.sentence)
    outcome = await _outcome(books, ready, answer, request.path)
    if isinstance(outcome, Done) and ready.action is not Action.SET_STATUS:
        return await _marked(books, ready, outcome)
    return outcome


def _unsent(error: TransportError) -> Later:
    """Nothing was written: what failed came before it."""
    if isinstance(error, Throttled | BudgetEmpty):
        return Later(error.sentence, error.retry_after)
    if isinstance(error, Reconnect):
        return Later(error.sentence, RECONNECT_WAIT)
    if isinstance(error, NotPermitted):
        return Later(error.sentence, RECONNECT_WAIT, forbidden=True)
    return Later(error.sentence, 0.0 if isinstance(error, NotSent) else _READ_WAIT)


async def _outcome(books: Books, step: Step, answer: Answer, path: str) -> Outcome:
    removed = step.action is Action.VOID and step.entity in DELETED
    if removed and gone(answer):  # a person may have done it before
        return await _deleted(books, step, None)
    reply = understood(answer, path, right_to_write(step.entity, step.action, path))
    if not isinstance(reply, Reply):
        return status_refused(reply) if step.action is Action.SET_STATUS else reply
    if step.entity == "allocations":
        return await credits.applied(books, step, answer.body)
    if step.entity == "refunds":
        return await credits.refunded(books, step, reply)
    if removed:
        return await _deleted(books, step, reply)
    return await _read_back(books, step) or proven(books.session, step, reply)


async def _read_back(books: Books, step: Step) -> Outcome | None:
    """What is changed by an answer that shows nothing, as it is then; None for what its own answer shows."""
    if step.action is Action.VOID:
        return await voided(books.session, step)
    return await status_set(books.session, step) if step.action is Action.SET_STATUS else None


async def _deleted(books: Books, step: Step, reply: Reply | None) -> Outcome:
    """What a deletion leaves behind: nothing that could be read, but an application's credit."""
    if step.entity == "allocations":
        return await credits.applied(books, step, b"")
    if step.entity == "refunds":
        return await credits.refunded(books, step, reply)
    return Done(step.target_id, deleted(step), reply.answer.body if reply else b"")


def deleted(step: Step) -> Payment:
    """A payment that is not there any more."""
    return Payment(
        step.target_id, Ref(step.party_id), step.total, date=step.date, reference=step.reference, active=False,
        state="deleted",
    )  # fmt: skip


async def _marked(books: Books, step: Step, made: Done) -> Outcome:
    """What was made, marked as it is to be. Whatever is not clearly refused is looked up."""
    document = made.document
    request = marking(step, made.target_id, books) if step.action is not Action.VOID else None
    if request is None or not isinstance(document, Invoice) or document.state not in _UNMARKED:
        return made
    try:
        answer = await books.session.send(request)
    except (LeaseLost, ForbiddenAddress):
        raise
    except TransportError as error:
        return Uncertain(f"it is there as a draft, and was not marked: {error.sentence}")
    reply = understood(answer, request.path)
    if isinstance(reply, Reply):
        return replace(made, document=as_marked(document, request.path))
    if isinstance(reply, Rejected):
        return made
    assert isinstance(reply, Later | Uncertain)
    return Uncertain(f"it is there as a draft, and was not marked: {reply.why}")


def as_marked(document: Invoice, path: str) -> Invoice:
    """The document after a good answer to the request of that path, which shows none itself."""
    return replace(document, state=InvoiceState.AUTHORISED, state_words=path.rpartition("/")[2])
