"""What customers owe now: the invoices with a balance, and what else a customer's balance is made of.

Two lists: invoices by their balance, and customers, whose balance is invoices less payments and credit memos on nothing.
A payment list cannot be asked for what is unapplied; the difference of the two says what it comes to.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import msgspec

from ml_connector.canonical.money import ZERO, plain
from ml_connector.connectors.base import Session
from ml_connector.connectors.reading import OpenItem
from ml_connector.connectors.servicetitan import payloads_sales as payloads
from ml_connector.connectors.servicetitan import resources
from ml_connector.connectors.servicetitan.client import Client
from ml_connector.connectors.servicetitan.errors import UnexpectedShape
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.connectors.servicetitan.translate import date, named, text, understood
from ml_connector.connectors.servicetitan.translate_invoices import POSTED
from ml_connector.connectors.servicetitan.walks import Walk

_OPEN = (("balanceFilter.Balance", "0"), ("balanceFilter.Comparer", "NotEquals"))


class _Customer(msgspec.Struct):
    id: int
    name: str = ""
    balance: Decimal | None = None


async def open_items(session: Session) -> tuple[OpenItem, ...]:
    """Invoices with a balance, and for each customer what else there is. Raises transport.errors, UnexpectedShape."""
    client, settings = Client(session), Settings.of(session.settings)
    shown = await Walk(client, resources.INVOICES, settings.page_size, _OPEN).settled()
    invoices = [one for one in map(_invoice, shown.rows) if one is not None]
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for one in invoices:
        owed[one.party_id] += one.balance
    customers = await Walk(client, resources.CUSTOMERS, settings.page_size).settled()
    rest = [one for one in (_rest(raw, owed) for raw in customers.rows) if one is not None]
    return (*invoices, *rest)


def _invoice(raw: bytes) -> OpenItem | None:
    """None for one that owes nothing, should the filter not be kept."""
    try:
        row = understood(raw, payloads.Invoice)
        if not row.active or not row.balance or row.customer is None:
            return None
        customer, day = named(row.customer), date(row.invoice_date, "invoiceDate")
    except ValueError as error:
        raise UnexpectedShape(f"An invoice with a balance cannot be read: {error}.") from error
    return OpenItem(
        "invoice", str(row.id), customer.id, customer.name, plain(row.balance), text(row.reference_number), day,
        posted=row.sync_status in POSTED,
    )  # fmt: skip


def _rest(raw: bytes, owed: dict[str, Decimal]) -> OpenItem | None:
    try:
        row = msgspec.json.decode(raw, type=_Customer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnexpectedShape(f"A customer's balance cannot be read: {error}.") from error
    balance = ZERO if row.balance is None else row.balance
    rest = balance - owed[str(row.id)] if row.balance is not None else ZERO
    return OpenItem("unapplied", str(row.id), str(row.id), row.name, plain(rest)) if rest else None
