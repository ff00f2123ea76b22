"""What became of the steps that were sent: proved, refused, provably not done, or uncertain. Written set by set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.connectors.writing import (
    STATUS_REFUSED,
    Action,
    Done,
    Later,
    Outcome,
    PartyUnread,
    Rejected,
    Uncertain,
    Unread,
)
from ml_connector.integrations.decisions import Waiting, waiting
from ml_connector.integrations.views import ASIDE
from ml_connector.sync import kept_coding, recoding
from ml_connector.sync.answered import changed_by_us_alone
from ml_connector.sync.contact_unread import wait_of_refused
from ml_connector.sync.content import differences, meant, shown
from ml_connector.sync.directory import file_documents
from ml_connector.sync.flows import Flow
from ml_connector.sync.follow import wake_followers
from ml_connector.sync.half_done import taken_off, telling
from ml_connector.sync.intents import Intended, IntendedStep
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.links import Ends, NewLink, agree, ends, settled, store_links
from ml_connector.sync.rates import rate_told
from ml_connector.sync.refusal_waits import waits_of
from ml_connector.sync.release import release
from ml_connector.sync.states import IntentState, State
from ml_connector.sync.superseding import give_way
from ml_connector.sync.unread import Try, given_up
from ml_connector.sync.uses import stage_users_again


@dataclass(frozen=True, slots=True)
class Sent:
    """A step and its outcome. ``adopted`` when a look-up, not the answer, proved it."""

    intended: Intended
    outcome: Outcome
    adopted: bool = False


async def record_outcomes(transaction: LaneTransaction, sent: Sequence[Sent], flows: Mapping[int, Flow]) -> None:
    """Write the outcomes of one batch: intents, states, links, directory, waits, events."""
    if not sent:
        return
    done = [one for one in sent if isinstance(one.outcome, Done)]
    await _settle_intents(transaction, sent)
    await _posted(transaction, done)
    await _rejected(transaction, [one for one in sent if isinstance(one.outcome, Rejected)])
    await _later(transaction, [one for one in sent if isinstance(one.outcome, Later)])
    await _uncertain(transaction, [one for one in sent if isinstance(one.outcome, Uncertain)])
    await _give_way(transaction, [one for one in sent if not isinstance(one.outcome, Uncertain)])


async def still_open(transaction: LaneTransaction, sent: Sequence[Sent]) -> list[Sent]:
    """Those whose outcome is not written yet: a commit whose answer was lost may have been one."""
    rows = await transaction.all(
        "select intent_id from intent where tenant_id = %b and intent_id = any(%b::bigint[]) and state = any(%b::smallint[])",
        transaction.lane.tenant_id, [one.intended.intent_id for one in sent],
        [IntentState.SENDING.value, IntentState.UNCERTAIN.value],
    )  # fmt: skip
    found = {row[0] for row in rows}
    return [one for one in sent if one.intended.intent_id in found]


_INTENT_STATE = {
    Done: IntentState.DONE,
    Rejected: IntentState.REJECTED,
    PartyUnread: IntentState.REJECTED,
    Later: IntentState.WITHDRAWN,
    Unread: IntentState.WITHDRAWN,
    Uncertain: IntentState.UNCERTAIN,
}


async def _settle_intents(transaction: LaneTransaction, sent: Sequence[Sent]) -> None:
    lane = transaction.lane
    now = lane.clock.now()
    # Absence proves something only once the vendor cannot be at work on it any more and its lists would show it.
    look_at = now + timedelta(seconds=lane.connector.timeout + lane.connector.list_lag)
    states = [_INTENT_STATE[type(one.outcome)] for one in sent]
    await transaction.run(
        """update intent i set state = page.state, target_id = page.target, why = page.why, unread = page.unread,
               settled_at = case when page.state = 1 then null else %b end,
               look_at = case when page.state = 1 then %b else null end
        from unnest(%b::bigint[], %b::smallint[], %b::text[], %b::bytea[], %b::boolean[])
             as page (intent_id, state, target, why, unread)
        where i.tenant_id = %b and i.intent_id = page.intent_id""",
        now, look_at,
        [one.intended.intent_id for one in sent], states,
        [one.outcome.target_id if isinstance(one.outcome, Done) else None for one in sent],
        [lane.sealer.seal(b"why", why.encode()) if (why := _why(one.outcome)) else None for one in sent],
        [isinstance(one.outcome, Unread) for one in sent], lane.tenant_id,
    )  # fmt: skip


def _why(outcome: Outcome) -> str:
    """Why it is not done; the vendor's answer itself is kept once, in the exchange."""
    match outcome:
        case Done():
            return ""
        case Rejected():
            return outcome.sentence
        case _:
            return outcome.why


