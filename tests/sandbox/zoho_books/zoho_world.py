"""A small company in the US data centre, and a client that speaks to the emulator by Host header."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.zoho_books import OrganisationBooks, Switches, ZohoBooksBooks, ZohoBooksEmulator
from still_clock import StillClock

ORG = "20069000001"
REDIRECT = "https://connector.test/oauth/callback"
START = datetime(2026, 6, 9, 17, 0, tzinfo=UTC)


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


@dataclass
class Sandbox:
    clock: MovableClock
    company: ZohoBooksBooks
    books: OrganisationBooks
    emulator: ZohoBooksEmulator
    port: int
    session: aiohttp.ClientSession
    token: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def switches(self) -> Switches:
        return self.company.switches

    def grant(self, scopes: str = "ZohoBooks.fullaccess.all") -> str:
        refresh = self.company.refresh_token("client-us", scopes=scopes)
        self.token = self.company.grants.issue_access_token(refresh).token
        return self.token

    async def raw(self, method: str, host: str, path: str, **options: Any) -> Answer:
        headers = {"Host": host, **options.pop("headers", {})}
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self.session.request(method, url, headers=headers, allow_redirects=False, **options) as got:
            raw = await got.read()
            json = got.content_type == "application/json"
            return Answer(
                got.status,
                exact.loads(raw) if json else None,
                {name.lower(): value for name, value in got.headers.items()},
                "" if json else raw.decode(errors="replace"),
            )

    async def api(self, method: str, path: str, body: Any = None, *, org: str | None = ORG, **query: Any) -> Answer:
        headers = {"Authorization": f"Zoho-oauthtoken {self.token}", **self.extra}
        params = {name: str(value) for name, value in query.items()}
        if org is not None:
            params["organization_id"] = org
        options: dict[str, Any] = {"params": params, "headers": headers}
        if body is not None:
            options["data"] = exact.dumps(body)
            headers["Content-Type"] = "application/json"
        return await self.raw(method, "www.zohoapis.com", f"/books/v3{path}", **options)

    async def get(self, path: str, **query: Any) -> Answer:
        return await self.api("GET", path, **query)

    def line(self, rate: Any = 100, quantity: Any = 1, **more: Any) -> dict[str, Any]:
        expense = next(one for one in self.books.accounts.values() if one.account_name == "Office Supplies")
        return {"account_id": expense.account_id, "rate": rate, "quantity": quantity, **more}

    def bill(self, number: str = "B-1", **more: Any) -> dict[str, Any]:
        vendor = next(one for one in self.books.contacts if one.contact_name == "Beta Supplies Ltd")
        return {
            "vendor_id": vendor.contact_id,
            "bill_number": number,
            "date": "2026-06-09",
            "line_items": [self.line()],
            **more,
        }


def make_company(clock: MovableClock) -> ZohoBooksBooks:
    company = ZohoBooksBooks(clock)  # type: ignore[arg-type]
    books = company.organisation(ORG, name="Comfort Heating", plan="Professional")
    books.add_account("Office Supplies", "expense", code="6100")
    books.add_account("Old Account", "expense", active=False)
    books.add_account("Checking", "bank")
    books.add_contact("Beta Supplies Ltd")
    books.add_contact("Gamma Partners")
    books.add_contact("Acme Corp", "customer")
    company.client("client-us", "secret-us", [REDIRECT], name="ML Connector")
    return company
