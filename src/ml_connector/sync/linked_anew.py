"""LINKED ANEW: documents whose counterpart was gone and that a person has linked with another one.

What stood on the one that is gone, as payments, applied credits and refunds, is staged again by the lane of the target, so
that it goes on the new one by the rules of any change. Who links leaves a mark in the very transaction of the link, since a
record is staged again by its lane alone; the mark goes with what is staged.
"""

from __future__ import annotations

from datetime import datetime

from ml_connector.store.database import Session as Transaction
from ml_connector.sync.flows import settled_flows_of
from ml_connector.sync.lane import Lane
from ml_connector.sync.uses import stage_users_again

MARK = "linked anew "  # and the flow and the source id: a feed of the target's lane
AT_ONCE = 500
WHY = "what it stands on was linked anew"


async def mark(
    connection: Transaction, tenant_id: int, target_id: int, flow_id: int, source_id: str, at: datetime
) -> None:
    """Note that a record of a flow has another counterpart, and wake the lane of its target."""
    await connection.execute(
        b"""insert into feed (tenant_id, connection_id, name, cursor, moved_at) values (%s, %s, %s, '', %s)
        on conflict (tenant_id, connection_id, name) do update set moved_at = excluded.moved_at""",
        [tenant_id, target_id, f"{MARK}{flow_id} {source_id}", at],
    )
    await connection.execute(
        b"insert into wake (tenant_id, connection_id, reason) values (%s, %s, %s)", [tenant_id, target_id, WHY]
    )


async def stage_users(lane: Lane) -> None:
    """Stage again what stands on documents of this lane's target that were linked anew, and take their marks away."""
    names = await _marks(lane)
    if not names:
        return
    async with lane.transaction() as transaction:
        found = await settled_flows_of(transaction.connection, lane.tenant_id, lane.connection_id, lane.integrations)
        flows = {flow.flow_id: flow for flow in found}
        given = [name.removeprefix(MARK).partition(" ") for name in names]
        moved = [(flows[int(flow_id)], source_id) for flow_id, _, source_id in given if int(flow_id) in flows]
        await stage_users_again(transaction, moved, WHY)
        await transaction.run(
            "delete from feed where tenant_id = %b and connection_id = %b and name = any(%b::text[])",
            lane.tenant_id, lane.connection_id, names,
        )  # fmt: skip


async def _marks(lane: Lane) -> list[str]:
    async with lane.database.tenant(lane.tenant_id) as connection:
        rows = await connection.execute(
            b"""select name from feed where tenant_id = %b and connection_id = %b and starts_with(name, %b)
            order by name limit %b""",
            [lane.tenant_id, lane.connection_id, MARK, AT_ONCE],
        )
        return [str(row[0]) for row in await rows.fetchall()]
