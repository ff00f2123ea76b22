"""The gate every API call passes: token, scope, organisation, limits; then its resource; then the envelope."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
from aiohttp import web
from multidict import MultiDictProxy

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.kernel.emulator import grown, json_response
from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.api.limits import LimitReached, OrganisationLimits
from ml_connector_sandbox.zoho_books.books.company import ZohoBooksBooks
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.data_centres import by_api_host
from ml_connector_sandbox.zoho_books.errors import (
    Refused,
    foreign_organisation,
    invalid_url,
    malformed,
    not_authorised,
)
from ml_connector_sandbox.zoho_books.grants import AccessToken

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Gate:
    """Checks and answers API calls for all organisations."""

    def __init__(self, company: ZohoBooksBooks) -> None:
        self._company = company
        self._limits: dict[str, OrganisationLimits] = {}

    def limits(self, books: OrganisationBooks) -> OrganisationLimits:
        """The counters of an organisation."""
        key = books.organization_id
        if key not in self._limits:
            self._limits[key] = OrganisationLimits(books)
        return self._limits[key]

    @asynccontextmanager
    async def counted(self, request: web.Request) -> AsyncIterator[None]:
        """The time an API call is under way that is not carried out; refused or not, it counts as any other."""
        books, entered = self.called(request), False
        if books is not None:
            with suppress(LimitReached):
                self.limits(books).take()
                entered = self.limits(books).enter()
        try:
            yield
        finally:
            if books is not None and entered:
                self.limits(books).concurrency.leave()

    def called(self, request: web.Request) -> OrganisationBooks | None:
        """The organisation that a call with a living token of its own is for."""
        token = self._company.grants.access(access_token(request))
        wanted = request.query.get("organization_id", "")
        return self._company.organisations[wanted] if token and wanted in token.user.organization_ids else None

    async def answer(self, request: web.Request, route: Route) -> web.Response:
        """The whole life of one API call."""
        books: OrganisationBooks | None = None
        try:
            token = self._token(request, route)
            if route.needs_organisation:
                books = self._organisation(request, token)
                self.limits(books).take()
            reply = await self._under_way(request, route, token, books)
        except Refused as refusal:
            return refused(refusal, self.headers(books, refusal))
        if self._company.switches.extra_fields:
            reply.payload = grown(reply.payload)
        return _respond(reply, self.headers(books))

    async def _under_way(
        self, request: web.Request, route: Route, token: AccessToken, books: OrganisationBooks | None
    ) -> Reply:
        if books is None:
            return await self._handle(request, route, token, books)
        limits = self.limits(books)
        entered = limits.enter()
        try:
            return await self._handle(request, route, token, books)
        finally:
            if entered:
                limits.concurrency.leave()

    async def _handle(
        self, request: web.Request, route: Route, token: AccessToken, books: OrganisationBooks | None
    ) -> Reply:
        self._offered(route)
        if self._company.switches.latency_seconds:
            await self._company.clock.sleep(self._company.switches.latency_seconds)
        body, file = await _read(request, route)
        call = ApiCall(
            company=self._company,
            organisation=books,
            user=token.user,
            path=request.match_info,
            query=request.query,
            headers=request.headers,
            body=body,
            file=file,
        )
        return route.handler(call)

    def _offered(self, route: Route) -> None:
        switches, resource = self._company.switches, route.path.strip("/").partition("/")[0]
        if resource in switches.urls_gone.split(","):
            raise invalid_url()
        if resource in switches.features_off.split(","):
            raise Refused(
                400, switches.feature_off_code, f"The feature {resource} is not enabled for this organization."
            )

    def _token(self, request: web.Request, route: Route) -> AccessToken:
        scheme = request.headers.get("Authorization", "").partition(" ")[0]
        accepted = {"zoho-oauthtoken"} | ({"bearer"} if self._company.switches.bearer_accepted else set())
        token = self._company.grants.access(access_token(request)) if scheme.lower() in accepted else None
        centre = by_api_host(request.host.split(":")[0])
        if token is None or centre is None or token.user.data_centre != centre.name:
            raise not_authorised()
        if not grants_scope(token.scopes, route.scope):
            raise not_authorised()
        return token

    def _organisation(self, request: web.Request, token: AccessToken) -> OrganisationBooks:
        wanted = request.query.get("organization_id", "")
        if wanted not in token.user.organization_ids:
            raise foreign_organisation(wanted)
        return self._company.organisations[wanted]

    def headers(self, books: OrganisationBooks | None, refusal: Refused | None = None) -> dict[str, str]:
        """What every answer carries."""
        headers = {"server": "ZGS"}
        if books is not None:
            headers |= self.limits(books).headers()
        wait = refusal.wait if isinstance(refusal, LimitReached) else None
        if wait is not None and self._company.switches.retry_after_header:
            headers["Retry-After"] = str(int(wait) + 1)
        return headers


def access_token(request: web.Request) -> str:
    """The token a call carries, after whatever scheme."""
    return request.headers.get("Authorization", "").partition(" ")[2].strip()


def grants_scope(scopes: frozenset[str], wanted: str) -> bool:
    """Do these scopes cover ``module.OPERATION``."""
    held = {one.casefold() for one in scopes}
    module, _, operation = wanted.casefold().partition(".")
    return bool(held & {"zohobooks.fullaccess.all", f"zohobooks.{module}.all", f"zohobooks.{module}.{operation}"})


def refused(refusal: Refused, headers: dict[str, str] | None = None) -> web.Response:
    """The envelope of a refusal."""
    return json_response({"code": refusal.code, "message": refusal.message}, refusal.status, headers)


def _respond(reply: Reply, headers: dict[str, str]) -> web.Response:
    if reply.location:
        headers["location"] = reply.location
    if reply.raw is not None:
        name, content_type, content = reply.raw
        headers["content-disposition"] = f'attachment; filename="{name}"'
        return web.Response(body=content, headers=headers, content_type=content_type)
    envelope = {} if reply.bare else {"code": 0, "message": reply.message}
    return json_response({**envelope, **reply.payload}, reply.status, headers)


async def _read(request: web.Request, route: Route) -> tuple[Any, tuple[str, str, bytes] | None]:
    """The JSON of the body or of its ``JSONString`` field, and an uploaded file."""
    if not request.can_read_body:
        return _typed(None, route), None
    if request.content_type in FORMS:
        form = await request.post()
        return _typed(_json_string(form, route), route), _file(form)
    raw = await request.read()
    return _typed(_parse(raw) if raw else None, route), None


def _typed(value: Any, route: Route) -> Any:
    if not route.takes_body:
        return {}
    if not isinstance(value, route.body_type):
        raise malformed()
    return value


def _json_string(form: MultiDictProxy[Any], route: Route) -> Any:
    text = form.get("JSONString")
    return _parse(text) if isinstance(text, str) and route.takes_body else None


def _parse(raw: bytes | str) -> Any:
    try:
        return exact.loads(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise malformed() from error


def _file(form: MultiDictProxy[Any]) -> tuple[str, str, bytes] | None:
    field = next((one for one in form.values() if isinstance(one, web.FileField)), None)
    return (field.filename, field.content_type, field.file.read()) if field else None


def unknown_url() -> web.Response:
    """404 for whatever is no operation."""
    return refused(invalid_url())
