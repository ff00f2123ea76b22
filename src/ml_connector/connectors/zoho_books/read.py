"""What can be read, and how each list is asked.

Options of a reading: ``contact_type`` for parties ("vendor" by default, "customer", or "both").
By ``ids`` documents come in full detail; one that does not exist any more is simply not among the rows.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ml_connector.canonical.documents import Document
from ml_connector.connectors import json_fields
from ml_connector.connectors.base import Session
from ml_connector.connectors.errors import Unsettled
from ml_connector.connectors.json_fields import Fields, Unreadable
from ml_connector.connectors.reading import UNIDENTIFIED, Page, Readable, Reading, Row
from ml_connector.connectors.zoho_books import translate
from ml_connector.connectors.zoho_books.client import Books, Reply
from ml_connector.connectors.zoho_books.compose import REFERENCE_FIELD
from ml_connector.connectors.zoho_books.errors import Incomplete, Refusal
from ml_connector.connectors.zoho_books.walk import MAX_PASSES, Listing, cursor_of, walk
from ml_connector.errors import BadInput
from ml_connector.transport.errors import NotJson

_S = "ZohoBooks."
READABLE: Mapping[str, Readable] = {
    "parties": Readable("parties", (_S + "contacts.READ",), incremental=True),
    "accounts": Readable("accounts", (_S + "accountants.READ",), incremental=False),
    "tax_codes": Readable("tax_codes", (_S + "settings.READ",), incremental=False, stamped=False),
    "dimensions": Readable("dimensions", (_S + "settings.READ",), incremental=False, stamped=False),
    "bills": Readable("bills", (_S + "bills.READ",), incremental=True),
    "vendor_credits": Readable("vendor_credits", (_S + "debitnotes.READ",), incremental=True),
}


@dataclass(frozen=True, slots=True)
class Resource:
    """A document of the API: its path, its keys in answers, and its translation.

    ``other_plural`` is the key of its list where the published pages name two.
    """

    path: str
    plural: str
    singular: str
    id_key: str
    translate: Callable[[Fields, str], Document]
    other_plural: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys its list may come under."""
        return (self.plural, self.other_plural) if self.other_plural else (self.plural,)


RESOURCES: Mapping[str, Resource] = {
    "bills": Resource("/bills", "bills", "bill", "bill_id", translate.bill),
    "vendor_credits": Resource(
        "/vendorcredits",
        "vendor_credits",
        "vendor_credit",
        "vendor_credit_id",
        translate.vendor_credit,
        other_plural="vendorcredits",
    ),
    "parties": Resource("/contacts", "contacts", "contact", "contact_id", translate.party),
    "accounts": Resource("/chartofaccounts", "chartofaccounts", "chart_of_account", "account_id", translate.account),
    "tax_codes": Resource("/settings/taxes", "taxes", "tax", "tax_id", translate.tax_code),
}
_TAX_GROUP = Resource("/settings/taxgroups", "tax_groups", "tax_group", "tax_group_id", translate.tax_code)
_CREATED = (("sort_column", "created_time"), ("sort_order", "A"))
_ALL_ACCOUNTS, _ALL_TAXES = "AccountType.All", "Taxes.All"


def read(session: Session, reading: Reading) -> AsyncIterator[Page]:
    """Pages of an entity. Raises BadInput for an unknown one."""
    if reading.entity not in READABLE:
        raise BadInput(f"Zoho Books has no {reading.entity} to read here; it has {', '.join(sorted(READABLE))}.")
    if reading.entity == "dimensions":
        return _dimensions(Books(session), reading)
    if reading.ids:
        return _by_id(Books(session), reading)
    return _walk(Books(session), reading)


def reference_field(session: Session) -> str:
    """The custom field our reference stands in; empty when it stands in the notes."""
    return session.settings.get("reference_field", REFERENCE_FIELD).strip()


