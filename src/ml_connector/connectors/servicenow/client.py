"""Calls of ServiceNow's APIs: lists of the Table API, and several reads or writes in one Batch call."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from ml_connector.connectors import json_fields
from ml_connector.connectors.base import Session
from ml_connector.connectors.errors import FilterIgnored
from ml_connector.connectors.servicenow import values
from ml_connector.connectors.servicenow.answers import (
    Listed,
    Query,
    list_of,
    listed,
    onwards,
    parsed,
    unsure,
)
from ml_connector.connectors.servicenow.errors import CANCELLED, Refusal
from ml_connector.connectors.servicenow.settings import of
from ml_connector.transport.messages import Request

IMPORT, BATCH = "/api/now/import", "/api/now/v1/batch"
_T = TypeVar("_T")
_NO_TIME = "maximum execution time exceeded"


@dataclass(frozen=True, slots=True)
class Item:
    """One request inside a Batch call."""

    id: str
    method: str
    url: str
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """The answer to one request of a Batch call."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance through a session."""

    session: Session

    async def page(self, query: Query) -> Listed:
        """One page of a table. Raises Refusal, NotPermitted, NotSent, NotJson, Cut, and what the session raises."""
        answer = await self.session.send(Request.get(query.path, *query.parameters()))
        return listed(query, answer.status, answer.body, answer.headers)

    async def every(self, queries: Sequence[Query]) -> list[list[dict[str, Any]]]:
        """All rows of several questions, each verified, in as few calls as the setting ``batch`` allows.

        Raises what ``page`` raises, and FilterIgnored.
        """
        return (await self.every_and(queries, ()))[0]

    async def every_and(
        self, queries: Sequence[Query], more: Sequence[Query]
    ) -> tuple[list[list[dict[str, Any]]], list[dict[str, Any]]]:
        """As ``every``, and in the same calls the rows of ``more`` questions, those left out that are refused."""
        found = await self.tried([*queries, *more])
        for one in found[: len(queries)]:
            if isinstance(one, Exception):
                raise one
        rows = [one for one in found if not isinstance(one, Exception)]
        return rows[: len(queries)], [row for one in rows[len(queries) :] for row in one]

    async def tried(self, queries: Sequence[Query]) -> list[list[dict[str, Any]] | Refusal | FilterIgnored]:
        """As ``every``; a question that is refused, or answered with what was not asked for, spoils no other.

        Raises what ``page`` raises but Refusal.
        """
        pages = await (self._batched(queries) if batched(self.session) else self._one_by_one(queries))
        return [await self._rows(query, page) for query, page in zip(queries, pages, strict=True)]

    async def batch(self, items: Sequence[Item], *, safe: bool) -> Mapping[str, Served | None]:
        """The answer to each item by its id; None: never carried out. Items not named at all are left out.

        Raises what ``page`` raises; for writes NotJson and AnswerLost mean that the outcome is unknown.
        """
        answer = await self.session.send(Request("POST", BATCH, body=_batch_body(items), safe=safe))
        body = parsed(BATCH, answer.status, answer.body)
        found: dict[str, Served | None] = dict.fromkeys(_unserviced(answer.status, body))
        for one in list_of(answer.status, body, "serviced_requests"):
            fields = json_fields.decode(one)
            found[json_fields.text(fields, "id")] = _served(fields)
        return found

    async def _one_by_one(self, queries: Sequence[Query]) -> list[Listed | Refusal]:
        return [await self._page(query) for query in queries]

    async def _page(self, query: Query) -> Listed | Refusal:
        try:
            return await self.page(query)
        except Refusal as error:
            return error

    async def _batched(self, queries: Sequence[Query]) -> list[Listed | Refusal]:
        if len(queries) == 1:
            return await self._one_by_one(queries)
        items = [
            Item(str(n), "GET", f"{query.path}?{urlencode(query.parameters(), quote_via=quote)}")
            for n, query in enumerate(queries)
        ]
        found: dict[str, Served | None] = {}
        for group in groups(items, per_batch(self.session)):
            found.update(await self._asked(group))
        pages: list[Listed | Refusal] = []
        for item, query in zip(items, queries, strict=True):
            served = found.get(item.id)
            page = _served_page(query, served) if served is not None else None
            uncounted = isinstance(page, Listed) and query.sure and page.total is None
            pages.append(await self._page(query) if page is None or (uncounted and self._counts) else page)
        return pages

    async def _asked(self, items: Sequence[Item]) -> Mapping[str, Served | None]:
        """What a Batch call of reads brings, in halves where it is too large; one that is so alone goes without it."""
        try:
            return await self.batch(items, safe=True)
        except Refusal as error:
            if not error.too_large:
                raise
        if len(items) == 1:
            return {}
        middle = len(items) // 2
        return {**await self._asked(items[:middle]), **await self._asked(items[middle:])}

    @property
    def _counts(self) -> bool:
        """Whether a look-up counts only where the instance tells how many rows match."""
        return of(self.session.settings, "unseen_rows") == "refuse"

    async def _rows(self, query: Query, page: Listed | Refusal) -> list[dict[str, Any]] | Refusal | FilterIgnored:
        try:
            return page if isinstance(page, Refusal) else await self._whole(query, page)
        except (Refusal, FilterIgnored) as error:
            return error

    async def _whole(self, query: Query, first: Listed) -> list[dict[str, Any]]:
        """The rest of a question whose first page is full."""
        rows, page, offset = _verified(query, first), first, query.offset
        while len(page.rows) >= query.limit or (page.total or 0) > offset + query.limit:
            offset += query.limit
            page = await self.page(onwards(query, offset))
            rows += _verified(query, page)
        unseen = self._counts if page.total is None else page.total > query.offset + len(rows)
        if query.sure and unseen:
            raise unsure(query, page.total, len(rows))
        return rows


