"""The dispatcher: which lanes are due, fairest tenant first, at most about twice the free slots at a time.

The backlog stays in the lane table, so nobody is starved by a long queue. It looks at ids and times only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml_connector.clock import Clock
from ml_connector.store.database import Database

# A lane that was handed to the job engine and not taken within this time is handed over again.
_SENT_AGAIN_AFTER = 5


@dataclass(frozen=True, slots=True)
class DueLane:
    """One lane to be run."""

    tenant_id: int
    connection_id: int


async def woken(database: Database, clock: Clock) -> int:
    """Make the lanes that were asked for due now, one by one; how many."""
    async with database.dispatch() as connection:
        rows = await (await connection.execute(b"select distinct tenant_id, connection_id from wake")).fetchall()
    for tenant_id, connection_id in rows:
        async with database.dispatch() as connection:
            await connection.execute(
                b"delete from wake where tenant_id = %s and connection_id = %s", [tenant_id, connection_id]
            )
            await connection.execute(
                b"update lane set due_at = least(due_at, %s) where tenant_id = %s and connection_id = %s",
                [clock.now(), tenant_id, connection_id],
            )
    return len(rows)


async def due(database: Database, clock: Clock, room: int) -> Sequence[DueLane]:
    """Up to ``room`` lanes that are due and free, every tenant's first before any tenant's second; marked as sent."""
    async with database.dispatch() as connection:
        rows = await (
            await connection.execute(
                b"""select tenant_id, connection_id from (
                    select tenant_id, connection_id, due_at,
                           row_number() over (partition by tenant_id order by due_at) as turn
                    from lane
                    where due_at <= %s and not_before <= %s and lease_until < now()
                      and sent_at < now() - make_interval(secs => %s)
                ) waiting order by turn, due_at limit %s""",
                [clock.now(), clock.now(), _SENT_AGAIN_AFTER, room],
            )
        ).fetchall()
    return [DueLane(*row) for row in rows]


async def sent(database: Database, lane: DueLane) -> None:
    """Remember that a lane was handed to the job engine."""
    async with database.dispatch() as connection:
        await connection.execute(
            b"update lane set sent_at = now() where tenant_id = %s and connection_id = %s",
            [lane.tenant_id, lane.connection_id],
        )
