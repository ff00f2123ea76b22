"""Decisions of one transaction with what is kept of them, and the moves of their versions from state to state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from ml_connector.integrations.decisions import Adopt, Decision, Write
from ml_connector.sync.flows import Flow
from ml_connector.sync.items import Claimed
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.reads import Read
from ml_connector.sync.states import State


@dataclass(frozen=True, slots=True)
class Turn:
    """Which of a plan's steps goes next, and what goes into its intent with it, see IntendedStep."""

    position: int = 0
    last: bool = True
    counterpart: str = ""
    base: bytes = b""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept with a decision: of a plan the target's documents that it changes (see plan.digest), the step whose turn

    it is, and what it has read of the mapping tables; of a hold what would be done now instead of what was approved.
    """

    against: bytes = b""
    turn: Turn = field(default_factory=Turn)
    reads: tuple[Read, ...] = ()
    renewed: Write | Adopt | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """One decision on one version, and whether it is carried out or only shown."""

    item: Claimed
    flow: Flow
    decision: Decision
    live: bool
    kept: Kept = field(default_factory=Kept)


async def move(
    transaction: LaneTransaction, ended: Sequence[Planned], states: Sequence[State], reasons: Sequence[str]
) -> None:
    """Set states and take the versions off the queue, unless they are about to be sent."""
    if not ended:
        return
    lane = transaction.lane
    alike: dict[tuple[State, str], list[int]] = defaultdict(list)
    for one, state, reason in zip(ended, states, reasons, strict=True):
        alike[state, reason].append(one.item.version_id)
    for (state, reason), versions in alike.items():
        await transaction.run(
            """update version_state set state = %b, reason = %b, changed_at = %b
            where tenant_id = %b and version_id = any(%b::bigint[])""",
            state.value, reason, lane.clock.now(), lane.tenant_id, versions,
        )  # fmt: skip
    free = [one.item.version_id for one, state in zip(ended, states, strict=True) if state is not State.HELD]
    await transaction.run(
        "delete from wait where tenant_id = %b and version_id = any(%b::bigint[])", lane.tenant_id, free
    )
    done = [one.item.version_id for one, state in zip(ended, states, strict=True) if state is not State.SENDING]
    if done:
        await transaction.run(
            "delete from work where tenant_id = %b and version_id = any(%b::bigint[])", lane.tenant_id, done
        )


def tell(transaction: LaneTransaction, one: Planned, kind: str, **details: object) -> None:
    """Add an event of the version to the transaction's link."""
    transaction.event(
        kind, record_id=one.item.record_id, version_id=one.item.version_id, run_id=one.item.run_id, **details
    )
