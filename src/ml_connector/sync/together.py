"""What records hang together with at the target: what their steps have done so far, and the documents they meet there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document, Payment
from ml_connector.connectors.base import Action
from ml_connector.integrations.base import Made, StepKey
from ml_connector.sync.directory import entry_name
from ml_connector.sync.flows import Flow
from ml_connector.sync.items import Item
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.states import IntentState

# Rows of the directory for records, as (record, entity, id, body); `offset 0` as in prepare._Batch.
_NAMED = """
    select mine.record_id, e.entity, e.object_id, e.body
    from unnest(%b::bigint[], %b::text[], %b::text[]) as mine (record_id, entity, object_id)
    cross join lateral (select * from directory where tenant_id = %b and connection_id = %b and entity = mine.entity
                        and object_id = mine.object_id and state <> 'gone' offset 0) e"""
_COUNTERPARTS = """
    select mine.record_id, e.entity, e.object_id, e.body
    from unnest(%b::bigint[], %b::text[], %b::text[]) as mine (record_id, flow, source_id)
    cross join (values (%b::integer, %b::integer, %b::integer)) as here (tenant_id, connection_id, integration_id)
    cross join lateral (select * from link where tenant_id = here.tenant_id and integration_id = here.integration_id
                        and entity = mine.flow and source_id = mine.source_id offset 0) l
    cross join lateral (select * from directory where tenant_id = here.tenant_id and connection_id = here.connection_id
                        and entity = l.target_entity and object_id = l.target_id and state <> 'gone' offset 0) e"""
_SOURCES = """
    select mine.record_id, mine.flow, mine.source_id, d.content_hash, d.canonical
    from unnest(%b::bigint[], %b::text[], %b::text[]) as mine (record_id, flow, source_id)
    join flow f on f.tenant_id = %b and f.integration_id = %b and f.name = mine.flow
    cross join lateral (select * from record where tenant_id = f.tenant_id and flow_id = f.flow_id
                        and source_id = mine.source_id offset 0) r
    cross join lateral (select * from document where tenant_id = r.tenant_id and version_id = r.version_id offset 0) d"""
_ADVANCES = """
    select mine.record_id, e.entity, e.object_id, e.body
    from unnest(%b::bigint[], %b::text[]) as mine (record_id, party)
    cross join lateral (select * from directory where tenant_id = %b and connection_id = %b
                        and entity in ('overpayments', 'prepayments') and party_id = mine.party
                        and state <> 'gone' offset 0) e"""
_NEAR = """
    select mine.record_id, e.entity, e.object_id, e.body
    from unnest(%b::bigint[], %b::numeric[], %b::date[]) as mine (record_id, amount, day)
    cross join lateral (select * from directory d where tenant_id = %b and connection_id = %b and entity = 'payments'
                        and total = mine.amount and document_date between mine.day - %b::interval and mine.day + %b::interval
                        and state <> 'gone' and not exists (
                            select 1 from link l where l.tenant_id = d.tenant_id and l.target_entity = 'payments'
                            and l.target_id = d.object_id)
                        offset 0) e"""
_REFERENCED = """
    select mine.record_id, e.entity, e.object_id, e.body
    from unnest(%b::bigint[], %b::text[], %b::text[]) as mine (record_id, entity, reference)
    cross join lateral (select * from directory where tenant_id = %b and connection_id = %b and entity = mine.entity
                        and reference = mine.reference and reference <> '' and state <> 'gone' offset 0) e"""


Links = Mapping[tuple[str, str], str]
_Key = tuple[Any, ...]


@dataclass(slots=True)
class Steps:
    """The steps of one record, see View. ``references`` are all, by entity, whatever became of them."""

    made: dict[str, Made] = field(default_factory=dict)
    proven: dict[str, str] = field(default_factory=dict)
    done: set[StepKey] = field(default_factory=set)
    references: set[tuple[str, str]] = field(default_factory=set)

    def add(self, entity: str, action: str, reference: str, target_id: str | None, *, own: bool) -> None:
        """One more, in the order of their intents; without an id it is not proven. ``own``: of the version planned now."""
        self.references.add((entity, reference))
        if target_id is None:
            return
        if own:
            self.done.add((entity, Action(action), reference))
            if action == Action.CREATE:
                self.proven[reference] = target_id
        elif action == Action.CREATE:
            self.made[reference] = Made(entity, target_id)
        elif action == Action.VOID:
            self.made.pop(reference, None)


@dataclass(slots=True)
class Together:
    """By record: its proven steps, and what the target, by (entity, id), and the source, by (flow, id), show of the documents

    it hangs together with.
    """

    steps: dict[int, Steps] = field(default_factory=lambda: defaultdict(Steps))
    at_target: dict[int, dict[tuple[str, str], Document]] = field(default_factory=lambda: defaultdict(dict))
    sources: dict[int, dict[tuple[str, str], Document]] = field(default_factory=lambda: defaultdict(dict))


async def together(transaction: LaneTransaction, flow: Flow, items: Sequence[Item], links: Links) -> Together:
    """For a batch of one flow, in a few queries. ``links`` are those that its documents need."""
    found = Together()
    if flow.type.several_steps:
        await _steps(transaction, items, found)
    await _sources(transaction, flow, _counterparts(flow, items), found)
    for query, keys, more in _queries(flow, items, links, found):
        if keys:
            await _show(transaction, flow, query, keys, more, found)
    return found


async def _steps(transaction: LaneTransaction, items: Sequence[Item], found: Together) -> None:
    version_of = {item.record_id: item.version_id for item in items}
    rows = await transaction.all(
        """select record_id, version_id, entity, action, reference, case when state = %b then target_id end from intent
        where tenant_id = %b and record_id = any(%b::bigint[]) order by intent_id""",
        IntentState.DONE.value, transaction.lane.tenant_id, list(version_of),
    )  # fmt: skip
    for record_id, version_id, *step in rows:
        found.steps[record_id].add(*step, own=version_id == version_of[record_id])


def _queries(
    flow: Flow, items: Sequence[Item], links: Links, found: Together
) -> list[tuple[str, list[_Key], tuple[Any, ...]]]:
    made = [
        (record_id, one.entity, one.target_id)
        for record_id, steps in found.steps.items()
        for one in steps.made.values()
    ]
    counterparts = _counterparts(flow, items)
    sent = [(record_id, *one) for record_id, steps in found.steps.items() for one in sorted(steps.references)]
    queries = [
        (_NAMED, list[_Key](made), ()),
        (_REFERENCED, list[_Key](sent), ()),
        (_COUNTERPARTS, counterparts, (flow.integration_id,)),
    ]
    if not flow.type.near:
        return queries
    needs = [(item, flow.type.needs_links(item.document)) for item in items]
    parties: list[_Key] = [(item.record_id, links[pairs[0]]) for item, pairs in needs if pairs and pairs[0] in links]
    return [*queries, (_ADVANCES, parties, ()), (_NEAR, _amounts(items), (flow.type.near, flow.type.near))]


def _counterparts(flow: Flow, items: Sequence[Item]) -> list[_Key]:
    """(record, flow, source id) of what documents need besides their party."""
    return [(item.record_id, *pair) for item in items for pair in flow.type.needs_links(item.document)[1:]]


async def _sources(transaction: LaneTransaction, flow: Flow, wanted: Sequence[_Key], found: Together) -> None:
    if not wanted:
        return
    lane = transaction.lane
    rows = await transaction.all(_SOURCES, *map(list, zip(*wanted, strict=True)), lane.tenant_id, flow.integration_id)
    for record_id, name, source_id, content_hash, canonical in rows:
        document = documents.decode(lane.sealer.open(b"canonical " + content_hash, canonical))
        found.sources[record_id][name, source_id] = document


def _amounts(items: Sequence[Item]) -> list[_Key]:
    """(record, amount, date) of payments and of each of their parts."""
    payments = [(item.record_id, item.document) for item in items if isinstance(item.document, Payment)]
    return sorted(
        {
            (record_id, amount, payment.date)
            for record_id, payment in payments
            if payment.date is not None
            for amount in (payment.amount, *(split.amount for split in payment.splits))
        }
    )


async def _show(
    transaction: LaneTransaction, flow: Flow, query: str, keys: Sequence[_Key], more: Sequence[Any], found: Together
) -> None:
    lane = transaction.lane
    columns = [list(column) for column in zip(*keys, strict=True)]
    for record_id, entity, object_id, body in await transaction.all(
        query, *columns, lane.tenant_id, flow.target_id, *more
    ):
        text = lane.sealer.open(entry_name(entity, object_id), body)
        found.at_target[record_id][entity, object_id] = documents.decode(text)
