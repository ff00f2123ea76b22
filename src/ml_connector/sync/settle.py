"""What decisions do to the ledger: holds with their waits, skips, links, stored plans, and intents about to be sent."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from ml_connector.canonical.numbers import name_key
from ml_connector.connectors.base import Action, Step
from ml_connector.integrations.agreed import Agreed
from ml_connector.integrations.base import Adopt, Decision, Hold, Skip, Unchanged, Waiting, Write
from ml_connector.integrations.tracked import Track
from ml_connector.sync import plan
from ml_connector.sync.flows import Flow
from ml_connector.sync.follow import wake_followers
from ml_connector.sync.items import Claimed
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.links import NewLink, agree, links_made, settled, store_links
from ml_connector.sync.prepare import asked_level
from ml_connector.sync.states import IntentState, Needed, Priority, State
from ml_connector.sync.tracked import Tracked, store_tracked, untrack

NAMESAKES_WAIT = timedelta(seconds=30)  # clock time; look-ups of what became of a write take some minutes

_step = msgspec.json.Encoder(order="deterministic")


class IntendedStep(Step, frozen=True, omit_defaults=True):
    """A step as its intent keeps it: with what its target is linked as, and whether the record is done with it.

    ``counterpart`` is the id of the record's counterpart where an earlier step has made it; ``replaces`` that of the one
    whose place it takes. ``base`` is the hash of the target's document that an update or void was planned from; ``agreed``,
    of a party, what both sides are agreed on when it is done.
    """

    linked_as: str = ""
    last: bool = True
    counterpart: str = ""
    replaces: str = ""
    base: bytes = b""
    agreed: Agreed | None = None


_steps = msgspec.json.Decoder(IntendedStep)


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


@dataclass(frozen=True, slots=True)
class Turn:
    """Which of a plan's steps goes next, and what goes into its intent with it, see IntendedStep."""

    position: int = 0
    last: bool = True
    counterpart: str = ""
    base: bytes = b""


@dataclass(frozen=True, slots=True)
class _Planned:
    item: Claimed
    flow: Flow
    decision: Decision
    live: bool
    against: bytes = b""  # see plan.digest
    turn: Turn = field(default_factory=Turn)


@dataclass(slots=True)
class Settled:
    """Decisions of one transaction, written set by set."""

    transaction: LaneTransaction
    planned: list[_Planned] = field(default_factory=list)
    adopted: set[tuple[int, str, str]] = field(default_factory=set)
    named: set[tuple[int, str]] = field(default_factory=set)

    def add(
        self, item: Claimed, flow: Flow, decision: Decision, live: bool, against: bytes = b"", turn: Turn | None = None
    ) -> None:
        """Add one decision. The second of a batch to be linked with one target, or to make a party of one name, stays

        staged: it is planned again, and then sees that the target, or the name, is taken.
        """
        if target := _claimed(flow, decision, live):
            if target in self.adopted:
                return
            self.adopted.add(target)
        if live and (name := _party_made(decision)):
            if (flow.target_id, name) in self.named:
                return
            self.named.add((flow.target_id, name))
        self.planned.append(_Planned(item, flow, decision, live, against, turn or Turn()))

    async def _let_namesakes_wait(self) -> None:
        """A party to be made stays staged while it is not known whether one of its name, about to be made, is there."""
        made = [(one, name) for one in self.planned if one.live and (name := _party_made(one.decision))]
        if not made:
            return
        lane = self.transaction.lane
        rows = await self.transaction.all(
            """select payload from intent where tenant_id = %b and connection_id = %b and state = any(%b::smallint[])
               and entity = 'parties' and action = 'create'""",
            lane.tenant_id, lane.connection_id, [IntentState.SENDING.value, IntentState.UNCERTAIN.value],
        )  # fmt: skip
        opened = {name_key(_steps.decode(lane.sealer.open(b"intent", row[0])).number) for row in rows}
        late = {one.item.version_id for one, name in made if name in opened}
        if not late:
            return
        self.planned = [one for one in self.planned if one.item.version_id not in late]
        await self.transaction.run(
            "update work set not_before = %b where tenant_id = %b and version_id = any(%b::bigint[])",
            lane.clock.now() + NAMESAKES_WAIT, lane.tenant_id, sorted(late),
        )  # fmt: skip

    def _of(self, kind: type[Any]) -> list[_Planned]:
        return [one for one in self.planned if isinstance(one.decision, kind)]

    async def write(self, send_before: datetime) -> list[Intended]:
        """Write everything; the intents to be sent once this transaction is committed."""
        await self._let_namesakes_wait()
        await _track(self.transaction, self._of(Track))
        await untrack(self.transaction, [one.item for one in self.planned if _is_passed(one)])
        await _hold(self.transaction, self._of(Hold))
        await _skip(self.transaction, self._of(Skip))
        await _unchanged(self.transaction, self._of(Unchanged))
        await _link(self.transaction, [one for one in self._of(Adopt) if one.live])
        writes = self._of(Write)
        await _preview(self.transaction, [one for one in [*writes, *self._of(Adopt)] if not one.live])
        intended = await _intend(self.transaction, [one for one in writes if one.live], send_before)
        await _ask(self.transaction, self._of(Hold))
        return intended


