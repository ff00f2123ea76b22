"""The job engine: a lane is queued once, carried to a worker, and never retried after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest
from procrastinate import exceptions
from procrastinate.jobs import Status
from procrastinate.manager import JobManager

from ml_connector.lanes import engine as engines
from ml_connector.lanes.dispatch import DueLane
from ml_connector.lanes.engine import Engine
from ml_connector.lanes.jobs import Jobs
from ml_connector.lanes.tasks import ended
from ml_connector.store.database import Database
from ml_connector.store.errors import DatabaseUnavailable

pytestmark = pytest.mark.anyio


class Carried:
    """What was carried, and a gate that holds lanes while they run."""

    def __init__(self) -> None:
        self.lanes = list[tuple[int, int]]()
        self.gate = asyncio.Event()
        self.gate.set()
        self.most = self.under_way = 0

    async def run(self, tenant_id: int, connection_id: int) -> None:
        self.lanes.append((tenant_id, connection_id))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await self.gate.wait()
        finally:
            self.under_way -= 1
        if connection_id == 13:
            raise RuntimeError("a defect in a lane")

    async def seen(self, number: int) -> None:
        while len(self.lanes) < number:
            await asyncio.sleep(0.02)


@pytest.fixture
async def carried() -> Carried:
    return Carried()


@pytest.fixture
async def engine(database: Database, carried: Carried) -> AsyncIterator[Engine]:
    async with Engine.opened(database.jobs_url, carried.run) as opened:
        yield opened


async def jobs(database: Database) -> list[tuple[str, str]]:
    async with database.dispatch() as session:
        rows = await (
            await session.execute(b"select queueing_lock, status::text from procrastinate_jobs order by id")
        ).fetchall()
    return [(row[0], row[1]) for row in rows]


async def test_a_lane_is_queued_once(engine: Engine, database: Database) -> None:
    assert await engine.submit(DueLane(1, 7))
    assert not await engine.submit(DueLane(1, 7))
    assert await engine.submit(DueLane(1, 8))
    assert await jobs(database) == [("7", "todo"), ("8", "todo")]


async def test_lanes_are_carried_and_a_defect_in_one_stops_nobody(
    engine: Engine, carried: Carried, database: Database
) -> None:
    for connection_id in (13, 7, 8):
        await engine.submit(DueLane(1, connection_id))
    worker = asyncio.create_task(engine.serve(2, "worker"))
    await asyncio.wait_for(carried.seen(3), 10)
    await engine.submit(DueLane(1, 13))
    await asyncio.wait_for(carried.seen(4), 10)
    await ended(worker)
    assert sorted(carried.lanes) == [(1, 7), (1, 8), (1, 13), (1, 13)]
    assert await jobs(database) == []


async def test_one_lane_never_runs_twice_at_once(engine: Engine, carried: Carried) -> None:
    carried.gate.clear()
    worker = asyncio.create_task(engine.serve(3, "worker"))
    await engine.submit(DueLane(1, 7))
    await asyncio.wait_for(carried.seen(1), 10)
    await engine.submit(DueLane(1, 7))  # queued behind the one that runs
    await engine.submit(DueLane(1, 8))
    await asyncio.wait_for(carried.seen(2), 10)
    assert carried.lanes == [(1, 7), (1, 8)]
    carried.gate.set()
    await asyncio.wait_for(carried.seen(3), 10)
    await ended(worker)
    assert carried.lanes == [(1, 7), (1, 8), (1, 7)]


async def test_what_a_dead_worker_left_is_finished_and_the_lane_can_be_sent_again(
    engine: Engine, database: Database, database_url: str
) -> None:
    await engine.submit(DueLane(1, 7))
    async with await psycopg.AsyncConnection.connect(
        database_url, options="-c search_path=jobs", autocommit=True
    ) as by:
        await by.execute(
            """insert into procrastinate_workers (last_heartbeat) values (now() - interval '1 min')""",
        )
        await by.execute(
            """update procrastinate_jobs set status = 'doing',
               worker_id = (select max(id) from procrastinate_workers)"""
        )
    assert await engine.submit(DueLane(1, 7))  # its twin waits; a retry of the first would now fail
    assert await engine.recover() == 1
    assert await jobs(database) == [("7", "todo")]
    assert await engine.recover() == 0


async def stood_still(database_url: str) -> None:
    """All workers said something last a minute ago, as on a machine that was stopped."""
    async with await psycopg.AsyncConnection.connect(
        database_url, options="-c search_path=jobs", autocommit=True
    ) as by:
        await by.execute(b"update procrastinate_workers set last_heartbeat = now() - interval '1 min'")


@asynccontextmanager
async def at_work(engine: Engine, carried: Carried, *lanes: int) -> AsyncIterator[asyncio.Task[None]]:
    """A worker that is held up in each of these lanes."""
    carried.gate.clear()
    seen = len(carried.lanes)
    for connection_id in lanes:
        await engine.submit(DueLane(1, connection_id))
    worker = asyncio.create_task(engine.serve(2, "worker"))
    try:
        await asyncio.wait_for(carried.seen(seen + len(lanes)), 10)
        yield worker
    finally:
        carried.gate.set()
        await ended(worker)


async def test_a_worker_that_stood_still_does_not_finish_its_own_jobs(
    engine: Engine, carried: Carried, database: Database, database_url: str
) -> None:
    async with at_work(engine, carried, 7, 8):
        await stood_still(database_url)
        assert await engine.recover() == 0
        assert await jobs(database) == [("7", "doing"), ("8", "doing")]
    assert await jobs(database) == []


async def test_who_was_found_dead_and_lives_loses_its_job_and_goes_on(
    engine: Engine, carried: Carried, database: Database, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with at_work(engine, carried, 7) as worker, Engine.opened(database.jobs_url, carried.run) as other:
        await stood_still(database_url)
        assert await other.recover() == 1
        assert await jobs(database) == []
        carried.gate.set()
        await engine.submit(DueLane(1, 8))
        await asyncio.wait_for(carried.seen(2), 10)
        assert not worker.done()
    assert carried.lanes == [(1, 7), (1, 8)]
    assert await jobs(database) == []
    assert [one.getMessage() for one in caplog.records if one.levelname in {"ERROR", "CRITICAL"}] == []


async def test_who_was_struck_off_the_list_of_workers_takes_its_place_again(
    engine: Engine, carried: Carried, database: Database, database_url: str
) -> None:
    """A worker that begins strikes off those that have said nothing for a while; their jobs are nobody's then."""
    async with at_work(engine, carried, 7) as worker:
        async with await psycopg.AsyncConnection.connect(
            database_url, options="-c search_path=jobs", autocommit=True
        ) as by:
            await by.execute(b"delete from procrastinate_workers")
        assert await engine.recover() == 0
        await engine.submit(DueLane(1, 8))
        await asyncio.wait_for(carried.seen(2), 10)
        assert await jobs(database) == [("7", "doing"), ("8", "doing")]
        assert not worker.done()
    assert carried.lanes == [(1, 7), (1, 8)]
    assert await jobs(database) == []


