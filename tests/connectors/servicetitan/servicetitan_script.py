"""A session that answers from lists of documents in memory, the way the published pages describe, and can be upset."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import format_datetime
from typing import Any

from ml_connector.clock import Clock
from ml_connector.connectors.reading import Page, Reading
from ml_connector.connectors.servicetitan import CONNECTOR
from ml_connector.transport.messages import Answer, Request

TENANT = "1234567"
NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
ALL_SCOPES = frozenset(scope.name for scope in CONNECTOR.scopes)
Row = dict[str, Any]


def stamp(second: int = 0, fraction: str = "") -> str:
    """A vendor stamp so many seconds after 2026-05-01, with up to seven fractional digits."""
    moment = dt.datetime(2026, 5, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=second)
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{fraction}" if fraction else "") + "Z"


def still(moment: dt.datetime) -> Clock:
    """A clock that stands."""
    return Clock(moment, time.time(), 1e-9)


def answer(status: int, body: object, **headers: str) -> Answer:
    """An answer with a JSON body, or the bytes given."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"date": format_datetime(NOON, usegmt=True), **named}, raw, NOON)


@dataclass
class Script:
    """``lists`` by path below the tenant; ``feed`` feeds export/inventory-bills, ``feeds`` the others by path.

    ``largest`` caps every page. Every answer comes ``tick`` after the one before, by the vendor's clock.
    ``before`` is called with the number of each request before it is answered; ``instead`` answers a path another way,
    or a method and path such as ``POST customers``.
    """

    clock: Clock = field(default_factory=lambda: still(NOON))
    organisation: str = TENANT
    settings: Mapping[str, str] = field(default_factory=dict)
    scopes: frozenset[str] = ALL_SCOPES
    lists: dict[str, list[Row]] = field(default_factory=dict)
    feed: list[Row] = field(default_factory=list)
    feeds: dict[str, list[Row]] = field(default_factory=dict)
    largest: int = 5000
    counts: bool = True
    before: Callable[[int], None] = lambda number: None
    instead: dict[str, Answer] = field(default_factory=dict)
    sent: list[Request] = field(default_factory=list)
    tick: dt.timedelta = dt.timedelta(0)

    async def send(self, request: Request) -> Answer:
        """One answer."""
        self.sent.append(request)
        self.before(len(self.sent))
        found = self._answer(request)
        date = format_datetime(NOON + self.tick * (len(self.sent) - 1), usegmt=True)
        return replace(found, headers={**found.headers, "date": date}) if self.tick else found

    def _answer(self, request: Request) -> Answer:
        path = request.path.split(f"/v2/tenant/{TENANT}/", 1)[1]
        for name in (f"{request.method} {path}", path):
            if name in self.instead:
                return self.instead[name]
        if path.startswith("export/"):
            rows = self.feed if path == "export/inventory-bills" else self.feeds.get(path, [])
            return self._export(rows, dict(request.query))
        above, _, id = path.rpartition("/")
        if request.method == "GET" and id.isdigit():
            return next(
                (answer(200, row) for row in self.lists.get(above, []) if str(row["id"]) == id), answer(404, b"")
            )
        rows = self.lists.get(path, [])
        if path.startswith("inventory-bills"):  # only the feed tells whether a bill is active
            rows = [{name: value for name, value in row.items() if name != "active"} for row in rows]
        return self._list(rows, list(request.query))

    def paths(self) -> list[str]:
        """The paths asked for, below the tenant."""
        return [request.path.split(f"/v2/tenant/{TENANT}/", 1)[1] for request in self.sent]

    def _list(self, rows: list[Row], query: list[tuple[str, str]]) -> Answer:
        asked = dict(query)
        found = [row for row in rows if _matches(row, query)]
        if asked.get("sort") == "+ModifiedOn":
            found.sort(key=lambda row: order(row["modifiedOn"]))
        size = min(int(asked.get("pageSize", 50)), self.largest)
        first = (int(asked.get("page", 1)) - 1) * size
        total = len(found) if self.counts and asked.get("includeTotal") == "true" else None
        page = found[first : first + size]
        return answer(
            200, {"page": 1, "pageSize": size, "hasMore": first + size < len(found), "totalCount": total, "data": page}
        )

    def _export(self, fed: list[Row], asked: dict[str, str]) -> Answer:
        start = asked.get("from", "")
        after = start.removeprefix("token:") if start.startswith("token:") else start
        rows = sorted(fed, key=lambda row: (order(row["modifiedOn"]), row["id"]))
        rest = [row for row in rows if f"{order(row['modifiedOn'])}#{row['id']:012}" > after]
        page = rest[: self.largest]
        last = f"token:{order(page[-1]['modifiedOn'])}#{page[-1]['id']:012}" if page else start
        return answer(200, {"hasMore": len(rest) > len(page), "continueFrom": last, "data": page})


