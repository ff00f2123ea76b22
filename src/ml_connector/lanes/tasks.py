"""Ending tasks for good.

Python 3.11's ``asyncio.wait_for``, which connection pools use, loses a cancellation that meets the end of what it waits
for: the task goes on as if nothing had been said. Whoever then waits for its end waits for ever, and where the task
keeps something alive, such as a lease, nobody else gets it either. So it is told again until it has ended, and what may
not last longer than a while runs in a task of its own instead of under a time-out that cancels once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

AGAIN_AFTER = 2.0  # machine seconds; long enough for a task to take leave of what it holds

T = TypeVar("T")


async def ended(*tasks: asyncio.Task[Any], again_after: float | None = None) -> None:
    """Cancel the tasks and wait until each has ended, however it does; what they raise is not raised here."""
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=again_after or AGAIN_AFTER)
    await asyncio.gather(*tasks, return_exceptions=True)


async def within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """The result of ``work``. Raises TimeoutError, once it has ended, when it is not there after so many machine seconds."""
    task = asyncio.create_task(work)
    try:
        if not (await asyncio.wait({task}, timeout=seconds))[0]:
            raise TimeoutError(f"not over within {seconds:g} s")
        return task.result()
    finally:
        await ended(task)
