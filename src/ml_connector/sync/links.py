"""LINKS: "this document here is that document there", written set by set, with what the target showed when they were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml_connector.sync.flows import Flow
from ml_connector.sync.items import Claimed
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.release import release


@dataclass(frozen=True, slots=True)
class NewLink:
    """A record and its counterpart. ``origin`` is `created`, `adopted` or `matched`.

    ``replaces``: the counterpart that was removed for this one; empty where there was none.
    """

    flow: Flow
    item: Claimed
    target_entity: str
    target_id: str
    origin: str
    replaces: str = ""


# The base of later merges is the target's document as the directory has it now, sealed as it lies there. A record that
# is linked to something else keeps that link whole: who stores links has made sure that there is none.
_STORE = """
    insert into link (tenant_id, integration_id, entity, source_id, target_entity, target_id, record_id, version_id,
                      origin, base, made_at)
    select %b, page.*, shown.body, %b
    from unnest(%b::integer[], %b::text[], %b::text[], %b::text[], %b::text[], %b::bigint[], %b::bigint[], %b::text[])
         as page (integration_id, entity, source_id, target_entity, target_id, record_id, version_id, origin)
    left join lateral (select body from directory where tenant_id = %b and connection_id = %b
                       and entity = page.target_entity and object_id = page.target_id offset 0) shown on true
    on conflict (tenant_id, integration_id, entity, source_id) do update
    set version_id = excluded.version_id, base = coalesce(excluded.base, link.base)
    where link.target_entity = excluded.target_entity and link.target_id = excluded.target_id"""


async def store_links(transaction: LaneTransaction, links: Sequence[NewLink]) -> None:
    """Write links, and let go on what waits for them. File the targets' documents in the directory before."""
    if not links:
        return
    lane = transaction.lane
    await _let_go(transaction, [one for one in links if one.replaces])
    await transaction.run(
        _STORE, lane.tenant_id, lane.clock.now(),
        [one.flow.integration_id for one in links], [one.flow.name for one in links],
        [one.item.source_id for one in links], [one.target_entity for one in links],
        [one.target_id for one in links], [one.item.record_id for one in links],
        [one.item.version_id for one in links], [one.origin for one in links],
        lane.tenant_id, lane.connection_id,
    )  # fmt: skip
    await _matching_changed(transaction, links)
    await links_made(transaction, [(one.flow, one.item) for one in links])


async def _let_go(transaction: LaneTransaction, replacing: Sequence[NewLink]) -> None:
    """The links of counterparts that were removed so that others take their place."""
    if not replacing:
        return
    await transaction.run(
        """delete from link l
        using unnest(%b::integer[], %b::text[], %b::text[], %b::text[]) as page (integration_id, entity, source_id, target)
        where l.tenant_id = %b and l.integration_id = page.integration_id and l.entity = page.entity
          and l.source_id = page.source_id and l.target_id = page.target""",
        [one.flow.integration_id for one in replacing], [one.flow.name for one in replacing],
        [one.item.source_id for one in replacing], [one.replaces for one in replacing], transaction.lane.tenant_id,
    )  # fmt: skip


async def _matching_changed(transaction: LaneTransaction, links: Sequence[NewLink]) -> None:
    """A party's link is a fact for matching: it is taken now."""
    for integration_id in sorted({one.flow.integration_id for one in links if one.target_entity == "parties"}):
        await transaction.run(
            "update integration set generation = generation + 1 where tenant_id = %s and integration_id = %s",
            transaction.lane.tenant_id, integration_id,
        )  # fmt: skip


async def links_made(transaction: LaneTransaction, linked: Sequence[tuple[Flow, Claimed]]) -> None:
    """New links, or planned ones, are what others wait for."""
    keys = [f"{flow.name}:{item.source_id}" for flow, item in linked]
    await release(transaction.connection, transaction.lane.tenant_id, "link", keys)
