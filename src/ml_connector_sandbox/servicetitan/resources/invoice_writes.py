"""Writing invoices: an ordinary one cannot be created, only changed and adjusted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from aiohttp import web

from ml_connector_sandbox.servicetitan.answers import invalid, not_found
from ml_connector_sandbox.servicetitan.bodies import Errors, Property, check_body, check_each, require
from ml_connector_sandbox.servicetitan.books import Invoice, InvoiceItem
from ml_connector_sandbox.servicetitan.books.invoices import REVIEW_STATUSES
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.stamps import canonical

_COMMON = (
    Property("number", "text", nullable=True),
    Property("typeId", "integer", nullable=True),
    Property("invoicedOn", "stamp", nullable=True),
    Property("subtotal", "number", nullable=True),
    Property("tax", "number", nullable=True),
    Property("taxZoneId", "integer", nullable=True),
    Property("summary", "text", nullable=True),
    Property("royaltyStatus", "text", nullable=True, values=("Pending", "Sent", "Failed")),
    Property("royaltyDate", "stamp", nullable=True),
    Property("royaltySentOn", "stamp", nullable=True),
    Property("royaltyMemo", "text", nullable=True),
    Property("exportId", "text", nullable=True),
    Property("reviewStatus", "text", nullable=True, values=REVIEW_STATUSES),
    Property("assignedToId", "integer", nullable=True),
    Property("budgetCodeId", "integer", nullable=True),
    Property("items", "list", nullable=True),
)
_UPDATE = (*_COMMON, Property("dueDate", "stamp", nullable=True), Property("payments", "list", nullable=True))
_ADJUST = (*_COMMON, Property("adjustmentToId", "integer", required=True))
_ITEM = (
    Property("description", "text", required=True),
    Property("quantity", "number", required=True),
    *(
        Property(name, "integer", nullable=True)
        for name in (
            "id", "skuId", "technicianId", "itemGroupRootId", "inventoryLocationId", "durationBillingId",
            "budgetCodeId",
        )
    ),
    *(
        Property(name, "text", nullable=True)
        for name in (
            "skuName", "signature", "technicianAcknowledgementSignature", "inventoryWarehouseName", "itemGroupName",
        )
    ),
    Property("unitPrice", "number", nullable=True),
    Property("cost", "number", nullable=True),
    Property("isAddOn", "boolean", nullable=True),
    Property("skipUpdatingMembershipPrices", "boolean", nullable=True),
    Property("installedOn", "stamp", nullable=True),
)  # fmt: skip
_SETTLEMENT = (
    Property("id", "integer", required=True),
    Property("settlementStatus", "text", values=("NotSettled", "Settled")),
    Property("settlementDate", "stamp", nullable=True),
)
_LOCKED = frozenset({"number", "typeId", "invoicedOn", "dueDate", "subtotal", "tax", "taxZoneId", "items"})
"""What a posted invoice does not take."""


def _text(value: Any) -> Any:
    return value


def _day(value: str) -> date:
    return date.fromisoformat(value[:10])


_FIELDS: dict[str, tuple[str, Any]] = {
    "number": ("reference_number", _text), "typeId": ("type_id", _text), "invoicedOn": ("invoice_date", _day),
    "dueDate": ("due_date", _day), "subtotal": ("stated_sub_total", Decimal), "tax": ("tax", Decimal),
    "taxZoneId": ("tax_zone_id", _text), "summary": ("summary", _text), "royaltyStatus": ("royalty_status", _text),
    "royaltyDate": ("royalty_date", _day), "royaltySentOn": ("royalty_sent_on", canonical),
    "royaltyMemo": ("royalty_memo", _text), "exportId": ("export_id", _text),
    "reviewStatus": ("review_status", _text), "assignedToId": ("assigned_to_id", _text),
}  # fmt: skip


async def _adjust(call: ApiCall) -> web.Response:
    """Answers the new invoice's id, and nothing around it."""
    body = await _checked(call, _ADJUST)
    original = call.books.invoices.get(body["adjustmentToId"])
    if original is None or not original.active:
        raise invalid({"adjustmentToId": [f"Invoice {body['adjustmentToId']} was not found."]})
    items = [_new_item(one, place) for place, one in enumerate(body.get("items") or ())]
    made = call.books.invoicing.adjust(original.id, items, **_changes(body))
    return call.answer(made.id)


async def _update(call: ApiCall) -> web.Response:
    invoice = _invoice(call, "id")
    body = await _checked(call, _UPDATE)
    _require_open(call, invoice, [name for name in _LOCKED if body.get(name) is not None])
    known = {one.id for one in invoice.items}
    given = body.get("items") or ()
    wrong = [one["id"] for one in given if one.get("id") is not None and one["id"] not in known]
    require({"items": [f"Item {number} is not on the invoice." for number in wrong]} if wrong else {})
    new = [_new_item(one, place) for place, one in enumerate(given) if one.get("id") is None]
    _settle(call, body)
    changes = _changes(body)
    if changes:
        call.books.invoicing.change(invoice.id, warned=True, **changes)
    for one in given:
        _change_item(call, invoice.id, one)
    if new:
        call.books.invoicing.add_items(invoice.id, new, warned=True)
    return call.empty()


