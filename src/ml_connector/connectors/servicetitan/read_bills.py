"""Reading bills: the export feed, and where granted the AP bills, as one stream of whole bills.

One walk has up to four legs.

feed         export/inventory-bills from the last token: inventory bills of every type, deleted ones too. Its rows are
             completed with their AP bills, 50 ids a call. All bills get their purchase orders' numbers, 50 a call.
RecurringBill  inventory bills of that type changed since the last walk. Whether the feed shows them is not said, and AP
             bills know no such type. A tenant that refuses the type loses this leg alone; the check says so.
Procurement  AP bills changed since the last walk. Reconciling or stopping payment is not known to move the inventory
             bill's own stamp, so these are asked for their own changes; each is joined with its inventory bill.
ApBill       AP bills changed since the last walk that may have no inventory bill at all (expenses only).

A quiet walk costs four calls. Without the scope for AP bills only the first two legs exist; when it is granted later, all
is read again, since every bill may gain lines. So it is where ServiceTitan closes or withdraws AP bills for a while: their
legs begin anew when they open. AP bills cannot be sorted: they are read by spans of modification time.
Once a day all legs start some days back instead, and so they do from a token the vendor no longer takes.

A row's stamp is the later of the two stamps, so a version that knew both is never older than one that knew one.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Iterable, Mapping

import msgspec
import structlog

from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.connectors.servicetitan import payloads, resources
from ml_connector.connectors.servicetitan.client import Client, Feed, Resource
from ml_connector.connectors.servicetitan.errors import FeatureOff, RequestRefused, UnexpectedShape, Withdrawn
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.connectors.servicetitan.translate import understood, understood_or_none, unread
from ml_connector.connectors.servicetitan.translate_bills import Choices, bill
from ml_connector.connectors.servicetitan.walks import EPOCH, Stretch, Walk, instant, moment, row_id, since
from ml_connector.errors import NotFound
from ml_connector.transport.errors import NotPermitted

log = structlog.get_logger()
_PART = 200  # bills of a feed's page that are in memory at once; a page may hold thousands
_FEED = "feed"
_NEXT_LEG = {
    _FEED: resources.RECURRING,
    resources.RECURRING: resources.PROCUREMENT,
    resources.PROCUREMENT: resources.STANDALONE,
    resources.STANDALONE: "",
}
_AP_LEGS = (resources.PROCUREMENT, resources.STANDALONE)
_CLOSED = (FeatureOff, Withdrawn)  # a list that is not to be had in spite of the right
_DAY = dt.timedelta(days=1)


class BillCursor(msgspec.Struct):
    """Where the stream stands. Instants as ``2026-01-31T00:00:00Z``, empty = none.

    ``origin``: where it began. ``leg``: the leg under way, empty between walks; ``begun``: the vendor's clock when the
    walk began; ``through``: when the last finished walk began. ``token``: where the feed goes on (a token or a date).
    ``lists``: for each type of bill that is listed where its next walk begins, and ``width`` the span in seconds that
    last fitted.
    ``reread``: the day of the last daily re-reading. ``gone``: ids the feed showed as deleted since then.
    ``granted``: whether AP bills were readable.
    """

    origin: str = ""
    granted: bool = False
    leg: str = ""
    begun: str = ""
    through: str = ""
    token: str = ""
    lists: dict[str, str] = {}
    width: float = 0.0
    reread: str = ""
    gone: list[str] = []


async def read(client: Client, settings: Settings, choices: Choices, reading: Reading) -> AsyncIterator[Page]:
    """Pages of bills; see the module's docstring."""
    join = _Join(client, choices)
    if reading.ids:
        yield Page(await join.by_ids(reading.ids), reading.cursor or b"", last=True)
        return
    walk = _BillWalk(client, settings, join, _start(reading, choices))
    async for page in walk.pages():
        yield page


def _start(reading: Reading, choices: Choices) -> BillCursor:
    if reading.cursor:
        return msgspec.json.decode(reading.cursor, type=BillCursor)
    return BillCursor(origin=since(reading.since), granted=choices.granted)


