"""Receipts and purchase orders, joined with what they name by id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ml_connector.connectors.reading import Row
from ml_connector.connectors.servicetitan import payloads, resources, translate, translate_bills
from ml_connector.connectors.servicetitan.client import Client
from ml_connector.connectors.servicetitan.lookups import job_numbers, vendor_names
from ml_connector.connectors.servicetitan.translate import Unreadable, understood, understood_or_none, unread
from ml_connector.connectors.servicetitan.translate_bills import Around, Choices
from ml_connector.connectors.servicetitan.translate_orders import purchase_order


@dataclass(frozen=True, slots=True)
class Receipts:
    """Receipts joined with what they name by id, fetched once a page in batches of 50 ids."""

    client: Client
    chosen: Choices

    async def rows(self, raws: Iterable[bytes]) -> tuple[Row, ...]:
        """A row a receipt; ``raw`` carries the receipt and its purchase order as the vendor sent them."""
        found = [_parsed(raw) for raw in raws]
        receipts = [one for _, one in found if isinstance(one, payloads.Receipt)]
        orders, order_texts = await self._orders({str(one.purchase_order_id) for one in receipts})
        vendors = await vendor_names(self.client, (one.vendor_id for one in receipts))
        jobs = [one.job_id for one in receipts] + [one.job_id for one in orders.values()]
        around = Around(orders, vendors, await job_numbers(self.client, jobs))
        return tuple(
            unread("receipt", raw, one)
            if isinstance(one, str)
            else self._row(raw, one, around, order_texts.get(one.purchase_order_id, b"null"))
            for raw, one in found
        )

    def _row(self, raw: bytes, payload: payloads.Receipt, around: Around, order: bytes) -> Row:
        try:
            document = translate_bills.receipt(payload, around, self.chosen)
        except (ValueError, ArithmeticError) as error:
            return unread("receipt", raw, str(error))
        both = b'{"receipt":' + raw + b',"purchase_order":' + order + b"}"
        return Row(document.id, both, document, document.stamp)

    async def _orders(self, ids: set[str]) -> tuple[dict[int, payloads.PurchaseOrder], dict[int, bytes]]:
        orders: dict[int, payloads.PurchaseOrder] = {}
        texts: dict[int, bytes] = {}
        for raw in await self.client.by_ids(resources.PURCHASE_ORDERS, ids):
            order = understood_or_none(raw, payloads.PurchaseOrder)
            if order is not None:
                orders[order.id], texts[order.id] = order, raw
        return orders, texts


def _parsed(raw: bytes) -> tuple[bytes, payloads.Receipt | str]:
    """The receipt, or what is wrong with it."""
    try:
        return raw, understood(raw, payloads.Receipt)
    except Unreadable as error:
        return raw, str(error)


@dataclass(frozen=True, slots=True)
class Orders:
    """Purchase orders with the names of their vendors and the numbers of their jobs, where those may be read."""

    client: Client

    async def rows(self, raws: Iterable[bytes]) -> tuple[Row, ...]:
        """A row an order; ``raw`` is the vendor's own text."""
        texts = list(raws)
        known = [one for one in (understood_or_none(raw, payloads.PurchaseOrder) for raw in texts) if one]
        may_name = resources.VENDORS.scope in self.client.session.scopes
        vendors = await vendor_names(self.client, (one.vendor_id for one in known)) if may_name else {}
        jobs = await job_numbers(self.client, (one.job_id for one in known))
        return tuple(
            translate.row("purchase order", raw, payloads.PurchaseOrder, lambda one: purchase_order(one, vendors, jobs))
            for raw in texts
        )
