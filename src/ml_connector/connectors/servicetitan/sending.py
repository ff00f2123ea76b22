"""One write over the wire, and what its failing proves."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from ml_connector.connectors.base import Session
from ml_connector.connectors.servicetitan.client import Client
from ml_connector.connectors.servicetitan.errors import write_outcome
from ml_connector.connectors.writing import Later, Outcome, Uncertain
from ml_connector.errors import NotFound
from ml_connector.transport.errors import (
    AnswerLost,
    BudgetEmpty,
    ForbiddenAddress,
    LeaseLost,
    NotPermitted,
    NotSent,
    Reconnect,
    Throttled,
    TransportError,
)
from ml_connector.transport.messages import Answer, Request

_RIGHT_WAIT = 3600.0  # a person has to act; nothing is gained by asking sooner
Read = TypeVar("Read")


async def sent(session: Session, request: Request, *, what: str, scope: str) -> Answer | Outcome:
    """The answer with status 200, or the outcome that any other answer, or none, proves. Raises LeaseLost."""
    try:
        answer = await session.send(request)
    except (LeaseLost, ForbiddenAddress):
        raise
    except (Throttled, BudgetEmpty) as error:
        return Later(error.sentence, error.retry_after)
    except (NotSent, Reconnect) as error:
        return Later(error.sentence)
    except AnswerLost as error:
        return Uncertain(error.sentence)
    if answer.status == 200:
        return answer
    return write_outcome(answer, what=what, tenant=Client(session).tenant, scope=scope)


async def read_before(reading: Awaitable[Read]) -> Read | Later:
    """What a write needs to know first; where it cannot be read, nothing was done yet. Raises LeaseLost."""
    try:
        return await reading
    except (LeaseLost, ForbiddenAddress):
        raise
    except (Throttled, BudgetEmpty) as error:
        return Later(error.sentence, error.retry_after)
    except (NotPermitted, NotFound) as error:
        return Later(error.sentence, _RIGHT_WAIT, forbidden=True)
    except TransportError as error:
        return Later(error.sentence)


async def read_after(reading: Awaitable[Read]) -> Read | Uncertain:
    """What proves a write that was taken; where it cannot be read now, only a look-up tells. Raises LeaseLost."""
    try:
        return await reading
    except (LeaseLost, ForbiddenAddress):
        raise
    except (TransportError, NotFound) as error:
        return Uncertain(f"ServiceTitan took it, and it has not been seen yet: {error.sentence}")
