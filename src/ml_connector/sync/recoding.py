"""RECODE: what becomes of posted records that a recoding names: shown, sent once it is approved, or left as they are.

A record carries the mark of one job until that has ended for it. Only its own step, sent under the job's reference, is
its outcome; whatever else is decided about the record meanwhile ends the mark and goes its ordinary way.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from ml_connector.integrations.coding import RECODED, Coded, Recoding
from ml_connector.integrations.decisions import Hold, Unchanged, Waiting
from ml_connector.integrations.recoding import Recode
from ml_connector.sync.intents import Intended
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.planned import Planned, tell
from ml_connector.sync.states import IntentState


class Outcome(StrEnum):
    """What became of one record of a recoding, as it is stored; empty while it waits to be planned."""

    PLANNED = "planned"
    RECODED = "recoded"
    SAME = "same"  # the ledger shows what the mapping says
    LEFT = "left"  # it cannot be, or somebody's own coding stands there
    REFUSED = "refused"  # by the target
    OVERTAKEN = "overtaken"  # something else became of the record
    WITHDRAWN = "withdrawn"  # by a person, or never approved


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept, sealed, of one record: the lines that change, or why none does and what to do."""

    lines: tuple[Coded, ...] = ()
    sentence: str = ""
    action: str = ""


def encode(told: Told) -> bytes:
    """The text that is sealed."""
    return msgspec.json.encode(told)


def decode(text: bytes) -> Told:
    """What a sealed text says."""
    return msgspec.json.decode(text, type=Told)


SEALED_AS = b"recoded"


def mark(recoding_id: int | None, table: str | None, keys: Sequence[str] | None) -> Recoding | None:
    """The job that a claimed version's record is marked for, if any."""
    if recoding_id is None or table is None:
        return None
    return Recoding(recoding_id, table, frozenset(keys or ()))


async def note(transaction: LaneTransaction, planned: Sequence[Planned]) -> None:
    """Keep what was decided about marked records; the mark of all but those that are planned or about to be sent ends."""
    for one in planned:
        if one.item.recoding is None or isinstance(one.kept.renewed, Recode):
            continue
        if isinstance(one.decision, Recode):
            if not one.live:
                await _store(transaction, one, Outcome.PLANNED, Told(one.decision.coded))
        else:
            await _left(transaction, one)


async def _left(transaction: LaneTransaction, one: Planned) -> None:
    """Nothing is sent, or something else than a recoding."""
    if not isinstance(one.decision, Unchanged):
        told = _overtaken(one.decision.waits[0] if isinstance(one.decision, Hold) else None)
        await _store(transaction, one, Outcome.OVERTAKEN, told)
    elif one.decision.left is not None:
        why = one.decision.left
        await _store(transaction, one, Outcome.LEFT, Told((), why.sentence, why.action))
        tell(transaction, one, "not recoded", code=why.code, sentence=why.sentence)
    elif await _sent_before(transaction, one):
        await _store(transaction, one, Outcome.RECODED, None)
        tell(transaction, one, "recoded", recoding=_job(one).id)
    else:
        await _store(transaction, one, Outcome.SAME, Told())


def _overtaken(wait: Waiting | None) -> Told:
    """A newer version came meanwhile, or the record is held for a reason of its own."""
    why = f" {wait.sentence}" if wait is not None else ""
    return Told((), f"It changed in ServiceTitan, and that goes first.{why}", "Begin the recoding again afterwards.")


def _job(one: Planned) -> Recoding:
    assert one.item.recoding is not None
    return one.item.recoding


async def _sent_before(transaction: LaneTransaction, one: Planned) -> bool:
    """Whether the recoding was sent, its answer lost, and the ledger shows it: then both sides agree on what it shows."""
    lane = transaction.lane
    done = await transaction.run(
        """update link l set base = coalesce(
               (select body from directory where tenant_id = l.tenant_id and connection_id = %b
                and entity = l.target_entity and object_id = l.target_id), l.base)
        where l.tenant_id = %b and l.integration_id = %b and l.entity = %b and l.source_id = %b
          and exists (select 1 from intent i where i.tenant_id = l.tenant_id and i.record_id = %b
                      and i.reference = %b and i.state = %b)""",
        lane.connection_id, lane.tenant_id, one.flow.integration_id, one.flow.name, one.item.source_id,
        one.item.record_id, _job(one).reference(one.item.reference), IntentState.WITHDRAWN.value,
    )  # fmt: skip
    return done > 0


async def _store(transaction: LaneTransaction, one: Planned, outcome: Outcome, told: Told | None) -> None:
    """``told`` None keeps what was shown. An end takes the plan with it, for it was of this job."""
    lane, ended = transaction.lane, outcome is not Outcome.PLANNED
    sealed = lane.sealer.seal(SEALED_AS, encode(told)) if told is not None else None
    await transaction.run(
        """update recoded set outcome = %b, told = coalesce(%b::bytea, told), ended_at = %b
        where tenant_id = %b and recoding_id = %b and record_id = %b and ended_at is null""",
        outcome.value, sealed, lane.clock.now() if ended else None, lane.tenant_id, _job(one).id, one.item.record_id,
    )  # fmt: skip
    if ended and isinstance(one.decision, Unchanged):
        await transaction.run(
            "delete from plan where tenant_id = %b and version_id = %b", lane.tenant_id, one.item.version_id
        )


async def sent(transaction: LaneTransaction, done: Sequence[Intended], refused: Sequence[tuple[Intended, str]]) -> None:
    """What the target has done, or refused with these sentences, ends the marks that the steps were sent for."""
    for one, outcome, why in (
        *((one, Outcome.RECODED, "") for one in done), *((one, Outcome.REFUSED, why) for one, why in refused)
    ):  # fmt: skip
        if RECODED not in one.step.reference:
            continue
        lane = transaction.lane
        told = lane.sealer.seal(SEALED_AS, encode(Told((), why))) if why else None
        await transaction.run(
            """update recoded set outcome = %b, told = coalesce(%b::bytea, told), ended_at = %b
            where tenant_id = %b and record_id = %b and recoding_id = %b and ended_at is null""",
            outcome.value, told, lane.clock.now(), lane.tenant_id, one.item.record_id,
            int(one.step.reference.rpartition(RECODED)[2]),
        )  # fmt: skip
