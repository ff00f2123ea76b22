"""The dispatcher: which lanes are due, fairest tenant first, at most about twice the free slots at a time.

The backlog stays in the lane table, so nobody is starved by a long queue. It looks at ids and times only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml_connector.clock import Clock
from ml_connector.store.database import Database

# A lane that was handed to the job engine and not taken within these seconds is handed over again.
_SENT_AGAIN_AFTER = 5

# A lane that is running keeps its wakes: the end of its slice sets when it is due, and would forget them.
_WOKEN = b"""
    with free as (
        select l.tenant_id, l.connection_id from lane l
        where l.lease_until < now()
          and exists (select 1 from wake w where w.tenant_id = l.tenant_id and w.connection_id = l.connection_id)
        for update skip locked
    ), asked as (
        delete from wake w using free f where w.tenant_id = f.tenant_id and w.connection_id = f.connection_id
    )
    update lane l set due_at = least(l.due_at, %s) from free f
    where l.tenant_id = f.tenant_id and l.connection_id = f.connection_id"""

# Lanes that were sent and wait to be taken count against the room, so that the queue of jobs stays short.
_DUE = b"""
    with waiting as (
        select tenant_id, connection_id, due_at, row_number() over (partition by tenant_id order by due_at) as turn
        from lane
        where due_at <= %s and not_before <= %s and lease_until < now()
          and sent_at < now() - make_interval(secs => %s)
    ), chosen as (
        select tenant_id, connection_id, turn, due_at from waiting order by turn, due_at
        limit greatest(0, %s - (
            select count(*) from lane
            where lease_until < now() and sent_at >= now() - make_interval(secs => %s)))
    ), free as (
        select l.tenant_id, l.connection_id, c.turn, c.due_at
        from lane l join chosen c on c.tenant_id = l.tenant_id and c.connection_id = l.connection_id
        where l.lease_until < now() and l.sent_at < now() - make_interval(secs => %s)
        for update of l skip locked
    ), marked as (
        update lane l set sent_at = now() from free f
        where l.tenant_id = f.tenant_id and l.connection_id = f.connection_id
        returning l.tenant_id, l.connection_id, f.turn, f.due_at
    )
    select tenant_id, connection_id from marked order by turn, due_at"""


@dataclass(frozen=True, slots=True)
class DueLane:
    """One lane to be run."""

    tenant_id: int
    connection_id: int


async def woken(database: Database, clock: Clock) -> int:
    """Make the free lanes that were asked for due now; how many. One that is locked or runs is looked at again."""
    async with database.dispatch() as connection:
        return (await connection.execute(_WOKEN, [clock.now()])).rowcount


async def due(database: Database, clock: Clock, room: int) -> Sequence[DueLane]:
    """Lanes that are due and free, every tenant's first before any tenant's second; marked as sent.

    At most ``room``, less those that were sent before and are not taken yet. Two dispatchers never get the same lane.
    """
    now, again = clock.now(), _SENT_AGAIN_AFTER
    async with database.dispatch() as connection:
        rows = await (await connection.execute(_DUE, [now, now, again, room, again, again])).fetchall()
    return [DueLane(*row) for row in rows]
