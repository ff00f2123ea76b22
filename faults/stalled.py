"""What a run that did not come to rest still had to do, for the log: whoever reads it was not there."""

from __future__ import annotations

from faults.world import Running

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


async def left_over(running: Running) -> dict[str, list[str]]:
    """The rows of every table that says what is to be done, and the last calls of both vendors."""
    told: dict[str, list[str]] = {"sandbox clock": [str(running.desk.clock.now())]}
    async with running.desk.looking() as reading:
        for name, query in _TABLES.items():
            told[name] = [row[0] for row in await reading.all(_AS_TEXT.format(query))]
    async with running.runtime.database.dispatch() as connection:
        rows = await (await connection.execute(_AS_TEXT.format(_JOBS).encode())).fetchall()
        told["jobs"] = [row[0] for row in rows]
    for vendor in running.vendors:
        told[vendor] = [str(one) for one in running.emulator(vendor).log.calls[-_LAST_CALLS:]]
    return told
