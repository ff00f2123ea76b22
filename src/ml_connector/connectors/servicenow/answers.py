"""Questions to ServiceNow's tables, and what an answer is worth: rows, a refusal, or nothing that can be trusted.

An answer may be an HTML page, a 202 that was never worked on, or a 200 that was cut off in its midst.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace as changed
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from ml_connector.connectors import json_fields
from ml_connector.connectors.servicenow.errors import CANCELLED, TOO_LARGE, Cut, Incomplete, Refusal, Unsure, refusal
from ml_connector.connectors.servicenow.scopes import IMPORT_READER
from ml_connector.transport.errors import AnswerLost, NotJson, NotPermitted, NotSent, Reconnect, Throttled

TABLE = "/api/now/table"
OWN = ("sys_id", "sys_created_on", "sys_updated_on")  # asked of every table
AT_MOST = 1_000  # rows of one look-up's page
_envelope = msgspec.json.Decoder(dict[str, msgspec.Raw])
_rows = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Query:
    """A question to one table. ``told`` are the values of ``column`` that its rows must show; none: anything.

    ``sure``: what it does not show is taken to be not there and would be made again, so that no row may be hidden.
    """

    table: str
    query: str
    fields: tuple[str, ...]
    limit: int = AT_MOST
    offset: int = 0
    column: str = ""
    told: frozenset[str] = frozenset()
    sure: bool = False

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


def onwards(query: Query, offset: int) -> Query:
    """The same question from another row on."""
    return changed(query, offset=offset)


def unsure(query: Query, total: int | None, shown: int) -> Unsure:
    """Why a look-up proves nothing of rows that it does not show."""
    table = query.table
    if total is None:
        return Unsure(
            f"ServiceNow does not tell how many rows of {table} match (header X-Total-Count), so rows may be hidden from the "
            "integration user and would be made a second time: nothing is sent. Whoever runs the proxy before the instance "
            "lets the header through; or set unseen_rows=accept on the connection."
        )
    return Unsure(
        f"ServiceNow has {total} rows of {table} for what was looked up and shows the integration user {shown}: nothing is "
        f"sent, since it would be made a second time. The ServiceNow administrator gives the user read rights on {table} "
        f"(the role {IMPORT_READER} for staging tables), also on rows that others made."
    )


def listed(query: Query, status: int, body: bytes, headers: Mapping[str, str]) -> Listed:
    """The rows of an answer. Raises Refusal, NotPermitted, Reconnect, NotSent, Throttled, NotJson, Incomplete, Cut."""
    try:
        parts = parsed(query.path, status, body)
    except Refusal as error:
        if "unscoped" in error.detail.lower():
            raise Reconnect(scoped(error)) from error
        raise
    rows = list_of(status, parts, "result")
    total = headers.get("x-total-count", "")
    return Listed(tuple(bytes(row) for row in rows), int(total) if total.isdigit() else None, vendor_time(headers))


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
    if status == TOO_LARGE:  # a gateway's page as well: it refused the call
        return Refusal(path, status, "the request is too large")
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


def list_of(status: int, parts: Mapping[str, msgspec.Raw], name: str) -> list[msgspec.Raw]:
    """A list in the object of an answer, its elements unread. Raises Incomplete."""
    try:
        return _rows.decode(parts[name])
    except (KeyError, msgspec.DecodeError) as error:
        raise Incomplete(status, f"the list {name}") from error
