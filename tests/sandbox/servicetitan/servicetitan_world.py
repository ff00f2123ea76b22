"""One small company, and a client that talks to the emulator over loopback."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import aiohttp
import servicetitan_published as published
from servicetitan_clock import HandClock

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.servicetitan import ServiceTitanBooks, ServiceTitanEmulator, Switches
from ml_connector_sandbox.servicetitan.books import (
    Accounts,
    Address,
    BusinessUnit,
    GlAccount,
    Job,
    PurchaseOrder,
    PurchaseOrderItem,
    TaxRate,
    TaxZone,
    TenantBooks,
    Vendor,
)

APP_KEY, GUID = "ak1.demo", "11111111-2222-4333-8444-555555555555"
RESOURCES = (
    "acc.inventorybills", "acc.apbills", "acc.glaccounts", "acc.taxzones", "inv.vendors",
    "inv.purchaseorders", "inv.receipts", "stt.businessunits", "jpm.jobs", "crm.customers", "crm.locations",
    "acc.invoices", "acc.invoiceitems", "acc.payments", "acc.paymenttypes", "acc.paymentterms", "acc.bankdeposits",
    "acc.creditmemos", "acc.apcredits", "inv.returns", "pb.materials", "pb.equipment", "pb.services", "pb.discountsandfees",
    "acc.journalentries",
)  # fmt: skip
SCOPES = tuple(f"tn.{name}:{right}" for name in RESOURCES for right in "rw")
ADDRESS = Address(street="12 Main St", unit="", city="Austin", state="TX", zip="78701", country="USA")


@dataclass
class Answer:
    status: int
    headers: Any
    body: Any
    text: bytes


@dataclass
class Client:
    """Talks to the vendor's hosts; every 200 of the API is held against the published document if it is there."""

    session: aiohttp.ClientSession
    port: int
    token: str = ""
    app_key: str | None = APP_KEY
    tenant: str = "1001"
    host: str = "api.servicetitan.io"
    check_published: bool = True
    seen: set[tuple[str, str]] = field(default_factory=set)

    async def send(self, method: str, host: str, path: str, **more: Any) -> Answer:
        headers = {"Host": host, **more.pop("headers", {})}
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self.session.request(method, url, headers=headers, **more) as response:
            text = await response.read()
            body = exact.loads(text) if response.content_type == "application/json" else None
            return Answer(response.status, response.headers, body, text)

    async def ask_token(self, host: str = "auth.servicetitan.io", **form: str) -> Answer:
        wanted = {"grant_type": "client_credentials", "client_id": "cid.a", "client_secret": "cs1.a", **form}
        return await self.send("POST", host, "/connect/token", data=wanted)

    async def call(self, method: str, path: str, **more: Any) -> Answer:
        """``path``: module/rest; the version and the tenant are put between."""
        module, _, rest = path.partition("/")
        headers = {"Authorization": self.token}
        if self.app_key is not None:
            headers["ST-App-Key"] = self.app_key
        full = f"/{module}/v2/tenant/{self.tenant}/{rest}"
        answer = await self.send(method, self.host, full, headers=headers, **more)
        if answer.status == 200 and self.check_published and published.DOCUMENT.exists():
            published.check(method, full, answer.text)
        self.seen.add((method, rest))
        return answer

    async def get(self, path: str, **params: Any) -> Answer:
        return await self.call("GET", path, params=params)

    async def ids(self, path: str, **params: Any) -> list[int]:
        answer = await self.get(path, **params)
        assert answer.status == 200, answer.text
        rows = answer.body if isinstance(answer.body, list) else answer.body["data"]
        return [row["id"] for row in rows]


@dataclass
class World:
    clock: HandClock
    company: ServiceTitanBooks
    books: TenantBooks
    emulator: ServiceTitanEmulator
    switches: Switches
    api: Client
    vendor: Vendor
    order: PurchaseOrder
    unit: BusinessUnit
    job: Job
    account: GlAccount
    admin_port: int

    def add_order(self, number: str = "440002", **more: Any) -> PurchaseOrder:
        """An order of 10 capacitors at 20 and 4 filters at 12.345, tax 16.65, shipping 15."""
        return self.books.add_purchase_order(order(number, self.vendor, self.account, **more))


def order(number: str, vendor: Vendor, account: GlAccount, **more: Any) -> PurchaseOrder:
    accounts = Accounts(general_ledger=account.id)
    items = (
        PurchaseOrderItem(
            sku_code="CAP", sku_name="Capacitor", quantity=Decimal(10), cost=Decimal(20), accounts=accounts
        ),
        PurchaseOrderItem(sku_code="FLT", sku_name="Filter", quantity=Decimal(4), cost=Decimal("12.345")),
    )
    return PurchaseOrder(
        number=number, vendor_id=vendor.id, order_date=date(2026, 5, 1), items=items, ship_to=ADDRESS,
        tax=Decimal("16.65"), shipping=Decimal("15.00"), **more,
    )  # fmt: skip


def furnish(books: TenantBooks) -> dict[str, Any]:
    """One record of each kind."""
    vendor = books.add_vendor(
        Vendor(name="Parts Supply Co", address=ADDRESS, tax_rate=Decimal("0.0825")),
        created_on="2026-01-01", modified_on="2026-05-01T12:00:00.2876004Z",
    )  # fmt: skip
    unit = books.add_business_unit(BusinessUnit(name="HVAC", currency="USD"), "2026-01-01")
    rates = (TaxRate(name="TX", rate=Decimal("0.0825")),)
    zone = books.add_tax_zone(TaxZone(name="Travis County", rates=rates), "2026-01-01")
    account = books.add_gl_account(
        GlAccount(name="Materials", number="5100", type="Cost of Goods Sold", subtype="Supplies"),
        "2026-01-01",
    )
    job = books.add_job(Job(job_number="J-77", business_unit_id=unit.id), "2026-02-01")
    kept = books.add_purchase_order(
        order("440001", vendor, account, business_unit_id=unit.id, tax_zone_id=zone.id, job_id=job.id),
        "2026-05-01T12:00:00.0000001Z",
    )
    return {"vendor": vendor, "unit": unit, "account": account, "job": job, "order": kept}
