"""CLAIMS: records of one flow that point to one party of the target. None of several is linked by itself.

What tells a party from others (its name, e-mail and account number) is kept of each record as keyed digests, so that
whoever shares one is found without opening all. A telephone is none of it: alone it is proof only of one name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.numbers import name_key
from ml_connector.integrations.party_facts import facts
from ml_connector.integrations.views import Candidate
from ml_connector.sealing.seal import IndexKey
from ml_connector.sync.flows import Flow
from ml_connector.sync.items import Item
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.mapping import Table
from ml_connector.sync.matching import CHOSEN, SHARED, PartyIndex
from ml_connector.sync.release import release, restage
from ml_connector.sync.states import Priority, State

AT_ONCE = 1_000  # records whose claims are noted at a time, where they were read before any were kept


def traits(party: Party) -> frozenset[tuple[str, str]]:
    """What tells a party from others, as (kind, value): none of one that was erased."""
    if party.erased:
        return frozenset()
    found = [("name", name_key(party.name)), *(one for one in facts(party) if one[0] != SHARED)]
    return frozenset((kind, value) for kind, value in found if value)


def _digests(index: IndexKey, parties: Iterable[Party]) -> set[bytes]:
    return {index.digest(f"party {kind} {value}") for party in parties for kind, value in traits(party)}


# --- noting ------------------------------------------------------------------------------------------------------


async def note(
    transaction: LaneTransaction, flow: Flow, read: Sequence[tuple[int, Document]], known: Collection[str]
) -> None:
    """Note what newly read versions claim, by record. ``known``: source ids of those that had a version before.

    Who waits since one of them claimed its counterpart is planned again, and so is who was shown as linked by itself and
    has its like only now.
    """
    parties = [(record_id, document) for record_id, document in read if isinstance(document, Party)]
    if not parties:
        return
    await _store(transaction, flow, parties)
    await decided(transaction, [f"{flow.name}:{one}" for one in known])
    await _plan_again(transaction, flow, parties)


async def decided(transaction: LaneTransaction, keys: Sequence[str]) -> None:
    """Free who waits since one of these parties claimed its counterpart: the party has changed, or is linked now."""
    for kind in ("mapping", "source"):
        await release(transaction.connection, transaction.lane.tenant_id, kind, keys)


async def _store(transaction: LaneTransaction, flow: Flow, parties: Sequence[tuple[int, Party]]) -> None:
    tenant, index = transaction.lane.tenant_id, transaction.lane.index
    rows = [(record_id, digest) for record_id, party in parties for digest in sorted(_digests(index, [party]))]
    await transaction.run(
        "delete from party_claim where tenant_id = %b and record_id = any(%b::bigint[])",
        tenant, [record_id for record_id, _ in parties],
    )  # fmt: skip
    await transaction.run(
        """insert into party_claim (tenant_id, flow_id, record_id, digest)
        select %b, %b, page.* from unnest(%b::bigint[], %b::bytea[]) as page""",
        tenant, flow.flow_id, [record_id for record_id, _ in rows], [digest for _, digest in rows],
    )  # fmt: skip


_SHOWN = """
    select distinct r.version_id
    from unnest(%b::bytea[]) as wanted (digest)
    join party_claim c on c.tenant_id = %b and c.flow_id = %b and c.digest = wanted.digest
                       and c.record_id <> all(%b::bigint[])
    join record r on r.tenant_id = c.tenant_id and r.record_id = c.record_id
    join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id and s.state = %b
    where not exists (select 1 from plan p where p.tenant_id = r.tenant_id and p.version_id = r.version_id
                      and p.approved_at is not null)"""


async def _plan_again(transaction: LaneTransaction, flow: Flow, parties: Sequence[tuple[int, Party]]) -> None:
    """Stored plans of those that share something with these. What was approved is looked at again when it is sent."""
    wanted = _digests(transaction.lane.index, [party for _, party in parties])
    rows = await transaction.all(
        _SHOWN, sorted(wanted), transaction.lane.tenant_id, flow.flow_id, [record_id for record_id, _ in parties],
        State.PLANNED.value,
    )  # fmt: skip
    if rows:
        versions = [row[0] for row in rows]
        await restage(
            transaction.connection, transaction.lane.tenant_id, versions, [State.PLANNED], Priority.PARTY
        )  # fmt: skip


# --- before they were kept ---------------------------------------------------------------------------------------

# A record that shows nothing to claim by has no rows either; how far it was gone through is kept with the lane's feeds.
_BEFORE = """
    select r.record_id, d.content_hash, d.canonical
    from record r join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id
    where r.tenant_id = %b and r.flow_id = %b and r.record_id > %b order by r.record_id limit %b"""


async def _note_known(transaction: LaneTransaction, flow: Flow) -> None:
    """Note once what records claim that were read before claims were kept."""
    lane = transaction.lane
    name = f"claims {flow.flow_id}"
    done = await transaction.one(
        "select 1 from feed where tenant_id = %b and connection_id = %b and name = %b",
        lane.tenant_id, lane.connection_id, name,
    )  # fmt: skip
    if done is not None:
        return
    after = 0
    while rows := await transaction.all(_BEFORE, lane.tenant_id, flow.flow_id, after, AT_ONCE):
        opened = [(record_id, _opened(transaction, hash_, body)) for record_id, hash_, body in rows]
        await _store(transaction, flow, [(id_, party) for id_, party in opened if party is not None])
        after = rows[-1][0]
    await transaction.run(
        """insert into feed (tenant_id, connection_id, name, cursor, moved_at) values (%b, %b, %b, '', %b)
        on conflict (tenant_id, connection_id, name) do nothing""",
        lane.tenant_id, lane.connection_id, name, lane.clock.now(),
    )  # fmt: skip


def _opened(transaction: LaneTransaction, content_hash: bytes, canonical: bytes) -> Party | None:
    document = documents.decode(transaction.lane.sealer.open(b"canonical " + content_hash, canonical))
    return document if isinstance(document, Party) else None


# --- who else claims it ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Claimant:
    """A live record without a counterpart, with what it shows now."""

    source_id: str
    reference: str
    party: Party


# `offset 0` as in prepare._Batch.
_CLAIMANTS = """
    with rival as (
        select distinct c.record_id from unnest(%b::bytea[]) as wanted (digest)
        cross join lateral (select record_id from party_claim where tenant_id = %b and flow_id = %b
                            and digest = wanted.digest offset 0) c
    )
    select r.source_id, r.reference, d.content_hash, d.canonical
    from rival
    cross join lateral (select * from record where tenant_id = %b and record_id = rival.record_id
                        and not deleted and merged_into = '' offset 0) r
    cross join lateral (select content_hash, canonical from document where tenant_id = r.tenant_id
                        and version_id = r.version_id offset 0) d
    where not exists (select 1 from link l where l.tenant_id = r.tenant_id and l.integration_id = %b
                      and {linked} offset 0)
    order by r.record_id"""
_FORWARD = _CLAIMANTS.format(linked="l.entity = %b and l.source_id = r.source_id")
_BACK = _CLAIMANTS.format(linked="l.entity = %b and l.target_id = r.source_id")
_HOLDERS = """
    select r.source_id, d.content_hash, d.canonical
    from unnest(%b::text[]) as wanted (id)
    cross join lateral (select * from record where tenant_id = %b and flow_id = %b and source_id = wanted.id offset 0) r
    cross join lateral (select content_hash, canonical from document where tenant_id = r.tenant_id
                        and version_id = r.version_id offset 0) d"""
Found = Mapping[int, Sequence[Candidate]]  # by record


async def contested(
    transaction: LaneTransaction, flow: Flow, tables: Mapping[str, Table], index: PartyIndex, items: Sequence[Item],
    found: Found,
) -> dict[int, list[Candidate]]:  # fmt: skip
    """The candidates of a batch's records with those that claim them as strongly, and with who has them.

    Of a party that several claim none has proof. ``items`` are those without a counterpart. One query for all of them,
    and one for the names of those that have one that was proven.
    """
    given = _Given(flow, tables, index)
    asked = [one for one in items if any(given.is_open(one, other) for other in found[one.record_id])]
    claimants = await _claimants(transaction, flow, asked, found) if asked else {}
    holders = await _holders(transaction, flow, [one for item in items for one in found[item.record_id]])
    told = dict[int, list[Candidate]]()
    for item in items:
        known = [_held(one, holders) for one in found[item.record_id]]
        told[item.record_id] = given.without_proof(item, known, claimants)
    return told


async def _claimants(
    transaction: LaneTransaction, flow: Flow, items: Sequence[Item], found: Found
) -> dict[tuple[str, str], list[_Claimant]]:
    """By trait those that show it, of all that the candidates of these records show."""
    await _note_known(transaction, flow)
    tenant, parties = transaction.lane.tenant_id, [one.party for item in items for one in found[item.record_id]]
    rows = await transaction.all(
        _BACK if flow.type.mirrors else _FORWARD, sorted(_digests(transaction.lane.index, parties)), tenant, flow.flow_id,
        tenant, flow.integration_id, flow.type.mirrors or flow.name,
    )  # fmt: skip
    by_trait = defaultdict[tuple[str, str], list[_Claimant]](list)
    for source_id, reference, content_hash, canonical in rows:
        party = _opened(transaction, content_hash, canonical)
        if party is not None:
            for trait in traits(party):
                by_trait[trait].append(_Claimant(source_id, reference, party))
    return by_trait


async def _holders(transaction: LaneTransaction, flow: Flow, candidates: Iterable[Candidate]) -> dict[str, Party]:
    """By source id the records that have a candidate that was proven or chosen."""
    wanted = sorted({one.taken_by for one in candidates if one.proof and one.taken_by})
    if not wanted:
        return {}
    rows = await transaction.all(_HOLDERS, wanted, transaction.lane.tenant_id, flow.flow_id)
    opened = {source_id: _opened(transaction, hash_, body) for source_id, hash_, body in rows}
    return {source_id: party for source_id, party in opened.items() if party is not None}


def _held(one: Candidate, holders: Mapping[str, Party]) -> Candidate:
    holder = holders.get(one.taken_by) if one.proof else None
    return msgspec.structs.replace(one, holder=holder.name) if holder is not None else one


@dataclass(frozen=True, slots=True)
class _Given:
    """What people have chosen, and how strongly records claim parties of the target by themselves."""

    flow: Flow
    tables: Mapping[str, Table]
    index: PartyIndex

    def is_open(self, item: Item, one: Candidate) -> bool:
        """Whether a candidate is proven, and neither a person's choice, nor made for the record, nor anybody's."""
        ours = one.party.reference and one.party.reference == item.reference
        return one.proof and one.evidence != CHOSEN and not ours and not one.taken_by

    def without_proof(
        self, item: Item, found: list[Candidate], claimants: Mapping[tuple[str, str], Sequence[_Claimant]]
    ) -> list[Candidate]:
        """The candidates; where one that is proven is claimed by others too, with those, and none of them as proof."""
        others = {one.party.id: self._others(item, one, claimants) for one in found if self.is_open(item, one)}
        if not any(others.values()):
            return found
        replace = msgspec.structs.replace
        return [replace(one, proof=False, claimed_by=others.get(one.party.id, ())) for one in found]

    def _others(
        self, item: Item, one: Candidate, claimants: Mapping[tuple[str, str], Sequence[_Claimant]]
    ) -> tuple[Party, ...]:
        assert isinstance(item.document, Party)
        own = self.index.claim(item.document, one.party)
        rivals = {rival.source_id: rival for trait in traits(one.party) for rival in claimants.get(trait, ())}
        rivals.pop(item.source_id, None)
        return tuple(
            rival.party
            for rival in rivals.values()
            if of_one_role(item.document, rival.party) and self._claim(rival, one.party) >= own
        )

    def _claim(self, rival: _Claimant, party: Party) -> int:
        """How strongly another record claims a party: 3 where a person says so, or it was made for it."""
        chosen, chosen_there = self._chosen(rival.source_id, party.id)
        if chosen is not None:
            return 3 if chosen_there else 0
        if party.reference and party.reference == rival.reference:
            return 3
        return self.index.claim(rival.party, party) if rival.party.active else 0

    def _chosen(self, source_id: str, target_id: str) -> tuple[str | None, bool]:
        """The row of a mapping table about a record, or, of what goes back, about the party; whether it joins the two."""
        back = self.flow.type.mirrors
        table = self.tables.get(back or self.flow.name)
        row = table.get(target_id if back else source_id) if table is not None else None
        return row, row is not None and (row == source_id if back else self.index.merged(row) == target_id)


def of_one_role(party: Party, other: Party) -> bool:
    """Whether two may be counterparts of one kind; one that is neither customer nor vendor yet may become either."""
    mine, theirs = set(party.roles.split()), set(other.roles.split())
    return not (mine and theirs) or not mine.isdisjoint(theirs)


# --- while the source is read ------------------------------------------------------------------------------------


def read_key(flow: str) -> str:
    """What those wait for, as a fact, who are linked only once all of their flow's source was read."""
    return f"read:{flow}"


async def all_read(transaction: LaneTransaction, flow: Flow) -> bool:
    """Whether the flow's source was read to its end, and no reading is under way: what it has not shown may claim the same.

    Single parties are read before the first reading, too, as when the source announces them.
    """
    row = await transaction.one(
        "select open from reading where tenant_id = %b and flow_id = %b", transaction.lane.tenant_id, flow.flow_id
    )
    return row is not None and not row[0]
