"""Who is erased at a connection, by id, and everything a vendor shows without them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import msgspec

from ml_connector.canonical.documents import Document, party_of
from ml_connector.canonical.erased import ERASED, Finder, erased, party_kind
from ml_connector.canonical.master_data import Party, parts_of_location
from ml_connector.connectors.base import Connector, Session
from ml_connector.connectors.reading import OpenItem, Page, Reading, Row
from ml_connector.connectors.writing import Done, Found, Outcome, Partly, Rejected, Step
from ml_connector.store.database import Session as Transaction
from ml_connector.sync.erasing import texts
from ml_connector.sync.erasing.hashed import Hashed
from ml_connector.sync.lane import ExchangeBuffer
from ml_connector.transport.messages import Exchange

SHARED = "parties"  # the list of a system that keeps customers and vendors as one


@dataclass(frozen=True, slots=True)
class Marks:
    """The parties of one connection that are erased: list and id of each, and what finds the words of each."""

    places: frozenset[tuple[str, str]] = frozenset()
    words: Mapping[tuple[str, str], Finder] = field(default_factory=dict)

    @property
    def ids(self) -> frozenset[str]:
        """Their ids."""
        return frozenset(id_ for _, id_ in self.places)

    def name(self, document: Document) -> bool:
        """Whether the document is, or is about, one of them."""
        return not self.places.isdisjoint(_places(document))

    def shown(self, document: Document) -> Document:
        """The document as it is shown: of one of them, without what is erased."""
        named = sorted(self.places & _places(document))
        return erased(document, self.words.get(named[0])) if named else document


def _places(document: Document) -> set[tuple[str, str]]:
    """Where the party of a document may be marked; a location, whose id has its customer's in it, with that customer."""
    party, kind = party_of(document), party_kind(document)
    id_ = document.id if isinstance(document, Party) else party.id if party is not None else ""
    if not id_:
        return set()
    owner = parts_of_location(id_)[0] if isinstance(document, Party) else ""
    return {(SHARED, id_), (kind, id_), (kind, owner)}


async def marks_of(
    connection: Transaction, tenant_id: int, connection_id: int, digest: Callable[[str], bytes]
) -> Marks:
    """Who is erased at a connection. ``digest``: the tenant's keyed hash."""
    query = b"select entity, object_id, words from erased_party where tenant_id = %s and connection_id = %s"
    rows = await (await connection.execute(query, [tenant_id, connection_id])).fetchall()
    words = {(entity, id_): Hashed([bytes(one) for one in known], digest) for entity, id_, known in rows}
    return Marks(frozenset(words), words)


def discreet(connector: Connector, marks: Marks) -> Connector:
    """The connector, showing nothing of those who are erased; itself where nobody is."""
    return cast(Connector, _Discreet(connector, marks)) if marks.places else connector


class _Discreet:
    """A connector through which nobody who is erased comes in."""

    def __init__(self, connector: Connector, marks: Marks) -> None:
        self._connector = connector
        self._marks = marks

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)

    async def read(self, session: Session, reading: Reading) -> AsyncIterator[Page]:
        """As the connector reads."""
        async for page in self._connector.read(session, reading):
            yield msgspec.structs.replace(page, rows=tuple(self._row(row) for row in page.rows))

    async def write(self, session: Session, step: Step) -> Outcome:
        """As the connector writes."""
        return self._outcome(await self._connector.write(session, step))

    async def write_batch(self, session: Session, steps: Sequence[Step]) -> Sequence[Outcome]:
        """As the connector writes."""
        return [self._outcome(one) for one in await self._connector.write_batch(session, steps)]

    async def find(self, session: Session, step: Step) -> Found:
        """As the connector finds."""
        found = await self._connector.find(session, step)
        return found if isinstance(found, Rejected | Partly) else [self._marks.shown(one) for one in found]

    async def open_items(self, session: Session) -> Sequence[OpenItem]:
        """As the connector tells."""
        found, ids = await self._connector.open_items(session), self._marks.ids
        return [msgspec.structs.replace(one, party=ERASED) if one.party_id in ids else one for one in found]

    def _row(self, row: Row) -> Row:
        if row.document is None:
            return msgspec.structs.replace(row, raw=texts.rows(row.raw, self._marks.ids))
        if not self._marks.name(row.document):
            return row
        return msgspec.structs.replace(row, raw=texts.whole(row.raw), document=self._marks.shown(row.document))

    def _outcome(self, outcome: Outcome) -> Outcome:
        if not isinstance(outcome, Done):
            return outcome
        also = tuple((entity, self._marks.shown(document)) for entity, document in outcome.also)
        shown = self._marks.shown(outcome.document)
        return msgspec.structs.replace(outcome, document=shown, also=also, raw=texts.rows(outcome.raw, self._marks.ids))


@dataclass(slots=True)
class DiscreetExchanges(ExchangeBuffer):
    """Exchanges as they may be kept where somebody is erased."""

    marks: Marks = field(default_factory=Marks)

    def add(self, exchange: Exchange) -> None:
        self.waiting.append(without(exchange, self.marks))


def without(exchange: Exchange, marks: Marks) -> Exchange:
    """The exchange, with nothing of those who are erased; one whose address names one of them is about nobody else."""
    ids = marks.ids
    if not ids.isdisjoint(exchange.url.replace("?", "/").replace("&", "/").replace("=", "/").split("/")):
        return replace(exchange, request=texts.whole(exchange.request), answer=texts.whole(exchange.answer))
    if not texts.mentions(exchange.request + exchange.answer, ids):
        return exchange
    words = list(marks.words.values())
    request, answer = (texts.unnamed(texts.rows(one, ids), words) for one in (exchange.request, exchange.answer))
    return replace(exchange, request=request, answer=answer)
