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

# As the record was last read before, unless its counterpart was made active or inactive from here since.
_BEFORE = """
    select page.version_id, d.content_hash, d.canonical
    from unnest(%b::bigint[], %b::bigint[]) as page (version_id, record_id)
    join feed f on f.tenant_id = %b and f.connection_id = %b and f.name = %b
    cross join lateral (select content_hash, canonical from document where tenant_id = f.tenant_id
                        and record_id = page.record_id and version_id <= convert_from(f.cursor, 'UTF8')::bigint
                        order by version_id desc limit 1) d
    where not exists (select 1 from intent i where i.tenant_id = f.tenant_id and i.record_id = page.record_id
                      and i.action = %b and i.state = %b and i.made_at >= f.moved_at offset 0)"""


async def status_only_shown(
    transaction: LaneTransaction, flow: Flow, planned: Sequence[tuple[Item, Decision]]
) -> set[int]:
    """The versions whose change of status is as old as the setting, and so is only shown until it is approved."""
    items = [item for item, decision in planned if _sets_status(decision)]
    if not items or not follows_status(flow.settings):
        return set()
    lane = transaction.lane
    rows = await transaction.all(
        _BEFORE, [one.version_id for one in items], [one.record_id for one in items], lane.tenant_id, flow.target_id,
        f"{TURNED_ON}{flow.flow_id}", Action.SET_STATUS.value, IntentState.DONE.value,
    )  # fmt: skip
    now = {one.version_id: getattr(one.document, "active", True) for one in items}
    before = {row[0]: documents.decode(lane.sealer.open(b"canonical " + row[1], row[2])) for row in rows}
    return {version_id for version_id, one in before.items() if getattr(one, "active", True) == now[version_id]}


def _sets_status(decision: Decision) -> bool:
    return isinstance(decision, Write) and any(step.action is Action.SET_STATUS for step in decision.steps)
