"""Cursors, and how a list is walked so that nothing is lost while it changes underneath.

Changes (lists with a ``last_modified_time`` filter, sorted upwards by it): every page is asked as page 1 from the last
stamp less a second, so that ties and the filter's unknown strictness do not matter. A page full of one second cannot
move on like that; then pages are counted.
Counted pages prove nothing alone, since a removal shifts the rest: the same pages are walked again until two passes in
a row show the same ids and stamps. Rows of a page that is unchanged are not handed on twice.
After a walk the cursor is the walk's start by the vendor's clock less the list lag, never the newest stamp seen.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from ml_connector.connectors import json_fields
from ml_connector.connectors.errors import FilterIgnored
from ml_connector.connectors.reading import Page, Row
from ml_connector.connectors.zoho_books import values
from ml_connector.connectors.zoho_books.client import Books, Reply
from ml_connector.errors import BadInput

LIST_LAG = 60.0  # seconds; not published, so generous against what was seen (none)
MAX_PASSES = 5
_SECOND = dt.timedelta(seconds=1)


class Mode(StrEnum):
    """How the walk goes on."""

    REST = "rest"  # between two walks
    CHANGES = "changes"  # upwards by stamp, always page 1
    TIES = "ties"  # upwards by stamp, counted pages, until the stamp moves on
    DELTA = "delta"  # downwards by stamp, counted pages, until older than `since`
    ALL = "all"  # counted pages of the whole list


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a walk stands. Stamps are UTC text as the API takes it; ``since`` is what the walk looks back to."""

    mode: Mode = Mode.REST
    since: str = ""
    first_day: str = ""  # document date the first walk starts at
    start: str = ""  # the next walk's `since`
    position: str = ""
    seen: tuple[str, ...] = ()  # "id stamp" of rows handed on that the next page shows again
    page: int = 1
    passes: int = 0
    earlier: tuple[str, ...] = ()  # page digests of the pass before
    now: tuple[str, ...] = ()  # page digests of this pass


@dataclass(frozen=True, slots=True)
class Listing:
    """One list of the API. ``filters``: it takes ``last_modified_time``; ``sorts``: it sorts by it, as far as known.

    ``settled`` are the sort parameters of a whole walk (creation order moves least). ``row`` translates one row, or
    returns None for a row that is not of this entity. ``from_a_day``: a walk that began at a document date counts as whole.
    """

    path: str
    keys: tuple[str, ...]
    id_key: str
    row: Callable[[bytes], Row | None]
    query: tuple[tuple[str, str], ...] = ()
    filters: bool = False
    sorts: bool = False
    settled: tuple[tuple[str, str], ...] = ()
    date_filter: str = ""
    from_a_day: bool = False
    whole: Callable[[Reply], bool] = lambda _: True  # whether the reply shows that nothing was filtered away


@dataclass(frozen=True, slots=True)
class _Seen:
    """A row's identity and stamp, for sorting and digests."""

    id: str
    stamp: str
    at: dt.datetime | None
    raw: bytes

    @property
    def mark(self) -> str:
        return f"{self.id} {self.stamp}"


_cursor_encoder = msgspec.json.Encoder()
_cursor_decoder = msgspec.json.Decoder(Cursor)


def cursor_of(data: bytes | None, since: dt.date | None) -> Cursor:
    """The cursor of its bytes. Raises BadInput when they are none of ours."""
    if not data:
        return Cursor(first_day=since.isoformat() if since else "")
    try:
        return _cursor_decoder.decode(data)
    except msgspec.DecodeError as error:
        raise BadInput("The stored cursor is not one of Zoho Books: read the entity from the beginning.") from error


async def walk(books: Books, listing: Listing, cursor: Cursor) -> AsyncIterator[Page]:
    """Pages from ``cursor`` to the end of the walk. Raises FilterIgnored, and what ``Books.get`` raises."""
    state = begin(listing, cursor)
    last = False
    while not last:
        reply = await books.page(listing.path, state.page, *query_of(listing, state))
        state = state if state.start else replace(state, start=_start(books, reply))
        rows = [_seen(listing, raw) for raw in reply.rows(*listing.keys)]
        if not _as_asked(state, reply, rows):
            state = replace(state, mode=Mode.ALL, page=1, now=(), earlier=(), passes=0, seen=())
            continue
        _check_filter(listing, state, rows)
        if state.mode is Mode.CHANGES:
            page, state = _changes(listing, state, rows, reply.more())
        else:
            page, state = _counted(listing, state, rows, reply)
        last = page.last
        yield page


def begin(listing: Listing, cursor: Cursor) -> Cursor:
    """A walk's first state; a walk under way goes on where it was."""
    if cursor.mode is not Mode.REST:
        return cursor
    if listing.filters and listing.sorts:
        mode = Mode.CHANGES
    else:
        mode = Mode.DELTA if listing.sorts and cursor.since else Mode.ALL
    first_day = cursor.first_day if listing.date_filter else ""
    return replace(cursor, mode=mode, position=cursor.since if listing.filters else "", first_day=first_day, page=1)


def query_of(listing: Listing, state: Cursor) -> Iterator[tuple[str, str]]:
    """How the next page is asked for, without its number."""
    yield from listing.query
    if state.mode is Mode.ALL:
        yield from listing.settled
    else:
        yield "sort_column", "last_modified_time"
        yield "sort_order", _order(state)
    if state.position:
        yield "last_modified_time", state.position
    if state.first_day:
        yield listing.date_filter, state.first_day


def _order(state: Cursor) -> str:
    return "D" if state.mode is Mode.DELTA else "A"


def _start(books: Books, reply: Reply) -> str:
    moment = reply.vendor_time() or books.session.clock.now()
    return values.stamp(moment - dt.timedelta(seconds=LIST_LAG))


