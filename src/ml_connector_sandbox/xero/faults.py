"""Xero's part in faults. A revoked grant takes a new consent; a cleared fault reconnects custom connections only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

from aiohttp import web

from ml_connector_sandbox.kernel.calls import CALL, Call
from ml_connector_sandbox.kernel.emulator import json_response
from ml_connector_sandbox.kernel.fault_kinds import Place
from ml_connector_sandbox.kernel.vendor_faults import VendorFaults
from ml_connector_sandbox.xero.api.gate import Gate, access_token
from ml_connector_sandbox.xero.api.limits import TenantLimits
from ml_connector_sandbox.xero.api.wire import titled
from ml_connector_sandbox.xero.books.company import CUSTOM, XeroBooks
from ml_connector_sandbox.xero.errors import Throttled, Titled, unauthorised
from ml_connector_sandbox.xero.hosts import API, BASE, IDENTITY, TOKEN_PATH

_COLLECTION = BASE.count("/") + 1
_PAGED = frozenset(
    {
        "invoices", "contacts", "creditnotes", "banktransactions", "payments", "purchaseorders", "prepayments",
        "overpayments", "accounts", "taxrates", "trackingcategories", "items", "currencies", "users",
    }
)  # fmt: skip


class XeroFaults(VendorFaults):
    """All organisations and apps. The token endpoint is not known to limit how often it is asked."""

    lacks: ClassVar[frozenset[str]] = frozenset({"token throttled"})

    def __init__(self, company: XeroBooks, gate: Gate) -> None:
        self._company, self._gate = company, gate
        self._spent: list[TenantLimits] = []

    def place(self, call: Call) -> Place:
        if call.host != API:
            token = call.host == IDENTITY and (call.method, call.path) == ("POST", TOKEN_PATH)
            return Place.TOKEN if token else Place.PAGE
        parts = call.path.rstrip("/").split("/")
        whole = call.method == "GET" and len(parts) == _COLLECTION + 1 and parts[-1].lower() in _PAGED
        return Place.LIST if whole else Place.DOCUMENT

    def applies(self, kind: str, call: Call) -> bool:
        """The day's calls and every other limit count for a tenant, which only the accounting API has."""
        tenant = call.path.lower().startswith(BASE)
        limited = kind in ("day limit", "429", "429 retry-after")
        return kind not in self.lacks and (tenant or not limited)

    @asynccontextmanager
    async def counted(self, request: web.Request) -> AsyncIterator[None]:
        if request[CALL].host != API:
            yield
            return
        async with self._gate.counted(request):
            yield

    def server_error(self, call: Call) -> web.Response:
        detail = "An error occurred in Xero. Check the API Status page for current service status."
        return json_response(self._titled(Titled(500, "An error occurred", detail)), 500)

    def unauthorised(self, call: Call) -> web.Response:
        return json_response(self._titled(unauthorised()), 401)

    def too_many(self, request: web.Request, seconds: float, retry_after: bool) -> web.Response:
        """Only a full minute or day says how long; without Retry-After it is too many calls at once."""
        limits = self._gate.called(request)
        refusal = Throttled("minute", seconds - 1) if retry_after else Throttled("concurrent")
        headers = (limits.headers() if limits else {}) | refusal.headers
        if retry_after:
            headers["X-MinLimit-Remaining"] = "0"
        return web.Response(status=429, headers=headers)

    def token_throttled(self, seconds: float) -> web.Response:
        return web.Response(status=429)

    def expire(self, request: web.Request) -> None:
        self._company.grants.withdraw(access_token(request))

    def begin(self, kind: str, request: web.Request) -> None:
        if kind == "revoked":
            for one in list(self._company.grants.connections):
                self._company.grants.end(one.app, one.user)
            return
        limits = self._gate.called(request)
        if limits is not None:
            limits.spend_day()
            self._spent.append(limits)

    def end(self, kind: str) -> None:
        if kind == "day limit":
            for limits in self._spent:
                limits.restore_day()
            self._spent.clear()
            return
        for one in self._company.grants.connections:
            if one.app.kind == CUSTOM:
                one.live = True

    def lasts(self, kind: str) -> bool:
        """A revocation until somebody connects again, a spent day until the day of the limit ends."""
        if kind == "revoked":
            return not any(one.live for one in self._company.grants.connections)
        return any(limits.day_spent for limits in self._spent)

    def _titled(self, refusal: Titled) -> dict[str, object]:
        return titled(refusal, self._company.switches.error_keys_lower_case)
