"""The doubles sweep: two live documents of the target that stand for one thing are found and told, never repaired.

Seen are two documents under one reference of ours, or linked to and made for one record; and, since not every list
shows references, documents of one party with the same number, date, total and currency, or customers and vendors of one
name, of which we made at least one. So it is on either side of an integration: ServiceTitan refuses no second customer or
vendor of one name, and Xero says that it may not go on refusing a second contact.
What only looks alike is read in full once, to see whose it is. It works on the directory, which the daily whole walk
has just made complete, and says which lists could not be read whole.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import structlog

from ml_connector.connectors.base import Action, Reading
from ml_connector.errors import ConnectorError
from ml_connector.sync.directory import ALL_ANEW, file_documents, read_all_anew
from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import Lane, LaneTransaction, wake
from ml_connector.transport.errors import AnswerLost, NotSent, Reconnect

log = structlog.get_logger()

EVERY = dt.timedelta(days=1)
LOOKED_AT_MOST = 40  # documents read in full by one sweep; the others are looked at by the next
LOST_AT_MOST = 2  # answers lost one after the other: the vendor is in trouble, and nothing more is asked today


@dataclass(frozen=True, slots=True)
class _Shown:
    """One live document that another one is like. ``claim``: the reference it shows or was made for; "" if none."""

    entity: str
    id: str
    claim: str
    ours: bool
    record_id: int | None


@dataclass(frozen=True, slots=True)
class _Double:
    """Documents that stand for one thing. ``key`` says which thing, the same in every sweep."""

    kind: str
    key: str
    shown: tuple[_Shown, ...]
    reference: str

    @property
    def record_id(self) -> int | None:
        return next((one.record_id for one in self.shown if one.record_id is not None), None)

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.shown]


async def find_doubles(lane: Lane, flows: Collection[Flow]) -> None:
    """Sweep this lane's connection when a day has passed since, or a person asks. Call it after its lists are read.

    Raises transport.errors when the target cannot be asked now; then nothing is noted, and the next slice sweeps.
    """
    sweep = await _sweep(lane)
    requested_at, entities = sweep.requested_at, _made_here(lane, flows)
    if not sweep.due or not (entities or requested_at):
        return
    if requested_at and not await _read_since(lane, entities, requested_at):
        return
    if suspects := await _suspects(lane, entities):  # whatever becomes of the looks, what the lists show is told
        async with lane.transaction() as transaction:
            await _tell_all(transaction, entities, _Looked(suspects))
    looked = await _look_closer(lane, suspects, sweep)
    if lane.slice.stopping:  # whoever takes the lane next sweeps
        return
    lacking = await _lacking(lane, entities, requested_at)
    if unseen := looked.unseen:
        words = "document that looks alike is" if len(unseen) == 1 else "documents that look alike are"
        lacking.append(f"{len(unseen):,} {words} read in full by the next sweep")
    async with lane.transaction() as transaction:
        await _tell_all(transaction, entities, looked)
        if looked.cut_short:
            await _goes_on(transaction, sweep, looked)
        else:
            await _swept(transaction, requested_at, lacking, looked)


def _made_here(lane: Lane, flows: Collection[Flow]) -> list[str]:
    """The lists of this connection in which documents of ours can stand."""
    lists = {entity for flow in flows if flow.target_id == lane.connection_id for entity in flow.type.target_lists}
    return sorted(entity for entity in lists if Action.CREATE in lane.connector.writable.get(entity, ()))


@dataclass(frozen=True, slots=True)
class _Sweep:
    """Whether a sweep is due, when a person has asked for it, and where its looks go on.

    ``began`` is the group after which the looks of this sweep begin, ``after`` the last one that was tried.
    """

    requested_at: dt.datetime | None
    due: bool
    under_way: bool
    began: str
    after: str

    def order(self, keys: Collection[str]) -> list[str]:
        """Groups still to be looked at by this sweep: those that no sweep has tried for longest come first."""
        ordered = sorted(keys, key=self._rank)
        return [key for key in ordered if self._rank(key) > self._rank(self.after)] if self.under_way else ordered

    def _rank(self, key: str) -> tuple[bool, str]:
        return key <= self.began, key


async def _sweep(lane: Lane) -> _Sweep:
    async with lane.database.tenant(lane.tenant_id) as connection:
        row = await (
            await connection.execute(
                b"""select swept_at, requested_at, looked_from is not null, coalesce(looked_from, looked_after), looked_after
                from sweep where tenant_id = %s and connection_id = %s""",
                [lane.tenant_id, lane.connection_id],
            )
        ).fetchone()
    swept_at, requested_at, under_way, began, after = row or (None, None, False, "", "")
    due = requested_at is not None or swept_at is None or lane.clock.now() - swept_at >= EVERY
    return _Sweep(requested_at, due, under_way, began, after)


async def _lacking(lane: Lane, entities: Sequence[str], requested_at: dt.datetime | None) -> list[str]:
    """Lists that were not proven whole within the day, or since a person asked."""
    async with lane.database.tenant(lane.tenant_id) as connection:
        rows = await (
            await connection.execute(
                b"""select name, complete_at from feed where tenant_id = %s and connection_id = %s
                and name = any(%s::text[])""",
                [lane.tenant_id, lane.connection_id, [f"directory {entity}" for entity in entities]],
            )
        ).fetchall()
    if not entities:
        return ["no flow that writes there is on"]
    proven: dict[str, dt.datetime | None] = dict(rows)
    since = max(lane.clock.now() - ALL_ANEW, requested_at or dt.datetime.min.replace(tzinfo=dt.UTC))
    found = []
    for entity in entities:
        at = proven.get(f"directory {entity}")
        if at is None or at < since:
            last = f"last on {at:%Y-%m-%d %H:%M} UTC" if at else "never so far"
            found.append(f"the list of {entity.replace('_', ' ')} could not be read whole ({last})")
    return found


async def _read_since(lane: Lane, entities: Sequence[str], since: dt.datetime) -> bool:
    """Whether all lists were read from their beginning after a person asked; if not, the next slice does it."""
    async with lane.transaction() as transaction:
        rows = await transaction.all(
            """select name from feed where tenant_id = %s and connection_id = %s and name = any(%s::text[])
               and complete_at >= %s""",
            lane.tenant_id, lane.connection_id, [f"walk {entity}" for entity in entities], since,
        )  # fmt: skip
        if len(rows) == len(entities):
            return True
        await read_all_anew(transaction.connection, lane.tenant_id, lane.connection_id)
        await wake(transaction, lane.connection_id, "doubles")
    return False


# --- what the directory shows ------------------------------------------------------------------------------------

# Live documents with what they claim to be: the reference they show, else that of the record they are linked to; and the
# facts by which one is like another.
_LIVE = """
    with live as (
        select d.entity, d.object_id, coalesce(nullif(d.reference, ''), l.reference, '') as claim,
               d.reference <> '' or coalesce(l.origin in ('created', 'adopted'), false) as ours, l.record_id,
               case when d.number_key <> '' and d.party_id <> '' and d.document_date is not null and d.total is not null
                    then concat_ws('|', d.entity, d.party_id, d.number_key, d.document_date, trim_scale(d.total),
                                   d.currency)
                    when d.name_digest is not null then concat_ws('|', d.entity, encode(d.name_digest, 'hex')) end
                    as facts
        from directory d
        left join (select l.target_entity, l.target_id, l.origin, r.record_id, r.reference
                   from link l join flow f on f.tenant_id = l.tenant_id and f.integration_id = l.integration_id
                        and f.name = l.entity
                   join record r on r.tenant_id = l.tenant_id and r.record_id = l.record_id
                   where l.tenant_id = %b and f.target_id = %b) l
          on l.target_entity = d.entity and l.target_id = d.object_id
        where d.tenant_id = %b and d.connection_id = %b and d.entity = any(%b::text[]) and d.active and d.state <> 'gone'
    )"""
_BY_REFERENCE = f"""{_LIVE}
    select claim, entity, object_id, claim, bool_or(ours), min(record_id) from live
    where claim in (select claim from live where claim <> '' group by claim
                    having count(distinct (entity, object_id)) > 1)
    group by claim, entity, object_id order by claim, entity, object_id"""
_BY_FACTS = f"""{_LIVE}, alike as (
        select facts from live where facts is not null group by facts
        having count(distinct (entity, object_id)) > 1 and bool_or(ours)
    )
    select facts, entity, object_id, min(claim), bool_or(ours), min(record_id) from live join alike using (facts)
    group by facts, entity, object_id order by facts, object_id"""


async def _rows(transaction: LaneTransaction, query: str, entities: Sequence[str]) -> dict[str, list[_Shown]]:
    ids = transaction.lane.tenant_id, transaction.lane.connection_id
    groups: dict[str, list[_Shown]] = defaultdict(list)
    for key, *shown in await transaction.all(query, *ids, *ids, list(entities)):
        groups[key].append(_Shown(*shown))
    return groups


async def _of_one_reference(transaction: LaneTransaction, entities: Sequence[str]) -> list[_Double]:
    groups = await _rows(transaction, _BY_REFERENCE, entities)
    return [_Double("reference", f"reference {key}", tuple(shown), key) for key, shown in groups.items()]


async def _groups(
    transaction: LaneTransaction, entities: Sequence[str], absent: Collection[str] = ()
) -> dict[str, list[_Shown]]:
    """Documents with the same facts of which one says nothing of whose it is; those that say it are told apart by it.

    ``absent``: ids that the target has just denied; they are nobody's doubles today.
    """
    groups: dict[str, list[_Shown]] = {}
    for key, found in (await _rows(transaction, _BY_FACTS, entities)).items():
        shown = [one for one in found if one.id not in absent]
        if len(shown) > 1 and any(one.ours for one in shown) and any(not one.claim for one in shown):
            groups[key] = shown
    return groups


async def _found(
    transaction: LaneTransaction, entities: Sequence[str], known: Collection[str], looked: _Looked
) -> list[_Double]:
    """Doubles as the directory shows them. What looks alike and was not looked at is none, unless it was one before."""
    unseen = looked.unseen
    alike = [
        _Double("facts", f"facts {key}", tuple(shown), next((one.claim for one in shown if one.claim), ""))
        for key, shown in (await _groups(transaction, entities, looked.absent)).items()
    ]
    return [
        *await _of_one_reference(transaction, entities),
        *(one for one in alike if one.key in known or not any(id_ in unseen for id_ in one.ids)),
    ]


async def _suspects(lane: Lane, entities: Sequence[str]) -> _Suspects:
    """By group: documents that look like ours, say nothing of whose they are, and have not been told as doubles yet."""
    async with lane.transaction() as transaction:
        known = await _open(transaction, entities)
        groups = await _groups(transaction, entities)
    return {
        key: [one for one in shown if not one.claim] for key, shown in groups.items() if f"facts {key}" not in known
    }


# --- looking closer ----------------------------------------------------------------------------------------------


_Suspects = Mapping[str, Sequence[_Shown]]


class _Look(Enum):
    """What became of reading one document in full."""

    SEEN = auto()
    ABSENT = auto()  # the target says that it does not exist
    UNREADABLE = auto()
    LOST = auto()  # no answer came


@dataclass(slots=True)
class _Looked:
    """What looking closer has shown so far. ``last`` is where the next look goes on after.

    ``cut_short``: the slice ended before everything was tried that this sweep may try.
    """

    suspects: _Suspects
    last: str = ""
    cut_short: bool = False
    tried: int = 0
    seen: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)

    @property
    def unseen(self) -> set[str]:
        """Ids of suspects of which nothing more is known than what the lists show."""
        return {one.id for shown in self.suspects.values() for one in shown} - self.seen - self.absent


async def _look_closer(lane: Lane, suspects: _Suspects, sweep: _Sweep) -> _Looked:
    """Read suspects in full and file what they show, group by group, since a group is judged as a whole."""
    looked = _Looked(suspects, sweep.after)
    lost = 0
    completed = False
    for key in sweep.order(suspects):
        for one in suspects[key]:
            if looked.tried >= LOOKED_AT_MOST or lane.slice.over():
                looked.cut_short = looked.tried < LOOKED_AT_MOST
                looked.last = looked.last if completed or not looked.tried else key
                return looked
            look = await _look_at(lane, one)
            looked.tried += 1
            lost = lost + 1 if look is _Look.LOST else 0
            if look in (_Look.SEEN, _Look.ABSENT):
                (looked.seen if look is _Look.SEEN else looked.absent).add(one.id)
            if lost >= LOST_AT_MOST:
                looked.last = key
                return looked
        looked.last, completed = key, True
    return looked


async def _look_at(lane: Lane, one: _Shown) -> _Look:
    """Read one in full. Raises NotSent and Reconnect: nobody can be asked then.

    That it does not exist is not noted: one such answer may be wrong, and the next whole walk says what is gone.
    """
    try:
        pages = lane.connector.read(lane.session, Reading(one.entity, ids=(one.id,)))
        rows = [row async for page in pages for row in page.rows]
    except (NotSent, Reconnect):
        raise
    except ConnectorError as error:
        log.warning("not looked at", lane=lane.connection_id, entity=one.entity, id=one.id, why=error.sentence)
        return _Look.LOST if isinstance(error, AnswerLost) else _Look.UNREADABLE
    found = [row.document for row in rows if row.document is not None]
    if rows and not found:
        return _Look.UNREADABLE
    async with lane.transaction() as transaction:
        await file_documents(transaction, one.entity, found)
    return _Look.SEEN if found else _Look.ABSENT


# --- what is told ------------------------------------------------------------------------------------------------


_Known = Mapping[str, tuple[int, list[str], int | None]]


async def _open(transaction: LaneTransaction, entities: Sequence[str]) -> _Known:
    """Doubles of these lists that stand: by key their number, the documents' ids and the record."""
    rows = await transaction.all(
        """select key, double_id, target_ids, record_id from double
        where tenant_id = %s and connection_id = %s and gone_at is null and entities <@ %s::text[]""",
        transaction.lane.tenant_id, transaction.lane.connection_id, list(entities),
    )  # fmt: skip
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


