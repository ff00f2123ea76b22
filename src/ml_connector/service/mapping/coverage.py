"""Coverage: how much of the documents of the last months the mapping tables know, before anything goes live.

A survey reads the source's documents and keeps their keys (see ``lanes.survey``); coverage lays the rows of today beside
them, each on the document's own day. Of documents in several currencies the sums stand apart.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ml_connector.canonical.money import ZERO
from ml_connector.errors import NotFound
from ml_connector.integrations.tables import TableType
from ml_connector.lanes.survey import whole_table
from ml_connector.lanes.surveyed_keys import opened, shown
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.keys import table_named
from ml_connector.service.mapping.needs import Need, need_of
from ml_connector.service.mapping.rows import rows_in
from ml_connector.service.roles import READERS
from ml_connector.service.tallies import Tally
from ml_connector.sync.mapping import Table


@dataclass(slots=True)
class Part:
    """Documents and how many of them are covered, with their sums by currency. ``open`` is what is left."""

    all: Tally = field(default_factory=Tally)
    covered: Tally = field(default_factory=Tally)

    def add(self, known: bool, currency: str, amount: Decimal) -> None:
        """Add one document."""
        self.all.add(1, currency, amount)
        if known:
            self.covered.add(1, currency, amount)

    @property
    def percent(self) -> Decimal:
        """Per cent of the documents, rounded down to a tenth: 100 is all of them."""
        return _percent(Decimal(self.covered.count), Decimal(self.all.count))

    @property
    def money(self) -> dict[str, Decimal]:
        """Per cent of each currency's sum, as above."""
        return {one: _percent(self.covered.sums.get(one, ZERO), total) for one, total in sorted(self.all.sums.items())}


