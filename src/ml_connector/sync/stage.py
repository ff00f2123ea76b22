"""Staging: a page's rows become versions in the ledger, or are counted as what they are instead."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from ml_connector.canonical import documents
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.money import ZERO
from ml_connector.canonical.numbers import number_key
from ml_connector.canonical.stamps import stamp_key
from ml_connector.connectors.reading import Row
from ml_connector.sync import claims
from ml_connector.sync.dismissed import laid_against
from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import Lane, LaneTransaction, wake
from ml_connector.sync.merged import follow_sources, follow_unmerged, merged_before
from ml_connector.sync.references import reference
from ml_connector.sync.release import release
from ml_connector.sync.runs import Intake, count_rows
from ml_connector.sync.states import DISMISSED, HELD_BACK, Needed, Priority, State
from ml_connector.sync.superseding import supersede

# What is at the target, or may be: the document it was planned from stands.
_SENT = (State.SENDING, State.UNCERTAIN, State.POSTED, State.LINKED, State.UNCHANGED, State.TRACKED)


@dataclass(frozen=True, slots=True)
class _Known:
    record_id: int
    version_id: int
    versions: int
    stamp: str
    content_hash: bytes
    understood: bytes
    needed: int
    state: int
    reason: str
    queued: bool  # an unsent version outside the queue was set aside, see sync.guard

    @property
    def set_aside(self) -> bool:
        return self.state == State.STAGED and not self.queued

    @property
    def held_back(self) -> bool:
        return self.state == State.HELD and self.reason == HELD_BACK


@dataclass(slots=True)
class _Version:
    """One new version on its way into the ledger."""

    row: Row
    document: documents.Document
    canonical: bytes
    content_hash: bytes
    known: _Known | None
    currency: str = ""  # of the setting, where it is what the amount was understood in
    record_id: int = 0
    version_id: int = 0

    @property
    def understood(self) -> bytes:
        """The hash of what the text was understood as."""
        return hashlib.sha256(self.canonical + self.currency.encode()).digest()

    @property
    def merged_into(self) -> str:
        """The party that is left of a merger, empty for what was never merged."""
        return str(getattr(self.document, "merged_into", ""))

    def goes_aside(self, flow: Flow, guarded: bool) -> bool:
        """Whether it waits for the end of its reading: it is new and may be created, or what it replaces waits."""
        if self.known is not None:
            return self.known.set_aside
        date = _date(self.document)
        too_old = flow.start_date is not None and date is not None and date < flow.start_date
        return guarded and bool(getattr(self.document, "active", True)) and not too_old


async def stage(
    transaction: LaneTransaction, flow: Flow, run_id: int, rows: Sequence[Row], *, guarded: bool = False
) -> None:
    """Classify and store one page's rows. A page that holds a document twice holds two versions of it, in its order.

    ``guarded``: new records are set aside until their reading is judged, see sync.guard.
    """
    later = list(rows)
    while later:
        wave, later = _unique(later)
        known = await _known(transaction, flow, [row.id for row in wave])
        intake = Intake()
        fresh = _classify(wave, known, intake, flow, transaction.lane)
        await _store_unread(transaction, flow, run_id, [row for row in wave if row.document is None])
        await _resolve_unread(transaction, flow, [row.id for row in wave if row.document is not None])
        await _store(transaction, flow, run_id, fresh, guarded)
        await count_rows(transaction, run_id, intake)


def _unique(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    first: dict[str, Row] = {}
    repeated = [row for row in rows if first.setdefault(row.id, row) is not row]
    return list(first.values()), repeated


async def _known(transaction: LaneTransaction, flow: Flow, ids: list[str]) -> dict[str, _Known]:
    rows = await transaction.all(
        """select r.source_id, r.record_id, r.version_id, r.versions, r.stamp, r.content_hash, r.understood, r.needed,
                  s.state, s.reason, exists (select 1 from work w where w.tenant_id = r.tenant_id
                                             and w.version_id = r.version_id offset 0)
        from unnest(%b::text[]) as page (id)
        cross join lateral (select * from record where tenant_id = %b and flow_id = %b and source_id = page.id offset 0) r
        cross join lateral (select state, reason from version_state where tenant_id = r.tenant_id
                            and version_id = r.version_id offset 0) s""",
        ids, transaction.lane.tenant_id, flow.flow_id,
    )  # fmt: skip
    return {row[0]: _Known(*row[1:]) for row in rows}


def currency_of(document: documents.Document, flow: Flow, lane: Lane) -> str:
    """What its amounts are in: the currency it states, else that of the integration's setting, else its organisation's."""
    stated = getattr(document, "currency", "")
    return str(stated or getattr(flow.settings, "currency", "") or lane.organisation.currency)


def _currency_set(document: documents.Document, flow: Flow, lane: Lane) -> str:
    """The setting's currency where the document has an amount and nobody else says in what; else empty."""
    currency = currency_of(document, flow, lane)
    stated = bool(getattr(document, "currency", ""))
    return "" if stated or documents.amount_of(document) is None or currency == lane.organisation.currency else currency