async def _tell_all(transaction: LaneTransaction, entities: Sequence[str], looked: _Looked) -> None:
    """Store and tell what is found, as far as it was looked at."""
    known = await _open(transaction, entities)
    await _store(transaction, await _found(transaction, entities, known, looked), known)


async def _store(transaction: LaneTransaction, found: Sequence[_Double], known: _Known) -> None:
    for one in found:
        if one.key not in known:
            await _add(transaction, one)
        elif known[one.key][1] != one.ids:
            await _change(transaction, one, known[one.key][0])
    still = {one.key for one in found}
    for key, (double_id, ids, record_id) in known.items():
        if key not in still:
            await transaction.run(
                "update double set gone_at = %s where tenant_id = %s and double_id = %s",
                transaction.lane.clock.now(), transaction.lane.tenant_id, double_id,
            )  # fmt: skip
            transaction.event("double gone", record_id=record_id, double=double_id, documents=ids)


async def _add(transaction: LaneTransaction, one: _Double) -> None:
    record_id = one.record_id or await _record_of(transaction, one.reference)
    row = await transaction.one(
        """insert into double (tenant_id, connection_id, kind, key, entities, target_ids, reference, record_id, found_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s) returning double_id""",
        transaction.lane.tenant_id, transaction.lane.connection_id, one.kind, one.key,
        [shown.entity for shown in one.shown], one.ids, one.reference, record_id, transaction.lane.clock.now(),
    )  # fmt: skip
    assert row is not None
    _tell(transaction, "double found", one, row, record_id)


