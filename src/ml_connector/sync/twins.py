"""Twins: other documents that bear the number of one of a batch's, at the source and in the target's lists."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.integrations.views import Twin
from ml_connector.sync.directory import entry_name
from ml_connector.sync.flows import Flow
from ml_connector.sync.items import Item
from ml_connector.sync.lane import Lane, LaneTransaction
from ml_connector.sync.lists import Lists
from ml_connector.sync.numbers import Numbers
from ml_connector.sync.states import State

# Any other record claims its number in the second states, an earlier one in all but the first.
_PASSED_OVER = (State.SKIPPED, State.SUPERSEDED)
_CLAIMED = (State.POSTED, State.LINKED, State.SENDING, State.UNCERTAIN)


class Search:
    """The search for one flow's batch, a query for each place where a twin may be. ``offset 0`` as in ``prepare``.

    ``party_there`` gives the target's id of a document's party, empty where there is none yet.
    """

    def __init__(
        self, lane: Lane, transaction: LaneTransaction, flow: Flow, items: Sequence[Item], lists: Lists,
        party_there: Callable[[Item], str],
    ) -> None:  # fmt: skip
        self._lane, self._transaction, self._flow, self._items, self._lists = lane, transaction, flow, items, lists
        self._party_there = party_there
        self._numbers = Numbers(flow, lists.tables, lists.given)
        self._found: dict[int, list[Twin]] = defaultdict(list)

    async def twins(self) -> Mapping[int, Sequence[Twin]]:
        """By record; those of the source first."""
        await self._load_earlier()
        await self._load_renumbered()
        await self._load_there()
        return self._found

    async def _load_earlier(self) -> None:
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
        self._note([(*row[:2], self._numbers.prefix + row[2], *row[3:]) for row in rows])

    async def _load_renumbered(self) -> None:
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
        self._note([(row[0], row[1], table.get(row[1]), *row[3:]) for row in rows])

    def _note(self, rows: Sequence[tuple[Any, ...]]) -> None:
        where, items = self._flow.integration.source_title, {item.record_id: item for item in self._items}
        for record_id, source_id, number, amount, state, party_id, date in rows:
            item, taken = items[record_id], ""
            if party_id != item.party_id:
                if not self._numbers.is_taken(item, number, amount):
                    continue
                taken = "a document of another customer or vendor"
            label = f"{self._flow.name[:-1]} {source_id}, {State(state).word}"
            self._found[record_id].append(Twin(where, source_id, number, amount, label, True, taken=taken, date=date))

    async def _load_there(self) -> None:
        """Documents of the ledger with the same party and number, but for this very record's own.

        One that is linked to another record counts too: what stands there claims its number, whatever has become of
        that record since. Where the target takes each number once, so does anybody's, void or not.
        """
        keys = [(item, self._numbers.key(item), self._party_there(item)) for item in self._items]
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
            if source_id is not None and any(twin.id == source_id for twin in self._found[record_id]):
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
            self._found[record_id].append(twin)

    def _taken_by(self, found: Document) -> str:
        """What has the number, where that is no twin."""
        if not getattr(found, "active", True):
            return "a void document"
        party = documents.party_of(found)
        parties = self._lists.parties.get(self._flow.type.parties, {})
        known = parties.get(party.id) if party is not None else None
        return f"a document of {known.name if known is not None else 'another contact'}"


def _day(date: dt.date | None) -> str:
    return str(date) if date else "no date"
