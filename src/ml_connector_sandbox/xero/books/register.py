"""Records by id, in order of last change, and by named keys."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Generic, Protocol, TypeVar

Key = tuple[datetime, str]


class Dated(Protocol):
    """What a register can hold."""

    updated: datetime

    @property
    def record_id(self) -> str: ...


D = TypeVar("D", bound=Dated)


class Register(Generic[D]):
    """Iterates in the API's default order: last change, then id."""

    def __init__(self, indexes: dict[str, Callable[[D], str]], heard: Callable[[str, D], None]) -> None:
        """``heard`` is told ``created`` or ``updated`` with every record that is put."""
        self._functions, self._heard = indexes, heard
        self._records: dict[str, D] = {}
        self._order: list[Key] = []
        self._indexes: dict[str, dict[str, dict[str, D]]] = {name: {} for name in indexes}
        self._entered: dict[str, tuple[Key, dict[str, str]]] = {}

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[D]:
        return (self._records[identity] for _, identity in list(self._order))

    def get(self, record_id: str) -> D | None:
        """The record with this id, in any case."""
        return self._records.get(record_id.lower())

    def put(self, record: D, announce: bool = True) -> None:
        """Enter a record, or enter it again after any change."""
        identity = record.record_id
        known = identity in self._records
        self._leave(identity)
        key = (record.updated, identity)
        names = {name: function(record) for name, function in self._functions.items()}
        self._records[identity] = record
        insort(self._order, key)
        for name, value in names.items():
            self._indexes[name].setdefault(value, {})[identity] = record
        self._entered[identity] = (key, names)
        if announce:
            self._heard("updated" if known else "created", record)

    def having(self, index: str, key: str) -> list[D]:
        """Records whose key of this index is exactly ``key``."""
        return list(self._indexes[index].get(key, {}).values())

    def since(self, moment: datetime) -> list[D]:
        """Records changed at or after ``moment``, oldest change first."""
        return [self._records[identity] for _, identity in self._order[bisect_left(self._order, (moment, "")) :]]

    def oldest(self) -> D | None:
        """The record whose last change is longest ago."""
        return self._records[self._order[0][1]] if self._order else None

    def _leave(self, identity: str) -> None:
        if identity not in self._entered:
            return
        key, names = self._entered.pop(identity)
        del self._order[bisect_left(self._order, key)]
        for name, value in names.items():
            del self._indexes[name][value][identity]
