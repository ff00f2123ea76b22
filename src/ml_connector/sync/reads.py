"""READS: which rows of the mapping tables a plan was made from, and which of them say something else now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from ml_connector.integrations.views import Ledger, MappingTable, View
from ml_connector.sync.changes import named
from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import LaneTransaction


class Read(msgspec.Struct, frozen=True, array_like=True):
    """One look at a mapping table: the value of a key on a document date, None where no row is valid."""

    table: str
    key: str
    on: dt.date | None
    value: str | None


_encoder, _decoder = msgspec.json.Encoder(), msgspec.json.Decoder(tuple[Read, ...])


def encode(reads: Iterable[Read]) -> bytes:
    """The text that is stored with a plan."""
    return _encoder.encode(tuple(reads))


def decode(text: bytes) -> tuple[Read, ...]:
    """What a stored plan has read."""
    return _decoder.decode(text)


def opened(unseal: Callable[[bytes, bytes], bytes], sealed: bytes | None) -> tuple[Read, ...]:
    """What a stored plan has read; nothing is known of one from before that was kept."""
    return decode(unseal(b"plan reads", sealed)) if sealed else ()


class NotedTables(Mapping[str, MappingTable]):
    """Mapping tables that note what is read of them."""

    def __init__(self, tables: Mapping[str, MappingTable]) -> None:
        self._tables = tables
        self._seen: dict[tuple[str, str, dt.date | None], Read] = {}

    @property
    def reads(self) -> tuple[Read, ...]:
        """Everything that was read so far, once."""
        return tuple(self._seen.values())

    def note(self, read: Read) -> None:
        """Note one look."""
        self._seen[read.table, read.key, read.on] = read

    def __getitem__(self, name: str) -> MappingTable:
        return _NotedTable(name, self._tables[name], self)

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)


class _NotedTable:
    def __init__(self, name: str, table: MappingTable, notes: NotedTables) -> None:
        self._name, self._table, self._notes = name, table, notes

    def get(self, key: str, on: dt.date | None = None) -> str | None:
        value = self._table.get(key, on)
        self._notes.note(Read(self._name, key, on, value))
        return value

    def items(self) -> Iterable[tuple[str, str]]:
        return self._table.items()


def moved(reads: Iterable[Read], tables: Mapping[str, MappingTable]) -> list[tuple[Read, str | None]]:
    """What was read and is another value now, with that."""
    now = [(one, table.get(one.key, one.on) if (table := tables.get(one.table)) is not None else None) for one in reads]
    return [(one, value) for one, value in now if value != one.value]


async def told(
    transaction: LaneTransaction, flow: Flow, view: View, changed: Sequence[tuple[Read, str | None]]
) -> list[str]:
    """Each row that says something else now: from what to what, since when, and by whom."""
    if not changed:
        return []
    rows = await transaction.all(
        """select distinct on (table_name, source_key) table_name, source_key, changed_at, changed_by from mapping
        where tenant_id = %b and integration_id = %b
          and (table_name, source_key) in (select * from unnest(%b::text[], %b::text[]))
        order by table_name, source_key, changed_at desc""",
        transaction.lane.tenant_id, flow.integration_id, [one.table for one, _ in changed],
        [one.key for one, _ in changed],
    )  # fmt: skip
    by = {(table, key): f"changed on {at:%Y-%m-%d %H:%M} UTC by {who}" for table, key, at, who in rows}
    return [
        f"the row {_key(one, flow, view)} of the mapping table {one.table} was "
        f"{by.get((one.table, one.key), 'taken away')}, "
        f"from {_value(one.value, view.ledger)} to {_value(now, view.ledger)}"
        for one, now in changed
    ]


def _key(read: Read, flow: Flow, view: View) -> str:
    """A row's key, with the name of what it is the id of at the source."""
    listed = view.source_lists.get(flow.integration.table(read.table).source_entity, {}).get(read.key)
    name = str(getattr(listed, "name", ""))
    return f"'{read.key}' ({name})" if name else f"'{read.key}'"


def _value(value: str | None, ledger: Ledger) -> str:
    """A row's value by the name of what it names; some have a word of their own before the id."""
    if not value:
        return "nothing"
    word, colon, id_ = value.partition(":")
    whole = named(value, ledger)
    return whole if whole != value or not colon else f"{word} {named(id_, ledger)}"