def _classify(rows: list[Row], known: dict[str, _Known], intake: Intake, flow: Flow, lane: Lane) -> list[_Version]:
    """The new versions among the rows; repeats, stale and unread rows are only counted here."""
    fresh = []
    for row in rows:
        if row.document is None:
            intake.count("unread", ZERO, "")
            continue
        last = known.get(row.id)
        one = _Version(row, row.document, documents.encode(row.document), hashlib.sha256(row.raw).digest(), last)
        one.currency = _currency_set(row.document, flow, lane)
        if last is not None and _is_repeat(one, last):
            what = "repeats"
        elif last is not None and _older(row.stamp, last.stamp):
            what = "stale"
        else:
            what = "new"
            fresh.append(one)
        intake.count(what, documents.amount_of(row.document) or ZERO, currency_of(row.document, flow, lane))
    return fresh


def _is_repeat(one: _Version, last: _Known) -> bool:
    """The same text is the same version, unless it is understood otherwise (a setting was corrected) and not sent yet.

    What a person has dismissed stays so until its source changes. Of a party that was erased nothing is taken up again.
    """
    if getattr(one.document, "erased", False):
        return True
    settled = last.state in _SENT or last.reason == DISMISSED
    return last.content_hash == one.content_hash and (settled or last.understood == one.understood)


def _older(stamp: str, than: str) -> bool:
    """Whether one stamp is provably before another; what is no stamp orders nothing."""
    try:
        return bool(stamp and than) and stamp_key(stamp) < stamp_key(than)
    except ValueError:
        return False


async def _store_unread(transaction: LaneTransaction, flow: Flow, run_id: int, rows: list[Row]) -> None:
    lane = transaction.lane
    for row in rows:
        seal = lane.sealer.seal
        name = f"unread {flow.flow_id} {row.id}".encode()
        await transaction.run(
            """insert into unread (tenant_id, flow_id, source_id, run_id, content_hash, raw, problem, first_read_at)
            values (%s, %s, %s, %s, %s, %s, %s, %s)
            on conflict (tenant_id, flow_id, source_id) do update
            set run_id = excluded.run_id, content_hash = excluded.content_hash, raw = excluded.raw,
                problem = excluded.problem, resolved_at = null""",
            lane.tenant_id, flow.flow_id, row.id, run_id, hashlib.sha256(row.raw).digest(),
            seal(name, row.raw), seal(name, row.problem.encode()), lane.clock.now(),
        )  # fmt: skip


async def _resolve_unread(transaction: LaneTransaction, flow: Flow, ids: list[str]) -> None:
    """What can be read now is unread no longer, be it new or what was known before."""
    await transaction.run(
        """update unread set resolved_at = %b
        where tenant_id = %b and flow_id = %b and source_id = any(%b::text[]) and resolved_at is null""",
        transaction.lane.clock.now(), transaction.lane.tenant_id, flow.flow_id, ids,
    )  # fmt: skip


