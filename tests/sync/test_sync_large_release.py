"""A release of very many goes in slices: a few in the transaction that frees them, the rest in the target's own lane."""

from __future__ import annotations

from typing import Any

import pytest
from sync_world import World
from test_sync_planning import another_account

from ml_connector.service.connection_settings import change_connection_settings
from ml_connector.service.connections import connection_named
from ml_connector.sync import push, release

pytestmark = pytest.mark.anyio


@pytest.fixture
def slices(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many each transaction of the lane freed; at most two at once."""
    monkeypatch.setattr(release, "AT_ONCE", 2)
    freed: list[int] = []

    async def counting(*given: Any) -> int:
        freed.append(await release.release_on(*given))
        return freed[-1]

    monkeypatch.setattr(push, "release_on", counting)
    return freed


async def held_for_an_account(company: World) -> tuple[str, str, int]:
    """A row of the accounts table that is missing, its value, and how many bills wait for it."""
    key, _ = await another_account(company)
    value = company.sandbox.handover["company"]["mapping"]["accounts"][key]
    await company.remove("accounts", key)
    await company.live()
    await company.sync()
    held = (await company.states())["held"]
    assert held > 4
    return key, value, held


async def test_a_large_release_goes_in_slices(company: World, slices: list[int]) -> None:
    key, value, held = await held_for_an_account(company)
    slices.clear()
    assert await company.fill("accounts", key, value) == held
    assert (await company.states())["held"] == held - 2
    assert await left(company) == 1
    await company.settle()
    assert max(slices) == 2 and sum(slices) == held - 2
    assert await left(company) == 0
    assert await company.states() == {"posted": len(company.bills)}
    assert company.compared().findings == []
    await company.sound()


async def test_a_connection_whose_settings_change_meanwhile_reads_again_and_keeps_what_is_left(
    company: World, slices: list[int]
) -> None:
    key, value, _ = await held_for_an_account(company)
    await company.fill("accounts", key, value)
    assert await left(company) == 1
    books = await connection_named(company.desk, "zoho_books")
    setting = next(one for one in company.runtime.connectors["zoho_books"].settings if one.rereads)
    other = next((one for one in setting.choices if one != setting.default), "cf_other")
    for value in (other, setting.default):
        await change_connection_settings(company.desk, books, {setting.name: value})
    await company.settle()
    assert await left(company) == 0
    assert await company.states() == {"posted": len(company.bills)}


async def test_what_is_held_again_meanwhile_is_not_freed_for_ever(company: World, slices: list[int]) -> None:
    key, value, held = await held_for_an_account(company)
    slices.clear()
    await company.fill("accounts", key, value)
    await company.remove("accounts", key)
    await company.settle()
    assert sum(slices) == held - 2 and await left(company) == 0
    assert (await company.states())["held"] == held
    assert await company.fill("accounts", key, value) == held
    await company.settle()
    assert await company.states() == {"posted": len(company.bills)}


async def test_links_are_released_in_slices_too(company: World, slices: list[int]) -> None:
    """Everything waits for a vendor whose flow is off; turned on, it goes on in slices."""
    await company.mode("vendors", "off")
    await company.mode("bills", "live")
    await company.settle()
    assert await company.states() == {"held": len(company.bills)}
    slices.clear()
    await company.mode("vendors", "live")
    assert (await company.states())["held"] == len(company.bills) - 2
    await company.settle()
    assert sum(slices) > 2 and max(slices) == 2  # others were freed by their own vendor
    assert await left(company) == 0
    assert await company.states() == {"posted": len(company.bills)}


async def left(company: World) -> int:
    """Releases that are not done yet."""
    return int((await company.one("select count(*) from feed where starts_with(name, 'release ')"))[0])
