"""Requests with a key of their own: one that was given up and ends late does no harm to the one that took its place."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from service_ledger import Company

from ml_connector.errors import Refused
from ml_connector.service.api_requests import Answered, answered_once
from ml_connector.service.api_tokens import Caller, Scope, create_token

pytestmark = pytest.mark.anyio


async def called(company: Company) -> Caller:
    made = await create_token(company.desk, "nightly", [Scope.REPLAY], "bookkeeper")
    return Caller(company.desk, made.listed.token_id, frozenset([Scope.REPLAY]))


async def asked(caller: Caller, answer: Callable[[], Awaitable[bytes]]) -> Answered:
    return await answered_once(caller, "k", "POST /replays", b"{}", answer)


class Held:
    """An answer that is given once it is let go."""

    def __init__(self, answer: bytes | Exception) -> None:
        self._answer, self.begun, self.go = answer, asyncio.Event(), asyncio.Event()

    async def __call__(self) -> bytes:
        self.begun.set()
        await self.go.wait()
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


async def never() -> bytes:
    raise AssertionError("it is carried out a second time")


@pytest.mark.parametrize("ends", [RuntimeError("too late"), b"the first"])
async def test_a_request_that_was_given_up_ends_without_a_trace(company: Company, ends: bytes | Exception) -> None:
    caller, first, second = await called(company), Held(ends), Held(b"the second")
    early = asyncio.create_task(asked(caller, first))
    await first.begun.wait()
    async with company.desk.changing() as change:
        await change.run("update api_request set begun_at = now() - interval '10 minutes'")
    later = asyncio.create_task(asked(caller, second))
    await second.begun.wait()
    first.go.set()
    await asyncio.wait([early])
    with pytest.raises(Refused, match="is still under way"):
        await asked(caller, never)
    second.go.set()
    assert await later == Answered(b"the second", repeated=False)
    assert await asked(caller, never) == Answered(b"the second", repeated=True)
    assert isinstance(early.exception(), RuntimeError) is isinstance(ends, Exception)
