"""Paging, windows, sorting, active, look-ups by id, and what bad parameters meet."""

from __future__ import annotations

from dataclasses import replace

import pytest
from servicetitan_world import Client, World

from ml_connector_sandbox.servicetitan.books import Vendor

pytestmark = pytest.mark.anyio


def add_vendors(world: World, count: int, **more: str) -> list[int]:
    return [world.books.add_vendor(Vendor(name=f"V{place}"), **more).id for place in range(count)]


async def test_the_envelope_has_fifty_rows_and_a_null_total_unless_asked(api: Client, world: World) -> None:
    add_vendors(world, 60)
    body = (await api.get("inventory/vendors")).body
    assert list(body) == ["page", "pageSize", "hasMore", "totalCount", "data"]
    assert (body["page"], body["pageSize"], body["hasMore"], body["totalCount"]) == (1, 50, True, None)
    assert len(body["data"]) == 50
    second = (await api.get("inventory/vendors", page=2, includeTotal="true")).body
    assert (len(second["data"]), second["hasMore"], second["totalCount"]) == (11, False, 61)


async def test_a_full_last_page_has_no_more_and_a_page_beyond_it_is_empty(api: Client, world: World) -> None:
    add_vendors(world, 49)
    body = (await api.get("inventory/vendors")).body
    assert (len(body["data"]), body["hasMore"]) == (50, False)
    beyond = (await api.get("inventory/vendors", page=2)).body
    assert (beyond["data"], beyond["hasMore"]) == ([], False)


async def test_pages_cover_every_row_once_and_in_no_order(api: Client, world: World) -> None:
    wanted = {
        world.vendor.id,
        *add_vendors(world, 300, modified_on="2026-05-02T08:00:00Z", created_on="2026-01-01"),
    }
    seen: list[int] = []
    for page in range(1, 5):
        seen += await api.ids("inventory/vendors", page=page, pageSize=100)
    assert len(seen) == len(wanted)
    assert set(seen) == wanted
    assert seen != sorted(seen)
    assert seen != sorted(seen, reverse=True)


@pytest.mark.parametrize(
    "params",
    [
        {"page": "0"}, {"pageSize": "0"}, {"pageSize": "x"}, {"active": "true"}, {"active": "All"},
        {"sort": "Id"}, {"sort": "+Name"}, {"sort": "+id"}, {"ids": "1,2"}, {"includeTotal": "yes"},
        {"modifiedOnOrAfter": "yesterday"}, {"modifiedOnOrAfter": "2026-05-01T00:00:00 00:00"},
        {"externalDataKey": "k"}, {"externalDataApplicationGuid": "no"}, {"pageSize": "5001"},
    ],
)  # fmt: skip
async def test_a_bad_value_is_400_naming_the_parameter(api: Client, params: dict[str, str]) -> None:
    answer = await api.get("inventory/vendors", **params)
    assert answer.status == 400
    assert set(answer.body) == {"type", "title", "status", "traceId", "errors", "data"}
    assert answer.body["status"] == 400
    assert set(answer.body["errors"]) & {*params, "externalDataApplicationGuid"}


async def test_a_page_size_above_the_maximum_may_be_clamped(api: Client, world: World) -> None:
    world.switches.clamp_page_size = True
    assert (await api.get("inventory/vendors", pageSize=9999)).body["pageSize"] == 5000


async def test_unknown_parameters_are_ignored(api: Client, world: World) -> None:
    assert await api.ids("inventory/vendors", name="No such vendor") == [world.vendor.id]
    assert (await api.get("accounting/inventory-bills", sort="nonsense")).status == 200


async def test_published_filters_the_emulator_lacks_are_refused_loudly(api: Client) -> None:
    assert (await api.get("accounting/inventory-bills", **{"customField.Operator": "Or"})).status == 501
    assert (await api.get("jpm/jobs", technicianId=5)).status == 501


async def test_windows_include_the_lower_bound_and_exclude_the_upper(api: Client, world: World) -> None:
    stamp, path = "2026-05-01T12:00:00.2876004Z", "inventory/vendors"
    assert await api.ids(path, modifiedOnOrAfter=stamp) == [world.vendor.id]
    assert await api.ids(path, modifiedOnOrAfter="2026-05-01T12:00:00.2876005Z") == []
    assert await api.ids(path, modifiedBefore=stamp) == []
    assert await api.ids(path, modifiedBefore="2026-05-01T12:00:00.2876005Z") == [world.vendor.id]
    assert await api.ids(path, modifiedOnOrAfter="2026-05-01T07:00:00.2876004-05:00") == [world.vendor.id]
    assert await api.ids(path, createdOnOrAfter="2026-01-01", createdBefore="2026-01-02") == [world.vendor.id]
    assert await api.ids(path, createdBefore="2026-01-01") == []


async def test_stamps_carry_up_to_seven_digits_without_trailing_zeros(api: Client, world: World) -> None:
    row = (await api.get(f"inventory/vendors/{world.vendor.id}")).body
    assert row["modifiedOn"] == "2026-05-01T12:00:00.2876004Z"
    assert row["createdOn"] == "2026-01-01T00:00:00Z"
    touched = world.books.vendors.touch(world.vendor.id)
    assert len(touched.modified_on.partition(".")[2]) == len("2500001Z")


