"""How a call is let in: page, session, thread, user, limit, headers, path; then one of the APIs answers."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType

from aiohttp import web
from multidict import CIMultiDict, MultiDict

from ml_connector_sandbox.kernel.calls import CALL
from ml_connector_sandbox.servicenow import errors
from ml_connector_sandbox.servicenow.api import importing, stats, tables
from ml_connector_sandbox.servicenow.api.batch import batch, oversize
from ml_connector_sandbox.servicenow.api.call import JSON, WRITES, Answer, ApiCall
from ml_connector_sandbox.servicenow.api.limits import Limits
from ml_connector_sandbox.servicenow.books.access import User
from ml_connector_sandbox.servicenow.books.records import UnknownTable
from ml_connector_sandbox.servicenow.company import ServiceNowBooks
from ml_connector_sandbox.servicenow.instance import Instance

COOKIE = "JSESSIONID"
TROUBLES = web.RequestKey("servicenow_troubles", list)
_PAGE = "<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
_API = "/api/now"
_PATH = re.compile(
    rf"{_API}(/(?P<version>v[12]))?/"
    r"(?P<api>table|import|stats|batch)(/(?P<table>[^/]+))?(/(?P<record>[^/]+))?/?"
)
APIS: Mapping[str, str] = MappingProxyType(
    {"table": "Table API", "import": "Import Set API", "stats": "Aggregate API", "batch": "Batch API"}
)
_Handler = Callable[[ApiCall], Answer]


class Gate:
    """Answers the API calls of all instances."""

    def __init__(self, company: ServiceNowBooks) -> None:
        self._company = company
        self._limits: dict[str, Limits] = {}

    def limits(self, instance: Instance) -> Limits:
        """The counters of an instance."""
        return self._limits.setdefault(instance.host, Limits(instance))

    async def answer(self, request: web.Request, instance: Instance) -> web.Response:
        """One call, whatever comes of it."""
        try:
            async with self.limits(instance).thread():
                await self._under_way(instance)
                return self._response(request, instance, await self._let_in(request, instance))
        except errors.PageRefused as refusal:
            return page(refusal.status, refusal.title)
        except errors.Refused as refusal:
            return self._response(request, instance, Answer(refusal.status, refusal.body(), refusal.headers))

    @asynccontextmanager
    async def counted(self, request: web.Request, instance: Instance) -> AsyncIterator[None]:
        """The time of a call that is not carried out: it has a thread and counts for its rule all the same."""
        user = self._user(request, instance)
        async with self.limits(instance).thread():
            if user is not None and (api := api_of(request.path)):
                self.limits(instance).take(user, api)
            yield

    def user(self, request: web.Request, instance: Instance) -> User:
        """Who calls. Raises Refused with 401, or 403 for a scoped client's token."""
        kind, _, text = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer" and (token := instance.grants.bearer(text.strip())):
            if token.client.scoped:
                raise errors.Refused(403, "User Not Authorized", "Access to unscoped api is not allowed")
            user = instance.access.users.get(token.user)
        else:
            user = _by_password(instance, text) if kind.lower() == "basic" else None
        if user is None or not user.admitted:
            raise errors.unauthenticated()
        return user

    def _user(self, request: web.Request, instance: Instance) -> User | None:
        try:
            return self.user(request, instance)
        except errors.Refused:
            return None

    async def _under_way(self, instance: Instance) -> None:
        if instance.switches.latency_seconds:
            await instance.clock.sleep(instance.switches.latency_seconds)

    async def _let_in(self, request: web.Request, instance: Instance) -> Answer:
        if instance.switches.cookie_202 and COOKIE in request.cookies:
            return Answer(202)
        user = self.user(request, instance)
        headers = self._taken(instance, user, request.path)
        body = await request.read()
        if len(body) > instance.switches.largest_body:
            refusal = oversize(len(body), instance.switches.largest_body)
            return Answer(instance.switches.oversize_status, refusal.body(), headers)
        method = request.headers.get("X-http-method-override", request.method).upper()
        call = ApiCall(
            instance=instance, user=user, method=method, path=request.path, query=MultiDict(request.query),
            headers=CIMultiDict(request.headers), body=body, troubles=request.get(TROUBLES, []),
        )  # fmt: skip
        answer = self._dispatched(call)
        answer.headers |= headers
        if CALL in request:
            request[CALL].inside = ", ".join(sorted(call.carried))
        return answer

    def _taken(self, instance: Instance, user: User, path: str) -> dict[str, str]:
        api = api_of(path)
        return self.limits(instance).take(user, api) if api else {}

    def _inside(self, call: ApiCall) -> Answer:
        """One request of a batch."""
        try:
            headers = (
                {} if call.instance.switches.batch_counts_once else self._taken(call.instance, call.user, call.path)
            )
        except errors.Refused as refusal:
            return Answer(refusal.status, refusal.body(), refusal.headers)
        answer = self._dispatched(call)
        answer.headers |= headers
        return answer

    def _dispatched(self, call: ApiCall) -> Answer:
        try:
            call.instance.catch_up()
            _require_headers(call)
            answer = self._handler(call)(call)
        except errors.Refused as refusal:
            answer = Answer(refusal.status, refusal.body(), refusal.headers)
        except UnknownTable as unknown:
            answer = Answer(400, errors.invalid_table(str(unknown)).body())
        if answer.body is not None:
            answer.headers = {"Content-Type": JSON} | answer.headers
        return answer

    def _handler(self, call: ApiCall) -> _Handler:
        """Raises Refused on a path that no API answers and on a verb that it does not take."""
        missing = errors.no_resource(call.instance.switches.missing_path_status)
        found = _PATH.fullmatch(call.path)
        if found is None or (found["api"] == "batch") != (found["table"] is None):
            raise missing
        call.version = found["version"] or ""
        handlers = self._handlers(found["api"], found["table"] or "", found["record"] or "")
        if not handlers:
            raise missing
        if call.method not in handlers:
            raise errors.Refused(405, "Method not supported")
        return handlers[call.method]

    def _handlers(self, api: str, table: str, record: str) -> dict[str, _Handler]:
        """The handler of each verb; none when there is no such path."""
        if api == "batch":
            return {"POST": lambda call: batch(call, self._inside)}
        if api == "stats":
            return {} if record else {"GET": lambda call: stats.aggregate(call, table)}
        return _of_imports(table, record) if api == "import" else _of_tables(table, record)

    def _response(self, request: web.Request, instance: Instance, answer: Answer) -> web.Response:
        silent = request.headers.get("X-no-response-body", "").lower() == "true" and answer.status < 300
        body = b"" if silent else answer.content()
        headers = {"Content-Type": JSON} | answer.headers if body else answer.headers
        response = web.Response(status=answer.status, body=body or None, headers=headers)
        if instance.switches.session_cookie:
            response.set_cookie(COOKIE, instance.records.new_id(), path="/", httponly=True)
        return response


