"""What records hang together with at the target: what their steps have done so far, and the documents they meet there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Organisation, Party
from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations.drafts import followed
from ml_connector.integrations.tracked import Payables
from ml_connector.integrations.views import ASIDE, PART, Using
from ml_connector.sync.directory import entry_name
from ml_connector.sync.flows import Flow
from ml_connector.sync.items import Item
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.made_steps import Steps
from ml_connector.sync.near import NEAR, NEAR_BACK, NEAR_CREDITS, Key, days_of
from ml_connector.sync.states import DISMISSED, IntentState, State
from ml_connector.sync.tracked import payables

# Rows of the directory for records, as (record, entity, id, body); `offset 0` as in prepare._Batch.
_NAMED = """
    select mine.record_id, e.entity, e.object_id, e.body
    from unnest(%b::bigint[], %b::text[], %b::text[]) as mine (record_id, entity, object_id)
    cross join lateral (select * from directory where tenant_id = %b and connection_id = %b and entity = mine.entity
                        and object_id = mine.object_id and state <> 'gone' offset 0) e"""
_GONE = """
    select mine.record_id, mine.entity, mine.object_id
    from unnest(%b::bigint[], %b::text[], %b::text[]) as mine (record_id, entity, object_id)
    cross join lateral (select 1 from directory where tenant_id = %b and connection_id = %b and entity = mine.entity
                        and object_id = mine.object_id and state = 'gone' offset 0) e"""
_COUNTERPARTS = """
    select mine.record_id, e.entity, e.object_id, e.body
    from unnest(%b::bigint[], %b::text[], %b::text[]) as mine (record_id, flow, source_id)
    cross join (values (%b::integer, %b::integer, %b::integer)) as here (tenant_id, connection_id, integration_id)
    cross join lateral (select * from link where tenant_id = here.tenant_id and integration_id = here.integration_id
                        and entity = mine.flow and source_id = mine.source_id offset 0) l
    cross join lateral (select * from directory where tenant_id = here.tenant_id and connection_id = here.connection_id
                        and entity = l.target_entity and object_id = l.target_id and state <> 'gone' offset 0) e"""
# The newest version; of flows that count as they were linked, the linked one as long as a newer one is not decided, or held.
_SOURCES = """
    select mine.record_id, mine.flow, mine.source_id, d.content_hash, d.canonical
    from unnest(%b::bigint[], %b::text[], %b::text[]) as mine (record_id, flow, source_id)
    join flow f on f.tenant_id = %b and f.integration_id = %b and f.name = mine.flow
    cross join lateral (select * from record where tenant_id = f.tenant_id and flow_id = f.flow_id
                        and source_id = mine.source_id offset 0) r
    left join lateral (select l.version_id from link l join version_state s on s.tenant_id = l.tenant_id
                       and s.version_id = r.version_id and s.state = any(%b::smallint[])
                       where l.tenant_id = f.tenant_id and l.integration_id = f.integration_id and l.entity = f.name
                       and l.source_id = r.source_id and f.name = any(%b::text[]) offset 0) linked on true
    cross join lateral (select * from document where tenant_id = r.tenant_id
                        and version_id = coalesce(linked.version_id, r.version_id) offset 0) d"""
_ADVANCES = """
    select mine.record_id, e.entity, e.object_id, e.body
    from unnest(%b::bigint[], %b::text[]) as mine (record_id, party)
    cross join lateral (select * from directory where tenant_id = %b and connection_id = %b
                        and entity in ('overpayments', 'prepayments') and party_id = mine.party
                        and state <> 'gone' offset 0) e"""
_REFERENCED = """
    select mine.record_id, e.entity, e.object_id, e.body
    from unnest(%b::bigint[], %b::text[], %b::text[]) as mine (record_id, entity, reference)
    cross join lateral (select * from directory where tenant_id = %b and connection_id = %b and entity = mine.entity
                        and reference = mine.reference and reference <> '' and state <> 'gone' offset 0) e"""

# What steps of those that a record stands on have removed, by its id.
_REMOVED = """
    select v.intent_id, mine.record_id, null::bigint, v.entity, v.target_id
    from unnest(%b::bigint[]) as mine (record_id)
    join uses u on u.tenant_id = %b and u.record_id = mine.record_id
    join flow f on f.tenant_id = u.tenant_id and f.integration_id = u.integration_id and f.name = u.entity
    join record o on o.tenant_id = u.tenant_id and o.flow_id = f.flow_id and o.source_id = u.source_id
    join intent v on v.tenant_id = o.tenant_id and v.record_id = o.record_id and v.action = 'void' and v.state = %b
                  and starts_with(v.reference, o.reference || %b)"""
# What stands on a record's counterpart, of those that would go back onto it by themselves: their flow is live, and no
# hold but for a link (as ours while the change lasts) or a dismissal keeps them. It is what our steps have made, and what
# stands there under the reference of one that was linked, whichever database has made it.
_USERS = """
    select distinct mine.record_id, u.record_id, u.name, m.entity, m.object_id, e.body
    from unnest(%b::bigint[], %b::text[]) as mine (record_id, source_id)
    cross join (values (%b::integer, %b::integer)) as here (tenant_id, connection_id)
    cross join lateral (select u.record_id, u.integration_id, f.name, r.source_id, r.reference from uses u
                        join record r on r.tenant_id = u.tenant_id and r.record_id = u.record_id
                        join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id and f.mode = 'live'
                        join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
                                            and s.reason <> %b
                        where u.tenant_id = here.tenant_id and u.integration_id = %b and u.entity = %b
                        and u.source_id = mine.source_id and not exists (
                            select 1 from wait w where w.tenant_id = s.tenant_id and w.version_id = s.version_id
                            and w.kind <> 'link') offset 0) u
    cross join lateral (
        (select entity, target_id as object_id from intent where tenant_id = here.tenant_id and record_id = u.record_id
         and action = 'create' and state = %b and entity <> 'allocations' offset 0)
        union all
        (select entity, object_id from directory where tenant_id = here.tenant_id
         and connection_id = here.connection_id and entity = 'payments' and reference <> ''
         and reference >= u.reference and reference < u.reference || '-zzzz'
         and (reference = u.reference or starts_with(reference, u.reference || '-')) offset 0)
        union all
        (select target_entity, target_id from link where tenant_id = here.tenant_id and integration_id = u.integration_id
         and entity = u.name and source_id = u.source_id and target_entity <> 'payments' offset 0)) m
    cross join lateral (select body from directory where tenant_id = here.tenant_id
                        and connection_id = here.connection_id and entity = m.entity and object_id = m.object_id
                        and state <> 'gone' offset 0) e"""
_APPLIED = """
    select record_id, target_id, payload from intent
    where tenant_id = %b and record_id = any(%b::bigint[]) and entity = 'allocations' and action = 'create' and state = %b"""
_CHANGING = """
    select mine.record_id, mine.flow, mine.source_id
    from unnest(%b::bigint[], %b::text[], %b::text[]) as mine (record_id, flow, source_id)
    join flow f on f.tenant_id = %b and f.integration_id = %b and f.name = mine.flow and f.mode <> 'off'
    join record o on o.tenant_id = f.tenant_id and o.flow_id = f.flow_id and o.source_id = mine.source_id
    join version_state s on s.tenant_id = o.tenant_id and s.version_id = o.version_id and s.state = any(%b::smallint[])
    where exists (select 1 from intent v where v.tenant_id = o.tenant_id and v.record_id = o.record_id
                  and v.version_id = o.version_id and v.action = 'void' and v.state = %b
                  and starts_with(v.reference, o.reference || %b))"""
# What has another counterpart than when steps of earlier versions were carried out.
_REPLACED = """
    select mine.record_id, mine.flow, mine.source_id
    from unnest(%b::bigint[], %b::text[], %b::text[], %b::bigint[]) as mine (record_id, flow, source_id, version_id)
    cross join lateral (select * from link where tenant_id = %b and integration_id = %b and entity = mine.flow
                        and source_id = mine.source_id offset 0) l
    where l.made_at > (select max(i.settled_at) from intent i where i.tenant_id = l.tenant_id
                       and i.record_id = mine.record_id and i.version_id <> mine.version_id and i.action = 'create'
                       and i.state = %b)"""
# What a version has changed that was never posted, or whose end the link does not know.
_HALF_CHANGED = """
    select mine.record_id
    from unnest(%b::bigint[], %b::bigint[], %b::text[]) as mine (record_id, version_id, source_id)
    cross join lateral (select * from link where tenant_id = %b and integration_id = %b and entity = %b
                        and source_id = mine.source_id offset 0) l
    where exists (select 1 from intent i where i.tenant_id = l.tenant_id and i.record_id = mine.record_id
                  and i.version_id > l.version_id and i.version_id <> mine.version_id and i.action = 'update'
                  and i.entity = l.target_entity and i.target_id = l.target_id and i.state = %b)"""

# Live documents that nobody is linked to under a record's reference, or under one that goes on behind it with a mark, by
# index ranges whose ends lie behind whatever may follow the mark.
_OURS = """
    select mine.record_id, e.reference, e.entity, e.object_id, e.body
    from unnest(%b::bigint[], %b::text[]) as mine (record_id, reference)
    cross join unnest(%b::text[]) as list (entity)
    cross join unnest(%b::text[]) as behind (mark)
    cross join lateral (select * from directory where tenant_id = %b and connection_id = %b and entity = list.entity
                        and reference <> '' and reference >= mine.reference
                        and reference < mine.reference || behind.mark || 'zzzz'
                        and active and state <> 'gone' offset 0) e
    where (e.reference = mine.reference and behind.mark = '-' or starts_with(e.reference, mine.reference || behind.mark))
      and not exists (select 1 from link l where l.tenant_id = e.tenant_id and l.integration_id = %b
                      and l.target_entity = e.entity and l.target_id = e.object_id offset 0)
    order by e.object_id"""


_step = msgspec.json.Decoder(Step)
Links = Mapping[tuple[str, str], str]
_Key = tuple[Any, ...]


@dataclass(slots=True)
class Together:
    """By record: its proven steps, and what the target, by (entity, id), and the source, by (flow, id), show of the documents

    it hangs together with. ``payables``: of a flow that is matched with bills, which of the target's it may be. ``gone``:
    what its steps have made that the target showed once, and shows no more.
    """

    steps: dict[int, Steps] = field(default_factory=lambda: defaultdict(Steps))
    at_target: dict[int, dict[tuple[str, str], Document]] = field(default_factory=lambda: defaultdict(dict))
    sources: dict[int, dict[tuple[str, str], Document]] = field(default_factory=lambda: defaultdict(dict))
    users: dict[int, list[Using]] = field(default_factory=lambda: defaultdict(list))
    changing: dict[int, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    replaced: dict[int, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    half_changed: set[int] = field(default_factory=set)
    payables: dict[int, Payables] = field(default_factory=dict)
    gone: dict[int, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))


async def together(
    transaction: LaneTransaction, flow: Flow, items: Sequence[Item], links: Links, party_of: Callable[[Item], str],
    contacts: Mapping[str, Party], ledger: Organisation, behind: Collection[tuple[str, str]],
) -> Together:  # fmt: skip
    """For a batch of one flow, in a few queries. ``links`` are those that its documents need, ``party_of`` tells the

    target's id of a document's party, empty where it has none; ``contacts`` are the target's parties, ``ledger`` is itself,
    ``behind`` what of those that the documents stand on at their own source has come there, see FlowType.looks_back.
    """
    found = Together(payables=await payables(transaction, flow, items, party_of))
    if flow.type.several_steps:
        await _steps(transaction, items, found)
        await _users(transaction, flow, items, found)
        await _changing(transaction, flow, _counterparts(flow, items), found)
        await _replaced(transaction, flow, items, found)
        await _half_changed(transaction, flow, items, found)
    if flow.type.several_steps or flow.type.staged:
        await _ours(transaction, flow, items, found)
    await _sources(transaction, flow, _counterparts(flow, items), found)
    payers = _payers(flow, items, links, contacts) if flow.type.near else []
    amounts = days_of(flow, items, ledger, behind) if flow.type.near else []
    for query, keys, more in _queries(flow, items, payers, amounts, found):
        if keys:
            await _show(transaction, flow, query, keys, more, found)
    await _gone(transaction, flow, found)
    return found


async def _steps(transaction: LaneTransaction, items: Sequence[Item], found: Together) -> None:
    version_of = {item.record_id: item.version_id for item in items}
    rows = await transaction.all(
        """select intent_id, record_id, version_id, entity, action, reference, case when state = %b then target_id end
        from intent where tenant_id = %b and record_id = any(%b::bigint[])""",
        IntentState.DONE.value, transaction.lane.tenant_id, list(version_of),
    )  # fmt: skip
    removed = await transaction.all(
        _REMOVED, list(version_of), transaction.lane.tenant_id, IntentState.DONE.value, ASIDE
    )
    for _, record_id, version_id, *step in sorted([*rows, *removed]):
        if version_id is None:
            found.steps[record_id].take_off(*step)
        else:
            found.steps[record_id].add(*step, own=version_id == version_of[record_id])


async def _users(transaction: LaneTransaction, flow: Flow, items: Sequence[Item], found: Together) -> None:
    lane = transaction.lane
    rows = await transaction.all(
        _USERS, [item.record_id for item in items], [item.source_id for item in items], lane.tenant_id, flow.target_id,
        DISMISSED, flow.integration_id, flow.name, IntentState.DONE.value,
    )  # fmt: skip
    applied = await _applied(transaction, {row[1] for row in rows})
    for record_id, user, name, entity, object_id, body in rows:
        document = documents.decode(lane.sealer.open(entry_name(entity, object_id), body))
        found.users[record_id].append(Using(entity, document, name, tuple(applied[user, entity, object_id])))


async def _applied(
    transaction: LaneTransaction, records: Collection[int]
) -> dict[tuple[int, str, str], list[tuple[str, Decimal]]]:
    """By record and credit: ids and amounts of the applications of it that the record's steps have made."""
    found: dict[tuple[int, str, str], list[tuple[str, Decimal]]] = defaultdict(list)
    if not records:
        return found
    lane = transaction.lane
    rows = await transaction.all(_APPLIED, lane.tenant_id, sorted(records), IntentState.DONE.value)
    for record_id, target_id, payload in rows:
        step = _step.decode(lane.sealer.open(b"intent", payload))
        for entity, id_ in lane.connector.touched(step):
            found[record_id, entity, id_].append((target_id, step.total))
    return found


