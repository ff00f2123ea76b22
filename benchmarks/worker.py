"""The product's worker in a process of its own: joins the company, reads, plans and posts it, and says what that took."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks import stage
from benchmarks.measure import Moment, peak_megabytes, postmaster_of
from benchmarks.parties_found import matched
from benchmarks.progress import Progress
from benchmarks.stage import LOADS, Load
from ml_connector.canonical import documents
from ml_connector.cli.loop import run
from ml_connector.lanes.runtime import Runtime
from ml_connector.lanes.worker import serve
from ml_connector.service.backfills import BackfillForecast, backfills
from ml_connector.service.desk import Desk
from ml_connector.service.forecasting import Forecast
from ml_connector.service.integrating import Integration
from ml_connector.service.standing import stuck_by_flow
from ml_connector.service.status import status
from ml_connector.service.syncing import request_sync
from ml_connector.settings import Settings
from ml_connector.store.embedded import install_signal_release
from ml_connector.sync.directory import entry_name
from ml_connector.sync.states import State
from ml_connector.telemetry import logs
from rig.company import joined

_LOOK_EVERY = 0.5  # machine seconds


async def measured(load: Load, data: Path, file: Path, *, limits: bool, every: int) -> dict[str, Any]:
    """One sync of everything. Times in seconds, memory in MiB; ``started`` is all before it, imports included.

    Clock instants (seconds since the Unix epoch) are ``began``, ``read_at``, when the last row was read, and ``ended_at``;
    ``left`` is what of each flow was still to be written at ``read_at``, and ``forecast_minutes`` what was forecast then, as
    ``status`` tells it: None where it cannot be told. ``backfills``: what was read from the beginning, a call for each
    document, with the minutes forecast when it was counted and those it took.
    """
    handover = json.loads(file.read_text())
    async with Runtime.opened(Settings(data=data, sandbox=file).model_copy(update={"database_url": None})) as opened:
        runtime = opened if limits else stage.without_limits(opened)
        postmaster = postmaster_of(data)
        desk, integration = await joined(runtime, _with_settings(handover, load), load.kind, load.modes)
        fsync = await _fsync(desk)
        before = Moment.now(postmaster)
        started, at_rest = before.own, peak_megabytes()
        began = desk.clock.seconds()
        going = Progress(desk, handover, load, every)
        read = await _synced(desk, integration, postmaster, going)
        whole = Moment.now(postmaster) - before
        await going.end()
        return {
            "started": started,
            "own": whole.own,
            "postgres": whole.postgres,
            "wall": whole.wall,
            "read_wall": read.moment.wall - before.wall,
            "began": began,
            "read_at": read.at,
            "left": {flow: count for one in read.forecasts for flow, count in one.left.items()},
            "forecast_minutes": _longest(read.forecasts),
            "forecast_told": [f"{one.connection}: {one.sentence}" for one in read.forecasts],
            "backfills": read.backfills,
            "ended_at": desk.clock.seconds(),
            "megabytes_at_rest": at_rest,
            "megabytes": peak_megabytes(),
            "fsync": fsync,
            "progress": going.told,
            "ended": await _ended(desk),
            "status": await _status(desk, integration, postmaster),
            "matched": {table: await matched(desk, integration, table) for table in load.matched},
        }


def _with_settings(handover: dict[str, Any], load: Load) -> dict[str, Any]:
    """The load's own settings among those that the company answers for its integration."""
    company = handover["company"]
    answers = company["integrations"].get(load.kind, company)
    given = {**answers, "settings": {**answers["settings"], **load.settings}}
    return {**handover, "company": {**company, "integrations": {**company["integrations"], load.kind: given}}}


async def prepared(data: Path) -> dict[str, Any]:
    """The database made and migrated, as on every start but the first."""
    async with Runtime.opened(Settings(data=data).model_copy(update={"database_url": None})):
        return {}


@dataclass(frozen=True, slots=True)
class _Read:
    """When the reading was done: the moment, the clock's seconds, and what was forecast then."""

    moment: Moment
    at: float
    forecasts: tuple[Forecast, ...]
    backfills: dict[str, dict[str, float]]


def _longest(found: tuple[Forecast, ...]) -> float | None:
    """Clock minutes until all is over everywhere."""
    return max((one.seconds / 60 for one in found if one.seconds is not None), default=None)


async def _synced(desk: Desk, integration: Integration, postmaster: Any, going: Progress) -> _Read:
    """Serve until nothing is left to do; how it was when the reading was done."""
    stop, read, first = asyncio.Event(), None, _Backfills(desk, integration)
    serving = asyncio.create_task(serve(desk.runtime, stop=stop))
    await request_sync(desk, integration)
    try:
        while True:
            reads, rest = await _left(desk)
            await going.look()
            if read is None:
                await first.look()
            if read is None and not reads:
                found = await _forecasts(desk)
                read = _Read(Moment.now(postmaster), desk.clock.seconds(), found, first.told())
            if read is not None and not rest:
                return read
            if serving.done():
                serving.result()
                raise RuntimeError("the worker has ended before its work")
            await asyncio.sleep(_LOOK_EVERY)
    finally:
        stop.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(serving, 30)


