"""The directory: what is known of a connection's lists (accounts, taxes, dimensions, parties, open documents).

It is a copy for planning and matching, never a source of documents. A change in it is a change of facts: plans made
from older facts are made again, and what waited for the changed entry is released.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.numbers import name_key, number_key
from ml_connector.connectors.reading import Reading, Row
from ml_connector.integrations.views import ANY
from ml_connector.integrations.ways import LEDGERS
from ml_connector.store.database import Session as Transaction
from ml_connector.sync import breaker
from ml_connector.sync.begun import under_our_references
from ml_connector.sync.cursors import move_cursor
from ml_connector.sync.flows import facts_changed, lock_integrations
from ml_connector.sync.lane import Lane, LaneTransaction
from ml_connector.sync.list_options import NO_OPTIONS, chosen, keep
from ml_connector.sync.merged import follow_targets
from ml_connector.sync.named_accounts import ACCOUNTS, name_by_id
from ml_connector.sync.refusal_waits import numbered
from ml_connector.sync.release import release
from ml_connector.sync.released import let_lapse
from ml_connector.sync.unread import shown_again

ALL_ANEW = timedelta(days=1)


async def refresh(lane: Lane, entity: str, older_than: float, options: Mapping[str, str] = NO_OPTIONS) -> bool:
    """Read an entity's changes when its last reading is older than ``older_than`` clock seconds, or broke off.

    Once a day everything is read, since no list of changes tells what was deleted. False when the slice ended before
    the list did: nothing may be planned from it then. Raises transport.errors; what was read before stays, and the next
    reading goes on from there.

    ``options``: those that flows ask for, see ``list_options``; where they are new, everything is read with them at once.

    Only a walk that provably showed everything says what is gone: by the connector's word, and if every row told which
    document it is. Very much at once is asked about first, see sync.breaker.
    """
    walk = await _begin(lane, entity, older_than, options)
    if walk is None:
        return True
    async for found in lane.connector.read(lane.session, Reading(entity, cursor=walk.cursor, options=walk.options)):
        async with lane.transaction() as transaction:
            # Before feeds and what the breaker asks about, as whoever decides about it takes them.
            await lock_integrations(transaction.connection, lane.tenant_id, lane.connection_id)
            if not await transaction.as_connected():
                return False
            walk = await _as_clear_as(transaction, entity, walk, found.rows)
            page = msgspec.structs.replace(found, complete=found.complete and walk.clear)
            changed = await file_rows(transaction, entity, page.rows, walk.number)
            if page.last and page.complete:
                changed += await _gone(transaction, entity, walk.number)
            await move_cursor(transaction, f"directory {entity}", page)
            if page.last:
                await _end(transaction, entity, walk)
                if entity == ACCOUNTS:
                    await name_by_id(transaction, partial(_opened, transaction, entity))
                changed += await follow_targets(transaction, entity)
            if changed:
                keys = [f"{entity}:{one}" for one in (*changed, ANY)]
                await facts_changed(transaction.connection, lane.tenant_id, lane.connection_id, keys)
            named = _named(entity, page.rows, None if walk.whole else {*changed})
            await release(transaction.connection, lane.tenant_id, "fact", named)
        if not page.last and lane.slice.over():
            return False
    return True


async def _opened(transaction: LaneTransaction, entity: str) -> dict[str, Document]:
    """A list of the lane's connection as it is filed, by id."""
    lane = transaction.lane
    rows = await transaction.all(
        """select object_id, body from directory
        where tenant_id = %s and connection_id = %s and entity = %s and state <> 'gone'""",
        lane.tenant_id, lane.connection_id, entity,
    )  # fmt: skip
    return {id_: documents.decode(lane.sealer.open(entry_name(entity, id_), body)) for id_, body in rows}


def _named(entity: str, rows: Sequence[Row], changed: Collection[str] | None) -> list[str]:
    """What refused documents wait for of these rows: those that changed, of a reading of everything all of them."""
    shown = [row.document for row in rows if row.document is not None]
    return numbered(entity, [one for one in shown if changed is None or one.id in changed])


