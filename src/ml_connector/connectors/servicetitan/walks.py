"""Ways through a ServiceTitan list that lose nothing while it changes.

Keyset   lists that sort by ModifiedOn: always page 1, from the last row's second on, rows of that second not repeated.
Windows  lists that cannot sort: spans of modification time, narrowed until one answer holds all of one span. A document
         changed meanwhile moves to a later span, so it is met there.
Settled  all pages by number, for what cannot be narrowed further (one second) or is small: it counts only if the
         vendor's count stayed the same and as many different documents were seen; else it is walked again. A list that
         documents may come into meanwhile (one without an upper bound) counts only if two walks showed the same: one
         that went and one that came leave the count as it was, and hide a third that moved between two pages.

Bounds are whole seconds, so that it does not matter how many of a stamp's seven fractional digits the vendor's filter
compares. The lower bound is inclusive, the upper exclusive.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from ml_connector.connectors.errors import Unsettled
from ml_connector.connectors.servicetitan.client import Client, Listing, Query, Resource
from ml_connector.connectors.servicetitan.errors import UnexpectedShape

SECOND = dt.timedelta(seconds=1)
EPOCH = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)  # before ServiceTitan existed
ATTEMPTS = 4
# A document may be dated ahead of its last change by about this much, so changes are read from so much earlier.
DATED_AHEAD = dt.timedelta(days=60)

_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:00)?", re.ASCII)


class Key(NamedTuple):
    """What orders a stamp: its whole second, and its fraction filled up to nine digits."""

    second: dt.datetime
    fraction: str


def key(stamp: str) -> Key | None:
    """The order of a vendor stamp, whose fraction may have none to seven digits; None for anything else."""
    found = _STAMP.fullmatch(stamp)
    if found is None:
        return None
    try:
        second = dt.datetime.fromisoformat(found[1]).replace(tzinfo=dt.UTC)
    except ValueError:
        return None
    return Key(second, (found[2] or "").ljust(9, "0"))


def newest(*stamps: str) -> str:
    """The latest of several stamps, as the vendor wrote it; empty when none can be read."""
    readable = [stamp for stamp in stamps if key(stamp) is not None]
    return max(readable, key=lambda stamp: key(stamp) or Key(EPOCH, ""), default="")


def moment(instant: dt.datetime) -> str:
    """An instant as the vendor's filters take it, whole seconds down."""
    return instant.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(text: str) -> dt.datetime:
    """The instant of ``moment``'s text."""
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00"))


def since(date: dt.date | None) -> str:
    """The moment from which changes are read to find documents dated from ``date`` on; empty for all."""
    if date is None:
        return ""
    return moment(dt.datetime(date.year, date.month, date.day, tzinfo=dt.UTC) - DATED_AHEAD)


class Head(msgspec.Struct, rename="camel"):
    """What paging needs of a row."""

    id: int | str | None = None
    modified_on: str | None = None


def head(row: bytes) -> Head:
    """Id and stamp of a row; both None when it is not an object with such fields."""
    try:
        return msgspec.json.decode(row, type=Head)
    except msgspec.DecodeError:
        return Head()


