"""The product's worker in a process of its own: joins the company, reads, plans and posts it, and says what that took."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks import stage
from benchmarks.measure import Moment, peak_megabytes, postmaster_of
from ml_connector.cli.loop import run
from ml_connector.lanes.runtime import Runtime
from ml_connector.lanes.worker import serve
from ml_connector.service.desk import Desk
from ml_connector.service.integrating import Integration
from ml_connector.service.syncing import request_sync
from ml_connector.settings import Settings
from ml_connector.store.embedded import install_signal_release
from ml_connector.sync.states import State
from ml_connector.telemetry import logs
from rig.company import joined

_LOOK_EVERY = 0.5  # machine seconds


async def measured(data: Path, file: Path, *, limits: bool) -> dict[str, Any]:
    """One sync of everything. Times in seconds, memory in MiB; ``started`` is all before it, imports included."""
    handover = json.loads(file.read_text())
    async with Runtime.opened(Settings(data=data, sandbox=file).model_copy(update={"database_url": None})) as opened:
        runtime = opened if limits else stage.without_limits(opened)
        postmaster = postmaster_of(data)
        desk, integration = await joined(runtime, handover, stage.KIND, {"bills": "live"})
        fsync = await _fsync(desk)
        before = Moment.now(postmaster)
        started, at_rest = before.own, peak_megabytes()
        read = await _synced(desk, integration, postmaster)
        whole = Moment.now(postmaster) - before
        return {
            "started": started,
            "own": whole.own,
            "postgres": whole.postgres,
            "wall": whole.wall,
            "read_wall": read.wall - before.wall,
            "megabytes_at_rest": at_rest,
            "megabytes": peak_megabytes(),
            "fsync": fsync,
            "ended": await _ended(desk),
        }


async def prepared(data: Path) -> dict[str, Any]:
    """The database made and migrated, as on every start but the first."""
    async with Runtime.opened(Settings(data=data).model_copy(update={"database_url": None})):
        return {}


async def _synced(desk: Desk, integration: Integration, postmaster: Any) -> Moment:
    """Serve until nothing is left to do; the moment when the reading was done."""
    stop, read = asyncio.Event(), None
    serving = asyncio.create_task(serve(desk.runtime, stop=stop))
    await request_sync(desk, integration)
    try:
        while True:
            reads, rest = await _left(desk)
            read = read or (None if reads else Moment.now(postmaster))
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


async def _fsync(desk: Desk) -> str:
    async with desk.looking() as reading:
        row = await reading.one("select current_setting('fsync') || ' ' || current_setting('synchronous_commit')")
    assert row is not None
    return str(row[0])


async def _ended(desk: Desk) -> dict[str, int]:
    """How many versions of bills ended in which state."""
    async with desk.looking() as reading:
        rows = await reading.all(
            """select s.state, count(*) from version_state s
            join flow f on f.tenant_id = s.tenant_id and f.flow_id = s.flow_id
            where s.tenant_id = %s and f.name = 'bills' group by 1""",
            desk.tenant_id,
        )
    return {State(state).word: count for state, count in rows}


def main() -> int:
    """Print one JSON document."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worker", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="an empty directory for the database and the key")
    parser.add_argument("--sandbox", type=Path, required=True, help="the running sandbox's hand-over file")
    parser.add_argument("--limits", action="store_true", help="keep the vendors' limits")
    parser.add_argument("--prepare", action="store_true", help="only make the database")
    given = parser.parse_args()
    install_signal_release()
    logs.configure(service=True)
    work = prepared(given.data) if given.prepare else measured(given.data, given.sandbox, limits=given.limits)
    print(json.dumps(run(work)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
