"""Append events, and read the life of a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import args_row

from ml_connector.audit.chain import EVENT_COLUMNS, StoredEvent
from ml_connector.audit.event import (
    Event,
    decode_details,
    digest,
    encode_details,
    identity,
    microseconds,
    object_name,
)
from ml_connector.sealing import SealBroken, Sealer, SealKeyMissing
from ml_connector.store.arrays import ByteaColumn, Int8Column, TextColumn
from ml_connector.store.database import Session

_MOST_EVENTS = 32_767  # a position is a smallint

_APPEND = "SELECT audit_append(%b::integer, %b, %b, %b, %b, %b, %b, %b, %b)"
_TIMELINE = f"""
    SELECT {EVENT_COLUMNS} FROM audit_event
    WHERE tenant_id = %b AND record_id = %b ORDER BY chain_no, position"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line in the life of a record. `details` is empty and `note` says why when they cannot be opened."""

    chain_no: int
    position: int
    at: datetime
    version_id: int | None
    run_id: int | None
    actor: str
    kind: str
    details: dict[str, Any]
    note: str = ""


async def append(connection: Session, tenant_id: int, events: Sequence[Event], sealer: Sealer, at: datetime) -> int:
    """Append the events of this transaction as one link, in their order; its number in the chain (0 for no events).

    One round trip. It locks the tenant's chain until the transaction ends: call it once, as the last statement before
    the commit, in a transaction opened for this tenant. Raises ValueError for over 32,767 events or an instant without
    a time zone, TypeError for details that are not JSON.
    """
    if not events:
        return 0
    if len(events) > _MOST_EVENTS:
        raise ValueError(f"a link of the audit chain holds {_MOST_EVENTS} events at most, not {len(events)}")
    bodies, digests = _sealed(tenant_id, events, sealer, microseconds(at))
    columns = [
        TextColumn([event.actor for event in events]),
        TextColumn([event.kind for event in events]),
        Int8Column([event.record_id for event in events]),
        Int8Column([event.version_id for event in events]),
        Int8Column([event.run_id for event in events]),
        ByteaColumn(bodies),
        ByteaColumn(digests),
    ]
    answer = await connection.execute(_APPEND, [tenant_id, at, *columns])
    row = await answer.fetchone()
    return int(row[0]) if row else 0


async def timeline(connection: Session, tenant_id: int, record_id: int, sealer: Sealer) -> list[Entry]:
    """The whole life of a record, oldest first, details opened. An event that does not open is shown with a note."""
    async with connection.cursor(row_factory=args_row(StoredEvent)) as cursor:
        await cursor.execute(_TIMELINE, [tenant_id, record_id])
        return [_entry(tenant_id, event, sealer) async for event in cursor]


def _sealed(tenant_id: int, events: Sequence[Event], sealer: Sealer, at: int) -> tuple[list[bytes], list[bytes]]:
    bodies, digests = [], []
    for event in events:
        own = identity(tenant_id, at, event)
        body = sealer.seal(object_name(own), encode_details(event.details))
        bodies.append(body)
        digests.append(digest(own, body))
    return bodies, digests


def _entry(tenant_id: int, event: StoredEvent, sealer: Sealer) -> Entry:
    details, note = opened(sealer, event.identity(tenant_id), event.body)
    return Entry(
        chain_no=event.chain_no,
        position=event.position,
        at=event.at,
        version_id=event.version_id,
        run_id=event.run_id,
        actor=event.actor,
        kind=event.kind,
        details=details,
        note=note,
    )


def opened(sealer: Sealer, identity_bytes: bytes, body: bytes) -> tuple[dict[str, Any], str]:
    """An event's details; or none, and a sentence that says why."""
    try:
        return decode_details(sealer.open(object_name(identity_bytes), body)), ""
    except SealKeyMissing:
        return {}, "The details were erased with the key of their month."
    except SealBroken:
        return {}, "The details do not open: the event was altered. Verify the audit trail."
