"""The lists of one integration, as planners and matching use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account, Dimension, Organisation, Party, TaxCode
from ml_connector.integrations.base import Ledger
from ml_connector.sync.coming import Coming
from ml_connector.sync.mapping import Table
from ml_connector.sync.matching import PartyIndex


@dataclass(slots=True)
class Lists:
    """The lists of one integration at one generation."""

    generation: int
    organisation: Organisation
    source: Organisation
    tables: Mapping[str, Table]
    source_lists: dict[str, dict[str, Document]] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    tax_codes: dict[str, TaxCode] = field(default_factory=dict)
    dimensions: dict[str, Dimension] = field(default_factory=dict)
    # By the target's list:
    parties: dict[str, dict[str, Party]] = field(default_factory=dict)
    indexes: dict[str, PartyIndex] = field(default_factory=dict)
    taken_names: dict[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    coming: dict[str, Coming] = field(default_factory=dict)  # by flow
    given: dict[str, dict[str, list[str]]] = field(default_factory=dict)  # by table: number key -> source ids

    def ledger(self, parties: str) -> Ledger:
        """What planners of a flow whose parties are in this list see of the target."""
        known, names = self.parties.get(parties, {}), self.taken_names.get(parties, {})
        return Ledger(self.organisation, self.accounts, self.tax_codes, self.dimensions, known, names)
