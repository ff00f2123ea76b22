"""Resolving the uncertain: what a look-up at the target proves of a step whose answer was lost.

Done when a live document with our reference shows the step's content; refused when the target shows that it took it in and
refused it; a conflict when it shows something else; not done after two clear absences, the first not before the send time
+ the vendor's time-out + its list lag. Never repeated blind. A look-up that fails for one document is tried again later and
holds nobody up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg
import structlog

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.connectors.reading import Reading
from ml_connector.connectors.writing import Action, Done, Found, Later, Partly, Rejected
from ml_connector.errors import ConnectorError
from ml_connector.integrations.decisions import waiting
from ml_connector.store.errors import DatabaseUnavailable
from ml_connector.sync import tries
from ml_connector.sync.content import differences, shown
from ml_connector.sync.directory import content_hash, file_documents
from ml_connector.sync.flows import Flow, facts_changed
from ml_connector.sync.intents import Intended, IntendedStep
from ml_connector.sync.items import Claimed
from ml_connector.sync.lane import UNREACHABLE, Lane, LaneTransaction
from ml_connector.sync.outcomes import Sent, hold_conflict, hold_withdrawn, record_outcomes
from ml_connector.sync.push import flows_now
from ml_connector.sync.states import IntentState, State
from ml_connector.sync.tries import Tried
from ml_connector.transport.about import about
from ml_connector.transport.errors import AnswerLost, LeaseLost

LOOK_AFTER_FAILURE = 30.0  # clock seconds, doubled with each look-up that failed
LOOK_AT_LEAST_EVERY = 3600.0
# Clock seconds until what a look-up proved absent is sent again: a fault of the moment, then one that a vendor takes its
# time to mend. After one more it waits for a person, whose replay begins anew.
SENT_AGAIN_AFTER = (0.0, 1800.0)
TRIED_AT_MOST = len(SENT_AGAIN_AFTER) + 1
# How often the worker may end over one step. It is no try, for a deployment or an outage ends many; but a step that ends
# the worker itself would keep everybody else's documents waiting for ever.
CUT_OFF_AT_MOST = 10
PLANNED_ANEW_AT_MOST = 2  # of a change that its document shows otherwise than it was meant

log = structlog.get_logger()

_CHANGES = (Action.UPDATE, Action.SET_STATUS)  # of what is there: nothing but its content tells whether they were made

_steps = msgspec.json.Decoder(IntendedStep)

_OPEN = """
    select i.intent_id, i.version_id, i.record_id, s.run_id, s.flow_id, i.step, i.payload, i.state, i.send_before,
           i.absent_since, i.look_at, i.looks, i.why, r.source_id, r.reference, i.made_at
    from intent i
    join version_state s on s.tenant_id = i.tenant_id and s.version_id = i.version_id
    join record r on r.tenant_id = i.tenant_id and r.record_id = i.record_id
    where i.tenant_id = %s and i.connection_id = %s and i.state in (0, 1)
    order by i.intent_id"""


@dataclass(frozen=True, slots=True)
class _Open:
    """An intent of which nobody knows what became."""

    intent_id: int
    version_id: int
    record_id: int
    run_id: int
    flow_id: int
    position: int
    payload: bytes
    state: int
    send_before: datetime
    absent_since: datetime | None
    look_at: datetime | None
    looks: int
    why: bytes | None
    source_id: str
    reference: str
    made_at: datetime  # clock time

    @property
    def tried(self) -> Tried:
        """As its tries are counted."""
        return Tried(self.intent_id, self.record_id, self.version_id, self.position)


async def resolve(lane: Lane) -> datetime | None:
    """Look up every open intent that is due; when the next one is due (clock time), None when nothing is open.

    Intents left in `sending` by a worker that died become due once nobody can start them any more and the vendor's own
    time-out has passed. Raises transport.errors when the target cannot be asked now.
    """
    dues: list[datetime | None] = []
    now, ripe = lane.clock.now(), []
    for one in await _open(lane):
        due = _due(lane, one)
        if due <= now:
            ripe.append(one)
        else:
            dues.append(due)
    for start in range(0, len(ripe), lane.concurrency):
        if lane.slice.stopping:
            dues.append(now)
            break
        dues += await _look_at(lane, ripe[start : start + lane.concurrency])
    return min((due for due in dues if due is not None), default=None)


async def _look_at(lane: Lane, ripe: Sequence[_Open]) -> list[datetime | None]:
    """Ask for several at once; what each look-up proves is written one after the other.

    When to look again at each, None where it is settled. Raises what keeps all from asking, once the others are written.
    """
    asked = await asyncio.gather(*(_find(lane, one) for one in ripe), return_exceptions=True)
    again: list[datetime | None] = []
    stopped: BaseException | None = None
    for one, found in zip(ripe, asked, strict=True):
        if isinstance(found, AnswerLost):  # an outage, or this one look-up alone: the others come first next time
            await _failed(lane, one, found.sentence)
            stopped = found
        elif isinstance(found, UNREACHABLE) or not isinstance(found, tuple | Exception):
            stopped = found
        elif isinstance(found, ConnectorError):
            again.append(await _failed(lane, one, found.sentence))
        elif isinstance(found, Exception):
            log.error("look-up failed", lane=lane.connection_id, intent=one.intent_id, exc_info=found)
            again.append(await _failed(lane, one, _unforeseen(found)))
        else:
            again.append(await _weighed(lane, one, *found))
    if stopped is not None:
        raise stopped
    return again


async def _find(lane: Lane, one: _Open) -> tuple[IntendedStep, Found]:
    step = _steps.decode(lane.sealer.open(b"intent", one.payload))
    with about(one.intent_id):
        return step, await lane.connector.find(lane.session, msgspec.structs.replace(step, made_at=one.made_at))


async def _weighed(lane: Lane, one: _Open, step: IntendedStep, found: Found) -> datetime | None:
    """What was found concluded from; where that fails for this one, it is looked at again later."""
    try:
        if isinstance(found, Rejected):
            await _settle(lane, one, step, found)
            return None
        if isinstance(found, Partly):
            return await _absent(lane, one, step, (), found.parts)
        return await _concluded(lane, one, step, found)
    except (LeaseLost, psycopg.OperationalError, DatabaseUnavailable):
        raise
    except Exception as error:
        log.exception("look-up failed", lane=lane.connection_id, intent=one.intent_id)
        return await _failed(lane, one, _unforeseen(error))


def _unforeseen(error: Exception) -> str:
    """What nobody foresaw may say anything, so its words are in the log alone."""
    return f"a defect of this product ({type(error).__name__}); its words are in the log"


async def _open(lane: Lane) -> list[_Open]:
    async with lane.database.tenant(lane.tenant_id) as connection:
        rows = await (await connection.execute(_OPEN.encode(), [lane.tenant_id, lane.connection_id])).fetchall()
    return [_Open(*row) for row in rows]


def _due(lane: Lane, one: _Open) -> datetime:
    if one.state == IntentState.UNCERTAIN and one.look_at is not None:
        return one.look_at
    # `sending` without an owner: nobody starts it after `send_before` (machine time); the vendor may work on it until
    # its own time-out, and its lists may lag (clock time).
    left = (one.send_before - datetime.now(UTC)).total_seconds()
    after = lane.connector.timeout + lane.connector.list_lag
    return lane.clock.now() + timedelta(seconds=left * lane.clock.speed + after)


async def _concluded(lane: Lane, one: _Open, step: IntendedStep, found: Sequence[Document]) -> datetime | None:
    if _untouched(step, found):
        return await _absent(lane, one, step, found)
    mine = _mine(lane, step, found)
    if mine and step.action in _CHANGES:
        await _planned_anew(lane, one, step, found)
        return None
    good = [document for document in mine if not differences(step, document)]
    if len(mine) == 1 and good:
        also = await _touched(lane, one, step)
        await _settle(lane, one, step, Done(good[0].id, good[0], documents.encode(good[0]), also))
        return None
    if mine:
        await _conflict(lane, one, step, mine)
        return None
    return await _absent(lane, one, step, found)


async def _touched(lane: Lane, one: _Open, step: IntendedStep) -> tuple[tuple[str, Document], ...]:
    """What a step that is proved has changed besides, as it is now: the next plan must not be made from before."""
    found: list[tuple[str, Document]] = []
    for entity, id_ in lane.connector.touched(step):
        with about(one.intent_id):
            pages = lane.connector.read(lane.session, Reading(entity, ids=(id_,)))
            rows = [row async for page in pages for row in page.rows]
        found += [(entity, row.document) for row in rows if row.document is not None]
    return tuple(found)


def _untouched(step: IntendedStep, found: Sequence[Document]) -> bool:
    """Whether an update's document is just as it was when the update was planned: then it was not carried out."""
    return step.action in _CHANGES and [content_hash(document) for document in found] == [step.base]


