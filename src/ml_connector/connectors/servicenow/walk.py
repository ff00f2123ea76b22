"""Cursors, and how a table is walked so that nothing is lost while it changes underneath.

Rows are asked upwards by ``sys_updated_on`` and ``sys_id``, each page from the last stamp on, that stamp included; what the
page before showed is left out. A page full of one second is gone through by ``sys_id``. The limit is applied before rights:
a page may be short or empty while more rows follow, so a walk ends only where the instance's own count says so, or at an
empty page where it tells no count. After a walk the cursor is its start by the instance's clock less the lag.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from ml_connector.connectors import json_fields
from ml_connector.connectors.errors import FilterIgnored
from ml_connector.connectors.reading import UNIDENTIFIED, Page, Row
from ml_connector.connectors.servicenow import values
from ml_connector.connectors.servicenow.answers import Listed, Query
from ml_connector.connectors.servicenow.client import Instance
from ml_connector.connectors.servicenow.errors import Incomplete
from ml_connector.connectors.servicenow.profiles import Shown
from ml_connector.connectors.servicenow.query import BY_STAMP, joined
from ml_connector.connectors.servicenow.settings import of
from ml_connector.errors import BadInput
from ml_connector.transport.errors import NotPermitted

LIST_LAG = 60.0  # seconds; transactions that are longer under way than this before they are seen are not known
Translated = Callable[[Sequence[dict[str, Any]]], Awaitable[Sequence[Row]]]


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a walk stands. Stamps are UTC text. ``begun`` is empty between two walks."""

    since: str = ""  # what this walk looks back to; empty: everything
    first_day: str = ""  # document date the first walk starts at
    begun: str = ""  # the next walk's `since`
    position: str = ""  # the stamp from which on rows are asked for
    after: str = ""  # in a second with more than a page: the last sys_id of it
    offset: int = 0  # rows of this position already gone by, none of which this user may see
    seen: tuple[str, ...] = ()  # "id stamp" of rows handed on that the next page shows again
    hidden: bool = False  # the instance counts more rows than it shows


@dataclass(frozen=True, slots=True)
class Listing:
    """One table to walk. ``filter`` is an additional term; ``day`` is the column of documents' dates.

    ``role``: whose table it is. Where it is told, a table that has rows and shows none is not taken for an empty one: what
    is missing would be made anew, or said not to exist. ``made``: such rows are made from here where none is like them, so
    that not even one may be hidden.
    """

    shown: Shown
    translated: Translated
    filter: str = ""
    day: str = ""
    page_rows: int = 0
    role: str = ""
    made: bool = False


@dataclass(frozen=True, slots=True)
class _Seen:
    id: str
    stamp: str
    fields: dict[str, Any]

    @property
    def mark(self) -> str:
        return f"{self.id} {self.stamp}"


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Cursor)


def cursor_of(data: bytes | None, since: dt.date | None) -> Cursor:
    """The cursor of its bytes. Raises BadInput when they are none of ours."""
    if not data:
        return Cursor(first_day=since.isoformat() if since else "")
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError as error:
        raise BadInput("The stored cursor is not one of ServiceNow: read the entity from the beginning.") from error


async def walk(instance: Instance, listing: Listing, cursor: Cursor) -> AsyncIterator[Page]:
    """Pages from ``cursor`` to the end of the walk. Raises FilterIgnored, NotPermitted, and what ``Instance.page`` raises."""
    state = cursor if cursor.begun else replace(cursor, position=cursor.since)
    limit = listing.page_rows or int(of(instance.session.settings, "page_rows"))
    last = False
    while not last:
        query = _query(listing, state, limit)
        page = await _asked(instance, listing, query, begins=not state.position)
        rows = _checked(listing, state, page)
        if not state.begun:
            moment = page.at or instance.session.clock.now()
            state = replace(state, begun=values.stamp(moment - dt.timedelta(seconds=LIST_LAG)))
        fresh = [row for row in rows if row.mark not in state.seen]
        before = state
        state, last = _next(state, rows, page, limit)
        if last and listing.role and not rows and state.hidden and not before.position:
            raise NotPermitted(_all_hidden(listing, page.total))
        complete = last and not state.since and not state.first_day and not state.hidden and page.total is not None
        rest = Cursor(since=state.begun) if last else state
        found = [*(await listing.translated([row.fields for row in fresh]) if fresh else ()), *_odd(listing, page)]
        yield Page(tuple(found), _encoder.encode(rest), last=last, complete=complete)


async def _asked(instance: Instance, listing: Listing, query: Query, *, begins: bool) -> Listed:
    """The page. Where not one row may be hidden, a short one is asked for once more: it may have been counted before a

    row was deleted. Raises NotPermitted where it stays short, before anything of it is handed on: the next try begins here.
    """
    page = await instance.page(query)
    if not listing.made or not _hides(query, page) or of(instance.session.settings, "unseen_rows") == "accept":
        return page
    page = await instance.page(query)
    none = begins and not page.rows and (page.total or 0) <= query.limit  # which is told when the list is over
    if _hides(query, page) and not none:
        raise NotPermitted(_some_hidden(listing, page))
    return page


