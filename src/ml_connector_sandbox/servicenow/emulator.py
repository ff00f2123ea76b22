"""The emulator: every instance of the company behind its own host."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.emulator import Emulator
from ml_connector_sandbox.kernel.essence import Essence
from ml_connector_sandbox.servicenow.api.gate import Gate, page
from ml_connector_sandbox.servicenow.company import ServiceNowBooks
from ml_connector_sandbox.servicenow.desk import carried_out
from ml_connector_sandbox.servicenow.essence import company_essence, stir
from ml_connector_sandbox.servicenow.faults import ServiceNowFaults
from ml_connector_sandbox.servicenow.inspection import company_books, company_statistics
from ml_connector_sandbox.servicenow.oauth import CONSENT, TOKEN, consent, token
from ml_connector_sandbox.servicenow.switches import Switches

_LARGEST = 32 * 1024 * 1024
_SETTLED = frozenset({"column_names", "stage_prefix", "line_number_column", "copy_empty"})


class ServiceNowEmulator(Emulator):
    """ServiceNow's REST APIs, with Accounts Payable Operations or a company's own tables.

    ``books`` must run on the same clock; without them the emulator starts with none, and its hosts are those of the
    instances there are. ``switches`` settle the uncertain facts; they are those of ``books`` and may change.
    """

    name = "servicenow"

    def __init__(self, clock: SandboxClock, books: ServiceNowBooks | None = None) -> None:
        self.company = books or ServiceNowBooks(clock)
        self.hosts = tuple(self.company.instances)
        self._gate = Gate(self.company)
        super().__init__(clock, self.company.switches, ServiceNowFaults(self.company, self._gate))

    def app(self) -> web.Application:
        """One application for all instances; the host decides whose records it shows."""
        app = web.Application(middlewares=[self.numbered], client_max_size=_LARGEST)
        app.router.add_route("*", "/{tail:.*}", self._answer)
        return app

    def books(self) -> dict[str, Any]:
        """Per instance: count and sums of each table, and the rows of the targets."""
        return company_books(self.company)

    def essence(self) -> Essence:
        """Cost centres, suppliers, contacts, invoices with lines, taxes and payments; named by their own facts."""
        return company_essence(self.company)

    def desk(self, wish: dict[str, Any]) -> dict[str, Any]:
        """See ``servicenow.desk``: ``{"act": "approve", "invoice": "..."}`` and others."""
        return carried_out(self.company, wish)

    def stir(self) -> None:
        """Save the record of each target of each instance whose last change is longest ago."""
        stir(self.company)

    def statistics(self) -> dict[str, Any]:
        """Calls, and per instance tokens, refusals by limits and staged rows by state."""
        return super().statistics() | company_statistics(self.company, self._gate)

    def set_switches(self, values: dict[str, Any]) -> dict[str, Any]:
        """As everywhere; names and maps are written into the tables of every instance at once."""
        found = super().set_switches(values)
        if any(one in _SETTLED or one.endswith("_coalesce") or one.startswith("choice_") for one in values):
            for instance in self.company.instances.values():
                instance.settle()
        return found

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        switches: Switches = self.company.switches
        instance = self.company.instances.get(request.host.split(":")[0])
        if switches.hibernating or instance is None:
            return page(
                switches.hibernating_status if instance else 404, "Hibernating Instance" if instance else "Not found"
            )
        if len(str(request.rel_url)) > switches.longest_url:
            return page(414, "URI Too Long")
        if request.path == TOKEN:
            return await token(request, instance)
        if request.path == CONSENT:
            return consent(request, instance)
        return await self._gate.answer(request, instance)