class _BillWalk:
    """One walk over the legs; ``cursor`` is what is committed with each page."""

    def __init__(self, client: Client, settings: Settings, join: _Join, cursor: BillCursor) -> None:
        self._client, self._settings, self._join, self._cursor = client, settings, join, cursor

    async def pages(self) -> AsyncIterator[Page]:
        """All pages up to the end of the walk. Raises transport.errors, Unsettled, UnexpectedShape."""
        if not self._cursor.leg:
            self._begin(self._client.session.clock.now())
        if self._cursor.leg == _FEED:
            async for page in self._feed_leg():
                yield page
        while self._cursor.leg:
            leg = self._recurring_leg() if self._cursor.leg == resources.RECURRING else self._list_leg(self._cursor.leg)
            async for page in leg:
                yield page

    def _begin(self, now: dt.datetime) -> None:
        """Where this walk's legs start: the beginning, some days back once a day, or where the last walk ended."""
        cursor, granted, today = self._cursor, self._join.granted, now.date().isoformat()
        if not cursor.through or (granted and not cursor.granted):
            cursor = BillCursor(origin=cursor.origin, token=cursor.origin[:10], reread=today)
            cursor.lists = dict.fromkeys((resources.RECURRING, resources.STANDALONE), cursor.origin or moment(EPOCH))
        elif cursor.reread != today:
            self._go_back(now)
            cursor.reread = today
        # A cursor of before this leg existed has no start for it.
        cursor.lists.setdefault(resources.RECURRING, cursor.origin or moment(EPOCH))
        cursor.granted, cursor.leg, cursor.begun = granted, _FEED, ""
        self._cursor = cursor

    def _go_back(self, now: dt.datetime) -> None:
        """All legs from some days ago, or from before the last finished walk if that is longer ago.

        A leg that has not been read since longer keeps its start.
        """
        cursor = self._cursor
        start = instant(cursor.origin) if cursor.origin else EPOCH
        if cursor.through:
            start = min(now - self._settings.reread, instant(cursor.through) - _DAY)
        cursor.token = moment(start)[:10]
        back = f"{cursor.token}T00:00:00Z"
        cursor.lists = {leg: min(back, cursor.lists.get(leg) or back) for leg in (resources.RECURRING, *_AP_LEGS)}
        cursor.gone = []

    async def _feed_leg(self) -> AsyncIterator[Page]:
        more = True
        while more:
            feed = await self._feed()
            before, more = msgspec.json.encode(self._cursor), feed.more
            self._note(feed)
            *parts, rest = [feed.rows[start : start + _PART] for start in range(0, len(feed.rows), _PART)] or [()]
            for part in parts:  # the cursor stays before the vendor's page until all of it is read
                yield Page(await self._join.inventory_rows(part), before, last=False)
            rows = await self._join.inventory_rows(rest)
            if not more:
                self._end_leg(_FEED)
            yield self._page(rows)

    async def _feed(self) -> Feed:
        """The next page; a token the vendor refuses is replaced by a date before anything it could stand for."""
        try:
            feed = await self._client.feed(resources.BILL_FEED, self._cursor.token, self._settings.recent)
        except RequestRefused:
            if not self._cursor.token or self._is_date():
                raise
            self._go_back(self._client.session.clock.now())
            feed = await self._client.feed(resources.BILL_FEED, self._cursor.token, self._settings.recent)
        if feed.more and (not feed.token or feed.token == self._cursor.token):
            raise UnexpectedShape("ServiceTitan's bill feed says there is more and does not say where to go on.")
        return feed

    def _is_date(self) -> bool:
        try:
            dt.date.fromisoformat(self._cursor.token)
        except ValueError:
            return False
        return True

    def _note(self, feed: Feed) -> None:
        cursor = self._cursor
        cursor.begun = cursor.begun or moment(feed.at)
        cursor.token = feed.token or cursor.token
        states = {str(found.id): found.active for found in map(_active, feed.rows) if found.id is not None}
        gone = (set(cursor.gone) | states.keys()) - {one for one, active in states.items() if active}
        cursor.gone = sorted(gone)

    async def _recurring_leg(self) -> AsyncIterator[Page]:
        kind = resources.RECURRING
        lower = instant(self._cursor.lists.get(kind) or self._behind())
        try:
            async for stretch in self._walk(resources.RECURRING_BILLS).windows(lower, self._cursor.width):
                rows = await self._join.inventory_rows(stretch.rows, frozenset(self._cursor.gone))
                self._advance(kind, stretch)
                yield self._page(rows)
        except (RequestRefused, NotFound) as error:  # the other legs do not depend on it, and its start stays
            log.warning("recurring bills refused", tenant=self._client.tenant, why=error.sentence)
            self._end_leg(kind, moved=False)
            yield self._page(())

    def _walk(self, resource: Resource) -> Walk:
        return Walk(self._client, resource, self._settings.page_size)

    async def _list_leg(self, kind: str) -> AsyncIterator[Page]:
        if not self._join.granted:  # the right was withdrawn between two slices
            self._end_leg(kind)
            yield self._page(())
            return
        lower = self._cursor.lists.get(kind) or self._behind()
        try:
            async for stretch in self._walk(resources.AP_BILLS[kind]).windows(instant(lower), self._cursor.width):
                rows = await self._join.ap_rows(stretch.rows, frozenset(self._cursor.gone))
                self._advance(kind, stretch)
                yield self._page(rows)
        except _CLOSED:  # also NotFound: what was not read meanwhile is read once they open
            self._join.refused()
            self._end_leg(kind)
            yield self._page(())
        except NotFound:  # the tenant has no AP bills at all
            self._end_leg(kind)
            yield self._page(())

    def _advance(self, kind: str, stretch: Stretch) -> None:
        if stretch.last or stretch.lower is None:
            self._end_leg(kind)
        else:
            self._cursor.lists[kind], self._cursor.width = moment(stretch.lower), stretch.width

    def _end_leg(self, leg: str, *, moved: bool = True) -> None:
        """On to the next leg; the next walk's begins at this walk's start, unless it was not ``moved``."""
        cursor = self._cursor
        cursor.width = 0.0
        cursor.leg = _NEXT_LEG[leg] if self._join.granted or leg == _FEED else ""
        if leg != _FEED and moved:
            cursor.lists[leg] = self._behind()
        if self._join.off:  # should they be opened one day, every bill may gain lines
            cursor.lists |= dict.fromkeys(_AP_LEGS, cursor.origin or moment(EPOCH))
        if not cursor.leg:
            cursor.through, cursor.begun = cursor.begun, ""

    def _behind(self) -> str:
        """The start of this walk by the vendor's clock, less the lag of its lists."""
        return moment(instant(self._cursor.begun) - self._settings.lag)

    def _page(self, rows: tuple[Row, ...]) -> Page:
        return Page(rows, msgspec.json.encode(self._cursor), last=not self._cursor.leg)


