"""A session that answers from tables in memory as the facts describe, or from scripted answers. No network."""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
import time
from collections.abc import Callable, Mapping
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ml_connector.clock import Clock
from ml_connector.connectors.servicenow.profiles import APO
from ml_connector.transport.messages import Answer, Request

NOW = dt.datetime(2026, 2, 3, 10, 0, tzinfo=dt.UTC)
Script = Callable[[Request], Answer]
_TERM = re.compile(r"([a-z_.]+)(>=|>|<=|=|IN)(.*)", re.DOTALL)


def answer(body: object, status: int = 200, **headers: str) -> Answer:
    """An answer with a JSON body (bytes are sent as they are)."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"date": format_datetime(NOW, usegmt=True), **names}, data, NOW)


def failure(status: int, message: str, detail: str | None = None) -> Answer:
    """A refusal in the vendor's envelope."""
    return answer({"error": {"message": message, "detail": detail}, "status": "failure"}, status)


def sys_id(n: int) -> str:
    """A record's id."""
    return f"{n:032x}"


def stamp(second: int) -> str:
    """A stamp so many seconds after nine."""
    return f"{dt.datetime(2026, 2, 3, 9, 0) + dt.timedelta(seconds=second):%Y-%m-%d %H:%M:%S}"  # noqa: DTZ001


class ScriptedSession:
    """Fulfils the Session protocol; keeps every request."""

    def __init__(self, script: Script, settings: Mapping[str, str] | None = None) -> None:
        self.clock = Clock(NOW, time.time(), 1e-9)
        self.organisation = "example.service-now.com"
        self.settings: Mapping[str, str] = {} if settings is None else settings
        self.scopes: frozenset[str] = frozenset()
        self.script = script
        self.requests: list[Request] = []

    async def send(self, request: Request) -> Answer:
        self.requests.append(request)
        return self.script(request)