def _percent(part: Decimal, whole: Decimal) -> Decimal:
    return (part * 1000 // whole) / 10 if whole else Decimal(100)


@dataclass(frozen=True, slots=True)
class OpenKey:
    """A key without a valid row on days of its documents: how many of them, over how much, and the last such day."""

    key: str
    name: str
    documents: int
    sums: dict[str, Decimal]
    last: dt.date


@dataclass(frozen=True, slots=True)
class TableCoverage:
    """One table: what share of the documents that use it has a row for every key, and the keys without one.

    ``by_itself``: what has no row is matched or made by itself, or the settings do without the table; then nothing is open.
    ``unread``: the ledger's list in which a key without a row may be found was never read, so that what it has shows as open.
    """

    table: str
    keys: int
    by_itself: bool
    documents: int
    covered: int
    percent: Decimal
    money: dict[str, Decimal]
    open: tuple[OpenKey, ...]
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Coverage:
    """The documents since a day, and how many find a row for every key that needs one. ``left``: lists not read yet.

    ``not_surveyed``: tables of what goes back whose documents were not read. Neither they nor those are counted.
    """

    integration: str
    since: dt.date
    begun_at: dt.datetime
    left: int
    documents: int
    sums: dict[str, Decimal]
    covered: int
    percent: Decimal
    money: dict[str, Decimal]
    tables: tuple[TableCoverage, ...]
    not_surveyed: tuple[str, ...] = ()


_Keys = tuple[str, ...]  # any of which may have the row; the first is the one that the document shows


@dataclass(frozen=True, slots=True)
class _Document:
    day: dt.date
    currency: str
    amount: Decimal
    keys: dict[str, list[_Keys]]  # by table, for each use of it


async def coverage(desk: Desk, integration: Integration) -> Coverage:
    """How much of what was surveyed last the tables cover now. Raises NotFound where nothing was surveyed."""
    desk.require(*READERS)
    kind, sealer = desk.runtime.integrations[integration.kind], await desk.sealer()
    async with desk.looking() as reading:
        place = desk.tenant_id, integration.integration_id
        head = await reading.one(
            "select since, begun_at, to_read from survey where tenant_id = %s and integration_id = %s", *place
        )
        if head is None:
            raise NotFound(
                "Nothing was surveyed yet: 'ml-connector map coverage --survey', or a POST to /coverage/surveys of the API, "
                "reads the last 90 days."
            )
        documents, names = await _surveyed(reading, integration), await _names(reading, sealer, integration)
        used = {table for one in documents for table in one.keys}
        needs = {
            name: await need_of(reading, sealer, kind, integration, table_named(kind, name)) for name in sorted(used)
        }
        rows = {name: await _rows(reading, integration, name) for name in needs}
    whole, tables = Part(), list[TableCoverage]()
    without = {name: _without(table_named(kind, name), needs[name], rows[name]) for name in rows}
    for one in documents:
        known = not any(without[table](uses, one.day) for table, uses in one.keys.items())
        whole.add(known, one.currency, one.amount)
    for name, missing in without.items():
        tables.append(_of_table(name, needs[name], documents, missing, names))
    back = tuple(one.name for one in kind.tables if one.back and whole_table(one.name) not in names)
    return Coverage(
        integration.title, head[0], head[1], len(head[2]), whole.all.count, whole.all.sums, whole.covered.count,
        whole.percent, whole.money, tuple(tables), back,
    )  # fmt: skip


_Without = Callable[[Sequence[_Keys], dt.date], list[str]]


def _without(table: TableType, need: Need, rows: Table) -> _Without:
    """Of a document's uses the shown keys of those that have no row on its day under any of their keys, and need one."""

    def missing(uses: Sequence[_Keys], day: dt.date) -> list[str]:
        over = table.passes_over
        if need.by_itself or (over and any(rows.get(key, day) == over for keys in uses for key in keys)):
            return []
        found = (keys for keys in uses if keys[0] not in need.without)
        return [keys[0] for keys in found if all(rows.get(one, day) is None for one in keys)]

    return missing


def _of_table(
    name: str, need: Need, documents: Sequence[_Document], lacking: _Without, names: Mapping[str, str]
) -> TableCoverage:  # fmt: skip
    part, seen, missing = Part(), set[str](), defaultdict[str, list[_Document]](list)
    for one in documents:
        if uses := one.keys.get(name):
            seen.update(keys[0] for keys in uses)
            without = lacking(uses, one.day)
            part.add(not without, one.currency, one.amount)
            for key in without:
                missing[key].append(one)
    open_ = sorted((_open(key, names.get(f"{name}:{key}", ""), of) for key, of in missing.items()), key=_most)
    return TableCoverage(
        name, len(seen), need.by_itself, part.all.count, part.covered.count, part.percent, part.money, tuple(open_),
        need.unread and bool(open_),
    )  # fmt: skip


def _most(one: OpenKey) -> tuple[int, str]:
    return -one.documents, one.key


def _open(key: str, name: str, documents: Iterable[_Document]) -> OpenKey:
    tally, last = Tally(), dt.date.min
    for one in documents:
        tally.add(1, one.currency, one.amount)
        last = max(last, one.day)
    return OpenKey(key, name, tally.count, tally.sums, last)


async def _surveyed(reading: Reading, integration: Integration) -> list[_Document]:
    rows = await reading.all(
        """select day, currency, amount, keys from surveyed where tenant_id = %s and integration_id = %s
        order by flow, source_id""",
        reading.tenant_id, integration.integration_id,
    )  # fmt: skip
    found = []
    for day, currency, amount, texts in rows:
        uses = defaultdict[str, list[_Keys]](list)
        for text in texts:
            table, keys = opened(text)
            uses[table].append(keys)
        found.append(_Document(day, currency, amount, dict(uses)))
    return found


async def _names(reading: Reading, sealer: Sealer, integration: Integration) -> dict[str, str]:
    rows = await reading.all(
        "select key, name from survey_key where tenant_id = %s and integration_id = %s",
        reading.tenant_id, integration.integration_id,
    )  # fmt: skip
    return {shown(text): sealer.open(b"survey key", name).decode() for text, name in rows}


async def _rows(reading: Reading, integration: Integration, table: str) -> Table:
    found = Table()
    for row in await rows_in(reading, integration, table):
        found.add(row.key, row.valid_from, row.valid_until, row.value)
    return found
