"""Reading ServiceTitan: which entity goes which way, and the lists. Bills have their own module.

A list's cursor is JSON: ``lower`` where to go on (a whole second), ``seen`` what of that second was delivered,
``begun`` the vendor's clock when the walk began, empty between walks. After a walk ``lower`` is ``begun`` less the
vendor's lag.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.connectors.base import Page, Reading, Row, Session
from ml_connector.connectors.servicetitan import payloads, read_bills, resources, translate, translate_bills
from ml_connector.connectors.servicetitan.client import Client, Resource
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.connectors.servicetitan.translate import Unreadable, understood, understood_or_none, unread
from ml_connector.connectors.servicetitan.translate_bills import Around, Choices
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
    "purchase_orders": Entity(
        resources.PURCHASE_ORDERS, "purchase order", payloads.PurchaseOrder, translate_bills.purchase_order
    ),
}

Rows = Callable[[Iterable[bytes]], Awaitable[tuple[Row, ...]]]


def read(session: Session, reading: Reading) -> AsyncIterator[Page]:
    """Pages of ``reading.entity``. Option ``line_account``: ``cost`` (default) or ``asset``, for bills and receipts.

    Raises BadInput for an unknown entity, option, setting or id.
    """
    client, settings = Client(session), Settings.of(session.settings)
    if reading.entity == "bills":
        return read_bills.read(client, settings, choices(session, settings, reading), reading)
    if reading.entity == "receipts":
        joined = _Receipts(client, choices(session, settings, reading))
        return _list(client, settings, reading, resources.RECEIPTS, joined.rows)
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
    query = _external_data(resource, settings)
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


def _external_data(resource: Resource, settings: Settings) -> tuple[tuple[str, str], ...]:
    wanted = resource is resources.VENDORS and settings.application_guid
    return (("externalDataApplicationGuid", settings.application_guid),) if wanted else ()


def _cursor(reading: Reading) -> ListCursor:
    if reading.cursor:
        return msgspec.json.decode(reading.cursor, type=ListCursor)
    return ListCursor(since(reading.since))


class _Receipts:
    """Receipts joined with what they name by id, fetched once a page in batches of 50 ids."""

    def __init__(self, client: Client, chosen: Choices) -> None:
        self._client, self._chosen = client, chosen

    async def rows(self, raws: Iterable[bytes]) -> tuple[Row, ...]:
        """A row a receipt; ``raw`` carries the receipt and its purchase order as the vendor sent them."""
        found = [_parsed(raw) for raw in raws]
        receipts = [one for one in found if isinstance(one, payloads.Receipt)]
        orders, order_texts = await self._orders({str(one.purchase_order_id) for one in receipts})
        around = Around(orders, await self._vendors(receipts), await self._jobs(receipts, orders))
        return tuple(
            unread("receipt", raw, one)
            if isinstance(one, str)
            else self._row(raw, one, around, order_texts.get(one.purchase_order_id, b"null"))
            for raw, one in zip(raws, found, strict=True)
        )

    def _row(self, raw: bytes, payload: payloads.Receipt, around: Around, order: bytes) -> Row:
        try:
            document = translate_bills.receipt(payload, around, self._chosen)
        except (ValueError, ArithmeticError) as error:
            return unread("receipt", raw, str(error))
        both = b'{"receipt":' + raw + b',"purchase_order":' + order + b"}"
        return Row(document.id, both, document, document.stamp)

    async def _orders(self, ids: set[str]) -> tuple[dict[int, payloads.PurchaseOrder], dict[int, bytes]]:
        orders: dict[int, payloads.PurchaseOrder] = {}
        texts: dict[int, bytes] = {}
        for raw in await self._client.by_ids(resources.PURCHASE_ORDERS, ids):
            order = understood_or_none(raw, payloads.PurchaseOrder)
            if order is not None:
                orders[order.id], texts[order.id] = order, raw
        return orders, texts

    async def _vendors(self, receipts: list[payloads.Receipt]) -> dict[int, str]:
        raws = await self._client.by_ids(resources.VENDORS, {str(one.vendor_id) for one in receipts})
        vendors = (understood_or_none(raw, payloads.Vendor) for raw in raws)
        return {vendor.id: translate.text(vendor.name) for vendor in vendors if vendor}

    async def _jobs(
        self, receipts: list[payloads.Receipt], orders: dict[int, payloads.PurchaseOrder]
    ) -> dict[int, str]:
        if resources.JOBS.scope not in self._client.session.scopes:
            return {}
        wanted = {one.job_id for one in receipts} | {one.job_id for one in orders.values()}
        raws = await self._client.by_ids(resources.JOBS, {str(one) for one in wanted if one})
        jobs = (understood_or_none(raw, payloads.Job) for raw in raws)
        return {job.id: translate.text(job.job_number) for job in jobs if job}


def _parsed(raw: bytes) -> payloads.Receipt | str:
    """The receipt, or what is wrong with it."""
    try:
        return understood(raw, payloads.Receipt)
    except Unreadable as error:
        return str(error)
