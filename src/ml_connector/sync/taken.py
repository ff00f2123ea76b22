"""TAKEN: which parties of the target belong to which records, for matching."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ml_connector.canonical.master_data import Party
from ml_connector.integrations.base import IntegrationType
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
    return {(entity, target_id): source_id for entity, target_id, source_id in seen} | taken_by(flow.integration, rows)


def taken_by(integration: IntegrationType, links: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str], str]:
    """The same of links of parties: (flow, target's id, source's id)."""
    backs = [(type_.name, type_.mirrors) for type_ in integration.flows if type_.mirrors]
    taken = {}
    for entity, target_id, source_id in links:
        taken[entity, target_id] = source_id
        taken |= {(back, source_id): target_id for back, mirrored in backs if mirrored == entity}
    return taken


# Records without a counterpart, by reference.
_UNLINKED = """
    select f.name, r.reference, r.source_id from flow f
    join record r on r.tenant_id = f.tenant_id and r.flow_id = f.flow_id and r.reference = any(%b::text[])
    where f.tenant_id = %b and f.integration_id = %b and f.name = any(%b::text[])
      and not exists (select 1 from link l where l.tenant_id = f.tenant_id and l.integration_id = f.integration_id
                      and l.entity = f.name and l.source_id = r.source_id offset 0)"""


async def begun_parties(
    transaction: LaneTransaction, flow: Flow, names: Collection[str], parties: Collection[Party]
) -> dict[tuple[str, str], str]:
    """As ``taken_parties``: what creations have left whose answer was lost, or that were refused in a part; see sync.begun.

    ``names`` are the flows whose parties these are.
    """
    staged = [one.name for one in flow.integration.flows if one.name in names and one.writes]
    ids = {one.reference: one.id for one in parties if one.reference}
    if not (staged and ids):
        return {}
    rows = await transaction.all(_UNLINKED, list(ids), transaction.lane.tenant_id, flow.integration_id, staged)
    return {(name, ids[reference]): source_id for name, reference, source_id in rows}
