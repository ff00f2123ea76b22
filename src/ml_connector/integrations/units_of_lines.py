"""What the ledger's lines carry of a business unit, as ``business_unit_as`` says: an option, a location, or nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Dimension
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, PurchaseOrder
from ml_connector.canonical.sales import Invoice
from ml_connector.integrations.decisions import waiting
from ml_connector.integrations.drafts import Draft, unit_name
from ml_connector.integrations.tables import TableType
from ml_connector.integrations.views import View

SETTING, NONE = "business_unit_as", "none"
_LOCATION, _PROJECT = "location", "project"
_KINDS = {
    "tag": "reporting_tag",
    _LOCATION: _LOCATION,
}  # of dimensions, by the values of the setting that take one kind
_WORDS = {"tag": "option of a reporting tag", _LOCATION: "location", "option": "tracking option"}


def unit_coding(unit: Ref, on: dt.date | None, view: View, draft: Draft) -> dict[str, Any]:
    """``dimensions`` or ``location`` of a line of the unit, as the mapping says on that day; empty where it has neither."""
    setting = view.settings.business_unit_as
    if setting == NONE or not unit.id:
        return {}
    target = view.mappings["business_units"].get(unit.id, on)
    key, name = f"business_units:{unit.id}", unit_name(unit, view)
    if target is None:
        draft.wait(waiting("business_unit_unmapped", "mapping", key, name=name))
    if target in (None, NONE):
        return {}
    option = view.ledger.dimensions.get(str(target))
    if option is None or not option.active:
        draft.wait(waiting("dimension_inactive", "mapping", key, name=name, what=_WORDS[setting]))
        return {}
    if option.kind == _PROJECT:  # a row from before the table refused it
        draft.wait(waiting("unit_unusable", "mapping", key, name=name, target=option.name or option.id))
        return {}
    if option.kind == _LOCATION:
        return {"location": Ref(option.id, option.name)}
    return {"dimensions": (Ref(option.id, option.name, option.set.id),)}


@dataclass(frozen=True, slots=True)
class UnitTable(TableType):
    """Business units of ``documents``: those of the lines, else of the whole document.

    ``becomes``: what units become by the integration's settings, which its values have to be.
    """

    documents: tuple[type[Invoice | PurchaseOrder | Bill], ...] = (Invoice, PurchaseOrder)
    becomes: str = ""

    def under(self, settings: Mapping[str, object]) -> TableType:
        return replace(self, becomes=str(settings.get(SETTING, "")))

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        if not isinstance(document, self.documents):
            return ()
        own = document.business_unit
        units = {line.business_unit if line.business_unit.id else own for line in document.lines}
        return [(unit.id, unit.name) for unit in units]

    def entry_word(self, entity: str) -> str:
        return _WORDS.get(self.becomes, TableType.entry_word(self, entity))

    def unfit(self, value: str, entry: Document, key: str = "") -> str:
        wanted = _KINDS.get(self.becomes)
        if not isinstance(entry, Dimension) or (entry.kind != _PROJECT and wanted in (None, entry.kind)):
            return ""
        return f"it is no {self.entry_word(self.target_entity)}, and {SETTING} is {self.becomes}"
