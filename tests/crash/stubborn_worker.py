"""A worker in whose process something runs that ends at no word."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from typing import Any

from ml_connector.cli import running
from ml_connector.cli.main import run

serve = running.serve
_kept = set[asyncio.Task[None]]()


async def stubborn() -> None:
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()


async def beside(*given: Any, **named: Any) -> None:
    _kept.add(asyncio.create_task(stubborn()))
    await serve(*given, **named)


running.serve = beside  # type: ignore[assignment]
sys.exit(run(["worker"]))