def _mine(lane: Lane, step: IntendedStep, found: Sequence[Document]) -> list[Document]:
    """What can be this step's doing.

    Of a create: live documents under our reference; one made by us that shows no reference counts if it is the same.
    What others made under the same number is no proof of anything: it is planned with, as everybody's documents are.
    """
    if step.action is Action.SET_STATUS:
        return list(found)
    if step.action is Action.VOID:
        return [document for document in found if not getattr(document, "active", True)]
    live = [document for document in found if getattr(document, "active", True)]
    if step.action is not Action.CREATE:
        return live
    named = [document for document in live if getattr(document, "reference", "") == step.reference]
    return named or [
        document
        for document in live
        if not getattr(document, "reference", "")
        and lane.connector.is_ours(document)
        and not differences(step, document)
    ]


async def _absent(
    lane: Lane, one: _Open, step: IntendedStep, found: Sequence[Document], parts: int = 0
) -> datetime | None:  # fmt: skip
    if one.absent_since is not None:
        await _withdrawn(lane, one, step, found, parts)
        return None
    now = lane.clock.now()
    again = now + timedelta(seconds=max(lane.connector.list_lag, 1.0))
    async with lane.transaction() as transaction:
        await _look_again(transaction, one, again, absent_since=now)
        transaction.event("not found yet", look_again=again, **_about(one))
    return again


