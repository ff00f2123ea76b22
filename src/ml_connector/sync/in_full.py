"""IN FULL: vendors that we made are read one by one where a list tells less of them than there is to know.

What a list shows unchanged since then never takes its place, see ``directory``; so each is read once for each change of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from ml_connector.connectors.reading import Reading
from ml_connector.sync.directory import file_documents
from ml_connector.sync.flows import Flow, facts_changed, lock_integrations
from ml_connector.sync.lane import Lane

VENDORS, PARTIES = "vendors", "parties"
AT_ONCE = 20  # in one slice: a call each, and others wait
AGAIN = timedelta(hours=1)  # for one that could not be read

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


async def read_in_full(lane: Lane, flows: Sequence[Flow]) -> None:
    """Read vendors that we made at this lane's system and of which only a list has told. Raises transport.errors."""
    if not any(flow.target_id == lane.connection_id and flow.name == VENDORS for flow in flows):
        return
    chosen = await _chosen(lane)
    if not chosen:
        return
    async for page in lane.connector.read(lane.session, Reading(PARTIES, ids=tuple(chosen))):
        async with lane.transaction() as transaction:
            await lock_integrations(transaction.connection, lane.tenant_id, lane.connection_id)
            found = [row.document for row in page.rows if row.document is not None]
            changed = [f"{PARTIES}:{one}" for one in await file_documents(transaction, PARTIES, found)]
            if changed:
                await facts_changed(transaction.connection, lane.tenant_id, lane.connection_id, changed)
        if lane.slice.over():
            return


async def _chosen(lane: Lane) -> list[str]:
    """Their ids; they count as asked for, so that one that cannot be read does not come first again and again."""
    now, here = lane.clock.now(), (lane.tenant_id, lane.connection_id)
    async with lane.transaction() as transaction:
        rows = await transaction.all(_CHOSEN, now, *here, PARTIES, *here, VENDORS, PARTIES, now - AGAIN, AT_ONCE)
    return sorted(row[0] for row in rows)
