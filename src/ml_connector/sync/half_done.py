"""HALF DONE: a change that waits between its steps says what it has taken off and not put back yet.

A credit that is applied is taken off before it is changed, and applied again afterwards. Where what comes between is refused
or held, the ledger shows it as open meanwhile: whoever reads why it waits must know.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from ml_connector.connectors.writing import Action
from ml_connector.integrations.decisions import Hold, Waiting
from ml_connector.integrations.drafts import money
from ml_connector.integrations.views import ASIDE
from ml_connector.sync import intents
from ml_connector.sync.flows import Flow
from ml_connector.sync.items import Claimed
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.planned import Planned
from ml_connector.sync.states import IntentState

# What steps have done to applications since both sides agreed last. What a change of an invoice has taken off goes back by
# itself, however that ends.
_SINCE = """
    select mine.version_id, i.action, i.payload
    from unnest(%b::bigint[], %b::bigint[], %b::integer[], %b::text[], %b::text[])
         as mine (version_id, record_id, integration_id, entity, source_id)
    join intent i on i.tenant_id = %b and i.record_id = mine.record_id and i.entity = 'allocations' and i.state = %b
                 and position(%b in i.reference) = 0
    where i.version_id > coalesce((select l.version_id from link l where l.tenant_id = i.tenant_id
        and l.integration_id = mine.integration_id and l.entity = mine.entity and l.source_id = mine.source_id), 0)
    order by i.intent_id"""


async def with_what_is_off(transaction: LaneTransaction, held: Sequence[Planned]) -> list[Planned]:
    """The holds, the first thing that each waits for telling what is off."""
    off = await taken_off(transaction, [(one.flow, one.item) for one in held])
    return [_telling(one, off[one.item.version_id]) if one.item.version_id in off else one for one in held]


def telling(wait: Waiting, amount: str) -> Waiting:
    """What a version waits for, with how much it has taken off."""
    told = f"{wait.sentence} For this change {amount} of it was taken off what it was applied to, and is open since."
    action = (
        f"{wait.action} It is applied again when the change goes on; if that is not to be, apply it in the ledger and "
        "dismiss the record."
    )
    return msgspec.structs.replace(wait, sentence=told, action=action)


def _telling(one: Planned, amount: str) -> Planned:
    assert isinstance(one.decision, Hold)
    first, *others = one.decision.waits
    return dataclasses.replace(one, decision=Hold((telling(first, amount), *others), one.decision.asks_for))


async def taken_off(transaction: LaneTransaction, ended: Sequence[tuple[Flow, Claimed]]) -> dict[int, str]:
    """By version how much of a credit its change has taken off and not applied again, in words."""
    wanted = [
        (item.version_id, item.record_id, flow.integration_id, flow.name, item.source_id)
        for flow, item in ended
        if flow.type.several_steps
    ]
    if not wanted:
        return {}
    lane = transaction.lane
    rows = await transaction.all(
        _SINCE, *map(list, zip(*wanted, strict=True)), lane.tenant_id, IntentState.DONE.value, ASIDE
    )
    off: dict[int, Decimal] = defaultdict(Decimal)
    currencies: dict[int, str] = {}
    for version_id, action, payload in rows:
        step = intents.decode(lane.sealer.open(b"intent", payload))
        off[version_id] += step.total if action == Action.VOID else -step.total
        currencies[version_id] = step.currency or currencies.get(version_id, "")
    return {one: money(amount, currencies[one]) for one, amount in off.items() if amount > 0}
