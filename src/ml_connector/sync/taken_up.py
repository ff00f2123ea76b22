"""What an earlier start date has taken up of a flow that is live: it is planned and shown, and waits for its approval.

The flow goes on posting what is dated from its former start on. A document of which anything was sent or linked already
is past that: its later versions go as any other's do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from ml_connector.sync.flows import Flow
from ml_connector.sync.items import Item
from ml_connector.sync.lane import LaneTransaction


async def only_shown(transaction: LaneTransaction, flow: Flow, items: Sequence[Item]) -> set[int]:
    """The versions among ``items`` that are only planned, although their flow is live."""
    if flow.mode != "live" or flow.live_from is None:
        return set()
    early = {item.record_id: item.version_id for item in items if _is_before(item, flow.live_from)}
    if not early:
        return set()
    rows = await transaction.all(
        """select r.record_id from record r where r.tenant_id = %b and r.record_id = any(%b::bigint[])
             and (exists (select 1 from intent i where i.tenant_id = r.tenant_id and i.record_id = r.record_id)
                  or exists (select 1 from link l where l.tenant_id = r.tenant_id and l.integration_id = %b
                             and l.entity = %b and l.source_id = r.source_id))""",
        transaction.lane.tenant_id, list(early), flow.integration_id, flow.name,
    )  # fmt: skip
    begun = {row[0] for row in rows}
    return {version_id for record_id, version_id in early.items() if record_id not in begun}


def _is_before(item: Item, day: dt.date) -> bool:
    date = getattr(item.document, "date", None)
    return date is not None and date < day