class Tables:
    """An instance: lists with the query grammar used here, the Import Set API with one map for each table, and Batch.

    Unknown columns are dropped from queries and rows. ``columns`` of a table are those its rows have.
    """

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, str]]] = {}
        self.hidden: set[str] = set()  # sys_ids that count and are not shown
        self.results: dict[str, list[dict[str, str]]] = {}  # by table: the next rows' results, else inserted
        self.targets: dict[str, Callable[[dict[str, str]], tuple[str, dict[str, str]]]] = {}
        self.states: dict[str, str] = {}  # by table: the state of what is staged now
        self.unserviced: set[str] = set()  # ids of the next batch that are not carried out
        self.counted = True
        self.limit_before: Callable[[], None] = lambda: None
        self.posted: list[tuple[str, dict[str, str]]] = []
        self._next = 0x1000

    def add(self, table: str, **row: str) -> dict[str, str]:
        """A record; its id, stamps and what is given."""
        self._next += 1
        made = {"sys_id": sys_id(self._next), "sys_created_on": stamp(self._next), "sys_updated_on": stamp(0), **row}
        self.rows.setdefault(table, []).append(made)
        return made

    def __call__(self, request: Request) -> Answer:
        return self._one(request.method, request.path, dict(request.query), request.body or b"")

    def _one(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> Answer:
        if path == "/api/now/v1/batch":
            return self._batch(json.loads(body))
        table = path.rsplit("/", 1)[1]
        if path.startswith("/api/now/import/") and method == "POST":
            return self._import(table, json.loads(body))
        if table not in self.rows:
            return failure(400, f"Invalid table {table}")
        return self._list(table, query)

    def _list(self, table: str, query: Mapping[str, str]) -> Answer:
        self.limit_before()
        found = self._matching(table, query.get("sysparm_query", ""))
        limit, offset = int(query["sysparm_limit"]), int(query.get("sysparm_offset", "0"))
        page = [row for row in found[offset : offset + limit] if row["sys_id"] not in self.hidden]
        names = query["sysparm_fields"].split(",")
        shown = [{name: row[name] for name in names if name in row} for row in page]
        return answer({"result": shown}, **({"x-total-count": str(len(found))} if self.counted else {}))

    def _matching(self, table: str, query: str) -> list[dict[str, str]]:
        found = list(self.rows[table])
        known = {name for row in found for name in row}
        orders: list[tuple[str, bool]] = []
        for term in re.split(r"\^(?!OR[a-z])", query) if query else []:
            if term.startswith("ORDERBY"):
                down = term.startswith("ORDERBYDESC")
                orders.append((term.removeprefix("ORDERBYDESC" if down else "ORDERBY"), down))
            else:
                parts = [_TERM.fullmatch(part) for part in term.split("^OR")]
                tests = [part.groups() for part in parts if part and part[1] in known]
                found = [row for row in found if not tests or any(_holds(row, *test) for test in tests)]
        for column, down in reversed(orders):
            found.sort(key=lambda row: row.get(column, ""), reverse=down)
        return found

    def _import(self, table: str, sent: dict[str, str]) -> Answer:
        self.posted.append((table, sent))
        queued = self.results.get(table)
        result = queued.pop(0) if queued else {"status": self.states.get(table, "inserted")}
        state = result["status"]
        row = self.add(table, sys_import_state=state, sys_import_state_comment=result.get("error_message", ""), **sent)
        row["sys_target_sys_id"] = ""
        if state in ("inserted", "updated"):
            target, made = self.targets.get(table, lambda one: (f"{table}_target", {}))(sent)
            row["sys_target_sys_id"] = self.add(target, **made)["sys_id"]
            result = {**result, "sys_id": row["sys_target_sys_id"], "table": target}
        return answer({"import_set": "ISET0010001", "staging_table": table, "result": [result]}, 201)

    def _batch(self, body: dict[str, Any]) -> Answer:
        served, left = [], []
        for item in body["rest_requests"]:
            if item["id"] in self.unserviced:
                left.append(item["id"])
                continue
            parts = urlsplit(item["url"])
            data = base64.b64decode(item.get("body", ""))
            one = self._one(item["method"], parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)), data)
            encoded = base64.b64encode(one.body).decode()
            headers = [{"name": name.title(), "value": value} for name, value in one.headers.items()]
            served.append(
                {"id": item["id"], "status_code": one.status, "status_text": "", "headers": headers, "body": encoded}
            )
        self.unserviced = set()
        return answer({"batch_request_id": "1", "serviced_requests": served[::-1], "unserviced_requests": left})


def _holds(row: Mapping[str, str], column: str, operator: str, value: str) -> bool:
    shown, value = row.get(column, ""), value.replace("^^", "^")
    match operator:
        case "=":
            return shown == value
        case ">":
            return shown > value
        case ">=":
            return shown >= value
        case "IN":
            return shown in value.split(",")
        case _:
            return shown <= value


def company() -> Tables:
    """An instance with the tables of Accounts Payable Operations and no rows; staged rows become records."""
    tables = Tables()
    for name in (
        "sn_spend_intg_imp_invoice", "sn_spend_intg_imp_invoice_line", "sn_spend_intg_imp_invoice_tax_line",
        "sn_spend_intg_imp_invoice_payment_detail", "sn_fcms_intg_imp_cost_center", "sn_fcms_intg_imp_supplier",
        "sn_fcms_intg_supplier_location_inbound", "sn_fcms_intg_supplier_contact_inbound", "sn_shop_invoice",
        "sn_shop_invoice_line", "sn_shop_invoice_payment_detail", "sn_fin_supplier", "cmn_cost_center",
        "sn_spend_intg_outbound_invoice", "sn_shop_erp_error_task",
    ):  # fmt: skip
        tables.rows[name] = []
    tables.targets["sn_spend_intg_imp_invoice"] = _invoice
    tables.targets["sn_spend_intg_imp_invoice_line"] = _line
    tables.targets["sn_spend_intg_imp_invoice_payment_detail"] = _payment
    tables.targets["sn_fcms_intg_imp_cost_center"] = lambda sent: (
        "cmn_cost_center",
        {"name": sent["u_name"], "account_number": sent["u_account_number"], "code": sent.get("u_code", "")},
    )  # fmt: skip
    tables.targets["sn_fcms_intg_imp_supplier"] = lambda sent: (
        "sn_fin_supplier", {"name": sent["u_legal_name"], "erp_supplier_code": sent["u_erp_supplier_code"]},
    )  # fmt: skip
    return tables


