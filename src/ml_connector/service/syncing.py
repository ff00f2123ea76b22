"""Syncing now, and waiting until there is nothing left to do but wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from ml_connector.errors import Refused
from ml_connector.service.desk import Change, Desk, made
from ml_connector.service.integrating import Integration
from ml_connector.service.roles import Role
from ml_connector.service.still import Still, still_in
from ml_connector.service.tallies import counted
from ml_connector.service.working import Work, working
from ml_connector.sync.refused import REFUSED, try_again
from ml_connector.sync.states import IN_FLIGHT, State

PATIENCE = 120.0  # machine seconds without any progress after which waiting here makes no sense


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sync is: what is still to be read, planned, sent or looked up, and what has ended so far.

    ``rows`` were read since the waiting began, by whatever reading, and ``new`` of them are versions that were not known;
    ``walked`` are those of each flow's latest reading: one that fails again and again comes no further.
    ``later`` more wait only for time (a limit, a retry), the first until ``until``. ``lanes`` are at work or about to be.
    ``unread`` rows could not be read; the next reading asks for them again. ``still`` are flows that stand still; what
    they have waiting is in none of the other numbers.
    """

    reads: int
    rows: int
    new: int
    due: int
    later: int
    open: int
    ended: int
    held: int
    until: datetime | None = None
    problem: str = ""
    lanes: int = 0
    walked: int = 0
    unread: int = 0
    still: tuple[Still, ...] = ()

    @property
    def quiet(self) -> bool:
        """Nothing is being done and nothing can be done now."""
        return not (self.reads or self.due or self.open or self.lanes)

    @property
    def moved(self) -> tuple[int, ...]:
        """What changes only when work is brought forward, and not when a retry is put off once more."""
        left = self.reads + self.due + self.later + sum(one.waiting for one in self.still)
        return self.walked, self.new, left, self.open, self.ended, self.held


@dataclass(frozen=True, slots=True)
class Quiet:
    """The end of a wait. ``sentence`` says what remains and why, empty when nothing does; done, it tells of unread rows."""

    done: bool
    progress: Progress
    sentence: str = ""


async def request_sync(desk: Desk, integration: Integration, flow_name: str = "") -> tuple[str, ...]:
    """Ask for everything to be read now; the names of the flows. Raises NotFound, Refused when no flow is on."""
    desk.require(Role.OPERATOR, Role.APPROVER, Role.BOOKKEEPER)
    if flow_name:
        integration.flow(flow_name)
    kind = desk.runtime.integrations[integration.kind]
    chosen = [one for one in integration.flows if one.mode != "off" and flow_name in ("", one.name)]
    if not chosen:
        raise Refused(f"{flow_name or 'Every flow'} is off: 'ml-connector preview' shows first what would be posted.")
    read = [one.flow_id for one in chosen if not kind.flow(one.name).follows]
    async with desk.changing() as change:
        await change.run(
            """update flow set next_read_at = %s, read_requested_by = %s
            where tenant_id = %s and flow_id = any(%s::int[])""",
            desk.clock.now(), desk.actor.name, desk.tenant_id, read,
        )  # fmt: skip
        await try_again(change.connection, desk.tenant_id, [one.flow_id for one in chosen])
        await lists_anew(change, integration)
        names = tuple(one.name for one in chosen)
        change.event("sync asked for", integration=integration.kind, flows=names)
        await change.wake([integration.source_id, integration.target_id], "sync now")
    return names


async def lists_anew(change: Change, integration: Integration) -> None:
    """The lists both sides plan from are read again before anything is planned."""
    await change.run(
        """update feed set moved_at = '1970-01-01 00:00:00+00'
        where tenant_id = %s and connection_id = any(%s::int[]) and starts_with(name, 'directory ')""",
        change.tenant_id, [integration.source_id, integration.target_id],
    )  # fmt: skip


