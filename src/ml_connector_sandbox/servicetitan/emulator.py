"""The ServiceTitan emulator: two environments, each with a token host and an API host."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.emulator import CALL, Emulator, json_response
from ml_connector_sandbox.kernel.essence import Essence
from ml_connector_sandbox.kernel.webhooks import Webhooks
from ml_connector_sandbox.servicetitan.answers import Refusal, gateway_refusal, refused
from ml_connector_sandbox.servicetitan.books import ServiceTitanBooks
from ml_connector_sandbox.servicetitan.calls import ApiCall
from ml_connector_sandbox.servicetitan.desk import carried_out
from ml_connector_sandbox.servicetitan.essence import company_essence, stir
from ml_connector_sandbox.servicetitan.faults import ServiceTitanFaults
from ml_connector_sandbox.servicetitan.gateway import Gateway
from ml_connector_sandbox.servicetitan.hosts import API_HOSTS, TOKEN_HOSTS
from ml_connector_sandbox.servicetitan.resources import operations
from ml_connector_sandbox.servicetitan.rows import Rows
from ml_connector_sandbox.servicetitan.switches import Switches
from ml_connector_sandbox.servicetitan.tokens import Tokens, oauth_refusal
from ml_connector_sandbox.servicetitan.webhooks import ServiceTitanWebhooks, announcer


class ServiceTitanEmulator(Emulator):
    """ServiceTitan's V2 REST API over ``company``, the books of its tenants."""

    name = "servicetitan"
    hosts = (*TOKEN_HOSTS, *API_HOSTS)

    def __init__(
        self, clock: SandboxClock, books: ServiceTitanBooks | None = None, switches: Switches | None = None
    ) -> None:
        chosen = switches or Switches()
        self.company = books or ServiceTitanBooks(clock)
        self.tokens = Tokens(clock, self.company, chosen)
        self.gateway = Gateway(clock, self.company, self.tokens, chosen)
        self.gateway.serve(operations())
        super().__init__(clock, chosen, ServiceTitanFaults(self.company, self.tokens, self.gateway, chosen))
        self._rows = Rows()
        self.webhooks = Webhooks(clock, ServiceTitanWebhooks(self.company, chosen))
        self.company.listen(announcer(self.webhooks.announce))

    def app(self) -> web.Application:
        """One application for all four hosts; which one is asked decides."""
        app = web.Application(middlewares=[self.numbered])
        app.router.add_route("*", "/{path:.*}", self._serve)
        return app

    def books(self) -> dict[str, Any]:
        return self.company.as_dict()

    def essence(self) -> Essence:
        """Vendors, business units, orders, receipts, bills and the receivables, with export marks and external data."""
        return company_essence(self.company)

    def stir(self) -> None:
        """Move modifiedOn of the record of each kind whose last change is longest ago, in each tenant."""
        stir(self.company)

    def desk(self, wish: dict[str, Any]) -> dict[str, Any]:
        """See ``servicetitan.desk``: ``{"act": "reprice", "tenant": "...", "by": 12.00}``, or another of its acts."""
        return carried_out(self.company, wish)

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
            if host in TOKEN_HOSTS:
                return await self._token(TOKEN_HOSTS[host], request)
            return await self._call(API_HOSTS[host], request)
        except Refusal as refusal:
            return refused(refusal, request[CALL])

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