async def _store(transaction: LaneTransaction, flow: Flow, run_id: int, fresh: list[_Version], guarded: bool) -> None:
    if not fresh:
        return
    await _number(transaction, fresh)
    await _stay_held_back(transaction, fresh)
    newer = {one.known.version_id: one.version_id for one in fresh if one.known is not None}
    await laid_against(transaction, flow, list(newer))
    await supersede(transaction, newer)
    merged = await merged_before(transaction, flow, [one.row.id for one in fresh if _is_party(one)])
    await _store_records(transaction, flow, fresh)
    linked = await _linked(transaction, flow, fresh)
    await _store_documents(transaction, flow, run_id, fresh)
    await _store_states(transaction, flow, run_id, fresh, guarded, linked)
    known = [one.row.id for one in fresh if one.known is not None]
    await claims.note(transaction, flow, [(one.record_id, one.document) for one in fresh], known)
    await follow_sources(transaction, flow, [(one.row.id, one.merged_into) for one in fresh if one.merged_into])
    await follow_unmerged(transaction, flow, merged)
    for one in fresh:
        details = {"source_id": one.row.id, "number": getattr(one.document, "number", ""), "stamp": one.row.stamp}
        transaction.event("read", record_id=one.record_id, version_id=one.version_id, run_id=run_id, **details)
    # What waited for a counterpart of something nobody had read finds a record to ask for now.
    appeared = [f"{flow.name}:{one.row.id}" for one in fresh if one.known is None]
    await release(transaction.connection, transaction.lane.tenant_id, "link", appeared)


def _is_party(one: _Version) -> bool:
    return isinstance(one.document, Party)


async def _number(transaction: LaneTransaction, fresh: list[_Version]) -> None:
    """Give every version its id, and every new record its own."""
    versions = await transaction.all(
        "select nextval('document_version_id_seq') from generate_series(1, %b)", len(fresh)
    )
    for one, (version_id,) in zip(fresh, versions, strict=True):
        one.version_id = version_id
    new = [one for one in fresh if one.known is None]
    records = await transaction.all("select nextval('record_record_id_seq') from generate_series(1, %b)", len(new))
    for one, (record_id,) in zip(new, records, strict=True):
        one.record_id = record_id
    for one in fresh:
        if one.known is not None:
            one.record_id = one.known.record_id


async def _stay_held_back(transaction: LaneTransaction, fresh: list[_Version]) -> None:
    """A newer version of what a person is asked about waits in its place."""
    held = [(one.known.version_id, one.version_id) for one in fresh if one.known is not None and one.known.held_back]
    if held:
        await transaction.run(
            """update wait w set version_id = page.newer from unnest(%b::bigint[], %b::bigint[]) as page (older, newer)
            where w.tenant_id = %b and w.version_id = page.older and w.code = %b""",
            [older for older, _ in held], [newer for _, newer in held], transaction.lane.tenant_id, HELD_BACK,
        )  # fmt: skip


async def _store_records(transaction: LaneTransaction, flow: Flow, fresh: list[_Version]) -> None:
    await transaction.run(
        """insert into record (tenant_id, record_id, flow_id, source_id, reference, version_id, stamp, content_hash,
                               understood, exported_at_first_sight, merged_into)
        select %b, r, %b, s, f, v, t, h, u, e, m
        from unnest(%b::bigint[], %b::text[], %b::text[], %b::bigint[], %b::text[], %b::bytea[], %b::bytea[],
                    %b::boolean[], %b::text[]) as page (r, s, f, v, t, h, u, e, m)
        on conflict (tenant_id, flow_id, source_id) do update
        set version_id = excluded.version_id, stamp = excluded.stamp, content_hash = excluded.content_hash,
            understood = excluded.understood, merged_into = excluded.merged_into, versions = record.versions + 1,
            deleted = false""",
        transaction.lane.tenant_id, flow.flow_id,
        [one.record_id for one in fresh],
        [one.row.id for one in fresh],
        [_own_reference(transaction.lane, flow, one.row.id) for one in fresh],
        [one.version_id for one in fresh],
        [one.row.stamp for one in fresh],
        [one.content_hash for one in fresh],
        [one.understood for one in fresh],
        [bool(getattr(one.document, "exported", False)) for one in fresh],
        [one.merged_into for one in fresh],
    )  # fmt: skip


async def _linked(transaction: LaneTransaction, flow: Flow, fresh: list[_Version]) -> set[str]:
    """The records of an as-needed flow that have a counterpart: whoever linked them, their changes are needed there."""
    if not (flow.type.as_needed and flow.mode == "as needed"):
        return set()
    rows = await transaction.all(
        """update record r set needed = %b from unnest(%b::text[]) as page (id)
        cross join lateral (select source_id from link where tenant_id = %b and integration_id = %b and entity = %b
                            and source_id = page.id offset 0) l
        where r.tenant_id = %b and r.flow_id = %b and r.source_id = l.source_id returning r.source_id""",
        Needed.LIVE.value, [one.row.id for one in fresh], transaction.lane.tenant_id, flow.integration_id, flow.name,
        transaction.lane.tenant_id, flow.flow_id,
    )  # fmt: skip
    return {row[0] for row in rows}


