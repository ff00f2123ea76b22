"""Reading what changes in more than one place, as one stream of whole documents.

A walk has legs, one after the other. A leg is an export feed, read from its last token on, or a list that cannot be
sorted by what is asked for, read by spans of modification time; what is read from the beginning, where every stamp will do,
is read in the order of the stamp if the list has one. Each leg's rows are completed to documents by its entity,
so a document may come from several legs; each time it is whole.

A leg that ``follows`` tells only what the first one does not (a contact changed, a job completed): it begins where the
first walk began, since all was read whole then. Once a day all legs start some days back, should one have left something
out, and so does a feed whose token the vendor no longer takes. A quiet walk costs one call a leg.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec

from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.connectors.servicetitan.client import Client, Feed, Resource
from ml_connector.connectors.servicetitan.errors import RequestRefused, UnexpectedShape
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.connectors.servicetitan.walks import EPOCH, Stretch, Walk, instant, moment, since

_PART = 200  # rows of a feed's page that are in memory at once; a page may hold thousands
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Leg:
    """One place where changes are met. ``rows`` makes whole documents of the vendor's rows there.

    ``listed``: a list read by spans of time with the filters ``query``; else an export feed. ``by_stamp``: the filters of
    its first walk where the list sorts by the stamp it shows, which costs a call a page and no search for spans; None where
    it does not sort. ``daily``: read with the daily re-reading alone, from its beginning, for what its filters find whatever
    the stamp.
    """

    name: str
    resource: Resource
    rows: Callable[[Sequence[bytes]], Awaitable[tuple[Row, ...]]]
    listed: bool = False
    query: tuple[tuple[str, str], ...] = ()
    by_stamp: tuple[tuple[str, str], ...] | None = None
    follows: bool = False
    daily: bool = False


class StreamCursor(msgspec.Struct):
    """Where a stream stands. Instants as ``2026-01-31T00:00:00Z``, empty = none.

    ``origin``: where it began. ``leg``: the leg under way, empty between walks; ``begun``: the vendor's clock when the
    walk began; ``through``: when the last finished walk began. ``at``: for each leg where it goes on, a token or a date
    for a feed and an instant for a list; ``width`` the list's span in seconds that last fitted, ``seen`` what of the second
    ``at`` a list read by stamp has delivered. ``reread``: the day of the last daily re-reading; ``daily``: whether this walk
    is one.
    """

    origin: str = ""
    leg: str = ""
    begun: str = ""
    through: str = ""
    at: dict[str, str] = {}
    width: float = 0.0
    seen: list[str] = []
    reread: str = ""
    daily: bool = False


class Stream:
    """One walk over the legs; ``_cursor`` is what is committed with each page."""

    def __init__(self, client: Client, settings: Settings, legs: Sequence[Leg], reading: Reading) -> None:
        self._client, self._settings = client, settings
        self._legs = {leg.name: leg for leg in legs}
        self._cursor = _start(reading)

    async def pages(self) -> AsyncIterator[Page]:
        """All pages up to the end of the walk. Raises transport.errors, Unsettled, UnexpectedShape."""
        if self._cursor.leg not in self._legs:
            self._begin(self._client.session.clock.now())
        while self._cursor.leg:
            leg = self._legs[self._cursor.leg]
            async for page in self._list(leg) if leg.listed else self._feed(leg):
                yield page

    def _begin(self, now: dt.datetime) -> None:
        """Where this walk's legs start: the beginning, some days back once a day, or where the last walk ended."""
        cursor, today = self._cursor, now.date().isoformat()
        cursor.daily = bool(cursor.through) and cursor.reread != today
        if not cursor.through:
            cursor.at = {leg.name: self._beginning(leg) for leg in self._legs.values()}
        elif cursor.reread != today:
            for leg in self._legs.values():
                self._go_back(leg, now)
        cursor.leg, cursor.begun, cursor.width, cursor.reread = next(iter(self._legs)), "", 0.0, today

    def _beginning(self, leg: Leg) -> str:
        if leg.follows:
            return ""
        origin = self._cursor.origin
        return (origin or moment(EPOCH)) if leg.listed else origin[:10]

    def _go_back(self, leg: Leg, now: dt.datetime) -> None:
        """A leg from some days ago, or from before the last finished walk if that is longer ago."""
        cursor = self._cursor
        start = instant(cursor.origin) if cursor.origin and not leg.daily else EPOCH
        if cursor.through and not leg.daily:
            start = min(now - self._settings.reread, instant(cursor.through) - _DAY)
        day = moment(start)[:10]
        back = f"{day}T00:00:00Z"
        cursor.at[leg.name] = min(back, cursor.at.get(leg.name) or back) if leg.listed else day

    async def _feed(self, leg: Leg) -> AsyncIterator[Page]:
        more = True
        while more:
            feed = await self._next(leg)
            before, more = msgspec.json.encode(self._cursor), feed.more
            self._cursor.begun = self._cursor.begun or moment(feed.at)
            self._cursor.at[leg.name] = feed.token or self._cursor.at[leg.name]
            *parts, rest = [feed.rows[start : start + _PART] for start in range(0, len(feed.rows), _PART)] or [()]
            for part in parts:  # the cursor stays before the vendor's page until all of it is read
                yield Page(await leg.rows(part), before, last=False)
            rows = await leg.rows(rest)
            if not more:
                self._end(leg)
            yield self._page(rows)

    async def _next(self, leg: Leg) -> Feed:
        """The next page; a token the vendor refuses is replaced by a date before anything it could stand for."""
        cursor = self._cursor
        if not cursor.at.get(leg.name) and leg.follows:
            cursor.at[leg.name] = self._behind()[:10]
        start = cursor.at.setdefault(leg.name, self._beginning(leg))
        try:
            feed = await self._client.feed(leg.resource, start, self._settings.recent)
        except RequestRefused:
            if not start or _is_date(start):
                raise
            self._go_back(leg, self._client.session.clock.now())
            feed = await self._client.feed(leg.resource, cursor.at[leg.name], self._settings.recent)
        if feed.more and (not feed.token or feed.token == cursor.at[leg.name]):
            raise UnexpectedShape(
                f"ServiceTitan's feed {leg.resource.path} says there is more and does not say where to go on."
            )
        return feed

    async def _list(self, leg: Leg) -> AsyncIterator[Page]:
        start = self._behind() if leg.follows else self._beginning(leg)
        async for stretch in self._stretches(leg, instant(self._cursor.at.get(leg.name) or start)):
            self._cursor.begun = self._cursor.begun or moment(stretch.at)
            rows = await leg.rows(stretch.rows)
            if stretch.last or stretch.lower is None:
                self._end(leg)
            else:
                self._cursor.at[leg.name], self._cursor.width = moment(stretch.lower), stretch.width
                self._cursor.seen = list(stretch.seen)
            yield self._page(rows)

    def _stretches(self, leg: Leg, lower: dt.datetime) -> AsyncIterator[Stretch]:
        """By spans of what the list filters by; the first walk by what it sorts by, where it sorts.

        The two may differ: a filter that leaves out what money did to a customer would, in an order that counts it, lose him.
        """
        size, cursor = self._settings.page_size, self._cursor
        if leg.by_stamp is None or cursor.through:
            return Walk(self._client, leg.resource, size, leg.query).windows(lower, cursor.width)
        return Walk(self._client, leg.resource, size, leg.by_stamp).keyset(lower, cursor.seen)

    def _end(self, leg: Leg) -> None:
        """On to the next leg; a list's next walk begins at this walk's start."""
        cursor = self._cursor
        names = [one.name for one in self._legs.values() if one is leg or cursor.daily or not one.daily] + [""]
        if leg.listed:
            cursor.at[leg.name] = self._behind()
        cursor.width, cursor.seen, cursor.leg = 0.0, [], names[names.index(leg.name) + 1]
        if not cursor.leg:
            cursor.through, cursor.begun = cursor.begun, ""

    def _behind(self) -> str:
        """The start of this walk by the vendor's clock, less the lag of its lists."""
        return moment(instant(self._cursor.begun) - self._settings.lag)

    def _page(self, rows: tuple[Row, ...]) -> Page:
        return Page(rows, msgspec.json.encode(self._cursor), last=not self._cursor.leg)


def _start(reading: Reading) -> StreamCursor:
    if reading.cursor:
        return msgspec.json.decode(reading.cursor, type=StreamCursor)
    return StreamCursor(origin=since(reading.since))


def _is_date(token: str) -> bool:
    try:
        dt.date.fromisoformat(token)
    except ValueError:
        return False
    return True
