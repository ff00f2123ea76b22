"""Writing: one step, or up to 50 of a kind in one call.

A write is sent once. Where its answer is lost at once, as when a connection breaks, it may go out once more, the same
bytes under the same Idempotency-Key: Xero then repeats what it answered, or does it now. An answer that is waited for
until the time-out is never asked for again: nothing leaves that late after its intent (``push.SEND_WITHIN``).
That Xero keeps the key of a call it is still at work on is known from one source only. So nothing is sent twice but what
Xero itself keeps unique (``UNIQUE``), and of the second call only a success proves something: a refusal may come of the
first one's having been done, and is looked up.
"""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.connectors import json_fields
from ml_connector.connectors.base import Session
from ml_connector.connectors.writing import Action, Later, Outcome, Rejected, Step, Uncertain
from ml_connector.connectors.xero import allocations, persons
from ml_connector.connectors.xero.client import Books
from ml_connector.connectors.xero.outcomes import RECONNECT_WAIT, outcomes
from ml_connector.connectors.xero.requests import body_of, groups, request_for
from ml_connector.connectors.xero.resources import RESOURCES
from ml_connector.transport import about
from ml_connector.transport.errors import (
    AnswerLost,
    BudgetEmpty,
    ForbiddenAddress,
    LeaseLost,
    NotJson,
    NotSent,
    Reconnect,
    Throttled,
    TransportError,
)
from ml_connector.transport.messages import Answer, Request

# Two live ones of a number cannot be at Xero. Payments, over- and prepayments and applications have no number.
UNIQUE = frozenset(["invoices", "credit_notes", "purchase_orders", "parties"])
READ_WAIT = 60.0  # seconds after a read that must come before a write and failed
_UNPROVEN = frozenset([401, 403, 404, 429])  # a second call that was turned away says nothing of the first


async def write(session: Session, step: Step) -> Outcome:
    """Send one step. Raises LeaseLost, and BadInput for an action this connector does not offer."""
    return (await _call(session, [step]))[0]


async def write_batch(session: Session, steps: Sequence[Step]) -> Sequence[Outcome]:
    """Send steps of one entity and action in as few calls as Xero takes; an outcome for each, in order."""
    alone = steps[0].entity == "payments" and session.settings.get("payments_together", "yes") == "no"
    found: list[Outcome] = []
    for group in groups(steps, alone=alone):
        with about.part(len(found), len(group)):
            found += await _call(session, group)
    return found


async def _call(session: Session, steps: Sequence[Step]) -> list[Outcome]:
    books = Books(session)
    alike: Outcome
    try:
        steps = await persons.kept(books, steps)
    except (LeaseLost, ForbiddenAddress):
        raise
    except TransportError as error:
        return [_later(error)] * len(steps)
    request = request_for(books, steps, session.clock.now())
    try:
        answer, again = await _sent(session, steps, request)
    except (LeaseLost, ForbiddenAddress):
        raise
    except (Throttled, BudgetEmpty, Reconnect, NotSent) as error:
        alike = _later(error)
    except (AnswerLost, NotJson) as error:
        alike = Uncertain(error.sentence)
    else:
        if steps[0].entity == "allocations":
            return [await allocations.outcome(books, steps[0], answer, request.path)]
        found = outcomes(steps, answer, request.path, session.settings)
        return [_of_second(one) for one in found] if again else found
    return [alike] * len(steps)


def _later(error: TransportError) -> Later:
    """Nothing was written: what failed came before it."""
    if isinstance(error, Throttled | BudgetEmpty):
        return Later(error.sentence, error.retry_after)
    if isinstance(error, Reconnect):
        return Later(error.sentence, RECONNECT_WAIT)
    return Later(error.sentence, 0.0 if isinstance(error, NotSent) else READ_WAIT)


def _of_second(outcome: Outcome) -> Outcome:
    if isinstance(outcome, Rejected):
        return Uncertain(f"the answer was lost; sent again, it was refused: {outcome.sentence}")
    return outcome


async def _sent(session: Session, steps: Sequence[Step], request: Request) -> tuple[Answer, bool]:
    """The answer, and whether it is that of a second call, after a lost one. Raises what the session raises."""
    try:
        return await session.send(request), False
    except AnswerLost as lost:
        if session.settings.get("resend_lost", "yes") == "no" or not all(map(_unique, steps)):
            raise
        return await _again(session, request, lost), True


def _unique(step: Step) -> bool:
    """Whether Xero refuses a second one, or the step names its document. Without a number Xero would give one itself."""
    if step.entity not in UNIQUE:
        return False
    return step.action is not Action.CREATE or bool(json_fields.text(body_of(step), RESOURCES[step.entity].number_key))


async def _again(session: Session, request: Request, lost: AnswerLost) -> Answer:
    try:
        answer = await session.send(request)
    except LeaseLost:
        raise
    except TransportError as error:
        raise AnswerLost(f"{lost.sentence}; sent again: {error.sentence}") from error
    if answer.status in _UNPROVEN or answer.status >= 500:
        raise AnswerLost(f"{lost.sentence}; sent again, it was answered with {answer.status}")
    return answer
