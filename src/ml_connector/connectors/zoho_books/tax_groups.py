"""Taxes with the rates that groups of them are made of, which only a group's own page shows: a call for each group.

A group is asked for once a day, when the list is read from its beginning, and when its row shows another rate or stamp. What
was answered stands in the cursor, so that a walk that breaks off asks for the rest alone: its page of the list is asked for
again, and the rows of it that were handed on come once more, without calls.
A group that is refused or does not exist has no parts. One whose answer is not what the vendor documents has none either,
which its entry tells (``parts_unread``), and is asked for again by the next walk.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import replace

from ml_connector.canonical.master_data import TaxCode
from ml_connector.connectors import json_fields
from ml_connector.connectors.reading import Page, Row
from ml_connector.connectors.zoho_books import walk as lists
from ml_connector.connectors.zoho_books.client import Books
from ml_connector.connectors.zoho_books.errors import NotOffered, Refusal
from ml_connector.errors import BadInput, ConnectorError
from ml_connector.transport.errors import NotJson

A_PAGE = 20  # groups asked for between two pages: at a second each a third of what a slice has for reading
_SINGLE = ("tax", "compound_tax")  # the types of taxes, as they are published
_BROKEN = 500  # HTTP statuses from here on are the vendor's trouble, not the group's

Ask = Callable[[str], Awaitable[Row | None]]


class Group(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a group's own page showed while its row was ``mark``; ``odd``: it answered otherwise than is documented."""

    mark: str
    parts: tuple[Decimal, ...] = ()
    odd: bool = False


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a walk stands: ``listed`` before the page of the list that is worked on, ``known`` what was asked, by id.

    A cursor from before groups were known begins from the beginning here.
    """

    listed: lists.Cursor = lists.Cursor()
    known: dict[str, Group] = {}


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Cursor)


def cursor_of(data: bytes | None) -> Cursor:
    """The cursor of its bytes. Raises BadInput when they are none of ours."""
    try:
        return _decoder.decode(data) if data else Cursor()
    except msgspec.DecodeError as error:
        raise BadInput("The stored cursor is not one of Zoho Books: read the entity from the beginning.") from error


async def walk(books: Books, listing: lists.Listing, ask: Ask, cursor: Cursor) -> AsyncIterator[Page]:
    """Pages from ``cursor`` to the end of the walk; what was read before an error is handed on before it.

    ``ask`` shows a group by its id, None where there is none. Raises what ``walk.walk`` raises, and of ``ask`` what is not
    about one group.
    """
    here = _Walk(ask, cursor.listed, dict(cursor.known))
    async for listed in lists.walk(books, listing, cursor.listed):
        async for page in here.hand_on(listed):
            yield page
        here.listed = lists.cursor_of(listed.cursor, None)


@dataclass(slots=True)
class _Walk:
    """A walk under way. ``listed``: the list's cursor before the page that is worked on."""

    ask: Ask
    listed: lists.Cursor
    known: dict[str, Group]

    async def hand_on(self, page: Page) -> AsyncIterator[Page]:
        """A page of the list in parts, each after so many calls; the last of them has the page's own end."""
        rows: list[Row] = []
        asked = 0
        for row in page.rows:
            if not self._knows(row):
                if asked == A_PAGE:
                    yield self._part(rows)
                    rows, asked = [], 0
                try:
                    self.known[row.id] = await self._asked(row)
                except ConnectorError:
                    yield self._part(rows)
                    raise
                asked += 1
            rows.append(self._whole(row))
        yield self._end(page, rows)

    def _knows(self, row: Row) -> bool:
        """Whether there is nothing to ask: it is no group, or the group was asked for as its row shows it now."""
        known = self.known.get(row.id)
        return not _is_group(row) or (known is not None and known.mark == _mark(row))

    async def _asked(self, row: Row) -> Group:
        try:
            found = await self.ask(row.id)
        except NotOffered:  # of no group alone
            raise
        except NotJson:
            return Group(_mark(row), odd=True)
        except Refusal as refusal:
            return Group(_mark(row), odd=refusal.status >= _BROKEN)
        shown = found.document if found is not None else None
        if isinstance(shown, TaxCode):
            return Group(_mark(row), shown.parts)
        return Group(_mark(row), odd=found is not None)

    def _whole(self, row: Row) -> Row:
        if not _is_group(row):
            return row
        assert isinstance(row.document, TaxCode)
        known = self.known[row.id]
        return replace(row, document=replace(row.document, parts=known.parts, parts_unread=known.odd))

    def _part(self, rows: list[Row]) -> Page:
        return Page(tuple(rows), _encoder.encode(Cursor(self.listed, self.known)), last=False)

    def _end(self, page: Page, rows: list[Row]) -> Page:
        known = {id_: one for id_, one in self.known.items() if not (page.last and one.odd)}
        cursor = Cursor(lists.cursor_of(page.cursor, None), known)
        return Page(tuple(rows), _encoder.encode(cursor), page.last, page.complete)


def _is_group(row: Row) -> bool:
    """Rows of groups are told nowhere to be of a type of their own, but they are none of the two types of single taxes."""
    if not isinstance(row.document, TaxCode) or not row.document.rate:
        return False
    fields: Any = json_fields.decode(row.raw)
    return json_fields.text(fields, "tax_type") not in ("", *_SINGLE)


def _mark(row: Row) -> str:
    """What a group's row shows of the rates that it is made of."""
    rate = row.document.rate if isinstance(row.document, TaxCode) else None
    return f"{rate} {row.stamp}".rstrip()
