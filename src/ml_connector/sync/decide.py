"""DECIDE: the rules' decision on each document of a batch, laid against what the target has and what was approved."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg
import structlog

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.connectors.writing import Action
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Skip, Write, waiting
from ml_connector.integrations.left import left_or_last
from ml_connector.integrations.recoding import Recode
from ml_connector.integrations.views import StepKey, View, step_key
from ml_connector.store.errors import DatabaseUnavailable
from ml_connector.sync import plan
from ml_connector.sync.approvals import first_approved, unconfirmed
from ml_connector.sync.changes import changes
from ml_connector.sync.coming import makes_parties, note, rank
from ml_connector.sync.content import NOTHING, Content, as_listed, differences, meant, shown
from ml_connector.sync.directory import entry_name
from ml_connector.sync.flows import Flow
from ml_connector.sync.gone_parties import held_on_gone
from ml_connector.sync.items import Item
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.party_status import status_only_shown
from ml_connector.sync.planned import Kept, Turn
from ml_connector.sync.prepare import Preparer
from ml_connector.sync.reads import NotedTables, Read, moved, opened, told
from ml_connector.sync.scopes import elsewhere, in_one_scope, rivals
from ml_connector.sync.settle import Settled
from ml_connector.sync.shared import as_shared, once_made
from ml_connector.sync.taken_up import only_shown
from ml_connector.sync.uses import let_in, note_uses

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Decided:
    """A decision with the target's documents that it would change, see plan.digest, and which step's turn it is.

    ``reads`` is what it was made from of the mapping tables. ``renewed``: what would be done where that is held since it is
    not what was approved, or has to be approved first.
    """

    decision: Decision
    against: bytes = b""
    turn: Turn = field(default_factory=Turn)
    reads: tuple[Read, ...] = ()
    renewed: Write | Adopt | None = None


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A plan that a person has approved, as it is stored: opened with its record, so that a broken one holds that alone."""

    digest: bytes
    body: bytes
    reads: bytes | None

    def opened(self, unseal: Callable[[bytes, bytes], bytes]) -> _Approved:
        """What it says. Raises what unsealing and decoding raise."""
        return _Approved(self.digest, plan.decode(unseal(b"plan", self.body)), opened(unseal, self.reads))


@dataclass(frozen=True, slots=True)
class _Approved:
    """A plan that a person has approved: the digest of what was shown, that itself, and what it was made from."""

    digest: bytes
    decision: Write | Adopt
    reads: tuple[Read, ...]


async def decide(settled: Settled, preparer: Preparer, flow: Flow, items: Sequence[Item]) -> None:
    """Plan a batch of one flow. What a person has approved is carried out as live, whatever the mode of its flow; what an

    earlier start has taken up of a live one is only shown until then.
    """
    approved = await _approved(settled.transaction, items)
    going, shown = dataclasses.replace(flow, mode="live"), dataclasses.replace(flow, mode="preview")
    early = await only_shown(settled.transaction, flow, [item for item in items if item.version_id not in approved])
    ordered = sorted(items, key=lambda one: rank(flow.name, one.source_id, True)) if makes_parties(flow.type) else items
    for as_, part in (
        (flow, [item for item in ordered if item.version_id not in approved and item.version_id not in early]),
        (going, [item for item in ordered if item.version_id in approved]),
        (shown, [item for item in ordered if item.version_id in early]),
    ):
        if part:
            found = await _decisions(settled.transaction, preparer, as_, part, approved)
            using = [item for item, one in zip(part, found, strict=True) if _uses(as_, item, one.decision)]
            await note_uses(settled.transaction, as_, using)
            status = await status_only_shown(
                settled.transaction, as_, [(item, one.decision) for item, one in zip(part, found, strict=True)]
            )
            asked = [
                _only_asked(item, one.decision, approved)
                or (item.version_id in status and item.version_id not in approved)
                for item, one in zip(part, found, strict=True)
            ]
            for item, one, shown_only in zip(part, found, asked, strict=True):
                coming = preparer.coming(flow)
                if coming is None or await note(settled.transaction, coming, as_, item, one.decision):
                    kept = Kept(one.against, one.turn, one.reads, one.renewed)
                    settled.add(item, as_, one.decision, as_.is_live(item.needed) and not shown_only, kept)
    await let_in(settled.transaction, flow, items)


