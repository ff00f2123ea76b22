"""COMING: the parties that stored plans are to make, so that others are planned as they will be sent: beside these.

Of two of one name the one that goes before keeps the bare name: one that is approved or live already, as it was shown;
else the earlier id of the source, whichever was read first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog

from ml_connector.canonical import documents
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.numbers import name_key
from ml_connector.connectors.writing import Action
from ml_connector.errors import ConnectorError
from ml_connector.integrations.base import Decision, Write
from ml_connector.integrations.party_facts import facts
from ml_connector.integrations.party_names import behind, same_name
from ml_connector.sync import plan
from ml_connector.sync.flows import Flow
from ml_connector.sync.items import Item
from ml_connector.sync.lane import Lane, LaneTransaction
from ml_connector.sync.release import restage
from ml_connector.sync.states import Needed, Priority, State

log = structlog.get_logger()
Rank = tuple[bool, int, str]
_OPEN = (State.STAGED, State.PLANNED, State.SENDING, State.UNCERTAIN)
_PLANS = """
    select r.source_id, p.version_id, p.digest, s.state,
           p.approved_at is not null or f.mode = 'live' or f.mode = 'as needed' and r.needed = %b
    from plan p
    join record r on r.tenant_id = p.tenant_id and r.record_id = p.record_id and r.version_id = p.version_id
    join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
    join version_state s on s.tenant_id = p.tenant_id and s.version_id = p.version_id
    where p.tenant_id = %b and r.flow_id = %b and s.state = any(%b::smallint[])"""
_BODIES = """
    select p.version_id, p.digest, p.body, d.content_hash, d.canonical
    from unnest(%b::bigint[]) as wanted (version_id)
    join plan p on p.tenant_id = %b and p.version_id = wanted.version_id
    join document d on d.tenant_id = p.tenant_id and d.version_id = p.version_id"""


@dataclass(frozen=True, slots=True)
class Comer:
    """A party that a stored plan makes, as the target will show it under its placeholder. ``firm``: it is sent as shown.

    ``version_id`` is 0 where the plan does not wait for its approval and cannot be made again now.
    """

    source_id: str
    party: Party
    firm: bool
    version_id: int

    @property
    def rank(self) -> Rank:
        """The smaller goes before."""
        return rank(self.source_id, self.firm)


def rank(source_id: str, firm: bool) -> Rank:
    """Ids of the source ascend, so the shorter of two numbers is the earlier one."""
    return (not firm, len(source_id), source_id)


@dataclass(slots=True)
class Coming:
    """What plans of one flow are to make, by the names and facts that others are told from it by."""

    comers: dict[str, Comer] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)  # planned in this very batch: the others of it do not know them
    _by_trait: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, comer: Comer) -> None:
        """Add one, or put it in place of what its record was to make before."""
        self.drop(comer.source_id)
        self.comers[comer.source_id] = comer
        for trait in _traits(comer.party):
            self._by_trait[trait].add(comer.source_id)

    def drop(self, source_id: str) -> None:
        """A record makes nothing any more."""
        former = self.comers.pop(source_id, None)
        for trait in _traits(former.party) if former else ():
            self._by_trait[trait].discard(source_id)

    def like(self, party: Party, source_id: str) -> Iterator[Comer]:
        """Those of other records that share the name or a fact with a party."""
        found = {one for trait in _traits(party) for one in self._by_trait.get(trait, ())}
        return (self.comers[one] for one in sorted(found - {source_id}))

    def ahead(self, party: Party, source_id: str, live: bool) -> list[Comer]:
        """Of those that are like it, who goes before it."""
        own = rank(source_id, live and source_id in self.comers)
        return [one for one in self.like(party, source_id) if one.rank < own]

    def promised(self, party: Party, source_id: str, live: bool) -> bool:
        """Whether the party's bare name goes to another one; what is carried out keeps the name that its plan showed."""
        own = self.comers.get(source_id)
        if live and own is not None and own.party.name == behind(party):
            return True
        return any(same_name(one.party.name, party.name) for one in self.ahead(party, source_id, live))

    def unseen(self, party: Party, source_id: str, live: bool) -> bool:
        """Whether one that goes before it was planned in the same batch: it is planned again, knowing of that one."""
        return any(one.source_id in self.fresh for one in self.ahead(party, source_id, live))

    def behind(self, comer: Comer) -> list[int]:
        """The plans that were made as if this one were not there, and can be made again."""
        like = self.like(comer.party, comer.source_id)
        return [one.version_id for one in like if one.version_id and one.rank > comer.rank]


