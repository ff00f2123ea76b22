"""COMING: the parties that stored plans are to make, so that others are planned as they will be sent: beside these.

Where no two contacts have one name, those of every kind count, and those that plans are to give another name.
Of two of one name the one that goes before keeps the bare name: one that is approved or live already, as it was shown;
else a customer before a vendor, and the earlier id of the source, whichever was read first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog

from ml_connector.canonical import documents
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.numbers import name_key
from ml_connector.connectors.writing import Action
from ml_connector.errors import ConnectorError
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.decisions import Decision, Write
from ml_connector.integrations.party_facts import facts
from ml_connector.integrations.party_names import behind, names_unique, same_name
from ml_connector.integrations.ways import Ways
from ml_connector.sync import plan
from ml_connector.sync.flows import Flow
from ml_connector.sync.items import Item
from ml_connector.sync.lane import Lane, LaneTransaction
from ml_connector.sync.matching import Record
from ml_connector.sync.release import restage
from ml_connector.sync.shared import leans_on
from ml_connector.sync.states import Needed, Priority, State

log = structlog.get_logger()
Rank = tuple[bool, str, int, str]
_OPEN = (State.STAGED, State.PLANNED, State.SENDING, State.UNCERTAIN)
_PLANS = """
    select f.name, r.source_id, p.version_id, p.digest, s.state,
           p.approved_at is not null or f.mode = 'live' or f.mode = 'as needed' and r.needed = %b
    from plan p
    join record r on r.tenant_id = p.tenant_id and r.record_id = p.record_id and r.version_id = p.version_id
    join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
    join version_state s on s.tenant_id = p.tenant_id and s.version_id = p.version_id
    where p.tenant_id = %b and f.integration_id = %b and f.name = any(%b::text[]) and f.mode <> 'off'
      and s.state = any(%b::smallint[])"""
_BODIES = """
    select p.version_id, p.digest, p.body, d.content_hash, d.canonical
    from unnest(%b::bigint[]) as wanted (version_id)
    join plan p on p.tenant_id = %b and p.version_id = wanted.version_id
    join document d on d.tenant_id = p.tenant_id and d.version_id = p.version_id"""


@dataclass(frozen=True, slots=True)
class Comer:
    """A party that a stored plan makes, as the target will show it under its placeholder. ``firm``: it is sent as shown.

    ``version_id`` is 0 where the plan does not wait for its approval and cannot be made again now. ``private``: the source
    tells that it is a private person. ``kind``: of the contacts that it is one of, see FlowType.one_kind. ``there``: its
    contact is there, and the plan gives it the name.
    """

    flow: str
    source_id: str
    party: Party
    firm: bool
    version_id: int
    private: bool = False
    kind: str = ""
    there: bool = False

    @property
    def record(self) -> Record:
        """Whose plan it is."""
        return self.flow, self.source_id

    @property
    def rank(self) -> Rank:
        """The smaller goes before."""
        return rank(*self.record, self.firm)

    def seen_by(self, flow: str) -> Party:
        """The party as records of a flow are matched with it: to those of others a private person's name only suggests."""
        return self.party if flow == self.flow else msgspec.structs.replace(self.party, private_person=self.private)


def rank(flow: str, source_id: str, firm: bool) -> Rank:
    """Customers go before vendors. Ids of the source ascend, so the shorter of two numbers is the earlier one."""
    return (not firm, flow, len(source_id), source_id)


