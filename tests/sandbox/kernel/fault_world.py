"""Each vendor of a small sandbox behind one plain HTTP client: ask for a token, read a list, write a party."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from ml_connector_sandbox.company import Company
from ml_connector_sandbox.kernel.calls import Call
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.emulator import Emulator
from ml_connector_sandbox.kernel.faults import Fault, Faults
from ml_connector_sandbox.sandbox import Sandbox

SERVICETITAN, ZOHO_BOOKS, XERO = "servicetitan", "zoho_books", "xero"
SIDES = (SERVICETITAN, ZOHO_BOOKS, XERO)
XERO_SCOPES = "offline_access accounting.contacts accounting.settings.read"
ADDRESS = {"street": "1 Main St", "unit": "", "city": "Austin", "state": "TX", "zip": "78701", "country": "USA"}


class HandClock(SandboxClock):
    """Goes on by itself, and by ``advance``."""

    __slots__ = ("_ahead",)
    _ahead: float

    def advance(self, seconds: float) -> None:
        object.__setattr__(self, "_ahead", self._more + seconds)

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._more)

    def seconds(self) -> float:
        return super().seconds() + self._more

    @property
    def _more(self) -> float:
        return getattr(self, "_ahead", 0.0)


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Side:
    """One vendor as its client sees it. ``refresh`` is the refresh token where the vendor has one."""

    sandbox: Sandbox
    session: aiohttp.ClientSession
    name: str
    token: str = ""
    refresh: str = ""
    given: dict[str, str] = field(default_factory=dict)

    @property
    def emulator(self) -> Emulator:
        return self.sandbox.server.emulators[self.name]

    @property
    def faults(self) -> Faults:
        return self.emulator.faults

    @property
    def calls(self) -> list[Call]:
        return self.emulator.log.calls

    @property
    def next(self) -> int:
        return len(self.calls) + 1

    def strike(self, kind: str, **more: Any) -> Fault:
        return self.faults.add(Fault(kind=kind, **more))

    async def send(self, method: str, host: str, path: str, **options: Any) -> Answer:
        headers = {"Host": host, **options.pop("headers", {})}
        url = f"http://127.0.0.1:{self.sandbox.server.port}{path}"
        async with self.session.request(method, url, headers=headers, allow_redirects=False, **options) as got:
            return Answer(got.status, {k.lower(): v for k, v in got.headers.items()}, await got.text())

    async def ask_token(self) -> Answer:
        form = {"grant_type": "refresh_token", "refresh_token": self.refresh}
        if self.name == SERVICETITAN:
            form = {"grant_type": "client_credentials"}
        return await self._token_call(form)

    async def _token_call(self, form: dict[str, str]) -> Answer:
        host, path = {
            SERVICETITAN: ("auth.servicetitan.io", "/connect/token"),
            ZOHO_BOOKS: ("accounts.zoho.eu", "/oauth/v2/token"),
            XERO: ("identity.xero.com", "/connect/token"),
        }[self.name]
        return await self.send(
            "POST", host, path, data={**form, "client_id": self.given["client_id"], "client_secret": self.secret}
        )

    @property
    def secret(self) -> str:
        return self.given["client_secret"]

    async def renew(self) -> None:
        answer = await self.ask_token()
        assert answer.status == 200, answer.text
        self.token, self.refresh = answer.json["access_token"], answer.json.get("refresh_token", self.refresh)

    async def read(self, **query: str) -> Answer:
        """The list of vendors or contacts."""
        return await self.api("GET", query=query)

    async def write(self, name: str) -> Answer:
        body: dict[str, Any] = {"contact_name": name, "contact_type": "vendor"}
        if self.name == XERO:
            # By POST: this client repeats a PUT by itself when its idle connection was closed.
            return await self.api("POST", json={"Contacts": [{"Name": name}]})
        if self.name == SERVICETITAN:
            body = {
                "name": name, "active": True, "isTruckReplenishment": False, "taxRate": 0,
                "restrictedMobileCreation": False, "address": ADDRESS,
            }  # fmt: skip
        return await self.api("POST", json=body)

    async def api(self, method: str, query: dict[str, str] | None = None, **more: Any) -> Answer:
        if self.name == SERVICETITAN:
            headers = {"Authorization": self.token, "ST-App-Key": self.given["app_key"]}
            path = f"/inventory/v2/tenant/{self.given['tenant']}/vendors"
            return await self.send(
                method, "api.servicetitan.io", path, params=query or {}, headers=headers, **more
            )  # fmt: skip
        if self.name == XERO:
            headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
            headers["Xero-tenant-id"] = self.given["organisation_id"]
            path = "/api.xro/2.0/Contacts"
            return await self.send(method, "api.xero.com", path, params=query or {}, headers=headers, **more)
        headers = {"Authorization": f"Zoho-oauthtoken {self.token}"}
        params = {"organization_id": self.given["organization_id"], **(query or {})}
        return await self.send(method, "www.zohoapis.eu", "/books/v3/contacts", params=params, headers=headers, **more)

    async def consent(self) -> None:
        """Zoho Books and Xero: a person consents; the tokens are the client's."""
        query = {
            "client_id": self.given["client_id"], "redirect_uri": self.given["redirect"], "response_type": "code",
            "scope": "ZohoBooks.fullaccess.all", "access_type": "offline", "prompt": "consent",
        }  # fmt: skip
        host, path = "accounts.zoho.eu", "/oauth/v2/auth"
        if self.name == XERO:
            host, path, query["scope"] = "login.xero.com", "/identity/connect/authorize", XERO_SCOPES
        page = await self.send("GET", host, path, params=query)
        code = parse_qs(urlsplit(page.headers["location"]).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.given["redirect"]}
        answer = await self._token_call(form)
        self.token, self.refresh = answer.json["access_token"], answer.json["refresh_token"]

    def names(self) -> list[str]:
        """The names on record."""
        if self.name == SERVICETITAN:
            return [one.name for one in self.sandbox.servicetitan.company.tenant(self.given["tenant"]).vendors]
        if self.name == XERO:
            return [one.name for one in self.sandbox.company.xero_organisation.contacts]
        books = self.sandbox.zoho_books.company.organisations[self.given["organization_id"]]
        return [one.contact_name for one in books.contacts]


def told(answer: Answer) -> Any:
    """The vendor's own word for what is wrong: a code, else a status."""
    said = {name.lower(): value for name, value in answer.json.items()}
    return said.get("code", said.get("status"))


async def works(vendor: Side) -> None:
    """The vendor answers as always, with nothing pending."""
    assert (await vendor.read()).status == 200
    assert vendor.faults.pending == []


@asynccontextmanager
async def side(name: str, company: str | Company = "small") -> AsyncIterator[Side]:
    """A running sandbox and a client of one vendor with a token; the client waits at most two seconds."""
    timeout = aiohttp.ClientTimeout(total=2)
    async with Sandbox.running(company) as sandbox, aiohttp.ClientSession(timeout=timeout) as session:
        made = Side(sandbox, session, name, given=sandbox.handover["credentials"][name])
        if name == SERVICETITAN:
            await made.renew()
        else:
            await made.consent()
        yield made
