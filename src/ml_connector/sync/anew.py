"""Readings that begin anew once a day: not all that changes a document moves the stamp by which changes are asked for.

What such a reading shows again is a repeat. It takes the place of the one that is due, so that where everything fits on a
page it costs no call. It counts from its first page on: one that gets none is due still, one that breaks off goes on.
"""

from __future__ import annotations

from datetime import timedelta

from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import Lane, LaneTransaction

EVERY = timedelta(days=1)


async def is_due(lane: Lane, flow: Flow, name: str) -> bool:
    """Whether the reading of the feed ``name`` begins anew: it last did a day ago, or nobody knows when."""
    if not flow.type.begins_anew:
        return False
    async with lane.database.tenant(lane.tenant_id) as connection:
        query = "select complete_at from feed where tenant_id = %s and connection_id = %s and name = %s"
        row = await (await connection.execute(query, [lane.tenant_id, lane.connection_id, _row(name)])).fetchone()
    return row is None or row[0] is None or lane.clock.now() - row[0] >= EVERY


async def note_begun(transaction: LaneTransaction, flow: Flow, name: str) -> None:
    """A reading has begun anew, and its first page is being stored."""
    if not flow.type.begins_anew:
        return
    lane, now = transaction.lane, transaction.lane.clock.now()
    await transaction.run(
        """insert into feed (tenant_id, connection_id, name, cursor, moved_at, complete_at)
        values (%s, %s, %s, '', %s, %s)
        on conflict (tenant_id, connection_id, name) do update
        set moved_at = excluded.moved_at, complete_at = excluded.complete_at""",
        lane.tenant_id, lane.connection_id, _row(name), now, now,
    )  # fmt: skip


def _row(name: str) -> str:
    return f"{name} anew"