async def _change(transaction: LaneTransaction, one: _Double, double_id: int) -> None:
    """Others stand for it now; what a person has said of the former ones does not count for these."""
    await transaction.run(
        """update double set target_ids = %s, entities = %s, dismissed_at = null, dismissed_by = null
        where tenant_id = %s and double_id = %s""",
        one.ids, [shown.entity for shown in one.shown], transaction.lane.tenant_id, double_id,
    )  # fmt: skip
    _tell(transaction, "double changed", one, (double_id,), one.record_id)


def _tell(transaction: LaneTransaction, kind: str, one: _Double, row: tuple[Any, ...], record_id: int | None) -> None:
    transaction.event(kind, record_id=record_id, double=row[0], documents=one.ids, by=one.kind, reference=one.reference)


async def _record_of(transaction: LaneTransaction, reference: str) -> int | None:
    """The record of ours that a reference names, if it is one of this database; a step's own goes on behind that."""
    parts = reference.split("-")
    row = await transaction.one(
        """select r.record_id from record r join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
        where r.tenant_id = %s and f.target_id = %s and r.source_id = any(%s::text[]) and r.reference = any(%s::text[])
        order by length(r.reference) desc limit 1""",
        transaction.lane.tenant_id, transaction.lane.connection_id, parts,
        ["-".join(parts[:end]) for end in range(1, len(parts) + 1)],
    )  # fmt: skip
    return int(row[0]) if row else None


