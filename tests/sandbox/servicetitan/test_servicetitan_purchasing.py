"""Orders and receipts over the API, and what the books hold together."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from servicetitan_world import Client, World

from ml_connector_sandbox.servicetitan.books import Bill, Job, PurchaseOrder, PurchaseOrderItem

pytestmark = pytest.mark.anyio

ORDERS, RECEIPTS = "inventory/purchase-orders", "inventory/receipts"


async def test_orders_carry_numbers_a_status_and_no_sync_status(api: Client, world: World) -> None:
    row = (await api.get(f"{ORDERS}/{world.order.id}")).body
    assert (row["status"], row["total"], row["tax"]) == ("Pending", Decimal("281.03"), Decimal("16.65"))
    assert row["createdOn"] == "2026-05-01T12:00:00.0000001Z"
    assert row["date"] == "2026-05-01T00:00:00Z"
    assert "syncStatus" not in row
    assert "billId" not in row


async def test_orders_are_filtered(api: Client, world: World) -> None:
    other = world.add_order()
    world.books.send_purchase_order(other.id, "2026-05-04T09:00:00Z")
    assert await api.ids(ORDERS, status="Sent") == [other.id]
    assert await api.ids(ORDERS, sentOnOrAfter="2026-05-04", sentBefore="2026-05-05") == [other.id]
    assert await api.ids(ORDERS, number="440001") == [world.order.id]
    assert await api.ids(ORDERS, jobIds=str(world.job.id)) == [world.order.id]
    assert await api.ids(ORDERS, dateOnOrAfter="2026-05-02") == []
    assert len(await api.ids(ORDERS, dateOnOrAfter="2026-05-01", dateBefore="2026-05-02")) == 2
    assert (await api.get(ORDERS, status="received")).status == 400
    assert (await api.get(ORDERS, jobId="J")).status == 400


async def test_receiving_in_parts_makes_a_receipt_and_a_bill_each(api: Client, world: World) -> None:
    item = world.order.items[0]
    first, bill = world.books.receive(world.order.id, {item.id: Decimal(5)}, vendor_invoice_number="INV-1")
    assert bill is not None
    row = (await api.get(f"{ORDERS}/{world.order.id}")).body
    assert (row["status"], row["receivedOn"]) == ("PartiallyReceived", None)
    assert [one["status"] for one in row["items"]] == ["PartiallyReceived", "Pending"]
    # 100.00 of 249.38: tax 6.68 of 16.65, shipping 6.01 of 15.00
    assert (first.tax, first.shipping, first.amount) == (Decimal("6.68"), Decimal("6.01"), Decimal("112.69"))
    assert (bill.purchase_order_id, bill.vendor_number) == (world.order.id, "INV-1")
    second, last = world.books.receive(world.order.id, received_on=date(2026, 5, 11))
    assert last is not None
    row = (await api.get(f"{ORDERS}/{world.order.id}")).body
    assert (row["status"], row["receivedOn"] is None) == ("Received", False)
    assert first.amount + second.amount == Decimal("281.03")
    listed = (await api.get(RECEIPTS, purchaseOrderIds=str(world.order.id), sort="+Id")).body["data"]
    assert [one["billId"] for one in listed] == [bill.id, last.id]
    assert listed[0]["receiptAmount"] == Decimal("112.69")
    assert "id" not in listed[0]["items"][0]["generalLedgerAccount"]
    assert listed[1]["receivedOn"] == "2026-05-11T00:00:00Z"


async def test_receipts_are_filtered(api: Client, world: World) -> None:
    receipt, bill = world.books.receive(world.order.id, vendor_invoice_number="INV-1")
    assert bill is not None
    hits = {
        "vendorInvoiceNumber": "INV-1", "billId": bill.id, "vendorIds": f"{world.vendor.id},4",
        "syncStatuses": "Pending,Exported", "receivedOnOrAfter": "2026-05-10", "number": receipt.number,
    }  # fmt: skip
    for name, value in hits.items():
        assert await api.ids(RECEIPTS, **{name: value}) == [receipt.id], name
    assert await api.ids(RECEIPTS, receivedBefore="2026-05-10") == []
    assert await api.ids(RECEIPTS, vendorIds="4") == []
    assert (await api.get(RECEIPTS, syncStatuses="pending")).status == 400


async def test_a_company_without_bills_has_receipts_without_bill_ids(api: Client, world: World) -> None:
    world.books.keeps_bills = False
    receipt, bill = world.books.receive(world.order.id)
    assert (bill, receipt.bill_id) == (None, None)
    assert (await api.get(RECEIPTS)).body["data"][0]["billId"] is None
    assert (await api.get("accounting/inventory-bills")).body == []


async def test_what_cannot_be_received(world: World) -> None:
    item = world.order.items[0]
    for quantities, sentence in (
        ({item.id: Decimal(11)}, "10 is open"),
        ({item.id: Decimal(0)}, "0 received"),
        ({5: Decimal(1)}, "not on"),
        ({}, "nothing left"),
    ):
        with pytest.raises(ValueError, match=sentence):
            world.books.receive(world.order.id, quantities)
    assert len(world.books.receipts) == len(world.books.bills) == 0
    world.books.receive(world.order.id)
    with pytest.raises(ValueError, match="nothing left"):
        world.books.receive(world.order.id)
    with pytest.raises(ValueError, match="has receipts"):
        world.books.cancel_purchase_order(world.order.id)
    other = world.add_order()
    world.books.cancel_purchase_order(other.id)
    with pytest.raises(ValueError, match="is Canceled"):
        world.books.receive(other.id)


async def test_records_point_only_at_what_exists(world: World) -> None:
    books, day = world.books, date(2026, 5, 1)
    with pytest.raises(ValueError, match="no vendor 5"):
        books.add_purchase_order(PurchaseOrder(number="1", vendor_id=5, order_date=day, items=()))
    with pytest.raises(ValueError, match="no business unit 5"):
        books.add_job(Job(job_number="1", business_unit_id=5))
    with pytest.raises(ValueError, match="no tax zone 5"):
        books.add_bill(Bill(reference_number="1", vendor_id=world.vendor.id, bill_date=day, tax_zone_id=5))
    with pytest.raises(ValueError, match="exists already"):
        books.add_vendor(world.vendor)
    with pytest.raises(KeyError, match="no bill 5"):
        books.modify_bill(5, summary="x")


async def test_the_books_are_plain_values(world: World) -> None:
    world.books.receive(world.order.id)
    kept = world.emulator.books()["tenants"]["production/1001"]
    assert kept["name"] == "Polar Air"
    assert kept["bills"][0]["bill_date"] == "2026-05-10"
    assert kept["bills"][0]["tax"] == Decimal("16.65")
    assert set(kept) == {
        "name", "vendors", "purchase_orders", "receipts", "bills", "gl_accounts", "gl_account_types",
        "business_units", "tax_zones", "jobs", "customers", "locations", "contacts", "invoices", "invoice_items",
        "payments", "payment_types", "payment_terms", "credit_memos", "credit_memo_items", "bank_deposits",
        "returns", "ap_credits", "materials", "equipment", "services", "price_modifiers", "journal_entries",
    }  # fmt: skip


async def test_the_feed_of_orders_goes_on_after_each_change(api: Client, world: World) -> None:
    path = "inventory/export/purchase-orders"
    first = (await api.get(path)).body
    assert [(one["id"], one["status"]) for one in first["data"]] == [(world.order.id, "Pending")]
    assert first["data"][0]["total"] == Decimal("281.03")
    other = world.add_order()
    world.books.cancel_purchase_order(other.id)
    world.books.receive(world.order.id)
    again = (await api.get(path, **{"from": first["continueFrom"]})).body
    assert {one["id"]: one["status"] for one in again["data"]} == {other.id: "Canceled", world.order.id: "Received"}
    assert (await api.get(path, **{"from": "soon"})).status == 400


async def test_an_order_is_edited_until_it_is_exported_or_cancelled(api: Client, world: World) -> None:
    item = PurchaseOrderItem(sku_code="NEW", sku_name="New", quantity=Decimal(1), cost=Decimal("9.99"))
    kept = world.books.change_purchase_order(world.order.id, items=(*world.order.items, item), summary="more")
    assert [one.id for one in kept.items[:2]] == [one.id for one in world.order.items]
    row = (await api.get(f"inventory/purchase-orders/{kept.id}")).body
    assert (row["total"], row["summary"], row["items"][2]["skuCode"]) == (Decimal("291.02"), "more", "NEW")
    assert row["items"][2]["id"] > 0
    world.books.cancel_purchase_order(kept.id)
    with pytest.raises(ValueError, match="Canceled"):
        world.books.change_purchase_order(kept.id, summary="again")
