"""One run: the fault is set, the product works until its books are those of the run without faults, or time is over."""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from typing import Any

import psycopg
import structlog

from faults.books import Books, Difference, difference
from faults.commits import Commits, counted_commits
from faults.pace import Pace
from faults.points import COMMIT_KILLS, DATABASE, DAY_LIMIT, KILLS, Point
from faults.stalled import left_over
from faults.world import Running
from ml_connector.errors import ConnectorError, NotFound
from ml_connector.lanes.runtime import Runtime
from ml_connector.lanes.tasks import ended
from ml_connector.lanes.worker import WorkerLost, serve
from ml_connector.service.connections import connections
from ml_connector.service.finding import Filter
from ml_connector.service.replaying import replay
from ml_connector.service.syncing import Progress, progress, request_sync
from ml_connector.settings import Settings
from ml_connector.store.errors import DatabaseUnavailable
from ml_connector.sync.states import State
from ml_connector.telemetry import logs
from ml_connector_sandbox.kernel.faults import Fault
from rig.company import connected

# Seconds of a machine that is not busy, see `_while_it_moves`, in which nothing moves: a dead worker's lane is free
# after 12, what it sent is looked up after 20 more.
PATIENCE = 90.0
LONGEST = 600.0  # seconds of the same that a run may move; one that turns in circles ends
STRUCK_WITHIN = 60.0  # seconds of the same in which nothing moves and nothing is struck
LOOK_EVERY = 0.5
MOVED_EVERY = 5.0
ASKED_AGAIN = 5
CALM = 2  # looks in a row: between two steps of a lane there is a moment with nothing to see

log = structlog.get_logger()


async def undisturbed(running: Running) -> Books:
    """The end of a run without faults. Raises TimeoutError."""
    return await _undisturbed(running, running.runtime)


async def _undisturbed(running: Running, runtime: Runtime) -> Books:
    async with _worker(runtime):
        await request_sync(running.desk, running.integration)
        await _while_it_moves(running, _quiet(running))
        return await running.books()


async def disturbed(running: Running, point: Point, expected: Books) -> tuple[Difference, bool]:
    """How a run with the fault ended, and whether it struck; a run may make fewer calls than the one that was counted.

    Nobody helps it, but for what only a person can do.
    """
    if point.vendor == DATABASE:
        return await _at_a_commit(running, point, expected)
    faults = running.emulator(point.vendor).faults
    fault = faults.add(Fault(call=point.call, kind=KILLS.get(point.kind, point.kind)))
    await request_sync(running.desk, running.integration)
    work = _killed(running, faults.struck(fault)) if point.kind in KILLS else _worker(running.runtime)
    async with work:
        kind = faults.vendor.kinds[fault.kind]
        if kind.needs_person:
            await _reconnected(running, point.vendor, faults.struck(fault))
        if fault.kind == DAY_LIMIT:
            await _day_over(running, faults.struck(fault))
        elif kind.refuses:
            await _replayed(running, faults.struck(fault))
        found = await _agreed(running, expected)
    return found, any(one is fault for one, _ in faults.fired)


async def counted(running: Running) -> tuple[Books, int]:
    """The end of a run without faults, and how many commits its worker made. Raises TimeoutError."""
    async with (
        counted_commits(running.url) as commits,
        Runtime.opened(running.settings_with(commits.address)) as runtime,
    ):
        books = await _undisturbed(running, runtime)
    return books, commits.count


async def _at_a_commit(running: Running, point: Point, expected: Books) -> tuple[Difference, bool]:
    await request_sync(running.desk, running.integration)
    after = point.kind == COMMIT_KILLS[1]
    async with (
        counted_commits(running.url, hold=point.call, after=after) as commits,
        _killed(running, commits.held.wait(), commits),
    ):
        return await _agreed(running, expected), commits.held.is_set()


async def _agreed(running: Running, expected: Books) -> Difference:
    """Wait until the books are as expected and nothing is left to do; what still differs when time is over."""
    found: Difference | None = None

    async def look() -> None:
        nonlocal found
        while found is None or found:
            await _quiet(running)
            found = difference(await running.books(), expected)

    with suppress(TimeoutError):
        await _while_it_moves(running, look())
    if found is None:
        left = await _progress(running)
        found = Difference(unbalanced=[f"it did not come to rest: {left}"])
    if found:
        await _tell_left_over(running)
    return found


async def _while_it_moves(running: Running, work: Awaitable[Any], patience: float | None = None) -> None:
    """Wait for ``work`` until nothing has moved for ``patience`` machine seconds (PATIENCE), or LONGEST is over.

    Counted are seconds of a machine that does what it is asked to: one that is busy with something else is waited for as
    many times longer. So is a run whose clock was set slower at its beginning, however quick the machine is by now: what
    waits for an hour of that clock waits as many times longer. Raises TimeoutError, once it has ended.
    """
    task, pace = asyncio.ensure_future(work), Pace()
    last, still, spent = time.monotonic(), 0.0, 0.0
    seen: tuple[int, ...] = ()
    try:
        while not (await asyncio.wait({task}, timeout=MOVED_EVERY))[0]:
            last, passed = (now := time.monotonic()), now - last
            spent, still = (one + passed / max(pace.slowness(), running.slowed) for one in (spent, still))
            if (moved := (await _progress(running)).moved) != seen:
                seen, still = moved, 0.0
            if still > (patience or PATIENCE) or spent > LONGEST:
                raise TimeoutError(f"nothing has moved for {still:.0f} s, {spent:.0f} s from the beginning")
        task.result()
    finally:
        await ended(task)


