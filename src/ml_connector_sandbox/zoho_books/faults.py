"""Zoho Books' part in faults. A revoked grant does not come back when the fault is cleared: it takes a new consent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiohttp import web

from ml_connector_sandbox.kernel.calls import CALL, Call
from ml_connector_sandbox.kernel.fault_kinds import Place
from ml_connector_sandbox.kernel.vendor_faults import VendorFaults
from ml_connector_sandbox.zoho_books.api.gate import Gate, access_token, refused
from ml_connector_sandbox.zoho_books.api.limits import minute_limit
from ml_connector_sandbox.zoho_books.books.company import ZohoBooksBooks
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.consent import error_page, parameters, throttled
from ml_connector_sandbox.zoho_books.data_centres import by_accounts_host
from ml_connector_sandbox.zoho_books.errors import Refused, not_authorised
from ml_connector_sandbox.zoho_books.grants import TooManyRequests

_TOKEN_CALL = ("POST", "/oauth/v2/token")


class ZohoBooksFaults(VendorFaults):
    """All organisations and data centres."""

    def __init__(self, company: ZohoBooksBooks, gate: Gate) -> None:
        self._company, self._gate = company, gate
        self._spent: list[OrganisationBooks] = []

    def place(self, call: Call) -> Place:
        if by_accounts_host(call.host) is not None:
            return Place.TOKEN if (call.method, call.path) == _TOKEN_CALL else Place.PAGE
        whole = call.method == "GET" and not any(one.isdecimal() for one in call.path.split("/"))
        return Place.LIST if whole else Place.DOCUMENT

    def applies(self, kind: str, call: Call) -> bool:
        """The day's calls are counted for the organisation that a call names."""
        return kind != "day limit" or "organization_id=" in call.query

    @asynccontextmanager
    async def counted(self, request: web.Request) -> AsyncIterator[None]:
        if by_accounts_host(request[CALL].host) is None:
            async with self._gate.counted(request):
                yield
            return
        with suppress(TooManyRequests):
            self._company.grants.count_refresh((await parameters(request)).get("refresh_token", ""))
        yield

    def server_error(self, call: Call) -> web.Response:
        if by_accounts_host(call.host) is not None:
            return error_page()
        return refused(Refused(500, 1000, "Internal Error"), {"server": "ZGS"})

    def unauthorised(self, call: Call) -> web.Response:
        return refused(not_authorised(), {"server": "ZGS"})

    def too_many(self, request: web.Request, seconds: float, retry_after: bool) -> web.Response:
        headers = self._gate.headers(self._gate.called(request))
        if retry_after:
            headers["Retry-After"] = str(max(1, round(seconds)))
        return refused(minute_limit(seconds), headers)

    def token_throttled(self, seconds: float) -> web.Response:
        return throttled()

    def expire(self, request: web.Request) -> None:
        self._company.grants.withdraw(access_token(request))

    def begin(self, kind: str, request: web.Request) -> None:
        if kind == "revoked":
            for one in self._company.grants.refresh_tokens():
                self._company.grants.revoke(one.token)
            self._company.grants.withdraw_all()
            return
        wanted = request.query.get("organization_id", "")
        self._spent = [books for number, books in self._company.organisations.items() if number == wanted]
        for books in self._spent:
            self._gate.limits(books).day_spent = True

    def end(self, kind: str) -> None:
        if kind == "day limit":
            for books in self._spent:
                self._gate.limits(books).day_spent = False

    def lasts(self, kind: str) -> bool:
        """A revocation until somebody consents again, a spent day until the organisation's midnight."""
        if kind == "revoked":
            return not self._company.grants.refresh_tokens()
        return any(self._gate.limits(books).spent_today() for books in self._spent)
