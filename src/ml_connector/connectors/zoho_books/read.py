"""What can be read, and how each list is asked.

Options of a reading: ``contact_type`` for parties ("vendor", "customer" or "both"; where it is not given, the connection's
settings say it), and ``details`` ("yes") for documents, items and parties of a source: then every row that is wanted comes in
full, a call each, and tells all that ``translate_source`` does. Without it rows are as the list shows them.
By ``ids`` documents come in full detail; one that does not exist any more is simply not among the rows.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

from ml_connector.canonical.documents import Document
from ml_connector.canonical.purchases import Bill, BillState, Expense
from ml_connector.canonical.sales import Invoice, InvoiceState, Payment
from ml_connector.connectors import json_fields
from ml_connector.connectors.base import Session
from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.connectors.zoho_books import in_detail, tax_groups, translate
from ml_connector.connectors.zoho_books.client import Books, Reply
from ml_connector.connectors.zoho_books.errors import Incomplete, NotOffered, Refusal
from ml_connector.connectors.zoho_books.in_detail import Detailing, Shown
from ml_connector.connectors.zoho_books.read_dimensions import dimensions
from ml_connector.connectors.zoho_books.resources import IN_FULL, READABLE, RESOURCES, Resource, reference_field, row_of
from ml_connector.connectors.zoho_books.settings import contact_types_of
from ml_connector.connectors.zoho_books.walk import Listing, cursor_of, walk
from ml_connector.errors import BadInput
from ml_connector.transport.errors import NotJson

_TAX_GROUP = Resource("/settings/taxgroups", "tax_groups", "tax_group", "tax_group_id", translate.tax_code)
_CREATED = (("sort_column", "created_time"), ("sort_order", "A"))
_BY_DATE = (("sort_column", "date"), ("sort_order", "A"))
_ALL = (("filter_by", "Status.All"),)
_WHOLE: dict[str, Any] = {
    # By date is how this list comes by itself, so a back-dated payment lands deep: only whole walks find everything.
    "payments": {"settled": _BY_DATE, "query": (("filter_by", "PaymentMode.All"),)},
    "items": {"settled": (("sort_column", "name"), ("sort_order", "A")), "query": _ALL},
    "expenses": {"settled": _CREATED, "query": _ALL, "date_filter": "date_start"},
    "currencies": {},
}
_ALL_ACCOUNTS, _ALL_TAXES = "AccountType.All", "Taxes.All"


def read(session: Session, reading: Reading) -> AsyncIterator[Page]:
    """Pages of an entity. Raises BadInput for an unknown one."""
    if reading.entity not in READABLE:
        raise BadInput(f"Zoho Books has no {reading.entity} to read here; it has {', '.join(sorted(READABLE))}.")
    if reading.entity == "dimensions":
        return dimensions(Books(session), reading)
    if reading.ids:
        return _by_id(Books(session), reading)
    if reading.entity == "tax_codes":
        return _walk_taxes(Books(session), reading)
    return _walk_in_detail(Books(session), reading) if in_full(reading) else _walk(Books(session), reading)


async def detail(books: Books, resource: Resource, id_: str, field: str) -> Row | None:
    """One document in full; None when the API says it does not exist. Raises Refusal, NotJson, the session's."""
    return (await _shown(books, resource, id_, field)).row


async def _shown(books: Books, resource: Resource, id_: str, field: str) -> Shown:
    try:
        reply = await books.get(f"{resource.path}/{id_}")
    except Refusal as refusal:
        if refusal.absent:
            return Shown(None)
        raise
    raw = reply.raw(resource.singular)
    if not raw:
        raise Incomplete(reply.answer.status, f"the {resource.singular}")
    return Shown(row_of(resource, raw, field), reply.vendor_time())


async def _walk(books: Books, reading: Reading) -> AsyncIterator[Page]:
    async for page in walk(books, listing_of(books, reading), cursor_of(reading.cursor, reading.since)):
        yield page


