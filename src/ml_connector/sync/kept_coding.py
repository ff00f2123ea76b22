"""KEPT CODING: an accountant's own account, tax, tracking or place on a line stays known as that when we change the document.

The base of later merges is what the target answers. Were it so for his coding too, the next change, or a recoding, would
take it for what we had posted. So the base goes on showing what was agreed before he changed it.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.canonical.purchases import Bill, BillLine, PurchaseOrder
from ml_connector.canonical.sales import Invoice, InvoiceLine
from ml_connector.connectors.writing import Action
from ml_connector.sync.directory import entry_name
from ml_connector.sync.intents import Intended
from ml_connector.sync.lane import LaneTransaction

_CODED = (Invoice, PurchaseOrder, Bill)
_CODING = ("account", "tax_code", "dimensions", "location")  # of lines that have one
_BEFORE = """
    select mine.intent_id, l.target_entity, l.target_id, l.base, d.body
    from unnest(%b::bigint[], %b::integer[], %b::text[], %b::text[]) as mine (intent_id, integration_id, entity, source_id)
    cross join lateral (select * from link where tenant_id = %b and integration_id = mine.integration_id
                        and entity = mine.entity and source_id = mine.source_id and base is not null offset 0) l
    cross join lateral (select body from directory where tenant_id = l.tenant_id and connection_id = %b
                        and entity = l.target_entity and object_id = l.target_id offset 0) d"""


async def bases(transaction: LaneTransaction, answers: Sequence[tuple[Intended, Document]]) -> dict[int, Document]:
    """By intent the bases that are not the target's answers. Ask before these are filed: the directory shows what was."""
    changed = {
        one.intent_id: (one, answer)
        for one, answer in answers
        if one.step.action is Action.UPDATE and isinstance(answer, _CODED)
    }
    if not changed:
        return {}
    lane, steps = transaction.lane, [one for one, _ in changed.values()]
    rows = await transaction.all(
        _BEFORE, list(changed), [one.flow.integration_id for one in steps], [one.flow.name for one in steps],
        [one.item.source_id for one in steps], lane.tenant_id, lane.connection_id,
    )  # fmt: skip
    found = {}
    for intent_id, entity, id_, *sealed in rows:
        base, before = (documents.decode(lane.sealer.open(entry_name(entity, id_), body)) for body in sealed)
        after = changed[intent_id][1]
        if after.id == id_ and (kept := agreed(base, before, after)) != after:
            found[intent_id] = kept
    return found


def agreed(base: Document, before: Document, after: Document) -> Document:
    """What both sides are agreed on: what the target shows ``after`` our change, but where people have recoded it."""
    if not (isinstance(base, _CODED) and isinstance(before, _CODED) and isinstance(after, _CODED)):
        return after
    was, then = ({line.id: line for line in one.lines} for one in (base, before))
    lines = tuple(
        _kept(was[line.id], then[line.id], line) if line.id in was and line.id in then else line for line in after.lines
    )
    return msgspec.structs.replace(after, lines=lines)


def _kept(
    base: InvoiceLine | BillLine, before: InvoiceLine | BillLine, after: InvoiceLine | BillLine
) -> InvoiceLine | BillLine:  # fmt: skip
    """The line with what was agreed of it before somebody changed that, where his change still stands."""
    own = {
        name: getattr(base, name)
        for name in _CODING
        if name in after.__struct_fields__
        and not (name == "location" and _location_unread(base))
        and getattr(before, name) != getattr(base, name)
        and getattr(after, name) == getattr(before, name)
    }
    return msgspec.structs.replace(after, **own)


def _location_unread(base: InvoiceLine | BillLine) -> bool:
    """Whether the base may be of before locations were read on what is sold: that it shows none is no agreement on none."""
    return isinstance(base, InvoiceLine) and not base.location.id
