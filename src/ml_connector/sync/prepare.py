"""Everything a planner may look at, gathered for a whole batch: lists once per generation, the rest in a few queries."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.connectors.writing import Action, Composed
from ml_connector.integrations.drafts import followed
from ml_connector.integrations.tracked import Payables
from ml_connector.integrations.views import Behind, Candidate, Linked, Twin, View
from ml_connector.sync import claims
from ml_connector.sync.coming import Coming, Plans, makes_parties
from ml_connector.sync.directory import entry_name
from ml_connector.sync.entry_links import held_there, known_links
from ml_connector.sync.flows import Flow
from ml_connector.sync.in_currencies import currencies
from ml_connector.sync.items import Item
from ml_connector.sync.lane import Lane, LaneTransaction
from ml_connector.sync.lists import KeptLists, Lists, load
from ml_connector.sync.matching import PartyIndex, Record
from ml_connector.sync.merged import circles
from ml_connector.sync.numbers import Numbers
from ml_connector.sync.own_links import behind, named_links, own_links, posted_links
from ml_connector.sync.previews import previewed_links
from ml_connector.sync.reads import NotedTables
from ml_connector.sync.release import holds
from ml_connector.sync.shared import persons
from ml_connector.sync.states import State
from ml_connector.sync.together import Together, together

# Any other record claims its number in the second states, an earlier one in all but the first.
_PASSED_OVER = (State.SKIPPED, State.SUPERSEDED)
_CLAIMED = (State.POSTED, State.LINKED, State.SENDING, State.UNCERTAIN)


class Preparer:
    """Builds views for one lane; keeps lists between batches as long as their generation stands."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._lists: dict[tuple[int, int], Lists] = {}  # by integration and source: flows go both ways
        self._kept = KeptLists()
        self._plans = Plans(lane)

    async def lists(self, transaction: LaneTransaction, flow: Flow) -> Lists:
        """The integration's lists. Locks its generation until the transaction ends: facts stand still while planning."""
        row = await transaction.one(
            "select generation from integration where tenant_id = %s and integration_id = %s for share",
            self._lane.tenant_id, flow.integration_id,
        )  # fmt: skip
        assert row is not None
        place = flow.integration_id, flow.source_id
        held = self._lists.get(place)
        if held is None or held.generation != row[0]:
            held = await load(transaction, flow, int(row[0]), self._kept)
            self._lists[place] = held
        return held

    # --- views ---------------------------------------------------------------------------------------------------

    async def views(self, transaction: LaneTransaction, flow: Flow, items: Sequence[Item]) -> list[View]:
        """One view per item, in their order."""
        lists = await self.lists(transaction, flow)
        await self._load_coming(transaction, flow, lists)
        batch = _Batch(self._lane, transaction, flow, items, lists)
        await batch.load()
        return [batch.view(item) for item in items]

    async def _load_coming(self, transaction: LaneTransaction, flow: Flow, lists: Lists) -> None:
        """What plans are to make for the flow's list: read once for the lists, and kept up as more is planned."""
        if makes_parties(flow.type):
            if flow.type.party_list not in lists.coming:
                lists.coming[flow.type.party_list] = await self._plans.coming(transaction, flow)
            lists.coming[flow.type.party_list].fresh.clear()

    def coming(self, flow: Flow) -> Coming | None:
        """What plans are to make, as it was when the flow's views were made; None of a flow that makes no parties."""
        coming = self._lists[flow.integration_id, flow.source_id].coming
        return coming.get(flow.type.party_list) if makes_parties(flow.type) else None


