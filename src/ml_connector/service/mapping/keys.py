"""What a mapping table is about: the keys seen at the source, and the values the target has."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from ml_connector.canonical.called import id_of, label, nearest
from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import TaxCode
from ml_connector.errors import BadInput, NotFound
from ml_connector.integrations.base import IntegrationType
from ml_connector.integrations.tables import TableType
from ml_connector.sealing import Sealer
from ml_connector.service.company_books import listed
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.finding import opened_document
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.uses import uses_of
from ml_connector.sync.states import State

_AT_ONCE = 2_000


@dataclass(slots=True)
class Seen:
    """One key of a table as the source shows it: its name, how often documents use it, and how many its row would free.

    ``waiting`` are held for want of it. ``staged`` use it and are still to be planned, which holds them if it is missing.
    ``asked``: something is held for a row of it, and not only until its counterpart is there.
    """

    key: str
    name: str = ""
    uses: int = 0
    waiting: int = 0
    staged: int = 0
    document: Document | None = None
    asked: bool = False


@dataclass(slots=True)
class Known:
    """A table, its keys by key, and the target's lists by entity (None where a list has not been read yet).

    ``whose``: whose entries its values name, in words.
    """

    table: TableType
    whose: str = "the ledger"
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

    def with_ids(self, value: str) -> str:
        """The value with ids where it names entries of the target by their number or name.

        Raises ValueError naming the candidates where that is not unique.
        """
        for entity, one in self.table.written(value):
            if found := id_of(self.targets.get(entity) or {}, one, self.may_be_chosen):
                value = self.table.with_id(value, entity, one, found)
        return value

    def may_be_chosen(self, entry: Document) -> bool:
        """Whether some value may name an entry of the target."""
        return not self.table.not_chosen(entry)

    def fault(self, value: str, key: str = "") -> str:
        """What is wrong with a value of a key, empty when nothing is, as far as the target's lists are known."""
        try:
            named = self.table.names(value)
        except ValueError as error:
            written = self.table.written(value)
            return str(error) + "".join(self._nearest(entity, one) for entity, one in written)
        faults = (self._missing(entity, one) or self._unfit(value, entity, one, key) for entity, one in named)
        return "; ".join(fault for fault in faults if fault)

    def _unfit(self, value: str, entity: str, named: str, key: str) -> str:
        entry = (self.targets.get(entity) or {}).get(named)
        return self.table.unfit(value, entry, key) if entry is not None else ""

    def doubt(self, value: str, until: dt.date) -> str:
        """Why documents dated up to ``until`` will wait under a value that is right; empty where none will."""
        entries = ((self.targets.get(entity) or {}).get(named) for entity, named in self.table.names(value))
        told = (self.table.doubt(entry, until) for entry in entries if entry is not None)
        return "; ".join(one for one in told if one)

    def _missing(self, entity: str, value: str) -> str:
        held = self.targets.get(entity)
        if held is None or value in held:
            return ""
        special = self.table.special
        words = f", nor one of {', '.join(special)}" if len(special) > 1 else f", nor {special[0]}" if special else ""
        return f"{value!r} is no {self.table.entry_word(entity)} of {self.whose}{words}{self._nearest(entity, value)}"

    def _nearest(self, entity: str, named: str) -> str:
        """What may have been meant, among what some value may name."""
        entries = self.targets.get(entity) or {}
        return nearest({id_: one for id_, one in entries.items() if self.may_be_chosen(one)}, named)


_NAMED = 12  # taxes


def _own_taxes(known_: Known) -> str:
    """Taxes are those of the ledger's own country: where one is asked for that it has not, those it has are named."""
    held = known_.targets.get("tax_codes") or {}
    taxes = [one for one in held.values() if isinstance(one, TaxCode) and one.active]
    live = sorted(one.name if one.id.isdigit() else one.id for one in taxes)
    more = " ..." if len(live) > _NAMED else ""
    return f"; the ledger has {', '.join(live[:_NAMED])}{more}" if live else ""


def table_named(kind: IntegrationType, name: str) -> TableType:
    """The mapping table of that name. Raises NotFound listing them."""
    try:
        return kind.table(name)
    except KeyError:
        known = ", ".join(table.name for table in kind.tables)
        raise NotFound(f"{kind.title} has no mapping table {name!r}; it has {known}.") from None


