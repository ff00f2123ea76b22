"""Parties that people have merged: their links and what waits for them follow to the one that is left.

ServiceTitan names the survivor on the customer, Xero on the archived contact, each perhaps in several steps. One party has
one counterpart: where the survivor has one of its own, the link of the other stays where it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.release import release

_AT_MOST = 10  # steps from one survivor to the next; what leads back to where it began moves nothing

# The survivor's documents are agreed as they are shown: nothing of them is overwritten because of a merger.
_TO_SURVIVING_TARGET = """
    with one as (
        select distinct on (l.integration_id, l.entity, d.merged_into) l.link_id, l.target_id as was, d.merged_into, w.body
        from directory d
        join integration i on i.tenant_id = d.tenant_id and i.target_id = d.connection_id
        join link l on l.tenant_id = d.tenant_id and l.integration_id = i.integration_id and l.target_entity = d.entity
                   and l.target_id = d.object_id
        join directory w on w.tenant_id = d.tenant_id and w.connection_id = d.connection_id and w.entity = d.entity
                        and w.object_id = d.merged_into and w.state <> 'gone'
        where d.tenant_id = %b and d.connection_id = %b and d.entity = %b and d.merged_into <> ''
          and not exists (
              with recursive chain (id, path) as (
                  select d.merged_into, array[d.object_id]
                  union all
                  select n.merged_into, chain.path || chain.id from chain
                  join directory n on n.tenant_id = d.tenant_id and n.connection_id = d.connection_id
                       and n.entity = d.entity and n.object_id = chain.id and n.merged_into <> ''
                  where chain.id <> all(chain.path)
              )
              select from chain where chain.id = any(chain.path))
          and not exists (select 1 from link o where o.tenant_id = l.tenant_id and o.integration_id = l.integration_id
                          and o.entity = l.entity and o.target_entity = l.target_entity and o.target_id = d.merged_into)
        order by l.integration_id, l.entity, d.merged_into, l.link_id
    )
    update link l set target_id = one.merged_into, base = one.body from one
    where l.tenant_id = %b and l.link_id = one.link_id
    returning l.entity, l.source_id, l.record_id, l.version_id, one.was, l.target_id"""

_TO_SURVIVING_SOURCE = """
    with recursive chain (loser, id, path) as (
        select page.loser, page.id, array[page.loser] from unnest(%b::text[], %b::text[]) as page (loser, id)
        union all
        select chain.loser, r.merged_into, chain.path || chain.id from chain
        join record r on r.tenant_id = %b and r.flow_id = %b and r.source_id = chain.id and r.merged_into <> ''
        where chain.id <> all(chain.path) and cardinality(chain.path) < %b
    ), last as (
        select distinct on (loser) loser, id, id = any(path) as circles from chain order by loser, cardinality(path) desc
    ), one as (
        select distinct on (last.id) l.link_id, last.loser, last.id, r.record_id, r.version_id
        from last
        join link l on l.tenant_id = %b and l.integration_id = %b and l.entity = %b and l.source_id = last.loser
        left join record r on r.tenant_id = l.tenant_id and r.flow_id = %b and r.source_id = last.id
        where not last.circles
          and not exists (select 1 from link o where o.tenant_id = l.tenant_id and o.integration_id = l.integration_id
                          and o.entity = l.entity and o.source_id = last.id)
        order by last.id, l.link_id
    )
    update link l set source_id = one.id, record_id = one.record_id, version_id = one.version_id, source_base = null
    from one where l.tenant_id = %b and l.link_id = one.link_id
    returning l.entity, l.source_id, l.record_id, l.version_id, one.loser, l.target_id"""

_LOSERS = """
    with recursive chain (flow_id, id, depth) as (
        select f.flow_id, page.id, 0 from unnest(%b::integer[], %b::text[], %b::text[]) as page (integration_id, name, id)
        join flow f on f.tenant_id = %b and f.integration_id = page.integration_id and f.name = page.name
        union all
        select r.flow_id, r.source_id, chain.depth + 1 from chain
        join record r on r.tenant_id = %b and r.flow_id = chain.flow_id and r.merged_into = chain.id and r.merged_into <> ''
        where chain.depth < %b
    )
    select f.name, chain.id from chain join flow f on f.tenant_id = %b and f.flow_id = chain.flow_id where depth > 0"""


async def follow_targets(transaction: LaneTransaction, entity: str) -> list[str]:
    """Links of the lane's parties that were merged there go over to the survivors; their ids. Call it when a list is read."""
    lane = transaction.lane
    moved: list[str] = []
    for _ in range(_AT_MOST):
        rows = await transaction.all(
            _TO_SURVIVING_TARGET, lane.tenant_id, lane.connection_id, entity, lane.tenant_id
        )  # fmt: skip
        for flow, source_id, record_id, version_id, was, is_ in rows:
            _tell(transaction, record_id, version_id, party=f"{flow} {source_id}", was=was, target=is_)
        moved += [row[5] for row in rows]
        if not rows:
            break
    return moved


