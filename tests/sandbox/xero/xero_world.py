"""Two small organisations in New Zealand and the United States, and a client that speaks by Host header."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.xero import OrganisationBooks, Switches, XeroBooks, XeroEmulator
from ml_connector_sandbox.xero.books.masters import Account, Contact
from still_clock import StillClock

NZ = "11111111-2222-4333-8444-555555555555"
US = "22222222-2222-4333-8444-555555555555"
ZERO = "00000000-0000-0000-0000-000000000000"
REDIRECT = "https://connector.test/oauth/callback"
START = datetime(2026, 9, 14, 9, 29, 59, 100_000, tzinfo=UTC)
SCOPES = (
    "openid profile email offline_access accounting.invoices accounting.payments accounting.contacts "
    "accounting.settings.read accounting.banktransactions"
)


@dataclass
class MovableClock(StillClock):
    """It begins on the day that these tests are about."""

    instant: datetime = START


@dataclass
class Answer:
    status: int
    body: Any
    headers: dict[str, str]
    text: str = ""

    @property
    def messages(self) -> list[str]:
        """Of the first element."""
        shown = self.body.get("Elements") or next(one for one in self.body.values() if isinstance(one, list))
        return [one["Message"] for one in shown[0]["ValidationErrors"]]


@dataclass
class Sandbox:
    clock: MovableClock
    company: XeroBooks
    books: OrganisationBooks
    emulator: XeroEmulator
    port: int
    session: aiohttp.ClientSession
    token: str = ""
    tenant: str = NZ
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def switches(self) -> Switches:
        return self.company.switches

    @property
    def contact(self) -> Contact:
        return self.books.contacts.having("name", "jane doe")[0]

    @property
    def bank(self) -> Account:
        found = self.books.account_by_code("090")
        assert found is not None
        return found

    def grant(self, scopes: str = SCOPES) -> str:
        refresh = self.company.refresh_token("web-app", scopes)
        grants = self.company.grants
        self.token = grants.issue_access_token(refresh.app, refresh.user, refresh.scopes, refresh.auth_event_id).token
        return self.token

    async def raw(self, method: str, host: str, path: str, **options: Any) -> Answer:
        headers = {"Host": host, **options.pop("headers", {})}
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self.session.request(method, url, headers=headers, allow_redirects=False, **options) as got:
            raw = await got.read()
            json = got.content_type == "application/json"
            lowered = {name.lower(): value for name, value in got.headers.items()}
            body = exact.loads(raw) if json and raw else None
            return Answer(got.status, body, lowered, "" if json else raw.decode(errors="replace"))

    async def api(self, method: str, path: str, body: Any = None, **query: Any) -> Answer:
        headers = {"Accept": "application/json", "Authorization": f"Bearer {self.token}"}
        headers |= {"Xero-tenant-id": self.tenant, **self.extra}
        options: dict[str, Any] = {"params": {name: str(value) for name, value in query.items()}, "headers": headers}
        if body is not None:
            options["data"] = exact.dumps(body)
            headers["Content-Type"] = "application/json"
        return await self.raw(method, "api.xero.com", f"/api.xro/2.0{path}", **options)

    async def get(self, path: str, **query: Any) -> Answer:
        return await self.api("GET", path, **query)

    async def token_call(self, **form: str) -> Answer:
        return await self.raw("POST", "identity.xero.com", "/connect/token", data=form)

    async def consent(self, client_id: str = "web-app", scope: str = SCOPES, **more: str) -> dict[str, str]:
        """Accept at the consent page; returns the query of the redirect."""
        self.switches.auto_consent = True
        asked = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": REDIRECT,
            "state": "s",
            "scope": scope,
        }
        path = "/identity/connect/authorize"
        answer = await self.raw("GET", "login.xero.com", path, params=asked | more)
        assert answer.status == 302, answer.text
        return {name: value[0] for name, value in parse_qs(urlsplit(answer.headers["location"]).query).items()}

    def line(self, unit: Any = "10.5", quantity: Any = 2, **more: Any) -> dict[str, Any]:
        sent = {"Description": "Water heater", "Quantity": quantity, "UnitAmount": unit, "AccountCode": "200"}
        return sent | more

    def invoice(self, number: str = "ST-1", **more: Any) -> dict[str, Any]:
        return {
            "Type": "ACCREC",
            "InvoiceNumber": number,
            "Contact": {"ContactID": self.contact.contact_id},
            "Date": "2026-09-14",
            "DueDate": "2026-10-14",
            "Status": "AUTHORISED",
            "LineItems": [self.line()],
            **more,
        }

    async def made(self, number: str = "ST-1", **more: Any) -> dict[str, Any]:
        """A saved invoice, as answered."""
        answer = await self.api("PUT", "/Invoices", {"Invoices": [self.invoice(number, **more)]}, unitdp=4)
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.body["Invoices"][0]
        return found

    def payment(self, invoice: dict[str, Any], amount: Any = 10, **more: Any) -> dict[str, Any]:
        return {
            "Invoice": {"InvoiceID": invoice["InvoiceID"]},
            "Account": {"Code": "090"},
            "Date": "2026-09-15",
            "Amount": amount,
            **more,
        }

    async def read(self, invoice: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = (await self.get(f"/Invoices/{invoice['InvoiceID']}")).body["Invoices"][0]
        return found


def make_company(clock: MovableClock) -> XeroBooks:
    company = XeroBooks(clock)  # type: ignore[arg-type]
    for organisation_id, country, name in ((NZ, "NZ", "Demo Plumbing (NZ)"), (US, "US", "Demo Plumbing (US)")):
        desk = company.organisation(organisation_id, country=country, name=name).desk
        desk.add_account("090", "Business Bank Account", "BANK")
        desk.add_account("200", "Sales", "REVENUE")
        desk.add_account("300", "Purchases", "DIRECTCOSTS")
        desk.add_account("880", "Owner A Drawings", "CURRLIAB", payments_enabled=True)
        desk.add_account("999", "Old Sales", "REVENUE", status="ARCHIVED")
        desk.add_contact("Jane Doe", EmailAddress="jane@example.test")
        desk.add_contact("Supplier Ltd", ContactNumber="ST-V-1")
    company.app("web-app", "web-secret", [REDIRECT], name="ML Connector")
    company.app("pkce-app", "", [REDIRECT], kind="pkce")
    company.app("custom-app", "custom-secret", kind="custom connection", organisation_id=NZ)
    return company


TODAY = date(2026, 9, 14)
