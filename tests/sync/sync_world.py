"""A connected, integrated and mapped company whose lanes are run by hand, slice by slice, with faults on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ml_connector.audit.verify import verify
from ml_connector.lanes import lease as leases
from ml_connector.lanes.grants import GrantTokens
from ml_connector.lanes.opening import lane_of, stored_connection
from ml_connector.lanes.runtime import Runtime
from ml_connector.lanes.slice import run_slice
from ml_connector.service import connecting, integrating, syncing
from ml_connector.service.balance import Run, runs_in
from ml_connector.service.credentials import checked_credentials, checked_settings
from ml_connector.service.desk import Desk
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.values import set_value
from ml_connector.service.roles import Actor, Role
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector.sync.flows import Flow, flows_of
from ml_connector.sync.lane import Lane, Slice
from ml_connector.sync.release import restage
from ml_connector.sync.states import REPLAYABLE, Priority, State
from ml_connector.transport.errors import AnswerLost, NotSent
from ml_connector.transport.messages import Answer, Request
from ml_connector_sandbox.compare import Comparison, compare
from ml_connector_sandbox.sandbox import Sandbox

KIND = "servicetitan-zoho_books"
ZOHO_API = "zohoapis"
SPEED = 600.0  # clock seconds a second: the vendors' time-outs pass in a moment

Real = Callable[[], Awaitable[Answer]]


class Killed(BaseException):
    """The worker ends here, as if it had been killed."""


@dataclass
class Fault:
    """What happens to calls that ``fits`` picks, ``times`` times after the first ``skip``."""

    kind: str
    fits: Callable[[Request, str], bool]
    times: int = 1
    skip: int = 0


def is_write(request: Request, url: str) -> bool:
    """Whether a call changes something in Zoho Books."""
    return not request.safe and ZOHO_API in url


def is_bill(request: Request, url: str) -> bool:
    """Whether a call writes a bill."""
    return is_write(request, url) and "/bills" in url


@dataclass
class Faults:
    """Stands before the wire and spoils the calls it was told to."""

    runtime: Runtime
    waiting: list[Fault] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    before_write: Callable[[], Awaitable[None]] | None = None

    def __post_init__(self) -> None:
        self._send = self.runtime.wire.send
        self.runtime.wire.send = self.send  # type: ignore[method-assign]

    def on(self, kind: str, fits: Callable[[Request, str], bool] = is_bill, *, times: int = 1, skip: int = 0) -> None:
        self.waiting.append(Fault(kind, fits, times, skip))

    async def send(self, request: Request, url: str, *given: Any, **options: Any) -> Answer:
        async def real() -> Answer:
            return await self._send(request, url, *given, **options)

        if is_write(request, url):
            self.calls.append((request.method, url))
            if self.before_write is not None:
                await self.before_write()
        for fault in self.waiting:
            if fault.times > 0 and fault.fits(request, url):
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                return await _spoiled(fault.kind, real, self.runtime)
        return await real()


async def _spoiled(kind: str, real: Real, runtime: Runtime) -> Answer:
    now = runtime.clock.now()
    if kind == "refused":
        raise NotSent("nobody listens there")
    if kind == "killed before":
        raise Killed
    if kind == "500 before":
        return Answer(500, {}, b"oops", now)
    if kind == "429":
        return Answer(429, {"retry-after": "40"}, b'{"code":44,"message":"too many"}', now)
    if kind == "429 bare":
        return Answer(429, {}, b"", now)
    if kind == "401":
        return Answer(401, {}, b'{"code":57,"message":"You are not authorized to perform this operation"}', now)
    if kind == "defect":
        raise RuntimeError("a defect in the connector")
    answer = await real()
    if kind == "killed after":
        raise Killed
    if kind == "lost":
        raise AnswerLost("the connection broke")
    if kind == "500 after":
        return Answer(500, {}, b"oops", now)
    if kind == "truncated":
        return Answer(answer.status, answer.headers, answer.body[: len(answer.body) // 2], now)
    raise AssertionError(kind)


@dataclass
class World:
    """One company under way."""

    sandbox: Sandbox
    runtime: Runtime
    desk: Desk
    integration: Integration
    faults: Faults
    filled: list[str] = field(default_factory=list)

    # --- what a person does --------------------------------------------------------------------------------------

    async def mode(self, flow: str, mode: str) -> None:
        await set_flow_mode(self.desk, self.integration, flow, mode)

    async def live(self) -> None:
        await self.mode("bills", "live")

    async def fill(self, table: str, key: str, value: str) -> int:
        """Fill a mapping row; how many documents it released."""
        return (await set_value(self.desk, self.integration, table, key, value, anyway=True)).released

    async def remove(self, table: str, key: str) -> None:
        """Take a mapping row away, and what it released back."""
        await self.run(
            "delete from mapping where tenant_id = %s and table_name = %s and source_key = %s",
            self.desk.tenant_id, table, key,
        )  # fmt: skip
        await self.run("update integration set generation = generation + 1 where tenant_id = %s", self.desk.tenant_id)

    async def ask(self) -> None:
        """Ask for a sync."""
        await syncing.request_sync(self.desk, await integrating.integration_named(self.desk, KIND))

    # --- running lanes -------------------------------------------------------------------------------------------

    @property
    def source(self) -> int:
        return self.integration.source_id

    @property
    def target(self) -> int:
        return self.integration.target_id

    async def slice(self, connection_id: int) -> None:
        """One slice of a lane, whatever its schedule says."""
        await run_slice(self.runtime, "test", self.desk.tenant_id, connection_id, lambda _: None)

    async def killed(self, connection_id: int) -> None:
        """One slice whose worker is killed by a fault; its lease runs out."""
        try:
            await self.slice(connection_id)
        except Killed:
            pass
        else:
            raise AssertionError("nothing killed the worker")
        await self.free(connection_id)

    async def free(self, connection_id: int) -> None:
        """As if the lease of a dead worker had run out, and the time in which it might have sent something."""
        await self.run("update intent set send_before = now() - interval '1 minute' where state = 0")
        await self.run(
            "update lane set lease_until = '-infinity' where tenant_id = %s and connection_id = %s",
            self.desk.tenant_id, connection_id,
        )  # fmt: skip

    async def sync(self, *, rounds: int = 40) -> None:
        """Ask for a sync, and run both lanes until nothing is left to do but wait for somebody."""
        await self.ask()
        await self.settle(rounds=rounds)

    async def settle(self, *, rounds: int = 40) -> None:
        for _ in range(rounds):
            for connection_id in (self.source, self.target):
                await self._allowed(connection_id)
                await self.slice(connection_id)
            if await self.quiet():
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"still not quiet: {await self.states()}")

    async def _allowed(self, connection_id: int) -> None:
        row = await self.one(
            """select greatest(not_before, timestamptz '1970-01-01 00:00:00+00') from lane
            where tenant_id = %s and connection_id = %s""",
            self.desk.tenant_id, connection_id,
        )  # fmt: skip
        wait = (row[0] - self.runtime.clock.now()).total_seconds()
        if wait > 0:
            await self.runtime.clock.sleep(wait)

    async def quiet(self) -> bool:
        row = await self.one(
            """select (select count(*) from work w join flow f using (tenant_id, flow_id)
                       where w.tenant_id = %(t)s and f.mode <> 'off')
                    + (select count(*) from intent where tenant_id = %(t)s and state in (0, 1))
                    + (select count(*) from flow where tenant_id = %(t)s and read_requested_by is not null)""",
            t=self.desk.tenant_id,
        )
        return bool(row[0] == 0)

    @asynccontextmanager
    async def held(self, connection_id: int) -> AsyncIterator[Lane]:
        """The lane itself, taken and kept as a worker has it."""
        tenant = self.desk.tenant_id
        lease = await leases.take(self.runtime.database, tenant, connection_id, "test")
        assert lease is not None
        found = await stored_connection(self.runtime, tenant, connection_id)
        connector = self.runtime.connectors[found.vendor]
        tokens = GrantTokens(
            self.runtime.database, self.runtime.keyring, self.runtime.clock, self.runtime.wire, connector, tenant,
            found.grant_id, "test",
        )  # fmt: skip
        lane, budget = await lane_of(self.runtime, lease, Slice(60.0), found, connector, tokens)
        yield lane
        await budget.store(final=True)
        await self.free(connection_id)

    async def flow(self, name: str) -> Flow:
        async with self.runtime.database.tenant(self.desk.tenant_id) as connection:
            flows = await flows_of(connection, self.desk.tenant_id, self.source, self.runtime.integrations)
        return next(one for one in flows if one.name == name)

    async def somebody_waits(self) -> bool:
        """Whether a transaction waits for another one's locks."""
        row = await self.one(
            """select count(*) from pg_locks l join pg_stat_activity a using (pid)
            where not l.granted and a.datname = current_database()"""
        )
        return bool(row[0])

    # --- looking -------------------------------------------------------------------------------------------------

    async def all(self, query: str, *values: Any, **named: Any) -> list[tuple[Any, ...]]:
        async with self.runtime.database.tenant(self.desk.tenant_id) as connection:
            return await (await connection.execute(query.encode(), named or values)).fetchall()

    async def one(self, query: str, *values: Any, **named: Any) -> tuple[Any, ...]:
        rows = await self.all(query, *values, **named)
        assert len(rows) == 1
        return rows[0]

    async def run(self, query: str, *values: Any) -> None:
        async with self.runtime.database.tenant(self.desk.tenant_id) as connection:
            await connection.execute(query.encode(), values)

    async def ends(self, flow: str = "bills") -> dict[str, tuple[str, str]]:
        """Source id -> (state, reason) of its newest version."""
        rows = await self.all(
            """select r.source_id, s.state, s.reason from record r
            join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
            join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
            where r.tenant_id = %s and f.name = %s""",
            self.desk.tenant_id, flow,
        )  # fmt: skip
        return {row[0]: (State(row[1]).word, row[2]) for row in rows}

    async def states(self, flow: str = "bills") -> dict[str, int]:
        """How many versions are in each state."""
        rows = await self.all(
            """select s.state, count(*) from version_state s join flow f using (tenant_id, flow_id)
            where tenant_id = %s and f.name = %s group by s.state""",
            self.desk.tenant_id, flow,
        )  # fmt: skip
        return {State(row[0]).word: row[1] for row in rows}

    async def versions(self, source_id: str) -> list[str]:
        """The states of a bill's versions, oldest first."""
        rows = await self.all(
            """select s.state from version_state s join record r using (tenant_id, record_id)
            join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
            where s.tenant_id = %s and r.source_id = %s and f.name = 'bills' order by s.version_id""",
            self.desk.tenant_id, source_id,
        )  # fmt: skip
        return [State(row[0]).word for row in rows]

    async def kinds(self, source_id: str) -> list[str]:
        """The audit trail's story of one bill."""
        rows = await self.all(
            """select e.kind from audit_event e join record r on r.tenant_id = e.tenant_id and r.record_id = e.record_id
            join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
            where e.tenant_id = %s and r.source_id = %s and f.name = 'bills' order by e.chain_no, e.position""",
            self.desk.tenant_id, source_id,
        )  # fmt: skip
        return [row[0] for row in rows]

    async def runs(self) -> list[Run]:
        flows = await self.all("select flow_id from flow where tenant_id = %s", self.desk.tenant_id)
        async with self.desk.looking() as reading:
            return await runs_in(reading, [row[0] for row in flows])

    def compared(self) -> Comparison:
        """The two systems' books against the truth table."""
        company = self.sandbox.handover["company"]
        return compare(
            company, self.sandbox.servicetitan.books(), self.sandbox.zoho_books.books(), filled=tuple(self.filled)
        )

    def zoho_bills(self) -> list[Any]:
        """Zoho's own bills."""
        return list(self.sandbox.company.seed.organisation.bills)

    @property
    def bills(self) -> list[int]:
        """Ids of ServiceTitan's bills."""
        return [int(row.bill_id) for row in self.sandbox.company.truth]

    @property
    def tenant(self) -> Any:
        """ServiceTitan's books."""
        return self.sandbox.company.seed.tenant

    async def sound(self) -> None:
        """What must hold at the end of everything: runs balance, the chain is whole, nothing is left half done."""
        assert [run.imbalance for run in await self.runs() if not run.balanced] == []
        found = await verify(self.runtime.database, self.desk.tenant_id)
        assert found.intact, found.faults
        flying = await self.one(
            """select count(*) from version_state s join flow f using (tenant_id, flow_id)
            where tenant_id = %s and f.mode = 'live' and s.state = any(%s::smallint[])""",
            self.desk.tenant_id, [State.STAGED, State.PLANNED, State.SENDING, State.UNCERTAIN],
        )  # fmt: skip
        assert flying[0] == 0, await self.states()


