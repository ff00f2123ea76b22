"""RESTORED: contacts that are gone in the ledger and that documents wait for are asked for by their ids, hourly.

What is restored there may keep its stamp, so that no list of changes shows it, and the list is read whole once a day only.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from ml_connector.sync.gone import file_shown
from ml_connector.sync.lane import Lane
from ml_connector.sync.standing import read_there
from ml_connector.transport.errors import NotPermitted

log = structlog.get_logger()

PARTIES = "parties"
LOOKED = "restored contacts"  # the lane's feed: when they were asked for last, and which of them was the last one
EVERY = timedelta(hours=1)
AT_ONCE = 20  # a call each; more take turns

# Those after the last one that was asked for come first.
_AWAITED = """
    select d.object_id from directory d
    where d.tenant_id = %b and d.connection_id = %b and d.entity = %b and d.state = 'gone' and exists (
        select 1 from wait w join flow f on f.tenant_id = w.tenant_id and f.flow_id = w.flow_id
        where w.tenant_id = d.tenant_id and w.code = 'contact_gone' and w.kind = 'fact'
          and w.key = d.entity || ':' || d.object_id and f.target_id = d.connection_id and f.mode <> 'off')
    order by d.object_id <= %b, d.object_id limit %b"""


async def look_for_restored(lane: Lane) -> None:
    """Ask for the contacts that documents of this lane's system wait for. Raises transport.errors."""
    ids = await _due(lane)
    if not ids:
        return
    try:
        seen = await read_there(lane, PARTIES, ids, [])
    except NotPermitted as error:  # whose list it is stands still by itself
        log.warning("not looked for", lane=lane.connection_id, entity=PARTIES, why=error.sentence)
        return
    await file_shown(lane, PARTIES, list(seen.shown.values()))


async def _due(lane: Lane) -> list[str]:
    """Their ids; they count as asked for. What was found to be gone just now is asked for in an hour."""
    now, here = lane.clock.now(), (lane.tenant_id, lane.connection_id)
    if lane.capacity.surplus() == 0:
        return []
    async with lane.transaction() as transaction:
        query = "select cursor, moved_at from feed where tenant_id = %b and connection_id = %b and name = %b"
        row = await transaction.one(query, *here, LOOKED)
        last = bytes(row[0]).decode() if row is not None else ""
        if row is not None and now - row[1] < EVERY:
            return []
        ids = [one[0] for one in await transaction.all(_AWAITED, *here, PARTIES, last, AT_ONCE)]
        if row is None:
            ids = []
        await transaction.run(
            """insert into feed (tenant_id, connection_id, name, cursor, moved_at) values (%b, %b, %b, %b, %b)
            on conflict (tenant_id, connection_id, name) do update
            set cursor = excluded.cursor, moved_at = excluded.moved_at""",
            *here, LOOKED, ids[-1].encode() if len(ids) == AT_ONCE else b"", now,
        )  # fmt: skip
    return ids