class _Ordered(msgspec.Struct, rename="camel"):
    purchase_order_id: int | None = None


def _order(row: bytes) -> int:
    """The id of the purchase order a bill names; 0 for none, or where it cannot be told."""
    try:
        return msgspec.json.decode(row, type=_Ordered).purchase_order_id or 0
    except msgspec.DecodeError:
        return 0


class _Active(msgspec.Struct):
    id: int | None = None
    active: bool = True


def _active(row: bytes) -> _Active:
    try:
        return msgspec.json.decode(row, type=_Active)
    except msgspec.DecodeError:
        return _Active()


class _Join:
    """Brings the two texts of a bill together, in batches of 50 ids."""

    def __init__(self, client: Client, choices: Choices) -> None:
        self._client, self._choices = client, choices
        self.granted = choices.granted
        self._numbers = resources.PURCHASE_ORDERS.scope in client.session.scopes
        self.off = False

    def refused(self) -> None:
        """AP bills are closed in spite of the right, or the gateway offers them no more: from here on bills are read as

        without the right, and never taken for whole where their amount shows that lines are missing.
        """
        self.granted, self.off = False, True
        self._choices = dataclasses.replace(self._choices, granted=False, closed=True)

    async def inventory_rows(self, raws: Iterable[bytes], gone: frozenset[str] = frozenset()) -> tuple[Row, ...]:
        """Rows of the feed or of a list of inventory bills, completed with their AP bills."""
        bases = list(raws)
        details = await self._details(filter(None, map(row_id, bases)))
        orders = await self._orders([*details.values(), *bases])
        return tuple(self._row(one, details.get(row_id(one)), orders, deleted=row_id(one) in gone) for one in bases)

    async def ap_rows(self, raws: Iterable[bytes], gone: frozenset[str]) -> tuple[Row, ...]:
        """Rows of the AP list, completed with their inventory bills."""
        details = list(raws)
        bases = await self._bases(filter(None, map(row_id, details)))
        orders = await self._orders([*details, *bases.values()])
        return tuple(self._row(bases.get(row_id(one)), one, orders, deleted=row_id(one) in gone) for one in details)

    async def by_ids(self, ids: Iterable[str]) -> tuple[Row, ...]:
        """The named bills, those that exist. Whether one is deleted is not told here: only the feed knows."""
        wanted = tuple(ids)
        bases, details = await self._bases(wanted), await self._details(wanted)
        bases |= await self._recurring(set(wanted) - bases.keys() - details.keys())
        orders = await self._orders([*bases.values(), *details.values()])
        known = sorted(bases.keys() | details.keys())
        return tuple(self._row(bases.get(one), details.get(one), orders, deleted=False) for one in known)

    async def _bases(self, ids: Iterable[str]) -> dict[str, bytes]:
        """Raises NotPermitted where the list of inventory bills is closed, never as AP bills that are closed are told."""
        try:
            return {row_id(raw): raw for raw in await self._client.by_ids(resources.INVENTORY_BILLS, ids)}
        except _CLOSED as error:
            raise NotPermitted(error.sentence) from error

    async def _recurring(self, ids: Iterable[str]) -> dict[str, bytes]:
        """Recurring bills, which the list may leave out where no type is asked for."""
        try:
            return {row_id(raw): raw for raw in await self._client.by_ids(resources.RECURRING_BILLS, ids)}
        except (RequestRefused, NotFound):
            return {}

    async def _details(self, ids: Iterable[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        missing = set(ids) if self.granted else set()
        for kind in (resources.PROCUREMENT, resources.STANDALONE):
            try:
                found |= {row_id(raw): raw for raw in await self._client.by_ids(resources.AP_BILLS[kind], missing)}
            except _CLOSED:
                self.refused()
                return {}
            except NotFound:
                return found
            missing -= found.keys()
        return found

    async def _orders(self, bills: Iterable[bytes]) -> dict[int, payloads.PurchaseOrder]:
        """The purchase orders that bills name by id; none where orders may not be read."""
        ids = {order for order in map(_order, bills) if order}
        if not ids or not self._numbers:
            return {}
        try:
            raws = await self._client.by_ids(resources.PURCHASE_ORDERS, map(str, ids))
        except (NotFound, NotPermitted):
            self._numbers = False
            return {}
        orders = (understood_or_none(raw, payloads.PurchaseOrder) for raw in raws)
        return {order.id: order for order in orders if order}

    def _row(
        self, base: bytes | None, detail: bytes | None, orders: Mapping[int, payloads.PurchaseOrder], *, deleted: bool
    ) -> Row:
        raw = b'{"inventory_bill":' + _one_text(base, deleted) + b',"ap_bill":' + (detail or b"null") + b"}"
        shown = detail or base or b"null"
        try:
            order = orders.get(_order(detail or b"{}") or _order(base or b"{}"))
            document = bill(_payload(base), _payload(detail), self._choices, deleted=deleted, order=order)
        except (ValueError, ArithmeticError) as error:
            return msgspec.structs.replace(unread("bill", shown, str(error)), raw=raw)
        return Row(document.id, raw, document, document.stamp)


def _one_text(base: bytes | None, deleted: bool) -> bytes:
    """An inventory bill's text, the same from feed and list, since a bill's text tells whether it is a new version.

    By the published specification the feed's rows have ``active`` and the list's have not, in all else they are alike;
    in which order either writes its fields is not said.
    """
    if base is None:
        return b"null"
    try:
        fields = _fields.decode(base)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return base
    fields["active"] = _INACTIVE if deleted or not _active(base).active else _ACTIVE
    return msgspec.json.encode(fields, order="sorted")


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ACTIVE, _INACTIVE = msgspec.Raw(b"true"), msgspec.Raw(b"false")


def _payload(raw: bytes | None) -> payloads.Bill | None:
    return None if raw is None else understood(raw, payloads.Bill)