async def known(desk: Desk, integration: Integration, name: str, *, scan: bool = True) -> Known:
    """A table with the target's lists; with ``scan`` also every key that documents, holds and source lists show."""
    kind = desk.runtime.integrations[integration.kind]
    table = table_named(kind, name).under(integration.settings)
    sealer = await desk.sealer()
    found = Known(table, kind.source_title) if table.back else Known(table)
    async with desk.looking() as reading:
        for entity in table.target_lists:
            found.targets[entity] = await listed(reading, sealer, _ends(integration, table)[1], entity)
        if scan:
            await _scan(desk, reading, sealer, integration, found)
    return found


def _ends(integration: Integration, table: TableType) -> tuple[int, int]:
    """The connections that a table's keys and values are of."""
    ends = integration.source_id, integration.target_id
    return (ends[1], ends[0]) if table.back else ends


async def _scan(desk: Desk, reading: Reading, sealer: Sealer, integration: Integration, found: Known) -> None:
    entries = await listed(reading, sealer, _ends(integration, found.table)[0], found.table.source_entity)
    for document in (entries or {}).values():
        found.note(found.table.listed_key(document), str(getattr(document, "name", "")), document=document)
    staged: Counter[str] = Counter()
    async for flow, state, document in _documents(desk, reading, sealer, integration, found.table, _ANY_STATE):
        if flow == found.table.name:  # the flow's own documents are what its table is about
            found.note(found.table.listed_key(document), str(getattr(document, "name", "")), document=document)
        for key, name in found.table.shown_keys(document):
            found.note(key, name, uses=1)
        if state == State.STAGED:
            staged.update(_keys_of(found.table, flow, document))
    waits, asked = await _waits(reading, integration, found.table)
    for key in waits:
        found.note(key)
    for key, seen in found.seen.items():
        held = {version for freed in found.table.freed_by(key) for version in waits.get(freed, ())}
        seen.waiting, seen.staged = len(held), staged[key]
        seen.asked = any(one in asked for one in found.table.freed_by(key))


async def _waits(
    reading: Reading, integration: Integration, table: TableType
) -> tuple[dict[str, list[int]], frozenset[str]]:  # fmt: skip
    """By key of a table the versions held for want of its row or counterpart, and the keys of which a row is asked for."""
    kinds = ["mapping"] if table.linked_by else ["mapping", "link"]  # links of those go by ids that are no keys of it
    rows = await reading.all(
        """select w.key, array_agg(distinct w.version_id), bool_or(w.kind = 'mapping')
        from wait w join flow f using (tenant_id, flow_id)
        where tenant_id = %s and f.integration_id = %s and w.kind = any(%s::text[]) and starts_with(w.key, %s)
        group by 1""",
        reading.tenant_id, integration.integration_id, kinds, f"{table.name}:",
    )  # fmt: skip
    keys = {text: text.partition(":")[2] for text, _, _ in rows}
    return {keys[text]: versions for text, versions, _ in rows}, frozenset(
        keys[text] for text, _, asked in rows if asked
    )


def _keys_of(table: TableType, flow: str, document: Document) -> set[str]:
    """The keys of a table that a document of a flow needs."""
    own = {table.listed_key(document)} if flow == table.name else set()
    return own | {key for key, _ in table.shown_keys(document) if key}


async def under_way(desk: Desk, integration: Integration, table: TableType, keys: Collection[str]) -> int:
    """How many documents that use one of these keys are to be planned already: what they wait for stands nowhere now."""
    sealer, wanted, count = await desk.sealer(), set(keys), 0
    kind = desk.runtime.integrations[integration.kind]
    async with desk.looking() as reading:
        uses = await uses_of(reading, sealer, kind, integration, table)
        async for flow, _, document in _documents(desk, reading, sealer, integration, table, [State.STAGED.value]):
            count += not wanted.isdisjoint(uses.keys(flow, document))
    return count


_ANY_STATE = [state.value for state in State]


async def _documents(
    desk: Desk, reading: Reading, sealer: Sealer, integration: Integration, table: TableType, states: list[int]
) -> AsyncIterator[tuple[str, int, Document]]:
    """The newest version of every record in these states with its flow's name and state, opened one by one.

    Of flows that go the way for which the table is.
    """
    kind = desk.runtime.integrations[integration.kind]
    source = kind.target_vendor if table.back else kind.source_vendor
    types = {flow.flow_id: kind.flow(flow.name) for flow in integration.flows}
    flows = {id_: one.name for id_, one in types.items() if not one.follows and one.source_vendor == source}
    after = 0
    while True:
        rows = await reading.all(
            """select r.record_id, r.flow_id, s.state, d.content_hash, d.canonical from record r
            join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id
            join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
            where r.tenant_id = %s and r.flow_id = any(%s::int[]) and r.record_id > %s and s.state = any(%s::smallint[])
            order by r.record_id limit %s""",
            reading.tenant_id, list(flows), after, states, _AT_ONCE,
        )  # fmt: skip
        for row in rows:
            yield flows[row[1]], row[2], opened_document(sealer, row[3], row[4])
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1][0]


