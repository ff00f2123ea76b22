"""Reading customer payments: the export feed, and which of them move no money.

A row does not tell whether its payment type is a journal entry (a write-off, a financing fee); the list can be asked for
those alone. So the payments of a page are asked for again with that filter, 50 a call.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

import structlog

from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.connectors.servicetitan import payloads_sales as payloads
from ml_connector.connectors.servicetitan import resources
from ml_connector.connectors.servicetitan.client import Client
from ml_connector.connectors.servicetitan.errors import RequestRefused
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.connectors.servicetitan.streams import Leg, Stream
from ml_connector.connectors.servicetitan.translate import one_text, understood, unread
from ml_connector.connectors.servicetitan.translate_payments import payment
from ml_connector.connectors.servicetitan.walks import row_id

log = structlog.get_logger()
_TRANSACTION_TYPE = "transactionType"
_JOURNAL, _MONEY = (_TRANSACTION_TYPE, "JournalEntry"), (_TRANSACTION_TYPE, "ReceivePayment")


async def read(client: Client, settings: Settings, reading: Reading) -> AsyncIterator[Page]:
    """Pages of payments; see the module's docstring."""
    joined = _Payments(client, settings.transaction_types)
    if reading.ids:
        raws = await client.by_ids(resources.PAYMENTS, reading.ids)
        yield Page(await joined.rows(raws), reading.cursor or b"", last=True)
        return
    legs = (Leg("payments", resources.PAYMENT_FEED, joined.rows),)
    async for page in Stream(client, settings, legs, reading).pages():
        yield page


@dataclass(frozen=True, slots=True)
class _Payments:
    """Payments, with what the list's filter tells of them."""

    client: Client
    typed: bool

    async def rows(self, raws: Sequence[bytes]) -> tuple[Row, ...]:
        """A row a payment."""
        journal = await self._journal({row_id(raw) for raw in raws} - {""}) if self.typed else frozenset[str]()
        return tuple(_row(raw, journal=row_id(raw) in journal) for raw in raws)

    async def _journal(self, ids: Iterable[str]) -> frozenset[str]:
        """Those of ``ids`` that are journal entries.

        A payment that both filters show proves that the filter is not obeyed; then nothing is told, and the mapping of
        payment types alone decides.
        """
        try:
            found = await self._filtered(ids, _JOURNAL)
            both = found & await self._filtered(found, _MONEY)
        except RequestRefused as error:
            log.warning("payments are not told by transaction type", tenant=self.client.tenant, why=error.sentence)
            return frozenset()
        if both:
            log.warning("the filter transactionType is not obeyed", tenant=self.client.tenant, payments=len(both))
            return frozenset()
        return found

    async def _filtered(self, ids: Iterable[str], by: tuple[str, str]) -> frozenset[str]:
        return frozenset(row_id(raw) for raw in await self.client.by_ids(resources.PAYMENTS, ids, by))


def _row(raw: bytes, *, journal: bool) -> Row:
    try:
        document = payment(understood(raw, payloads.Payment), journal=journal)
    except (ValueError, ArithmeticError) as error:
        return unread("payment", raw, str(error))
    text = one_text(raw)
    if journal:
        text = b'{"payment":' + text + b',"transactionType":"JournalEntry"}'
    return Row(document.id, text, document, document.stamp)