def _is_last(one: Sent) -> bool:
    return one.intended.step.last


def _agrees_early(one: Sent) -> bool:
    """Whether it is one of a party's steps before the last: what it has brought is agreed, whatever becomes of the others."""
    return not _is_last(one) and one.intended.step.agreed is not None


async def _posted(transaction: LaneTransaction, done: Sequence[Sent]) -> None:
    if not done:
        return
    bases = await kept_coding.bases(
        transaction, [(one.intended, one.outcome.document) for one in done if isinstance(one.outcome, Done)]
    )
    await _file(transaction, done)
    await _taken_off(transaction, done)
    last = [one for one in done if _is_last(one)]
    wrong = await _taken(transaction, last) | {
        one.intended.item.version_id: diff for one in last if (diff := _content(one))
    }
    good = [one for one in last if one.intended.item.version_id not in wrong]
    await store_links(transaction, [_link(one, bases.get(one.intended.intent_id)) for one in good])
    await _state(transaction, good, State.POSTED, "")
    await agree(transaction, [_link(one, None) for one in done if _agrees_early(one)], in_part=True)
    await recoding.sent(transaction, [one.intended for one in good], [])
    for one in good:
        assert isinstance(one.outcome, Done)
        _event(transaction, one, "posted", target=_counterpart(one), adopted=one.adopted, **_otherwise(one))
    await _conflict(transaction, [one for one in last if one.intended.item.version_id in wrong], wrong)
    await _next_step(transaction, [one for one in done if not _is_last(one)])
    await wake_followers(transaction, [one.intended.flow for one in good])


async def _taken_off(transaction: LaneTransaction, done: Sequence[Sent]) -> None:
    """What a step has removed that another record had made on its counterpart: that one goes again."""
    moved = [
        (one.intended.flow, one.intended.item.source_id)
        for one in done
        if one.intended.step.action is Action.VOID and ASIDE in one.intended.step.reference
    ]
    if moved:
        await stage_users_again(transaction, moved, "taken off for a change of what it stands on")


def _otherwise(one: Sent) -> dict[str, list[str]]:
    """The fields of a party that the target shows otherwise than they were sent, told this once."""
    assert isinstance(one.outcome, Done)
    agreed = one.intended.step.agreed
    found = agreed.otherwise(one.outcome.document) if agreed is not None else ()
    return {"shown_otherwise": list(found)} if found else {}


def _content(one: Sent) -> list[str]:
    assert isinstance(one.outcome, Done)
    document = one.outcome.document
    found = differences(one.intended.step, document)
    return [f"{shown(document)} ({', '.join(found)})"] if found else []


