"""Purchase orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from xero_world import ZERO, Answer, Sandbox

pytestmark = pytest.mark.anyio


def order(sandbox: Sandbox, number: str = "ST-PO-1", **more: Any) -> dict[str, Any]:
    vendor = sandbox.books.contacts.having("number", "ST-V-1")[0]
    return {
        "PurchaseOrderNumber": number,
        "Contact": {"ContactID": vendor.contact_id},
        "Date": "2026-10-04",
        "LineItems": [sandbox.line("100.1234", 1, AccountCode="300")],
        **more,
    }


async def put(sandbox: Sandbox, **more: Any) -> Answer:
    return await sandbox.api("PUT", "/PurchaseOrders", {"PurchaseOrders": [order(sandbox, **more)]})


async def step(sandbox: Sandbox, made: dict[str, Any], status: str) -> Answer:
    return await sandbox.api("POST", f"/PurchaseOrders/{made['PurchaseOrderID']}", {"Status": status})


async def test_an_order_keeps_four_decimals_and_posts_nothing(sandbox: Sandbox) -> None:
    made = (await put(sandbox, DeliveryInstructions="Door", DeliveryDate="2026-10-09")).body["PurchaseOrders"][0]
    assert made["LineItems"][0]["UnitAmount"] == Decimal("100.1234")
    assert (made["Status"], made["Total"], made["Type"]) == ("DRAFT", Decimal("115.14"), "PURCHASEORDER")
    assert made["DeliveryDateString"] == "2026-10-09T00:00:00" and made["Contact"]["IsSupplier"] is False
    assert sandbox.books.ledger.balances() == {}
    read = (await sandbox.get("/PurchaseOrders/ST-PO-1")).body["PurchaseOrders"][0]
    assert read["DeliveryInstructions"] == "Door"
    long = await put(sandbox, number="X", DeliveryInstructions="x" * 501)
    assert long.status == 400


@pytest.mark.parametrize(
    ("steps", "last_fits"),
    [
        (["SUBMITTED", "AUTHORISED", "BILLED", "DELETED"], True),
        (["SUBMITTED", "DRAFT"], True),
        (["AUTHORISED", "DRAFT"], False),
        (["BILLED", "AUTHORISED"], False),
        (["NONSENSE"], False),
    ],
)
async def test_transitions(sandbox: Sandbox, steps: list[str], last_fits: bool) -> None:
    made = (await put(sandbox)).body["PurchaseOrders"][0]
    answers = [await step(sandbox, made, one) for one in steps]
    assert all(one.status == 200 for one in answers[:-1])
    assert (answers[-1].status == 200) == last_fits
    if not last_fits:
        assert answers[-1].messages == ["PurchaseOrder status change is invalid"]
        sandbox.switches.order_steps_back = True
        assert ((await step(sandbox, made, steps[-1])).status == 200) == (steps[-1] != "NONSENSE")


async def test_numbers(sandbox: Sandbox) -> None:
    made = (await put(sandbox)).body["PurchaseOrders"][0]
    assert (await put(sandbox)).messages == ["Order number must be unique"]
    again = await sandbox.api("POST", "/PurchaseOrders", order(sandbox, Reference="upsert"))
    assert again.body["PurchaseOrders"][0]["PurchaseOrderID"] == made["PurchaseOrderID"]
    unnumbered = (await put(sandbox, number="")).body["PurchaseOrders"][0]
    assert unnumbered["PurchaseOrderNumber"] == "PO-0001"


async def test_the_number_of_a_deleted_order_stays_held(sandbox: Sandbox) -> None:
    made = (await put(sandbox)).body["PurchaseOrders"][0]
    assert (await step(sandbox, made, "DELETED")).status == 200
    body = {"PurchaseOrders": [order(sandbox)]}
    answer = await sandbox.api("POST", "/PurchaseOrders", body, summarizeErrors="false")
    element = answer.body["PurchaseOrders"][0]
    assert (answer.status, element["PurchaseOrderID"]) == (200, ZERO)
    assert (element["HasErrors"], element["StatusAttributeString"]) == (True, "ERROR")
    assert answer.messages == ["PurchaseOrder status change is invalid", "Deleted PurchaseOrders cannot be updated"]


async def test_lists_are_always_paged_and_know_no_where(sandbox: Sandbox) -> None:
    made = (await put(sandbox)).body["PurchaseOrders"][0]
    await put(sandbox, number="B", Date="2026-11-01", Status="AUTHORISED")
    listed = await sandbox.get("/PurchaseOrders", where="nonsense is ignored")
    assert listed.body["pagination"]["itemCount"] == 2 and listed.body["PurchaseOrders"][0]["LineItems"]
    for query, count in (({"Status": "AUTHORISED"}, 1), ({"DateFrom": "2026-10-05"}, 1), ({"DateTo": "2026-10-03"}, 0)):
        assert len((await sandbox.get("/PurchaseOrders", **query)).body["PurchaseOrders"]) == count
    await step(sandbox, made, "DELETED")
    assert len((await sandbox.get("/PurchaseOrders")).body["PurchaseOrders"]) == 1
    sandbox.switches.deleted_orders_listed = True
    assert len((await sandbox.get("/PurchaseOrders")).body["PurchaseOrders"]) == 2


async def test_orders_make_no_contacts(sandbox: Sandbox) -> None:
    answer = await put(sandbox, Contact={"Name": "Jane Doe"})
    assert answer.messages == ["A Contact must be specified for this type of transaction"]
    assert (await put(sandbox, Contact={"ContactNumber": "ST-V-1"})).status == 200


async def test_the_embedded_stamp_may_be_ahead(sandbox: Sandbox) -> None:
    await put(sandbox)
    sandbox.switches.order_contact_stamp_ahead = True
    (row,) = (await sandbox.get("/PurchaseOrders")).body["PurchaseOrders"]
    assert row["Contact"]["UpdatedDateUTC"] == "/Date(1789421399100+0000)/"
