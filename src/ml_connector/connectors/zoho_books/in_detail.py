"""A list walked in full detail: its rows show no lines and no allocations, so each costs one call more, and a call is dear.

A row is asked for alone when its document is wanted in detail and the list shows a stamp that was not read yet. What a
page of the list still has to be asked for stands in the cursor, so that a walk that breaks off goes on with the next row.
Two walks overlap by the list lag; of what the first has read there, identity and stamp stand in the cursor too, and the
second asks for none of it again. Only a detail that can hold nothing older counts as read: it shows the list's stamp or
a later one, and was answered when the second of that stamp was over.
An answer that is not what the vendor documents, such as a page about maintenance, is the vendor's trouble more often than the
row's: the walk breaks off, and the row comes behind the others when it goes on. Only after some of them it is handed on as a
row that cannot be understood, and holds nobody up.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import msgspec
from msgspec.structs import replace

from ml_connector.canonical.documents import Document
from ml_connector.connectors.reading import Page, Row
from ml_connector.connectors.zoho_books import values
from ml_connector.connectors.zoho_books import walk as lists
from ml_connector.connectors.zoho_books.client import Books
from ml_connector.errors import BadInput, ConnectorError
from ml_connector.transport.errors import NotJson

A_PAGE = 20  # details handed on together: at a second each a page takes a third of what a slice has for reading
AT_ONCE = 4  # below the five that the smallest plan allows
TRIES = 3  # of a row whose answer is not what is documented
REMEMBERED = 2_000  # rows of an overlap whose stamps the cursor keeps; of more, some are asked for once too often
_SETTLED = dt.timedelta(seconds=2)  # the vendor's clock and its stamps have whole seconds


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a walk in detail stands. ``waiting`` and ``told`` name rows as "id stamp", with the list's own stamps.

    ``tried`` names a row that waits once for each of its answers that was not what is documented.
    ``listed``: the list's cursor behind the page that ``waiting`` is of. ``ended``: it was the last, and ``whole`` says
    whether the list showed everything. A cursor of a walk without details begins from the beginning here, and the other way
    round: what was read before had no lines.
    """

    listed: lists.Cursor = lists.Cursor()
    waiting: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    ended: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """What one call showed: the document in full, None where it does not exist any more, and when by the vendor's clock."""

    row: Row | None
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Detailing:
    """``wanted``: whether a document of the list is asked for alone; ``show`` does so. It raises what the session raises."""

    wanted: Callable[[Document], bool]
    show: Callable[[str], Awaitable[Shown]]


@dataclass(slots=True)
class _Fetched:
    """What came of rows until one failed: so many ``done``, and why it stopped.

    ``odd``: the row that did so by an answer that is not what is documented.
    """

    rows: list[Row] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    done: int = 0
    error: ConnectorError | None = None
    odd: str = ""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Cursor)


def cursor_of(data: bytes | None, since: dt.date | None) -> Cursor:
    """The cursor of its bytes. Raises BadInput when they are none of ours."""
    try:
        found = _decoder.decode(data) if data else Cursor()
    except msgspec.DecodeError as error:
        raise BadInput("The stored cursor is not one of Zoho Books: read the entity from the beginning.") from error
    return found if found != Cursor() else Cursor(listed=lists.cursor_of(None, since))


async def walk(books: Books, listing: lists.Listing, detailing: Detailing, cursor: Cursor) -> AsyncIterator[Page]:
    """Pages from ``cursor`` to the end of the walk. Raises what ``walk.walk`` and ``Detailing.show`` raise."""
    here = _Walk(detailing, cursor)
    if cursor.waiting:
        async for page in here.hand_on(()):
            yield page
        if cursor.ended:
            return
    async for listed in lists.walk(books, listing, cursor.listed):
        plain = here.take(listed)
        async for page in here.hand_on(plain):
            yield page