async def test_lists_sort_both_ways_by_their_fields(api: Client, world: World) -> None:
    ids = [world.vendor.id, *add_vendors(world, 20)]
    assert await api.ids("inventory/vendors", sort="+Id") == sorted(ids)
    assert await api.ids("inventory/vendors", sort="-Id") == sorted(ids, reverse=True)
    assert (await api.ids("inventory/vendors", sort="+ModifiedOn"))[0] == world.vendor.id
    assert (await api.ids("inventory/vendors", sort="-CreatedOn"))[-1] == world.vendor.id
    assert (await api.get("accounting/tax-zones", sort="+ModifiedOn")).status == 400
    assert (await api.get("accounting/tax-zones", sort="+Name")).status == 200


async def test_a_plus_that_is_not_encoded_is_a_blank_and_refused(api: Client) -> None:
    answer = await api.send(
        "GET", api.host, "/inventory/v2/tenant/1001/vendors?sort=+Id",
        headers={"Authorization": api.token, "ST-App-Key": "ak1.demo"},
    )  # fmt: skip
    assert answer.status == 400


async def test_only_active_records_are_listed_unless_asked(api: Client, world: World) -> None:
    gone = world.books.add_vendor(Vendor(name="Gone", active=False)).id
    assert await api.ids("inventory/vendors") == [world.vendor.id]
    assert await api.ids("inventory/vendors", active="False") == [gone]
    assert set(await api.ids("inventory/vendors", active="Any")) == {world.vendor.id, gone}
    assert await api.ids("inventory/vendors", ids=str(gone)) == []
    assert await api.ids("inventory/vendors", ids=str(gone), active="Any") == [gone]


async def test_ids_are_repeated_on_vendors_and_a_comma_list_elsewhere(api: Client, world: World) -> None:
    first, second = add_vendors(world, 2)
    answer = await api.call("GET", "inventory/vendors", params=[("ids", str(first)), ("ids", str(second))])
    assert {row["id"] for row in answer.body["data"]} == {first, second}
    other = world.add_order()
    path = "inventory/purchase-orders"
    assert set(await api.ids(path, ids=f"{world.order.id},{other.id}")) == {world.order.id, other.id}
    assert await api.ids(path, ids="5") == []
    many = ",".join(str(place) for place in range(1, 52))
    assert (await api.get(path, ids=many)).status == 400
    assert (await api.get(path, ids="1,,2")).status == 400


async def test_lists_drift_between_pages(api: Client, world: World) -> None:
    add_vendors(world, 30)
    path, bound = "inventory/vendors", "2026-05-10T12:00:01Z"
    first = await api.ids(path, pageSize=10, modifiedBefore=bound)
    world.clock.advance(5)
    world.books.vendors.touch(first[0])  # leaves the window: every later row moves up by one place
    rest = await api.ids(path, pageSize=10, page=2, modifiedBefore=bound)
    rest += await api.ids(path, pageSize=100, modifiedBefore=bound, page=1)
    assert first[0] not in rest
    assert len(set(rest)) == 30


async def test_a_lag_shows_the_earlier_version_until_it_has_passed(api: Client, world: World) -> None:
    world.switches.read_after_write_lag_seconds = 10
    world.books.vendors.modify(world.vendor.id, memo="changing")
    world.clock.advance(1)
    world.books.vendors.modify(world.vendor.id, memo="changed")
    added = world.books.add_vendor(Vendor(name="New"))
    path = "inventory/vendors"
    listed = (await api.get(path)).body["data"]
    assert [(row["id"], row["memo"]) for row in listed] == [(world.vendor.id, "")]
    assert (await api.get(f"{path}/{world.vendor.id}")).body["memo"] == "changed"
    assert await api.ids(path, modifiedOnOrAfter="2026-05-10") == []
    world.clock.advance(11)
    assert set(await api.ids(path, modifiedOnOrAfter="2026-05-10")) == {world.vendor.id, added.id}


async def test_an_unknown_id_is_404_and_a_malformed_one_400(api: Client) -> None:
    paths = ("inventory/vendors", "inventory/purchase-orders", "accounting/gl-accounts", "accounting/ap-bills",
             "settings/business-units", "jpm/jobs")  # fmt: skip
    for path in paths:
        answer = await api.get(f"{path}/5")
        assert (answer.status, len(answer.body)) == (404, 6), path
        assert (await api.get(f"{path}/five")).status == 400, path


async def test_undocumented_fields_can_be_switched_on_everywhere(api: Client, world: World) -> None:
    world.switches.extra_fields, api.check_published = True, False
    page = (await api.get("inventory/purchase-orders")).body
    for part in (page, page["data"][0], page["data"][0]["items"][0], page["data"][0]["shipTo"]):
        assert "sandboxAddition" in part
    world.switches.extra_fields, api.check_published = False, True
    assert "sandboxAddition" not in (await api.get("inventory/purchase-orders")).body["data"][0]


async def test_ids_are_unique_within_a_tenant_only(world: World) -> None:
    other = world.company.add_tenant("1002", "Desert Heating")
    kept = other.add_vendor(replace(world.vendor, id=0, name="Desert's own"))
    assert kept.id == world.vendor.id
