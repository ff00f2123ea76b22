"""In which currencies documents of a party are: a new contact may be made in theirs, and one may be chosen for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.canonical.parts import Ref
from ml_connector.integrations.checks import in_its_currency, stated_currency
from ml_connector.sync.flows import Flow
from ml_connector.sync.items import Item
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.lists import Lists

# The newest versions that wait for a record's link.
_WAITING = """
    select w.key, d.content_hash, d.canonical
    from wait w
    join flow f on f.tenant_id = w.tenant_id and f.flow_id = w.flow_id and f.integration_id = %b
    join document d on d.tenant_id = w.tenant_id and d.version_id = w.version_id
    join record r on r.tenant_id = d.tenant_id and r.record_id = d.record_id and r.version_id = d.version_id
    where w.tenant_id = %b and w.kind = 'link' and w.key = any(%b::text[])"""


async def currencies(
    transaction: LaneTransaction, flow: Flow, items: Sequence[Item], lists: Lists
) -> dict[str, tuple[str, ...]]:  # fmt: skip
    """By source id the currencies of what waits for each, in their order; empty for flows that do not ask."""
    if not flow.type.in_currencies(flow.settings):
        return {}
    keys = {f"{flow.name}:{item.source_id}": item.source_id for item in items}
    rows = await transaction.all(_WAITING, flow.integration_id, transaction.lane.tenant_id, list(keys))
    found: dict[str, set[str]] = defaultdict(set)
    for key, content_hash, canonical in rows:
        document = documents.decode(transaction.lane.sealer.open(b"canonical " + content_hash, canonical))
        stated, unit = str(getattr(document, "currency", "")), getattr(document, "business_unit", Ref())
        found[keys[key]].add(stated_currency(stated, unit, lists.source_lists, flow.settings, lists.source))
    return {source_id: tuple(sorted(one - {""})) for source_id, one in found.items()}


def contact_chosen(flow: Flow, document: Document, lists: Lists) -> str:
    """The contact that a row of the mapping table chooses for a party's documents in this one's currency; empty for none."""
    needs = flow.type.needs_links(document, flow.settings)[:1]
    for table in (one for one in flow.integration.tables for name, _ in needs if one.name == name):
        [(name, id_)] = needs
        stated = in_its_currency(document, lists.source_lists, flow.settings, lists.source)
        keys = (key for key in table.tried(id_, stated) if key != id_)
        return next((value for key in keys if (value := lists.tables[name].get(key))), "")
    return ""
