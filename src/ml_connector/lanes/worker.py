"""A worker: dispatcher and job engine in one process. The same program on more machines shares the work."""

from __future__ import annotations

import asyncio
import os
import socket
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import psycopg
import structlog

from ml_connector.errors import ConnectorError
from ml_connector.lanes import dispatch
from ml_connector.lanes.engine import STOPPED_WITHIN, Engine
from ml_connector.lanes.runtime import Runtime
from ml_connector.lanes.slice import Persons, run_slice
from ml_connector.lanes.tasks import ended, within
from ml_connector.store.database import Database, Session
from ml_connector.store.errors import DatabaseUnavailable, SchemaTooNew
from ml_connector.store.schema import newest_version
from ml_connector.sync.lane import Slice

SLOTS = 4
LOOK_EVERY = 0.2  # machine seconds between looks at what is due
BEAT_EVERY = 2.0
DEAD_AFTER = 10.0
RECOVER_EVERY = 1.0
CUT_OFF_AFTER = 5.0  # machine seconds that a call under way has left when the worker is told to stop

UNREGISTERED_WITHIN = 1.0  # machine seconds; a worker that is not taken off the list is found dead after a while

log = structlog.get_logger()


class WorkerLost(ConnectorError):
    """The worker, or the job engine in it, could not write its heartbeat: it ends, so that it is started afresh."""


async def serve(
    runtime: Runtime, *, stop: asyncio.Event, until: Callable[[], Awaitable[bool]] | None = None, slots: int = SLOTS
) -> None:
    """Run lanes until ``stop`` is set or ``until`` says so. Slices that run are asked to end, and hand their lanes over.

    That takes a few seconds, whatever the vendors do; ``engine.STOPPED_WITHIN`` is the end of it in any case.

    Raises WorkerLost when the database has been away for longer than a heartbeat may be, or the engine has given up.
    """
    worker = f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:6]}"
    running: set[Slice] = set()
    closing, persons = asyncio.Event(), Persons()

    async def run(tenant_id: int, connection_id: int) -> None:
        mine: list[Slice] = []

        def current(span: Slice) -> None:
            running.add(span)
            mine.append(span)
            if closing.is_set():
                span.stop(CUT_OFF_AFTER)

        try:
            await _refuse_other_schema(runtime.database)
            await run_slice(runtime, worker, tenant_id, connection_id, current, persons)
        except (DatabaseUnavailable, psycopg.OperationalError) as error:  # whoever finds its lease run out goes on
            log.warning("lane left as it is, the database is away", lane=connection_id, why=str(error))
        finally:
            structlog.contextvars.unbind_contextvars("connection")
            running.difference_update(mine)

    async with Engine.opened(runtime.database.jobs_url, run) as engine:
        async with runtime.database.dispatch() as session:
            await _register(session, worker)
        engine_task = asyncio.create_task(engine.serve(slots, worker))
        tasks = [
            asyncio.create_task(_dispatch(runtime, engine, slots)),
            asyncio.create_task(_recover(engine)),
            asyncio.create_task(_beat(runtime.database, worker)),
            asyncio.create_task(_until(stop, until)),
        ]
        try:
            done, _ = await asyncio.wait([engine_task, *tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            if engine_task in done:  # the library stops its worker when a heartbeat of its own fails
                raise WorkerLost("the job engine has stopped taking work; this worker ends and starts afresh")
        finally:
            closing.set()
            for span in running:
                span.stop(CUT_OFF_AFTER)
            with suppress(TimeoutError):  # the engine takes leave in the database, which may be away
                # Told once: a second word would keep it from cutting off what still runs.
                await within(STOPPED_WITHIN, _ended(engine_task, tasks))
            await ended(engine_task)
            with suppress(ConnectorError, psycopg.OperationalError, TimeoutError):
                await within(UNREGISTERED_WITHIN, _unregister(runtime.database, worker))


async def _ended(engine: asyncio.Task[None], tasks: Sequence[asyncio.Task[None]]) -> None:
    engine.cancel()
    await ended(*tasks)
    await asyncio.wait({engine})


async def workers_alive(runtime: Runtime) -> int:
    """Workers whose heartbeat is fresh."""
    async with runtime.database.dispatch() as connection:
        row = await (
            await connection.execute(
                b"select count(*) from worker where beat_at > now() - make_interval(secs => %s)", [DEAD_AFTER]
            )
        ).fetchone()
    assert row is not None
    return int(row[0])


async def _until(stop: asyncio.Event, until: Callable[[], Awaitable[bool]] | None) -> None:
    while not stop.is_set():
        if until is not None and await until():
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_EVERY if until is not None else None)


async def _dispatch(runtime: Runtime, engine: Engine, slots: int) -> None:
    trouble = _Trouble("nothing dispatched")
    while True:
        try:
            await dispatch.woken(runtime.database, runtime.clock)
            for lane in await dispatch.due(runtime.database, runtime.clock, 2 * slots):
                await engine.submit(lane)
            trouble.over()
        except (ConnectorError, psycopg.OperationalError) as error:
            trouble.seen(str(error))
        await asyncio.sleep(LOOK_EVERY)


async def _recover(engine: Engine) -> None:
    trouble = _Trouble("jobs of dead workers not looked for")
    while True:
        await asyncio.sleep(RECOVER_EVERY)
        try:
            if left := await engine.recover():
                log.info("jobs of dead workers finished", jobs=left)
            trouble.over()
        except ConnectorError as error:
            trouble.seen(error.sentence)


class _Trouble:
    """What keeps a loop from its work: logged when it begins, not at every round."""

    def __init__(self, what: str) -> None:
        self._what, self._told = what, False

    def seen(self, why: str) -> None:
        if not self._told:
            log.warning(self._what, why=why)
        self._told = True

    def over(self) -> None:
        self._told = False


async def _refuse_other_schema(database: Database) -> None:
    """A database that a later release has migrated is left to that release. Raises SchemaTooNew."""
    found = await database.schema_version()
    if found != newest_version():
        raise SchemaTooNew(
            f"The database has schema {found} and this worker works with {newest_version()}: it takes no more work. "
            "Start the release that migrated the database."
        )


async def _register(session: Session, worker: str) -> None:
    """Say that this worker lives; one that stood still for a day has been taken off the list and takes its place again."""
    await session.execute(
        b"""insert into worker (worker_id, host, pid) values (%s, %s, %s)
        on conflict (worker_id) do update set beat_at = now()""",
        [worker, socket.gethostname(), os.getpid()],
    )


async def _unregister(database: Database, worker: str) -> None:
    async with database.dispatch() as connection:
        await connection.execute(b"delete from worker where worker_id = %s", [worker])


async def _beat(database: Database, worker: str) -> None:
    """Write the heartbeat; after one time-out without it, the worker ends (its engine may have lost its own)."""
    last = asyncio.get_running_loop().time()
    while True:
        await asyncio.sleep(BEAT_EVERY)
        try:
            async with database.dispatch() as connection:
                await _register(connection, worker)
                await connection.execute(b"delete from worker where beat_at < now() - interval '1 day'")
            await _refuse_other_schema(database)
            last = asyncio.get_running_loop().time()
        except SchemaTooNew:
            raise
        except (ConnectorError, psycopg.OperationalError) as error:
            if asyncio.get_running_loop().time() - last > DEAD_AFTER:
                why = getattr(error, "sentence", str(error))
                raise WorkerLost(
                    f"This worker cannot write its heartbeat, so it ends and starts afresh. {why}"
                ) from error
