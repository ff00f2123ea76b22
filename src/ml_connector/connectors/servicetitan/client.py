"""ServiceTitan's three kinds of reading: a page of a list, a page of an export feed, documents by id.

Rows leave this module as the vendor's own bytes, one per document, so that one bad document spoils no page; but without
what people have noted on it, which is nobody's business beyond ServiceTitan.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec

from ml_connector.connectors.base import Session
from ml_connector.connectors.servicetitan import errors
from ml_connector.connectors.servicetitan.limits import vendor_time
from ml_connector.errors import BadInput
from ml_connector.transport.errors import NotJson
from ml_connector.transport.messages import Answer, Request

IDS_A_CALL = 50  # the vendor's maximum for every list of ids
# The key under which this product keeps its reference in a record's external data.
REFERENCE_KEY = "ml_connector"
# What is noted on a document, a party or a contact. Nothing here is mapped from it but our own mark, and whose an e-mail
# address is where a setting asks for that: see read_customers.
NOTES = frozenset(["memo", "summary"])
# A reference of ours at a memo's end, in brackets: whose it is, the flow that goes back, and the id there.
_MARK = re.compile(r"\[([a-z_]+-[^\[\]\s]+-[a-z]+_back-[^\[\]\s]+)\]\s*\Z")


@dataclass(frozen=True, slots=True)
class Resource:
    """One list: ``module`` and ``path`` below the tenant, the ``scope`` it needs, the filters it always gets.

    ``repeated_ids``: ids are sent as ``ids=1&ids=2`` instead of ``ids=1,2``. ``noted``: its rows come with what is noted on
    them, of which the reader keeps what it is asked for alone.
    """

    module: str
    path: str
    scope: str
    always: tuple[tuple[str, str], ...] = ()
    repeated_ids: bool = False
    noted: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list. ``total`` None where the vendor did not count; ``at`` is the vendor's clock."""

    rows: tuple[bytes, ...]
    more: bool
    total: int | None
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Feed:
    """A page of an export feed; ``token`` is where to go on, empty where the vendor gave none."""

    rows: tuple[bytes, ...]
    more: bool
    token: str
    at: dt.datetime


class _Envelope(msgspec.Struct, rename="camel"):
    data: list[msgspec.Raw]
    has_more: bool
    total_count: int | None = None


class _Export(msgspec.Struct, rename="camel"):
    data: list[msgspec.Raw]
    has_more: bool
    continue_from: str | None = None


Query = Sequence[tuple[str, str]]
_Shape = TypeVar("_Shape", _Envelope, _Export)


