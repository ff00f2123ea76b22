"""PREVIEW: decisions stored as plans instead of being carried out."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ml_connector.integrations.base import Adopt, Write
from ml_connector.sync import plan, reads
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.links import links_made
from ml_connector.sync.planned import Planned, move, tell
from ml_connector.sync.states import State


async def preview(transaction: LaneTransaction, planned: Sequence[Planned]) -> None:
    """Store what would be done. Others may plan with what it would bring."""
    if not planned:
        return
    lane = transaction.lane
    for one in planned:
        assert isinstance(one.decision, Write | Adopt)
        target = (
            one.decision.target_id
            if isinstance(one.decision, Adopt)
            else plan.placeholder(one.flow.name, one.item.source_id)
        )
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
            lane.sealer.seal(b"plan reads", reads.encode(one.kept.reads)), target, lane.clock.now(),
        )  # fmt: skip
        tell(transaction, one, "planned", decision=msgspec.to_builtins(plan.shown(one.decision)))
    await move(transaction, planned, [State.PLANNED] * len(planned), [""] * len(planned))
    await links_made(transaction, [(one.flow, one.item) for one in planned])
