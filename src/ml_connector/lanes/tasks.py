"""Ending tasks for good.

Python 3.11's ``asyncio.wait_for``, which connection pools use, loses a cancellation that meets the end of what it waits
for: the task goes on as if nothing had been said. Whoever then waits for its end waits for ever, and where the task
keeps something alive, such as a lease, nobody else gets it either. So it is told again until it has ended.
"""

from __future__ import annotations

import asyncio
from typing import Any

AGAIN_AFTER = 2.0  # machine seconds; long enough for a task to take leave of what it holds


async def ended(*tasks: asyncio.Task[Any], again_after: float | None = None) -> None:
    """Cancel the tasks and wait until each has ended, however it does; what they raise is not raised here."""
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=again_after or AGAIN_AFTER)
    await asyncio.gather(*tasks, return_exceptions=True)
