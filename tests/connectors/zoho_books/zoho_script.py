"""A session that answers from a list of rows as the facts describe, or from scripted answers. No network."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

from ml_connector.clock import Clock
from ml_connector.transport.messages import Answer, Request

NOW = dt.datetime(2026, 6, 9, 18, 0, tzinfo=dt.UTC)
STAMP = "%Y-%m-%dT%H:%M:%S%z"
NEW_YORK = dt.timezone(dt.timedelta(hours=-4))

Script = Callable[[Request], Answer]


def clock() -> Clock:
    """A clock at NOW that does not move."""
    import time

    return Clock(NOW, time.time(), 1e-9)


def answer(body: object, status: int = 200, **headers: str) -> Answer:
    """An answer with a JSON body (bytes are sent as they are)."""
    data = body if isinstance(body, bytes) else json.dumps(body, default=_number).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"date": format_datetime(NOW, usegmt=True), **names}, data, NOW)


def _number(value: object) -> float:
    assert isinstance(value, Decimal)
    return float(value)


class ScriptedSession:
    """Fulfils the Session protocol; keeps every request."""

    def __init__(self, script: Script, settings: Mapping[str, str] | None = None) -> None:
        self.clock = clock()
        self.organisation = "927270289"
        self.settings: Mapping[str, str] = {} if settings is None else settings
        self.scopes: frozenset[str] = frozenset()
        self.script = script
        self.requests: list[Request] = []

    async def send(self, request: Request) -> Answer:
        self.requests.append(request)
        return self.script(request)


class Rows:
    """A list of the API: filter by last_modified_time (strict or not), sort, pages, and a hook before each page."""

    def __init__(self, key: str, id_key: str, rows: list[dict[str, Any]]) -> None:
        self.key, self.id_key, self.rows = key, id_key, rows
        self.strict = True
        self.honours_sort = True
        self.honours_filter = True
        self.default_sort = ("created_time", "D")
        self.before: Callable[[int], None] = lambda calls: None
        self.calls = 0

    def __call__(self, request: Request) -> Answer:
        self.calls += 1
        self.before(self.calls)
        query = dict(request.query)
        column, order = self.default_sort
        if self.honours_sort:
            column, order = query.get("sort_column", column), query.get("sort_order", order)
        found = sorted(self._filtered(query), key=lambda row: (row[column], row[self.id_key]), reverse=order == "D")
        page, per_page = int(query.get("page", "1")), int(query.get("per_page", "10"))
        shown = found[(page - 1) * per_page : page * per_page]
        context = {
            "page": page,
            "per_page": per_page,
            "has_more_page": len(found) > page * per_page,
            "sort_column": column,
            "sort_order": order,
            "applied_filter": query.get("filter_by", "Status.All"),
            "custom_fields": [],
        }
        return answer({"code": 0, "message": "success", self.key: shown, "page_context": context})

    def _filtered(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        edge = query.get("last_modified_time")
        if not edge or not self.honours_filter:
            return self.rows
        limit = _instant(edge)
        stamps = ((row, _instant(row["last_modified_time"])) for row in self.rows)
        return [row for row, at in stamps if (at > limit if self.strict else at >= limit)]


def _instant(text: str) -> dt.datetime:
    return dt.datetime.strptime(text, STAMP).astimezone(dt.UTC)


def stamp(second: float, base: dt.datetime = NOW - dt.timedelta(hours=2)) -> str:
    """A stamp ``second`` seconds after two hours ago, as the API writes it."""
    return (base + dt.timedelta(seconds=second)).astimezone(NEW_YORK).strftime(STAMP)


def bill_row(n: int, second: float, **more: Any) -> dict[str, Any]:
    """A row of the bills list."""
    return {
        "bill_id": f"2608150000001{n:06d}",
        "vendor_id": "260815000000098001",
        "vendor_name": "Beta Supplies Ltd",
        "status": "open",
        "bill_number": f"B-{n}",
        "reference_number": "",
        "date": "2026-06-09",
        "due_date": "2026-07-09",
        "currency_code": "USD",
        "exchange_rate": 1,
        "total": 20.5,
        "balance": 20.5,
        "created_time": stamp(n / 1000),
        "last_modified_time": stamp(second),
        **more,
    }


def contact_row(n: int, second: float, **more: Any) -> dict[str, Any]:
    """A row of the contacts list."""
    return {
        "contact_id": f"2608150000002{n:06d}",
        "contact_name": f"Vendor {n}",
        "company_name": "",
        "contact_type": "vendor",
        "status": "active",
        "customer_sub_type": "business",
        "currency_code": "USD",
        "created_time": stamp(n),
        "last_modified_time": stamp(second),
        **more,
    }