Start = Callable[..., AbstractAsyncContextManager[World]]


@asynccontextmanager
async def started(database: Database, folder: Path, kind: str, *, speed: float, limits: bool) -> AsyncIterator[World]:
    """A sandbox in this process, both vendors connected and integrated; nothing mapped, bills off."""
    async with Sandbox.running(kind, speed=speed, limits=limits) as sandbox:
        file = folder / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=folder / "data", sandbox=file)) as runtime:
            yield await _joined(sandbox, runtime)


async def _joined(sandbox: Sandbox, runtime: Runtime) -> World:
    desk = await connected(runtime, sandbox.handover, refresh_token(sandbox))
    settings = {name: str(value) for name, value in sandbox.handover["company"]["settings"].items()}
    integration = await integrating.integrate(desk, KIND, settings)
    return World(sandbox, runtime, desk, integration, Faults(runtime))


def refresh_token(sandbox: Sandbox) -> str:
    """A consent that was given already."""
    client = sandbox.handover["credentials"]["zoho_books"]["client_id"]
    return sandbox.company.zoho_books.refresh_token(client).token


async def connected(runtime: Runtime, handover: dict[str, Any], token: str) -> Desk:
    """Both vendors connected for a new tenant."""
    actor, company, desk = Actor("test", Role.OWNER), handover["company"], None
    for vendor in ("servicetitan", "zoho_books"):
        connector = runtime.connectors[vendor]
        given = {**handover["credentials"][vendor], "refresh_token": token}
        credentials = {one.name: given.get(one.name, "") for one in connector.credentials}
        checked = checked_credentials(connector, credentials)
        grant = await connecting.granted(runtime, connector, checked, checked_settings(connector, {}))
        organisation = grant.choose("")
        wanted = company["name"] if desk is None else ""
        tenant = await connecting.tenant_to_connect(runtime, actor, wanted, organisation, company["time_zone"])
        desk = Desk(runtime, tenant.tenant_id, actor)
        await connecting.connect(desk, grant, organisation.id)
    assert desk is not None
    return desk


