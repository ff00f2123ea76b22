"""Cursors, and how a list is walked so that nothing is lost while it changes underneath.

Lists come upwards by modification time. So every page is asked as page 1 with ``If-Modified-Since`` one second before
the last row seen: whatever is changed meanwhile moves behind that and is met later, and neither ties nor the unknown
strictness of the bound matter. Rows the page before has handed on already are left out.
Where that cannot be (a page full of one second, a list that is not in order, a bound that is not kept), pages are
counted instead. Such a pass proves itself if the number of documents stayed the same on all its pages and as many
different ids were seen, or if two passes in a row show the same; else it is walked again. Rows of a page that is unchanged
are not handed on twice.
After a walk the cursor is the walk's start by the vendor's clock less the list lag, never the newest stamp seen.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from ml_connector.connectors import json_fields
from ml_connector.connectors.reading import Page, Row
from ml_connector.connectors.xero import values
from ml_connector.connectors.xero.client import Books, Reply, parse
from ml_connector.connectors.xero.errors import Refusal, told
from ml_connector.connectors.xero.resources import Query, Resource, fields_of, row_of
from ml_connector.errors import BadInput

PAGE = 1000  # rows; Xero gives no more, and clamps in silence
LIST_LAG = 30.0  # seconds; not published, so generous against what was seen (none)
MAX_PASSES = 5
_SECOND = dt.timedelta(seconds=1)
_NOT_MODIFIED = 304


class Mode(StrEnum):
    """How the walk goes on."""

    REST = "rest"  # between two walks
    SEEK = "seek"  # upwards by stamp, always page 1
    COUNT = "count"  # counted pages from `position` to the end


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a walk stands. Instants are UTC text as ``If-Modified-Since`` takes it."""

    mode: Mode = Mode.REST
    since: str = ""  # what the walk looks back to
    first_day: str = ""  # document date the first walk starts at
    start: str = ""  # the next walk's `since`
    position: str = ""
    seen: tuple[str, ...] = ()  # "id stamp" of rows handed on that the next page shows again
    whole: bool = False  # the walk looks at everything
    items: int = 0  # documents when it began, by the vendor's count
    handed: int = 0  # rows handed on
    page: int = 1
    passes: int = 0
    earlier: tuple[str, ...] = ()  # page digests of the counted pass before
    now: tuple[str, ...] = ()  # page digests of this one


@dataclass(frozen=True, slots=True)
class _Seen:
    id: str
    at: dt.datetime | None
    raw: bytes

    @property
    def mark(self) -> str:
        return f"{self.id} {self.at.timestamp() if self.at else ''}"


@dataclass(frozen=True, slots=True)
class _Shown:
    """One page: its rows, how many pages and documents there are."""

    rows: list[_Seen]
    pages: int = 1
    items: int = 0
    at: dt.datetime | None = None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Cursor)


def cursor_of(data: bytes | None, since: dt.date | None) -> Cursor:
    """The cursor of its bytes. Raises BadInput when they are none of ours."""
    if not data:
        return Cursor(first_day=since.isoformat() if since else "")
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError as error:
        raise BadInput("The stored cursor is not one of Xero: read the entity from the beginning.") from error


async def walk(books: Books, resource: Resource, cursor: Cursor) -> AsyncIterator[Page]:
    """Pages from ``cursor`` to the end of the walk. Raises what ``Books.answer`` raises, Refusal, NotJson."""
    state = begin(resource, cursor)
    while state.mode is Mode.SEEK:
        shown = await _ask(books, resource, state, 1)
        state = _begun(books, state, shown)
        state, page = _sought(books, resource, state, shown)
        if page is not None:
            yield page
        if page is not None and page.last:
            return
    async for page in _counted(books, resource, state):
        yield page


def begin(resource: Resource, cursor: Cursor) -> Cursor:
    """A walk's first state; a walk under way goes on where it was."""
    if cursor.mode is not Mode.REST:
        return cursor
    first_day = cursor.first_day if resource.dated else ""
    whole = not cursor.since and not first_day
    return Cursor(Mode.SEEK, cursor.since, first_day, position=cursor.since, whole=whole)


def _begun(books: Books, state: Cursor, shown: _Shown) -> Cursor:
    if state.start:
        return state
    moment = shown.at or books.session.clock.now()
    return replace(state, start=values.since(moment - dt.timedelta(seconds=LIST_LAG)), items=shown.items)


async def _ask(books: Books, resource: Resource, state: Cursor, number: int) -> _Shown:
    query = (*_query(resource, state), ("page", str(number)), ("pageSize", str(PAGE)))
    answer = await books.answer(resource.path, *query, since=state.position)
    if answer.status == _NOT_MODIFIED:
        return _Shown([], at=Reply(answer, {}).vendor_time())  # our own clock may be ahead of what is still to come
    if answer.status != 200:
        raise Refusal(resource.path, answer.status, told(answer.body))
    reply = parse(answer)
    rows = [_seen(resource, raw) for raw in reply.rows(resource.plural)]
    return _Shown(rows, reply.page("pageCount"), reply.page("itemCount"), reply.vendor_time())


