"""A company under way whose clock can jump and whose worker can be cut off anywhere, on an event loop of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import sync_world
from sync_world import Faults, Killed, World

from ml_connector.lanes.runtime import Runtime
from ml_connector.service import integrating, releasing, replaying
from ml_connector.service.finding import Filter
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector.transport.messages import Answer, Request
from ml_connector_sandbox.company import Company
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import START, Sandbox

T = TypeVar("T")
Databases = Callable[[], AbstractContextManager[str]]
SPEED = 60.0  # clock seconds a second: slow enough that a busy machine meets no vendor's time-out
ROUNDS = 60  # slices of both lanes until it must be quiet; each that is not lets five minutes pass
STEP = 300.0  # clock seconds


Fits = Callable[[Request, str], bool]


def every_call(request: Request, url: str) -> bool:
    """Any call whatever."""
    return True


def a_page(request: Request, url: str) -> bool:
    """Calls for the next page of a list or feed of bills, and not those that look something up for it by its id."""
    asked = {name for name, _ in request.query}
    return request.safe and "bills" in url and "ids" not in asked and ("page" in asked or "/export/" in url)


@dataclass
class Wire:
    """Stands before the wire: calls back at every call, numbered from 1, before it leaves and after it is answered."""

    runtime: Runtime
    number: int = 0
    before: Callable[[int, Request, str], None] | None = None
    after: Callable[[int, Request, str], None] | None = None

    def __post_init__(self) -> None:
        self._send = self.runtime.wire.send
        self.runtime.wire.send = self.send  # type: ignore[method-assign]

    async def send(self, request: Request, url: str, *given: Any, **options: Any) -> Answer:
        self.number += 1
        number = self.number
        if self.before is not None:
            self.before(number, request, url)
            await asyncio.sleep(0)  # where a task that was cut off ends
        answer = await self._send(request, url, *given, **options)
        if self.after is not None:
            self.after(number, request, url)
            await asyncio.sleep(0)
        return answer


@dataclass
class Stateful(World):
    """A world whose lanes are run by hand, and whose time is not waited for but jumps."""

    wire: Wire = field(kw_only=True)

    def jump(self, seconds: float) -> None:
        """Let clock time pass at once, for the product and for both vendors."""
        for clock in (self.sandbox.clock, self.runtime.clock):
            object.__setattr__(clock, "anchor", clock.anchor - seconds / clock.speed)
        assert abs((self.sandbox.clock.now() - self.runtime.clock.now()).total_seconds()) < 1

    async def settle(self, *, rounds: int = ROUNDS) -> None:
        """Run both lanes until nothing is left to do but wait for somebody; time passes as long as there is."""
        for _ in range(rounds):
            for connection_id in (self.source, self.target):
                await self._let_pass(connection_id)
                await self.slice(connection_id)
            if await self.quiet():
                return
            self.jump(STEP)
        raise AssertionError(f"still not quiet: {await self.states()}")

    async def _let_pass(self, connection_id: int) -> None:
        """The time in which a lane may not run."""
        row = await self.one(
            """select greatest(not_before, timestamptz '1970-01-01 00:00:00+00') from lane
            where tenant_id = %s and connection_id = %s""",
            self.desk.tenant_id, connection_id,
        )  # fmt: skip
        wait = (row[0] - self.runtime.clock.now()).total_seconds()
        if wait > 0:
            self.jump(wait + 1)

    async def cut_off(self, connection_id: int, call: int, *, answered: bool, fits: Fits = every_call) -> bool:
        """Begin a slice whose worker is gone at the ``call``-th call that ``fits``, before it leaves or once answered.

        Whether it came so far. What it held is free only when its lease has run out.
        """
        task = asyncio.ensure_future(self.slice(connection_id))
        met = 0

        def cut(_: int, request: Request, url: str) -> None:
            nonlocal met
            met += fits(request, url)
            if met >= call:
                task.cancel()

        if answered:
            self.wire.after = cut
        else:
            self.wire.before = cut
        with suppress(asyncio.CancelledError, Killed):
            await task
        self.wire.before = self.wire.after = None
        await self.free(connection_id)
        return met >= call

    async def put_right(self) -> None:
        """What persons do before the books are looked at: let approved ones go on, and have refused ones tried again."""
        for _ in range(3):
            if not await self._persons():
                return
            await self.settle()

    async def _persons(self) -> int:
        rows = await self.all(
            """select r.record_id, s.reason from record r join version_state s using (tenant_id, version_id)
            join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
            where r.tenant_id = %s and f.mode <> 'off'
              and (s.state = 10 or s.state = 9 and s.reason in ('never_arrives', 'preview_changed'))""",
            self.desk.tenant_id,
        )  # fmt: skip
        for record_id, reason in rows:
            if reason == "preview_changed":
                await releasing.release(self.desk, f"#{record_id}", reason)
            else:
                await replaying.replay(self.desk, Filter(record_ids=(record_id,)))
        return len(rows)


@asynccontextmanager
async def begun(url: str, folder: Path, company: Callable[[SandboxClock], Company]) -> AsyncIterator[Stateful]:
    """A company connected, integrated and mapped on a database of its own; its bills in preview."""
    database = await Database.open(url, pool_size=4)
    try:
        made = company(SandboxClock.starting(START, SPEED))
        async with Sandbox.running(made, limits=False) as sandbox:
            file = folder / "sandbox.json"
            sandbox.write(file)
            async with Runtime.on(database, Settings(data=folder / "data", sandbox=file)) as runtime:
                yield await _joined(sandbox, runtime)
    finally:
        await database.close()


async def _joined(sandbox: Sandbox, runtime: Runtime) -> Stateful:
    desk = await sync_world.connected(runtime, sandbox.handover, sync_world.refresh_token(sandbox))
    settings = {name: str(value) for name, value in sandbox.handover["company"]["settings"].items()}
    integration = await integrating.integrate(desk, sync_world.KIND, settings)
    return Stateful(sandbox, runtime, desk, integration, Faults(runtime), wire=Wire(runtime))


class Running:
    """A world on an event loop of its own, entered and left in one task, for tests that are no coroutines."""

    def __init__(self, databases: Databases, company: Callable[[SandboxClock], Company]) -> None:
        with ExitStack() as opened:
            url = opened.enter_context(databases())
            folder = Path(opened.enter_context(TemporaryDirectory()))
            self._runner = opened.enter_context(asyncio.Runner())
            self._end = asyncio.Event()
            self._ready: asyncio.Future[Stateful] | None = None
            self.world = self._runner.run(self._start(url, folder, company))
            self._closing = opened.pop_all()

    async def _start(self, url: str, folder: Path, company: Callable[[SandboxClock], Company]) -> Stateful:
        self._ready = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._live(url, folder, company))
        waited: list[asyncio.Future[Any]] = [self._ready, self._task]
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if not self._ready.done():
            await self._task  # raises what kept it from starting
        return self._ready.result()

    async def _live(self, url: str, folder: Path, company: Callable[[SandboxClock], Company]) -> None:
        assert self._ready is not None
        async with begun(url, folder, company) as world:
            self._ready.set_result(world)
            await self._end.wait()

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine."""
        return self._runner.run(what)

    def close(self) -> None:
        """Stop everything and drop the database."""

        async def end() -> None:
            self._end.set()
            await self._task

        with self._closing:
            self._runner.run(end())
