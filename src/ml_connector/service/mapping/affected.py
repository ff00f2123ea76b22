"""The documents that a change of a mapping table concerns: those that wait for its rows, are planned by them, or posted."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.canonical.documents import Document, amount_of
from ml_connector.canonical.money import ZERO
from ml_connector.integrations.tables import TableType
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.finding import opened_document
from ml_connector.service.integrating import Integration
from ml_connector.sync.items import Item
from ml_connector.sync.states import Priority, State

_AT_ONCE = 2_000
POSTED = (State.POSTED, State.UNCHANGED, State.LINKED)
_STATES = [state.value for state in (State.HELD, State.PLANNED, State.SKIPPED, *POSTED)]


@dataclass(frozen=True, slots=True)
class Affected:
    """A record's newest version that uses a row. ``plan`` is its stored plan: digest, text and reads, the last two sealed."""

    flow: str
    state: State
    reason: str
    item: Item
    number: str
    currency: str
    linked: bool
    plan: tuple[bytes, bytes, bytes | None] | None
    waits: frozenset[str]

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
    flows = [one.name for one in kind.flows if table.name in (*one.tables, one.name) and not one.follows]
    while True:
        rows = await reading.all(
            _ROWS, State.PLANNED.value, reading.tenant_id, integration.integration_id, flows, after, _STATES, _AT_ONCE
        )
        for row in rows:
            one = _made(sealer, row)
            if not wanted.isdisjoint(used_keys(table, one.flow, one.item.document)):
                yield one
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1][0]


def _made(sealer: Sealer, row: tuple[Any, ...]) -> Affected:
    (record_id, flow, state, reason, version_id, run_id, source_id, reference, exported, needed, canonical, number_key,
     party_id, content_hash, number, currency, linked, digest, body, reads, waits) = row  # fmt: skip
    document = opened_document(sealer, content_hash, canonical)
    item = Item(
        version_id, record_id, run_id, Priority.DOCUMENT.value, source_id, reference, exported, needed, document,
        number_key, party_id, content_hash,
    )  # fmt: skip
    stored = (bytes(digest), bytes(body), reads) if digest is not None else None
    return Affected(flow, State(state), reason, item, number, currency, linked, stored, frozenset(waits))


def used_keys(table: TableType, flow: str, document: Document) -> set[str]:
    """The keys of a table that a document of a flow uses, and those by which it would go without a row of its own."""
    own = {document.id} if flow == table.name else set()
    shown = own | {key for key, _ in table.shown_keys(document) if key}
    return {one for key in shown for one in table.freed_by(key)}


def amounts(table: TableType, document: Document) -> dict[str, Decimal]:
    """What of a document goes by each key of a table: the lines that use it, its tax, or the whole of it."""
    lines = getattr(document, "lines", ())
    shown = _shown(table, document)
    bare = _shown(table, msgspec.structs.replace(document, lines=())) if lines else shown
    whole = getattr(document, "tax", ZERO) if "tax_codes" in table.target_lists else amount_of(document) or ZERO
    found = dict.fromkeys(shown & bare, whole)
    for line in lines:
        for key in _shown(table, msgspec.structs.replace(document, lines=(line,))) - bare:
            found[key] = found.get(key, ZERO) + line.amount
    return found


def _shown(table: TableType, document: Document) -> set[str]:
    return {key for key, _ in table.shown_keys(document) if key}
