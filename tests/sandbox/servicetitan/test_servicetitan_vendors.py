"""Writing vendors, and their external data."""

from __future__ import annotations

from typing import Any

import pytest
from servicetitan_world import GUID, Client, World

pytestmark = pytest.mark.anyio

OTHER_GUID = "22222222-2222-4333-8444-555555555555"
PATH = "inventory/vendors"


def creation(**more: Any) -> dict[str, Any]:
    address = {
        "street": "1 Oak",
        "unit": "",
        "city": "Austin",
        "state": "TX",
        "zip": "78701",
        "country": "USA",
    }
    body = {
        "name": "Coil Co", "active": True, "isTruckReplenishment": False, "taxRate": 0.0825,
        "restrictedMobileCreation": True, "address": address, "memo": None, "firstName": "Pat",
        "paymentTermId": 7, "externalData": external({"key": "zoho", "value": "46"}),
    }  # fmt: skip
    return {**body, **more}


def external(*pairs: dict[str, Any], guid: str = GUID, **more: Any) -> dict[str, Any]:
    return {"applicationGuid": guid, "externalData": list(pairs), **more}


async def texts(api: Client, number: int, guid: str = GUID) -> dict[str, str]:
    row = (await api.get(f"{PATH}/{number}", externalDataApplicationGuid=guid)).body
    return {one["key"]: one["value"] for one in row["externalData"]}


async def test_a_created_vendor_answers_its_id_and_reads_under_other_names(api: Client, world: World) -> None:
    answer = await api.call("POST", PATH, json=creation())
    assert (answer.status, list(answer.body)) == (200, ["id"])
    row = (await api.get(f"{PATH}/{answer.body['id']}")).body
    assert (row["name"], row["memo"], row["isMobileCreationRestricted"]) == ("Coil Co", "", True)
    assert row["contactInfo"]["firstName"] == "Pat"
    assert str(row["defaultTaxRate"]) == "0.0825"
    assert "paymentTermId" not in row
    assert row["externalData"] == []
    assert world.books.vendors[answer.body["id"]].payment_term_id == 7


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"name": None}, "name"),
        ({"name": " "}, "name"),
        ({"taxRate": "0.0825"}, "taxRate"),
        ({"active": "true"}, "active"),
        ({"address": {"street": "1 Oak"}}, "address.zip"),
        ({"address": None}, "address"),
        ({"deliveryOption": "manual"}, "deliveryOption"),
        ({"externalData": {"applicationGuid": "no", "externalData": []}}, "externalData.applicationGuid"),
        ({"externalData": external({"key": "k", "value": None})}, "externalData.externalData[0].value"),
        ({"vendorContacts": [{"name": "x"}]}, "vendorContacts[0].email"),
    ],
)
async def test_what_a_creation_must_hold(api: Client, world: World, more: dict[str, Any], field: str) -> None:
    answer = await api.call("POST", PATH, json=creation(**more))
    assert answer.status == 400
    assert field in answer.body["errors"]
    assert len(world.books.vendors) == 1


async def test_every_required_property_is_missed(api: Client) -> None:
    answer = await api.call("POST", PATH, json={})
    required = {"name", "active", "isTruckReplenishment", "taxRate", "restrictedMobileCreation", "address"}
    assert set(answer.body["errors"]) == required
    assert (await api.call("POST", PATH, data=b"{")).status == 400


async def test_a_change_touches_only_what_it_names(api: Client, world: World) -> None:
    world.clock.advance(1)
    path = f"{PATH}/{world.vendor.id}"
    answer = await api.call("PATCH", path, json={"memo": "Net 30", "active": False})
    assert answer.body == {"id": world.vendor.id}
    row = (await api.get(path)).body
    assert (row["name"], row["memo"], row["active"]) == ("Parts Supply Co", "Net 30", False)
    assert row["modifiedOn"] > "2026-05-10"
    assert row["createdOn"] == "2026-01-01T00:00:00Z"
    assert (await api.call("PATCH", path, json={"address": {"zip": "1"}})).status == 400
    assert (await api.call("PATCH", path, json={"memo": None})).status == 400
    assert (await api.call("PATCH", f"{PATH}/5", json={})).status == 404


