"""PREVIEW: decisions stored as plans instead of being carried out, and the links that they would bring."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ml_connector.integrations.decisions import Adopt, Write
from ml_connector.integrations.recoding import Recode
from ml_connector.sync import plan, reads
from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.links import links_made
from ml_connector.sync.own_links import CHAIN, MERGED_AT_MOST
from ml_connector.sync.planned import Planned, move, tell
from ml_connector.sync.shared import to_be_made
from ml_connector.sync.states import State

_SHARES = "shares "  # what the plan of a record that is linked with another one's new party has before its target
_PREVIEWED = f"""
    {CHAIN}
    select distinct on (chain.entity, chain.asked) chain.entity, chain.asked, p.target from chain
    join flow f on f.tenant_id = %b and f.integration_id = %b and f.name = chain.entity
    cross join lateral (select * from record where tenant_id = f.tenant_id and flow_id = f.flow_id
                        and source_id = chain.id offset 0) r
    join plan p on p.tenant_id = r.tenant_id and p.version_id = r.version_id
    join version_state s on s.tenant_id = p.tenant_id and s.version_id = p.version_id and s.state = %b
    order by chain.entity, chain.asked, chain.depth desc"""
RECODING = "recode: "  # begins what a plan says of its counterpart where that is posted and only recoded


async def preview(transaction: LaneTransaction, planned: Sequence[Planned]) -> None:
    """Store what would be done. Others may plan with what it would bring."""
    if not planned:
        return
    lane = transaction.lane
    for one in planned:
        assert isinstance(one.decision, Write | Adopt)
        await transaction.run(
            """insert into plan (tenant_id, version_id, record_id, digest, body, reads, target, planned_at)
            values (%s, %s, %s, %s, %s, %s, %s, %s)
            on conflict (tenant_id, version_id) do update
            set digest = excluded.digest, body = excluded.body, reads = excluded.reads, target = excluded.target,
                planned_at = excluded.planned_at, approved_at = null, approved_by = null, renewed_digest = null,
                renewed = null, renewed_reads = null""",
            lane.tenant_id, one.item.version_id, one.item.record_id,
            plan.digest(one.decision, one.kept.against),
            lane.sealer.seal(b"plan", plan.encode(one.decision)),
            lane.sealer.seal(b"plan reads", reads.encode(one.kept.reads)), _target(one), lane.clock.now(),
        )  # fmt: skip
        tell(transaction, one, "planned", decision=msgspec.to_builtins(plan.shown(one.decision)))
    await move(transaction, planned, [State.PLANNED] * len(planned), [""] * len(planned))
    await links_made(transaction, [(one.flow, one.item) for one in planned])


def _target(one: Planned) -> str:
    if isinstance(one.decision, Adopt):
        target = one.decision.target_id
        return f"{_SHARES}{target}" if to_be_made(target) else target
    if isinstance(one.decision, Recode):
        return RECODING + one.item.source_id
    return plan.placeholder(one.flow.name, one.item.source_id)


async def previewed_links(
    transaction: LaneTransaction, flow: Flow, pairs: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """By (flow, source id) what previews would bring. The plan of one that is held or passed over since brings nothing.

    A party that is to be linked with another record's new one, or was merged into one that is still to be made, stands under
    its own placeholder: its id comes with its link.
    """
    tenant, integration = transaction.lane.tenant_id, flow.integration_id
    rows = await transaction.all(
        _PREVIEWED, [one[0] for one in pairs], [one[1] for one in pairs], tenant, integration, MERGED_AT_MOST, tenant,
        integration, State.PLANNED.value,
    )  # fmt: skip
    return {
        (name, source_id): plan.placeholder(name, source_id) if _is_to_come(target) else target
        for name, source_id, target in rows
    }


def _is_to_come(target: str) -> bool:
    return target.startswith(_SHARES) or to_be_made(target) is not None