async def _changing(transaction: LaneTransaction, flow: Flow, wanted: Sequence[_Key], found: Together) -> None:
    if not wanted:
        return
    rows = await transaction.all(
        _CHANGING, *map(list, zip(*wanted, strict=True)), transaction.lane.tenant_id, flow.integration_id,
        [State.STAGED, State.SENDING, State.UNCERTAIN], IntentState.DONE.value, ASIDE,
    )  # fmt: skip
    for record_id, name, source_id in rows:
        found.changing[record_id].add((name, source_id))


async def _replaced(transaction: LaneTransaction, flow: Flow, items: Sequence[Item], found: Together) -> None:
    versions = {item.record_id: item.version_id for item in items}
    wanted = [(*key, versions[key[0]]) for key in _counterparts(flow, items)]
    if not wanted:
        return
    rows = await transaction.all(
        _REPLACED, *map(list, zip(*wanted, strict=True)), transaction.lane.tenant_id, flow.integration_id,
        IntentState.DONE.value,
    )  # fmt: skip
    for record_id, name, source_id in rows:
        found.replaced[record_id].add((name, source_id))


async def _half_changed(transaction: LaneTransaction, flow: Flow, items: Sequence[Item], found: Together) -> None:
    keys = [(item.record_id, item.version_id, item.source_id) for item in items]
    rows = await transaction.all(
        _HALF_CHANGED, *map(list, zip(*keys, strict=True)), transaction.lane.tenant_id, flow.integration_id, flow.name,
        IntentState.DONE.value,
    )  # fmt: skip
    found.half_changed |= {row[0] for row in rows}


