"""A table of records: by id, by modification, with the versions a lagging reader still sees."""

from __future__ import annotations

import zlib
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.servicetitan.books.changing import changed
from ml_connector_sandbox.servicetitan.stamps import Moment, canonical, stamp_at


@dataclass(frozen=True, kw_only=True)
class Record:
    """What every record carries. Leave ``id`` and the stamps to ``Table.add``."""

    id: int = 0
    """Unique within its tenant only; 0 until added."""
    created_on: str = ""
    modified_on: str = ""
    active: bool = True


R = TypeVar("R", bound=Record)

_LAST = "9999"
_SELECTIONS = 64


class Table(Generic[R]):
    """Records of one resource of one tenant. Records never change; ``modify`` puts a new version in their place."""

    def __init__(
        self,
        what: str,
        clock: SandboxClock,
        next_id: Callable[[], int],
        group: Callable[[R], int | None] | None = None,
        named: Callable[[R], Hashable] | None = None,
    ) -> None:
        self.what = what
        self.changes = 0
        """How often anything was kept here."""
        self.generation = 0
        """Moves with every change; with ``named``, only when what that reads of a record becomes another."""
        self.selections: dict[Hashable, list[R]] = {}
        """Answers of list queries, dropped at every change."""
        self._clock, self._next_id, self._group, self._named = clock, next_id, group, named
        self._groups: dict[int | None, dict[int, None]] = {}
        self._current: dict[int, R] = {}
        self._earlier: dict[int, list[R]] = {}
        self._by_modification: list[tuple[str, int]] = []
        self.heard: Callable[[str, R | None, R], None] | None = None
        """Told of every change: what the table holds, the version before (None: it is new), the version after."""

    def add(self, record: R, created_on: Moment | None = None, modified_on: Moment | None = None) -> R:
        """Keep ``record``, with the next id unless it has one, stamped now unless told; returns it as kept.

        ``modified_on`` defaults to ``created_on``. Raises ValueError when the id is taken.
        """
        created = stamp_at(self._clock.now()) if created_on is None else canonical(created_on)
        modified = created if modified_on is None else canonical(modified_on)
        number = record.id or self._next_id()
        if number in self._current:
            raise ValueError(f"{self.what} {number} exists already")
        return self._keep(changed(record, id=number, created_on=created, modified_on=modified))

    def modify(self, number: int, modified_on: Moment | None = None, **changes: Any) -> R:
        """Put a new version with ``changes`` in place, stamped now (never earlier than before) unless told.

        Raises KeyError when there is no such record, TypeError on a field the record does not have.
        """
        old = self[number]
        stamp = max(stamp_at(self._clock.now()), old.modified_on) if modified_on is None else canonical(modified_on)
        new = changed(old, modified_on=stamp, **changes)
        self._earlier.setdefault(number, []).append(old)
        del self._by_modification[bisect_left(self._by_modification, (old.modified_on, number))]
        if self._group is not None:
            self._groups[self._group(old)].pop(number)
        return self._keep(new)

    def touch(self, number: int, modified_on: Moment | None = None) -> R:
        """Move modifiedOn and change nothing else."""
        return self.modify(number, modified_on)

    def _keep(self, record: R) -> R:
        old = self._current.get(record.id)
        self._current[record.id] = record
        insort(self._by_modification, (record.modified_on, record.id))
        if self._group is not None:
            self._groups.setdefault(self._group(record), {})[record.id] = None
        if self._named is None or (old is not None and self._named(old) != self._named(record)):
            self.generation += 1
        self.changes += 1
        self.selections.clear()
        if self.heard is not None:
            self.heard(self.what, old, record)
        return record

    def __getitem__(self, number: int) -> R:
        try:
            return self._current[number]
        except KeyError:
            raise KeyError(f"there is no {self.what} {number}") from None

    def get(self, number: int | None) -> R | None:
        return None if number is None else self._current.get(number)

    def __contains__(self, number: int) -> bool:
        return number in self._current

    def __iter__(self) -> Iterator[R]:
        return iter(list(self._current.values()))

    def __len__(self) -> int:
        return len(self._current)

    def numbers(self) -> list[int]:
        """Every id."""
        return list(self._current)

    def in_group(self, key: int) -> list[R]:
        """The records whose group (given at construction, such as their purchase order) is ``key``."""
        return [self._current[number] for number in self._groups.get(key, {})]

    def version_at(self, number: int, horizon: str | None) -> R | None:
        """The version a reader sees who knows nothing modified after ``horizon`` (None: sees everything)."""
        current = self._current.get(number)
        if current is None or horizon is None or current.modified_on <= horizon:
            return current
        earlier = (old for old in reversed(self._earlier.get(number, [])) if old.modified_on <= horizon)
        return next(earlier, None)

    def versions_of(self, numbers: Iterable[int], horizon: str | None) -> list[R]:
        """The versions seen at ``horizon`` of the records that exist."""
        seen = (self.version_at(number, horizon) for number in numbers)
        return [record for record in seen if record is not None]

    def keep_selection(self, key: Hashable, rows: list[R]) -> None:
        """Remember the answer of a list query until the next change."""
        if len(self.selections) >= _SELECTIONS:
            self.selections.clear()
        self.selections[key] = rows

    def modified_between(self, lower: str | None, upper: str | None, horizon: str | None) -> list[R]:
        """Versions modified at or after ``lower`` and before ``upper``, as seen at ``horizon``."""
        low, high = lower or "", upper or _LAST
        if horizon is None:
            start = bisect_left(self._by_modification, (low, 0))
            end = bisect_left(self._by_modification, (high, 0))
            return [self._current[number] for _, number in self._by_modification[start:end]]
        seen = self.versions_of(self._current, horizon)
        return [record for record in seen if low <= record.modified_on < high]

    def modified_after(self, position: tuple[str, int], horizon: str) -> list[R]:
        """Versions as seen at ``horizon``, after ``position`` (modifiedOn, id), in order of modification."""
        start = bisect_right(self._by_modification, position)
        end = max(start, bisect_left(self._by_modification, (horizon + "~", 0)))
        seen = [self._current[number] for _, number in self._by_modification[start:end]]
        before = self.versions_of((number for _, number in self._by_modification[end:]), horizon)
        seen += [record for record in before if (record.modified_on, record.id) > position]
        return sorted(seen, key=lambda record: (record.modified_on, record.id)) if before else seen


def unordered(record: Record) -> int:
    """The sort key of lists whose order the vendor leaves open: always the same, but neither by id nor by time."""
    return zlib.crc32(b"%d" % record.id)