def order(text: str) -> str:
    """A stamp as text that sorts: the fraction filled up."""
    head, _, fraction = text.removesuffix("Z").partition(".")
    return f"{head}.{fraction.ljust(7, '0')}"


def _customer(row: Row) -> str:
    """Whose a row is: a payment names its customer, a location its customer's id."""
    return str(row["customerId"] if "customerId" in row else row["customer"]["id"])


def _matches(row: Row, query: list[tuple[str, str]]) -> bool:
    asked = dict(query)
    ids = {one for name, value in query if name == "ids" for one in value.split(",")}
    since, until = asked.get("modifiedOnOrAfter"), asked.get("modifiedBefore")
    kind, named = asked.get("billType"), asked.get("name")
    owners = set(filter(None, asked.get("customerIds", "").split(",")))
    journal = asked.get("transactionType")
    memos = set(filter(None, asked.get("creditMemoIds", "").split(",")))
    kept = {(one["key"], one["value"]) for one in row.get("externalData", [])}
    by_reference = asked.get("externalDataKey")
    return (
        (not ids or str(row["id"]) in ids)
        and (not since or order(row["modifiedOn"]) >= order(since))
        and (not until or order(row["modifiedOn"]) < order(until))
        and (not kind or row.get("billType", "Procurement") == kind)
        and (not named or named.lower() in row["name"].lower())
        and (not owners or str(row["customerId"]) in owners)
        and (not asked.get("customerId") or _customer(row) == asked["customerId"])
        and (not memos or str(row["creditMemoId"]) in memos)
        and (not journal or ("JournalEntry" if row["type"] == "Write-off" else "ReceivePayment") == journal)
        and (not by_reference or (by_reference, asked["externalDataValues"]) in kept)
    )


async def pages(script: Script, reading: Reading) -> list[Page]:
    """All pages of one reading."""
    return [page async for page in CONNECTOR.read(script, reading)]


async def resumed(script: Script, reading: Reading) -> list[Page]:
    """All pages of a walk whose worker dies after each page and starts again from the committed cursor."""
    found: list[Page] = []
    while not found or not found[-1].last:
        again = Reading(reading.entity, found[-1].cursor if found else reading.cursor, reading.since)
        walk = CONNECTOR.read(script, again)
        found.append(await anext(walk))
        await walk.aclose()  # type: ignore[attr-defined]
    return found


def versions(found: list[Page]) -> list[tuple[str, str]]:
    """Id and stamp of every row, in order."""
    return [(row.id, row.stamp) for page in found for row in page.rows]


def vendor(id: int, modified: str, **more: Any) -> Row:
    """A vendor as inventory/vendors shows it."""
    return {"id": id, "name": f"Vendor {id}", "active": True, "modifiedOn": modified, **more}


def bill(id: int, modified: str, **more: Any) -> Row:
    """A bill of one item over 20.00 that ties."""
    item = {
        "order": 1,
        "id": id * 10,
        "skuId": 1,
        "skuType": "Material",
        "skuCode": "CAP",
        "quantity": "2.0000000000",
        "cost": "10.0000000000",
    }
    shown = {
        "id": id,
        "purchaseOrderId": 7,
        "syncStatus": "Pending",
        "referenceNumber": f"R-{id}",
        "vendorNumber": f"INV-{id}",
        "billDate": "2026-05-03T00:00:00Z",
        "billAmount": "20.00",
        "taxAmount": "0.00",
        "shippingAmount": "0.00",
        "vendor": {"id": 41, "name": "Parts Supply Co"},
        "items": [item],
        "modifiedOn": modified,
    }
    return {**shown, **more}


def ap_bill(id: int, modified: str, **more: Any) -> Row:
    """The same as an AP bill."""
    return bill(id, modified, **{"status": "Unreconciled", "doNotPay": False, "expenseItems": [], **more})


