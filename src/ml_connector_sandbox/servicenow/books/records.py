"""The rows of one instance: insert, change, delete, with stamps, numbers, lengths and unique indexes."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.servicenow.books import values
from ml_connector_sandbox.servicenow.books.dictionary import STAMPS, Column, TableDefinition
from ml_connector_sandbox.servicenow.books.indexes import Ids, Index
from ml_connector_sandbox.servicenow.switches import Switches

Row = dict[str, str]
Listener = Callable[[str, Row, Row | None], None]
"""Told of a written row: its table, the row, and how it was before (None: it is new)."""
_FIRST_NUMBER = 1001


class UnknownTable(Exception):
    """There is no such table, or its plug-in is not active."""


class InsertFailed(Exception):
    """The data base refuses a row: a unique index, a sys_id that is taken, a text too long. Carries its display."""


@dataclass
class Table:
    """One table's definition and rows, by sys_id, in the order of their creation."""

    definition: TableDefinition
    rows: dict[str, Row] = field(default_factory=dict)
    born: dict[str, float] = field(default_factory=dict)
    """sys_id -> sandbox seconds of the insert."""
    numbers: int = 0
    index: Index = field(init=False)

    def __post_init__(self) -> None:
        self.index = Index(self.rows)


class Records:
    """All tables of the instance at ``host``."""

    def __init__(self, clock: SandboxClock, switches: Switches, host: str) -> None:
        self.clock, self.switches, self.host = clock, switches, host
        self.tables: dict[str, Table] = {}
        self.listeners: list[Listener] = []
        self.currency = "USD"
        self._families: dict[str, list[Table]] = {}
        self._columns: dict[str, Mapping[str, Column]] = {}
        self._made = 0

    # ---- the dictionary

    def define(self, definitions: Iterable[TableDefinition]) -> None:
        """Add tables; one of the same name is replaced with its rows."""
        for one in definitions:
            self.tables[one.name] = Table(one)
        self._families.clear()
        self._columns.clear()

    def available(self, name: str) -> bool:
        """Whether there is such a table and its plug-in is active."""
        found = self.tables.get(name)
        return found is not None and not (found.definition.plugin and self.switches.plugin_inactive)

    def table(self, name: str) -> Table:
        """Raises UnknownTable."""
        if not self.available(name):
            raise UnknownTable(name)
        return self.tables[name]

    def columns(self, name: str) -> Mapping[str, Column]:
        """The columns of a table, its parents' after its own. Raises UnknownTable."""
        definition = self.table(name).definition
        if name not in self._columns:
            own = definition.columns
            self._columns[name] = {**own, **{key: one for key, one in self._inherited(definition) if key not in own}}
        return self._columns[name]

    def column_added(self, name: str, column: Column) -> None:
        """A table has one column more. Raises UnknownTable."""
        self.table(name).definition.columns[column.name] = column
        self._columns.clear()

    def column_removed(self, name: str, column: str) -> None:
        """A table has a column no more; its rows keep what they hold. Raises UnknownTable, KeyError."""
        del self.table(name).definition.columns[column]
        self._columns.clear()

    def is_a(self, name: str, parent: str) -> bool:
        """Whether a table is, or extends, another."""
        while name:
            if name == parent:
                return True
            name = self.tables[name].definition.extends if name in self.tables else ""
        return False

    def column_named(self, name: str, canonical: str) -> str:
        """The present name of a column that may have been renamed; the canonical one when there is none such."""
        known = self.columns(name)
        return next((key for key, one in known.items() if one.canonical == canonical), canonical)

    # ---- reading

    def rows(self, name: str) -> list[Row]:
        """The rows of a table and of those that extend it, oldest first."""
        self.table(name)
        tables = self._family(name)
        if len(tables) == 1:
            return list(tables[0].rows.values())  # a table keeps its rows in the order of their creation
        return sorted((row for one in tables for row in one.rows.values()), key=self.born)

    def chosen(self, name: str, choose: Callable[[Index], Ids]) -> list[Row]:
        """Rows that an index of each of these tables chooses, oldest first. Raises UnknownTable."""
        self.table(name)
        tables = self._family(name)
        found = [row for one in tables if one.rows for row in one.index.rows(choose(one.index))]
        return found if len(tables) == 1 else sorted(found, key=self.born)

    def get(self, name: str, sys_id: str) -> Row | None:
        """The row with this sys_id, in the table or one that extends it."""
        return next((one.rows[sys_id] for one in self._family(name) if sys_id in one.rows), None)

    def find(self, name: str, /, **wanted: str) -> Row | None:
        """The oldest row whose columns have these values, compared without regard to case."""
        return next(self._having(name, wanted), None)

    def having(self, name: str, /, **wanted: str) -> list[Row]:
        """All rows whose columns have these values."""
        return list(self._having(name, wanted))

    def named(self, name: str, sys_id: str) -> Row:
        """The row with this sys_id. Raises ValueError with a sentence."""
        found = self.get(name, sys_id)
        if found is None:
            raise ValueError(f"{name} on {self.host} has no record with the sys_id {sys_id!r}")
        return found

    def display_column(self, name: str) -> str:
        """The column that stands for a record: the table's own, ``number``, ``name``, else when it was created."""
        definition = self.table(name).definition
        known = self.columns(name)
        return definition.display or next((one for one in ("number", "name") if one in known), "sys_created_on")

    def display(self, name: str, row: Mapping[str, str]) -> str:
        """What stands for a record where it is referred to."""
        return row.get(self.display_column(name), "")

    def born(self, row: Mapping[str, str]) -> float:
        """Sandbox seconds of a row's insert."""
        return self.tables[row["sys_class_name"]].born[row["sys_id"]]

    def target(self, column: Column, row: Mapping[str, str]) -> tuple[str, Row] | None:
        """Table and record that a reference column of ``row`` leads to; None when it is empty or leads nowhere."""
        value = row.get(column.name, "")
        name = column.reference or next((row[key] for key in _TABLE_OF if row.get(key)), "")
        if not value or name not in self.tables:
            return None
        found = self.get(name, value)
        return (name, found) if found is not None else None

    # ---- writing

    def insert(self, name: str, given: Mapping[str, str], by: str = "system") -> Row:
        """A new row; unknown columns are dropped. Raises UnknownTable, InsertFailed."""
        table, known = self.table(name), self.columns(name)
        wanted = given.get("sys_id", "")
        row = {key: column.default for key, column in known.items()}
        row |= {"sys_id": wanted if values.is_sys_id(wanted) else self.new_id(), "sys_class_name": name}
        self._fill(known, row, given)
        self._number(table, row)
        self._require_unique(name, row)
        now = self._now()
        row |= {"sys_created_on": now, "sys_created_by": by, "sys_updated_on": now, "sys_updated_by": by}
        row["sys_mod_count"] = "0"
        table.rows[row["sys_id"]] = row
        table.born[row["sys_id"]] = self.clock.seconds()
        table.index.added(row)
        self._told(name, row, None)
        return row

    def update(self, row: Row, given: Mapping[str, str], by: str = "system") -> bool:
        """Change columns of a row; False, and no stamp moves, when all have these values. Raises InsertFailed."""
        name, known = row["sys_class_name"], self.columns(row["sys_class_name"])
        changed = {key: one for key, one in given.items() if key in known and not self.same(known[key], row, one)}
        if not changed:
            return False
        before = dict(row)
        self._fill(known, row, changed)
        try:
            self._require_unique(name, row)
        except InsertFailed:
            row.update(before)
            raise
        self.touch(row, by)
        self.tables[name].index.changed(row, before)
        self._told(name, row, before)
        return True

    def touch(self, row: Row, by: str = "system") -> None:
        """A row was saved: its stamps move."""
        row["sys_updated_on"], row["sys_updated_by"] = self._now(), by
        row["sys_mod_count"] = str(int(row["sys_mod_count"]) + 1)
        self.tables[row["sys_class_name"]].index.moved(row)

    def clear(self, row: Row, column: str) -> None:
        """A rule of the platform empties a column as the row is written; no stamp moves."""
        before = dict(row)
        row[column] = ""
        self.tables[row["sys_class_name"]].index.changed(row, before)

    def delete(self, row: Mapping[str, str]) -> None:
        """Take a row away; what refers to it keeps its sys_id."""
        table = self.tables[row["sys_class_name"]]
        del table.rows[row["sys_id"]], table.born[row["sys_id"]]
        table.index.removed(row)

    def new_id(self) -> str:
        """A sys_id that none has."""
        self._made += 1
        return uuid.uuid5(uuid.NAMESPACE_DNS, f"{self.host}/{self._made}").hex

    def same(self, column: Column, row: Mapping[str, str], value: str) -> bool:
        """Whether writing ``value`` into this column of ``row`` would change nothing."""
        if column.type == "currency2" and value:
            return self.price(row.get(column.name, "")) == values.price(value) is not None
        if column.choices and not value:
            return True
        return row.get(column.name, "") == self._stored(column, value)

    def price(self, sys_id: str) -> tuple[str, Decimal] | None:
        """Currency and amount of an FX value; None when it is empty."""
        found = self.get("fx_currency2_instance", sys_id) if sys_id else None
        return values.price(f"{found['currency']};{found['amount']}") if found else None

    def rename(self, name: str, old: str, new: str) -> None:
        """Give a column of a table another name, in its rows, too."""
        table = self.tables[name]
        table.definition.columns = {(new if key == old else key): one for key, one in table.definition.columns.items()}
        table.definition.columns[new].name = new
        self._columns.clear()
        for row in table.rows.values():
            row[new] = row.pop(old, "")
        table.index.forget(old)
        table.index.forget(new)

    def _family(self, name: str) -> list[Table]:
        """A table and those that extend it."""
        if name not in self._families:
            self._families[name] = [one for child, one in self.tables.items() if self.is_a(child, name)]
        return self._families[name]

    def _now(self) -> str:
        """The present stamp; several changes within its granularity bear the same one."""
        seconds = max(1, self.switches.stamp_seconds)
        return values.stamp(datetime.fromtimestamp(self.clock.seconds() // seconds * seconds, UTC))

    def _having(self, name: str, wanted: Mapping[str, str]) -> Iterator[Row]:
        asked = [(key, one.casefold()) for key, one in wanted.items()]
        filled = [(key, one) for key, one in asked if one]
        rows = self.chosen(name, lambda index: _rarest(index, filled)) if filled else self.rows(name)
        return _alike(rows, asked)

    def _inherited(self, definition: TableDefinition) -> Iterable[tuple[str, Column]]:
        return self.columns(definition.extends).items() if definition.extends else ()

    def _told(self, name: str, row: Row, before: Row | None) -> None:
        for listener in self.listeners:
            listener(name, row, before)

    def _fill(self, known: Mapping[str, Column], row: Row, given: Mapping[str, str]) -> None:
        for key, value in given.items():
            column = known.get(key)
            if column is None or key in STAMPS:
                continue
            if column.choices and not value and row.get(key):
                continue  # an empty text clears every field but a choice
            row[key] = self._written_price(value) if column.type == "currency2" else self._stored(column, value)

    def _stored(self, column: Column, value: str) -> str:
        if column.type == "boolean":
            return values.boolean(value)
        if not value:
            return ""
        if column.numeric:
            return values.rounded(value, 0 if column.type == "integer" else self.switches.decimals)
        if column.type in _DATES:
            return _DATES[column.type](value)
        return self._referred(column, value) if column.refers else self._fitted(column, value)

    def _referred(self, column: Column, value: str) -> str:
        known = not column.reference or column.reference not in self.tables or self.get(column.reference, value)
        return value if known or self.switches.unknown_reference == "stored" else ""

    def _fitted(self, column: Column, value: str) -> str:
        if len(value) > column.max_length and self.switches.over_long == "refused":
            raise InsertFailed(value[: column.max_length])
        return value[: column.max_length]

    def _written_price(self, value: str) -> str:
        found = values.price(value)
        if found is None:
            if not value or self.switches.plain_currency == "discarded":
                return ""
            found = (self.currency, Decimal("0.00"))
        code, amount = found
        shown = format(amount, "f")
        fx = {"currency": code, "amount": shown, "reference_currency": code, "reference_amount": shown}
        return self.insert("fx_currency2_instance", fx)["sys_id"]

    def _number(self, table: Table, row: Row) -> None:
        if table.definition.number and not row.get("number"):
            row["number"] = f"{table.definition.number}{_FIRST_NUMBER + table.numbers:07d}"
            table.numbers += 1

    def _require_unique(self, name: str, row: Row) -> None:
        table = self.tables[name]
        shown = self.display(name, row)
        if row["sys_id"] in table.rows and table.rows[row["sys_id"]] is not row:
            raise InsertFailed(shown)
        for key in table.definition.unique:
            own = [(one, row.get(one, "").casefold()) for one in key]
            filled = [(one, value) for one, value in own if value]
            rows = table.index.rows(_rarest(table.index, filled)) if filled else []
            if any(other["sys_id"] != row["sys_id"] for other in _alike(rows, own)):
                raise InsertFailed(shown)


def _alike(rows: Iterable[Row], asked: Sequence[tuple[str, str]]) -> Iterator[Row]:
    return (row for row in rows if all(row.get(key, "").casefold() == one for key, one in asked))


def _rarest(index: Index, asked: Iterable[tuple[str, str]]) -> Ids:
    """The rows that the most telling of these values chooses."""
    return min((index.having(key, one) for key, one in asked), key=len)


_DATES = {"glide_date": values.date_of, "glide_date_time": values.stamp_of}
_TABLE_OF = ("sys_target_table", "record_table", "table_name")
"""The columns that say which table a document id leads to."""
