"""What a run that did not come to rest still had to do, for the log: whoever reads it was not there."""

from __future__ import annotations

import asyncio
from typing import Any

from faults.world import Running

_KINDS = ("cr", "ag", "gi")
_LAST_CALLS = 12
_AS_TEXT = "select one::text from ({}) one"
_TABLES = {
    "lanes": """select connection_id, due_at, not_before, fence, owner, lease_until, sent_at from lane
        order by connection_id""",
    "wakes": "select connection_id, reason, at from wake order by wake_id",
    "connections": "select connection_id, vendor, state, problem from connection order by connection_id",
    "flows": "select flow_id, name, mode, next_read_at, read_requested_by from flow order by flow_id",
    "feeds": "select connection_id, name, moved_at, complete_at from feed order by connection_id, name",
    "states": "select flow_id, state, reason, count(*) from version_state group by 1, 2, 3 order by 1, 2, 3",
    "work": """select connection_id, flow_id, not_before, count(*) from work group by 1, 2, 3 order by 1, 2, 3""",
    "intents": "select intent_id, connection_id, state, record_id from intent where state in (0, 1) order by 1",
    "budgets": "select name, reserved, day, day_used, blocked_until from budget order by scope, name",
    "runs": "select run_id, flow_id, kind, trigger, started_at, finished_at, rows, problem from run order by run_id",
    "workers": "select worker_id, beat_at from worker",
}
_JOBS = """select id, status, attempts, lock, queueing_lock, args, worker_id, now() as now from jobs.procrastinate_jobs
    where status in ('todo', 'doing') order by id"""


def slices_under_way() -> list[str]:
    """Where each slice under way in this process waits, those of other runs too."""
    chains = [_chain(task.get_coro()) for task in asyncio.all_tasks()]
    return [" > ".join(chain) for chain in chains if any("run_slice" in one for one in chain)]


def _chain(awaited: Any) -> list[str]:
    """The coroutines that wait for each other, from the outermost on, each with its line."""
    found = []
    while awaited is not None:
        frame = next((one for kind in _KINDS if (one := getattr(awaited, f"{kind}_frame", None))), None)
        found.append(f"{awaited.__qualname__}:{frame.f_lineno}" if frame else repr(awaited)[:200])
        awaited = _awaited(awaited, frame)
    return found


def _awaited(waits: Any, frame: Any) -> Any:
    for name in ("cr_await", "ag_await", "gi_yieldfrom"):
        if (inner := getattr(waits, name, None)) is None:
            continue
        if type(inner).__name__ == "async_generator_asend":  # it does not tell its generator; the context manager does
            return getattr(frame.f_locals.get("self"), "gen", inner)
        return inner
    return None


async def left_over(running: Running) -> dict[str, list[str]]:
    """The rows of every table that says what is to be done, and the last calls of both vendors."""
    told: dict[str, list[str]] = {"sandbox clock": [str(running.desk.clock.now())]}
    async with running.desk.looking() as reading:
        for name, query in _TABLES.items():
            told[name] = [row[0] for row in await reading.all(_AS_TEXT.format(query))]
    async with running.runtime.database.dispatch() as connection:
        rows = await (await connection.execute(_AS_TEXT.format(_JOBS).encode())).fetchall()
        told["jobs"] = [row[0] for row in rows]
    told["slices"] = slices_under_way()
    for vendor in running.vendors:
        told[vendor] = [str(one) for one in running.emulator(vendor).log.calls[-_LAST_CALLS:]]
    return told