def _query(resource: Resource, state: Cursor) -> Query:
    conditions = [resource.where] if resource.where else []
    dated: Query = ()
    if state.first_day and resource.dated == "where":
        year, month, day = state.first_day.split("-")
        conditions.append(f"Date>=DateTime({year},{month},{day})")
    elif state.first_day and resource.dated:
        dated = ((resource.dated, state.first_day),)
    where: Query = (("where", "&&".join(conditions)),) if conditions else ()
    return (*resource.query, *resource.listed, *where, *dated)


def _sought(books: Books, resource: Resource, state: Cursor, shown: _Shown) -> tuple[Cursor, Page | None]:
    """The next state and its page; no page where pages must be counted from here on."""
    rows = shown.rows
    if not _within(state, rows):
        return replace(state, mode=Mode.COUNT, position="", seen=()), None
    if not _in_order(rows):
        return replace(state, mode=Mode.COUNT, position=state.since, seen=()), None
    handed_on = frozenset(state.seen)
    fresh = [row for row in rows if row.mark not in handed_on]
    state = replace(state, handed=state.handed + len(fresh))
    if shown.pages <= 1:
        complete = state.whole and state.handed >= state.items
        return state, _end(books, resource, state, fresh, proven=True, complete=complete)
    following = _position_after(rows)
    if following <= state.position:
        return replace(state, mode=Mode.COUNT, seen=()), None
    state = replace(state, position=following, seen=_marks_from(rows, following))
    return state, Page(_translated(books, resource, fresh), _encoder.encode(state), last=False)


async def _counted(books: Books, resource: Resource, state: Cursor) -> AsyncIterator[Page]:
    """Passes over all pages until one proves itself. The ids of a pass that goes on from a cursor are not all known."""
    ids: set[str] | None = None
    counts: set[int] = set()
    while True:
        shown = await _ask(books, resource, state, state.page)
        if state.page == 1:
            ids, counts = set(), set()
        if ids is not None:
            ids.update(row.id for row in shown.rows)
            counts.add(shown.items)
        digest = _digest(shown.rows)
        fresh = () if state.earlier[state.page - 1 : state.page] == (digest,) else shown.rows
        state = replace(state, page=state.page + 1, now=(*state.now, digest))
        if state.page > shown.pages:
            proven = state.now == state.earlier or (ids is not None and counts == {len(ids)})
            if proven or state.passes + 1 >= MAX_PASSES:
                complete = proven and state.whole  # what lies before the position was met in order
                yield _end(books, resource, state, fresh, proven=proven, complete=complete)
                return
            state = replace(state, page=1, passes=state.passes + 1, earlier=state.now, now=())
        yield Page(_translated(books, resource, fresh), _encoder.encode(state), last=False)


def _digest(rows: Sequence[_Seen]) -> str:
    return hashlib.sha256("\n".join(row.mark for row in rows).encode()).hexdigest()[:16]


def _end(
    books: Books, resource: Resource, state: Cursor, rows: Sequence[_Seen], *, proven: bool, complete: bool
) -> Page:
    """The last page. A walk that never held still leaves the cursor where it was proven, so it is walked again."""
    again = Cursor(since=state.position or state.since, first_day=state.first_day)
    rest = Cursor(since=state.start) if proven else again
    return Page(_translated(books, resource, rows), _encoder.encode(rest), last=True, complete=complete)


def _within(state: Cursor, rows: Sequence[_Seen]) -> bool:
    """Whether no row is older than was asked for."""
    bound = values.instant(state.position)
    return bound is None or all(row.at is None or row.at >= bound for row in rows)


def _in_order(rows: Sequence[_Seen]) -> bool:
    stamps = [row.at for row in rows if row.at is not None]
    return len(stamps) == len(rows) and stamps == sorted(stamps)


def _position_after(rows: Sequence[_Seen]) -> str:
    at = rows[-1].at if rows else None
    return values.since(at - _SECOND) if at else ""


def _marks_from(rows: Sequence[_Seen], position: str) -> tuple[str, ...]:
    edge = values.instant(position)
    return tuple(row.mark for row in rows if edge and row.at and row.at >= edge)


def _seen(resource: Resource, raw: bytes) -> _Seen:
    fields = fields_of(raw)
    at = values.instant(json_fields.text(fields, "UpdatedDateUTC"))
    id_ = json_fields.text(fields, resource.id_key) or hashlib.sha256(raw).hexdigest()[:16]
    return _Seen(id_, at, raw)


def _translated(books: Books, resource: Resource, rows: Sequence[_Seen]) -> tuple[Row, ...]:
    return tuple(_rows(books, resource, rows))


def _rows(books: Books, resource: Resource, rows: Sequence[_Seen]) -> Iterator[Row]:
    for row in rows:
        translated = row_of(resource, row.raw, books.session.settings)
        if translated is not None:
            yield translated
