"""Returns and AP credits: what goes back, what the vendor credits for it, and on which bills that stands."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from servicetitan_world import APP_KEY, GUID, SCOPES, Client, World

from ml_connector_sandbox.servicetitan.books import ApCredit, Bill, Return, ReturnItem, Vendor

pytestmark = pytest.mark.anyio

RETURNS, FEED, CREDITS = "inventory/returns", "inventory/export/returns", "accounting/ap-credits"
MARK = f"{CREDITS}/markasexported"


@pytest.fixture
def bill(world: World) -> Bill:
    """276.03: items 249.38 (10 of 20 and 4 of 12.345), tax 16.65, shipping 10.00."""
    _, kept = world.books.receive(world.order.id, vendor_invoice_number="INV-1", shipping=Decimal("10.00"))
    assert kept is not None
    return kept


def goods(world: World, number: str = "RT-1", **more: Any) -> Return:
    """Two capacitors of 20, tax 3.30, shipping 5, of which the vendor keeps 4."""
    item = ReturnItem(code="CAP", name="Capacitor", quantity=Decimal(2), cost=Decimal(20), description="<b>Run</b>")
    values: dict[str, Any] = {
        "number": number, "vendor_id": world.vendor.id, "business_unit_id": world.unit.id, "items": (item,),
        "return_date": date(2026, 5, 8), "tax": Decimal("3.30"), "shipping": Decimal("5.00"),
        "restocking_fee": Decimal("4.00"), "purchase_order_id": world.order.id,
    }  # fmt: skip
    return world.books.returning.send_back(Return(**{**values, **more}))


async def one_of(api: Client, path: str, **params: Any) -> dict[str, Any]:
    [row] = (await api.get(path, **params)).body["data"]
    found: dict[str, Any] = row
    return found


async def test_a_return_has_lines_and_its_credit_has_none(api: Client, world: World, bill: Bill) -> None:
    sent = goods(world)
    credit = world.books.returning.receive_credit(sent.id, {bill.id: Decimal("30.00")}, reference_number="CM-77")
    row = await one_of(api, CREDITS)
    assert (row["inventoryReturnId"], row["referenceNumber"], row["number"]) == (sent.id, "CM-77", "VC-RT-1")
    assert (row["amount"], row["appliedAmount"], row["status"], row["syncStatus"]) == (
        Decimal("44.30"), Decimal("30.00"), "Unreconciled", "Pending",
    )  # fmt: skip
    assert row["vendor"] == {"id": world.vendor.id, "name": world.vendor.name} and not row.keys() & {"items", "lines"}
    [split] = row["splits"]
    assert (split["inventoryBillId"], split["vendorCreditId"], split["amount"]) == (bill.id, credit.id, Decimal(30))
    back = await one_of(api, RETURNS)
    assert (back["status"], back["returnAmount"], back["taxAmount"], back["shippingAmount"]) == (
        "CreditReceived", Decimal("44.30"), Decimal("3.30"), Decimal("5.00"),
    )  # fmt: skip
    [item] = back["items"]
    assert (item["code"], item["quantity"], item["cost"], item["description"]) == ("CAP", 2, 20, "<b>Run</b>")
    world.switches.restocking_fee_lessens_returns = False
    assert (await one_of(api, RETURNS))["returnAmount"] == Decimal("48.30")


async def test_neither_has_a_read_by_id(api: Client, world: World) -> None:
    for path in (f"{RETURNS}/{goods(world).id}", f"{CREDITS}/5"):
        answer = await api.get(path)
        assert (answer.status, answer.body["title"]) == (404, "Unable to match incoming request to an operation.")


@pytest.mark.parametrize(("path", "scope"), [(RETURNS, "tn.inv.returns:r"), (FEED, "tn.inv.returns:r"), (
    CREDITS, "tn.acc.apcredits:r")])  # fmt: skip
async def test_each_read_needs_its_scope(api: Client, world: World, path: str, scope: str) -> None:
    world.company.change_scopes("cid.a", tuple(one for one in SCOPES if one != scope))
    api.token = (await api.ask_token()).body["access_token"]
    answer = await api.get(path)
    assert answer.status == 403 and scope in answer.body["title"]
    assert list(answer.body) == ["type", "status", "title", "traceId"] and api.app_key == APP_KEY


async def test_marking_needs_the_right_to_write(api: Client, world: World) -> None:
    world.company.change_scopes("cid.a", tuple(one for one in SCOPES if one != "tn.acc.apcredits:w"))
    api.token = (await api.ask_token()).body["access_token"]
    assert (await api.call("POST", MARK, json=[{"apCreditId": 1}])).status == 403
    assert (await api.get(CREDITS)).status == 200


async def test_marking_answers_for_each_credit(api: Client, world: World) -> None:
    credit = world.books.returning.receive_credit(goods(world).id)
    world.clock.advance(60)
    answer = await api.call("POST", MARK, json=[{"apCreditId": credit.id}, {"apCreditId": 5}])
    assert [(one["apCreditId"], one["success"], bool(one["errorMessage"])) for one in answer.body] == [
        (credit.id, True, False), (5, False, True),
    ]  # fmt: skip
    row = await one_of(api, CREDITS)
    assert row["syncStatus"] == "Exported" and row["modifiedOn"] > row["createdOn"]
    assert (await one_of(api, RETURNS))["syncStatus"] == "Exported"
    world.switches.mark_exported_twice_fails = True
    [again] = (await api.call("POST", MARK, json=[{"apCreditId": credit.id}])).body
    assert not again["success"]
    for wrong in ({}, [5], [{}], [{"apCreditId": "5"}]):
        assert (await api.call("POST", MARK, json=wrong)).status == 400, wrong
    world.switches.refuse_unknown_properties = True
    assert (await api.call("POST", MARK, json=[{"apCreditId": 5, "externalId": "x"}])).status == 400


async def test_a_return_stays_where_it_was_if_the_switch_says_so(api: Client, world: World) -> None:
    world.switches.return_exported_with_credit = world.switches.mark_exported_moves_modified_on = False
    credit = world.books.returning.receive_credit(goods(world).id)
    world.clock.advance(60)
    await api.call("POST", MARK, json=[{"apCreditId": credit.id}])
    row = await one_of(api, CREDITS)
    assert row["syncStatus"] == "Exported" and row["modifiedOn"] == row["createdOn"]
    assert (await one_of(api, RETURNS))["syncStatus"] == "Pending"


async def test_credits_are_asked_by_state_and_window(api: Client, world: World) -> None:
    books = world.books.returning
    first, second = books.receive_credit(goods(world).id), books.receive_credit(goods(world, "RT-2").id)
    world.clock.advance(60)
    books.post([second.id], "May")
    books.mark_exported(first.id)
    world.books.ap_credits.modify(first.id, active=False)
    assert await api.ids(CREDITS, syncStatuses="PostedAndExported", sort="+Id") == [first.id, second.id]
    assert await api.ids(CREDITS, syncStatuses="Exported") == [first.id]
    assert await api.ids(CREDITS, modifiedOnOrAfter="2026-05-10T12:00:30Z", sort="-Id") == [second.id, first.id]
    assert await api.ids(CREDITS, ids=f"{first.id}") == [first.id]
    world.switches.inactive_ap_credits_are_listed = False
    assert await api.ids(CREDITS) == [second.id]
    for wrong in ({"syncStatuses": "posted"}, {"ids": "x"}, {"pageSize": "5001"}, {"sort": "Id"}):
        assert (await api.get(CREDITS, **wrong)).status == 400, wrong
    assert (await api.get(CREDITS, **{"customField.Fields": "x"})).status == 501


async def test_every_filter_tells_two_returns_apart(api: Client, world: World) -> None:
    other_vendor = world.books.add_vendor(Vendor(name="Other"))
    data = {GUID: {"k": "v"}}
    one = goods(world, reference_number="RMA-1", job_id=world.job.id, inventory_location_id=3, external_data=data)
    other = goods(world, "RT-2", vendor_id=other_vendor.id, purchase_order_id=None, return_date=date(2026, 5, 9))
    world.books.returning.post([world.books.returning.receive_credit(one.id).id], "May")
    batch = world.books.returns[one.id].batch
    assert batch is not None
    look_up = {"externalDataApplicationGuid": GUID, "externalDataKey": "k", "externalDataValues": "v"}
    for params in ({"number": "RT-1"}, {"referenceNumber": "RMA-1"}, {"jobId": world.job.id}, look_up, {
        "purchaseOrderId": world.order.id}, {"batchId": batch.id}, {"vendorIds": world.vendor.id}, {
        "inventoryLocationIds": "3"}, {"syncStatuses": "Posted,Exported"}, {"returnDateBefore": "2026-05-09"}):  # fmt: skip
        assert await api.ids(RETURNS, **params) == [one.id], params
    assert await api.ids(RETURNS, returnDateOnOrAfter="2026-05-09") == [other.id]
    assert (await one_of(api, RETURNS, **look_up))["externalData"] == [{"key": "k", "value": "v"}]
    world.books.returns.modify(other.id, active=False)
    assert await api.ids(RETURNS, active="False") == [other.id]
    assert (await api.get(RETURNS, syncStatuses="posted")).status == 400
    assert (await api.get(RETURNS, **{"customFields.Fields": "x"})).status == 501


async def test_the_feed_goes_on_where_it_stopped_and_shows_deleted_ones(api: Client, world: World) -> None:
    one = goods(world)
    first = (await api.get(FEED)).body
    assert [row["id"] for row in first["data"]] == [one.id] and not first["hasMore"]
    world.clock.advance(60)
    world.books.returns.modify(one.id, active=False)
    again = (await api.get(FEED, **{"from": first["continueFrom"]})).body
    assert [(row["id"], row["active"]) for row in again["data"]] == [(one.id, False)]
    assert again["continueFrom"] != first["continueFrom"]
    assert (await api.get(FEED, **{"from": "nonsense"})).status == 400


async def test_what_does_not_fit_is_refused_and_changes_nothing(world: World, bill: Bill) -> None:
    returning, sent = world.books.returning, goods(world)
    other = world.books.add_vendor(Vendor(name="Other"))
    plain = ApCredit(vendor_id=world.vendor.id, credit_date=date(2026, 5, 8), amount=Decimal("500.00"))
    kept = returning.credit(plain, {bill.id: Decimal("276.00")})
    for refused in (
        lambda: returning.apply(kept.id, {bill.id: Decimal("0.04")}),
        lambda: returning.apply(kept.id, {5: Decimal(1)}),
        lambda: returning.apply(kept.id, {bill.id: Decimal(-1)}),
        lambda: returning.credit(ApCredit(vendor_id=other.id, credit_date=date(2026, 5, 8), amount=Decimal(0))),
        lambda: returning.credit(ApCredit(vendor_id=5, credit_date=date(2026, 5, 8), amount=Decimal(1))),
        lambda: returning.receive_credit(sent.id, {bill.id: Decimal(40)}),
        lambda: returning.cancel(sent.id, "Whim"),
        lambda: goods(world, vendor_id=5),
    ):
        with pytest.raises(ValueError):
            refused()
    assert world.books.returns[sent.id].status == "Pending" and len(world.books.ap_credits) == 1
    returning.take_off(kept.id, bill.id)
    with pytest.raises(ValueError):
        returning.credit(ApCredit(vendor_id=other.id, credit_date=date(2026, 5, 8), amount=Decimal(9)), {
            bill.id: Decimal(1)})  # fmt: skip
    assert returning.credited(bill.id) == 0 and world.books.ap_credits[kept.id].rest == Decimal("500.00")


async def test_what_is_over_is_over(api: Client, world: World, bill: Bill) -> None:
    returning, sent = world.books.returning, goods(world)
    returning.ship(sent.id)
    credit = returning.receive_credit(sent.id, {bill.id: Decimal("10.00")})
    for refused in (
        lambda: returning.ship(sent.id),
        lambda: returning.cancel(sent.id),
        lambda: returning.receive_credit(sent.id),
    ):
        with pytest.raises(ValueError):
            refused()
    returning.cancel_credit(credit.id)
    row = await one_of(api, CREDITS)
    assert (row["status"], row["appliedAmount"], row["splits"][0]["active"]) == ("Canceled", 0, False)
    assert row["canceledOn"] and returning.credited(bill.id) == 0
    with pytest.raises(ValueError):
        returning.apply(credit.id, {bill.id: Decimal(1)})
    other = returning.receive_credit(goods(world, "RT-2").id)
    returning.mark_exported(other.id)
    with pytest.raises(ValueError):
        returning.cancel_credit(other.id)
    with pytest.raises(ValueError):
        returning.post([other.id], "May")


async def test_both_show_in_what_the_books_say(world: World, bill: Bill) -> None:
    before = world.emulator.essence()
    assert "returns" not in before and "ap_credits" not in before
    world.books.returning.receive_credit(goods(world).id, {bill.id: Decimal("10.00")})
    after = world.emulator.essence()
    [said] = after["ap_credits"].values()
    assert said["splits"] == [{"bill": "INV-1", "amount": Decimal(10)}] and said["return"] == "RT-1"
    assert after["bills"] == before["bills"] and len(after["returns"]) == 1


async def test_stirring_moves_a_return_and_a_credit_and_says_nothing_new(world: World) -> None:
    credit = world.books.returning.receive_credit(goods(world).id)
    said = world.emulator.essence()
    world.clock.advance(60)
    world.emulator.stir()
    assert world.emulator.essence() == said
    assert all(one.modified_on > credit.modified_on for one in (*world.books.returns, *world.books.ap_credits))
