"""Reading bank deposits, each with its payments, which are a list of their own: one more call a deposit.

The list is read by spans of modification time. Whether a payment that moves out of a deposit moves the deposit's stamp is
not said, so what changed in some days is read again once a day.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.connectors.servicetitan import payloads_sales as payloads
from ml_connector.connectors.servicetitan import resources
from ml_connector.connectors.servicetitan.client import Client
from ml_connector.connectors.servicetitan.errors import RequestRefused
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.connectors.servicetitan.streams import Leg, Stream
from ml_connector.connectors.servicetitan.translate import one_text, understood, unread
from ml_connector.connectors.servicetitan.translate_deposits import deposit
from ml_connector.connectors.servicetitan.walks import Walk, row_id
from ml_connector.errors import NotFound
from ml_connector.transport.errors import NotPermitted


async def read(client: Client, settings: Settings, reading: Reading) -> AsyncIterator[Page]:
    """Pages of deposits; see the module's docstring."""
    joined = _Deposits(client, settings.page_size)
    if reading.ids:
        raws = await client.by_ids(resources.BANK_DEPOSITS, reading.ids)
        yield Page(await joined.rows(raws), reading.cursor or b"", last=True)
        return
    legs = (Leg("deposits", resources.BANK_DEPOSITS, joined.rows, listed=True),)
    async for page in Stream(client, settings, legs, reading).pages():
        yield page


@dataclass(frozen=True, slots=True)
class _Deposits:
    """Brings deposits and their payments together."""

    client: Client
    page_size: int

    async def rows(self, raws: Sequence[bytes]) -> tuple[Row, ...]:
        """A row a deposit."""
        return tuple([await self._row(raw) for raw in raws])

    async def _row(self, raw: bytes) -> Row:
        """The deposit; unread where it, or a payment of it, cannot be understood, or is not there to be asked for."""
        id = row_id(raw)
        if not id:
            return unread("bank deposit", raw, "it shows no id")
        try:
            listed = (await Walk(self.client, resources.transactions(id), self.page_size).settled()).rows
        except NotPermitted:  # of no deposit: the list is not offered, or not allowed
            raise
        except (NotFound, RequestRefused) as error:
            return unread("bank deposit", raw, f"its transactions cannot be read ({error.sentence.rstrip('.')})")
        try:
            payments = [understood(one, payloads.Transaction) for one in listed]
            document = deposit(understood(raw, payloads.Deposit), payments)
        except (ValueError, ArithmeticError) as error:
            return unread("bank deposit", raw, str(error))
        texts = b",".join(one_text(one) for one in sorted(listed, key=row_id))
        both = b'{"deposit":' + one_text(raw) + b',"transactions":[' + texts + b"]}"
        return Row(document.id, both, document, document.stamp)