async def _progress(running: Running) -> Progress:
    """How far it is. A database that is too busy to say is asked again. Raises DatabaseUnavailable where it stays so."""
    for left in reversed(range(ASKED_AGAIN)):
        try:
            return await progress(running.desk, running.integration)
        except (DatabaseUnavailable, psycopg.OperationalError) as error:
            if not left:
                raise
            log.warning("the progress cannot be looked at, the database is busy", why=str(error))
            await asyncio.sleep(LOOK_EVERY)
    raise AssertionError("unreachable: the loop returns or raises")


async def _tell_left_over(running: Running) -> None:
    """For whoever looks for the cause. What was found stands, whether this can be told or not."""
    try:
        log.warning("the run ended otherwise", **await left_over(running))
    except Exception:
        log.exception("what is left over cannot be told")


async def _quiet(running: Running) -> None:
    await _calm(running, lambda now: now.quiet and not now.later and not any(one.waiting for one in now.still))


async def _calm(running: Running, still: Callable[[Progress], bool]) -> None:
    calm = 0
    while calm < CALM:
        await asyncio.sleep(LOOK_EVERY)
        calm = calm + 1 if still(await _progress(running)) else 0


async def _day_over(running: Running, struck: Awaitable[None]) -> None:
    """Once a spent day lets nothing go on, let it be a minute before the midnight that ends it.

    That minute the product waits for itself: should it wait for longer, it does not come to rest.
    """
    with suppress(TimeoutError):  # it found no call to strike, or never comes to rest: the end of the run tells
        await _while_it_moves(running, struck, STRUCK_WITHIN)
        await _while_it_moves(running, _calm(running, lambda now: not (now.reads or now.due or now.lanes)))
        running.near_midnight()


# --- workers -----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _worker(runtime: Runtime) -> AsyncIterator[None]:
    """A worker in this process; one that gives up is started again, as a supervisor does."""
    stop = asyncio.Event()
    task = asyncio.create_task(_serving(runtime, stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def _serving(runtime: Runtime, stop: asyncio.Event) -> None:
    while not stop.is_set():
        with suppress(WorkerLost):
            await serve(runtime, stop=stop, slots=2)


@asynccontextmanager
async def _killed(running: Running, struck: Awaitable[object], commits: Commits | None = None) -> AsyncIterator[None]:
    """A worker in a process of its own, killed when its call or commit is held (or never comes), and then another one."""
    first = _started(running.settings_with(commits.address) if commits else running.settings)
    try:
        with suppress(TimeoutError):
            await _while_it_moves(running, struck, STRUCK_WITHIN)
    finally:
        await _kill(first)
        if commits:
            commits.end()
    second = _started(running.settings)
    try:
        yield
    finally:
        await _kill(second)


def _started(settings: Settings) -> BaseProcess:
    point = structlog.contextvars.get_contextvars().get("point", "")
    worker = _forks().Process(target=_work, args=(settings, point), daemon=True)
    worker.start()
    return worker


def _forks() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["faults.forked"])
    return context


async def _kill(worker: BaseProcess) -> None:
    worker.kill()
    await asyncio.to_thread(worker.join)


def _work(settings: Settings, point: str) -> None:
    sys.stdout = sys.stderr  # results are told there
    logs.configure(service=True)
    structlog.contextvars.bind_contextvars(point=point)
    asyncio.run(_serve_alone(settings))


async def _serve_alone(settings: Settings) -> None:
    """Serve until killed, as ``ml-connector worker`` does: what cannot go on starts afresh."""
    while True:
        try:
            async with Runtime.opened(settings) as runtime:
                await _serving(runtime, asyncio.Event())
        except ConnectorError as error:
            structlog.get_logger().warning("a worker starts again", why=error.sentence)
            await asyncio.sleep(LOOK_EVERY)


# --- what only a person can do -----------------------------------------------------------------------------------


async def _reconnected(running: Running, vendor: str, struck: Awaitable[None]) -> None:
    """Once the connection tells that it needs a person, the cause is taken away and the vendor connected again.

    Raises TimeoutError when nobody is told.
    """
    try:
        await _while_it_moves(running, struck, STRUCK_WITHIN)
    except TimeoutError:
        return
    await _while_it_moves(running, _until_told(running, vendor))
    running.emulator(vendor).faults.clear()
    await connected(running.runtime, running.sandbox.handover, vendor, running.desk)


async def _replayed(running: Running, struck: Awaitable[None]) -> None:
    """What the target refused is asked for once more when all else is done, as after its rule was put right there.

    Raises TimeoutError when the run does not come to rest.
    """
    with suppress(TimeoutError):
        await _while_it_moves(running, struck, STRUCK_WITHIN)
    await _while_it_moves(running, _quiet(running))
    with suppress(NotFound):  # nothing was refused for good
        await replay(running.desk, Filter(running.integration.integration_id, state=State.REJECTED.word))


async def _until_told(running: Running, vendor: str) -> None:
    """A trouble that passes by itself says until when it waits, and asks for nobody."""
    while not any(
        one.vendor == vendor and one.problem and (not one.good or one.waits_until is None)
        for one in await connections(running.desk)
    ):
        await asyncio.sleep(LOOK_EVERY)
