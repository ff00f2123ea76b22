"""Tokens: refreshed once per grant, however many ask, and never lost."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import pytest
from lane_world import HOST, TinyAuth, TinyConnector, TokenServer, add_lane, clock, one, run

from ml_connector.clock import Clock
from ml_connector.connectors.grants import Credentials, Http, Tokens
from ml_connector.lanes import grants
from ml_connector.lanes.grants import GrantTokens
from ml_connector.sealing import Keyring
from ml_connector.store.database import Database
from ml_connector.store.errors import CommitUnknown, DatabaseUnavailable
from ml_connector.transport.calls import Calls, known_to
from ml_connector.transport.errors import AnswerLost, NotSent, Reconnect, Throttled
from ml_connector.transport.wire import Wire

pytestmark = pytest.mark.anyio


class World:
    """One grant in the database, and as many holders of it as wanted."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock, wire: Wire, tenant_id: int) -> None:
        self.database, self.keyring, self.clock, self.wire, self.tenant_id = database, keyring, clock, wire, tenant_id
        self.grant_id = self.connection_id = 0

    async def grant(self, expires_in: float) -> None:
        self.grant_id, self.connection_id = await add_lane(
            self.database, self.keyring, self.tenant_id, now=self.clock.now(), expires_in=expires_in
        )

    def holder(self, worker: str = "worker") -> GrantTokens:
        return GrantTokens(
            self.database, self.keyring, self.clock, self.wire, TinyConnector(), self.tenant_id, self.grant_id, worker
        )

    async def row(self) -> tuple[Any, ...]:
        return await one(
            self.database, self.tenant_id,
            "select serial, refreshing_since, holder, state from vendor_grant where grant_id = %s", self.grant_id,
        )  # fmt: skip


@pytest.fixture
def world(database: Database, keyring: Keyring, now_clock: Clock, wire: Wire, two_tenants: tuple[int, int]) -> World:
    return World(database, keyring, now_clock, wire, two_tenants[0])


async def test_a_good_token_is_used_as_it_is(world: World, vendor: TokenServer) -> None:
    await world.grant(3600)
    token = await world.holder().current()
    assert (dict(token.headers), token.serial, vendor.asked) == ({"Authorization": "Bearer access-1"}, 0, [])


async def test_many_callers_of_several_holders_make_one_refresh(world: World, vendor: TokenServer) -> None:
    await world.grant(30)  # inside the margin of a minute
    vendor.delay = 0.05
    holders = [*(world.holder("one") for _ in range(4)), world.holder("two")]  # lanes of one worker, and another's
    tokens = await asyncio.gather(*(holder.current() for _ in range(3) for holder in holders))
    assert vendor.asked == ["refresh-1"]
    assert {token.headers["Authorization"] for token in tokens} == {"Bearer access-2"}
    assert (await world.row())[:3] == (1, None, None)


class Reissuing(TinyAuth):
    """Gives the same token again until it is over, with what is left of it; then one of an hour.

    ``late`` times it says that a token which has just ended by our clock lives for a second more.
    """

    margin = 10.0

    def __init__(self, ends: dt.datetime, late: int = 0) -> None:
        self.ends, self.late, self.serial, self.asked = ends, late, 1, list[bool]()

    def reissues(self, tokens: Tokens) -> bool:
        return True

    async def refresh(self, http: Http, credentials: Credentials, tokens: Tokens, clock: Clock) -> Tokens:
        now = clock.now()
        self.asked.append(now >= self.ends)
        if self.late:
            self.late, self.ends = self.late - 1, now + dt.timedelta(seconds=1)
        elif now >= self.ends:
            self.serial, self.ends = self.serial + 1, now + dt.timedelta(hours=1)
        return Tokens(f"access-{self.serial}", self.ends, f"https://{HOST}")


