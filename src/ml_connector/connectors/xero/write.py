"""Writing: one step, or up to 50 of a kind in one call.

A write is sent once. Where its answer is lost it goes out once more, the same bytes under the same Idempotency-Key,
within five minutes: Xero then repeats what it answered, or does it now. What comes of that second call proves something
only if Xero carried it out or replayed it; anything else leaves the first one uncertain.
"""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.connectors.base import Later, Outcome, Session, Step, Uncertain
from ml_connector.connectors.xero import allocations, persons
from ml_connector.connectors.xero.client import Books
from ml_connector.connectors.xero.outcomes import RECONNECT_WAIT, outcomes
from ml_connector.connectors.xero.requests import groups, request_for
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

RESENT_WITHIN = 300.0  # seconds; Xero keeps a key for six minutes
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
        answer = await _sent(session, request)
    except (LeaseLost, ForbiddenAddress):
        raise
    except (Throttled, BudgetEmpty, Reconnect, NotSent) as error:
        alike = _later(error)
    except (AnswerLost, NotJson) as error:
        alike = Uncertain(error.sentence)
    else:
        if steps[0].entity == "allocations":
            return [await allocations.outcome(books, steps[0], answer, request.path)]
        return outcomes(steps, answer, request.path, session.settings)
    return [alike] * len(steps)


def _later(error: TransportError) -> Later:
    """Nothing was written: what failed came before it."""
    if isinstance(error, Throttled | BudgetEmpty):
        return Later(error.sentence, error.retry_after)
    if isinstance(error, Reconnect):
        return Later(error.sentence, RECONNECT_WAIT)
    return Later(error.sentence, 0.0 if isinstance(error, NotSent) else READ_WAIT)


async def _sent(session: Session, request: Request) -> Answer:
    """The answer; after a lost one, that of the same request once more. Raises what the session raises."""
    began = session.clock.now()
    try:
        return await session.send(request)
    except AnswerLost as lost:
        late = (session.clock.now() - began).total_seconds() > RESENT_WITHIN
        if late or request.method == "DELETE" or session.settings.get("resend_lost", "yes") == "no":
            raise
        return await _again(session, request, lost)


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
