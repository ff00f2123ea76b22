"""Reading ServiceTitan: which entity goes which way, and the lists. What is read in several places has its own module.

A list's cursor is JSON: ``lower`` where to go on (a whole second), ``seen`` what of that second was delivered,
``begun`` the vendor's clock when the walk began, empty between walks. After a walk ``lower`` is ``begun`` less the
vendor's lag.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.connectors.base import Session
from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.connectors.servicetitan import (
    payloads,
    payloads_sales,
    read_bills,
    read_credit_memos,
    read_credits,
    read_customers,
    read_deposits,
    read_invoices,
    read_items,
    read_locations,
    read_payments,
    resources,
    translate,
    translate_bills,
    translate_customers,
)
from ml_connector.connectors.servicetitan.client import Client, Resource
from ml_connector.connectors.servicetitan.read_receipts import Orders, Receipts
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.connectors.servicetitan.translate_bills import Choices
from ml_connector.connectors.servicetitan.walks import Walk, instant, moment, since
from ml_connector.errors import BadInput

_LINE_ACCOUNT = "line_account"


class ListCursor(msgspec.Struct):
    """See the module's docstring. Instants as ``2026-01-31T00:00:00Z``; empty is the beginning of all."""

    lower: str = ""
    seen: list[str] = []
    begun: str = ""


@dataclass(frozen=True, slots=True)
class Entity:
    """A list as read: how one row is translated, and whether the vendor sorts it by modification."""

    resource: Resource
    label: str
    shape: type[payloads.Payload]
    translate: Callable[[Any], Document]
    sorted: bool = True


_ENTITIES = {
    "vendors": Entity(resources.VENDORS, "vendor", payloads.Vendor, translate.vendor),
    "accounts": Entity(resources.ACCOUNTS, "account", payloads.GlAccount, translate.account, sorted=False),
    "business_units": Entity(
        resources.BUSINESS_UNITS, "business unit", payloads.BusinessUnit, translate.business_unit, sorted=False
    ),
    "tax_zones": Entity(resources.TAX_ZONES, "tax zone", payloads.TaxZone, translate.tax_zone, sorted=False),
    "payment_types": Entity(
        resources.PAYMENT_TYPES,
        "payment type",
        payloads_sales.PaymentType,
        translate_customers.payment_type,
        sorted=False,
    ),
    "payment_terms": Entity(
        resources.PAYMENT_TERMS,
        "payment term",
        payloads_sales.PaymentTerm,
        translate_customers.payment_term,
        sorted=False,
    ),
}

_STREAMS: Mapping[str, Callable[[Client, Settings, Reading], AsyncIterator[Page]]] = {
    "customers": read_customers.read,
    "locations": read_locations.read,
    "invoices": read_invoices.read,
    "payments": read_payments.read,
    "credit_memos": read_credit_memos.read,
    "deposits": read_deposits.read,
    "items": read_items.read,
}

_CODED: Mapping[str, Callable[[Client, Settings, Choices, Reading], AsyncIterator[Page]]] = {
    "bills": read_bills.read,
    "ap_credits": read_credits.read,
}

Rows = Callable[[Iterable[bytes]], Awaitable[tuple[Row, ...]]]


def read(session: Session, reading: Reading) -> AsyncIterator[Page]:
    """Pages of ``reading.entity``. Options: ``line_account``, ``cost`` (default) or ``asset``, for bills, receipts and AP

    credits; ``gate``, see ``read_invoices.read``, for invoices. Raises BadInput for an unknown entity, option, setting or id.
    """
    client, settings = Client(session), Settings.of(session.settings)
    if reading.entity in _STREAMS:
        return _STREAMS[reading.entity](client, settings, reading)
    if reading.entity in _CODED:
        return _CODED[reading.entity](client, settings, choices(session, settings, reading), reading)
    if reading.entity == "receipts":
        receipts = Receipts(client, choices(session, settings, reading))
        return _list(client, settings, reading, resources.RECEIPTS, receipts.rows)
    if reading.entity == "purchase_orders":
        return _list(client, settings, reading, resources.PURCHASE_ORDERS, Orders(client).rows)
    entity = _ENTITIES.get(reading.entity)
    if entity is None:
        raise BadInput(f"ServiceTitan has no entity {reading.entity!r} to read.")
    if not entity.sorted and not reading.ids:
        return _whole(client, settings, entity)
    return _list(client, settings, reading, entity.resource, _plain_rows(entity))


def choices(session: Session, settings: Settings, reading: Reading) -> Choices:
    """What connection and flow decide about bills. Raises BadInput for an unknown ``line_account``."""
    chosen = reading.options.get(_LINE_ACCOUNT, "cost")
    if chosen not in ("cost", "asset"):
        raise BadInput(f"The option {_LINE_ACCOUNT} is {chosen!r}: it takes cost or asset.")
    granted = translate_bills.AP_BILLS in session.scopes
    return Choices(gross=settings.gross, asset=chosen == "asset", granted=granted)


def _plain_rows(entity: Entity) -> Rows:
    async def rows(raws: Iterable[bytes]) -> tuple[Row, ...]:
        return tuple(translate.row(entity.label, raw, entity.shape, entity.translate) for raw in raws)

    return rows


async def _whole(client: Client, settings: Settings, entity: Entity) -> AsyncIterator[Page]:
    listing = await Walk(client, entity.resource, settings.page_size).settled()
    rows = await _plain_rows(entity)(listing.rows)
    yield Page(rows, b"", last=True, complete=True)


async def _list(
    client: Client, settings: Settings, reading: Reading, resource: Resource, rows: Rows
) -> AsyncIterator[Page]:
    query = settings.external_data if resource is resources.VENDORS else ()
    if reading.ids:
        raws = await client.by_ids(resource, reading.ids, *query)
        yield Page(await rows(raws), reading.cursor or b"", last=True)
        return
    cursor = _cursor(reading)
    from_the_beginning = not cursor.lower
    walk = Walk(client, resource, settings.page_size, query)
    async for stretch in walk.keyset(instant(cursor.lower) if cursor.lower else None, cursor.seen):
        cursor.begun = cursor.begun or moment(stretch.at)
        if stretch.last:
            cursor = ListCursor(moment(instant(cursor.begun) - settings.lag))
        else:
            cursor.lower, cursor.seen = moment(stretch.lower or stretch.at), list(stretch.seen)
        complete = stretch.last and from_the_beginning
        yield Page(await rows(stretch.rows), msgspec.json.encode(cursor), stretch.last, complete)


def _cursor(reading: Reading) -> ListCursor:
    if reading.cursor:
        return msgspec.json.decode(reading.cursor, type=ListCursor)
    return ListCursor(since(reading.since))
