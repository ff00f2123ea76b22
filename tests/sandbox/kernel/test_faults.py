"""Every kind of fault at every vendor: what the client sees, what the books say, and which call it strikes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from fault_world import SERVICETITAN, XERO, ZOHO_BOOKS, Side, side, told, works

from ml_connector_sandbox.kernel.faults import KINDS, Fault

pytestmark = pytest.mark.anyio

NAME = "Faulty Parts Ltd"
LOST = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, aiohttp.ClientPayloadError)
AFTER = ("500 after", "502 after", "503 after")
BEFORE = ("500 before", "502 before", "503 before")
ANSWERED_WRONG = ("truncated", "not json", "wrong json")


@pytest.mark.parametrize("kind", BEFORE)
async def test_an_error_before_does_nothing(vendor: Side, kind: str) -> None:
    number = vendor.next
    vendor.strike(kind)
    answer = await vendor.write(NAME)
    assert answer.status == int(kind[:3])
    assert NAME not in vendor.names()
    assert vendor.faults.fired[0][1] == number
    assert (vendor.calls[number - 1].fault, vendor.calls[number - 1].status) == (kind, answer.status)
    assert (await vendor.write(NAME)).status in {200, 201}
    assert vendor.names().count(NAME) == 1


@pytest.mark.parametrize("kind", AFTER)
async def test_an_error_after_has_committed(vendor: Side, kind: str) -> None:
    vendor.strike(kind)
    answer = await vendor.write(NAME)
    assert answer.status == int(kind[:3])
    assert vendor.names().count(NAME) == 1
    await works(vendor)


async def test_an_error_is_worded_by_the_vendor_and_a_gateway_answers_a_page(vendor: Side) -> None:
    vendor.strike("500 before")
    vendor.strike("503 before")
    own, page = await vendor.read(), await vendor.read()
    assert told(own) in {1000, 500}
    assert "Date" in {name.title() for name in own.headers}
    assert page.text.startswith("<html>")
    assert page.headers["content-type"].startswith("text/html")


async def test_a_time_out_before_does_nothing(vendor: Side) -> None:
    number = vendor.next
    vendor.strike("timeout before")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(vendor.write(NAME), 0.2)
    assert NAME not in vendor.names()
    await works(vendor)
    assert NAME not in vendor.names()
    assert vendor.calls[number - 1].status == 0


async def test_a_time_out_after_has_committed(vendor: Side) -> None:
    vendor.strike("timeout after")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(vendor.write(NAME), 0.3)
    assert vendor.names().count(NAME) == 1
    await works(vendor)


@pytest.mark.parametrize("kind", ["timeout before", "timeout after"])
async def test_a_held_call_ends_with_its_seconds(vendor: Side, kind: str) -> None:
    vendor.strike(kind, seconds=0.05)
    with pytest.raises(LOST):
        await vendor.write(NAME)
    assert (NAME in vendor.names()) is (kind == "timeout after")


async def test_clearing_lets_held_calls_go(vendor: Side) -> None:
    fault = vendor.strike("timeout before")
    held = asyncio.create_task(vendor.write(NAME))
    await vendor.faults.struck(fault)
    vendor.faults.clear()
    with pytest.raises(LOST):
        await held


async def test_ten_held_calls_do_not_block_the_stop() -> None:
    async with side(ZOHO_BOOKS) as vendor:
        vendor.strike("timeout before", times=10)
        held = [asyncio.create_task(vendor.read()) for _ in range(10)]
        async with asyncio.timeout(1.5):
            while len(vendor.faults.fired) < 10:
                await asyncio.sleep(0.01)
            await vendor.sandbox.server.stop()
        ended = await asyncio.gather(*held, return_exceptions=True)
    assert all(isinstance(one, LOST) for one in ended), ended


async def test_a_held_call_counts_in_the_vendors_limits() -> None:
    async with side(ZOHO_BOOKS) as vendor:
        before = vendor.emulator.statistics()["organisations"]
        vendor.strike("500 before")
        await vendor.read()
        after = vendor.emulator.statistics()["organisations"]
        number = vendor.given["organization_id"]
        assert after[number]["day_used"] == before[number]["day_used"] + 1
        vendor.strike("timeout before", times=10)
        held = [asyncio.create_task(vendor.read()) for _ in range(10)]
        while len(vendor.faults.fired) < 11:
            await asyncio.sleep(0.01)
        assert (await vendor.read()).json["code"] == 1070
        vendor.faults.clear()
        await asyncio.gather(*held, return_exceptions=True)
        assert (await vendor.read()).status == 200


async def test_a_cut_answer_has_committed_and_ends_half_way(vendor: Side) -> None:
    vendor.strike("cut")
    with pytest.raises(aiohttp.ClientPayloadError):
        await vendor.read()
    vendor.strike("cut")
    with pytest.raises(aiohttp.ClientPayloadError):
        await vendor.write(NAME)
    assert vendor.names().count(NAME) == 1
    await works(vendor)


async def test_the_stated_length_of_a_cut_answer_is_honest(vendor: Side) -> None:
    whole = len((await vendor.read()).text.encode())
    vendor.strike("cut")
    reader, writer = await asyncio.open_connection("127.0.0.1", vendor.sandbox.server.port)
    writer.write(raw_read(vendor))
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert f"content-length: {whole}" in head.decode().lower()
    assert len(body) == whole // 2


def raw_read(vendor: Side) -> bytes:
    """The same list as ``read``, by hand."""
    given, host = vendor.given, "www.zohoapis.eu"
    lines = [f"GET /books/v3/contacts?organization_id={given.get('organization_id')} HTTP/1.1"]
    lines += [f"Authorization: Zoho-oauthtoken {vendor.token}"]
    if vendor.name == XERO:
        host, lines = "api.xero.com", ["GET /api.xro/2.0/Contacts HTTP/1.1", "Accept: application/json"]
        lines += [f"Authorization: Bearer {vendor.token}", f"Xero-tenant-id: {given['organisation_id']}"]
    if vendor.name == SERVICETITAN:
        host = "api.servicetitan.io"
        lines = [f"GET /inventory/v2/tenant/{given['tenant']}/vendors HTTP/1.1", f"ST-App-Key: {given['app_key']}"]
        lines += [f"Authorization: {vendor.token}"]
    return "\r\n".join([*lines, f"Host: {host}", "", ""]).encode()


async def test_truncated_json_has_a_length_that_fits(vendor: Side) -> None:
    vendor.strike("truncated")
    answer = await vendor.write(NAME)
    assert answer.status in {200, 201}
    assert int(answer.headers["content-length"]) == len(answer.text.encode())
    with pytest.raises(json.JSONDecodeError):
        _ = answer.json
    assert vendor.names().count(NAME) == 1


async def test_a_page_where_json_belongs(vendor: Side) -> None:
    vendor.strike("not json")
    answer = await vendor.write(NAME)
    assert (answer.status, answer.text[:6]) == (200, "<html>")
    assert vendor.names().count(NAME) == 1


async def test_json_of_two_wrong_shapes(vendor: Side) -> None:
    vendor.strike("wrong json", times=2)
    answers = [await vendor.write(NAME), await vendor.read()]
    shapes: list[Any] = [one.json for one in answers]
    assert sorted(shapes, key=str) == [[{"hello": 1}], {"hello": 1}]
    assert [one.status for one in answers] == [200, 200]
    assert vendor.names().count(NAME) == 1


async def test_a_slow_answer_is_complete_in_the_end(vendor: Side) -> None:
    whole, loop = await vendor.read(), asyncio.get_running_loop()
    vendor.strike("slow", seconds=0.2)
    start = loop.time()
    slow = await vendor.read()
    assert loop.time() - start >= 0.2
    own = ("Id", "DateTimeUTC")  # of each answer of Xero's
    assert [slow.json[name] for name in whole.json if name not in own] == [
        whole.json[name] for name in whole.json if name not in own
    ]
    assert slow.json.keys() == whole.json.keys()
    assert int(slow.headers["content-length"]) == len(slow.text.encode())


async def test_hanging_up_on_a_slow_answer_leaves_the_port_sound(vendor: Side) -> None:
    vendor.strike("slow", seconds=5)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(vendor.write(NAME), 0.2)
    await works(vendor)
    assert vendor.names().count(NAME) == 1


async def test_a_page_moves_after_the_list_is_answered(vendor: Side) -> None:
    query, key, own = {
        ZOHO_BOOKS: ({"sort_column": "last_modified_time", "sort_order": "D"}, "contacts", "contact_id"),
        SERVICETITAN: ({"sort": "-ModifiedOn"}, "data", "id"),
        XERO: ({"order": "UpdatedDateUTC DESC", "includeArchived": "true"}, "Contacts", "ContactID"),
    }[vendor.name]
    vendor.strike("page moves")
    assert (await vendor.write(NAME)).status in {200, 201}
    assert len(vendor.faults.pending) == 1  # a document is no list
    vendor.faults.clear()
    before, said = await vendor.read(**query), vendor.emulator.essence()
    vendor.strike("page moves")
    answers = [before, await vendor.read(**query), await vendor.read(**query), await vendor.read(**query)]
    seen = [[row[own] for row in one.json[key]] for one in answers]
    assert seen[0] == seen[1] != seen[2] == seen[3]
    assert sorted(seen[0]) == sorted(seen[2])
    assert vendor.emulator.essence() == said


@pytest.mark.parametrize("first", [True, False])
async def test_refused_is_a_closed_port_that_comes_back(vendor: Side, first: bool) -> None:
    if not first:
        vendor.strike("refused", call=vendor.next + 1, seconds=0.3)
        assert (await vendor.read()).status == 200
    else:
        vendor.strike("refused", seconds=0.3)
        await asyncio.sleep(0.05)  # the client learns that its idle connection has ended
    calls = len(vendor.calls)
    assert vendor.faults.fired[0][1] == calls + 1
    assert vendor.faults.pending == []
    with pytest.raises(aiohttp.ClientConnectorError) as refusal:
        await vendor.write(NAME)
    assert isinstance(refusal.value.os_error, ConnectionRefusedError)
    assert len(vendor.calls) == calls
    async with asyncio.timeout(3):
        while True:
            try:
                assert (await vendor.write(NAME)).status in {200, 201}
                break
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.02)
    assert vendor.calls[-1].number == calls + 1
    assert vendor.names().count(NAME) == 1


async def test_no_idle_connection_survives_a_refusal(vendor: Side) -> None:
    """Nine connections idle in the client's pool; the next call finds none of them."""
    await asyncio.gather(*(vendor.read() for _ in range(9)))
    vendor.strike("refused", call=vendor.next + 1, seconds=0.2)
    await vendor.read()
    with pytest.raises(aiohttp.ClientConnectorError):
        await vendor.read()


