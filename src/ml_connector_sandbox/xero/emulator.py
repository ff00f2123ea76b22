"""The emulator: login, identity and API hosts of Xero."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.emulator import Emulator
from ml_connector_sandbox.kernel.essence import Essence
from ml_connector_sandbox.xero.api.gate import Gate
from ml_connector_sandbox.xero.api.wire import refused
from ml_connector_sandbox.xero.books.company import XeroBooks
from ml_connector_sandbox.xero.connections import PATH, Connections
from ml_connector_sandbox.xero.consent import Consent
from ml_connector_sandbox.xero.desk import carried_out
from ml_connector_sandbox.xero.errors import NotFound
from ml_connector_sandbox.xero.essence import company_essence
from ml_connector_sandbox.xero.faults import XeroFaults
from ml_connector_sandbox.xero.hosts import API, BASE, IDENTITY, LOGIN
from ml_connector_sandbox.xero.inspection import company_books, company_statistics
from ml_connector_sandbox.xero.resources import all_routes
from ml_connector_sandbox.xero.switches import Switches
from ml_connector_sandbox.xero.webhooks import XeroWebhooks, announcer

_LARGEST = 32 * 1024 * 1024


class XeroEmulator(Emulator):
    """Xero's accounting API.

    ``books`` must run on the same clock; without them the emulator starts with none. ``switches`` settle the
    uncertain facts and may be changed while it runs.
    """

    name = "xero"
    hosts = (LOGIN, IDENTITY, API)

    def __init__(self, clock: SandboxClock, books: XeroBooks | None = None, switches: Switches | None = None) -> None:
        self.company = books or XeroBooks(clock)
        self.company.switches = switches or self.company.switches
        self._gate = Gate(self.company, all_routes())
        super().__init__(clock, self.company.switches, XeroFaults(self.company, self._gate))
        self._handlers = Consent(self.company).handlers()
        self._connections = Connections(self.company, self._gate)
        self.webhooks = XeroWebhooks(clock, self.company)
        self.company.listener = announcer(self.webhooks.announce)

    def app(self) -> web.Application:
        """One application for all three hosts; the host decides which part answers."""
        app = web.Application(middlewares=[self.numbered], client_max_size=_LARGEST)
        app.router.add_route("*", "/{tail:.*}", self._answer)
        return app

    def books(self) -> dict[str, Any]:
        """Every organisation's master data, documents, payments and balances."""
        return company_books(self.company)

    def essence(self) -> Essence:
        """Contacts, accounts with balances, documents and payments; others are named by their own facts."""
        return company_essence(self.company)

    def desk(self, wish: dict[str, Any]) -> dict[str, Any]:
        """See ``xero.desk``: ``{"act": "telephone", "organisation": "...", "contact": "...", "number": "..."}``."""
        return carried_out(self.company, wish)

    def stir(self) -> None:
        """Save the record of each register of each organisation whose last change is longest ago."""
        for books in self.company.organisations.values():
            books.stir()

    def statistics(self) -> dict[str, Any]:
        """Calls, tokens, and per app and organisation what was used of its limits."""
        return super().statistics() | company_statistics(self.company, self._gate)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        """Paths of the API are told apart in any case."""
        host, path = request.host.split(":")[0], request.rel_url.raw_path.lower()
        handler = self._handlers.get((host, request.method, path))
        if handler is not None:
            return await handler(request)
        if host == API:
            if path.startswith(f"{BASE}/"):
                return await self._gate.answer(request)
            if path.strip("/").split("/")[0] == PATH:
                return await self._connections.answer(request)
        return refused(NotFound(), True, {}, False)
