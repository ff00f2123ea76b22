"""TRACK: what documents that are never written were found to be. One bill of the ledger is matched with one record.

The surer match takes a bill from the less sure one, see tracked.Rank; whoever loses it, or may have what was left, is
looked at again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ml_connector.canonical import documents
from ml_connector.canonical.numbers import number_key
from ml_connector.canonical.purchases import Bill
from ml_connector.integrations.tracked import ENTITY, Payable, Payables, Rank, Track
from ml_connector.sync.directory import entry_name
from ml_connector.sync.flows import Flow
from ml_connector.sync.items import Claimed, Item
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.release import restage
from ml_connector.sync.retrack import MATCHED
from ml_connector.sync.states import Priority, State

# Live bills of a record's vendor with its number or its total, each with the other record that is matched with it.
_PAYABLES = """
    select mine.record_id, e.object_id, e.body, t.source_id, t.rank
    from unnest(%b::bigint[], %b::text[], %b::text[], %b::numeric[]) as mine (record_id, party, number_key, total)
    cross join lateral (select * from directory where tenant_id = %b and connection_id = %b and entity = 'bills'
                        and party_id = mine.party and state <> 'gone' and active
                        and (number_key <> '' and number_key = mine.number_key or total = mine.total) offset 0) e
    left join lateral (select r.source_id, t.rank from tracking t
                       join record r on r.tenant_id = t.tenant_id and r.record_id = t.record_id
                       where t.tenant_id = %b and t.flow_id = %b and t.target_id = e.object_id and t.target_id <> ''
                       and t.record_id <> mine.record_id offset 0) t on true
    order by mine.record_id, e.document_date, e.object_id"""


async def payables(
    transaction: LaneTransaction, flow: Flow, items: Sequence[Item], party_of: Callable[[Item], str]
) -> dict[int, Payables]:
    """By record: its vendor in the ledger and which bills there may be it. Empty for a flow that matches with no bills."""
    if flow.type.matched_with != ENTITY:
        return {}
    lane = transaction.lane
    parties = {item.record_id: party_of(item) for item in items}
    known = [item for item in items if parties[item.record_id]]
    rows = await transaction.all(
        _PAYABLES, [item.record_id for item in known], [parties[item.record_id] for item in known],
        [number_key(flow.type.number_of(item.document, None, flow.settings)) for item in known],
        [documents.amount_of(item.document) for item in known], lane.tenant_id, flow.target_id, lane.tenant_id,
        flow.flow_id,
    )  # fmt: skip
    found: dict[int, list[Payable]] = defaultdict(list)
    for record_id, object_id, body, claimed_by, rank in rows:
        bill = documents.decode(lane.sealer.open(entry_name(ENTITY, object_id), body))
        assert isinstance(bill, Bill)
        found[record_id].append(Payable(bill, claimed_by or "", Rank(rank or 0)))
    return {record_id: Payables(party, tuple(found[record_id])) for record_id, party in parties.items()}


@dataclass(frozen=True, slots=True)
class Tracked:
    """A version and what it was found to be."""

    item: Claimed
    flow: Flow
    track: Track


@dataclass(frozen=True, slots=True)
class _Held:
    """What a record was found to be before."""

    finding: str
    target_id: str
    party_id: str
    sentence: str


_STORE = """
    insert into tracking as held (tenant_id, connection_id, since, looked_at, record_id, version_id, flow_id, finding,
                                  party_id, target_id, rank, candidates, detail)
    select %b, %b, %b, %b, r, v, f, n, p, t, k, string_to_array(c, ' '), d
    from unnest(%b::bigint[], %b::bigint[], %b::integer[], %b::text[], %b::text[], %b::text[], %b::smallint[],
                %b::text[], %b::bytea[]) as page (r, v, f, n, p, t, k, c, d)
    on conflict (tenant_id, record_id) do update
    set version_id = excluded.version_id, finding = excluded.finding, party_id = excluded.party_id,
        target_id = excluded.target_id, rank = excluded.rank, candidates = excluded.candidates,
        looked_at = excluded.looked_at, detail = excluded.detail,
        since = case when held.finding = excluded.finding then held.since else excluded.since end"""


async def store_tracked(transaction: LaneTransaction, found: Sequence[Tracked]) -> list[Tracked]:
    """Store findings, and look again at whom they concern; those that are told otherwise than before."""
    if not found:
        return []
    lane, ids = transaction.lane, [one.item.record_id for one in found]
    before = await _before(transaction, ids)
    await _take(transaction, found)
    await transaction.run(
        _STORE, lane.tenant_id, lane.connection_id, lane.clock.now(), lane.clock.now(), ids,
        [one.item.version_id for one in found], [one.flow.flow_id for one in found],
        [one.track.finding for one in found], [one.track.party_id for one in found],
        [one.track.target_id for one in found], [one.track.rank.value for one in found],
        [" ".join(one.track.candidates) for one in found],
        [lane.sealer.seal(b"tracking", msgspec.json.encode(one.track)) for one in found],
    )  # fmt: skip
    await _look_at_others(transaction, ids, before, {one.item.record_id: one.track.target_id for one in found})
    return [one for one in found if _told_anew(before.get(one.item.record_id), one.track)]


def _told_anew(before: _Held | None, track: Track) -> bool:
    return before is None or (before.finding, before.sentence) != (track.finding, track.sentence)


async def untrack(transaction: LaneTransaction, items: Sequence[Claimed]) -> None:
    """Take findings away of records that are held or passed over now, and leave their bills to others."""
    if not items:
        return
    ids = [item.record_id for item in items]
    before = await _before(transaction, ids)
    if before:
        await transaction.run(
            "delete from tracking where tenant_id = %b and record_id = any(%b::bigint[])",
            transaction.lane.tenant_id, ids,
        )  # fmt: skip
        await _look_at_others(transaction, ids, before, {})


async def _before(transaction: LaneTransaction, ids: Sequence[int]) -> dict[int, _Held]:
    lane = transaction.lane
    rows: list[tuple[Any, ...]] = await transaction.all(
        """select record_id, finding, target_id, party_id, detail from tracking
        where tenant_id = %b and record_id = any(%b::bigint[])""",
        lane.tenant_id, list(ids),
    )  # fmt: skip
    return {
        record_id: _Held(finding, target_id, party_id, opened(lane.sealer.open(b"tracking", detail)).sentence)
        for record_id, finding, target_id, party_id, detail in rows
    }


_decoder = msgspec.json.Decoder(Track)


def opened(detail: bytes) -> Track:
    """A finding as it was stored."""
    return _decoder.decode(detail)


async def _take(transaction: LaneTransaction, found: Sequence[Tracked]) -> None:
    """Free the bills that the findings claim: from others, who are looked at again, and from each other."""
    ids = [one.item.record_id for one in found]
    tenant = transaction.lane.tenant_id
    claims = [(one.flow.flow_id, one.track.target_id) for one in found if one.track.target_id]
    rows = await transaction.all(
        """delete from tracking t using unnest(%b::integer[], %b::text[]) as mine (flow_id, target_id)
        where t.tenant_id = %b and t.flow_id = mine.flow_id and t.target_id = mine.target_id
          and t.record_id <> all(%b::bigint[]) returning t.version_id""",
        [flow_id for flow_id, _ in claims], [target for _, target in claims], tenant, ids,
    )  # fmt: skip
    await transaction.run(
        "update tracking set target_id = '' where tenant_id = %b and record_id = any(%b::bigint[])", tenant, ids
    )
    await _again(transaction, [row[0] for row in rows])


async def _look_at_others(
    transaction: LaneTransaction, ids: Collection[int], before: dict[int, _Held], after: dict[int, str]
) -> None:
    """Others that had a bill among their candidates which is taken now, or of whose vendor one is free again."""
    was = {record_id: held.target_id for record_id, held in before.items() if held.target_id}
    taken = {target for target in after.values() if target} - set(was.values())
    freed = set(was.values()) - set(after.values())
    vendors = [held.party_id for held in before.values() if held.target_id in freed]
    if not (taken or freed):
        return
    rows = await transaction.all(
        """select version_id from tracking where tenant_id = %b and connection_id = %b and finding <> %b
           and record_id <> all(%b::bigint[]) and (candidates && %b::text[] or party_id = any(%b::text[]))""",
        transaction.lane.tenant_id, transaction.lane.connection_id, MATCHED, list(ids), sorted(taken), vendors,
    )  # fmt: skip
    await _again(transaction, [row[0] for row in rows])


async def _again(transaction: LaneTransaction, versions: Sequence[int]) -> None:
    if versions:
        await restage(
            transaction.connection, transaction.lane.tenant_id, versions, [State.TRACKED], Priority.RELEASED
        )  # fmt: skip