async def _walk_taxes(books: Books, reading: Reading) -> AsyncIterator[Page]:
    cursor = tax_groups.cursor_of(reading.cursor)
    listing = await _taxes_as_allowed(books, listing_of(books, reading))
    async for page in tax_groups.walk(books, listing, lambda id_: detail(books, _TAX_GROUP, id_, ""), cursor):
        yield page


def _walk_in_detail(books: Books, reading: Reading) -> AsyncIterator[Page]:
    resource, field = _resource(reading), reference_field(books.session)

    async def show(id_: str) -> Shown:
        try:
            return await _shown(books, resource, id_, field)
        except NotOffered:  # of no document alone
            raise
        except Refusal as error:
            return Shown(Row(id_, b"", None, problem=error.sentence))

    detailing = Detailing(lambda document: wanted(document, reading.since), show)
    cursor = in_detail.cursor_of(reading.cursor, reading.since)
    return in_detail.walk(books, listing_of(books, reading), detailing, cursor)


def in_full(reading: Reading) -> bool:
    """Whether a reading asks for each document alone; other lists show all there is. Raises BadInput for a wrong word."""
    word = reading.options.get("details", "no")
    if word not in ("yes", "no"):
        raise BadInput(f"details {word!r} is not one of yes, no.")
    return word == "yes" and not reading.bare and reading.entity in IN_FULL


def wanted(document: Document, since: dt.date | None) -> bool:
    """Whether a list row's document is asked for alone: not of before ``since``, no draft, no payment without bills."""
    match document:
        case Bill():
            return document.state is not BillState.DRAFT and not _before(document.date, since)
        case Invoice():
            return document.state is not InvoiceState.DRAFT and not _before(document.date, since)
        case Expense():
            return not _before(document.date, since)
        case Payment():
            return document.posted and document.unapplied != document.amount and not _before(document.date, since)
        case _:
            return True


def _before(day: dt.date | None, since: dt.date | None) -> bool:
    return day is not None and since is not None and day < since


def _resource(reading: Reading) -> Resource:
    return IN_FULL[reading.entity] if in_full(reading) else RESOURCES[reading.entity]


def listing_of(books: Books, reading: Reading) -> Listing:
    """The list of an entity, as a reading wants its rows. Raises BadInput for a wrong option."""
    resource, field = _resource(reading), reference_field(books.session)

    def row(raw: bytes) -> Row | None:
        return row_of(resource, raw, field)

    base = Listing(resource.path, resource.keys, resource.id_key, row, from_a_day=reading.bare)
    if reading.entity in ("bills", "vendor_credits", "credit_notes"):
        return dataclasses.replace(base, filters=True, sorts=True, settled=_CREATED, date_filter="date_start")
    if reading.entity == "vendor_payments":
        # Sorting by the stamp is not documented, filtering by it is: pages are counted.
        return dataclasses.replace(base, filters=True, settled=_BY_DATE, date_filter="date_start")
    if reading.entity == "invoices":  # as payments, but for the order in which they were made
        return dataclasses.replace(base, filters=True, settled=_CREATED, date_filter="date_start")
    if reading.entity == "parties":
        return _contacts(base, reading.options.get("contact_type", contact_types_of(books.session.settings)))
    if reading.entity in _WHOLE:
        return dataclasses.replace(base, **_WHOLE[reading.entity])
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
    resource, field = _resource(reading), reference_field(books.session)
    for n, id_ in enumerate(reading.ids, 1):
        row = await _one(books, resource, id_, field)
        yield Page((row,) if row else (), reading.cursor or b"", last=n == len(reading.ids))


async def _one(books: Books, resource: Resource, id_: str, field: str) -> Row | None:
    try:
        row = await detail(books, resource, id_, field)
        if row is None and resource.singular == "tax":
            row = await detail(books, _TAX_GROUP, id_, field)
    except NotOffered:
        raise
    except (Refusal, NotJson) as error:
        return Row(id_, b"", None, problem=error.sentence)
    return row
