"""The lists of one integration, as planners and matching use them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account, Dimension, Item, ListEntry, Organisation, Party, TaxCode
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.items_alike import keys, names
from ml_connector.integrations.line_items import codes
from ml_connector.integrations.party_facts import is_of_kind
from ml_connector.integrations.party_names import NamesTaken
from ml_connector.integrations.views import Ledger, PriceBook
from ml_connector.sync.coming import Coming
from ml_connector.sync.directory import entry_name
from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import LaneTransaction, PartiesLinked
from ml_connector.sync.mapping import Table, tables_of
from ml_connector.sync.matching import PartyIndex
from ml_connector.sync.taken import begun_parties, taken_parties

AT_ONCE = 500  # entries that are opened before another lane has its turn: some tens of milliseconds
SHORT_LISTS = ("legal_entities", "payment_terms", "payment_types")  # of the target, kept where a flow names them


@dataclass(slots=True)
class Lists:
    """The lists of one integration at one generation.

    ``filed``: something was filed in a list since, so that the next generation is loaded whatever it differs by.
    """

    generation: int
    organisation: Organisation
    source: Organisation
    tables: Mapping[str, Table]
    source_lists: dict[str, dict[str, Document]] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    tax_codes: dict[str, TaxCode] = field(default_factory=dict)
    dimensions: dict[str, Dimension] = field(default_factory=dict)
    entries: dict[str, dict[str, ListEntry]] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    item_codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    item_keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    item_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    price_book: PriceBook | None = None
    parties: dict[str, dict[str, Party]] = field(default_factory=dict)  # by the target's list
    # By the target's list and the one kind of it, see FlowType.party_list:
    indexes: dict[tuple[str, str], PartyIndex] = field(default_factory=dict)
    taken_names: dict[str, NamesTaken] = field(default_factory=dict)  # by the target's list: names know no kinds
    coming: dict[tuple[str, str], Coming] = field(default_factory=dict)
    held: dict[tuple[str, str], str] = field(default_factory=dict)  # by flow and target's party: the source's record
    holders: dict[str, set[str]] = field(default_factory=dict)  # by the target's list: the flows that take its parties
    given: dict[str, dict[str, list[str]]] = field(default_factory=dict)  # by table: number key -> source ids
    filed: bool = False

    def link(self, linked: PartiesLinked) -> None:
        """Make these the next generation's lists, if all it differs by are links of parties."""
        if self.filed or linked.generation != self.generation + 1:
            return
        self.generation = linked.generation
        self.held |= linked.taken
        for (entity, _), index in self.indexes.items():
            for (flow, id_), record in linked.taken.items():
                if flow in self.holders[entity]:
                    index.take(flow, id_, record)

    def ledger(self, parties: str) -> Ledger:
        """What planners of a flow whose parties are in this list see of the target."""
        known, names = self.parties.get(parties, {}), self.taken_names.get(parties, NamesTaken())
        lists = self.accounts, self.tax_codes, self.dimensions
        found_by = self.item_codes, self.item_keys, self.item_names
        return Ledger(self.organisation, *lists, known, names.holders, self.entries, self.items, *found_by)


@dataclass(slots=True)
class _Kind:
    """Those of one kind in a list of parties, or of all kinds, by what they are found by."""

    index: PartyIndex = field(default_factory=lambda: PartyIndex((), {}))

    def put(self, former: Party | None, party: Party | None) -> None:
        """One as it is now in the place of what it was; None where it was, or is, none of these."""
        if former is not None:
            self.index.drop(former.id)
        if party is not None:
            self.index.add(party)


@dataclass(slots=True)
class _Parties:
    """The parties of one list as they were opened last, with their hashes; kept from one generation to the next."""

    kinds: Mapping[str, _Kind]
    names: NamesTaken
    hashes: dict[str, bytes] = field(default_factory=dict)
    found: dict[str, Party] = field(default_factory=dict)

    def drop(self, ids: Collection[str]) -> None:
        """Take away what is not there any more."""
        for id_ in ids:
            self.hashes.pop(id_)
            former = self.found.pop(id_)
            self.names.drop(former)
            for kind, kept in self.kinds.items():
                kept.put(former if is_of_kind(former, kind) else None, None)

    def put(self, party: Party, hash_: bytes) -> None:
        """One that is new, or has changed."""
        former = self.found.get(party.id)
        self.hashes[party.id], self.found[party.id] = hash_, party
        if former is not None:
            self.names.drop(former)
        self.names.add(party)
        for kind, kept in self.kinds.items():
            before = former if former is not None and is_of_kind(former, kind) else None
            kept.put(before, party if is_of_kind(party, kind) else None)


@dataclass(slots=True)
class _Opened:
    """The entries of one list as they were opened last, with their hashes."""

    hashes: dict[str, bytes] = field(default_factory=dict)
    found: dict[str, Document] = field(default_factory=dict)


