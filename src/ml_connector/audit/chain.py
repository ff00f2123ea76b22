"""The stored chain, read link by link from the database without holding it in memory."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import args_row

from ml_connector.audit.event import identity, microseconds
from ml_connector.store.database import Session

GENESIS = bytes(32)
_ROWS_AT_ONCE = 2_000

_LINKS = """
    SELECT chain_no, at, previous, hash, events FROM audit_chain
    WHERE tenant_id = %b AND at >= %b AND at < %b ORDER BY chain_no"""
EVENT_COLUMNS = "chain_no, position, at, record_id, version_id, run_id, actor, kind, body, digest"
_EVENTS = f"""
    SELECT {EVENT_COLUMNS} FROM audit_event
    WHERE tenant_id = %b AND at >= %b AND at < %b ORDER BY chain_no, position"""


@dataclass(frozen=True, slots=True)
class StoredLink:
    """One link: the events of one transaction."""

    chain_no: int
    at: datetime
    previous: bytes
    hash: bytes
    events: int

    def hash_over(self, tenant_id: int, digests: list[bytes]) -> bytes:
        """The hash that these digests, at this place, must give. The database computes the same in audit_append."""
        place = tenant_id.to_bytes(4, "big") + self.chain_no.to_bytes(8, "big")
        at = microseconds(self.at).to_bytes(8, "big", signed=True)
        return hashlib.sha256(b"".join([self.previous, place, at, *digests])).digest()


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One event as it lies in the table, its body sealed."""

    chain_no: int
    position: int
    at: datetime
    record_id: int | None
    version_id: int | None
    run_id: int | None
    actor: str
    kind: str
    body: bytes
    digest: bytes

    def identity(self, tenant_id: int) -> bytes:
        """The bytes by which it is sealed and chained."""
        return identity(tenant_id, microseconds(self.at), self)


async def stored_links(
    session: Session, tenant_id: int, since: datetime, until: datetime
) -> AsyncIterator[tuple[StoredLink | None, list[StoredEvent]]]:
    """Every link from `since` until before `until` with its events, in order; None for events that have no link."""
    asked = [tenant_id, since, until]
    async with (
        session.cursor("audit_links", binary=True, row_factory=args_row(StoredLink)) as links,
        session.cursor("audit_events", binary=True, row_factory=args_row(StoredEvent)) as events,
    ):
        links.itersize = events.itersize = _ROWS_AT_ONCE
        await links.execute(_LINKS, asked)
        await events.execute(_EVENTS, asked)
        rest = _groups(aiter(events))
        group: list[StoredEvent] = await anext(rest, [])
        async for link in links:
            while group and group[0].chain_no < link.chain_no:
                yield None, group
                group = await anext(rest, [])
            if group and group[0].chain_no == link.chain_no:
                yield link, group
                group = await anext(rest, [])
            else:
                yield link, []
        while group:
            yield None, group
            group = await anext(rest, [])


async def _groups(events: AsyncIterator[StoredEvent]) -> AsyncIterator[list[StoredEvent]]:
    """The events of one link at a time."""
    group: list[StoredEvent] = []
    async for event in events:
        if group and group[0].chain_no != event.chain_no:
            yield group
            group = []
        group.append(event)
    if group:
        yield group
