"""ServiceNow's part in faults, and the kinds that only it has."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import ClassVar

from aiohttp import web

from ml_connector_sandbox.kernel.calls import CALL, Call
from ml_connector_sandbox.kernel.emulator import json_response
from ml_connector_sandbox.kernel.fault_kinds import Kind, Place
from ml_connector_sandbox.kernel.port import Handler
from ml_connector_sandbox.kernel.vendor_faults import VendorFaults
from ml_connector_sandbox.servicenow import errors
from ml_connector_sandbox.servicenow.api.batch import CANCELLED_AFTER, CANCELLED_BEFORE, UNSERVICED
from ml_connector_sandbox.servicenow.api.gate import TROUBLES, Gate, api_of, page
from ml_connector_sandbox.servicenow.api.importing import ROW_ERROR
from ml_connector_sandbox.servicenow.api.limits import too_many
from ml_connector_sandbox.servicenow.api.tables import cut_by_quota
from ml_connector_sandbox.servicenow.api.writing import ACL, POLICY, RULE
from ml_connector_sandbox.servicenow.company import ServiceNowBooks
from ml_connector_sandbox.servicenow.grants import Client
from ml_connector_sandbox.servicenow.instance import Instance
from ml_connector_sandbox.servicenow.oauth import CONSENT, TOKEN

QUOTA, NOT_PROCESSED, ASLEEP = "quota", "202", "asleep"
_LIST = frozenset({Place.LIST, Place.DOCUMENT})
_DOCUMENT = frozenset({Place.DOCUMENT})
_KINDS = (
    Kind(QUOTA, "The call is carried out, and its 200 ends half-way in an error object.", places=_LIST),
    Kind(NOT_PROCESSED, "Nothing is done, and an empty 202 is answered.", places=_LIST),
    Kind(ASLEEP, "Nothing is done, and the page of a hibernating instance is answered with 200.", places=_LIST),
    Kind(ACL, "An access rule refuses the first write of the call.", refuses=True, places=_DOCUMENT),
    Kind(
        RULE, "A business rule aborts the first write of the call, or of its transform.", refuses=True, places=_DOCUMENT
    ),
    Kind(
        POLICY,
        "A data policy refuses the first write of the call, or of its transform.",
        refuses=True,
        places=_DOCUMENT,
    ),
    Kind(ROW_ERROR, "The first row that the call stages is an error.", refuses=True, places=_DOCUMENT),
    Kind(UNSERVICED, "The second half of a batch is left unserviced.", places=_DOCUMENT),
    Kind(CANCELLED_BEFORE, "The first request of a batch is cancelled and was not carried out.", places=_DOCUMENT),
    Kind(CANCELLED_AFTER, "The first request of a batch is cancelled after it was carried out.", places=_DOCUMENT),
)
_BATCH = frozenset({UNSERVICED, CANCELLED_BEFORE, CANCELLED_AFTER})
_WRITES = frozenset({ACL, RULE, POLICY})


class ServiceNowFaults(VendorFaults):
    """All instances. Nothing counts by the day here, and nothing limits the token endpoint, as far as is known."""

    lacks: ClassVar[frozenset[str]] = frozenset({"day limit", "token throttled"})
    own: ClassVar[Mapping[str, Kind]] = MappingProxyType({one.name: one for one in _KINDS})

    def __init__(self, company: ServiceNowBooks, gate: Gate) -> None:
        self._company, self._gate = company, gate
        self._revoked: list[Client] = []

    def place(self, call: Call) -> Place:
        if call.path == TOKEN:
            return Place.TOKEN
        if call.path == CONSENT:
            return Place.PAGE
        last = call.path.rstrip("/").rsplit("/", 2)
        return Place.LIST if call.method == "GET" and last[-2] in ("table", "stats") else Place.DOCUMENT

    def applies(self, kind: str, call: Call) -> bool:
        """Faults of writes and of batches strike only those."""
        api, write = api_of(call.path), call.method in ("POST", "PUT", "PATCH", "DELETE")
        if kind in _BATCH:
            return api == "Batch API" and write
        if kind == ROW_ERROR:
            return write and (api == "Batch API" or (api == "Import Set API" and not call.path.endswith("Multiple")))
        if kind in _WRITES:
            return write and api in ("Table API", "Import Set API", "Batch API")
        return kind not in self.lacks

    async def strike(self, kind: str, request: web.Request, handler: Handler) -> web.StreamResponse:
        """The vendor's own kinds; those of writes and batches strike inside the APIs."""
        if kind == NOT_PROCESSED:
            return web.Response(status=202)
        if kind == ASLEEP:
            return page(200, "Hibernating Instance")
        if kind != QUOTA:
            request[TROUBLES] = [kind]
            return await handler(request)
        answer = await handler(request)
        body = answer.body if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else b""
        return web.Response(status=200, body=cut_by_quota(body), content_type="application/json")

    @asynccontextmanager
    async def counted(self, request: web.Request) -> AsyncIterator[None]:
        instance = self._instance(request)
        if instance is None or request.path in (TOKEN, CONSENT):
            yield
            return
        async with self._gate.counted(request, instance):
            yield

    def server_error(self, call: Call) -> web.Response:
        return json_response(errors.Refused(500, "Internal Server Error").body(), 500)

    def unauthorised(self, call: Call) -> web.Response:
        return json_response(errors.unauthenticated().body(), 401)

    def too_many(self, request: web.Request, seconds: float, retry_after: bool) -> web.Response:
        """A rate rule tells how long; the semaphore answers a page and nothing else."""
        instance = self._instance(request)
        if not retry_after or instance is None:
            return page(429, "Too Many Requests")
        rule = {"sys_id": instance.records.new_id(), "request_limit_per_hour": "100"}
        headers = self._gate.limits(instance).headers(rule)
        refusal = too_many(rule, api_of(request.path) or "Table API", headers, seconds - 1)
        return json_response(refusal.body(), 429, refusal.headers)

    def token_throttled(self, seconds: float) -> web.Response:
        return page(429, "Too Many Requests")

    def expire(self, request: web.Request) -> None:
        instance = self._instance(request)
        kind, _, text = request.headers.get("Authorization", "").partition(" ")
        if instance is not None and kind.lower() == "bearer":
            instance.grants.access.pop(text.strip(), None)

    def begin(self, kind: str, request: web.Request) -> None:
        """Somebody makes every client of every instance inactive."""
        for instance in self._company.instances.values():
            self._revoked += [one for one in instance.grants.clients.values() if one.active]
            instance.grants.access.clear()
            instance.grants.refreshes.clear()
        for one in self._revoked:
            one.active = False

    def end(self, kind: str) -> None:
        for one in self._revoked:
            one.active = True
        self._revoked.clear()

    def lasts(self, kind: str) -> bool:
        """Until somebody makes the clients active again."""
        return any(not one.active for one in self._revoked)

    def _instance(self, request: web.Request) -> Instance | None:
        return self._company.instances.get(request[CALL].host)