def _traits(party: Party) -> list[tuple[str, str]]:
    return [("name", name_key(party.name)), *facts(party)]


def makes_parties(flow: Flow) -> bool:
    """Whether a flow's own documents are the ledger's parties."""
    return not (flow.type.dated or flow.type.follows or flow.type.mirrors)


def made(flow: Flow, source_id: str, document: Any, decision: Decision) -> Party | None:
    """The party that a decision makes, as the target will show it; None where it makes none.

    A ledger does not tell private persons from firms, nor is a tax id written to it.
    """
    steps = decision.steps if isinstance(decision, Write) else ()
    if not (len(steps) == 1 and steps[0].action is Action.CREATE and isinstance(document, Party)):
        return None
    name = steps[0].number
    told = {"id": plan.placeholder(flow.name, source_id), "name": name, "private_person": False, "tax_id": ""}
    return msgspec.structs.replace(document, **told, reference=steps[0].reference, merged_into="")


async def note(transaction: LaneTransaction, coming: Coming, flow: Flow, item: Item, decision: Decision) -> bool:
    """Note what a decision brings, and have plans made again that did not know of it.

    False where it does not know itself of one that was planned with it and goes before: it has to be planned again.
    """
    party, live = made(flow, item.source_id, item.document, decision), flow.is_live(item.needed)
    if party is None:
        coming.drop(item.source_id)
        return True
    assert isinstance(item.document, Party)
    if coming.unseen(item.document, item.source_id, live):
        return False
    former = coming.comers.get(item.source_id)
    found = Comer(item.source_id, party, live, 0 if live else item.version_id)
    if former is not None or not live:  # what goes at once, and was not shown, is in the directory soon
        coming.add(found)
        coming.fresh.add(item.source_id)
    again = coming.behind(found) if former is None or former.party != party else []
    if again:
        await restage(transaction.connection, transaction.lane.tenant_id, again, [State.PLANNED], Priority.PARTY)
    return True


class Plans:
    """Reads what stored plans are to make; each is opened once."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._opened: dict[tuple[int, bytes], Party | None] = {}

    async def coming(self, transaction: LaneTransaction, flow: Flow) -> Coming:
        """What the plans of a flow are to make, as far as they are not carried out."""
        rows = await transaction.all(
            _PLANS, Needed.LIVE.value, self._lane.tenant_id, flow.flow_id, [one.value for one in _OPEN]
        )
        await self._open(transaction, flow, {(row[1], bytes(row[2])): row[0] for row in rows})
        found = Coming()
        for source_id, version_id, digest, state, approved in rows:
            party = self._opened[version_id, bytes(digest)]
            if party is not None:
                firm = approved or state in (State.SENDING, State.UNCERTAIN)
                waits = state == State.PLANNED and not firm
                found.add(Comer(source_id, party, firm, version_id if waits else 0))
        return found

    async def _open(self, transaction: LaneTransaction, flow: Flow, wanted: dict[tuple[int, bytes], str]) -> None:
        new = {version_id: source_id for (version_id, digest), source_id in wanted.items()
               if (version_id, digest) not in self._opened}  # fmt: skip
        rows = await transaction.all(_BODIES, list(new), self._lane.tenant_id) if new else []
        for version_id, digest, *sealed in rows:
            self._opened[version_id, bytes(digest)] = self._made(flow, new[version_id], version_id, *sealed)

    def _made(
        self, flow: Flow, source_id: str, version_id: int, body: bytes, content_hash: bytes, canonical: bytes
    ) -> Party | None:
        """None too for what cannot be opened: it is held when it is planned itself, and must not hold up the others."""
        unseal = self._lane.sealer.open
        try:
            document = documents.decode(unseal(b"canonical " + content_hash, canonical))
            return made(flow, source_id, document, plan.decode(unseal(b"plan", body)))
        except (ConnectorError, msgspec.MsgspecError):
            log.exception("a stored plan cannot be opened", flow=flow.name, version=version_id)
            return None