async def _withdrawn(lane: Lane, one: _Open, step: IntendedStep, found: Sequence[Document], parts: int) -> None:
    """Provably not done: it is sent again, later and later; what never arrives waits for a person.

    Where the worker died, no answer was lost: that says nothing of the vendor, and does not count as a try. What is cut
    off so each time waits for a person too. Nor does a try count after which more ``parts`` are there than before: what
    takes the vendor long comes in over as many as it needs.
    """
    async with lane.transaction() as transaction:
        flows = await flows_now(transaction)
        await _file(transaction, step.entity, found)
        intended, brought = _intended(one, step, flows), await tries.has_brought(transaction, one.tried, parts)
        if one.why is None:
            await _cut_off(transaction, one, intended, flows)
            return
        before = await tries.withdrawals(transaction, one.tried) % TRIED_AT_MOST
        if brought:
            await _again(transaction, intended, flows, SENT_AGAIN_AFTER[0])
        elif before + 1 < TRIED_AT_MOST:
            await _again(transaction, intended, flows, SENT_AGAIN_AFTER[before])
        else:
            why = lane.sealer.open(b"why", one.why).decode().rstrip(".")
            wait = waiting("never_arrives", "person", "never_arrives", times=str(TRIED_AT_MOST), why=why)
            await hold_withdrawn(transaction, Sent(intended, Later(wait.sentence), adopted=True), wait)


async def _file(transaction: LaneTransaction, entity: str, found: Sequence[Document]) -> list[str]:
    """File what was found as it is now; what cannot be read, such as the application of a credit, is no entry of its own."""
    filed = transaction.lane.connector.files(entity)
    return await file_documents(transaction, entity, found) if filed else []


async def _cut_off(transaction: LaneTransaction, one: _Open, intended: Intended, flows: Mapping[int, Flow]) -> None:
    """Not done, because the worker ended over it: sent again at once, until that has been so too often."""
    before = await tries.cut_offs(transaction, one.tried) % CUT_OFF_AT_MOST
    await tries.as_cut_off(transaction, one.tried)
    if before + 1 < CUT_OFF_AT_MOST:
        await _again(transaction, intended, flows, SENT_AGAIN_AFTER[0])
        return
    wait = waiting("cut_off", "person", "cut_off", times=str(CUT_OFF_AT_MOST))
    await hold_withdrawn(transaction, Sent(intended, Later(wait.sentence), adopted=True), wait)


async def _again(transaction: LaneTransaction, intended: Intended, flows: Mapping[int, Flow], after: float) -> None:
    later = Later("looked up twice: it is not there; it is sent again", after)
    await record_outcomes(transaction, [Sent(intended, later, adopted=True)], flows)


