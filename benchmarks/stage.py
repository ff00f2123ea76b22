"""What a measurement stands on: the emulators in a process of their own, and connectors without limits."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from ml_connector.canonical.documents import Organisation
from ml_connector.connectors.base import Connector, Credentials, Limit, Limits
from ml_connector.lanes.runtime import Runtime

KIND = "servicetitan-zoho_books"
VENDORS = ("servicetitan", "zoho_books")
_READY_WITHIN = 600.0  # machine seconds; seeding 100,000 bills takes a while


# --- the emulators -----------------------------------------------------------------------------------------------


@asynccontextmanager
async def sandbox(file: Path, bills: int, *, speed: float = 1.0, limits: bool = False) -> AsyncIterator[dict[str, Any]]:
    """Both emulators with ``bills`` ordinary bills; their hand-over file's content. Raises RuntimeError."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ml_connector_sandbox", "--file", str(file), "--company", f"bulk:{bills}",
        "--speed", str(speed), "--limits" if limits else "--no-limits", "--with-parent", str(os.getpid()),
    )  # fmt: skip
    try:
        for _ in range(int(_READY_WITHIN * 10)):
            if file.exists() or process.returncode is not None:
                break
            await asyncio.sleep(0.1)
        if not file.exists():
            raise RuntimeError("the sandbox did not start; its error output says why")
        yield _slim(file)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _slim(file: Path) -> dict[str, Any]:
    """The hand-over file without the truth about every bill: the product would hold it in memory."""
    handover: dict[str, Any] = json.loads(file.read_text())
    for name in ("truth", "vendors", "seeded_documents"):
        del handover["company"][name]
    file.write_text(json.dumps(handover))
    return handover


async def emulator(handover: Mapping[str, Any], vendor: str, what: str) -> Any:
    """What an emulator tells of itself: ``statistics`` or ``calls``."""
    async with aiohttp.ClientSession() as session, session.get(f"{handover['admin']}/{vendor}/{what}") as answer:
        return await answer.json()


# --- the product's side ------------------------------------------------------------------------------------------


def without_limits(runtime: Runtime) -> Runtime:
    """The runtime with connectors that count their calls as always, but are allowed any number of them."""
    free = {vendor: _free(connector) for vendor, connector in runtime.connectors.items()}
    return dataclasses.replace(runtime, connectors=free)


def _free(connector: Connector) -> Connector:
    kind: type[Connector] = type(connector)

    class Free(kind):  # type: ignore[valid-type, misc]
        def limits(
            self, organisation: Organisation | None, credentials: Credentials, settings: Mapping[str, str]
        ) -> Limits:
            known = kind.limits(self, organisation, credentials, settings)
            scope = known.limits[0].scope
            return Limits((Limit("calls a second", 1_000_000, seconds=1.0, scope=scope),), known.concurrency)

        def day_left(self, headers: Mapping[str, str]) -> int | None:
            return None

    return Free()