@dataclass(slots=True)
class _Walk:
    """A walk under way: ``cursor`` is where it stands."""

    detailing: Detailing
    cursor: Cursor

    def take(self, listed: Page) -> tuple[Row, ...]:
        """A page of the list: what stays as it is, while the rest waits in the cursor to be asked for."""
        told, plain, waiting = frozenset(self.cursor.told), [], []
        for row in listed.rows:
            if row.document is None or not self.detailing.wanted(row.document):
                plain.append(row)
            elif _mark(row) not in told:
                waiting.append(_mark(row))
        self.cursor = replace(
            self.cursor,
            listed=lists.cursor_of(listed.cursor, None),
            waiting=tuple(dict.fromkeys(waiting)),
            ended=listed.last,
            whole=listed.complete,
        )
        return tuple(plain)

    async def hand_on(self, plain: Sequence[Row]) -> AsyncIterator[Page]:
        """Pages of what waits, the first with the ``plain`` rows. What was read before an error is handed on before it."""
        while True:
            found = await _fetched(self.detailing, self.cursor.waiting[:A_PAGE], self.cursor.tried)
            self.cursor = _after(self.cursor, found)
            yield _page((*plain, *found.rows), self.cursor)
            if found.error is not None:
                raise found.error
            if not self.cursor.waiting:
                return
            plain = ()


async def _fetched(detailing: Detailing, marks: Sequence[str], tried: Sequence[str]) -> _Fetched:
    """Ask for rows, some at once, up to the first that nobody answers as documented. ``tried``: see ``Cursor``."""
    found = _Fetched()
    for first in range(0, len(marks), AT_ONCE):
        group = marks[first : first + AT_ONCE]
        shown = await asyncio.gather(*(detailing.show(_id(mark)) for mark in group), return_exceptions=True)
        for mark, answered in zip(group, shown, strict=True):
            one = answered if tried.count(mark) + 1 < TRIES else _given_up(mark, answered)
            if isinstance(one, ConnectorError):
                found.error, found.odd = one, mark if isinstance(one, NotJson) else ""
                return found
            if isinstance(one, BaseException):
                raise one
            found.done += 1
            found.rows += [one.row] if one.row is not None else []
            found.told += _read(mark, one)
    return found


def _given_up(mark: str, answered: Shown | BaseException) -> Shown | BaseException:
    """An answer that was odd once more, as a row that cannot be understood; any other as it is."""
    if not isinstance(answered, NotJson):
        return answered
    return Shown(Row(_id(mark), b"", None, problem=answered.sentence))


def _read(mark: str, shown: Shown) -> list[str]:
    """The mark of a row that need not be asked for again, with the stamp that its detail shows where that is later."""
    row, listed = shown.row, values.instant(mark.partition(" ")[2])
    own = values.instant(row.stamp) if row is not None and row.document is not None else None
    if row is None or own is None or listed is None or own < listed or shown.at is None or shown.at < own + _SETTLED:
        return []
    return [mark] if own == listed else [mark, _mark(row)]


def _after(cursor: Cursor, found: _Fetched) -> Cursor:
    """The cursor with these rows read; at the end of the walk only the list's own, and what its next walk shows again."""
    edge = values.instant(cursor.listed.start or cursor.listed.since)
    told = (*cursor.told, *(mark for mark in found.told if _stands(mark, edge)))
    waiting, tried = cursor.waiting[found.done :], cursor.tried
    if found.odd:
        waiting, tried = (*(mark for mark in waiting if mark != found.odd), found.odd), (*tried, found.odd)
    if cursor.ended and not waiting:
        told = tuple(mark for mark in told if _stands(mark, edge))
    tried = tuple(mark for mark in tried if mark in waiting)
    return replace(cursor, waiting=waiting, tried=tried, told=tuple(dict.fromkeys(told))[-REMEMBERED:])


def _page(rows: tuple[Row, ...], cursor: Cursor) -> Page:
    last = cursor.ended and not cursor.waiting
    kept = Cursor(listed=cursor.listed, told=cursor.told) if last else cursor
    return Page(rows, _encoder.encode(kept), last=last, complete=last and cursor.whole)


def _stands(mark: str, edge: dt.datetime | None) -> bool:
    """Whether the next walk shows the row again."""
    at = values.instant(mark.partition(" ")[2])
    return edge is not None and at is not None and at >= edge


def _mark(row: Row) -> str:
    return f"{row.id} {row.stamp}"


def _id(mark: str) -> str:
    return mark.partition(" ")[0]