@dataclass(slots=True)
class Coming:
    """What plans of the flows of one list are to make, by the names and facts that others are told from it by.

    ``leaning``: the plans, by version, that link their records with what another record's plan is to make.
    """

    comers: dict[Record, Comer] = field(default_factory=dict)
    fresh: set[Record] = field(default_factory=set)  # planned in this very batch: the others of it do not know them
    leaning: dict[int, Record] = field(default_factory=dict)
    _by_trait: dict[tuple[str, str], set[Record]] = field(default_factory=lambda: defaultdict(set))

    def add(self, comer: Comer) -> None:
        """Add one, or put it in place of what its record was to make before."""
        self.drop(comer.record)
        self.comers[comer.record] = comer
        for trait in _traits_of(comer):
            self._by_trait[trait].add(comer.record)

    def drop(self, record: Record) -> None:
        """A record makes nothing any more."""
        former = self.comers.pop(record, None)
        for trait in _traits_of(former) if former else ():
            self._by_trait[trait].discard(record)

    def like(self, party: Party, record: Record) -> Iterator[Comer]:
        """Those of other records that share the name or a fact with a party."""
        found = {one for trait in _traits(party) for one in self._by_trait.get(trait, ())}
        return (self.comers[one] for one in sorted(found - {record}))

    def ahead(self, party: Party, record: Record, live: bool) -> list[Comer]:
        """Of those that are like it, who goes before it."""
        own = rank(*record, live and record in self.comers)
        return [one for one in self.like(party, record) if one.rank < own]

    def made_before(self, party: Party, record: Record, live: bool, kind: str) -> list[Comer]:
        """Of those, whose contact of the kind is still to be made: the party may be the same."""
        return [one for one in self.ahead(party, record, live) if one.kind == kind and not one.there]

    def promised(self, party: Party, record: Record, live: bool, ways: Ways) -> bool:
        """Whether the party's bare name goes to another one; what is carried out keeps the name that its plan showed."""
        own = self.comers.get(record)
        if live and own is not None and own.party.name == behind(party, ways):
            return True
        return any(same_name(one.party.name, party.name) for one in self.ahead(party, record, live))

    def unseen(self, party: Party, record: Record, live: bool) -> bool:
        """Whether one that goes before it was planned in the same batch: it is planned again, knowing of that one."""
        return any(one.record in self.fresh for one in self.ahead(party, record, live))

    def behind(self, comer: Comer) -> list[int]:
        """The plans that were made as if this one were not there, and can be made again."""
        like = self.like(_told_by(comer), comer.record)
        return [one.version_id for one in like if one.version_id and one.rank > comer.rank]

    def leaning_on(self, record: Record) -> list[int]:
        """The plans that link their records with what this one is to make."""
        return [version_id for version_id, other in self.leaning.items() if other == record]


def _traits(party: Party) -> list[tuple[str, str]]:
    return [("name", name_key(party.name)), *facts(party)]


def _told_by(comer: Comer) -> Party:
    """What others are told from it by: of a contact that is there, the name that it gets alone."""
    return Party("", comer.party.kind, comer.party.name) if comer.there else comer.party


def _traits_of(comer: Comer) -> list[tuple[str, str]]:
    return _traits(_told_by(comer))[: 1 if comer.there else None]


def comers_list(flow: FlowType, set_there: Mapping[str, str]) -> tuple[str, str]:
    """The list whose comers a flow's parties are laid beside: that of all kinds where no two contacts have one name."""
    return (flow.parties, "") if names_unique(flow.ways, set_there) else flow.party_list


def makes_parties(flow: FlowType) -> bool:
    """Whether a flow's own documents are the ledger's parties."""
    return not (flow.dated or flow.follows or flow.mirrors)


def turn(flow: FlowType) -> tuple[bool, str]:
    """The smaller is planned first, where one transaction plans several flows: parties as they rank, then the rest."""
    return (False, flow.name) if makes_parties(flow) else (True, "")


def made(flow: str, source_id: str, document: Any, decision: Decision) -> Party | None:
    """The party that a decision makes, as the target will show it; None where it makes none.

    A ledger does not tell private persons from firms; what is made is active.
    """
    steps = decision.steps if isinstance(decision, Write) else ()
    if not (len(steps) == 1 and steps[0].action is Action.CREATE and isinstance(document, Party)):
        return None
    name = steps[0].number
    told = {"id": plan.placeholder(flow, source_id), "name": name, "active": True, "private_person": False}
    return msgspec.structs.replace(document, **told, reference=steps[0].reference, merged_into="")


def named(document: Any, decision: Decision) -> Party | None:
    """The party whose contact a decision changes, under the name that it has then; None where it changes none."""
    steps = decision.steps if isinstance(decision, Write) else ()
    changes = [one for one in steps if one.action is Action.UPDATE]
    others = {one.action for one in steps} - {Action.UPDATE, Action.SET_STATUS}
    if len(changes) != 1 or others or not changes[0].number or not isinstance(document, Party):
        return None
    return Party(changes[0].target_id, document.kind, changes[0].number)