async def _ours(transaction: LaneTransaction, flow: Flow, items: Sequence[Item], found: Together) -> None:
    """What our steps have made of which this database knows nothing: it is new over old books, or an older copy; and

    entries for parts of the document alone.
    """
    lane = transaction.lane
    lists = [one for one in flow.type.target_lists if Action.CREATE in lane.connector.writable.get(one, ())]
    rows = await transaction.all(
        _OURS, [item.record_id for item in items], [item.reference for item in items], lists,
        ["-", PART] if flow.type.in_parts else ["-"], lane.tenant_id, flow.target_id, flow.integration_id,
    )  # fmt: skip
    for record_id, reference, entity, object_id, body in rows:
        if PART in reference or found.steps[record_id].stands(entity, reference, object_id):
            text = lane.sealer.open(entry_name(entity, object_id), body)
            found.at_target[record_id][entity, object_id] = documents.decode(text)


def _queries(
    flow: Flow, items: Sequence[Item], payers: list[_Key], amounts: list[Key], found: Together
) -> list[tuple[str, list[_Key], tuple[Any, ...]]]:
    made = _made(found)
    counterparts = _counterparts(flow, items)
    sent = [(record_id, *one) for record_id, steps in found.steps.items() for one in sorted(steps.references)]
    queries = [
        (_NAMED, made, ()),
        (_REFERENCED, list[_Key](sent), ()),
        (_COUNTERPARTS, counterparts, (flow.integration_id,)),
    ]
    if not flow.type.near:
        return queries
    days = flow.type.near, flow.type.near
    near = ((NEAR_BACK if flow.type.mirrors else NEAR)[flow.type.near_in], amounts, days)
    if flow.type.near_in != "payments":
        return [*queries, near]
    return [*queries, (_ADVANCES, payers, ()), near, (NEAR_CREDITS, amounts, days)]


