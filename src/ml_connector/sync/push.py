"""PUSH: claim, plan and intend in one transaction with the outcomes of the batch before; send after its commit.

One loop per lane slice. Nothing is sent that is not committed as an intent; nothing is lost when the loop dies between
any two lines: an intent without an outcome is looked up by ``resolve`` before the lane sends anything again.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from ml_connector.canonical import documents
from ml_connector.connectors.base import Action, Later, Outcome, Uncertain
from ml_connector.sync.decide import decide
from ml_connector.sync.flows import Flow, settled_flows_of
from ml_connector.sync.lane import Lane, LaneTransaction
from ml_connector.sync.outcomes import Sent, record_outcomes
from ml_connector.sync.prepare import Item, Preparer
from ml_connector.sync.settle import Intended, Settled
from ml_connector.sync.states import State
from ml_connector.transport.errors import LeaseLost, NotSent, TransportError

log = structlog.get_logger()

BATCH = 50
# An intent that has not left by then never leaves; a successor may look it up from then on (machine seconds).
SEND_WITHIN = 20.0
LINGER = 4  # versions; fewer are claimed only when no more room is in sight
AFTER_NOT_SENT = 5.0  # clock seconds until a vendor that could not be reached is tried again
TOLD_FROM = 600.0  # clock seconds; a person is told of a wait as long as this
WAIT_AT_MOST = 3.0  # machine seconds a lane waits for its budget before it leaves


@dataclass(slots=True)
class Pushed:
    """What a push did in this slice."""

    sent: int = 0
    settled: int = 0


async def push(lane: Lane) -> Pushed:
    """Work off the lane's queue until it is empty, the slice is over, or the budget is. Raises LeaseLost."""
    pusher = _Pusher(lane)
    return await pusher.run()


class _Pusher:
    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._preparer = Preparer(lane)
        self._done = Pushed()

    async def run(self) -> Pushed:
        outcomes: list[Sent] = []
        while True:
            room = self._room()
            intended, claimed = await self._turn(outcomes, room)
            outcomes = await self._send_all(intended)
            self._done.sent += len(outcomes)
            if outcomes or claimed:
                continue
            if room > 0 or not await self._room_soon():
                return self._done

    def _room(self) -> int:
        """How many versions may be claimed now; a handful at least, so that tiny transactions do not eat the time."""
        lane = self._lane
        if lane.slice.over() or lane.not_before is not None:
            return 0
        free = min(BATCH, lane.capacity.free())
        return free if free >= LINGER or lane.capacity.wait(LINGER) > WAIT_AT_MOST else 0

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
        """One transaction: what became of the last batch, and what is to be sent next."""
        lane = self._lane
        async with lane.transaction() as transaction:
            flows = await flows_now(transaction)
            await record_outcomes(transaction, outcomes, flows)
            items = await claim(transaction, room)
            intended = await self._decide(transaction, flows, items)
            self._done.settled += len(items)
        return intended, len(items)

    async def _decide(
        self, transaction: LaneTransaction, flows: Mapping[int, Flow], items: Sequence[tuple[int, Item]]
    ) -> list[Intended]:
        by_flow: dict[int, list[Item]] = defaultdict(list)
        for flow_id, item in items:
            by_flow[flow_id].append(item)
        settled = Settled(transaction)
        for flow_id, batch in by_flow.items():
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
            outcomes = await self._outcomes(group)
        return [Sent(one, outcome) for one, outcome in zip(group, outcomes, strict=True)]

    async def _outcomes(self, group: list[Intended]) -> Sequence[Outcome]:
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
        self._heed([one for one in outcomes if isinstance(one, Later)])
        return outcomes

    def _heed(self, later: Sequence[Later]) -> None:
        """What provably did not reach the vendor stops the lane for as long as it said, else for a moment."""
        if not later:
            return
        longest = max(later, key=lambda one: one.seconds)
        pause(self._lane, longest.seconds or AFTER_NOT_SENT)
        if longest.seconds >= TOLD_FROM:
            self._lane.problem = longest.why


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


# Of a flow that was turned off nothing is planned; its versions stay where they are. The queue is walked in its order
# and the rest looked up row by row (`offset 0`): joined as whole tables, a batch would cost more the longer the queue.
_CLAIM = """
    select w.flow_id, w.version_id, s.record_id, s.run_id, w.priority, r.source_id, r.reference,
           r.exported_at_first_sight, r.needed, d.canonical, d.number_key, d.party_id, d.content_hash
    from work w
    cross join lateral (select * from version_state where tenant_id = w.tenant_id and version_id = w.version_id
                        offset 0) s
    cross join lateral (select * from record where tenant_id = w.tenant_id and record_id = s.record_id offset 0) r
    cross join lateral (select * from document where tenant_id = w.tenant_id and version_id = w.version_id offset 0) d
    join flow f on f.tenant_id = w.tenant_id and f.flow_id = w.flow_id and f.mode <> 'off'
    where w.tenant_id = %b and w.connection_id = %b and w.not_before <= %b and s.state = any(%b::smallint[])
      and not exists (select 1 from intent i where i.tenant_id = w.tenant_id and i.connection_id = w.connection_id
                      and i.record_id = s.record_id and i.state in (0, 1) offset 0)
    order by w.priority, w.version_id limit %b"""


async def claim(transaction: LaneTransaction, room: int) -> list[tuple[int, Item]]:
    """The next versions in order, with their flow ids, one of a record. One whose record has an open intent waits."""
    if room <= 0:
        return []
    lane = transaction.lane
    rows = await transaction.all(_CLAIM, lane.tenant_id, lane.connection_id, lane.clock.now(), [State.STAGED], room)
    oldest: dict[int, tuple[Any, ...]] = {}
    for row in rows:
        held = oldest.setdefault(row[2], row)
        if row[1] < held[1]:
            oldest[row[2]] = row
    return [(row[0], _item(lane, row[1:])) for row in oldest.values()]


def _item(lane: Lane, row: tuple[object, ...]) -> Item:
    (version_id, record_id, run_id, priority, source_id, reference, exported, needed, canonical, number_key, party_id,
     content_hash) = row  # fmt: skip
    assert isinstance(content_hash, bytes) and isinstance(canonical, bytes)
    document = documents.decode(lane.sealer.open(b"canonical " + content_hash, canonical))
    return Item(
        version_id, record_id, run_id, priority, source_id, reference, exported, needed, document,  # type: ignore[arg-type]
        number_key, party_id, content_hash,  # type: ignore[arg-type]
    )  # fmt: skip
