"""Faults of tokens, grants and limits: what each vendor answers, and what ends them."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from fault_world import SERVICETITAN, XERO, ZOHO_BOOKS, HandClock, Side, side, told, works

from ml_connector_sandbox.sandbox import seeded

pytestmark = pytest.mark.anyio

NAME = "Faulty Parts Ltd"
HALF_TO_MIDNIGHT = datetime(2026, 11, 17, 5, 30, tzinfo=UTC)  # of the organisation, in Chicago


async def test_an_expired_token_is_dead_and_a_new_one_works(vendor: Side) -> None:
    vendor.strike("token expired")
    assert (await vendor.write(NAME)).status == 401
    assert (await vendor.read()).status == 401
    assert vendor.faults.pending == []
    await vendor.renew()
    assert (await vendor.write(NAME)).status in {200, 201}
    assert vendor.names().count(NAME) == 1


async def test_unauthorised_stands_whatever_the_token(vendor: Side) -> None:
    number = vendor.next
    fault = vendor.strike("unauthorised")
    refused = await vendor.write(NAME)
    assert refused.status == 401
    assert told(refused) in {57, 401}
    await vendor.renew()
    assert (await vendor.read()).status == 401
    assert vendor.faults.pending == [fault]
    assert [one[1] for one in vendor.faults.fired] == [number, number + 2]
    assert NAME not in vendor.names()
    assert vendor.faults.clear() == 1
    assert (await vendor.read()).status == 200


async def test_a_revoked_grant_refuses_every_token() -> None:
    async with side("servicetitan") as vendor:
        fault = vendor.strike("revoked")
        assert (await vendor.read()).status == 401
        refused = await vendor.ask_token()
        assert (refused.status, refused.json) == (400, {"error": "invalid_client"})
        assert vendor.faults.pending == [fault]
        vendor.faults.clear()
        assert (await vendor.read()).status == 401
        await vendor.renew()
        await works(vendor)


async def test_a_revoked_consent_takes_a_new_consent() -> None:
    async with side(ZOHO_BOOKS) as vendor:
        fault = vendor.strike("revoked")
        refused = await vendor.ask_token()
        assert (refused.status, refused.json) == (200, {"error": "invalid_code"})
        assert (await vendor.read()).json["code"] == 57
        assert vendor.faults.pending == [fault]
        vendor.faults.clear()
        assert (await vendor.ask_token()).json == {"error": "invalid_code"}
        await vendor.consent()
        await works(vendor)


async def test_a_revoked_consent_at_xero_takes_a_new_consent() -> None:
    async with side(XERO) as vendor:
        fault = vendor.strike("revoked")
        refused = await vendor.ask_token()
        assert (refused.status, refused.json) == (400, {"error": "invalid_grant"})
        assert (await vendor.read()).status == 401
        assert vendor.faults.pending == [fault]
        vendor.faults.clear()
        assert (await vendor.ask_token()).json == {"error": "invalid_grant"}
        await vendor.consent()
        await works(vendor)


@pytest.mark.parametrize("name", [ZOHO_BOOKS, XERO])
async def test_a_new_consent_ends_the_revocation_by_itself(name: str) -> None:
    async with side(name) as vendor:
        vendor.strike("revoked")
        await vendor.read()
        await vendor.consent()
        await works(vendor)


async def test_429_with_and_without_retry_after(vendor: Side) -> None:
    vendor.strike("429")
    vendor.strike("429 retry-after")
    vendor.strike("429 retry-after", seconds=17)
    answers = [await vendor.write(NAME) for _ in range(3)]
    assert [one.status for one in answers] == [429, 429, 429]
    assert [one.headers.get("retry-after") for one in answers] == [None, "5", "17"]
    said = {
        SERVICETITAN: ("title", "Rate limit is exceeded. Try again in 17 seconds."),
        ZOHO_BOOKS: ("code", 44),
    }
    if vendor.name == XERO:
        assert {one.text for one in answers} == {""}
        assert [one.headers["x-rate-limit-problem"] for one in answers] == ["concurrent", "minute", "minute"]
    else:
        name, word = said[vendor.name]
        assert answers[2].json[name] == word
    assert NAME not in vendor.names()
    await works(vendor)


async def test_the_day_limit_stands_until_midnight() -> None:
    clock = HandClock(HALF_TO_MIDNIGHT, time.time())
    async with side(ZOHO_BOOKS, seeded("small", clock)) as vendor:
        fault = vendor.strike("day limit")
        refused = await vendor.write(NAME)
        assert (refused.status, refused.json["code"]) == (429, 45)
        assert refused.headers["x-rate-limit-remaining"] == "0"
        clock.advance(1700)
        assert (await vendor.read()).json["code"] == 45
        assert vendor.faults.pending == [fault]
        clock.advance(200)
        await works(vendor)


@pytest.mark.parametrize("name", [ZOHO_BOOKS, XERO])
async def test_the_day_limit_ends_when_it_is_cleared(name: str) -> None:
    async with side(name) as vendor:
        vendor.strike("day limit")
        assert [(await vendor.read()).status for _ in range(2)] == [429, 429]
        assert len(vendor.faults.fired) == 1
        vendor.faults.clear()
        await works(vendor)


async def test_a_vendor_without_a_day_limit_says_so() -> None:
    async with side("servicetitan") as vendor:
        with pytest.raises(ValueError, match="servicetitan knows no 'day limit'"):
            vendor.strike("day limit")


@pytest.mark.parametrize(("name", "status"), [(ZOHO_BOOKS, 400), (SERVICETITAN, 429)])
async def test_the_token_endpoint_throttles_so_many_calls(name: str, status: int) -> None:
    async with side(name) as vendor:
        number = vendor.next
        vendor.strike("token throttled", call=number, times=2)
        assert (await vendor.read()).status == 200
        refused = [await vendor.ask_token(), await vendor.ask_token()]
        assert [one.status for one in refused] == [status] * 2
        assert refused[0].json["error"] in {"Access Denied", "too_many_requests"}
        assert [one[1] for one in vendor.faults.fired] == [number + 1, number + 2]
        await vendor.renew()
        await works(vendor)


async def test_a_vendor_whose_token_endpoint_throttles_nobody_says_so() -> None:
    async with side(XERO) as vendor:
        with pytest.raises(ValueError, match="xero knows no 'token throttled'"):
            vendor.strike("token throttled")
