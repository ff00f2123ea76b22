"""The audit trail as JSON lines, for an auditor: readable, and verifiable without us.

One line per link: `chain_no`, `at`, `previous`, `hash` (hexadecimal) and `events`. An event carries its columns, its
`digest`, the sealed `body` (base64) that the digest covers, and its opened `details`, or a `note` why they do not open.
Where a person's data were erased of it, `erased` names the link that tells of it and the digest with the body there is now.
An event that tells of an erasure has in `covers` (base64) what its digest covers behind its body, see `erasure`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from ml_connector.audit.chain import StoredEvent, stored_links
from ml_connector.audit.erasure import Erasures
from ml_connector.audit.trail import opened
from ml_connector.sealing import Sealer
from ml_connector.store.database import Database

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)


async def export(
    database: Database,
    tenant_id: int,
    sealer: Sealer,
    *,
    since: datetime = _BEGINNING,
    until: datetime = _END,
) -> AsyncIterator[bytes]:
    """The trail from `since` until before `until`, one line of bytes at a time, each ended by a line feed.

    It is one snapshot, read as it is written out. Events without a link, which `verify` reports, stand in a line whose
    `hash` is null.
    """
    encode = msgspec.json.Encoder().encode
    async with database.tenant(tenant_id, snapshot=True) as session:
        erasures = await Erasures.of(session, tenant_id)
        async for link, events in stored_links(session, tenant_id, since, until):
            yield (
                encode(
                    {
                        "chain_no": link.chain_no if link else events[0].chain_no,
                        "at": link.at if link else None,
                        "previous": link.previous.hex() if link else None,
                        "hash": link.hash.hex() if link else None,
                        "events": [_event(tenant_id, sealer, event, erasures) for event in events],
                    }
                )
                + b"\n"
            )


def _event(tenant_id: int, sealer: Sealer, event: StoredEvent, erasures: Erasures) -> dict[str, Any]:
    details, note = opened(sealer, event.identity(tenant_id), event.body)
    told_in, digest = erasures.newest.get((event.chain_no, event.position), (0, b""))
    return {
        "position": event.position,
        "at": event.at,
        "actor": event.actor,
        "kind": event.kind,
        "record_id": event.record_id,
        "version_id": event.version_id,
        "run_id": event.run_id,
        "details": details,
        "note": note,
        "digest": event.digest.hex(),
        "body": b64encode(event.body).decode(),
        "erased": {"told_in": told_in, "digest": digest.hex()} if told_in else None,
        "covers": b64encode(erasures.covers(event)).decode(),
    }
