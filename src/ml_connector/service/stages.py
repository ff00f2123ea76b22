"""How many versions of each flow stand in each state, and how much: what is posted is what stands at the target now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from ml_connector.canonical.documents import VOID
from ml_connector.service.desk import Reading
from ml_connector.service.posted import AWAITING, DRAFTS, EARLIER, GONE, STOPPED, STOPS
from ml_connector.sync.states import State


@dataclass(frozen=True, slots=True)
class Staged:
    """So many versions of a flow with one end, in one currency. ``word``: their state, or AWAITING, STOPPED or EARLIER.

    ``reason`` is that of what is passed over. ``since``: when the oldest of what stands there was linked.
    """

    flow_id: int
    word: str
    reason: str
    count: int
    currency: str
    amount: Decimal
    since: dt.datetime | None


_SENT, _THERE = [State.POSTED.value, State.LINKED.value], [State.UNCHANGED.value]
# Of a record only what was posted or linked last can stand at the target, and it does not where a version that came later
# and made no difference is void at the source, or where the target shows the document void, deleted or gone. A flow whose
# links another one keeps has none here. No order is ever in the general ledger, so none awaits approval. Links and entries
# are looked up by their whole keys, which needs no statistics.
_STAGES = """
    with versions as materialized (
        select s.flow_id, s.record_id, s.version_id, s.state, s.reason, d.currency, d.amount,
               max(s.version_id) filter (where s.state = any(%(sent)s::smallint[])) over of_record as sent,
               max(s.version_id) filter (where s.state = any(%(there)s::smallint[])) over of_record as ended,
               max(s.version_id) filter (where s.state = any(%(there)s::smallint[]) and d.settled = %(void)s)
                   over of_record as void
        from version_state s join document d on d.tenant_id = s.tenant_id and d.version_id = s.version_id
        where s.tenant_id = %(tenant)s and s.flow_id = any(%(flows)s::int[])
        window of_record as (partition by s.record_id)
    )
    select v.flow_id, v.state, case when v.state = %(skipped)s then v.reason else '' end,
           case when v.state <> all(%(sent)s::smallint[]) then ''
                when v.version_id <> v.sent then %(earlier)s
                when e.state = any(%(drafts)s::text[]) and l.target_entity <> 'purchase_orders' then %(awaiting)s
                when e.state = any(%(stops)s::text[]) and v.flow_id = any(%(staged)s::int[]) then %(stopped)s
                when v.void = v.ended or e.state = %(gone)s or e.state <> '' and not e.active then %(earlier)s
                else '' end as word,
           count(*), v.currency, sum(v.amount), min(l.made_at)
    from versions v
    join flow f on f.tenant_id = %(tenant)s and f.flow_id = v.flow_id
    left join lateral (
        select target_entity, target_id, made_at from link
        where v.version_id = v.sent and tenant_id = %(tenant)s and integration_id = f.integration_id and entity = f.name
          and source_id = (select source_id from record where tenant_id = %(tenant)s and record_id = v.record_id)
        offset 0) l on true
    left join lateral (
        select state, active from directory
        where tenant_id = %(tenant)s and connection_id = f.target_id and entity = l.target_entity
          and object_id = l.target_id offset 0) e on true
    group by 1, 2, 3, 4, v.currency"""


async def stages_in(reading: Reading, flow_ids: Collection[int], staged: Collection[int]) -> list[Staged]:
    """Of every version of the flows, each in one stage. ``staged``: the flows where people of the target decide."""
    given = {
        "tenant": reading.tenant_id, "flows": list(flow_ids), "staged": list(staged), "sent": _SENT,
        "there": [*_SENT, *_THERE], "drafts": DRAFTS, "stops": STOPS, "awaiting": AWAITING, "stopped": STOPPED,
        "earlier": EARLIER, "gone": GONE, "void": VOID, "skipped": State.SKIPPED.value,
    }  # fmt: skip
    rows = await (await reading.connection.execute(_STAGES.encode(), given)).fetchall()
    return [
        Staged(flow, _word(State(state), word), reason, count, currency, amount, since)
        for flow, state, reason, word, count, currency, amount, since in rows
    ]


def _word(state: State, word: str) -> str:
    """What was linked with a document that awaits approval there stays linked."""
    return word if word == EARLIER or (state is State.POSTED and word) else state.word