class _Batch:
    """The queries for one flow's batch, and the views made of their answers.

    `offset 0` has PostgreSQL look up the batch's keys one by one, by index. Left to itself it joins whole tables as long
    as it has no statistics of them, which is the time of the first large intake.
    """

    def __init__(
        self, lane: Lane, transaction: LaneTransaction, flow: Flow, items: Sequence[Item], lists: Lists
    ) -> None:
        self._lane, self._transaction, self._flow, self._items, self._lists = lane, transaction, flow, items, lists
        self._links: dict[tuple[str, str], str] = {}
        self._created: set[tuple[str, str]] = set()
        self._own: dict[str, Linked] = {}
        self._behind: dict[tuple[str, str], Behind] = {}
        self._asked: set[tuple[str, str]] = set()
        self._brings: set[str] = set()
        self._read_through: set[str] = set()
        self._released: dict[int, set[str]] = defaultdict(set)
        self._twins: dict[int, list[Twin]] = defaultdict(list)
        self._candidates: dict[int, list[Candidate]] = {}
        self._promised: set[int] = set()
        self._all_read = True
        self._circles: dict[str, tuple[str, ...]] = {}
        self._held_there: dict[str, str] = {}
        self._numbers = Numbers(flow, lists.tables, lists.given)
        self._together = Together()
        self._asked_in: dict[str, tuple[str, ...]] = {}

    async def load(self) -> None:
        await self._load_links(self._needed())
        self._links |= await known_links(self._transaction, self._flow)
        self._own = await own_links(self._transaction, self._flow, self._items)
        self._links |= await posted_links(self._transaction, self._flow, self._own, self._links)
        self._behind = await behind(self._transaction, self._flow, self._items)
        await self._load_asked()
        await self._load_released()
        await self._load_source_twins()
        await self._load_renumbered_twins()
        await self._load_target_twins()
        contacts = self._lists.parties.get(self._flow.type.parties, {})
        known = self._links, self._party_at_target, contacts, self._lists.organisation, self._behind
        self._together = await together(self._transaction, self._flow, self._items, *known)
        await self._load_links_of_parties()
        await self._load_candidates()
        self._held_there = await held_there(self._transaction, self._flow)
        self._asked_in = await currencies(self._transaction, self._flow, self._items, self._lists)

    def view(self, item: Item) -> View:
        lists = self._lists
        return View(
            document=item.document,
            source_id=item.source_id,
            reference=item.reference,
            first_seen_exported=item.exported_at_first_sight,
            released=frozenset(self._released[item.record_id]),
            settings=self._flow.settings,
            mappings=NotedTables(lists.tables),
            links=self._links,
            asked=frozenset(self._asked),
            brings=frozenset(self._brings),
            read_through=frozenset(self._read_through),
            link=self._own.get(item.source_id),
            behind=self._behind,
            source=lists.source,
            source_lists=lists.source_lists,
            ledger=lists.ledger(*self._flow.type.party_list),
            twins=tuple(self._twins[item.record_id]),
            candidates=tuple(self._candidates.get(item.record_id, ())),
            compose=self._compose,
            made=self._together.steps[item.record_id].made,
            proven=self._together.steps[item.record_id].proven,
            done=frozenset(self._together.steps[item.record_id].done),
            removed=self._together.steps[item.record_id].removed,
            at_target=self._together.at_target[item.record_id],
            sources=self._together.sources[item.record_id],
            users=tuple(self._together.users[item.record_id]),
            taken_off=frozenset(self._together.steps[item.record_id].taken_off),
            changing=frozenset(self._together.changing[item.record_id]),
            replaced=frozenset(self._together.replaced[item.record_id]),
            half_changed=item.record_id in self._together.half_changed,
            payables=self._together.payables.get(item.record_id, Payables()),
            promised=item.record_id in self._promised,
            recoding=item.recoding,
            apart=self._is_apart(item),
            created=frozenset(self._created),
            ways=self._flow.type.ways,
            set_there=self._lane.session.settings,
            all_read=self._all_read,
            asked_in=self._asked_in.get(item.source_id, ()),
            circle=self._circles.get(item.source_id, ()),
            held_there=self._held_there,
        )

    def _is_apart(self, item: Item) -> bool:
        """Whether what goes back is a counterpart of flows that are none of the flow's that this one mirrors."""
        if not self._flow.type.mirrors:
            return False
        flows = self._flow.integration.flow(self._flow.type.mirrors).apart
        return any((flow, item.source_id) in self._lists.held for flow in flows)

    async def _load_candidates(self) -> None:
        """Who at the target each party may be. Whose contact is a private person's is looked up only where one is shared."""
        index = self._lists.indexes.get(self._flow.type.party_list)
        if index is None:
            return
        parties = [(item, item.document) for item in self._items if isinstance(item.document, Party)]
        merged = [item.source_id for item, party in parties if party.merged_into]
        self._circles = await circles(self._transaction, self._flow, merged)
        self._candidates = {item.record_id: self._alike(index, item, party) for item, party in parties}
        shared = [one for found in self._candidates.values() for one in found]
        if found := await persons(self._transaction, self._flow, shared) - index.persons:
            index.persons |= found
            self._candidates = {item.record_id: self._alike(index, item, party) for item, party in parties}
        unlinked = [item for item, _ in parties if item.source_id not in self._own]
        if any(one.proof for item in unlinked for one in self._candidates[item.record_id]):
            of = self._transaction, self._flow
            self._candidates |= await claims.contested(*of, self._lists.tables, index, unlinked, self._candidates)
            self._all_read = await claims.all_read(*of)

    def _alike(self, index: PartyIndex, item: Item, party: Party) -> list[Candidate]:
        flow = self._flow
        table = self._lists.tables.get(flow.name)
        chosen = (table.get(party.id) or "") if table is not None else ""
        coming = self._coming(party, item)
        return index.candidates(
            party, item.reference, flow.name, chosen, coming, flow.type.apart, flow.type.strict_names
        )

    def _coming(self, party: Party, item: Item) -> dict[Record, Party]:
        """By record, parties that plans are to make and that go before this one. Notes whether one has its bare name."""
        coming = self._lists.coming.get(self._flow.type.party_list) if makes_parties(self._flow.type) else None
        if coming is None or item.source_id in self._own:
            return {}
        record, live = (self._flow.name, item.source_id), self._flow.is_live(item.needed)
        if coming.promised(party, record, live, self._flow.type.ways):
            self._promised.add(item.record_id)
        return {one.record: one.seen_by(self._flow.name) for one in coming.ahead(party, record, live)}

    def _compose(self, action: Action, document: Document, reference: str) -> Composed:
        lane = self._lane
        # With the credentials that are no secrets: they may say where a vendor keeps our reference.
        return lane.connector.compose(action, document, self._lists.organisation, reference, lane.session.settings)

    def _needed(self) -> list[tuple[str, str]]:
        rules, settings = self._flow.type, self._flow.settings
        named = (rules.needs_links, rules.looks_up)
        return sorted({pair for item in self._items for of in named for pair in of(item.document, settings)})

    async def _load_links(self, pairs: list[tuple[str, str]]) -> None:
        """Links of what documents depend on; in preview also those that a preview would make."""
        links, created = await named_links(self._transaction, self._flow, pairs)
        self._created |= created
        if self._flow.mode == "preview":
            links = {**await previewed_links(self._transaction, self._flow, pairs), **links}
        self._links |= links

    async def _load_links_of_parties(self) -> None:
        """Links of the parties of the documents that are named: what settles one may be made for its party."""
        flow, found = self._flow, set[tuple[str, str]]()
        for sources in self._together.sources.values():
            for (name, _), document in sources.items():
                found |= set(flow.integration.flow(name).needs_links(document, flow.settings)[:1])
        if missing := sorted(found - self._links.keys() - set(self._needed())):
            await self._load_links(missing)

    async def _load_asked(self) -> None:
        pairs = self._needed()
        rows = await self._transaction.all(
            """select f.name, r.source_id,
                   exists (select 1 from reading g where g.tenant_id = f.tenant_id and g.flow_id = f.flow_id and not g.open)
                   and exists (select 1 from feed d where d.tenant_id = f.tenant_id and d.connection_id = f.source_id
                               and starts_with(d.name, 'flow ' || f.flow_id || ' '))
            from flow f
            left join record r on r.tenant_id = f.tenant_id and r.flow_id = f.flow_id and r.source_id = any(%b::text[])
            where f.tenant_id = %b and f.integration_id = %b and f.mode <> 'off' and f.name = any(%b::text[])""",
            [one[1] for one in pairs], self._lane.tenant_id, self._flow.integration_id, [one[0] for one in pairs],
        )  # fmt: skip
        self._brings = {row[0] for row in rows}
        self._asked = {(name, source_id) for name, source_id, _ in rows if source_id is not None}
        self._read_through = {name for name, _, ended in rows if ended}

    async def _load_released(self) -> None:
        rows = await self._transaction.all(
            "select record_id, code, version_id from release where tenant_id = %b and record_id = any(%b::bigint[])",
            self._lane.tenant_id, [item.record_id for item in self._items],
        )  # fmt: skip
        newest = {item.record_id: item.version_id for item in self._items}
        for record_id, code, version_id in rows:
            if holds(code, version_id, newest[record_id]):
                self._released[record_id].add(code)

    async def _load_source_twins(self) -> None:
        """Other records of this flow under the same number, seen earlier and neither cancelled nor empty.

        Of the same party; of whichever, where the target takes each number once. One that was deleted has freed its number;
        what stands of it at the target has not.
        """
        rows = await self._transaction.all(
            """select mine.record_id, other.source_id, d.number, d.amount, s.state, d.party_id, d.document_date
            from unnest(%b::bigint[], %b::text[], %b::text[]) as mine (record_id, number_key, party_id)
            cross join lateral (select * from document where tenant_id = %b and number_key = mine.number_key
                                and (party_id = mine.party_id or %b) and number_key <> '' offset 0) d
            cross join lateral (select * from record where tenant_id = d.tenant_id
                                and record_id = d.record_id offset 0) other
            cross join lateral (select state from version_state where tenant_id = d.tenant_id
                                and version_id = d.version_id offset 0) s
            where other.version_id = d.version_id and other.flow_id = %b and other.record_id <> mine.record_id
              and not other.deleted and (other.record_id < mine.record_id and s.state <> all(%b::smallint[])
                   or s.state = any(%b::smallint[]))
            order by other.record_id""",
            [item.record_id for item in self._items], [self._numbers.source_key(item) for item in self._items],
            [item.party_id for item in self._items], self._lane.tenant_id, self._flow.type.unique_numbers,
            self._flow.flow_id, [*_PASSED_OVER], [*_CLAIMED],
        )  # fmt: skip
        self._source_twins([(*row[:2], self._numbers.prefix + row[2], *row[3:]) for row in rows])

    async def _load_renumbered_twins(self) -> None:
        """Other records of this flow to which a person gave the number; their own is another one."""
        given, key = self._numbers.given(), self._numbers.key
        keys = [(item, source_id) for item in self._items for source_id in given.get(key(item), ())]
        if not keys:
            return
        rows = await self._transaction.all(
            """select mine.record_id, other.source_id, mine.given, d.amount, s.state, d.party_id, d.document_date
            from unnest(%b::bigint[], %b::text[], %b::text[], %b::text[]) as mine (record_id, party_id, other, given)
            join record other on other.tenant_id = %b and other.flow_id = %b and other.source_id = mine.other
            join document d on d.tenant_id = other.tenant_id and d.version_id = other.version_id
            join version_state s on s.tenant_id = other.tenant_id and s.version_id = other.version_id
            where (d.party_id = mine.party_id or %b) and other.record_id <> mine.record_id and d.number_key <> mine.given
              and not other.deleted and (other.record_id < mine.record_id and s.state <> all(%b::smallint[])
                   or s.state = any(%b::smallint[]))
            order by other.record_id""",
            [item.record_id for item, _ in keys], [item.party_id for item, _ in keys], [other for _, other in keys],
            [key(item) for item, _ in keys], self._lane.tenant_id, self._flow.flow_id, self._flow.type.unique_numbers,
            [*_PASSED_OVER], [*_CLAIMED],
        )  # fmt: skip
        table = self._lists.tables[self._flow.type.number_table]
        self._source_twins([(row[0], row[1], table.get(row[1]), *row[3:]) for row in rows])

    def _source_twins(self, rows: Sequence[tuple[Any, ...]]) -> None:
        where, items = self._flow.integration.source_title, {item.record_id: item for item in self._items}
        for record_id, source_id, number, amount, state, party_id, date in rows:
            item, taken = items[record_id], ""
            if party_id != item.party_id:
                if not self._numbers.is_taken(item, number, amount):
                    continue
                taken = "a document of another customer or vendor"
            label = f"{self._flow.name[:-1]} {source_id}, {State(state).word}"
            self._twins[record_id].append(Twin(where, source_id, number, amount, label, True, taken=taken, date=date))

    async def _load_target_twins(self) -> None:
        """Documents of the ledger with the same party and number, but for this very record's own.

        One that is linked to another record counts too: what stands there claims its number, whatever has become of
        that record since. Where the target takes each number once, so does anybody's, void or not.
        """
        keys = [(item, self._numbers.key(item), self._party_at_target(item)) for item in self._items]
        rows = await self._transaction.all(
            """select mine.record_id, e.entity, e.object_id, e.total, e.document_date, e.state, e.reference, e.body,
                      l.source_id, e.active and e.party_id = mine.party
            from unnest(%b::bigint[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[])
                 as mine (record_id, entity, number_key, party, own, source_id)
            cross join lateral (select * from directory where tenant_id = %b and connection_id = %b
                                and entity = mine.entity and number_key = mine.number_key
                                and (active and party_id = mine.party or %b and mine.party <> '')
                                and number_key <> '' offset 0) e
            left join lateral (select entity, source_id from link where tenant_id = e.tenant_id
                               and integration_id = %b and target_entity = e.entity
                               and target_id = e.object_id offset 0) l on true
            where e.state <> 'gone' and e.reference <> mine.own and not starts_with(e.reference, mine.own || '-')
              and (l.entity, l.source_id) is distinct from (%b, mine.source_id)""",
            [item.record_id for item, _, _ in keys],
            [self._flow.type.target_entity(item.document) for item, _, _ in keys], [key for _, key, _ in keys],
            [party for _, _, party in keys], [item.reference for item, _, _ in keys],
            [item.source_id for item, _, _ in keys],
            self._lane.tenant_id, self._flow.target_id,
            self._flow.type.unique_numbers, self._flow.integration_id, self._flow.name,
        )  # fmt: skip
        items = {item.record_id: item for item in self._items}
        for record_id, entity, object_id, total, date, state, reference, body, source_id, theirs in rows:
            if source_id is not None and any(twin.id == source_id for twin in self._twins[record_id]):
                continue
            found = documents.decode(self._lane.sealer.open(entry_name(entity, object_id), body))
            number = str(getattr(found, "number", ""))
            if not theirs and not self._numbers.is_taken(items[record_id], number):
                continue
            taken = "" if theirs else self._taken_by(found)
            label = f"{state or 'a document'} of {_day(date)}, id {object_id}"
            if source_id is not None:
                label = f"{label}, the counterpart of {source_id}"
            where, free = self._flow.integration.target_title, "" if source_id is not None else entity
            twin = Twin(where, object_id, number, total, label, bool(reference), free, taken, date)
            self._twins[record_id].append(twin)

    def _taken_by(self, found: Document) -> str:
        """What has the number, where that is no twin."""
        if not getattr(found, "active", True):
            return "a void document"
        party = documents.party_of(found)
        parties = self._lists.parties.get(self._flow.type.parties, {})
        known = parties.get(party.id) if party is not None else None
        return f"a document of {known.name if known is not None else 'another contact'}"

    def _party_at_target(self, item: Item) -> str:
        """The target's id of the document's party; of a document that is only linked, also the one of its very name."""
        needs = self._flow.type.needs_links(item.document, self._flow.settings)
        if not needs:
            return ""
        rules = self._flow.type
        index, parties = self._lists.indexes.get(rules.party_list), self._lists.parties.get(rules.parties, {})
        linked = followed(self._links.get(needs[0], ""), parties)
        if rules.tracks and index:  # its vendor is never brought, so a person's choice links nothing
            linked = index.merged(linked or self._lists.tables[needs[0][0]].get(needs[0][1]) or "")
        if linked in parties or not rules.only_linked(item.document, self._flow.settings):
            return linked
        return index.named(rules.party_name(item.document)) if index else ""


def _day(date: dt.date | None) -> str:
    return str(date) if date else "no date"