@dataclass(slots=True)
class _Backfills:
    """Backfills by entity: clock seconds when each was first and last seen, and what was forecast first."""

    desk: Desk
    integration: Integration
    seen: dict[str, tuple[float, float, BackfillForecast]] = field(default_factory=dict)

    async def look(self) -> None:
        """As ``status`` tells them; asked for alone, since it is looked at all the time."""
        now, sealer = self.desk.clock.seconds(), await self.desk.sealer()
        async with self.desk.looking() as reading:
            found = await backfills(self.desk, reading, sealer, self.integration)
        for one in found:
            began, _, first = self.seen.get(one.entity, (now, now, one))
            self.seen[one.entity] = (began, now, first)

    def told(self) -> dict[str, dict[str, float]]:
        """Of each the calls, and clock minutes: forecast and actual."""
        return {
            entity: {
                "calls": first.calls, "forecast_minutes": (first.seconds or 0.0) / 60, "actual_minutes": (over - began) / 60
            }
            for entity, (began, over, first) in self.seen.items()
        }  # fmt: skip


async def _left(desk: Desk) -> tuple[bool, bool]:
    """Whether something is still to be read, and whether anything is still to be planned or sent."""
    async with desk.looking() as reading:
        row = await reading.one(
            """select exists (select 1 from flow where tenant_id = %s and read_requested_by is not null),
                      exists (select 1 from work where tenant_id = %s)
                      or exists (select 1 from intent where tenant_id = %s and state in (0, 1))""",
            desk.tenant_id, desk.tenant_id, desk.tenant_id,
        )  # fmt: skip
    assert row is not None
    return row[0], row[1]


async def _forecasts(desk: Desk) -> tuple[Forecast, ...]:
    """What is still to be written, and about when it is over, as ``status`` tells it."""
    [integration] = (await status(desk)).integrations
    return integration.forecasts


async def _status(desk: Desk, integration: Integration, postmaster: Any) -> dict[str, float]:
    """Processor seconds of one ``status``, of its count of what does not go on at the target (``counted``), and of opening
    once every document that has a state there (``opened``), which tells the same.
    """
    sealer = await desk.sealer()
    await status(desk)  # what the first one alone takes is not counted
    moments = [Moment.now(postmaster)]
    await status(desk)
    moments.append(Moment.now(postmaster))
    async with desk.looking() as reading:
        await stuck_by_flow(reading, sealer, integration)
        moments.append(Moment.now(postmaster))
        held = "select entity, object_id, body from directory where tenant_id = %s and state <> ''"
        async for entity, object_id, body in reading.each(held, desk.tenant_id):
            documents.decode(sealer.open(entry_name(entity, object_id), body))
        moments.append(Moment.now(postmaster))
    took = [after - before for before, after in pairwise(moments)]
    return dict(zip(("told", "counted", "opened"), (one.own + one.postgres for one in took), strict=True))


async def _fsync(desk: Desk) -> str:
    async with desk.looking() as reading:
        row = await reading.one("select current_setting('fsync') || ' ' || current_setting('synchronous_commit')")
    assert row is not None
    return str(row[0])


async def _ended(desk: Desk) -> dict[str, dict[str, int]]:
    """By flow how many versions ended in which state."""
    async with desk.looking() as reading:
        rows = await reading.all(
            """select f.name, s.state, count(*) from version_state s
            join flow f on f.tenant_id = s.tenant_id and f.flow_id = s.flow_id
            where s.tenant_id = %s group by 1, 2""",
            desk.tenant_id,
        )
    ended: dict[str, dict[str, int]] = defaultdict(dict)
    for name, state, count in rows:
        ended[name][State(state).word] = count
    return ended


def main() -> int:
    """Print lines of JSON: how far it is, and at last what was measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worker", description=__doc__)
    parser.add_argument("--load", choices=LOADS, required=True, help="what is measured, by the sandbox's company")
    parser.add_argument("--data", type=Path, required=True, help="an empty directory for the database and the key")
    parser.add_argument("--sandbox", type=Path, required=True, help="the running sandbox's hand-over file")
    parser.add_argument("--limits", action="store_true", help="keep the vendors' limits")
    parser.add_argument(
        "--every", type=int, default=stage.TOLD_EVERY, help="tell how far it is after so many documents"
    )
    parser.add_argument("--prepare", action="store_true", help="only make the database")
    given = parser.parse_args()
    install_signal_release()
    logs.configure(service=True)
    load = LOADS[given.load]
    if given.prepare:
        print(json.dumps(run(prepared(given.data))))
        return 0
    print(json.dumps(run(measured(load, given.data, given.sandbox, limits=given.limits, every=given.every))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
