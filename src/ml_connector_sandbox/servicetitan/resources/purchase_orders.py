"""purchase-orders: money as numbers, one status text, no sync status and no bill ids."""

from __future__ import annotations

from aiohttp import web

from ml_connector_sandbox.servicetitan.books import PurchaseOrder, PurchaseOrderItem
from ml_connector_sandbox.servicetitan.books.purchasing import cents
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.export import export_page
from ml_connector_sandbox.servicetitan.listing import (
    ListRules,
    among,
    envelope,
    equal,
    read_page,
    single,
    window,
)
from ml_connector_sandbox.servicetitan.shapes import Row, address, stamps
from ml_connector_sandbox.servicetitan.stamps import midnight, shown_or_none

_RULES = ListRules(active=False)
_STATUSES = ("Pending", "Sent", "PartiallyReceived", "Received", "Exported", "Canceled")


async def _list(call: ApiCall) -> web.Response:
    asked = call.parameters
    tests = [
        *equal("status", asked.enum("status", _STATUSES)),
        *equal("number", asked.text("number")),
        *equal("job_id", asked.integer("jobId")),
        *among("job_id", asked.comma_ids("jobIds")),
        *equal("technician_id", asked.integer("technicianId")),
        *equal("project_id", asked.integer("projectId")),
        *window(
            asked.stamp("dateOnOrAfter"),
            asked.stamp("dateBefore"),
            lambda one: f"{one.order_date}T00:00:00.0000000Z",
        ),
        *window(asked.stamp("sentOnOrAfter"), asked.stamp("sentBefore"), lambda one: one.sent_on),
    ]
    page = read_page(call, call.books.purchase_orders, _RULES, tests)
    return envelope(call, page, call.books.purchase_orders, "purchase-orders", _row)


async def _one(call: ApiCall) -> web.Response:
    return single(call, call.books.purchase_orders, "id", _row)


def _row(order: PurchaseOrder) -> Row:
    return {
        "id": order.id,
        "number": order.number,
        "invoiceId": order.invoice_id,
        "jobId": order.job_id,
        "projectId": order.project_id,
        "status": order.status,
        "typeId": order.type_id,
        "vendorId": order.vendor_id,
        "technicianId": order.technician_id,
        "shipTo": address(order.ship_to),
        "businessUnitId": order.business_unit_id,
        "inventoryLocationId": order.inventory_location_id,
        "batchId": None,
        "budgetCodeId": None,
        "vendorDocumentNumber": order.vendor_document_number,
        "date": midnight(order.order_date),
        "requiredOn": midnight(order.required_on),
        "sentOn": shown_or_none(order.sent_on),
        "receivedOn": shown_or_none(order.received_on),
        **stamps(order),
        "total": order.total,
        "tax": order.tax,
        "shipping": order.shipping,
        "summary": order.summary,
        "items": [_item(order, item) for item in order.items],
        "customFields": [],
    }


def _item(order: PurchaseOrder, item: PurchaseOrderItem) -> Row:
    return {
        "id": item.id,
        "skuId": item.sku_id,
        "description": item.description,
        **stamps(order),
        "skuName": item.sku_name,
        "skuCode": item.sku_code,
        "skuType": item.sku_type,
        "vendorPartNumber": item.vendor_part_number,
        "quantity": item.quantity,
        "quantityReceived": item.quantity_received,
        "cost": item.cost,
        "total": cents(item.quantity * item.cost),
        "serialNumbers": [],
        "status": item.status,
        "chargeable": item.chargeable,
        "budgetCodeId": None,
    }


async def _export(call: ApiCall) -> web.Response:
    """Every order, cancelled ones too; the row has no ``active``."""

    def every(_: PurchaseOrder) -> bool:
        return True

    return export_page(call, call.books.purchase_orders, "export/purchase-orders", _row, every)


_READ = "tn.inv.purchaseorders:r"

OPERATIONS = (
    Operation("GET", "inventory", "purchase-orders", _READ, _list),
    Operation("GET", "inventory", "purchase-orders/{id}", _READ, _one),
    Operation("GET", "inventory", "export/purchase-orders", _READ, _export),
)
