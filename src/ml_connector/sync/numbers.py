"""Under which numbers documents are looked for: those that they get at the target, and those that others go by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ml_connector.canonical import documents
from ml_connector.canonical.money import ZERO
from ml_connector.canonical.numbers import number_key
from ml_connector.sync.flows import Flow
from ml_connector.sync.items import Item
from ml_connector.sync.mapping import Table

Given = dict[str, dict[str, list[str]]]  # by table: number key -> source ids


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of one flow's documents. ``known`` keeps what persons gave, as long as the lists stand."""

    flow: Flow
    tables: Mapping[str, Table]
    known: Given

    @property
    def prefix(self) -> str:
        """What the flow puts before its own numbers at the target."""
        return str(getattr(self.flow.settings, "number_prefix", "")) if self.flow.type.unique_numbers else ""

    def number(self, item: Item) -> str:
        """The number that the document gets at the target."""
        return self.flow.type.number_of(item.document, self._given_to(item), self.flow.settings)

    def key(self, item: Item) -> str:
        """The key of the number that the document gets at the target."""
        return number_key(self.number(item))

    def source_key(self, item: Item) -> str:
        """The key by which other documents of the source would come to the same number."""
        return self.key(item).removeprefix(number_key(self.prefix))

    def is_taken(self, item: Item, number: str, amount: Decimal | None = None) -> bool:
        """Whether a document that has only the number in common stands in the way: the very same, on the same kind.

        Another spelling is another number to a ledger that takes each once. ``amount``: of a document of the source.
        """
        mine = documents.amount_of(item.document) or ZERO
        alike = amount is None or (amount < 0) == (mine < 0)
        return alike and self.number(item).strip().casefold() == number.strip().casefold()

    def given(self) -> Mapping[str, list[str]]:
        """By key of a number: the source ids of the documents a person gave it to."""
        name = self.flow.type.number_table
        if name not in self.known:
            given: dict[str, list[str]] = defaultdict(list)
            for source_id, number in self.tables[name].items() if name in self.tables else ():
                given[number_key(number)].append(source_id)
            self.known[name] = given
        return self.known[name]

    def _given_to(self, item: Item) -> str | None:
        table = self.tables.get(self.flow.type.number_table)
        return table.get(item.source_id) if table else None
