"""Reading the price book: materials, equipment and services from their feeds, discounts and fees from a list.

All four share ServiceTitan's numbers of SKUs: an invoice line names one without saying of which kind it is. So an id is
asked for in all lists. Discounts and fees need a right of their own; without it they are left out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial

from ml_connector.canonical.master_data import Item
from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.connectors.servicetitan import resources, translate
from ml_connector.connectors.servicetitan.client import Client, Resource
from ml_connector.connectors.servicetitan.payloads_pricebook import Modifier, Sku
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.connectors.servicetitan.streams import Leg, Stream
from ml_connector.connectors.servicetitan.translate_items import EQUIPMENT, MATERIAL, SERVICE, modifier, sku

_SORT = ("sort", "+Id")  # only one second that fills more than a page is walked by page numbers
_Rows = Callable[[Sequence[bytes]], Awaitable[tuple[Row, ...]]]


async def read(client: Client, settings: Settings, reading: Reading) -> AsyncIterator[Page]:
    """Pages of items; see the module's docstring."""
    if reading.ids:
        rows = [
            row for resource, made in _lists(client) for row in await made(await client.by_ids(resource, reading.ids))
        ]
        yield Page(tuple(rows), reading.cursor or b"", last=True)
        return
    legs = [
        Leg("materials", resources.MATERIAL_FEED, _skus(MATERIAL)),
        Leg("equipment", resources.EQUIPMENT_FEED, _skus(EQUIPMENT)),
        Leg("services", resources.SERVICE_FEED, _skus(SERVICE)),
    ]
    if _reads_modifiers(client):
        legs.append(Leg("discounts and fees", resources.DISCOUNTS_AND_FEES, _modifiers, listed=True, query=(_SORT,)))
    async for page in Stream(client, settings, legs, reading).pages():
        yield page


def _lists(client: Client) -> list[tuple[Resource, _Rows]]:
    found = [
        (resources.MATERIALS, _skus(MATERIAL)),
        (resources.EQUIPMENT, _skus(EQUIPMENT)),
        (resources.SERVICES, _skus(SERVICE)),
    ]
    return [*found, (resources.DISCOUNTS_AND_FEES, _modifiers)] if _reads_modifiers(client) else found


def _reads_modifiers(client: Client) -> bool:
    scopes = client.session.scopes
    return not scopes or resources.DISCOUNTS_AND_FEES.scope in scopes


def _skus(kind: str) -> _Rows:
    translated: Callable[[Sku], Item] = partial(sku, kind=kind)

    async def rows(raws: Sequence[bytes]) -> tuple[Row, ...]:
        return tuple(translate.row(kind, raw, Sku, translated) for raw in raws)

    return rows


async def _modifiers(raws: Sequence[bytes]) -> tuple[Row, ...]:
    return tuple(translate.row("discount or fee", raw, Modifier, modifier) for raw in raws)