async def test_the_sandbox_stops_while_its_port_refuses(vendor: Side) -> None:
    vendor.strike("refused", seconds=60)
    await asyncio.sleep(0)
    async with asyncio.timeout(3):
        await vendor.sandbox.server.stop()


async def test_while_it_stops_nothing_is_held_any_more(vendor: Side) -> None:
    vendor.strike("timeout before", times=3)
    vendor.faults.close()
    assert (await vendor.read()).status == 200
    assert vendor.faults.fired == []


async def test_a_fault_strikes_its_numbered_call_and_only_that(vendor: Side) -> None:
    number = vendor.next + 2
    fault = vendor.strike("503 before", call=number)
    statuses = [(await vendor.read()).status for _ in range(4)]
    assert statuses == [200, 200, 503, 200]
    assert vendor.faults.fired == [(fault, number)]


async def test_a_fault_strikes_so_many_calls_in_a_row(vendor: Side) -> None:
    vendor.strike("503 before", call=vendor.next + 1, times=2)
    assert [(await vendor.read()).status for _ in range(4)] == [200, 503, 503, 200]


async def test_of_two_faults_the_first_strikes_and_the_other_waits(vendor: Side) -> None:
    vendor.strike("unauthorised")
    vendor.strike("502 before")
    vendor.strike("503 before")
    assert [(await vendor.read()).status for _ in range(4)] == [502, 503, 401, 401]


