"""receipts: one per shipment, with its bill's id where bills are kept. There is no read by id."""

from __future__ import annotations

from aiohttp import web

from ml_connector_sandbox.servicetitan.books import Receipt, ReceiptItem, TenantBooks
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.listing import ListRules, among, envelope, equal, read_page, window
from ml_connector_sandbox.servicetitan.shapes import Row, accounts, address, stamps
from ml_connector_sandbox.servicetitan.stamps import midnight

_RULES = ListRules()
_SYNC_STATUSES = ("Pending", "Posted", "Exported")


async def _list(call: ApiCall) -> web.Response:
    asked = call.parameters
    received = window(
        asked.stamp("receivedOnOrAfter"),
        asked.stamp("receivedBefore"),
        lambda one: f"{one.received_on}T00:00:00.0000000Z",
    )
    tests = [
        *equal("number", asked.text("number")),
        *equal("vendor_invoice_number", asked.text("vendorInvoiceNumber")),
        *equal("bill_id", asked.integer("billId")),
        *equal("batch_id", asked.integer("batchId")),
        *among("vendor_id", asked.comma_ids("vendorIds")),
        *among("business_unit_id", asked.comma_ids("businessUnitIds")),
        *among("inventory_location_id", asked.comma_ids("inventoryLocationIds")),
        *among("purchase_order_id", asked.comma_ids("purchaseOrderIds")),
        *among("sync_status", asked.comma_enums("syncStatuses", _SYNC_STATUSES)),
        *received,
    ]
    page = read_page(call, call.books.receipts, _RULES, tests)
    return envelope(call, page, call.books.receipts, "receipts", lambda receipt: _row(call.books, receipt))


def _row(books: TenantBooks, receipt: Receipt) -> Row:
    return {
        "id": receipt.id,
        "active": receipt.active,
        "number": receipt.number,
        "vendorInvoiceNumber": receipt.vendor_invoice_number,
        "createdById": 21,
        "memo": receipt.memo,
        "purchaseOrderId": receipt.purchase_order_id,
        "billId": receipt.bill_id,
        "jobId": receipt.job_id,
        "businessUnitId": receipt.business_unit_id,
        "vendorId": receipt.vendor_id,
        "technicianId": receipt.technician_id,
        "inventoryLocationId": receipt.inventory_location_id,
        "shipTo": address(receipt.ship_to),
        "shipToDescription": receipt.ship_to_description,
        "receiptAmount": receipt.amount,
        "taxAmount": receipt.tax,
        "shippingAmount": receipt.shipping,
        "receivedOn": midnight(receipt.received_on),
        **stamps(receipt),
        "batchId": receipt.batch_id,
        "syncStatus": receipt.sync_status,
        "budgetCodeId": None,
        "items": [_item(books, item) for item in receipt.items],
        "customFields": [],
    }


def _item(books: TenantBooks, item: ReceiptItem) -> Row:
    return {
        "id": item.id,
        "skuId": item.sku_id,
        "name": item.name,
        "code": item.code,
        "description": item.description,
        "quantity": item.quantity,
        "cost": item.cost,
        **accounts(books, item.accounts, with_id=False),
        "purchaseOrderItemId": item.purchase_order_item_id,
        "budgetCodeId": None,
    }


OPERATIONS = (Operation("GET", "inventory", "receipts", "tn.inv.receipts:r", _list),)
