"""Reading the locations of customers, each as a party of its own that is called after both.

Another name of the customer does not move the location, so there are two legs: locations that changed themselves, and
customers that did, whose locations are read again, a call for each.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

import msgspec

from ml_connector.canonical.master_data import location_id, parts_of_location
from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.connectors.servicetitan import payloads_sales as payloads
from ml_connector.connectors.servicetitan import resources
from ml_connector.connectors.servicetitan.client import Client, Resource
from ml_connector.connectors.servicetitan.read_customers import NO_MONEY
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.connectors.servicetitan.streams import Leg, Stream
from ml_connector.connectors.servicetitan.translate import (
    Read,
    one_text,
    ref_id,
    understood,
    understood_or_none,
    unread,
)
from ml_connector.connectors.servicetitan.translate_customers import location
from ml_connector.connectors.servicetitan.walks import Walk, row_id


async def read(client: Client, settings: Settings, reading: Reading) -> AsyncIterator[Page]:
    """Pages of locations; see the module's docstring. Ids are as they are shown here, or ServiceTitan's own."""
    joined = Locations(client, settings)
    if reading.ids:
        yield Page(await joined.by_ids(reading.ids), reading.cursor or b"", last=True)
        return
    legs = (
        Leg("locations", resources.LOCATIONS, joined.rows, listed=True, by_stamp=()),
        Leg("customers", resources.CUSTOMERS, joined.of_customers, listed=True, query=(NO_MONEY,), follows=True),
    )
    async for page in Stream(client, settings, legs, reading).pages():
        yield page


class Locations:
    """Brings locations and their customers together."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client, self._settings = client, settings

    async def by_ids(self, ids: Iterable[str]) -> tuple[Row, ...]:
        """The locations with these ids, those that exist, each under its customer of today."""
        wanted = {parts_of_location(one)[1] for one in ids}
        return await self.rows(await self._client.by_ids(resources.LOCATIONS, wanted))

    async def of_customers(self, raws: Sequence[bytes]) -> tuple[Row, ...]:
        """The locations of customers that changed."""
        found: list[bytes] = []
        for customer in filter(None, map(row_id, raws)):
            asked = (("customerId", customer),)
            walk = Walk(self._client, resources.LOCATIONS, self._settings.page_size, asked)
            found += (await walk.settled()).rows
        return await self.rows(found)

    async def rows(self, raws: Sequence[bytes]) -> tuple[Row, ...]:
        """Locations as listed, completed with their customers and with the customers of those they were merged into."""
        listed = [one for raw in raws if (one := understood_or_none(raw, payloads.Location)) is not None]
        merged = await self._known(resources.LOCATIONS, [one.merged_to_id for one in listed], payloads.Location)
        owners = await self._known(resources.CUSTOMERS, [one.customer_id for one in listed], payloads.Customer)
        survivors = {one.id: _id(one) for one in merged}
        return tuple(_row(raw, {one.id: one for one in owners}, survivors) for raw in raws)

    async def _known(self, resource: Resource, ids: Iterable[int | None], shape: type[Read]) -> list[Read]:
        raws = await self._client.by_ids(resource, [str(one) for one in ids if one])
        return [one for raw in raws if (one := understood_or_none(raw, shape)) is not None]


def _id(shown: payloads.LocationHead) -> str:
    return location_id(ref_id(shown.customer_id), ref_id(shown.id)) if shown.customer_id else ref_id(shown.id)


def _row(raw: bytes, owners: Mapping[int, payloads.Customer], survivors: Mapping[int, str]) -> Row:
    try:
        payload = understood(raw, payloads.Location)
    except (ValueError, ArithmeticError) as error:
        named = understood_or_none(raw, payloads.LocationHead)
        return unread("location", raw, str(error), _id(named) if named is not None else "")
    id_, owner = _id(payload), owners.get(payload.customer_id)
    if owner is None:
        return unread("location", raw, f"its customer {payload.customer_id} cannot be read", id_)
    survivor = survivors.get(payload.merged_to_id, "") if payload.merged_to_id else ""
    if payload.merged_to_id and not survivor:
        return unread("location", raw, f"location {payload.merged_to_id}, it was merged into, cannot be read", id_)
    document = location(payload, owner, survivor=survivor)
    told = msgspec.json.encode({"name": owner.name, "type": owner.type, "survivor": survivor})
    return Row(id_, b'{"location":' + one_text(raw) + b',"customer":' + told + b"}", document, document.stamp)
