"""A whole worker: it runs what is due, answers questions, stops when asked, and ends when it has lost its heartbeat."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec
import psycopg
import pytest
from lane_world import TinyConnector, TokenServer, add_lane, one, run

from ml_connector.clock import Clock
from ml_connector.lanes import engine as engines
from ml_connector.lanes import tasks
from ml_connector.lanes import worker as workers
from ml_connector.lanes.runtime import Runtime, connectors, integrations
from ml_connector.lanes.worker import WorkerLost, serve, workers_alive
from ml_connector.sealing import Keyring
from ml_connector.store.database import Database
from ml_connector.store.errors import DatabaseUnavailable, SchemaTooNew
from ml_connector.transport.wire import Wire

pytestmark = pytest.mark.anyio


@pytest.fixture
def runtime(database: Database, keyring: Keyring, now_clock: Clock, wire: Wire) -> Runtime:
    return Runtime(database, keyring, now_clock, wire, {"tiny": TinyConnector()}, {}, None)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(15):
        while not await condition():
            await asyncio.sleep(0.05)


async def ask(runtime: Runtime, tenant_id: int, connection_id: int) -> Callable[[], Awaitable[bool]]:
    """Ask for a check and wake the lane; whether it is answered."""
    await run(
        runtime.database, tenant_id,
        """insert into question (tenant_id, connection_id, what, asked_by, asked_at)
        values (%s, %s, 'check', 'test', now())""", tenant_id, connection_id,
    )  # fmt: skip
    await run(
        runtime.database, tenant_id, "insert into wake (tenant_id, connection_id, reason) values (%s, %s, 'test')",
        tenant_id, connection_id,
    )  # fmt: skip

    async def answered() -> bool:
        query = "select count(*) from question where answered_at is null"
        return bool((await one(runtime.database, tenant_id, query))[0] == 0)

    return answered


async def answer(runtime: Runtime, tenant_id: int) -> list[dict[str, str]]:
    (sealed,) = await one(runtime.database, tenant_id, "select answer from question order by question_id desc limit 1")
    sealer = await runtime.keyring.document_sealer(tenant_id, runtime.clock.now().strftime("%Y-%m"))
    return list(msgspec.json.decode(sealer.open(b"answer", sealed)))


async def idle(runtime: Runtime, tenant_id: int) -> bool:
    """Whether the lane has been left in good order."""
    row = await one(runtime.database, tenant_id, "select owner is null and fence > 0 and due_at > now() from lane")
    return bool(row[0])


async def test_a_worker_runs_what_is_due_and_stops_when_asked(
    runtime: Runtime, two_tenants: tuple[int, int], vendor: TokenServer
) -> None:
    tenant = two_tenants[0]
    _, lane = await add_lane(runtime.database, runtime.keyring, tenant, now=runtime.clock.now())
    stop = asyncio.Event()
    task = asyncio.create_task(serve(runtime, stop=stop, slots=2))
    await until(lambda: idle(runtime, tenant))
    assert await workers_alive(runtime) == 1
    await until(await ask(runtime, tenant, lane))
    assert (await answer(runtime, tenant))[0]["sentence"] == "answered 200"
    await until(lambda: idle(runtime, tenant))
    stop.set()
    await asyncio.wait_for(task, 15)
    assert vendor.pings == 1
    assert await workers_alive(runtime) == 0
    assert await idle(runtime, tenant)


async def test_a_worker_ends_by_itself_when_its_condition_holds(runtime: Runtime, two_tenants: tuple[int, int]) -> None:
    await add_lane(runtime.database, runtime.keyring, two_tenants[0], now=runtime.clock.now())

    async def done() -> bool:
        return await idle(runtime, two_tenants[0])

    await asyncio.wait_for(serve(runtime, stop=asyncio.Event(), until=done), 15)


async def test_a_dead_grant_answers_questions_and_the_lane_rests(
    runtime: Runtime, two_tenants: tuple[int, int], vendor: TokenServer
) -> None:
    tenant = two_tenants[0]
    vendor.serial = 9
    _, lane = await add_lane(runtime.database, runtime.keyring, tenant, now=runtime.clock.now(), expires_in=1.0)
    answered = await ask(runtime, tenant, lane)
    await asyncio.wait_for(serve(runtime, stop=asyncio.Event(), until=answered), 15)
    [finding] = await answer(runtime, tenant)
    assert (finding["verdict"], finding["sentence"]) == ("missing", "the consent was withdrawn: connect again")
    again = await ask(runtime, tenant, lane)  # of a grant that is known to be dead
    await asyncio.wait_for(serve(runtime, stop=asyncio.Event(), until=again), 15)
    assert "withdrawn" in (await answer(runtime, tenant))[0]["sentence"]
    assert len(vendor.asked) == 1
    assert (await one(runtime.database, tenant, "select state from connection"))[0] == "needs reconnect"


async def test_a_connection_that_needs_a_person_while_its_slice_runs_goes_on_needing_one(
    runtime: Runtime, two_tenants: tuple[int, int], vendor: TokenServer
) -> None:
    tenant = two_tenants[0]

    async def refused() -> None:
        await run(runtime.database, tenant, "update connection set state = 'needs reconnect'")

    vendor.on_ping = refused
    _, lane = await add_lane(runtime.database, runtime.keyring, tenant, now=runtime.clock.now())
    answered = await ask(runtime, tenant, lane)

    async def done() -> bool:
        return await answered() and await idle(runtime, tenant)

    await asyncio.wait_for(serve(runtime, stop=asyncio.Event(), until=done), 15)
    assert (await one(runtime.database, tenant, "select state from connection"))[0] == "needs reconnect"


async def test_a_worker_that_cannot_write_its_heartbeat_ends(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "BEAT_EVERY", 0.05)
    monkeypatch.setattr(workers, "DEAD_AFTER", 0.2)
    monkeypatch.setattr(workers, "LOOK_EVERY", 30.0)
    stop = asyncio.Event()
    task = asyncio.create_task(serve(runtime, stop=stop))
    await until(lambda: _alive(runtime))

    def away() -> None:
        raise DatabaseUnavailable("away")

    monkeypatch.setattr(runtime.database, "dispatch", away)
    with pytest.raises(WorkerLost, match=r"heartbeat.* away"):
        await asyncio.wait_for(task, 15)


async def test_a_worker_leaves_a_database_that_a_later_release_has_migrated(
    runtime: Runtime, two_tenants: tuple[int, int], monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setattr(workers, "BEAT_EVERY", 0.05)
    task = asyncio.create_task(serve(runtime, stop=asyncio.Event()))
    await until(lambda: _alive(runtime))
    with psycopg.connect(database_url) as owner:
        owner.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(SchemaTooNew, match="schema 9999"):
        await asyncio.wait_for(task, 15)


async def _alive(runtime: Runtime) -> bool:
    return bool(await workers_alive(runtime))


async def test_a_worker_whose_engine_has_given_up_ends(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gives_up(self: engines.Engine, slots: int, name: str) -> None:
        """What the library does when its own heartbeat fails."""

    monkeypatch.setattr(engines.Engine, "serve", gives_up)
    with pytest.raises(WorkerLost, match="job engine has stopped"):
        await asyncio.wait_for(serve(runtime, stop=asyncio.Event()), 15)


async def test_a_worker_that_was_found_dead_and_lives_goes_on_and_is_alive_again(
    runtime: Runtime, two_tenants: tuple[int, int], vendor: TokenServer, monkeypatch: pytest.MonkeyPatch,
    database_url: str,
) -> None:  # fmt: skip
    """It stood still in the middle of a call, and everything it had said was forgotten, its job finished by another one."""
    monkeypatch.setattr(workers, "BEAT_EVERY", 0.05)
    tenant, held, go = two_tenants[0], asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        held.set()
        await go.wait()

    vendor.on_ping = hold
    _, lane = await add_lane(runtime.database, runtime.keyring, tenant, now=runtime.clock.now())
    answered, stop = await ask(runtime, tenant, lane), asyncio.Event()
    task = asyncio.create_task(serve(runtime, stop=stop))
    async with asyncio.timeout(15):
        await held.wait()
    async with await psycopg.AsyncConnection.connect(database_url, options="-c search_path=jobs,public") as owner:
        for forgotten in (b"procrastinate_workers", b"procrastinate_jobs", b"worker"):
            await owner.execute(b"delete from " + forgotten)
    await until(lambda: _alive(runtime))
    go.set()
    await until(answered)
    await until(await ask(runtime, tenant, lane))
    stop.set()
    await asyncio.wait_for(task, 15)
    assert vendor.pings == 2
    assert await idle(runtime, tenant)
    assert not await workers_alive(runtime)


async def test_a_slice_that_ends_at_no_word_does_not_outlive_its_worker(
    runtime: Runtime, two_tenants: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "CUT_OFF_WITHIN", 0.3)
    monkeypatch.setattr(tasks, "AGAIN_AFTER", 0.1)
    began, over = asyncio.Event(), asyncio.Event()

    async def endless(*_: object) -> None:
        """Loses the first word, as what waits for a connection of the pool may."""
        began.set()
        try:
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            await asyncio.Event().wait()
        finally:
            over.set()

    monkeypatch.setattr(workers, "run_slice", endless)
    monkeypatch.setattr(workers, "STOPPED_WITHIN", 1.0)
    await add_lane(runtime.database, runtime.keyring, two_tenants[0], now=runtime.clock.now())
    stop = asyncio.Event()
    task = asyncio.create_task(serve(runtime, stop=stop))
    async with asyncio.timeout(15):
        await began.wait()
        stop.set()
        await task
    assert over.is_set()
    assert not await workers_alive(runtime)


def test_connectors_and_integrations_are_found_by_scan() -> None:
    found = integrations()
    assert {"servicetitan", "zoho_books"} <= set(connectors())
    for integration in found.values():
        assert {integration.source_vendor, integration.target_vendor} <= set(connectors())


async def _held(runtime: Runtime, tenant_id: int, under_way: Callable[[], bool]) -> None:
    """Serve until the vendor holds a call, then tell the worker to stop; it has to end all the same."""
    stop = asyncio.Event()
    task = asyncio.create_task(serve(runtime, stop=stop))

    async def holding() -> bool:
        return under_way()

    await until(holding)
    stop.set()
    await asyncio.wait_for(task, engines.STOPPED_WITHIN)
    free = "select owner is null and lease_until < now() and due_at <= %s and not_before <= %s from lane"
    assert (await one(runtime.database, tenant_id, free, runtime.clock.now(), runtime.clock.now()))[0]
    assert (await one(runtime.database, tenant_id, "select problem from connection"))[0] == ""


async def test_a_vendor_that_holds_a_read_back_does_not_hold_the_worker(
    runtime: Runtime, two_tenants: tuple[int, int], vendor: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "CUT_OFF_AFTER", 0.2)
    tenant = two_tenants[0]
    vendor.on_ping = asyncio.Event().wait  # type: ignore[assignment]
    _, lane = await add_lane(runtime.database, runtime.keyring, tenant, now=runtime.clock.now())
    answered = await ask(runtime, tenant, lane)
    await _held(runtime, tenant, lambda: vendor.pings == 1)
    assert not await answered()  # the next worker asks
    vendor.on_ping = None
    await asyncio.wait_for(serve(runtime, stop=asyncio.Event(), until=answered), 15)
    assert (await answer(runtime, tenant))[0]["sentence"] == "answered 200"


async def test_a_refresh_that_is_cut_off_stays_marked(
    runtime: Runtime, two_tenants: tuple[int, int], vendor: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "CUT_OFF_AFTER", 0.2)
    tenant, vendor.delay = two_tenants[0], 60.0
    _, lane = await add_lane(runtime.database, runtime.keyring, tenant, now=runtime.clock.now(), expires_in=1.0)
    await ask(runtime, tenant, lane)
    await _held(runtime, tenant, lambda: len(vendor.asked) == 1)
    marked = "select refreshing_since is not null, holder from vendor_grant"
    assert await one(runtime.database, tenant, marked) == (True, None)


async def test_who_waits_for_anothers_refresh_stops_waiting(
    runtime: Runtime, two_tenants: tuple[int, int], vendor: TokenServer
) -> None:
    tenant = two_tenants[0]
    _, lane = await add_lane(runtime.database, runtime.keyring, tenant, now=runtime.clock.now(), expires_in=1.0)
    await run(
        runtime.database, tenant, "update vendor_grant set holder = 'another', held_until = now() + interval '1 min'"
    )
    await ask(runtime, tenant, lane)
    owned = asyncio.Event()

    async def taken() -> bool:
        row = await one(runtime.database, tenant, "select owner is not null from lane")
        return bool(row[0])

    async def watch() -> None:
        await until(taken)
        owned.set()

    watching = asyncio.create_task(watch())
    await _held(runtime, tenant, owned.is_set)
    await watching
    assert vendor.asked == []
