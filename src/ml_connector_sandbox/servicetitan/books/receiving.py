"""Receiving a shipment: receipt, bill and order status move together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ml_connector_sandbox.servicetitan.books.bills import Bill, BillItem, InventoryLocation
from ml_connector_sandbox.servicetitan.books.changing import changed
from ml_connector_sandbox.servicetitan.books.purchasing import (
    PurchaseOrder,
    PurchaseOrderItem,
    Receipt,
    ReceiptItem,
    cents,
)

if TYPE_CHECKING:
    from ml_connector_sandbox.servicetitan.books.tenant import TenantBooks

_WAREHOUSE = 1


@dataclass(frozen=True, slots=True)
class Shipment:
    """What came in; None where the order decides."""

    quantities: dict[int, Decimal] | None
    vendor_invoice_number: str
    received_on: date | None
    tax: Decimal | None
    shipping: Decimal | None
    bill: dict[str, Any]
    at: str
    """The canonical stamp of receipt, bill and order."""


def receive(books: TenantBooks, order_id: int, shipment: Shipment) -> tuple[Receipt, Bill | None]:
    """See ``TenantBooks.receive``."""
    order = books.purchase_orders[order_id]
    taken = _taken(order, shipment.quantities)
    received = changed(order, items=tuple(_after(item, taken) for item in order.items))
    complete = all(item.quantity_received == item.quantity for item in received.items)
    receipt = _receipt(books, order, taken, shipment, complete)
    bill = _bill(books, order, receipt, shipment.bill) if books.keeps_bills else None
    kept_bill = None if bill is None else books.add_bill(bill, shipment.at)
    kept = books.receipts.add(changed(receipt, bill_id=None if kept_bill is None else kept_bill.id), shipment.at)
    books.purchase_orders.modify(
        order_id,
        shipment.at,
        items=received.items,
        status="Received" if complete else "PartiallyReceived",
        received_on=shipment.at if complete else None,
    )
    return kept, kept_bill


def _taken(order: PurchaseOrder, quantities: dict[int, Decimal] | None) -> dict[int, Decimal]:
    if order.status in ("Canceled", "Exported"):
        raise ValueError(f"purchase order {order.id} is {order.status}: nothing can be received")
    open_by_item = {item.id: item.quantity - item.quantity_received for item in order.items}
    if quantities is None:
        quantities = {number: quantity for number, quantity in open_by_item.items() if quantity > 0}
    for number, quantity in quantities.items():
        if number not in open_by_item:
            raise ValueError(f"item {number} is not on purchase order {order.id}")
        if not 0 < quantity <= open_by_item[number]:
            raise ValueError(f"item {number}: {quantity} received, but {open_by_item[number]} is open")
    if not quantities:
        raise ValueError(f"purchase order {order.id} has nothing left to receive")
    return quantities


def _after(item: PurchaseOrderItem, taken: dict[int, Decimal]) -> PurchaseOrderItem:
    return changed(item, quantity_received=item.quantity_received + taken.get(item.id, Decimal(0)))


def _share(books: TenantBooks, order: PurchaseOrder, value: Decimal, which: str, complete: bool) -> Decimal:
    """The part of the order's tax or shipping that goes with goods of ``value``; the last shipment takes the rest."""
    whole: Decimal = getattr(order, which)
    if complete:
        earlier = (receipt for receipt in books.receipts.in_group(order.id) if receipt.active)
        return whole - sum((getattr(receipt, which) for receipt in earlier), Decimal(0))
    return cents(whole * value / order.items_total) if order.items_total else Decimal("0.00")


def _receipt(
    books: TenantBooks, order: PurchaseOrder, taken: dict[int, Decimal], shipment: Shipment, complete: bool
) -> Receipt:
    lines = tuple(_receipt_item(books, item, taken[item.id]) for item in order.items if item.id in taken)
    value = sum((line.quantity * line.cost for line in lines), Decimal(0))
    tax, shipping = shipment.tax, shipment.shipping
    return Receipt(
        number=f"R-{order.number}-{books.next_number()}",
        purchase_order_id=order.id,
        vendor_id=order.vendor_id,
        received_on=shipment.received_on or date.fromisoformat(shipment.at[:10]),
        items=lines,
        vendor_invoice_number=shipment.vendor_invoice_number,
        job_id=order.job_id,
        business_unit_id=order.business_unit_id,
        technician_id=order.technician_id,
        inventory_location_id=order.inventory_location_id or _WAREHOUSE,
        ship_to=order.ship_to,
        ship_to_description="Main warehouse",
        tax=_share(books, order, value, "tax", complete) if tax is None else tax,
        shipping=_share(books, order, value, "shipping", complete) if shipping is None else shipping,
    )


def _receipt_item(books: TenantBooks, item: PurchaseOrderItem, quantity: Decimal) -> ReceiptItem:
    return ReceiptItem(
        id=books.next_id(),
        sku_id=item.sku_id,
        code=item.sku_code,
        name=item.sku_name,
        quantity=quantity,
        cost=item.cost,
        purchase_order_item_id=item.id,
        description=item.description,
        accounts=item.accounts,
    )


def _bill(books: TenantBooks, order: PurchaseOrder, receipt: Receipt, further: dict[str, Any]) -> Bill:
    ordered = {item.id: item for item in order.items}
    bill = Bill(
        reference_number=f"BILL-{receipt.number.removeprefix('R-')}",
        vendor_id=order.vendor_id,
        bill_date=receipt.received_on,
        items=tuple(_bill_item(ordered[line.purchase_order_item_id], line, receipt) for line in receipt.items),
        purchase_order_id=order.id,
        vendor_number=receipt.vendor_invoice_number or None,
        summary=order.summary or None,
        tax=receipt.tax,
        shipping=receipt.shipping,
        business_unit_id=order.business_unit_id,
        tax_zone_id=order.tax_zone_id,
        job_id=order.job_id,
        ship_to=order.ship_to,
        ship_to_description=receipt.ship_to_description,
    )
    return changed(bill, **further)


def _bill_item(ordered: PurchaseOrderItem, line: ReceiptItem, receipt: Receipt) -> BillItem:
    return BillItem(
        sku_code=line.code,
        name=line.name,
        quantity=line.quantity,
        cost=line.cost,
        sku_id=line.sku_id,
        sku_type=ordered.sku_type,
        description=line.description,
        receipt_item_id=line.id,
        vendor_part_number=ordered.vendor_part_number or None,
        accounts=line.accounts,
        inventory_location=InventoryLocation(id=receipt.inventory_location_id, name=receipt.ship_to_description),
    )


def export_order_with_bills(books: TenantBooks, order_id: int) -> None:
    """A received order becomes Exported, and its receipts too, once every live bill of it is exported."""
    order = books.purchase_orders[order_id]
    bills = books.bills.in_group(order_id)
    live = [bill for bill in bills if bill.active and bill.status != "Canceled"]
    if order.status != "Received" or any(bill.sync_status != "Exported" for bill in live):
        return
    books.purchase_orders.modify(order_id, status="Exported")
    for receipt in books.receipts.in_group(order_id):
        if receipt.active:
            books.receipts.modify(receipt.id, sync_status="Exported")
