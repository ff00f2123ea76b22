"""By which evidence the parties of a flow were linked, as the audit trail has it."""

from __future__ import annotations

from collections import Counter

from psycopg.rows import args_row

from ml_connector.audit.chain import EVENT_COLUMNS, StoredEvent
from ml_connector.audit.trail import opened
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Reading

BY_HAND = "a person"
# Of the flow, and of the one that goes the other way: either may have made the link, and the other then only says so.
_LINKED = f"""
    select {EVENT_COLUMNS} from audit_event
    where tenant_id = %s and kind = 'linked' and record_id in (
        select r.record_id from record r join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
        where r.tenant_id = %s and f.integration_id = %s and f.name = any(%s::text[]))
    order by chain_no, position"""


async def linked_by(reading: Reading, sealer: Sealer, integration_id: int, flows: list[str]) -> dict[str, int]:
    """By kind of evidence how many were linked with what was there, the most first; each by its last link."""
    tenant = reading.tenant_id
    async with reading.connection.cursor(row_factory=args_row(StoredEvent)) as cursor:
        await cursor.execute(_LINKED.encode(), [tenant, tenant, integration_id, flows])
        events = [(one.record_id, opened(sealer, one.identity(tenant), one.body)[0]) async for one in cursor]
    found: dict[int | None, str] = {}
    for record_id, details in events:
        evidence = BY_HAND if details.get("origin") == "person" else str(details.get("evidence", ""))
        if evidence != "linked from the other side":
            found[record_id] = _kind(evidence)
    return dict(Counter(found.values()).most_common())


def _kind(evidence: str) -> str:
    """The evidence without what it says of the one pair alone."""
    return evidence.split("; ", maxsplit=1)[0].split(", name ", maxsplit=1)[0] or BY_HAND
