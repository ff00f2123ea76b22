"""Where vendors send their webhooks: the answer is a status alone, and it comes once what was sent is stored.

Vendors send again what is not answered with 200, within seconds (Xero wants an answer within 5) and in some hours only;
Zoho does not say that it does. What nobody sends again is found by the next reading.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import psycopg
import structlog
from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from ml_connector.errors import ConnectorError, Refused
from ml_connector.lanes.runtime import Runtime
from ml_connector.service.hearing import Delivery, Hearing, UnknownHook, is_token

PREFIX = "/webhooks/"
MOST_BODY = 256 << 10  # bytes; a hundred events of Xero's take a tenth of it
AT_ONCE = 150  # of the server's 200 connections; the rest is the API's
SENT_WITHIN = 10.0  # machine seconds

log = structlog.get_logger()


class _TooLarge(Exception):
    """More than MOST_BODY."""


class Receiver:
    """Takes deliveries in. Nothing of them is logged or answered back, and no cookie is ever set."""

    def __init__(self, runtime: Runtime) -> None:
        self._hearing, self._under_way = Hearing(runtime), 0

    @property
    def router(self) -> APIRouter:
        """The one address, whatever follows in it: nothing is redirected."""
        router = APIRouter()
        router.add_api_route(f"{PREFIX}{{token:path}}", self.receive, methods=["POST"], include_in_schema=False)
        return router

    async def receive(self, request: Request) -> Response:
        """Store one delivery: 200, 401 wrongly signed, 404 no such address, 413 too large, 503 not stored.

        What no address of ours can be takes no place from those that are, however slowly it is sent.
        """
        if not is_token(request.path_params["token"]):
            return Response(status_code=HTTPStatus.NOT_FOUND)
        if self._under_way >= AT_ONCE:
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        self._under_way += 1
        try:
            return Response(status_code=await self._status(request))
        finally:
            self._under_way -= 1

    async def _status(self, request: Request) -> HTTPStatus:
        try:
            async with asyncio.timeout(SENT_WITHIN):
                body = await _body(request)
        except _TooLarge:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        except TimeoutError:
            return HTTPStatus.REQUEST_TIMEOUT
        except ClientDisconnect:
            return HTTPStatus.BAD_REQUEST
        headers = {name.lower(): value for name, value in request.headers.items()}
        delivery = Delivery(headers, tuple(request.query_params.multi_items()), body)
        return await self._stored(request.path_params["token"], delivery)

    async def _stored(self, token: str, delivery: Delivery) -> HTTPStatus:
        try:
            await self._hearing.hear(token, delivery)
        except UnknownHook:
            return HTTPStatus.NOT_FOUND
        except Refused:
            return HTTPStatus.UNAUTHORIZED
        except (ConnectorError, psycopg.OperationalError, psycopg.IntegrityError) as error:
            log.warning("a webhook was not stored", why=str(error))
            return HTTPStatus.SERVICE_UNAVAILABLE
        return HTTPStatus.OK


async def _body(request: Request) -> bytes:
    """The raw body. Raises _TooLarge as soon as it is; what a client says of its length proves nothing."""
    parts, length = [], 0
    async for part in request.stream():
        length += len(part)
        if length > MOST_BODY:
            raise _TooLarge
        parts.append(part)
    return b"".join(parts)
