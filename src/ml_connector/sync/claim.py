"""CLAIM: the next versions of a lane's queue, in order, with their documents opened."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from ml_connector.canonical import documents
from ml_connector.sync.items import Claimed, Item
from ml_connector.sync.lane import Lane, LaneTransaction
from ml_connector.sync.recoding import mark
from ml_connector.sync.refused import REFUSED
from ml_connector.sync.states import State

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Unopened:
    """A version whose stored document cannot be opened, and why."""

    version: Claimed
    error: Exception


# Of a flow that was turned off, or that stands still, nothing is planned; its versions stay where they are, also those that
# came a moment ago. The queue is walked in its order
# and the rest looked up row by row (`offset 0`): joined as whole tables, a batch would cost more the longer the queue.
_CLAIM = """
    select w.flow_id, w.version_id, s.record_id, s.run_id, w.priority, r.source_id, r.reference,
           r.exported_at_first_sight, r.needed, d.canonical, d.number_key, d.party_id, d.content_hash,
           g.recoding_id, j.table_name, j.keys
    from work w
    cross join lateral (select * from version_state where tenant_id = w.tenant_id and version_id = w.version_id
                        offset 0) s
    cross join lateral (select * from record where tenant_id = w.tenant_id and record_id = s.record_id offset 0) r
    cross join lateral (select * from document where tenant_id = w.tenant_id and version_id = w.version_id offset 0) d
    join flow f on f.tenant_id = w.tenant_id and f.flow_id = w.flow_id and f.mode <> 'off'
    left join lateral (select recoding_id from recoded where tenant_id = w.tenant_id and record_id = s.record_id
                       and ended_at is null offset 0) g on true
    left join recoding j on j.tenant_id = w.tenant_id and j.recoding_id = g.recoding_id
    where w.tenant_id = %b and w.connection_id = %b and w.not_before <= %b and s.state = any(%b::smallint[])
      and w.flow_id = any(%b::int[]) and w.flow_id <> all (array(
          select substr(name, %b::int)::int from feed
          where tenant_id = %b and connection_id = %b and starts_with(name, %b) and moved_at > %b))
      and not exists (select 1 from intent i where i.tenant_id = w.tenant_id and i.connection_id = w.connection_id
                      and i.record_id = s.record_id and i.state in (0, 1) offset 0)
    order by w.priority, w.version_id limit %b"""


async def claim(transaction: LaneTransaction, room: int, flows: Collection[int]) -> list[tuple[int, Item | Unopened]]:
    """The next versions of these flows in order, with the flow ids, one of a record. Where an intent is open, it waits."""
    if room <= 0:
        return []
    lane, now = transaction.lane, transaction.lane.clock.now()
    rows = await transaction.all(
        _CLAIM, lane.tenant_id, lane.connection_id, now, [State.STAGED], sorted(flows),
        len(REFUSED) + 1, lane.tenant_id, lane.connection_id, REFUSED, now, room,
    )  # fmt: skip
    oldest: dict[int, tuple[Any, ...]] = {}
    for row in rows:
        held = oldest.setdefault(row[2], row)
        if row[1] < held[1]:
            oldest[row[2]] = row
    return [(row[0], _item(lane, row[1:])) for row in oldest.values()]


def _item(lane: Lane, row: Sequence[Any]) -> Item | Unopened:
    (version_id, record_id, run_id, priority, source_id, reference, exported, needed, canonical, number_key, party_id,
     content_hash, *marked) = row  # fmt: skip
    version = (version_id, record_id, run_id, priority, source_id, reference, exported, needed)
    try:
        document = documents.decode(lane.sealer.open(b"canonical " + content_hash, canonical))
    except Exception as error:
        log.exception("a stored document cannot be opened", lane=lane.connection_id, version=version_id)
        return Unopened(Claimed(*version), error)
    return Item(*version, document, number_key, party_id, content_hash, recoding=mark(*marked))
