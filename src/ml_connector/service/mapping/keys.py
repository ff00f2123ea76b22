"""What a mapping table is about: the keys seen at the source, and the values the target has."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Account, Bill, Dimension, Document, Party, Ref, TaxCode
from ml_connector.errors import BadInput, NotFound
from ml_connector.integrations.base import IntegrationType, TableType
from ml_connector.integrations.bill_rules import account_key, tax_rule, zone_key
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.finding import opened_document
from ml_connector.service.integrating import Integration
from ml_connector.sync.directory import entry_name

_AT_ONCE = 2_000


@dataclass(slots=True)
class Seen:
    """One key of a table as the source shows it: its name, how often documents use it, and what waits for it."""

    key: str
    name: str = ""
    uses: int = 0
    waiting: int = 0
    document: Document | None = None


@dataclass(slots=True)
class Known:
    """A table, its keys by key, and the target's lists by entity (None where a list has not been read yet)."""

    table: TableType
    seen: dict[str, Seen] = field(default_factory=dict)
    targets: dict[str, dict[str, Document] | None] = field(default_factory=dict)

    def note(self, key: str, name: str = "", *, uses: int = 0, document: Document | None = None) -> None:
        """Remember a key."""
        if not key:
            return
        one = self.seen.setdefault(key, Seen(key))
        one.name = one.name or name
        one.uses += uses
        one.document = one.document or document

    @property
    def target_list(self) -> Mapping[str, Document]:
        """The target's list whose ids are this table's values."""
        return self.targets.get(self.table.target_entity) or {}

    def target_name(self, value: str) -> str:
        """How the target calls a value."""
        return label(self.target_list.get(value.rpartition(":")[2]))

    def fault(self, value: str) -> str:
        """What is wrong with a value, empty when nothing is, as far as the target's lists are known."""
        if value in self.table.special or not self.table.target_entity:
            return ""
        if self.table.target_entity == "tax_codes":
            return self._rule_fault(value)
        return self._missing(self.table.target_entity, value)

    def _rule_fault(self, rule: str) -> str:
        try:
            shares = tax_rule(rule)
        except ValueError as error:
            return str(error)
        entities = {"account": "accounts", "tax": "tax_codes"}
        faults = [self._missing(entities[one.kind], one.target) for one in shares if one.kind in entities]
        return "; ".join(fault for fault in faults if fault)

    def _missing(self, entity: str, value: str) -> str:
        held = self.targets.get(entity)
        if held is None or value in held:
            return ""
        special = f", nor one of {', '.join(self.table.special)}" if self.table.special else ""
        return f"{value!r} is no {_one(entity)} of the ledger{special}"


def _one(entity: str) -> str:
    words = {"accounts": "account", "tax_codes": "tax", "dimensions": "tag option or location", "parties": "vendor"}
    return words.get(entity, entity)


def table_named(kind: IntegrationType, name: str) -> TableType:
    """The mapping table of that name. Raises NotFound listing them."""
    try:
        return kind.table(name)
    except KeyError:
        known = ", ".join(table.name for table in kind.tables)
        raise NotFound(f"{kind.title} has no mapping table {name!r}; it has {known}.") from None


async def known(desk: Desk, integration: Integration, name: str, *, scan: bool = True) -> Known:
    """A table with the target's lists; with ``scan`` also every key that documents, holds and source lists show."""
    table = table_named(desk.runtime.integrations[integration.kind], name)
    sealer = await desk.sealer()
    found = Known(table)
    async with desk.looking() as reading:
        for entity in {table.target_entity, *(("accounts",) if table.target_entity == "tax_codes" else ())}:
            if entity:
                found.targets[entity] = await _list(reading, sealer, integration.target_id, entity)
        if scan:
            await _scan(desk, reading, sealer, integration, found)
    return found