def _hides(query: Query, page: Listed) -> bool:
    """Whether the instance counts more rows for this page than it shows."""
    return page.total is not None and len(page.rows) < min(query.limit, page.total - query.offset)


def _some_hidden(listing: Listing, page: Listed) -> str:
    table = listing.shown.table
    return (
        f"ServiceNow hides rows of {table} from the integration user ({page.total} match, {len(page.rows)} of this page are "
        f"shown), and what is hidden would be made a second time: the ServiceNow administrator gives it the role "
        f"{listing.role}, or read rights on all rows of {table}. Where they are hidden on purpose, set unseen_rows=accept on "
        "the connection."
    )


def _all_hidden(listing: Listing, total: int | None) -> str:
    table = listing.shown.table
    return (
        f"ServiceNow has {total} rows in {table} and shows the integration user none of them: the ServiceNow administrator "
        f"gives it the role {listing.role}, or read rights on {table}."
    )


def _query(listing: Listing, state: Cursor, limit: int) -> Query:
    if state.after:
        position = joined(f"sys_updated_on={state.position}", f"sys_id>{state.after}")
    else:
        position = f"sys_updated_on>={state.position}" if state.position else ""
    first_day = f"{listing.day}>={state.first_day}" if listing.day and state.first_day else ""
    terms = joined(listing.filter, first_day, position, BY_STAMP)
    return Query(listing.shown.table, terms, listing.shown.asked, limit, state.offset)


def _next(state: Cursor, rows: Sequence[_Seen], page: Listed, limit: int) -> tuple[Cursor, bool]:
    """Where the walk goes on, and whether it is over."""
    through = state.offset + limit
    more = page.total > through if page.total is not None else bool(rows)
    window = min(limit, max(0, page.total - state.offset)) if page.total is not None else len(rows)
    state = replace(state, hidden=state.hidden or len(rows) < window)
    if state.after:
        return _in_a_second(state, rows, more, limit)
    if not more:
        return state, True
    if not rows:
        return replace(state, offset=through), False
    newest = rows[-1].stamp
    if newest > state.position:
        marks = tuple(row.mark for row in rows if row.stamp == newest)
        return replace(state, position=newest, offset=0, seen=marks), False
    return replace(state, after=rows[-1].id, offset=0, seen=()), False


def _in_a_second(state: Cursor, rows: Sequence[_Seen], more: bool, limit: int) -> tuple[Cursor, bool]:
    """Within one second: on by id while there are rows, then from the next second on."""
    if rows:
        return replace(state, after=rows[-1].id, offset=0, seen=()), False
    if more:
        return replace(state, offset=state.offset + limit), False
    moment = values.instant(state.position)
    following = values.stamp(moment + dt.timedelta(seconds=1)) if moment else state.position
    return replace(state, position=following, after="", offset=0, seen=()), False


def _checked(listing: Listing, state: Cursor, page: Listed) -> list[_Seen]:
    """The rows, if they are what was asked for, in its order. Raises FilterIgnored, Incomplete."""
    rows = [_seen(fields) for fields in page.told()[0]]
    keys = [(row.stamp, row.id) for row in rows]
    stamps = [row.stamp for row in rows]
    table = listing.shown.table
    if stamps != sorted(stamps) or (state.after and keys != sorted(keys)):
        raise FilterIgnored(f"ServiceNow did not sort {table} as asked: the answer is not used.")
    if any(row.stamp < state.position or (state.after and row.id <= state.after) for row in rows):
        raise FilterIgnored(f"ServiceNow ignored the filter sys_updated_on on {table}: the answer is not used.")
    if listing.day and state.first_day:
        days = [values.text(row.fields, listing.day) for row in rows]
        if any(one and one < state.first_day for one in days):
            raise FilterIgnored(f"ServiceNow ignored the filter {listing.day} on {table}: the answer is not used.")
    return rows


def _odd(listing: Listing, page: Listed) -> list[Row]:
    """Rows that are no objects; they count as hidden, so that nothing seems to be gone for want of them."""
    told = f"A row of {listing.shown.table} of ServiceNow cannot be read: it is no object."
    return [
        Row(f"{UNIDENTIFIED}{hashlib.sha256(raw).hexdigest()[:16]}", raw, None, problem=told) for raw in page.told()[1]
    ]


def _seen(fields: dict[str, Any]) -> _Seen:
    id_, stamp = values.text(fields, "sys_id"), values.text(fields, "sys_updated_on")
    if not id_ or not stamp:
        missing = "sys_updated_on" if id_ else "sys_id"
        raise Incomplete(200, f"the {missing} of a row (the integration user may not read that column)")
    return _Seen(id_, stamp, fields)


def raw_of(fields: dict[str, Any]) -> bytes:
    """A row's text as it is kept."""
    return json_fields.encode(fields)
