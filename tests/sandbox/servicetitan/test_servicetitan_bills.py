"""inventory-bills, ap-bills and marking exported."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from servicetitan_world import Client, World

from ml_connector_sandbox.servicetitan.books import Bill, BillItem, ExpenseItem

pytestmark = pytest.mark.anyio

BILLS, PAGED, AP = "accounting/inventory-bills", "accounting/inventory-bills/paginated", "accounting/ap-bills"


def received(world: World, **more: object) -> Bill:
    _, bill = world.books.receive(world.order.id, vendor_invoice_number="INV-88", bill=dict(more))
    assert bill is not None
    return bill


def standalone(world: World, **more: object) -> Bill:
    values: dict[str, object] = {
        "reference_number": "B-1", "vendor_id": world.vendor.id, "bill_date": date(2026, 5, 3),
        "bill_type": "ApBill", "source": "Standalone",
        "expense_items": (ExpenseItem(amount=Decimal("50.00"), general_ledger_account_id=world.account.id),),
    }  # fmt: skip
    return world.books.add_bill(Bill(**{**values, **more}))  # type: ignore[arg-type]


async def test_the_plain_list_is_a_bare_array_and_the_paginated_one_an_envelope(api: Client, world: World) -> None:
    bill = received(world)
    plain = (await api.get(BILLS, includeTotal="true")).body
    assert isinstance(plain, list)
    assert [row["id"] for row in plain] == [bill.id]
    paged = (await api.get(PAGED, includeTotal="true")).body
    assert (paged["totalCount"], paged["data"]) == (1, plain)


async def test_amounts_are_texts_with_their_digits(api: Client, world: World) -> None:
    received(world)
    row = (await api.get(BILLS)).body[0]
    # 10 x 20 + 4 x 12.345 = 249.38, tax 16.65, shipping 15.00
    assert (row["billAmount"], row["taxAmount"], row["shippingAmount"]) == ("281.03", "16.65", "15.00")
    assert [item["cost"] for item in row["items"]] == ["20.0000000000", "12.3450000000"]
    assert row["items"][1]["quantity"] == "4.0000000000000000000"
    assert row["billDate"] == "2026-05-10T00:00:00Z"
    assert (row["vendorNumber"], row["syncStatus"], row["jobNumber"]) == ("INV-88", "Pending", "J-77")
    assert row["items"][0]["generalLedgerAccount"] == {
        "id": world.account.id, "name": "Materials", "number": "5100", "type": "Cost of Goods Sold",
        "detailType": "Supplies",
    }  # fmt: skip
    assert "status" not in row


async def test_bill_amount_may_leave_out_tax_and_shipping(api: Client, world: World) -> None:
    received(world)
    assert (await api.get(BILLS)).body[0]["billAmount"] == "281.03"
    world.switches.bill_amount_includes_tax_and_shipping = False
    assert (await api.get(BILLS)).body[0]["billAmount"] == "249.38"


async def test_a_renamed_vendor_shows_on_its_bills_at_once(api: Client, world: World) -> None:
    bill = received(world)
    assert (await api.get(BILLS)).body[0]["vendor"]["name"] == "Parts Supply Co"
    world.books.vendors.modify(world.vendor.id, name="Parts Supply Inc")
    row = (await api.get(BILLS)).body[0]
    assert row["vendor"]["name"] == "Parts Supply Inc"
    assert world.books.bills[bill.id].modified_on == bill.modified_on


async def test_inventory_bills_show_procurement_bills_unless_another_type_is_asked(api: Client, world: World) -> None:
    bill, other = received(world), standalone(world)
    assert await api.ids(BILLS) == [bill.id]
    assert await api.ids(BILLS, billType="ApBill") == [other.id]
    assert set(await api.ids(BILLS, billType="NotSet")) == {bill.id, other.id}
    assert (await api.get(BILLS, billType="apbill")).status == 400
    world.switches.inventory_bills_of_every_type = True
    assert set(await api.ids(BILLS)) == {bill.id, other.id}


async def test_expense_items_are_seen_on_ap_bills_only(api: Client, world: World) -> None:
    other = standalone(world)
    plain = (await api.get(BILLS, billType="ApBill")).body[0]
    assert (plain["billAmount"], plain["items"], "expenseItems" in plain) == ("50.00", [], False)
    whole = (await api.get(f"{AP}/{other.id}")).body
    assert whole["expenseItems"][0]["amount"] == "50.00"
    assert whole["expenseItems"][0]["generalLedgerAccount"]["id"] == world.account.id
    assert (whole["status"], whole["source"], whole["billType"]) == ("Unreconciled", "Standalone", "ApBill")


async def test_ap_bills_default_to_procurement_and_filter_by_status(api: Client, world: World) -> None:
    bill, other = received(world), standalone(world)
    assert await api.ids(AP) == [bill.id]
    assert await api.ids(AP, billType="ApBill") == [other.id]
    world.books.reconcile_bill(bill.id, vendor_number="INV-88A", do_not_pay=True)
    assert await api.ids(AP, statuses="Reconciled") == [bill.id]
    assert await api.ids(AP, statuses="Unreconciled") == []
    assert (await api.get(f"{AP}/{bill.id}")).body["doNotPay"] is True
    assert (await api.get(AP, statuses="reconciled")).status == 400
    assert (await api.get(AP, billType="RecurringBill")).status == 400
    world.books.cancel_bill(bill.id)
    row = (await api.get(AP, statuses="Canceled")).body["data"][0]
    assert row["dateCanceled"].startswith("2026-05-10T12:00:00.25")


async def test_ap_bills_need_the_module(api: Client, world: World) -> None:
    world.books.ap_module = False
    assert [(await api.get(AP)).status, (await api.get(f"{AP}/1")).status] == [403, 403]
    world.switches.ap_module_missing_status = 404
    assert (await api.get(AP)).status == 404
    assert (await api.get(BILLS)).status == 200


async def test_filters_of_both_lists(api: Client, world: World) -> None:
    bill = received(world)
    hits = {
        "billNumber": "440001", "jobNumber": "J-7", "purchaseOrderNumber": "4000", "purchaseOrderTypes": "1",
        "businessUnitIds": str(world.unit.id), "minCost": "281.03", "maxCost": "281.03", "ids": f"{bill.id},7",
        "dateFrom": "2026-05-10", "dateTo": "2026-05-11", "syncStatuses": "Pending",
    }  # fmt: skip
    misses = {
        "billNumber": "999", "jobNumber": "J-8", "purchaseOrderNumber": "5000", "purchaseOrderTypes": "2",
        "businessUnitIds": "1", "minCost": "281.04", "maxCost": "281.02", "ids": "7",
        "dateFrom": "2026-05-11", "dateTo": "2026-05-10", "syncStatuses": "PostedAndExported", "batchId": "1",
    }  # fmt: skip
    for name, value in hits.items():
        assert await api.ids(PAGED, **{name: value}) == [bill.id], name
    for name, value in misses.items():
        assert await api.ids(AP, **{name: value}) == [], name


async def test_sync_statuses_repeat_the_key_and_are_case_sensitive(api: Client, world: World) -> None:
    bill, other = received(world), standalone(world, bill_type="Procurement")
    batch = world.books.post_bills([bill.id], "May", date(2026, 5, 9))
    both = await api.call("GET", PAGED, params=[("syncStatuses", "Posted"), ("syncStatuses", "Pending")])
    assert {row["id"] for row in both.body["data"]} == {bill.id, other.id}
    assert await api.ids(PAGED, syncStatuses="PostedAndExported") == [bill.id]
    assert await api.ids(PAGED, batchId=str(batch.id)) == [bill.id]
    assert (await api.get(PAGED, ids=str(bill.id))).body["data"][0]["postDate"] == "2026-05-09T00:00:00Z"
    for wrong in ("Posted,Pending", "posted"):
        assert (await api.get(PAGED, syncStatuses=wrong)).status == 400


async def test_marking_exported_answers_per_bill(api: Client, world: World) -> None:
    bill = received(world)
    world.clock.advance(5)
    path = "accounting/inventory-bills/markasexported"
    answer = await api.call("POST", path, json={"inventoryBillIds": [bill.id, 5]})
    assert answer.status == 200
    assert answer.body[0] == {"inventoryBillId": bill.id, "success": True, "errorMessage": None}
    assert answer.body[1]["success"] is False
    assert "5" in answer.body[1]["errorMessage"]
    row = (await api.get(BILLS)).body[0]
    assert row["syncStatus"] == "Exported"
    assert row["modifiedOn"] > bill.modified_on[:19]
    for body in ({}, {"inventoryBillIds": "5"}, {"inventoryBillIds": ["5"]}, [5]):
        assert (await api.call("POST", path, json=body)).status == 400


async def test_ap_bills_are_marked_under_their_own_names(api: Client, world: World) -> None:
    other = standalone(world)
    answer = await api.call("POST", "accounting/ap-bills/markasexported", json={"billIds": [other.id]})
    assert answer.body == [{"billId": other.id, "success": True, "errorMessage": None}]


async def test_what_marking_demands_and_moves_is_switched(api: Client, world: World) -> None:
    bill, path = received(world), "accounting/inventory-bills/markasexported"
    body = {"inventoryBillIds": [bill.id]}
    world.switches.mark_exported_demands_posted = True
    assert (await api.call("POST", path, json=body)).body[0]["success"] is False
    world.books.post_bills([bill.id], "May", date(2026, 5, 9))
    world.switches.mark_exported_moves_modified_on = False
    before = world.books.bills[bill.id].modified_on
    world.clock.advance(5)
    assert (await api.call("POST", path, json=body)).body[0]["success"] is True
    assert world.books.bills[bill.id].modified_on == before
    world.switches.mark_exported_twice_fails = True
    assert (await api.call("POST", path, json=body)).body[0]["success"] is False


async def test_an_order_becomes_exported_with_its_last_bill(api: Client, world: World) -> None:
    first = {world.order.items[0].id: Decimal(4)}
    _, one = world.books.receive(world.order.id, first)
    _, two = world.books.receive(world.order.id)
    assert one is not None
    assert two is not None
    path, order = "accounting/inventory-bills/markasexported", f"inventory/purchase-orders/{world.order.id}"
    await api.call("POST", path, json={"inventoryBillIds": [one.id]})
    assert (await api.get(order)).body["status"] == "Received"
    await api.call("POST", path, json={"inventoryBillIds": [two.id]})
    assert (await api.get(order)).body["status"] == "Exported"
    assert {row["syncStatus"] for row in (await api.get("inventory/receipts")).body["data"]} == {"Exported"}


async def test_an_edit_and_a_deletion(api: Client, world: World) -> None:
    bill = received(world)
    world.clock.advance(1)
    edited = world.books.modify_bill(bill.id, vendor_number="INV-99", tax=Decimal("20.00"))
    assert edited.modified_on > bill.modified_on
    assert (await api.get(BILLS)).body[0]["billAmount"] == "284.38"
    world.books.delete_bill(bill.id)
    assert (await api.get(BILLS)).body == []
    assert (await api.get(f"{AP}/{bill.id}")).status == 404


async def test_the_newer_generation_adds_fields(api: Client, world: World) -> None:
    world.switches.newer_bill_fields, api.check_published = True, False
    bill = received(world, landed_cost_method="ByValue", other=Decimal("7.00"), pre_tax_charge=Decimal("1.00"))
    row = (await api.get(BILLS)).body[0]
    assert (row["landedCostMethod"], row["otherAmount"], row["dateReconciled"]) == ("ByValue", "7.00", None)
    assert row["billAmount"] == "289.03"
    # the capacitors are 200.00 of 249.38 of the goods
    assert Decimal(row["items"][0]["allocatedTax"]) == pytest.approx(Decimal("16.65") * 200 / Decimal("249.38"))
    assert Decimal(row["items"][0]["fullyLandedUnitCost"]) > 20
    whole = (await api.get(f"{AP}/{bill.id}")).body
    assert (whole["preTaxCharge"], whole["postTaxDiscountAmount"]) == ("1.00", "0.00")


async def test_a_stated_amount_that_does_not_tie_is_kept(api: Client, world: World) -> None:
    items = (BillItem(sku_code="X", name="X", quantity=Decimal(1), cost=Decimal(5)),)
    standalone(world, items=items, stated_amount=Decimal("99.99"), bill_type="Procurement")
    assert (await api.get(BILLS)).body[0]["billAmount"] == "99.99"
