"""INTENTS: a step, exactly as it is about to leave, committed before it does."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from ml_connector.connectors.writing import Step
from ml_connector.integrations.agreed import Agreed
from ml_connector.integrations.decisions import Write
from ml_connector.sync.flows import Flow
from ml_connector.sync.items import Claimed
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.planned import Planned, move, tell
from ml_connector.sync.states import State

_step = msgspec.json.Encoder(order="deterministic")


class IntendedStep(Step, frozen=True, omit_defaults=True):
    """A step as its intent keeps it: with what its target is linked as, and whether the record is done with it.

    ``counterpart`` is the id of the record's counterpart where an earlier step has made it; ``replaces`` that of the one
    whose place it takes. ``base`` is the hash of the target's document that an update or void was planned from; ``agreed``,
    of a party, what both sides are agreed on when this step is done.
    """

    linked_as: str = ""
    last: bool = True
    counterpart: str = ""
    replaces: str = ""
    base: bytes = b""
    agreed: Agreed | None = None


_decoder = msgspec.json.Decoder(IntendedStep)


def decode(text: bytes) -> IntendedStep:
    """The step of a stored intent."""
    return _decoder.decode(text)


@dataclass(frozen=True, slots=True)
class Intended:
    """One step, committed, about to be sent."""

    intent_id: int
    item: Claimed
    flow: Flow
    position: int
    step: IntendedStep
    send_before: datetime

    @property
    def target_entity(self) -> str:
        """What the counterpart is called at the target."""
        return self.step.linked_as or self.step.entity


async def intend(transaction: LaneTransaction, writes: Sequence[Planned], send_before: datetime) -> list[Intended]:
    """Commit what is about to leave: exact payload, reference, and until when it may leave.

    Of a plan with several steps the first unproven one goes; the next follows when it is proved.
    """
    if not writes:
        return []
    lane = transaction.lane
    rows = [(one, *_next_step(one)) for one in writes]
    encoded = [_step.encode(kept) for *_, kept in rows]
    ids = await transaction.all(
        """insert into intent (tenant_id, version_id, record_id, connection_id, step, entity, action, reference,
                               payload, digest, fence, made_at, send_before)
        select %b, v, r, %b, p, e, a, f, b, d, %b, %b, %b
        from unnest(%b::bigint[], %b::bigint[], %b::smallint[], %b::text[], %b::text[], %b::text[], %b::bytea[],
                    %b::bytea[]) as page (v, r, p, e, a, f, b, d)
        returning intent_id, version_id""",
        lane.tenant_id, lane.connection_id, lane.fence, lane.clock.now(), send_before,
        [one.item.version_id for one, *_ in rows], [one.item.record_id for one, *_ in rows],
        [one.kept.turn.position for one, *_ in rows], [step.entity for _, step, _ in rows],
        [step.action.value for _, step, _ in rows], [step.reference for _, step, _ in rows],
        [lane.sealer.seal(b"intent", text) for text in encoded],
        [hashlib.sha256(text).digest() for text in encoded],
    )  # fmt: skip
    intent_of = {version_id: intent_id for intent_id, version_id in ids}
    await move(transaction, writes, [State.SENDING] * len(writes), [""] * len(writes))
    intended = []
    for one, step, kept in rows:
        assert isinstance(one.decision, Write)
        intent_id = intent_of[one.item.version_id]
        tell(transaction, one, "sending", intent=intent_id, step=msgspec.to_builtins(step), notes=one.decision.notes)
        intended.append(Intended(intent_id, one.item, one.flow, one.kept.turn.position, kept, send_before))
    return intended


def _next_step(one: Planned) -> tuple[Step, IntendedStep]:
    """The step that goes now, and as its intent keeps it."""
    assert isinstance(one.decision, Write)
    turn, write = one.kept.turn, one.decision
    step = write.steps[turn.position]
    values = {name: getattr(step, name) for name in Step.__struct_fields__}
    return step, IntendedStep(
        **values, linked_as=write.target_entity, last=turn.last, counterpart=turn.counterpart, replaces=write.replaces,
        base=turn.base, agreed=write.agreed if turn.last else write.early,
    )  # fmt: skip
