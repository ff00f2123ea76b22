"""Reading the dimensions: options of reporting tags, locations, and projects where the connection's settings want them.

They are few and bear no stamps, so they are always read whole, on one page. What the plan, the organisation or the consent
does not have is left out, and ``check`` says so.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from ml_connector.canonical.master_data import Dimension
from ml_connector.connectors import json_fields
from ml_connector.connectors.errors import Unsettled
from ml_connector.connectors.json_fields import Fields, Unreadable
from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.connectors.zoho_books import translate, translate_source
from ml_connector.connectors.zoho_books.client import Books, Reply, right_to_read
from ml_connector.connectors.zoho_books.errors import Refusal
from ml_connector.connectors.zoho_books.scopes import granted
from ml_connector.connectors.zoho_books.unreadable import unreadable
from ml_connector.connectors.zoho_books.walk import MAX_PASSES
from ml_connector.transport.errors import NotPermitted

_PROJECTS = "/projects"
_NO_FEATURE = (400, 404)  # how a list is refused that the plan or the organisation does not have


async def dimensions(books: Books, reading: Reading) -> AsyncIterator[Page]:
    """The dimensions, all on one page; by ``ids`` those of them. Raises NotPermitted, NotJson, Unsettled."""
    rows = [*await _tags(books), *await _locations(books), *await _projects(books)]
    if reading.ids:
        named = tuple(row for row in rows if row.id in reading.ids)
        yield Page(named, reading.cursor or b"", last=True)
        return
    yield Page(tuple(rows), b"", last=True, complete=True)


async def _tags(books: Books) -> list[Row]:
    rows: list[Row] = []
    for tag in await reporting_tags(books):
        options = await _options(books, json_fields.text(tag, "tag_id"))
        side = demanded_of(tag, books.session.settings)
        rows += [_option_row(tag, one, side) for one in translate.all_options(options)]
    return rows


def demanded_of(tag: Fields, settings: Mapping[str, str]) -> str:
    """Of which documents alone a mandatory tag is demanded by the connection's settings, see Dimension; empty for all."""
    names = {json_fields.text(tag, key).casefold() for key in ("tag_id", "tag_name")} - {""}
    for side, setting in (("purchases", "purchase_tags"), ("sales", "sales_tags")):
        if names & {one.strip().casefold() for one in settings.get(setting, "").split(",")}:
            return side
    return ""


async def reporting_tags(books: Books) -> list[Fields]:
    """All reporting tags, drafts included; none where the plan has no such feature. Raises NotPermitted, NotJson."""
    return await known_tags(books) or []


async def known_tags(books: Books) -> list[Fields] | None:
    """As ``reporting_tags``, but None where the plan or the organisation has no such feature."""
    reply = await _feature(books, "/reportingtags")
    return [json_fields.decode(raw) for raw in reply.rows("reporting_tags")] if reply else None


async def _options(books: Books, tag_id: str) -> list[Any]:
    """The option tree of a tag, at most 200 a page. Raises Unsettled."""
    what = f"options of the reporting tag {tag_id}"
    return await _all_pages(books, "/reportingtags/options", "options", what, ("tag_id", tag_id))


async def _all_pages(books: Books, path: str, key: str, what: str, *query: tuple[str, str]) -> list[Any]:
    """A list that comes by page. Several pages are read until two passes are alike. Raises Unsettled."""
    before: list[Any] | None = None
    for _ in range(MAX_PASSES):
        found, pages = await _one_pass(books, path, key, *query)
        if pages == 1 or found == before:
            return found
        before = found
    raise Unsettled(f"The {what} changed each time they were read; they are read again.")


async def _one_pass(books: Books, path: str, key: str, *query: tuple[str, str]) -> tuple[list[Any], int]:
    found: list[Any] = []
    number, more = 1, True
    while more:
        reply = await books.page(path, number, *query)
        found += [json_fields.decode(raw) for raw in reply.rows(key)]
        more = reply.context.get("has_more_page") is True
        number += 1
    return found, number - 1


async def projects(books: Books) -> list[Any] | None:
    """All projects, inactive ones too; None where the connection's settings, the consent or the plan has none.

    Raises NotJson, Unsettled.
    """
    scopes, right = books.session.scopes, right_to_read(_PROJECTS)
    if books.session.settings.get("projects", "no") != "yes" or (scopes and not granted(right, scopes)):
        return None
    created = (("sort_column", "created_time"), ("filter_by", "Status.All"))
    try:
        return await _all_pages(books, _PROJECTS, "projects", "projects", *created)
    except NotPermitted:
        return None
    except Refusal as refusal:
        if refusal.status in _NO_FEATURE:
            return None
        raise


async def _projects(books: Books) -> list[Row]:
    return [_row("project", one, "project_id", translate_source.project) for one in await projects(books) or ()]


async def _locations(books: Books) -> list[Row]:
    reply = await _feature(books, "/locations")
    rows = reply.rows("locations") if reply else []
    return [_row("location", json_fields.decode(raw), "location_id", translate.location) for raw in rows]


async def _feature(books: Books, path: str) -> Reply | None:
    """A list that only exists where the plan or the organisation has the feature; None where it is refused for that."""
    try:
        return await books.get(path)
    except Refusal as refusal:
        if refusal.status in _NO_FEATURE:
            return None
        raise


def _option_row(tag: Fields, option: Any, side: str) -> Row:
    what = f"option of the reporting tag {json_fields.text(tag, 'tag_name')}"
    if not isinstance(option, dict):
        return unreadable(what, json_fields.encode(option), "it is no object")
    alone = json_fields.encode({name: value for name, value in option.items() if name != "children"})
    try:
        dimension = translate.tag_option(tag, option, side)
    except Unreadable as error:
        return unreadable(what, alone, str(error), json_fields.text(option, "option_id"))
    return Row(dimension.id, alone, dimension)


def _row(what: str, fields: Any, id_: str, translated: Callable[[Fields], Dimension]) -> Row:
    raw = json_fields.encode(fields)
    if not isinstance(fields, dict):
        return unreadable(what, raw, "it is no object")
    try:
        dimension = translated(fields)
    except Unreadable as error:
        return unreadable(what, raw, str(error), json_fields.text(fields, id_))
    return Row(dimension.id, raw, dimension)