async def note(transaction: LaneTransaction, coming: Coming, flow: Flow, item: Item, decision: Decision) -> bool:
    """Note what a decision brings, and have plans made again that did not know of it.

    False where it does not know itself of one that was planned with it and goes before: it has to be planned again.
    """
    record, live = (flow.name, item.source_id), flow.is_live(item.needed)
    party, there = made(*record, item.document, decision), False
    if party is None and names_unique(flow.type.ways, transaction.lane.session.settings):
        party = named(item.document, decision)
        there = party is not None
    if isinstance(item.document, Party) and party is not None:
        seen = Party("", item.document.kind, item.document.name) if there else item.document
        if coming.unseen(seen, record, live):
            return False
    former = coming.comers.get(record)
    again = coming.leaning_on(record) if former is not None and former.party != party else []
    _lean(coming, item.version_id, decision, live)
    if party is None:
        coming.drop(record)
    else:
        waits, private = 0 if live else item.version_id, _is_private(item.document)
        found = Comer(*record, party, live, waits, private, flow.type.one_kind, there)
        if former is not None or not live:  # what goes at once, and was not shown, is in the directory soon
            coming.add(found)
            coming.fresh.add(record)
        again += coming.behind(found) if former is None or former.party != party else []
    if again:
        await restage(transaction.connection, transaction.lane.tenant_id, again, [State.PLANNED], Priority.PARTY)
    return True


def _lean(coming: Coming, version_id: int, decision: Decision, live: bool) -> None:
    other = None if live else leans_on(decision)
    if other is None:
        coming.leaning.pop(version_id, None)
    else:
        coming.leaning[version_id] = other


def _is_private(document: Any) -> bool:
    return isinstance(document, Party) and document.private_person


@dataclass(frozen=True, slots=True)
class _Opened:
    """What a stored plan brings: the party that it makes, or whose that it leans on."""

    party: Party | None = None
    private: bool = False
    other: Record | None = None
    named: Party | None = None  # whose contact it changes, under the name that it has then


class Plans:
    """Reads what stored plans are to make; each is opened once."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._opened: dict[tuple[int, bytes], _Opened] = {}

    async def coming(self, transaction: LaneTransaction, flow: Flow) -> Coming:
        """What the plans of all flows that make parties for a flow's list are to make, as far as they are not carried out."""
        types = {one.name: one for one in flow.integration.flows if makes_parties(one)}
        set_there = self._lane.session.settings
        unique, place = names_unique(flow.type.ways, set_there), comers_list(flow.type, set_there)
        names = [name for name, one in types.items()
                 if (one.target_vendor, comers_list(one, set_there)) == (flow.type.target_vendor, place)]  # fmt: skip
        rows = await transaction.all(
            _PLANS, Needed.LIVE.value, self._lane.tenant_id, flow.integration_id, names, [one.value for one in _OPEN]
        )
        await self._open(transaction, {(row[2], bytes(row[3])): (row[0], row[1]) for row in rows})
        found = Coming()
        for name, source_id, version_id, digest, state, approved in rows:
            opened = self._opened[version_id, bytes(digest)]
            firm = approved or state in (State.SENDING, State.UNCERTAIN)
            waits = state == State.PLANNED and not firm
            party = opened.party or (opened.named if unique else None)
            if party is not None:
                kind, there = types[name].one_kind, opened.party is None
                found.add(Comer(name, source_id, party, firm, version_id if waits else 0, opened.private, kind, there))
            elif opened.other is not None and waits:
                found.leaning[version_id] = opened.other
        return found

    async def _open(self, transaction: LaneTransaction, wanted: dict[tuple[int, bytes], Record]) -> None:
        new = {version_id: record for (version_id, digest), record in wanted.items()
               if (version_id, digest) not in self._opened}  # fmt: skip
        rows = await transaction.all(_BODIES, list(new), self._lane.tenant_id) if new else []
        for version_id, digest, *sealed in rows:
            self._opened[version_id, bytes(digest)] = self._brings(new[version_id], version_id, *sealed)

    def _brings(self, record: Record, version_id: int, body: bytes, content_hash: bytes, canonical: bytes) -> _Opened:
        """Nothing too where it cannot be opened: it is held when it is planned itself, and must not hold up the others."""
        unseal = self._lane.sealer.open
        try:
            document = documents.decode(unseal(b"canonical " + content_hash, canonical))
            decision = plan.decode(unseal(b"plan", body))
        except (ConnectorError, msgspec.MsgspecError):
            log.exception("a stored plan cannot be opened", flow=record[0], version=version_id)
            return _Opened()
        party = made(*record, document, decision)
        return _Opened(party, _is_private(document), leans_on(decision), named(document, decision))
