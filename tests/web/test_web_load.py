"""Many requests at once leave the lanes their share of the database's connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from service_ledger import Company
from web_client import Api, token

from ml_connector.web import limits
from ml_connector.web.api import access, status

pytestmark = pytest.mark.anyio


class Counted:
    """A service function, slowed, and how many of it were at work at once."""

    def __init__(self, work: Callable[..., Awaitable[Any]]) -> None:
        self._work, self._under, self.most = work, 0, 0

    async def __call__(self, *given: Any) -> Any:
        self._under += 1
        self.most = max(self.most, self._under)
        try:
            await asyncio.sleep(0.02)
            return await self._work(*given)
        finally:
            self._under -= 1


@pytest.mark.parametrize(("place", "name"), [(access, "caller"), (status, "status")])
async def test_few_requests_are_at_the_database_at_once(
    api: Api, company: Company, monkeypatch: pytest.MonkeyPatch, place: Any, name: str
) -> None:
    mine = api.as_(await token(company, "read"))
    counted = Counted(getattr(place, name))
    monkeypatch.setattr(place, name, counted)
    found = await asyncio.gather(*(mine.get("/status") for _ in range(12)))
    assert [one.status for one in found] == [200] * 12
    assert 1 < counted.most <= limits.AT_WORK


async def test_who_sends_slowly_keeps_nobody_waiting(api: Api, company: Company) -> None:
    mine = api.as_(await token(company, "read", "replay"))
    rest = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        await rest.wait()
        yield b"}"

    kind = {"Content-Type": "application/json"}
    slow = [
        asyncio.create_task(mine.call("POST", "/replays/preview", data=slowly(), headers=kind))
        for _ in range(limits.AT_WORK + 2)
    ]
    assert (await asyncio.wait_for(mine.get("/status"), 20)).status == 200
    assert not any(one.done() for one in slow)
    rest.set()
    assert [(await one).status for one in slow] == [400] * len(slow)
