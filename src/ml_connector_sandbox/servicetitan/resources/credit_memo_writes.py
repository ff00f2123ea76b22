"""Writing credit memos: a few fields, more of it applied, and marking exported with a result for each."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from aiohttp import web

from ml_connector_sandbox.servicetitan.answers import invalid
from ml_connector_sandbox.servicetitan.bodies import Property, check_body, check_each, require
from ml_connector_sandbox.servicetitan.books import CreditMemo
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.exporting import mark_credit_memos_exported
from ml_connector_sandbox.servicetitan.rows import rendered

_UPDATE = (
    Property("active", "boolean"),
    Property("summary", "text"),
    Property("date", "stamp"),
    Property("businessUnitId", "integer"),
)
_SPLIT = (Property("invoiceId", "integer", required=True), Property("amount", "number", required=True))


async def _update(call: ApiCall) -> web.Response:
    memo = _memo(call)
    body = await call.json_object()
    require(check_body(body, _UPDATE, call.switches.refuse_unknown_properties))
    unit = body.get("businessUnitId")
    if unit is not None and unit not in call.books.business_units:
        raise invalid({"businessUnitId": [f"Business unit {unit} was not found."]})
    fields = {"active": "active", "summary": "description", "businessUnitId": "business_unit_id"}
    changes: dict[str, Any] = {fields[name]: body[name] for name in fields if name in body}
    if "date" in body:
        changes["memo_date"] = date.fromisoformat(body["date"][:10])
    try:
        kept = call.books.collecting.change_credit(memo.id, **changes)
    except ValueError as error:
        raise invalid({"active": [str(error)]}) from error
    row = {
        "id": kept.id,
        "active": kept.active,
        "summary": kept.description,
        "date": kept.memo_date.isoformat(),
        "businessUnitId": kept.business_unit_id or 0,
    }
    return call.answer(rendered(row, call.switches.extra_fields))


async def _apply(call: ApiCall) -> web.Response:
    """All parts or none."""
    memo = _memo(call)
    body, unknown = await call.json_object(), call.switches.refuse_unknown_properties
    errors = check_body(body, (Property("splits", "list", required=True),), unknown)
    require(errors or check_each(body, "splits", _SPLIT, unknown))
    parts: dict[int, Decimal] = {}
    for place, one in enumerate(body["splits"]):
        number = one["invoiceId"]
        if number not in call.books.invoices:
            raise invalid({f"splits[{place}].invoiceId": [f"Invoice {number} was not found."]})
        parts[number] = parts.get(number, Decimal(0)) + Decimal(one["amount"])
    try:
        kept = call.books.collecting.apply_credit(memo.id, parts)
    except ValueError as error:
        raise invalid({"splits": [str(error)]}) from error
    splits = [{"invoiceId": one.invoice_id, "amount": one.amount} for one in kept.splits]
    return call.answer(rendered({"id": kept.id, "splits": splits}, call.switches.extra_fields))


def _memo(call: ApiCall) -> CreditMemo:
    number = call.path_id("id")
    memo = call.books.credit_memos.get(number)
    if memo is None:
        raise invalid({"id": [f"Credit memo {number} was not found."]})
    return memo


_WRITE = "tn.acc.creditmemos:w"

OPERATIONS = (
    Operation("PATCH", "accounting", "credit-memos/{id}", _WRITE, _update),
    Operation("POST", "accounting", "credit-memos/{id}/splits", _WRITE, _apply),
    Operation("POST", "accounting", "credit-memos/markasexported", _WRITE, mark_credit_memos_exported),
)