def _as_asked(state: Cursor, reply: Reply, rows: Sequence[_Seen]) -> bool:
    """Whether the list is sorted as asked, by its own word and by its rows; parameters may be ignored silently."""
    if state.mode is Mode.ALL:
        return True
    context = reply.context
    if (context.get("sort_column"), context.get("sort_order")) != ("last_modified_time", _order(state)):
        return False
    stamps = [row.at for row in rows]
    known = [at for at in stamps if at is not None]
    return len(known) == len(stamps) and known == sorted(known, reverse=state.mode is Mode.DELTA)


def _changes(listing: Listing, state: Cursor, rows: Sequence[_Seen], more: bool) -> tuple[Page, Cursor]:
    handed_on = frozenset(state.seen)
    fresh = [row for row in rows if row.mark not in handed_on]
    if not more:
        return _end(listing, state, fresh, proven=True, whole=_from_the_beginning(listing, state))
    following = _position_after(rows)
    if following <= state.position:
        # A page full of one second: nothing is handed on yet, its pages are counted from the first.
        state = replace(state, mode=Mode.TIES, page=1, passes=0, earlier=(), now=())
        return _page(listing, (), state), state
    state = replace(state, position=following, seen=_marks_from(rows, following))
    return _page(listing, fresh, state), state


def _counted(listing: Listing, state: Cursor, rows: Sequence[_Seen], reply: Reply) -> tuple[Page, Cursor]:
    more = reply.more()
    digest = _digest(rows)
    known = state.earlier[state.page - 1 : state.page] == (digest,)
    fresh = () if known else _looked_back_to(state, rows)
    state = replace(state, now=(*state.now, digest))
    if more and not _far_enough(state, rows):
        state = replace(state, page=state.page + 1)
        return _page(listing, fresh, state), state
    proven = state.page == 1 or state.now == state.earlier
    if not proven and state.passes + 1 < MAX_PASSES:
        state = replace(state, page=1, passes=state.passes + 1, earlier=state.now, now=())
        return _page(listing, fresh, state), state
    if proven and more and state.mode is Mode.TIES:
        following = _position_after(rows)
        state = replace(
            state, mode=Mode.CHANGES, position=following, seen=_marks_from(rows, following), page=1, passes=0,
            earlier=(), now=(),
        )  # fmt: skip
        return _page(listing, fresh, state), state
    whole = state.mode is not Mode.DELTA and _from_the_beginning(listing, state) and listing.whole(reply)
    return _end(listing, state, fresh, proven=proven, whole=whole)


def _end(listing: Listing, state: Cursor, rows: Sequence[_Seen], *, proven: bool, whole: bool) -> tuple[Page, Cursor]:
    """The last page. A walk that never held still leaves the cursor where it was proven, so it is walked again."""
    rest = (
        Cursor(since=state.start) if proven else Cursor(since=state.position or state.since, first_day=state.first_day)
    )
    translated = tuple(_translated(listing, rows))
    return Page(translated, _cursor_encoder.encode(rest), last=True, complete=proven and whole), rest


def _from_the_beginning(listing: Listing, state: Cursor) -> bool:
    """Whether this walk looked at all that is asked for; a walk that began at a stamp did not, nor one that began at a day

    where older documents are asked for too.
    """
    if state.first_day and not listing.from_a_day:
        return False
    return not (state.position if state.mode is Mode.ALL else state.since)


def _far_enough(state: Cursor, rows: Sequence[_Seen]) -> bool:
    """Whether counting may stop: older than what is looked back to, or two seconds past the tie."""
    at = rows[-1].at if rows else None
    if state.mode is Mode.DELTA:
        since = values.instant(state.since)
        return at is not None and since is not None and at < since
    if state.mode is Mode.TIES:
        position = values.instant(state.position)
        return at is not None and position is not None and at >= position + 2 * _SECOND
    return False


def _looked_back_to(state: Cursor, rows: Sequence[_Seen]) -> Sequence[_Seen]:
    """Without the tail of a downward page, which the walk before has handed on already."""
    since = values.instant(state.since) if state.mode is Mode.DELTA else None
    return rows if since is None else [row for row in rows if row.at is None or row.at >= since]


def _check_filter(listing: Listing, state: Cursor, rows: Sequence[_Seen]) -> None:
    position = values.instant(state.position)
    if position is not None and any(row.at is not None and row.at < position for row in rows):
        raise FilterIgnored(
            f"Zoho Books ignored the filter last_modified_time on {listing.path}: the answer is not used."
        )


def _position_after(rows: Sequence[_Seen]) -> str:
    at = rows[-1].at if rows else None
    return values.stamp(at - _SECOND) if at else ""


def _marks_from(rows: Sequence[_Seen], position: str) -> tuple[str, ...]:
    edge = values.instant(position)
    return tuple(row.mark for row in rows if edge and row.at and row.at >= edge)


def _digest(rows: Sequence[_Seen]) -> str:
    return hashlib.sha256("\n".join(row.mark for row in rows).encode()).hexdigest()[:16]


def _seen(listing: Listing, raw: bytes) -> _Seen:
    fields = json_fields.decode(raw)
    fields = fields if isinstance(fields, dict) else {}
    stamp = json_fields.text(fields, "last_modified_time")
    return _Seen(json_fields.text(fields, listing.id_key), stamp, values.instant(stamp), raw)


def _page(listing: Listing, rows: Sequence[_Seen], state: Cursor) -> Page:
    return Page(tuple(_translated(listing, rows)), _cursor_encoder.encode(state), last=False)


def _translated(listing: Listing, rows: Sequence[_Seen]) -> Iterator[Row]:
    for row in rows:
        translated = listing.row(row.raw)
        if translated is not None:
            yield translated
