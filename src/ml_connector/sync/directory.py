"""The directory: what is known of a connection's lists (accounts, taxes, dimensions, parties, open documents).

It is a copy for planning and matching, never a source of documents. A change in it is a change of facts: plans made
from older facts are made again, and what waited for the changed entry is released.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.canonical.numbers import name_key, number_key
from ml_connector.connectors.base import Reading, Row
from ml_connector.sync.lane import Lane, LaneTransaction
from ml_connector.sync.pull import move_cursor
from ml_connector.sync.release import release


async def refresh(lane: Lane, entity: str, older_than: float) -> None:
    """Read an entity's changes when its last reading is older than ``older_than`` clock seconds.

    Raises transport.errors; what was read before stays.
    """
    name = f"directory {entity}"
    cursor, due = await _due(lane, name, older_than)
    if not due:
        return
    walk = await _new_walk(lane)
    async for page in lane.connector.read(lane.session, Reading(entity, cursor=cursor)):
        async with lane.transaction() as transaction:
            changed = await file_rows(transaction, entity, page.rows, walk)
            if page.last and page.complete and not _incremental(lane, entity):
                changed += await _gone(transaction, entity, walk)
            await move_cursor(transaction, name, page)
            await _facts_changed(transaction, entity, changed)


def _incremental(lane: Lane, entity: str) -> bool:
    return lane.connector.readable[entity].incremental


async def _due(lane: Lane, name: str, older_than: float) -> tuple[bytes | None, bool]:
    async with lane.database.tenant(lane.tenant_id) as connection:
        row = await (
            await connection.execute(
                "select cursor, moved_at from feed where tenant_id = %s and connection_id = %s and name = %s",
                [lane.tenant_id, lane.connection_id, name],
            )
        ).fetchone()
    if row is None:
        return None, True
    return bytes(row[0]) or None, (lane.clock.now() - row[1]).total_seconds() >= older_than


async def _new_walk(lane: Lane) -> int:
    async with lane.database.tenant(lane.tenant_id) as connection:
        row = await (
            await connection.execute(
                "select coalesce(max(walk), 0) + 1 from directory where tenant_id = %s and connection_id = %s",
                [lane.tenant_id, lane.connection_id],
            )
        ).fetchone()
    assert row is not None
    return int(row[0])


# Only what differs is written; a list row never erases the reference that a detail showed.
_FILE = """
    insert into directory as held (tenant_id, connection_id, entity, walk, object_id, party_id, number_key, name_digest,
        reference, document_date, total, currency, state, active, stamp, content_hash, body)
    select %b, %b, %b, %b, page.*
    from unnest(%b::text[], %b::text[], %b::text[], %b::bytea[], %b::text[], %b::date[], %b::numeric[], %b::text[],
                %b::text[], %b::boolean[], %b::text[], %b::bytea[], %b::bytea[]) as page
    on conflict (tenant_id, connection_id, entity, object_id) do update
    set party_id = excluded.party_id, number_key = excluded.number_key, name_digest = excluded.name_digest,
        reference = case when excluded.reference = '' then held.reference else excluded.reference end,
        document_date = excluded.document_date, total = excluded.total, currency = excluded.currency,
        state = excluded.state, active = excluded.active, stamp = excluded.stamp, walk = excluded.walk,
        body = excluded.body, content_hash = excluded.content_hash
    where held.content_hash is distinct from excluded.content_hash or held.state = 'gone'
    returning object_id"""
_SEEN = """
    update directory set walk = %b
    where tenant_id = %b and connection_id = %b and entity = %b and object_id = any(%b::text[])"""


async def file_rows(transaction: LaneTransaction, entity: str, rows: Sequence[Row], walk: int) -> list[str]:
    """File rows of a reading; the ids of those that are new or changed. Every row counts as seen in this walk."""
    lane = transaction.lane
    found = [row.document for row in rows if row.document is not None]
    changed = await file_documents(transaction, entity, found, walk)
    await transaction.run(_SEEN, walk, lane.tenant_id, lane.connection_id, entity, [row.id for row in rows])
    return changed


async def file_documents(
    transaction: LaneTransaction, entity: str, found: Iterable[Document], walk: int = 0
) -> list[str]:
    """File documents of the target as last seen; the ids of those that are new or changed."""
    lane = transaction.lane
    entries = list({_id(document): document for document in found}.values())
    if not entries:
        return []
    encoded = [documents.encode(document) for document in entries]
    rows = await transaction.all(
        _FILE, lane.tenant_id, lane.connection_id, entity, walk, *_columns(lane, entity, entries, encoded)
    )
    return [row[0] for row in rows]


def _columns(lane: Lane, entity: str, entries: list[Document], encoded: list[bytes]) -> list[list[Any]]:
    seal, digest = lane.sealer.seal, lane.index.digest
    return [
        [_id(one) for one in entries],
        [_party(one) for one in entries],
        [number_key(str(getattr(one, "number", ""))) for one in entries],
        [digest(name_key(one.name)) if isinstance(one, documents.Party) else None for one in entries],
        [str(getattr(one, "reference", "")) for one in entries],
        [getattr(one, "date", None) for one in entries],
        [getattr(one, "total", None) for one in entries],
        [str(getattr(one, "currency", "")) for one in entries],
        [str(getattr(one, "state", "")) for one in entries],
        [bool(getattr(one, "active", True)) for one in entries],
        [str(getattr(one, "stamp", "")) for one in entries],
        [hashlib.sha256(text).digest() for text in encoded],
        [seal(entry_name(entity, _id(one)), text) for one, text in zip(entries, encoded, strict=True)],
    ]


def entry_name(entity: str, object_id: str) -> bytes:
    """The sealed object's name of a directory entry."""
    return f"directory {entity} {object_id}".encode()


def _id(document: Document) -> str:
    return document.id


def _party(document: Document) -> str:
    return document.vendor.id if isinstance(document, documents.Bill | documents.PurchaseOrder) else ""


async def _gone(transaction: LaneTransaction, entity: str, walk: int) -> list[str]:
    """After a proven complete enumeration: what was not seen is not there any more."""
    rows = await transaction.all(
        """update directory set active = false, state = 'gone'
        where tenant_id = %s and connection_id = %s and entity = %s and walk < %s and state <> 'gone'
        returning object_id""",
        transaction.lane.tenant_id, transaction.lane.connection_id, entity, walk,
    )  # fmt: skip
    return [row[0] for row in rows]


async def _facts_changed(transaction: LaneTransaction, entity: str, changed: list[str]) -> None:
    """Facts of every integration on this connection are a new generation; what waited for them goes on."""
    if not changed:
        return
    lane = transaction.lane
    await transaction.run(
        """update integration set generation = generation + 1
        where tenant_id = %s and (source_id = %s or target_id = %s)""",
        lane.tenant_id, lane.connection_id, lane.connection_id,
    )  # fmt: skip
    await release(transaction.connection, lane.tenant_id, "fact", [f"{entity}:{one}" for one in changed])