async def _planned_anew(lane: Lane, one: _Open, step: IntendedStep, found: Sequence[Document]) -> None:
    """An update's document is another than it was planned from: by us, or by somebody else before it came to that.

    Number, date and total do not tell which, so the version is planned from what stands there now: what is in line
    already is posted, see settle, and what is not goes by id, so that once more changes nothing. A target that makes
    something else of it each time, as another total, would be asked for ever: then a person compares both.
    """
    async with lane.transaction() as transaction:
        flows = await flows_now(transaction)
        if _made_otherwise(step, found) and await tries.planned_anew(transaction, one.tried) >= PLANNED_ANEW_AT_MOST:
            await _file(transaction, step.entity, found)
            await hold_conflict(transaction, Sent(_intended(one, step, flows), Later("a conflict")), _told(step, found))
            return
        changed = await _file(transaction, step.entity, found)
        keys = [f"{step.entity}:{id_}" for id_ in changed]
        await facts_changed(transaction.connection, lane.tenant_id, lane.connection_id, keys)
        later = Later(tries.PLANNED_ANEW)
        await record_outcomes(transaction, [Sent(_intended(one, step, flows), later, adopted=True)], flows)


async def _failed(lane: Lane, one: _Open, why: str) -> datetime:
    """The look-up itself failed: nothing is known, and it is tried again, less and less often."""
    wait = min(LOOK_AFTER_FAILURE * 2**one.looks, LOOK_AT_LEAST_EVERY)
    again = lane.clock.now() + timedelta(seconds=wait)
    async with lane.transaction() as transaction:
        await _look_again(transaction, one, again, absent_since=one.absent_since)
        transaction.event("look-up failed", why=why, look_again=again, **_about(one))
    return again


async def _look_again(
    transaction: LaneTransaction, one: _Open, again: datetime, *, absent_since: datetime | None
) -> None:
    lane = transaction.lane
    await transaction.run(
        """update intent set absent_since = %s, look_at = %s, looks = least(looks + 1, 30), state = %s
        where tenant_id = %s and intent_id = %s""",
        absent_since, again, IntentState.UNCERTAIN.value, lane.tenant_id, one.intent_id,
    )  # fmt: skip
    await transaction.run(
        "update version_state set state = %s, changed_at = %s where tenant_id = %s and version_id = %s and state = %s",
        State.UNCERTAIN.value, lane.clock.now(), lane.tenant_id, one.version_id, State.SENDING.value,
    )  # fmt: skip


def _about(one: _Open) -> dict[str, int]:
    return {
        "record_id": one.record_id,
        "version_id": one.version_id,
        "run_id": one.run_id,
        "intent": one.intent_id,
    }


async def _settle(lane: Lane, one: _Open, step: IntendedStep, outcome: Done | Rejected) -> None:
    async with lane.transaction() as transaction:
        flows = await flows_now(transaction)
        sent = Sent(_intended(one, step, flows), outcome, adopted=True)
        await record_outcomes(transaction, [sent], flows)


async def _conflict(lane: Lane, one: _Open, step: IntendedStep, found: Sequence[Document]) -> None:
    """What stands there is filed with its reference, so that a replay knows of it too."""
    async with lane.transaction() as transaction:
        flows = await flows_now(transaction)
        await _file(transaction, step.entity, found)
        sent = Sent(_intended(one, step, flows), Later("a conflict"))
        await hold_conflict(transaction, sent, _told(step, found))


def _told(step: IntendedStep, found: Sequence[Document]) -> str:
    """What stands there, and what of it is not as it was meant."""
    return "; ".join(
        f"{shown(document)} ({', '.join(differences(step, document)) or 'the same content'})" for document in found
    )


def _made_otherwise(step: IntendedStep, found: Sequence[Document]) -> bool:
    """Whether no document that was found shows the figures of the change."""
    return step.action is Action.UPDATE and all(differences(step, document) for document in found)


def _intended(one: _Open, step: IntendedStep, flows: Mapping[int, Flow]) -> Intended:
    item = Claimed(one.version_id, one.record_id, one.run_id, 0, one.source_id, one.reference, False, 0)
    return Intended(one.intent_id, item, flows[one.flow_id], one.position, step, one.send_before)
