"""An indexed register of documents, so that a page of ten thousand does not read them all."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Generic, Protocol, TypeVar

Key = tuple[datetime, int]


class Dated(Protocol):
    """What a register can hold."""

    created: datetime
    modified: datetime
    sequence: int


D = TypeVar("D", bound=Dated)


class Register(Generic[D]):
    """Documents by id, by creation, by last change, and by named keys (vendor, number ...)."""

    def __init__(
        self,
        identity: Callable[[D], str],
        indexes: dict[str, Callable[[D], str]],
        heard: Callable[[str, str, D], None] | None = None,
    ) -> None:
        """``heard`` is told of every change: created, updated or deleted, the id, and the document."""
        self._identity, self._functions, self._heard = identity, indexes, heard
        self._documents: dict[str, D] = {}
        self._by_sequence: dict[int, D] = {}
        self._created: list[Key] = []
        self._modified: list[Key] = []
        self._indexes: dict[str, dict[str, dict[str, D]]] = {name: {} for name in indexes}
        self._entered: dict[str, tuple[Key, Key, dict[str, str]]] = {}

    def __len__(self) -> int:
        return len(self._documents)

    def __iter__(self) -> Iterator[D]:
        return iter(self._documents.values())

    def get(self, document_id: str) -> D | None:
        """The document with this id."""
        return self._documents.get(document_id)

    def put(self, document: D) -> None:
        """Enter a document, or enter it again after any change."""
        identity = self._identity(document)
        known = identity in self._documents
        self._leave(identity)
        created, modified = (document.created, document.sequence), (document.modified, document.sequence)
        keys = {name: function(document) for name, function in self._functions.items()}
        self._documents[identity] = self._by_sequence[document.sequence] = document
        insort(self._created, created)
        insort(self._modified, modified)
        for name, key in keys.items():
            self._indexes[name].setdefault(key, {})[identity] = document
        self._entered[identity] = (created, modified, keys)
        self._tell("updated" if known else "created", identity, document)

    def remove(self, document: D) -> None:
        """Take a document out for good."""
        identity = self._identity(document)
        self._leave(identity)
        del self._documents[identity]
        del self._by_sequence[document.sequence]
        self._tell("deleted", identity, document)

    def _tell(self, action: str, identity: str, document: D) -> None:
        if self._heard is not None:
            self._heard(action, identity, document)

    def having(self, index: str, key: str) -> list[D]:
        """Documents whose key of this index is exactly ``key``."""
        return list(self._indexes[index].get(key, {}).values())

    def indexed(self, index: str) -> bool:
        """Is there an index of this name."""
        return index in self._indexes

    def modified_since(self, moment: datetime) -> list[D]:
        """Documents changed at or after ``moment``, oldest change first."""
        return self._of(self._modified[bisect_left(self._modified, (moment, -1)) :])

    def slice_created(self, until: datetime, start: int, stop: int, descending: bool) -> list[D]:
        """Positions ``start`` to ``stop`` of what was created up to ``until``, in order of creation."""
        return self._slice(self._created, bisect_right(self._created, (until, 1 << 62)), start, stop, descending)

    def slice_modified(self, start: int, stop: int, descending: bool) -> list[D]:
        """Positions ``start`` to ``stop`` in order of last change."""
        return self._slice(self._modified, len(self._modified), start, stop, descending)

    def _slice(self, keys: list[Key], count: int, start: int, stop: int, descending: bool) -> list[D]:
        if descending:
            return self._of(reversed(keys[max(0, count - stop) : max(0, count - start)]))
        return self._of(keys[start : min(stop, count)])

    def _of(self, keys: Iterable[Key]) -> list[D]:
        return [self._by_sequence[sequence] for _, sequence in keys]

    def _leave(self, identity: str) -> None:
        if identity not in self._entered:
            return
        created, modified, keys = self._entered.pop(identity)
        del self._created[bisect_left(self._created, created)]
        del self._modified[bisect_left(self._modified, modified)]
        for name, key in keys.items():
            del self._indexes[name][key][identity]
