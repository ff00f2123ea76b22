"""Parties that are to be made active or inactive because a setting was turned on: shown first, and each approved.

What differs at that moment may have done so for years. What changes from then on goes by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.canonical import documents
from ml_connector.connectors.writing import Action
from ml_connector.integrations.decisions import Decision, Write
from ml_connector.integrations.party_changes import follows_status
from ml_connector.sync.flows import Flow
from ml_connector.sync.items import Item
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.states import IntentState

TURNED_ON = "status followed "  # before a flow's id, of the feed whose cursor is the newest version read before

# As the record was last read before, and has been since; unless it or its counterpart was made active or inactive from here
# since, by either of the two records that are linked.
_VERSIONS = """
    select page.version_id, d.version_id > convert_from(f.cursor, 'UTF8')::bigint, d.content_hash, d.canonical
    from unnest(%b::bigint[], %b::bigint[], %b::text[]) as page (version_id, record_id, source_id)
    join feed f on f.tenant_id = %b and f.connection_id = %b and f.name = %b
    cross join lateral (
        (select version_id, content_hash, canonical from document where tenant_id = f.tenant_id
         and record_id = page.record_id and version_id <= convert_from(f.cursor, 'UTF8')::bigint
         order by version_id desc limit 1)
        union all
        (select version_id, content_hash, canonical from document where tenant_id = f.tenant_id
         and record_id = page.record_id and version_id > convert_from(f.cursor, 'UTF8')::bigint
         and version_id < page.version_id)) d
    where not exists (select 1 from intent i where i.tenant_id = f.tenant_id and i.record_id = page.record_id
                      and i.action = %b and i.state = %b and i.made_at >= f.moved_at offset 0)
      and not exists (
        select 1 from link l
        join flow g on g.tenant_id = l.tenant_id and g.integration_id = l.integration_id and g.name = any(%b::text[])
        join record o on o.tenant_id = l.tenant_id and o.flow_id = g.flow_id and o.source_id = {other}
        join intent i on i.tenant_id = l.tenant_id and i.record_id = o.record_id
        where l.tenant_id = f.tenant_id and l.integration_id = %b and {own}
          and i.action = %b and i.state = %b and i.made_at >= f.moved_at offset 0)"""
_FORTH = _VERSIONS.format(other="l.target_id", own="l.entity = %b and l.source_id = page.source_id")
_BACK = _VERSIONS.format(
    other="l.source_id", own="l.entity = %b and l.target_entity = %b and l.target_id = page.source_id"
)


async def status_only_shown(
    transaction: LaneTransaction, flow: Flow, planned: Sequence[tuple[Item, Decision]]
) -> set[int]:
    """The versions whose change of status is as old as the setting, and so is only shown until it is approved."""
    items = [item for item, decision in planned if _sets_status(decision)]
    if not items or not follows_status(flow.settings):
        return set()
    lane, type_ = transaction.lane, flow.type
    others = (
        [type_.mirrors] if type_.mirrors else [one.name for one in flow.integration.flows if one.mirrors == flow.name]
    )
    own = (type_.mirrors, type_.mirrored) if type_.mirrors else (flow.name,)
    done = Action.SET_STATUS.value, IntentState.DONE.value
    rows = await transaction.all(
        _BACK if type_.mirrors else _FORTH, [one.version_id for one in items], [one.record_id for one in items],
        [one.source_id for one in items], lane.tenant_id, flow.target_id, f"{TURNED_ON}{flow.flow_id}", *done, others,
        flow.integration_id, *own, *done,
    )  # fmt: skip
    now = {one.version_id: _active(one.document) for one in items}
    before, moved = set[int](), set[int]()
    for version_id, since, content_hash, canonical in rows:
        shown = documents.decode(lane.sealer.open(b"canonical " + content_hash, canonical))
        if _active(shown) != now[version_id]:
            moved.add(version_id)
        elif not since:
            before.add(version_id)
    return before - moved


def _active(document: object) -> bool:
    return bool(getattr(document, "active", True))


def _sets_status(decision: Decision) -> bool:
    return isinstance(decision, Write) and any(step.action is Action.SET_STATUS for step in decision.steps)
