"""returns: goods that go back to a vendor, as list and as export feed; both carry the same row."""

from __future__ import annotations

from aiohttp import web

from ml_connector_sandbox.servicetitan import external_data
from ml_connector_sandbox.servicetitan.books import Return, ReturnItem, TenantBooks
from ml_connector_sandbox.servicetitan.books.invoices import SYNC_STATUSES
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.export import export_page
from ml_connector_sandbox.servicetitan.listing import ListRules, Test, among, envelope, equal, on_day, read_page, window
from ml_connector_sandbox.servicetitan.shapes import Row, accounts, stamps
from ml_connector_sandbox.servicetitan.stamps import midnight, shown_or_none

_RULES = ListRules()


async def _list(call: ApiCall) -> web.Response:
    asked, books = call.parameters, call.books
    guid = asked.guid("externalDataApplicationGuid")
    tests = [
        *equal("number", asked.text("number")),
        *equal("reference_number", asked.text("referenceNumber")),
        *equal("job_id", asked.integer("jobId")),
        *equal("purchase_order_id", asked.integer("purchaseOrderId")),
        *_in_batch(asked.integer("batchId")),
        *among("vendor_id", asked.comma_ids("vendorIds")),
        *among("business_unit_id", asked.comma_ids("businessUnitIds")),
        *among("inventory_location_id", asked.comma_ids("inventoryLocationIds")),
        *among("sync_status", asked.comma_enums("syncStatuses", SYNC_STATUSES)),
        *window(asked.stamp("returnDateOnOrAfter"), asked.stamp("returnDateBefore"), on_day("return_date")),
        *external_data.look_up(call),
    ]
    page = read_page(call, books.returns, _RULES, tests)
    return envelope(call, page, books.returns, f"returns/{guid}", lambda one: _row(call, one, guid))


def _in_batch(number: int | None) -> list[Test]:
    return [] if number is None else [lambda one: one.batch is not None and one.batch.id == number]


async def _export(call: ApiCall) -> web.Response:
    """Every return, deleted ones too; the feed has no parameter for external data and shows none."""
    return export_page(call, call.books.returns, "export/returns", lambda one: _row(call, one, None), lambda _: True)


def _row(call: ApiCall, one: Return, guid: str | None) -> Row:
    return {
        "id": one.id,
        "active": one.active,
        "number": one.number,
        "referenceNumber": one.reference_number,
        "status": one.status,
        "vendorId": one.vendor_id,
        "purchaseOrderId": one.purchase_order_id,
        "jobId": one.job_id,
        "projectId": None,
        "budgetCodeId": None,
        "businessUnitId": one.business_unit_id,
        "inventoryLocationId": one.inventory_location_id,
        "createdById": 21,
        "memo": one.memo,
        "returnAmount": one.amount(call.switches.restocking_fee_lessens_returns),
        "taxAmount": one.tax,
        "shippingAmount": one.shipping,
        "returnDate": midnight(one.return_date),
        "returnedOn": midnight(one.returned_on),
        "creditReceivedOn": midnight(one.credit_received_on),
        **stamps(one),
        **_batch(one),
        "syncStatus": one.sync_status,
        "canceledById": None if one.canceled_on is None else 21,
        "canceledReason": one.canceled_reason,
        "dateCanceled": shown_or_none(one.canceled_on),
        "items": [_item(call.books, one, item) for item in one.items],
        "customFields": [],
        "externalData": external_data.shown(one.external_data, guid),
    }


def _batch(one: Return) -> Row:
    batch = one.batch
    if batch is None:
        return {"batchId": None, "batch": None}
    return {"batchId": batch.id, "batch": {"id": batch.id, "number": batch.number, "name": batch.name}}


def _item(books: TenantBooks, goods: Return, item: ReturnItem) -> Row:
    return {
        "id": item.id,
        "skuId": item.sku_id,
        "description": item.description,
        **stamps(goods),
        "name": item.name,
        "code": item.code,
        "quantity": item.quantity,
        "cost": item.cost,
        **accounts(books, item.accounts, with_id=False),
        "serialNumbers": [{"id": number, "number": text} for number, text in item.serial_numbers],
        "createdById": 21,
        "active": True,
        "receiptItemId": item.receipt_item_id,
        "budgetCodeId": None,
    }


_READ = "tn.inv.returns:r"

OPERATIONS = (
    Operation("GET", "inventory", "returns", _READ, _list),
    Operation("GET", "inventory", "export/returns", _READ, _export),
)
