"""What a measurement stands on: the emulators in a process of their own, and connectors without limits."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import platform
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from ml_connector.canonical.master_data import Organisation
from ml_connector.connectors.base import Connector, Limit, Limits
from ml_connector.connectors.grants import Credentials
from ml_connector.lanes.runtime import Runtime

RESULTS = Path(__file__).parent / "results"
Tell = Callable[[Mapping[str, Any]], None]
TOLD_EVERY = 5_000  # documents
_READY_WITHIN = 600.0  # machine seconds; seeding 100,000 bills takes a while
_STOPS_WITHIN = 60.0  # machine seconds from a measured process's being told to stop until it is ended
_TRUTH = frozenset(["truth", "vendors", "seeded_documents", "sales", "payments", "suppliers", "parties"])
_LONGEST_LINE = 1 << 24  # bytes of what a worker tells of itself


@dataclass(frozen=True, slots=True)
class Load:
    """What is measured: an integration, the sandbox's company that gives it work, and the modes of its flows.

    ``flow`` is the one whose documents are counted while it runs. ``settings`` are given besides those the company needs.
    ``matched``: mapping tables of parties whose links and suggestions are told at the end.
    """

    kind: str
    company: str
    vendors: tuple[str, str]
    modes: Mapping[str, str]
    flow: str = "bills"
    settings: Mapping[str, str] = field(default_factory=dict)
    matched: tuple[str, ...] = ()


BILLS = Load("servicetitan-zoho_books", "bulk", ("servicetitan", "zoho_books"), {"bills": "live"})
SALES = Load(
    "servicetitan-xero", "sold", ("servicetitan", "xero"),
    {"customers": "as needed", "invoices": "live", "payments": "live"}, "invoices",
)  # fmt: skip
PAYABLES = Load(
    "zoho_books-servicenow", "billed", ("zoho_books", "servicenow"),
    {"cost_centers": "as needed", "vendors": "as needed", "bills": "live", "vendor_payments": "live"},
)  # fmt: skip
PARTIES = Load(
    "servicetitan-zoho_books", "parties", ("servicetitan", "zoho_books"), {"customers": "live", "vendors": "live"},
    "customers", {"parties_baseline": "yes"}, ("customers", "vendors"),
)  # fmt: skip
LOADS = {load.company: load for load in (BILLS, SALES, PAYABLES, PARTIES)}


def silently(_: Mapping[str, Any]) -> None:
    """Tell nothing on the way."""


@contextmanager
def folder() -> Iterator[Path]:
    """An empty folder. For root, PostgreSQL runs as a user of its own, who must be able to pass through."""
    with tempfile.TemporaryDirectory(prefix="mlc-bench-") as name:
        made = Path(name)
        made.chmod(0o711)
        yield made


# --- the emulators -----------------------------------------------------------------------------------------------


@asynccontextmanager
async def sandbox(
    file: Path, load: Load, count: int | str, *, speed: float = 1.0, limits: bool = False
) -> AsyncIterator[dict[str, Any]]:
    """The emulators with ``count`` ordinary documents; their hand-over file's content, truth and all. Raises RuntimeError.

    ``count`` is what stands after the colon in the company's kind, so two numbers for parties.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ml_connector_sandbox", "--file", str(file), "--company", f"{load.company}:{count}",
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
        await _stopped(process)


def _slim(file: Path) -> dict[str, Any]:
    """Leave in the file nothing of the truth about every document: the product would hold it in memory."""
    handover: dict[str, Any] = json.loads(file.read_text())
    company = {name: value for name, value in handover["company"].items() if name not in _TRUTH}
    file.write_text(json.dumps({**handover, "company": company}))
    return handover


async def emulator(handover: Mapping[str, Any], vendor: str, what: str) -> Any:
    """What an emulator tells of itself: ``statistics`` or ``calls``."""
    async with aiohttp.ClientSession() as session, session.get(f"{handover['admin']}/{vendor}/{what}") as answer:
        return await answer.json()


async def worker(
    load: Load, data: Path, file: Path, *, limits: bool, tell: Tell = silently, every: int = TOLD_EVERY
) -> dict[str, Any]:
    """What the product's worker measured, in a process of its own and on a database made before. Raises RuntimeError.

    ``tell`` hears how far it is after ``every`` so many documents, see ``progress``.
    """
    await _run(load, data, file, tell, "--prepare")
    return await _run(load, data, file, tell, "--every", str(every), *(["--limits"] if limits else []))


async def _run(load: Load, data: Path, file: Path, tell: Tell, *more: str) -> dict[str, Any]:
    arguments = ["--load", load.company, "--data", str(data), "--sandbox", str(file), *more]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.worker", *arguments, stdout=asyncio.subprocess.PIPE, limit=_LONGEST_LINE
    )
    assert process.stdout is not None
    found: dict[str, Any] = {}
    try:
        async for line in process.stdout:
            found = json.loads(line)
            if "so_far" in found:
                tell(found)
        await process.wait()
    finally:
        await _stopped(process)
    if process.returncode:
        raise RuntimeError(f"the measured worker ended with exit code {process.returncode}")
    return found


async def _stopped(process: asyncio.subprocess.Process) -> None:
    """The process is over: by itself, asked to, or else ended."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOPS_WITHIN)
    except TimeoutError:
        process.kill()
        await process.wait()


def write_results(name: str, found: dict[str, Any]) -> None:
    """Beside those of earlier runs."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json").write_text(json.dumps(found, indent=2) + "\n")


def machine() -> dict[str, Any]:
    """When and where it was measured."""
    facts = {"processors": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}
    return {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": facts}


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
            known = connector.limits(organisation, credentials, settings)
            scope = known.limits[0].scope
            return Limits((Limit("calls a second", 1_000_000, seconds=1.0, scope=scope),), known.concurrency)

        def day_left(self, headers: Mapping[str, str]) -> int | None:
            return None

    return Free()