async def test_two_that_finish_a_dead_workers_job_do_not_meet(
    engine: Engine, carried: Carried, database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await engine.submit(DueLane(1, 7))
    async with await psycopg.AsyncConnection.connect(
        database_url, options="-c search_path=jobs", autocommit=True
    ) as by:
        await by.execute(b"update procrastinate_jobs set status = 'doing'")
    async with Engine.opened(database.jobs_url, carried.run) as other:
        looked = Jobs.left_behind

        async def both(self: Jobs, queue: str, after: float) -> list[int]:
            """The other one looks, and has finished it, before this one does."""
            found = await looked(self, queue, after)
            monkeypatch.setattr(Jobs, "left_behind", looked)
            assert await other.recover() == 1
            return found

        monkeypatch.setattr(Jobs, "left_behind", both)
        assert await engine.recover() == 1
    assert await jobs(database) == []


async def test_a_job_whose_end_could_not_be_written_does_not_block_its_lane(
    engine: Engine, carried: Carried, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish, failed = JobManager.finish_job_by_id_async, asyncio.Event()

    async def away(*_: object, **__: object) -> None:
        failed.set()
        raise exceptions.ConnectorException from psycopg.errors.AdminShutdown("terminating connection")

    monkeypatch.setattr(JobManager, "finish_job_by_id_async", away)
    async with at_work(engine, carried, 7):
        carried.gate.set()
        await asyncio.wait_for(failed.wait(), 10)
        monkeypatch.setattr(JobManager, "finish_job_by_id_async", finish)
        await engine.submit(DueLane(1, 7))
        assert await engine.recover() == 1
        await asyncio.wait_for(carried.seen(2), 10)
    assert await jobs(database) == []


async def test_no_connection_is_closed_before_the_last_job_is_over(
    carried: Carried, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that is being written as finished, by a database that takes its time, when the worker is told to stop twice."""
    writing, open_, finish = asyncio.Event(), list[bool](), JobManager.finish_job_by_id_async

    async def slow(self: JobManager, job_id: int, status: Status, delete_job: bool) -> None:
        writing.set()
        try:
            await asyncio.sleep(1.0)
        finally:
            open_.append(getattr(self.connector, "_async_pool") is not None)  # noqa: B009
        await finish(self, job_id, status, delete_job)

    monkeypatch.setattr(JobManager, "finish_job_by_id_async", slow)
    async with Engine.opened(database.jobs_url, carried.run) as engine:
        await engine.submit(DueLane(1, 7))
        worker = asyncio.create_task(engine.serve(1, "worker"))
        await asyncio.wait_for(writing.wait(), 10)
        await ended(worker, again_after=0.1)
    assert open_ == [True]
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("process job")] == []


async def test_a_database_that_is_away_is_told_as_such(
    database: Database, carried: Carried, postgres_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "CONNECT_WITHIN", 0.5)
    name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
    async with (
        Engine.opened(database.jobs_url, carried.run) as engine,
        await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as by,
    ):
        await by.execute(f"alter database {name} allow_connections false".encode())
        await by.execute(b"select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", [name])
        with pytest.raises(DatabaseUnavailable, match="does not answer the job engine"):
            await engine.submit(DueLane(1, 7))
        with pytest.raises(DatabaseUnavailable):
            await engine.recover()
        with pytest.raises(DatabaseUnavailable):
            await engine.serve(1, "worker")
        with pytest.raises(DatabaseUnavailable):
            async with Engine.opened(database.jobs_url, carried.run):
                raise AssertionError("it cannot be opened")
        await by.execute(f"alter database {name} allow_connections true".encode())


async def test_a_database_that_goes_away_while_a_job_is_fetched_ends_the_engine_with_that_word(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def terminated(*_: object, **__: object) -> None:
        raise exceptions.ConnectorException from psycopg.errors.AdminShutdown("terminating connection")

    monkeypatch.setattr(JobManager, "fetch_job", terminated)
    with pytest.raises(DatabaseUnavailable, match="terminating connection"):
        await asyncio.wait_for(engine.serve(1, "worker"), 10)
