"""What goes back, in a survey: flows whose documents are read at the target, and which of those would go at all."""

from __future__ import annotations

from collections.abc import Iterable

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
_COUNTERPART = """
    select 1 from link where tenant_id = %s and integration_id = %s and entity = %s and target_entity = %s
    and target_id = %s and not mirrored"""
_STANDS_ON = """
    select exists (select 1 from unnest(%s::text[], %s::text[], %s::text[]) as wanted (flow, entity, id)
                   join link l on l.tenant_id = %s and l.integration_id = %s and l.entity = wanted.flow
                   and l.target_entity = wanted.entity and l.target_id = wanted.id)
        or not exists (select 1 from flow where tenant_id = %s and integration_id = %s and name = any(%s::text[])
                       and mode <> 'off')"""


async def goes(transaction: LaneTransaction, flow: Flow, document: Document, source_id: str) -> bool:
    """Whether it may go back at all: it did not come from there, and stands on a counterpart if it has to."""
    type_, here = flow.type, (transaction.lane.tenant_id, flow.integration_id)
    if type_.never_goes(document):
        return False
    if type_.mirrors:
        came = await transaction.one(_COUNTERPART, *here, type_.mirrors, type_.mirrored, source_id)
        if came is not None:
            return False
    wanted = type_.looks_back(document, flow.settings)
    if not wanted:
        return True
    flows, entities, ids = map(list, zip(*wanted, strict=True))
    row = await transaction.one(_STANDS_ON, flows, entities, ids, *here, *here, flows)
    return bool(row and row[0])
