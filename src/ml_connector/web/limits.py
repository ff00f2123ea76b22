"""What every request meets: a bound on its body, few at work at once, and an end of every error nobody foresaw."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ml_connector.web import problems

MOST_BODY = 1 << 20  # bytes; a thousand approvals take a tenth of it
# Requests at the database at once, of the pool's eight connections: the lanes of the same process renew their leases
# over the same pool, and a lane that comes too late for that loses its turn.
AT_WORK = 4

log = structlog.get_logger()


class Guard:
    """Outermost: refuses bodies over MOST_BODY, and answers what failed without telling anything of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def sent(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, _bounded(receive), sent)
        except Exception:
            log.exception("a request failed", method=scope["method"], path=_shown(scope["path"]))
            if begun:
                raise
            await problems.answer(problems.problem(HTTPStatus.INTERNAL_SERVER_ERROR, _FAILED))(scope, receive, send)


class FewAtOnce(APIRoute):
    """A route that takes one of the application's AT_WORK places, from the whole body in to the answer's beginning.

    Whoever sends or reads slowly takes none.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            try:
                await request.body()
            except ClientDisconnect as error:
                raise HTTPException(HTTPStatus.BAD_REQUEST) from error
            async with request.app.state.at_work:
                return await handle(request)

        return bounded


_FAILED = "This request met a defect of this product; the service's log tells more. Report it."


def _shown(path: str) -> str:
    """A path as it is logged: a webhook's address is nobody else's to know."""
    return "/webhooks/..." if path.startswith("/webhooks/") else path


def _bounded(receive: Receive) -> Receive:
    """The body as it arrives. Raises HTTPException; what a client says of its length proves nothing."""
    left = MOST_BODY

    async def read() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return message

    return read
