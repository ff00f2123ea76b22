"""Calls of the Accounting API: the organisation's header, the answer's envelope, its pages, and refusals of reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from ml_connector.connectors import json_fields
from ml_connector.connectors.base import Session
from ml_connector.connectors.xero import values
from ml_connector.connectors.xero.auth import API, CUSTOM
from ml_connector.connectors.xero.errors import Incomplete, Refusal, told
from ml_connector.connectors.xero.limits import lacks_scope
from ml_connector.transport.errors import NotJson, NotPermitted, Reconnect
from ml_connector.transport.messages import Answer, Request

CONNECTIONS = f"https://{API}/connections"
ORGANISATION = "/Organisation"
_HOME = (CONNECTIONS, ORGANISATION)  # whoever may not see these may do nothing

_envelope = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer's envelope, its parts as the vendor wrote them."""

    answer: Answer
    parts: Mapping[str, msgspec.Raw]

    def rows(self, key: str) -> list[bytes]:
        """The vendor's text of each row under ``key``, in whatever case it comes. Raises Incomplete without it."""
        found = next((part for name, part in self.parts.items() if name.lower() == key.lower()), None)
        if found is None:
            raise Incomplete(self.answer.status, f"the list {key}")
        try:
            return [bytes(row) for row in _list.decode(found)]
        except msgspec.DecodeError as error:
            raise Incomplete(self.answer.status, f"the list {key}") from error

    def page(self, name: str) -> int:
        """A number of the page's description (``pageCount``, ``itemCount`` ...). Raises Incomplete without it."""
        described: Any = json_fields.decode(self.parts["pagination"]) if "pagination" in self.parts else None
        number = described.get(name) if isinstance(described, dict) else None
        if not isinstance(number, int) or isinstance(number, bool):
            raise Incomplete(self.answer.status, f"pagination.{name}")
        return number

    def vendor_time(self) -> dt.datetime | None:
        """The vendor's clock when it answered: the Date header, else the envelope's own instant."""
        try:
            return parsedate_to_datetime(self.answer.headers.get("date", "")).astimezone(dt.UTC)
        except ValueError:
            stated = json_fields.decode(self.parts["DateTimeUTC"]) if "DateTimeUTC" in self.parts else ""
            return values.instant(str(stated))


def parse(answer: Answer) -> Reply:
    """The envelope of an answer. Raises NotJson, Incomplete."""
    try:
        return Reply(answer, _envelope.decode(answer.body))
    except msgspec.ValidationError as error:
        raise Incomplete(answer.status, "an object") from error
    except msgspec.DecodeError as error:
        raise NotJson(answer.status, answer.body) from error


def lacking(path: str, answer: Answer) -> str:
    """The sentence for a refusal that no new token cures."""
    resource = path.removeprefix(f"https://{API}").strip("/").split("/")[0]
    if lacks_scope(answer):
        return (
            f"The consent does not cover {resource} in Xero: connect again and allow all that is asked; a custom "
            "connection is given the scopes at developer.xero.com first."
        )
    if answer.status == 403:
        return (
            "Xero does not connect this organisation with us any more: somebody disconnected the app there, the user who "
            "consented has left, or its trial or demo has ended. Connect again and choose the organisation, or the one "
            "that has taken its place."
        )
    return (
        f"Xero does not accept this connection for {resource}, even with a fresh token: the consent was withdrawn, or does "
        "not cover it. Connect again and allow all that is asked."
    )


@dataclass(frozen=True, slots=True)
class Books:
    """One organisation's books through a session."""

    session: Session
    organisation: str = ""  # another one than the session's, before it is known

    def headers(self, since: str = "") -> dict[str, str]:
        """The organisation, and since when changes are wanted. A custom connection has one organisation and names none."""
        tenant = self.organisation or self.session.organisation
        named = {"Xero-tenant-id": tenant} if tenant and not self.custom else {}
        return {**named, **({"If-Modified-Since": since} if since else {})}

    @property
    def custom(self) -> bool:
        """Whether the connection is a custom one."""
        return self.session.settings.get("app", "") == CUSTOM

    async def get(self, path: str, *query: tuple[str, str], since: str = "") -> Reply:
        """A read. Raises Reconnect when the consent or the organisation is gone, NotPermitted when a scope is lacking,

        Refusal, NotJson and what the session raises.
        """
        answer = await self.answer(path, *query, since=since)
        if not 200 <= answer.status < 300:
            raise Refusal(path, answer.status, told(answer.body))
        return parse(answer)

    async def answer(self, path: str, *query: tuple[str, str], since: str = "") -> Answer:
        """As ``get``, but refusals other than those of the consent, and 304 for "nothing has changed", are returned."""
        headers = {} if path == CONNECTIONS else self.headers(since)
        answer = await self.session.send(Request("GET", path, query, headers=headers, safe=True))
        if answer.status in (401, 403):
            gone = not lacks_scope(answer) and (answer.status == 403 or path in _HOME)
            raise (Reconnect if gone or path in _HOME else NotPermitted)(lacking(path, answer))
        return answer
