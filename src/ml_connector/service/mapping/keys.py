"""What a mapping table is about: the keys seen at the source, and the values the target has."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.errors import BadInput, NotFound
from ml_connector.integrations.base import IntegrationType, TableType
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
        try:
            named = self.table.names(value)
        except ValueError as error:
            return str(error)
        return "; ".join(fault for entity, one in named if (fault := self._missing(entity, one)))

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
        for entity in table.target_lists:
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
        found.note(found.table.listed_key(document), str(getattr(document, "name", "")), document=document)
    async for flow, document in _documents(desk, reading, sealer, integration):
        if flow == found.table.name:  # the flow's own documents are what its table is about
            found.note(document.id, str(getattr(document, "name", "")), document=document)
        for key, name in found.table.shown_keys(document):
            found.note(key, name, uses=1)
    rows = await reading.all(
        """select w.key, count(distinct w.version_id) from wait w join flow f using (tenant_id, flow_id)
        where tenant_id = %s and f.integration_id = %s and w.kind in ('mapping', 'link') and starts_with(w.key, %s)
        group by 1""",
        desk.tenant_id, integration.integration_id, f"{found.table.name}:",
    )  # fmt: skip
    for text, count in rows:
        key = text.partition(":")[2]
        found.note(key)
        found.seen[key].waiting = count


async def _documents(
    desk: Desk, reading: Reading, sealer: Sealer, integration: Integration
) -> AsyncIterator[tuple[str, Document]]:
    """The newest version of every record of an integration with its flow's name, opened one by one."""
    kind = desk.runtime.integrations[integration.kind]
    flows = {flow.flow_id: flow.name for flow in integration.flows if not kind.flow(flow.name).follows}
    after = 0
    while True:
        rows = await reading.all(
            """select r.record_id, r.flow_id, d.content_hash, d.canonical from record r
            join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id
            where r.tenant_id = %s and r.flow_id = any(%s::int[]) and r.record_id > %s order by r.record_id limit %s""",
            reading.tenant_id, list(flows), after, _AT_ONCE,
        )  # fmt: skip
        for row in rows:
            yield flows[row[1]], opened_document(sealer, row[2], row[3])
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1][0]


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
