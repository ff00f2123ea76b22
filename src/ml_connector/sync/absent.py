"""ABSENT: what a list that was read whole did not show is asked for by its id, before it counts as gone.

Only of what records stand on, linked or under our own references: a list that leaves one out is one clear answer, and its own
page, which says that it does not exist, the other. One that is there all the same stays, whatever the list shows, and counts
as seen then; one of which no clear answer comes is asked for again after the next whole reading. What a person has accepted
is not asked for. It is asked after what is due was sent, some in each slice, with room left in the minute for what is to be
sent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import structlog

from ml_connector.sync.backfill import ROOM
from ml_connector.sync.gone import file_gone, file_shown
from ml_connector.sync.lane import Lane
from ml_connector.sync.not_shown import NOTED, keep, kept
from ml_connector.sync.standing import read_there
from ml_connector.transport.errors import NotPermitted

log = structlog.get_logger()

AT_ONCE = 20  # in one slice, of all lists: a call each


async def confirm(lane: Lane) -> dt.datetime | None:
    """Ask for some of what lists of this lane's system did not show; when to go on, None where nothing is left to ask for

    or the day's calls have nothing to spare. Raises transport.errors.
    """
    left = AT_ONCE
    for entity, noted in await _noted(lane):
        if lane.capacity.surplus() == 0:
            return None
        if left == 0 or lane.slice.over():
            return lane.clock.now()
        if lane.capacity.free() < ROOM:
            return lane.clock.now() + dt.timedelta(seconds=lane.capacity.wait(ROOM))
        asked = noted[:left]
        try:
            seen = await read_there(lane, entity, asked, [])
        except NotPermitted as error:  # whose list it is stands still by itself, and it is read whole after that
            log.warning("not asked for", lane=lane.connection_id, entity=entity, why=error.sentence)
            await _asked(lane, entity, noted)
            continue
        await file_gone(lane, entity, seen.absent(asked))
        await file_shown(lane, entity, [seen.shown[id_] for id_ in asked if id_ in seen.shown])
        await _asked(lane, entity, asked)
        left -= len(asked)
        if len(asked) < len(noted):
            return lane.clock.now()
    return None


async def _noted(lane: Lane) -> list[tuple[str, list[str]]]:
    async with lane.database.tenant(lane.tenant_id) as connection:
        rows = await connection.execute(
            b"""select name, cursor from feed where tenant_id = %b and connection_id = %b and starts_with(name, %b)
            order by name""",
            [lane.tenant_id, lane.connection_id, NOTED],
        )
        return [(str(name).removeprefix(NOTED), bytes(ids).decode().split()) for name, ids in await rows.fetchall()]


async def _asked(lane: Lane, entity: str, asked: Collection[str]) -> None:
    """These were asked for; what was noted meanwhile stays."""
    async with lane.transaction() as transaction:
        left = [one for one in await kept(transaction, entity) if one not in set(asked)]
        await keep(transaction, entity, left)
