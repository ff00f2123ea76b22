"""ABSENT: what a list that was read whole did not show is asked for by its id, before it counts as gone.

Only of what records stand on, linked or under our own references: a list that leaves one out is one clear answer, and its own
page, which says that it does not exist, the other. One that is there all the same stays, whatever the list shows; one of
which no clear answer comes is asked for again after the next whole reading. What a person has accepted is not asked for.
"""

from __future__ import annotations

from collections.abc import Collection

import structlog

from ml_connector.sync.gone import file_gone, file_shown
from ml_connector.sync.lane import Lane
from ml_connector.sync.not_shown import NOTED, keep, kept
from ml_connector.sync.standing import read_there
from ml_connector.transport.errors import NotPermitted

log = structlog.get_logger()

AT_ONCE = 20  # a call each


async def confirm(lane: Lane) -> None:
    """Ask for what lists of this lane's system did not show, as far as the slice and the day's calls go. Raises

    transport.errors; what is left is asked for by the next slice.
    """
    for entity, noted in await _noted(lane):
        left = noted
        while left:
            if lane.slice.over() or lane.capacity.surplus() == 0:
                return
            asked, left = left[:AT_ONCE], left[AT_ONCE:]
            try:
                seen = await read_there(lane, entity, asked, [])
            except NotPermitted as error:  # whose list it is stands still by itself, and it is read whole after that
                log.warning("not asked for", lane=lane.connection_id, entity=entity, why=error.sentence)
                await _asked(lane, entity, noted)
                break
            await file_gone(lane, entity, seen.absent(asked))
            await file_shown(lane, entity, [seen.shown[id_] for id_ in asked if id_ in seen.shown])
            await _asked(lane, entity, asked)


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
