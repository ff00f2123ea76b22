"""The emulator: all data centres of Zoho Books behind their real host names."""

from __future__ import annotations

from functools import partial
from typing import Any

from aiohttp import web

from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.emulator import Emulator, Handler
from ml_connector_sandbox.kernel.essence import Essence
from ml_connector_sandbox.kernel.webhooks import Webhooks
from ml_connector_sandbox.zoho_books.api.call import Route
from ml_connector_sandbox.zoho_books.api.gate import Gate, refused, unknown_url
from ml_connector_sandbox.zoho_books.books.company import ZohoBooksBooks
from ml_connector_sandbox.zoho_books.consent import Consent
from ml_connector_sandbox.zoho_books.data_centres import DATA_CENTRES, by_api_host
from ml_connector_sandbox.zoho_books.desk import carried_out
from ml_connector_sandbox.zoho_books.errors import Refused
from ml_connector_sandbox.zoho_books.essence import company_essence
from ml_connector_sandbox.zoho_books.faults import ZohoBooksFaults
from ml_connector_sandbox.zoho_books.inspection import company_books, company_statistics
from ml_connector_sandbox.zoho_books.resources import all_routes
from ml_connector_sandbox.zoho_books.stirring import stir
from ml_connector_sandbox.zoho_books.switches import Switches
from ml_connector_sandbox.zoho_books.webhooks import ZohoBooksWebhooks, announcer

BASE = "/books/v3"
LARGEST_BODY = 20 * 1024 * 1024


class ZohoBooksEmulator(Emulator):
    """Zoho Books in eight data centres.

    ``books`` must run on the same clock; without them the emulator starts with none. ``switches`` settle the
    uncertain facts and may be changed while it runs.
    """

    name = "zoho_books"
    hosts = tuple(host for one in DATA_CENTRES for host in (one.accounts_host, one.api_host))

    def __init__(
        self, clock: SandboxClock, books: ZohoBooksBooks | None = None, switches: Switches | None = None
    ) -> None:
        self.company = books or ZohoBooksBooks(clock)
        self.company.switches = switches or self.company.switches
        self._gate = Gate(self.company)
        super().__init__(clock, self.company.switches, ZohoBooksFaults(self.company, self._gate))
        self._routes = all_routes()
        self.webhooks = Webhooks(clock, ZohoBooksWebhooks(self.company))
        self.company.listener = announcer(self.webhooks.announce)

    def app(self) -> web.Application:
        """Consent and API routes; the host decides which half answers."""
        app = web.Application(middlewares=[self.numbered, self._by_host], client_max_size=LARGEST_BODY)
        Consent(self.company).add_routes(app)
        for route in self._routes:
            app.router.add_route(route.method, BASE + route.path, partial(_answer, self._gate, route))
        return app

    def books(self) -> dict[str, Any]:
        """Every organisation's master data, documents and balances."""
        return company_books(self.company)

    def essence(self) -> Essence:
        """Contacts, accounts with balances, items and all documents; contacts and accounts by their own facts."""
        return company_essence(self.company)

    def desk(self, wish: dict[str, Any]) -> dict[str, Any]:
        """See ``zoho_books.desk``: ``{"act": "move bill", "organisation": "...", "bill": "...", "to": "void"}``."""
        return carried_out(self.company, wish)

    def stir(self) -> None:
        """Save what was last changed longest ago of each kind in each organisation."""
        stir(self.company)

    def statistics(self) -> dict[str, Any]:
        """Calls, tokens, and per organisation the day's calls and the most in a minute and at once."""
        return super().statistics() | company_statistics(self.company, self._gate)

    @property
    def _by_host(self) -> Any:
        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            api_host = by_api_host(request.host.split(":")[0]) is not None
            if not api_host:
                if request.path.startswith(BASE):
                    raise web.HTTPNotFound
                return await handler(request)
            if request.path.startswith("/oauth"):
                return unknown_url()
            return await _in_vendor_words(request, handler)

        return middleware


async def _in_vendor_words(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return unknown_url()
    except web.HTTPMethodNotAllowed:
        return refused(Refused(405, 37, "The HTTP method is not allowed for the requested resource."))


async def _answer(gate: Gate, route: Route, request: web.Request) -> web.StreamResponse:
    return await gate.answer(request, route)
