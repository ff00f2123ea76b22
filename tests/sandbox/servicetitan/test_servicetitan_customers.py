"""Customers, contacts and locations: what moves modifiedOn, what a creation demands, and merging."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from servicetitan_receivables import Receivables, receivables
from servicetitan_world import GUID, Client, World

from ml_connector_sandbox.servicetitan.books import Contact, Customer

pytestmark = pytest.mark.anyio

LIST, LATER = "crm/customers", "2026-05-10T12:01:00Z"
ADDRESS = {"street": "1 Oak", "unit": None, "city": "Austin", "state": "TX", "zip": "78701", "country": "USA"}
NEW: dict[str, Any] = {"name": "Beta LLC", "address": ADDRESS, "locations": [{"name": "Shop", "address": ADDRESS}]}


@pytest.fixture
def ledger(world: World) -> Receivables:
    return receivables(world.books, world.account.id)


async def test_money_is_a_number_and_there_is_no_email(api: Client, ledger: Receivables) -> None:
    ledger.invoice("100.00")
    row = (await api.get(f"{LIST}/{ledger.customer.id}")).body
    assert (row["balance"], row["type"], row["mergedToId"]) == (Decimal("108.25"), "Commercial", None)
    assert "ap@acme.example" not in str(row)
    [contact] = (await api.get(f"{LIST}/{ledger.customer.id}/contacts")).body["data"]
    assert (contact["type"], contact["value"], contact["phoneSettings"]["phoneNumber"]) == (
        "Email", "ap@acme.example", "",
    )  # fmt: skip


async def test_a_payment_moves_the_customer_unless_accounting_is_left_out(
    api: Client, ledger: Receivables, world: World
) -> None:
    world.clock.advance(60)
    invoice = ledger.invoice("100.00")
    world.clock.advance(60)
    ledger.paid("10.00", {invoice.id: "10.00"})
    assert await api.ids(LIST, modifiedOnOrAfter=LATER) == [ledger.customer.id]
    left_out = {"excludeAccountingChangesFromModifiedDateRange": "true"}
    assert await api.ids(LIST, modifiedOnOrAfter=LATER, **left_out) == []
    assert await api.ids(LIST, modifiedBefore=LATER, **left_out) == [ledger.customer.id]
    assert await api.ids(LIST, modifiedBefore=LATER) == []
    world.clock.advance(60)
    ledger.books.crm.change_customer(ledger.customer.id, name="Acme Inc")
    assert await api.ids(LIST, modifiedOnOrAfter=LATER, **left_out) == [ledger.customer.id]


async def test_contacts_do_not_move_their_customer(api: Client, ledger: Receivables, world: World) -> None:
    before = (await api.get(f"{LIST}/{ledger.customer.id}")).body["modifiedOn"]
    world.clock.advance(60)
    path = f"{LIST}/{ledger.customer.id}/contacts"
    made = (await api.call("POST", path, json={"type": "MobilePhone", "value": "555-0100", "memo": None})).body
    changed = (await api.call("PATCH", f"{path}/{made['id']}", json={"value": "555-0199"})).body
    assert (changed["value"], changed["phoneSettings"]["phoneNumber"]) == ("555-0199", "555-0199")
    assert (await api.get(f"{LIST}/{ledger.customer.id}")).body["modifiedOn"] == before
    assert await api.ids(LIST, phone="555-0199") == [ledger.customer.id]
    assert await api.ids(LIST, phone="555-0100") == []
    bulk = f"{LIST}/contacts"
    assert await api.ids(bulk, modifiedOnOrAfter=LATER) == [made["id"]]
    assert len(await api.ids(bulk, customerIds=ledger.customer.id)) == 2
    assert (await api.get(bulk)).status == 400
    assert (await api.call("DELETE", f"{path}/{made['id']}")).text == b""
    assert await api.ids(LIST, phone="555-0199") == []
    assert await api.ids(bulk, modifiedOnOrAfter=LATER) == []
    fed = (await api.get("crm/export/customers/contacts")).body["data"]
    assert {one["value"]: (one["active"], one["customerId"]) for one in fed}["555-0199"] == (
        False, ledger.customer.id,
    )  # fmt: skip
    assert (await api.call("DELETE", f"{path}/{made['id']}")).status == 404
    for wrong in ({"type": "phone", "value": "1"}, {"type": "Phone"}, {"type": "Phone", "value": None}):
        assert (await api.call("POST", path, json=wrong)).status == 400, wrong
    assert (await api.get("crm/customers/5/contacts")).status == 404


async def test_a_new_customer_needs_an_address_and_a_location(api: Client, world: World) -> None:
    location = {**NEW["locations"][0], "contacts": [{"type": "Phone", "value": "555-0142"}]}
    external = {"applicationGuid": GUID, "externalData": [{"key": "xero", "value": "6a1f"}]}
    body = {**NEW, "locations": [location], "contacts": [{"type": "Email", "value": "b@x.example"}],
            "externalData": external, "taxExempt": True}  # fmt: skip
    made = (await api.call("POST", LIST, json=body)).body
    assert [one["name"] for one in made["locations"]] == ["Shop"]
    assert [one["value"] for one in made["locations"][0]["contacts"]] == ["555-0142"]
    # the contact of the location is copied to the customer
    assert sorted(one["value"] for one in made["contacts"]) == ["555-0142", "b@x.example"]
    assert (made["type"], made["taxExempt"], made["externalData"]) == (
        "Residential", True, [{"key": "xero", "value": "6a1f"}],
    )  # fmt: skip
    assert (await api.get(f"{LIST}/{made['id']}")).body["externalData"] == []
    look_up = {"externalDataApplicationGuid": GUID, "externalDataKey": "xero", "externalDataValues": "6a1f"}
    assert await api.ids(LIST, **look_up) == [made["id"]]
    before = len(world.books.customers)
    wrongs: list[dict[str, Any]] = [
        {"address": None}, {"locations": []}, {"locations": None}, {"type": "residential"}, {"name": " "},
        {"address": {**ADDRESS, "street": None}}, {"contacts": [{"type": "Email"}]},
        {"locations": [{"name": "x", "address": {}}]}, {"paymentTermId": 5},
    ]  # fmt: skip
    for wrong in wrongs:
        assert (await api.call("POST", LIST, json={**NEW, **wrong})).status == 400, wrong
    for name in ("name", "address", "locations"):
        short = {key: value for key, value in NEW.items() if key != name}
        assert (await api.call("POST", LIST, json=short)).status == 400, name
    assert len(world.books.customers) == before


async def test_a_change_takes_the_address_whole_and_merges_external_data(api: Client, ledger: Receivables) -> None:
    path = f"{LIST}/{ledger.customer.id}"
    whole = {**ADDRESS, "unit": "2", "latitude": 30.26, "longitude": -97.74}
    row = (await api.call("PATCH", path, json={"address": whole, "creditLimit": 500.5, "active": False})).body
    assert (row["address"]["latitude"], row["creditLimit"], row["active"]) == (
        Decimal("30.26"), Decimal("500.5"), False,
    )  # fmt: skip
    for wrong in ({"address": {**ADDRESS, "unit": "2"}}, {"address": {**whole, "unit": None}}, {"name": None},
                  {"active": "yes"}, {"paymentTermId": 5}):  # fmt: skip
        assert (await api.call("PATCH", path, json=wrong)).status == 400, wrong
    for mode, key, left in (("Replace", "a", {"a"}), ("Merge", "b", {"a", "b"}), (None, "c", {"c"})):
        data = {"applicationGuid": GUID, "externalData": [{"key": key, "value": "1"}]}
        body = {"externalData": {**data, "patchMode": mode} if mode else data}
        row = (await api.call("PATCH", path, json=body)).body
        assert {one["key"] for one in row["externalData"]} == left
    assert (await api.call("PATCH", f"{LIST}/5", json={})).status == 404


async def test_filters_of_customers_match_whole_texts(api: Client, ledger: Receivables) -> None:
    other = ledger.books.crm.add_customer(Customer(name="Zeta"))
    for query in ({"name": "Acme Offices"}, {"street": "3 Elm St"}, {"zip": "78702"}, {"ids": ledger.customer.id}):
        assert await api.ids(LIST, **query) == [ledger.customer.id], query
    assert await api.ids(LIST, name="acme") == []
    ledger.books.crm.change_customer(other.id, active=False)
    assert await api.ids(LIST, active="False") == [other.id]
    assert set(await api.ids(LIST, active="Any")) == {ledger.customer.id, other.id}
    assert await api.ids(LIST) == [ledger.customer.id]
    assert (await api.get(LIST, latitude="30")).status == 501


async def test_a_merged_customer_names_the_one_that_stands(api: Client, ledger: Receivables, world: World) -> None:
    crm, invoice = ledger.books.crm, ledger.invoice("100.00")
    second, third = crm.add_customer(Customer(name="Acme Office")), crm.add_customer(Customer(name="ACME"))
    world.clock.advance(60)
    crm.merge(ledger.customer.id, second.id)
    row = (await api.get(f"{LIST}/{ledger.customer.id}")).body
    assert (row["active"], row["mergedToId"], row["balance"]) == (False, second.id, 0)
    assert (await api.get(f"{LIST}/{second.id}")).body["balance"] == Decimal("108.25")
    [shown] = (await api.get("accounting/invoices", ids=invoice.id)).body["data"]
    assert shown["customer"] == {"id": second.id, "name": "Acme Office"}
    crm.merge(second.id, third.id)
    assert crm.standing(ledger.customer.id).id == third.id
    fed = (await api.get("crm/export/customers")).body["data"]
    assert {one["id"]: one["mergedToId"] for one in fed} == {
        ledger.customer.id: second.id, second.id: third.id, third.id: None,
    }  # fmt: skip
    for loser, winner in ((second.id, third.id), (third.id, second.id), (third.id, third.id)):
        with pytest.raises(ValueError, match="stand by themselves"):
            crm.merge(loser, winner)


async def test_documents_may_stay_with_the_customer_that_was_merged(api: Client, ledger: Receivables) -> None:
    invoice = ledger.invoice("100.00")
    winner = ledger.books.crm.add_customer(Customer(name="Acme Office"))
    ledger.books.crm.merge(ledger.customer.id, winner.id, documents_follow=False)
    assert await api.ids("accounting/invoices", customerId=ledger.customer.id) == [invoice.id]


async def test_locations_are_created_changed_and_fed(api: Client, ledger: Receivables, world: World) -> None:
    zone = next(iter(world.books.tax_zones))
    body = {"name": "Annex", "customerId": ledger.customer.id, "address": ADDRESS, "tagTypeIds": [4, 5],
            "contacts": [{"type": "Phone", "value": "555-0177"}]}  # fmt: skip
    made = (await api.call("POST", "crm/locations", json=body)).body
    assert ([one["value"] for one in made["contacts"]], made["tagTypeIds"]) == (["555-0177"], [4, 5])
    own = (await api.get(f"{LIST}/{ledger.customer.id}/contacts")).body["data"]
    assert sorted(one["value"] for one in own) == ["555-0177", "ap@acme.example"]
    path = f"crm/locations/{made['id']}"
    assert [one["value"] for one in (await api.get(f"{path}/contacts")).body["data"]] == ["555-0177"]
    assert await api.ids("crm/locations/contacts", locationIds=made["id"]) == [made["contacts"][0]["id"]]
    [fed] = (await api.get("crm/export/locations/contacts")).body["data"]
    assert (fed["locationId"], fed["active"]) == (made["id"], True)
    changed = (await api.call("PATCH", path, json={"taxZoneId": zone.id, "tagTypeIds": [6]})).body
    assert (changed["taxZoneId"], changed["tagTypeIds"]) == (zone.id, [6])
    assert (await api.get(path)).body["name"] == "Annex"
    assert await api.ids("crm/locations", name="Annex", customerId=ledger.customer.id) == [made["id"]]
    assert made["id"] in [one["id"] for one in (await api.get("crm/export/locations")).body["data"]]
    assert (await api.call("PATCH", path, json={"taxZoneId": 5})).status == 409
    assert (await api.call("POST", "crm/locations", json={**body, "customerId": 5})).status == 409
    assert (await api.call("POST", "crm/locations", json={**body, "customerId": None})).status == 400
    assert (await api.call("PATCH", path, json={"address": {"street": "x"}})).status == 400
    assert (await api.get("crm/locations/5")).status == 404


async def test_each_resource_needs_its_own_scope(api: Client, ledger: Receivables, world: World) -> None:
    held = world.company.grants["production", "cid.a"].scopes
    wants = {
        "crm/customers": "crm.customers", "crm/customers/contacts": "crm.customers", "crm/locations": "crm.locations",
        "accounting/invoices": "acc.invoices", "accounting/payments": "acc.payments",
        "accounting/payment-types": "acc.paymenttypes", "accounting/payment-terms": "acc.paymentterms",
        "accounting/bank-deposits": "acc.bankdeposits", "accounting/credit-memos": "acc.creditmemos",
        "accounting/credit-memos/credit-memo-items": "acc.creditmemos",
        "inventory/export/purchase-orders": "inv.purchaseorders",
    }  # fmt: skip
    for path, scope in wants.items():
        world.company.change_scopes("cid.a", tuple(one for one in held if one != f"tn.{scope}:r"))
        api.token = (await api.ask_token()).body["access_token"]
        assert (await api.get(path, customerIds=1)).status == 403, path


async def test_a_contact_of_an_unknown_kind_is_refused(ledger: Receivables) -> None:
    with pytest.raises(ValueError, match="Phone, Email"):
        ledger.books.crm.add_contact(Contact(customer_id=ledger.customer.id, type="Pager", value="1"))


async def test_switching_a_customer_off_may_be_ignored(api: Client, ledger: Receivables, world: World) -> None:
    world.switches.customer_active_can_be_changed = False
    path = f"{LIST}/{ledger.customer.id}"
    row = (await api.call("PATCH", path, json={"active": False, "taxExempt": True})).body
    assert (row["active"], row["taxExempt"]) == (True, True)


async def test_custom_fields_are_refused_rather_than_dropped(api: Client, ledger: Receivables) -> None:
    body = {"customFields": [{"typeId": 1, "value": "x"}]}
    for method, path in (("POST", LIST), ("PATCH", f"{LIST}/{ledger.customer.id}")):
        assert (await api.call(method, path, json={**NEW, **body})).status in (400, 501)
    assert (await api.call("PATCH", f"{LIST}/{ledger.customer.id}", json=body)).status == 501


async def test_a_payment_that_lags_shows_the_customer_before_it(api: Client, ledger: Receivables, world: World) -> None:
    world.clock.advance(60)
    world.switches.read_after_write_lag_seconds = 10
    ledger.paid("10.00")
    assert [one["balance"] for one in (await api.get(LIST)).body["data"]] == [0]
    world.clock.advance(11)
    assert [one["balance"] for one in (await api.get(LIST)).body["data"]] == [-10]
