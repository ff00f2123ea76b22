"""BACKFILL: a reading from the beginning of documents that cost a call each. It uses only what the day has to spare.

How much it is, is counted before its first document is read, and kept with the feed; so a forecast stands before it begins.
Where the vendor's day has nothing to spare it waits for the next scheduled reading, and goes on where it was. In each
minute it leaves some calls to what is to be sent.
"""

from __future__ import annotations

import msgspec

from ml_connector.connectors.reading import Page, Reading
from ml_connector.sync.lane import Lane, LaneTransaction

ROOM = 40  # calls; a page of twenty documents, and as many for what is to be sent
ENDING = " backfill"  # behind a feed's name


class Backfill(msgspec.Struct, frozen=True, omit_defaults=True):
    """A backfill under way: ``read`` of so many ``rows``, all of which take so many ``calls``.

    ``exact`` False: there are more than were counted.
    """

    rows: int
    calls: int
    read: int = 0
    exact: bool = True

    @property
    def left(self) -> int:
        """Calls that it still takes, about."""
        rows = max(0, self.rows - self.read)
        return -(-self.calls * rows // self.rows) if self.rows else 0


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Backfill)


def of_feed(cursor: bytes) -> Backfill:
    """The backfill that a feed keeps."""
    return _decoder.decode(cursor)


async def take_up(lane: Lane, name: str, reading: Reading) -> Backfill | None:
    """The backfill that a reading of the feed ``name`` begins or goes on with; None where it is none, or no day is counted.

    Raises transport.errors.
    """
    if lane.capacity.surplus() is None:
        return None
    before = await _under_way(lane, name)
    if reading.cursor is not None or (before is not None and before.read == 0):
        return before  # one that still waits for its first page is not counted again
    size = await lane.connector.size(lane.session, reading)
    found = Backfill(size.rows, size.calls, exact=size.exact) if size is not None else None
    if found == before:
        return found
    async with lane.transaction() as transaction:
        await _keep(transaction, name, found)
    return found


async def go_on(transaction: LaneTransaction, name: str, backfill: Backfill | None, page: Page) -> Backfill | None:
    """The backfill with this page read; None when it is over."""
    if backfill is None:
        return None
    now = None if page.last else msgspec.structs.replace(backfill, read=backfill.read + len(page.rows))
    await _keep(transaction, name, now)
    return now


def leaves_room(lane: Lane, backfill: Backfill | None) -> bool:
    """Whether a backfill leaves what else the lane has to do the calls of this minute that it needs."""
    return backfill is None or lane.capacity.free() >= ROOM


def may_go_on(lane: Lane, backfill: Backfill | None) -> bool:
    """Whether the vendor's day has calls to spare for it."""
    return backfill is None or lane.capacity.surplus() != 0


async def _under_way(lane: Lane, name: str) -> Backfill | None:
    async with lane.database.tenant(lane.tenant_id) as connection:
        query = "select cursor from feed where tenant_id = %s and connection_id = %s and name = %s"
        row = await (await connection.execute(query, [lane.tenant_id, lane.connection_id, name + ENDING])).fetchone()
    return of_feed(bytes(row[0])) if row and row[0] else None


async def _keep(transaction: LaneTransaction, name: str, backfill: Backfill | None) -> None:
    lane, now = transaction.lane, transaction.lane.clock.now()
    here = lane.tenant_id, lane.connection_id, name + ENDING
    if backfill is None:
        await transaction.run("delete from feed where tenant_id = %s and connection_id = %s and name = %s", *here)
        return
    await transaction.run(
        """insert into feed (tenant_id, connection_id, name, cursor, moved_at) values (%s, %s, %s, %s, %s)
        on conflict (tenant_id, connection_id, name) do update
        set cursor = excluded.cursor, moved_at = excluded.moved_at""",
        *here, _encoder.encode(backfill), now,
    )  # fmt: skip
