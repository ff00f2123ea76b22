"""Lists of records: one line each, page by page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from ml_connector.canonical import documents
from ml_connector.canonical.called import label
from ml_connector.sealing import Sealer
from ml_connector.service.awaiting import awaiting
from ml_connector.service.desk import Desk, made
from ml_connector.service.finding import RECORDS, Filter, conditions, opened_document, party_name
from ml_connector.service.posted import THERE, all_staged_flows, word
from ml_connector.service.roles import READERS
from ml_connector.service.tallies import Tally, in_currency, title_of
from ml_connector.sync.directory import entry_name
from ml_connector.sync.states import State

MOST = 1_000


@dataclass(frozen=True, slots=True)
class Record:
    """One source document in one flow, as its newest version shows it. ``why`` says why it waits or was passed over.

    ``target_name`` is what the target calls its counterpart, of parties and dimensions. ``state`` is in the words of
    ``status``: what was sent and waits for approval at the target is not called posted.
    """

    record_id: int
    flow: str
    source_id: str
    number: str
    party: str
    date: dt.date | None
    amount: Decimal
    currency: str
    state: str
    reason: str
    why: str
    versions: int
    target_id: str
    target_name: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, and where the next page begins (``after``; 0 when this is the last). ``total`` is of the filter."""

    records: tuple[Record, ...]
    after: int
    total: dict[str, Tally]


async def records(desk: Desk, chosen: Filter, *, limit: int = 50, after: int = 0) -> Page:
    """Records of a filter in the order they were first seen, at most ``limit`` (1 to 1,000) beyond record ``after``."""
    desk.require(*READERS)
    sealer = await desk.sealer()
    limit = max(1, min(limit, MOST))
    async with desk.looking() as reading:
        found = await conditions(desk, reading, sealer, chosen)
        totals = await reading.all(
            f"""select s.state, coalesce(e.entity, ''), coalesce(e.state, ''), f.flow_id, count(*), d.currency, sum(d.amount)
            {RECORDS} {THERE} where {found.sql} group by 1, 2, 3, 4, 6""",
            *found.values,
        )
        found.add("r.record_id > %s", after)
        rows = await reading.all(
            f"""select r.record_id, f.name, r.source_id, d.number, d.content_hash, d.canonical, d.document_date,
                       d.amount, d.currency, s.state, s.reason, r.versions, coalesce(l.target_id, ''), r.version_id,
                       coalesce(e.entity, ''), coalesce(e.state, ''), f.flow_id, e.body
            {RECORDS} {THERE} where {found.sql} order by r.record_id limit %s""",
            *found.values, limit + 1,
        )  # fmt: skip
        staged = set(await all_staged_flows(desk, reading))
        later = await awaiting(reading, sealer, desk.clock.now(), [row[13] for row in rows])
    shown = tuple(
        made(
            Record, *row[:4], party_name(opened_document(sealer, row[4], row[5])), row[6],
            in_currency(row[7], row[8]), row[8], word(State(row[9]), row[14], row[15], row[16] in staged), row[10],
            title_of(row[10]) if row[10] else later.get(row[13], ""), row[11], row[12],
            _name(sealer, row[14], row[12], row[17]),
        )
        for row in rows[:limit]
    )  # fmt: skip
    tallies: dict[str, Tally] = {}
    for state, entity, there, flow_id, count, currency, amount in totals:
        told = word(State(state), entity, there, flow_id in staged)
        tallies.setdefault(told, Tally()).add(count, currency, amount)
    return Page(shown, shown[-1].record_id if len(rows) > limit else 0, tallies)


_NAMED = ("parties", "dimensions")  # what has a name; documents are known by their numbers


def _name(sealer: Sealer, entity: str, target_id: str, body: bytes | None) -> str:
    """What the target calls an entry, by its number and name."""
    if body is None or entity not in _NAMED:
        return ""
    return label(documents.decode(sealer.open(entry_name(entity, target_id), body)))
