"""The ServiceTitan emulator: two environments, each with a token host and an API host."""

from __future__ import annotations

import uuid
from typing import Any

from aiohttp import web

from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.emulator import CALL, Emulator, json_response
from ml_connector_sandbox.servicetitan.answers import Refusal, gateway_refusal
from ml_connector_sandbox.servicetitan.books import INTEGRATION, PRODUCTION, ServiceTitanBooks
from ml_connector_sandbox.servicetitan.calls import ApiCall
from ml_connector_sandbox.servicetitan.gateway import Gateway
from ml_connector_sandbox.servicetitan.resources import operations
from ml_connector_sandbox.servicetitan.rows import Rows
from ml_connector_sandbox.servicetitan.switches import Switches
from ml_connector_sandbox.servicetitan.tokens import Tokens, oauth_refusal

_TOKEN_HOSTS = {"auth.servicetitan.io": PRODUCTION, "auth-integration.servicetitan.io": INTEGRATION}
_API_HOSTS = {"api.servicetitan.io": PRODUCTION, "api-integration.servicetitan.io": INTEGRATION}


class ServiceTitanEmulator(Emulator):
    """ServiceTitan's V2 REST API over ``company``, the books of its tenants."""

    name = "servicetitan"
    hosts = (*_TOKEN_HOSTS, *_API_HOSTS)

    def __init__(
        self, clock: SandboxClock, books: ServiceTitanBooks | None = None, switches: Switches | None = None
    ) -> None:
        super().__init__(clock, switches or Switches())
        self.company = books or ServiceTitanBooks(clock)
        self.tokens = Tokens(clock, self.company, self.switches)
        self.gateway = Gateway(clock, self.company, self.tokens, self.switches)
        self.gateway.serve(operations())
        self._rows = Rows()

    def app(self) -> web.Application:
        """One application for all four hosts; which one is asked decides."""
        app = web.Application(middlewares=[self.numbered])
        app.router.add_route("*", "/{path:.*}", self._serve)
        return app

    def books(self) -> dict[str, Any]:
        return self.company.as_dict()

    def statistics(self) -> dict[str, Any]:
        """Also tokens issued and refused, and the most that any window held at once."""
        return {
            **super().statistics(),
            "tokens_issued": self.tokens.issued,
            "tokens_refused": self.tokens.refused,
            "most_calls_per_second": {"/".join(key): one.most_used for key, one in self.gateway.windows.items()},
            "most_tokens_per_minute": {"/".join(key): one.most_used for key, one in self.tokens.windows.items()},
        }

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        host = request.host.split(":")[0]
        try:
            if host in _TOKEN_HOSTS:
                return await self._token(_TOKEN_HOSTS[host], request)
            return await self._call(_API_HOSTS[host], request)
        except Refusal as refusal:
            trace_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"servicetitan/{request[CALL].number}"))
            return json_response(refusal.traced(trace_id), refusal.status, refusal.headers)

    async def _token(self, environment: str, request: web.Request) -> web.Response:
        if request.path != "/connect/token":
            raise gateway_refusal(404, "Not Found")
        if request.method != "POST":
            raise web.HTTPMethodNotAllowed(request.method, ["POST"])
        if request.content_type != "application/x-www-form-urlencoded":
            raise oauth_refusal("invalid_request")
        return json_response(
            self.tokens.issue(environment, await request.post()), headers={"Cache-Control": "no-store"}
        )

    async def _call(self, environment: str, request: web.Request) -> web.StreamResponse:
        operation, values, books = self.gateway.admit(environment, request)
        call = ApiCall(request, values, books=books, switches=self.switches, clock=self.clock, rows=self._rows)
        return await operation.answer(call)
