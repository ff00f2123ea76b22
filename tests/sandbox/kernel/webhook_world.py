"""A running sandbox of ten bills, and a receiver on loopback that notes what arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import anyio
from aiohttp import web

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.kernel.emulator import Emulator
from ml_connector_sandbox.sandbox import Sandbox
from ml_connector_sandbox.servicetitan.books import TenantBooks
from ml_connector_sandbox.zoho_books.books.documents import Bill
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks

TITAN_SECRET = "k" * 40
ZOHO_SECRET = "mysecretkey12"


@dataclass
class Receiver:
    """Answers with ``statuses`` in turn, then 200; waits for ``open`` first."""

    port: int = 0
    statuses: list[int] = field(default_factory=list)
    got: list[web.Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    def bills(self, name: str) -> list[Any]:
        """One field of the bills that ServiceTitan announced."""
        return [exact.loads(body)["data"]["inventoryBill"][name] for body in self.bodies]

    async def take(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        self.got.append(request)
        await self.open.wait()
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    receiver.open.set()
    app = web.Application()
    app.router.add_route("*", "/hooks", receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        receiver.open.set()
        await runner.cleanup()


@dataclass
class World:
    sandbox: Sandbox
    receiver: Receiver
    session: aiohttp.ClientSession

    @property
    def tenant(self) -> TenantBooks:
        return self.sandbox.company.seed.tenant

    @property
    def organisation(self) -> OrganisationBooks:
        return self.sandbox.company.seed.organisation

    def emulator(self, name: str) -> Emulator:
        return self.sandbox.server.emulators[name]

    async def admin(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        url = f"http://127.0.0.1:{self.sandbox.server.admin_port}/{path}"
        data = more.get("data", exact.dumps(body) if body is not None else None)
        async with self.session.request(method, url, data=data) as answer:
            raw = await answer.read()
            return answer.status, exact.loads(raw) if answer.content_type == "application/json" else raw.decode()

    async def subscribe(self, name: str, events: list[str], **more: Any) -> int:
        status, made = await self.admin(
            "POST", f"{name}/webhooks", {"url": self.receiver.url, "events": events, **more}
        )
        assert status == 201, made
        return int(made["number"])

    async def disturb(self, name: str, kind: str, **more: Any) -> None:
        status, made = await self.admin("POST", f"{name}/webhooks/faults", {"kind": kind, **more})
        assert status == 201, made

    async def deliveries(self, name: str) -> list[dict[str, Any]]:
        status, rows = await self.admin("GET", f"{name}/webhooks/deliveries")
        assert status == 200
        return list(rows)

    async def until(self, name: str, number: int, *statuses: str) -> dict[str, Any]:
        """Wait until this delivery is in one of these states."""
        row: dict[str, Any] = {}
        with anyio.fail_after(5):
            while row.get("status") not in statuses:
                rows = await self.deliveries(name)
                row = rows[number - 1] if len(rows) >= number else {}
        return row

    def touch_bills(self, count: int) -> list[int]:
        """Change so many ServiceTitan bills as a person would, one after the other; returns their ids."""
        ids = [one.id for one in self.tenant.bills][:count]
        for number in ids:
            self.tenant.modify_bill(number, summary=f"seen {number}")
        return ids

    def add_bill(self, number: str = "HAND-1") -> Bill:
        """Key a bill by hand in the ledger."""
        books = self.organisation
        vendor = next(one for one in books.contacts if one.contact_type == "vendor" and one.active)
        account = next(one for one in books.accounts.values() if one.account_type == "expense")
        line = {"account_id": account.account_id, "rate": "10.25"}
        return books.add_bill(vendor, number, self.sandbox.company.start_date, [line])

    async def api(self, host: str, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
        url = f"http://127.0.0.1:{self.sandbox.server.port}{path}"
        sent = {"Host": host, "Content-Type": "application/json", **headers}
        async with self.session.request(method, url, data=exact.dumps(body), headers=sent) as answer:
            return answer.status, exact.loads(await answer.read())

    async def zoho(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        company, access = self.sandbox.company.zoho_books, self.sandbox.company.access
        token = company.grants.issue_access_token(company.refresh_token(access.zoho_client_id)).token
        query = f"?organization_id={access.organization_id}"
        headers = {"Authorization": f"Zoho-oauthtoken {token}"}
        return await self.api("www.zohoapis.eu", method, f"/books/v3{path}{query}", body or {}, headers)

    async def titan(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        access = self.sandbox.company.access
        form = {
            "grant_type": "client_credentials",
            "client_id": access.client_id,
            "client_secret": access.client_secret,
        }
        url = f"http://127.0.0.1:{self.sandbox.server.port}/connect/token"
        async with self.session.post(url, data=form, headers={"Host": "auth.servicetitan.io"}) as answer:
            token = (await answer.json())["access_token"]
        headers = {"Authorization": token, "ST-App-Key": access.app_key}
        full = f"/accounting/v2/tenant/{access.tenant_id}/{path}"
        return await self.api("api.servicetitan.io", method, full, body, headers)


@asynccontextmanager
async def running(speed: float = 1.0) -> AsyncIterator[World]:
    async with (
        receiving() as receiver,
        Sandbox.running("small", speed=speed) as sandbox,
        aiohttp.ClientSession() as session,
    ):
        yield World(sandbox, receiver, session)


async def eventually(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(5):
        while not condition():
            await asyncio.sleep(0.005)
