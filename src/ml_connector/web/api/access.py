"""Who asks: a bearer token, its desk, and the scope a request needs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import psycopg
from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Connection

from ml_connector.errors import ConnectorError
from ml_connector.lanes.runtime import Runtime
from ml_connector.service.api_tokens import Caller, Scope, caller
from ml_connector.web import problems


class Known:
    """Lets a request below ``prefix`` through once it is known who asks; only ``open_to_all`` needs no token."""

    def __init__(
        self, app: ASGIApp, runtime: Runtime, prefix: str, open_to_all: str, at_work: asyncio.Semaphore
    ) -> None:
        self._app, self._runtime, self._prefix, self._open = app, runtime, prefix, open_to_all
        self._at_work = at_work

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and scope["path"].startswith(self._prefix) and scope["path"] != self._open
        if asked:
            try:
                async with self._at_work:
                    found = await caller(self._runtime, _token(Headers(scope=scope)))
                scope.setdefault("state", {})["caller"] = found
            except psycopg.OperationalError as error:
                await problems.answer(problems.of_database(error))(scope, receive, send)
                return
            except ConnectorError as error:
                await problems.answer(problems.of_error(error))(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _token(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def with_scope(scope: Scope) -> Callable[[Request], Awaitable[Caller]]:
    """A dependency: the caller of a request that needs ``scope``. Raises NotAllowed."""

    async def permitted(request: Request) -> Caller:
        found: Caller = request.state.caller
        found.require(scope)
        return found

    return permitted
