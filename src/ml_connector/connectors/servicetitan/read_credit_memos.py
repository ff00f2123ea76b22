"""Reading credit memos: a list without a feed, and their items, which are a list of their own, fifty memos a call.

The list is read by spans of modification time. Whether applying a memo moves its stamp is not said, so what changed, and
what was applied, in some days is read again once a day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.connectors.servicetitan import payloads_sales as payloads
from ml_connector.connectors.servicetitan import resources
from ml_connector.connectors.servicetitan.client import IDS_A_CALL, Client
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.connectors.servicetitan.streams import Leg, Stream
from ml_connector.connectors.servicetitan.translate import one_text, understood, unread
from ml_connector.connectors.servicetitan.translate_credit_memos import credit_memo
from ml_connector.connectors.servicetitan.walks import Walk, moment, row_id

_SORT = ("sort", "+Id")  # only one second that fills more than a page is walked by page numbers


async def read(client: Client, settings: Settings, reading: Reading) -> AsyncIterator[Page]:
    """Pages of credit memos; see the module's docstring."""
    joined = _Memos(client, settings.page_size)
    if reading.ids:
        raws = await client.by_ids(resources.CREDIT_MEMOS, reading.ids)
        yield Page(await joined.rows(raws), reading.cursor or b"", last=True)
        return
    since = ("appliedOnOrAfter", moment(client.session.clock.now() - settings.reread))
    legs = (
        Leg("credit memos", resources.CREDIT_MEMOS, joined.rows, listed=True, query=(_SORT,)),
        Leg("applied", resources.CREDIT_MEMOS, joined.rows, listed=True, query=(_SORT, since), daily=True),
    )
    async for page in Stream(client, settings, legs, reading).pages():
        yield page


@dataclass(frozen=True, slots=True)
class _Memos:
    """Brings credit memos and their items together."""

    client: Client
    page_size: int

    async def rows(self, raws: Sequence[bytes]) -> tuple[Row, ...]:
        """A row a memo."""
        items = await self._items({row_id(raw) for raw in raws} - {""})
        return tuple(_row(raw, items[row_id(raw)]) for raw in raws)

    async def _items(self, memos: Iterable[str]) -> dict[str, list[bytes]]:
        """By memo its lines, in the order of their ids."""
        wanted, found = sorted(memos, key=int), defaultdict[str, list[bytes]](list)
        for first in range(0, len(wanted), IDS_A_CALL):
            query = (("creditMemoIds", ",".join(wanted[first : first + IDS_A_CALL])), _SORT)
            listing = await Walk(self.client, resources.CREDIT_MEMO_ITEMS, self.page_size, query).settled()
            for one in sorted(listing.rows, key=_place):
                found[_memo(one)].append(one)
        return found


def _row(raw: bytes, items: Sequence[bytes]) -> Row:
    """The memo; unread where it, or a line of it, cannot be understood."""
    try:
        lines = [understood(one, payloads.CreditMemoItem) for one in items]
        document = credit_memo(understood(raw, payloads.CreditMemo), lines)
    except (ValueError, ArithmeticError) as error:
        return unread("credit memo", raw, str(error))
    texts = b",".join(one_text(one) for one in items)
    both = b'{"memo":' + one_text(raw, _UNMAPPED) + b',"items":[' + texts + b"]}"
    return Row(document.id, both, document, document.stamp)


# The memo's own words are nobody's business beyond ServiceTitan, like the summaries of other documents.
_UNMAPPED = frozenset(["description"])


class _Owned(msgspec.Struct, rename="camel"):
    credit_memo_id: int | None = None


def _memo(item: bytes) -> str:
    """The id of the memo that an item names; empty for none, or where it cannot be told."""
    try:
        found = msgspec.json.decode(item, type=_Owned).credit_memo_id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return str(found or "")


def _place(item: bytes) -> int:
    return int(row_id(item) or 0)