async def _goes_on(transaction: LaneTransaction, sweep: _Sweep, looked: _Looked) -> None:
    """The slice ended first: the sweep is not done, and the next slice goes on after what was tried."""
    lane = transaction.lane
    await transaction.run(
        """insert into sweep (tenant_id, connection_id, looked_from, looked_after) values (%s, %s, %s, %s)
        on conflict (tenant_id, connection_id) do update
        set looked_from = excluded.looked_from, looked_after = excluded.looked_after""",
        lane.tenant_id, lane.connection_id, sweep.began if sweep.under_way or looked.tried else None, looked.last,
    )  # fmt: skip
    await wake(transaction, lane.connection_id, "doubles")


async def _swept(
    transaction: LaneTransaction, requested_at: dt.datetime | None, lacking: Sequence[str], looked: _Looked
) -> None:
    """The sweep is done; a wish that came meanwhile stays."""
    lane = transaction.lane
    await transaction.run(
        """insert into sweep (tenant_id, connection_id, swept_at, proven, lacking, looked_after)
        values (%s, %s, %s, %s, %s, %s)
        on conflict (tenant_id, connection_id) do update
        set swept_at = excluded.swept_at, proven = excluded.proven, lacking = excluded.lacking,
            looked_after = excluded.looked_after, looked_from = null,
            requested_at = case when sweep.requested_at = %s then null else sweep.requested_at end""",
        lane.tenant_id, lane.connection_id, lane.clock.now(), not lacking, "; ".join(lacking), looked.last, requested_at,
    )  # fmt: skip
