"""What each call of a synchronisation of bills was for, by the path and query that an emulator noted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

ZOHO, SERVICENOW = "zoho_books", "servicenow"
BEFORE, AFTER = "look-up before rows are sent", "read-back of what was sent"
HEADS = frozenset(["header rows", "supplier rows", "payment rows"])
_LOOKED = "look-up or read-back"
_BATCH = "/api/now/v1/batch"
_STAGED = {
    "sn_spend_intg_imp_invoice": "header rows",
    "sn_spend_intg_imp_invoice_line": "line and tax rows",
    "sn_spend_intg_imp_invoice_tax_line": "line and tax rows",
    "sn_spend_intg_imp_invoice_payment_detail": "payment rows",
    "sn_fcms_intg_imp_supplier": "supplier rows",
    "sn_fcms_intg_supplier_location_inbound": "supplier location and contact rows",
    "sn_fcms_intg_supplier_contact_inbound": "supplier location and contact rows",
}
_JOINED = frozenset(["sn_spend_intg_outbound_invoice", "sn_shop_erp_error_task"])
_SHOWN = {
    "sn_shop_invoice": "list of invoices",
    "sn_shop_invoice_payment_detail": "list of payments",
    "sn_fin_supplier": "list of suppliers",
}
_DETAILS = {"bills": "bill", "vendorpayments": "payment", "contacts": "vendor", "vendorcredits": "vendor credit"}


def by_purpose(vendor: str, calls: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many calls were made for what, most first."""
    name = _of_zoho if vendor == ZOHO else _of_servicenow
    counted = Counter(name(one) for one in calls)
    if vendor == SERVICENOW:
        _split(counted)
    return {name: count for name, count in counted.most_common() if count}


def _split(counted: Counter[str]) -> None:
    """Whatever is sent is looked up once before, and its heads go in one call: all other look-ups are read-backs."""
    looked, before = counted.pop(_LOOKED, 0), sum(counted[name] for name in HEADS)
    counted[BEFORE] = min(looked, before)
    counted[AFTER] = looked - counted[BEFORE]


def _of_zoho(call: Mapping[str, Any]) -> str:
    parts = str(call["path"]).removeprefix("/books/v3/").split("/")
    if len(parts) == 2 and parts[0] in _DETAILS and parts[1].isdigit():
        return f"{_DETAILS[parts[0]]} in detail"
    return f"list of {parts[0]}" if parts[0] in _DETAILS and len(parts) == 1 else "everything else"


def _of_servicenow(call: Mapping[str, Any]) -> str:
    """By the methods and tables of what a Batch call carries, else by its own."""
    path, query = str(call["path"]), str(call["query"])
    inside = [tuple(one.split(" ")) for one in str(call["inside"]).split(", ") if one]
    inside = inside or [(str(call["method"]), path.rpartition("/")[2])]
    if not path.startswith("/api/now/"):
        return "everything else"
    for method, table in inside:
        if method == "POST":
            return _STAGED.get(table, "other rows")
    tables = {table for _, table in inside}
    if tables & _JOINED or "sys_import_state=error" in query:
        return "why an invoice does not go on"
    if path != _BATCH and "ORDERBYsys_updated_on" in query:
        return _SHOWN.get(inside[0][1], "other lists")
    return _LOOKED if tables & {*_STAGED, *_SHOWN} else "other lists"