def _made(found: Together) -> list[_Key]:
    """(record, entity, target id) of what steps have made that no step has removed."""
    return [(record, one.entity, one.target_id) for record, steps in found.steps.items() for one in steps.made.values()]


async def _gone(transaction: LaneTransaction, flow: Flow, found: Together) -> None:
    """Of what is not shown: what was, and is gone. What was never read may stand there all the same."""
    files = transaction.lane.connector.files
    unseen = [one for one in _made(found) if files(one[1]) and one[1:] not in found.at_target[one[0]]]
    if not unseen:
        return
    columns = map(list, zip(*unseen, strict=True))
    for record_id, *key in await transaction.all(_GONE, *columns, transaction.lane.tenant_id, flow.target_id):
        found.gone[record_id].add((key[0], key[1]))


def _payers(flow: Flow, items: Sequence[Item], links: Links, contacts: Mapping[str, Party]) -> list[_Key]:
    """(record, contact) of each document's party, with all that were merged into one with it at the target."""
    merged: dict[str, set[str]] = defaultdict(set)
    for one in contacts.values():
        if one.merged_into:
            merged[followed(one.id, contacts)].add(one.id)
    found: set[_Key] = set()
    for item in items:
        wanted = flow.type.needs_links(item.document, flow.settings)
        if target := links.get(wanted[0]) if wanted else None:
            survivor = followed(target, contacts)
            found |= {(item.record_id, id_) for id_ in (survivor, *merged[survivor])}
    return sorted(found)


