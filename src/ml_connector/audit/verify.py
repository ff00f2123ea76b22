"""Check a tenant's whole audit trail: nothing altered, nothing missing, nothing added."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from ml_connector.audit.chain import GENESIS, StoredEvent, StoredLink, stored_links
from ml_connector.audit.erasure import Erasures
from ml_connector.audit.event import digest
from ml_connector.store.database import Database

_ALWAYS = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
_MOST_FAULTS = 20
_HEAD = "SELECT chain_no, hash FROM audit_head WHERE tenant_id = %b"


class Anchor(NamedTuple):
    """A link's number and hash. Noted outside the database, it proves the chain up to there against any rewriting."""

    chain_no: int
    hash: bytes


class Fault(NamedTuple):
    """One thing that is wrong. `position` is None when it concerns the whole link."""

    chain_no: int
    position: int | None
    sentence: str


@dataclass(slots=True)
class Verification:
    """What was found: how much was read, the head, and the first 20 faults in the order of the chain.

    ``erased``: events whose details were rewritten without a person's data, each told of in the chain.
    """

    tenant_id: int
    links: int = 0
    events: int = 0
    erased: int = 0
    head: Anchor | None = None
    faults: list[Fault] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        """Nothing is wrong."""
        return not self.faults


async def verify(database: Database, tenant_id: int, *, anchor: Anchor | None = None) -> Verification:
    """Read the tenant's chain in one snapshot and check every event, every link and the head.

    Needs no key, and works after keys were erased. With an `anchor` from an earlier verification or export, it is also
    proven that the chain up to there is the one of that day. Stops after 20 faults.
    """
    async with database.tenant(tenant_id, snapshot=True) as session:
        row = await (await session.execute(_HEAD, [tenant_id])).fetchone()
        erasures = await Erasures.of(session, tenant_id)
        check = _Check(Verification(tenant_id, head=Anchor(*row) if row else None), anchor, erasures)
        async for link, events in stored_links(session, tenant_id, *_ALWAYS):
            check.link(link, events)
            if len(check.found.faults) >= _MOST_FAULTS:
                return check.found
        check.head()
        return check.found


class _Check:
    """Goes along the chain and keeps the last link seen."""

    def __init__(self, found: Verification, anchor: Anchor | None, erasures: Erasures) -> None:
        self.found = found
        self._anchor = anchor
        self._erasures = erasures
        self._untold = set(erasures.covered)
        self._last = Anchor(0, GENESIS)

    def link(self, link: StoredLink | None, events: list[StoredEvent]) -> None:
        self.found.events += len(events)
        for event in events:
            self._event(event)
        if link is None:
            self._fault(events[0].chain_no, None, f"{_count(len(events))} of link {events[0].chain_no} have no link.")
            return
        self.found.links += 1
        self._untold.discard(link.chain_no)
        self._continues(link)
        self._holds(link, events)
        self._last = Anchor(link.chain_no, link.hash)
        if self._anchor and self._anchor.chain_no == link.chain_no and self._anchor.hash != link.hash:
            self._fault(link.chain_no, None, f"Link {link.chain_no} is not the one noted outside the database.")

    def head(self) -> None:
        head, last = self.found.head, self._last
        if head is None:
            if last.chain_no:
                self._fault(last.chain_no, None, "The head of the chain is missing.")
        elif head.chain_no > last.chain_no:
            self._fault(last.chain_no + 1, None, _missing(last.chain_no + 1, head.chain_no, "at the end"))
        elif head != last:
            self._fault(last.chain_no, None, f"The head of the chain does not point to its last link {last.chain_no}.")
        for chain_no in sorted(self._untold):
            self._fault(chain_no, None, f"Details were erased by link {chain_no}, which is not there.")
        if self._anchor and self._anchor.chain_no > last.chain_no:
            self._fault(
                self._anchor.chain_no,
                None,
                f"Link {self._anchor.chain_no}, noted outside the database, is missing.",
            )

    def _event(self, event: StoredEvent) -> None:
        own, erasures = event.identity(self.found.tenant_id), self._erasures
        self.found.erased += (event.chain_no, event.position) in erasures.newest
        if digest(own, event.body + erasures.covers(event)) != erasures.expected(event):
            self._fault(
                event.chain_no,
                event.position,
                f"Event {event.position} of link {event.chain_no} ({event.kind!r} by {event.actor!r}) was altered.",
            )

    def _continues(self, link: StoredLink) -> None:
        expected = self._last.chain_no + 1
        if link.chain_no > expected:
            self._fault(expected, None, _missing(expected, link.chain_no - 1, f"before link {link.chain_no}"))
        elif link.previous != self._last.hash:
            self._fault(link.chain_no, None, f"Link {link.chain_no} does not continue the one before it.")

    def _holds(self, link: StoredLink, events: list[StoredEvent]) -> None:
        positions = [event.position for event in events]
        if positions != list(range(1, link.events + 1)):
            self._fault(
                link.chain_no,
                None,
                f"Link {link.chain_no} was made of {_count(link.events)}, and there are now {len(events)}, "
                f"at places {positions}.",
            )
        elif link.hash != link.hash_over(self.found.tenant_id, [event.digest for event in events]):
            self._fault(link.chain_no, None, f"Link {link.chain_no} was altered: its hash does not fit its events.")

    def _fault(self, chain_no: int, position: int | None, sentence: str) -> None:
        if len(self.found.faults) < _MOST_FAULTS:
            self.found.faults.append(Fault(chain_no, position, sentence))


def _missing(first: int, last: int, where: str) -> str:
    return f"Link {first} is missing {where}." if first == last else f"Links {first} to {last} are missing {where}."


def _count(events: int) -> str:
    return "1 event" if events == 1 else f"{events} events"
