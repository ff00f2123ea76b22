"""Writing payments: creating, where the version has it; changing while Pending; and their status in bulk."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from aiohttp import web

from ml_connector_sandbox.servicetitan.answers import invalid
from ml_connector_sandbox.servicetitan.bodies import Errors, Property, check_body, check_each, is_integer, require
from ml_connector_sandbox.servicetitan.books import Payment
from ml_connector_sandbox.servicetitan.books.invoices import SYNC_STATUSES
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.payment_rows import written_payment_row
from ml_connector_sandbox.servicetitan.rows import rendered

_SPLIT = (
    Property("amount", "number", nullable=True),
    Property("invoiceId", "integer", nullable=True),
    Property("invoiceNumber", "text", nullable=True),
)
_CREATE = (
    Property("typeId", "integer", required=True),
    Property("amount", "number", nullable=True),
    Property("authCode", "text", nullable=True),
    Property("checkNumber", "text", nullable=True),
    Property("customerId", "integer", nullable=True),
    Property("exportId", "text", nullable=True),
    Property("memo", "text", nullable=True),
    Property("paidOn", "stamp", nullable=True),
    Property("splits", "list", nullable=True),
    Property("status", "text", nullable=True, values=SYNC_STATUSES),
)
_UPDATE = (
    Property("typeId", "integer", required=True),
    Property("splits", "list", required=True),
    Property("active", "boolean"),
    Property("authCode", "text"),
    Property("checkNumber", "text"),
    Property("exportId", "text"),
    Property("memo", "text"),
    Property("paidOn", "stamp"),
    Property("status", "text", values=SYNC_STATUSES),
)
_STATUS = (Property("paymentIds", "list", required=True), Property("status", "text", True, values=SYNC_STATUSES))
_FIELDS = {
    "authCode": "auth_code", "checkNumber": "check_number", "exportId": "export_id", "memo": "memo",
    "status": "sync_status",
}  # fmt: skip


async def _create(call: ApiCall) -> web.Response:
    body = await _checked(call, _CREATE)
    parts = _parts(call, body)
    total = sum(parts.values(), Decimal(0)) if body.get("amount") is None else Decimal(body["amount"])
    fields = _fields(body)
    customer = _payer(call, body, parts)
    try:
        made = call.books.collecting.take(customer, body["typeId"], total, parts, **fields)
    except ValueError as error:
        raise invalid({"splits": [str(error)]}) from error
    return _answer(call, made)


def _payer(call: ApiCall, body: dict[str, Any], parts: dict[int, Decimal]) -> int:
    """The customer named, else that of the first invoice."""
    number: int | None = body.get("customerId")
    if number is None and parts:
        number = call.books.invoices[next(iter(parts))].customer_id
    if number is None or number not in call.books.customers:
        raise invalid({"customerId": ["A customer, or an invoice to apply to, is required."]})
    return number


async def _update(call: ApiCall) -> web.Response:
    """Splits are replaced as a whole. Marking one exported is no edit: it goes whatever the status."""
    number = call.path_id("id")
    old = call.books.payments.get(number)
    if old is None:
        raise invalid({"id": [f"Payment {number} was not found."]})
    body = await _checked(call, _UPDATE)
    parts, fields = _parts(call, body), _fields(body)
    status = fields.pop("sync_status", None)
    export = {"export_id": fields.pop("export_id")} if "export_id" in fields else {}
    same = old.type_id == body["typeId"] and {one.invoice_id: one.amount for one in old.splits} == parts
    if "active" in body and body["active"] != old.active:
        fields["active"] = body["active"]
    try:
        if not same or any(getattr(old, name) != value for name, value in fields.items()):
            call.books.collecting.change(number, parts=parts, type_id=body["typeId"], **fields)
    except ValueError as error:
        raise invalid({"": [str(error)]}) from error
    kept = call.books.collecting.set_status(number, status or old.sync_status, **export)
    return _answer(call, kept)


async def _status(call: ApiCall) -> web.Response:
    """All or none; there is no result per payment."""
    body = await call.json_object()
    require(check_body(body, _STATUS, call.switches.refuse_unknown_properties))
    require(_wrong_ids(call, body["paymentIds"], body["status"]))
    for number in body["paymentIds"]:
        call.books.collecting.set_status(number, body["status"], call.switches.mark_exported_moves_modified_on)
    return call.empty()


def _wrong_ids(call: ApiCall, ids: list[Any], status: str) -> Errors:
    sentences = []
    for number in ids:
        payment = call.books.payments.get(number) if is_integer(number) else None
        if payment is None or not payment.active:
            sentences.append(f"Payment {number} was not found.")
        elif _moves_back(payment, status) and not call.switches.payment_status_moves_back:
            sentences.append(f"Payment {number} is {payment.sync_status} already.")
    return {"paymentIds": sentences} if sentences else {}


def _moves_back(payment: Payment, status: str) -> bool:
    return SYNC_STATUSES.index(status) < SYNC_STATUSES.index(payment.sync_status)


async def _checked(call: ApiCall, properties: tuple[Property, ...]) -> dict[str, Any]:
    body, unknown = await call.json_object(), call.switches.refuse_unknown_properties
    errors = check_body(body, properties, unknown) or check_each(body, "splits", _SPLIT, unknown)
    if not errors and body["typeId"] not in call.books.payment_types:
        errors = {"typeId": [f"Payment type {body['typeId']} was not found."]}
    require(errors)
    return body


def _parts(call: ApiCall, body: dict[str, Any]) -> dict[int, Decimal]:
    """Invoice id -> amount. Raises Refusal (400) on an invoice that is not there, or a part without an amount."""
    parts: dict[int, Decimal] = {}
    for place, one in enumerate(body.get("splits") or ()):
        number = one.get("invoiceId")
        if number is None:
            found = (kept.id for kept in call.books.invoices if kept.reference_number == one.get("invoiceNumber"))
            number = next(found, None)
        if number is None or number not in call.books.invoices or one.get("amount") is None:
            raise invalid({f"splits[{place}]": ["An invoice that exists and an amount are required."]})
        parts[number] = parts.get(number, Decimal(0)) + Decimal(one["amount"])
    return parts


def _fields(body: dict[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {_FIELDS[name]: body[name] for name in _FIELDS if body.get(name) is not None}
    if body.get("paidOn") is not None:
        changes["paid_on"] = date.fromisoformat(body["paidOn"][:10])
    return changes


def _answer(call: ApiCall, payment: Payment) -> web.Response:
    return call.answer(rendered(written_payment_row(payment), call.switches.extra_fields))


_WRITE = "tn.acc.payments:w"

OPERATIONS = (
    Operation("POST", "accounting", "payments", _WRITE, _create, "payments_can_be_created"),
    Operation("PATCH", "accounting", "payments/{id}", _WRITE, _update),
    Operation("POST", "accounting", "payments/status", _WRITE, _status),
)
