"""The jobs tables as a worker uses them that stood still for a while, was found dead by another one, and lives.

What the library takes for granted is that a worker which is found dead is dead. One that was stopped, or starved of its
processor, comes back: its place among the workers is gone then, and so may be the jobs it works at. Neither stops it: its
lanes are guarded by their leases, never by its jobs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import psycopg
import structlog
from procrastinate import exceptions, jobs
from procrastinate.connector import BaseConnector
from procrastinate.manager import JobManager

log = structlog.get_logger()

_ALIVE = (
    "insert into procrastinate_workers (id, last_heartbeat) overriding system value values (%(worker_id)s, now()) "
    "on conflict (id) do update set last_heartbeat = now()"
)


class Jobs(JobManager):
    """The library's job manager, of one worker."""

    def __init__(self, connector: BaseConnector) -> None:
        super().__init__(connector)
        self._worker_id: int | None = None
        self._carried = set[int]()  # ids of the jobs that were fetched here and are not over
        self._unwritten = set[int]()  # ids of those that are over, and the database did not take that in

    async def register_worker(self) -> int:
        """Take a place among the workers; its id."""
        self._worker_id = await super().register_worker()
        return self._worker_id

    async def update_heartbeat(self, worker_id: int) -> None:
        """Say that this worker lives. It takes its place again where another one has found it dead."""
        await self.connector.execute_query_async(query=_ALIVE, worker_id=worker_id)

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> jobs.Job | None:
        """The next job, or None."""
        try:
            job = await super().fetch_job(queues, worker_id)
        except exceptions.ConnectorException as error:
            if not isinstance(error.__cause__, psycopg.errors.ForeignKeyViolation):
                raise
            log.info("this worker stood still and was found dead; it goes on")
            await self.update_heartbeat(worker_id)
            job = await super().fetch_job(queues, worker_id)
        if job is not None and job.id is not None:
            self._carried.add(job.id)
        return job

    async def finish_job(self, job: jobs.Job, status: jobs.Status, delete_job: bool) -> None:
        """Finish a job that is over. One whose end the database does not take in is left behind, and finished later."""
        assert job.id is not None
        try:
            await self.finish_job_by_id_async(job.id, status, delete_job)
        except exceptions.ConnectorException as error:
            self._unwritten.add(job.id)
            log.warning("the end of a job could not be written", job=job.id, why=str(error.__cause__ or error))
        finally:
            self._carried.discard(job.id)

    async def finish_job_by_id_async(self, job_id: int, status: jobs.Status, delete_job: bool) -> None:
        """Finish a job. One that another worker has finished meanwhile, taking this one for dead, is finished."""
        with _finished_elsewhere(job_id):
            await super().finish_job_by_id_async(job_id, status, delete_job)
        self._unwritten.discard(job_id)

    async def left_behind(self, queue: str, after: float) -> list[int]:
        """Ids of jobs that nobody works at: of workers that have said nothing for so many seconds, and over and unwritten."""
        stalled = await self.get_stalled_jobs(queue=queue, seconds_since_heartbeat=after)
        mine = self._worker_id
        dead = {
            job.id for job in stalled
            if job.id is not None and job.id not in self._carried and (mine is None or job.worker_id != mine)
        }  # fmt: skip
        return sorted(dead | self._unwritten)


@contextmanager
def _finished_elsewhere(job_id: int) -> Iterator[None]:
    """The library's function raises where there is no such job to finish; any other failure goes on."""
    try:
        yield
    except exceptions.ConnectorException as error:
        if not isinstance(error.__cause__, psycopg.errors.RaiseException):
            raise
        log.info("a job was finished by another worker", job=job_id)