async def _taken(transaction: LaneTransaction, done: Sequence[Sent]) -> dict[int, list[str]]:
    """By version: one of the two is linked to something else already; one document has one counterpart."""
    rows = await transaction.all(
        """select l.integration_id, l.target_entity, l.target_id, l.entity, l.source_id
        from unnest(%b::integer[], %b::text[], %b::text[], %b::text[], %b::text[])
             as shown (integration_id, target_entity, target_id, entity, source_id)
        cross join lateral (
            (select * from link where tenant_id = %b and integration_id = shown.integration_id
             and target_entity = shown.target_entity and target_id = shown.target_id offset 0)  -- see prepare._Batch
            union all
            (select * from link where tenant_id = %b and integration_id = shown.integration_id
             and entity = shown.entity and source_id = shown.source_id offset 0)) l
        """,
        [one.intended.flow.integration_id for one in done], [_ends(one).target_entity for one in done],
        [_ends(one).target_id for one in done], [_ends(one).entity for one in done],
        [_ends(one).source_id for one in done], transaction.lane.tenant_id, transaction.lane.tenant_id,
    )  # fmt: skip
    holders = {(row[0], _held_by(row[1], row[3]), row[1], row[2]): (row[3], row[4]) for row in rows}
    counterparts = {(row[0], row[3], row[4]): (row[1], row[2]) for row in rows}
    found: dict[int, list[str]] = {}
    for one in done:
        flow, item, place = one.intended.flow, one.intended.item, _ends(one)
        mine, shown = (place.entity, place.source_id), (place.target_entity, place.target_id)
        holder = holders.setdefault((flow.integration_id, _held_by(shown[0], place.entity), *shown), mine)
        counterpart = counterparts.setdefault((flow.integration_id, *mine), shown)
        if holder != mine:
            found[item.version_id] = [f"document {shown[1]}, which is linked to {' '.join(holder)}"]
        elif counterpart != shown and counterpart[1] != one.intended.step.replaces:
            found[item.version_id] = [f"document {shown[1]}, while the record is linked to {counterpart[1]}"]
    return found


def _held_by(target_entity: str, flow: str) -> str:
    """Within what a document of the target has one counterpart: a party is a customer's and a vendor's, else all flows."""
    return flow if target_entity == "parties" else ""


def _link(one: Sent, base: Document | None) -> NewLink:
    step = one.intended.step
    entity, counterpart = one.intended.target_entity, _counterpart(one)
    assert isinstance(one.outcome, Done)
    return NewLink(
        one.intended.flow, one.intended.item, entity, counterpart, "created", step.replaces, step.agreed,
        one.outcome.document, base,
    )  # fmt: skip


def _ends(one: Sent) -> Ends:
    return ends(one.intended.flow.type, one.intended.item.source_id, one.intended.target_entity, _counterpart(one))


def _counterpart(one: Sent) -> str:
    """The id of the record's counterpart: what this step has made, or an earlier one."""
    made = one.outcome.target_id if isinstance(one.outcome, Done) else ""
    return one.intended.step.counterpart or made


async def _give_way(transaction: LaneTransaction, sent: Sequence[Sent]) -> None:
    """What was not carried out, and is not its record's newest version any more, is superseded now."""
    lane = transaction.lane
    rows = await transaction.all(
        """update version_state s set state = %b, reason = '', changed_at = %b
        from record r
        where s.tenant_id = %b and s.version_id = any(%b::bigint[]) and s.state = any(%b::smallint[])
          and r.tenant_id = s.tenant_id and r.record_id = s.record_id and r.version_id <> s.version_id
          and not exists (select 1 from intent i where i.tenant_id = s.tenant_id and i.record_id = s.record_id
                          and i.version_id = s.version_id and i.state = %b offset 0)
        returning s.version_id, s.record_id, s.run_id, r.version_id""",
        State.SUPERSEDED.value, lane.clock.now(), lane.tenant_id, [one.intended.item.version_id for one in sent],
        [State.STAGED, State.REJECTED, State.HELD], IntentState.DONE.value,
    )  # fmt: skip
    for version_id, record_id, run_id, _ in rows:
        transaction.event("superseded", record_id=record_id, version_id=version_id, run_id=run_id)
    await give_way(transaction, {row[0]: row[3] for row in rows})


async def _file(transaction: LaneTransaction, done: Sequence[Sent]) -> None:
    """File what the target shows of the documents, and let go on what waits for that.

    A mark shows none, and what cannot be read is no entry of its own.
    """
    by_entity: dict[str, list[Document]] = defaultdict(list)
    early: dict[str, dict[str, tuple[Party, Sequence[str]]]] = defaultdict(dict)
    for one in done:
        assert isinstance(one.outcome, Done)
        step = one.intended.step
        if step.action is not Action.MARK_EXPORTED and transaction.lane.connector.files(step.entity):
            by_entity[step.entity].append(one.outcome.document)
            if _agrees_early(one) and step.agreed is not None and isinstance(one.outcome.document, Party):
                early[step.entity][one.outcome.document.id] = one.outcome.document, step.agreed.answered
        for entity, document in one.outcome.also:
            by_entity[entity].append(document)
    for entity, found in by_entity.items():
        ours = await changed_by_us_alone(transaction, entity, early[entity])
        changed = await file_documents(transaction, entity, found, ours=ours)
        keys = [f"{entity}:{one}" for one in changed]
        await release(transaction.connection, transaction.lane.tenant_id, "fact", keys)


