"""The documents that a change of a mapping table concerns: those that wait for its rows, are planned by them, or posted."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import Any

from ml_connector.canonical.documents import Document
from ml_connector.integrations.tables import TableType
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.finding import opened_document
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.uses import Uses, uses_of
from ml_connector.sync import reads
from ml_connector.sync.items import Item
from ml_connector.sync.states import Priority, State

_AT_ONCE = 2_000
POSTED = (State.POSTED, State.UNCHANGED, State.LINKED)
_STATES = [state.value for state in (State.HELD, State.PLANNED, State.SKIPPED, *POSTED)]


@dataclass(frozen=True, slots=True)
class Affected:
    """A record's newest version that uses a row. ``plan`` is its stored plan: digest, text and reads, the last two sealed.

    ``stated`` is its document with the currency in which it is planned; ``keys`` are those of the table that it uses, waits
    for, or has read for its plan.
    """

    flow: str
    state: State
    reason: str
    item: Item
    number: str
    currency: str
    linked: bool
    plan: tuple[bytes, bytes, bytes | None] | None
    waits: frozenset[str]
    stated: Document
    keys: frozenset[str]

    @property
    def date(self) -> dt.date | None:
        """The day by which rows are looked up."""
        day = getattr(self.item.document, "date", None)
        return day if isinstance(day, dt.date) else None


_ROWS = """
    select r.record_id, f.name, s.state, s.reason, s.version_id, s.run_id, r.source_id, r.reference,
           r.exported_at_first_sight, r.needed, d.canonical, d.number_key, d.party_id, d.content_hash, d.number,
           d.currency,
           exists (select 1 from link l where l.tenant_id = r.tenant_id and l.integration_id = f.integration_id
                   and l.entity = f.name and l.source_id = r.source_id),
           p.digest, p.body, p.reads,
           array(select w.key from wait w where w.tenant_id = s.tenant_id and w.version_id = s.version_id)
    from record r
    join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
    join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id
    join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
    left join plan p on p.tenant_id = r.tenant_id and p.version_id = r.version_id and s.state = %s
    where r.tenant_id = %s and f.integration_id = %s and f.name = any(%s::text[]) and f.mode <> 'off'
      and r.record_id > %s and s.state = any(%s::smallint[])
    order by r.record_id limit %s"""


async def affected(
    desk: Desk, reading: Reading, sealer: Sealer, integration: Integration, table: TableType, keys: Collection[str]
) -> AsyncIterator[Affected]:
    """The documents of flows that are on and go by the table, and that use one of ``keys``, by record."""
    kind, wanted, after = desk.runtime.integrations[integration.kind], set(keys), 0
    uses = await uses_of(reading, sealer, kind, integration, table)
    flows = [one.name for one in kind.flows if table.name in (*one.tables, one.name) and not one.follows]
    while True:
        rows = await reading.all(
            _ROWS, State.PLANNED.value, reading.tenant_id, integration.integration_id, flows, after, _STATES, _AT_ONCE
        )
        for row in rows:
            one = _made(sealer, row, uses)
            if not wanted.isdisjoint(one.keys):
                yield one
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1][0]


def _made(sealer: Sealer, row: tuple[Any, ...], uses: Uses) -> Affected:
    (record_id, flow, state, reason, version_id, run_id, source_id, reference, exported, needed, canonical, number_key,
     party_id, content_hash, number, currency, linked, digest, body, reads_, waits) = row  # fmt: skip
    document = opened_document(sealer, content_hash, canonical)
    item = Item(
        version_id, record_id, run_id, Priority.DOCUMENT.value, source_id, reference, exported, needed, document,
        number_key, party_id, content_hash,
    )  # fmt: skip
    stored = (bytes(digest), bytes(body), reads_) if digest is not None else None
    return Affected(
        flow, State(state), reason, item, number, currency, linked, stored, frozenset(waits), uses.stated(document),
        frozenset(uses.keys(flow, document) | _asked(sealer, uses.table.name, waits, reads_)),
    )  # fmt: skip


def _asked(sealer: Sealer, table: str, waits: list[str], sealed: bytes | None) -> set[str]:
    """The keys of a table that a version waits for or its plan has read. What a vendor waits for stands on its bills."""
    told = (wait.partition(":") for wait in waits)
    return {key for name, _, key in told if name == table} | {
        one.key for one in reads.opened(sealer.open, sealed) if one.table == table
    }
