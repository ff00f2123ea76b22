"""Indexes over one table's rows, made for a column when it is first asked for, so that no look-up goes through all rows.

What they give is a choice among which the answer is: whoever asks compares each row with the question as before.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping

Ids = dict[str, None]  # sys_ids in the order they came
UPDATED = "sys_updated_on"


class Index:
    """The indexes of one table over ``rows``, which the table keeps by sys_id."""

    def __init__(self, rows: Mapping[str, dict[str, str]]) -> None:
        self._rows = rows
        self._places: dict[str, int] = {}
        self._made = 0
        self._by_value: dict[str, dict[str, Ids]] = {}
        self._stamps: list[tuple[str, str]] | None = None  # with stamps that rows have no more

    def added(self, row: Mapping[str, str]) -> None:
        """A row is in the table now."""
        self._made += 1
        self._places[row["sys_id"]] = self._made
        for column, known in self._by_value.items():
            _file(known, row, column)
        self.moved(row)

    def moved(self, row: Mapping[str, str]) -> None:
        """A row has a new stamp."""
        if self._stamps is None:
            return
        insort(self._stamps, (row[UPDATED], row["sys_id"]))
        if len(self._stamps) > 2 * len(self._rows) + 1_000:
            self._stamps = None

    def changed(self, row: Mapping[str, str], before: Mapping[str, str]) -> None:
        """Columns of a row have other values than ``before``."""
        for column, known in self._by_value.items():
            if before.get(column, "").casefold() != row.get(column, "").casefold():
                _take(known, before, column)
                _file(known, row, column)

    def removed(self, row: Mapping[str, str]) -> None:
        """A row is not in the table any more."""
        del self._places[row["sys_id"]]
        for column, known in self._by_value.items():
            _take(known, row, column)

    def forget(self, column: str) -> None:
        """A column has another name, or other values than were told."""
        self._by_value.pop(column, None)

    def having(self, column: str, value: str) -> Ids:
        """Rows whose column is this text, whatever its case."""
        if column not in self._by_value:
            known: dict[str, Ids] = {}
            for row in self._rows.values():
                _file(known, row, column)
            self._by_value[column] = known
        return self._by_value[column].get(value.casefold(), {})

    def since(self, stamp: str) -> Ids:
        """Rows that were changed at this stamp or later."""
        if self._stamps is None:
            self._stamps = sorted((row[UPDATED], key) for key, row in self._rows.items())
        found = self._stamps[bisect_left(self._stamps, (stamp, "")) :]
        return dict.fromkeys(key for _, key in found if key in self._rows)

    def rows(self, ids: Iterable[str]) -> list[dict[str, str]]:
        """These rows in the order of their creation."""
        return [self._rows[key] for key in sorted(ids, key=self._places.__getitem__)]


def _file(known: dict[str, Ids], row: Mapping[str, str], column: str) -> None:
    known.setdefault(row.get(column, "").casefold(), {})[row["sys_id"]] = None


def _take(known: dict[str, Ids], row: Mapping[str, str], column: str) -> None:
    value = row.get(column, "").casefold()
    ids = known.get(value, {})
    ids.pop(row["sys_id"], None)
    if not ids:
        known.pop(value, None)
