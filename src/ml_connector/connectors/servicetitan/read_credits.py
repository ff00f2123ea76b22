"""Reading AP credits: a list without a feed, each with the return behind it, fifty returns a call.

The list is read by spans of modification time. Whether a changed return, or a split, moves the credit's stamp is not said,
so what changed in some days is read again once a day.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.connectors.servicetitan import resources
from ml_connector.connectors.servicetitan.client import Client
from ml_connector.connectors.servicetitan.lookups import job_numbers
from ml_connector.connectors.servicetitan.payloads_credits import ApCredit, Return
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.connectors.servicetitan.streams import Leg, Stream
from ml_connector.connectors.servicetitan.translate import Unreadable, one_text, understood, unread
from ml_connector.connectors.servicetitan.translate_bills import Choices
from ml_connector.connectors.servicetitan.translate_credits import credit
from ml_connector.connectors.servicetitan.walks import row_id

_SORT = ("sort", "+Id")  # only one second that fills more than a page is walked by page numbers
_LABEL = "AP credit"


async def read(client: Client, settings: Settings, choices: Choices, reading: Reading) -> AsyncIterator[Page]:
    """Pages of AP credits; see the module's docstring."""
    joined = _Credits(client, choices)
    if reading.ids:
        raws = await client.by_ids(resources.AP_CREDITS, reading.ids)
        yield Page(await joined.rows(raws), reading.cursor or b"", last=True)
        return
    legs = (Leg("credits", resources.AP_CREDITS, joined.rows, listed=True, query=(_SORT,)),)
    async for page in Stream(client, settings, legs, reading).pages():
        yield page


@dataclass(frozen=True, slots=True)
class _Credits:
    """Brings credits, their returns and the numbers of their jobs together."""

    client: Client
    choices: Choices

    @property
    def _granted(self) -> bool:
        scopes = self.client.session.scopes
        return not scopes or resources.RETURNS.scope in scopes

    async def rows(self, raws: Sequence[bytes]) -> tuple[Row, ...]:
        """A row a credit; ``raw`` carries the credit and its return as the vendor sent them."""
        found = [_parsed(raw) for raw in raws]
        known = [one for one in found if isinstance(one, ApCredit)]
        returns = await self._returns({str(one.inventory_return_id) for one in known if one.inventory_return_id})
        jobs = await job_numbers(self.client, (one.job_id for one in known))
        return tuple(
            unread(_LABEL, raw, one) if isinstance(one, str) else self._row(raw, one, returns, jobs)
            for raw, one in zip(raws, found, strict=True)
        )

    def _row(self, raw: bytes, payload: ApCredit, returns: dict[str, bytes], jobs: dict[int, str]) -> Row:
        text = returns.get(str(payload.inventory_return_id), b"")
        try:
            behind = understood(text, Return) if text else None
            job = jobs.get(payload.job_id or 0, "")
            document = credit(payload, behind, self.choices, granted=self._granted, job=job)
        except (ValueError, ArithmeticError) as error:
            return unread(_LABEL, raw, str(error))
        both = b'{"credit":' + one_text(raw) + b',"return":' + (one_text(text) if text else b"null") + b"}"
        return Row(document.id, both, document, document.stamp)

    async def _returns(self, ids: set[str]) -> dict[str, bytes]:
        """The returns' texts by id; none without the right to them."""
        raws = await self.client.by_ids(resources.RETURNS, ids) if self._granted else []
        return {row_id(raw): raw for raw in raws}


def _parsed(raw: bytes) -> ApCredit | str:
    """The credit, or what is wrong with it."""
    try:
        return understood(raw, ApCredit)
    except Unreadable as error:
        return str(error)
