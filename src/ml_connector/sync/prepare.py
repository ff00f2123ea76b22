"""Everything a planner may look at, gathered for a whole batch: lists once per generation, the rest in a few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.connectors.writing import Action, Composed
from ml_connector.integrations.drafts import followed
from ml_connector.integrations.tracked import Payables
from ml_connector.integrations.views import Behind, Candidate, Linked, Named, Twin, View
from ml_connector.sync import claims
from ml_connector.sync.coming import Coming, Plans, comers_list, makes_parties
from ml_connector.sync.entry_links import held_there, known_links
from ml_connector.sync.flows import Flow
from ml_connector.sync.in_currencies import contact_chosen, currencies
from ml_connector.sync.items import Item
from ml_connector.sync.lane import Lane, LaneTransaction, PartiesLinked
from ml_connector.sync.lists import KeptLists, Lists, load
from ml_connector.sync.matching import PartyIndex, Record
from ml_connector.sync.merged import circles
from ml_connector.sync.own_links import behind, named_links, own_links, posted_links
from ml_connector.sync.previews import previewed_links
from ml_connector.sync.reads import NotedTables
from ml_connector.sync.release import holds
from ml_connector.sync.shared import persons
from ml_connector.sync.together import Together, together
from ml_connector.sync.twins import Search
from ml_connector.sync.witnesses import named_now


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

    def committed(self, linked: Sequence[PartiesLinked], *, filed: bool) -> None:
        """What a transaction of the lane has linked; ``filed``: it has put something into the target's lists, too."""
        for (integration_id, _), lists in self._lists.items():
            lists.filed |= filed
            for one in linked:
                if one.integration_id == integration_id:
                    lists.link(one)

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
            place = comers_list(flow.type, self._lane.session.settings)
            if place not in lists.coming:
                lists.coming[place] = await self._plans.coming(transaction, flow)
            lists.coming[place].fresh.clear()

    def coming(self, flow: Flow) -> Coming | None:
        """What plans are to make, as it was when the flow's views were made; None of a flow that makes no parties."""
        coming = self._lists[flow.integration_id, flow.source_id].coming
        return coming.get(comers_list(flow.type, self._lane.session.settings)) if makes_parties(flow.type) else None


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
        self._named_now: Mapping[str, tuple[Named, ...]] = {}
        self._behind: dict[tuple[str, str], Behind] = {}
        self._asked: set[tuple[str, str]] = set()
        self._brings: set[str] = set()
        self._read_through: set[str] = set()
        self._released: dict[int, set[str]] = defaultdict(set)
        self._twins: Mapping[int, Sequence[Twin]] = {}
        self._candidates: dict[int, list[Candidate]] = {}
        self._promised: set[int] = set()
        self._all_read = True
        self._circles: dict[str, tuple[str, ...]] = {}
        self._held_there: dict[str, str] = {}
        self._together = Together()
        self._asked_in: dict[str, tuple[str, ...]] = {}

    async def load(self) -> None:
        await self._load_links(self._needed())
        self._links |= await known_links(self._transaction, self._flow)
        self._own = await own_links(self._transaction, self._flow, self._items)
        self._named_now = await named_now(self._transaction, self._flow, self._own)
        self._links |= await posted_links(self._transaction, self._flow, self._own, self._links)
        self._behind = await behind(self._transaction, self._flow, self._items)
        await self._load_asked()
        await self._load_released()
        batch = self._lane, self._transaction, self._flow, self._items, self._lists
        self._twins = await Search(*batch, self._party_at_target).twins()
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
            ledger=lists.ledger(self._flow.type.parties),
            twins=tuple(self._twins.get(item.record_id, ())),
            candidates=tuple(self._candidates.get(item.record_id, ())),
            compose=self._compose,
            made=self._together.steps[item.record_id].made,
            proven=self._together.steps[item.record_id].proven,
            done=frozenset(self._together.steps[item.record_id].done),
            removed=self._together.steps[item.record_id].removed,
            at_target=self._together.at_target[item.record_id],
            gone=frozenset(self._together.gone[item.record_id]),
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
            price_book=lists.price_book,
            named_now=self._named_now.get(item.source_id, ()),
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
        rules = self._flow.type
        place = comers_list(rules, self._lane.session.settings)
        coming = self._lists.coming.get(place) if makes_parties(rules) else None
        if coming is None:
            return {}
        record, live = (self._flow.name, item.source_id), self._flow.is_live(item.needed)
        if coming.promised(party, record, live, rules.ways):
            self._promised.add(item.record_id)
        if item.source_id in self._own:
            return {}
        before = coming.made_before(party, record, live, rules.one_kind)
        return {one.record: one.seen_by(self._flow.name) for one in before}

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

    def _party_at_target(self, item: Item) -> str:
        """The target's id of the document's party; of a document that is only linked, also the one of its very name."""
        needs = self._flow.type.needs_links(item.document, self._flow.settings)
        if not needs:
            return ""
        rules = self._flow.type
        index, parties = self._lists.indexes.get(rules.party_list), self._lists.parties.get(rules.parties, {})
        chosen = contact_chosen(self._flow, item.document, self._lists)
        linked = chosen if chosen in parties else followed(self._links.get(needs[0], ""), parties)
        if rules.tracks and index:  # its vendor is never brought, so a person's choice links nothing
            linked = index.merged(linked or self._lists.tables[needs[0][0]].get(needs[0][1]) or "")
        if linked in parties or not rules.only_linked(item.document, self._flow.settings):
            return linked
        return index.named(rules.party_name(item.document)) if index else ""
