"""Details of events rewritten without a person's data, so that the chain still shows every other change.

    digest of the event that tells of it = sha256(identity | body | of each rewritten event: link int8 | position int2
                                                  | digest of its identity and its new body)

The rewritten event keeps its own digest, and with it the hash of its link: what was erased cannot be had back, and that
something was erased there, when and by whom, is in the chain.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ml_connector.audit.chain import StoredEvent
from ml_connector.audit.event import Event, digest, encode_details, identity, microseconds, object_name
from ml_connector.sealing import Sealer
from ml_connector.store.arrays import ByteaColumn, Int8Column, TextColumn
from ml_connector.store.database import Session

_PLACE = struct.Struct(">qh")
_APPEND = "SELECT audit_append(%b::integer, %b, %b, %b, %b, %b, %b, %b, %b)"
_ERASE = "SELECT audit_erase(%b::integer, %b, %b, %b, %b, %b)"
_ERASURES = """
    SELECT chain_no, position, erased_in, digest FROM audit_erasure
    WHERE tenant_id = %b ORDER BY erased_in, chain_no, position"""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A stored event, and its details without what is erased of them."""

    event: StoredEvent
    details: dict[str, object]


@dataclass(slots=True)
class Erasures:
    """Every erasure of a tenant's trail."""

    covered: dict[int, bytes] = field(default_factory=lambda: defaultdict(bytes))  # by the link that tells of it
    newest: dict[tuple[int, int], tuple[int, bytes]] = field(default_factory=dict)  # by place: told in, digest

    @classmethod
    async def of(cls, session: Session, tenant_id: int) -> Erasures:
        """What the database holds, in the order of the chain."""
        found = cls()
        for chain_no, position, erased_in, new in await (await session.execute(_ERASURES, [tenant_id])).fetchall():
            found.covered[erased_in] += _PLACE.pack(chain_no, position) + bytes(new)
            found.newest[chain_no, position] = erased_in, bytes(new)
        return found

    def covers(self, event: StoredEvent) -> bytes:
        """What the digest of this event covers beside its identity and body; empty for all that tell of no erasure."""
        return self.covered.get(event.chain_no, b"") if event.position == 1 else b""

    def expected(self, event: StoredEvent) -> bytes:
        """The digest that its identity and body must give now."""
        _, new = self.newest.get((event.chain_no, event.position), (0, event.digest))
        return new


async def erase(
    connection: Session, tenant_id: int, told: Event, rewritten: Sequence[Rewritten], sealer: Sealer, at: datetime
) -> int:
    """Append ``told`` as a link of its own and rewrite the events' details; the link's number.

    Call it once, as the last statement before the commit, as ``append``. Raises TypeError for details that are not JSON.
    """
    bodies, digests = [], []
    for one in rewritten:
        own = one.event.identity(tenant_id)
        bodies.append(sealer.seal(object_name(own), encode_details(one.details)))
        digests.append(digest(own, bodies[-1]))
    places = [(one.event.chain_no, one.event.position) for one in rewritten]
    order = sorted(range(len(places)), key=places.__getitem__)
    covered = b"".join(_PLACE.pack(*places[nth]) + digests[nth] for nth in order)
    link = await _append(connection, tenant_id, told, sealer, at, covered)
    chain_nos, positions = Int8Column([one[0] for one in places]), Int8Column([one[1] for one in places])
    columns = [chain_nos, positions, ByteaColumn(bodies), ByteaColumn(digests)]
    await connection.execute(_ERASE, [tenant_id, link, *columns])
    return link


async def _append(
    connection: Session, tenant_id: int, told: Event, sealer: Sealer, at: datetime, covered: bytes
) -> int:
    own = identity(tenant_id, microseconds(at), told)
    body = sealer.seal(object_name(own), encode_details(told.details))
    values = [
        TextColumn([told.actor]), TextColumn([told.kind]), Int8Column([told.record_id]), Int8Column([told.version_id]),
        Int8Column([told.run_id]), ByteaColumn([body]), ByteaColumn([digest(own, body + covered)]),
    ]  # fmt: skip
    row = await (await connection.execute(_APPEND, [tenant_id, at, *values])).fetchone()
    assert row is not None
    return int(row[0])
