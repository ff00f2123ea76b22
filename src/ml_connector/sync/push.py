"""PUSH: claim, plan and intend in one transaction with the outcomes of the batch before; send after its commit.

One loop per lane slice. Nothing is sent that is not committed as an intent; nothing is lost when the loop dies between
any two lines: an intent without an outcome is looked up by ``resolve`` before the lane sends anything again.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
import structlog

from ml_connector.connectors.writing import Action, Later, Outcome, Rejected, Uncertain
from ml_connector.store.errors import DatabaseUnavailable
from ml_connector.sync.claim import Unopened, claim
from ml_connector.sync.coming import turn
from ml_connector.sync.decide import decide, defect
from ml_connector.sync.flows import Flow, settled_flows_of
from ml_connector.sync.gone_parties import refused_on_gone
from ml_connector.sync.intents import Intended
from ml_connector.sync.items import Item
from ml_connector.sync.lane import Lane, LaneTransaction
from ml_connector.sync.outcomes import Sent, record_outcomes, still_open
from ml_connector.sync.prepare import Preparer
from ml_connector.sync.refused import put_off
from ml_connector.sync.release import release_on
from ml_connector.sync.settle import Settled
from ml_connector.sync.standing import standing
from ml_connector.transport.about import about
from ml_connector.transport.deadline import leaving_before
from ml_connector.transport.errors import LeaseLost, NotPermitted, NotSent, TransportError

log = structlog.get_logger()

BATCH = 50
# An intent that has not left by then never leaves; a successor may look it up from then on (machine seconds).
SEND_WITHIN = 20.0
RECORDED_WITHIN = 3  # tries to record outcomes that could not be recorded together with the next claim
LINGER = 4  # versions; fewer are claimed only when no more room is in sight
AFTER_NOT_SENT = 5.0  # clock seconds until a vendor that could not be reached is tried again
TOLD_FROM = 600.0  # clock seconds; a person is told of a wait as long as this
WAIT_AT_MOST = 3.0  # machine seconds a lane waits for its budget before it leaves


@dataclass(slots=True)
class Pushed:
    """What a push did in this slice."""

    sent: int = 0
    settled: int = 0


async def push(lane: Lane, flows: Collection[int]) -> Pushed:
    """Work off what these flows have in the queue until it is done, the slice is over, or the budget is. Raises LeaseLost.

    A flow that was turned on since the target was looked at is not among them.
    """
    pusher = _Pusher(lane, flows)
    return await pusher.run()


class _Pusher:
    def __init__(self, lane: Lane, flows: Collection[int]) -> None:
        self._lane = lane
        self._flows = flows
        self._preparer = Preparer(lane)
        self._done = Pushed()

    async def run(self) -> Pushed:
        outcomes: list[Sent] = []
        while True:
            room = versions_to_claim(self._lane)
            intended, claimed = await self._turn(outcomes, room)
            outcomes = await self._send_all(intended)
            self._done.sent += len(outcomes)
            if outcomes or claimed:
                continue
            if room > 0 or not await self._room_soon():
                return self._done

    async def _room_soon(self) -> bool:
        """Wait for the vendor's limit to give room, if that takes a moment only."""
        lane = self._lane
        if lane.slice.over() or lane.not_before is not None:
            return False
        wait = lane.capacity.wait(LINGER)
        if wait <= 0 or lane.clock.real(wait) > WAIT_AT_MOST:
            return False
        await lane.clock.sleep(wait)
        return True

    async def _turn(self, outcomes: list[Sent], room: int) -> tuple[list[Intended], int]:
        """What became of the last batch, and what is to be sent next; where that fails, what became of it alone.

        What is known of a write is never given up for one that is still to come.
        """
        try:
            return await self._both(outcomes, room)
        except LeaseLost:
            raise
        except Exception:
            if outcomes:
                await self._recorded(outcomes)
            raise

    async def _both(self, outcomes: list[Sent], room: int) -> tuple[list[Intended], int]:
        async with self._lane.transaction() as transaction:
            flows = await flows_now(transaction)
            await record_outcomes(transaction, outcomes, flows)
            items = await claim(transaction, room, self._flows)
            intended = await self._decide(transaction, flows, items)
            self._done.settled += len(items)
            freed = await self._release_on(transaction) if len(items) < room else 0
        self._preparer.committed(transaction.linked, filed=bool(outcomes))
        return intended, len(items) + freed

    async def _release_on(self, transaction: LaneTransaction) -> int:
        """The queue runs dry: the next of what a large release left to this lane, so that it is never forgotten."""
        return await release_on(transaction.connection, self._lane.tenant_id, self._lane.connection_id)

    async def _recorded(self, outcomes: list[Sent]) -> None:
        """Record outcomes, again where a lock, a deadlock or the connection fails; what remains is looked up."""
        for left in reversed(range(RECORDED_WITHIN)):
            try:
                async with self._lane.transaction() as transaction:
                    flows = await flows_now(transaction)
                    await record_outcomes(transaction, await still_open(transaction, outcomes), flows)
            except (psycopg.OperationalError, DatabaseUnavailable) as error:
                if not left:
                    raise
                log.warning("outcomes are recorded again", lane=self._lane.connection_id, why=str(error))
            else:
                return

    async def _decide(
        self, transaction: LaneTransaction, flows: Mapping[int, Flow], items: Sequence[tuple[int, Item | Unopened]]
    ) -> list[Intended]:
        by_flow: dict[int, list[Item]] = defaultdict(list)
        settled = Settled(transaction)
        for flow_id, item in items:
            if isinstance(item, Unopened):
                settled.add(item.version, flows[flow_id], defect(item.error), live=True)
            else:
                by_flow[flow_id].append(item)
        for flow_id, batch in sorted(by_flow.items(), key=lambda one: turn(flows[one[0]].type)):
            await decide(settled, self._preparer, flows[flow_id], batch)
        return await settled.write(send_before())

    async def _send_all(self, intended: Sequence[Intended]) -> list[Sent]:
        if not intended:
            return []
        room = asyncio.Semaphore(self._lane.concurrency)
        groups = self._groups(intended)
        # All of them end before anything else happens: none may still be at work when the lane is another's.
        ended = await asyncio.gather(*(self._send(group, room) for group in groups), return_exceptions=True)
        return [one for group, sent in zip(groups, ended, strict=True) for one in self._ended(group, sent)]

    def _ended(self, group: list[Intended], sent: list[Sent] | BaseException) -> list[Sent]:
        """A group's outcomes. What failed in a way nobody foresaw may have been done: only a look-up tells."""
        if isinstance(sent, list):
            return sent
        if isinstance(sent, LeaseLost) or not isinstance(sent, Exception):
            raise sent
        log.error("sending failed", lane=self._lane.connection_id, exc_info=sent)
        why = f"sending ended in {type(sent).__name__}: {sent}; it may have been done"
        return [Sent(one, Uncertain(why)) for one in group]

    def _groups(self, intended: Sequence[Intended]) -> list[list[Intended]]:
        """What goes in one call: as many steps of one entity and action as the vendor takes."""
        alike: dict[tuple[str, Action], list[Intended]] = defaultdict(list)
        for one in intended:
            alike[one.step.entity, one.step.action].append(one)
        batches = self._lane.connector.batches
        return [
            group[start : start + size]
            for kind, group in alike.items()
            for size in (batches.get(kind, 1),)
            for start in range(0, len(group), size)
        ]

    async def _send(self, group: list[Intended], room: asyncio.Semaphore) -> list[Sent]:
        async with room:
            with leaving_before(min(one.send_before for one in group)), _about(group):
                outcomes = await self._outcomes(group)
        return [Sent(one, outcome) for one, outcome in zip(group, outcomes, strict=True)]

    async def _outcomes(self, group: list[Intended]) -> Sequence[Outcome]:
        """What became of each. What has moved at the target meanwhile is planned again, and holds up nothing else."""
        lane = self._lane
        try:
            found = await standing(lane, group) if not lane.slice.stopping and lane.not_before is None else None
        except LeaseLost:
            raise
        except TransportError as error:
            forbidden = isinstance(error, NotPermitted)
            later = Later(error.sentence, getattr(error, "retry_after", 0.0), forbidden=forbidden)
            self._heed(await put_off(lane, group, [later] * len(group)))
            return [later] * len(group)
        go = group if found is None else found.go
        with _about(go):
            outcomes = dict(zip((one.intent_id for one in go), await self._written(go), strict=True)) if go else {}
            refused = [(one, outcome) for one in go if isinstance(outcome := outcomes[one.intent_id], Rejected)]
            outcomes |= await self._overtaken(refused)
        if found is not None:
            outcomes |= found.others
            self._heed([Later(found.lost)] if found.lost else [])
        return [outcomes[one.intent_id] for one in group]

    async def _overtaken(self, refused: list[tuple[Intended, Rejected]]) -> dict[int, Outcome]:
        """Refused changes of what has moved since it was read, by a step of ours beside them, too: planned again.

        So is what was refused since it, or its contact, is not there any more.
        """
        if not refused:
            return {}
        moved: dict[int, Outcome] = {}
        try:
            found = await standing(self._lane, [one for one, _ in refused])
            moved = {id_: one for id_, one in found.others.items() if type(one) is Later}
            return {**await refused_on_gone(self._lane, refused), **moved}
        except LeaseLost:
            raise
        except TransportError:
            return moved  # the other refusals stand

    async def _written(self, group: list[Intended]) -> Sequence[Outcome]:
        lane = self._lane
        outcomes: Sequence[Outcome]
        if lane.slice.stopping:
            return [Later("the worker was told to stop; nothing left")] * len(group)
        if lane.not_before is not None:
            return [Later("the lane waits for the vendor; nothing left")] * len(group)
        if datetime.now(UTC) >= min(one.send_before for one in group):
            return [Later("its time to be sent has passed; nothing left")] * len(group)
        try:
            if len(group) == 1:
                outcomes = [await lane.connector.write(lane.session, group[0].step)]
            else:
                outcomes = await lane.connector.write_batch(lane.session, [one.step for one in group])
        except LeaseLost:
            raise
        except NotSent as error:
            outcomes = [Later(error.sentence, getattr(error, "retry_after", 0.0))] * len(group)
        except TransportError as error:
            outcomes = [Uncertain(error.sentence)] * len(group)
        self._heed(await put_off(lane, group, outcomes))
        return outcomes

    def _heed(self, later: Sequence[Later]) -> None:
        """What provably did not reach the vendor stops the lane for as long as it said, else for a moment."""
        if not later:
            return
        longest = max(later, key=lambda one: one.seconds)
        if longest.seconds or not self._lane.slice.stopping:  # what stays because we stop, another sends at once
            pause(self._lane, longest.seconds or AFTER_NOT_SENT)
        if longest.seconds >= TOLD_FROM:
            self._lane.problem = longest.why