async def _state(transaction: LaneTransaction, ended: Sequence[Sent], state: State, reason: str) -> None:
    """An end: the state is set, and nothing is left to do."""
    if not ended:
        return
    versions = [one.intended.item.version_id for one in ended]
    await _set_state(transaction, versions, state, reason)
    for table in ("work", "plan"):
        await transaction.run(
            f"delete from {table} where tenant_id = %b and version_id = any(%b::bigint[])",
            transaction.lane.tenant_id, versions,
        )  # fmt: skip


async def _set_state(transaction: LaneTransaction, versions: list[int], state: State, reason: str) -> None:
    await transaction.run(
        """update version_state set state = %b, reason = %b, changed_at = %b
        where tenant_id = %b and version_id = any(%b::bigint[])""",
        state.value, reason, transaction.lane.clock.now(), transaction.lane.tenant_id, versions,
    )  # fmt: skip


async def _rejected(transaction: LaneTransaction, rejected: Sequence[Sent]) -> None:
    for one in rejected:
        assert isinstance(one.outcome, Rejected)
        refusal = one.outcome
        if refusal.reason == STATUS_REFUSED:
            await _hold(transaction, one, _status_refused(one.intended.step, refusal))
            continue
        if isinstance(refusal, PartyUnread):
            await _hold(transaction, one, await wait_of_refused(transaction, refusal))
            continue
        await _wait(transaction, one, *waits_of(refusal))
        _event(transaction, one, "rejected", code=refusal.code, sentence=refusal.sentence)
        await _state(transaction, [one], State.REJECTED, refusal.reason)
        await recoding.sent(transaction, [], [(one.intended, refusal.sentence)])
    await settled(transaction, [(one.intended.flow, one.intended.item) for one in rejected])


def _status_refused(step: IntendedStep, refusal: Rejected) -> Waiting:
    """It goes again once the counterpart shows a change, and else once a day, see release.sweep: what is open shows none."""
    wanted = "active" if step.agreed is None or step.agreed.source.active else "inactive"
    told = {"name": step.number, "status": wanted, "why": refusal.sentence}
    return waiting("status_refused", "fact", f"{step.entity}:{step.target_id}", **told)


async def _conflict(transaction: LaneTransaction, conflicts: Sequence[Sent], wrong: Mapping[int, list[str]]) -> None:
    for one in conflicts:
        other = "; ".join(wrong[one.intended.item.version_id])
        reference = one.intended.step.reference
        ours = meant(one.intended.step)
        wait = waiting("conflict", "person", "conflict", reference=reference, other=other, ours=ours)
        await _wait(transaction, one, wait)
        _event(transaction, one, "conflict", differences=other)
        await _state(transaction, [one], State.HELD, "conflict")
    await settled(transaction, [(one.intended.flow, one.intended.item) for one in conflicts])


async def hold_conflict(transaction: LaneTransaction, one: Sent, other: str) -> None:
    """A look-up found something else under our reference: it waits for a person, with both versions shown."""
    await transaction.run(
        "update intent set state = %s, settled_at = %s where tenant_id = %s and intent_id = %s",
        IntentState.REJECTED.value, transaction.lane.clock.now(), transaction.lane.tenant_id, one.intended.intent_id,
    )  # fmt: skip
    await _conflict(transaction, [one], {one.intended.item.version_id: [other]})
    await _give_way(transaction, [one])


async def hold_withdrawn(transaction: LaneTransaction, one: Sent, wait: Waiting) -> None:
    """What is provably not done is not sent again until a person says so; its approval stays."""
    await _settle_intents(transaction, [one])
    await _hold(transaction, one, wait)
    await _give_way(transaction, [one])