def _claimed(flow: Flow, decision: Decision, live: bool) -> tuple[int, str, str] | None:
    """The target's document that a decision takes for its record alone. What is tracked is so in a preview, too."""
    if isinstance(decision, Track):
        return (flow.integration_id, "tracked", decision.target_id) if decision.target_id else None
    if not (live and isinstance(decision, Adopt)):
        return None
    return (flow.integration_id, decision.target_entity, decision.target_id)


def _is_passed(one: _Planned) -> bool:
    """Whether it could have been tracked and is not."""
    return one.flow.type.tracks and not isinstance(one.decision, Track)


def _party_made(decision: Decision) -> str:
    """The name, as names are compared, of the party that a decision makes; empty where it makes none."""
    steps = decision.steps if isinstance(decision, Write) else ()
    made = [one.number for one in steps if one.entity == "parties" and one.action is Action.CREATE]
    return name_key(made[0]) if made else ""


async def _move(
    transaction: LaneTransaction, ended: Sequence[_Planned], states: Sequence[State], reasons: Sequence[str]
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


def _event(transaction: LaneTransaction, one: _Planned, kind: str, **details: object) -> None:
    transaction.event(
        kind, record_id=one.item.record_id, version_id=one.item.version_id, run_id=one.item.run_id, **details
    )


async def _hold(transaction: LaneTransaction, held: Sequence[_Planned]) -> None:
    if not held:
        return
    lane = transaction.lane
    rows: list[tuple[_Planned, int, Waiting]] = []
    for one in held:
        assert isinstance(one.decision, Hold)
        rows.extend((one, position, wait) for position, wait in enumerate(one.decision.waits))
    await _tell_held(transaction, held)
    await transaction.run(
        """insert into wait (tenant_id, version_id, position, flow_id, code, kind, key, detail, since)
        select %b, page.*, %b from unnest(%b::bigint[], %b::smallint[], %b::integer[], %b::text[], %b::text[],
                                          %b::text[], %b::bytea[]) as page""",
        lane.tenant_id, lane.clock.now(),
        [one.item.version_id for one, _, _ in rows], [position for _, position, _ in rows],
        [one.flow.flow_id for one, _, _ in rows], [wait.code for _, _, wait in rows],
        [wait.kind for _, _, wait in rows], [wait.key for _, _, wait in rows],
        [lane.sealer.seal(b"wait", msgspec.json.encode(wait)) for _, _, wait in rows],
    )  # fmt: skip
    await settled(transaction, [(one.flow, one.item) for one in held])
    firsts = [one.decision.waits[0].code if isinstance(one.decision, Hold) else "" for one in held]
    await _move(transaction, held, [State.HELD] * len(held), firsts)


async def _tell_held(transaction: LaneTransaction, held: Sequence[_Planned]) -> None:
    """Take away what they waited for before, and tell of those that wait for something else now."""
    gone = await transaction.all(
        "delete from wait where tenant_id = %b and version_id = any(%b::bigint[]) returning version_id, code, key",
        transaction.lane.tenant_id, [one.item.version_id for one in held],
    )  # fmt: skip
    before: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for version_id, code, key in gone:
        before[version_id].add((code, key))
    for one in held:
        assert isinstance(one.decision, Hold)
        if before[one.item.version_id] != {(wait.code, wait.key) for wait in one.decision.waits}:
            _event(transaction, one, "held", waits=[[wait.code, wait.sentence] for wait in one.decision.waits])


async def _track(transaction: LaneTransaction, planned: Sequence[_Planned]) -> None:
    found = [Tracked(one.item, one.flow, one.decision) for one in planned if isinstance(one.decision, Track)]
    anew = {one.item.version_id for one in await store_tracked(transaction, found)}
    for one in found:
        if one.item.version_id in anew:
            transaction.event(
                "tracked", record_id=one.item.record_id, version_id=one.item.version_id, run_id=one.item.run_id,
                finding=one.track.finding, target=one.track.target_id, sentence=one.track.sentence,
            )  # fmt: skip
    await _move(transaction, planned, [State.TRACKED] * len(planned), [one.track.finding for one in found])


async def _skip(transaction: LaneTransaction, skipped: Sequence[_Planned]) -> None:
    codes = []
    for one in skipped:
        assert isinstance(one.decision, Skip)
        codes.append(one.decision.code)
        _event(transaction, one, "skipped", code=one.decision.code, sentence=one.decision.sentence)
    await agree(transaction, [link for one in skipped if (link := _agreed(one)) is not None])
    await _move(transaction, skipped, [State.SKIPPED] * len(skipped), codes)
    await settled(transaction, [(one.flow, one.item) for one in skipped])


async def _unchanged(transaction: LaneTransaction, unchanged: Sequence[_Planned]) -> None:
    """A version that is itself what was posted stays `posted` or `linked`; a newer one without a difference is unchanged."""
    if not unchanged:
        return
    await _in_line(transaction, [one for one in unchanged if _agreed(one) is None])
    rows = await transaction.all(
        """select version_id, origin from link where tenant_id = %b and version_id = any(%b::bigint[])""",
        transaction.lane.tenant_id, [one.item.version_id for one in unchanged],
    )  # fmt: skip
    origins = dict(rows)
    states = []
    for one in unchanged:
        origin = origins.get(one.item.version_id)
        state = State.UNCHANGED if origin is None else _state_of(origin)
        states.append(state)
        _event(transaction, one, "unchanged", state=state.word)
    await agree(transaction, [link for one in unchanged if (link := _agreed(one)) is not None])
    await _move(transaction, unchanged, states, [""] * len(unchanged))
    await wake_followers(transaction, [one.flow for one in unchanged])
    await settled(transaction, [(one.flow, one.item) for one in unchanged])


async def _in_line(transaction: LaneTransaction, unchanged: Sequence[_Planned]) -> None:
    """A version whose update was sent, and needs no other since the target shows it, is the one that was posted."""
    if not unchanged:
        return
    lane = transaction.lane
    await transaction.run(
        """update link l set version_id = page.version_id, base = coalesce(
               (select body from directory where tenant_id = l.tenant_id and connection_id = %b
                and entity = l.target_entity and object_id = l.target_id), l.base)
        from unnest(%b::integer[], %b::text[], %b::text[], %b::bigint[], %b::bigint[])
             as page (integration_id, entity, source_id, record_id, version_id)
        where l.tenant_id = %b and l.integration_id = page.integration_id and l.entity = page.entity
          and l.source_id = page.source_id and l.version_id <> page.version_id
          and exists (select 1 from intent where tenant_id = l.tenant_id and record_id = page.record_id
                      and version_id = page.version_id and action = 'update' and entity = l.target_entity
                      and state = %b)""",
        lane.connection_id, [one.flow.integration_id for one in unchanged], [one.flow.name for one in unchanged],
        [one.item.source_id for one in unchanged], [one.item.record_id for one in unchanged],
        [one.item.version_id for one in unchanged], lane.tenant_id, IntentState.WITHDRAWN.value,
    )  # fmt: skip


def _agreed(one: _Planned) -> NewLink | None:
    """What a party and its counterpart are agreed on, since both show the same."""
    agreed = one.decision.agreed if isinstance(one.decision, Unchanged | Skip) else None
    if agreed is None or agreed.target is None:
        return None
    return NewLink(one.flow, one.item, one.flow.type.parties, agreed.target.id, "", agreed=agreed)


async def _link(transaction: LaneTransaction, adopted: Sequence[_Planned]) -> None:
    links = []
    for one in adopted:
        assert isinstance(one.decision, Adopt)
        adopt = one.decision
        entity, id_ = adopt.target_entity, adopt.target_id
        links.append(NewLink(one.flow, one.item, entity, id_, adopt.origin, adopt.replaces, agreed=adopt.agreed))
        _event(transaction, one, _state_of(adopt.origin).word, target=adopt.target_id, evidence=adopt.evidence)
    await store_links(transaction, links)
    await _move(transaction, adopted, [_state_of(one.origin) for one in links], [""] * len(adopted))
    await wake_followers(transaction, [one.flow for one in links if one.origin == "created"])


def _state_of(origin: str) -> State:
    """What a linked version is: what we made is `posted`, however we came to know that we had."""
    return State.POSTED if origin == "created" else State.LINKED


async def _preview(transaction: LaneTransaction, planned: Sequence[_Planned]) -> None:
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
            """insert into plan (tenant_id, version_id, record_id, digest, body, target, planned_at)
            values (%s, %s, %s, %s, %s, %s, %s)
            on conflict (tenant_id, version_id) do update
            set digest = excluded.digest, body = excluded.body, target = excluded.target,
                planned_at = excluded.planned_at, approved_at = null, approved_by = null""",
            lane.tenant_id, one.item.version_id, one.item.record_id,
            plan.digest(one.decision, one.against),
            lane.sealer.seal(b"plan", plan.encode(one.decision)), target, lane.clock.now(),
        )  # fmt: skip
        _event(transaction, one, "planned", decision=msgspec.to_builtins(plan.shown(one.decision)))
    await _move(transaction, planned, [State.PLANNED] * len(planned), [""] * len(planned))
    await links_made(transaction, [(one.flow, one.item) for one in planned])