async def _update_item(call: ApiCall) -> web.Response:
    """One item: changed when it has an id, else added."""
    invoice = _invoice(call, "invoiceId")
    body = await call.json_object()
    require(check_body(body, _ITEM, call.switches.refuse_unknown_properties))
    _require_open(call, invoice, ["items"])
    if body.get("id") is None:
        call.books.invoicing.add_items(invoice.id, [_new_item(body, 0)], warned=True)
    elif body["id"] in {one.id for one in invoice.items}:
        _change_item(call, invoice.id, body)
    else:
        raise invalid({"id": [f"Item {body['id']} is not on the invoice."]})
    return call.empty()


async def _delete_item(call: ApiCall) -> web.Response:
    invoice, number = _invoice(call, "invoiceId"), call.path_id("itemId")
    if number not in {one.id for one in invoice.items}:
        raise not_found("Item", number)
    _require_open(call, invoice, ["items"])
    call.books.invoicing.remove_item(invoice.id, number, warned=True)
    return call.empty()


async def _checked(call: ApiCall, properties: tuple[Property, ...]) -> dict[str, Any]:
    body, unknown = await call.json_object(), call.switches.refuse_unknown_properties
    errors = check_body(body, properties, unknown)
    if not errors:
        errors = check_each(body, "items", _ITEM, unknown) | check_each(body, "payments", _SETTLEMENT, unknown)
    require(errors or _unknown_zone(call, body))
    return body


def _unknown_zone(call: ApiCall, body: dict[str, Any]) -> Errors:
    zone = body.get("taxZoneId")
    known = zone is None or zone in call.books.tax_zones
    return {} if known else {"taxZoneId": [f"Tax zone {zone} was not found."]}


def _invoice(call: ApiCall, name: str) -> Invoice:
    number = call.path_id(name)
    invoice = call.books.invoices.get(number)
    if invoice is None or not invoice.active:
        raise invalid({name: [f"Invoice {number} was not found."]})
    return invoice


def _require_open(call: ApiCall, invoice: Invoice, names: list[str]) -> None:
    if invoice.sync_status != "Pending" and names and not call.switches.api_edits_posted_invoices:
        raise invalid({name: [f"Invoice {invoice.id} is {invoice.sync_status} and locked."] for name in sorted(names)})


def _changes(body: dict[str, Any]) -> dict[str, Any]:
    """The fields a body changes; null leaves what is there. A tax that is written is not taken anew."""
    changes = {field: read(body[name]) for name, (field, read) in _FIELDS.items() if body.get(name) is not None}
    return {**changes, "tax_is_stated": True} if "tax" in changes else changes


def _new_item(one: dict[str, Any], place: int) -> InvoiceItem:
    if one.get("skuId") is None and not one.get("skuName"):
        raise invalid({f"items[{place}].skuId": ["Either skuId or skuName is required."]})
    return InvoiceItem(
        sku_name=one.get("skuName") or f"SKU-{one['skuId']}",
        sku_id=one.get("skuId") or 0,
        description=one["description"],
        quantity=Decimal(one["quantity"]),
        price=Decimal(one.get("unitPrice") or 0),
        cost=Decimal(one.get("cost") or 0),
        technician_id=one.get("technicianId"),
        add_on=bool(one.get("isAddOn")),
    )


_ITEM_FIELDS: dict[str, tuple[str, Any]] = {
    "description": ("description", _text), "quantity": ("quantity", Decimal), "unitPrice": ("price", Decimal),
    "cost": ("cost", Decimal), "technicianId": ("technician_id", _text), "isAddOn": ("add_on", _text),
    "skuId": ("sku_id", _text), "skuName": ("sku_name", _text),
}  # fmt: skip


def _change_item(call: ApiCall, invoice_id: int, one: dict[str, Any]) -> None:
    if one.get("id") is None:
        return
    changes = {field: read(one[name]) for name, (field, read) in _ITEM_FIELDS.items() if one.get(name) is not None}
    call.books.invoicing.change_item(invoice_id, one["id"], warned=True, **changes)


def _settle(call: ApiCall, body: dict[str, Any]) -> None:
    """The bank's settlement of card payments; no answer shows it."""
    for one in body.get("payments") or ():
        if one["id"] not in call.books.payments:
            raise invalid({"payments": [f"Payment {one['id']} was not found."]})
    for one in body.get("payments") or ():
        settled = one.get("settlementDate") if one.get("settlementStatus") == "Settled" else None
        call.books.payments.modify(one["id"], settled_on=None if settled is None else canonical(settled))


_WRITE = "tn.acc.invoices:w"

OPERATIONS = (
    Operation("POST", "accounting", "invoices", _WRITE, _adjust),
    Operation("PATCH", "accounting", "invoices/{id}", _WRITE, _update),
    Operation("PATCH", "accounting", "invoices/{invoiceId}/items", _WRITE, _update_item),
    Operation("DELETE", "accounting", "invoices/{invoiceId}/items/{itemId}", _WRITE, _delete_item),
)