class Client:
    """The reads of one connection."""

    def __init__(self, session: Session) -> None:
        """Raises BadInput when the session does not know its tenant id."""
        self.session = session
        self.tenant = session.organisation or session.settings.get("tenant", "")
        if not self.tenant:
            raise BadInput("The ServiceTitan connection has no tenant id: enter it and connect again.")

    def path(self, module: str, path: str) -> str:
        """The address of a resource below the API host."""
        return f"/{module}/v2/tenant/{self.tenant}/{path}"

    async def ask(self, resource: Resource, query: Query) -> Answer:
        """The answer to one list call, whatever its status. Raises transport.errors."""
        wanted = (*resource.always, *query)
        return await self.session.send(Request.get(self.path(resource.module, resource.path), *wanted))

    async def page(self, resource: Resource, query: Query) -> Listing:
        """One page of a list. Raises Reconnect, NotPermitted, NotFound, RequestRefused, Outage, UnexpectedShape, NotJson."""
        found = await self.noted_page(resource, query)
        return found if resource.noted else replace(found, rows=tuple(map(_without_notes, found.rows)))

    async def noted_page(self, resource: Resource, query: Query) -> Listing:
        """The same with what people, or we, have noted on a row: to recognise what we made, and never to be kept."""
        answer = await self.ask(resource, query)
        body = self._body(answer, resource, _Envelope)
        return Listing(tuple(map(bytes, body.data)), body.has_more, body.total_count, vendor_time(answer))

    async def feed(self, resource: Resource, start: str, recent: bool) -> Feed:
        """One page of an export feed from ``start``: a token, a date such as 2026-01-31, or empty for the beginning.

        ``recent`` asks for the newest changes sooner, at the price of repeats.
        """
        query = [("from", start)] if start else []
        if recent:
            query.append(("includeRecentChanges", "true"))
        answer = await self.ask(resource, query)
        body = self._body(answer, resource, _Export)
        return Feed(_rows(body.data), body.has_more, body.continue_from or "", vendor_time(answer))

    async def by_ids(self, resource: Resource, ids: Iterable[str], *more: tuple[str, str]) -> tuple[bytes, ...]:
        """The documents with these ids, those the vendor still knows, in as few calls as it allows.

        Raises BadInput when an id is no number (ServiceTitan would refuse the whole call).
        """
        wanted = sorted({_number(one) for one in ids})
        rows: list[bytes] = []
        for first in range(0, len(wanted), IDS_A_CALL):
            query = (*_ids(resource, wanted[first : first + IDS_A_CALL]), ("pageSize", str(IDS_A_CALL)), *more)
            rows += (await self.page(resource, query)).rows
        return tuple(rows)

    async def by_reference(self, resource: Resource, guid: str, reference: str) -> tuple[bytes, ...]:
        """The records whose external data, kept for the application ``guid``, has ``reference`` under our key.

        Raises UnexpectedShape when a row shows another reference: the look-up was not obeyed, so absence proves nothing.
        """
        query = (
            ("externalDataApplicationGuid", guid),
            ("externalDataKey", REFERENCE_KEY),
            ("externalDataValues", reference),
            ("pageSize", str(IDS_A_CALL)),
        )
        rows = (await self.page(resource, query)).rows
        for row in rows:
            if not _refers(row, reference):
                raise errors.UnexpectedShape(
                    f"ServiceTitan's list {resource.path} shows others than those with the external data asked for."
                )
        return rows

    def _body(self, answer: Answer, resource: Resource, shape: type[_Shape]) -> _Shape:
        if answer.status == 403 and resource.scope in self.session.scopes and not errors.is_wrong_tenant(answer):
            raise errors.FeatureOff(resource.path, resource.scope)
        if answer.status != 200:
            errors.refuse(answer, what=resource.path, tenant=self.tenant, scope=resource.scope)
        try:
            return msgspec.json.decode(answer.body, type=shape)
        except msgspec.ValidationError as error:
            raise errors.UnexpectedShape(
                f"ServiceTitan's answer for {resource.path} is not as documented: {error}."
            ) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NotJson(answer.status, answer.body) from error


class _Kept(msgspec.Struct):
    key: str = ""
    value: str | None = None


class _Referring(msgspec.Struct, rename="camel"):
    external_data: list[_Kept] = []


def _refers(row: bytes, reference: str) -> bool:
    try:
        kept = msgspec.json.decode(row, type=_Referring).external_data
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return any(one.key == REFERENCE_KEY and one.value == reference for one in kept)


def _rows(data: Iterable[msgspec.Raw]) -> tuple[bytes, ...]:
    return tuple(_without_notes(bytes(row)) for row in data)


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_NOTHING = msgspec.Raw(b"null")
_NOTED = tuple(f'"{name}"'.encode() for name in NOTES)


def _without_notes(row: bytes) -> bytes:
    if not any(name in row for name in _NOTED):
        return row
    try:
        fields = _fields.decode(row)
    except (msgspec.DecodeError, UnicodeDecodeError):  # no object
        return row
    kept = {name: value for name, value in fields.items() if name not in NOTES}
    if reference := marked(_text(fields.get("memo", _NOTHING))):
        kept["memo"] = msgspec.Raw(msgspec.json.encode(f"[{reference}]"))
    return msgspec.json.encode(kept)


def marked(memo: str | None) -> str:
    """Our reference at the end of a memo, where there is one."""
    found = _MARK.search(memo or "")
    return found[1] if found else ""


def _text(memo: msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(memo, type=str | None) or ""
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise BadInput(f"{text!r} is no ServiceTitan id: ids are whole numbers.")
    return int(text)


def _ids(resource: Resource, ids: Sequence[int]) -> Query:
    if resource.repeated_ids:
        return [("ids", str(one)) for one in ids]
    return [("ids", ",".join(map(str, ids)))]
