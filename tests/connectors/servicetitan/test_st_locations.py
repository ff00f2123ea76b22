"""Locations are read as parties of their own, called after their customer and again when he is called otherwise."""

from __future__ import annotations

import pytest

from ml_connector.canonical.documents import decode, encode
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Address
from ml_connector.connectors.reading import Reading, Row
from tests.connectors.servicetitan.servicetitan_script import Script, asked, customer, location, pages, stamp

pytestmark = pytest.mark.anyio
LATE = "2026-06-01T13:00:00Z"


def script(*locations: dict[str, object]) -> Script:
    found = Script()
    found.lists["customers"] = [
        customer(1, stamp(1), name="Bell"),
        customer(2, stamp(2), name="Cole", type="Commercial"),
    ]
    found.lists["locations"] = list(locations)
    return found


async def rows(of: Script, *ids: str, cursor: bytes | None = None) -> list[Row]:
    return [row for page in await pages(of, Reading("locations", cursor, ids=ids)) for row in page.rows]


async def read(of: Script, *ids: str) -> dict[str, Party]:
    return {row.id: row.document for row in await rows(of, *ids) if isinstance(row.document, Party)}


async def test_a_location_is_its_customers_and_called_after_both() -> None:
    of = script(location(5, 1, stamp(5)), location(6, 2, stamp(3), name="Depot", active=False))
    found = await read(of)
    assert {one.id: (one.name, one.private_person, one.active) for one in found.values()} == {
        "1-5": ("Bell, Location 5", True, True), "2-6": ("Cole, Depot", False, False),
    }  # fmt: skip
    one = found["1-5"]
    assert (one.kind, one.email, one.stamp) == ("customer", "", stamp(5))
    assert one.address == Address("7 Oak Ave", "", "Austin", "TX", "78702", "USA")
    assert decode(encode(one)) == one
    assert asked(of, "locations")[0]["active"] == "Any"


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ({"name": ""}, "Bell, 7 Oak Ave"),
        ({"name": None}, "Bell, 7 Oak Ave"),
        ({"name": "BELL "}, "Bell, 7 Oak Ave"),  # ServiceTitan's own suggestion tells nothing
        ({"name": "", "address": None}, ""),
    ],
)
async def test_one_without_a_name_of_its_own_is_called_after_its_street(shown: dict[str, object], name: str) -> None:
    assert (await read(script(location(5, 1, stamp(), **shown))))["1-5"].name == name


async def test_one_that_became_another_customers_is_another_party() -> None:
    of = script(location(5, 1, stamp()))
    first = await pages(of, Reading("locations"))
    of.lists["locations"] = [location(5, 2, LATE)]
    again = await rows(of, cursor=first[-1].cursor)
    assert {row.id for row in again} == {"2-5"}
    assert list(await read(of, "1-5")) == list(await read(of, "5")) == ["2-5"]


async def test_a_merged_one_names_the_one_that_is_left_with_its_customer() -> None:
    of = script(location(5, 1, stamp(), active=False, mergedToId=6), location(6, 2, stamp()))
    found = await read(of, "1-5")
    assert found["1-5"].merged_into == "2-6"
    of.lists["locations"].pop()
    (row,) = await rows(of, "5")
    assert (row.id, row.document) == ("1-5", None) and "location 6, it was merged into" in row.problem


async def test_another_name_of_the_customer_brings_his_locations_again() -> None:
    of = script(location(5, 1, stamp()), location(6, 2, stamp()), location(7, 1, stamp()))
    first = await pages(of, Reading("locations"))
    assert {row.id for page in first for row in page.rows} == {"1-5", "2-6", "1-7"}
    of.lists["customers"][0] = customer(1, LATE, name="Bell Estate")
    again = await rows(of, cursor=first[-1].cursor)
    names = {row.id: row.document.name for row in again if isinstance(row.document, Party)}
    assert names == {"1-5": "Bell Estate, Location 5", "1-7": "Bell Estate, Location 7"}
    assert asked(of, "customers")[-2]["excludeAccountingChangesFromModifiedDateRange"] == "true"


async def test_what_the_customer_owes_is_no_change_of_his_locations() -> None:
    of = script(location(5, 1, stamp()))
    (before,) = await rows(of, "5")
    of.lists["customers"][0] = customer(1, LATE, name="Bell", balance=900)
    (after,) = await rows(of, "5")
    assert before.raw == after.raw


async def test_one_whose_customer_or_row_cannot_be_read_is_told_apart() -> None:
    of = script(location(5, 9, stamp()), {**location(6, 2, stamp()), "active": "perhaps"})
    found = {row.id: row.problem for row in await rows(of)}
    assert set(found) == {"9-5", "2-6"}
    assert "its customer 9 cannot be read" in found["9-5"] and "active" in found["2-6"]