async def looked_at(
    transaction: LaneTransaction, preparer: Preparer, flow: Flow, items: Sequence[Item]
) -> list[tuple[Decision, bytes]]:
    """The decision on each as it would be shown now, with the digest it would be approved by; empty where it waits.

    Nothing of it is kept.
    """
    found = await _decisions(transaction, preparer, flow, items, {})
    return [
        (one.decision, plan.digest(one.decision, one.against) if isinstance(one.decision, Write | Adopt) else b"")
        for one in found
    ]


def _uses(flow: Flow, item: Item, decision: Decision) -> bool:
    """Whether it is kept what the document stands on: what moves under it concerns it."""
    if isinstance(decision, Skip):
        return decision.code in flow.type.passed_over_with
    return isinstance(decision, Write | Adopt) and flow.is_live(item.needed)


def _only_asked(item: Item, decision: Decision, approved: Mapping[int, _Sealed]) -> bool:
    """Whether it is the recoding of what is posted, which is shown until a person has approved it."""
    return isinstance(decision, Recode) and item.version_id not in approved


async def _decisions(
    transaction: LaneTransaction, preparer: Preparer, flow: Flow, items: Sequence[Item],
    approved: Mapping[int, _Sealed],
) -> list[_Decided]:  # fmt: skip
    """The decision on each. Something kept about one that cannot be read holds that one, and nobody else."""
    try:
        return await _decided(transaction, preparer, flow, items, approved)
    except (psycopg.Error, DatabaseUnavailable):
        raise
    except Exception as error:
        await preparer.lists(transaction, flow)  # what fails for everybody is nobody's own
        if len(items) == 1:
            log.exception("preparing failed", flow=flow.name, version=items[0].version_id)
            return [_Decided(defect(error))]
    return [decision for item in items for decision in await _decisions(transaction, preparer, flow, [item], approved)]


async def _decided(
    transaction: LaneTransaction, preparer: Preparer, flow: Flow, items: Sequence[Item],
    approved: Mapping[int, _Sealed],
) -> list[_Decided]:  # fmt: skip
    views = await preparer.views(transaction, flow, items)
    others = await rivals(transaction, flow)
    stands = await elsewhere(transaction, flow, items, others)
    planned = [
        in_one_scope(_planned(flow, item, view), view, others, stands) for item, view in zip(items, views, strict=True)
    ]
    planned = await held_on_gone(transaction, flow, items, views, planned)
    reads = [view.mappings.reads if isinstance(view.mappings, NotedTables) else () for view in views]
    ours = await _ours(transaction, flow, planned)
    completes = transaction.lane.connector.completes
    decisions = [_knowing(plain, ours, view.done, completes) for plain, view in zip(planned, views, strict=True)]
    contents = await _target_contents(transaction, flow.target_id, decisions)
    rows, unseal = await unconfirmed(transaction, flow), transaction.lane.sealer.open
    found = []
    for item, view, decision, read in zip(items, views, decisions, reads, strict=True):
        now = once_made(decision, view) if flow.is_live(item.needed) else decision
        against = _against(now, contents)
        turned = _turned(now, view, against, contents)
        seen = approved[item.version_id].opened(unseal) if item.version_id in approved else None
        other = _otherwise(flow, view, now, against, seen) if seen else None
        if seen and other:
            changed = await told(transaction, flow, view, moved(seen.reads, view.mappings))
            turned = _Decided(_changed(seen.decision, other, view, changed), against, renewed=other)
        elif seen is None and flow.is_live(item.needed) and (hold := first_approved(flow, now, view, read, rows)):
            turned = _Decided(hold, against, renewed=plan.shown(now) if isinstance(now, Write) else None)
        found.append(dataclasses.replace(turned, reads=read))
    return found