def batched(session: Session) -> bool:
    """Whether several requests go in one Batch call."""
    return session.settings.get("batch", "yes") == "yes"


def per_batch(session: Session) -> int:
    """Requests in one Batch call: the platform documents no number, only 30 seconds for all of them."""
    told = session.settings.get("rows_per_batch", "")
    return max(1, int(told)) if told.isdigit() else 50


def groups(items: Sequence[_T], size: int) -> Iterator[list[_T]]:
    """The items in order, at most ``size`` together."""
    rest = iter(items)
    while group := list(islice(rest, size)):
        yield group


def _served_page(query: Query, served: Served) -> Listed | Refusal:
    try:
        return listed(query, served.status, served.body, served.headers)
    except Refusal as error:
        return error


def _verified(query: Query, page: Listed) -> list[dict[str, Any]]:
    """The rows, if each shows what was asked for. Raises FilterIgnored."""
    rows = page.objects()
    told = {one.casefold() for one in query.told}  # texts are compared without case there
    for row in rows:
        if query.column and values.text(row, query.column).casefold() not in told:
            raise FilterIgnored(
                f"ServiceNow showed rows of {query.table} that were not asked for: it has no column {query.column}, or the "
                "integration user may not read it. The answer is not used; see the connection's check for what to change."
            )
    return rows


def _unserviced(status: int, body: Mapping[str, msgspec.Raw]) -> list[str]:
    return [str(json_fields.decode(one)) for one in list_of(status, body, "unserviced_requests")]


def _served(fields: json_fields.Fields) -> Served:
    """One answer. A body that is no base64 counts as lost: status 500."""
    try:
        body = base64.b64decode(json_fields.text(fields, "body"), validate=True)
    except ValueError:
        return Served(500, b"")
    status = json_fields.text(fields, "status_code")
    if _NO_TIME in json_fields.text(fields, "error_message"):
        return Served(200, CANCELLED)
    return Served(int(status) if status.isdigit() else 500, body, _headers(fields.get("headers")))


def _headers(told: Any) -> dict[str, str]:
    """The headers of one answer, their names in small letters; none where they are not listed as documented."""
    pairs = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    return {json_fields.text(one, "name").lower(): json_fields.text(one, "value") for one in pairs}


def _batch_body(items: Sequence[Item]) -> bytes:
    headers = [
        {"name": "Accept", "value": "application/json"},
        {"name": "Content-Type", "value": "application/json"},
    ]
    requests: list[dict[str, Any]] = []
    for item in items:
        body = {} if item.body is None else {"body": base64.b64encode(item.body).decode()}
        exclude = item.method != "GET"
        requests.append(
            {"id": item.id, "method": item.method, "url": item.url, "headers": headers, **body,
             "exclude_response_headers": exclude}
        )  # fmt: skip
    return json_fields.encode({"batch_request_id": "1", "rest_requests": requests})
