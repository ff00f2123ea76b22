"""The export feed of bills."""

from __future__ import annotations

from typing import Any

import pytest
from servicetitan_world import Client, World

from ml_connector_sandbox.servicetitan.books import Bill

pytestmark = pytest.mark.anyio

FEED, STAMP = "accounting/export/inventory-bills", "2026-05-02T08:00:00.1234567Z"


def add_bills(world: World, count: int, stamp: str = STAMP) -> list[int]:
    made = []
    for place in range(count):
        bill = Bill(reference_number=f"B{place}", vendor_id=world.vendor.id, bill_date=world.order.order_date)
        made.append(world.books.add_bill(bill, stamp).id)
    return made


async def drained(api: Client, **params: str) -> tuple[list[int], str, list[str]]:
    """Every id until hasMore is false, the last token, and all tokens."""
    ids: list[int] = []
    tokens: list[str] = []
    more = True
    while more:
        body: dict[str, Any] = (await api.get(FEED, **params)).body
        assert list(body) == ["hasMore", "continueFrom", "data"]
        ids += [row["id"] for row in body["data"]]
        tokens.append(body["continueFrom"])
        more, params = body["hasMore"], {**params, "from": body["continueFrom"]}
    return ids, tokens[-1], tokens


async def test_pages_go_on_where_the_last_ended_even_inside_one_stamp(api: Client, world: World) -> None:
    world.switches.export_page_size = 100
    wanted = add_bills(world, 300) + add_bills(world, 5, "2026-05-03")
    ids, _, tokens = await drained(api)
    assert ids == wanted
    assert len(set(tokens)) == len(tokens) == 4


async def test_a_page_with_rows_never_answers_the_token_it_was_asked_with(api: Client, world: World) -> None:
    add_bills(world, 3)
    first = (await api.get(FEED)).body["continueFrom"]
    second = (await api.get(FEED)).body["continueFrom"]
    assert first != second
    empty = (await api.get(FEED, **{"from": first})).body
    assert empty == {"hasMore": False, "continueFrom": first, "data": []}


async def test_changes_and_deletions_come_again_after_the_last_token(api: Client, world: World) -> None:
    wanted = add_bills(world, 3)
    _, token, _ = await drained(api)
    world.books.modify_bill(wanted[1], summary="edited")
    world.books.delete_bill(wanted[0])
    body = (await api.get(FEED, **{"from": token})).body
    assert {row["id"]: row["active"] for row in body["data"]} == {wanted[0]: False, wanted[1]: True}


async def test_a_date_or_an_instant_starts_there(api: Client, world: World) -> None:
    add_bills(world, 2)
    later = add_bills(world, 2, "2026-05-03T00:00:00Z")
    for start in ("2026-05-03", "2026-05-03T00:00:00Z", "2026-05-02T19:00:00-05:00"):
        assert (await drained(api, **{"from": start}))[0] == later
    for wrong in ("soon", "eyJ0IjoyfQ=="):
        assert (await api.get(FEED, **{"from": wrong})).status == 400


async def test_a_token_of_another_tenant_means_nothing(api: Client, world: World) -> None:
    add_bills(world, 1)
    _, token, _ = await drained(api)
    world.company.add_tenant("1002", "Desert Heating")
    world.company.add_grant("ak1.demo", "1002", "cid.b", "cs1.b", ("tn.acc.inventorybills:r",))
    api.token = (await api.ask_token(client_id="cid.b", client_secret="cs1.b")).body["access_token"]
    api.tenant = "1002"
    assert (await api.get(FEED, **{"from": token})).status == 400


async def test_recent_changes_come_early_and_again_until_the_lag_has_passed(api: Client, world: World) -> None:
    world.switches.export_lag_seconds = 60
    old = add_bills(world, 2)
    recent = add_bills(world, 2, "2026-05-10T12:00:00Z")
    assert (await drained(api))[0] == old
    ids, token, _ = await drained(api, includeRecentChanges="true")
    assert ids == old + recent
    again, token, _ = await drained(api, includeRecentChanges="true", **{"from": token})
    assert again == recent
    world.clock.advance(61)
    last, token, _ = await drained(api, includeRecentChanges="true", **{"from": token})
    assert last == recent
    assert (await drained(api, includeRecentChanges="true", **{"from": token}))[0] == []
    assert (await api.get(FEED, includeRecentChanges="maybe")).status == 400


async def test_the_feed_keeps_the_read_after_write_lag(api: Client, world: World) -> None:
    world.switches.read_after_write_lag_seconds = 10
    made = add_bills(world, 1, "2026-05-10T12:00:00Z")
    assert (await drained(api))[0] == []
    world.clock.advance(20)
    assert (await drained(api))[0] == made


async def test_a_change_within_the_lag_leaves_its_document_where_it_stood_in_the_feed(
    api: Client, world: World
) -> None:
    old = add_bills(world, 2)
    world.switches.read_after_write_lag_seconds = 10
    world.books.bills.touch(old[0])
    ids, token, _ = await drained(api)
    assert ids == old
    assert (await drained(api, **{"from": token}))[0] == []
    world.clock.advance(20)
    assert (await drained(api, **{"from": token}))[0] == [old[0]]