_PROGRESS = """
    with lanes as (
        select connection_id, greatest(not_before, timestamptz '1970-01-01 00:00:00+00') as free_at from lane
        where tenant_id = %(tenant)s and connection_id = any(%(lanes)s::int[])
    ), still as (
        select connection_id, substr(name, %(named)s)::int as flow_id from feed
        where tenant_id = %(tenant)s and connection_id = any(%(lanes)s::int[]) and starts_with(name, %(refused)s)
          and moved_at > %(now)s
    ), waiting as (
        select greatest(w.not_before, l.free_at) as at from work w
        join version_state s on s.tenant_id = w.tenant_id and s.version_id = w.version_id
        join lanes l on l.connection_id = w.connection_id
        where w.tenant_id = %(tenant)s and w.flow_id = any(%(flows)s::int[]) and s.state = 0
          and (w.connection_id, w.flow_id) not in (select connection_id, flow_id from still)
    ), reads as (
        select l.free_at as at from flow f join lanes l on l.connection_id = f.source_id
        where f.tenant_id = %(tenant)s and f.flow_id = any(%(flows)s::int[]) and f.read_requested_by is not null
    ), latest as (
        select distinct on (flow_id) rows from run
        where tenant_id = %(tenant)s and flow_id = any(%(reading)s::int[]) and kind = 'read'
        order by flow_id, run_id desc
    ), runs as (
        select rows, new_versions from run
        where tenant_id = %(tenant)s and flow_id = any(%(reading)s::int[]) and kind = 'read'
          and (finished_at is null or finished_at >= %(since)s)
    ), states as (
        select state, count(*) as n from version_state
        where tenant_id = %(tenant)s and flow_id = any(%(flows)s::int[]) group by state
    )
    select (select count(*) from reads where at <= %(now)s), (select coalesce(sum(rows), 0) from runs),
           (select coalesce(sum(new_versions), 0) from runs), (select count(*) from waiting where at <= %(now)s),
           (select count(*) from waiting where at > %(now)s) + (select count(*) from reads where at > %(now)s),
           (select count(*) from intent where tenant_id = %(tenant)s and connection_id = any(%(lanes)s::int[])
                                          and state in (0, 1)),
           (select coalesce(sum(n), 0) from states where state <> all(%(flying)s::smallint[])),
           (select coalesce(sum(n), 0) from states where state = %(held)s),
           (select min(at) from (select at from waiting union all select at from reads) later where at > %(now)s),
           coalesce((select string_agg(name || ': ' || coalesce(nullif(problem, ''), state), '; ') from connection
                     where tenant_id = %(tenant)s and connection_id = any(%(lanes)s::int[])
                       and (state <> 'good' or problem <> '')), ''),
           (select count(*) from lane l where l.tenant_id = %(tenant)s and l.connection_id = any(%(lanes)s::int[])
              and (l.lease_until > now() or l.due_at <= %(now)s and l.not_before <= %(now)s
                   or exists (select 1 from wake w where w.tenant_id = l.tenant_id
                              and w.connection_id = l.connection_id))),
           (select coalesce(sum(rows), 0) from latest),
           (select count(*) from unread
            where tenant_id = %(tenant)s and flow_id = any(%(flows)s::int[]) and resolved_at is null),
           exists (select 1 from connection where tenant_id = %(tenant)s and connection_id = any(%(lanes)s::int[])
                   and state <> 'good')"""


async def progress(desk: Desk, integration: Integration) -> Progress:
    """How far the integration's reading and posting is now, whatever has been read before."""
    return (await _look(desk, integration, desk.clock.now()))[0]


