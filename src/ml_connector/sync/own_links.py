"""The links of a batch: those of its own records, with what was agreed, and those that its documents name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.integrations.views import Behind, Linked
from ml_connector.sync.directory import entry_name
from ml_connector.sync.dismissed import dismissed_since
from ml_connector.sync.flows import Flow
from ml_connector.sync.items import Item
from ml_connector.sync.lane import LaneTransaction

MERGED_AT_MOST = 10  # steps from one survivor of a merger to the next

# `offset 0` as in prepare._Batch. A link is found by its record, or, for a flow that mirrors another, by its counterpart.
_OWN = """
    select l.entity, l.source_id, l.target_entity, l.target_id, l.mirrored, l.base, l.source_base, d.content_hash,
           d.canonical, now.body
    from unnest(%b::text[]) as mine (id)
    cross join lateral (select * from link where tenant_id = %b and integration_id = %b and entity = %b
                        and {found} offset 0) l
    left join lateral (select * from document where tenant_id = l.tenant_id
                       and version_id = l.version_id offset 0) d on true
    left join lateral (select body from directory where tenant_id = l.tenant_id and connection_id = %b
                       and {shown} and state <> 'gone' offset 0) now on true"""
_FORWARD = _OWN.format(found="source_id = mine.id", shown="entity = l.target_entity and object_id = l.target_id")
_BACK = _OWN.format(found="target_entity = %b and target_id = mine.id", shown="entity = %b and object_id = l.source_id")

# Who was merged into another has that one's counterpart: the last link on the way counts. Where the mergers lead in a
# circle nobody is left, and whose contact it is cannot be told: then there is none.
#: What is asked for, with those it was merged into. Its values: flows and source ids, tenant, integration, MERGED_AT_MOST.
CHAIN = """
    with recursive chain (entity, asked, id, depth, path) as (
        select needed.entity, needed.source_id, needed.source_id, 0, array[]::text[]
        from unnest(%b::text[], %b::text[]) as needed (entity, source_id)
        union all
        select chain.entity, chain.asked, r.merged_into, chain.depth + 1, chain.path || chain.id from chain
        join flow f on f.tenant_id = %b and f.integration_id = %b and f.name = chain.entity
        cross join lateral (select merged_into from record where tenant_id = f.tenant_id and flow_id = f.flow_id
                            and source_id = chain.id and merged_into <> '' offset 0) r
        where chain.depth < %b and chain.id <> all(chain.path)
    )"""
_NAMED = f"""
    {CHAIN}
    select distinct on (chain.entity, chain.asked) chain.entity, chain.asked, l.target_id,
           l.origin in ('created', 'adopted') and not l.mirrored
    from chain
    cross join lateral (select * from link where tenant_id = %b and integration_id = %b
                        and entity = chain.entity and source_id = chain.id offset 0) l
    where not exists (select 1 from chain round where round.entity = chain.entity and round.asked = chain.asked
                      and round.id = any(round.path))
    order by chain.entity, chain.asked, chain.depth desc"""


async def named_links(
    transaction: LaneTransaction, flow: Flow, pairs: Sequence[tuple[str, str]]
) -> tuple[dict[tuple[str, str], str], frozenset[tuple[str, str]]]:
    """By (flow, source id) the counterparts of what documents name, and for which of them we made those.

    Of a party that was merged, its survivor's.
    """
    tenant, integration = transaction.lane.tenant_id, flow.integration_id
    rows = await transaction.all(
        _NAMED, [one[0] for one in pairs], [one[1] for one in pairs], tenant, integration, MERGED_AT_MOST, tenant,
        integration,
    )  # fmt: skip
    links = {(entity, source_id): target_id for entity, source_id, target_id, _ in rows}
    return links, frozenset((entity, source_id) for entity, source_id, _, ours in rows if ours)


async def own_links(transaction: LaneTransaction, flow: Flow, items: Sequence[Item]) -> dict[str, Linked]:
    """By source id the links of a batch's own records."""
    ids, here = [one.source_id for one in items], (transaction.lane.tenant_id, flow.integration_id)
    if flow.type.mirrors:
        rules = flow.type
        rows = await transaction.all(_BACK, ids, *here, rules.mirrors, rules.mirrored, flow.target_id, _shown_in(flow))
        back = {row[3]: _back(transaction, flow, row) for row in rows}
        return await dismissed_since(transaction, flow, back)
    rows = await transaction.all(_FORWARD, ids, *here, flow.name, flow.target_id)
    return {row[1]: _forward(transaction, row) for row in rows}


