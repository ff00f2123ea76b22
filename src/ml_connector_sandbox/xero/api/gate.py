"""The gate every API call passes: token, tenant, scope, limits, key; then its resource; then the envelope."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
from aiohttp import web

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.kernel.emulator import grown
from ml_connector_sandbox.xero.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.xero.api.idempotency import Idempotency
from ml_connector_sandbox.xero.api.limits import Limits, TenantLimits
from ml_connector_sandbox.xero.api.wire import envelope, refused, rendered, wants_json
from ml_connector_sandbox.xero.books.company import CUSTOM, XeroBooks
from ml_connector_sandbox.xero.books.organisation import OrganisationBooks
from ml_connector_sandbox.xero.errors import (
    NotFound,
    Refused,
    Titled,
    bad_data,
    forbidden,
    insufficient_scope,
    unauthorised,
)
from ml_connector_sandbox.xero.grants import AccessToken
from ml_connector_sandbox.xero.hosts import BASE
from ml_connector_sandbox.xero.scopes import covers

_JSON_TYPES = ("application/json", "application/octet-stream", "")


class Gate:
    """Checks and answers API calls for all organisations."""

    def __init__(self, company: XeroBooks, routes: list[Route]) -> None:
        self._company, self._routes = company, routes
        self.limits, self.idempotency = Limits(company), Idempotency(company)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The whole life of one API call."""
        limits: TenantLimits | None = None
        entered = False
        try:
            token = self.token(request)
            books = self._organisation(request, token)
            limits = self.limits.of(token.app, books.organisation_id)
            route, path = self._route(request, token)
            limits.take()
            entered = limits.enter()
            handle = partial(self._handled, request, token, books, route, path)
            response = await self.idempotency.answer(request, token.app.client_id, handle)
        except Refused as refusal:
            response = self._refused(request, refusal)
        finally:
            if limits is not None and entered:
                limits.concurrency.leave()
        if limits is not None:
            response.headers.update(limits.headers())
        return response

    @asynccontextmanager
    async def counted(self, request: web.Request) -> AsyncIterator[None]:
        """The time an API call is under way that is not carried out; refused or not, it counts as any other."""
        limits, entered = self.called(request), False
        if limits is not None:
            with suppress(Refused):
                limits.take()
                entered = limits.enter()
        try:
            yield
        finally:
            if limits is not None and entered:
                limits.concurrency.leave()

    def called(self, request: web.Request) -> TenantLimits | None:
        """The counters of a call with a token and tenant of its own; none otherwise."""
        with suppress(Refused):
            token = self.token(request)
            return self.limits.of(token.app, self._organisation(request, token).organisation_id)
        return None

    def token(self, request: web.Request) -> AccessToken:
        """The living token of a call. Raises Titled with 401."""
        token = self._company.grants.access(access_token(request))
        if token is None:
            raise unauthorised()
        if self._company.clock.seconds() >= token.expires:
            ended = datetime.fromtimestamp(token.expires, UTC)
            raise unauthorised(f"TokenExpired: token expired at {ended:%m/%d/%Y %H:%M:%S}")
        return token

    def _organisation(self, request: web.Request, token: AccessToken) -> OrganisationBooks:
        """The tenant, which must be connected. Raises Titled with 403, and 503 when it is offline."""
        wanted = request.headers.get("Xero-tenant-id", "").strip().lower()
        connected = {one.tenant_id for one in self._company.grants.connected(token)}
        if token.app.kind == CUSTOM:
            if wanted and not self._company.switches.custom_connection_tenant_header:
                raise forbidden()
            wanted = wanted or token.app.organisation_id
        if wanted not in connected:
            raise forbidden()
        books = self._company.organisations[wanted]
        self._refuse_expired(request, books)
        if books.profile.offline:
            raise Titled(503, "Service Unavailable", "The Organisation is offline")
        return books

    def _refuse_expired(self, request: web.Request, books: OrganisationBooks) -> None:
        """How an organisation shows that its trial or subscription has ended is not published."""
        if not books.profile.expired:
            return
        shown = self._company.switches.expired_organisation
        if shown == "offline":
            raise Titled(503, "Service Unavailable", "The Organisation is offline")
        if shown == "forbidden" or request.method != "GET":
            raise forbidden()

    def _route(self, request: web.Request, token: AccessToken) -> tuple[Route, dict[str, str]]:
        parts = request.rel_url.raw_path[len(BASE) :].strip("/").split("/")
        fitting = [(one, found) for one in self._routes if (found := one.matched(parts)) is not None]
        if not fitting:
            raise NotFound
        self._require_scope(token, fitting[0][0].resource, write=request.method != "GET")
        for route, path in fitting:
            if route.method == request.method:
                return route, path
        raise Titled(501, "Not Implemented", "The method is not implemented for this resource")

    def _require_scope(self, token: AccessToken, resource: str, write: bool) -> None:
        if not covers(token.scopes, resource, write):
            switches = self._company.switches
            raise insufficient_scope(switches.missing_scope_status, switches.missing_scope_word)

    async def _handled(
        self, request: web.Request, token: AccessToken, books: OrganisationBooks, route: Route, path: dict[str, str]
    ) -> web.Response:
        """What the resource answers; its refusals are answers, too, so that they can be repeated."""
        if self._company.switches.latency_seconds:
            await self._company.clock.sleep(self._company.switches.latency_seconds)
        try:
            call = ApiCall(
                company=self._company,
                books=books,
                app=token.app,
                method=request.method,
                path=path,
                query=request.query,
                headers=request.headers,
                body=await _body(request, self._company.switches.largest_request),
            )
            return self._shown(request, token, route.handler(call))
        except Refused as refusal:
            return self._refused(request, refusal)

    def _shown(self, request: web.Request, token: AccessToken, reply: Reply) -> web.Response:
        if reply.payload is None:
            return web.Response(status=reply.status)
        whole: Any = reply.payload
        if not reply.bare:
            whole = envelope(token.app.name, self._company.clock.now(), reply.payload)
        if self._company.switches.extra_fields:
            whole = grown(whole)
        return rendered(whole, reply.status, _json(request), {})

    def _refused(self, request: web.Request, refusal: Refused) -> web.Response:
        return refused(refusal, _json(request), {}, self._company.switches.error_keys_lower_case)


def access_token(request: web.Request) -> str:
    """The token a call carries; only the scheme Bearer counts."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def _json(request: web.Request) -> bool:
    return wants_json(request.headers.get("Accept", ""))


async def _body(request: web.Request, largest: int) -> Any:
    """The JSON of the body; a GET may carry one, which is not read."""
    if request.method in ("GET", "DELETE"):
        return {}
    raw = await request.read()
    if len(raw) > largest:
        raise bad_data(f"The request is larger than {largest} bytes")
    if request.content_type not in _JSON_TYPES:
        raise bad_data(f"The sandbox takes JSON bodies only, not {request.content_type}")
    if not raw:
        return {}
    try:
        return exact.loads(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise bad_data("The body is not well-formed JSON") from None
