"""NOT SHOWN: ids of what a whole reading of a list did not show and records stand on, kept until they were asked for.

See ``absent``, which asks.
"""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.connectors.writing import Action
from ml_connector.sync.lane import Lane, LaneTransaction

NOTED = "absent "  # and the list: the lane's feed, with the ids, one a line


def is_asked(lane: Lane, entity: str) -> bool:
    """Whether documents of the list are asked for by their ids: those that steps change or remove are."""
    return bool(lane.connector.writable.get(entity, frozenset()) & {Action.UPDATE, Action.VOID})


async def note(transaction: LaneTransaction, entity: str, ids: Sequence[str]) -> None:
    """Note what a whole reading of a list did not show."""
    if ids:
        await keep(transaction, entity, sorted({*await kept(transaction, entity), *ids}))


async def kept(transaction: LaneTransaction, entity: str) -> list[str]:
    lane = transaction.lane
    row = await transaction.one(
        "select cursor from feed where tenant_id = %b and connection_id = %b and name = %b for update",
        lane.tenant_id, lane.connection_id, f"{NOTED}{entity}",
    )  # fmt: skip
    return bytes(row[0]).decode().split() if row is not None else []


async def keep(transaction: LaneTransaction, entity: str, ids: Sequence[str]) -> None:
    lane, name = transaction.lane, f"{NOTED}{entity}"
    if not ids:
        await transaction.run(
            "delete from feed where tenant_id = %b and connection_id = %b and name = %b",
            lane.tenant_id, lane.connection_id, name,
        )  # fmt: skip
        return
    await transaction.run(
        """insert into feed (tenant_id, connection_id, name, cursor, moved_at) values (%b, %b, %b, %b, %b)
        on conflict (tenant_id, connection_id, name) do update
        set cursor = excluded.cursor, moved_at = excluded.moved_at""",
        lane.tenant_id, lane.connection_id, name, "\n".join(ids).encode(), lane.clock.now(),
    )  # fmt: skip
