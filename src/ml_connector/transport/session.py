"""A connection's HTTP inside its lane: budget, token, lease, time-out, exchange log, and the one retry rule.

The rule: a 401 refreshes the token once and repeats once (a refused call was not carried out); one to a token that was
refreshed a moment ago does neither: it says that a right is missing. Reads are repeated on
broken connections and 5xx; writes never. A "too many calls" answer is told to the budget and raised, never waited out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import stamina

from ml_connector.clock import Clock
from ml_connector.transport import about, redact
from ml_connector.transport.errors import AnswerLost, NotSent, Reconnect, Throttled, TransportError
from ml_connector.transport.messages import Answer, Exchange, Request
from ml_connector.transport.protocols import Budget, ExchangeLog, Lease, Token, TokenSource
from ml_connector.transport.wire import Wire

READ_ATTEMPTS = 4
SERVER_ERROR = 500


class ServerFault(AnswerLost):
    """The vendor answered a read with 5xx; after the retries it is an outage."""


@dataclass(frozen=True, slots=True)
class VendorRules:
    """What a session must know of its vendor: allowed hosts, its time-out, and how its refusals look.

    ``unkept`` are the JSON fields whose values no exchange may keep.
    """

    title: str
    hosts: frozenset[str]
    timeout: float
    throttle: Callable[[Answer], float | None]
    unauthorised: Callable[[Answer], bool]
    unkept: frozenset[str] = frozenset()


@dataclass(slots=True)
class HttpSession:
    """Fulfils ``connectors.base.Session``. One per lane slice; not shared between lanes."""

    wire: Wire
    rules: VendorRules
    tokens: TokenSource
    budget: Budget
    lease: Lease
    exchanges: ExchangeLog
    clock: Clock
    organisation: str
    settings: Mapping[str, str]
    scopes: frozenset[str]

    async def send(self, request: Request) -> Answer:
        """One request; safe ones are retried. Raises transport.errors; 5xx of a write is returned, not raised."""
        if not request.safe:
            return await self._authorised(request)
        async for attempt in stamina.retry_context(
            on=(AnswerLost,), attempts=READ_ATTEMPTS, wait_initial=0.2, wait_max=2.0, timeout=None
        ):
            with attempt:
                answer = await self._authorised(request)
                if answer.status >= SERVER_ERROR:
                    raise ServerFault(
                        f"{self.rules.title} answered {answer.status} to a read of {request.path}: it is asked again by "
                        "itself; if it lasts, see whether the organisation can be opened there."
                    )
                return answer
        raise AssertionError("unreachable: the retry loop returns or raises")

    async def _authorised(self, request: Request) -> Answer:
        token = await self._token()
        answer = await self._once(request, token)
        if self.rules.unauthorised(answer) and (newer := await self._token(token)).serial != token.serial:
            answer = await self._once(request, newer)
        wait = self.rules.throttle(answer)
        if wait is not None:
            self.budget.throttled(wait)
            until = f"{self.clock.now() + timedelta(seconds=wait):%Y-%m-%d %H:%M:%S} UTC"
            raise Throttled(f"{self.rules.title} takes no more calls until {until}: its limit is used up", wait)
        return answer

    async def _token(self, refused: Token | None = None) -> Token:
        """A token. A lost token call says nothing about the request itself, which has not been sent or was refused."""
        try:
            return await (self.tokens.replace(refused) if refused else self.tokens.current())
        except (NotSent, Reconnect):
            raise
        except TransportError as error:
            raise NotSent(f"there is no token to call {self.rules.title} with: {error.sentence}") from error

    async def _once(self, request: Request, token: Token) -> Answer:
        await self.budget.take()
        began, at = time.monotonic(), self.clock.now()
        url = request.path if request.path.startswith("https://") else token.base + request.path
        answer: Answer | None = None
        error = ""
        try:
            answer = await self.wire.send(
                request,
                url,
                token.headers,
                allowed=self.rules.hosts,
                timeout=request.timeout or self.rules.timeout + 20,
                lease=self.lease,
            )
        except (NotSent, AnswerLost) as problem:
            error = problem.sentence
            raise
        finally:
            self.budget.done(answer.headers if answer else {}, answer.status if answer else 0)
            self.exchanges.add(_exchange(request, answer, error, at, began, self.rules.unkept))
        return answer


def _exchange(
    request: Request, answer: Answer | None, error: str, at: datetime, began: float, unkept: frozenset[str]
) -> Exchange:
    keep_answer = answer is not None and (not request.safe or answer.status >= 400)
    return Exchange(
        at=at,
        method=request.method,
        url=redact.url(request.path, request.query),
        status=answer.status if answer else 0,
        milliseconds=round((time.monotonic() - began) * 1000),
        request=redact.body(request.body or b"", unkept) if not request.safe else b"",
        answer=redact.body(answer.body, unkept) if answer is not None and keep_answer else b"",
        intent=about.intent(),
        others=about.others(),
        error=error,
    )
