"""The mapping tables of what is sold in Zoho Books: the keys its documents show, and what their values may be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Item
from ml_connector.canonical.sales import Invoice
from ml_connector.integrations.items_alike import money_apart
from ml_connector.integrations.line_items import codes, item_key
from ml_connector.integrations.receivable_tables import EXEMPT, SalesTaxTable
from ml_connector.integrations.tables import TableType
from ml_connector.integrations.zones_alike import is_same_rate, rate_evidence


@dataclass(frozen=True, slots=True)
class ItemTable(TableType):
    """What is sold by name, one for every line that charges something. One of the same code needs no row."""

    @property
    def by_id(self) -> bool:
        return False

    def listed_key(self, entry: Document) -> str:
        assert isinstance(entry, Item)
        return item_key(entry.sku or entry.name)

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        lines = document.lines if isinstance(document, Invoice) else ()
        charged = [line for line in lines if line.chargeable and line.amount != 0]
        return [(item_key(line.sku), line.description) for line in charged]

    def listed_there(self, entries: Iterable[Document]) -> frozenset[str]:
        found = codes(one for one in entries if isinstance(one, Item))
        return frozenset(item_key(code) for code, ids in found.items() if len(ids) == 1)

    def evidence(self, entry: Document | None, there: Document) -> str:
        if not isinstance(entry, Item) or not isinstance(there, Item):
            return ""
        apart = money_apart(entry, there)
        return f"they differ in {', '.join(apart)}" if apart else ""

    def unfit(self, value: str, entry: Document, key: str = "") -> str:
        if not isinstance(entry, Item) or (entry.active and entry.income_account.id):
            return ""
        why = "is not sold in the ledger: it has no sales account" if entry.active else "is inactive in the ledger"
        return f"{entry.name} {why}"


@dataclass(frozen=True, slots=True)
class OptionalExemptTable(SalesTaxTable):
    """As where every line names a tax type, but what is not taxed names none; a row may say otherwise."""

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        return [pair for pair in SalesTaxTable.shown_keys(self, document) if pair[0] != EXEMPT]

    def looked_up(self, document: Document) -> dict[str, tuple[str, ...]]:
        """With the row of what is not taxed, which counts where there is one, though none is needed."""
        return {key: (key,) for key, _ in SalesTaxTable.shown_keys(self, document) if key}

    def evidence(self, entry: Document | None, there: Document) -> str:
        return rate_evidence(entry, there)

    def speaks(self, entry: Document | None, there: Document) -> bool:
        return is_same_rate(entry, there)
