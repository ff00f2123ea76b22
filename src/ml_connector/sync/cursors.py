"""How far each feed of a connection was read."""

from __future__ import annotations

from ml_connector.connectors.reading import Page
from ml_connector.sync.lane import Lane, LaneTransaction


async def cursor_of(lane: Lane, name: str) -> bytes | None:
    """How far the feed ``name`` was read; None where it never was."""
    async with lane.database.tenant(lane.tenant_id) as connection:
        query = "select cursor from feed where tenant_id = %s and connection_id = %s and name = %s"
        row = await (await connection.execute(query, [lane.tenant_id, lane.connection_id, name])).fetchone()
    return bytes(row[0]) if row and row[0] else None


async def move_cursor(transaction: LaneTransaction, name: str, page: Page) -> None:
    """Store a page's cursor with the page."""
    lane = transaction.lane
    await transaction.run(
        """insert into feed (tenant_id, connection_id, name, cursor, moved_at, complete_at)
        values (%s, %s, %s, %s, %s, %s)
        on conflict (tenant_id, connection_id, name) do update
        set cursor = excluded.cursor, moved_at = excluded.moved_at,
            complete_at = coalesce(excluded.complete_at, feed.complete_at)""",
        lane.tenant_id, lane.connection_id, name, page.cursor, lane.clock.now(),
        lane.clock.now() if page.complete else None,
    )  # fmt: skip