async def _intend(transaction: LaneTransaction, writes: Sequence[_Planned], send_before: datetime) -> list[Intended]:
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
        [one.turn.position for one, *_ in rows], [step.entity for _, step, _ in rows],
        [step.action.value for _, step, _ in rows], [step.reference for _, step, _ in rows],
        [lane.sealer.seal(b"intent", text) for text in encoded],
        [hashlib.sha256(text).digest() for text in encoded],
    )  # fmt: skip
    intent_of = {version_id: intent_id for intent_id, version_id in ids}
    await _move(transaction, writes, [State.SENDING] * len(writes), [""] * len(writes))
    intended = []
    for one, step, kept in rows:
        assert isinstance(one.decision, Write)
        intent_id = intent_of[one.item.version_id]
        _event(transaction, one, "sending", intent=intent_id, step=msgspec.to_builtins(step), notes=one.decision.notes)
        intended.append(Intended(intent_id, one.item, one.flow, one.turn.position, kept, send_before))
    return intended


def _next_step(one: _Planned) -> tuple[Step, IntendedStep]:
    """The step that goes now, and as its intent keeps it."""
    assert isinstance(one.decision, Write)
    turn, write = one.turn, one.decision
    step = write.steps[turn.position]
    values = {name: getattr(step, name) for name in Step.__struct_fields__}
    return step, IntendedStep(
        **values, linked_as=write.target_entity, last=turn.last, counterpart=turn.counterpart, replaces=write.replaces,
        base=turn.base, agreed=write.agreed,
    )  # fmt: skip


