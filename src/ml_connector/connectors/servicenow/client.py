"""Calls of ServiceNow's APIs: lists of the Table API, several reads or writes in one Batch call, and their refusals.

An answer may be an HTML page, a 202 that was never worked on, or a 200 that was cut off in its midst.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from ml_connector.connectors import json_fields
from ml_connector.connectors.base import Session
from ml_connector.connectors.errors import FilterIgnored
from ml_connector.connectors.servicenow import values
from ml_connector.connectors.servicenow.errors import CANCELLED, Cut, Incomplete, Refusal, refusal
from ml_connector.transport.errors import AnswerLost, NotJson, NotPermitted, NotSent, Reconnect, Throttled
from ml_connector.transport.messages import Request

TABLE, IMPORT, BATCH = "/api/now/table", "/api/now/import", "/api/now/v1/batch"
OWN = ("sys_id", "sys_created_on", "sys_updated_on")  # asked of every table
AT_MOST = 1_000  # rows of one look-up's page
_T = TypeVar("_T")
_NO_TIME = "maximum execution time exceeded"
_envelope = msgspec.json.Decoder(dict[str, msgspec.Raw])
_rows = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Query:
    """A question to one table. ``told`` are the values of ``column`` that its rows must show; none: anything."""

    table: str
    query: str
    fields: tuple[str, ...]
    limit: int = AT_MOST
    offset: int = 0
    column: str = ""
    told: frozenset[str] = frozenset()

    @property
    def path(self) -> str:
        """The table's address."""
        return f"{TABLE}/{self.table}"

    def parameters(self) -> tuple[tuple[str, str], ...]:
        """References as ids, stored values, no view: what is asked for and nothing that depends on the user."""
        names = dict.fromkeys((*OWN, *self.fields))
        return (
            ("sysparm_query", self.query),
            ("sysparm_fields", ",".join(names)),
            ("sysparm_limit", str(self.limit)),
            ("sysparm_offset", str(self.offset)),
            ("sysparm_exclude_reference_link", "true"),
            ("sysparm_display_value", "false"),
        )


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows of an answer as the instance wrote them; ``total`` matches before rights are applied, None if not told."""

    rows: tuple[bytes, ...]
    total: int | None
    at: dt.datetime | None = None

    def objects(self) -> list[dict[str, Any]]:
        """The rows as objects. Raises Incomplete where one is none: a look-up that lacks a row proves nothing."""
        rows, odd = self.told()
        if odd:
            raise Incomplete(200, "an object for every row")
        return rows

    def told(self) -> tuple[list[dict[str, Any]], list[bytes]]:
        """The rows that are objects, and the texts of those that are none."""
        decoded = [(raw, json_fields.decode(raw)) for raw in self.rows]
        rows = [one for _, one in decoded if isinstance(one, dict)]
        return rows, [raw for raw, one in decoded if not isinstance(one, dict)]


@dataclass(frozen=True, slots=True)
class Item:
    """One request inside a Batch call."""

    id: str
    method: str
    url: str
    body: bytes | None = None


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
        found = await self.tried(queries)
        for one in found:
            if isinstance(one, Exception):
                raise one
        return [one for one in found if not isinstance(one, Exception)]

    async def tried(self, queries: Sequence[Query]) -> list[list[dict[str, Any]] | Refusal | FilterIgnored]:
        """As ``every``; a question that is refused, or answered with what was not asked for, spoils no other.

        Raises what ``page`` raises but Refusal.
        """
        pages = await (self._batched(queries) if batched(self.session) else self._one_by_one(queries))
        return [await self._rows(query, page) for query, page in zip(queries, pages, strict=True)]

    async def batch(self, items: Sequence[Item], *, safe: bool) -> Mapping[str, tuple[int, bytes] | None]:
        """Status and body of each item by its id; None: never carried out. Items not named at all are left out.

        Raises what ``page`` raises; for writes NotJson and AnswerLost mean that the outcome is unknown.
        """
        answer = await self.session.send(Request("POST", BATCH, body=_batch_body(items), safe=safe))
        body = parsed(BATCH, answer.status, answer.body)
        found: dict[str, tuple[int, bytes] | None] = dict.fromkeys(_unserviced(answer.status, body))
        for one in _list(answer.status, body, "serviced_requests"):
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
        found: dict[str, tuple[int, bytes] | None] = {}
        for group in groups(items, per_batch(self.session)):
            found.update(await self.batch(group, safe=True))
        pages: list[Listed | Refusal] = []
        for item, query in zip(items, queries, strict=True):
            served = found.get(item.id)
            pages.append(_served_page(query, *served) if served is not None else await self._page(query))
        return pages

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
        return rows


def onwards(query: Query, offset: int) -> Query:
    """The same question from another row on."""
    return Query(query.table, query.query, query.fields, query.limit, offset, query.column, query.told)


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


def listed(query: Query, status: int, body: bytes, headers: Mapping[str, str]) -> Listed:
    """The rows of an answer. Raises Refusal, NotPermitted, Reconnect, NotSent, Throttled, NotJson, Incomplete, Cut."""
    try:
        parts = parsed(query.path, status, body)
    except Refusal as error:
        if "unscoped" in error.detail.lower():
            raise Reconnect(scoped(error)) from error
        raise
    rows = _list(status, parts, "result")
    total = headers.get("x-total-count", "")
    return Listed(tuple(bytes(row) for row in rows), int(total) if total.isdigit() else None, vendor_time(headers))


def _served_page(query: Query, status: int, body: bytes) -> Listed | Refusal:
    try:
        return listed(query, status, body, {})
    except Refusal as error:
        return error


def parsed(path: str, status: int, body: bytes) -> Mapping[str, msgspec.Raw]:
    """The object of a good answer. Raises as ``listed``."""
    if status == 202:
        raise NotSent(f"ServiceNow answered {path} with 202, which says that it did not work on it")
    if status == 401:
        raise NotPermitted(lacking(path))
    if status == 429:
        raise Throttled("ServiceNow takes no more calls for now", 60.0)
    if status >= 500:
        raise AnswerLost(f"ServiceNow answered {status} to {path}")
    try:
        parts = _envelope.decode(body)
    except msgspec.ValidationError as error:
        raise Incomplete(status, "an object") from error
    except msgspec.DecodeError as error:
        raise (Cut(path) if CANCELLED in body else page_error(path, status, body)) from error
    if "error" in parts and CANCELLED in body:
        raise Cut(path)
    if "error" in parts or not 200 <= status < 300:
        raise refusal(path, status, *refusal_words(parts))
    return parts


def page_error(path: str, status: int, body: bytes) -> NotJson | Refusal:
    """What an answer that is no JSON means: a web page is what an instance that sleeps or does not exist answers."""
    if not body.lstrip()[:200].lower().startswith((b"<html", b"<!doctype")):
        return NotJson(status, body)
    if status == 414:
        return Refusal(path, status, "the address is too long", "set fewer rows for a page")
    return HtmlPage(status, body)


class HtmlPage(NotJson):
    """A web page came in place of data."""

    def __init__(self, status: int, body: bytes) -> None:
        NotJson.__init__(self, status, body)
        self.args = (
            f"ServiceNow answered {status} with a web page in place of data: the instance hibernates, is being upgraded, or "
            "its address is wrong. Open the address in a browser; a developer instance is woken there.",
        )


def refusal_words(parts: Mapping[str, msgspec.Raw]) -> tuple[str, str]:
    """``message`` and ``detail`` of an error; an error may be a text alone."""
    error = json_fields.decode(parts["error"]) if "error" in parts else {}
    if isinstance(error, dict):
        return json_fields.text(error, "message"), json_fields.text(error, "detail")
    detail = json_fields.decode(parts["error_description"]) if "error_description" in parts else ""
    return str(error or ""), str(detail or "")


def scoped(error: Refusal) -> str:
    """The sentence for a client whose scopes cover none of the APIs, so that every call of it is refused."""
    return (
        f"ServiceNow lets this client call no API ({error.message}: {error.detail}): the ServiceNow administrator gives it, "
        "in System OAuth, Application Registry, the auth scope useraccount or scopes for the Table, Import Set and Batch "
        "APIs; then connect again."
    )


def lacking(path: str) -> str:
    """The sentence for a 401 that a new token does not cure."""
    return (
        f"ServiceNow does not take this connection's token for {path}, even a fresh one: the integration user is inactive, "
        "locked out or not a web-service user any more; the ServiceNow administrator unlocks it, or connect again."
    )


def vendor_time(headers: Mapping[str, str]) -> dt.datetime | None:
    """The instance's clock when it answered, from the Date header."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).astimezone(dt.UTC)
    except ValueError:
        return None


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


def _list(status: int, parts: Mapping[str, msgspec.Raw], name: str) -> list[msgspec.Raw]:
    try:
        return _rows.decode(parts[name])
    except (KeyError, msgspec.DecodeError) as error:
        raise Incomplete(status, f"the list {name}") from error


def _unserviced(status: int, body: Mapping[str, msgspec.Raw]) -> list[str]:
    return [str(json_fields.decode(one)) for one in _list(status, body, "unserviced_requests")]


def _served(fields: json_fields.Fields) -> tuple[int, bytes]:
    """Status and body. A body that is no base64 counts as lost: status 500."""
    try:
        body = base64.b64decode(json_fields.text(fields, "body"), validate=True)
    except ValueError:
        return 500, b""
    status = json_fields.text(fields, "status_code")
    if _NO_TIME in json_fields.text(fields, "error_message"):
        return 200, CANCELLED
    return (int(status) if status.isdigit() else 500), body


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
