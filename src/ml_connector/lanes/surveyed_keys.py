"""How a survey keeps by which rows of the mapping tables documents go: as text, the key that one shows before the others."""

from __future__ import annotations

from ml_connector.canonical.documents import Document
from ml_connector.integrations.tables import TableType

_OR = "\x1f"  # the separator of units; no system writes it into a name


def kept(table: TableType, document: Document) -> dict[str, str]:
    """By text the name of each key that a document shows. Behind it stand the keys of other rows that it may go by.

    A key that is looked up and not shown needs no row, and is left out.

    Who a party is has no name here; and no other row, since it needs none.
    """
    found, names = table.looked_up(document), dict(table.shown_keys(document))
    if table.of_people:
        return {f"{table.name}:{key}": "" for key in found}
    return {_text(table, key, tried): names[key] for key, tried in found.items() if key in names}


def _text(table: TableType, key: str, tried: tuple[str, ...]) -> str:
    return _OR.join((f"{table.name}:{key}", *(one for one in tried if one != key)))


def shown(text: str) -> str:
    """The table and the key that documents show, as ``table:key``."""
    return text.partition(_OR)[0]


def opened(text: str) -> tuple[str, tuple[str, ...]]:
    """The table and its keys, any of which may have the row; the first is the one that documents show."""
    table, _, keys = text.partition(":")
    return table, tuple(keys.split(_OR))