async def posted_links(
    transaction: LaneTransaction, flow: Flow, own: Mapping[str, Linked], known: Collection[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """The counterparts of what posted versions named, but for the ``known``, of a flow whose planner asks for them."""
    if not flow.type.asks_of_posted:
        return {}
    posted = [one.source for one in own.values() if one.source is not None]
    pairs = sorted({pair for one in posted for pair in flow.type.needs_links(one, flow.settings)} - set(known))
    return (await named_links(transaction, flow, pairs))[0] if pairs else {}


def _shown_in(flow: Flow) -> str:
    """The list of the target with the counterparts of a flow that mirrors another."""
    return flow.type.shown_in or flow.type.parties


def _forward(transaction: LaneTransaction, row: Sequence[Any]) -> Linked:
    _, _, entity, target_id, mirrored, base, *_, now = row
    return Linked(
        entity, target_id, _opened(transaction, entity, target_id, base), _source(transaction, row),
        _opened(transaction, entity, target_id, now), mirrored,
    )  # fmt: skip


def _back(transaction: LaneTransaction, flow: Flow, row: Sequence[Any]) -> Linked:
    """The same link from its other end: what was agreed of the record is what was agreed of the counterpart."""
    _, source_id, entity, target_id, mirrored, base, *_, now = row
    shown_in = _shown_in(flow)
    return Linked(
        shown_in, source_id, _source(transaction, row), _opened(transaction, entity, target_id, base),
        _opened(transaction, shown_in, source_id, now), mirrored,
    )  # fmt: skip


_BEHIND = """
    select wanted.flow, wanted.id, l.source_id, d.content_hash, d.canonical
    from unnest(%b::text[], %b::text[], %b::text[]) as wanted (flow, entity, id)
    cross join lateral (select * from link where tenant_id = %b and integration_id = %b and target_entity = wanted.entity
                        and target_id = wanted.id and entity = wanted.flow offset 0) l
    join flow f on f.tenant_id = l.tenant_id and f.integration_id = l.integration_id and f.name = l.entity
    left join lateral (select * from record where tenant_id = f.tenant_id and flow_id = f.flow_id
                       and source_id = l.source_id offset 0) r on true
    left join lateral (select * from document where tenant_id = r.tenant_id
                       and version_id = r.version_id offset 0) d on true"""


async def behind(transaction: LaneTransaction, flow: Flow, items: Sequence[Item]) -> dict[tuple[str, str], Behind]:
    """By (flow, id at this flow's source) whose counterparts the documents stand on there, see FlowType.looks_back."""
    wanted = sorted({one for item in items for one in flow.type.looks_back(item.document, flow.settings)})
    if not wanted:
        return {}
    lane = transaction.lane
    rows = await transaction.all(_BEHIND, *map(list, zip(*wanted, strict=True)), lane.tenant_id, flow.integration_id)
    return {(row[0], row[1]): Behind(row[2], _newest(transaction, *row[3:])) for row in rows}


def _newest(transaction: LaneTransaction, content_hash: bytes | None, canonical: bytes | None) -> Document | None:
    if content_hash is None or canonical is None:
        return None
    return documents.decode(transaction.lane.sealer.open(b"canonical " + content_hash, canonical))


def _source(transaction: LaneTransaction, row: Sequence[Any]) -> Document | None:
    """What was agreed of the source's document: where nothing else is noted, the version that was posted."""
    entity, source_id, _, _, _, _, source_base, content_hash, canonical, _ = row
    if source_base is not None:
        return _opened(transaction, entity, source_id, source_base)
    return (
        documents.decode(transaction.lane.sealer.open(b"canonical " + content_hash, canonical)) if canonical else None
    )


def _opened(transaction: LaneTransaction, entity: str, id_: str, body: bytes | None) -> Document | None:
    return documents.decode(transaction.lane.sealer.open(entry_name(entity, id_), body)) if body else None
