"""The job engine behind a port of three calls: submit a lane, cancel nothing that runs, serve.

Procrastinate carries lanes to workers on any machine. One kind of job, locked and queued once per connection, never
scheduled ahead, never deferred by itself. A job that a dead worker left behind is finished as failed, never retried:
the dispatcher sees that the lane is still due and sends it again. A job is over when it is written as finished, and no
connection is closed before.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import procrastinate
import psycopg
import structlog
from procrastinate import exceptions, jobs

from ml_connector.lanes.dispatch import DueLane
from ml_connector.lanes.jobs import Jobs
from ml_connector.lanes.tasks import ended, within
from ml_connector.store.errors import DatabaseUnavailable

QUEUE = "lanes"
# A dead worker's job blocks its lane until it is found dead: a little sooner than the lane's lease ends.
STALLED_AFTER = 10.0
BEAT_EVERY = 2.0
FETCHED_EVERY = 1.0
STOPPED_WITHIN = 7.0  # machine seconds; a lane that is not left by then is taken over like a dead worker's
CUT_OFF_WITHIN = 5.5  # of these; a slice that is not over by then is cut off, and the rest is for taking leave
CONNECT_WITHIN = 10.0  # machine seconds to wait for a connection to the jobs tables

log = structlog.get_logger()
RunLane = Callable[[int, int], Awaitable[None]]


class Engine:
    """The open job engine."""

    def __init__(self, app: procrastinate.App, manager: Jobs) -> None:
        self._app, self._jobs = app, manager

    @classmethod
    @asynccontextmanager
    async def opened(cls, url: str, run: RunLane) -> AsyncIterator[Engine]:
        """Connect to the jobs tables. ``run`` is called with tenant and connection for every lane carried here.

        At the end of the block what still runs is cut off. Raises DatabaseUnavailable.
        """
        app = procrastinate.App(
            connector=procrastinate.PsycopgConnector(conninfo=url, max_size=4, timeout=CONNECT_WITHIN)
        )
        app.job_manager = manager = Jobs(app.connector)
        at_work = set[asyncio.Task[None]]()

        @app.task(name="lane", queue=QUEUE)
        async def lane(tenant_id: int, connection_id: int) -> None:
            task = asyncio.current_task()
            assert task is not None
            at_work.add(task)  # it also writes that the job is finished, after this function
            task.add_done_callback(at_work.discard)
            await run(tenant_id, connection_id)

        try:
            await _connect(app)
            yield cls(app, manager)
        finally:
            await ended(*at_work)
            await app.close_async()

    async def submit(self, lane: DueLane) -> bool:
        """Hand a lane to whichever worker is free; False when it is queued already. Raises DatabaseUnavailable."""
        key = str(lane.connection_id)
        task = self._app.configure_task("lane", lock=key, queueing_lock=key, queue=QUEUE)
        try:
            await task.defer_async(tenant_id=lane.tenant_id, connection_id=lane.connection_id)
        except exceptions.AlreadyEnqueued:
            return False
        except exceptions.ConnectorException as error:
            raise _unavailable(error) from error
        return True

    async def recover(self) -> int:
        """Finish, as failed, what dead workers left behind and what is over and could not be written; how many.

        Never a job that runs here, however long this worker stood still. Raises DatabaseUnavailable.
        """
        try:
            left = await self._jobs.left_behind(QUEUE, STALLED_AFTER)
            for job_id in left:
                await self._jobs.finish_job_by_id_async(job_id, jobs.Status.FAILED, delete_job=True)
        except exceptions.ConnectorException as error:
            raise _unavailable(error) from error
        return len(left)

    async def serve(self, slots: int, name: str) -> None:
        """Run lanes until cancelled; what runs is awaited then. Returns early when the library gives up its worker.

        Raises DatabaseUnavailable where the database goes away while a job is being fetched.
        """
        try:
            await self._app.run_worker_async(
                queues=[QUEUE],
                name=name,
                concurrency=slots,
                wait=True,
                fetch_job_polling_interval=FETCHED_EVERY,
                listen_notify=True,
                delete_jobs=jobs.DeleteJobCondition.ALWAYS,
                install_signal_handlers=False,
                update_heartbeat_interval=BEAT_EVERY,
                stalled_worker_timeout=STALLED_AFTER,
                shutdown_graceful_timeout=CUT_OFF_WITHIN,
            )
        except exceptions.ConnectorException as error:
            raise _unavailable(error) from error


async def _connect(app: procrastinate.App) -> None:
    """Open the library's pool, which waits half a minute of its own accord. Raises DatabaseUnavailable."""

    async def opened() -> None:
        await app.open_async()

    try:
        await within(CONNECT_WITHIN, opened())
    except (exceptions.ConnectorException, psycopg.OperationalError, TimeoutError) as error:
        raise _unavailable(error) from error


def _unavailable(error: Exception) -> DatabaseUnavailable:
    return DatabaseUnavailable(f"The database does not answer the job engine: {error.__cause__ or error}")
