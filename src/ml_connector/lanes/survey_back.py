"""What goes back, in a survey: flows whose documents are read at the target, and which of those would go at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ml_connector.canonical.documents import Document
from ml_connector.integrations.base import FlowType, IntegrationType
from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import LaneTransaction


def back_flows(kind: IntegrationType, on: Iterable[str], *, asked: bool) -> list[FlowType]:
    """The flows of documents that go back and are surveyed: those that are on; all that there are where it is ``asked``."""
    tables, wanted = {table.name for table in kind.tables if table.back}, set(on)
    going = [one for one in kind.flows if one.source_vendor == kind.target_vendor and tables & {*one.tables}]
    return [one for one in going if asked or one.name in wanted]


def back_tables(kind: IntegrationType, flows: Iterable[FlowType]) -> tuple[str, ...]:
    """The tables of what goes back by which these flows go."""
    named = {name for one in flows for name in one.tables}
    return tuple(table.name for table in kind.tables if table.back and table.name in named)


# A link of the other way says that the document is the counterpart of one that came. One that is off links nothing, so that
# nobody can tell what stands on its counterparts.
_COUNTERPARTS = """
    select target_id from link where tenant_id = %s and integration_id = %s and entity = %s and target_entity = %s
    and target_id = any(%s::text[]) and not mirrored"""
_STAND_ON = """
    select wanted.document from unnest(%s::text[], %s::text[], %s::text[], %s::text[]) as wanted (document, flow, entity, id)
    left join link l on l.tenant_id = %s and l.integration_id = %s and l.entity = wanted.flow
         and l.target_entity = wanted.entity and l.target_id = wanted.id
    left join flow f on f.tenant_id = %s and f.integration_id = %s and f.name = wanted.flow and f.mode <> 'off'
    group by 1 having count(l.target_id) > 0 or count(f.flow_id) = 0"""


async def going(transaction: LaneTransaction, flow: Flow, documents: Mapping[str, Document]) -> set[str]:
    """Which of a page's documents may go back at all, by their ids: those that did not come from there, and that stand on a

    counterpart if they have to.
    """
    type_, here = flow.type, (transaction.lane.tenant_id, flow.integration_id)
    found = {id_ for id_, one in documents.items() if not type_.never_goes(one)}
    if type_.mirrors and found:
        came = await transaction.all(_COUNTERPARTS, *here, type_.mirrors, type_.mirrored, sorted(found))
        found -= {row[0] for row in came}
    wanted = [(id_, *one) for id_ in sorted(found) for one in type_.looks_back(documents[id_], flow.settings)]
    if not wanted:
        return found
    rows = await transaction.all(_STAND_ON, *map(list, zip(*wanted, strict=True)), *here, *here)
    return found - {one[0] for one in wanted} | {row[0] for row in rows}
