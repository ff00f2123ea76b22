"""BEGUN: what a creation has left at the target whose answer was lost, or that was refused in a part of it.

A list may show no reference of ours; then such a document would be taken for somebody else's: linked without the parts
that are missing, or held as a double of itself. Where it bears the id that its record has at the source, it is filed under
the record's own reference. So it is nobody else's, and the creation goes again and sends what is missing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.integrations.base import FlowType
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.states import IntentState

_BEGUN = """
    select wanted.flow, wanted.source_id, r.reference
    from unnest(%b::text[], %b::text[]) as wanted (flow, source_id)
    join flow f on f.tenant_id = %b and f.target_id = %b and f.name = wanted.flow
    cross join lateral (select * from record where tenant_id = f.tenant_id and flow_id = f.flow_id
                        and source_id = wanted.source_id offset 0) r
    where exists (select 1 from intent i where i.tenant_id = r.tenant_id and i.record_id = r.record_id
                  and i.entity = %b and i.action = 'create' and i.state <> %b offset 0)
      and not exists (select 1 from link l where l.tenant_id = r.tenant_id and l.integration_id = f.integration_id
                      and l.entity = f.name and l.source_id = r.source_id offset 0)"""


async def under_our_references(
    transaction: LaneTransaction, entity: str, found: Sequence[Document]
) -> list[Document]:  # fmt: skip
    """Documents of the target, those of unlinked records whose creation is not proved under the references of these."""
    lane = transaction.lane
    wanted = _wanted(_types(transaction, entity), found)
    if not wanted:
        return [*found]
    pairs = sorted(wanted)
    rows = await transaction.all(
        _BEGUN, [one[0] for one in pairs], [one[1] for one in pairs], lane.tenant_id, lane.connection_id, entity,
        IntentState.DONE.value,
    )  # fmt: skip
    references: dict[str, set[str]] = defaultdict(set)
    for flow, source_id, reference in rows:
        for id_ in wanted[flow, source_id]:
            references[id_].add(reference)
    return [_named(one, references.get(_text(one, "id"), set())) for one in found]


def _types(transaction: LaneTransaction, entity: str) -> dict[str, FlowType]:
    """By name the flows that stage documents of this vendor's list."""
    lane = transaction.lane
    types = (one for integration in lane.integrations.values() for one in integration.flows)
    return {one.name: one for one in types if one.target_vendor == lane.connector.vendor and entity in one.writes}


def _wanted(types: Mapping[str, FlowType], found: Sequence[Document]) -> dict[tuple[str, str], list[str]]:
    """By flow and source id that they bear: the ids of documents that show no reference."""
    wanted: dict[tuple[str, str], list[str]] = defaultdict(list)
    bare = [one for one in found if _text(one, "id") and not _text(one, "reference")]
    for name, type_ in types.items():
        for one in bare:
            if source_id := type_.made_from(one):
                wanted[name, source_id].append(_text(one, "id"))
    return wanted


def _text(document: Document, name: str) -> str:
    return str(getattr(document, name, ""))


def _named(document: Document, references: set[str]) -> Document:
    """The document under the one reference that it can have."""
    if len(references) != 1:
        return document
    named: Document = msgspec.structs.replace(document, reference=next(iter(references)))
    return named