async def _hold(transaction: LaneTransaction, one: Sent, wait: Waiting) -> None:
    await _wait(transaction, one, wait)
    _event(transaction, one, "held", waits=[[wait.code, wait.sentence]])
    version_id = one.intended.item.version_id
    await _set_state(transaction, [version_id], State.HELD, wait.code)
    await transaction.run(
        "delete from work where tenant_id = %b and version_id = %b", transaction.lane.tenant_id, version_id
    )


async def _wait(transaction: LaneTransaction, one: Sent, first: Waiting, *others: Waiting) -> None:
    lane, item = transaction.lane, one.intended.item
    off = await taken_off(transaction, [(one.intended.flow, item)])
    first = telling(first, off[item.version_id]) if item.version_id in off else first
    for position, wait in enumerate((first, *others)):
        await transaction.run(
            """insert into wait (tenant_id, version_id, position, flow_id, code, kind, key, detail, since)
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
            on conflict (tenant_id, version_id, position) do update
            set code = excluded.code, kind = excluded.kind, key = excluded.key, detail = excluded.detail""",
            lane.tenant_id, item.version_id, position, one.intended.flow.flow_id, wait.code, wait.kind, wait.key,
            lane.sealer.seal(b"wait", msgspec.json.encode(wait)), lane.clock.now(),
        )  # fmt: skip


async def _later(transaction: LaneTransaction, later: Sequence[Sent]) -> None:
    """Provably not done: back to the queue, not before the vendor's own time; what never can be read is held."""
    tried = {one.intended.item.version_id: one for one in later if isinstance(one.outcome, Unread)}
    waits = await given_up(transaction, [_try(one) for one in tried.values()])
    for version_id, wait in waits.items():
        await _hold(transaction, tried[version_id], wait)
    given = [tried[version_id].intended for version_id in waits]
    await settled(transaction, [(one.flow, one.item) for one in given])
    later = [one for one in later if one.intended.item.version_id not in waits]
    if not later:
        return
    lane = transaction.lane
    await _set_state(transaction, [one.intended.item.version_id for one in later], State.STAGED, "")
    for one in later:
        assert isinstance(one.outcome, Later)
        _event(transaction, one, "not sent", why=one.outcome.why)
    await transaction.run(
        """update work w set not_before = page.at from unnest(%b::bigint[], %b::timestamptz[]) as page (version_id, at)
        where w.tenant_id = %b and w.version_id = page.version_id""",
        [one.intended.item.version_id for one in later],
        [
            lane.clock.now() + timedelta(seconds=one.outcome.seconds)
            for one in later
            if isinstance(one.outcome, Later)
        ],
        lane.tenant_id,
    )  # fmt: skip


def _try(one: Sent) -> Try:
    assert isinstance(one.outcome, Unread)
    item = one.intended.item
    return Try(item.record_id, item.version_id, one.intended.step, one.outcome.said)


async def _uncertain(transaction: LaneTransaction, uncertain: Sequence[Sent]) -> None:
    if not uncertain:
        return
    await _set_state(transaction, [one.intended.item.version_id for one in uncertain], State.UNCERTAIN, "")
    for one in uncertain:
        assert isinstance(one.outcome, Uncertain)
        _event(transaction, one, "uncertain", why=one.outcome.why)


async def _next_step(transaction: LaneTransaction, done: Sequence[Sent]) -> None:
    """One step of several is proved: the version goes on with the next one."""
    for one in done:
        assert isinstance(one.outcome, Done)
        _event(transaction, one, "step done", target=one.outcome.target_id, adopted=one.adopted)
    await _set_state(transaction, [one.intended.item.version_id for one in done], State.STAGED, "")


def _event(transaction: LaneTransaction, one: Sent, kind: str, **details: object) -> None:
    item, told = one.intended.item, rate_told(one.outcome, transaction.lane.organisation.currency)
    transaction.event(
        kind, record_id=item.record_id, version_id=item.version_id, run_id=item.run_id,
        intent=one.intended.intent_id, **details, **told,
    )  # fmt: skip