async def test_waiting_for_a_fault(vendor: Side) -> None:
    fault = vendor.strike("503 before", call=vendor.next + 1)
    waiting = asyncio.create_task(vendor.faults.struck(fault))
    await vendor.read()
    assert not waiting.done()
    await vendor.read()
    await asyncio.wait_for(waiting, 1)
    await vendor.faults.struck(fault)
    never = vendor.strike("503 before", call=99)
    vendor.faults.clear()
    with pytest.raises(ValueError, match="was cleared before it struck"):
        await vendor.faults.struck(never)
    with pytest.raises(ValueError, match="never added"):
        await vendor.faults.struck(Fault(kind="429"))


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault(kind="500"), "no kind of fault '500'; there are: refused, "),
        (Fault(call=0, kind="429"), "calls are numbered from 1"),
        (Fault(kind="429", times=0), "at least once"),
        (Fault(kind="slow", seconds=0), "more than 0"),
        (Fault(kind="slow", seconds=float("nan")), "more than 0"),
    ],
)
async def test_a_fault_that_cannot_be_is_one_sentence(vendor: Side, fault: Fault, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        vendor.faults.add(fault)
    assert vendor.faults.pending == []


async def test_what_applies_to_a_call(vendor: Side) -> None:
    await vendor.read()
    await vendor.write(NAME)
    await vendor.renew()
    listed, written, token = (set(vendor.faults.applicable(one)) for one in vendor.calls[-3:])
    everywhere = {"refused", "timeout before", "timeout after", *BEFORE, *AFTER, "cut", *ANSWERED_WRONG, "slow"}
    api = everywhere | {"token expired", "unauthorised", "revoked", "429", "429 retry-after"}
    day = {"day limit"} if vendor.name != SERVICETITAN else set()
    throttled = {"token throttled"} if vendor.name != XERO else set()
    assert written == api | day
    assert listed == written | {"page moves"}
    assert token == everywhere | {"revoked"} | throttled
    assert listed | token | {"day limit", "token throttled"} == set(KINDS)


async def test_every_applicable_kind_strikes_a_call_like_it(vendor: Side) -> None:
    vendor.emulator.switches.limits = False  # it asks for more tokens than the vendor gives
    await vendor.read()
    for kind in vendor.faults.applicable(vendor.calls[-1]):
        fault = vendor.strike(kind, seconds=0.05)
        try:
            await vendor.read()
        except (*LOST, aiohttp.ClientConnectorError):
            await asyncio.sleep(0.1)
        assert vendor.faults.fired[-1][0] is fault, kind
        vendor.faults.clear()
        if KINDS[kind].needs_person and vendor.name != SERVICETITAN:
            await vendor.consent()
        else:
            await vendor.renew()
        assert (await vendor.read()).status == 200, kind
