"""ServiceTitan's part in faults. It has no limit by the day; a revoked grant is restored when the fault is cleared."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import ClassVar

from aiohttp import web

from ml_connector_sandbox.kernel.calls import CALL, Call
from ml_connector_sandbox.kernel.emulator import json_response
from ml_connector_sandbox.kernel.fault_kinds import Place
from ml_connector_sandbox.kernel.vendor_faults import VendorFaults
from ml_connector_sandbox.servicetitan.answers import Refusal, gateway_refusal, refused, too_many
from ml_connector_sandbox.servicetitan.books import Grant, ServiceTitanBooks
from ml_connector_sandbox.servicetitan.gateway import EXPIRED, Gateway, token_of
from ml_connector_sandbox.servicetitan.hosts import API_HOSTS, TOKEN_HOSTS
from ml_connector_sandbox.servicetitan.switches import Switches
from ml_connector_sandbox.servicetitan.tokens import Tokens

_BEFORE_RESOURCE = 4  # module, version, "tenant", its number


class ServiceTitanFaults(VendorFaults):
    """``500`` at the API is worded as the gateway's, at the token endpoint as OAuth's; both are assumed."""

    lacks: ClassVar[frozenset[str]] = frozenset({"day limit"})

    def __init__(self, company: ServiceTitanBooks, tokens: Tokens, gateway: Gateway, switches: Switches) -> None:
        self._company, self._tokens, self._gateway, self._switches = company, tokens, gateway, switches
        self._revoked: list[Grant] = []

    def place(self, call: Call) -> Place:
        if call.host in TOKEN_HOSTS:
            return Place.TOKEN if (call.method, call.path) == ("POST", "/connect/token") else Place.PAGE
        resource = call.path.removeprefix("/").split("/")[_BEFORE_RESOURCE:]
        whole = call.method == "GET" and not any(one.isdecimal() for one in resource)
        return Place.LIST if whole else Place.DOCUMENT

    @asynccontextmanager
    async def counted(self, request: web.Request) -> AsyncIterator[None]:
        with suppress(Refusal):
            if request[CALL].host in TOKEN_HOSTS:
                client_id = str((await request.post()).get("client_id", ""))
                self._tokens.count(TOKEN_HOSTS[request[CALL].host], client_id)
            else:
                self._gateway.admit(API_HOSTS[request[CALL].host], request)
        yield

    def server_error(self, call: Call) -> web.Response:
        if call.host in TOKEN_HOSTS:
            return json_response({"error": "server_error"}, 500)
        return refused(gateway_refusal(500, "Internal server error"), call)

    def unauthorised(self, call: Call) -> web.Response:
        return refused(gateway_refusal(401, EXPIRED), call)

    def too_many(self, request: web.Request, seconds: float, retry_after: bool) -> web.Response:
        return refused(too_many(seconds, retry_after), request[CALL])

    def token_throttled(self, seconds: float) -> web.Response:
        refusal = self._tokens.throttled(seconds)
        return json_response(refusal.body, refusal.status, refusal.headers)

    def expire(self, request: web.Request) -> None:
        self._tokens.withdraw(token_of(request))

    def begin(self, kind: str, request: web.Request) -> None:
        """All grants: the tenant's administrator has disconnected the application."""
        self._revoked = [one for one in self._company.grants.values() if not one.revoked]
        for one in self._revoked:
            one.revoked = True
        self._tokens.withdraw_all()

    def end(self, kind: str) -> None:
        for one in self._revoked:
            one.revoked = False
        self._revoked = []

    def lasts(self, kind: str) -> bool:
        """Until it is cleared, or each grant is given again in the books."""
        return any(one.revoked for one in self._revoked)