def row_of(resource: Resource, raw: bytes, field: str) -> Row:
    """One document, or the sentence why it could not be understood. Bank details and tax ids are dropped first."""
    fields = json_fields.decode(raw)
    if not isinstance(fields, dict):
        return unread(f"a row of {resource.path}", raw, "it is no object")
    if resource.singular == "contact" and translate.UNKEPT & fields.keys():
        fields = translate.as_kept(fields)
        raw = json_fields.encode(fields)
    id_, stamp = json_fields.text(fields, resource.id_key), json_fields.text(fields, "last_modified_time")
    try:
        return Row(id_, raw, resource.translate(fields, field), stamp)
    except Unreadable as error:
        return unread(resource.singular.replace("_", " "), raw, str(error), id_, stamp)


def unread(what: str, raw: bytes, why: str, id_: str = "", stamp: str = "") -> Row:
    """A row that could not be understood. One without an id gets a key of its text, so that it is not mistaken."""
    key = id_ or f"{UNIDENTIFIED}{hashlib.sha256(raw).hexdigest()[:16]}"
    return Row(key, raw, None, stamp, f"{what} {id_ or 'without an id'} of Zoho Books: {why}.")


async def detail(books: Books, resource: Resource, id_: str, field: str) -> Row | None:
    """One document in full; None when the API says it does not exist. Raises Refusal, NotJson, the session's."""
    try:
        reply = await books.get(f"{resource.path}/{id_}")
    except Refusal as refusal:
        if refusal.absent:
            return None
        raise
    raw = reply.raw(resource.singular)
    if not raw:
        raise Incomplete(reply.answer.status, f"the {resource.singular}")
    return row_of(resource, raw, field)


async def _walk(books: Books, reading: Reading) -> AsyncIterator[Page]:
    listing = _listing(books, reading)
    if reading.entity == "tax_codes":
        listing = await _taxes_as_allowed(books, listing)
    async for page in walk(books, listing, cursor_of(reading.cursor, reading.since)):
        yield page


def _listing(books: Books, reading: Reading) -> Listing:
    resource, field = RESOURCES[reading.entity], reference_field(books.session)

    def row(raw: bytes) -> Row | None:
        return row_of(resource, raw, field)

    base = Listing(resource.path, resource.keys, resource.id_key, row)
    if reading.entity in ("bills", "vendor_credits"):
        return dataclasses.replace(base, filters=True, sorts=True, settled=_CREATED, date_filter="date_start")
    if reading.entity == "parties":
        return _contacts(base, reading.options.get("contact_type", "vendor"))
    wanted = _ALL_ACCOUNTS if reading.entity == "accounts" else _ALL_TAXES
    return dataclasses.replace(base, query=(("filter_by", wanted),), whole=lambda reply: _applied(reply) == wanted)


def _contacts(base: Listing, kind: str) -> Listing:
    """Contacts have no filter by time; sorting by it works where the reply confirms it. Other types are left out here,

    since a filter may be ignored silently.
    """
    if kind not in ("vendor", "customer", "both"):
        raise BadInput(f"contact_type {kind!r} is not one of vendor, customer, both.")
    every = kind == "both"

    def row(raw: bytes) -> Row | None:
        fields: Any = json_fields.decode(raw)
        other = isinstance(fields, dict) and json_fields.text(fields, "contact_type") not in (kind, "")
        return None if other and not every else base.row(raw)

    query = () if every else (("contact_type", kind),)
    return dataclasses.replace(base, row=row, query=(*query, ("filter_by", "Status.All")), sorts=True, settled=_CREATED)


async def _taxes_as_allowed(books: Books, listing: Listing) -> Listing:
    """Inactive taxes too, where the API takes the filter (it is not documented); else the active ones it shows."""
    try:
        await books.page(listing.path, 1, *listing.query)
    except Refusal:
        return dataclasses.replace(listing, query=())
    return listing


def _applied(reply: Reply) -> str:
    return str(reply.context.get("applied_filter", ""))


