"""By which keys of a mapping table documents go: as their planner looks for rows, in the currency that it books them in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.canonical.documents import Document, amount_of
from ml_connector.canonical.master_data import Organisation
from ml_connector.canonical.money import ZERO
from ml_connector.integrations.base import IntegrationType
from ml_connector.integrations.checks import UNITS, in_its_currency
from ml_connector.integrations.tables import TableType
from ml_connector.sealing import Sealer
from ml_connector.service.company_books import listed, organisation_of
from ml_connector.service.desk import Reading
from ml_connector.service.integrating import Integration


@dataclass(frozen=True, slots=True)
class Uses:
    """A table, and what tells the currency of documents that state none: business units, settings, the source itself."""

    table: TableType
    units: Mapping[str, Document]
    settings: Any
    source: Organisation

    def stated(self, document: Document) -> Document:
        """The document with the currency in which it is planned."""
        return in_its_currency(document, {UNITS: self.units}, self.settings, self.source)

    def keys(self, flow: str, document: Document) -> set[str]:
        """The keys that a document of a flow uses: its own, where the table is of such, and those it is planned by."""
        own = {self.table.listed_key(document)} if flow == self.table.name else set()
        return (own - {""}).union(*self.table.looked_up(self.stated(document)).values())


async def uses_of(
    reading: Reading, sealer: Sealer, kind: IntegrationType, integration: Integration, table: TableType
) -> Uses:  # fmt: skip
    """How documents use a table under the settings and lists of today."""
    units = await listed(reading, sealer, integration.source_id, UNITS)
    settings = msgspec.convert(integration.settings, kind.settings, strict=False)
    return Uses(table, units or {}, settings, await organisation_of(reading, sealer, integration.source_id))


def amounts(table: TableType, document: Document) -> dict[tuple[str, ...], Decimal]:
    """What of a document goes by a row of a table, by the keys under which that is looked for in their order: the lines

    that use it, its tax, or the whole of it. Of a document without tax the lines go by the row of what is not taxed.
    """
    lines = getattr(document, "lines", ())
    shown = _looked_up(table, document)
    bare = _looked_up(table, msgspec.structs.replace(document, lines=())) if lines else shown
    of_taxes = "tax_codes" in table.target_lists
    whole = getattr(document, "tax", ZERO) if of_taxes else amount_of(document) or ZERO
    if of_taxes and lines and not whole:
        lines, bare = [line for line in lines if getattr(line, "chargeable", True)], set()
    found = dict.fromkeys(shown & bare, whole)
    for line in lines:
        for keys in _looked_up(table, msgspec.structs.replace(document, lines=(line,))) - bare:
            found[keys] = found.get(keys, ZERO) + line.amount
    return found


def _looked_up(table: TableType, document: Document) -> set[tuple[str, ...]]:
    return set(table.looked_up(document).values())
