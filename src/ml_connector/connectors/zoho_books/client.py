"""Calls of the Zoho Books API: the organisation in every query, the answer's envelope, and its refusals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from ml_connector.connectors import json_fields
from ml_connector.connectors.base import Session
from ml_connector.connectors.zoho_books.errors import Incomplete, refusal
from ml_connector.transport.errors import NotJson, NotPermitted, Reconnect
from ml_connector.transport.messages import Answer, Request

PER_PAGE = 200  # always sent: the default is contested (10, 200 and 5,000 were seen)
_PAGE = "page"  # of every list that comes by page
ORGANISATION = "organization_id"
ORGANISATIONS = "/organizations"  # whoever may not see even these may do nothing

_envelope = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer's envelope: ``code`` (None: it carries none), ``message``, and its parts as the vendor wrote them."""

    answer: Answer
    code: int | None
    message: str
    parts: Mapping[str, msgspec.Raw]

    @property
    def good(self) -> bool:
        """Whether it reports success: HTTP 2xx and no code but 0 (some good replies carry none)."""
        return 200 <= self.answer.status < 300 and self.code in (0, None)

    def object(self, key: str) -> dict[str, Any]:
        """The object under ``key``; empty when it is not there."""
        value = json_fields.decode(self.parts[key]) if key in self.parts else {}
        return value if isinstance(value, dict) else {}

    def raw(self, key: str) -> bytes:
        """The vendor's text of the part under ``key``; empty when it is not there."""
        return bytes(self.parts[key]) if key in self.parts else b""

    def rows(self, *keys: str) -> list[bytes]:
        """The vendor's text of each row under the first of ``keys`` that is there. Raises Incomplete without any."""
        key = next((one for one in keys if one in self.parts), keys[0])
        try:
            return [bytes(row) for row in _list.decode(self.parts[key])]
        except (KeyError, msgspec.DecodeError) as error:
            raise Incomplete(self.answer.status, f"the list {key}") from error

    @property
    def context(self) -> dict[str, Any]:
        """``page_context``: page, has_more_page, applied_filter, sort_column, sort_order, custom_fields."""
        return self.object("page_context")

    def more(self) -> bool:
        """Whether another page follows. Raises Incomplete where the reply does not say: that would lose the tail."""
        flag = self.context.get("has_more_page")
        if not isinstance(flag, bool):
            raise Incomplete(self.answer.status, "page_context.has_more_page")
        return flag

    def vendor_time(self) -> dt.datetime | None:
        """The vendor's clock when it answered, from the Date header."""
        try:
            return parsedate_to_datetime(self.answer.headers.get("date", "")).astimezone(dt.UTC)
        except ValueError:
            return None


def parse(answer: Answer) -> Reply:
    """The envelope of an answer. Raises NotJson, Incomplete."""
    try:
        parts = _envelope.decode(answer.body)
    except msgspec.ValidationError as error:
        raise Incomplete(answer.status, "an object") from error
    except msgspec.DecodeError as error:
        raise NotJson(answer.status, answer.body) from error
    code = json_fields.decode(parts["code"]) if "code" in parts else None
    message = json_fields.decode(parts["message"]) if "message" in parts else ""
    return Reply(answer, code if isinstance(code, int) else None, str(message), parts)


_MODULES = {"vendorcredits": "debitnotes", "chartofaccounts": "accountants", "transactionlocks": "accountants"}
_OF_SETTINGS = frozenset(["settings", "reportingtags", "locations", "organizations"])


def right_to_read(path: str) -> str:
    """The scope that reading a path takes, by the module Zoho counts it to."""
    resource = path.strip("/").split("/")[0]
    return f"ZohoBooks.{'settings' if resource in _OF_SETTINGS else _MODULES.get(resource, resource)}.READ"


def lacking(path: str, right: str = "") -> str:
    """The sentence for code 57 with a fresh token, which tells neither scope nor role; ``path`` names the resource.

    ``right`` is the scope that what was asked takes, where one alone does.
    """
    resource = path.strip("/").split("/")[0]
    wanted = f" The scope is {right}." if right else ""
    return (
        f"Zoho Books does not allow this connection to use {resource}, even with a fresh token: the consent does not "
        f"cover {resource}, or the role of the Zoho user who consented lacks the right; give the user that role, or "
        f"connect again as a user who has it.{wanted}"
    )


@dataclass(frozen=True, slots=True)
class Books:
    """One organisation's books through a session."""

    session: Session

    async def get(self, path: str, *query: tuple[str, str]) -> Reply:
        """A read. A 401 that a new token does not cure raises NotPermitted, of the organisations Reconnect.

        Raises Refusal, NotJson and what the session raises; NotOffered for what the organisation does not have.
        """
        answer = await self.session.send(Request.get(path, *self.with_organisation(query)))
        if answer.status == 401:
            raise (Reconnect if path == ORGANISATIONS else NotPermitted)(lacking(path, right_to_read(path)))
        reply = parse(answer)
        if not reply.good:
            listed = any(name == _PAGE for name, _ in query)
            raise refusal(path, answer.status, reply.code, reply.message, listed=listed)
        return reply

    async def page(self, path: str, number: int, *query: tuple[str, str]) -> Reply:
        """One page of a list, 200 rows."""
        return await self.get(path, *query, (_PAGE, str(number)), ("per_page", str(PER_PAGE)))

    def with_organisation(self, query: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """The query with ``organization_id``, which only the list of organisations does without."""
        known = self.session.organisation
        return (*query, (ORGANISATION, known)) if known else query