async def _by_id(books: Books, reading: Reading) -> AsyncIterator[Page]:
    resource, field = RESOURCES[reading.entity], reference_field(books.session)
    for n, id_ in enumerate(reading.ids, 1):
        row = await _one(books, resource, id_, field)
        yield Page((row,) if row else (), reading.cursor or b"", last=n == len(reading.ids))


async def _one(books: Books, resource: Resource, id_: str, field: str) -> Row | None:
    try:
        row = await detail(books, resource, id_, field)
        if row is None and resource.singular == "tax":
            row = await detail(books, _TAX_GROUP, id_, field)
    except (Refusal, NotJson) as error:
        return Row(id_, b"", None, problem=error.sentence)
    return row


async def _dimensions(books: Books, reading: Reading) -> AsyncIterator[Page]:
    """Reporting tags with their options, and locations: few, without stamps, so always all on one page."""
    rows = [*await _tags(books), *await _locations(books)]
    if reading.ids:
        named = tuple(row for row in rows if row.id in reading.ids)
        yield Page(named, reading.cursor or b"", last=True)
        return
    yield Page(tuple(rows), b"", last=True, complete=True)


async def _tags(books: Books) -> list[Row]:
    rows: list[Row] = []
    for tag in await reporting_tags(books):
        options = await _options(books, json_fields.text(tag, "tag_id"))
        rows += [_option_row(tag, one) for one in translate.all_options(options)]
    return rows


async def reporting_tags(books: Books) -> list[Fields]:
    """All reporting tags, drafts included; none where the plan has no such feature. Raises NotPermitted, NotJson."""
    reply = await _feature(books, "/reportingtags")
    return [json_fields.decode(raw) for raw in reply.rows("reporting_tags")] if reply else []


async def _options(books: Books, tag_id: str) -> list[Any]:
    """The option tree of a tag, at most 200 a page. Several pages are read until two passes are alike. Raises Unsettled."""
    before: list[Any] | None = None
    for _ in range(MAX_PASSES):
        options, pages = await _option_pages(books, tag_id)
        if pages == 1 or options == before:
            return options
        before = options
    raise Unsettled(f"The options of the reporting tag {tag_id} changed each time they were read; they are read again.")


async def _option_pages(books: Books, tag_id: str) -> tuple[list[Any], int]:
    options: list[Any] = []
    number, more = 1, True
    while more:
        reply = await books.page("/reportingtags/options", number, ("tag_id", tag_id))
        options += [json_fields.decode(raw) for raw in reply.rows("options")]
        more = reply.context.get("has_more_page") is True
        number += 1
    return options, number - 1


async def _locations(books: Books) -> list[Row]:
    reply = await _feature(books, "/locations")
    return [_location_row(raw) for raw in reply.rows("locations")] if reply else []


async def _feature(books: Books, path: str) -> Reply | None:
    """A list that only exists where the plan or the organisation has the feature; None where it is refused for that."""
    try:
        return await books.get(path)
    except Refusal as refusal:
        if refusal.status in (400, 404):
            return None
        raise


def _option_row(tag: Fields, option: Any) -> Row:
    what = f"option of the reporting tag {json_fields.text(tag, 'tag_name')}"
    if not isinstance(option, dict):
        return unread(what, json_fields.encode(option), "it is no object")
    alone = json_fields.encode({name: value for name, value in option.items() if name != "children"})
    try:
        dimension = translate.tag_option(tag, option)
    except Unreadable as error:
        return unread(what, alone, str(error), json_fields.text(option, "option_id"))
    return Row(dimension.id, alone, dimension)


def _location_row(raw: bytes) -> Row:
    fields = json_fields.decode(raw)
    if not isinstance(fields, dict):
        return unread("location", raw, "it is no object")
    try:
        dimension = translate.location(fields)
    except Unreadable as error:
        return unread("location", raw, str(error), json_fields.text(fields, "location_id"))
    return Row(dimension.id, raw, dimension)
