"""Posted, awaiting approval or stopped there: what became of a posted record at its target, in one word for every command."""

from __future__ import annotations

from ml_connector.canonical.purchases import BillState
from ml_connector.integrations.invoice_standing import DRAFTS as INVOICE_DRAFTS
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.integrating import Integration, integrations_in
from ml_connector.sync.states import State

AWAITING = "awaiting approval"
STOPPED = "stopped there"
#: Versions that were posted or linked and are not what stands at the target now: a newer one was posted, or it is void there.
EARLIER = "earlier"
GONE = "gone"
DRAFTS = [BillState.DRAFT.value, *(one.value for one in INVOICE_DRAFTS)]
STOPS = [BillState.REJECTED.value, BillState.CANCELED.value, GONE]
_NEVER_BOOKED = "purchase_orders"  # an order never is in the general ledger

#: The entry ``e`` of the target that the link ``l`` of flow ``f`` leads to.
THERE = """
    left join directory e on e.tenant_id = l.tenant_id and e.connection_id = f.target_id and e.entity = l.target_entity
         and e.object_id = l.target_id"""
_EXISTS = f"""exists (select 1 from directory e where e.tenant_id = l.tenant_id and e.connection_id = f.target_id
    and e.entity = l.target_entity and e.object_id = l.target_id and e.entity <> '{_NEVER_BOOKED}' and """
WAITS_THERE = f"{_EXISTS} e.state = any(%s::text[]))"  # values: DRAFTS
STOPPED_THERE = f"{_EXISTS} e.state = any(%s::text[]) and f.flow_id = any(%s::int[]))"  # values: STOPS, staged flows


def word(state: State, entity: str, there: str, staged: bool) -> str:
    """The state of a version as people read it; ``entity`` and ``there``: its entry at the target and the entry's state.

    ``staged``: whether people of the target decide about it.
    """
    if state is State.POSTED and entity != _NEVER_BOOKED:
        if there in DRAFTS:
            return AWAITING
        if staged and there in STOPS:
            return STOPPED
    return state.word


def staged_flows(desk: Desk, integration: Integration) -> list[int]:
    """The flows of an integration of whose documents people of the target decide what becomes."""
    kind = desk.runtime.integrations[integration.kind]
    return [flow.flow_id for flow in integration.flows if kind.flow(flow.name).staged]


async def all_staged_flows(desk: Desk, reading: Reading) -> list[int]:
    """Those of all integrations."""
    return [flow for one in await integrations_in(desk, reading) for flow in staged_flows(desk, one)]
