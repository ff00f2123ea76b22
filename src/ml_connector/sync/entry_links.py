"""Links of entries of lists, as items and taxes: who has which entry of the target, and all links of a short list."""

from __future__ import annotations

from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import LaneTransaction


async def held_there(transaction: LaneTransaction, flow: Flow) -> dict[str, str]:
    """By entry of the list that the flow links one to one: the record that has it. A second link of one cannot be."""
    if not flow.type.matches:
        return {}
    rows = await transaction.all(
        "select target_id, source_id from link where tenant_id = %b and integration_id = %b and target_entity = %b",
        transaction.lane.tenant_id, flow.integration_id, flow.type.matches,
    )  # fmt: skip
    return dict(rows)


async def known_links(transaction: LaneTransaction, flow: Flow) -> dict[tuple[str, str], str]:
    """All links of the short lists that what the flow's documents stand on may name, by (flow, source id)."""
    if not flow.type.knows:
        return {}
    rows = await transaction.all(
        """select entity, source_id, target_id from link
        where tenant_id = %b and integration_id = %b and entity = any(%b::text[])""",
        transaction.lane.tenant_id, flow.integration_id, list(flow.type.knows),
    )  # fmt: skip
    return {(entity, source_id): target_id for entity, source_id, target_id in rows}
