"""Two small instances, and a client that speaks by Host header."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp

from ml_connector_sandbox.servicenow import Instance, ServiceNowBooks, ServiceNowEmulator, Switches
from still_clock import StillClock

HOST, OWN = "example.service-now.com", "exampletwo.service-now.com"
START = datetime(2026, 11, 16, 14, 10, tzinfo=UTC)
IMPORT, TABLE = "/api/now/import", "/api/now/table"
JSON = {"Accept": "application/json", "Content-Type": "application/json"}
HEADER = {
    "u_erp_source": "ZOHO",
    "u_external_invoice_source": "ZOHO-BOOKS",
    "u_external_invoice_number": "B-1",
    "u_supplier_invoice_number": "INV-7781",
    "u_supplier": "SUP-1",
    "u_invoice_type": "non_po_invoice",
    "u_invoice_date": "2026-11-01",
    "u_currency": "USD",
    "u_subtotal": "100.00",
    "u_other_charges": "0.00",
    "u_amount_invoiced": "108.25",
    "u_payment_terms": "Net 30",
    "u_legal_entity": "1000",
    "u_erp_number": "B-1",
    "u_invoice_line_count": "1",
}
LINE = {
    "u_erp_source": "ZOHO",
    "u_external_invoice_source": "ZOHO-BOOKS",
    "u_external_invoice_number": "B-1",
    "u_line_description": "Cloud hosting",
    "u_line_quantity": "1",
    "u_line_unit_price": "100.00",
    "u_subtotal": "100.00",
    "u_currency": "USD",
    "u_cost_center": "4100",
    "u_gl_account": "6400",
    "u_erp_line_number": "1",
}
TAX = {
    "u_external_invoice_number": "B-1",
    "u_tax_type": "Sales tax",
    "u_tax_amount": "8.25",
    "u_supplier_tax_rate": "8.25",
}
PAYMENT = {
    "u_erp_source": "ZOHO",
    "u_erp_invoice_number": "B-1",
    "u_erp_supplier_code": "SUP-1",
    "u_payment_amount": "108.25",
    "u_currency": "USD",
    "u_payment_date": "2026-11-20",
    "u_scheduled_payment_date": "2026-11-20",
    "u_payment_method": "bank_transfer",
    "u_payment_reference_id": "P-1",
    "u_remit_to_street": "1 Main St",
    "u_remit_to_city": "Austin",
    "u_remit_to_state_or_province": "TX",
    "u_remit_to_zip_or_postal_code": "78701",
    "u_remit_to_country": "US",
}


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
    def result(self) -> Any:
        return self.body["result"]

    @property
    def refusal(self) -> tuple[int, str, str | None]:
        """Status, message and detail."""
        return self.status, self.body["error"]["message"], self.body["error"]["detail"]


@dataclass
class Sandbox:
    clock: MovableClock
    company: ServiceNowBooks
    emulator: ServiceNowEmulator
    port: int
    session: aiohttp.ClientSession
    user: str = "svc"
    host: str = HOST
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def switches(self) -> Switches:
        return self.company.switches

    @property
    def instance(self) -> Instance:
        return self.company.instances[self.host]

    def basic(self, name: str, password: str = "not-a-secret") -> str:
        return f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"

    async def ask(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **query: str
    ) -> Answer:
        """An API call of ``user``; ``body`` is JSON, or bytes as they are."""
        sent = {"Host": self.host, "Authorization": self.basic(self.user), **JSON, **self.extra, **(headers or {})}
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        return await self._sent(method, path, data, {key: one for key, one in sent.items() if one}, query)

    async def token(self, *, headers: dict[str, str] | None = None, **form: str) -> Answer:
        sent = {"Host": self.host, "Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        data = "&".join(f"{key}={value}" for key, value in form.items()).encode()
        return await self._sent("POST", "/oauth_token.do", data, sent, {})

    async def stage(self, table: str, body: dict[str, Any]) -> dict[str, Any]:
        """The one element of an import's result."""
        answer = await self.ask("POST", f"{IMPORT}/{table}", body)
        assert answer.status == 201, answer.text
        return answer.result[0]

    async def bill(self, number: str = "B-1", **header: str) -> None:
        """A whole invoice: header, line and tax, all inserted."""
        own = {"u_external_invoice_number": number}
        names = {"u_erp_number": number, "u_supplier_invoice_number": f"S-{number}"}
        parts = (("", HEADER | own | names | header), ("_line", LINE | own), ("_tax_line", TAX | own))
        for part, body in parts:
            assert (await self.stage(f"sn_spend_intg_imp_invoice{part}", body))["status"] == "inserted"

    def rows(self, table: str) -> list[dict[str, str]]:
        return self.instance.records.rows(table)

    async def _sent(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str], query: dict[str, str]
    ) -> Answer:
        url = f"http://127.0.0.1:{self.port}{path}"
        request = self.session.request(
            method, url, data=data, headers=headers, params=query, skip_auto_headers=("Accept", "Content-Type"),
            allow_redirects=False,
        )  # fmt: skip
        async with request as answer:
            text = await answer.text()
            found = json.loads(text) if "json" in answer.headers.get("Content-Type", "") and _is_json(text) else None
            return Answer(answer.status, found, dict(answer.headers), text)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