class KeptLists:
    """A lane's lists, opened once: each generation only what differs is opened again.

    Every link of a party is a new generation, and there may be twenty thousand parties, or entries of a price book: what is
    the same is kept.
    """

    def __init__(self) -> None:
        self._opened: dict[tuple[int, str], _Opened] = {}  # by connection and list
        self._lists: dict[tuple[int, int, str], _Parties] = {}  # by integration and source: who is linked is theirs

    async def read(self, transaction: LaneTransaction, flow: Flow, entity: str, kinds: Collection[str]) -> _Parties:
        """The list as it is stored now, with what finds parties of each of the kinds."""
        place = (flow.integration_id, flow.source_id, entity)
        kept = self._lists.pop(place, None)
        if kept is None:
            names = NamesTaken(inactive=flow.type.ways.inactive_keep_names)
            kept = _Parties({kind: _Kind() for kind in kinds}, names)
        now = await _hashes(transaction, flow.target_id, entity)
        kept.drop([id_ for id_ in kept.hashes if id_ not in now])
        changed = [id_ for id_, hash_ in now.items() if kept.hashes.get(id_) != hash_]
        async for id_, party in filed(transaction, flow.target_id, entity, changed):
            kept.put(party, now[id_])
        for kind in kept.kinds.values():
            kind.index.persons.clear()
        self._lists[place] = kept  # only now: what broke off half-way is read whole the next time
        return kept

    async def entries(self, transaction: LaneTransaction, connection_id: int, entity: str) -> dict[str, Any]:
        """A list by id as it is stored now; what an earlier generation was given stays as it was."""
        kept = self._opened.get((connection_id, entity), _Opened())
        now = await _hashes(transaction, connection_id, entity)
        same = {id_: kept.found[id_] for id_, hash_ in now.items() if kept.hashes.get(id_) == hash_}
        changed = [id_ for id_ in now if id_ not in same]
        found = same | {id_: one async for id_, one in filed(transaction, connection_id, entity, changed)}
        self._opened[connection_id, entity] = _Opened({id_: now[id_] for id_ in found}, found)
        return dict(found)


async def load(transaction: LaneTransaction, flow: Flow, generation: int, known: KeptLists) -> Lists:
    """The lists that flows of this one's integration and direction are planned with, as they are stored now."""
    tenant = transaction.lane.tenant_id
    tables = await tables_of(
        transaction.connection, tenant, flow.integration_id, [one.name for one in flow.integration.tables]
    )
    lists = Lists(
        generation,
        await _organisation(transaction, flow.target_id),
        await _organisation(transaction, flow.source_id),
        tables,
    )
    wanted = {entity for type_ in flow.integration.flows for entity in type_.source_lists}
    for entity in wanted:
        lists.source_lists[entity] = await known.entries(transaction, flow.source_id, entity)
    for entity in ("accounts", "tax_codes", "dimensions"):
        setattr(lists, entity, await known.entries(transaction, flow.target_id, entity))
    listed = {name for type_ in flow.integration.flows for name in type_.target_lists}
    for entity in listed & {*SHORT_LISTS}:
        lists.entries[entity] = await known.entries(transaction, flow.target_id, entity)
    lists.items = await known.entries(transaction, flow.target_id, "items") if "items" in listed else {}
    lists.item_codes, lists.item_keys = codes(lists.items.values()), keys(lists.items.values())
    lists.item_names = names(lists.items.values())
    sold = [one for one in lists.source_lists.get("items", {}).values() if isinstance(one, Item)]
    lists.price_book = PriceBook(codes(sold), names(sold))
    lists.held, vendor = await taken_parties(transaction, flow), flow.type.target_vendor
    types = [type_ for type_ in flow.integration.flows if type_.target_vendor == vendor]
    for entity in {type_.parties for type_ in types}:
        of_list = [type_ for type_ in types if type_.parties == entity]
        kept = await known.read(transaction, flow, entity, _kinds(of_list))
        flows = lists.holders[entity] = {type_.name for type_ in of_list}
        begun = await begun_parties(transaction, flow, flows, kept.found.values())
        held = begun | {place: record for place, record in lists.held.items() if place[0] in flows}
        lists.parties[entity], lists.taken_names[entity] = kept.found, kept.names
        for kind, one in kept.kinds.items():
            one.index.hold(held)
            lists.indexes[entity, kind] = one.index
    return lists


def _kinds(types: Collection[FlowType]) -> set[str]:
    """The kinds that flows look for in one list: where a contact has one kind, what names none looks for none."""
    kinds = {type_.one_kind for type_ in types}
    return kinds - {""} if len(kinds) > 1 else kinds


async def _organisation(transaction: LaneTransaction, connection_id: int) -> Organisation:
    row = await transaction.one(
        "select organisation from connection where tenant_id = %s and connection_id = %s",
        transaction.lane.tenant_id, connection_id,
    )  # fmt: skip
    assert row is not None
    found = documents.decode(transaction.lane.sealer.open(b"organisation", row[0]))
    assert isinstance(found, Organisation)
    return found


async def _hashes(transaction: LaneTransaction, connection_id: int, entity: str) -> dict[str, bytes]:
    """By id the hash of each entry of a list that is there."""
    rows = await transaction.all(
        """select object_id, content_hash from directory
        where tenant_id = %s and connection_id = %s and entity = %s and state <> 'gone'""",
        transaction.lane.tenant_id, connection_id, entity,
    )  # fmt: skip
    return {id_: bytes(hash_) for id_, hash_ in rows}


async def filed(
    transaction: LaneTransaction, connection_id: int, entity: str, ids: Sequence[str]
) -> AsyncIterator[tuple[str, Any]]:
    """The entries of a list that have one of the ids, opened; part by part, so that other lanes run meanwhile."""
    unseal = transaction.lane.sealer.open
    for start in range(0, len(ids), AT_ONCE):
        rows = await transaction.all(
            """select object_id, body from directory where tenant_id = %s and connection_id = %s and entity = %s
               and object_id = any(%s::text[])""",
            transaction.lane.tenant_id, connection_id, entity, ids[start : start + AT_ONCE],
        )  # fmt: skip
        for id_, body in rows:
            yield id_, documents.decode(unseal(entry_name(entity, id_), body))