def _own_reference(lane: Lane, flow: Flow, source_id: str) -> str:
    name = flow.type.in_references or flow.name
    return reference(lane.connector.vendor, lane.organisation.id, name, source_id, flow.type.reference_room)


async def _store_documents(transaction: LaneTransaction, flow: Flow, run_id: int, fresh: list[_Version]) -> None:
    lane = transaction.lane
    seal = lane.sealer.seal
    await transaction.run(
        """insert into document (tenant_id, version_id, record_id, sequence, run_id, read_at, stamp, content_hash,
                                 number, number_key, party_id, document_date, amount, currency, settled, raw, canonical)
        select %b, v, r, q, %b, %b, t, h, n, k, y, d, a, c, e, w, x
        from unnest(%b::bigint[], %b::bigint[], %b::integer[], %b::text[], %b::bytea[], %b::text[], %b::text[],
                    %b::text[], %b::date[], %b::numeric[], %b::text[], %b::text[], %b::bytea[], %b::bytea[])
             as page (v, r, q, t, h, n, k, y, d, a, c, e, w, x)""",
        lane.tenant_id, run_id, lane.clock.now(),
        [one.version_id for one in fresh],
        [one.record_id for one in fresh],
        [one.known.versions + 1 if one.known else 1 for one in fresh],
        [one.row.stamp for one in fresh],
        [one.content_hash for one in fresh],
        [shown_number(one.document) for one in fresh],
        [number_key(shown_number(one.document)) for one in fresh],
        [flow.type.party_of(one.document) for one in fresh],
        [_date(one.document) for one in fresh],
        [documents.amount_of(one.document) or ZERO for one in fresh],
        [currency_of(one.document, flow, lane) for one in fresh],
        [documents.settled_as(one.document) for one in fresh],
        [seal(b"raw " + one.content_hash, one.row.raw) for one in fresh],
        [seal(b"canonical " + one.content_hash, one.canonical) for one in fresh],
    )  # fmt: skip


def shown_number(document: documents.Document) -> str:
    """The number by which people know a document; parties and lists have none in the clear."""
    return str(getattr(document, "number", "") or getattr(document, "own_number", ""))


def _date(document: documents.Document) -> dt.date | None:
    return getattr(document, "date", None)


async def _store_states(
    transaction: LaneTransaction, flow: Flow, run_id: int, fresh: list[_Version], guarded: bool, linked: set[str]
) -> None:
    lane = transaction.lane
    idle = flow.type.as_needed and flow.mode == "as needed"
    needed = [one.row.id in linked or bool(one.known and one.known.needed != Needed.NOBODY) for one in fresh]
    waiting = [one for one, here in zip(fresh, needed, strict=True) if idle and not here]
    states = {one.version_id: (State.SKIPPED, "not_needed") for one in waiting}
    states |= {one.version_id: (State.HELD, HELD_BACK) for one in fresh if one.known and one.known.held_back}
    at_once = [one for one in fresh if one.version_id not in states and not one.goes_aside(flow, guarded)]
    await transaction.run(
        """insert into version_state (tenant_id, version_id, record_id, flow_id, run_id, state, reason, changed_at)
        select %b, v, r, %b, %b, s, c, %b
        from unnest(%b::bigint[], %b::bigint[], %b::smallint[], %b::text[]) as page (v, r, s, c)""",
        lane.tenant_id, flow.flow_id, run_id, lane.clock.now(),
        [one.version_id for one in fresh],
        [one.record_id for one in fresh],
        [states.get(one.version_id, (State.STAGED, ""))[0] for one in fresh],
        [states.get(one.version_id, (State.STAGED, ""))[1] for one in fresh],
    )  # fmt: skip
    await transaction.run(
        """insert into work (tenant_id, connection_id, priority, version_id, flow_id)
        select %b, %b, %b, v, %b from unnest(%b::bigint[]) as page (v)""",
        lane.tenant_id, flow.target_id, min(flow.type.priority, Priority.DOCUMENT), flow.flow_id,
        [one.version_id for one in at_once],
    )  # fmt: skip
    if at_once:  # a reading that breaks off later leaves work all the same
        await wake(transaction, flow.target_id, "new documents")