async def test_unknown_properties_are_ignored_or_refused(api: Client, world: World) -> None:
    path = f"{PATH}/{world.vendor.id}"
    assert (await api.call("PATCH", path, json={"colour": "red"})).status == 200
    world.switches.refuse_unknown_properties = True
    assert "colour" in (await api.call("PATCH", path, json={"colour": "red"})).body["errors"]


async def test_a_taken_name_is_refused_by_a_switch_only(api: Client, world: World) -> None:
    assert (await api.call("POST", PATH, json=creation(name="Parts Supply Co"))).status == 200
    world.switches.refuse_duplicate_vendor_names = True
    assert (await api.call("POST", PATH, json=creation(name="Parts Supply Co"))).status == 400
    same = {"name": "Parts Supply Co", "memo": "x"}
    assert (await api.call("PATCH", f"{PATH}/{world.vendor.id}", json=same)).status == 200


async def test_external_data_is_read_with_its_guid_only(api: Client) -> None:
    number = (await api.call("POST", PATH, json=creation())).body["id"]
    assert await texts(api, number) == {"zoho": "46"}
    assert await texts(api, number, GUID.upper()) == {"zoho": "46"}
    assert await texts(api, number, OTHER_GUID) == {}
    listed = (await api.get(PATH, externalDataApplicationGuid=GUID)).body["data"]
    assert {row["id"]: len(row["externalData"]) for row in listed}[number] == 1


async def test_replace_drops_the_other_keys_and_merge_keeps_them(api: Client) -> None:
    number = (await api.call("POST", PATH, json=creation())).body["id"]

    async def patch(data: dict[str, Any]) -> None:
        assert (await api.call("PATCH", f"{PATH}/{number}", json={"externalData": data})).status == 200

    await patch(external({"key": "xero", "value": "6a"}, patchMode="Merge"))
    assert await texts(api, number) == {"zoho": "46", "xero": "6a"}
    await patch(external({"key": "mine", "value": "1"}, guid=OTHER_GUID))
    await patch(external({"key": "zoho", "value": None}, patchMode="Merge"))
    assert await texts(api, number) == {"xero": "6a"}
    await patch(external({"key": "new", "value": "1"}))
    assert await texts(api, number) == {"new": "1"}
    assert await texts(api, number, OTHER_GUID) == {"mine": "1"}
    wrong = external({"key": "a", "value": "b"}, patchMode="merge")
    assert (await api.call("PATCH", f"{PATH}/{number}", json={"externalData": wrong})).status == 400


async def test_vendors_are_found_by_external_data(api: Client) -> None:
    number = (await api.call("POST", PATH, json=creation())).body["id"]
    look_up = {"externalDataApplicationGuid": GUID, "externalDataKey": "zoho", "externalDataValues": "45,46"}
    assert await api.ids(PATH, **look_up) == [number]
    assert await api.ids(PATH, **{**look_up, "externalDataValues": "45"}) == []
    assert await api.ids(PATH, **{**look_up, "externalDataApplicationGuid": OTHER_GUID}) == []
    many = ",".join(str(place) for place in range(51))
    assert (await api.get(PATH, **{**look_up, "externalDataValues": many})).status == 400


async def test_a_business_unit_keeps_external_data_and_changes_in_nothing_else(api: Client, world: World) -> None:
    path = f"settings/business-units/{world.unit.id}"
    body = {"name": "Other", "externalData": external({"key": "k", "value": "v"})}
    assert (await api.call("PATCH", path, json=body)).body == {"id": world.unit.id}
    row = (await api.get(path, externalDataApplicationGuid=GUID)).body
    assert (row["name"], row["externalData"]) == ("HVAC", [{"key": "k", "value": "v"}])
    assert (await api.get(path)).body["externalData"] == []