def _turned(decision: Decision, view: View, against: bytes, contents: Mapping[tuple[str, str], Content]) -> _Decided:
    """Of several steps the first unproven one goes; where each is proved, the record is posted."""
    if not isinstance(decision, Write):
        return _Decided(decision, against)
    left = [place for place, step in enumerate(decision.steps) if step_key(step) not in view.done]
    counterpart = _counterpart(decision, view)
    if not left:
        proved = Adopt(decision.target_entity, counterpart, "created", "each of its steps is proved", decision.replaces)
        return _Decided(proved, against)
    step = decision.steps[left[0]]
    base = contents.get((step.entity, step.target_id), NOTHING).whole if step.target_id else b""
    made = counterpart if decision.main not in left else ""
    return _Decided(decision, against, Turn(left[0], len(left) == 1, made, base))


def _counterpart(decision: Write, view: View) -> str:
    """The id of the main step's document, empty while that has none; without a main step, of the one there is."""
    if decision.main < 0:
        if view.link is not None and view.link.target_id != decision.replaces:
            return view.link.target_id
        standing = left_or_last(view, decision.steps, decision.replaces)
        return standing.target_id if standing is not None else ""
    main = decision.steps[decision.main]
    return main.target_id or view.proven.get(main.reference, "")


def defect(error: Exception) -> Hold:
    """The hold of a document that this product fails on."""
    return Hold((waiting("defect", "person", "defect", problem=f"{type(error).__name__}: {error}"),))


def _planned(flow: Flow, item: Item, view: View) -> Decision:
    """The rules' decision. Rules that fail on one document hold that one, and nobody else."""
    try:
        return plan.plan(flow.type, view)
    except Exception as error:
        log.exception("planning failed", flow=flow.name, version=item.version_id)
        return defect(error)


async def _ours(
    transaction: LaneTransaction, flow: Flow, decisions: Sequence[Decision]
) -> dict[tuple[str, str], Document]:
    """Live documents of the target under our own references that no link names: made by us and not known to be."""
    creates = {
        (step.entity, step.reference)
        for one in decisions
        if isinstance(one, Write)
        for step in one.steps
        if step.action is Action.CREATE
    }
    if not creates:
        return {}
    wanted = sorted(creates)
    rows = await transaction.all(
        """select e.entity, e.reference, e.object_id, e.body
        from unnest(%b::text[], %b::text[]) as wanted (entity, reference)
        cross join lateral (select * from directory where tenant_id = %b and connection_id = %b
                            and entity = wanted.entity and reference = wanted.reference and reference <> ''
                            offset 0) e  -- see prepare._Batch
        where e.active and e.state <> 'gone'
          and not exists (select 1 from link l where l.tenant_id = e.tenant_id and l.integration_id = %b
                          and l.target_entity = e.entity and l.target_id = e.object_id offset 0)
          and not exists (select 1 from link l where l.tenant_id = e.tenant_id and l.integration_id = %b
                          and l.entity = %b and l.source_id = e.object_id offset 0)""",
        [one[0] for one in wanted], [one[1] for one in wanted], transaction.lane.tenant_id, flow.target_id,
        flow.integration_id, flow.integration_id, flow.type.mirrors,
    )  # fmt: skip
    unseal = transaction.lane.sealer.open
    return {
        (entity, reference): documents.decode(unseal(entry_name(entity, object_id), body))
        for entity, reference, object_id, body in rows
    }


def _knowing(
    decision: Decision,
    ours: Mapping[tuple[str, str], Document],
    done: Collection[StepKey],
    completes: Mapping[str, bool],
) -> Decision:
    """A create whose reference the target already shows is never sent: equal content is ours and linked as created,

    other is a conflict. What may stand there in part goes on: its connector sends what is missing, if anything is. One of
    several steps is what its planner has to know of, see View.made; until it does, it waits. Some targets take a create
    under a known reference as an update, and would lose what was changed there.
    """
    if not isinstance(decision, Write):
        return decision
    removed = {step.target_id for step in decision.steps if step.action is Action.VOID}
    for step in decision.steps:
        there = ours.get((step.entity, step.reference)) if step.action is Action.CREATE else None
        if there is None or there.id in removed:
            continue
        shows_whole = completes.get(step.entity, True)
        if shows_whole and (other := differences(step, there)):
            told = {"other": f"{shown(there)} ({', '.join(other)})", "ours": meant(step)}
            return Hold((waiting("conflict", "person", "conflict", reference=step.reference, **told),))
        if step.entity in completes:
            continue
        if len(decision.steps) == 1:
            evidence = "our reference and the same content"
            return Adopt(decision.target_entity, there.id, "created", evidence, decision.replaces)
        if step_key(step) not in done:
            told = {"reference": step.reference, "other": shown(there)}
            return Hold((waiting("made_in_part", "fact", f"{step.entity}:{there.id}", **told),))
    return decision


