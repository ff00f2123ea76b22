"""GONE: what the target has not any more by its own word, asked for by its id, is filed so: whoever plans next knows it.

A list that is read to its end tells the same, once a day. Whichever tells it first, and be it the refusal of what was sent,
the version is planned again, so what becomes of it is decided in one place and told in one sentence.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import structlog

from ml_connector.canonical.documents import Document
from ml_connector.sync.directory import file_documents, note_seen
from ml_connector.sync.flows import facts_changed, lock_integrations
from ml_connector.sync.lane import Lane

log = structlog.get_logger()


async def file_gone(lane: Lane, entity: str, ids: Collection[str]) -> None:
    """File documents of a list of the lane's target as gone; one that a list shows again is there again."""
    if not ids:
        return
    async with lane.transaction() as transaction:
        await lock_integrations(transaction.connection, lane.tenant_id, lane.connection_id)
        rows = await transaction.all(
            """update directory set active = false, state = 'gone' where tenant_id = %b and connection_id = %b
               and entity = %b and object_id = any(%b::text[]) and state <> 'gone' returning object_id""",
            lane.tenant_id, lane.connection_id, entity, sorted(ids),
        )  # fmt: skip
        if rows:
            log.info("gone there", lane=lane.connection_id, entity=entity, documents=len(rows))
            keys = [f"{entity}:{row[0]}" for row in rows]
            await facts_changed(transaction.connection, lane.tenant_id, lane.connection_id, keys)


async def file_shown(lane: Lane, entity: str, shown: Sequence[Document]) -> None:
    """File documents of a list of the lane's target as they are shown by their ids; what was gone is there again."""
    if not shown:
        return
    async with lane.transaction() as transaction:
        await lock_integrations(transaction.connection, lane.tenant_id, lane.connection_id)
        changed = await file_documents(transaction, entity, shown)
        await note_seen(transaction, entity, [one.id for one in shown])
        keys = [f"{entity}:{one}" for one in changed]
        await facts_changed(transaction.connection, lane.tenant_id, lane.connection_id, keys)
