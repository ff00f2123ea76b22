"""A document in the scope of two integrations is held by both: it would be posted twice.

Setting up and turning on refuse that, see service.scopes; what was set up before waits here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from ml_connector.integrations.decisions import Adopt, Decision, Hold, Write, waiting
from ml_connector.integrations.scopes import documents_of, is_in, units_of
from ml_connector.integrations.views import View
from ml_connector.sync.flows import Flow
from ml_connector.sync.items import Item
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


# What other integrations have posted of the same source, and stands in their books as far as those are known.
_ELSEWHERE = """
    select l.source_id, min(l.integration_id)
    from link l join flow f on f.tenant_id = l.tenant_id and f.integration_id = l.integration_id and f.name = l.entity
    left join directory d on d.tenant_id = l.tenant_id and d.connection_id = f.target_id and d.entity = l.target_entity
                         and d.object_id = l.target_id
    where l.tenant_id = %b and l.integration_id = any(%b::integer[]) and l.entity = %b
      and l.source_id = any(%b::text[]) and coalesce(d.active, true)
    group by l.source_id"""


async def elsewhere(
    transaction: LaneTransaction, flow: Flow, items: Sequence[Item], others: Sequence[Rival]
) -> dict[str, int]:
    """By source id the other integration in whose books a document stands: it had another business unit before."""
    if not others:
        return {}
    rows = await transaction.all(
        _ELSEWHERE,
        transaction.lane.tenant_id,
        [one for one, _ in others],
        flow.name,
        [item.source_id for item in items],
    )
    return {source_id: int(integration_id) for source_id, integration_id in rows}


def in_one_scope(decision: Decision, view: View, others: Sequence[Rival], stands: Mapping[str, int]) -> Decision:
    """The decision, or a hold where another integration would post the document, or has. What is begun goes on."""
    if not isinstance(decision, Write | Adopt) or view.link is not None or view.made or view.proven:
        return decision
    if (posted := stands.get(view.source_id)) is not None:
        return Hold((waiting("posted_elsewhere", "setting", "setting:business_units", other=str(posted)),))
    other = next((id_ for id_, units in others if is_in(view.document, units)), None)
    if other is None:
        return decision
    return Hold((waiting("in_two_scopes", "setting", "setting:business_units", other=str(other)),))
