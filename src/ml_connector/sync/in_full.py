"""IN FULL: what a list tells less of than there is to know is read by its id, a call each or as many as the vendor takes.

So are vendors that we made, and the counterparts of documents whose source has changed, before the change is planned: a
change is laid against lines, and a list shows none. What a list shows unchanged since then never takes its place, see
``directory``; so each is read once for each change of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

import structlog

from ml_connector.connectors.reading import Reading
from ml_connector.errors import ConnectorError
from ml_connector.sync.contact_unread import NOT_TOLD, tell_unread
from ml_connector.sync.directory import file_documents
from ml_connector.sync.flows import Flow, facts_changed, lock_integrations
from ml_connector.sync.lane import Lane
from ml_connector.sync.refused import Why, refuse, refused_flows
from ml_connector.transport.errors import LeaseLost, NotPermitted, NotSent, Reconnect

log = structlog.get_logger()

VENDORS, PARTIES = "vendors", "parties"
AT_ONCE = 20  # in one slice: a call each, and others wait
BEFORE_PLANNING = 50  # in one slice, of what changes are planned against: as many as are planned in one batch
AHEAD = 500  # of the queue is looked through for changes: more than one slice plans
AGAIN = timedelta(hours=1)  # for one that could not be read
LOST_AT_MOST = 3  # documents in one reading to which no answer came; after more the vendor is in trouble
OF_NO_DOCUMENT = (LeaseLost, NotSent, Reconnect, NotPermitted)  # what a reading raises whatever it asks for
# Reasons of what was planned before its counterpart was read: changes, and a write-off of an invoice there. And of what
# waits for its own page alone to show otherwise: no list shows the refund of a payment, nor promises its stamp to move.
UNREAD_THERE = ["counterpart_unread", "party_unread_there", "write_off_tax_unseen", "payment_given_back"]

_CHOSEN = """
    update directory d set asked_at = %s
    where d.tenant_id = %s and d.connection_id = %s and d.entity = %s and d.object_id in (
        select l.target_id from link l
        join integration i on i.tenant_id = l.tenant_id and i.integration_id = l.integration_id
        join directory e on e.tenant_id = l.tenant_id and e.connection_id = i.target_id and e.entity = l.target_entity
                        and e.object_id = l.target_id
        where l.tenant_id = %s and i.target_id = %s and l.entity = %s and l.target_entity = %s
          and l.origin in ('created', 'adopted') and not l.mirrored and not e.in_full and e.state <> 'gone'
          and e.asked_at < %s
        order by e.asked_at, l.target_id limit %s)
    returning d.object_id"""

# The queue is walked in its order and the rest looked up row by row (`offset 0`), as claim.py does. A version that says
# what was agreed changes nothing there. What waits for its counterpart was planned before that was known to be listed only.
_CHANGED = """
    with ahead as (
        select w.flow_id, w.version_id from work w
        where w.tenant_id = %b and w.connection_id = %b and w.flow_id = any(%b::integer[])
        order by w.priority, w.version_id limit %b
    ), changed as (
        select l.target_entity as entity, l.target_id as id, false as waited_for
        from ahead a
        join flow f on f.tenant_id = %b and f.flow_id = a.flow_id
        cross join lateral (select record_id, content_hash from document where tenant_id = f.tenant_id
                            and version_id = a.version_id offset 0) d
        cross join lateral (select source_id from record where tenant_id = f.tenant_id
                            and record_id = d.record_id offset 0) r
        cross join lateral (select * from link where tenant_id = f.tenant_id and integration_id = f.integration_id
                            and entity = f.name and source_id = r.source_id and not mirrored offset 0) l
        left join lateral (select content_hash from document where tenant_id = f.tenant_id
                           and version_id = l.version_id offset 0) posted on true
        where posted.content_hash is distinct from d.content_hash
        union
        select split_part(key, ':', 1), substr(key, strpos(key, ':') + 1), true from wait
        where tenant_id = %b and kind = 'fact' and code = any(%b::text[]) and flow_id = any(%b::integer[])
    ), wanted as (
        select e.entity, e.object_id from changed c
        cross join lateral (select entity, object_id, in_full, asked_at, state from directory
                            where tenant_id = %b and connection_id = %b and entity = c.entity
                            and object_id = c.id offset 0) e
        where (c.waited_for or not e.in_full) and e.state <> 'gone' and e.asked_at < %b and e.entity = any(%b::text[])
        limit %b
    )
    update directory d set asked_at = %b from wanted
    where d.tenant_id = %b and d.connection_id = %b and d.entity = wanted.entity and d.object_id = wanted.object_id
    returning d.entity, d.object_id"""


async def read_in_full(lane: Lane, flows: Sequence[Flow]) -> Mapping[str, str]:
    """Read what this lane's system has to show in full before anything is planned from it. Raises transport.errors.

    The contacts whose own pages failed or were not understood, by id with what the answer was: changes that are planned
    after this wait for them, see ``contact_unread``.

    What may not be read stops the flows that need its list, and nobody else; while all of them stand still, whatever for, it
    is not asked for.
    """
    unread: dict[str, str] = {}
    here = [flow for flow in flows if flow.target_id == lane.connection_id]
    if any(flow.name == VENDORS for flow in here) and PARTIES in _lists(await _going(lane, here)):
        await _as_allowed(lane, here, PARTIES, await _vendors(lane), unread)
    for entity, ids in (await _counterparts(lane, here)).items():
        await _as_allowed(lane, here, entity, ids, unread if entity == PARTIES else {})
    return unread


async def _going(lane: Lane, flows: Sequence[Flow]) -> list[Flow]:
    """Those that are not refused."""
    refused = await refused_flows(lane) if flows else {}
    return [flow for flow in flows if flow.flow_id not in refused]


def _lists(flows: Sequence[Flow]) -> list[str]:
    return sorted({entity for flow in flows for entity in flow.type.target_lists})


async def _as_allowed(
    lane: Lane, here: Sequence[Flow], entity: str, ids: Collection[str], unread: dict[str, str]
) -> None:  # fmt: skip
    try:
        await _read(lane, entity, ids, unread)
    except NotPermitted as error:
        log.warning("not read in full", lane=lane.connection_id, entity=entity, why=error.sentence)
        needing = [flow.flow_id for flow in here if entity in flow.type.target_lists]
        await refuse(lane, needing, Why(error.sentence))


async def _read(lane: Lane, entity: str, ids: Collection[str], unread: dict[str, str]) -> None:
    """One to which no answer comes is left for an hour, and keeps none of those behind it from being read.

    Where several get none, the vendor is in trouble: raises what its session raises.
    """
    groups, seen, lost = [sorted(ids)] if ids else [], set[str](), 0
    while groups and not lane.slice.over():
        group = groups.pop(0)
        try:
            unread |= await _file(lane, entity, group, seen)
        except OF_NO_DOCUMENT:
            raise
        except ConnectorError as error:
            lost += 1
            if len(group) == 1:
                unread[group[0]] = error.sentence
            if lost > LOST_AT_MOST:
                await tell_unread(lane, unread)
                raise
            log.warning("not read in full", lane=lane.connection_id, entity=entity, why=error.sentence)
            groups = [[one] for one in group if one not in seen] if len(group) > 1 else groups


async def _file(lane: Lane, entity: str, ids: Sequence[str], seen: set[str]) -> dict[str, str]:
    """File what is shown of these, as far as the slice goes; ``seen`` are those that were answered.

    By id what is wrong with those that were not understood.
    """
    problems: dict[str, str] = {}
    clear = True
    async for page in lane.connector.read(lane.session, Reading(entity, ids=tuple(ids))):
        async with lane.transaction() as transaction:
            await lock_integrations(transaction.connection, lane.tenant_id, lane.connection_id)
            found = [row.document for row in page.rows if row.document is not None]
            changed = [f"{entity}:{one}" for one in await file_documents(transaction, entity, found)]
            if changed:
                await facts_changed(transaction.connection, lane.tenant_id, lane.connection_id, changed)
        seen.update(row.id for row in page.rows)
        problems |= {row.id: row.problem for row in page.rows if row.document is None}
        clear &= all(row.identified for row in page.rows)
        if lane.slice.over():
            return problems
    return problems if clear else dict.fromkeys([one for one in ids if one not in seen], NOT_TOLD) | problems


async def _vendors(lane: Lane) -> list[str]:
    """Their ids; they count as asked for, so that one that cannot be read does not come first again and again."""
    now, here = lane.clock.now(), (lane.tenant_id, lane.connection_id)
    async with lane.transaction() as transaction:
        rows = await transaction.all(_CHOSEN, now, *here, PARTIES, *here, VENDORS, PARTIES, now - AGAIN, AT_ONCE)
    return [row[0] for row in rows]


async def _counterparts(lane: Lane, here: Sequence[Flow]) -> Mapping[str, list[str]]:
    """By entity the ids of counterparts of changed documents of which only a list has told; asked for as vendors are.

    What people at the target decide on is never shown with lines, and is laid against by its sums. A contact's row has no
    address; where a list shows all there is to know of one, none is asked for.
    """
    flows = [flow for flow in here if not flow.type.staged and not flow.type.tracks and flow.mode != "off"]
    going = await _going(lane, flows)
    lists, ids = _lists(going), [flow.flow_id for flow in going]
    now, place = lane.clock.now(), (lane.tenant_id, lane.connection_id)
    found: dict[str, list[str]] = defaultdict(list)
    if not lists:
        return found
    async with lane.transaction() as transaction:
        rows = await transaction.all(
            _CHANGED, *place, ids, AHEAD, lane.tenant_id, lane.tenant_id, UNREAD_THERE, ids, *place, now - AGAIN, lists,
            BEFORE_PLANNING, now, *place,
        )  # fmt: skip
    for entity, id_ in rows:
        found[entity].append(id_)
    return found