def customer(id: int, modified: str, **more: Any) -> Row:
    """A customer as crm/customers shows it."""
    address = {"street": "12 Main St", "unit": None, "city": "Austin", "state": "TX", "zip": "78701", "country": "USA"}
    shown = {
        "id": id,
        "active": True,
        "name": f"Customer {id}",
        "type": "Residential",
        "address": {**address, "latitude": 30.26, "longitude": -97.74},
        "balance": 116.5,
        "mergedToId": None,
        "paymentTermId": 5,
        "creditLimitBalance": None,
        "externalData": [],
        "modifiedOn": modified,
    }
    return {**shown, **more}


def contact(id: int, customer: int, type: str, value: str, modified: str, **more: Any) -> Row:
    """A contact of a customer as the bulk list and the feed show it."""
    return {"id": id, "customerId": customer, "type": type, "value": value, "modifiedOn": modified, **more}


def location(id: int, customer: int, modified: str, **more: Any) -> Row:
    """A location as crm/locations shows it."""
    address = {"street": "7 Oak Ave", "unit": None, "city": "Austin", "state": "TX", "zip": "78702", "country": "USA"}
    shown = {
        "id": id,
        "customerId": customer,
        "active": True,
        "name": f"Location {id}",
        "address": {**address, "latitude": 30.26, "longitude": -97.74},
        "mergedToId": None,
        "modifiedOn": modified,
    }
    return {**shown, **more}


def invoice(id: int, modified: str, **more: Any) -> Row:
    """A posted invoice of two lines and tax that ties."""
    income = {"id": 4000, "name": "Service Revenue", "number": "4000", "type": "Income"}
    labor = {
        "id": id * 10,
        "description": "Labor",
        "quantity": "1.0000000000000000000",
        "price": "120.00",
        "total": "120.00",
        "type": "Service",
        "skuName": "SKU-1",
        "taxable": True,
        "isChargeable": True,
        "generalLedgerAccount": income,
        "businessUnit": {"id": 1026, "name": "HVAC Service"},
    }
    part = {**labor, "id": id * 10 + 1, "description": "<b>Capacitor</b>", "quantity": "2.0000000000000000000"}
    shown = {
        "id": id,
        "active": True,
        "syncStatus": "Posted",
        "reviewStatus": "Reviewed",
        "referenceNumber": str(id),
        "invoiceDate": "2026-05-04T00:00:00Z",
        "dueDate": "2026-06-03T00:00:00Z",
        "subTotal": "200.00",
        "salesTax": "16.50",
        "salesTaxCode": {"id": 18050, "name": "Travis County", "taxRate": 0.0825},
        "taxZoneId": 18050,
        "total": "216.50",
        "balance": "116.50",
        "discountTotal": "0.00",
        "customer": {"id": 500001, "name": "Acme Offices"},
        "location": {"id": 500002, "name": "Acme HQ"},
        "businessUnit": {"id": 1026, "name": "HVAC Service"},
        "termName": "Net 30",
        "adjustmentToId": None,
        "job": {"id": 7000 + id, "number": f"J-{id}", "type": "AC Repair"},
        "summary": "AC repair<br>compressor",
        "items": [labor, {**part, "price": "40.00", "total": "80.00", "type": "Material"}],
        "modifiedOn": modified,
    }
    return {**shown, **more}


def payment(id: int, modified: str, **more: Any) -> Row:
    """A cheque over 175.00 on two invoices, 25.00 of it not applied."""
    applied = [
        {"appliedId": 81, "appliedTo": 900001, "appliedAmount": "100.00", "appliedToReferenceNumber": "900001"},
        {"appliedId": 82, "appliedTo": 900009, "appliedAmount": "50.00", "appliedOn": "2026-05-06T00:00:00Z"},
    ]
    shown = {
        "id": id,
        "active": True,
        "total": "175.00",
        "unappliedAmount": "25.00",
        "date": "2026-05-06T00:00:00Z",
        "customer": {"id": 500001, "name": "Acme Offices"},
        "type": "Check",
        "typeId": "3",
        "appliedTo": applied,
        "authCode": None,
        "checkNumber": "1043",
        "memo": "check",
        "syncStatus": "Posted",
        "businessUnit": {"id": 1026, "name": "HVAC Service"},
        "deposit": None,
        "generalLedgerAccount": {"id": 1499, "name": "Undeposited Funds", "number": "1499"},
        "refundedPaymentId": None,
        "modifiedOn": modified,
    }
    return {**shown, **more}


def asked(script: Script, path: str) -> list[dict[str, str]]:
    """The queries of the calls to a path."""
    return [dict(one.query) for one, at in zip(script.sent, script.paths(), strict=True) if at == path]
