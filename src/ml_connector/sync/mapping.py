"""Mapping tables in memory, as of one generation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from ml_connector.store.database import Session as Transaction


class Table:
    """One mapping table: source key to target value, with validity dates."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[dt.date, dt.date, str]]] = {}

    def add(self, key: str, valid_from: dt.date, valid_until: dt.date, value: str) -> None:
        """Add one row."""
        self._rows.setdefault(key, []).append((valid_from, valid_until, value))

    def get(self, key: str, on: dt.date | None = None) -> str | None:
        """The value valid on a date; without a date, the row that is valid longest."""
        rows = self._rows.get(key)
        if not rows:
            return None
        if on is None:
            return max(rows, key=lambda row: row[1])[2]
        return next((value for first, last, value in rows if first <= on <= last), None)

    def items(self) -> Iterable[tuple[str, str]]:
        """Every key with every value it has at some time."""
        return ((key, value) for key, rows in self._rows.items() for _, _, value in rows)

    def __len__(self) -> int:
        return len(self._rows)


_ROWS = """
    select table_name, source_key, greatest(valid_from, date '0001-01-01'), least(valid_until, date '9999-12-31'),
           target_key
    from mapping where tenant_id = %s and integration_id = %s"""


async def tables_of(
    connection: Transaction, tenant_id: int, integration_id: int, names: Iterable[str]
) -> Mapping[str, Table]:
    """All mapping tables of an integration; a table without rows is there and empty."""
    tables = {name: Table() for name in names}
    for name, key, first, last, value in await (
        await connection.execute(_ROWS.encode(), [tenant_id, integration_id])
    ).fetchall():
        if name in tables:
            tables[name].add(key, first, last, value)
    return tables
