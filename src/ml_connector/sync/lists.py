"""The lists of one integration, as planners and matching use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account, Dimension, Item, ListEntry, Organisation, Party, TaxCode
from ml_connector.integrations.line_items import codes
from ml_connector.integrations.party_names import taken
from ml_connector.integrations.views import Ledger
from ml_connector.sync.coming import Coming
from ml_connector.sync.directory import entry_name
from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.mapping import Table, tables_of
from ml_connector.sync.matching import PartyIndex
from ml_connector.sync.taken import begun_parties, taken_parties

SHORT_LISTS = ("legal_entities", "payment_terms")  # of the target, kept where a flow names them


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
    entries: dict[str, dict[str, ListEntry]] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    item_codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # By the target's list:
    parties: dict[str, dict[str, Party]] = field(default_factory=dict)
    indexes: dict[str, PartyIndex] = field(default_factory=dict)
    taken_names: dict[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    coming: dict[str, Coming] = field(default_factory=dict)
    held: Mapping[tuple[str, str], str] = field(default_factory=dict)  # by flow and target's party: the source's record
    given: dict[str, dict[str, list[str]]] = field(default_factory=dict)  # by table: number key -> source ids

    def ledger(self, parties: str) -> Ledger:
        """What planners of a flow whose parties are in this list see of the target."""
        known, names = self.parties.get(parties, {}), self.taken_names.get(parties, {})
        lists = self.accounts, self.tax_codes, self.dimensions
        return Ledger(self.organisation, *lists, known, names, self.entries, self.items, self.item_codes)


async def load(transaction: LaneTransaction, flow: Flow, generation: int) -> Lists:
    """The lists that flows of this one's integration and direction are planned with, as they are stored now."""
    tenant = transaction.lane.tenant_id
    tables = await tables_of(
        transaction.connection, tenant, flow.integration_id, [one.name for one in flow.integration.tables]
    )
    lists = Lists(
        generation,
        await _organisation(transaction, flow.target_id),
        await _organisation(transaction, flow.source_id),
        tables,
    )
    wanted = {entity for type_ in flow.integration.flows for entity in type_.source_lists}
    for entity in wanted:
        lists.source_lists[entity] = await _directory(transaction, flow.source_id, entity)
    for entity in ("accounts", "tax_codes", "dimensions"):
        setattr(lists, entity, await _directory(transaction, flow.target_id, entity))
    kept = {name for type_ in flow.integration.flows for name in type_.target_lists}
    for entity in kept & {*SHORT_LISTS}:
        lists.entries[entity] = await _directory(transaction, flow.target_id, entity)
    lists.items = await _directory(transaction, flow.target_id, "items") if "items" in kept else {}
    lists.item_codes = codes(lists.items.values())
    lists.held, vendor = await taken_parties(transaction, flow), flow.type.target_vendor
    types = [type_ for type_ in flow.integration.flows if type_.target_vendor == vendor]
    for entity in {type_.parties for type_ in types}:
        found = await _directory(transaction, flow.target_id, entity)
        names = {type_.name for type_ in types if type_.parties == entity}
        begun = await begun_parties(transaction, flow, names, found.values())
        own = begun | {place: record for place, record in lists.held.items() if place[0] in names}
        lists.parties[entity] = found
        lists.taken_names[entity] = taken(found.values())
        lists.indexes[entity] = PartyIndex(found.values(), own)
    return lists


async def _organisation(transaction: LaneTransaction, connection_id: int) -> Organisation:
    row = await transaction.one(
        "select organisation from connection where tenant_id = %s and connection_id = %s",
        transaction.lane.tenant_id, connection_id,
    )  # fmt: skip
    assert row is not None
    found = documents.decode(transaction.lane.sealer.open(b"organisation", row[0]))
    assert isinstance(found, Organisation)
    return found


async def _directory(transaction: LaneTransaction, connection_id: int, entity: str) -> dict[str, Any]:
    rows = await transaction.all(
        "select object_id, body, state from directory where tenant_id = %s and connection_id = %s and entity = %s",
        transaction.lane.tenant_id, connection_id, entity,
    )  # fmt: skip
    unseal = transaction.lane.sealer.open
    return {
        object_id: documents.decode(unseal(entry_name(entity, object_id), body))
        for object_id, body, state in rows
        if state != "gone"
    }