def _of_imports(table: str, record: str) -> dict[str, _Handler]:
    if record == "insertMultiple":
        return {"POST": lambda call: importing.many(call, table)}
    if record:
        return {"GET": lambda call: importing.again(call, table, record)}
    return {"POST": lambda call: importing.one(call, table)}


def _of_tables(table: str, record: str) -> dict[str, _Handler]:
    if record:
        verbs = ("GET", "HEAD", "PUT", "PATCH", "DELETE")
        return dict.fromkeys(verbs, lambda call: tables.record(call, table, record))
    return dict.fromkeys(("GET", "HEAD", "POST"), lambda call: tables.collection(call, table))


def api_of(path: str) -> str:
    """The name of the API that a path belongs to; empty for none."""
    found = _PATH.fullmatch(path)
    return APIS[found["api"]] if found else ""


def page(status: int, title: str) -> web.Response:
    """A page for persons."""
    return web.Response(status=status, text=_PAGE.format(title=title), content_type="text/html")


def _by_password(instance: Instance, text: str) -> User | None:
    try:
        name, _, password = base64.b64decode(text.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    user = instance.access.users.get(name)
    return user if user and user.password == password else None


def _require_headers(call: ApiCall) -> None:
    """Raises Refused on headers that are missing or name what the APIs do not speak."""
    accept = call.headers.get("Accept", "")
    if not accept:
        raise errors.Refused(400, "Missing Accept header")
    kinds = {one.partition(";")[0].strip().lower() for one in accept.split(",")}
    if not kinds & {"application/json", "application/*"} and not ("*/*" in kinds and call.instance.switches.accept_any):
        raise errors.Refused(406, "Unsupported Accept header", accept)
    content = call.headers.get("Content-Type", "")
    bare_delete = call.method == "DELETE" and not content and not call.instance.switches.headers_always_needed
    if call.method in WRITES and not bare_delete:
        if not content:
            raise errors.Refused(400, "Missing Content-Type header")
        if content.partition(";")[0].strip().lower() != "application/json":
            raise errors.Refused(415, "Unsupported Content-Type", content)
