"""Over a real socket: headers, query and path arrive at Xero's side as they were meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from msgspec.structs import replace
from xero_answers import ok
from xero_documents import ORDER, of, step
from xero_script import ORG, clock, envelope, invoice_row

from ml_connector.connectors.reading import Reading
from ml_connector.connectors.writing import Done
from ml_connector.connectors.xero import CONNECTOR
from ml_connector.transport.messages import Exchange
from ml_connector.transport.protocols import Token
from ml_connector.transport.session import HttpSession, VendorRules
from ml_connector.transport.wire import Addresses, Wire

pytestmark = pytest.mark.anyio


@dataclass
class Heard:
    """What arrived: method, raw path, decoded query, headers."""

    calls: list[tuple[str, str, dict[str, str], Mapping[str, str]]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.calls.append((request.method, request.rel_url.raw_path, dict(request.query), request.headers))
        if request.path.startswith("/api.xro/2.0/Invoices"):
            described = {"page": 1, "pageSize": 1000, "pageCount": 1, "itemCount": 1}
            return web.json_response(envelope("Invoices", [ok(invoice_row(1))], pagination=described))
        return web.Response(status=404, content_type="text/html", text="The resource cannot be found")


class Given:
    """A token, no limits, no lease, no log."""

    async def current(self) -> Token:
        return Token({"Authorization": "Bearer at"}, "https://api.xero.com/api.xro/2.0", clock().now(), 1)

    async def replace(self, refused: Token) -> Token:
        return refused

    async def take(self) -> None:
        return

    def done(self, headers: Mapping[str, str], status: int) -> None:
        return

    def throttled(self, retry_after: float) -> None:
        return

    def check(self) -> None:
        return

    def add(self, exchange: Exchange) -> None:
        return


async def over_the_wire(heard: Heard, use: Any) -> Any:
    application = web.Application()
    application.router.add_route("*", "/{rest:.*}", heard.answer)
    async with TestServer(application) as server:
        now = clock()
        now = type(now)(now.start, now.anchor, 1.0)
        async with Wire.opened(Addresses({"api.xero.com": f"127.0.0.1:{server.port}"}), now) as wire:
            hosts = CONNECTOR.hosts({})
            rules = VendorRules("Xero", hosts, 100.0, CONNECTOR.throttle, CONNECTOR.unauthorised)
            given = Given()
            session = HttpSession(wire, rules, given, given, given, given, now, ORG, {}, frozenset())
            return await use(session)


async def test_a_list_and_a_write_arrive_as_meant() -> None:
    heard = Heard()

    async def use(session: HttpSession) -> Any:
        pages = [page async for page in CONNECTOR.read(session, Reading("invoices"))]
        return pages, await CONNECTOR.write(session, step())

    pages, outcome = await over_the_wire(heard, use)
    assert pages[-1].complete and isinstance(outcome, Done)
    (method, path, query, headers), (put, _, asked, sent) = heard.calls
    assert (method, path, query["where"]) == ("GET", "/api.xro/2.0/Invoices", 'Type=="ACCREC"')
    assert (headers["Xero-tenant-id"], headers["Accept"], headers["Authorization"]) == (
        ORG,
        "application/json",
        "Bearer at",
    )
    assert (put, asked["summarizeErrors"], asked["unitdp"]) == ("PUT", "false", "4")
    assert sent["Content-Type"] == "application/json" and sent["Idempotency-Key"].startswith("ml-")


async def test_names_and_numbers_with_any_sign_arrive_whole() -> None:
    heard = Heard()
    odd = 'A&B "x" 50% +1/2'

    async def use(session: HttpSession) -> None:
        await CONNECTOR.find(session, of("purchase_orders", replace(ORDER, number=odd)))
        invoice = step()
        body = invoice.body.replace(b'"ST-1"', b'"A&B \\"x\\" 50% +1/2"')
        with pytest.raises(Exception, match="ignored the filter"):
            await CONNECTOR.find(session, replace(invoice, body=body))

    await over_the_wire(heard, use)
    (_, path, _, _), (_, _, query, _) = heard.calls
    assert unquote(path) == f"/api.xro/2.0/PurchaseOrders/{odd}" and path.endswith("1%2F2")
    assert query["where"] == r'Type=="ACCREC"&&InvoiceNumber=="A&B \"x\" 50% +1/2"'
