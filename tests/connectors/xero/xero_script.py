"""A session that answers from a list of rows as the facts describe, or from scripted answers. No network."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

from ml_connector.clock import Clock
from ml_connector.transport.messages import Answer, Request

NOW = dt.datetime(2026, 9, 14, 18, 0, tzinfo=dt.UTC)
ORG = "11111111-2222-4333-8444-555555555555"
NO_ID = "00000000-0000-0000-0000-000000000000"

Script = Callable[[Request], Answer]


def guid(n: int, kind: int = 1) -> str:
    """An id of the form Xero gives."""
    return f"{kind}0000000-0000-4000-8000-{n:012d}"


def clock() -> Clock:
    """A clock at NOW that does not move."""
    return Clock(NOW, time.time(), 1e-9)


def answer(body: object, status: int = 200, /, **headers: str) -> Answer:
    """An answer with a JSON body (bytes are sent as they are)."""
    data = body if isinstance(body, bytes) else json.dumps(body, default=_number).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"date": format_datetime(NOW, usegmt=True), **names}, data, NOW)


def _number(value: object) -> float:
    assert isinstance(value, Decimal)
    return float(value)


def envelope(key: str, rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """The envelope of every good answer."""
    return {
        "Id": guid(1, 9),
        "Status": "OK",
        "ProviderName": "test",
        "DateTimeUTC": ticks(NOW)[:-7] + ")/",
        key: rows,
        **more,
    }


def ticks(moment: dt.datetime) -> str:
    """An instant as Xero writes it."""
    return f"/Date({round(moment.timestamp() * 1000)}+0000)/"


def moment(second: float) -> str:
    """A stamp ``second`` seconds after two hours before NOW."""
    return ticks(NOW - dt.timedelta(hours=2) + dt.timedelta(seconds=second))


class ScriptedSession:
    """Fulfils the Session protocol; keeps every request."""

    def __init__(self, script: Script, settings: Mapping[str, str] | None = None) -> None:
        self.clock = clock()
        self.organisation = ORG
        self.settings: Mapping[str, str] = {} if settings is None else settings
        self.scopes: frozenset[str] = frozenset()
        self.script = script
        self.requests: list[Request] = []

    async def send(self, request: Request) -> Answer:
        self.requests.append(request)
        return self.script(request)


class Rows:
    """A list of the API: sorted upwards by stamp and id, If-Modified-Since (strict or not), pages, a hook before each."""

    def __init__(self, key: str, id_key: str, rows: list[dict[str, Any]], page: int = 3) -> None:
        self.key, self.id_key, self.rows, self.page = key, id_key, rows, page
        self.strict = False
        self.honours_since = True
        self.in_order = True
        self.not_modified = False  # 304 for an empty list
        self.before: Callable[[int], None] = lambda calls: None
        self.calls = 0

    def __call__(self, request: Request) -> Answer:
        self.calls += 1
        self.before(self.calls)
        query = dict(request.query)
        found = [row for row in self.rows if self._since(row, request.headers.get("If-Modified-Since", ""))]
        if named := query.get("IDs"):
            found = [row for row in found if row[self.id_key] in named.split(",")]
        found.sort(key=lambda row: (at(row), row[self.id_key]), reverse=not self.in_order)
        if self.not_modified and not found:
            return answer(b"", 304)
        number = int(query["page"])
        size = min(int(query["pageSize"]), self.page)
        shown = found[(number - 1) * size : number * size]
        pages = -(-len(found) // size)
        described = {"page": number, "pageSize": size, "pageCount": pages, "itemCount": len(found)}
        return answer(envelope(self.key, shown, pagination=described))

    def _since(self, row: dict[str, Any], text: str) -> bool:
        if not text or not self.honours_since:
            return True
        bound = dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp() * 1000
        return at(row) > bound if self.strict else at(row) >= bound


def at(row: dict[str, Any]) -> int:
    """A row's stamp in milliseconds."""
    return int(row["UpdatedDateUTC"].removeprefix("/Date(").partition("+")[0])


def invoice_row(n: int, second: float = 0, **more: Any) -> dict[str, Any]:
    """A row of the invoices list: 21.00 and 15 % tax."""
    return {
        "Type": "ACCREC",
        "InvoiceID": guid(n),
        "InvoiceNumber": f"ST-{n}",
        "Reference": f"job 5512 [ref servicetitan-1-invoices-{n}]",
        "Contact": {"ContactID": guid(1, 2), "Name": "Jane Doe", "BankAccountDetails": "12-3456"},
        "DateString": "2026-09-14T00:00:00",
        "Date": ticks(dt.datetime(2026, 9, 14, tzinfo=dt.UTC)),
        "DueDateString": "2026-10-14T00:00:00",
        "Status": "AUTHORISED",
        "LineAmountTypes": "Exclusive",
        "LineItems": [
            {
                "Description": "Water heater install", "UnitAmount": 10.5, "TaxType": "OUTPUT2", "TaxAmount": 3.15,
                "LineAmount": 21.0, "AccountCode": "200", "AccountID": guid(200, 3), "Quantity": 2.0,
                "LineItemID": guid(1, 4),
                "Tracking": [
                    {"TrackingCategoryID": guid(1, 5), "TrackingOptionID": guid(1, 6), "Name": "Region", "Option": "North"}
                ],
            }
        ],
        "SubTotal": 21.0,
        "TotalTax": 3.15,
        "Total": 24.15,
        "AmountDue": 24.15,
        "AmountPaid": 0.0,
        "CurrencyCode": "NZD",
        "CurrencyRate": 1.0,
        "UpdatedDateUTC": moment(second),
        **more,
    }  # fmt: skip


def contact_row(n: int, second: float = 0, **more: Any) -> dict[str, Any]:
    """A row of the contacts list."""
    return {
        "ContactID": guid(n, 2),
        "Name": f"Contact {n}",
        "ContactStatus": "ACTIVE",
        "BankAccountDetails": "12-3456",
        "IsCustomer": False,
        "IsSupplier": False,
        "Phones": [],
        "Addresses": [],
        "UpdatedDateUTC": moment(second),
        **more,
    }


def payment_row(n: int, second: float = 0, **more: Any) -> dict[str, Any]:
    """A row of the payments list: 10.00 on invoice 1."""
    return {
        "PaymentID": guid(n, 7),
        "Date": ticks(dt.datetime(2026, 9, 15, tzinfo=dt.UTC)),
        "BankAmount": 10.0,
        "Amount": 10.0,
        "Reference": f"4711 [ref servicetitan-1-payments-{n}]",
        "CurrencyRate": 1.0,
        "PaymentType": "ACCRECPAYMENT",
        "Status": "AUTHORISED",
        "IsReconciled": False,
        "Account": {"AccountID": guid(90, 3), "Code": "090", "Name": "Bank"},
        "Invoice": {
            "Type": "ACCREC", "InvoiceID": guid(1), "InvoiceNumber": "ST-1", "CurrencyCode": "NZD",
            "Contact": {"ContactID": guid(1, 2), "Name": "Jane Doe"},
        },
        "UpdatedDateUTC": moment(second),
        **more,
    }  # fmt: skip
