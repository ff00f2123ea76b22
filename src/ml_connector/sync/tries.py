"""How often a step was tried in vain, by the look-ups that proved it absent, there in part, or otherwise than meant."""

from __future__ import annotations

from dataclasses import dataclass

from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.states import IntentState

# Of the tries of one step of one version those that ended withdrawn, each with the most parts that one before had there.
_TRIES = """
    select count(*) from (
        select state, absent_since, looks, parts,
               coalesce(max(parts) over (order by intent_id rows between unbounded preceding and 1 preceding), 0) as before
        from intent where tenant_id = %s and record_id = %s and version_id = %s and step = %s) tried
    where state = %s and """

# Why those were withdrawn that came to nothing since a person last looked at the step: before that it ended rejected.
_WITHDRAWN_SINCE = """
    select why from intent
    where tenant_id = %s and record_id = %s and version_id = %s and step = %s and state = %s and why is not null
      and intent_id > coalesce((select max(intent_id) from intent where tenant_id = %s and record_id = %s
                                and version_id = %s and step = %s and state = %s), 0)"""
PLANNED_ANEW = "its document is not as it was planned from; it is planned from what is there now"


@dataclass(frozen=True, slots=True)
class Tried:
    """One try of a step of a version."""

    intent_id: int
    record_id: int
    version_id: int
    position: int


async def withdrawals(transaction: LaneTransaction, one: Tried) -> int:
    """How often this step of this version was not carried out before, its answer lost, and nothing of it came there."""
    return await _count(transaction, one, "absent_since is not null and parts <= before")


async def cut_offs(transaction: LaneTransaction, one: Tried) -> int:
    """How often the worker ended over this step of this version before. Only what it left behind was looked up."""
    return await _count(transaction, one, "absent_since is null and looks > 0")


async def planned_anew(transaction: LaneTransaction, one: Tried) -> int:
    """How often this step of this version was planned from what is there, since it last was a person's."""
    lane = transaction.lane
    step = (lane.tenant_id, one.record_id, one.version_id, one.position)
    rows = await transaction.all(
        _WITHDRAWN_SINCE, *step, IntentState.WITHDRAWN.value, *step, IntentState.REJECTED.value
    )  # fmt: skip
    return sum(lane.sealer.open(b"why", why).decode() == PLANNED_ANEW for (why,) in rows)


async def _count(transaction: LaneTransaction, one: Tried, which: str) -> int:
    row = await transaction.one(
        _TRIES + which, transaction.lane.tenant_id, one.record_id, one.version_id, one.position,
        IntentState.WITHDRAWN.value,
    )  # fmt: skip
    assert row is not None
    return int(row[0])


async def as_cut_off(transaction: LaneTransaction, one: Tried) -> None:
    """Count this try as one over which the worker ended."""
    await transaction.run(
        "update intent set absent_since = null where tenant_id = %s and intent_id = %s",
        transaction.lane.tenant_id, one.intent_id,
    )  # fmt: skip


async def has_brought(transaction: LaneTransaction, one: Tried, parts: int) -> bool:
    """Note how many parts of the step are there after this try; whether they are more than after any before it."""
    row = await transaction.one(
        """with noted as (
            update intent set parts = %s where tenant_id = %s and intent_id = %s
        )
        select coalesce(max(parts), 0) from intent
        where tenant_id = %s and record_id = %s and version_id = %s and step = %s and intent_id < %s""",
        parts, transaction.lane.tenant_id, one.intent_id, transaction.lane.tenant_id, one.record_id, one.version_id,
        one.position, one.intent_id,
    )  # fmt: skip
    assert row is not None
    return parts > int(row[0])