async def _list(reading: Reading, sealer: Sealer, connection_id: int, entity: str) -> dict[str, Document] | None:
    """A list of a connection by id; None when it has never been read."""
    rows = await reading.all(
        """select object_id, body from directory
        where tenant_id = %s and connection_id = %s and entity = %s and state <> 'gone'""",
        reading.tenant_id, connection_id, entity,
    )  # fmt: skip
    read = await reading.one(
        "select 1 from feed where tenant_id = %s and connection_id = %s and name = %s",
        reading.tenant_id, connection_id, f"directory {entity}",
    )  # fmt: skip
    if not rows and read is None:
        return None
    return {one: documents.decode(sealer.open(entry_name(entity, one), body)) for one, body in rows}


async def _scan(desk: Desk, reading: Reading, sealer: Sealer, integration: Integration, found: Known) -> None:
    listed = await _list(reading, sealer, integration.source_id, found.table.source_entity)
    for document in (listed or {}).values():
        _note_listed(found, document)
    async for document in _documents(desk, reading, sealer, integration):
        _note_used(found, document)
    rows = await reading.all(
        """select w.key, count(distinct w.version_id) from wait w join flow f using (tenant_id, flow_id)
        where tenant_id = %s and f.integration_id = %s and w.kind = 'mapping' and starts_with(w.key, %s) group by 1""",
        desk.tenant_id, integration.integration_id, f"{found.table.name}:",
    )  # fmt: skip
    settings = integration.settings
    for text, count in rows:
        key = text.partition(":")[2]
        # An account that a setting or a tax rule names is checked under that name; it is no row of this table.
        if found.table.name == "accounts" and (key in settings or key.startswith("tax ")):
            continue
        found.note(key)
        found.seen[key].waiting = count


async def _documents(desk: Desk, reading: Reading, sealer: Sealer, integration: Integration) -> AsyncIterator[Document]:
    """The newest version of every record of an integration, opened one by one."""
    kind = desk.runtime.integrations[integration.kind]
    after, flows = 0, [flow.flow_id for flow in integration.flows if not kind.flow(flow.name).follows]
    while True:
        rows = await reading.all(
            """select r.record_id, d.content_hash, d.canonical from record r
            join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id
            where r.tenant_id = %s and r.flow_id = any(%s::int[]) and r.record_id > %s order by r.record_id limit %s""",
            reading.tenant_id, flows, after, _AT_ONCE,
        )  # fmt: skip
        for row in rows:
            yield opened_document(sealer, row[1], row[2])
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1][0]


def _note_listed(found: Known, document: Document) -> None:
    match document:
        case Account():
            found.note(account_key(Ref(document.id, document.name, document.number)), document.name, document=document)
        case TaxCode():
            found.note(zone_key(Ref(document.id, document.name)), document.name, document=document)
        case Dimension() | Party():
            found.note(document.id, document.name, document=document)


def _note_used(found: Known, document: Document) -> None:
    """The keys one document shows, as its integration's rules make them."""
    if isinstance(document, Party) and found.table.name == "vendors":
        found.note(document.id, document.name, document=document)
    if not isinstance(document, Bill):
        return
    if found.table.name == "accounts":
        for line in document.lines:
            if line.amount != 0:
                found.note(account_key(line.account), line.account.name, uses=1)
    elif found.table.name == "tax" and document.tax != 0:
        found.note(zone_key(document.tax_zone), document.tax_zone.name, uses=1)
    elif found.table.name == "business_units":
        for unit in {
            line.business_unit if line.business_unit.id else document.business_unit for line in document.lines
        }:
            found.note(unit.id, unit.name, uses=1)
    elif found.table.name == "vendors":
        found.note(document.vendor.id, document.vendor.name, uses=1)


def label(document: Document | None) -> str:
    """What a person calls an entry of a list."""
    if document is None:
        return ""
    number, name = getattr(document, "number", ""), getattr(document, "name", "")
    return " ".join(part for part in (number, name) if part)


def checked_value(known_: Known, key: str, value: str) -> None:
    """Raise BadInput when a value cannot be right."""
    if fault := known_.fault(value):
        raise BadInput(f"{known_.table.name}, row {key!r}: {fault}. It takes: {known_.table.value_words}.")