@dataclass(frozen=True, slots=True)
class _Walk:
    """One reading of a list to its end, over as many slices as it takes; ``whole`` if from its beginning.

    ``number`` is when it began, in microseconds of the clock: what was last seen before that is not there any more.
    ``clear``: every row so far told which document it is; one that did not may be any of those that seem to be missing.
    """

    number: int
    cursor: bytes | None
    whole: bool
    clear: bool = True
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def began(self) -> datetime:
        """When it began, on the clock."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.number)

    @property
    def noted(self) -> str:
        """The walk as it is kept while it is under way."""
        return f"{self.number}{' whole' if self.whole else ''}{'' if self.clear else ' unclear'}"


_FEED = """
    select d.cursor, greatest(d.moved_at, timestamptz '1970-01-01 00:00:00+00'), w.cursor, w.complete_at
    from (values (1)) as one
    left join feed d on d.tenant_id = %s and d.connection_id = %s and d.name = %s
    left join feed w on w.tenant_id = %s and w.connection_id = %s and w.name = %s"""


async def _begin(lane: Lane, entity: str, older_than: float, options: Mapping[str, str]) -> _Walk | None:
    """The walk that is under way, or else is due; None when what is known is fresh enough."""
    now, ids = lane.clock.now(), (lane.tenant_id, lane.connection_id)
    async with lane.transaction() as transaction:
        row = await transaction.one(_FEED, *ids, f"directory {entity}", *ids, f"walk {entity}")
        assert row is not None
        cursor, moved_at, under_way, complete_at = row
        if under_way:
            number, *words = bytes(under_way).split()
            kept = await chosen(transaction, entity, {})
            place = bytes(cursor) if cursor else None
            return _Walk(int(number), place, b"whole" in words, b"unclear" not in words, kept.options)
        wanted = await chosen(transaction, entity, options)
        if not wanted.new and moved_at is not None and (now - moved_at).total_seconds() < older_than:
            return None
        whole = bool(wanted.new or not cursor or complete_at is None or now - complete_at >= ALL_ANEW)
        walk = _Walk(_moment(lane), None if whole else bytes(cursor), whole, options=wanted.options)
        await lock_integrations(transaction.connection, *ids)
        if wanted.new:
            await keep(transaction, entity, wanted.options)
        if whole:  # also if it breaks off before its first page
            await transaction.run(
                "update feed set cursor = '' where tenant_id = %s and connection_id = %s and name = %s",
                *ids, f"directory {entity}",
            )  # fmt: skip
        await _note(transaction, entity, walk.noted)
        return walk


async def _as_clear_as(transaction: LaneTransaction, entity: str, walk: _Walk, rows: Sequence[Row]) -> _Walk:
    """The walk with these rows; that one did not tell what it is, is kept for the slices that go on with it."""
    if not walk.clear or all(row.identified for row in rows):
        return walk
    walk = replace(walk, clear=False)
    await _note(transaction, entity, walk.noted)
    return walk


async def _end(transaction: LaneTransaction, entity: str, walk: _Walk) -> None:
    """The walk is over. A list is as whole as it was when its walk began: what was asked for later is not in it."""
    await _note(transaction, entity, "", walk.began if walk.whole else None)


async def _note(transaction: LaneTransaction, entity: str, walk: str, complete_at: datetime | None = None) -> None:
    lane, now = transaction.lane, transaction.lane.clock.now()
    await transaction.run(
        """insert into feed (tenant_id, connection_id, name, cursor, moved_at, complete_at)
        values (%s, %s, %s, %s, %s, %s)
        on conflict (tenant_id, connection_id, name) do update
        set cursor = excluded.cursor, moved_at = excluded.moved_at,
            complete_at = coalesce(excluded.complete_at, feed.complete_at)""",
        lane.tenant_id, lane.connection_id, f"walk {entity}", walk.encode(), now, complete_at,
    )  # fmt: skip


async def read_all_anew(connection: Transaction, tenant_id: int, connection_id: int) -> None:
    """Have every list of a connection read from its beginning by its lane's next slices; a walk under way ends first.

    Its integrations stand still until the transaction ends: call it before rows that a lane touches are locked.
    """
    await lock_integrations(connection, tenant_id, connection_id)
    await connection.execute(
        b"""update feed set complete_at = case when starts_with(name, 'walk ') then null else complete_at end,
                   moved_at = timestamptz '1970-01-01 00:00:00+00'
        where tenant_id = %s and connection_id = %s and (starts_with(name, 'walk ') or starts_with(name, 'directory '))""",
        [tenant_id, connection_id],
    )


def _moment(lane: Lane) -> int:
    return int(lane.clock.now().timestamp() * 1_000_000)


# Only what differs is written; a list row never erases the reference that a detail showed, nor what else it did, as lines
# or an address, as long as the document has not changed: its stamp stands, and so does what both show of its end and sum.
_FILE = """
    insert into directory as held (tenant_id, connection_id, entity, walk, object_id, party_id, number_key, name_digest,
        reference, document_date, total, currency, state, active, stamp, content_hash, body, merged_into, in_full,
        troubled)
    select %b, %b, %b, %b, page.*
    from unnest(%b::text[], %b::text[], %b::text[], %b::bytea[], %b::text[], %b::date[], %b::numeric[], %b::text[],
                %b::text[], %b::boolean[], %b::text[], %b::bytea[], %b::bytea[], %b::text[], %b::boolean[],
                %b::boolean[]) as page
    on conflict (tenant_id, connection_id, entity, object_id) do update
    set party_id = excluded.party_id, number_key = excluded.number_key, name_digest = excluded.name_digest,
        reference = case when excluded.reference = '' then held.reference else excluded.reference end,
        document_date = excluded.document_date, total = excluded.total, currency = excluded.currency,
        state = excluded.state, active = excluded.active, stamp = excluded.stamp, walk = greatest(held.walk, excluded.walk),
        body = excluded.body, content_hash = excluded.content_hash, merged_into = excluded.merged_into,
        in_full = excluded.in_full, troubled = excluded.troubled, asked_at = '-infinity'
    where held.content_hash is distinct from excluded.content_hash
          and not (held.in_full and not excluded.in_full and held.stamp = excluded.stamp and held.stamp <> ''
                   and held.active = excluded.active and held.state = excluded.state
                   and held.total is not distinct from excluded.total)
       or held.state = 'gone'
    returning object_id"""
_SEEN = """
    update directory set walk = greatest(walk, %b)
    where tenant_id = %b and connection_id = %b and entity = %b and object_id = any(%b::text[])"""


async def file_rows(transaction: LaneTransaction, entity: str, rows: Sequence[Row], walk: int) -> list[str]:
    """File rows of a reading; the ids of those that are new or changed, or could not be read before a change of them.

    Every row counts as seen in this walk.
    """
    found = [row.document for row in rows if row.document is not None]
    changed = await file_documents(transaction, entity, found, walk)
    await note_seen(transaction, entity, [row.id for row in rows], walk)
    return [*changed, *await shown_again(transaction, entity, {one.id for one in found}.difference(changed))]


async def note_seen(
    transaction: LaneTransaction, entity: str, ids: Sequence[str], walk: int | None = None
) -> None:  # fmt: skip
    """These were seen in a walk or, on their own pages, just now: no walk that began before misses them."""
    lane, seen = transaction.lane, _moment(transaction.lane) if walk is None else walk
    await transaction.run(_SEEN, seen, lane.tenant_id, lane.connection_id, entity, list(ids))


async def file_documents(
    transaction: LaneTransaction, entity: str, found: Iterable[Document], walk: int | None = None,
    ours: Collection[str] = (),
) -> list[str]:  # fmt: skip
    """File documents of the target as last seen, in a walk or just now; the ids of those that are new or changed.

    ``ours``: those that a step of a plan has changed, and nobody else: what a person let go on stays so for its next steps.
    """
    lane = transaction.lane
    walk = _moment(lane) if walk is None else walk
    entries = list({_id(document): document for document in found}.values())
    if not entries:
        return []
    entries = await under_our_references(transaction, entity, entries)
    encoded = [documents.encode(document) for document in entries]
    others = [(one, _hash(text)) for one, text in zip(entries, encoded, strict=True) if _id(one) not in ours]
    await let_lapse(transaction, entity, [one for one, _ in others], [hash_ for _, hash_ in others])
    rows = await transaction.all(
        _FILE, lane.tenant_id, lane.connection_id, entity, walk, *_columns(lane, entity, entries, encoded)
    )
    return [row[0] for row in rows]


def _columns(lane: Lane, entity: str, entries: list[Document], encoded: list[bytes]) -> list[list[Any]]:
    seal, digest, named = lane.sealer.seal, lane.index.digest, _like(lane)
    return [
        [_id(one) for one in entries],
        [_party(one) for one in entries],
        [number_key(str(getattr(one, "number", ""))) for one in entries],
        [digest(named(one)) if isinstance(one, Party) and not one.erased else None for one in entries],
        [str(getattr(one, "reference", "")) for one in entries],
        [getattr(one, "date", None) for one in entries],
        [documents.amount_of(one) for one in entries],
        [str(getattr(one, "currency", "")) for one in entries],
        [str(getattr(one, "state", "")) for one in entries],
        [bool(getattr(one, "active", True)) for one in entries],
        [str(getattr(one, "stamp", "")) for one in entries],
        [_hash(text) for text in encoded],
        [seal(entry_name(entity, _id(one)), text) for one, text in zip(entries, encoded, strict=True)],
        [str(getattr(one, "merged_into", "")) for one in entries],
        [_in_full(one) for one in entries],
        [bool(getattr(one, "trouble", "")) for one in entries],
    ]


def _like(lane: Lane) -> Callable[[Party], str]:
    """By what parties of a list may be one and the same: their name, and their kind where each has one for good."""
    ledger = LEDGERS.get(lane.connector.vendor)
    if ledger is None or not ledger.one_kind:
        return lambda party: name_key(party.name)
    return lambda party: f"{name_key(party.name)} {party.roles}".rstrip()


def _in_full(document: Document) -> bool:
    """Whether it shows all there is to know: of a party ``in_full`` tells it, of a document ``complete``."""
    return bool(getattr(document, "in_full", True) and getattr(document, "complete", True))


def entry_name(entity: str, object_id: str) -> bytes:
    """The sealed object's name of a directory entry."""
    return f"directory {entity} {object_id}".encode()


def content_hash(document: Document) -> bytes:
    """What an entry's content is known by."""
    return _hash(documents.encode(document))


def _hash(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()


def _id(document: Document) -> str:
    return document.id


def _party(document: Document) -> str:
    party = documents.party_of(document)
    return party.id if party is not None else ""


async def _gone(transaction: LaneTransaction, entity: str, walk: int) -> list[str]:
    """After a proven complete enumeration: what was not seen is not there any more, but for what lists may lag behind."""
    lag = int(transaction.lane.connector.list_lag * 1_000_000)
    return await breaker.gone(transaction, entity, walk - lag)
