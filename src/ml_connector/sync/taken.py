"""TAKEN: which parties of the target belong to which records, for matching."""

from __future__ import annotations

from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.states import IntentState

# Lists are read before lost answers are looked up: what they show under the reference of a creation that is still open is
# that record's own, and nobody else's.
_SEEN = """
    select f.name, d.object_id, r.source_id
    from intent i
    join record r on r.tenant_id = i.tenant_id and r.record_id = i.record_id
    join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id and f.integration_id = %b
    cross join lateral (select object_id from directory where tenant_id = i.tenant_id and connection_id = i.connection_id
                        and entity = i.entity and reference = i.reference and reference <> '' offset 0) d
    where i.tenant_id = %b and i.connection_id = %b and i.state = any(%b::smallint[]) and i.entity = 'parties'
      and i.action = 'create'"""


async def taken_parties(transaction: LaneTransaction, flow: Flow) -> dict[tuple[str, str], str]:
    """By flow and party of its target: the record that has it. A firm may be customer and vendor."""
    tenant = transaction.lane.tenant_id
    rows = await transaction.all(
        """select entity, target_id, source_id from link
        where tenant_id = %b and integration_id = %b and target_entity = 'parties'""",
        tenant, flow.integration_id,
    )  # fmt: skip
    open_ = [IntentState.SENDING.value, IntentState.UNCERTAIN.value]
    seen = await transaction.all(_SEEN, flow.integration_id, tenant, flow.target_id, open_)
    taken = {(entity, target_id): source_id for entity, target_id, source_id in (*seen, *rows)}
    for back in (type_ for type_ in flow.integration.flows if type_.mirrors):
        taken |= {(back.name, row[2]): row[1] for row in rows if row[0] == back.mirrors}
    return taken
