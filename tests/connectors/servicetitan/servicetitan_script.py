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
from ml_connector.connectors.base import Page, Reading
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
    """``lists`` by path below the tenant; ``feed`` feeds export/inventory-bills. ``largest`` caps every page.

    Every answer comes ``tick`` after the one before, by the vendor's clock.
    ``before`` is called with the number of each request before it is answered; ``instead`` answers a path another way.
    """

    clock: Clock = field(default_factory=lambda: still(NOON))
    organisation: str = TENANT
    settings: Mapping[str, str] = field(default_factory=dict)
    scopes: frozenset[str] = ALL_SCOPES
    lists: dict[str, list[Row]] = field(default_factory=dict)
    feed: list[Row] = field(default_factory=list)
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
        if path in self.instead:
            return self.instead[path]
        if path == "export/inventory-bills":
            return self._export(dict(request.query))
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

    def _export(self, asked: dict[str, str]) -> Answer:
        start = asked.get("from", "")
        after = start.removeprefix("token:") if start.startswith("token:") else start
        rows = sorted(self.feed, key=lambda row: (order(row["modifiedOn"]), row["id"]))
        rest = [row for row in rows if f"{order(row['modifiedOn'])}#{row['id']:012}" > after]
        page = rest[: self.largest]
        last = f"token:{order(page[-1]['modifiedOn'])}#{page[-1]['id']:012}" if page else start
        return answer(200, {"hasMore": len(rest) > len(page), "continueFrom": last, "data": page})


def order(text: str) -> str:
    """A stamp as text that sorts: the fraction filled up."""
    head, _, fraction = text.removesuffix("Z").partition(".")
    return f"{head}.{fraction.ljust(7, '0')}"


def _matches(row: Row, query: list[tuple[str, str]]) -> bool:
    asked = dict(query)
    ids = {one for name, value in query if name == "ids" for one in value.split(",")}
    since, until = asked.get("modifiedOnOrAfter"), asked.get("modifiedBefore")
    kind = asked.get("billType")
    return (
        (not ids or str(row["id"]) in ids)
        and (not since or order(row["modifiedOn"]) >= order(since))
        and (not until or order(row["modifiedOn"]) < order(until))
        and (not kind or row.get("billType", "Procurement") == kind)
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