@pytest.mark.parametrize("late", [0, 1, 2])
async def test_a_token_that_is_given_again_until_it_is_over_is_asked_for_after_that(
    world: World, late: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All who need one in its last seconds wait for the next one, and nobody is given one that is over."""
    world.clock = clock(speed=20.0)
    auth = Reissuing(world.clock.now() + dt.timedelta(seconds=8), late)
    monkeypatch.setattr(TinyConnector, "auth", property(lambda _: auth))
    await world.grant(8)
    holders = [world.holder("one"), world.holder("one"), world.holder("two")]
    tokens = await asyncio.gather(*(holder.current() for _ in range(3) for holder in holders))
    assert {token.headers["Authorization"] for token in tokens} == {"Bearer access-2"}
    assert auth.asked == [True] * (late + 1), "only once it was over"
    assert (await holders[0].current()).serial == tokens[0].serial
    assert len(auth.asked) == late + 1


async def test_who_waits_for_a_token_to_be_over_stops_waiting(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    auth = Reissuing(world.clock.now() + dt.timedelta(seconds=8))
    monkeypatch.setattr(TinyConnector, "auth", property(lambda _: auth))
    await world.grant(8)
    calls = Calls()
    with known_to(calls):
        waiting = asyncio.create_task(world.holder().current())
    calls.stop(0.0)
    with pytest.raises(NotSent, match="told to stop"):
        await asyncio.wait_for(waiting, 5)
    assert auth.asked == []


async def test_a_refused_token_is_replaced_once_for_all(world: World, vendor: TokenServer) -> None:
    await world.grant(3600)
    one_, two = world.holder("one"), world.holder("two")
    refused, also = await one_.current(), await two.current()
    found = await asyncio.gather(one_.replace(refused), one_.replace(refused), two.replace(also))
    assert vendor.asked == ["refresh-1"]
    assert {token.serial for token in found} == {1}
    assert (await two.replace(also)).serial == 1


async def test_a_token_just_refreshed_is_not_refreshed_for_a_refusal(
    world: World, vendor: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Vendors count refreshes, and what a fresh token is refused is a matter of rights."""
    await world.grant(3600)
    holder = world.holder()
    newer = await holder.replace(await holder.current())
    assert (await holder.replace(newer)).serial == newer.serial
    assert vendor.asked == ["refresh-1"]
    monkeypatch.setattr(grants, "FRESH", 0.0)
    assert (await holder.replace(newer)).serial == newer.serial + 1


async def test_a_token_that_dies_right_after_its_time_was_renewed_is_refreshed(
    world: World, vendor: TokenServer
) -> None:
    """Another application may have taken its place; only a second refusal is a matter of rights."""
    await world.grant(10)
    holder = world.holder()
    renewed = await holder.current()
    newer = await holder.replace(renewed)
    assert newer.serial == renewed.serial + 1
    assert (await holder.replace(newer)).serial == newer.serial


async def test_an_idle_grant_is_refreshed_before_the_vendor_lets_it_die(
    world: World, vendor: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = 86_400.0
    await world.grant(-30 * day)
    await world.holder().keep_alive()  # this vendor lets none die
    monkeypatch.setattr(TinyAuth, "idle_days", 60.0)
    await world.holder().keep_alive()
    assert vendor.asked == []
    await run(world.database, world.tenant_id, "delete from lane")
    await run(world.database, world.tenant_id, "delete from connection")
    await world.grant(-41 * day)
    await world.holder().keep_alive()
    assert vendor.asked == ["refresh-1"]
    await run(world.database, world.tenant_id, "update vendor_grant set state = 'needs reconnect', problem = 'dead'")
    await world.holder().keep_alive()  # there is nothing to be kept
    assert vendor.asked == ["refresh-1"]


async def test_a_dead_holders_refresh_is_taken_over_with_the_old_token(world: World, vendor: TokenServer) -> None:
    await world.grant(30)
    await run(
        world.database, world.tenant_id,
        "update vendor_grant set refreshing_since = now(), holder = 'dead', held_until = now() - interval '1 s'",
    )  # fmt: skip
    assert (await world.holder().current()).serial == 1
    assert vendor.asked == ["refresh-1"]


async def test_a_living_holder_is_waited_for(world: World, vendor: TokenServer) -> None:
    await world.grant(30)
    await run(
        world.database, world.tenant_id,
        "update vendor_grant set refreshing_since = now(), holder = 'alive', held_until = now() + interval '1 min'",
    )  # fmt: skip
    waiting = asyncio.create_task(world.holder().current())
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await run(world.database, world.tenant_id, "update vendor_grant set serial = 5, holder = null")
    assert (await waiting).serial == 5
    assert vendor.asked == []


async def test_the_old_pair_stays_until_the_new_one_is_committed(world: World, vendor: TokenServer) -> None:
    await world.grant(30)
    vendor.faults = [0]
    with pytest.raises(AnswerLost):
        await world.holder().current()
    serial, since, holder, state = await world.row()
    assert (serial, holder, state) == (0, None, "good")
    assert isinstance(since, dt.datetime)  # marked: the vendor may have given out a new pair
    assert (await world.holder("another").current()).serial == 1
    assert vendor.asked == ["refresh-1", "refresh-1"]
    assert (await world.row())[1] is None


async def test_a_token_server_that_is_busy_leaves_the_grant_free(world: World, vendor: TokenServer) -> None:
    await world.grant(30)
    vendor.faults = [429]
    with pytest.raises(Throttled):
        await world.holder().current()
    assert await world.row() == (0, None, None, "good")


async def test_a_dead_grant_turns_its_connections_to_needs_reconnect(world: World, vendor: TokenServer) -> None:
    await world.grant(30)
    vendor.serial = 9
    holders = [world.holder("one"), world.holder("two")]
    ended = await asyncio.gather(*(holder.current() for holder in holders), return_exceptions=True)
    assert [type(one_) for one_ in ended] == [Reconnect, Reconnect]
    assert len(vendor.asked) == 1
    state, problem = await one(world.database, world.tenant_id, "select state, problem from connection")
    assert (state, problem) == ("needs reconnect", "the consent was withdrawn: connect again")
    with pytest.raises(Reconnect, match="withdrawn"):
        await world.holder().current()
    assert await world.holder().credentials() == {"client_id": "me"}


async def test_a_grant_renewed_by_a_person_meanwhile_is_not_dead(world: World, vendor: TokenServer) -> None:
    await world.grant(30)
    vendor.serial, vendor.delay = 9, 0.2
    asked = asyncio.create_task(world.holder().current())
    while not vendor.asked:
        await asyncio.sleep(0.01)
    await run(world.database, world.tenant_id, "update vendor_grant set serial = serial + 1, holder = null")
    with pytest.raises(Reconnect):
        await asked
    assert (await world.row())[3] == "good"


@pytest.mark.parametrize("trouble", [DatabaseUnavailable("away"), CommitUnknown("lost at commit")])
async def test_a_pair_whose_commit_fails_is_kept_and_committed_again(
    world: World, vendor: TokenServer, trouble: DatabaseUnavailable, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.grant(30)
    holder = world.holder()
    failures = [trouble, trouble, trouble]
    store = holder._store

    async def failing(*given: Any) -> Any:
        if isinstance(trouble, CommitUnknown) and len(failures) == 1:
            await store(*given)  # it was committed after all
        if failures:
            raise failures.pop()
        return await store(*given)

    monkeypatch.setattr(holder, "_store", failing)
    token = await holder.current()
    assert (token.serial, token.headers["Authorization"]) == (1, "Bearer access-2")
    assert vendor.asked == ["refresh-1"]
    assert (await world.holder().current()).headers["Authorization"] == "Bearer access-2"


async def test_a_grant_that_was_never_connected_says_so(world: World) -> None:
    await world.grant(30)
    await run(world.database, world.tenant_id, "update vendor_grant set tokens = null, state = 'consent'")
    with pytest.raises(Reconnect, match="not been connected"):
        await world.holder().current()