def checked_value(known_: Known, key: str, value: str) -> str:
    """The value with ids. Raises BadInput when it cannot be right."""
    try:
        value = known_.with_ids(value)
        fault = known_.fault(value, key)
    except ValueError as error:
        fault = str(error)
    if fault:
        own = _own_taxes(known_) if known_.table.target_entity == "tax_codes" else ""
        listed_ = known_.table.decided and all(one in fault for one in known_.table.special)
        takes = "" if listed_ else f" It takes: {known_.table.value_words}{own}."
        raise BadInput(f"{known_.table.name}, row {key!r}: {fault}.{takes}")
    return value


# --- keys that nothing shows -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Strangers:
    """Keys that neither a document that was read nor the source's list shows, each with what may have been meant, in words.

    ``unread``: no document has been read yet, so that nothing can be said of any key.
    """

    meant: Mapping[str, str]
    unread: bool = False

    def sentence(self, key: str) -> str:
        """What is wrong with a key."""
        near = self.meant[key]
        return f"no document uses {key!r}" + (f" (did you mean {near}?)" if near else "")


async def strangers(desk: Desk, integration: Integration, table: str, keys: Collection[str]) -> Strangers:
    """Which of ``keys`` are strange. Documents are opened only for what nothing else shows."""
    kind = table_named(desk.runtime.integrations[integration.kind], table)
    left = set(keys) - set(kind.fixed_keys)
    async with desk.looking() as reading:
        if await reading.one(_ANY_DOCUMENT, desk.tenant_id, integration.integration_id) is None:
            return Strangers({}, unread=True)
        left -= {row[0] for row in await reading.all(_NOTED, *_noted(desk, integration, kind, sorted(left)))}
    if not left:
        return Strangers({})
    seen = (await known(desk, integration, table)).seen
    strange = [key for key in left if not any(one in seen for one in kind.shown_by(key))]
    return Strangers({key: _near(key, seen) for key in strange})


# Rows there are, waits for the key, and records that are themselves what the table is about.
_NOTED = """
    select source_key from mapping
    where tenant_id = %s and integration_id = %s and table_name = %s and source_key = any(%s::text[])
    union select substr(w.key, %s) from wait w join flow f using (tenant_id, flow_id)
    where w.tenant_id = %s and f.integration_id = %s and w.key = any(%s::text[])
    union select r.source_id from record r join flow f using (tenant_id, flow_id)
    where r.tenant_id = %s and f.integration_id = %s and f.name = any(%s::text[]) and r.source_id = any(%s::text[])"""
_ANY_DOCUMENT = """
    select 1 from record r join flow f using (tenant_id, flow_id)
    where r.tenant_id = %s and f.integration_id = %s limit 1"""


def _noted(desk: Desk, integration: Integration, table: TableType, keys: list[str]) -> tuple[object, ...]:
    flows = desk.runtime.integrations[integration.kind].flows
    about = [flow.name for flow in flows if table.by_id and table.name in (flow.name, flow.number_table)]
    books, prefix = (desk.tenant_id, integration.integration_id), f"{table.name}:"
    waited = [prefix + key for key in keys]
    return (*books, table.name, keys, len(prefix) + 1, *books, waited, *books, about, keys)


def _near(key: str, seen: Mapping[str, Seen]) -> str:
    """The key that was meant, by itself or by the name that the source gives it, in words; empty where none is like it."""
    by_use = sorted(seen.values(), key=lambda one: one.uses)  # of several with one name the most used is meant
    folded = {one.name.casefold(): one for one in by_use if one.name}
    folded |= {one.key.casefold(): one for one in seen.values()}
    close = get_close_matches(key.casefold(), folded, 1)
    if not close:
        return ""
    meant = folded[close[0]]
    return f"{meant.key!r}, {meant.name}" if meant.name and meant.name != meant.key else repr(meant.key)
