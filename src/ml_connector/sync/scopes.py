"""A document in the scope of two integrations is held by both: it would be posted twice.

Setting up and turning on refuse that, see service.scopes; what was set up before waits here.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ml_connector.integrations.base import Adopt, Decision, Hold, View, Write, waiting
from ml_connector.integrations.scopes import documents_of, is_in, units_of
from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import LaneTransaction

Rival = tuple[int, frozenset[str]]  # the other integration, and the business units that it is limited to


async def rivals(transaction: LaneTransaction, flow: Flow) -> list[Rival]:
    """The other integrations that are on with the same flow of the same source."""
    if flow.name not in documents_of(flow.integration):
        return []
    rows = await transaction.all(
        """select i.integration_id, i.settings from flow f join integration i using (tenant_id, integration_id)
        where f.tenant_id = %b and f.source_id = %b and f.name = %b and f.integration_id <> %b and f.mode <> 'off'
        order by 1""",
        transaction.lane.tenant_id, flow.source_id, flow.name, flow.integration_id,
    )  # fmt: skip
    return [(row[0], units_of(msgspec.json.decode(row[1]))) for row in rows]


def in_one_scope(decision: Decision, view: View, others: Sequence[Rival]) -> Decision:
    """The decision, or a hold where another integration would post the document, too. What is begun goes on."""
    if not isinstance(decision, Write | Adopt) or view.link is not None or view.made or view.proven:
        return decision
    other = next((id_ for id_, units in others if is_in(view.document, units)), None)
    if other is None:
        return decision
    return Hold((waiting("in_two_scopes", "setting", "setting:business_units", other=str(other)),))