async def _look(desk: Desk, integration: Integration, since: datetime) -> tuple[Progress, bool]:
    """The progress since an instant, and whether a connection cannot go on without a person."""
    kind = desk.runtime.integrations[integration.kind]
    flows, instant = [one.flow_id for one in integration.flows if one.mode != "off"], desk.clock.now()
    values = {
        "tenant": desk.tenant_id,
        "lanes": [integration.source_id, integration.target_id],
        "flows": flows,
        "reading": [one.flow_id for one in integration.flows if not kind.flow(one.name).follows],
        "now": instant,
        "since": since,
        "flying": [state.value for state in IN_FLIGHT],
        "held": State.HELD.value,
        "refused": REFUSED,
        "named": len(REFUSED) + 1,
    }
    async with desk.looking() as reading:
        row = await (await reading.connection.execute(_PROGRESS.encode(), values)).fetchone()
        still = await still_in(reading, flows, instant)
    assert row is not None
    *counts, until, problem, lanes, walked, unread, dead = row
    ends = int(lanes), int(walked), int(unread), still
    return made(Progress, *(int(count) for count in counts), until, problem, *ends), bool(dead)


Report = Callable[[Progress], None]


def _silent(_: Progress) -> None:
    return


async def wait_until_quiet(
    desk: Desk, integration: Integration, report: Report = _silent, *, patience: float = PATIENCE
) -> Quiet:
    """Wait until everything asked for is read, planned and sent, or only time or a person can bring the rest on.

    ``patience`` is machine seconds. A worker runs here meanwhile when no other lives. Raises ConnectorError when that
    worker cannot go on.
    """
    async with working(desk.runtime) as work:
        return await _until_quiet(desk, integration, report, patience, work)


async def _until_quiet(desk: Desk, integration: Integration, report: Report, patience: float, work: Work) -> Quiet:
    loop = asyncio.get_running_loop()
    seen: Progress | None = None
    stood: set[tuple[int, ...]] = set()
    began, since, calm = desk.clock.now(), loop.time(), 0
    while True:
        now, dead = await _look(desk, integration, began)
        # A retry that fails goes back to where it stood before: only what has never been so is progress.
        if now.moved not in stood:
            stood.add(now.moved)
            since = loop.time()
        if replace(now, lanes=0) != seen:
            seen = replace(now, lanes=0)
            report(now)
        calm = calm + 1 if now.quiet and not now.later else 0
        # Twice in a row: between two steps of a lane there is a moment with nothing to see.
        if calm > 1:
            if any(one.waiting for one in now.still):
                return Quiet(False, now, _remains(now))
            return Quiet(True, now, f"{_not_read(now)}; the next reading asks again" if now.unread else "")
        if dead or _too_late(desk, now, patience) or loop.time() - since > patience:
            return Quiet(False, now, _remains(now))
        await work.pause()


def _too_late(desk: Desk, now: Progress, patience: float) -> bool:
    """Everything left waits for a time too far away to wait for it here."""
    if not now.quiet or now.until is None:
        return False
    return desk.clock.real((now.until - desk.clock.now()).total_seconds()) > patience


_LOOKED_UP = "are being looked up, since their answer was lost"


def _not_read(now: Progress) -> str:
    return counted(now.unread, "document could not be read", "documents could not be read")


def _remains(now: Progress) -> str:
    left = [
        f"{counted(now.later, 'waits for its time', 'wait for their time')}, the first until "
        f"{now.until:%Y-%m-%d %H:%M:%S} UTC (a limit or a retry)"
        if now.later and now.until
        else "",
        counted(now.open, "is being looked up, since its answer was lost", _LOOKED_UP) if now.open else "",
        counted(now.reads, "flow is still to be read", "flows are still to be read") if now.reads else "",
        counted(now.due, "is still to be worked off", "are still to be worked off") if now.due else "",
        _not_read(now) if now.unread else "",
        *(one.sentence for one in now.still),
    ]
    told = "; ".join(one for one in left if one) or "nothing is under way"
    if now.problem:
        return f"{told}. {now.problem}"
    if now.quiet:
        return f"{told}; it goes on by itself while a worker runs."
    return f"{told}, and nothing has moved for a while: look at the log of 'ml-connector up' or 'worker'."


async def sync(desk: Desk, integration: Integration, flow_name: str = "", report: Report = _silent) -> Quiet:
    """Ask for a sync and wait until it is quiet."""
    await request_sync(desk, integration, flow_name)
    return await wait_until_quiet(desk, integration, report)