async def _ask(transaction: LaneTransaction, held: Sequence[_Planned]) -> None:
    """Ask for the documents a held one depends on, as records of their own flow."""
    lane = transaction.lane
    wanted: dict[tuple[int, str, str], Needed] = {}
    for one in held:
        assert isinstance(one.decision, Hold)
        level = Needed.LIVE if one.live else asked_level(one.flow)
        for entity, source_id in one.decision.asks_for:
            wanted[one.flow.integration_id, entity, source_id] = level
    if not wanted:
        return
    await transaction.run(
        """with asked as (
            select a.level, r.record_id, r.version_id, f.flow_id, f.target_id, f.mode
            from unnest(%b::integer[], %b::text[], %b::text[], %b::smallint[]) as a (integration, entity, source, level)
            join flow f on f.tenant_id = %b and f.integration_id = a.integration and f.name = a.entity
            join record r on r.tenant_id = f.tenant_id and r.flow_id = f.flow_id and r.source_id = a.source
        ), marked as (
            update record r set needed = greatest(r.needed, asked.level) from asked
            where r.tenant_id = %b and r.record_id = asked.record_id
        ), staged as (
            update version_state s set state = %b, reason = '', changed_at = %b from asked
            where s.tenant_id = %b and s.version_id = asked.version_id
              and (s.state = %b and s.reason = 'not_needed'
                   or s.state = %b and asked.level = %b and asked.mode = 'as needed')
            returning s.version_id, asked.flow_id, asked.target_id
        )
        insert into work (tenant_id, connection_id, priority, version_id, flow_id)
        select %b, target_id, %b, version_id, flow_id from staged
        on conflict (tenant_id, version_id) do nothing""",
        [one[0] for one in wanted], [one[1] for one in wanted], [one[2] for one in wanted], list(wanted.values()),
        lane.tenant_id, lane.tenant_id, State.STAGED.value, lane.clock.now(), lane.tenant_id, State.SKIPPED.value,
        State.PLANNED.value, Needed.LIVE.value, lane.tenant_id, Priority.PARTY.value,
    )  # fmt: skip