def _about(group: Sequence[Intended]) -> AbstractContextManager[None]:
    return about(*(one.intent_id for one in group))


def versions_to_claim(lane: Lane) -> int:
    """How many versions may be claimed now; a handful at least, so that tiny transactions do not eat the time.

    Where one call takes many, as many as it takes: one that leaves half empty costs as much of the limit as a full one.
    """
    if lane.slice.over() or lane.not_before is not None:
        return 0
    free, wait = lane.capacity.free(), lane.capacity.wait(LINGER)
    room = min(BATCH, free * max(lane.connector.batches.values(), default=1))
    return room if room >= LINGER or not 0 < wait <= WAIT_AT_MOST else 0


def pause(lane: Lane, seconds: float) -> None:
    """Nothing more is sent on this lane before ``seconds`` of the clock have passed."""
    until = lane.clock.now() + timedelta(seconds=seconds)
    lane.not_before = max(until, lane.not_before or until)


def send_before() -> datetime:
    """Until when an intent made now may leave, in machine time."""
    return datetime.now(UTC) + timedelta(seconds=SEND_WITHIN)


async def flows_now(transaction: LaneTransaction) -> Mapping[int, Flow]:
    """The lane's flows by id, standing still until the transaction ends."""
    lane = transaction.lane
    found = await settled_flows_of(transaction.connection, lane.tenant_id, lane.connection_id, lane.integrations)
    return {flow.flow_id: flow for flow in found}