def _counterparts(flow: Flow, items: Sequence[Item]) -> list[_Key]:
    """(record, flow, source id) of what documents need besides their party."""
    needed = ((item.record_id, flow.type.needs_links(item.document, flow.settings)) for item in items)
    return [(record_id, *pair) for record_id, pairs in needed for pair in pairs[1:]]


async def _sources(transaction: LaneTransaction, flow: Flow, wanted: Sequence[_Key], found: Together) -> None:
    if not wanted:
        return
    lane = transaction.lane
    rows = await transaction.all(
        _SOURCES, *map(list, zip(*wanted, strict=True)), lane.tenant_id, flow.integration_id,
        [State.STAGED.value, State.PLANNED.value, State.HELD.value], list(flow.type.as_linked),
    )  # fmt: skip
    for record_id, name, source_id, content_hash, canonical in rows:
        document = documents.decode(lane.sealer.open(b"canonical " + content_hash, canonical))
        found.sources[record_id][name, source_id] = document


async def _show(
    transaction: LaneTransaction, flow: Flow, query: str, keys: Sequence[_Key], more: Sequence[Any], found: Together
) -> None:
    lane = transaction.lane
    columns = [list(column) for column in zip(*keys, strict=True)]
    for record_id, entity, object_id, body in await transaction.all(
        query, *columns, lane.tenant_id, flow.target_id, *more
    ):
        text = lane.sealer.open(entry_name(entity, object_id), body)
        found.at_target[record_id][entity, object_id] = documents.decode(text)