async def map_company(world: World) -> None:
    """Read the lists, then fill the mapping tables as a person would; bills stay in preview."""
    await world.mode("bills", "preview")
    await world.sync()
    for table, rows in world.sandbox.handover["company"]["mapping"].items():
        for key, value in rows.items():
            await world.fill(table, key, value)
    await world.settle()


async def settle_vendors(company: World) -> None:
    """The vendors first, so that the next slice writes bills and nothing else."""
    await company.mode("vendors", "live")
    await company.run("update record set needed = 2 where tenant_id = %s and flow_id in "
                      "(select flow_id from flow where name = 'vendors')", company.desk.tenant_id)  # fmt: skip
    rows = await company.all(
        """select version_id from version_state s join flow f using (tenant_id, flow_id)
        where tenant_id = %s and f.name = 'vendors' and s.state = any(%s::smallint[])""",
        company.desk.tenant_id, [State.PLANNED, State.SKIPPED],
    )  # fmt: skip
    async with company.runtime.database.tenant(company.desk.tenant_id) as connection:
        await restage(
            connection, company.desk.tenant_id, [row[0] for row in rows], [State.PLANNED, State.SKIPPED],
            Priority.PARTY,
        )  # fmt: skip
    await company.settle()
    company.faults.calls.clear()


async def restaged(company: World, source_id: str) -> None:
    """Plan a bill's newest version again, as a replay does."""
    row = await company.one(
        """select r.version_id from record r join flow f using (tenant_id, flow_id)
        where tenant_id = %s and f.name = 'bills' and r.source_id = %s""",
        company.desk.tenant_id, source_id,
    )  # fmt: skip
    async with company.runtime.database.tenant(company.desk.tenant_id) as connection:
        gone = await restage(connection, company.desk.tenant_id, [row[0]], REPLAYABLE, Priority.PERSON)
    assert gone == [row[0]]


async def uncertain_bill(company: World) -> tuple[str, int]:
    """Reference and version of the one bill of which nobody knows."""
    return await company.one(
        "select reference, version_id from intent where tenant_id = %s and state = 1", company.desk.tenant_id
    )