def row_id(row: bytes) -> str:
    """The id of a row as text; empty when it shows none."""
    found = head(row).id
    return str(found) if isinstance(found, int) else ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows, and where to go on: from second ``lower`` without the rows ``seen`` there; ``last`` ends the walk.

    ``at`` is the vendor's clock at the answer.
    """

    rows: tuple[bytes, ...]
    lower: dt.datetime | None
    at: dt.datetime
    last: bool
    seen: tuple[str, ...] = ()
    width: float = 0.0


@dataclass(frozen=True, slots=True)
class Walk:
    """A list, the filters of this walk, and the size of a page."""

    client: Client
    resource: Resource
    size: int
    query: tuple[tuple[str, str], ...] = field(default=())

    async def keyset(self, lower: dt.datetime | None, seen: Sequence[str] = ()) -> AsyncIterator[Stretch]:
        """From second ``lower`` (None = the beginning) to the end of a list sorted by ModifiedOn.

        Raises UnexpectedShape when the rows do not come in that order, and what ``settled`` raises.
        """
        known = frozenset(seen)
        while True:
            page = await self._page(1, _bounds(lower, None), ("sort", "+ModifiedOn"))
            reached = _reached(page, lower, self.resource)
            if page.more and lower is not None and reached is not None and reached <= lower:
                step = await self._full_second(lower, known)
            else:
                step = _step(page, reached, known)
            yield step
            if step.last:
                return
            lower, known = step.lower, frozenset(step.seen)

    async def windows(self, lower: dt.datetime, width: float = 0.0) -> AsyncIterator[Stretch]:
        """From second ``lower`` to the end of a list in no order. ``width`` in seconds, 0 = try all that is left."""
        while True:
            upper = lower + dt.timedelta(seconds=width) if width else None
            page = await self._page(1, _bounds(lower, upper))
            if not page.more:
                last = upper is None or upper >= page.at
                width = _wider(width, len(page.rows), self.size)
                yield Stretch(page.rows, upper, page.at, last, width=width)
                if last or upper is None:
                    return
                lower = upper
            elif (upper or page.at) - lower <= SECOND:
                step = await self._full_second(lower, frozenset())
                yield step
                lower, width = lower + SECOND, 1.0
            else:
                width = _narrower(((upper or page.at) - lower).total_seconds(), page.total, self.size)

    async def settled(self, bounds: Query = ()) -> Listing:
        """Every row between ``bounds``, proven complete by the vendor's count. Raises Unsettled."""
        before: frozenset[str] | None = None
        for _ in range(ATTEMPTS):
            rows, totals, at_once, at = await self._all_pages(bounds)
            ids = frozenset(identity(row) for row in rows)
            counted = totals == {len(ids)} and any(name == "modifiedBefore" for name, _ in bounds)
            if at_once or counted or (totals in ({len(ids)}, {None}) and ids == before):
                return Listing(rows, more=False, total=len(ids), at=at)
            before = ids
        raise Unsettled(
            f"ServiceTitan's list {self.resource.path} changed each of {ATTEMPTS} times it was read; "
            "it is read again later."
        )

    async def _all_pages(self, bounds: Query) -> tuple[tuple[bytes, ...], set[int | None], bool, dt.datetime]:
        rows: dict[str, bytes] = {}
        totals: set[int | None] = set()
        number = 0
        while True:
            number += 1
            page = await self._page(number, bounds)
            rows |= {identity(row): row for row in page.rows}
            totals.add(page.total)
            if not page.more or not page.rows:
                return tuple(rows.values()), totals, number == 1 and not page.more, page.at

    async def _full_second(self, lower: dt.datetime, known: frozenset[str]) -> Stretch:
        """One second that fills more than a page, and on to the next second."""
        listing = await self.settled(_bounds(lower, lower + SECOND))
        rows = tuple(row for row in listing.rows if version(row) not in known)
        return Stretch(rows, lower + SECOND, listing.at, last=False, width=1.0)

    async def _page(self, number: int, bounds: Query, *more: tuple[str, str]) -> Listing:
        paging = (("page", str(number)), ("pageSize", str(self.size)), ("includeTotal", "true"))
        return await self.client.page(self.resource, (*self.query, *bounds, *more, *paging))


def identity(row: bytes) -> str:
    """What makes a row one document: its id, or for a row without one its text."""
    found = head(row).id
    return str(found) if found is not None else row.decode("utf-8", "replace")


def version(row: bytes) -> str:
    """A document in one state: id and stamp."""
    return f"{identity(row)}@{head(row).modified_on}"


def _bounds(lower: dt.datetime | None, upper: dt.datetime | None) -> Query:
    query = [("modifiedOnOrAfter", moment(lower))] if lower else []
    return [*query, ("modifiedBefore", moment(upper))] if upper else query


def _reached(page: Listing, lower: dt.datetime | None, resource: Resource) -> dt.datetime | None:
    """The last row's second. Raises UnexpectedShape when the vendor did not sort or filter: rows would be lost."""
    keys = [found for row in page.rows if (found := key(head(row).modified_on or ""))]
    if keys and lower is not None and keys[0].second < lower:
        raise UnexpectedShape(f"ServiceTitan's list {resource.path} shows rows from before the moment asked for.")
    if any(later < earlier for earlier, later in itertools.pairwise(keys)):
        raise UnexpectedShape(f"ServiceTitan's list {resource.path} is not sorted by ModifiedOn although asked.")
    if page.more and not keys:
        raise UnexpectedShape(f"ServiceTitan's list {resource.path} has rows without a modification stamp.")
    return keys[-1].second if keys else None


def _step(page: Listing, reached: dt.datetime | None, known: frozenset[str]) -> Stretch:
    fresh = tuple(row for row in page.rows if version(row) not in known)
    if not page.more:
        return Stretch(fresh, None, page.at, last=True)
    boundary = tuple(version(row) for row in page.rows if _in_second(row, reached))
    return Stretch(fresh, reached, page.at, last=False, seen=boundary)


def _in_second(row: bytes, second: dt.datetime | None) -> bool:
    found = key(head(row).modified_on or "")
    return found is None or found.second == second


def _narrower(span: float, total: int | None, size: int) -> float:
    """A span that should hold about half a page, at most half of the present one, at least a second."""
    share = size / (2 * total) if total else 0.5
    return max(1.0, float(int(span * min(0.5, share))))


def _wider(width: float, count: int, size: int) -> float:
    return width * 4 if count * 4 < size else width