def set_up() -> Tables:
    """An instance whose administration tables show everything as it should be."""
    tables = company()
    tables.rows |= {
        name: [] for name in ("sys_dictionary", "sys_transform_map", "sys_transform_entry", "sys_script", "sys_choice")
    }
    for one in APO.staging.values():
        for column in one.columns.values():
            length = str(max(column.length, 40))
            tables.add(
                "sys_dictionary",
                name=one.table,
                element=column.name,
                internal_type="string",
                max_length=length,
                mandatory="false",
            )
        made = tables.add(
            "sys_transform_map", name=one.title, source_table=one.table, target_table=one.target, active="true"
        )
        tables.add(
            "sys_transform_entry",
            map=made["sys_id"],
            source_field="u_x",
            target_field="x",
            coalesce="false",
            choice_action="reject",
        )
    tables.add("sys_script", name="Transform synchronously", collection="sys_import_set_row", active="true")
    tables.add("sn_fin_erp_source", name="ZOHO")
    for value in ("invoice", "non_po_invoice", "credit_memo"):
        tables.add("sys_choice", name="sn_shop_invoice", element="type", value=value, inactive="false")
    tables.add("sys_user", name="svc")
    tables.add("sys_properties", name="instance_name", value="example")
    tables.add("sys_properties", name="glide.sys.default.tz", value="US/Pacific")
    tables.add("sys_properties", name="glide.i18n.single_currency.code", value="USD")
    return tables


def _price(sent: str) -> str:
    """An amount as an FX column keeps it: with its own currency, else the company's."""
    return sent if ";" in sent else f"USD;{sent}"


def _invoice(sent: dict[str, str]) -> tuple[str, dict[str, str]]:
    return "sn_shop_invoice", {
        "number": "INV0001001",
        "state": "draft",
        "external_invoice_number": sent["u_external_invoice_number"],
        "supplier_invoice_number": sent.get("u_supplier_invoice_number", ""),
        "supplier": sys_id(7),
        "legal_entity": sys_id(5),
        "legal_entity.company_code": sent.get("u_legal_entity", ""),
        "invoice_date": sent["u_invoice_date"],
        "type": sent["u_invoice_type"],
        "subtotal": _price(sent["u_subtotal"]),
        "tax_amount": _price(sent.get("u_tax_amount", "0")),
        "invoice_amount": _price(sent["u_amount_invoiced"]),
        "third_party_import_id": sent["u_third_party_import_id"],
    }


def _line(sent: dict[str, str]) -> tuple[str, dict[str, str]]:
    return "sn_shop_invoice_line", {
        "invoice": sys_id(9),
        "line_description": sent["u_line_description"],
        "sub_total": _price(sent["u_subtotal"]),
        "ledger_account": sys_id(6),
        "ledger_account.gl_account": sent.get("u_gl_account", ""),
        "cost_center": sys_id(3),
        "cost_center.account_number": sent.get("u_cost_center", ""),
        "third_party_import_id": sent["u_third_party_import_id"],
    }


def _payment(sent: dict[str, str]) -> tuple[str, dict[str, str]]:
    return "sn_shop_invoice_payment_detail", {
        "invoice": sys_id(9),
        "invoice.erp_number": sent["u_erp_invoice_number"],
        "payment_amount": sent["u_payment_amount"],
        "currency": sent["u_currency"],
        "payment_date": sent["u_payment_date"],
        "payment_method": sent["u_payment_method"],
        "payment_reference_id": sent["u_payment_reference_id"],
        "third_party_import_id": sent["u_third_party_import_id"],
    }