async def follow_sources(transaction: LaneTransaction, flow: Flow, merged: Sequence[tuple[str, str]]) -> None:
    """Of (loser, survivor) among a flow's own parties: the survivor has the loser's counterpart where it has none.

    What waits for either of them is looked at again.
    """
    if not merged:
        return
    tenant = transaction.lane.tenant_id
    rows = await transaction.all(
        _TO_SURVIVING_SOURCE, [one[0] for one in merged], [one[1] for one in merged], tenant, flow.flow_id, _AT_MOST,
        tenant, flow.integration_id, flow.name, flow.flow_id, tenant,
    )  # fmt: skip
    if rows:  # who is linked is a fact for matching
        await transaction.run(
            "update integration set generation = generation + 1 where tenant_id = %b and integration_id = %b",
            tenant, flow.integration_id,
        )  # fmt: skip
    for name, source_id, record_id, version_id, loser, target_id in rows:
        _tell(transaction, record_id, version_id, party=f"{name} {source_id}", merged=loser, target=target_id)
    keys = [f"{flow.name}:{one}" for one in (*(loser for loser, _ in merged), *(row[1] for row in rows))]
    await release(transaction.connection, tenant, "link", keys)


# As far as the mergers lead from each, in their order; the last id of a way that leads in a circle is one that it has.
_WAYS = """
    with recursive chain (asked, id, path) as (
        select r.source_id, r.merged_into, array[r.source_id] from record r
        where r.tenant_id = %b and r.flow_id = %b and r.source_id = any(%b::text[]) and r.merged_into <> ''
        union all
        select chain.asked, r.merged_into, chain.path || chain.id from chain
        join record r on r.tenant_id = %b and r.flow_id = %b and r.source_id = chain.id and r.merged_into <> ''
        where chain.id <> all(chain.path)
    )
    select asked, path, id from chain where id = any(path)"""


async def circles(transaction: LaneTransaction, flow: Flow, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Of parties that were merged, those whose mergers lead in a circle, with its ids in their order."""
    tenant = transaction.lane.tenant_id
    rows = await transaction.all(_WAYS, tenant, flow.flow_id, list(ids), tenant, flow.flow_id) if ids else []
    return {asked: tuple(path[path.index(id_) :]) for asked, path, id_ in rows}


async def merged_before(transaction: LaneTransaction, flow: Flow, ids: Sequence[str]) -> list[str]:
    """Those of the ids that are known as merged. Call it before their new versions are stored."""
    rows = await transaction.all(
        """select source_id from record where tenant_id = %b and flow_id = %b and source_id = any(%b::text[])
           and merged_into <> ''""",
        transaction.lane.tenant_id, flow.flow_id, list(ids),
    )  # fmt: skip
    return [row[0] for row in rows]


async def follow_unmerged(transaction: LaneTransaction, flow: Flow, ids: Sequence[str]) -> None:
    """Parties whose mergers have changed: what waits for them, or for who was merged into them, is looked at again."""
    if not ids:
        return
    losers = await losers_of(transaction, [(flow.integration_id, flow.name, one) for one in ids])
    keys = [*(f"{flow.name}:{one}" for one in ids), *losers]
    await release(transaction.connection, transaction.lane.tenant_id, "link", keys)


async def losers_of(transaction: LaneTransaction, parties: Sequence[tuple[int, str, str]]) -> list[str]:
    """The keys under which documents wait for parties that were merged into these (integration, flow, source id)."""
    tenant = transaction.lane.tenant_id
    rows = await transaction.all(
        _LOSERS, [one[0] for one in parties], [one[1] for one in parties], [one[2] for one in parties], tenant, tenant,
        _AT_MOST, tenant,
    )  # fmt: skip
    return [f"{name}:{source_id}" for name, source_id in rows]


def _tell(transaction: LaneTransaction, record_id: int | None, version_id: int | None, **details: str) -> None:
    transaction.event("link moved", record_id=record_id, version_id=version_id, run_id=None, **details)