def _goes_on(shown: Write | Adopt, approved: Write | Adopt, view: View) -> bool:
    """Whether what is left of several steps is what was approved. Those done have changed what others change too."""
    if not (isinstance(shown, Write) and isinstance(approved, Write)):
        return False
    if shown.agreed is not None and approved.steps:  # a party's: what is done is agreed, and so not planned again
        return len(shown.steps) < len(approved.steps) and shown.steps == approved.steps[-len(shown.steps) :]
    if not view.done:
        return False
    left = [step for step in approved.steps if step_key(step) not in view.done]
    return [step for step in shown.steps if step_key(step) not in view.done] == left


async def _approved(transaction: LaneTransaction, items: Sequence[Item]) -> dict[int, _Sealed]:
    """By version what a person has approved."""
    rows = await transaction.all(
        """select version_id, digest, body, reads from plan
        where tenant_id = %b and version_id = any(%b::bigint[]) and approved_at is not null""",
        transaction.lane.tenant_id, [item.version_id for item in items],
    )  # fmt: skip
    return {version_id: _Sealed(*sealed) for version_id, *sealed in rows}


async def _target_contents(
    transaction: LaneTransaction, target_id: int, decisions: Sequence[Decision]
) -> dict[tuple[str, str], Content]:
    """What is kept of the target's documents that steps would change, by entity and id; nothing of what cannot be read."""
    readable = transaction.lane.connector.readable
    wanted = sorted({pair for one in decisions for pair in _targets(one) if pair[0] in readable})
    if not wanted:
        return {}
    rows = await transaction.all(
        """select entity, object_id, content_hash, case when entity = 'parties' then body end from directory
        where tenant_id = %b and connection_id = %b
          and (entity, object_id) in (select * from unnest(%b::text[], %b::text[]))""",
        transaction.lane.tenant_id, target_id, [one[0] for one in wanted], [one[1] for one in wanted],
    )  # fmt: skip
    unseal = transaction.lane.sealer.open
    return {
        (entity, id_): Content(
            hash_, as_listed(documents.decode(unseal(entry_name(entity, id_), body))) if body else hash_
        )
        for entity, id_, hash_, body in rows
    }


def _targets(decision: Decision) -> list[tuple[str, str]]:
    """(entity, id) of everything of the target that a decision would change."""
    steps = decision.steps if isinstance(decision, Write) else ()
    return [(step.entity, step.target_id) for step in steps if step.target_id]


def _against(decision: Decision, contents: Mapping[tuple[str, str], Content]) -> bytes:
    return b"".join(contents.get(pair, NOTHING).shown for pair in _targets(decision))


def _otherwise(
    flow: Flow, view: View, decision: Decision, against: bytes, approved: _Approved
) -> Write | Adopt | None:  # fmt: skip
    """What would be done where that is not what the approved preview showed; None where it is, or for a hold or skip."""
    if not isinstance(decision, Write | Adopt) or plan.digest(decision, against) == approved.digest:
        return None
    seen = approved.decision
    shown = plan.as_previewed(flow.type, view, seen.placeholders if isinstance(seen, Write) else ())
    if not isinstance(shown, Write | Adopt):
        return decision
    alike = plan.alike(shown, seen) or as_shared(shown, seen, view)
    if plan.digest(seen, against) == approved.digest and alike:
        return None
    return None if _goes_on(shown, seen, view) else shown


def _changed(seen: Write | Adopt, now: Write | Adopt, view: View, rows: Sequence[str]) -> Hold:
    """The hold of what is not as it was approved: what differs, and the rows of mapping tables that have changed since."""
    differ = "; ".join(changes(seen, now, view.ledger)) or "the document that it would change is another there now"
    told = ". It is so since ".join((differ, "; ".join(rows))) if rows else differ
    return Hold((waiting("preview_changed", "person", "preview_changed", changes=told),))
