"""Calls of a worker that is told to stop: none starts, those under way get a moment, and what their end proves."""

from __future__ import annotations

import asyncio

import pytest
from raw_server import Talk, ask, http, serving

from ml_connector.transport.calls import Calls, known_to, present_calls
from ml_connector.transport.errors import AnswerLost, NotSent
from ml_connector.transport.messages import Request

pytestmark = pytest.mark.anyio

READ = Request.get("/bills")
WRITE = Request("POST", "/bills", body=b"{}")


async def holds(talk: Talk) -> None:
    """A vendor that takes a request and says nothing."""
    await talk.request()
    await asyncio.sleep(60)


async def cut_off(request: Request) -> Exception:
    """How a call ends that is under way when the worker is told to stop."""
    calls = Calls()
    async with serving(holds) as server, server.wire() as wire:
        with known_to(calls):
            call = asyncio.create_task(ask(wire, request))
        while not server.requests:
            await asyncio.sleep(0.01)
        calls.stop(0.05)
        with pytest.raises((NotSent, AnswerLost)) as ended:
            await asyncio.wait_for(call, 3)
    return ended.value


async def test_a_write_that_is_cut_off_has_lost_its_answer() -> None:
    error = await cut_off(WRITE)
    assert isinstance(error, AnswerLost)
    assert "the worker was told to stop" in error.sentence


async def test_a_read_that_is_cut_off_has_changed_nothing() -> None:
    assert isinstance(await cut_off(READ), NotSent)


async def test_a_call_that_is_answered_in_time_is_not_cut_off() -> None:
    calls, asked = Calls(), asyncio.Event()

    async def slow(talk: Talk) -> None:
        await talk.request()
        asked.set()
        await asyncio.sleep(0.1)
        await talk.answer(http())

    async with serving(slow) as server, server.wire() as wire:
        with known_to(calls):
            call = asyncio.create_task(ask(wire, WRITE))
        await asked.wait()
        calls.stop(5.0)
        calls.stop(0.0)  # the first word holds
        assert (await call).status == 200


async def test_no_call_starts_once_told_to_stop() -> None:
    calls = Calls()
    calls.stop(5.0)
    async with serving(holds) as server, server.wire() as wire:
        with known_to(calls), pytest.raises(NotSent, match="told to stop"):
            await ask(wire, READ)
        assert server.connections == 0


async def test_calls_outside_of_a_block_are_nobodys() -> None:
    calls = Calls()
    calls.stop(0.0)
    with known_to(calls):
        assert present_calls() is calls
    present_calls().check()
