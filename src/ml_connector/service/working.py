"""A worker in this process for as long as somebody waits and no other worker lives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ml_connector.lanes.runtime import Runtime
from ml_connector.lanes.worker import serve, workers_alive

POLL = 0.1  # machine seconds between looks at what has come of a request


@dataclass(frozen=True, slots=True)
class Work:
    """The worker that is being waited for; ``task`` is None when another process works."""

    task: asyncio.Task[None] | None

    async def pause(self) -> None:
        """Wait a moment. Raises what ended our own worker, if it has ended."""
        if self.task is not None and self.task.done():
            self.task.result()
        await asyncio.sleep(POLL)


@asynccontextmanager
async def working(runtime: Runtime) -> AsyncIterator[Work]:
    """Have a worker while the block runs: one that lives already, else one of our own, ended with the block."""
    if await workers_alive(runtime):
        yield Work(None)
        return
    stop = asyncio.Event()
    task = asyncio.create_task(serve(runtime, stop=stop))
    try:
        yield Work(task)
    finally:
        stop.set()
        await task
