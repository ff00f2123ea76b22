"""Reading: changes, whole lists, and named documents.

Parties are all contacts, archived ones included, whatever a flow calls them: Xero's contact is customer and vendor at
once. By ``ids`` documents come in full detail; one that does not exist any more is simply not among the rows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import quote

from ml_connector.connectors import json_fields
from ml_connector.connectors.base import Session
from ml_connector.connectors.errors import FilterIgnored, Unsettled
from ml_connector.connectors.json_fields import Unreadable
from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.connectors.xero import translate, values
from ml_connector.connectors.xero.client import Books
from ml_connector.connectors.xero.errors import Incomplete, Refusal
from ml_connector.connectors.xero.resources import READABLE, RESOURCES, SHORT, Resource, fields_of, row_of, unread
from ml_connector.connectors.xero.walk import cursor_of, walk
from ml_connector.errors import BadInput
from ml_connector.transport.errors import NotJson

AT_ONCE = 40  # ids in one call; an address of that length is safe everywhere


def read(session: Session, reading: Reading) -> AsyncIterator[Page]:
    """Pages of an entity. Raises BadInput for an unknown one."""
    if reading.entity not in READABLE:
        raise BadInput(f"Xero has no {reading.entity} to read here; it has {', '.join(sorted(READABLE))}.")
    books = Books(session)
    if reading.entity in SHORT:
        return _short(books, reading)
    resource = RESOURCES[reading.entity]
    if reading.ids:
        return _by_ids(books, resource, reading) if resource.by_ids else _one_by_one(books, resource, reading)
    return walk(books, resource, cursor_of(reading.cursor, reading.since))


async def detail(books: Books, resource: Resource, key: str) -> Row | None:
    """One document in full by its id (or number, where Xero takes one); None when it does not exist.

    Raises Refusal, NotJson, and what the session raises.
    """
    try:
        reply = await books.get(f"{resource.path}/{quote(key, safe='')}", *resource.query)
    except Refusal as refusal:
        if refusal.absent:
            return None
        raise
    rows = reply.rows(resource.plural)
    if not rows:
        raise Incomplete(reply.answer.status, f"a row of {resource.plural}")
    return row_of(resource, rows[0], books.session.settings)


async def named(books: Books, resource: Resource, ids: Sequence[str]) -> list[Row]:
    """Documents of a list that takes ids, at most ``AT_ONCE``, in full detail. Raises FilterIgnored, Refusal, NotJson."""
    query = (*resource.query, *resource.listed, ("IDs", ",".join(ids)), ("page", "1"), ("pageSize", "100"))
    reply = await books.get(resource.path, *query)
    rows = reply.rows(resource.plural)
    if any(json_fields.text(fields_of(raw), resource.id_key) not in ids for raw in rows):
        raise FilterIgnored(f"Xero ignored the filter IDs on {resource.path}: the answer is not used.")
    return [row for raw in rows if (row := row_of(resource, raw, books.session.settings)) is not None]


async def _by_ids(books: Books, resource: Resource, reading: Reading) -> AsyncIterator[Page]:
    ids = _possible(reading.ids)
    groups = [ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)]
    for group in groups[:-1]:
        yield Page(await _named_rows(books, resource, group), reading.cursor or b"", last=False)
    rows = await _named_rows(books, resource, groups[-1]) if groups else ()
    yield Page(rows, reading.cursor or b"", last=True)


async def _named_rows(books: Books, resource: Resource, ids: Sequence[str]) -> tuple[Row, ...]:
    try:
        return tuple(await named(books, resource, ids))
    except (Refusal, FilterIgnored, Unsettled, NotJson) as error:
        return tuple(Row(id_, b"", None, problem=error.sentence) for id_ in ids)


async def _one_by_one(books: Books, resource: Resource, reading: Reading) -> AsyncIterator[Page]:
    ids = _possible(reading.ids)
    for id_ in ids[:-1]:
        yield Page(await _one_row(books, resource, id_), reading.cursor or b"", last=False)
    rows = await _one_row(books, resource, ids[-1]) if ids else ()
    yield Page(rows, reading.cursor or b"", last=True)


async def _one_row(books: Books, resource: Resource, id_: str) -> tuple[Row, ...]:
    try:
        row = await detail(books, resource, id_)
    except (Refusal, NotJson) as error:
        row = Row(id_, b"", None, problem=error.sentence)
    return (row,) if row else ()


def _possible(ids: Sequence[str]) -> tuple[str, ...]:
    """Those that can be Xero's: one other text among them would make it refuse them all."""
    return tuple(id_ for id_ in ids if values.is_guid(id_))


async def _short(books: Books, reading: Reading) -> AsyncIterator[Page]:
    """A short list: always all of it, on one page."""
    if reading.entity == "dimensions":
        rows = await _tracking(books)
    else:
        resource = RESOURCES[reading.entity]
        reply = await books.get(resource.path)
        every = (row_of(resource, raw, books.session.settings) for raw in reply.rows(resource.plural))
        rows = [row for row in every if row is not None]
    if reading.ids:
        found = tuple(row for row in rows if row.id in reading.ids)
        yield Page(found, reading.cursor or b"", last=True)
        return
    yield Page(tuple(rows), b"", last=True, complete=True)


async def categories(books: Books) -> list[bytes]:
    """The vendor's text of all tracking categories with their options, archived ones included."""
    reply = await books.get("/TrackingCategories", ("includeArchived", "true"))
    return reply.rows("TrackingCategories")


async def _tracking(books: Books) -> list[Row]:
    return [row for raw in await categories(books) for row in _options(raw)]


def _options(raw: bytes) -> list[Row]:
    """A category's options; one row with a problem for a category that shows none at all."""
    category = fields_of(raw)
    options = category.get("Options")
    if not isinstance(options, list):
        what, id_ = "tracking category", json_fields.text(category, "TrackingCategoryID")
        return [unread(what, raw, "it shows no list of options", id_)]
    return [_option(category, option) for option in options]


def _option(category: json_fields.Fields, option: Any) -> Row:
    raw = json_fields.encode(option)
    what = f"option of the tracking category {json_fields.text(category, 'Name')}"
    if not isinstance(option, dict):
        return unread(what, raw, "it is no object")
    try:
        dimension = translate.tracking_option(category, option)
    except Unreadable as error:
        return unread(what, raw, str(error), json_fields.text(option, "TrackingOptionID"))
    return Row(dimension.id, raw, dimension)
